"""Maps from end to end: order, placement, stopping, columns, bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import deepro
from deepro import progress
from deepro.errors import LayerError, UsageError
from deepro.methods.spaces import layouts
from deepro.methods.spaces.embed import embed, map_methods
from deepro.methods.spaces.map_pipeline import stratified
from deepro.methods.spaces.neighbours import Finder
from deepro.methods.spaces.newcomers import nearest_on, place_on
from deepro.methods.spaces.placement import _geometric_median, place
from deepro.methods.spaces.quality import kept, map_neighbours
from deepro.network import Network, Preprocess

N = 60
QUICK = {"steps": 60, "early_steps": 40}


def small() -> Network:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))
    return deepro.load(
        module,
        preprocess=Preprocess(size=(5, 5), mean=(0.0,), std=(1.0,), order="L"),
        labels=["a", "b", "c"],
    )


def blobs() -> tuple[Tensor, np.ndarray]:
    """Three kinds of picture with noise on them."""
    generator = torch.Generator().manual_seed(0)
    kinds = torch.rand(3, 1, 5, 5, generator=generator)
    labels = np.arange(N) % 3
    return kinds[labels] + 0.2 * torch.rand(N, 1, 5, 5, generator=generator), labels


@pytest.fixture(scope="module")
def tsne() -> deepro.Map:
    x, labels = blobs()
    return embed(small(), x, "0", labels=labels, **QUICK)


def test_a_map_carries_everything_needed_to_judge_it(tsne: deepro.Map) -> None:
    assert tsne.values.shape == (N, 2)
    assert {"neighbours@15", "trustworthiness@15", "continuity@15", "distance_correlation"} <= set(tsne.quality)
    assert set(tsne.baselines) == {"pca", "random_projection"}
    assert tsne.quality["neighbours@15"] > tsne.baselines["random_projection"]["neighbours@15"]
    near = Finder(tsne.codes).of_all(15).indices
    np.testing.assert_allclose(tsne.per_point, kept(near, map_neighbours(tsne.values, 15).indices), atol=1e-6)
    assert tsne.quality["neighbours@15"] == pytest.approx(float(tsne.per_point.mean()), abs=1e-6)
    assert tsne.facts["perplexity"] == pytest.approx(59 / 3)
    assert tsne.labels.tolist() == (np.arange(N) % 3).tolist()
    assert tsne.label_names == ("a", "b", "c")
    assert tsne.pictures.shape == (N, 5, 5, 3)
    right = tsne.columns["prediction"] == tsne.labels
    assert tsne.columns["correct"].tolist() == right.astype(int).tolist()
    assert tsne.provenance.method == "tsne"
    assert tsne.provenance.seed == 0


def test_a_map_is_saved_and_opened(tsne: deepro.Map, tmp_path: Path) -> None:
    again = deepro.open(tsne.save(tmp_path / "map"))
    assert (again.values == tsne.values).all()
    assert again.ids == tsne.ids
    assert dict(again.quality) == dict(tsne.quality)
    assert again.finished is True


@pytest.mark.parametrize("method", ["tsne", "pca", "random_projection"])
def test_the_order_of_points_does_not_matter(method: str) -> None:
    x, labels = blobs()
    options = QUICK if method == "tsne" else {}
    turn = np.random.default_rng(3).permutation(N)
    # One batch for all: another batch would change the last bits of the codes themselves.
    a = embed(small(), x, "0", method, labels=labels, batch_size=N, **options)
    b = embed(small(), x[turn], "0", method, labels=labels[turn], batch_size=N, **options)
    assert (a.codes[turn] == b.codes).all()
    assert (a.values[turn] == b.values).all()
    assert (a.per_point[turn] == b.per_point).all()


def test_a_seed_gives_the_same_map_and_another_seed_another_sample() -> None:
    x, labels = blobs()
    make = lambda seed: embed(small(), x, "0", labels=labels, seed=seed, sample=30, **QUICK)  # noqa: E731
    first, again, other = make(1), make(1), make(2)
    assert (first.values == again.values).all()
    assert (first.placed != other.placed).any()


def test_umap_from_the_same_neighbours() -> None:
    pytest.importorskip("umap")
    x, labels = blobs()
    first = embed(small(), x, "0", "umap", labels=labels, steps=30)
    assert (first.values == embed(small(), x, "0", "umap", labels=labels, steps=30).values).all()
    assert first.quality["neighbours@15"] > first.baselines["random_projection"]["neighbours@15"]


def test_pca_is_the_projection_of_the_codes() -> None:
    from sklearn.decomposition import PCA

    x, _ = blobs()
    made = embed(small(), x, "0", "pca")
    known = PCA(2).fit(made.codes.astype(np.float64))
    np.testing.assert_allclose(np.abs(made.values), np.abs(known.transform(made.codes)), atol=1e-5)
    explained = [made.facts["explained_1"], made.facts["explained_2"]]
    np.testing.assert_allclose(explained, known.explained_variance_ratio_, rtol=1e-6)


def test_tsne_is_the_one_of_opentsne() -> None:
    """From the same start and the same neighbours, the same map to the last bit."""
    import openTSNE

    codes = np.random.default_rng(0).standard_normal((80, 5)).astype(np.float32)
    near = Finder(codes).of_all(24)
    start = np.random.default_rng(1).standard_normal((80, 2))
    made = layouts.tsne_layout(near, start, perplexity=8.0, steps=50, early_steps=50)
    assert made.finished
    direct = openTSNE.TSNE(
        perplexity=8, n_iter=50, early_exaggeration_iter=50, early_exaggeration=12, random_state=0,
        initialization=layouts._shrunk(start, 0), negative_gradient_method="bh", neighbors="exact",
    ).fit(codes.astype(np.float64))  # fmt: skip
    np.testing.assert_allclose(made.values, np.asarray(direct), rtol=1e-3, atol=1e-3)
    assert made.facts["kl_divergence"] == pytest.approx(direct.kl_divergence, rel=1e-4)


# ---- large sets and new points


def test_a_large_set_is_a_stated_stratified_sample_and_the_rest_beside_it() -> None:
    x, labels = blobs()
    made = embed(small(), x, "0", labels=labels, sample=30, **QUICK)
    assert made.placed.sum() == 30
    assert np.bincount(made.labels[~made.placed]).tolist() == [10, 10, 10]
    assert "30 of 60 points were fitted, stratified by label (seed 0)" in made.notes[0]
    assert np.isfinite(made.values).all()
    share = made.quality[f"placed_neighbours@{made.per_point_size}"]
    assert share == pytest.approx(float(made.per_point[made.placed].mean()), abs=1e-6)
    assert share > 0.5
    fitted, there = ~made.placed, made.placed
    at = place(made.values[fitted], made.codes[fitted], made.codes[there])
    np.testing.assert_allclose(made.values[there], at, atol=1e-3 * made.values.std())


def test_a_stratified_sample_keeps_every_class() -> None:
    labels = np.repeat([0, 1, 2, 3], [900, 90, 9, 1])
    picked = stratified(labels, 1000, 100, 0)
    assert len(picked) == len(set(picked.tolist())) == 100
    counts = np.bincount(labels[picked])
    assert counts.min() >= 1
    assert abs(counts[0] - 90) <= 2
    # What rounding left over goes to the class that lost most.
    assert np.bincount(
        np.repeat([0, 1, 2], [503, 297, 200])[stratified(np.repeat([0, 1, 2], [503, 297, 200]), 1000, 10, 0)]
    ).tolist() == [5, 3, 2]
    many = stratified(np.r_[np.zeros(980, int), np.arange(1, 21)], 1000, 50, 0)
    assert len(many) == 50
    assert set(many.tolist()) >= set(range(980, 1000))


def test_a_training_point_is_placed_on_itself_and_moves_none(tsne: deepro.Map) -> None:
    before = tsne.values.copy()
    at = place(tsne.values, tsne.codes, tsne.codes)
    np.testing.assert_allclose(at, tsne.values, atol=1e-12)
    assert (tsne.values == before).all()


def test_a_point_nearly_equal_to_another_is_placed_beside_it(tsne: deepro.Map) -> None:
    gap = np.median(Finder(tsne.codes).of_all(1).distances)
    noise = np.random.default_rng(0).standard_normal(tsne.codes.shape)
    noise *= 0.02 * gap / np.linalg.norm(noise, axis=1, keepdims=True)
    at = place(tsne.values, tsne.codes, tsne.codes + noise)
    off = np.linalg.norm(at - tsne.values, axis=1)
    assert np.median(off) < 0.02 * tsne.values.std()


def test_where_a_point_goes_does_not_depend_on_who_else_is_placed(tsne: deepro.Map) -> None:
    new = tsne.codes[:9] + 0.05
    together = place(tsne.values, tsne.codes, new)
    alone = np.concatenate([place(tsne.values, tsne.codes, row[None]) for row in new])
    np.testing.assert_allclose(together, alone, atol=1e-5 * tsne.values.std())


def test_a_placed_point_minimises_the_weighted_distances(tsne: deepro.Map) -> None:
    from scipy.optimize import minimize

    new = tsne.codes[:5] + 0.1
    near = Finder(tsne.codes).of(new, 10)
    for at, i, d in zip(place(tsne.values, tsne.codes, new), near.indices, near.distances, strict=True):
        w = (d[-1] / d.astype(np.float64)) ** 2
        cost = lambda p, i=i, w=w: float((w * np.linalg.norm(tsne.values[i] - p, axis=1)).sum())  # noqa: E731
        best = min(minimize(cost, s, method="Nelder-Mead").fun for s in [at, *tsne.values[i[:3]]])
        assert cost(at) <= best * (1 + 1e-5)


def test_the_geometric_median_lies_on_a_point_that_outweighs_the_others() -> None:
    points = np.array([[[0.0, 0], [1, 0], [0, 1], [-1, 0]]])
    weights = np.array([[1.001, 0.5, 1, 0.5]])  # the pulls to both sides cancel; 1 upwards is just not enough
    np.testing.assert_allclose(_geometric_median(points, weights), [[0, 0]], atol=1e-12)


# ---- stopping


def test_a_stopped_map_is_kept_as_it_was() -> None:
    x, labels = blobs()
    seen = []

    def stop(step: progress.Step) -> None:
        if step.what == "t-SNE":
            seen.append(step.done)
            if step.done >= 50:
                raise progress.Stopped

    with progress.listening(stop):
        made = embed(small(), x, "0", labels=labels, early_steps=40, steps=4000)
    assert seen[-1] <= 100
    assert made.finished is False
    assert "stopped" in made.notes[-1] or "stopped" in " ".join(made.notes)
    assert np.isfinite(made.values).all()
    assert made.values.std() > 0
    assert "neighbours@15" in made.quality


def test_any_other_exception_of_a_listener_ends_the_work() -> None:
    def stop(step: progress.Step) -> None:
        if step.what == "t-SNE" and step.done:
            raise RuntimeError("ended")

    net = small()
    with progress.listening(stop), pytest.raises(RuntimeError, match="ended"):
        embed(net, blobs()[0], "0", **QUICK)
    assert not any(m._forward_hooks for m in net.module.modules())


def test_progress_is_told_to_the_end() -> None:
    seen: list[progress.Step] = []
    with progress.listening(seen.append):
        embed(small(), blobs()[0], "0", **QUICK)
    assert {"codes", "nearest neighbours", "t-SNE"} <= {s.what for s in seen}
    last = [s for s in seen if s.what == "t-SNE"][-1]
    assert last.done == last.total == 100


# ---- folders and bad input


def test_a_folder_of_class_folders_and_a_broken_picture(tmp_path: Path) -> None:
    x, labels = blobs()
    for i in range(12):
        (tmp_path / "abc"[labels[i]]).mkdir(exist_ok=True)
        pixels = (x[i, 0].clamp(0, 1) * 255).byte().numpy()
        Image.fromarray(pixels).save(tmp_path / "abc"[labels[i]] / f"{i:02d}.png")
    (tmp_path / "a" / "zz.png").write_bytes(b"no picture")
    made = embed(small(), tmp_path, "0", "pca")
    assert len(made.values) == 12
    assert made.ids[0] == "a/00.png"
    assert made.label_names == ("a", "b", "c")
    assert "1 of 13 examples could not be read" in made.notes[0]
    assert set(made.columns["correct"].tolist()) <= {0, 1}


def test_positions_are_points() -> None:
    made = embed(small(), blobs()[0][:4], "0", "pca", pool="positions")
    assert made.values.shape == (36, 2)
    assert made.ids[:2] == ("0@0,0", "0@0,1")


BAD = {
    "too few for t-SNE": (lambda x: {"dataset": x[:3]}, "3 points are too few neighbours for t-SNE"),
    "two points": (lambda x: {"dataset": x[:2], "method": "pca"}, "^a map needs at least 3 points, got 2"),
    "all equal": (lambda x: {"dataset": x[:1].repeat(20, 1, 1, 1)}, "all 20 codes are equal"),
    "NaN": (lambda x: {"dataset": x * torch.nan}, "layer '0' gives NaN or infinity for example 0"),
    "perplexity": (lambda x: {"dataset": x, "perplexity": 25}, "perplexity 25 needs at least 76 points, got 60"),
    "labels": (lambda x: {"dataset": x, "labels": [1, 2]}, "2 labels for 60 examples"),
    "fractions": (lambda x: {"dataset": x, "labels": [0.5] * N}, "labels must be whole numbers or strings"),
    "method": (lambda x: {"dataset": x, "method": "tsme"}, "unknown map method 'tsme'; did you mean tsne"),
    "pool": (lambda x: {"dataset": x, "pool": "avg"}, "pool is 'avg', expected one of mean, max"),
    "empty": (lambda x: {"dataset": []}, "is empty"),
    "folder": (lambda x: {"dataset": "no/such/folder"}, "no such file or folder"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_line(case: str) -> None:
    given, message = BAD[case]
    with pytest.raises(deepro.DeeproError, match=message) as caught:
        embed(small(), layer="0", **given(blobs()[0]))
    assert "\n" not in str(caught.value)


def test_an_unknown_layer_suggests_a_known_one() -> None:
    with pytest.raises(LayerError, match="unknown layer"):
        embed(small(), blobs()[0], "conv")


@pytest.mark.parametrize("method", sorted(map_methods()))
def test_a_map_of_three_points(method: str) -> None:
    x = blobs()[0][:3]
    if method in ("pca", "random_projection"):
        made = embed(small(), x, "0", method)
        assert made.values.shape == (3, 2)
        assert "were left out" in " ".join(made.notes)
        return
    pytest.importorskip("umap")
    with pytest.raises(UsageError, match="3 points are too few neighbours"):
        embed(small(), x, "0", method)


# ---- newcomers


@pytest.mark.parametrize("method", ["tsne", "pca", "random_projection"])
def test_an_example_of_the_map_is_placed_on_itself_and_nearest_to_itself(method: str) -> None:
    net, (x, _) = small(), blobs()
    made = embed(net, x, "0", method, **(QUICK if method == "tsne" else {}))
    spread = made.values.std()
    np.testing.assert_allclose(place_on(net, made, x[10:13]), made.values[10:13], atol=1e-3 * spread)
    nearest = nearest_on(net, made, x[10:13], 4)
    assert [row[0][0] for row in nearest] == ["10", "11", "12"]
    assert all(len(row) == 4 for row in nearest)
    assert all(row[0][1] < 1e-4 for row in nearest)


def test_newcomers_to_reduced_codes_are_reduced_alike() -> None:
    net, (x, _) = small(), blobs()
    wide = torch.cat([x] * 62)  # 3720 x 72 numbers are more than a MiB
    made = embed(net, wide, "0", "pca", pool="flatten", memory=1)
    assert made.codes.shape[1] == 70
    assert "random projection" in made.notes[0]
    np.testing.assert_allclose(place_on(net, made, x[:3]), made.values[:3], atol=1e-3)


def test_another_network_has_no_place_on_a_map() -> None:
    x, _ = blobs()
    made = embed(small(), x, "0", "pca")
    other = small()
    with torch.no_grad():
        other.module[0].weight += 1
    with pytest.raises(UsageError, match="made by another network or other weights"):
        place_on(other, made, x)
    bare = embed(small(), x, "0", "pca", keep_codes=False)
    with pytest.raises(UsageError, match="kept no codes"):
        nearest_on(small(), bare, x)
