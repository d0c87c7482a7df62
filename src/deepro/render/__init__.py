"""Results to pixels, figures, notebook HTML and what the viewer reads. Nothing else knows about colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepro.results import Result


def figure(result: Result) -> Any:
    """A matplotlib Figure of a result, not attached to any window."""
    from deepro.render.figures import figure as draw

    return draw(result)


def html(result: Result) -> str:
    """Self-contained HTML for notebooks: pictures as data URIs, every word escaped."""
    from deepro.render.notebook import html as write

    return write(result)
