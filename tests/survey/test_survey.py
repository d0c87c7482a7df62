"""A survey of a small network over real files: right, whole after every interruption, and plain about what is wrong."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import deepro
from deepro.data import as_dataset, batches
from deepro.data.reading import read_ahead
from deepro.errors import ImageError, LayerError, StoreError, UsageError
from deepro.kinds.surveys.survey import Survey
from deepro.network import Network, Preprocess
from deepro.survey import survey
from tests.reference.survey import outputs, statistics

LAYERS = ["0", "3", "7"]
ROOT = Path(__file__).resolve().parents[2]


def make() -> Network:
    torch.manual_seed(3)
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 5),
    )
    return deepro.load(module.eval(), preprocess=Preprocess(size=(24, 24)))


@pytest.fixture
def net() -> Network:
    return make()


def fill(folder: Path, count: int = 30) -> Path:
    """Pictures of all sizes in two classes."""
    rng = np.random.default_rng(0)
    for i in range(count):
        place = folder / ("ape" if i % 2 else "bee")
        place.mkdir(parents=True, exist_ok=True)
        size = (int(rng.integers(1, 60)), int(rng.integers(20, 60)), 3)
        Image.fromarray(rng.integers(0, 256, size, dtype=np.uint8)).save(place / f"{i:03}.png")
    return folder


def contents(result: Survey) -> dict[str, Any]:
    """Everything but the time it took."""
    arrays = {
        f"{name}.{key}": value.tobytes()
        for name, layer in result.layers.items()
        for key, value in vars(layer).items()
        if isinstance(value, np.ndarray)
    }
    assert result.provenance is not None
    return {**arrays, "key": result.provenance.key, "ids": result.ids, "skipped": result.skipped, "read": result.read}


def stored(workspace: Path) -> dict[str, bytes]:
    """The bytes of a workspace's surveys, without the two lines of the manifest that tell the time."""
    found = {}
    for file in sorted((workspace / "results").rglob("*")):
        if file.is_file():
            data = file.read_bytes()
            if file.name == "manifest.json":
                data = b"\n".join(
                    line for line in data.split(b"\n") if b'"created"' not in line and b'"seconds"' not in line
                )
            found[str(file.relative_to(workspace))] = data
    assert found
    return found


def test_every_number_equals_brute_force(net: Network, tmp_path: Path) -> None:
    data = as_dataset(fill(tmp_path / "photos"))
    got = survey(net, data, LAYERS, top_k=4, batch_size=7, shard_size=12)
    reads = list(read_ahead(net, data, range(len(data))))
    inputs = torch.stack([r.tensor for r in reads])
    labels = [r.label for r in reads]
    assert got.classes == ("ape", "bee")
    assert list(got.layers) == LAYERS
    for name, values in outputs(net.module, inputs, LAYERS, 6).items():
        want, have = statistics(values, 4, labels, 2), got.layers[name]
        for unit, entries in enumerate(want["top"]):
            np.testing.assert_array_equal(have.images[unit], [n for _, n, _ in entries])
            np.testing.assert_allclose(have.values[unit], [v for v, _, _ in entries], rtol=1e-6)
            space = {"0": (24, 24), "3": (10, 10), "7": ()}[name]
            flat = [int(np.ravel_multi_index(tuple(p), space)) if space else 0 for p in have.positions[unit]]
            assert flat == [p for _, _, p in entries]
        for key in ("mean", "variance", "share_active", "minimum", "maximum", "share_images", "class_means"):
            np.testing.assert_allclose(getattr(have, key), want[key], rtol=1e-5, atol=1e-6, err_msg=f"{name} {key}")
    assert got.image_id(int(have.images[0, 0])) == data.id(int(have.images[0, 0]))


def test_all_convolutions_by_default_and_the_module_is_left_alone(net: Network, tmp_path: Path) -> None:
    before = {k: v.clone() for k, v in net.module.state_dict().items()}
    net.module.train()
    got = deepro.survey(net, torch.randn(5, 3, 24, 24))
    assert list(got.layers) == ["0", "3"]
    assert net.module.training
    assert not net.module[0]._forward_hooks
    assert all((net.module.state_dict()[k] == v).all() for k, v in before.items())


