"""What scripts rely on: progress on stderr that can be silenced."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from deepro import progress
from deepro.cli import progress as told
from deepro.cli.app import app


def work() -> None:
    with told.shown():
        for done in range(3):
            progress.tell("work", done, 3)


def test_quiet_says_nothing_of_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(told, "PAUSE", 0.0)
    monkeypatch.setattr(told, "quiet", False)
    work()
    assert "work" in capsys.readouterr().err
    assert CliRunner().invoke(app, ["--quiet", "methods", "gradcam", "--json"]).exit_code == 0
    assert told.quiet
    work()
    assert capsys.readouterr().err == ""
