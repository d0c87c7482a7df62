"""A workspace to the viewer's pages: the one assembly, for a report on disk and for a live server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepro import progress
from deepro.render import views
from deepro.render.document import NetworkView, Overview, Skipped
from deepro.render.version import version
from deepro.results import KINDS, Result, Survey

if TYPE_CHECKING:
    from deepro.store import Workspace


def sections(put: views.Put, networks: list[NetworkView]) -> list[views.Section]:
    """The viewer's sections; a result is the first's that takes it. A new family joins by a line here."""
    return [
        views.Photographs(put, networks),
        views.Patterns(put),
        views.Spaces(put),
        views.Surveys(put, networks),
        views.Experiments(put),
        views.Sequences(put),
    ]


def assemble(workspace: Workspace, put: views.Put, keep: views.Keep) -> Overview:
    """Hand every page's data to `keep`, the overview last; it is the answer too."""
    networks = [views.network(n) for n in workspace.networks()]
    fields = gather(progress.steps(workspace.results(), "report"), networks, put, keep)
    overview = Overview(
        title=" · ".join(dict.fromkeys(n.name for n in networks)) or Path(workspace.folder).resolve().name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        deepro=version(),
        networks=networks,
        skipped=[Skipped(name=str(s["name"]), reason=str(s["reason"])) for s in workspace.skipped()],
        damaged=[Skipped(name=str(d["name"]), reason=str(d["reason"])) for d in workspace.damaged()],
        **fields,
    )
    keep("overview", "", overview)
    return overview


def gather(results: Iterable[Result], networks: list[NetworkView], put: views.Put, keep: views.Keep) -> dict[str, Any]:
    """Hand the pages of these results to `keep`; the answer is what they add to the overview."""
    rooms = sections(put, networks)
    computed = Counter[str]()
    for result in results:
        if any(room.add(result) for room in rooms) and result.provenance is not None:
            computed[result.provenance.method] += 1
    fields: dict[str, Any] = {
        "records": {},
        "computed": [{"method": m, "count": n} for m, n in sorted(computed.items())],
    }
    for room in rooms:
        made = dict(room.finish(keep))
        fields["records"] |= made.pop("records", {})
        fields |= made
    return fields


def scopes(kind: str, key: str, provenance: Mapping[str, Any]) -> tuple[str, ...]:
    """What a result's pages are about. Results that share none of these never meet on a page.

    A photograph or a sequence, as one network sees it; a survey; the codes of a data set, for maps and what stands out
    in them. Others have pages of their own.
    """
    network = str(provenance["network"].get("fingerprint", ""))
    data = [str(d.get("sha256", "")) for d in provenance["data"]]
    room = KINDS[kind].__module__.rsplit(".", 1)[-1] if kind in KINDS else kind
    if kind in _OF_PHOTOGRAPHS or room == "sequences":
        return tuple(f"{room == 'sequences'}:{network}:{sha}" for sha in data) or (key,)
    if kind in _OF_SURVEYS:
        return (key if kind == Survey.kind else str(provenance["parameters"].get("survey", key)),)
    return (f"{network}:{data}",) if kind in _OF_MAPS else (key,)


_OF_PHOTOGRAPHS = {"prediction", "region", "heatmap", "projection"}
_OF_SURVEYS = {"survey", "gallery", "diagnosis", "feeds"}
_OF_MAPS = {"map", "aligned-maps", "findings"}
