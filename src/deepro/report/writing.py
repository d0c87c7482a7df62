"""A workspace to a report that opens from disk: a folder of files, or one file that holds everything."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import html
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from deepro.errors import StoreError
from deepro.render.picture import data_uri
from deepro.report.site import assemble
from deepro.report.viewer import viewer_page, viewer_scripts

if TYPE_CHECKING:
    from deepro.store import Workspace

_LARGE = 32_000  # characters of a page that is compressed in a single file

# No script but ours, no connection at all. `file:` is what 'self' would mean for a page opened from disk.
_POLICY = (
    "default-src 'none'; img-src {files} data:; script-src {script}; style-src {style}; font-src data:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)


def build(workspace: Workspace, out: Path | None = None, *, single_file: bool = False) -> Path:
    """Write the report of a workspace and return its page.

    out: the folder, `report` in the workspace by default; with `single_file` the file, `report.html` in the workspace.
    A report that is already there is replaced in one step; when anything fails it is left as it was.
    Raises StoreError where it cannot be written or the viewer was not built.
    """
    viewer_page()
    out = Path(out) if out else Path(workspace.folder) / ("report.html" if single_file else "report")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if single_file:
            return _single(workspace, out)
        return _folder(workspace, out)
    except OSError as error:
        raise StoreError(f"cannot write the report to {out}: {error.strerror or error}") from error


def _folder(workspace: Workspace, out: Path) -> Path:
    with _staging(out) as folder:

        def put(name: str, data: bytes) -> str:
            path = folder / "pictures" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            return f"pictures/{name}"

        def keep(kind: str, id: str, model: BaseModel) -> None:
            name = page_name(kind, id)
            path = folder / "data" / f"{name}.js"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"deeproData({json.dumps(name)}, {as_script(model)});\n", encoding="utf-8")

        title = assemble(workspace, put, keep).title
        (folder / "viewer").mkdir()
        for file in (*viewer_scripts(), viewer_page().with_suffix(".css")):
            shutil.copyfile(file, folder / "viewer" / file.name)
        policy = _POLICY.format(files="'self' file:", script="'self' file:", style="'self' file:")
        style, script = '<link rel="stylesheet" href="viewer/app.css">', '<script src="viewer/app.js"></script>'
        page = _page(title, policy, style, script)
        (folder / "index.html").write_text(page, encoding="utf-8")
    return out / "index.html"


def _single(workspace: Workspace, out: Path) -> Path:
    app = "".join(file.read_text(encoding="utf-8") for file in viewer_scripts())
    style = viewer_page().with_suffix(".css").read_text(encoding="utf-8")
    blocks: list[str] = []

    def keep(kind: str, id: str, model: BaseModel) -> None:
        name, type, text = html.escape(page_name(kind, id)), "application/json", as_script(model)
        if id and len(text) > _LARGE:  # the overview is drawn at once
            packed = gzip.compress(model.model_dump_json().encode(), 6, mtime=0)
            type, text = "application/gzip", base64.b64encode(packed).decode("ascii")
        blocks.append(f'<script type="{type}" id="data:{name}">{text}</script>\n')

    title = assemble(workspace, lambda _name, data: data_uri(data), keep).title
    policy = _POLICY.format(files="", script=_digest(app), style=_digest(style))
    page = _page(title, policy, f"<style>{style}</style>", f"{''.join(blocks)}<script>{app}</script>")
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}-", text=False)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(page)
        Path(name).chmod(0o644)
        os.replace(name, out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return out


def page_name(kind: str, id: str) -> str:
    """What a page's data is called: its kind, and its id where there are several."""
    return f"{kind}-{id}" if id else kind


def as_script(model: BaseModel) -> str:
    """JSON that is also safe inside a script element, whatever strings it holds."""
    text = model.model_dump_json()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _page(title: str, policy: str, head: str, body: str) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{html.escape(title)} · Deepro</title>\n{head}\n</head>\n"
        f'<body>\n<div id="root"></div>\n{body}\n</body>\n</html>\n'
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


_PARTS = {"index.html", "data", "pictures", "viewer"}  # of a report


def _is_report(folder: Path) -> bool:
    """Whether a folder is a report of ours and holds nothing else: only then may another report replace it."""
    first = folder / "data" / "overview.js"
    return (
        first.is_file() and first.read_bytes()[:11] == b"deeproData(" and {p.name for p in folder.iterdir()} <= _PARTS
    )


@contextlib.contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place when all went well, and leaves nothing when it did not."""
    if out.exists() and any(out.iterdir()) and not _is_report(out):
        raise StoreError(f"{out} holds other files; choose an empty folder for the report")
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    folder.chmod(0o755)
    try:
        yield folder
        old = folder.with_name(folder.name + "-old")
        if out.exists():
            out.rename(old)
        folder.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
