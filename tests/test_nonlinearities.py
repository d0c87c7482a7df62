"""The one table of nonlinearities: what it says is so, every method reads it, and no file has another list."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import deepro
from deepro import nonlinearities as table
from deepro.methods.patterns.erosion import Erosion
from deepro.methods.units.diagnosis import behaviours, diagnose
from deepro.methods.units.windows import Windows
from deepro.network.network import Network
from deepro.nonlinearities import RECTIFIER, SHARED, SQUASHING, Nonlinearity
from deepro.rectifiers import nonlinearities, rectifiers
from deepro.survey import survey

SRC = Path(__file__).resolve().parent.parent / "src" / "deepro"
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "threshold": (0.5, -1.0), "clamp": (-0.5, 0.5), "softmax": (1,), "log_softmax": (1,), "glu": (1,),
}  # fmt: skip
ARGUMENTS_DECIDE = ("hardtanh", "threshold", "clamp")  # whether these are silent or linear
NODES = {"selu": {"elu"}, "softsign": {"abs", "quotient"}, "tanhshrink": {"tanh"}}  # made of others


def forms(entry: Nonlinearity) -> dict[str, Callable[[Tensor], Tensor]]:
    more = ARGUMENTS.get(entry.name, ())
    call = getattr(functional, entry.name, None) or getattr(torch, entry.name)
    weight = (torch.full((1,), 0.25, dtype=torch.float64),) if entry.name == "prelu" else more
    found: dict[str, Callable[[Tensor], Tensor]] = {"function": lambda x: call(x, *weight)}
    if entry.module:
        found["module"] = getattr(nn, entry.module)(*more).double().eval().requires_grad_(False)
    if hasattr(Tensor, entry.name):
        found["method"] = lambda x: getattr(x, entry.name)(*weight)
    return found


CASES = [(e, form) for e in table.entries() for form in forms(e)]


def case(entry: Nonlinearity, form: str) -> Any:
    return pytest.param(entry, forms(entry)[form], id=f"{entry.name}-{form}")


each_form = pytest.mark.parametrize(("entry", "call"), [case(*c) for c in CASES])


def slope(call: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The derivative of a pointwise function, by differences."""
    with torch.no_grad():
        return (call(x + 1e-6) - call(x - 1e-6)) / 2e-6


@each_form
def test_what_the_table_says_of_its_shape_is_so(entry: Nonlinearity, call: Callable[[Tensor], Tensor]) -> None:
    if entry.name in ARGUMENTS_DECIDE or not entry.kind.unit:
        return
    above, below = (torch.linspace(a, b, 9, dtype=torch.float64) for a, b in ((3.5, 5.5), (-30, -20)))
    assert entry.kind.silent == bool(call(below).abs().max() < 0.01)
    straight = bool((slope(call, above) - 1).abs().max() < 0.1) and bool(call(torch.tensor(-3.0).double()) <= 0)
    assert entry.kind.linear == straight


@each_form
def test_only_rectifiers_follow_the_rule_and_the_note_names_the_rest(
    entry: Nonlinearity, call: Callable[[Tensor], Tensor]
) -> None:
    x = 3 * torch.randn(1, 4, 5, 5, dtype=torch.float64)
    leaf = x.clone().requires_grad_()
    with rectifiers("deconvnet"):
        out = call(leaf * 1)
    signal = torch.randn_like(out)
    found = nonlinearities(out)
    if entry.kind is RECTIFIER:
        assert (dict(found.rectified), dict(found.left)) == ({entry.name: 1}, {})
        assert torch.equal(torch.autograd.grad(out, leaf, signal)[0], signal.clamp(min=0))
        return
    assert not found.rectified
    assert set(found.left) == NODES.get(entry.name, {entry.name})
    if entry.kind.pointwise:
        (back,) = torch.autograd.grad(out, leaf, signal)
        torch.testing.assert_close(back, signal * slope(call, x), rtol=1e-4, atol=1e-6)


@each_form
def test_windows_follow_what_is_pointwise(entry: Nonlinearity, call: Callable[[Tensor], Tensor]) -> None:
    first, last = (nn.Conv2d(n, 4, 3).double().requires_grad_(False) for n in (3, 2 if entry.name == "glu" else 4))
    x = torch.randn(1, 3, 9, 9, dtype=torch.float64, requires_grad=True)
    with rectifiers("deconvnet"):
        out = last(call(first(x)))
    windows = Windows.read(out, x)
    if not entry.kind.pointwise:
        assert windows is None
    elif windows is not None:
        found = windows.back(torch.tensor([1]), torch.tensor([[2, 3]]), torch.ones(1, dtype=torch.float64))
        (expected,) = torch.autograd.grad(out[0, 1, 2, 3], x)
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    else:
        assert entry.name in NODES  # made of several operations


