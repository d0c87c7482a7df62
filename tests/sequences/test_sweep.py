"""The sweep back through time against autograd on a loop written by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.overrides import TorchFunctionMode

from deepro.methods.sequences.stack import KERNELS
from deepro.methods.sequences.sweep import Swept
from tests.reference.recurrent import unroll
from tests.sequences.test_trace import KINDS

STEPS, COPIES = 6, 5


class NoKernel(TorchFunctionMode):
    """Refuses a fused kernel that autograd would have to go back through, as cuDNN does in evaluation mode."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert not (torch.is_grad_enabled() and getattr(func, "__name__", "") in KERNELS)
        return func(*args, **(kwargs or {}))


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_equals_autograd_on_the_loop(kind: str, packed: bool) -> None:
    module = KINDS[kind]().double().eval().requires_grad_(False)
    rows, width = module.num_layers * (2 if module.bidirectional else 1), module.proj_size or module.hidden_size
    draw = lambda *size: torch.randn(*size, dtype=torch.float64)  # noqa: E731
    one, states = draw(STEPS, 5), [draw(rows, width), draw(rows, 7)][: 2 if isinstance(module, nn.LSTM) else 1]
    # What each copy is asked: several steps and last states; nothing; one early step; one late step; a last state.
    asked = draw(COPIES, STEPS, width * (2 if module.bidirectional else 1))
    ends = [draw(COPIES, *s.shape) for s in states]
    asked[1], asked[2, 2:], asked[3, :4], asked[4] = 0, 0, 0, 0
    for end in ends:
        end[1:4] = 0

    given = [one.expand(COPIES, -1, -1).clone(), *(s.expand(COPIES, -1, -1).clone() for s in states)]
    leaves = [t.requires_grad_() for t in given]
    x = leaves[0] if module.batch_first else leaves[0].transpose(0, 1)
    hx = [s.transpose(0, 1) for s in leaves[1:]]
    if packed:
        x = pack_padded_sequence(x, torch.full((COPIES,), STEPS), batch_first=module.batch_first)
    with NoKernel(), Swept():
        out, last = module(x, tuple(hx) if len(hx) > 1 else hx[0])
    if packed:
        out = pad_packed_sequence(out, batch_first=module.batch_first)[0]
    out = out if module.batch_first else out.transpose(0, 1)
    last = [s.transpose(0, 1) for s in (last if isinstance(last, tuple) else (last,))]
    total = (out * asked).sum() + sum((s * e).sum() for s, e in zip(last, ends, strict=True))
    found = torch.autograd.grad(total, leaves)

    for copy in range(COPIES):
        x, *own = leaves = [t.clone().requires_grad_() for t in (one, *states)]
        made = unroll(module, x, (own[0], own[1] if len(own) > 1 else x))
        total = (torch.cat(list(made[-1]["h"]), 1) * asked[copy]).sum()
        for name, end in zip("hc", ends, strict=False):
            at = [m[name][d, 0 if d else -1] for m in made for d in range(rows // module.num_layers)]
            total = total + (torch.stack(at) * end[copy]).sum()
        for have, expected in zip(found, torch.autograd.grad(total, leaves), strict=True):
            assert (have[copy] - expected).abs().max() < 1e-12


def test_copies_that_differ_are_left_to_the_kernel() -> None:
    module, x = nn.GRU(3, 4).double().requires_grad_(False), torch.randn(5, 2, 3, dtype=torch.float64)
    x.requires_grad_()
    plain = torch.autograd.grad(module(x)[0][3].sum(), x)[0]
    with Swept():
        out = module(x)[0]
    assert torch.equal(torch.autograd.grad(out[3].sum(), x)[0], plain)


def test_where_nobody_asks_for_the_inputs() -> None:
    module = nn.LSTM(3, 4, 2).double().requires_grad_(False)
    x: Tensor = torch.randn(5, 1, 3, dtype=torch.float64).expand(5, 3, 3)
    h = torch.randn(2, 1, 4, dtype=torch.float64).repeat(1, 3, 1).requires_grad_()
    c = torch.zeros_like(h)
    plain = torch.autograd.grad(module(x, (h, c))[0][4].norm(), h)[0]
    with NoKernel(), Swept():
        out = module(x, (h, c))[0]
    assert (torch.autograd.grad(out[4].norm(), h)[0] - plain).abs().max() < 1e-12
