"""The built viewer: one script and one style sheet."""

from __future__ import annotations

from pathlib import Path

from deepro.errors import StoreError

STATIC = Path(__file__).parent / "static"


def viewer_page() -> Path:
    """The script; the style sheet stands beside it. Raises StoreError where they were not built."""
    app = STATIC / "app.js"
    if not (app.is_file() and app.with_suffix(".css").is_file()):
        raise StoreError("the viewer was not built: install deepro again with npm reachable")
    return app
