"""Makes forms from the records of methods: inputs by type, options as JSON schema."""

from __future__ import annotations

from typing import Any

from deepro import registry
from deepro.registry import Method
from deepro.render.document import PaperView
from deepro.render.document.studio import FormInput, MethodForm


def forms() -> list[MethodForm]:
    """The forms of all methods, in the registry's order."""
    return [form(record) for record in registry.methods().values()]


def form(record: Method) -> MethodForm:
    """The form of one method."""
    paper = record.paper
    return MethodForm(
        name=record.name,
        family=record.family,
        summary=record.summary,
        inputs=[FormInput(name=p.name, type=p.type.name, required=p.required) for p in record.inputs],
        result=record.result.kind,
        version=record.version,
        paper=PaperView(authors=paper.authors, year=paper.year, title=paper.title, url=paper.url),
        options=schema(record),
    )


def schema(record: Method) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of an object with all options of a method."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {option.name: option.schema() for option in record.options},
        "required": [option.name for option in record.options if option.required],
        "additionalProperties": False,
    }
