"""`python -m deepro`, the same as `deepro`."""

from deepro.cli import main

main()
