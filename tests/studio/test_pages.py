"""Pages made group by group: only what a result touches is made again, and what is broken does not spread."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests import synthetic, synthetic_maps, synthetic_survey

from deepro.errors import StoreError
from deepro.kinds.photographs.page import PhotographPage
from deepro.report.overview import Overview
from deepro.report.site import assemble
from deepro.studio.page_maker import PageMaker
from deepro.studio.page_store import PREFIX, PageStore, merge

NAMES = ("cat.png", "dog.png")


@pytest.fixture
def maker(tmp_path: Path) -> PageMaker:
    workspace = synthetic.workspace(tmp_path / "ws", names=NAMES)
    return PageMaker(workspace, workspace.folder / "studio")


def make(maker: PageMaker) -> list[str]:
    """Everything that is to be made; names of the pages that changed."""
    changed: list[str] = []
    maker.look()
    while (group := maker.next()) is not None:
        changed += maker.step(group)
    return sorted(changed)


def page(maker: PageMaker, name: str) -> dict[str, Any]:
    found = maker.pages.page(name)
    assert found is not None
    return json.loads(gzip.decompress(maker.pages.path(found).read_bytes()))


def plain(value: Any) -> Any:
    """Without the addresses of pictures, which name their content here and their place there."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in ("source", "created")}
    return [plain(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("family", [synthetic, synthetic_maps, synthetic_survey])
def test_group_by_group_is_what_a_report_has(family: Any, tmp_path: Path) -> None:
    """Also for families that know nothing of groups: their results are kept together."""
    workspace = family.workspace(tmp_path / "ws")
    workspace.add(synthetic.pattern(("fox",)))
    maker = PageMaker(workspace, workspace.folder / "studio")
    make(maker)
    pages: dict[str, Any] = {}
    expected = assemble(maker.workspace, lambda name, _: name, lambda k, i, m: pages.update({f"{k}-{i}": m}))
    assert plain(maker.pages.overview().model_dump()) == plain(expected.model_dump())
    pages.pop("overview-")
    assert pages
    for name, model in pages.items():
        assert plain(page(maker, name)) == plain(model.model_dump()), name


def test_pictures_are_the_ones_of_the_report(maker: PageMaker) -> None:
    make(maker)
    kept: dict[str, bytes] = {}

    def put(name: str, data: bytes) -> str:
        kept[name] = data
        return name

    pages: dict[str, Any] = {}
    assemble(maker.workspace, put, lambda k, i, m: pages.update({f"{k}-{i}": m}))
    compared = 0
    for name, model in pages.items():
        if isinstance(model, PhotographPage):
            ours, theirs = list(sources(page(maker, name))), list(sources(model.model_dump()))
            assert len(ours) == len(theirs) > 10
            for mine, other in zip(ours, theirs, strict=True):
                if other.startswith("data:"):  # it stands in the page itself
                    assert mine == other
                else:
                    assert maker.pages.path(mine.removeprefix(PREFIX)).read_bytes() == kept[other]
                compared += 1
    assert compared > 25


def sources(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("source"), str) and "width" in value:
            yield value["source"]
        for inner in value.values():
            yield from sources(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from sources(inner)


def test_a_result_makes_only_its_own_pages_again(maker: PageMaker) -> None:
    first = make(maker)
    assert len([n for n in first if n.startswith("photograph-")]) == 2
    assert make(maker) == []
    maker.workspace.add(synthetic.heatmap(7, name="dog.png"))
    assert maker.look() == 1
    changed = make(maker)
    assert len(changed) == 1
    assert changed[0].startswith("photograph-dog-")
    assert len(page(maker, changed[0])["heatmaps"]) == 2
    maker.workspace.add(synthetic.pattern(("fox",)))
    assert make(maker) == []
    assert len(maker.pages.overview().patterns) == 2


def test_what_is_made_is_there_for_the_next_server(maker: PageMaker) -> None:
    make(maker)
    reader = PageStore(maker.pages.folder)
    assert len(reader.overview().photographs) == 2
    again = PageMaker(maker.workspace, maker.pages.folder)
    assert again.look() == 0


def test_other_code_makes_all_pages_again_and_shows_the_old_ones_until_then(
    maker: PageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(maker)
    monkeypatch.setattr("deepro.studio.page_maker.version", lambda: "another")
    again = PageMaker(maker.workspace, maker.pages.folder)
    assert again.look() == 3
    assert len(again.pages.overview().photographs) == 2


def test_a_damaged_result_is_told_and_the_rest_opens(maker: PageMaker) -> None:
    places = {p.name.split("-")[0]: p for p in maker.workspace.places()}
    (places["heatmap"] / "manifest.json").write_text("{")
    chunk = next(p for p in (places["region"] / "arrays.zarr").rglob("*") if p.is_file() and p.name != "zarr.json")
    chunk.write_bytes(b"\x00" * 10)
    make(maker)
    overview = maker.pages.overview()
    assert {d.name for d in overview.damaged} == {places["heatmap"].name, places["region"].name}
    assert all("damaged" in d.reason for d in overview.damaged)
    assert len(overview.photographs) == 2


def test_a_page_that_someone_waits_for_comes_first(maker: PageMaker) -> None:
    names = [n for n in make(maker) if n.startswith("photograph-")]
    maker.workspace.add(synthetic.heatmap(7, name="cat.png"))
    maker.workspace.add(synthetic.heatmap(8, name="dog.png"))
    maker.look()
    for name in names:
        assert maker.next([name]) == maker.pages.group_of(name)


def test_results_of_several_photographs_join_their_pages(maker: PageMaker) -> None:
    import dataclasses

    import numpy as np

    one, two = synthetic.heatmap(1), synthetic.heatmap(2)
    both = dataclasses.replace(
        one,
        provenance=synthetic.provenance("gradient", NAMES, target="x"),
        values=np.concatenate([one.values, two.values]),
        targets=("x", "x"),
        scores=np.array([1.0, 2.0]),
        pictures=np.concatenate([one.pictures, two.pictures]),  # type: ignore[list-item]
    )
    make(maker)
    maker.workspace.add(both)
    changed = make(maker)
    assert sorted(n.split("-")[1] for n in changed) == ["cat", "dog"]
    assert len(maker.pages.overview().photographs) == 2


def test_a_result_that_is_gone_takes_its_page_along(maker: PageMaker) -> None:
    make(maker)
    for place in maker.workspace.places():
        if "$result" in (text := (place / "manifest.json").read_text()) and '"dog.png"' in text:
            kind, key = place.name.rsplit("-", 1)
            maker.workspace.discard(kind, key)
    make(maker)
    assert [card.name for card in maker.pages.overview().photographs] == ["cat.png"]
    assert [n for (n,) in maker.pages._rows("SELECT name FROM pages") if "dog" in n] == []


def test_only_objects_have_a_path(maker: PageMaker) -> None:
    good = maker.pages.put(b"{}", "json")
    assert maker.pages.path(good).is_file()
    for name in ("../../deepro.json", "..", "", "a" * 32 + ".py", good + "/../x", "A" * 32 + ".png", good.upper()):
        with pytest.raises(StoreError, match="no object"):
            maker.pages.path(name)


def test_a_picture_is_encoded_once(maker: PageMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is made again draws only what is new."""
    make(maker)
    encoded: list[str] = []
    save = Image.Image.save
    monkeypatch.setattr(Image.Image, "save", lambda self, *a, **k: (encoded.append("one"), save(self, *a, **k)))
    maker.workspace.add(synthetic.projection("dog.png", "features.6", units=1))
    again = PageMaker(maker.workspace, maker.pages.folder)
    (changed,) = make(again)
    assert len(page(again, changed)["layers"]) == 3
    assert 0 < len(encoded) <= 2


def test_families_are_made_again_in_small_parts(tmp_path: Path) -> None:
    """A second survey, or an experiment, leaves the pages of the first alone."""
    maker = PageMaker(synthetic_survey.workspace(tmp_path / "ws"), tmp_path / "ws" / "studio")
    make(maker)
    surveys = len(maker.pages.overview().surveys)
    kinds = {n.rsplit("-", 1)[0] for g in maker.pages.groups().values() for n in g.results}
    assert {"survey", "gallery", "diagnosis"} <= kinds
    for group in maker.pages.groups().values():
        about = {n.rsplit("-", 1)[0] for n in group.results}
        assert about <= {"survey", "gallery", "diagnosis", "feeds"} or len(group.results) == 1, group
        assert sum(n.startswith("survey-") for n in group.results) <= 1
    assert surveys


def test_pages_of_another_shape_are_not_shown(maker: PageMaker) -> None:
    """What another version made may lack what this viewer reads: it is made again before it is shown."""
    make(maker)
    with maker.pages.change() as db:
        db.execute("UPDATE groups SET fields = '{\"of tomorrow\": []}'")
    maker.pages.put_meta("shape", "another")
    reader = PageStore(maker.pages.folder)
    assert reader.overview().photographs == []
    assert reader.page("photograph-x") is None
    assert reader.pending() == 3
    again = PageMaker(maker.workspace, maker.pages.folder)
    make(again)
    assert len(reader.overview().photographs) == 2


def test_old_objects_are_swept(maker: PageMaker) -> None:
    import time

    make(maker)
    lost = maker.pages.put(b"nobody needs this", "png")
    assert maker.pages.sweep(time.time() - 60) == 0
    assert maker.pages.sweep(time.time() + 60) == 1
    assert not maker.pages.path(lost).exists()
    for source in sources(maker.pages.overview().model_dump()):
        assert maker.pages.path(source.removeprefix(PREFIX)).is_file()


def test_a_broken_index_is_begun_anew(maker: PageMaker) -> None:
    make(maker)
    folder = maker.pages.folder
    maker.pages.close()
    for file in folder.glob("pages.sqlite*"):
        file.write_bytes(b"this is no database" * 100)
    again = PageMaker(maker.workspace, folder)
    make(again)
    assert len(again.pages.overview().photographs) == 2


def test_what_holds_until_pages_are_made(maker: PageMaker) -> None:
    from deepro.studio.pictures import preview

    maker.look()
    cards = preview(maker.workspace, 10, lambda data: PREFIX + maker.pages.put(data, "jpg"))
    before = maker.pages.overview({"photographs": cards})
    make(maker)
    after = maker.pages.overview({"photographs": cards})
    assert [c.id for c in before.photographs] == [c.id for c in after.photographs]
    assert [c.best for c in before.photographs] == [c.best for c in after.photographs]


def test_merging() -> None:
    fields: dict[str, Any] = {"a": [1], "b": {"x": 1}, "c": None}
    merge(fields, {"a": [2], "b": {"y": 2}, "c": 3, "d": None})
    merge(fields, {"c": None})
    assert fields == {"a": [1, 2], "b": {"x": 1, "y": 2}, "c": 3, "d": None}


def test_an_empty_workspace_has_an_overview(tmp_path: Path) -> None:
    assert isinstance(PageStore(tmp_path / "studio").overview(), Overview)
