"""The computing process. It holds the network and has one pipe to the server, which holds none.

A thread for quick questions, for each lane of jobs, for pages, and for what is written on demand. Jobs run at lower
priority, so that whoever draws on a picture does not wait for them; so does loading the network, while a browser draws
its first page. Between two of its steps a job waits for all shorter work. The process ends with the server, however
that ended.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from deepro.errors import DeeproError, UsageError, one_line
from deepro.progress import Step, listening
from deepro.render.document.studio import JobRequest, SheetItem, SheetRequest
from deepro.store import Workspace

if TYPE_CHECKING:
    from deepro.registry import Method

NICE = 10  # how far jobs stand back; pages half as far
PAUSE = 0.1  # seconds between words about progress
LANES = 3  # of jobs, the shorter first: on a photograph; on a network, or on part of a data set; on a whole one
POLL = 0.5  # seconds between two looks for what others wrote


@dataclass(frozen=True)
class Spec:
    """The files and options of the command line, which a browser cannot change."""

    workspace: str
    model: str | None = None
    load: Mapping[str, Any] = field(default_factory=dict)
    data: str | None = None
    threads: int | None = None


class Cancelled(BaseException):
    """Raised inside a job that a viewer cancelled; it is a BaseException, so that no `except Exception` catches it."""


def main(connection: Connection, spec: Spec) -> None:
    """Serve requests until the server closes the pipe."""
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    Worker(connection, spec).run()


class Worker:
    def __init__(self, connection: Connection, spec: Spec) -> None:
        self.connection, self.spec = connection, spec
        self._sending = threading.Lock()
        self._live_ready = threading.Event()
        self._reason = "the Studio was started without a network: deepro studio WORKSPACE --model MODEL"
        self.live: Any = None
        self.net: Any = None
        self.workspace = Workspace(spec.workspace)
        self.folder = self.workspace.folder / "studio"
        self._cancelled: set[str] = set()
        self._wanted: list[str] = []
        self._wake = threading.Event()
        self._busy: Counter[int] = Counter()  # requests under way by how long they take: 0 quick, then the lanes
        self._turn = threading.Condition()
        self._fresh: Any = None  # makes pages that somebody waits for
        self._making, self._looking = threading.Lock(), threading.Lock()
        names = ("live", "slow", *(f"job {lane}" for lane in range(LANES)))
        self._lines: dict[str, SimpleQueue[tuple[int, str, Any]]] = {n: SimpleQueue() for n in names}

    def run(self) -> None:
        threading.Thread(target=self._load, name="load", daemon=True).start()
        for name, line in self._lines.items():
            threading.Thread(target=self._serve, args=(name, line), name=name, daemon=True).start()
        threading.Thread(target=self._pages, name="pages", daemon=True).start()
        try:
            while True:
                number, kind, payload = self.connection.recv()
                if kind == "cancel":
                    with self._turn:
                        self._cancelled.add(payload)
                        self._turn.notify_all()
                elif kind == "pages":
                    self._wanted[:] = [*payload, *self._wanted][:64]
                    self._wake.set()
                else:
                    line = (
                        f"job {payload[2]}" if kind == "job" else {"figure": "slow", "report": "slow"}.get(kind, "live")
                    )
                    self._count(kind, payload, 1)
                    self._lines[line].put((number, kind, payload))
        except (EOFError, OSError):
            os._exit(0)  # the server is gone

    def send(self, *message: Any) -> None:
        with self._sending:
            try:
                self.connection.send(message)
            except (OSError, ValueError):
                os._exit(0)

    # ---- threads

    def _serve(self, name: str, line: SimpleQueue[tuple[int, str, Any]]) -> None:
        if name != "live":
            _stand_back()
        handlers: dict[str, Callable[[Any], Any]] = {
            "open": self._open, "after": self._after, "occlude": self._occlude,
            "bind": self._bind, "defaults": self._defaults,
            "job": self._job, "figure": self._figure,
            "report": self._report, "sheet": self._sheet,
        }  # fmt: skip
        while True:
            number, kind, payload = line.get()
            try:
                answer = ("answer", number, handlers[kind](payload))
            except Cancelled:
                answer = ("refusal", number, "cancelled", "")
            except DeeproError as error:
                answer = ("refusal", number, "usage", " ".join(str(error).split()))
            except MemoryError:
                answer = ("refusal", number, "failed", "there is not enough memory for this")
            except Exception as error:
                traceback.print_exc()
                answer = ("refusal", number, "failed", one_line(error))
            self._count(kind, payload, -1)
            self.send(*answer)

    def _count(self, kind: str, payload: Any, by: int) -> None:
        with self._turn:
            self._busy[payload[2] + 1 if kind == "job" else 0] += by
            self._turn.notify_all()

    def _give_way(self, id: str, lane: int) -> None:
        """Wait while there is work that is shorter than a job of this lane. Raises Cancelled."""
        with self._turn:
            self._turn.wait_for(lambda: id in self._cancelled or not any(self._busy[n] for n in range(lane + 1)))
            if id in self._cancelled:
                self._cancelled.discard(id)
                raise Cancelled

    def _load(self) -> None:
        """Send the forms at once, then load the network and send its state."""
        from deepro.studio.forms import forms

        _stand_back()
        self.send("event", "forms", forms())
        if self.spec.model is None:
            self._live_ready.set()
            return
        try:
            import torch

            from deepro.network import load
            from deepro.network.preprocess import Preprocess
            from deepro.network.vocabulary import Vocabulary
            from deepro.studio.live import Live, twin
            from deepro.studio.page_store import PageStore

            if self.spec.threads:
                torch.set_num_threads(self.spec.threads)
            self.net = load(self.spec.model, **self.spec.load)
            self.workspace.add_network(self.net)
            nets = (self.net, *(twin(self.net) for _ in range(LANES)))
            self.live = Live(nets[-1], self.workspace, PageStore(self.folder), self.spec.data, nets[:-1])
            about = {
                "name": self.net.name,
                "fingerprint": self.live.fingerprint,
                "input": list(self.net.input_shape or ()) or None,
                "pictures": isinstance(self.net.preprocess, Preprocess),
                "text": isinstance(self.net.preprocess, Vocabulary),
            }
            self._wake.set()
            self.send("event", "network", {"state": "ready", **about, "labels": list(self.net.labels or ())})
        except Exception as error:
            if not isinstance(error, DeeproError):
                traceback.print_exc()
            self._reason = " ".join(str(error).split()) if isinstance(error, DeeproError) else one_line(error)
            self.send("event", "network", {"state": "failed", "reason": self._reason})
        self._live_ready.set()

    def _need_live(self) -> Any:
        self._live_ready.wait()
        if self.live is None:
            raise UsageError(self._reason)
        return self.live

    def _pages(self) -> None:
        _stand_back(NICE // 2)
        from deepro.studio.page_maker import PageMaker

        maker = None
        while True:
            seen = _written(self.workspace)  # by another process too, such as a training that is watched
            try:
                maker = maker or PageMaker(self.workspace, self.folder)
                with self._looking:
                    pending, changed = maker.look(), []
                self.send("event", "site", ([], pending))
                while pending:
                    group = maker.next(list(self._wanted))
                    if group is None:
                        break
                    changed = maker.step(group)
                    self._wanted[:] = [w for w in self._wanted if w not in changed]
                    with self._looking:
                        pending = maker.look() if self._wake.is_set() else maker.pages.pending()
                        self._wake.clear()
                    self.send("event", "site", (changed, pending))
                maker.pages.sweep(time.time() - 86400)
            except Exception:
                traceback.print_exc()
                time.sleep(1)
            while not self._wake.wait(POLL) and _written(self.workspace) == seen:
                pass
            self._wake.clear()

    def _show(self, key: str) -> None:
        """Make the pages of one result now, whatever else is being made."""
        from deepro.studio.page_maker import PageMaker

        with self._making:
            self._fresh = maker = self._fresh or PageMaker(self.workspace, self.folder)
            with self._looking:
                maker.look()
            group = maker.group_with(key)
            changed = maker.step(group) if group else []
            self.send("event", "site", (changed, maker.pages.pending()))
        self._wake.set()

    # ---- what is asked

    def _open(self, payload: tuple[str, str]) -> Any:
        file, name = payload
        live = self._need_live()
        opened = live.open(Path(file), name)
        if not opened.known:
            self._show(live.record(opened.id))
        return opened

    def _occlude(self, payload: tuple[str, bytes, str, bool]) -> Any:
        return self._need_live().occlude(*payload)

    def _defaults(self, photograph: str) -> Any:
        return self._need_live().defaults(photograph)

    def _after(self, payload: tuple[JobRequest, str]) -> Any:
        return self._need_live().after(*payload)

    def _bind(self, request: JobRequest) -> tuple[str, str, int, bool]:
        """The result's key, what the job is about, its lane, and whether the result is there already."""
        live = self._need_live()
        call = live.bind(request)
        key = call.provenance.key
        there = self.workspace.find(call.method.result.kind, key) is not None
        return key, live.subject(request), lane_of(call.method), there

    def _job(self, payload: tuple[str, JobRequest, int]) -> str:
        """The result's folder name."""
        id, request, lane = payload
        live = self._need_live()
        self._give_way(id, lane)
        with listening(self._listener(id, lane)):
            call = live.bind(request, live.nets[lane])
            name = f"{call.method.result.kind}-{call.provenance.key}"
            if self.workspace.find(call.method.result.kind, call.provenance.key) is None:
                name = self.workspace.add(call.run(self.workspace)).name
        if lane == 0:
            self._show(name.rsplit("-", 1)[-1])
        self._wake.set()
        return name

    def _listener(self, id: str, lane: int) -> Callable[[Step], None]:
        last = 0.0

        def hear(step: Step) -> None:
            nonlocal last
            self._give_way(id, lane)
            now = time.monotonic()
            if now - last >= PAUSE or step.done == step.total:
                last = now
                self.send("event", "progress", (id, step.what, step.done, step.total))

        return hear

    def _result(self, key: str) -> Any:
        from deepro.store.folder import open_result

        found = [p for p in self.workspace.places() if p.name.endswith(f"-{key}")]
        if not found:
            raise UsageError(f"there is no result {key!r}")
        return open_result(found[0])

    def _figure(self, payload: tuple[str, str]) -> bytes:
        key, kind = payload
        return _drawn(self._result(key).figure(), kind)

    def _sheet(self, wanted: SheetRequest) -> bytes:
        from deepro.figures import contact_sheet

        results = {key: self._result(key) for key in dict.fromkeys(item.record for item in wanted.items)}
        chosen = [(results[i.record], _part(results[i.record], i)) for i in wanted.items]
        return _drawn(contact_sheet(chosen, wanted.columns), wanted.kind)

    def _report(self, payload: tuple[set[str], set[str], bool]) -> str:
        """A report of a selection as one file: HTML, or the folder in a zip. The server removes it when it was sent."""
        from deepro.report import build
        from deepro.studio.selection import Selection

        photographs, records, single = payload
        chosen = Selection(self.workspace, photographs, records)
        (self.folder / "reports").mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=self.folder / "reports"))
        try:
            page = build(chosen, place / ("report.html" if single else "report"), single_file=single)
            if single:
                return str(page)
            return shutil.make_archive(str(place / "report"), "zip", place, "report")
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise


