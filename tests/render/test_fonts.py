"""Figures for papers: fonts that journals take, and Chinese names."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from tests import synthetic

from deepro import figures
from deepro.render import canvas


def test_fonts_are_embedded_as_type_42(tmp_path: Path) -> None:
    figures.figure(synthetic.prediction("cat.png")).savefig(tmp_path / "a.pdf")
    figures.contact_sheet([(synthetic.prediction("cat.png"), [])]).savefig(tmp_path / "b.pdf")
    for file in ("a.pdf", "b.pdf"):
        pdf = (tmp_path / file).read_bytes()
        assert b"/FontFile2" in pdf
        assert b"/Type3" not in pdf


def test_chinese_names_are_written(tmp_path: Path) -> None:
    if len(canvas._families()) == 1:
        pytest.skip("this machine has no font with Chinese characters: apt-get install fonts-noto-cjk")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing character is a warning
        figures.figure(synthetic.prediction("貓.png")).savefig(tmp_path / "a.pdf")
        figures.contact_sheet([(synthetic.prediction("网络.png"), [])]).savefig(tmp_path / "b.png")
