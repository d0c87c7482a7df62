"""The built viewer: a script that is always read, pieces that it reads when they are looked at, and a style sheet."""

from __future__ import annotations

from pathlib import Path

from deepro.errors import StoreError

STATIC = Path(__file__).parent / "static"


def viewer_page() -> Path:
    """The first script; the pieces and the style sheet stand beside it. Raises StoreError where they were not built."""
    app = STATIC / "app.js"
    if not (app.is_file() and app.with_suffix(".css").is_file()):
        raise StoreError("the viewer was not built: install deepro again with npm reachable")
    return app


def viewer_scripts() -> list[Path]:
    """The first script, then every piece. A page that holds all of them in this order asks for nothing more."""
    app = viewer_page()
    return [app, *sorted(path for path in STATIC.glob("*.js") if path != app)]
