"""Changes keep what the network computes where they say so, and touch nothing of the user's."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import deepro
from deepro.demos.training import PLANTED, RATE, FaultyNetwork
from deepro.errors import UsageError
from deepro.integrations.huggingface import huggingface_watch
from deepro.integrations.lightning import lightning_watch
from deepro.kinds.trainings.alarms import alarms
from deepro.kinds.trainings.training import Training
from tests.training.networks import Convolutions, digits, train


def faulty(folder: Path) -> tuple[nn.Module, Training]:
    """The demo's network after a short watched training at its rate."""
    torch.manual_seed(0)
    net = FaultyNetwork()
    x, y = digits()
    optimiser = torch.optim.Adam(net.parameters(), RATE)
    with deepro.watch(net, (x[1500:1600], y[1500:1600]), folder, process=False, share=1e9, every=10) as w:
        for _ in range(50):
            rows = torch.randint(0, 1400, (32,))
            optimiser.zero_grad()
            functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimiser.step()
            w.step()
    return net, deepro.read_run(folder)


def test_planted_faults_are_named_and_mended(tmp_path: Path) -> None:
    net, run = faulty(tmp_path / "ws")
    x, _ = digits()
    assert set(PLANTED) <= {a.fault for a in alarms(run)}
    before = {n: v.clone() for n, v in net.state_dict().items()}
    made = deepro.mend(deepro.load(net, input_shape=(1, 8, 8)), run, inputs=x[1500:1600])
    assert all(torch.equal(v, before[n]) for n, v in net.state_dict().items())  # the user's own stays
    module: Any = made.module
    assert (net.conv1.stride, module.conv1.stride) == ((4, 4), (2, 2))  # type: ignore[union-attr]
    assert 0 < made.rate < 0.2
    changed = {c.fault: c for c in made.changes}
    assert set(PLANTED) <= set(changed)
    # Dead on all of these examples: their part is 0, and the network computes what it did, up to rounding.
    assert changed["dying units"].difference is not None
    assert changed["dying units"].difference < 1e-5
    module.conv1.stride = (4, 4)
    with torch.no_grad():
        torch.testing.assert_close(module(x[1500:1600]), net(x[1500:1600]), atol=1e-4, rtol=1e-4)
        fired = torch.relu(module.conv1(x[1500:1600])).amax((0, 2, 3)) > 0
    assert fired.all()  # and the units that were dead fire now
    assert not torch.relu(net.conv1(x[1500:1600])).amax((0, 2, 3))[:10].any()  # type: ignore[operator]
    folder = made.save(tmp_path / "mended")
    weights = deepro.load(FaultyNetwork(), weights=folder / "mended.safetensors").module.state_dict()
    assert all(torch.equal(v, weights[n]) for n, v in module.state_dict().items())
    assert "stride=(2, 2)" in (folder / "changes.md").read_text()


