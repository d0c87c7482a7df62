"""What results about a layer's space share: the page of a map with what was found on it, and what layers know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from deepro.render.document import Model, Picture, Values
from deepro.render.pack import data_name, plain, view
from deepro.render.site import Section, Site, fingerprint, key
from deepro.results import Result


class About(Model):
    """network: its fingerprint. data: the data set's name. record: the result's key."""

    network: str
    data: str
    record: str


class MapCard(About):
    """A map on the overview.

    steps: layers or checkpoints. kept: neighbours@15 of the last step, which `thumb` shows; None where not measured.
    """

    id: str
    kind: Literal["examples", "units"]
    method: str
    steps: list[str]
    points: int
    kept: float | None
    thumb: Picture


class MapColumn(Model):
    """Something to colour by, one value a point.

    classes: uint16 index into `names`, 65535 where unknown. number: uint16 from `low` to `high`, 65535 where unknown.
    outcome: uint16, 1 right and 0 wrong, 65535 unknown.
    """

    name: str
    kind: Literal["classes", "number", "outcome"]
    values: Values
    names: list[str] = Field(default_factory=list)
    low: float = 0
    high: float = 1


class MapStep(Model):
    """The map at one layer or checkpoint.

    positions: (N, 2) uint16, x and y from 0 to 65535 over the same square for all steps, y upwards.
    kept: (N,) uint8, share of the `kept_size` nearest neighbours that stayed near, 255 for all. neighbours: whether
    there is a page of them, ID-STEP. changed: (N,) uint8, share of a point's neighbours in the codes that it did not
    have at the step before, 255 for all.
    """

    name: str
    layer: str
    pool: str
    code_size: int | None
    positions: Values
    kept: Values
    kept_size: int
    neighbours: bool
    changed: Values | None
    quality: dict[str, float]
    baselines: dict[str, dict[str, float]]
    notes: list[str]
    finished: bool


class MapNeighbours(Model):
    """values: (N, k) uint32, the points nearest to each in the codes of one step, nearest first."""

    id: str
    values: Values


class Sprites(Model):
    """Thumbnails of all points on sheets, row by row. columns, rows: tiles a sheet. width, height: pixels a tile."""

    sheets: list[Picture]
    columns: int
    rows: int
    width: int
    height: int


class MapLink(Model):
    """A map of the units that answered to this map's examples.

    answers: (U, N) uint8, each unit's answers from its lowest (0) to its highest (255).
    """

    map: str
    layer: str
    units: list[str]
    positions: Values
    answers: Values


class Suspect(Model):
    """An example whose code speaks for another label. trust: probability that its own is right."""

    point: int
    given: str
    likely: str
    trust: float


class ClusterView(Model):
    """A dense group of codes. classes: the commonest labels in it with their shares. units: those by which it stands
    out; effects: by how many standard deviations."""

    size: int
    classes: list[str]
    shares: list[float]
    units: list[int]
    effects: list[float]


class FindingsView(Model):
    """What stands out among the codes of one layer. outliers: the loneliest first, with their factors. duplicates:
    pairs, nearest first. suspects_total: how many there are; control: the same search where the
    truth is known, see Findings. cluster: (N,) int32, -1 in none."""

    record: str
    layer: str
    outliers: list[int]
    factors: list[float]
    duplicates: list[list[int]]
    suspects: list[Suspect]
    suspects_total: int
    control: dict[str, int] = Field(default_factory=dict)
    clusters: list[ClusterView]
    cluster: Values
    notes: list[str]


class GridView(Model):
    """Every point in a cell of its own. cells: (R, C) int32 point, -1 for none.

    seams_right: (R, C - 1) and seams_down: (R - 1, C) uint8: distance of the codes on both sides, 255 for the 95th
    percentile and beyond. cost: mean squared way from the map, 1 wide, to the cells.
    """

    cells: Values
    seams_right: Values
    seams_down: Values
    cost: float


class MapPage(About):
    """One map, or aligned maps of the same points."""

    id: str
    kind: Literal["examples", "units"]
    method: str
    ids: list[str]
    steps: list[MapStep]
    columns: list[MapColumn]
    sprites: Sprites | None
    links: list[MapLink] = Field(default_factory=list)
    grid: GridView | None
    findings: list[FindingsView] = Field(default_factory=list)


class KnowledgeView(About):
    """What each layer knows of the labels. scores: measure -> one number a layer. similarity: (L, L) linear CKA.

    other, other_layers: where the similarity is to another network's M layers, (L, M); there are no scores then.
    """

    points: int
    layers: list[str]
    scores: dict[str, list[float | None]] = Field(default_factory=dict)
    similarity: list[list[float | None]] | None
    other: str | None = None
    other_layers: list[str] = Field(default_factory=list)
    notes: list[str]
    parameters: dict[str, Any]


class Points(NamedTuple):
    """What the points of a map or of findings are. data: hash of the data set. layers: each with its pooling."""

    kind: str
    network: str
    data: str
    ids: tuple[str, ...]
    layers: frozenset[tuple[str, str]]


class Made(NamedTuple):
    """A map's page. answers: (U, N) uint8, of its U units to N examples."""

    points: Points
    page: MapPage
    answers: Values | None


