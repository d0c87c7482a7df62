"""The server as a browser meets it: pages, jobs, pictures, and what it does not do."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import synthetic
from tests.studio.conftest import LABELS, Running, pixels, png, unpacked

import deepro
from deepro.render.address import photograph as address_of

# ---- pages


def test_the_page_needs_nothing_from_elsewhere(studio: Running) -> None:
    status, body, headers = studio.ask("/")
    assert status == 200
    text = body.decode()
    assert 'data-source="live"' in text
    assert not re.search(r"https?://", text)
    for address in re.findall(r'(?:src|href)="(viewer/[^"]+)"', text):
        status, _, held = studio.ask("/" + address)
        assert status == 200
        assert "immutable" in held["cache-control"]
    assert "script-src 'self'" in headers["content-security-policy"]


def test_openapi_describes_every_address(studio: Running) -> None:
    described = studio.get("openapi.json")
    assert {"Overview", "Viewer", "Job", "JobRequest", "MethodForm", "Occluded"} <= set(
        described["components"]["schemas"]
    )
    assert {"/api/v1/overview", "/api/v1/jobs", "/api/v1/pages/{kind}/{id}", "/api/v1/methods"} <= set(
        described["paths"]
    )
    assert all(path.startswith("/api/v1/") for path in described["paths"])


def test_what_has_not_changed_is_not_sent_again(studio: Running) -> None:
    status, body, headers = studio.ask("/api/v1/overview")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert json.loads(unpacked(body, headers))["title"]
    again = studio.ask("/api/v1/overview", headers={"If-None-Match": headers["etag"]})
    assert again[0] == 304
    assert again[1] == b""


def test_an_upload_becomes_a_page_with_its_prediction(studio: Running) -> None:
    opened = studio.upload(png(11), "../x<script>.png")
    page = studio.get(f"pages/photograph/{opened['id']}")
    assert page["name"] == "x<script>.png"
    assert [g["label"] for g in page["prediction"]] == [g["label"] for g in opened["prediction"]]
    assert studio.upload(png(11), "another name.png") == opened | {
        "known": True,
        "milliseconds": pytest.approx(opened["milliseconds"], abs=5000),
    }
    source = page["seen"]["source"]
    status, data, headers = studio.ask("/" + source)
    assert status == 200
    assert "immutable" in headers["cache-control"]
    assert headers["content-type"] == "image/png"
    assert data.startswith(b"\x89PNG")


def test_the_prediction_is_the_networks_own(studio: Running) -> None:
    net = deepro.load(f"{studio.factory}:make", labels=LABELS, preprocess="size=16,range=1")
    expected = net.predict(pixels(12))
    opened = studio.upload(png(12))
    assert [(g["label"], g["probability"]) for g in opened["prediction"]] == [
        (label, pytest.approx(p, abs=1e-5)) for label, p in expected
    ]


def test_pages_that_are_not_there(studio: Running) -> None:
    for path in ("pages/photograph/nothing", "pages/nothing/1", "objects/nothing", "jobs/x/cancel", "nothing"):
        status, body, _ = studio.ask(f"/api/v1/{path}", method="POST" if "cancel" in path else "GET")
        assert status in (404, 422), path
        assert set(json.loads(body)) == {"error"}


# ---- jobs


def test_a_job_appears_where_it_belongs(studio: Running) -> None:
    id = studio.upload(png(21))["id"]
    before = studio.get(f"pages/photograph/{id}")["heatmaps"]
    job = studio.post("jobs", {"method": "gradient", "image": id, "target": "cat"})
    assert studio.finished(job["id"])["state"] == "done"
    studio.until(lambda: len(studio.get(f"pages/photograph/{id}")["heatmaps"]) == len(before) + 1)
    assert studio.get(f"pages/photograph/{id}")["heatmaps"][-1]["target"] == "cat"
    studio.until(lambda: studio.job(job["id"])["page"] == ["photograph", id])


def test_the_result_is_what_the_library_makes(studio: Running) -> None:
    id = studio.upload(png(22))["id"]
    job = studio.post(
        "jobs", {"method": "smoothgrad", "image": id, "target": "fox", "options": {"samples": 3, "seed": 5}}
    )
    assert studio.finished(job["id"])["state"] == "done"
    net = deepro.load(f"{studio.factory}:make", labels=LABELS, preprocess="size=16,range=1")
    expected = deepro.heatmap(net, pixels(22), "fox", method="smoothgrad", samples=3, seed=5)
    stored: Any = deepro.open(studio.workspace / "results" / f"heatmap-{job['key']}")
    np.testing.assert_allclose(stored.values, expected.values, rtol=1e-4, atol=1e-7)


def test_two_viewers_asking_for_the_same_get_one_job(studio: Running) -> None:
    id = studio.upload(png(23))["id"]
    request = {"method": "integrated_gradients", "image": id, "options": {"steps": 20}}
    answers: list[str] = []

    def ask(viewer: int) -> None:
        cookie = f"deepro_viewer_{studio.root.rsplit(':', 1)[1]}={viewer:032x}"
        answers.append(studio.post("jobs", request, Cookie=cookie)["id"])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert len([j for j in studio.get("jobs") if j["request"]["image"] == id]) == 1
    assert studio.finished(answers[0])["state"] == "done"


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"method": "gradeint"}, "did you mean gradient"),
        ({"method": "gradient"}, "needs a photograph"),
        ({"method": "gradient", "image": "nothing"}, "no photograph 'nothing'"),
        ({"method": "gradient", "image": "ID", "target": "zebra"}, "zebra"),
        ({"method": "gradient", "image": "ID", "options": {"samples": 3}}, "no option 'samples'"),
        ({"method": "smoothgrad", "image": "ID", "options": {"samples": 0}}, "expected 1 to 10000"),
        ({"method": "smoothgrad", "image": "ID", "options": {"samples": "many"}}, "expected int"),
        ({"method": "deconvnet", "image": "ID"}, "needs layer"),
        ({"method": "deconvnet", "image": "ID", "layer": "9"}, "unknown layer"),
        ({"method": "gradcam", "image": "ID", "arguments": {"layer": "9"}}, "unknown layer"),
        ({"method": "imagine"}, "needs targets"),
        ({"method": "trace"}, "needs a text"),
        (
            {"method": "gradient", "image": "ID", "model": "os:system"},
            "model: Extra",
        ),  # the command line alone names factories
        ({"method": "gradient", "image": "ID", "options": {"net": 1}}, "no option 'net'"),
        ({"method": "pca", "layer": "0", "options": {"dataset": "/etc"}}, "no option 'dataset'"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(request_: dict[str, Any], why: str, studio: Running) -> None:
    id = studio.upload(png(24))["id"]
    asked = {k: id if v == "ID" else v for k, v in request_.items()}
    error = studio.post("jobs", asked, expect=422)["error"]
    assert why in error
    assert "\n" not in error


def test_cancelling_a_running_job_and_trying_again(studio: Running) -> None:
    job = studio.post("jobs", {"method": "imagine", "targets": ["cat"], "options": {"steps": 10_000}})
    studio.until(lambda: studio.job(job["id"])["state"] == "running")
    waiting = studio.post("jobs", {"method": "imagine", "targets": ["dog"], "options": {"steps": 10_000}})
    assert studio.post(f"jobs/{waiting['id']}/cancel")["state"] == "cancelled"
    studio.until(lambda: studio.job(job["id"])["done"] > 0)
    studio.post(f"jobs/{job['id']}/cancel")
    assert studio.finished(job["id"])["state"] == "cancelled"
    again = studio.post(f"jobs/{job['id']}/retry")
    assert again["state"] == "queued"
    studio.post(f"jobs/{again['id']}/cancel")
    studio.finished(again["id"])
    assert not list(studio.workspace.glob("results/pattern-*"))


def test_events_tell_of_jobs_and_pages(studio: Running) -> None:
    import urllib.request

    id = studio.upload(png(25))["id"]
    heard: list[str] = []

    def listen() -> None:
        with urllib.request.urlopen(f"{studio.root}/api/v1/events", timeout=30) as stream:
            for line in stream:
                if line.startswith(b"event: "):
                    heard.append(line.decode().split()[1])
                if "site" in heard and heard.count("job") >= 2:
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    studio.until(lambda: heard[:1] == ["session"])
    studio.post("jobs", {"method": "gradient", "image": id})
    thread.join(30)
    assert not thread.is_alive()


# ---- hiding


def test_hiding_is_what_the_network_says_of_the_hidden_picture(studio: Running) -> None:
    import torch

    id = studio.upload(png(31))["id"]
    net = deepro.load(f"{studio.factory}:make", labels=LABELS, preprocess="size=16,range=1")
    inputs = net.prepare(pixels(31)).tensor
    mask = np.zeros((16, 16), bool)
    mask[2:9, 5:12] = True
    for keep in (False, True):
        hidden = torch.from_numpy(~mask if keep else mask)
        expected = torch.where(hidden, inputs.mean((2, 3), keepdim=True), inputs)
        want = net.logits(expected).softmax(1)[0]
        said = studio.post(f"photographs/{id}/occlude?fill=mean&keep={str(keep).lower()}", np.packbits(mask).tobytes())
        for change in said["changes"]:
            assert change["after"] == pytest.approx(float(want[LABELS.index(change["label"])]), abs=1e-5)
        assert said["hidden"] == pytest.approx(float(hidden.float().mean()))
        assert said["first"] == LABELS[int(want.argmax())]
    nothing = studio.post(f"photographs/{id}/occlude", bytes(32))
    assert all(c["before"] == pytest.approx(c["after"], abs=1e-6) for c in nothing["changes"])
    for fill in ("grey", "blur"):
        assert studio.post(f"photographs/{id}/occlude?fill={fill}", np.packbits(mask).tobytes())["fill"] == fill


def test_a_mask_of_another_size_is_refused(studio: Running) -> None:
    id = studio.upload(png(31))["id"]
    assert "expected 32 for 16 x 16" in studio.post(f"photographs/{id}/occlude", bytes(31), expect=422)["error"]
    assert studio.post(f"photographs/{id}/occlude?fill=magic", bytes(32), expect=422)


# ---- safe


def test_uploads_are_limited(studio: Running) -> None:
    assert "no picture" in studio.post("pictures", b"<svg onload=alert(1)>", expect=415)["error"]
    status, body, _ = studio.ask("/api/v1/pictures", b"x", headers={"Content-Length": "99999999999"}, method="POST")
    assert status == 413
    assert b"at most" in body
    assert studio.post("jobs", b"{" + b" " * 100, expect=422)


def test_a_broken_upload_is_not_kept_and_tells_no_place(studio: Running) -> None:
    kept = sorted(studio.workspace.glob("studio/uploads/*"))
    error = studio.post("pictures?name=mine.png", png(51)[:400], expect=(415, 422))["error"]
    assert error.startswith("mine.png is truncated")
    assert sorted(studio.workspace.glob("studio/uploads/*")) == kept


def test_bodies_are_limited_and_every_refusal_is_one_line(studio: Running) -> None:
    headers = {"Content-Type": "application/json"}
    declared = headers | {"Content-Length": "4000001"}
    assert studio.ask("/api/v1/jobs", b"{", method="POST", headers=declared)[0] == 413
    undeclared = iter([b" " * 1_000_000] * 6)  # sent in chunks, of which nobody knows how many come
    with contextlib.suppress(urllib.error.URLError):  # the connection may be cut while it is still sent
        assert studio.ask("/api/v1/jobs", undeclared, method="POST", headers=headers)[0] in (400, 413)
    status, body, _ = studio.ask("/api/v1/jobs", b"[" * 100_000, method="POST", headers=headers)
    assert status == 400
    assert set(json.loads(body)) == {"error"}


def test_nothing_outside_can_be_read(studio: Running) -> None:
    secret = studio.workspace / "deepro.json"
    assert secret.is_file()
    tries = [
        "/api/v1/objects/../../deepro.json",
        "/api/v1/objects/..%2f..%2fdeepro.json",
        "/api/v1/objects/%2e%2e/%2e%2e/deepro.json",
        "/viewer/../api/v1/objects/..%2fpages.sqlite",
        "/viewer/..%2f..%2fwriting.py",
        "/api/v1/pages/..%2f..%2f/deepro.json",
        "/api/v1/data/..%2f/thumb.jpg",
        "/api/v1/data/99/thumb.jpg",
        "/api/v1/results/..%2f..%2fdeepro/figure.png",
        "//etc/passwd",
    ]
    for path in tries:
        status, body, _ = studio.ask(path)
        assert status in (400, 404, 405, 421, 422), path
        assert b"schema" not in body


def test_no_trace_reaches_the_browser(studio: Running) -> None:
    tries: list[tuple[str, Any]] = [
        ("jobs", b"\xff\xfe"),
        ("jobs", b"[]"),
        ("jobs", b'{"method": 1}'),
        ("jobs", b'{"method": "gradient", "options": {"a": NaN}}'),
        ("pictures", bytes(100)),
        ("photographs/%00/occlude", b""),
        ("data/1e9/open", b""),
        ("report", b'{"photographs": ["nothing"]}'),
    ]
    for path, data in tries:
        status, body, _ = studio.ask(
            f"/api/v1/{path}", data, method="POST", headers={"Content-Type": "application/json"}
        )
        assert 400 <= status < 500, path
        assert b"Traceback" not in body
        assert b".py" not in body
        assert str(Path(deepro.__file__ or "").parent).encode() not in body


def test_a_foreign_page_cannot_ask_for_anything(studio: Running) -> None:
    for headers in (
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"X-Deepro": "1", "Sec-Fetch-Site": "cross-site"},
    ):
        status, _, _ = studio.ask("/api/v1/jobs", {"method": "imagine", "targets": [1]}, headers=headers)
        assert status in (403, 421)


# ---- to take away


def test_figures_and_reports(studio: Running) -> None:
    id = studio.upload(png(41))["id"]
    other = studio.upload(png(42))["id"]
    job = studio.post("jobs", {"method": "gradient", "image": id})
    studio.finished(job["id"])
    for kind, start in {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}.items():
        status, data, headers = studio.ask(f"/api/v1/results/{job['key']}/figure.{kind}")
        assert status == 200
        assert data.startswith(start)
        assert "attachment" in headers["content-disposition"]
    status, data, headers = studio.ask("/api/v1/report", {"photographs": [id]})
    assert status == 200
    assert "attachment" in headers["content-disposition"]
    text = data.decode()
    assert f'"data:photograph-{id}"' in text
    assert other not in text
    status, data, _ = studio.ask("/api/v1/report", {"photographs": [id], "single_file": False})
    assert data.startswith(b"PK")
    studio.until(lambda: not list((studio.workspace / "studio" / "reports").iterdir()))


def test_labels_are_text_wherever_they_go(studio: Running) -> None:
    """A class is called <img onerror>: in JSON, in the report, in figures it stays a name."""
    id = studio.upload(png(43))["id"]
    studio.finished(studio.post("jobs", {"method": "gradient", "image": id, "target": LABELS[0]})["id"])
    _, data, _ = studio.ask("/api/v1/report", {"photographs": [id]})
    assert b"<img src=x" not in data
    status, _, headers = studio.ask("/api/v1/labels")
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"


def test_an_address_opens_while_the_server_has_just_begun(tmp_path: Path) -> None:
    """A link to a page of a workspace that nobody has opened before waits for the page to be made."""
    workspace = synthetic.workspace(tmp_path / "ws", names=("cat.png",))
    made = next(iter(workspace.results("prediction"))).provenance
    assert made is not None
    photograph = address_of("cat.png", made.network["fingerprint"], str(made.data[0]["sha256"]))
    running = Running(tmp_path).start()
    try:
        began = time.monotonic()
        status = running.ask(f"/api/v1/pages/photograph/{photograph}")[0]
        assert status == 200 or time.monotonic() - began > 15  # it has waited, on a machine with too much to do
        running.until(lambda: running.ask(f"/api/v1/pages/photograph/{photograph}")[0] == 200)
        running.until(lambda: running.get("session")["pending"] == 0)
        assert running.ask("/api/v1/pages/photograph/nothing")[0] == 404
    finally:
        running.stop()
