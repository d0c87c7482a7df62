"""Each word means one thing: no public class has the name of another, and names are no metaphors."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import deepro

SRC = Path(deepro.__file__).parent
FILES = sorted(SRC.rglob("*.py"))
# Words that say what something is like instead of what it is. Recurrent networks do have gates.
METAPHORS = {"door", "doors", "gate", "hub", "making", "room", "rooms", "shelf", "told"}
GATES = {"kinds/sequences/memory.py", "methods/sequences/gates.py"}


def words(name: str) -> set[str]:
    """`PageStore` and `page_store` as page and store."""
    return set(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_"))


def test_no_public_class_has_the_name_of_another() -> None:
    homes = defaultdict(list)
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(f"{file.relative_to(SRC)}:{node.lineno}")
    twice = {name: places for name, places in homes.items() if len(places) > 1}
    assert not twice


def test_modules_classes_and_functions_have_no_metaphors_for_names() -> None:
    wrong = []
    for file in FILES:
        place = file.relative_to(SRC).as_posix()
        names = [file.stem, file.parent.name]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names.append(node.name)
            elif isinstance(node, ast.alias) and node.asname:
                names.append(node.asname)
        wrong += [f"{place}: {n}" for n in names if words(n) & METAPHORS - ({"gate"} if place in GATES else set())]
    assert not wrong
