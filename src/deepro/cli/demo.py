"""`deepro demo`: each demo is a line of the table, which says how it is made and how it tells what it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console

from deepro.cli.output import Json, describe, show
from deepro.cli.progress import shown
from deepro.errors import UsageError, near


class DemoCommand(NamedTuple):
    """make: fills a folder; tell: says on a terminal what was found; value: the same for machines.

    What `make` returns has the workspace under `workspace`.
    """

    make: Callable[[Path], Any]
    tell: Callable[[Console, Any], None]
    value: Callable[[Any], Mapping[str, Any]]


def _photos() -> DemoCommand:
    from deepro.cli.explain import summary, tell
    from deepro.demos.photos import photos

    def patterns(made: Any) -> list[dict[str, Any]]:
        rows = zip(made.pattern.targets, made.pattern.scores, made.pattern.probabilities, strict=True)
        return [{"target": t, "score": float(s), "probability": float(p)} for t, s, p in rows]

    def say(console: Console, made: Any) -> None:
        tell(console, made.explanation, None)
        shares = ", ".join(f"{p['target']} {p['probability']:.0%}" for p in patterns(made))
        console.print(f"[bold]patterns[/bold]  {shares}")

    return DemoCommand(photos, say, lambda made: summary(made.explanation) | {"patterns": patterns(made)})


def _code() -> DemoCommand:
    from deepro.cli.cells import as_json, tell
    from deepro.cli.match import tell_matches
    from deepro.demos.code import code

    def say(console: Console, made: Any) -> None:
        console.print(f"{made.net.name}: {'; '.join(made.net.notes)}", markup=False)
        tell(console, made.cells)
        least = "at least " if made.memory.censored else ""
        console.print(
            f"memory: 95 % of what decides a character lies in {least}the last {made.memory.reach} characters read"
        )
        every = made.losses.groups[0]
        console.print(
            f"loss on these texts: {every['loss']:.2f} nats a character; a {made.losses.order}-gram model of "
            f"{made.losses.counted:,} characters has {every['ngram']:.2f}"
        )
        if made.matches is not None:
            tell_matches(console, made.matches, 5)

    def value(made: Any) -> Mapping[str, Any]:
        count = made.matches.count if made.matches is not None else None
        return as_json(made.cells) | {"reach": made.memory.reach, "matches": count}

    return DemoCommand(code, say, value)


def _digits() -> DemoCommand:
    from deepro.cli.embed import summary
    from deepro.cli.explain import tell as tell_photographs
    from deepro.demos.digits import digits

    def say(console: Console, made: Any) -> None:
        tell_photographs(console, made.explanation, None)
        shares = zip(made.pattern.targets, made.pattern.probabilities, strict=True)
        console.print(f"[bold]patterns[/bold]  {', '.join(f'{t} {p:.0%}' for t, p in shares)}")
        describe(console, *made.maps.results(), made.scores)
        console.print(f"a network trained just now reads {made.accuracy:.1%} of the held-out digits right")

    def value(made: Any) -> Mapping[str, Any]:
        return {"accuracy": made.accuracy, "workspace": str(made.workspace.folder), **summary(made.maps)}

    return DemoCommand(digits, say, value)


def _training() -> DemoCommand:
    from deepro.demos.training import training

    def say(console: Console, made: Any) -> None:
        for alarm in made.found:
            console.print(f"alarm      {alarm.fault} {alarm.place}: {alarm.value:.2g} ({alarm.figure})", markup=False)
        console.print(made.mended.text(), markup=False)
        for arm, values in made.accuracies.items():
            console.print(f"{arm:<11}{values.mean():.1%} of the held-out digits right, mean of {len(values)} seeds")
        gain, error = made.gain
        console.print(f"mended against the same training as before: {gain:+.1%}, standard error {error:.1%}")

    def value(made: Any) -> Mapping[str, Any]:
        gain, error = made.gain
        arms = {arm: values.tolist() for arm, values in made.accuracies.items()}
        return {"accuracies": arms, "gain": gain, "error": error, "named": made.named}

    return DemoCommand(training, say, value)


DEMOS: Mapping[str, Callable[[], DemoCommand]] = {
    "photos": _photos,
    "digits": _digits,
    "code": _code,
    "training": _training,
}


def demo(
    name: Annotated[str, typer.Argument(help=f"Which demo: {', '.join(DEMOS)}.")] = "photos",
    out: Annotated[Path, typer.Option(help="The workspace, made where it is missing.")] = Path("demo"),
    json: Json = False,
) -> None:
    """A workspace and a report from an embedded network and embedded data, offline.

    Examples:
    deepro demo photos --out demo
    deepro demo digits --out demo-digits
    deepro demo code --out demo-code
    deepro demo training --out demo-training
    """
    if name not in DEMOS:
        raise UsageError(f"unknown demo {name!r}{near(name, DEMOS)}; demos are {', '.join(DEMOS)}")
    from deepro.report import build

    started = time.monotonic()
    chosen = DEMOS[name]()
    with shown():
        made = chosen.make(out)
        page = build(made.workspace)
    seconds = time.monotonic() - started

    def human(console: Console) -> None:
        chosen.tell(console, made)
        console.print(f"{seconds:.0f} s\n\nreport     {page}", markup=False)

    show({**chosen.value(made), "report": str(page), "seconds": seconds}, json, human)
