"""What one method or kind is called stands in its own record: no other code asks for it by a literal."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import deepro
from deepro import registry
from deepro.kinds.record import kinds

SRC = Path(deepro.__file__).parent
VIEWER = SRC.parent.parent / "viewer" / "src"
# The only places where a name is given as text: defaults, which a signature shows to the user.
DEFAULTS = {("methods/regions/heatmap.py", "gradient"), ("methods/spaces/embed.py", "tsne"), ("embedding.py", "tsne"),
            ("cli/embed.py", "tsne")}  # fmt: skip
# A map says by which method it was made; of units, not of examples, is what one of them makes.
DEFAULTS |= {("kinds/spaces/map.py", "unit_map")}
ASKING = {"find", "results", "discard", "bind"}  # functions that are given a name, and `get` of the two registries
REGISTRIES = {"registry", "kinds", "methods"}
SAID = {"kind", "method", "name"}  # what holds one


def homes() -> dict[str, set[str]]:
    """Name -> the files of its record."""
    found: dict[str, set[str]] = {}
    for name, method in registry.methods().items():
        found.setdefault(name, set()).add(_place(method.function))
    for name, kind in kinds().items():
        found.setdefault(name, set()).add(_place(kind.result))
    for file in SRC.rglob("*.py"):  # the mathematics of a method may stand in a file of its own
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name in found:
                found[node.name].add(file.relative_to(SRC).as_posix())
    return found


def _place(thing: object) -> str:
    return Path(sys.modules[thing.__module__].__file__ or "").relative_to(SRC).as_posix()


def asked(tree: ast.AST) -> Iterator[ast.Constant]:
    """The literals by which code asks for a method or kind, or tells it from others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            of = getattr(getattr(node.func, "value", None), "id", "")
            if called in ASKING or (called == "get" and (of in REGISTRIES or isinstance(node.func, ast.Name))):
                yield from _literals(node.args[:1])
            yield from _literals([k.value for k in node.keywords if k.arg in SAID])
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(s, ast.Attribute) and s.attr in SAID for s in sides):
                yield from _literals(sides)
        elif isinstance(node, ast.Match) and isinstance(node.subject, ast.Attribute) and node.subject.attr in SAID:
            yield from _literals([c.pattern.value for c in node.cases if isinstance(c.pattern, ast.MatchValue)])


def _literals(nodes: list[ast.expr]) -> Iterator[ast.Constant]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            yield from _literals(node.elts)


def test_no_python_asks_for_a_method_or_kind_by_a_literal() -> None:
    names, wrong = homes(), []
    for file in sorted(SRC.rglob("*.py")):
        place = file.relative_to(SRC).as_posix()
        for node in asked(ast.parse(file.read_text(encoding="utf-8"))):
            name = node.value.replace("-", "_")
            if name in names and place not in names[name] and (place, name) not in DEFAULTS:
                wrong.append(f"{place}:{node.lineno} {node.value!r}")
    assert not wrong, wrong


def test_the_check_sees_each_way_of_asking() -> None:
    code = (
        "get('a'); ws.find('b', key); f(method='c'); r.kind == 'd'; r.kind in ('e', 'f')\nmatch p.method:\n case 'g': 0"
    )
    assert sorted(n.value for n in asked(ast.parse(code))) == list("abcdefg")
