"""The HTTP addresses of the Studio. /api/v1/openapi.json describes them as OpenAPI."""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import html
import logging
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException

from deepro.errors import DeeproError, ImageError, StoreError, UsageError
from deepro.render.document.studio import (
    DataPage,
    Job,
    JobRequest,
    MethodForm,
    NoteRequest,
    Occluded,
    Opened,
    Refusal,
    ReportRequest,
    Session,
    SheetRequest,
)
from deepro.report import overview as models
from deepro.report.viewer import viewer_page, viewer_scripts
from deepro.studio import pictures
from deepro.studio.engine import ComputeError
from deepro.studio.events import MOST
from deepro.studio.page_store import KINDS
from deepro.studio.service import Studio

V1 = "/api/v1"
FOREVER = "private, max-age=31536000, immutable"
FIGURES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
MOST_BODY = 4_000_000  # bytes of a request that is no picture
Id = Annotated[str, Query(max_length=200)]
log = logging.getLogger("deepro.studio")


def create_app(studio: Studio) -> FastAPI:
    """The application without its access control; `studio` is opened when it starts and closed when it ends."""

    @contextlib.asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        studio.open()
        yield
        studio.close()

    app = FastAPI(
        title="Deepro Studio", version="1", separate_input_output_schemas=False, lifespan=life, docs_url=None,
        redoc_url=None,
        openapi_url=f"{V1}/openapi.json", responses={400: {"model": Refusal}, 404: {"model": Refusal}},
    )  # fmt: skip
    _refusals(app)
    _viewer(app, studio)
    _pages(app, studio)
    _jobs(app, studio)
    _pictures(app, studio)
    _files(app, studio)
    return app


# ---- what goes wrong is one line


