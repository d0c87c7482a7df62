"""Every method of the registry is a form whose answers the registry takes."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest

from deepro import registry
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.network import Network
from deepro.parameters import Bounds, Images
from deepro.registry import Paper
from deepro.studio.forms import form, forms

METHODS = registry.methods()


def test_every_method_is_there_in_order() -> None:
    assert [f.name for f in forms()] == list(METHODS)


@pytest.mark.parametrize("name", list(METHODS))
def test_the_schema_says_what_the_registry_checks(name: str) -> None:
    record = METHODS[name]
    schema = form(record).options
    for option in record.options:
        said = schema["properties"][option.name]
        assert said["description"] == option.help
        if "default" in said and said["default"] is not None:
            assert option.check(said["default"]) == said["default"]
        for inside in (said.get("minimum"), said.get("maximum"), *said.get("enum", ())):
            if inside is not None:
                option.check(inside)
        if option.type.bounds:
            for outside in (said["minimum"] - 1, said["maximum"] * 2 + 1):
                with pytest.raises(registry.UsageError):
                    option.check(outside)


def fresh(
    net: Network,
    images: Images,
    *,
    amount: Annotated[float, Bounds(0.5, 2), "how much"] = 1.0,
    way: Annotated[Literal["up", "down"], "where to"] = "up",
    name: Annotated[str | None, "of what"] = None,
    careful: Annotated[bool, "slower"] = False,
) -> Heatmap:
    raise NotImplementedError


def test_a_new_method_needs_no_form() -> None:
    """The record alone makes it."""
    paper = Paper("A", 1, "T", "u")
    registry.method(family="regions", paper=paper, summary="s")(fresh)
    try:
        properties = form(registry.get("fresh")).options["properties"]
    finally:
        registry._METHODS.pop("fresh")
    assert properties == {
        "amount": {"type": "number", "description": "how much", "minimum": 0.5, "maximum": 2, "default": 1.0},
        "way": {"type": "string", "description": "where to", "enum": ["up", "down"], "default": "up"},
        "name": {"type": ["string", "null"], "description": "of what", "default": None},
        "careful": {"type": "boolean", "description": "slower", "default": False},
    }
