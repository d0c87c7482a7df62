"""A region that its own evidence speaks against is not shown as a success."""

from __future__ import annotations

import dataclasses

import pytest
from tests import synthetic

from deepro.figures import caption
from deepro.kinds.photographs.region import failed
from deepro.kinds.record import of

CHECKED = {"probability_region": 0.4, "probability_without": 0.1, "probability_centred": 0.2, "score_region": 1.0}


@pytest.mark.parametrize(
    ("changed", "fails"),
    [
        ({}, False),
        ({"probability_without": 0.5}, True),  # the rest of the photograph keeps the class better
        ({"probability_centred": 0.4}, True),  # no better than a box that looks at nothing
    ],
)
def test_it_is_dashed_and_says_so(changed: dict[str, float], fails: bool) -> None:
    region = dataclasses.replace(synthetic.region(), evidence=CHECKED | changed)
    assert failed(region) is fails
    assert ("failed its check" in caption(region)) is fails
    assert ('stroke-dasharray="none"' not in "".join(of(region).pieces(region))) is fails
    lines = [line for axis in region.figure().axes[:1] for line in (*axis.lines, *axis.patches)]
    assert {line.get_linestyle() for line in lines} == ({"--"} if fails else {"-"})


def test_a_score_is_compared_where_there_is_no_probability() -> None:
    scores = {"score_region": -1.0, "score_without": 3.0, "score_centred": 0.0}
    assert failed(dataclasses.replace(synthetic.region(), evidence=scores))
    assert not failed(synthetic.region())  # nothing was checked
