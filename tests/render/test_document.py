"""The viewer's types and words follow the one definition here."""

from __future__ import annotations

from pathlib import Path

from deepro.report.schema import schema

VIEWER = Path(__file__).resolve().parents[2] / "viewer"


def test_the_schema_that_types_are_generated_from_is_up_to_date() -> None:
    kept = (VIEWER / "src" / "generated" / "document.schema.json").read_text(encoding="utf-8")
    assert kept == schema(), "run `make types`"
