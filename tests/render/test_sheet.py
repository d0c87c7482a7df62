"""Contact sheets: every kind that has a tile, where it stands, and what is refused."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from tests import synthetic
from tests.synthetic import NASTY

from deepro.errors import UsageError
from deepro.figures import contact_sheet as sheet
from deepro.kinds import record as kinds
from deepro.kinds.photographs.activations import Activations
from deepro.render import colour
from deepro.render.pixels import signed_pixels

HEAT = synthetic.heatmap(label=NASTY)
PROJECTION = synthetic.projection()
UNITS = [int(u) for u in PROJECTION.units[0]]
PATTERN = synthetic.pattern(("$a$", "b"))
CHOSEN = [
    (synthetic.prediction(label=NASTY), ()),
    (synthetic.region(label=NASTY), ()),
    (synthetic.region(found=False), ()),
    (HEAT, (0,)),
    (PROJECTION, (0, UNITS[1])),
    (PATTERN, (1,)),
    (PATTERN, (0,)),
]


@pytest.mark.parametrize(("kind", "begins"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_a_sheet_of_everything(kind: str, begins: bytes) -> None:
    buffer = io.BytesIO()
    made = sheet(CHOSEN, columns=4)
    made.savefig(buffer, format=kind)
    assert buffer.getvalue().startswith(begins)
    words = [text.get_text() for text in made.texts]
    assert any(NASTY[:10] in text for text in words)
    assert any("pattern for $a$" in text for text in words)  # a label is words, not mathematics
    assert sum("imagine" in line for line in words[-1].splitlines()) == 1  # a source is named once


def test_the_pixels_are_the_results() -> None:
    made = kinds.of(PROJECTION).tile(PROJECTION, 0, UNITS[1], highs={})
    (top, bottom), (start, stop) = np.asarray(PROJECTION.windows[0, 1], dtype=int)
    want = signed_pixels(PROJECTION.values[0, 1])[0][top:bottom, start:stop]
    np.testing.assert_array_equal(made.pictures[1], want)
    np.testing.assert_array_equal(
        kinds.of(PATTERN).tile(PATTERN, 1, highs={}).pictures[0], colour.unit_range(PATTERN.images[1])
    )


def test_heatmaps_of_one_method_share_a_scale() -> None:
    louder = dataclasses.replace(HEAT, values=HEAT.values * 4)
    made = sheet([(HEAT, (0,)), (louder, (0,))])
    high = colour.limit(louder.values)
    drawn = [axis.images[0].get_array() for axis in made.axes if axis.images]
    pictures = 2 if HEAT.pictures is not None else 1
    np.testing.assert_array_equal(drawn[pictures - 1], colour.heat(HEAT.values[0], HEAT.signed, high))
    np.testing.assert_array_equal(drawn[2 * pictures - 1], colour.heat(louder.values[0], HEAT.signed, high))


def test_nothing_overlaps() -> None:
    boxes = [axis.get_position() for axis in sheet(CHOSEN, columns=3).axes]
    for i, one in enumerate(boxes):
        assert 0 <= one.x0 < one.x1 <= 1
        assert 0 <= one.y0 < one.y1 <= 1
        for other in boxes[i + 1 :]:
            apart = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
            assert apart


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ([], "1 to 200"),
        ([(HEAT, (7,))], "no image 7"),
        ([(PROJECTION, (0, 99))], "unit 99"),
        ([(PATTERN, (9,))], "no target 9"),
        ([(Activations(values={"a": np.ones((1, 2))}), ())], "no place on a contact sheet"),
    ],
)
def test_what_is_not_there_is_refused(chosen: list, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        sheet(chosen)
