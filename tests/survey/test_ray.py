"""The same bytes from a Ray cluster of two local processes, one of which is killed half-way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import deepro
from deepro.data import Dataset, Example, as_dataset
from deepro.errors import LayerError
from deepro.network import Network
from deepro.survey import survey
from tests.survey.test_survey import contents, fill, make

ROOT = Path(__file__).resolve().parents[2]
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'deepro[ray]'")


class Deadly(Dataset):
    """Reading one image kills the process that reads it, the first time."""

    def __init__(self, inner: Dataset, image: int, marker: Path) -> None:
        self.inner, self.image, self.marker = inner, image, marker
        self.name, self.classes = inner.name, inner.classes

    def __len__(self) -> int:
        return len(self.inner)

    def id(self, index: int) -> str:
        return self.inner.id(index)

    def read(self, index: int) -> Example:
        if index == self.image and not self.marker.exists():
            self.marker.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return self.inner.read(index)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """In the environment and not as Ray's runtime_env, so that Ray uses the processes that it starts beforehand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]))
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield ray
        ray.shutdown()


def test_two_workers_one_of_them_killed_half_way(cluster: Any, tmp_path: Path) -> None:
    photos = fill(tmp_path / "photos", 30)
    (photos / "ape" / "005.png").write_bytes(b"broken")
    net = make()
    straight = survey(net, photos, batch_size=3, shard_size=6)
    deadly = Deadly(as_dataset(photos), 14, tmp_path / "killed")
    got = survey(net, deadly, engine="ray", workers=2, batch_size=3, shard_size=6, workspace=tmp_path / "ws")
    killed = int((tmp_path / "killed").read_text())
    assert killed != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(killed, 0)
    assert contents(got) == contents(straight)


def test_a_local_survey_goes_on_where_ray_stopped(cluster: Any, tmp_path: Path) -> None:
    from tests.survey.test_survey import again, interrupt

    net, photos = make(), fill(tmp_path / "photos", 16)
    interrupt(net, photos, tmp_path / "ws", engine="ray", workers=1)
    assert contents(again(net, photos, tmp_path / "ws")) == contents(survey(net, photos, batch_size=4, shard_size=4))


def test_a_workers_complaint_is_the_users_one_line(cluster: Any) -> None:
    net: Network = deepro.load(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(0)), input_shape=(3, 8, 8))
    with pytest.raises(LayerError, match=r"^layer '1' gives .* no units") as told:
        survey(net, torch.randn(4, 3, 8, 8), ["1"], engine="ray", workers=1)
    assert type(told.value) is LayerError  # Ray's own error is one too, with a page of text
