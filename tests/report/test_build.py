"""The report as files: complete, safe inside scripts, all or nothing."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests import synthetic
from tests.synthetic import NASTY

from deepro.errors import StoreError
from deepro.kinds.photographs.page import PhotographPage
from deepro.report import build, viewer_page
from deepro.report import overview as models
from deepro.report.writing import as_script
from deepro.store import Workspace


@pytest.fixture(autouse=True)
def _viewer_built() -> None:
    try:
        viewer_page()
    except StoreError as error:
        pytest.skip(str(error))


def read(page: Path, name: str) -> dict:
    text = (page.parent / "data" / f"{name}.js").read_text(encoding="utf-8")
    start = text.index(",") + 1
    return json.loads(text[start : text.rindex(")")])


def test_everything_of_the_workspace_is_in_the_report(tmp_path: Path) -> None:
    page = build(synthetic.workspace(tmp_path / "ws"))
    assert page == tmp_path / "ws" / "report" / "index.html"
    overview = models.overview().model_validate(read(page, "overview"))
    assert [p.name for p in overview.photographs] == ["cat.png", "dog.png"]
    assert [i.target for i in overview.patterns[0].images] == ["tabby", "washer"]
    assert overview.patterns[0].images[1].probability is None  # it was not a number
    assert [s.name for s in overview.skipped] == ["tabby.jpg"]
    assert overview.networks[0].parameters == 1234567
    cat, dog = (PhotographPage.model_validate(read(page, f"photograph-{p.id}")) for p in overview.photographs)
    assert [(x.layer, len(x.units)) for x in cat.layers] == [("features.0", 3), ("features.3", 3)]
    assert [u.unit for u in cat.layers[0].units] == [0, 7, 14]
    assert cat.regions[0].box is not None
    assert cat.regions[0].box.right == 70
    assert dog.regions[0].box is None
    assert dog.regions[0].mask is None
    assert (cat.view.left, cat.view.top, cat.view.right, cat.view.bottom) == (21, 6, 69, 54)
    assert set(cat.records) >= {cat.layers[0].record, cat.regions[0].record, cat.prediction_record}


def test_every_picture_named_exists_with_its_size(tmp_path: Path) -> None:
    from PIL import Image

    page = build(synthetic.workspace(tmp_path / "ws"))
    found = 0
    for script in (page.parent / "data").glob("*.js"):
        for source, width, height in re.findall(
            r'"source":"([^"]+)","width":(\d+),"height":(\d+)', script.read_text(encoding="utf-8")
        ):
            inline = source.startswith("data:image/png;base64,")
            file = io.BytesIO(base64.b64decode(source.partition(",")[2])) if inline else page.parent / source
            assert Image.open(file).size == (int(width), int(height))
            found += 1
    assert found > 30


def test_layers_stand_in_the_networks_order(tmp_path: Path) -> None:
    made = synthetic.workspace(tmp_path / "ws", names=())
    for layer in ("features.4", "features.1", "features.2"):
        made.add(synthetic.projection(layer=layer))
    page = build(made)
    card = read(page, "overview")["photographs"][0]
    assert [x["layer"] for x in read(page, f"photograph-{card['id']}")["layers"]] == [
        "features.1",
        "features.2",
        "features.4",
    ]


def test_a_heatmap_of_another_view_lies_over_the_whole_photograph(tmp_path: Path) -> None:
    import dataclasses

    made = Workspace(tmp_path / "ws")
    made.add(synthetic.prediction())
    region = synthetic.region()
    squeezed = dataclasses.replace(region.heatmap, pictures=255 - region.heatmap.pictures)
    made.add(dataclasses.replace(region, heatmap=squeezed))
    page = build(made)
    photograph = read(page, "photograph-" + read(page, "overview")["photographs"][0]["id"])
    view = photograph["regions"][0]["heatmap"]["view"]
    assert (view["left"], view["top"], view["right"], view["bottom"]) == (0, 0, 90, 60)


def test_strings_cannot_leave_their_script() -> None:
    from deepro.render.document import Guess

    text = as_script(Guess(label="</script><!--\u2028\u2029&'\"", probability=0.5))
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text)["label"] == "</script><!--\u2028\u2029&'\""


def test_nasty_names_stay_text_in_a_single_file(tmp_path: Path) -> None:
    nasty = NASTY + "</script><script>alert(2)</script>"
    page = build(synthetic.workspace(tmp_path / "ws", nasty, (nasty, "../../up.png")), single_file=True)
    text = page.read_text(encoding="utf-8")
    assert "alert(1)>" not in text.replace("\\u003e", "")
    assert "<script>alert" not in text
    assert {p.name for p in tmp_path.iterdir()} == {"ws"}


def test_an_input_without_a_picture_is_shown_with_its_results(tmp_path: Path) -> None:
    import dataclasses

    made = Workspace(tmp_path / "ws")
    made.add(dataclasses.replace(synthetic.prediction(), picture=None, seen=None, view=None))
    made.add(dataclasses.replace(synthetic.projection(), pictures=None))
    page = build(made)
    photograph = read(page, "photograph-" + read(page, "overview")["photographs"][0]["id"])
    assert (photograph["width"], photograph["height"]) == (synthetic.SIZE, synthetic.SIZE)
    assert len(photograph["layers"][0]["units"]) == 3


def test_a_photographs_name_never_becomes_a_path(tmp_path: Path) -> None:
    page = build(synthetic.workspace(tmp_path / "ws", names=("../../../up.png", "照片.png", "a/b\\c.png")))
    for card in read(page, "overview")["photographs"]:
        assert re.fullmatch(r"[a-z0-9-]+", card["id"])
        assert (page.parent / "data" / f"photograph-{card['id']}.js").is_file()


def test_single_file_holds_everything(tmp_path: Path) -> None:
    page = build(synthetic.workspace(tmp_path / "ws"), tmp_path / "out" / "one.html", single_file=True)
    assert page == tmp_path / "out" / "one.html"
    assert [p.name for p in page.parent.iterdir()] == ["one.html"]
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!data:)[^"]+"', text[: text.index("<script")])
    assert "'unsafe-inline'" not in text[:2000]
    assert "sha256-" in text[:2000]


def test_a_report_is_replaced_as_a_whole(tmp_path: Path) -> None:
    made = synthetic.workspace(tmp_path / "ws")
    page = build(made)
    (page.parent / "pictures" / "left-over.png").write_bytes(b"")
    assert build(made) == page
    assert not (page.parent / "pictures" / "left-over.png").exists()
    assert not [p for p in page.parent.parent.iterdir() if p.name.startswith(".report")]


def test_a_failure_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = synthetic.workspace(tmp_path / "ws")
    page = build(made)
    before = page.read_text(encoding="utf-8")
    monkeypatch.setattr(
        "deepro.kinds.patterns.pattern._thin", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(StoreError, match="No space left"):
        build(made)
    assert page.read_text(encoding="utf-8") == before
    assert not [p for p in page.parent.parent.iterdir() if p.name.startswith(".report")]


def test_other_peoples_folders_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds other files"):
        build(synthetic.workspace(tmp_path / "ws"), tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "mine"


@pytest.mark.parametrize("other", ["index.html", "chapter.txt"])
def test_a_site_of_somebody_elses_is_not_replaced(tmp_path: Path, other: str) -> None:
    site = tmp_path / "site"
    if other == "chapter.txt":  # beside a report of ours
        build(synthetic.workspace(tmp_path / "first"), site)
    site.mkdir(exist_ok=True)
    (site / other).write_text("mine")
    with pytest.raises(StoreError, match="holds other files"):
        build(synthetic.workspace(tmp_path / "ws"), site)
    assert (site / other).read_text() == "mine"


def test_a_damaged_result_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    made = synthetic.workspace(tmp_path / "ws")
    broken = next((tmp_path / "ws" / "results").glob("region-*"))
    (broken / "manifest.json").write_text("{")
    page = build(made)
    overview = read(page, "overview")
    assert [d["name"] for d in overview["damaged"]] == [broken.name]
    assert len(overview["photographs"]) == 2


def test_an_empty_workspace_has_a_report(tmp_path: Path) -> None:
    page = build(Workspace(tmp_path / "ws"))
    assert read(page, "overview")["photographs"] == []


def test_models_are_strict() -> None:
    with pytest.raises(ValidationError):
        models.overview().model_validate({"title": "t"})