class Maps(Section):
    """One page for each map. What was found among the same codes, and the map of the same units, join it at the end."""

    pages: ClassVar[Mapping[str, type[Model]]] = {"map": MapPage, "neighbours": MapNeighbours}
    cards: ClassVar[Mapping[str, type[Model]]] = {"maps": MapCard}

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.made: list[Made] = []
        self.found: list[tuple[Points, FindingsView]] = []

    def finish(self) -> Mapping[str, list[Model]]:
        for here, page, _ in self.made:
            found = [v for points, v in self.found if points[:4] == here[:4] and points.layers <= here.layers]
            links = [link for other in self.made if (link := _link(here, *other)) is not None]
            self.site.keep("map", page.id, page.model_copy(update={"links": links, "findings": found}))
        return self.listed


def _link(here: Points, there: Points, page: MapPage, answers: Values | None) -> MapLink | None:
    """The units of a map beside the examples `here`, where the ones answered to the others."""
    if answers is None or (here.kind, *here[1:3], len(here.ids)) != ("examples", *there[1:3], answers.shape[1]):
        return None
    step = page.steps[0]
    known = step.layer in {layer for layer, _ in here.layers}
    return view(MapLink, step, map=page.id, units=page.ids, answers=answers) if known else None


class Knowledge(Section):
    """What layers know stands on the overview and has no page of its own."""

    cards: ClassVar[Mapping[str, type[Model]]] = {"knowledge": KnowledgeView}

    def add(self, result: Result, points: int) -> None:
        """points: how many examples it was measured on."""
        parameters = plain(self.site.list(result).parameters)
        self.listed["knowledge"].append(
            view(KnowledgeView, result, **about(result), points=points, parameters=parameters)
        )


def about(result: Result) -> dict[str, str]:
    """The network, the data set and the record of a result, as cards and pages name them."""
    return {
        "network": fingerprint(result),
        "data": data_name(str(dataset(result).get("name", ""))),
        "record": key(result),
    }


def dataset(result: Result) -> Mapping[str, Any]:
    """The data set of a result: name, sha256, size; empty if it is not known."""
    return next(iter(result.provenance.data), {}) if result.provenance else {}


def points(result: Result, kind: str, ids: tuple[str, ...], layers: Iterable[tuple[str, str]]) -> Points:
    return Points(kind, fingerprint(result), str(dataset(result).get("sha256", "")), ids, frozenset(layers))


def scopes(_key: str, provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """A data set, as one network sees it: maps of it may stand on each other's pages."""
    data = [str(d.get("sha256", "")) for d in provenance["data"]]
    return (f"{provenance['network'].get('fingerprint', '')}:{data}",)
