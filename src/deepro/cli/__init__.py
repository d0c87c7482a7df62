"""The `deepro` command. A command parses, calls the library and hands the value to the output; results go to stdout,
progress to stderr, exit 0, 1 (failed) or 2 (bad usage)."""

from deepro.cli.app import main

__all__ = ["main"]
