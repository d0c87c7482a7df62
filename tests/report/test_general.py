"""Results without a page of their own, and results of kinds that nobody here knows."""

from __future__ import annotations

import dataclasses
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import synthetic

import deepro
from deepro.errors import KindError
from deepro.kinds.photographs.activations import Activations
from deepro.report.site import assemble
from deepro.results import Result
from deepro.store import Workspace
from deepro.store.folder import save
from deepro.studio.page_maker import PageMaker
from deepro.studio.selection import Selection


def activations() -> Activations:
    return Activations(provenance=synthetic.provenance("activations"), values={"a": np.arange(8.0).reshape(1, 2, 2, 2)})


def foreign(result: Result, workspace: Workspace, kind: str = "later_kind") -> Path:
    """A result as another Deepro wrote it, of a kind that this one has never heard of."""
    assert result.provenance is not None
    place = save(result, workspace.folder / "results" / f"{kind}-{result.provenance.key}")
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["result"]["$result"] = kind
    manifest["result"]["fields"]["of_later"] = 1
    (place / "manifest.json").write_text(json.dumps(manifest))
    return place


def assembled(workspace: Workspace) -> tuple[Any, dict[str, Any], dict[str, bytes]]:
    pages: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    put = lambda name, data: files.setdefault(name, data) and name  # noqa: E731
    overview = assemble(workspace, put, lambda kind, id, model: pages.update({f"{kind}-{id}": model}))
    return overview, pages, files


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def test_a_kind_without_a_page_has_its_figure_and_its_numbers(workspace: Workspace) -> None:
    workspace.add(activations())
    overview, pages, files = assembled(workspace)
    (card,) = overview.general
    assert (card.kind, card.method, card.network) == ("activations", "activations", synthetic.FINGERPRINT)
    page = pages[f"general-{card.id}"]
    assert page.caption == "Outputs of layers."
    assert page.tables[0].rows == [["a", "1x2x2x2", 0, 7]]
    assert {page.pictures[0].picture.source, card.thumb.source} == set(files)
    assert page.records[page.record].method == "activations"
    assert [(c.method, c.count) for c in overview.computed] == [("activations", 1)]


@pytest.mark.parametrize(
    "made", [synthetic.heatmap(), synthetic.projection(), synthetic.pattern()], ids=lambda r: r.kind
)
def test_what_is_no_picture_has_a_page_too(made: Any, workspace: Workspace) -> None:
    """Of a network that reads series: the page of a photograph has no place for it."""
    if made.kind == "heatmap":
        flat = dataclasses.replace(made, values=made.values[:, 0], pictures=None)
    elif made.kind == "projection":
        flat = dataclasses.replace(
            made, values=made.values[..., 0, 0], maps=made.maps[..., 0], windows=made.windows[:, :, 0], pictures=None
        )
    else:
        flat = dataclasses.replace(made, images=made.images[:, 0])
    workspace.add(flat)
    overview, pages, _ = assembled(workspace)
    (card,) = overview.general
    assert pages[f"general-{card.id}"].pictures


def test_a_kind_from_elsewhere_is_told_by_its_name_and_provenance(workspace: Workspace) -> None:
    made = activations()
    place = foreign(made, workspace)
    with pytest.raises(
        KindError, match=r"^unknown kind of result 'later_kind': another version of Deepro made it, or "
    ):
        deepro.open(place)
    overview, pages, _ = assembled(workspace)
    assert overview.damaged == []
    (card,) = overview.general
    assert (card.kind, card.method, card.thumb) == ("later_kind", "activations", None)
    page = pages[f"general-{card.id}"]
    assert not page.known
    assert (page.records[page.record].key, page.records[page.record].kind) == (made.provenance.key, "later_kind")
    assert list(workspace.results()) == []


def test_one_that_is_part_of_a_known_kind_is_told_too(workspace: Workspace) -> None:
    region = synthetic.region()
    place = workspace.add(region)
    text = (place / "manifest.json").read_text().replace('"$result": "heatmap"', '"$result": "later_kind"')
    (place / "manifest.json").write_text(text)
    overview, pages, _ = assembled(workspace)
    assert ([c.kind for c in overview.general], overview.damaged) == (["region"], [])
    assert not next(iter(pages.values())).known


def test_one_whose_manifest_is_broken_is_damaged(workspace: Workspace) -> None:
    place = foreign(activations(), workspace)
    manifest = json.loads((place / "manifest.json").read_text())
    del manifest["result"]["fields"]["provenance"]
    (place / "manifest.json").write_text(json.dumps(manifest))
    overview, *_ = assembled(workspace)
    assert ([d.name for d in overview.damaged], overview.general) == ([place.name], [])


def test_the_studio_shows_both(workspace: Workspace) -> None:
    workspace.add(activations())
    place = foreign(dataclasses.replace(activations(), provenance=synthetic.provenance("later")), workspace)
    maker = PageMaker(workspace, workspace.folder / "studio")
    maker.look()
    while (group := maker.next()) is not None:
        maker.step(group)
    overview = maker.pages.overview()
    assert [c.kind for c in overview.general] == ["activations", "later_kind"]  # type: ignore[attr-defined]
    assert overview.damaged == []
    key = place.name.rsplit("-", 1)[1]
    assert maker.pages.places()[key] == [f"general-{key[:12]}"]
    name = maker.pages.page(f"general-{key[:12]}")
    assert name is not None
    assert json.loads(gzip.decompress(maker.pages.path(name).read_bytes()))["known"] is False
    chosen, *_ = assembled(Selection(workspace, set(), {key}))
    assert [c.kind for c in chosen.general] == ["later_kind"]
