"""`python -m deepro.report.schema FILE` writes the JSON schema of the viewer's data; `npm run types` reads it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from deepro.report.overview import viewer


def schema() -> str:
    """The schema as text. Titles are left out: in TypeScript they would name every field."""
    return json.dumps(_untitled(viewer().model_json_schema(mode="serialization")), indent=2) + "\n"


def _untitled(node: object) -> object:
    if isinstance(node, dict):
        return {
            k: _untitled(v)
            for k, v in node.items()
            if not (k == "title" and isinstance(v, str) and "properties" not in node)
        }
    return [_untitled(v) for v in node] if isinstance(node, list) else node


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema(), encoding="utf-8")
