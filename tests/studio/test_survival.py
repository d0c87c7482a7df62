"""kill -9 on the server, and on the process that computes: what was finished stays, what was not is made again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tests.studio.conftest import Running, png


def child(server: int) -> int:
    """The computing process of a server."""
    children = [int(c) for c in Path(f"/proc/{server}/task/{server}/children").read_text().split()]
    named = [c for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()]
    assert len(named) == 1
    return named[0]


@pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="finds the computing process in /proc, which is Linux'"
)
def test_nothing_is_lost(tmp_path: Path) -> None:
    running = Running(tmp_path, pause=0.05).start().wait_ready()  # every pass takes a while
    try:
        id = running.upload(png(1))["id"]
        done = running.post("jobs", {"method": "gradient", "image": id})
        assert running.finished(done["id"])["state"] == "done"
        slow = running.post("jobs", {"method": "imagine", "targets": ["cat"], "options": {"steps": 40}})
        waiting = [running.post("jobs", {"method": "gradient", "image": id, "target": t}) for t in ("cat", "dog")]
        running.until(lambda: running.job(slow["id"])["done"] > 2)
        made = sorted(p.name for p in (running.workspace / "results").iterdir())
        stamp = (running.workspace / "results" / made[0] / "manifest.json").stat().st_mtime_ns

        assert running.process is not None
        compute = child(running.process.pid)
        running.kill()
        running.until(lambda: not Path(f"/proc/{compute}").exists(), 15)  # it does not outlive its server

        running.start()
        assert running.job(done["id"])["state"] == "done"
        assert {running.job(j["id"])["state"] for j in (slow, *waiting)} <= {"queued", "running", "done"}
        for job in (slow, *waiting):
            assert running.finished(job["id"])["state"] == "done"
        after = sorted(p.name for p in (running.workspace / "results").iterdir())
        assert set(made) < set(after)
        assert not [name for name in after if name.startswith(".")]
        assert (running.workspace / "results" / made[0] / "manifest.json").stat().st_mtime_ns == stamp

        # The process that computes dies: the server stays, starts another, and the job is made.
        again = running.post("jobs", {"method": "imagine", "targets": ["fox"], "options": {"steps": 40}})
        running.until(lambda: running.job(again["id"])["done"] > 2)
        os.kill(child(running.process.pid), signal.SIGKILL)
        running.until(lambda: running.get("session")["network"]["state"] == "loading")
        assert running.get("overview")["photographs"]
        assert running.finished(again["id"])["state"] == "done"
        assert running.job(again["id"])["attempts"] == 2
    finally:
        running.stop()
