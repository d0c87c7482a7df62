"""How a training is drawn and shown: a page for each run, of all of its parts, and one for each of its layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from deepro.kinds.record import Kind, NumberCurves, NumberTable, register
from deepro.kinds.trainings.alarms import alarms, persistent
from deepro.kinds.trainings.training import MEASURES, Training, join
from deepro.render import colour, picture
from deepro.render.document import Compressed, Model, Picture, ProvenanceView, Values
from deepro.render.pack import compressed, finite, floats, named, values
from deepro.render.site import Saver, Section, Site, fingerprint

FRAMES = 24  # steps at which pictures are shown; numbers are shown at all of them
_POINTS = 2000  # of what the loop told
_CLASSES = 8  # of the pinned example
_ACROSS = 16  # examples a row of the sheet


class TrainingCard(Model):
    """A run on the overview. last: its last recorded step. alarms: how many stand."""

    id: str
    record: str
    network: str
    run: str
    steps: int
    last: int
    alarms: int


class AlarmView(Model):
    """An alarm as Python has it; value is None where it is no number."""

    fault: str
    step: int
    place: str
    figure: str
    value: float | None
    threshold: float
    advice: str


class GivenCurve(Model):
    """What the loop told, or the probe set says: x (M,) steps, y (M,)."""

    name: str
    x: Values
    y: Values


class LayerCurves(Model):
    """A measure of each layer: (T, L)."""

    name: str
    values: Values


class UnitStrip(Model):
    """A followed unit: at each frame, from left to right, what it saw above what of it drove the unit. values: (T,)."""

    layer: str
    unit: int
    picture: Picture
    values: Values


class NamedShare(Model):
    """The probability of a class for the pinned example: (T,)."""

    label: str
    values: Values


class DoubtedExample(Model):
    """An example whose loss stays high. said: what the network says in the end."""

    example: int
    loss: float
    label: str
    said: str


class TrainingPage(Model):
    """A run. steps: (T,). frames: which of them have pictures, each a square of `side` pixels in a strip.

    sheet: the examples, `across` a row, each of `side` pixels. filters: a row for each frame. heatmaps: the pinned
    example's, a square for each frame; scale: their ends. live: whether parts may come.
    """

    id: str
    record: str
    records: dict[str, ProvenanceView]
    network: str
    run: str
    began: str
    steps: Values
    seconds: Values
    layers: list[str]
    units: list[int]
    told: list[GivenCurve]
    measures: list[LayerCurves]
    alarms: list[AlarmView]
    frames: list[int]
    side: int
    across: int
    sheet: Picture | None
    names: list[str]
    labels: list[str]
    strips: list[UnitStrip]
    filters: Picture | None
    first: str
    pinned: int
    heatmaps: Picture | None
    heat: float
    shares: list[NamedShare]
    doubted: list[DoubtedExample]


class TrainingLayer(Model):
    """A layer's units at each step. best: (T, U) the strongest example. strength: (T, U) its activation, 255 is the
    unit's largest in the whole training, 0 none above zero."""

    id: str
    layer: str
    best: Compressed
    strength: Compressed


