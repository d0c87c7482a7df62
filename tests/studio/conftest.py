"""A real Studio on a small network: another process, asked over HTTP as a browser asks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

FACTORY = """
import time
import torch
from torch import nn

class Slow(nn.Module):
    def forward(self, x):
        time.sleep({pause})
        return x

def make():
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5), Slow(),
    )
"""
LABELS = ["<img src=x onerror=alert(1)>", "cat", "dog", "fox", "goose"]


class Running:
    """A server that was started, and how to ask it."""

    def __init__(self, base: Path, *words: str, pause: float = 0.0, env: dict[str, str] | None = None) -> None:
        self.base, self.words, self.env = base, words, env or {}
        self.workspace = base / "ws"
        self.factory = base / "tiny.py"
        self.factory.write_text(FACTORY.format(pause=pause))
        (base / "labels.txt").write_text("\n".join(LABELS))
        self.data = base / "data"
        self.data.mkdir(exist_ok=True)
        for i in range(3):
            Image.fromarray(pixels(100 + i)).save(self.data / f"picture {i}.png")
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> Running:
        words = [
            sys.executable, "-m", "deepro", "studio", str(self.workspace), "--json", "--no-browser", "--port", "0",
            "--model", f"{self.factory}:make", "--labels", str(self.base / "labels.txt"),
            "--preprocess", "size=16,range=1", "--data", str(self.data), "--threads", "1", *self.words,
        ]  # fmt: skip
        env = os.environ | {"OMP_NUM_THREADS": "1"} | self.env
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True
        )
        assert self.process.stdout is not None
        said = ""
        while not said.rstrip().endswith("}"):
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read() if self.process.stderr else ""
            said += line
        self.address = json.loads(said)["address"]
        self.root = self.address.split("?")[0].rstrip("/")
        return self

    def wait_ready(self) -> Running:
        self.until(lambda: self.get("session")["network"]["state"] in ("ready", "failed"))
        assert self.get("session")["network"]["state"] == "ready"
        return self

    def kill(self) -> None:
        """As the machine would: no time to say goodbye."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def ask(
        self, path: str, data: Any = None, *, method: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers (in lower case); no status is an error here."""
        sent = {"X-Deepro": "1"} | (headers or {})
        if isinstance(data, dict):
            data = json.dumps(data).encode()
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(self.root + path, data=data, method=method, headers=sent)
        opener = urllib.request.build_opener(NoRedirect)
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, error.read(), {k.lower(): v for k, v in error.headers.items()}

    def get(self, path: str) -> Any:
        status, body, headers = self.ask(f"/api/v1/{path}")
        assert status == 200, (status, body)
        return json.loads(unpacked(body, headers))

    def post(self, path: str, data: Any = b"", expect: int | tuple[int, ...] = (200, 202), **headers: str) -> Any:
        status, body, _ = self.ask(f"/api/v1/{path}", data, method="POST", headers=headers)
        assert status in (expect if isinstance(expect, tuple) else (expect,)), (status, body)
        return json.loads(body)

    def upload(self, picture: bytes, name: str = "mine.png") -> dict[str, Any]:
        return self.post(f"pictures?name={urllib.parse.quote(name)}", picture)

    def until(self, true: Any, seconds: float = 60) -> None:
        ends = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < ends, "waited too long"
            time.sleep(0.1)

    def job(self, id: str) -> dict[str, Any]:
        return next(j for j in self.get("jobs") if j["id"] == id)

    def finished(self, id: str) -> dict[str, Any]:
        self.until(lambda: self.job(id)["state"] not in ("queued", "running"))
        return self.job(id)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def unpacked(body: bytes, headers: dict[str, str]) -> bytes:
    import gzip

    return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


def pixels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def png(seed: int = 0) -> bytes:
    import io

    buffer = io.BytesIO()
    Image.fromarray(pixels(seed)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("studio")).start()
    try:
        yield running.wait_ready()
    finally:
        running.stop()
