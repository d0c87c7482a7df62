"""Maps of examples and of units, and what layers know."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from deepro.render.document.base import Model, Picture, Values


class MapCard(Model):
    """A map on the overview. steps: layers or checkpoints. kept: neighbours@15 of the last step, which
    `thumb` shows, where measured."""

    id: str
    network: str
    kind: Literal["examples", "units"]
    method: str
    steps: list[str]
    points: int
    kept: float | None
    data: str
    record: str
    thumb: Picture


class MapColumn(Model):
    """Something to colour by, one value a point.

    classes: uint16 index into `names`, 65535 where unknown. number: uint16 from `low` to `high`, 65535 where unknown.
    outcome: uint16, 1 right and 0 wrong, 65535 unknown.
    """

    name: str
    kind: Literal["classes", "number", "outcome"]
    values: Values
    names: list[str]
    low: float
    high: float


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
    """An example whose surroundings speak for another label. trust: share of them that speaks for its own."""

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
    pairs, nearest first. cluster: (N,) int32, -1 in none. suspects_total, duplicates_total: how many there are."""

    record: str
    layer: str
    outliers: list[int]
    factors: list[float]
    duplicates: list[list[int]]
    suspects: list[Suspect]
    suspects_total: int
    clusters: list[ClusterView]
    cluster: Values
    notes: list[str]


class GridView(Model):
    """Every point in a cell of its own. cells: (R, C) int32 point, -1 for none.

    seams_right: (R, C - 1) and seams_down: (R - 1, C) uint8: distance of the codes on both sides, 255 for the 95th
    percentile and beyond.
    """

    cells: Values
    seams_right: Values
    seams_down: Values
    cost: float


class MapPage(Model):
    """One map, or aligned maps of the same points."""

    id: str
    kind: Literal["examples", "units"]
    network: str
    data: str
    method: str
    ids: list[str]
    steps: list[MapStep]
    columns: list[MapColumn]
    sprites: Sprites | None
    links: list[MapLink]
    grid: GridView | None
    findings: list[FindingsView]
    record: str


class KnowledgeView(Model):
    """What each layer knows of the labels. scores: measure -> one number a layer. similarity: (L, L) linear CKA.

    other, other_layers: where the similarity is to another network's M layers, (L, M); there are no scores then.
    """

    record: str
    network: str
    data: str
    points: int
    layers: list[str]
    scores: dict[str, list[float | None]]
    similarity: list[list[float | None]] | None
    other: str | None = None
    other_layers: list[str] = Field(default_factory=list)
    notes: list[str]
    parameters: dict[str, Any]


class AtlasCard(Model):
    """An activation atlas on the list of maps."""

    id: str
    network: str
    layer: str
    pictures: int
    data: str
    record: str
    thumb: Picture


class AtlasCell(Model):
    """A picture made for the mean direction of `count` codes. cosine: how nearly it moves the layer that way.

    classes, shares: the commonest among the examples there. examples: the nearest, by name, with what they look like.
    """

    row: int
    column: int
    count: int
    picture: Picture
    cosine: float
    classes: list[str]
    shares: list[float]
    examples: list[str]
    looks: list[Picture]


class AtlasPage(Model):
    """A layer's space as pictures. kept: neighbours@15 of the map beneath, where it could be measured."""

    id: str
    network: str
    layer: str
    pool: str
    data: str
    rows: int
    columns: int
    cells: list[AtlasCell]
    kept: float | None
    notes: list[str]
    record: str