class Padded(nn.Conv2d):
    """A convolution by another name."""


class ConvBlock(nn.Sequential):
    """No convolution, whatever its name says."""


def test_of_many_convolutions_a_few_are_taken_unless_all_are_asked_for() -> None:
    deep = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), *(torch.nn.Conv2d(4, 4, 1) for _ in range(12)))
    net = deepro.load(deep, input_shape=(3, 8, 8))
    data = torch.randn(2, 3, 8, 8)
    assert list(survey(net, data).layers) == ["0", "3", "6", "9", "12"]
    assert list(survey(net, data, "all").layers) == [str(i) for i in range(13)]
    assert list(survey(net, data, ["all"]).layers) == [str(i) for i in range(13)]


def test_a_convolution_is_known_by_its_type_not_its_name() -> None:
    net = deepro.load(nn.Sequential(ConvBlock(nn.Conv2d(3, 4, 3), nn.ReLU()), Padded(4, 2, 3)), input_shape=(3, 12, 12))
    assert list(survey(net, torch.randn(3, 3, 12, 12)).layers) == ["0.0", "1"]


def test_the_dense_layers_of_a_network_without_convolutions() -> None:
    net = deepro.load(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)), input_shape=(4,))
    got = survey(net, torch.randn(6, 4), top_k=2)
    assert {name: layer.values.shape for name, layer in got.layers.items()} == {"0": (3, 2), "2": (2, 2)}


def test_saved_and_opened_it_is_the_same(net: Network, tmp_path: Path) -> None:
    got = survey(net, fill(tmp_path / "photos", 6), workspace=tmp_path / "ws")
    (found,) = deepro.open(tmp_path / "ws").results("survey")
    assert contents(found) == contents(got)


@pytest.mark.parametrize("other", [{"shard_size": 4}, {"threads": 3}])
def test_shards_and_threads_do_not_change_the_statistics(net: Network, tmp_path: Path, other: dict[str, int]) -> None:
    photos = fill(tmp_path / "photos")
    one = survey(net, photos, batch_size=2, shard_size=12)
    two = survey(net, photos, **{"batch_size": 2, "shard_size": 12, **other})
    for name, layer in one.layers.items():
        for key, value in vars(layer).items():
            if isinstance(value, np.ndarray):
                assert value.tobytes() == getattr(two.layers[name], key).tobytes(), (name, key)


# ---- what cannot be read


