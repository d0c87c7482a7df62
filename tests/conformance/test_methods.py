"""What every registered method must keep, checked over the registry: a new method is tested by existing."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro import progress, registry
from deepro.errors import DeeproError
from deepro.parameters import Alphabet, DataSet, TokenSequences
from deepro.parameters.signature import parameter_type
from tests.footprint import footprint, same


class Fails(Exception):  # noqa: N818 - said of a network
    """Raised in the middle of the work."""


class Watched(nn.Module):
    """Raises on its call number `fails_on`, counted from the last `arm`."""

    def arm(self, fails_on: int | None = None) -> None:
        self.__dict__["left"] = fails_on

    def forward(self, x: Tensor) -> Tensor:
        left = self.__dict__.get("left")
        if left is not None:
            self.__dict__["left"] = left - 1
            if left == 1:
                raise Fails("in the middle")
        return x


class Photos(nn.Module):
    """A small image classifier with everything that has a mode or a state."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6, momentum=0.5)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.watched = Watched()
        self.conv2 = nn.utils.parametrizations.weight_norm(nn.Conv2d(6, 8, 3))
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.watched(self.pool(self.relu(self.norm(self.conv1(x)))))
        return self.fc(self.drop(torch.relu_(self.conv2(x)).mean((2, 3))))


class Series(nn.Module):
    """A small recurrent network over (N, T, 3)."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 5, batch_first=True)
        self.watched = Watched()
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.drop(self.watched(self.lstm(x)[0])))


class Letters(nn.Module):
    """A small recurrent network over tokens (N, T) that attends to what it read and tells the next of five."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.lstm = nn.LSTM(4, 5, batch_first=True)
        self.watched = Watched()
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(5, 5)

    def forward(self, tokens: Tensor) -> Tensor:
        h = self.watched(self.lstm(self.embedding(tokens))[0])
        return self.out(self.drop((h @ h.transpose(1, 2)).softmax(-1) @ h))


def _network(method: registry.Method) -> deepro.Network:
    """Partly training, partly frozen, with some gradients present and a user's hook: as a caller may hand it over."""
    torch.manual_seed(0)
    tokens = any(isinstance(p.type, TOKENS) for p in method.parameters)
    if tokens:
        module: nn.Module = Letters()
        example = torch.randint(0, 5, (2, 6))
        net = deepro.load(module, input_shape=(6,))
    elif method.takes("sequence", "sequences"):
        module = Series()
        example = torch.randn(2, 6, 3)
        net = deepro.load(module, input_shape=(6, 3))
    else:
        module = Photos()
        example = torch.randn(2, 3, 24, 24)
        net = deepro.load(module, preprocess=deepro.Preprocess(size=(24, 24)), labels=["ape", "bee", "cow", "doe"])
    module.train()
    module(example).sum().backward()
    module.drop.eval()
    first, *_, last = module.parameters()
    first.grad = None
    last.requires_grad_(False)
    module.drop.register_forward_hook(lambda m, a, o: None)
    return net


SMALL = {
    "steps": 3, "early_steps": 3, "samples": 3, "size": 24, "rounds": 1, "clamp_steps": 5, "shifts": 5, "controls": 1,
    "perplexity": 5.0, "neighbours": 5, "others": 2, "masks": 8, "keep": 1, "batch_size": 8, "seed": 3,
}  # fmt: skip
TOKENS = (type(parameter_type(Alphabet)), type(parameter_type(TokenSequences)))  # of methods that need tokens
ASKED = ("target", "class", "layers", "alphabet")  # given though they are optional
METHODS = list(registry.methods())


def arguments(method: registry.Method, net: deepro.Network) -> dict[str, Any]:
    """The types' samples, and small settings for whichever options a method has."""
    given = {p.name: p.type.sample(net) for p in method.inputs if p.required or p.type.name in ASKED}
    given |= stored(method, net, given)
    for option in method.options:
        value = option.type.sample(net) if option.required else SMALL.get(option.name)
        bounds = option.type.bounds
        if value is not None and (bounds is None or bounds.low <= value <= bounds.high):
            given[option.name] = value
    return given


