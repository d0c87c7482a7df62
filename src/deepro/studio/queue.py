"""The jobs of a workspace, kept in SQLite: what was asked for is there again after the server was killed.

A job that was running when the server died is queued again; what it had finished is found by its key. There is a lane
for each length of work. A lane serves all viewers: next comes the oldest job of the viewer who has used the least time.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deepro.errors import StoreError, UsageError
from deepro.render.document.studio import Job, JobRequest

MOST_WAITING = 1000  # jobs in the queue
MOST_KEPT = 2000  # jobs that are over
ATTEMPTS = 3  # a job that was running whenever the process died is not tried for ever

_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, viewer TEXT NOT NULL, request TEXT NOT NULL, subject TEXT NOT NULL,
    state TEXT NOT NULL, created TEXT NOT NULL, started TEXT, finished TEXT, error TEXT,
    attempts INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL)
"""
_LATER = {  # columns that came with time
    "later": "INTEGER NOT NULL DEFAULT 0",
    "asked": "TEXT NOT NULL DEFAULT ''",
    "lane": "INTEGER NOT NULL DEFAULT 0",
}
_INDEX = "CREATE UNIQUE INDEX IF NOT EXISTS one_of_asked ON jobs (asked) WHERE state IN ('queued', 'running')"
_COLUMNS = "id, key, viewer, request, subject, state, created, started, finished, error, attempts"


