"""The viewer's types follow the one definition here."""

from __future__ import annotations

import json

from deepro.report.overview import overview, pages
from deepro.report.schema import schema


def test_types_are_made_of_every_page_and_list() -> None:
    made = json.loads(schema())
    assert {"overview", "values", "studio", *pages()} == set(made["properties"])
    assert set(overview().model_fields) == set(made["$defs"]["Overview"]["properties"])