def stored(method: registry.Method, net: deepro.Network, given: dict[str, Any]) -> dict[str, Any]:
    """Results that a method takes, made by the method that gives that kind, of the same data."""
    made: dict[str, Any] = {}
    for parameter in method.inputs:
        if parameter.type.name == "result" and parameter.name in given:
            maker = next(m for m in registry.methods().values() if m.result is parameter.type.kind)  # type: ignore[attr-defined]
            data = given.get("dataset") or parameter_type(DataSet).sample(net)  # type: ignore[union-attr]
            made[parameter.name] = maker(net, data)
    return made


def _call(name: str, net: deepro.Network) -> Any:
    method = registry.get(name)
    try:
        return method(net, **arguments(method, net))
    except DeeproError as error:
        if "pip install" in str(error):
            pytest.skip(str(error))
        raise


def _plain(value: Any) -> Any:
    """A result as containers of arrays and numbers, its provenance's clock left out."""
    if dataclasses.is_dataclass(value):
        skipped = ("created", "seconds")
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name not in skipped}
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _equal(a: Any, b: Any, path: str = "result") -> str | None:
    """Where two plain results differ, or None."""
    if isinstance(a, dict):
        if a.keys() != b.keys():
            return path
        return next((d for k in a if (d := _equal(a[k], b[k], f"{path}.{k}"))), None)
    if isinstance(a, list):
        if len(a) != len(b):
            return path
        return next((d for i, (x, y) in enumerate(zip(a, b, strict=True)) if (d := _equal(x, y, f"{path}[{i}]"))), None)
    if isinstance(a, np.ndarray):
        alike = a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        return None if alike else path
    return None if a == b or (a != a and b != b) else path


def _assert_as_before(before: dict[str, Any], net: deepro.Network) -> None:
    after = footprint(net.module)
    for what in before.keys() - {"python"}:  # the checker of annotations draws from Python's own while tests run
        assert same(before[what], after[what]), f"{what} changed"


@pytest.mark.parametrize("name", METHODS)
def test_leaves_the_network_alone_repeats_itself_and_knows_its_origin(name: str, tmp_path: Path) -> None:
    net = _network(registry.get(name))
    random.seed(1)
    np.random.seed(1)
    before = footprint(net.module)
    first = _call(name, net)
    _assert_as_before(before, net)
    torch.rand(3)  # another random state outside must not matter
    second = _call(name, net)
    assert _equal(_plain(first), _plain(second)) is None

    origin = first.provenance
    assert origin.method == name
    assert origin.network["fingerprint"] == net.fingerprint
    assert torch.__version__.startswith(origin.libraries["torch"])
    assert set(o.name for o in registry.get(name).options) <= set(origin.parameters)
    if "seed" in origin.parameters:
        assert origin.seed == origin.parameters["seed"] == 3
    for given in origin.data:
        assert given["sha256"]
    method = registry.get(name)
    if not any(p.type.name == registry.WORKSPACE for p in method.parameters):  # what was asked for is found by it
        assert method.bind(net, **arguments(method, net)).provenance.key == origin.key

    first.save(tmp_path / "result")
    assert _equal(_plain(first), _plain(deepro.open(tmp_path / "result"))) is None


@pytest.mark.parametrize("fails_on", [1, 2, 5])
@pytest.mark.parametrize("name", METHODS)
def test_leaves_the_network_alone_when_the_network_raises(name: str, fails_on: int) -> None:
    net = _network(registry.get(name))
    _ = net.layers  # traced before, not by the method
    before = footprint(net.module)
    net.module.watched.arm(fails_on)
    with contextlib.suppress(Fails, DeeproError):
        _call(name, net)
    net.module.watched.arm(None)
    _assert_as_before(before, net)


@pytest.mark.parametrize("name", METHODS)
def test_leaves_the_network_alone_when_it_is_stopped(name: str) -> None:
    net = _network(registry.get(name))
    before = footprint(net.module)

    def stop(step: progress.Step) -> None:
        if step.done:
            raise Fails(step.what)

    with contextlib.suppress(Fails), progress.listening(stop):
        _call(name, net)
    _assert_as_before(before, net)


ABOUT = tomllib.loads((Path(__file__).resolve().parents[2] / "docs" / "methods.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", METHODS)
def test_its_page_says_when_to_use_it_and_when_not_to_believe_it(name: str) -> None:
    if not registry.get(name).function.__module__.startswith("deepro."):
        pytest.skip("another package's method")
    said = ABOUT.get(name, {})
    assert {"use", "doubt"} <= set(said), f"docs/methods.toml: [{name}] needs use = and doubt ="
    assert set(said) <= {"use", "doubt", "formula", "line"}
