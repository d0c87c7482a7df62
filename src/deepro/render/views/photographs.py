"""Results of one photograph belong together when their provenance names the same network and the same picture."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from deepro.render import address, colour, picture
from deepro.render.document import (
    Guess,
    HeatLayer,
    LayerRow,
    LayerUnits,
    NetworkView,
    Photograph,
    PhotographCard,
    ProvenanceView,
    RegionView,
    Unit,
    Window,
)
from deepro.render.views.base import Keep, Put, Saver, finite, plain, record
from deepro.render.views.pixels import flat_map, heat_pixels, map_pixels, projection_pixels
from deepro.results import Heatmap, Prediction, Projection, Region, Result

LONGEST = 1280  # pixels of a photograph in the page
THUMB = 360


class Photographs:
    """One page for each photograph and network."""

    def __init__(self, put: Put, networks: list[NetworkView]) -> None:
        self._put = put
        self._rows = {n.fingerprint: {row.name: row for row in n.layers} for n in networks}
        self._pages: dict[tuple[str, str], Page] = {}

    def add(self, result: Result) -> bool:
        if not isinstance(result, Prediction | Region | Heatmap | Projection) or result.provenance is None:
            return False
        network = str(result.provenance.network.get("fingerprint", ""))
        for i, data in enumerate(result.provenance.data):
            name, sha = str(data.get("name", "image")), str(data.get("sha256", ""))
            if (network, sha) not in self._pages:
                self._pages[network, sha] = Page(name, sha, network, self._put, self._rows.get(network, {}))
            self._pages[network, sha].add(result, i)
        return True

    def finish(self, keep: Keep) -> Mapping[str, Any]:
        cards = []
        for page in self._pages.values():
            if (finished := page.finish()) is not None:
                keep("photograph", finished[0].id, finished[0])
                cards.append(finished[1])
        return {"photographs": cards}


class Page:
    """One photograph and one network, filled result by result: pictures are put away at once, arrays are let go.

    rows: the network's layers by name, in execution order.
    """

    def __init__(self, name: str, sha256: str, network: str, put: Put, rows: Mapping[str, LayerRow]) -> None:
        self.name = name
        self.sha256 = sha256
        self.network = network
        self.rows = rows
        self.id = address.photograph(name, network, sha256)
        self._save = Saver(put, self.id)
        self._original: np.ndarray | None = None
        self._seen: np.ndarray | None = None
        self._place: tuple[float, float, float, float] | None = None
        self._prediction: Prediction | None = None
        self._size = (64, 64)  # of an input without a picture
        self._looks: dict[str, str] = {}  # what each result looked at
        self._regions: list[RegionView] = []
        self._heatmaps: list[HeatLayer] = []
        self._layers: list[LayerUnits] = []
        self._records: dict[str, ProvenanceView] = {}

    def add(self, result: Result, i: int) -> None:
        """Take in what `result` says of its input `i`."""
        assert result.provenance is not None
        key = result.provenance.key
        if isinstance(result, Prediction):
            self._prediction = replace(result, picture=None, seen=None)
            self._original, self._seen, self._place = result.picture, result.seen, result.view
        elif isinstance(result, Region):
            self._original = result.picture if self._original is None else self._original
            self._look(result.heatmap.pictures, 0, key)
            self._regions.append(_region(result, self._save, key))
        elif isinstance(result, Heatmap) and result.values.ndim in (3, 4):
            self._look(result.pictures, i, key)
            self._heatmaps.append(_heat(result, i, self._save, key, key))
        elif isinstance(result, Projection) and result.values.ndim == 5:
            self._size = (int(result.values.shape[-2]), int(result.values.shape[-1]))
            self._look(result.pictures, i, key)
            self._layers.append(_units(result, i, self._save, key, self.rows.get(result.layer)))
        else:
            return
        self._records[key] = record(result)

    def finish(self) -> tuple[Photograph, PhotographCard] | None:
        """The page and its card on the overview; None where no result is one that the page shows.

        An input that is no picture is shown as plain grey of its size: its results still stand beside it.
        """
        if not self._records:
            return None
        blank = np.full((*self._size, 3), colour.MIDDLE, dtype=np.uint8)
        seen = next(p for p in (self._seen, self._original, blank) if p is not None)
        original = seen if self._original is None else self._original
        height, width = seen.shape[:2]
        place = self._place or (0.0, 0.0, original.shape[0] / height, original.shape[1] / width)
        top, left, scale_y, scale_x = place
        view = Window(left=left, top=top, right=left + width * scale_x, bottom=top + height * scale_y)
        whole = Window(left=0, top=0, right=original.shape[1], bottom=original.shape[0])
        order = {name: n for n, name in enumerate(self.rows)}
        guesses, said = [], self._prediction
        if said is not None:
            guesses = [Guess(label=a, probability=b) for a, b in zip(said.labels, said.probabilities, strict=True)]
        page = Photograph(
            id=self.id,
            name=self.name,
            sha256=self.sha256,
            network=self.network,
            width=original.shape[1],
            height=original.shape[0],
            picture=self._save("photograph.jpg", picture.fit(original, LONGEST)),
            seen=self._save("seen.png", seen),
            view=view,
            prediction=guesses,
            prediction_record=said.provenance.key if said and said.provenance else None,
            regions=[
                r.model_copy(update={"heatmap": self._placed(r.heatmap, seen, view, whole)}) for r in self._regions
            ],
            heatmaps=[self._placed(h, seen, view, whole) for h in self._heatmaps],
            layers=sorted(self._layers, key=lambda units: order.get(units.layer, len(order))),
            records=self._records,
        )
        card = PhotographCard(
            id=self.id,
            name=self.name,
            sha256=self.sha256,
            network=self.network,
            thumb=self._save("thumb.jpg", picture.fit(original, THUMB)),
            best=guesses[0] if guesses else None,
            guesses=guesses,
            record=page.prediction_record,
        )
        return page, card

    def _look(self, pictures: np.ndarray | None, i: int, key: str) -> None:
        if pictures is None:
            return
        self._looks[key] = _digest(pictures[i])
        if self._seen is None:
            self._seen = pictures[i]

    def _placed(self, heat: HeatLayer, seen: np.ndarray, view: Window, whole: Window) -> HeatLayer:
        """A method may look at the whole photograph, squeezed, where the prediction looked at a crop."""
        same = self._looks.get(heat.record, "") in ("", _digest(seen))
        return heat.model_copy(update={"view": view if same else whole})


def _units(result: Projection, i: int, save: Saver, prefix: str, row: LayerRow | None) -> LayerUnits:
    assert result.provenance is not None
    units = []
    for u in range(result.values.shape[1]):
        pixels, scale = projection_pixels(result, i, u)
        grid, grid_scale = map_pixels(flat_map(result.maps[i, u]))
        (top, bottom), (left, right) = np.asarray(result.windows[i, u], dtype=float).reshape(-1, 2)[-2:]
        units.append(
            Unit(
                unit=int(result.units[i, u]),
                activation=float(result.activations[i, u]),
                position=[int(p) for p in np.atleast_1d(result.positions[i, u])],
                window=Window(left=left, top=top, right=right, bottom=bottom),
                map=save(f"{prefix}-{u}-map.png", grid),
                map_scale=grid_scale,
                projection=save(f"{prefix}-{u}-projection.png", pixels),
                projection_scale=scale,
            )
        )
    return LayerUnits(
        layer=result.layer,
        kind=row.kind if row else None,
        rule=result.rule,
        record=result.provenance.key,
        receptive_field=row.receptive_field.size if row and row.receptive_field else None,
        map_size=[int(n) for n in result.maps.shape[2:]],
        fidelity=plain(result.fidelity),
        units=units,
    )


def _heat(result: Heatmap, i: int, save: Saver, name: str, key: str) -> HeatLayer:
    values = result.values[i]
    pixels, scale = heat_pixels(values if values.ndim == 2 else np.abs(values).max(0), result.signed)
    return HeatLayer(
        picture=save.inline(pixels),
        scale=scale,
        view=Window(left=0, top=0, right=0, bottom=0),  # known when the whole page is
        target=result.targets[i],
        score=finite(result.scores[i]),
        method=result.method,
        evidence=plain(result.evidence),
        record=key,
    )


def _region(result: Region, save: Saver, key: str) -> RegionView:
    mask = None
    if result.mask is not None:
        cover = picture.fit(result.mask, LONGEST)
        rgba = np.zeros((*cover.shape, 4), dtype=np.uint8)
        rgba[..., 3] = np.where(cover, 0, 255)  # what lies outside the region is covered
        mask = save(f"{key}-mask.png", rgba)
    box = result.box
    return RegionView(
        target=result.target,
        mask=mask,
        outline=None if result.outline is None else [np.round(p, 1).tolist() for p in result.outline],
        box=None if box is None else Window(left=box[0], top=box[1], right=box[2], bottom=box[3]),
        heatmap=_heat(result.heatmap, 0, save, key, key),
        evidence={k: finite(v) for k, v in result.evidence.items()},
        record=key,
    )


def _digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
