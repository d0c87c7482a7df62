"""Results survive the disk; damage and misuse are one clear line; nothing half-written stays."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deepro
from deepro.errors import StoreError
from deepro.kinds.patterns.pattern import Pattern
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.kinds.photographs.region import Region
from deepro.kinds.sequences.trace import Layered, Trace
from deepro.results import Provenance, Result
from deepro.store import Workspace, save


def provenance(**changes: object) -> Provenance:
    given = {
        "method": "gradient", "version": 1, "parameters": {"target": "goose", "$odd": [1, None]},
        "network": {"name": "n", "fingerprint": "abc"}, "data": ({"name": "a.jpg", "sha256": "1", "size": [4, 3]},),
        "seed": 0, "libraries": {"torch": "2"}, "created": "2026-01-01T00:00:00.000+00:00", "seconds": 0.5,
    }  # fmt: skip
    return Provenance(**{**given, **changes})  # type: ignore[arg-type]


def heatmap(**changes: object) -> Heatmap:
    values = np.random.default_rng(0).normal(size=(1, 3, 4)).astype(np.float32)
    return Heatmap(
        method="gradient", values=values, targets=("goose",), scores=np.array([3.5]), signed=False,
        provenance=provenance(**changes),
    )  # fmt: skip


def region() -> Region:
    mask = np.zeros((3, 4), bool)
    mask[1:, 2:] = True
    outline = (np.array([[2, 1], [3, 1], [3, 2]], np.int32),)
    return Region(
        mask=mask, outline=outline, box=(2, 1, 4, 3), heatmap=heatmap(), target="goose",
        evidence={"area": 1 / 3, "undefined": math.nan}, provenance=provenance(method="segment"),
    )  # fmt: skip


def equal(a: object, b: object) -> bool:
    """Field by field, arrays bit by bit, NaN equal to itself."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, Result | Provenance):
        return type(a) is type(b) and all(equal(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, float) and math.isnan(a):
        return isinstance(b, float) and math.isnan(b)
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("result", [heatmap(), region()], ids=lambda r: r.kind)
def test_what_was_saved_comes_back_bit_by_bit(result: Result, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "one")
    assert equal(deepro.open(folder), result)


def test_a_pattern_keeps_nan_and_float64(tmp_path: Path) -> None:
    pattern = Pattern(
        images=np.zeros((1, 3, 2, 2)), targets=("f#1",), scores=np.array([np.inf]), probabilities=np.array([np.nan]),
        history=np.zeros((1, 0), np.float32), provenance=provenance(),
    )  # fmt: skip
    assert equal(deepro.open(pattern.save(tmp_path / "p")), pattern)


def test_saving_over_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        heatmap().save(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failed_save_leaves_nothing(tmp_path: Path) -> None:
    bad = dataclasses.replace(heatmap(), values=np.array([object()], dtype=object))
    with pytest.raises(StoreError, match="Python objects"):
        save(bad, tmp_path / "bad")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        save(heatmap(), tmp_path / "file" / "below")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_damage_is_named(tmp_path: Path) -> None:
    folder = heatmap().save(tmp_path / "h")
    chunk = max((p for p in (folder / "arrays.zarr").rglob("*") if p.is_file() and p.name != "zarr.json"),
                key=lambda p: p.stat().st_size)  # fmt: skip
    chunk.write_bytes(chunk.read_bytes()[:-3])
    with pytest.raises(StoreError, match="is damaged"):
        deepro.open(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(StoreError, match="is damaged"):
        deepro.open(folder)
    with pytest.raises(StoreError, match="holds no Deepro result"):
        deepro.open(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m["result"]["fields"].update(signed="perhaps"),
        lambda m: m["result"]["fields"].update(values={"a": 1}),
        lambda m: m["result"].update(fields=[1, 2]),
        lambda m: m["result"]["fields"]["provenance"]["$provenance"].update(network=None),
        lambda m: m["result"]["fields"]["provenance"]["$provenance"].update(data="cat"),
        lambda m: m["result"]["fields"]["provenance"]["$provenance"].update(created=7),
        lambda m: m.update(schema=float("inf")),
        lambda m: m.update(arrays=3),
        lambda m: m.update(result=None),
    ],
)
def test_a_manifest_that_somebody_wrote_damages_itself_alone(tmp_path: Path, change: Any) -> None:
    ws = Workspace(tmp_path / "ws")
    ws.add(heatmap())
    bad = ws.add(dataclasses.replace(heatmap(), provenance=dataclasses.replace(heatmap().provenance, version=9)))
    manifest = json.loads((bad / "manifest.json").read_text())
    change(manifest)
    (bad / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="is damaged"):
        deepro.open(bad)
    assert len(list(ws.results())) == 1
    assert [d["name"] for d in ws.damaged()] == [bad.name]


def test_a_manifest_nested_too_deeply_is_damaged(tmp_path: Path) -> None:
    folder = heatmap().save(tmp_path / "h")
    (folder / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(StoreError, match="is damaged"):
        deepro.open(folder)


def test_arrays_of_zarr_v2_are_refused(tmp_path: Path) -> None:
    """Zarr v2 lets a file name a filter that unpickles what it reads; results never were in that format."""
    folder = heatmap().save(tmp_path / "h")
    manifest = json.loads((folder / "manifest.json").read_text())
    import zarr

    kept = zarr.open_group(store=str(folder / "arrays.zarr"), mode="r")
    arrays = {name: np.asarray(kept[name][...]) for name in manifest["arrays"]}  # type: ignore[index]
    shutil.rmtree(folder / "arrays.zarr")
    old = zarr.create_group(store=str(folder / "arrays.zarr"), zarr_format=2)
    for name, array in arrays.items():
        old.create_array(name, data=array)
    with pytest.raises(StoreError, match="is damaged"):
        deepro.open(folder)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    folder = heatmap().save(tmp_path / "h")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema": 99}))
    with pytest.raises(StoreError, match="upgrade Deepro"):
        deepro.open(folder)


def test_workspace_keeps_each_result_once_and_finds_it(tmp_path: Path) -> None:
    ws = Workspace(tmp_path / "ws")
    first = heatmap()
    assert ws.add(first) == ws.add(heatmap())
    assert len(list(ws.results())) == 1
    assert first.provenance is not None
    assert equal(ws.find("heatmap", first.provenance.key), first)
    assert isinstance(deepro.open(tmp_path / "ws"), Workspace)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"parameters": {"target": "duck"}},
        {"network": {"name": "n", "fingerprint": "changed"}},
        {"data": ({"name": "a.jpg", "sha256": "2", "size": [4, 3]},)},
    ],
    ids=str,
)
def test_whatever_matters_changes_the_key(change: dict[str, object]) -> None:
    assert provenance(**change).key != provenance().key


