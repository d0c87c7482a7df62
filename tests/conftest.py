"""Fixtures every test may use, and run-time shape checking of deepro's annotations."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from jaxtyping import install_import_hook

# DESIGN: jaxtyping annotations are checked while the tests run.
install_import_hook("deepro.methods", "beartype.beartype")

pytest_plugins = ["tests.chromium"]

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of trained weights and photographs beside the checkout; skips where it is missing."""
    if not (SHARED / "squeezenet1_0.safetensors").is_file():
        pytest.skip(f"test data not found at {SHARED}")
    return SHARED


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)
