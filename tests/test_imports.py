"""Imports go down only, and `import deepro` stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parent.parent / "src" / "deepro"

# Rooms from the ground up. A module imports its own room and rooms on lower floors.
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
    ("explanation", "embedding"),
    ("report",),
    ("studio",),
    ("demos",),
    ("cli",),
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(p.relative_to(SRC).with_suffix("").as_posix() for p in SRC.rglob("*.py") if p.name != "__main__.py")


def imported_rooms(file: Path) -> set[str]:
    """Rooms of deepro that a file imports, wherever in it, also for types only."""
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "deepro":
            names = [f"deepro.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            names = [node.module or ""]
        rooms |= {name.split(".")[1] for name in names if name.startswith("deepro.")}
    return rooms


@pytest.mark.parametrize("module", [m for m in MODULES if m != "__init__"])
def test_a_module_imports_only_its_own_room_and_those_below(module: str) -> None:
    room = module.split("/")[0]
    assert room in FLOOR, f"{room} has no floor: add it to FLOORS"
    above = {r for r in imported_rooms(SRC / f"{module}.py") - {room} if r in FLOOR and FLOOR[r] >= FLOOR[room]}
    assert not above, f"{module} imports {above}, on its own floor or above"


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