def _refusals(app: FastAPI) -> None:
    def refuse(status: int, text: str) -> JSONResponse:
        return JSONResponse({"error": text}, status)

    @app.exception_handler(DeeproError)
    async def usual(_request: Request, error: DeeproError) -> Response:
        kinds: dict[type[DeeproError], int] = {ImageError: 415, UsageError: 422, ComputeError: 503, StoreError: 500}
        status = next((code for kind, code in kinds.items() if isinstance(error, kind)), 500)
        return refuse(status, " ".join(str(error).split()))

    @app.exception_handler(RequestValidationError)
    async def unfit(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        return refuse(422, f"{place}: {first['msg']}" if place else str(first["msg"]))

    @app.exception_handler(StarletteHTTPException)  # the framework's own ones too
    async def plain(_request: Request, error: StarletteHTTPException) -> Response:
        return refuse(error.status_code, str(error.detail))

    @app.exception_handler(404)
    async def nothing(_request: Request, error: Any) -> Response:
        return refuse(404, str(getattr(error, "detail", "there is nothing here")))

    @app.exception_handler(Exception)
    async def unusual(_request: Request, error: Exception) -> Response:
        log.error("a request failed", exc_info=error)  # for the terminal, never for the browser
        return refuse(500, "something went wrong in the server; its terminal says what")


def most_bytes(path: str) -> int:
    """The largest body in bytes that a path takes; `AccessControl` refuses larger ones."""
    return pictures.LIMITS.bytes if path == f"{V1}/pictures" else MOST_BODY


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except ValueError:
        raise HTTPException(413, f"at most {most_bytes(request.url.path):,} bytes are taken") from None


def _tagged(request: Request, tag: str, content: bytes) -> Response:
    """Packed JSON, or 304 where the viewer has it."""
    headers = {"etag": f'"{tag}"', "cache-control": "private, no-cache", "vary": "accept-encoding"}
    if f'"{tag}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers | {"content-encoding": "gzip"}, media_type="application/json")


# ---- the viewer itself


def _viewer(app: FastAPI, studio: Studio) -> None:
    kinds = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
    files = {file.name: file.read_bytes() for file in (*viewer_scripts(), viewer_page().with_suffix(".css"))}
    total = hashlib.sha256(b"".join(files.values()))

    @functools.cache
    def packed(name: str) -> bytes:
        return gzip.compress(files[name], 9, mtime=0)

    # One address for all pieces of one build: the first asks for the others beside it.
    build = total.hexdigest()[:16]
    # What the first drawing depends on is in the page itself: nothing moves when the session is known.
    attributes = {"source": "live"} | ({"model": "yes"} if studio.spec.model else {})
    if studio.data is not None:
        attributes |= {"folder": studio.data.name, "pictures": str(len(studio.data))}
    about = " ".join(f'data-{name}="{html.escape(value)}"' for name, value in attributes.items())
    page = (
        f'<!doctype html>\n<html lang="en" {about}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f'<title>Deepro Studio</title>\n<link rel="stylesheet" href="viewer/{build}/app.css">\n'
        f'<link rel="preload" as="fetch" href="api/v1/overview" crossorigin="anonymous">\n'
        f'<script defer src="viewer/{build}/app.js"></script>\n</head>\n<body><div id="root"></div></body>\n</html>\n'
    ).encode()

    @app.get("/", include_in_schema=False)
    async def root() -> Response:
        return Response(page, media_type="text/html; charset=utf-8")

    @app.get("/viewer/{made}/{name}", include_in_schema=False)
    async def part(made: str, name: str) -> Response:
        if made != build or name not in files:
            raise HTTPException(404, f"there is no {name}")
        headers = {"content-encoding": "gzip", "cache-control": FOREVER, "vary": "accept-encoding"}
        return Response(packed(name), headers=headers, media_type=kinds[name.rsplit(".", 1)[1]])


# ---- pages


def _pages(app: FastAPI, studio: Studio) -> None:
    @app.get(f"{V1}/session", tags=["pages"])
    async def session() -> Session:
        """The version, the workspace, the network and the limits of this server."""
        return studio.session()

    @app.get(f"{V1}/overview", tags=["pages"], responses={200: {"model": models.overview()}})
    async def overview(request: Request) -> Response:
        """The overview of the workspace, which the viewer reads first."""
        content, tag = studio.overview()
        return _tagged(request, tag, content)

    @app.get(f"{V1}/pages/{{kind}}/{{id:path}}", tags=["pages"], responses={200: {"model": models.viewer()}})
    async def page(kind: str, id: str, request: Request) -> Response:
        """One page's data: the member of the schema `Viewer` that `kind` names."""
        name = await studio.page(f"{kind}-{id}")
        if name is None:
            raise HTTPException(404, f"there is no {kind} {id[:200]!r}")
        return _tagged(request, name.partition(".")[0], studio.pages.path(name).read_bytes())

    @app.get(
        f"{V1}/objects/{{name}}", tags=["pages"], responses={200: {"content": {"image/png": {}, "image/jpeg": {}}}}
    )
    async def object(name: str) -> Response:
        """A picture, named by its content."""
        try:
            data = studio.pages.path(name).read_bytes()
        except (StoreError, OSError):
            raise HTTPException(404, f"there is no object {name[:80]!r}") from None
        headers = {"cache-control": FOREVER}
        if name.endswith("json"):
            headers["content-encoding"] = "gzip"
        return Response(data, headers=headers, media_type=KINDS[name.rsplit(".", 1)[1]])

    @app.post(f"{V1}/notes", tags=["pages"], status_code=204)
    async def note(wanted: NoteRequest) -> None:
        """Keep a note about a page in the workspace."""
        studio.note(wanted)

    @app.get(f"{V1}/labels", tags=["pages"])
    async def labels() -> list[str]:
        """The live network's classes, in order."""
        return studio.labels

    @app.get(f"{V1}/events", tags=["pages"], responses={200: {"content": {"text/event-stream": {}}}})
    async def events() -> Response:
        """Server-Sent Events: session, site and job, each with the JSON of its model."""
        if len(studio.events) >= MOST:
            raise HTTPException(503, "too many viewers")
        hello = f"retry: 1500\nevent: session\ndata: {studio.session().model_dump_json()}\n\n".encode()
        return StreamingResponse(studio.events.stream(hello), media_type="text/event-stream")


# ---- jobs


def _jobs(app: FastAPI, studio: Studio) -> None:
    @app.get(f"{V1}/methods", tags=["jobs"])
    async def methods() -> list[MethodForm]:
        """Every method of the registry, its options as JSON schema."""
        assert studio.forms is not None
        return await studio.forms

    @app.get(f"{V1}/jobs", tags=["jobs"])
    async def jobs(request: Request) -> list[Job]:
        """Running, waiting in their order, and over, newest first."""
        return studio.jobs(request.state.viewer)

    @app.post(f"{V1}/jobs", tags=["jobs"], status_code=202)
    async def submit(job: JobRequest, request: Request) -> Job:
        """Queue a result. Two requests for the same result are one job."""
        return await studio.submit(job, request.state.viewer)

    @app.post(f"{V1}/jobs/{{id}}/cancel", tags=["jobs"])
    async def cancel(id: str, request: Request) -> Job:
        """Remove a waiting job from the queue, or stop a running one."""
        return studio.cancel(id, request.state.viewer)

    @app.post(f"{V1}/jobs/{{id}}/retry", tags=["jobs"])
    async def retry(id: str, request: Request) -> Job:
        """Queue a failed or cancelled job again."""
        return studio.retry(id, request.state.viewer)


# ---- pictures of one's own, and hiding part of one


def _pictures(app: FastAPI, studio: Studio) -> None:
    @app.post(f"{V1}/pictures", tags=["pictures"])
    async def upload(request: Request, name: Annotated[str, Query(max_length=400)] = "picture") -> Opened:
        """The body is an image file. It is checked, kept in the workspace, and shown to the network."""
        data = await _body(request)
        file, clean = await run_in_threadpool(pictures.keep, studio.folder / "uploads", data, name)
        try:
            return await studio.look(file, clean)
        except UsageError:
            file.unlink(missing_ok=True)  # its header was a picture's, the rest was not
            raise

    @app.post(f"{V1}/photographs/{{id}}/occlude", tags=["pictures"])
    async def occlude(
        id: str, request: Request, fill: Literal["mean", "grey", "blur"] = "mean", keep: bool = False
    ) -> Occluded:
        """The prediction with part of the picture hidden, or all but that part with `keep`.

        The body is the mask: one bit for each pixel of the network's input, in rows, the first in the highest bit.
        """
        return await studio.engine.ask("occlude", (id, await _body(request), fill, keep))

    @app.post(f"{V1}/photographs/{{id}}/explain", tags=["pictures"], status_code=202)
    async def explain(id: str, request: Request) -> list[Job]:
        """Queue what `deepro explain` makes: the region, and the strongest units of layers from first to last."""
        return await studio.explain(id, request.state.viewer)

    def data() -> pictures.Data:
        if studio.data is None:
            raise HTTPException(404, "the Studio was started without --data")
        return studio.data

    @app.get(f"{V1}/data", tags=["pictures"])
    async def listing(
        find: Annotated[str, Query(max_length=200)] = "",
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 60,
    ) -> DataPage:
        """Pictures of the data folder whose name holds every word of `find`."""
        return data().page(find, offset, limit)

    @app.get(f"{V1}/data/{{index}}/thumb.jpg", tags=["pictures"], responses={200: {"content": {"image/jpeg": {}}}})
    async def thumb(index: int) -> Response:
        """A thumbnail of a picture of the data set."""
        file, _ = data().file(index)
        small = await run_in_threadpool(pictures.thumbnail, file)
        return Response(small, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

    @app.post(f"{V1}/data/{{index}}/open", tags=["pictures"])
    async def look(index: int) -> Opened:
        """Run the network on a picture of the data set and open its page."""
        file, name = data().file(index)
        return await studio.look(file, name)


# ---- things to take away


def _files(app: FastAPI, studio: Studio) -> None:
    binary = {kind: {} for kind in FIGURES.values()}

    @app.get(f"{V1}/results/{{key}}/figure.{{kind}}", tags=["files"], responses={200: {"content": binary}})
    async def figure(key: str, kind: Literal["png", "svg", "pdf"]) -> Response:
        """A result as a figure for a paper, with its caption."""
        data = await studio.engine.ask("figure", (key, kind))
        headers = {"content-disposition": f'attachment; filename="{_safe(key)}.{kind}"'}
        return Response(data, media_type=FIGURES[kind], headers=headers)

    @app.post(f"{V1}/sheet", tags=["files"], responses={200: {"content": binary}})
    async def sheet(wanted: SheetRequest) -> Response:
        """A contact sheet for a paper: what was chosen, beside each other, with words."""
        data = await studio.engine.ask("sheet", wanted)
        name = f"deepro-{time.strftime('%Y%m%d-%H%M')}.{wanted.kind}"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(data, media_type=FIGURES[wanted.kind], headers=headers)

    @app.post(f"{V1}/report", tags=["files"], responses={200: {"content": {"text/html": {}, "application/zip": {}}}})
    async def report(wanted: ReportRequest) -> Response:
        """A report of the selection that opens offline: one file, or a folder in a zip."""
        made = Path(
            await studio.engine.ask("report", (set(wanted.photographs), set(wanted.records), wanted.single_file))
        )
        name = f"deepro-{time.strftime('%Y%m%d-%H%M')}{made.suffix}"
        clean = BackgroundTask(shutil.rmtree, made.parent, ignore_errors=True)
        # Always a download: a report opened here would run with the Studio's own rights.
        return FileResponse(made, filename=name, content_disposition_type="attachment", background=clean)


def _safe(name: str) -> str:
    return "".join(c for c in name if c.isalnum() or c in "-_")[:64] or "result"
