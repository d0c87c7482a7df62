"""Figures and notebook HTML of every kind of result."""

from __future__ import annotations

import dataclasses
import io
from html.parser import HTMLParser

import numpy as np
import pytest
from tests import synthetic
from tests.synthetic import NASTY

from deepro import figures
from deepro.kinds.photographs.activations import Activations
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.results import Result

RESULTS = {
    "prediction": synthetic.prediction(label=NASTY),
    "projection": dataclasses.replace(synthetic.projection(), layer=NASTY),
    "heatmap": synthetic.heatmap(label=NASTY),
    "signed heatmap": synthetic.heatmap(signed=True, label=NASTY),
    "region": synthetic.region(label=NASTY),
    "no region": synthetic.region(label=NASTY, found=False),
    "pattern": synthetic.pattern((NASTY, "b", "c", "d")),
    "activations": Activations(provenance=synthetic.provenance("activations"), values={NASTY: np.ones((1, 4, 3, 3))}),
    "sound": Heatmap(method="gradient", values=np.ones((2, 30)), targets=(NASTY, "b"), scores=np.ones(2), signed=True),
}


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", RESULTS)
def test_figures_can_be_saved(name: str) -> None:
    figure = RESULTS[name].figure()
    png, pdf = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png")
    figure.savefig(pdf, format="pdf")
    assert png.getvalue().startswith(b"\x89PNG")
    assert figure.get_supxlabel()


@pytest.mark.parametrize("name", RESULTS)
def test_notebook_html_is_escaped_and_loads_nothing(name: str) -> None:
    text = figures.html(RESULTS[name])
    parser = _Elements()
    parser.feed(text)
    for tag, attributes in parser.found:
        assert tag in {
            "figure",
            "figcaption",
            "div",
            "span",
            "img",
            "svg",
            "polygon",
            "rect",
            "table",
            "tr",
            "td",
            "th",
        }
        assert not [a for a in attributes if a.startswith("on")]
        if tag == "img":
            assert str(attributes["src"]).startswith("data:image/")
            assert attributes["alt"]
            assert attributes["width"]
            assert attributes["height"]
    assert NASTY not in text
    assert "http" not in text.replace("https://arxiv.org", "")


def test_captions_say_method_network_and_scale() -> None:
    text = figures.html(synthetic.projection())
    for word in ("features.0", "deconvnet", "tiny", "cat.png", "4 rectifiers", "99.5 %"):
        assert word in text


def test_a_result_without_provenance_is_shown() -> None:
    bare: Result = dataclasses.replace(synthetic.heatmap(), provenance=None)
    assert "<img" in bare._repr_html_()


def test_maps_and_what_goes_with_them_show_themselves_as_their_figures() -> None:
    from tests import synthetic_maps

    for result in (
        synthetic_maps.example_map(),
        synthetic_maps.aligned(),
        synthetic_maps.scores(),
        synthetic_maps.findings(),
        synthetic_maps.atlas(),
    ):
        html = result._repr_html_()
        assert html.count("<img src=") == 1, result.kind
        assert NASTY not in html
        assert len(result.figure().axes) >= 2
