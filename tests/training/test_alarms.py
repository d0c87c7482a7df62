"""Alarms: none on a healthy record, each planted fault by its name, and on real trainings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import deepro
from deepro.kinds.record import of
from deepro.kinds.trainings.alarms import RULES, alarms, persistent
from deepro.kinds.trainings.training import Training
from deepro.report import build
from deepro.training.record import read_run
from tests.training.networks import Convolutions, digits, train

STEPS = np.array([1, 2, 4, 8, 16, 32, 64, 128, 192, 256])
T, N = len(STEPS), 100


def healthy(**at: Any) -> Training:
    """A record in which everything is as it should be; `at` is changed."""
    labels = np.arange(N) % 10
    fall = np.linspace(2.3, 0.1, T)
    layers = {
        "gradient": 1.0, "update": 0.01, "weight": 3.0, "silent": 0.5, "dead": 0.05, "rank": 5.0, "probe": 0.9,
        "past": 0.99, "saturated": 0.1, "high": 0.8, "aliased": 0.05, "twins": 0.0,
    }  # fmt: skip
    usual = {name: np.full((T, 3), value, np.float32) for name, value in layers.items()}
    usual |= {
        "evaluated": np.stack([fall, np.linspace(0.1, 0.95, T)], 1),
        "trained": np.stack([fall, np.linspace(0.1, 0.95, T)], 1),
        "classes": np.tile(labels, (T, 1)),
        "losses": np.tile(fall[:, None], (1, N)).astype(np.float16),
        "pinned": np.full((T, 10), 0.1),
    }
    steps = np.arange(1, 257)
    told = {"loss": 2.3 * np.exp(-steps / 50), "accuracy": 1 - 0.9 * np.exp(-steps / 50)}
    return Training(
        run="a", steps=STEPS, seconds=STEPS.astype(float), at={**usual, **at},
        about={"layers": ["one", "two", "three"], "units": [4, 4, 4], "labels": labels, "classes": list("abcdefghij")},
        given={name: np.stack([steps, values], 1) for name, values in told.items()},
    )  # fmt: skip


def column(value: float, since: int = 0) -> np.ndarray:
    """(T, 3) with a value in the second layer from a record on."""
    found = np.full((T, 3), np.nan, np.float32)
    found[since:, 1] = value
    return found


def missing(c: int) -> np.ndarray:
    said = np.tile(np.arange(N) % 10, (T, 1))
    said[said == c] = 0
    return said


PLANTED = {
    "dying units": {"dead": column(0.75, 3)},
    "learning rate too high": {"update": np.full((T, 3), 0.4)},
    "exploding gradients": {"gradient": column(100.0)},
    "vanishing gradients": {"gradient": np.tile([1e-6, 0.1, 1.0], (T, 1))},
    "aliased first layer": {"aliased": column(0.4)},
    "duplicated first filters": {"twins": column(0.5)},
    "saturated gates": {"saturated": column(0.9)},
    "collapsed rank": {"rank": np.where(np.arange(T)[:, None] > 3, 1.05, np.full((T, 3), 6.0))},
    "memorising": {"evaluated": np.tile([5.0, 0.12], (T, 1)), "trained": np.tile([5.0, 0.12], (T, 1))},
    "class never predicted": {"classes": missing(4)},
    "modes disagree": {"evaluated": np.tile([3.0, 0.8], (T, 1))},
}


def test_a_healthy_record_has_no_alarm() -> None:
    assert alarms(healthy()) == []


@pytest.mark.parametrize("fault", RULES)
def test_each_fault_is_named_with_its_figure(fault: str) -> None:
    run = healthy(**PLANTED.get(fault, {}))
    if fault == "learning rate too low":
        flat = np.stack([np.arange(1, 257), np.full(256, 2.3)], 1)
        run = replace(healthy(update=np.full((T, 3), 1e-7)), given={"loss": flat})
    found = alarms(run)
    assert {a.fault for a in found} == {fault}
    one = found[0]
    assert one.threshold == RULES[fault].threshold
    assert one.advice
    if fault == "dying units":
        assert (one.step, one.place, one.value) == (8, "two", 0.75)
    if fault == "class never predicted":
        assert (one.place, one.value) == ("e", 10)
    assert any(fault in line and f"{one.value:.3g}" in line for line in of(run).lines(run))


def test_what_passes_and_what_is_early_is_no_alarm() -> None:
    passing = np.full((T, 3), 0.05, np.float32)
    passing[2:5] = 0.9
    assert alarms(healthy(dead=passing)) == []
    run = healthy(dead=column(0.9))
    early = replace(run, steps=run.steps[:4], at={n: v[:4] for n, v in run.at.items()}, given={})
    assert alarms(early) == []


def test_a_loss_that_is_no_number_is_named_at_its_step() -> None:
    run = healthy()
    loss = run.given["loss"].copy()
    loss[200:, 1] = np.nan
    found = alarms(replace(run, given={"loss": loss}))
    assert [(a.fault, a.step) for a in found] == [("learning rate too high", 201)]


def test_the_highest_losses_are_told_with_what_the_network_says() -> None:
    losses = np.full((T, N), 0.1, np.float16)
    losses[:, 7] = 4
    said = np.tile(np.arange(N) % 10, (T, 1))
    said[:, 7] = 3
    first = persistent(healthy(losses=losses, classes=said))[0]
    assert (first["example"], first["loss"], first["said"]) == (7, 4.0, 3)


def test_a_real_training_its_alarms_and_its_page(tmp_path: Path) -> None:
    x, y = digits()
    for rate in (0.05, 4.0):
        torch.manual_seed(0)
        net = Convolutions()
        given = {"process": False, "share": 1e9, "every": 10, "name": f"rate {rate}", "labels": list("0123456789")}
        with deepro.watch(net, (x[1500:1600], y[1500:1600]), tmp_path / "ws", **given) as w:
            train(net, w.step, steps=60, lr=rate)
        found = {a.fault for a in alarms(read_run(tmp_path / "ws", f"rate {rate}"))}
        assert ("learning rate too high" in found) == (rate > 1)
        assert found == set() or rate > 1
    page = build(deepro.Workspace(tmp_path / "ws"))
    data = page.parent / "data"
    assert len(list(data.glob("training-*.js"))) == 2
    assert len(list(data.glob("training_layer-*.js"))) == 6
    pictures = {p.name for p in page.parent.rglob("pictures/*/*")}
    assert {"examples.jpg", "filters.png", "heatmaps.png", "0.jpg"} <= pictures