class Trainings(Section):
    """A page for each run, of all of its parts."""

    pages: ClassVar[Mapping[str, type[Model]]] = {"training": TrainingPage, "training_layer": TrainingLayer}
    cards: ClassVar[Mapping[str, type[Model]]] = {"trainings": TrainingCard}

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.parts: dict[str, list[Training]] = {}

    def finish(self) -> Mapping[str, Iterable[Model]]:
        for parts in self.parts.values():
            run = join(parts)
            if len(run.steps) and run.about:
                self._add(run)
        return super().finish()

    def _add(self, run: Training) -> None:
        site = self.site
        made = site.list(run)
        found = alarms(run)
        shared: dict[str, Any] = {"id": made.key[:12], "record": made.key, "network": fingerprint(run), "run": run.run}
        frames = np.unique(np.linspace(0, len(run.steps) - 1, FRAMES).round().astype(int))
        save = Saver(site.put, f"training-{shared['id']}")
        classes = [str(c) for c in run.about.get("classes", ())]
        page = TrainingPage(
            **shared,
            records={made.key: made},
            began=str(run.about.get("began", "")),
            steps=values(run.steps.astype(np.int32)),
            seconds=floats(run.seconds),
            layers=list(run.layers),
            units=[int(u) for u in run.about["units"]],
            told=list(_given(run)),
            measures=[LayerCurves(name=n, values=floats(v)) for n, v in _measured(run)],
            alarms=[AlarmView(**{**vars(a), "value": finite(a.value)}) for a in found],
            frames=frames.tolist(),
            labels=[named(classes, int(c)) if c >= 0 else "" for c in run.about.get("labels", ())],
            names=[str(n) for n in run.about.get("names", ())],
            first=str(run.about.get("first", "")),
            pinned=int(run.about.get("pinned", 0)),
            shares=list(_shares(run, classes)),
            doubted=[
                DoubtedExample(example=d["example"], loss=d["loss"], said=named(classes, d["said"]),
                               label=named(classes, int(run.about["labels"][d["example"]])))
                for d in persistent(run)
            ],
            **_pictures(run, frames, save),
        )  # fmt: skip
        site.keep("training", page.id, page)
        for number, layer in enumerate(run.layers if "best" in run.at else ()):
            site.keep("training_layer", f"{page.id}-{number}", _layer(run, f"{page.id}-{number}", layer))
        card = TrainingCard(**shared, steps=len(run.steps), last=int(run.steps[-1]), alarms=len(found))
        self.listed["trainings"].append(card)


def _given(run: Training) -> Iterable[GivenCurve]:
    """What the loop told, thinned, and loss and accuracy on the probe set beside it."""
    for name, rows in run.given.items():
        kept = rows[np.unique(np.linspace(0, len(rows) - 1, _POINTS).round().astype(int))]
        yield GivenCurve(name=name, x=floats(kept[:, 0]), y=floats(kept[:, 1]))
    for at, name in enumerate(("loss", "accuracy") if "evaluated" in run.at else ()):
        row = run.at["evaluated"][:, at]
        if np.isfinite(row).any():
            yield GivenCurve(name=f"probe {name}", x=floats(run.steps), y=floats(row))


def _measured(run: Training) -> Iterable[tuple[str, np.ndarray]]:
    found = ((name, run.measure(name)) for name in MEASURES)
    return ((name, value) for name, value in found if np.isfinite(value).any())


def _shares(run: Training, classes: Sequence[str]) -> Iterable[NamedShare]:
    if "pinned" not in run.at:
        return
    shares = run.at["pinned"].astype(np.float32)
    for c in np.argsort(-np.nan_to_num(shares).max(0))[:_CLASSES].tolist():
        yield NamedShare(label=named(classes, c), values=floats(shares[:, c]))


def _layer(run: Training, id: str, layer: str) -> TrainingLayer:
    units = run.units(layer)
    strength = np.nan_to_num(run.at["strength"][:, units, 0].astype(np.float32)).clip(0)
    shares = np.ceil(255 * strength / np.maximum(strength.max(0), 1e-12)).astype(np.uint8)
    return TrainingLayer(id=id, layer=layer, best=compressed(run.at["best"][:, units, 0]), strength=compressed(shares))