@each_form
def test_erosion_takes_channels_of_a_units_activation(entry: Nonlinearity, call: Callable[[Tensor], Tensor]) -> None:
    x = 1 + torch.rand(2, 400, 3, 4, dtype=torch.float64)
    with Erosion(0.5, torch.Generator().manual_seed(1)) as passed:
        eroded = call(x)
    gone = (eroded == 0).all((0, 2, 3)).double().mean()
    assert passed.count == entry.kind.unit
    assert (0.4 < gone < 0.6) if entry.kind.unit else torch.equal(eroded, call(x))


class Little(nn.Module):
    def __init__(self, act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 4, 3).double(), act
        self.other = nn.Identity()
        with torch.no_grad():
            self.conv.weight[1:3] *= 0.05
            self.conv.bias[:] = torch.tensor([0, -50, 3.5, 0])

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.act(self.conv(x)))


@each_form
def test_the_diagnosis_judges_signs_where_they_decide(entry: Nonlinearity, call: Callable[[Tensor], Tensor]) -> None:
    if entry.kind is SHARED or entry.name in ARGUMENTS_DECIDE:
        return
    net = deepro.load(Little(call), input_shape=(3, 8, 8))
    data = 3 * torch.randn(12, 3, 8, 8, dtype=torch.float64)
    for layer in ("conv", "other"):
        found = {(f["unit"], f["fault"]) for f in diagnose(net, survey(net, data, [layer])).findings}
        dead = entry.kind.silent and not (entry.name == "softplus" and layer == "other")
        if entry.kind.unit:
            assert ((1, "dead") in found) == dead or layer == "other"
            assert ((2, "always on") in found) == entry.kind.linear
        assert not any(f in found for f in [(0, "dead"), (3, "dead"), (0, "always on"), (3, "always on")])


@pytest.fixture
def atan(monkeypatch: pytest.MonkeyPatch) -> Nonlinearity:
    """A nonlinearity that the table does not have."""
    for name in ("_ENTRIES", "_BY_MODULE", "_BY_NODE", "_BY_CALL"):
        monkeypatch.setattr(table, name, dict(getattr(table, name)))
    return Nonlinearity("atan", SQUASHING, "Atan")


class Atan(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.atan(x)


def test_another_nonlinearity_is_one_entry(atan: Nonlinearity) -> None:
    conv = nn.Conv2d(3, 4, 3).double().requires_grad_(False)
    x = torch.randn(1, 3, 9, 9, dtype=torch.float64, requires_grad=True)

    def met() -> tuple[bool, int]:
        with rectifiers("deconvnet"):
            out = conv(torch.atan(x))
        assert dict(nonlinearities(out).left) == {"atan": 1}
        with Erosion(0.5, torch.Generator()) as passed:
            x.atan()
        return Windows.read(out, x) is not None, passed.count

    assert met() == (False, 0)
    table.register(atan)
    assert met() == (True, 1)
    entry = table.of_module("Atan")
    net: Network = deepro.load(nn.Sequential(nn.Conv2d(3, 4, 3), Atan()), input_shape=(3, 8, 8))
    assert entry is atan
    assert [k.linear for k in behaviours(net, ["0"])["0"]] == [False]


PAIR = torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(3)).double()
OTHERS: dict[str, tuple[Callable[[Tensor], Tensor], set[str]]] = {
    "abs": (lambda x: x.abs(), {"abs"}),
    "square": (lambda x: x.square(), {"pow"}),
    "power": (lambda x: x**3, {"pow"}),
    "root": (lambda x: x.exp().sqrt(), {"exp", "sqrt"}),
    "log1p": (lambda x: x.exp().log1p(), {"exp", "log1p"}),
    "instance norm": (nn.InstanceNorm2d(4), {"instance_norm"}),
    "group norm": (nn.GroupNorm(2, 4).double().requires_grad_(False), {"group_norm"}),
    "length one": (lambda x: functional.normalize(x), {"quotient", "clamp", "linalg_vector_norm"}),
    "reciprocal": (lambda x: 1 / (x + 9), {"reciprocal"}),
    "maximum": (lambda x: torch.maximum(x, 0.5 * x), {"maximum"}),
    "minimum": (lambda x: torch.minimum(x, -x), {"minimum"}),
    "ceiling alone": (lambda x: x.clamp(max=0.5), {"clamp"}),
    "largest of two": (lambda x: torch.stack([x, 0.5 * x]).amax(0), {"amax"}),
    "largest channel": (lambda x: x.max(1, keepdim=True).values, {"max"}),
    "rounded": (lambda x: x.round(), {"round"}),
    "spread": (lambda x: x.std((2, 3), keepdim=True), {"std"}),
    "sorted": (lambda x: x.sort(2).values, {"sort"}),
    "leaky, as a choice": (lambda x: torch.where(x > 0, x, 0.1 * x), {"where"}),
    "filled with another number": (lambda x: x.masked_fill(x < 0, 1), {"masked_fill"}),
    "another's mask": (lambda x: (x + PAIR) * (x > 0), {"detached"}),
    "masked after a change": (lambda x: masked_late(x), {"detached"}),
    "a gate without gradient": (lambda x: x * x.detach().sigmoid(), {"detached"}),
    "a gate under no_grad": (lambda x: x * frozen(x), {"detached"}),
    "straight through": (lambda x: x + (x.round() - x).detach(), {"detached"}),
    "chosen places": (lambda x: x.gather(1, x.argmax(1, keepdim=True)), {"detached"}),
    "assigned": (lambda x: assigned(x), {"detached"}),
    # linear
    "sums": (lambda x: 2 * x - x.mean((2, 3), keepdim=True) / 3, set()),
    "moves": (lambda x: torch.cat([x.flip(2).transpose(2, 3), x.roll(1, 3)], 1)[:, ::2].reshape(1, 4, 6, 6), set()),
    "constants of its shape": (lambda x: x + torch.zeros_like(x) * PAIR.type_as(x).expand_as(x), set()),
    "a constant mask": (lambda x: x * (PAIR > 0), set()),
    "resized": (lambda x: functional.interpolate(functional.avg_pool2d(x, 2), scale_factor=3, mode="bilinear"), set()),
    "padded": (lambda x: functional.pad(functional.pad(x, (1, 1, 1, 1), "reflect"), (2, 0)), set()),
    "products with weights": (lambda x: x.flatten(1) @ PAIR.new_ones(144, 3), set()),
    "batch norm": (nn.BatchNorm2d(4).double().eval().requires_grad_(False), set()),
    "shuffled": (lambda x: functional.pixel_shuffle(x, 2), set()),
    "Fourier": (lambda x: torch.fft.irfft2(torch.fft.rfft2(x)), set()),
}  # fmt: skip


