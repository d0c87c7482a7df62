"""One record a method: the command, the Studio's form, the docs and the conformance tests read it.

A method is a function `f(net, images, ..., *, options)` that does the mathematics. `@method(...)` records it.
`Method.bind` checks a call and `Call.run` makes it: images become the network's inputs, options are checked against
their annotations, the module is kept untouched, and the result gets its provenance.
An option's type, bounds, choices and help stand in its annotation, once:

    steps: Annotated[int, Bounds(1, 10_000), "gradient steps"] = 256
    rule: Annotated[Literal["deconvnet", "guided", "gradient"], "backward rule of the rectifiers"] = "deconvnet"
"""

from __future__ import annotations

import functools
import importlib
import inspect
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from deepro.data.examples import Examples, as_examples
from deepro.errors import UsageError, near
from deepro.network import Inputs, Network
from deepro.network.fingerprint import digest_json
from deepro.network.sequences import Sequences, as_sequences
from deepro.probe import untouched
from deepro.results import Provenance, Result


@dataclass(frozen=True)
class Bounds:
    """Inclusive limits of a number."""

    low: float
    high: float


@dataclass(frozen=True)
class Paper:
    """Where a method comes from."""

    authors: str
    year: int
    title: str
    url: str

    def __str__(self) -> str:
        return f"{self.authors} {self.year}, {self.title}, {self.url}"


