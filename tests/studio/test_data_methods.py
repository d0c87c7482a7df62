"""Surveys and ablations, asked for from a browser: on the Studio's own data, resumed, and shown where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.studio.conftest import LABELS, Running, pixels, png

import deepro


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Studio whose data are two folders, which are classes of the network."""
    base = tmp_path_factory.mktemp("labelled")
    for i in range(40):
        place = base / "photos" / ("cat", "dog")[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(i)).save(place / f"{i}.png")
    running = Running(base, "--data", str(base / "photos"), pause=0.04).start()
    try:
        yield running.wait_ready()
    finally:
        running.stop()


def own(running: Running) -> Any:
    return deepro.load(f"{running.factory}:make", labels=LABELS, preprocess="size=16,range=1")


def test_a_survey_is_what_the_library_makes(labelled: Running) -> None:
    job = labelled.post("jobs", {"method": "survey", "layers": ["0", "3"], "options": {"top_k": 4}})
    done = labelled.finished(job["id"])
    assert done["state"] == "done", done["error"]
    expected = deepro.survey(own(labelled), labelled.base / "photos", ["0", "3"], 4)
    assert expected.provenance is not None
    assert done["key"] == expected.provenance.key  # one survey, whoever asks for it
    stored: Any = deepro.open(labelled.workspace / "results" / f"survey-{done['key']}")
    np.testing.assert_array_equal(stored.layers["3"].images, expected.layers["3"].images)
    labelled.until(lambda: labelled.job(job["id"])["page"] == ["survey", done["key"][:12]])
    address = f"pages/survey/{done['key'][:12]}"
    # The galleries come after it, in jobs of their own.
    labelled.until(lambda: [layer["examples"] for layer in labelled.get(address)["layers"]] == [6, 8])
    page = labelled.get(address)
    assert page["health"]
    assert page["classes"] == ["cat", "dog"]
    again = labelled.post("jobs", {"method": "survey", "layers": ["0", "3"], "options": {"top_k": 4}})
    assert again["id"] == job["id"]
    assert again["state"] == "done"


def test_short_work_runs_between_the_batches_of_a_survey(labelled: Running) -> None:
    long = labelled.post("jobs", {"method": "survey", "layers": ["3"], "options": {"top_k": 2, "batch_size": 1}})
    other = labelled.post("jobs", {"method": "survey", "layers": ["0"], "options": {"top_k": 2, "batch_size": 1}})
    labelled.until(lambda: labelled.job(long["id"])["done"] > 0)
    id = labelled.upload(png(50))["id"]
    short = labelled.post("jobs", {"method": "gradient", "image": id})
    labelled.until(lambda: labelled.job(short["id"])["state"] == "done")
    assert labelled.job(other["id"])["state"] == "queued"  # a data set is waiting, a photograph is not
    assert labelled.job(long["id"])["state"] in ("running", "done")
    assert labelled.get(f"pages/photograph/{id}")["heatmaps"]  # its page too
    labelled.until(lambda: (job := labelled.job(long["id"]))["left"] is not None or job["state"] == "done")
    assert labelled.post(f"jobs/{other['id']}/cancel")["state"] == "cancelled"
    assert labelled.finished(long["id"])["seconds"] > 0


def test_cancelling_is_seen_at_once(labelled: Running) -> None:
    job = labelled.post("jobs", {"method": "survey", "layers": ["3"], "options": {"top_k": 3, "batch_size": 8}})
    labelled.until(lambda: labelled.job(job["id"])["state"] == "running")
    assert labelled.post(f"jobs/{job['id']}/cancel")["state"] == "cancelled"  # in the answer, not after the batch
    assert labelled.finished(job["id"])["state"] == "cancelled"
    next_one = labelled.post("jobs", {"method": "survey", "layers": ["0"], "options": {"top_k": 3}})
    assert labelled.finished(next_one["id"])["state"] == "done"


def test_an_ablation_is_what_the_library_makes(labelled: Running) -> None:
    from deepro.survey.ablation import ablate

    job = labelled.post("jobs", {"method": "ablate", "arguments": {"units": {"3": [1, 5]}}, "options": {"each": True}})
    done = labelled.finished(job["id"])
    assert done["state"] == "done", done["error"]
    expected = ablate(own(labelled), labelled.base / "photos", {"3": [1, 5]}, each=True)
    stored: Any = deepro.open(labelled.workspace / "results" / f"ablation-{done['key']}")
    assert done["key"] == expected.provenance.key
    np.testing.assert_allclose(stored.loss, expected.loss, rtol=1e-5)
    labelled.until(lambda: labelled.job(job["id"])["page"] == ["experiment", done["key"][:12]])
    mean = labelled.post("jobs", {"method": "ablate", "arguments": {"units": {"3": [1]}}, "options": {"fill": "mean"}})
    assert labelled.finished(mean["id"])["state"] == "done"


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"method": "ablate"}, "needs units"),
        ({"method": "ablate", "arguments": {"units": {"9": [0]}}}, "unknown layer"),
        ({"method": "survey", "layers": ["nothing"]}, "unknown layer"),
        ({"method": "survey", "options": {"top_k": 0}}, "expected 1 to 100"),
        ({"method": "survey", "options": {"workspace": "/tmp"}}, "no option 'workspace'"),
        ({"method": "survey", "options": {"dataset": "/etc"}}, "no option 'dataset'"),
    ],
)
def test_what_does_not_fit(labelled: Running, request_: dict[str, Any], why: str) -> None:
    assert why in labelled.post("jobs", request_, expect=422)["error"]


def test_a_killed_survey_goes_on_where_it_was(tmp_path: Path) -> None:
    """kill -9 in the middle: the job is there again, and the shards that were kept are not read twice."""
    base = tmp_path
    (base / "photos").mkdir()
    for i in range(20):
        Image.fromarray(pixels(i)).save(base / "photos" / f"{i:02}.png")
    running = Running(base, "--data", str(base / "photos"), pause=0.04).start().wait_ready()
    try:
        options = {"batch_size": 1, "shard_size": 2}
        job = running.post("jobs", {"method": "survey", "layers": ["0"], "options": options})
        kept = running.workspace / "surveys"
        running.until(lambda: list(kept.glob("*/state.npz")) and running.job(job["id"])["done"] >= 6)
        running.kill()
        running.start()
        running.until(lambda: running.job(job["id"])["done"] > 0)
        assert running.job(job["id"])["done"] >= 6
        done = running.finished(job["id"])
        assert done["state"] == "done", done["error"]
        assert done["attempts"] == 2
        cancelled = running.post("jobs", {"method": "survey", "layers": ["3"]})  # one shard: stopped in its middle
        running.until(lambda: running.job(cancelled["id"])["state"] == "running")
        running.post(f"jobs/{cancelled['id']}/cancel")
        assert running.finished(cancelled["id"])["state"] == "cancelled"
        assert running.get("session")["network"]["state"] == "ready"  # it stopped by itself
    finally:
        running.stop()
