"""`python -m deepro.report.schema` prints the JSON schema of the viewer's data; `make types` makes TypeScript of it."""

from __future__ import annotations

import json

from deepro.report.overview import viewer


def schema() -> str:
    """The schema as text. Titles are left out: in TypeScript they would name every field."""
    return json.dumps(_untitled(viewer().model_json_schema(mode="serialization")), indent=2)


def _untitled(node: object) -> object:
    if isinstance(node, dict):
        return {
            k: _untitled(v)
            for k, v in node.items()
            if not (k == "title" and isinstance(v, str) and "properties" not in node)
        }
    return [_untitled(v) for v in node] if isinstance(node, list) else node


if __name__ == "__main__":
    print(schema())