def _pictures(run: Training, frames: np.ndarray, save: Saver) -> dict[str, Any]:
    tiles = run.about.get("tiles")
    made: dict[str, Any] = {
        "sheet": None,
        "strips": [],
        "filters": None,
        "heatmaps": None,
        "heat": 0.0,
        "across": _ACROSS,
    }
    side = made["side"] = int(tiles.shape[1]) if isinstance(tiles, np.ndarray) else 40
    if isinstance(tiles, np.ndarray):
        made["sheet"] = save.colours("examples.jpg", picture.sheet(list(tiles), _ACROSS, colour.MIDDLE))
    if "filters" in run.at:
        rows = [np.concatenate([picture.crisp(f, side // 2) for f in run.at["filters"][t]], 1) for t in frames]
        made["filters"] = save("filters.png", np.concatenate(rows))
    if "heatmap" in run.at:
        maps = run.at["heatmap"][frames].astype(np.float32)
        made["heat"] = high = colour.limit(maps)
        made["heatmaps"] = save(
            "heatmaps.png", np.concatenate([_square(colour.diverging(m, high), side) for m in maps], 1)
        )
    followed: Sequence[Any] = run.about.get("followed", ()) if "projections" in run.at else ()
    for row, (layer, unit) in enumerate(followed):
        column = run.units(layer).start + int(unit)
        strength = run.at["strength"][:, column, 0]
        squares = [
            np.concatenate(
                [_patch(run, tiles, int(t), row, column, side), _square(run.at["projections"][t, row], side)]
            )
            for t in frames
        ]
        strip = save.colours(f"{row}.jpg", np.concatenate(squares, 1))
        made["strips"].append(UnitStrip(layer=layer, unit=int(unit), picture=strip, values=floats(strength)))
    return made


def _patch(run: Training, tiles: Any, t: int, row: int, column: int, side: int) -> np.ndarray:
    """What the unit saw of its strongest example at one step; grey where it saw nothing above zero."""
    grey = np.full((side, side, 3), colour.MIDDLE, np.uint8)
    if not isinstance(tiles, np.ndarray) or not run.at["strength"][t, column, 0] > 0:
        return grey
    tile = tiles[run.at["best"][t, column, 0]]
    left, top, right, bottom = (run.at["windows"][t, row].astype(float) * side).round().astype(int)
    return _square(tile[top : max(bottom, top + 1), left : max(right, left + 1)], side)


def _square(pixels: np.ndarray, side: int) -> np.ndarray:
    return picture.square(pixels, side)


def draw(figure: Any, result: Training) -> None:
    """What was told and what is measured, each over the steps; a line a layer."""
    shown = [(n, {n: (r[:, 0], r[:, 1])}) for n, r in result.given.items()]
    for name, found in _measured(result):
        rows = zip(result.layers, found.T, strict=True)
        shown.append((name, {layer: (result.steps, v) for layer, v in rows}))
    axes = np.ravel(figure.subplots(max(1, -(-len(shown) // 4)), 4, squeeze=False))
    for axis, (name, curves) in zip(axes, shown, strict=False):
        for i, (x, y) in enumerate(curves.values()):
            axis.plot(x, y, linewidth=1, color=colour.table("share")[255 * i // max(1, len(curves))] / 255)
        axis.set_title(name, fontsize=8, loc="left")
        if name in ("gradient", "update"):
            axis.set_yscale("log")


def numbers(result: Training) -> Iterable[NumberTable | NumberCurves]:
    """The alarms, what was told, and each measure by layer."""
    rows = [[a.fault, a.step, a.place, a.figure, a.value, a.threshold, a.advice] for a in alarms(result)]
    yield NumberTable("alarms", ("alarm", "step", "where", "figure", "value", "threshold", "advice"), rows)
    for name, told in result.given.items():
        yield NumberCurves(name, told[:, 0], {name: told[:, 1]})
    for name, found in _measured(result):
        yield NumberCurves(name, result.steps, dict(zip(result.layers, found.T, strict=True)))


def lines(result: Training) -> list[str]:
    """The run in a line, and a line for each alarm."""
    steps = result.steps
    said = [f"{result.run}: {len(steps)} steps recorded, {steps[0]} to {steps[-1]}" if len(steps) else result.run]
    for a in alarms(result):
        at = f" of {a.place}" if a.place else ""
        said.append(
            f"{a.fault}: {a.figure}{at} {a.value:.3g}, from {a.threshold:g} on, since step {a.step}; {a.advice}"
        )
    return said


def show(result: Training, site: Site) -> None:
    site.section(Trainings).parts.setdefault(result.run, []).append(result)


KIND = register(
    Kind(
        Training,
        caption="What the network was at the recorded steps of its training. A line for each layer, the first dark.",
        draw=draw,
        size=(11, 7),
        numbers=numbers,
        lines=lines,
        show=show,
        scopes=lambda _key, made: (f"training {made['parameters'].get('run')}",),
    )
)