@dataclass(frozen=True)
class Option:
    """One keyword of a method, read from its annotation."""

    name: str
    type: type
    default: Any
    help: str
    choices: tuple[Any, ...] | None = None
    bounds: Bounds | None = None
    optional: bool = False

    def check(self, value: Any) -> Any:
        """`value` as this option's type; UsageError where it does not fit."""
        if value is None and self.optional:
            return None
        if self.choices is not None:
            if value not in self.choices:
                raise UsageError(f"{self.name} is {value!r}, expected one of {', '.join(map(str, self.choices))}")
            return value
        try:
            value = _as(self.type, value)
        except (TypeError, ValueError, OverflowError):
            raise UsageError(f"{self.name} is {value!r}, expected {self.type.__name__}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(f"{self.name} is {value!r}, expected a finite number")
        if self.bounds and not self.bounds.low <= value <= self.bounds.high:
            raise UsageError(f"{self.name} is {value!r}, expected {self.bounds.low:g} to {self.bounds.high:g}")
        return value


_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _as(kind: Any, value: Any) -> Any:
    """`value`, perhaps text from the command line, as a `kind`; ValueError where something would be lost."""
    if kind is bool and isinstance(value, str):
        return _WORDS[value.lower()] if value.lower() in _WORDS else _refuse()
    if isinstance(value, bool) or kind is bool:
        return value if isinstance(value, kind) and kind is bool else _refuse()
    if kind is int and not isinstance(value, int):
        return int(value) if isinstance(value, str) or float(value).is_integer() else _refuse()
    return value if isinstance(value, kind) else kind(value)


def _refuse() -> Any:
    raise ValueError


@dataclass(frozen=True)
class Method:
    """The record."""

    name: str
    family: str  # network, units, regions, patterns, spaces, sequences
    function: Callable[..., Result]  # the mathematics alone; `bind` is the door
    result: type[Result]
    needs: tuple[str, ...]  # of images, image, dataset, sequence, sequences, layer, layers, units, target, targets, ...
    paper: Paper
    summary: str
    version: int
    options: tuple[Option, ...]

    def option(self, name: str) -> Option:
        found = next((o for o in self.options if o.name == name), None)
        if found is None:
            known = [o.name for o in self.options]
            hint = near(name, known) or f"; options are {', '.join(known) or 'none'}"
            raise UsageError(f"{self.name} has no option {name!r}{hint}")
        return found

    def __call__(self, net: Network, *args: Any, **kwargs: Any) -> Any:
        """Bind and run: what the public function of this method does."""
        return self.bind(net, *args, **kwargs).run()

    def bind(self, net: Network, *args: Any, **kwargs: Any) -> Call:
        """Check the arguments, turn images into inputs and fill in the defaults; nothing runs yet.

        Raises UsageError for what does not fit, and whatever `net.prepare` raises for the images.
        """
        if not isinstance(net, Network):
            raise UsageError(f"expected a network from deepro.load, got {type(net).__name__}")
        signature = inspect.signature(self.function)
        for key in kwargs:
            if key not in signature.parameters:
                self.option(key)
        try:
            bound = signature.bind(net, *args, **kwargs)
        except TypeError as error:
            raise UsageError(f"{self.name}: {error}") from None
        bound.apply_defaults()
        for option in self.options:
            bound.arguments[option.name] = option.check(bound.arguments[option.name])
        data = None
        for key in _DATA:
            if key in bound.arguments:
                bound.arguments[key] = data = _DATA[key](net, bound.arguments[key])
        return Call(self, net, bound, data)


@dataclass(frozen=True)
class Call:
    """A method with its arguments, ready to run. `provenance.key` is known before it has run."""

    method: Method
    net: Network
    bound: inspect.BoundArguments
    data: Inputs | Sequences | Examples | None

    @functools.cached_property
    def provenance(self) -> Provenance:
        """Everything but the time it took."""
        arguments = self.bound.arguments
        return Provenance(
            method=self.method.name,
            version=self.method.version,
            parameters={k: _plain(v) for k, v in arguments.items() if k not in ("net", "workspace", *_DATA)},
            network=self.net.card(),
            data=self.data.card() if self.data is not None else (),
            seed=arguments.get("seed"),
            libraries=libraries(),
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=0.0,
        )

    def run(self, workspace: Any = None) -> Any:
        """The result with its provenance, its own where it says one. The module is left as it was.

        workspace: for methods that keep unfinished work there, and more results beside the one that they return.
        """
        provenance = self.provenance
        if "workspace" in self.bound.arguments:
            self.bound.arguments["workspace"] = workspace
        started = time.perf_counter()
        with untouched(self.net.module):
            result = self.method.function(*self.bound.args, **self.bound.kwargs)
        seconds = round(time.perf_counter() - started, 3)
        return replace(result, provenance=replace(result.provenance or provenance, seconds=seconds))


_METHODS: dict[str, Method] = {}
# Arguments that name what the network is shown, and what makes them ready for it.
_DATA: dict[str, Callable[[Network, Any], Inputs | Sequences | Examples]] = {
    "images": Network.prepare,
    "image": Network.prepare,
    "dataset": as_examples,
    "sequence": as_sequences,
    "sequences": as_sequences,
}

# Every module that registers methods, in the order in which people read them.
_ROOMS = (
    "deepro.methods.prediction",
    "deepro.methods.units.activations",
    "deepro.methods.units.deconvnet",
    "deepro.methods.units.occlusion",
    "deepro.methods.units.correspondence",
    "deepro.methods.units.invariance",
    "deepro.methods.regions.gradients",
    "deepro.methods.regions.cams",
    "deepro.methods.regions.segment",
    "deepro.methods.patterns.imagine",
    "deepro.methods.sequences.trace",
    "deepro.methods.sequences.cells",
    "deepro.methods.sequences.match",
    "deepro.methods.sequences.memory",
    "deepro.methods.sequences.attribution",
    "deepro.methods.sequences.hold",
    "deepro.methods.sequences.losses",
    "deepro.methods.sequences.space",
    "deepro.methods.sequences.responses",
    "deepro.methods.sequences.automaton",
    "deepro.methods.sequences.attention",
    "deepro.methods.spaces.embed",
    "deepro.methods.spaces.units",
    "deepro.methods.spaces.aligned",
    "deepro.methods.spaces.knowledge",
    "deepro.methods.spaces.searching",
    "deepro.methods.spaces.atlas",
    "deepro.survey.methods",
)


def methods() -> Mapping[str, Method]:
    """All records by name."""
    for room in _ROOMS:
        importlib.import_module(room)
    return _METHODS


def get(name: str) -> Method:
    """The record of `name`; UsageError with near names where there is none."""
    if name not in methods():
        raise UsageError(f"unknown method {name!r}{near(name, _METHODS) or '; see `deepro methods`'}")
    return _METHODS[name]


def _option(name: str, hint: Any, default: Any) -> Option:
    notes: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        notes = tuple(rest)
    inner = [a for a in get_args(hint) if a is not type(None)]
    optional = type(None) in get_args(hint)
    if optional:
        hint = inner[0]
    choices = get_args(hint) if get_origin(hint) is Literal else None
    kind = type(choices[0]) if choices else (get_origin(hint) or hint)
    text = next((n for n in notes if isinstance(n, str)), "")
    bounds = next((n for n in notes if isinstance(n, Bounds)), None)
    return Option(name, kind, default, text, choices, bounds, optional)


def method(
    *, name: str, family: str, needs: tuple[str, ...], paper: Paper, summary: str, version: int = 1
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Record a function as a method. An argument called `images` or `image` reaches it as an Inputs.

    A second use of a name raises.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        if name in _METHODS:
            raise ValueError(f"method {name!r} is registered twice")
        signature = inspect.signature(function)
        hints = get_type_hints(function, include_extras=True)
        options = tuple(
            _option(p.name, hints[p.name], p.default) for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY
        )

        record = Method(name, family, function, hints["return"], needs, paper, summary, version, options)

        @functools.wraps(function)
        def run(net: Network, *args: Any, **kwargs: Any) -> Any:
            return record(net, *args, **kwargs)

        _METHODS[name] = record
        return run

    return decorate


@functools.cache
def libraries() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in ("deepro", "torch", "torchvision", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _plain(value: Any) -> Any:
    """A parameter as JSON."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if hasattr(value, "card"):
        return _plain(value.card())
    if hasattr(value, "tolist"):
        count = value.numel() if hasattr(value, "numel") else getattr(value, "size", 1)
        return value.tolist() if count <= 1000 else digest_json(value.tolist())
    return getattr(value, "name", None) or repr(value)
