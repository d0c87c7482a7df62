"""Builds wheel and sdist into dist/ and checks them: `make dist`; needs network for the build's own tools.

The wheel is installed in a fresh environment, where `deepro doctor` and `deepro demo` run, without Node. With
`--no-install` that part is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
LARGEST = 10_000_000  # bytes of the wheel, without the embedded network's weights
TOOLS = ("build", "twine", "check-wheel-contents")
NEEDED = ("deepro/__init__.pyi", "deepro/py.typed", "deepro/report/static/app.js", "deepro/report/static/app.css")


def main() -> None:
    for old in DIST.glob("deepro-*"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        tools = python(Path(folder) / "tools", *TOOLS)
        call(tools, "-m", "build", "--outdir", DIST, ROOT)
        (wheel,), (source,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
        call(tools, "-m", "twine", "check", "--strict", wheel, source)
        call(tools, "-m", "check_wheel_contents", "--ignore", "W002", wheel)  # W002: empty __init__ files are alike
        check(wheel)
        if "--no-install" not in sys.argv:
            fresh = python(Path(folder) / "fresh", wheel)
            env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            for words in (["doctor"], ["demo", "photos", "--out", Path(folder) / "demo"]):
                call(fresh, "-m", "deepro", *words, cwd=folder, env=env)
            assert (Path(folder) / "demo" / "report" / "index.html").is_file()
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB; {source.name}: {source.stat().st_size / 1e6:.1f} MB")


def check(wheel: Path) -> None:
    """What must be in a wheel, and what must not. Raises SystemExit that says which."""
    with zipfile.ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.compress_size for entry in archive.infolist()}
    if missing := [name for name in NEEDED if name not in sizes]:
        raise SystemExit(f"the wheel has no {', '.join(missing)}")
    if foreign := [name for name in sizes if not name.startswith(("deepro/", "deepro-"))]:
        raise SystemExit(f"the wheel has what is not ours: {', '.join(foreign[:5])}")
    size = wheel.stat().st_size - sum(bytes for name, bytes in sizes.items() if name.endswith(".safetensors"))
    if size > LARGEST:
        raise SystemExit(f"the wheel has {size} bytes without weights, at most {LARGEST} are meant")


def python(folder: Path, *packages: object) -> Path:
    """The Python of a new environment with these packages."""
    venv.create(folder, with_pip=True)
    found = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    call(found, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages)
    return found


def call(*words: object, **options: object) -> None:
    subprocess.run([str(word) for word in words], check=True, **options)  # type: ignore[call-overload]


if __name__ == "__main__":
    main()
