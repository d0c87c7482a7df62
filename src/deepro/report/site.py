"""A workspace to the viewer's pages: the one assembly, for a report on disk and for a live server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepro import progress, recipe
from deepro.kinds import general
from deepro.kinds import record as kinds
from deepro.render.document import NetworkView, Skipped
from deepro.render.networks import network
from deepro.render.site import Keep, Put, Site
from deepro.render.version import version
from deepro.report.overview import Note, Overview, overview
from deepro.results import Result, UnknownResult, spelled

if TYPE_CHECKING:
    from deepro.store import Workspace


def assemble(workspace: Workspace, put: Put, keep: Keep) -> Overview:
    """Hand every page's data to `keep`, the overview last; it is the answer too."""
    networks = [network(n) for n in workspace.networks()]
    fields = gather(progress.steps(workspace.results(unknown=True), "report"), networks, put, keep)
    made = overview()(
        title=" · ".join(dict.fromkeys(n.name for n in networks)) or Path(workspace.folder).resolve().name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        deepro=version(),
        networks=networks,
        skipped=[Skipped(name=str(s["name"]), reason=str(s["reason"])) for s in workspace.skipped()],
        damaged=[Skipped(name=str(d["name"]), reason=str(d["reason"])) for d in workspace.damaged()],
        notes=[Note(**{k: str(n[k]) for k in Note.model_fields}) for n in workspace.notes()],
        **fields,
    )
    keep("overview", "", made)
    return made


def gather(results: Iterable[Result], networks: Sequence[NetworkView], put: Put, keep: Keep) -> dict[str, Any]:
    """Hand the pages of these results to `keep`; the answer is what they add to the overview."""
    site = Site(put, keep, networks, recipe.describe)
    computed = Counter[str]()
    for result in results:
        if result.provenance is not None:
            show = None if isinstance(result, UnknownResult) else kinds.of(result).show
            (show or general.show)(result, site)
            computed[result.provenance.method] += 1
    return {**site.finish(), "computed": [{"method": m, "count": n} for m, n in sorted(computed.items())]}


def scopes(kind: str, key: str, provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """What a result's pages are about. Results that share none of these never meet on a page."""
    known = kinds.kinds().get(spelled(kind))
    return known.scopes(key, provenance) if known else (key,)
