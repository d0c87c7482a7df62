"""A workspace to the viewer's pages: the one assembly, for a report on disk and for a live server."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepro import progress
from deepro.render import views
from deepro.render.document import NetworkView, Overview, Skipped

if TYPE_CHECKING:
    from deepro.store import Workspace


def sections(put: views.Put, networks: list[NetworkView]) -> list[views.Section]:
    """The viewer's sections; a result is the first's that takes it. A new family joins by a line here."""
    return [views.Photographs(put, networks), views.Patterns(put)]


def assemble(workspace: Workspace, put: views.Put, keep: views.Keep) -> Overview:
    """Hand every page's data to `keep`, the overview last; it is the answer too."""
    networks = [views.network(n) for n in workspace.networks()]
    rooms = sections(put, networks)
    for result in progress.steps(workspace.results(), "report"):
        any(room.add(result) for room in rooms)
    fields: dict[str, Any] = {"records": {}}
    for room in rooms:
        made = dict(room.finish(keep))
        fields["records"] |= made.pop("records", {})
        fields |= made
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


def version() -> str:
    """Deepro's own."""
    try:
        return metadata.version("deepro")
    except metadata.PackageNotFoundError:
        return "0"
