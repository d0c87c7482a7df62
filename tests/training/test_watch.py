"""Watching changes nothing and stops nothing; what it records is what an independent reading finds."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import deepro
from deepro.kinds.trainings.training import Training, join
from deepro.methods.trainings.evaluate import centred
from deepro.training.record import RunWriter, read_run, runs
from tests.reference.spaces import unbiased_cka
from tests.training.networks import Attending, Convolutions, Rows, digits, shown, train

KINDS = (Convolutions, Rows, Attending)


def held_out(net: nn.Module, count: int = 60) -> Any:
    x, y = digits()
    return shown(net, x[1500 : 1500 + count]), y[1500 : 1500 + count]


def loop(net: nn.Module, **given: Any) -> Any:
    """A watcher in the loop without limit of time."""
    return deepro.watch(net, held_out(net), process=False, share=1e9, **given)


def ends(net: nn.Module) -> Mapping[str, Any]:
    """Everything that a training could have changed."""
    return {
        **{n: v.clone() for n, v in net.state_dict().items()},
        **{f"{n}.grad": p.grad.clone() for n, p in net.named_parameters() if p.grad is not None},
        "modes": [m.training for m in net.modules()],
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in net.modules()],
        "random": [torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tobytes()],  # type: ignore[union-attr]
    }


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    return all(map(same, one, other)) if isinstance(one, list) else one == other


def started(kind: type[nn.Module]) -> nn.Module:
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    return kind()


def test_a_watched_training_is_bit_for_bit_the_same(tmp_path: Path) -> None:
    plain, watched = {}, {}
    for kind in KINDS:
        net = started(kind)
        train(net)
        plain[kind] = ends(net)
    with contextlib.ExitStack() as stack:
        for kind in KINDS:
            net = started(kind)
            w = stack.enter_context(deepro.watch(net, held_out(net), tmp_path / kind.__name__))
            train(net, w.step)
            watched[kind] = ends(net), w
    for kind in KINDS:
        found, w = watched[kind]
        assert same(plain[kind], found), kind
        assert w.notes == []
        run = read_run(tmp_path / kind.__name__)
        assert {1, 2, 20} <= set(run.steps.tolist())
        assert np.isfinite(run.measure("update")[:2]).any(1).all()
        net = started(kind)
        with loop(net, workspace=tmp_path / f"{kind.__name__} in the loop") as w:
            train(net, w.step)
        assert same(plain[kind], ends(net)), kind
        here = read_run(tmp_path / f"{kind.__name__} in the loop")
        assert here.steps.tolist() == [1, 2, 4, 8, 16, 20]
        # Another process, another number of threads: the same up to rounding.
        np.testing.assert_allclose(run.measure("weight")[-1], here.measure("weight")[-1], rtol=1e-5)
        np.testing.assert_allclose(run.at["evaluated"][-1], here.at["evaluated"][-1], rtol=1e-3)


def test_the_record_is_what_the_network_is(tmp_path: Path) -> None:
    """Norms, answers, strongest examples and shares against plain PyTorch at each step."""
    net = started(Convolutions)
    x, y = held_out(net)
    seen: dict[int, dict[str, np.ndarray]] = {}
    before = [p.detach().double().clone() for p in net.conv2.parameters()]

    def after(**said: Any) -> None:
        nonlocal before
        now = [p.detach().double().clone() for p in net.conv2.parameters()]
        length = sum(float(p.square().sum()) for p in now) ** 0.5
        moved = sum(float((a - b).square().sum()) for a, b in zip(now, before, strict=True)) ** 0.5
        slope = sum(float(p.grad.double().square().sum()) for p in net.conv2.parameters() if p.grad is not None) ** 0.5
        before = now
        net.eval()
        with torch.no_grad():
            maps = net.relu(net.norm(net.conv1(x)))
            logits = net(x)
        net.train()
        seen[len(seen) + 1] = {
            "norms": np.array([slope, moved / length, length]),
            "strengths": maps.amax((2, 3)).numpy(),
            "quiet": (maps <= 0).double().mean((0, 2, 3)).numpy(),
            "classes": logits.argmax(1).numpy(),
            "losses": torch.nn.functional.cross_entropy(logits, y, reduction="none").numpy(),
        }
        w.step(**said)

    with loop(net, workspace=tmp_path / "ws", every=4) as w:
        train(net, after, steps=13)
    run = read_run(tmp_path / "ws")
    assert run.steps.tolist() == [1, 2, 4, 8, 12, 13]
    assert run.layers == ("relu", "conv2", "fc")
    assert np.array_equal(run.given["loss"][:, 0], np.arange(1, 14))
    units = run.units("relu")
    for t, step in enumerate(run.steps.tolist()):
        found = seen[step]
        norms = [run.measure(name)[t, 1] for name in ("gradient", "update", "weight")]
        if step != 13:  # the last has no weights before it
            np.testing.assert_allclose(norms, found["norms"], rtol=1e-4)
        best = np.take_along_axis(found["strengths"].T, run.at["best"][t, units].astype(int), 1)
        np.testing.assert_allclose(best, -np.sort(-found["strengths"], axis=0)[:4].T, rtol=1e-5)
        np.testing.assert_allclose(run.at["strength"][t, units], best, rtol=2e-3)
        np.testing.assert_allclose(run.at["quiet"][t, units], found["quiet"], atol=1e-3)
        assert np.array_equal(run.at["classes"][t], found["classes"])
        np.testing.assert_allclose(run.at["losses"][t], found["losses"], rtol=2e-3, atol=1e-3)


def test_kernels_multiply_to_the_unbiased_cka() -> None:
    random = np.random.default_rng(0)
    one = random.normal(size=(40, 90))
    other = one @ random.normal(size=(90, 30)) + random.normal(size=(40, 30))
    assert centred(one) @ centred(other) == pytest.approx(unbiased_cka(one, other), abs=1e-12)
    assert centred(one) @ centred(one) == pytest.approx(1, abs=1e-12)


def test_parts_are_put_together_and_read_once(tmp_path: Path) -> None:
    writer = RunWriter(deepro.Workspace(tmp_path / "ws"), "a", {"fingerprint": "f"}, (), {"layers": ["one"]})
    for step in range(1, 76):
        writer.add(step, float(step), {"loss": np.array([[step, 1 / step]])}, {"rank": np.array([step], np.float32)})
    places = deepro.Workspace(tmp_path / "ws").places()
    assert len(places) == 1 + 1 + 1 + 3  # the head, 64, 8, and three steps
    run = read_run(tmp_path / "ws")
    assert run.steps.tolist() == run.measure("rank")[:, 0].tolist() == list(range(1, 76))
    assert run.given["loss"][:, 0].tolist() == list(range(1, 76))
    twice = join([run, run])
    assert twice.steps.tolist() == run.steps.tolist()
    assert len(twice.given["loss"]) == 75


SCRIPT = """
    import sys, torch, time, deepro
    sys.path.insert(0, {root!r})
    from tests.training.networks import Convolutions, digits, train
    class Mine(Convolutions):  # of the script itself, which has no guard and must not run again
        pass
    print("began", flush=True)
    x, y = digits()
    net = Mine()
    with deepro.watch(net, (x[1500:1560], y[1500:1560]), {folder!r}, every=5, share=1e9) as w:
        def after(**said):
            w.step(**said)
            time.sleep(0.02)
            if len(w.recorded) - len(w._busy) >= 4:
                print("written", flush=True)
        train(net, after, steps=100000)