def test_unreadable_images_are_counted_and_passed_over(net: Network, tmp_path: Path) -> None:
    photos = fill(tmp_path / "photos", 10)
    (photos / "ape" / "001.png").write_bytes(b"not a picture")
    whole = (photos / "bee" / "004.png").read_bytes()
    (photos / "bee" / "004.png").write_bytes(whole[: len(whole) // 2])
    (photos / "bee" / "006.png").unlink()
    (photos / "bee" / "006.png").symlink_to(tmp_path / "nowhere.png")
    got = survey(net, photos, batch_size=3, shard_size=4, workspace=tmp_path / "ws")
    assert (got.read, got.unreadable, got.images) == (7, 3, 10)
    assert sorted(s["id"] for s in got.skipped) == ["ape/001.png", "bee/004.png", "bee/006.png"]
    assert all(s["reason"] for s in got.skipped)
    assert "3 of 10 images could not be read" in got.provenance.notes


def test_where_nothing_can_be_read_the_first_reason_is_told(net: Network, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"none of the 1 images .* a\.jpg"):
        survey(net, tmp_path)


# ---- killed and begun again

KILLER = """
import json, os, pathlib, random, signal, sys, time
import numpy as np
from tests.survey.test_survey import make
from deepro.survey import survey
import deepro.data.reading as b

photos, workspace, seed = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
rng, slow, kills = random.Random(seed), b.read, 0

def read(*a):
    time.sleep(0.01)
    return slow(*a)

def done():
    for file in (workspace / "surveys").glob("*/state.npz"):
        with np.load(file) as arrays:
            return len(json.loads(arrays["#card"].tobytes())["done"])
    return 0

b.read = read
while True:
    before, pid = done(), os.fork()
    if pid == 0:
        survey(make(), photos, workspace=workspace, batch_size=4, shard_size=4, checkpoint_seconds=0, resume=True)
        os._exit(0)
    while kills < 4 and done() == before and os.waitpid(pid, os.WNOHANG) == (0, 0):
        time.sleep(0.002)
    if kills < 4:
        time.sleep(rng.random() * 0.1)
        os.kill(pid, signal.SIGKILL)
        kills += 1
    _, status = os.waitpid(pid, 0)
    print(done(), os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), flush=True)
    if not os.WIFSIGNALED(status):
        break
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_again_and_again_it_ends_with_the_same_bytes(tmp_path: Path, seed: int) -> None:
    photos = fill(tmp_path / "photos", 90)
    (photos / "ape" / "005.png").write_bytes(b"broken")
    survey(make(), photos, workspace=tmp_path / "straight", batch_size=4, shard_size=4)
    run = subprocess.run(
        [sys.executable, "-c", KILLER, str(photos), str(tmp_path / "cut"), str(seed)],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    endings = [tuple(map(int, line.split())) for line in run.stdout.split("\n") if line]
    assert [how for _, how in endings] == [signal.SIGKILL] * 4 + [0]
    shards = [count for count, _ in endings[:-1]]
    assert 0 < shards[0] < shards[-1] < 23  # each was killed in the middle, and the next went on
    assert stored(tmp_path / "cut") == stored(tmp_path / "straight")


class Stop(Exception):  # noqa: N818
    pass


def interrupt(net: Network, photos: Any, workspace: Path, after: int = 2, **options: Any) -> None:
    """Begin a survey and stop it after some shards."""
    from deepro.progress import Step, listening

    def listener(step: Step) -> None:
        if step.what == "survey" and step.done >= after * 4:
            raise Stop

    with listening(listener), pytest.raises(Stop):
        survey(net, photos, workspace=workspace, batch_size=4, shard_size=4, checkpoint_seconds=0, **options)


def again(net: Network, photos: Any, workspace: Path, **options: Any) -> Survey:
    return survey(net, photos, workspace=workspace, batch_size=4, shard_size=4, resume=True, **options)


def test_resuming_does_not_do_finished_shards_again(net: Network, tmp_path: Path) -> None:
    photos = fill(tmp_path / "photos", 16)
    interrupt(net, photos, tmp_path / "ws")
    data = as_dataset(photos)
    asked = []
    read = data.read
    data.read = lambda index: (asked.append(index), read(index))[1]  # type: ignore[method-assign]
    got = again(net, data, tmp_path / "ws")
    assert asked == list(range(8, 16))
    assert contents(got) == contents(survey(net, photos, batch_size=4, shard_size=4))
    asked.clear()
    assert contents(again(net, data, tmp_path / "ws")) == contents(got)
    assert not asked


def touch(photos: Path) -> str:
    os.utime(photos / "bee" / "000.png", (1, 1))
    return r"bee/000\.png changed"


def add(photos: Path) -> str:
    Image.new("RGB", (9, 9)).save(photos / "ape" / "0015.png")
    return r"it had 16 images and has 17; ape/0015\.png is new"


def remove(photos: Path) -> str:
    (photos / "bee" / "010.png").unlink()
    return r"it had 16 images and has 15; bee/010\.png is gone"


def rename(photos: Path) -> str:
    (photos / "bee" / "010.png").rename(photos / "bee" / "011.png")
    return r"bee/010\.png is gone"


@pytest.mark.parametrize("change", [touch, add, remove, rename])
def test_a_data_set_that_changed_is_refused_saying_what_changed(net: Network, tmp_path: Path, change: Any) -> None:
    photos = fill(tmp_path / "photos", 16)
    interrupt(net, photos, tmp_path / "ws")
    words = change(photos)
    with pytest.raises(StoreError, match=f"the data set changed since this survey began: {words}"):
        again(net, photos, tmp_path / "ws")
    survey(net, photos, workspace=tmp_path / "ws", batch_size=4, shard_size=4)  # anew


def test_so_is_a_tensor_that_changed(net: Network, tmp_path: Path) -> None:
    values = torch.randn(16, 3, 24, 24)
    interrupt(net, values, tmp_path / "ws")
    values[4] += 1
    with pytest.raises(StoreError, match="image 4 is another one"):
        again(net, values, tmp_path / "ws")


def test_another_question_is_refused_saying_how_it_differs(net: Network, tmp_path: Path) -> None:
    photos = fill(tmp_path / "photos", 16)
    interrupt(net, photos, tmp_path / "ws")
    with pytest.raises(StoreError, match="top_k: 9 then, 3 now"):
        again(net, photos, tmp_path / "ws", top_k=3)
    with torch.no_grad():
        net.module[0].weight += 1
    with pytest.raises(StoreError, match="the network's weights"):
        again(net, photos, tmp_path / "ws")


def test_a_damaged_checkpoint_is_told(net: Network, tmp_path: Path) -> None:
    photos = fill(tmp_path / "photos", 16)
    interrupt(net, photos, tmp_path / "ws")
    (file,) = (tmp_path / "ws" / "surveys").glob("*/state.npz")
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(StoreError, match=r"state\.npz is damaged"):
        again(net, photos, tmp_path / "ws")


def test_a_full_disk_is_one_line_and_leaves_the_last_checkpoint(net: Network, tmp_path: Path) -> None:
    photos = fill(tmp_path / "photos", 16)
    interrupt(net, photos, tmp_path / "ws")
    (file,) = (tmp_path / "ws" / "surveys").glob("*/state.npz")
    before = file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        with pytest.raises(StoreError, match=r"cannot write .*state\.npz: File too large"):
            again(net, photos, tmp_path / "ws", checkpoint_seconds=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert file.read_bytes() == before
    assert not list(file.parent.glob("*.partial"))
    assert contents(again(net, photos, tmp_path / "ws")) == contents(survey(net, photos, batch_size=4, shard_size=4))


# ---- bad input


def test_one_image_and_a_top_k_larger_than_the_data(net: Network, tmp_path: Path) -> None:
    fill(tmp_path, 1)
    got = survey(net, tmp_path, top_k=9)
    assert got.layers["0"].values.shape == (6, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"layers": ["9"]}, LayerError, "unknown layer '9'"),
        ({"layers": []}, UsageError, "no layer given"),
        ({"top_k": 0}, UsageError, "top_k is 0"),
        ({"engine": "spark"}, UsageError, "unknown engine 'spark'"),
    ],
)
def test_what_does_not_fit_is_told(net: Network, arguments: dict[str, Any], error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        survey(net, torch.randn(3, 3, 24, 24), **arguments)


def test_an_empty_folder(net: Network, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no pictures in"):
        survey(net, tmp_path)


class Odd(nn.Module):
    """Gives as many channels as the input is wide, or one number an image."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = Turn()
        self.sum = Sum()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.sum(self.turn(x))


class Turn(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(1, 3)


class Sum(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1).sum(1)


def test_a_layer_with_no_units() -> None:
    net = deepro.load(Odd(), input_shape=(3, 8, 8))
    with pytest.raises(LayerError, match="no units"):
        survey(net, torch.randn(4, 3, 8, 8), ["sum"])


def test_a_network_whose_number_of_units_changes_with_the_input() -> None:
    net = deepro.load(Odd(), input_shape=(3, 8, 8))
    inputs = [torch.randn(3, 8, 8), torch.randn(3, 8, 9)]
    with pytest.raises(LayerError, match=r"gave 9 units .* before 3"):
        survey(net, inputs, ["turn"])


def test_maps_that_grow_with_the_input_are_welcome(net: Network) -> None:
    got = survey(net, [torch.randn(3, 24, 24), torch.randn(3, 40, 30), torch.randn(3, 40, 30)], ["0"])
    assert sorted(got.layers["0"].images[0]) == [0, 1, 2]


def test_a_network_without_preprocessing_takes_no_pictures(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    net = deepro.load(nn.Sequential(nn.Conv2d(3, 2, 3)), input_shape=(3, 8, 8))
    with pytest.raises(UsageError, match="loaded without preprocessing for pictures"):
        survey(net, tmp_path)


def test_batches_stop_where_the_shape_changes(net: Network) -> None:
    data = as_dataset([torch.randn(3, 8, 8)] * 3 + [torch.randn(3, 9, 9)] * 2)
    sizes = [len(b.indices) for b, _ in batches(read_ahead(net, data, range(5)), 4)]
    assert sizes == [3, 2]