class Queue:
    """The queue of jobs. Each change is on disk before a method returns. Raises StoreError for an unusable file."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._used: dict[str, float] = {}  # seconds of work by viewer
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(file, timeout=20, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._make_table()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"cannot keep jobs in {file}: {error}") from error
        for (id,) in self._do("SELECT id FROM jobs WHERE state = 'running'"):
            self.interrupted(id)

    def _make_table(self) -> None:
        """Also from the file of an older version."""
        self._db.execute(_TABLE)
        have = {row[1] for row in self._db.execute("PRAGMA table_info(jobs)")}
        for name, kind in _LATER.items():
            if name not in have:
                self._db.execute(f"ALTER TABLE jobs ADD COLUMN {name} {kind}")
        self._db.execute("UPDATE jobs SET asked = key WHERE asked = ''")
        self._db.execute("DROP INDEX IF EXISTS one_of_each")
        self._db.execute(_INDEX)

    def close(self) -> None:
        self._db.close()

    def _do(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # ---- asking

    def submit(
        self, request: JobRequest, key: str, viewer: str, subject: str = "", lane: int = 0, *, done: bool = False,
        later: bool = False,
    ) -> Job:  # fmt: skip
        """A new job, or the one that waits or runs for the same.

        key: what is asked; the result's own key in most cases. done: the result is there already. later: after
        everything else that this viewer asks for. lane: jobs of one lane run one after the other.
        Raises UsageError where too many wait.
        """
        with self._lock:
            same = self._do(f"SELECT {_COLUMNS} FROM jobs WHERE asked = ? AND state IN ('queued', 'running')", key)
            if same:
                if not later:
                    self._do("UPDATE jobs SET later = 0 WHERE asked = ? AND state = 'queued'", key)
                return _job(same[0])
            if done and (known := self.known(key)):
                return known
            waiting = self._do("SELECT COUNT(*) FROM jobs WHERE state = 'queued'")[0][0]
            if waiting >= MOST_WAITING:
                raise UsageError(f"{waiting} jobs are waiting; cancel some or wait until they are done")
            id, now = uuid.uuid4().hex[:16], _now()
            self._join(viewer)
            state, finished = ("done", now) if done else ("queued", None)
            self._do(
                "INSERT INTO jobs"
                " (id, key, asked, viewer, request, subject, state, created, finished, later, lane, turn)"
                " SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, COALESCE(MAX(turn), 0) + 1 FROM jobs",
                id, key, key, viewer, request.model_dump_json(), subject, state, now, finished, later, lane,
            )  # fmt: skip
            self._forget()
            return self.job(id)

    def known(self, asked: str) -> Job | None:
        """The latest finished job for this key, None if there is none."""
        found = self._do(
            f"SELECT {_COLUMNS} FROM jobs WHERE asked = ? AND state = 'done' ORDER BY finished DESC LIMIT 1", asked
        )
        return _job(found[0]) if found else None

    def retry(self, id: str, viewer: str) -> Job:
        """Queue a failed or cancelled job again. Raises UsageError for any other."""
        with self._lock:
            job = self.job(id)
            if job.state not in ("failed", "cancelled"):
                raise UsageError(f"the job is {job.state}; only a failed or cancelled one can be tried again")
            asked, lane = self._do("SELECT asked, lane FROM jobs WHERE id = ?", id)[0]
            return self.submit(job.request, asked, viewer, job.subject, lane)

    def cancel(self, id: str) -> Job:
        """Cancel a job that waits or runs; the worker of a running one may take a while to stop."""
        self._do(
            "UPDATE jobs SET state = 'cancelled', finished = ? WHERE id = ? AND state IN ('queued', 'running')",
            _now(), id,
        )  # fmt: skip
        return self.job(id)

    def job(self, id: str) -> Job:
        found = self._do(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", id)
        if not found:
            raise UsageError(f"there is no job {id!r}")
        return _job(found[0])

    def viewer(self, id: str) -> str:
        found = self._do("SELECT viewer FROM jobs WHERE id = ?", id)
        return found[0][0] if found else ""

    def jobs(self, most: int = 500) -> list[Job]:
        """Running, then waiting in the order in which each lane runs them, then those that are over, newest first."""
        running = self._do(f"SELECT {_COLUMNS} FROM jobs WHERE state = 'running'")
        over = self._do(
            f"SELECT {_COLUMNS} FROM jobs WHERE state NOT IN ('queued', 'running')"
            " ORDER BY finished DESC, turn DESC LIMIT ?",
            most,
        )
        lanes = [lane for (lane,) in self._do("SELECT DISTINCT lane FROM jobs WHERE state = 'queued' ORDER BY lane")]
        orders = [enumerate(self._order(lane)[:most], 1) for lane in lanes]
        waiting = [self.job(id).model_copy(update={"position": n}) for order in orders for n, id in order]
        return [*map(_job, running), *waiting, *map(_job, over)]

    # ---- working

    def next(self, lane: int = 0) -> Job | None:
        """Mark the next job of a lane as running and return it, None if none waits."""
        with self._lock:
            order = self._order(lane)
            if not order:
                return None
            self._do("UPDATE jobs SET state = 'running', started = ?, attempts = attempts + 1 WHERE id = ?",
                     _now(), order[0])  # fmt: skip
            return self.job(order[0])

    def _order(self, lane: int) -> list[str]:
        """Waiting jobs as they will run if each took the same time: turn by turn, the least used viewer first."""
        waiting: dict[str, list[str]] = {}
        for id, viewer in self._do(
            "SELECT id, viewer FROM jobs WHERE state = 'queued' AND lane = ? ORDER BY later, turn", lane
        ):
            waiting.setdefault(viewer, []).append(id)
        used = {viewer: self._used.get(viewer, 0.0) for viewer in waiting}
        typical = max(1.0, sum(self._used.values()) / max(1, len(self._used)))
        order = []
        while waiting:
            viewer = min(waiting, key=lambda v: used[v])
            order.append(waiting[viewer].pop(0))
            used[viewer] += typical
            if not waiting[viewer]:
                del waiting[viewer]
        return order

    def finish(
        self, id: str, state: str, error: str | None = None, seconds: float = 0.0, key: str | None = None
    ) -> Job:
        """The worker's word: done, failed or cancelled. key: the result's, where it is another than what was asked."""
        with self._lock:
            viewer = self.viewer(id)
            self._used[viewer] = self._used.get(viewer, 0.0) + seconds
            self._do(
                "UPDATE jobs SET state = ?, error = ?, finished = ?, key = COALESCE(?, key) WHERE id = ?",
                state, error, _now(), key, id,
            )  # fmt: skip
            return self.job(id)

    def interrupted(self, id: str, *, guilty: bool = True) -> Job:
        """Queue a job again, in its old place, after its process died; it fails if that happened too often.

        guilty: false where the process was ended for another job's sake.
        """
        job = self.job(id)
        if guilty and job.attempts >= ATTEMPTS:
            return self.finish(id, "failed", f"the computing process died {job.attempts} times while this ran")
        self._do(
            "UPDATE jobs SET state = 'queued', started = NULL, attempts = attempts - ? WHERE id = ?", not guilty, id
        )
        return self.job(id)

    def _join(self, viewer: str) -> None:
        """Who comes or comes back starts level with the others, neither behind nor with time saved up."""
        active = {v for (v,) in self._do("SELECT DISTINCT viewer FROM jobs WHERE state IN ('queued', 'running')")}
        if viewer not in active:
            least = min((self._used.get(v, 0.0) for v in active), default=0.0)
            self._used[viewer] = max(self._used.get(viewer, 0.0), least) if active else 0.0
        if not active:
            self._used = {viewer: 0.0}

    def _forget(self) -> None:
        self._do(
            "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE state NOT IN ('queued', 'running')"
            " ORDER BY finished DESC LIMIT -1 OFFSET ?)", MOST_KEPT,
        )  # fmt: skip


def _job(row: Sequence[Any]) -> Job:
    id, key, _viewer, request, subject, state, created, started, finished, error, attempts = row
    return Job(
        id=id, key=key, request=JobRequest.model_validate_json(request), subject=subject, state=state, created=created,
        started=started, finished=finished, error=error, attempts=attempts,
    )  # fmt: skip


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
