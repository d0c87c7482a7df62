"""The viewer's types and colours follow the one definition here."""

from __future__ import annotations

import json
from pathlib import Path

from deepro.render.tables import tables
from deepro.report.overview import overview, pages
from deepro.report.schema import schema

VIEWER = Path(__file__).resolve().parents[2] / "viewer"


def test_types_are_made_of_every_page_and_list() -> None:
    made = json.loads(schema())
    assert {"overview", "values", "studio", *pages()} == set(made["properties"])
    assert set(overview().model_fields) == set(made["$defs"]["Overview"]["properties"])


def test_colour_tables_are_up_to_date() -> None:
    kept = (VIEWER / "src" / "generated" / "tables.ts").read_text(encoding="utf-8")
    assert kept == tables(), "run `make types`"