"""


def test_a_killed_training_loses_at_most_the_step_in_work(tmp_path: Path) -> None:
    code = textwrap.dedent(SCRIPT).format(root=str(Path(__file__).parents[2]), folder=str(tmp_path / "ws"))
    file = tmp_path / "mine.py"
    file.write_text(code)
    child = subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    lines = [child.stdout.readline().strip(), child.stdout.readline().strip()]
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert lines == ["began", "written"]
    ends = time.monotonic() + 20
    run = read_run(tmp_path / "ws")
    while len(run.steps) < 4 and time.monotonic() < ends:
        time.sleep(0.2)
        run = read_run(tmp_path / "ws")
    assert run.steps[:4].tolist() == [1, 2, 4, 8] or len(run.steps) >= 4
    assert not deepro.Workspace(tmp_path / "ws").damaged()


def test_a_watcher_that_dies_says_so_and_the_training_goes_on(tmp_path: Path) -> None:
    net = started(Convolutions)
    done = []
    with deepro.watch(net, held_out(net), tmp_path / "ws", share=1e9) as w:
        assert w._child is not None
        os.kill(w._child.pid, signal.SIGKILL)
        train(net, lambda **said: (w.step(**said), done.append(1), time.sleep(0.05)))
    assert len(done) == 20
    assert len(w.notes) == 1
    assert "second process" in w.notes[0] or "BrokenPipe" in w.notes[0]


def _pruned(net: Any, step: int) -> None:
    if step == 5:
        net.conv1 = nn.Conv2d(1, 12, 5, padding=2)


def _broken(net: Any, step: int) -> None:
    if step == 5:
        raise RuntimeError("the loop's own")


@pytest.mark.parametrize(
    ("given", "change", "said"),
    [
        ({"probe": "no such folder"}, None, "no such file or folder"),
        ({"probe": torch.zeros(3, 1, 8, 8)}, None, "3 examples, expected at least 5"),
        ({"probe": torch.zeros(9, 4, 8, 8)}, None, "watching did not begin"),
        ({"layers": ["nothing"]}, None, "unknown layer 'nothing'"),
        ({"workspace": __file__}, None, "is a file"),
        ({"disk": 0.05}, None, "its limit"),
        ({}, _pruned, "conv1.weight was (12, 1, 3, 3) and is (12, 1, 5, 5)"),
    ],
)
def test_what_is_wrong_is_one_line_and_the_training_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, given: dict[str, Any], change: Any, said: str
) -> None:
    net, done = started(Convolutions), []

    def after(**told: Any) -> None:
        done.append(1)
        if change:
            change(net, len(done))
        w.step(**told)

    process = change is not None
    asked = {"probe": held_out(net), "workspace": tmp_path / "ws", **given}
    with deepro.watch(net, process=process, share=1e9, **asked) as w:
        train(net, after, steps=12)
    assert len(done) == 12
    assert any(said in line for line in w.notes), w.notes
    lines = [r.getMessage() for r in caplog.records if r.name == "deepro"]
    assert len(lines) == len(w.notes) == 1
    assert "\n" not in lines[0]


def test_an_exception_of_the_loop_passes_and_what_was_recorded_stays(tmp_path: Path) -> None:
    net, done = started(Convolutions), []

    def after(**told: Any) -> None:
        w.step(**told)
        done.append(1)
        _broken(net, len(done))

    with pytest.raises(RuntimeError, match="the loop's own"), loop(net, workspace=tmp_path / "ws") as w:
        train(net, after)
    assert read_run(tmp_path / "ws").steps.tolist() == [1, 2, 4]


def test_half_precision_accumulation_and_two_runs_of_one_workspace(tmp_path: Path) -> None:
    net = started(Convolutions).to(torch.bfloat16)
    x, y = held_out(net)
    optimiser = torch.optim.SGD(net.parameters(), 0.05)
    with (
        deepro.watch(net, (x, y), tmp_path / "ws", process=False, share=1e9, name="a") as w,
        deepro.watch(net, (x, y), tmp_path / "ws", process=False, share=1e9, name="a") as v,
    ):
        for _ in range(4):
            for part in x.split(20):  # three batches a step
                torch.nn.functional.cross_entropy(net(part.bfloat16()).float(), y[: len(part)]).backward()
            optimiser.step()
            w.gradients()
            optimiser.zero_grad()
            w.step()
            v.step()
    assert list(runs(deepro.Workspace(tmp_path / "ws"))) == ["a", "a (2)"] == [w.run, v.run]
    assert not w.notes + v.notes
    run = read_run(tmp_path / "ws", "a")
    assert isinstance(run, Training)
    assert np.isfinite(run.measure("gradient")).all()
    assert np.isnan(read_run(tmp_path / "ws", "a (2)").measure("gradient")).all()  # they were gone


def test_a_costly_watcher_records_less(tmp_path: Path) -> None:
    net = started(Convolutions)
    with deepro.watch(net, held_out(net), tmp_path / "ws", process=False, every=1, share=0.03) as w:
        train(net, w.step, steps=60)
    assert len(w.recorded) < 10
