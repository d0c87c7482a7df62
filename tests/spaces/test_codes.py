"""Codes against what the layers return, in one pass, in memory and on disk, resumed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import deepro
from deepro.data import TorchImages
from deepro.data.examples import Examples, as_examples
from deepro.errors import StoreError, UsageError
from deepro.methods.spaces.codes import capture
from deepro.methods.spaces.reduce import RandomProjection, principal_components
from deepro.network import Network
from deepro.store.codes import capture_to

N = 23


def small() -> Network:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5))
    return deepro.load(module, input_shape=(1, 8, 8))


def images() -> Tensor:
    return torch.randn(N, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def by_hand(net: Network, x: Tensor, layer: int) -> np.ndarray:
    with torch.no_grad():
        for module in list(net.module)[: layer + 1]:
            x = module(x.clone())
    return x.numpy()


def test_pooled_codes_are_what_the_layer_returns() -> None:
    net, x = small(), images()
    out = by_hand(net, x, 0)
    expected = {
        "mean": out.mean((2, 3)),
        "max": out.max((2, 3)),
        "flatten": out.reshape(N, -1),
        "positions": out.transpose(0, 2, 3, 1).reshape(-1, 4),
        "step": out[:, :, 2].reshape(N, -1),
    }
    examples = as_examples(net, x)
    for pool, wanted in expected.items():
        found = capture(net, examples, "0", pool=pool, step=2, batch_size=5)
        np.testing.assert_allclose(found.arrays["0"], wanted, rtol=1e-5, atol=1e-6, err_msg=pool)
    assert found.places["0"] == ()
    assert capture(net, examples, "0", pool="positions").places["0"] == (6, 6)


def test_several_layers_predictions_and_labels_in_one_pass() -> None:
    net, x = small(), images()
    calls = []
    handle = net.module[0].register_forward_hook(lambda *_: calls.append(1))
    net.trace(x[:1])
    calls.clear()
    found = capture(net, as_examples(net, (x, np.arange(N) % 3)), ["0", "2", "4"], batch_size=8)
    handle.remove()
    assert len(calls) == 3
    logits = by_hand(net, x, 4)
    np.testing.assert_allclose(found.arrays["4"], logits, rtol=1e-5, atol=1e-6)
    assert found.predictions.tolist() == logits.argmax(1).tolist()
    np.testing.assert_allclose(found.confidence, torch.from_numpy(logits).softmax(1).max(1).values, rtol=1e-5)
    assert found.labels.tolist() == (np.arange(N) % 3).tolist()


def test_the_order_of_batches_does_not_matter() -> None:
    net, x = small(), images()[:20]
    turned = torch.cat([x[10:], x[:10]])
    a = capture(net, as_examples(net, x), "0", batch_size=5).arrays["0"]
    b = capture(net, as_examples(net, turned), "0", batch_size=5).arrays["0"]
    assert (a == np.concatenate([b[10:], b[:10]])).all()
    np.testing.assert_allclose(a, by_hand(net, x, 0).mean((2, 3)), rtol=1e-5, atol=1e-6)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 6)  # time first

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(x.transpose(0, 1))[0][-1]


def test_a_recurrent_state_at_any_step() -> None:
    net = deepro.load(Recurrent(), input_shape=(7, 3))
    x = torch.randn(N, 7, 3)
    with torch.no_grad():
        states = net.module.lstm(x.transpose(0, 1))[0]
    for step in (0, 3, -1):
        found = capture(net, as_examples(net, x), "lstm", pool="step", step=step, batch_size=4)
        np.testing.assert_allclose(found.arrays["lstm"], states[step].numpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(UsageError, match="step is 7, layer 'lstm' has steps 0 to 6"):
        capture(net, as_examples(net, x), "lstm", pool="step", step=7)


def test_codes_too_wide_for_memory_are_projected_and_said_so() -> None:
    net, x = small(), images()
    found = capture(net, as_examples(net, x), "0", pool="flatten", memory=N * 4 * 20, batch_size=4)
    assert found.arrays["0"].shape == (N, 20)
    assert "reduced to 20 numbers by a random projection (seed 0)" in found.notes[0]
    whole = by_hand(net, x, 0).reshape(N, -1)
    np.testing.assert_allclose(found.arrays["0"], RandomProjection(144, 20)(whole), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [300, 6000])
def test_a_random_projection_keeps_distances_on_average(size: int) -> None:
    x = np.random.default_rng(0).standard_normal((30, size)).astype(np.float32)
    y = RandomProjection(size, 200)(x)
    a = np.linalg.norm(x[:15] - x[15:], axis=1)
    b = np.linalg.norm(y[:15] - y[15:], axis=1)
    assert np.abs(b / a - 1).max() < 0.2
    assert (RandomProjection(size, 200)(x) == y).all()


@pytest.mark.parametrize("shape", [(60, 8), (8, 60)])
def test_principal_components_against_scikit_learn(shape: tuple[int, int]) -> None:
    from sklearn.decomposition import PCA

    x = np.random.default_rng(0).standard_normal(shape) + 40
    found, known = principal_components(x, 3), PCA(3).fit(x)
    np.testing.assert_allclose(np.abs(found.project(x)), np.abs(known.transform(x)), atol=1e-9)
    np.testing.assert_allclose(found.variance, known.explained_variance_, rtol=1e-9)
    np.testing.assert_allclose(found.explained, known.explained_variance_ratio_, rtol=1e-9)


class Breaks(TorchImages):
    """Reading example `at` stops everything, as a kill would."""

    def __init__(self, items: Tensor, at: int) -> None:
        super().__init__(items)
        self.at = at

    def read(self, index: int):
        if index == self.at:
            raise MemoryError("stopped here")
        return super().read(index)


def test_codes_on_disk_are_half_precision_and_go_on_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepro.store import codes as on_disk

    net, x = small(), images()
    monkeypatch.setattr(on_disk.CodeFolder.__init__, "__defaults__", (4,))
    whole = capture(net, as_examples(net, x), ["0", "2"], batch_size=4)
    stops = Examples(Breaks(x, 17))
    monkeypatch.setattr(Examples, "card", lambda _self: ({"name": "x", "sha256": "same", "size": [N]},))
    with pytest.raises(MemoryError):
        capture_to(tmp_path / "codes", net, stops, ["0", "2"], batch_size=4)
    read = []
    fine = Examples(TorchImages(x))
    inner = fine.dataset.read
    fine.dataset.read = lambda i: (read.append(i), inner(i))[1]  # type: ignore[method-assign]
    found = capture_to(tmp_path / "codes", net, fine, ["0", "2"], batch_size=4)
    assert min(read) >= 4, "the first examples were captured twice"
    for layer in ("0", "2"):
        assert isinstance(found.arrays[layer], np.memmap)
        assert found.arrays[layer].dtype == np.float16
        np.testing.assert_allclose(found.arrays[layer], whole.arrays[layer], rtol=1e-3, atol=1e-3)
    assert found.predictions.tolist() == whole.predictions.tolist()
    with pytest.raises(StoreError, match="another network, data set or question"):
        capture_to(tmp_path / "codes", net, fine, ["0"], batch_size=4)


def test_numbers_beyond_half_precision_are_refused(tmp_path: Path) -> None:
    net = small()
    with pytest.raises(UsageError, match="beyond half precision: use dtype float32"):
        capture_to(tmp_path / "codes", net, as_examples(net, images() * 1e6), "0")


def test_what_is_not_finite_is_named() -> None:
    net, x = small(), images()
    x[9] = torch.nan
    with pytest.raises(UsageError, match="layer '0' gives NaN or infinity for example 9"):
        capture(net, as_examples(net, x), "0", batch_size=4)


def test_the_module_is_left_alone() -> None:
    net = small()
    net.module.train()
    before = net.fingerprint
    capture(net, as_examples(net, images()), ["0", "2"])
    assert net.fingerprint == before
    assert net.module.training
    assert not any(m._forward_hooks for m in net.module.modules())


def test_a_run_captures_all_its_layers_once_and_goes_on_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepro.methods.spaces.code_cache import cached_codes
    from deepro.store import codes as on_disk

    net, x = small(), images()
    monkeypatch.setattr(on_disk.CodeFolder.__init__, "__defaults__", (4,))
    monkeypatch.setattr(on_disk, "_EVERY", 4)
    monkeypatch.setattr(Examples, "card", lambda _self: ({"name": "x", "sha256": "same", "size": [N]},))
    alone = capture(net, as_examples(net, x), "2", pool="max", batch_size=4)
    cache = on_disk.CodeFolderCache(tmp_path / "codes", ["0", "2"])
    with pytest.raises(MemoryError), cached_codes(cache):
        capture(net, Examples(Breaks(x, 17)), "0", pool="max", batch_size=4)
    read: list[int] = []
    fine = Examples(TorchImages(x))
    inner = fine.dataset.read
    fine.dataset.read = lambda i: (read.append(i), inner(i))[1]  # type: ignore[method-assign]
    with cached_codes(cache):
        first = capture(net, fine, "0", pool="max", batch_size=4)
        assert min(read) >= 4, "the first examples were captured twice"
        count = len(read)
        second = capture(net, fine, "2", pool="max", batch_size=4)
        assert len(read) == count, "the second layer had been captured with the first"
        assert list(first.arrays) == ["0"]
        assert list(second.arrays) == ["2"]
        np.testing.assert_array_equal(second.arrays["2"], alone.arrays["2"])  # single precision: the same map
        capture(net, fine, "2", pool="mean", batch_size=4)
        assert len(read) > count, "another pooling is another question"
        count = len(read)
        capture(net, fine, "4", pool="max", batch_size=4)  # a layer that the run did not name
        assert len(read) == count + N
    count = len(read)
    capture(net, fine, "2", pool="max", batch_size=4)
    assert len(read) == count + N, "outside of the run nothing is shared"
