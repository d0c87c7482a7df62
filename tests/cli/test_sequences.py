"""`deepro trace`, `cells` and `match` on a network of one's own in a file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sequences.planted import texts

FACTORY = """
from tests.sequences.planted import Planted

def make():
    import torch
    torch.manual_seed(1)
    return Planted()
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sequences")
    (folder / "net.py").write_text(FACTORY)
    for number, text in enumerate(texts(4, 80)):
        (folder / f"{number}.txt").write_text(text)
    (folder / "words.json").write_text(json.dumps(["a", "b", " ", '"', "\n"]))
    return folder


def deepro(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import typer\n"
        "from deepro.cli import cells, match, responses, trace\n"
        "from deepro.errors import DeeproError\n"
        "import sys\n"
        "app = typer.Typer()\n"
        "for c in (cells.cells, match.match, responses.responses, trace.trace):\n"
        "    app.command()(c)\n"
        "try:\n"
        "    app()\n"
        "except DeeproError as error:\n"
        "    print(error, file=sys.stderr)\n"
        "    sys.exit(error.exit_code)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=place, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
    )  # fmt: skip


def test_what_is_made_of_each_sequence(place: Path) -> None:
    common = ["trace", "net.py:make", "0.txt", "1.txt", "--vocabulary", "words.json", "--out", "each", "--json"]
    told = deepro(place, *common, "--also", "attribute_steps", "-o", "how=occlusion", "-o", "step=5")
    assert told.returncode == 0, told.stderr
    lines = json.loads(told.stdout)["also"]
    assert len(lines) == 2
    assert all("at step 5 is" in line for line in lines)
    told = deepro(place, *common, "--also", "intervene", "-o", "unit=3", "-o", "start=4")
    assert told.returncode == 0, told.stderr
    assert all("intervention on rnn c 3 from step 4" in line for line in json.loads(told.stdout)["also"])
    assert "no attention" in deepro(place, *common, "--also", "attention").stderr


def test_trace(place: Path) -> None:
    told = deepro(place, "trace", "net.py:make", "--tokens", "3,0,3", "--json", "--out", "ws", "--input-shape", "8")
    assert told.returncode == 0, told.stderr
    row = json.loads(told.stdout)["layers"][0]
    assert (row["layer"], row["kind"], row["steps"], row["units"]) == ("rnn", "LSTM", 3, 8)
    assert row["check"] < 1e-6
    wrong = deepro(place, "trace", "net.py:make", "--tokens", "3,x", "--input-shape", "8")
    assert wrong.returncode == 2
    assert "expected whole numbers" in wrong.stderr


def test_cells(place: Path) -> None:
    files = [f"{k}.txt" for k in range(4)]
    told = deepro(place, "cells", "net.py:make", *files, "--vocabulary", "words.json", "--track", "double quotes",
                  "-o", "shifts=20", "-o", "clamp_steps=60", "-o", "others=4", "--input-shape", "8")  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "double quotes" in told.stdout
    assert "rnn h 3" in told.stdout or "rnn c 3" in told.stdout


def test_a_column_of_ones_own(place: Path) -> None:
    texts_ = [(place / f"{k}.txt").read_text() for k in range(4)]
    inside = [[sum(c == '"' for c in t[: k + 1]) % 2 for k in range(len(t))] for t in texts_]
    (place / "mine.json").write_text(json.dumps(inside))
    files = [f"{k}.txt" for k in range(4)]
    told = deepro(place, "cells", "net.py:make", *files, "--vocabulary", "words.json", "--column", "mine=mine.json",
                  "-o", "shifts=10", "-o", "controls=1", "-o", "others=0", "--json", "--input-shape", "8")  # fmt: skip
    assert told.returncode == 0, told.stderr
    best = json.loads(told.stdout)["findings"][0]
    assert (best["track"], best["unit"]) == ("mine", 3)
    assert best["held_out"] > 0.99
    (place / "short.json").write_text("[[1, 0]]")
    wrong = deepro(place, "cells", "net.py:make", *files, "--vocabulary", "words.json", "--column", "mine=short.json",
                   "--input-shape", "8")  # fmt: skip
    assert wrong.returncode == 2
    assert "1 columns, expected one for each of 4" in wrong.stderr


def test_match(place: Path) -> None:
    text = (place / "0.txt").read_text()
    start = text.index('"')
    told = deepro(place, "match", "net.py:make", f"{start}:{start + 2}", "0.txt", "1.txt", "--vocabulary", "words.json",
                  "-o", "cells=3", "-o", "threshold=1.5", "--input-shape", "8")  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "matches in" in told.stdout
    assert '["' in told.stdout
    wrong = deepro(place, "match", "net.py:make", "5", "0.txt", "--vocabulary", "words.json", "--input-shape", "8")
    assert wrong.returncode == 2
    assert "START:STOP" in wrong.stderr


def test_responses_of_two_networks(place: Path) -> None:
    common = ["responses", "net.py:make", "0.txt", "1.txt", "2.txt", "--vocabulary", "words.json", "--input-shape", "8"]
    told = deepro(place, *common, "--other", "net.py:make", "--out", "two", "-o", "state=c")
    assert told.returncode == 0, told.stderr
    assert "rank correlation 1.00" in told.stdout  # the same network twice
    page = Path(told.stdout.split("report", 1)[1].strip())
    assert (place / page).is_file()
    other = deepro(place, *common, "--other", "net.py:make", "--other-layer", "rn", "--out", "two", "--json")
    assert other.returncode == 2
    assert "did you mean rnn" in other.stderr
    assert other.stderr.count("\n") == 1
