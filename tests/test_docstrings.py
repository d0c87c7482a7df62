"""What a public function says of itself: each has an example that could be typed as it stands."""

from __future__ import annotations

import ast
import inspect
import re

import pytest

import deepro

FUNCTIONS = [name for name in deepro.__all__ if inspect.isfunction(getattr(deepro, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_has_an_example_that_its_signature_takes(name: str) -> None:
    function = getattr(deepro, name)
    found = re.search(r"`(deepro\.\w+\(.*?\)[^`]*)`", inspect.getdoc(function) or "")
    assert found, f"deepro.{name} has no example"
    calls = [node for node in ast.walk(ast.parse(found[1])) if isinstance(node, ast.Call)]
    call = next(c for c in calls if ast.unparse(c.func) == f"deepro.{name}")
    options = {k.arg: k.value for k in call.keywords if k.arg}
    inspect.signature(function).bind(*call.args, **options)
    for option, value in options.items():
        if name in deepro.registry.methods() and isinstance(value, ast.Constant):
            known = {o.name: o for o in deepro.registry.get(name).options}
            if option in known:
                known[option].check(value.value)
