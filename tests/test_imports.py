"""Imports go down only, and `import deepro` stays light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "deepro"

# Packages and modules from the ground up. A module imports its own package and those on lower floors.
FLOORS = (
    ("errors", "shapes", "progress", "nonlinearities"),
    ("probe", "rectifiers"),
    ("network",),
    ("results", "targets", "data"),
    ("render", "members"),
    ("kinds", "parameters"),
    ("registry",),
    ("methods", "recipe"),
    ("store", "figures"),
    ("survey",),
    ("explanation", "embedding", "training"),
    ("report", "integrations"),
    ("studio", "notebook"),
    ("demos",),
    ("cli",),
)
FLOOR = {name: floor for floor, names in enumerate(FLOORS) for name in names}
MODULES = sorted(p.relative_to(SRC).with_suffix("").as_posix() for p in SRC.rglob("*.py") if p.name != "__main__.py")


# A result is saved and drawn on request, by modules above it.
UPWARD = {("results.base", "store"), ("results.base", "figures")}


def dotted(module: str) -> str:
    """`studio/app` as `deepro.studio.app`; a package by its own name."""
    return ".".join(["deepro", *module.split("/")]).removesuffix(".__init__")


NAMES = {dotted(module) for module in MODULES}


def imported(module: str) -> set[str]:
    """Modules of deepro that a file imports: inside functions, for types only, and by a string too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((SRC / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in NAMES else node.module or "" for name in inside}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            found |= by_string(module, node)
    return {name for name in found if name.startswith("deepro.")} - {dotted(module)}


def by_string(module: str, call: ast.Call) -> set[str]:
    """The module that a call imports by its name; `f"deepro.{name}"` is allowed where UPWARD says what it means."""
    match call.args[0]:
        case ast.Constant(value=str(name)):
            return {name}
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]) if start.startswith("deepro."):
            above = {f"deepro.{other}" for here, other in UPWARD if here == module.replace("/", ".")}
            assert above or start.rstrip(".") != "deepro", f"{module} imports {ast.unparse(call.args[0])}: name it"
            return above or {start.rstrip(".")}
    return set()


IMPORTS = {dotted(module): imported(module) for module in MODULES if module != "__init__"}


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__init__"])
def test_a_module_imports_only_its_own_package_and_those_below(module: str) -> None:
    own = module.split("/")[0]
    assert own in FLOOR, f"{own} has no floor: add it to FLOORS"
    others = {name.split(".")[1] for name in IMPORTS[dotted(module)]} - {own}
    above = {other for other in others if other in FLOOR and FLOOR[other] >= FLOOR[own]}
    above -= {other for here, other in UPWARD if here == module.replace("/", ".")}
    assert not above, f"{module} imports {above}, on its own floor or above"


def test_no_module_imports_one_that_imports_it() -> None:
    left = {name: set(others) & NAMES for name, others in IMPORTS.items()}
    for here, other in UPWARD:
        left[f"deepro.{here}"].discard(f"deepro.{other}")
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    assert not left, f"these modules import each other in a circle, or such ones: {sorted(left)}"


def test_the_architecture_tells_these_floors() -> None:
    text = (SRC.parent.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (`.*?) \|", text, re.M)
    assert [(int(floor), tuple(re.findall(r"`(\w+)`", names))) for floor, names in rows] == [*enumerate(FLOORS)][::-1]


def loaded_by(code: str) -> set[str]:
    out = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(' '.join(sys.modules))"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return set(out.stdout.split())


def test_importing_deepro_pulls_in_nothing_heavy() -> None:
    heavy = {"torch", "numpy", "matplotlib", "fastapi", "zarr", "PIL", "cv2"} & loaded_by("import deepro")
    assert not heavy


def test_the_commands_help_needs_no_torch() -> None:
    assert "torch" not in loaded_by("import deepro.cli")


def test_every_public_name_exists() -> None:
    import deepro

    for name in deepro.__all__:
        assert getattr(deepro, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'heatmaps'"):
        deepro.heatmaps  # noqa: B018
