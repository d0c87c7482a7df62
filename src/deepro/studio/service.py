"""The Studio of one workspace: its pages, its jobs, its computing process and the viewers that are open."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import shutil
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deepro.errors import DeeproError, UsageError
from deepro.progress import Pace, Step
from deepro.render.document.studio import (
    DataCard,
    Job,
    JobRequest,
    LiveNetwork,
    MethodForm,
    NoteRequest,
    Session,
    SiteEvent,
)
from deepro.render.version import version
from deepro.report.overview import Note
from deepro.store import Workspace
from deepro.studio import pictures
from deepro.studio.engine import CancelledError, Engine, LostError
from deepro.studio.events import Events
from deepro.studio.page_store import PREFIX, PageStore
from deepro.studio.pictures import Data
from deepro.studio.queue import Queue
from deepro.studio.worker import LANES, Spec

API = 1
PATIENCE = 4.0  # seconds for a job to stop by itself once it is cancelled
PREVIEWS = 60
WAIT = 20.0  # seconds for a page that is being made
SETTLE = 0.3  # seconds between two events about pages


class Studio:
    """The Studio of one workspace; it is used inside one event loop, between `open` and `close`."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.workspace = Workspace(spec.workspace)
        self.folder = self.workspace.folder / "studio"
        self.pages = PageStore(self.folder)
        self.queue = Queue(self.folder / "jobs.sqlite")
        self.data = Data(spec.data) if spec.data else None
        self.events = Events()
        self.engine = Engine(spec, self._hear)
        self.network = LiveNetwork(state="loading" if spec.model else "none")
        self.labels: list[str] = []
        self.forms: asyncio.Future[list[MethodForm]] | None = None
        # Results without pages yet: a request for such a page waits until it is made.
        unseen = not self.pages.groups() and any(self.workspace.places())
        self.pending = self.pages.pending() or int(unseen)
        self.revision = 0
        self._previews: list[dict[str, Any]] = []
        self._running: dict[int, str] = {}  # lane -> job
        self._progress: dict[str, Pace] = {}
        self._killed = False  # the computing process, for the sake of a job that did not stop
        self._packed: tuple[int, bytes, str] | None = None  # revision, overview, its tag
        self._published = 0.0
        self._expected: set[str] = set()  # pages of pictures that were just opened
        self._tasks: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.forms = self.loop.create_future()
        shutil.rmtree(self.folder / "reports", ignore_errors=True)
        self.engine.start()
        if self.pending or not self.pages.groups():
            threading.Thread(target=self._preview, daemon=True, name="preview").start()
        if self.spec.model:
            self._pump()

    def close(self) -> None:
        self.engine.close()
        for task in self._tasks:
            task.cancel()
        self.pages.close()
        self.queue.close()

    # ---- pages

    def _preview(self) -> None:
        """Show photographs and labels at once, before their pages are made."""
        with contextlib.suppress(Exception):  # only a convenience; what is wrong is shown with the pages
            for most in (6, PREVIEWS):
                self._previews = pictures.preview(self.workspace, most, lambda d: PREFIX + self.pages.put(d, "jpg"))
                self.loop.call_soon_threadsafe(self._changed)

    def overview(self) -> tuple[bytes, str]:
        """The overview as compressed JSON, and its ETag."""
        if self._packed is None or self._packed[0] != self.revision:
            revision = self.revision
            made = self.pages.overview({"photographs": self._previews})
            if not made.title:
                made = made.model_copy(update={"title": self.workspace.folder.name, "deepro": version()})
            notes = [Note(**{k: str(n[k]) for k in Note.model_fields}) for n in self.workspace.notes()]
            made = made.model_copy(update={"notes": notes})
            text = made.model_dump_json().encode()
            self._packed = revision, gzip.compress(text, 5, mtime=0), hashlib.sha256(text).hexdigest()[:32]
        return self._packed[1], self._packed[2]

    def note(self, wanted: NoteRequest) -> None:
        self.workspace.set_note(wanted.address, wanted.title, wanted.text)
        self._changed()

    async def page(self, name: str) -> str | None:
        """The object of a page. Waits, WAIT seconds at most, if the page is being made for the first time."""
        found = self.pages.page(name)
        if found is None and (self.pending or name in self._expected):
            self.engine.tell("pages", [name])
            ends = time.monotonic() + WAIT
            while found is None and time.monotonic() < ends and (self.pending or name in self._expected):
                await asyncio.sleep(0.05)
                found = self.pages.page(name)
        self._expected.discard(name)
        return found

    def _changed(self) -> None:
        """Publish that pages have changed, at most once in SETTLE seconds."""
        self.revision += 1
        wait = SETTLE - (time.monotonic() - self._published)
        if wait <= 0:
            self._publish_site()
        elif not any(t.get_name() == "site" for t in self._tasks):
            self._task(self._publish_later(wait), "site")

    async def _publish_later(self, wait: float) -> None:
        await asyncio.sleep(wait)
        self._publish_site()

    def _publish_site(self) -> None:
        self._published = time.monotonic()
        self.events.publish("site", "", SiteEvent(revision=self.revision, pending=self.pending).model_dump())

    # ---- messages of the computing process

    def _hear(self, event: str, content: Any) -> None:
        if event == "forms":
            if self.forms is not None and not self.forms.done():
                self.forms.set_result(content)
        elif event == "network":
            self.labels = content.pop("labels", self.labels)
            self.network = LiveNetwork(**content)
            self._killed = False
            self._publish_session()
        elif event == "progress":
            id, *step = content
            self._progress.setdefault(id, Pace()).hear(Step(*step))
            self._publish_job(id)
        elif event == "site":
            _, self.pending = content
            self._changed()
            if not self.pending and self._previews:
                self._previews = []
        elif event == "died" and self.spec.model:
            self.network = LiveNetwork(state="loading" if content else "failed", reason="the computing process died")
            self._publish_session()

    def session(self) -> Session:
        return Session(
            api=API,
            deepro=version(),
            workspace=self.workspace.folder.name,
            network=self.network,
            data=DataCard(name=self.data.name, count=len(self.data)) if self.data else None,
            pending=self.pending,
            limits=pictures.LIMITS,
        )

    def _publish_session(self) -> None:
        self.events.publish("session", "", self.session().model_dump())

    # ---- jobs

    async def submit(self, request: JobRequest, viewer: str, *, later: bool = False) -> Job:
        """Check a request with the network and queue it. Raises UsageError where it does not fit."""
        key, subject, lane, there = await self.engine.ask("bind", request)
        # Results of whole data sets are named by what was read; only the job that made one knows its name.
        made = self.queue.known(key)
        there = there or (made is not None and made.key != key and self._kept(made.key))
        job = self.queue.submit(request, key, viewer, subject, lane, done=there, later=later)
        self._publish_job(job.id)
        self._pump()
        return self.job_view(job, viewer)

    async def explain(self, photograph: str, viewer: str) -> list[Job]:
        """The usual methods for a photograph, queued behind whatever else this viewer asks for."""
        return [
            await self.submit(wanted, viewer, later=True) for wanted in await self.engine.ask("defaults", photograph)
        ]

    def _kept(self, key: str) -> bool:
        return any(place.name.endswith(f"-{key}") for place in self.workspace.places())

    def retry(self, id: str, viewer: str) -> Job:
        job = self.queue.retry(id, viewer)
        self._publish_job(job.id)
        self._pump()
        return self.job_view(job, viewer)

    def cancel(self, id: str, viewer: str) -> Job:
        job = self.queue.cancel(id)
        if id in self._running.values():
            self.engine.tell("cancel", id)
            self._task(self._insist(id), "insist")
        self._publish_job(id)
        self._pump()
        return self.job_view(job, viewer)

    async def _insist(self, id: str) -> None:
        """End the process of a job that does not stop by itself; the new process gets its other requests again."""
        await asyncio.sleep(PATIENCE)
        if id in self._running.values():
            self._killed = True
            self.engine.kill()

    def _pump(self) -> None:
        for lane in range(LANES):
            if lane not in self._running and (job := self.queue.next(lane)) is not None:
                self._running[lane] = job.id
                self._task(self._work(job, lane), "work")

    async def _work(self, job: Job, lane: int) -> None:
        started = time.monotonic()
        self._publish_job(job.id)
        state, error, key = "done", None, None
        try:
            name = await self.engine.ask("job", (job.id, job.request, lane))
            key = name.rsplit("-", 1)[-1]
        except CancelledError:
            state = "cancelled"
        except UsageError as refused:
            state, error = "failed", str(refused)
        except LostError:
            state = "lost"
        except DeeproError as failed:
            state, error = "failed", str(failed)
        if self.queue.job(job.id).state == "running":
            if state == "lost":
                self.queue.interrupted(job.id, guilty=not self._killed)
                await asyncio.sleep(0.5)
            else:
                self.queue.finish(job.id, state, error, time.monotonic() - started, key)
        self._progress.pop(job.id, None)
        del self._running[lane]
        self._publish_job(job.id)
        self._pump()
        if state == "done" and key is not None:
            with contextlib.suppress(DeeproError):  # the process died, or a layer has nothing to show
                for wanted in await self.engine.ask("after", (job.request, key)):
                    await self.submit(wanted, self.queue.viewer(job.id), later=True)

    def jobs(self, viewer: str) -> list[Job]:
        return [self.job_view(job, viewer) for job in self.queue.jobs()]

    def job_view(self, job: Job, viewer: str) -> Job:
        """The job with its progress, whether it is this viewer's, and the page that shows its result."""
        more: dict[str, Any] = {"mine": self.queue.viewer(job.id) == viewer, "seconds": _seconds(job)}
        pace = self._progress.get(job.id)
        if pace is not None and pace.step is not None and job.state == "running":
            more |= {**asdict(pace.step), "left": pace.left}
        if job.state == "done":
            more["page"] = self._seen(job)
        return job.model_copy(update=more)

    def _seen(self, job: Job) -> list[str] | None:
        """The page of the job's picture, another page that its result is on, or the list that it stands in."""
        if self._places is None or self._places[0] != self.revision:
            self._places = self.revision, self.pages.places()
        pages = self._places[1].get(job.key, [])
        if not pages:
            return None
        own = [p for p in pages if p == f"photograph-{job.request.image}"]
        named = [p for p in pages if job.key[:8] in p]  # of a family whose results share a group
        kind, _, id = (own or named or pages)[0].partition("-")
        return [kind, id]

    _places: tuple[int, dict[str, list[str]]] | None = None

    def _publish_job(self, id: str) -> None:
        with contextlib.suppress(UsageError):
            job = self.queue.job(id)
            content = self.job_view(job, "").model_dump() | {"viewer": self.queue.viewer(id)[:12]}
            self.events.publish("job", id, content)

    # ---- pictures

    async def look(self, file: Path, name: str) -> Any:
        opened = await self.engine.ask("open", (str(file), name))
        if self.pages.page(name := f"photograph-{opened.id}") is None:
            self._expected.add(name)
        return opened

    def _task(self, work: Any, name: str) -> None:
        task = self.loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _seconds(job: Job) -> float | None:
    """How long a job has run, or ran; None for one that waits or was there already."""
    if job.started is None:
        return None
    ends = datetime.fromisoformat(job.finished) if job.finished else datetime.now(UTC)
    return max(0.0, (ends - datetime.fromisoformat(job.started)).total_seconds())