def masked_late(x: Tensor) -> Tensor:
    y = x * 1
    mask = y > 0
    y.add_(1)
    return y * mask


def frozen(x: Tensor) -> Tensor:
    with torch.no_grad():
        return x.mean((2, 3), keepdim=True)


def assigned(x: Tensor) -> Tensor:
    y = x * 1
    y[x > 1] = 1.0
    return y


@pytest.mark.parametrize("name", OTHERS)
def test_the_note_names_whatever_is_not_linear(name: str) -> None:
    call, expected = OTHERS[name]
    a, b = (torch.randn(1, 4, 6, 6, dtype=torch.float64) for _ in range(2))
    with torch.no_grad():
        free = call(torch.zeros_like(a))
        linear = torch.allclose(call(a + b) - free, call(a) + call(b) - 2 * free)
    assert linear == (not expected)
    with rectifiers("deconvnet"):
        x = torch.relu(a.requires_grad_() * 1)
        found = nonlinearities(call(x))
    assert dict(found.rectified) == {"relu": 1}
    assert set(found.left) == expected


# Words of the table that stand elsewhere, and why.
ALLOWED = {
    "methods/sequences": "equations of recurrent cells",
    "methods/regions/gradients.py": "weights of a blur",
    "methods/patterns/fourier.py": "numbers to colours",
    "network/scale.py": "what makes an output probabilities",
    "demos/digits.py": "a network's definition",
}


def test_no_other_file_spells_a_nonlinearity() -> None:
    plain = {"threshold", "clamp", "softmax", "log_softmax", "sigmoid"}  # words with other uses: shares of an output
    names = {e.name for e in table.entries()} - plain | {e.module for e in table.entries()} - {"", "Threshold"}
    nodes = {f"{word}backward" for e in table.entries() for word in (e.nodes or (e.name.replace("_", ""),))}
    for file in SRC.rglob("*.py"):
        path = file.relative_to(SRC).as_posix()
        if path == "nonlinearities.py" or any(path.startswith(prefix) for prefix in ALLOWED):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        docs = {n.value for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            word = getattr(node, "attr", getattr(node, "id", None))
            words = [word] if isinstance(word, str) else []
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docs:
                words = re.findall(r"\w+", node.value)
            assert not names & set(words), f"{path}:{node.lineno} spells {words}"  # pyright: ignore
            assert not any(w.lower().startswith(tuple(nodes)) for w in words), f"{path}: {words}"


def test_every_exception_is_one() -> None:
    names = "|".join(e.name for e in table.entries())
    for prefix in ALLOWED:
        files = [SRC / prefix] if prefix.endswith(".py") else list((SRC / prefix).glob("*.py"))
        assert any(re.search(rf"\b({names}|ReLU)\b", f.read_text(encoding="utf-8")) for f in files), prefix
