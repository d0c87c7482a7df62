"""A data set through a layer's maps into a workspace: what `deepro embed` and the demo make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import deepro
from deepro import registry
from deepro.errors import UsageError
from deepro.kinds.spaces.aligned_maps import AlignedMaps
from deepro.kinds.spaces.atlas import Atlas
from deepro.kinds.spaces.findings import Findings
from deepro.kinds.spaces.layer_scores import LayerScores
from deepro.kinds.spaces.map import Map
from deepro.methods.spaces.code_cache import cached_codes
from deepro.network import Network
from deepro.registry import Method
from deepro.results import Result
from deepro.store import Workspace
from deepro.store.codes import CodeFolderCache


@dataclass(frozen=True)
class Embedded:
    """What one call made. aligned: where there are several layers, their maps together; `maps` are its steps then."""

    maps: tuple[Map, ...]
    aligned: AlignedMaps | None = None
    units: tuple[Map, ...] = ()
    scores: LayerScores | None = None
    findings: tuple[Findings, ...] = ()
    atlases: tuple[Atlas, ...] = ()
    notes: tuple[str, ...] = ()  # what was asked for and cannot be made of these examples

    def results(self) -> list[Result]:
        """All of it, the maps first."""
        beside = (*self.units, *self.atlases, self.scores, *self.findings)
        return [one for one in (*self.maps, self.aligned, *beside) if one is not None]


def embed(
    ws: Workspace,
    net: Network,
    data: Any,
    layers: list[str],
    method: str = "tsne",
    options: Mapping[str, Any] | None = None,
    *,
    units: bool = False,
    scores: bool = False,
    find: bool = False,
    atlas: bool = False,
) -> Embedded:
    """Maps and what goes with them, from the workspace or made now. All layers' codes are captured in one pass.

    options: of the map's method; those that the others have too go to them as well. Several layers by t-SNE give
    aligned maps. units, scores, find: also maps of the units, what each layer knows, what stands out in each.
    atlas: pictures of each layer's space; it has the options grid, size and least. A map that was stopped is the last
    thing made.
    """
    options = dict(options or {})
    thumbnails = int(options.get("thumbnails", 48))
    shared_options = {k: v for k, v in options.items() if k in ("pool", "batch_size", "memory", "seed")}
    of_units = {k: v for k, v in shared_options.items() if k != "pool"}
    of_pictures = {k: v for k, v in options.items() if k in ("batch_size", "memory", "seed", "grid", "size", "least")}
    options = {k: v for k, v in options.items() if k not in ("grid", "size", "least")} if atlas else options
    aligned = None
    with cached_codes(CodeFolderCache(ws.folder / "codes", layers, thumbnails)):
        if len(layers) > 1 and method == registry.record(deepro.tsne).name:
            aligned = _made(ws, deepro.aligned_maps, net, data, layers, options)
            maps = aligned.maps
        else:
            maps = tuple(_until_stopped(_make(ws, registry.get(method), net, data, name, options) for name in layers))
        if not all(m.finished for m in maps):
            return Embedded(maps, aligned)  # a listener that stopped one map stops the rest
        notes: list[str] = []
        known: LayerScores | None = None
        found: tuple[Findings, ...] = ()
        try:
            known = _made(ws, deepro.layer_scores, net, data, layers, shared_options) if scores else None
        except UsageError as error:
            notes.append(f"--scores: {error}")
        try:
            found = (
                tuple(_made(ws, deepro.findings, net, data, name, shared_options) for name in layers) if find else ()
            )
        except UsageError as error:
            notes.append(f"--find: {error}")
        return Embedded(
            maps,
            aligned,
            tuple(_made(ws, deepro.unit_map, net, data, name, of_units) for name in layers) if units else (),
            known,
            found,
            tuple(_made(ws, deepro.atlas, net, data, name, of_pictures) for name in layers) if atlas else (),
            tuple(notes),
        )


def _until_stopped(maps: Iterable[Map]) -> Iterator[Map]:
    for made in maps:
        yield made
        if not made.finished:
            return


def _make(
    ws: Workspace, record: Method, net: Network, data: Any, layer: str | list[str], options: Mapping[str, Any]
) -> Any:
    """The result from the workspace, or made now. One that was stopped half-way is kept until it is asked for again."""
    call = record.bind(net, data, layer, **options)
    found: Any = ws.find(record.result.kind, call.provenance.key)
    if found is not None and all(m.finished for m in getattr(found, "maps", (found,)) if hasattr(m, "finished")):
        return found
    if found is not None:
        ws.discard(record.result.kind, call.provenance.key)
    made = call.run()
    ws.add(made)
    return made


def _made(ws: Workspace, function: Callable[..., Any], *args: Any) -> Any:
    """The same of a method's public function."""
    return _make(ws, registry.record(function), *args)