def lane_of(method: Method) -> int:
    """By what a method reads: a data set is long, but for the part of it that a stored result names."""
    reads = {p.type.name for p in method.inputs if p.type.data}
    if "dataset" in reads:
        return 1 if method.takes("result") else 2
    return 0 if reads else 1


def _written(workspace: Workspace) -> int:
    """When a result was last added to the workspace or removed."""
    with contextlib.suppress(OSError):
        return (workspace.folder / "results").stat().st_mtime_ns
    return 0


def _stand_back(steps: int = NICE) -> None:
    """Lower priority for this thread. Linux counts threads; elsewhere the whole process would stand back."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), steps)


def _drawn(figure: Any, kind: str) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=200)
    return buffer.getvalue()


def _part(result: Any, item: SheetItem) -> list[int]:
    """Which part of a result an item of a contact sheet is: of many photographs, the one whose hash it names."""
    own = [] if item.part is None else [item.part]
    from deepro.kinds.photographs.heatmap import Heatmap
    from deepro.kinds.photographs.projection import Projection

    if not isinstance(result, Heatmap | Projection) or result.provenance is None:
        return own
    hashes = [str(d.get("sha256", "")) for d in result.provenance.data]
    return [hashes.index(item.photograph) if item.photograph in hashes else 0, *own]
