"""Jobs: one of each, in fair turns, and none lost."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from deepro.errors import UsageError
from deepro.render.document.studio import JobRequest
from deepro.studio.queue import ATTEMPTS, MOST_WAITING, Queue

_keys = itertools.count()


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "jobs.sqlite")


def put(queue: Queue, viewer: str = "a", key: str | None = None, **more: Any) -> str:
    return queue.submit(JobRequest(method="gradient"), key or f"key{next(_keys)}", viewer, **more).id


def run(queue: Queue, seconds: float = 1.0) -> str:
    job = queue.next()
    assert job is not None
    queue.finish(job.id, "done", seconds=seconds)
    return job.id


def test_the_same_result_asked_for_twice_is_one_job(queue: Queue) -> None:
    first = put(queue, "a", "k")
    assert put(queue, "b", "k") == first
    assert queue.next().id == first  # type: ignore[union-attr]
    assert put(queue, "c", "k") == first  # also while it runs
    queue.finish(first, "done")
    assert put(queue, "a", "k", done=True) == first  # and when it is there
    assert put(queue, "a", "k") != first  # but made again where its result is gone


def test_viewers_take_turns(queue: Queue) -> None:
    many = [put(queue, "a") for _ in range(3)]
    few = [put(queue, "b") for _ in range(2)]
    assert [job.id for job in queue.jobs()] == [many[0], few[0], many[1], few[1], many[2]]
    assert [job.position for job in queue.jobs()] == [1, 2, 3, 4, 5]
    assert [run(queue) for _ in range(5)] == [many[0], few[0], many[1], few[1], many[2]]
    assert queue.next() is None


def test_who_had_long_jobs_waits_longer(queue: Queue) -> None:
    many = [put(queue, "a") for _ in range(2)]
    few = [put(queue, "b") for _ in range(3)]
    order = [run(queue, 100.0)] + [run(queue) for _ in range(4)]
    assert order == [many[0], *few, many[1]]


def test_who_comes_late_has_no_time_saved_up(queue: Queue) -> None:
    first = [put(queue, "a") for _ in range(4)]
    run(queue, 50.0)
    late = [put(queue, "b") for _ in range(3)]
    order = [run(queue) for _ in range(6)]
    assert set(order[:2]) == {late[0], first[1]}  # turn by turn from here on, not three of b's first
    assert set(order[2:4]) == {late[1], first[2]}


def test_usual_methods_stand_behind_what_was_asked_for(queue: Queue) -> None:
    usual = [put(queue, later=True) for _ in range(2)]
    asked = put(queue)
    same = put(queue, key="k", later=True)
    put(queue, key="k")  # asked for by hand: no longer behind
    assert [run(queue) for _ in range(4)] == [asked, same, *usual]


def test_cancelling_and_trying_again(queue: Queue) -> None:
    waiting = put(queue)
    assert queue.cancel(waiting).state == "cancelled"
    assert queue.next() is None
    again = queue.retry(waiting, "a")
    assert again.id != waiting
    assert again.state == "queued"
    running = queue.next()
    assert running is not None
    with pytest.raises(UsageError, match="is running"):
        queue.retry(running.id, "a")
    assert queue.cancel(running.id).state == "cancelled"  # at once, whatever its worker still does
    with pytest.raises(UsageError, match="no job"):
        queue.job("nothing")


def test_short_jobs_do_not_wait_for_long_ones(queue: Queue) -> None:
    long = [put(queue, lane=2) for _ in range(2)]
    short = [put(queue, "b", lane=0) for _ in range(2)]
    assert queue.next(2).id == long[0]  # type: ignore[union-attr]
    assert queue.next(0).id == short[0]  # type: ignore[union-attr]
    assert queue.next(1) is None
    assert [(j.id, j.position) for j in queue.jobs()[2:]] == [(short[1], 1), (long[1], 1)]
    queue.cancel(long[0])
    assert queue.retry(long[0], "a").position is None
    assert queue.next(0).id == short[1]  # type: ignore[union-attr]
    assert queue.next(0) is None  # it kept its lane


def test_who_was_killed_beside_another_is_not_blamed(queue: Queue) -> None:
    id = put(queue)
    for _ in range(ATTEMPTS + 2):
        assert queue.next() is not None
        queue.interrupted(id, guilty=False)
    assert queue.job(id).state == "queued"


def test_a_new_server_finds_everything(tmp_path: Path) -> None:
    before = Queue(tmp_path / "jobs.sqlite")
    done, running, waiting = put(before), put(before), put(before)
    assert run(before) == done
    assert before.next().id == running  # type: ignore[union-attr]
    # No close: the process is gone.
    after = Queue(tmp_path / "jobs.sqlite")
    assert after.job(done).state == "done"
    assert after.job(running).state == "queued"
    assert [run(after), run(after)] == [running, waiting]


def test_a_job_that_kills_its_process_is_not_tried_for_ever(tmp_path: Path) -> None:
    id = put(Queue(tmp_path / "jobs.sqlite"))
    for _ in range(ATTEMPTS):
        queue = Queue(tmp_path / "jobs.sqlite")
        assert queue.next() is not None
    queue = Queue(tmp_path / "jobs.sqlite")
    assert queue.next() is None
    assert queue.job(id).state == "failed"
    assert "died 3 times" in (queue.job(id).error or "")


def test_the_queue_has_an_end(queue: Queue) -> None:
    queue._do("BEGIN")
    for _ in range(MOST_WAITING):
        put(queue)
    queue._do("COMMIT")
    with pytest.raises(UsageError, match="1000 jobs are waiting"):
        put(queue)


def test_a_file_of_an_older_version_is_taken_over(tmp_path: Path) -> None:
    """Without the columns that came later; its waiting job is still there, once."""
    db = sqlite3.connect(tmp_path / "jobs.sqlite")
    db.executescript(
        "CREATE TABLE jobs (id TEXT PRIMARY KEY, key TEXT NOT NULL, viewer TEXT NOT NULL, request TEXT NOT NULL,"
        " subject TEXT NOT NULL, state TEXT NOT NULL, created TEXT NOT NULL, started TEXT, finished TEXT, error TEXT,"
        " attempts INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL);"
        "CREATE UNIQUE INDEX one_of_each ON jobs (key) WHERE state IN ('queued', 'running');"
    )
    row = ("a", "k", "v", '{"method": "gradient"}', "", "running", "t", "t", None, None, 1, 1)
    db.execute(f"INSERT INTO jobs VALUES ({', '.join('?' * len(row))})", row)
    db.commit()
    db.close()
    queue = Queue(tmp_path / "jobs.sqlite")
    assert queue.job("a").state == "queued"
    assert put(queue, key="k") == "a"
    assert run(queue) == "a"
    again = Queue(tmp_path / "jobs.sqlite")
    assert again.job("a").state == "done"


def test_what_was_asked_and_what_was_made_may_have_two_names(queue: Queue) -> None:
    first = put(queue, key="asked")
    queue.next()
    assert put(queue, key="asked") == first
    queue.finish(first, "done", key="made")
    assert queue.job(first).key == "made"
    assert queue.known("asked") == queue.job(first)
    assert queue.known("made") is None
    failed = put(queue, key="other")
    queue.next()
    queue.finish(failed, "failed", "no")
    assert put(queue, key="other") == queue.retry(failed, "a").id
