"""The mode sees every rectifier, leaves everything else, and the graph tells what is on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import deepro
from deepro.errors import UnsupportedError, UsageError
from deepro.rectifiers import RULES, nonlinearities, rectifiers
from tests.units.networks import FORMS


def _back(function: Callable[[Tensor], Tensor], x: Tensor, signal: Tensor, rule: str) -> tuple[Tensor, Tensor, Tensor]:
    """(what came out, what the input holds afterwards, what came back)."""
    leaf = x.clone().requires_grad_()
    with rectifiers(rule):
        inner = leaf * 1
        out = function(inner)
        (back,) = torch.autograd.grad(out, leaf, signal)
    return out.detach(), inner.detach(), back


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_follows_the_rule_and_returns_what_it_would(form: str, rule: str) -> None:
    x, signal = torch.randn(200, dtype=torch.float64), torch.randn(200, dtype=torch.float64)
    out, after, back = _back(FORMS[form](), x, signal, rule)
    assert torch.equal(out, x.clamp(min=0))
    assert torch.equal(after, x.clamp(min=0) if "in-place" in form or form.endswith("_") else x)
    masks = {"deconvnet": signal > 0, "guided": (signal > 0) & (x > 0), "gradient": x > 0}
    assert torch.equal(back, signal * masks[rule])


@pytest.mark.parametrize(
    "form",
    [
        nn.ReLU6(),
        nn.ReLU6(inplace=True),
        functional.relu6,
        nn.Hardtanh(0, 6),
        lambda x: functional.hardtanh(x, 0.0, 6.0),
        lambda x: functional.hardtanh_(x, min_val=0, max_val=6),
        lambda x: torch.clamp(x, 0, 6),
        lambda x: x.clamp_(min=0, max=6),
    ],
)
def test_ceilings(form: Callable[[Tensor], Tensor]) -> None:
    x, signal = 6 * torch.randn(200), torch.randn(200)
    for rule, mask in (("deconvnet", signal > 0), ("guided", (signal > 0) & (x > 0)), ("gradient", (x > 0) & (x < 6))):
        out, _, back = _back(form, x, signal, rule)
        assert torch.equal(out, x.clamp(0, 6))
        assert torch.equal(back, signal * mask)


@pytest.mark.parametrize(
    "other",
    [
        nn.LeakyReLU(0.1),
        nn.Hardtanh(),
        nn.GELU(),
        lambda x: x.clamp(min=0.1),
        lambda x: x.clamp(max=0),
        lambda x: torch.maximum(x, x * 0.5),
        lambda x: x.max(0).values,
        lambda x: x.max(),
        lambda x: functional.threshold(x, 1.0, 0.0),
    ],
)
def test_what_is_no_rectifier_keeps_its_gradient(other: Callable[[Tensor], Tensor]) -> None:
    x = torch.randn(50, 3)
    plain = x.clone().requires_grad_()
    signal = torch.randn_like(other(x))
    (expected,) = torch.autograd.grad(other(plain), plain, signal)
    for rule in RULES:
        assert torch.equal(_back(other, x, signal, rule)[2], expected)


def test_nothing_changes_outside_or_without_gradients() -> None:
    x = torch.randn(20, requires_grad=True)
    with rectifiers("deconvnet"), torch.no_grad():
        assert torch.equal(torch.relu(x), x.clamp(min=0))
    out = torch.relu(x)
    assert out.grad_fn.name() == "ReluBackward0"
    with pytest.raises(UsageError, match="rule is 'deconv', expected one of deconvnet, guided, gradient"):
        rectifiers("deconv")


def test_the_graph_tells_what_is_on_the_way() -> None:
    x = torch.randn(1, 2, 8, 8, requires_grad=True)
    with rectifiers("guided"):
        side = torch.relu(x)  # not on the way to y
        y = functional.max_pool2d(functional.relu6(x * 2), 2)
        y = functional.silu(functional.relu_(y + 1)) * torch.sigmoid(y)
        y = functional.layer_norm(y, y.shape[1:])
    found = nonlinearities(y)
    assert dict(found.rectified) == {"relu6": 1, "relu": 1}
    assert dict(found.left) == {"silu": 1, "sigmoid": 1, "product": 1, "layer_norm": 1}
    assert (found.switches, dict(found.hidden)) == (1, {})
    assert dict(nonlinearities(side).rectified) == {"relu": 1}
    assert dict(nonlinearities(torch.relu(y)).hidden) == {"relu": 1}


@pytest.mark.parametrize(
    ("name", "count"),
    [("vgg11", 10), ("resnet18", 17), ("googlenet", 57), ("mobilenet_v2", 35), ("densenet121", 121)],
)
def test_counts_on_known_architectures(name: str, count: int) -> None:
    torchvision = pytest.importorskip("torchvision")
    more = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    module = getattr(torchvision.models, name)(weights=None, **more).eval().requires_grad_(False)
    with rectifiers("deconvnet"):
        out = module(torch.randn(1, 3, 64, 64, requires_grad=True))
    assert nonlinearities(out).rectified.total() == count
    assert not nonlinearities(out).hidden


@pytest.mark.filterwarnings("ignore")
def test_what_has_no_gradient_is_refused() -> None:
    """Dynamically quantised layers pass no gradient: a projection through them would be zero."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5), nn.ReLU(), nn.Linear(5, 3))
    quantised = torch.ao.quantization.quantize_dynamic(module.eval(), {nn.Linear}, dtype=torch.qint8)
    net = deepro.load(quantised, input_shape=(3, 8, 8))
    with pytest.raises(UnsupportedError, match="no gradient"):
        deepro.deconvnet(net, torch.randn(1, 3, 8, 8), "4")
