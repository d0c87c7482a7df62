"""The page of one photograph, as one network sees it. Results meet on it when their provenance names both."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from deepro.render import address, colour, picture
from deepro.render.document import Compressed, Guess, LayerRow, Model, Picture, ProvenanceView, Scale, Window
from deepro.render.site import Saver, Section, Site, fingerprint
from deepro.results import Result

LONGEST = 1280  # pixels of a photograph in the page
THUMB = 360


class Unit(Model):
    """A unit at its strongest position: its activation map, what is sent back to the pixels, and where it looked.

    position: row and column in the map. window: in pixels of the network's input.
    """

    unit: int
    activation: float
    position: list[int]
    window: Window
    map: Picture
    map_scale: Scale
    projection: Picture
    projection_scale: Scale


class LayerUnits(Model):
    """The strongest units of one layer for one photograph."""

    layer: str
    kind: str | None
    rule: str
    record: str
    receptive_field: list[int] | None
    map_size: list[int]
    fidelity: dict[str, Any]
    units: list[Unit]


class HeatLayer(Model):
    """A heatmap, where it lies in the original photograph, and how it was scaled.

    values: (H, W) in steps of the scale: int8, ±127 at ±`high`, where it is diverging; else uint8, 255 at `high`.
    target, score: what is explained and its value. evidence: what the method says of its own trust.
    """

    values: Compressed
    view: Window
    scale: Scale
    target: str
    score: float | None
    method: str
    evidence: dict[str, Any]
    record: str


class RegionView(Model):
    """The object's region. outline, box: in pixels of the original photograph; None where there is no region.

    failed: alone it keeps no more of the target than the rest does, or than a centred box of its area.
    """

    target: str
    mask: Picture | None
    outline: list[list[list[float]]] | None
    box: Window | None
    heatmap: HeatLayer
    evidence: dict[str, float | None]
    failed: bool
    record: str


class PhotographCard(Model):
    """A photograph on the overview. guesses: the most probable labels, `best` first. record: of the prediction.

    truth: the label of the class that its data set puts it in, None where that is not known.
    """

    id: str
    name: str
    sha256: str
    network: str
    thumb: Picture
    best: Guess | None
    guesses: list[Guess] = Field(default_factory=list)
    record: str | None = None
    truth: str | None = None


class PhotographPage(Model):
    """Everything about one photograph and one network.

    width, height: the original's size. picture: the original, made smaller where it is large. seen: what the network
    saw of it, pixel for pixel. view: where `seen` lies in the original, in its pixels.
    """

    id: str
    name: str
    sha256: str
    network: str
    width: int
    height: int
    picture: Picture
    seen: Picture
    view: Window
    prediction: list[Guess]
    prediction_record: str | None
    truth: str | None
    regions: list[RegionView]
    heatmaps: list[HeatLayer]
    layers: list[LayerUnits]
    records: dict[str, ProvenanceView]


class Photographs(Section):
    """One page for each photograph and network."""

    pages: ClassVar[Mapping[str, type[Model]]] = {"photograph": PhotographPage}
    cards: ClassVar[Mapping[str, type[Model]]] = {"photographs": PhotographCard}

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._pages: dict[tuple[str, str], Page] = {}

    def of(self, result: Result) -> Iterator[Page]:
        """The page of each photograph that a result is about, in its order."""
        assert result.provenance is not None
        for data in result.provenance.data:
            name, where = str(data.get("name", "image")), (fingerprint(result), str(data.get("sha256", "")))
            if where not in self._pages:
                network = self.site.network(result)
                self._pages[where] = Page(name, *where, self.site, network.layers if network else ())
            yield self._pages[where]

    def finish(self) -> Mapping[str, Sequence[Model]]:
        cards = []
        for page in self._pages.values():
            if (finished := page.finish()) is not None:
                self.site.keep("photograph", finished[0].id, finished[0])
                cards.append(finished[1])
        return {"photographs": cards}


class Page:
    """One photograph and one network, filled result by result: pictures are put away at once, arrays are let go.

    layers: the network's, in execution order. guesses, said_by: the prediction and its record. original, seen, place:
    the photograph, what the network saw of it, and where that lies. size: of an input without a picture.
    """

    def __init__(self, name: str, network: str, sha256: str, site: Site, layers: Sequence[LayerRow]) -> None:
        self.name, self.network, self.sha256 = name, network, sha256
        self.rows = {row.name: row for row in layers}
        self.id = address.photograph(name, network, sha256)
        self.save = Saver(site.put, self.id)
        self.original: np.ndarray | None = None
        self.seen: np.ndarray | None = None
        self.place: tuple[float, float, float, float] | None = None
        self.guesses: list[Guess] = []
        self.said_by: str | None = None
        self.truth: str | None = None
        self.size: tuple[int, int] = (64, 64)
        self.regions: list[RegionView] = []
        self.heatmaps: list[HeatLayer] = []
        self.layers: list[LayerUnits] = []
        self._looks: dict[str, str] = {}  # what each result looked at
        self._records: dict[str, ProvenanceView] = {}
        self._describe = site.describe

    def record(self, result: Result) -> str:
        """Keep how a result on this page was made. Returns its key."""
        made = self._describe(result)
        self._records[made.key] = made
        return made.key

    def look(self, pictures: np.ndarray | None, i: int, key: str) -> None:
        """Note what the result with this key looked at."""
        if pictures is None:
            return
        self._looks[key] = _digest(pictures[i])
        if self.seen is None:
            self.seen = pictures[i]

    def finish(self) -> tuple[PhotographPage, PhotographCard] | None:
        """The page and its card on the overview; None where no result is one that the page shows.

        An input that is no picture is shown as plain grey of its size: its results still stand beside it.
        """
        if not self._records:
            return None
        blank = np.full((*self.size, 3), colour.MIDDLE, dtype=np.uint8)
        seen = next(p for p in (self.seen, self.original, blank) if p is not None)
        original = seen if self.original is None else self.original
        height, width = seen.shape[:2]
        place = self.place or (0.0, 0.0, original.shape[0] / height, original.shape[1] / width)
        top, left, scale_y, scale_x = place
        view = Window(left=left, top=top, right=left + width * scale_x, bottom=top + height * scale_y)
        whole = Window(left=0, top=0, right=original.shape[1], bottom=original.shape[0])
        order = {name: n for n, name in enumerate(self.rows)}
        about: dict[str, Any] = {"id": self.id, "name": self.name, "sha256": self.sha256, "network": self.network}
        page = PhotographPage(
            **about,
            width=original.shape[1],
            height=original.shape[0],
            picture=self.save("photograph.jpg", picture.fit(original, LONGEST)),
            seen=self.save("seen.png", seen),
            view=view,
            prediction=self.guesses,
            prediction_record=self.said_by,
            truth=self.truth,
            regions=[
                r.model_copy(update={"heatmap": self._placed(r.heatmap, seen, view, whole)}) for r in self.regions
            ],
            heatmaps=[self._placed(h, seen, view, whole) for h in self.heatmaps],
            layers=sorted(self.layers, key=lambda units: order.get(units.layer, len(order))),
            records=self._records,
        )
        card = PhotographCard(
            **about,
            thumb=self.save("thumb.jpg", picture.fit(original, THUMB)),
            best=self.guesses[0] if self.guesses else None,
            guesses=self.guesses,
            record=self.said_by,
            truth=self.truth,
        )
        return page, card

    def _placed(self, heat: HeatLayer, seen: np.ndarray, view: Window, whole: Window) -> HeatLayer:
        """A method may look at the whole photograph, squeezed, where the prediction looked at a crop."""
        same = self._looks.get(heat.record, "") in ("", _digest(seen))
        return heat.model_copy(update={"view": view if same else whole})


def scopes(key: str, provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """A photograph, as one network sees it."""
    network = str(provenance["network"].get("fingerprint", ""))
    return tuple(f"photograph:{network}:{d.get('sha256', '')}" for d in provenance["data"]) or (key,)


def _digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