class Repeating(nn.Module):
    """Half of its large first filters are the others again; a dense layer counts the places."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.fc = nn.Conv2d(1, 8, 5, stride=4, padding=2), nn.Linear(32, 10)
        with torch.no_grad():
            self.conv1.weight[4:] = 2 * self.conv1.weight[:4]
            self.conv1.get_parameter("bias").zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.conv1(x)).flatten(1))


def test_repeated_filters_are_joined_exactly_and_a_counted_map_keeps_its_stride(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, (x, y) = Repeating(), digits()
    with deepro.watch(net, (x[:64], y[:64]), tmp_path / "ws", process=False, share=1e9, every=8) as w:
        for _ in range(40):
            w.step()
    made = deepro.mend(deepro.load(net, input_shape=(1, 8, 8)), deepro.read_run(tmp_path / "ws"), inputs=x[:64])
    changed = {c.fault: c for c in made.changes}
    assert changed["duplicated first filters"].difference is not None
    assert changed["duplicated first filters"].difference < 1e-5
    assert "avg_pool2d(x, 4)" in changed["aliased first layer"].code
    with torch.no_grad():
        torch.testing.assert_close(made.module(x[:64]), net(x[:64]), atol=1e-5, rtol=1e-5)


def test_a_run_of_another_network_is_refused(tmp_path: Path) -> None:
    _, run = faulty(tmp_path / "ws")
    with pytest.raises(UsageError, match="16 units in conv1, the network 12"):
        deepro.mend(deepro.load(Convolutions(), input_shape=(1, 8, 8)), run)
    with pytest.raises(UsageError, match="holds no training"):
        deepro.read_run(tmp_path / "empty")


def test_checkpoints_give_the_record_of_a_training_that_is_over(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net, (x, y) = Convolutions(), digits()
    (tmp_path / "kept").mkdir()
    seen = (x[1500:1560], y[1500:1560])
    step = 0

    def after(**_: Any) -> None:
        nonlocal step
        step += 1
        if step in (1, 2, 4):
            torch.save(net.state_dict(), tmp_path / "kept" / f"step{step}.pt")
        w.step()

    with deepro.watch(net, seen, tmp_path / "live", process=False, share=1e9) as w:
        train(net, after, steps=4)
    files = sorted((tmp_path / "kept").iterdir())
    loaded = deepro.load(Convolutions(), input_shape=(1, 8, 8))
    run = deepro.watch_checkpoints(loaded, files, seen, tmp_path / "later")
    live = deepro.read_run(tmp_path / "live")
    assert run.run == "kept"
    assert run.steps.tolist() == live.steps.tolist() == [1, 2, 4]
    for name in ("best", "quiet", "classes", "kernels", "projections"):
        assert np.array_equal(run.at[name], live.at[name]), name
    with pytest.raises(UsageError, match="no checkpoint"):
        deepro.watch_checkpoints(loaded, [], seen, tmp_path / "later")


def test_hugging_faces_trainer_is_watched(tmp_path: Path) -> None:
    """With the calls that its trainer makes, in their order: the gradients are gone when a step ends."""
    pytest.importorskip("transformers")
    torch.manual_seed(0)
    net, (x, y) = Convolutions(), digits()
    callback = huggingface_watch((x[:60], y[:60]), tmp_path / "ws", process=False, share=1e9)
    state = type("State", (), {"is_world_process_zero": True})()
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    callback.on_train_begin(None, state, None, model=net)
    for _ in range(4):
        functional.cross_entropy(net(x[:32]), y[:32]).backward()
        callback.on_pre_optimizer_step(None, state, None)
        optimiser.step()
        net.zero_grad()
        callback.on_log(None, state, None, logs={"loss": 2.0, "epoch": 1})
        callback.on_step_end(None, state, None)
    callback.on_train_end(None, state, None)
    run = deepro.read_run(tmp_path / "ws")
    assert run.steps.tolist() == [1, 2, 4]
    assert np.isfinite(run.measure("gradient")).all()
    assert run.given["loss"][:, 1].tolist() == [2.0] * 4


def test_lightnings_trainer_is_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="Lightning is not installed"):
        lightning_watch(None, tmp_path)
    for name in ("pytorch_lightning", "pytorch_lightning.callbacks"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["pytorch_lightning.callbacks"].Callback = object  # type: ignore[attr-defined]
    torch.manual_seed(0)
    x, y = digits()
    module = nn.Module()
    module.net = Convolutions()
    callback = lightning_watch((x[:60], y[:60]), tmp_path / "ws", model="net", process=False, share=1e9)
    trainer = type("Trainer", (), {"callback_metrics": {"accuracy": 0.5, "other": 1}})()
    optimiser = torch.optim.SGD(module.parameters(), 0.1)
    callback.on_train_start(trainer, module)
    for batch in range(4):
        optimiser.zero_grad()
        loss = functional.cross_entropy(module.net(x[:32]), y[:32])
        loss.backward()
        optimiser.step()
        callback.on_train_batch_end(trainer, module, {"loss": loss}, None, batch)
    callback.on_train_end(trainer, module)
    run = deepro.read_run(tmp_path / "ws")
    assert run.steps.tolist() == [1, 2, 4]
    assert run.given["accuracy"][:, 1].tolist() == [0.5] * 4
