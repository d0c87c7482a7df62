"""Records of all methods, which the command, the Studio's forms, the docs and the conformance tests read.

A method is a function `f(net, images, ..., *, options)` that does the mathematics. `@method(...)` records it and gives
back its public function, which has the same signature: `Method.bind` checks a call and `Call.run` makes it. Every
argument is of a type of `deepro.parameters`, which says how values, words and forms become what the method gets; the
module is kept untouched, and the result gets its provenance.
An option's type, bounds, choices and help stand in its annotation, once:

    steps: Annotated[int, Bounds(1, 10_000), "gradient steps"] = 256
    rule: Annotated[Literal["deconvnet", "guided", "gradient"], "backward rule of the rectifiers"] = "deconvnet"
"""

from __future__ import annotations

import functools
import importlib
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar, get_type_hints

from deepro import members
from deepro.data.examples import Examples
from deepro.errors import UsageError, near
from deepro.network import Network
from deepro.parameters import Option, Parameter, parameters
from deepro.parameters.others import Stored
from deepro.probe import untouched
from deepro.results import Provenance, Result, spelled

P = ParamSpec("P")
R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Paper:
    """The paper in which a method was published."""

    authors: str
    year: int
    title: str
    url: str

    def __str__(self) -> str:
        return f"{self.authors} {self.year}, {self.title}, {self.url}"


@dataclass(frozen=True)
class Method:
    """The record of one method: its function, parameters, paper and version."""

    name: str
    family: str  # network, units, regions, patterns, spaces, sequences
    function: Callable[..., Result]  # the mathematics alone; users call `public_function`
    result: type[Result]
    paper: Paper
    summary: str
    version: int
    parameters: tuple[Parameter, ...]  # what it takes after the network, in its order

    @property
    def options(self) -> tuple[Option, ...]:
        """The parameters that are numbers, words and choices."""
        return tuple(p for p in self.parameters if isinstance(p, Option))

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """The parameters that are data, layers, units or targets; without the workspace, which `Call.run` fills in."""
        return tuple(p for p in self.parameters if not isinstance(p, Option) and p.type.name != WORKSPACE)

    def takes(self, *types: str) -> Parameter | None:
        """The first input that is of one of these types, None if there is none."""
        return next((p for p in self.inputs if p.type.name in types), None)

    def option(self, name: str) -> Option:
        """The option of that name. Raises UsageError with near names."""
        found = next((o for o in self.options if o.name == name), None)
        if found is None:
            known = [o.name for o in self.options]
            hint = near(name, known) or f"; options are {', '.join(known) or 'none'}"
            raise UsageError(f"{self.name} has no option {name!r}{hint}")
        return found

    @property
    def public_function(self) -> Callable[..., Any]:
        """The function that users call, as `deepro.NAME`."""
        return getattr(importlib.import_module(self.function.__module__), self.name)

    def __call__(self, net: Network, *args: Any, **kwargs: Any) -> Any:
        """Bind the arguments and run: this is what the public function does."""
        return self.bind(net, *args, **kwargs).run()

    def bind(self, net: Network, *args: Any, **kwargs: Any) -> Call:
        """Check the arguments, convert them to what the function takes, and fill in the defaults; nothing runs yet.

        Raises UsageError for what does not fit, and whatever the parameters' types raise.
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
        for parameter in self.parameters:
            bound.arguments[parameter.name] = parameter.value(net, bound.arguments[parameter.name])
        return Call(self, net, bound)


WORKSPACE = "workspace"


@dataclass(frozen=True)
class Call:
    """A method with its checked arguments. `provenance.key` is known before `run` is called."""

    method: Method
    net: Network
    bound: inspect.BoundArguments

    @functools.cached_property
    def provenance(self) -> Provenance:
        """The provenance of the result to come, with 0 seconds."""
        given = self.bound.arguments
        kept = [p for p in self.method.parameters if not p.type.data and p.type.name != WORKSPACE]
        return Provenance(
            method=self.method.name,
            version=self.method.version,
            parameters={p.name: None if given[p.name] is None else p.type.keep(given[p.name]) for p in kept},
            network=self.net.card(),
            data=self._shown(),
            seed=given.get("seed"),
            libraries=libraries() | members.versions(self.method.function.__module__),
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=0.0,
        )

    def _shown(self) -> tuple[Mapping[str, Any], ...]:
        """Cards of the data. A stored result says which it was made of, and they are not read again to be named."""
        given = self.bound.arguments
        stored = [p for p in self.method.parameters if isinstance(p.type, Stored) and given[p.name] is not None]
        data = stored or [p for p in self.method.parameters if p.type.data]
        cards = [card for p in data for card in p.type.shown(given[p.name])]
        return tuple({card["sha256"]: card for card in cards}.values() if stored else cards)

    def run(self, workspace: Any = None) -> Any:
        """Run the method and return its result with its provenance. The module is left as it was.

        workspace: for methods that keep unfinished work there, and more results beside the one that they return.
        """
        given = self.bound.arguments
        for data in (given[p.name] for p in self.method.parameters if p.type.data):
            self.net.check_batch(given.get("batch_size", 1) if isinstance(data, Examples) else len(data))
        if workspace is not None and WORKSPACE in self.bound.arguments:
            self.bound.arguments[WORKSPACE] = workspace
        started = time.perf_counter()
        with untouched(self.net.module):
            result = self.method.function(*self.bound.args, **self.bound.kwargs)
        seconds = round(time.perf_counter() - started, 3)
        return replace(result, provenance=replace(result.provenance or self.provenance, seconds=seconds))


_METHODS: dict[str, Method] = {}


def methods() -> Mapping[str, Method]:
    """All records by name, in the order of `deepro/__init__.pyi`."""
    members.load(members.METHODS)
    order = {name: n for n, name in enumerate(members.names())}
    return dict(sorted(_METHODS.items(), key=lambda item: order.get(item[0], len(order))))


def get(name: str) -> Method:
    """The record of the method `name`. Raises UsageError, with similar names, if there is none."""
    wanted = spelled(name)
    if wanted not in _METHODS and wanted in members.names():
        importlib.import_module(members.names()[wanted])
    known = _METHODS if wanted in _METHODS else methods()
    if wanted not in known:
        raise UsageError(f"unknown method {name!r}{near(name, known) or '; see `deepro methods`'}")
    return known[wanted]


def record(function: Callable[..., Any]) -> Method:
    """The record of a method's public function."""
    return _METHODS[function.__name__]


def method(*, family: str, paper: Paper, summary: str, version: int = 1) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Record a function as a method under its own name; a second use of a name raises, as does a name of ours."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        name, module = function.__name__, function.__module__
        if name in _METHODS:
            raise ValueError(f"method {name!r} is registered twice")
        if not f"{module}.".startswith(f"{members.names().get(name, module)}."):
            raise ValueError(f"method {name!r} has a name of Deepro's own; choose another")
        result = get_type_hints(function)["return"]
        made = Method(name, family, function, result, paper, summary, version, parameters(function))

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            return made(*args, **kwargs)  # type: ignore[arg-type]

        _METHODS[name] = made
        return run

    return decorate


@functools.cache
def libraries() -> dict[str, str]:
    """Versions of the installed packages that the numbers depend on."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for package in ("deepro", "torch", "torchvision", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