def test_the_moment_and_the_file_name_do_not_change_the_key() -> None:
    renamed = ({"name": "b.jpg", "sha256": "1", "size": [4, 3]},)
    assert provenance(data=renamed, created="later", seconds=9.0).key == provenance().key


def test_a_damaged_result_is_reported_and_the_rest_opens(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    broken = ws.add(heatmap())
    ws.add(heatmap(version=2))
    (broken / "manifest.json").write_text("not json")
    assert len(list(ws.results())) == 1
    (only,) = ws.damaged()
    assert only["name"] == broken.name
    key = heatmap().provenance.key  # type: ignore[union-attr]
    assert ws.find("heatmap", key) is None  # gone, so that it is made again
    assert ws.damaged() == []


def test_a_foreign_folder_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(StoreError, match="not empty"):
        Workspace(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file"):
        Workspace(tmp_path / "file")


def test_a_field_that_is_a_mapping_of_its_own_kind_comes_back_as_it_was(tmp_path: Path) -> None:
    h = Layered({"rnn.l0": np.arange(6, dtype=np.float32).reshape(1, 1, 3, 2)})
    made = Trace(
        layers=("rnn.l0",), kinds=("LSTM",), h=h, c=None, gates={"f": h}, inputs={}, lengths={"rnn.l0": np.array([3])},
        checks={"rnn.l0": 0.0},
    )  # fmt: skip
    back = deepro.open(save(made, tmp_path / "trace"))
    assert isinstance(back, Trace)
    assert np.array_equal(back.h["rnn.l0"], h[0])
    assert np.array_equal(back.gates["f"][0], h[0])
