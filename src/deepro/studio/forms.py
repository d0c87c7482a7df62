"""A method of the registry as a form: the JSON schema of its options, made from its record."""

from __future__ import annotations

import inspect
from typing import Any

from deepro import registry
from deepro.registry import Method, Option
from deepro.render.document import Paper
from deepro.render.document.studio import MethodForm

_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def forms() -> list[MethodForm]:
    """Every method, in the registry's order."""
    return [form(record) for record in registry.methods().values()]


def form(record: Method) -> MethodForm:
    paper = record.paper
    return MethodForm(
        name=record.name,
        family=record.family,
        summary=record.summary,
        needs=list(record.needs),
        result=record.result.kind,
        version=record.version,
        paper=Paper(authors=paper.authors, year=paper.year, title=paper.title, url=paper.url),
        options=schema(record),
    )


def schema(record: Method) -> dict[str, Any]:
    """JSON schema, draft 2020-12, of the options as one object; whole numbers that are no options stand among them."""
    parameters = inspect.signature(record.function, eval_str=False).parameters.values()
    numbers = {
        p.name: {"type": "integer"} | ({} if p.default is p.empty else {"default": p.default})
        for p in parameters
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.annotation in ("int", int)
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {**numbers, **{option.name: _property(option) for option in record.options}},
        "required": [name for name, about in numbers.items() if "default" not in about],
        "additionalProperties": False,
    }


def _property(option: Option) -> dict[str, Any]:
    kind = _TYPES.get(option.type, "string")
    made: dict[str, Any] = {"type": [kind, "null"] if option.optional else kind, "description": option.help}
    if option.choices:
        made["enum"] = [*option.choices, None] if option.optional else list(option.choices)
    if option.bounds:
        whole = kind == "integer"
        made["minimum"] = int(option.bounds.low) if whole else option.bounds.low
        made["maximum"] = int(option.bounds.high) if whole else option.bounds.high
    if option.default is None or isinstance(option.default, bool | int | float | str):
        made["default"] = option.default
    return made
