"""The probe sees what modules return and leaves them as they were."""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepro.errors import LayerError, NetworkError
from deepro.probe import Probe, first_tensor, untouched
from tests.footprint import footprint, same


class Net(nn.Module):
    """Two convolutions around what a test puts in the middle."""

    def __init__(self, middle: Callable[[Net, Tensor], Tensor], **modules: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.last = nn.Conv2d(4, 2, 3)
        self.middle = middle
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.middle(self, self.first(x)))


class Halve(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.div_(2)


def _doubled(y: Tensor) -> Tensor:
    return y.mul_(2).add_(1)


MIDDLES: dict[str, tuple[Callable[[Net, Tensor], Tensor], dict[str, Callable[[], nn.Module]], str]] = {
    "plain": (lambda n, x: n.relu(x), {"relu": nn.ReLU}, "relu"),
    "in-place successor": (lambda n, x: functional.relu(x, inplace=True), {}, "first"),
    "in-place rectifier": (lambda n, x: n.relu(x), {"relu": lambda: nn.ReLU(inplace=True)}, "relu"),
    "in-place rectifier, result dropped": (lambda n, x: (n.relu(x), x)[1], {"relu": lambda: nn.ReLU(True)}, "relu"),
    "in-place module": (lambda n, x: _doubled(n.halve(x)), {"halve": Halve}, "halve"),
    "in-place module, result dropped": (lambda n, x: (n.halve(x), _doubled(x))[1], {"halve": Halve}, "halve"),
    "identity, then its input in place": (
        lambda n, x: (n.same(x), functional.relu_(x))[0],
        {"same": nn.Identity},
        "same",
    ),
    "view": (lambda n, x: _doubled(n.flat(x)).view_as(x), {"flat": nn.Flatten}, "flat"),
    "saved output": (lambda n, x: _doubled(n.act(x).clone()), {"act": nn.Sigmoid}, "act"),
    "residual in place": (
        lambda n, x: n.relu(n.conv(x).add_(x)),
        {"conv": lambda: nn.Conv2d(4, 4, 3, padding=1), "relu": lambda: nn.ReLU(inplace=True)},
        "conv",
    ),
    "dropout": (lambda n, x: _doubled(n.drop(x)), {"drop": nn.Dropout}, "drop"),
}


def _twice(case: str) -> tuple[Net, str]:
    middle, modules, layer = MIDDLES[case]
    torch.manual_seed(3)
    return Net(middle, **{k: make() for k, make in modules.items()}).double().eval(), layer


@pytest.mark.parametrize("case", MIDDLES)
def test_a_captured_value_is_what_the_module_returned(case: str) -> None:
    net, layer = _twice(case)
    x = torch.randn(2, 3, 6, 6, dtype=torch.float64)
    returned: list[Tensor] = []
    handle = dict(net.named_modules())[layer].register_forward_hook(lambda m, a, o: returned.append(o.detach().clone()))
    expected = net(x)
    handle.remove()
    with Probe(net, [layer]) as probe:
        output = probe(x)
    assert torch.equal(probe[layer], returned[0])
    assert torch.equal(output, expected)


@pytest.mark.parametrize("case", MIDDLES)
def test_gradients_run_to_and_from_a_captured_value(case: str) -> None:
    net, layer = _twice(case)
    x = torch.randn(1, 3, 6, 6, dtype=torch.float64, requires_grad=True)
    (whole,) = torch.autograd.grad(net(x * 1).square().sum(), x)
    with Probe(net, [layer]) as probe:
        output = probe(x * 1)
    kept = probe[layer]
    above = torch.autograd.grad(output.square().sum(), kept, retain_graph=True, allow_unused=True)[0]
    (through,) = torch.autograd.grad(output.square().sum(), x, retain_graph=True)
    torch.testing.assert_close(through, whole, rtol=1e-12, atol=1e-12)
    if case != "residual in place":  # there a second way leads past the layer
        (below,) = torch.autograd.grad(kept, x, above)
        torch.testing.assert_close(below, whole, rtol=1e-12, atol=1e-12)
    else:
        assert above.abs().max() > 0


def test_calls_of_a_reused_module_have_numbers() -> None:
    net = nn.Sequential(relu := nn.ReLU(), nn.Conv1d(2, 2, 1), relu, nn.Conv1d(2, 2, 1), relu)
    x = torch.randn(1, 2, 5)
    with Probe(net, ["0", "0:2", "0:3", "2"]) as probe:
        output = probe(x)
    assert torch.equal(probe["0"], x.relu())
    assert torch.equal(probe["0:2"], net[1](x.relu()).relu())
    assert torch.equal(probe["0:3"], output)
    assert torch.equal(probe["2"], probe["0"])  # another name of the same module
    with Probe(net, ["0:4"]) as probe, pytest.raises(NetworkError, match="'0' ran 3 times"):
        probe(x)


def test_nested_modules_are_both_captured() -> None:
    net = nn.Sequential(nn.Sequential(nn.Conv1d(2, 3, 1), nn.ReLU(inplace=True)), nn.Conv1d(3, 1, 1))
    x = torch.randn(1, 2, 5, requires_grad=True)
    with Probe(net, ["0", "0.0", "0.1"]) as probe:
        output = probe(x)
    assert torch.equal(probe["0"], probe["0.1"])
    assert torch.equal(probe["0.1"], net[0][0](x).relu())
    assert torch.equal(probe["0.0"], net[0][0](x))
    for layer in ("0", "0.0", "0.1"):
        assert torch.autograd.grad(output.sum(), probe[layer], retain_graph=True)[0].abs().max() > 0


def test_edit_replaces_what_everyone_sees() -> None:
    net = nn.Sequential(nn.Conv1d(2, 3, 1), nn.ReLU(inplace=True), nn.Conv1d(3, 1, 1))
    x = torch.randn(1, 2, 5)
    with Probe(net, ["0"], {"0": lambda y: y * 0 + 1}) as probe:
        output = probe(x)
    assert torch.equal(probe["0"], torch.ones(1, 3, 5))
    assert torch.equal(output, net[2](torch.ones(1, 3, 5)))


def test_stop_ends_the_pass_even_where_the_network_catches_exceptions() -> None:
    ran = []

    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(2, 2, 1)
            self.tail = nn.Conv1d(2, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            try:
                x = self.conv(x)
            except Exception:
                ran.append("caught")
            ran.append("tail")
            return self.tail(x)

    with Probe(Careful(), ["conv"], stop=True) as probe:
        assert probe(torch.randn(1, 2, 3)) is None
    assert ran == []
    assert probe["conv"].shape == (1, 2, 3)


def test_a_probe_within_a_probe_stops_only_itself() -> None:
    net = nn.Sequential(nn.Conv1d(2, 2, 1), nn.ReLU(), nn.Conv1d(2, 2, 1))
    with Probe(net, ["2"]) as outer, Probe(net, ["0"], stop=True) as inner:
        assert inner(torch.randn(1, 2, 3)) is None
        output = outer(torch.randn(1, 2, 3))
    assert torch.equal(outer["2"], output)


class Pair(NamedTuple):
    state: int
    value: Tensor


@dataclass
class Record:
    name: str
    value: Tensor


class ModelOutput(OrderedDict):
    def to_tuple(self) -> tuple[Any, ...]:
        return tuple(self.values())


OUTPUTS: dict[str, tuple[Callable[[Tensor], Any], Callable[[Any], Tensor]]] = {
    "tuple": (lambda y: (None, y, y + 1), lambda o: o[1]),
    "list": (lambda y: [y], lambda o: o[0]),
    "dict": (lambda y: {"loss": None, "out": {"deep": y}}, lambda o: o["out"]["deep"]),
    "namedtuple": (lambda y: Pair(3, y), lambda o: o.value),
    "dataclass": (lambda y: Record("a", y), lambda o: o.value),
    "ModelOutput": (lambda y: ModelOutput(last=y), lambda o: o["last"]),
}


@pytest.mark.parametrize("kind", OUTPUTS)
def test_modules_that_return_more_than_a_tensor(kind: str) -> None:
    wrap, unwrap = OUTPUTS[kind]

    class Wraps(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return wrap(x * 2)

    class Reads(nn.Module):
        def forward(self, o: Any) -> Any:
            return o, unwrap(o).add_(1)

    net = nn.Sequential(Wraps(), Reads())
    x = torch.randn(2, 3)
    with Probe(net, ["0"], {"0": lambda y: y + 5}) as probe:
        seen, result = probe(x)
    assert type(seen) is type(wrap(x))
    assert torch.equal(probe["0"], x * 2 + 5)
    torch.testing.assert_close(result, x * 2 + 6)


def test_packed_sequences() -> None:
    net = nn.LSTM(3, 4, batch_first=True)
    packed = nn.utils.rnn.pack_sequence([torch.randn(5, 3), torch.randn(2, 3)])
    holder = nn.ModuleDict({"lstm": net})
    holder.forward = lambda p: holder["lstm"](p)  # type: ignore[method-assign]
    with Probe(holder, ["lstm"]) as probe:
        output, _ = probe(packed)
    assert torch.equal(probe["lstm"], net(packed)[0].data)
    assert torch.equal(output.data, probe["lstm"])


def test_first_tensor_of_nothing() -> None:
    assert first_tensor((None, "x", {})) is None
    holder = nn.Sequential(nn.Identity())
    with Probe(holder, ["0"]) as probe, pytest.raises(LayerError, match="returns no tensor but str"):
        probe("text")


def test_unknown_layers_are_named_with_near_ones() -> None:
    with pytest.raises(LayerError, match=r"unknown layer 'frist'; did you mean first"):
        Probe(_twice("plain")[0], ["frist"])


def test_users_hooks_stay_and_come_first() -> None:
    net, layer = _twice("plain")
    said = []
    net.relu.register_forward_hook(lambda m, a, o: said.append("user") or o + 1)
    x = torch.randn(1, 3, 6, 6, dtype=torch.float64)
    before = list(net.relu._forward_hooks)
    with Probe(net, [layer]) as probe:
        probe(x)
    assert torch.equal(probe[layer], net.first(x).relu() + 1)
    assert list(net.relu._forward_hooks) == before
    assert said == ["user"]


def test_hooks_go_when_the_network_raises() -> None:
    def middle(_net: Net, _x: Tensor) -> Tensor:
        raise ValueError("in the middle")

    net = Net(middle)
    said = r"\(1, 3, 6, 6\): ValueError: in the middle"
    with Probe(net, ["first"]) as probe, pytest.raises(NetworkError, match=said):
        probe(torch.randn(1, 3, 6, 6))
    assert not net.first._forward_hooks


# ---- untouched


class Restless(nn.Module):
    """Everything a forward pass can disturb."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3, momentum=0.5)
        self.conv = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 3))
        self.other = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
        self.drop = nn.Dropout()
        self.frozen = nn.Parameter(torch.ones(3), requires_grad=False)
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("moving", torch.zeros(2))
        self.register_buffer("nothing", None)

    def forward(self, x: Tensor) -> Tensor:
        self.calls.data += 1
        self.moving = self.moving + 1
        self.register_buffer("extra", torch.ones(1), persistent=False)
        self.drop.register_buffer("late", torch.ones(1))
        random.random()
        np.random.rand()
        torch.rand(3)
        return self.drop(self.conv(self.norm(x)) + self.other(x))


@pytest.mark.parametrize("fails", [False, True])
def test_untouched_puts_everything_back(fails: bool) -> None:
    net = Restless()
    net.norm.train()
    net.conv.eval()
    x = torch.randn(2, 3, 5, 5)
    net(x).sum().backward()
    net.drop.register_forward_hook(lambda m, a, o: None)
    next(net.parameters()).grad = None
    before = footprint(net)
    with torch.no_grad():
        try:
            with untouched(net):
                assert not any(m.training for m in net.modules())
                assert not any(p.requires_grad for p in net.parameters())
                net.norm.train()
                net(x)
                net.other.bias.requires_grad_(True)
                net(x).sum().backward()
                if fails:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            assert fails
        assert not torch.is_grad_enabled()
    after = footprint(net)
    for what in before:
        assert same(before[what], after[what]), what


def test_untouched_within_inference_mode() -> None:
    net = nn.Linear(3, 2)
    with torch.inference_mode(), untouched(net):
        x = torch.ones(1, 3, requires_grad=True)
        (gradient,) = torch.autograd.grad(net(x).sum(), x)
    torch.testing.assert_close(gradient[0], net.weight.detach().sum(0))


class Captures(nn.Module):
    """Adds hooks to itself at its first forward pass and trusts that they stay, as transformers' models do."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(3, 2)
        self.seen: list[torch.Tensor] = []
        self.ready = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.ready:
            self.body.register_forward_hook(lambda m, a, o: self.seen.append(o))
            self.ready = True
        self.seen.clear()
        return self.body(x)


def test_hooks_that_a_module_adds_to_itself_stay() -> None:
    net = Captures()
    with untouched(net):
        net(torch.ones(1, 3))
    net(torch.ones(1, 3))
    assert len(net.seen) == 1


def test_two_threads_take_turns_with_a_module() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Dropout()).train()
    inside: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with untouched(net):
                inside.append(number)
                assert not net.training
                time.sleep(0.0005)
                inside.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside[::2] == inside[1::2]
    assert all(m.training for m in net.modules())
    assert all(p.requires_grad for p in net.parameters())
