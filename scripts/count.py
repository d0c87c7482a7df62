"""`python scripts/count.py`: how large the house is. Lines written by hand, by kind of file and by room."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

GENERATED = ("viewer/src/generated/", "viewer/package-lock.json")
WRITTEN = {".py", ".pyi", ".ts", ".tsx", ".css", ".js", ".mjs"}


def main() -> None:
    files = subprocess.run(["git", "ls-files", "src", "viewer"], capture_output=True, text=True, check=True).stdout
    kinds: Counter[str] = Counter()
    rooms: Counter[str] = Counter()
    for name in files.splitlines():
        file = Path(name)
        if file.suffix in WRITTEN and not name.startswith(GENERATED) and file.is_file():
            lines = len(file.read_text(encoding="utf-8").splitlines())
            kinds[file.suffix] += lines
            rooms["/".join(file.parts[: 3 if file.parts[0] == "src" else 2])] += lines
    for counted in (kinds, rooms):
        for name, lines in counted.most_common():
            print(f"{lines:7,}  {name}")
        print(f"{counted.total():7,}  in all\n")


if __name__ == "__main__":
    main()
