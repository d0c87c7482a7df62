"""Zeiler & Fergus' experiments against the same written out by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from deepro.errors import UsageError
from deepro.methods.units.correspondence import correspondence
from deepro.methods.units.invariance import invariance, transform
from deepro.methods.units.occlusion import occlusion_maps
from deepro.network import Network
from tests.survey.test_survey import make


@pytest.fixture
def net() -> Network:
    return make()


def test_occlusion_maps_equal_one_pass_for_each_square(net: Network) -> None:
    image = torch.rand(1, 3, 24, 24)
    found = occlusion_maps(net, image, "4", square=7, step=5, batch_size=4)
    first = net.module[:5]
    with torch.no_grad():
        assert found.unit == int(first(image)[0].flatten(1).amax(1).argmax())
        assert found.plain_response == pytest.approx(float(first(image)[0, found.unit].sum()), rel=1e-5)
        target = int(net.module(image).argmax())
        assert (found.target, found.plain_predicted) == (target, target)
        centres = [0, 5, 10, 15, 20, 23]
        assert found.response.shape == (6, 6)
        for r, y in enumerate(centres):
            for c, x in enumerate(centres):
                hidden = image.clone()
                hidden[:, :, max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 0.5
                assert found.response[r, c] == pytest.approx(float(first(hidden)[0, found.unit].sum()), rel=1e-4)
                logits = net.module(hidden)[0]
                assert found.probability[r, c] == pytest.approx(float(logits.softmax(0)[target]), rel=1e-4)
                assert found.predicted[r, c] == int(logits.argmax())
    assert str(target) in found.labels


def test_correspondence_equals_the_papers_sum(net: Network) -> None:
    images = torch.rand(4, 3, 24, 24)
    eyes = np.array([[2, 3, 8, 9], [10, 10, 15, 15], [0, 0, 6, 4], [18, 20, 24, 24]])
    found = correspondence(net, images, {"eye": eyes}, ["1", "4"], draws=3)
    with torch.no_grad():
        for layer, depth in (("1", 2), ("4", 5)):
            part = net.module[:depth]
            signs = []
            for image, (left, top, right, bottom) in zip(images, eyes, strict=True):
                hidden = image.clone()
                hidden[:, top:bottom, left:right] = 0.5
                signs.append((part(image[None].clone()) - part(hidden[None])).sign().flatten())
            want = [float((a != b).double().mean()) for a, b in combinations(signs, 2)]
            np.testing.assert_allclose(found.distances[layer]["eye"], want, rtol=1e-6)
            assert found.means[layer]["eye"] == pytest.approx(np.mean(want))
            matrix = np.zeros((4, 4))
            matrix[np.triu_indices(4, 1)] = want
            by_image = (matrix + matrix.T).sum(1) / 3
            assert found.errors[layer]["eye"] == pytest.approx(np.std(by_image, ddof=1) / 2)
            assert len(found.distances[layer]["random"]) == 3 * 6
            assert found.errors[layer]["random"] >= 0


def test_the_same_part_of_the_same_image_agrees_and_the_control_does_not(net: Network) -> None:
    image = torch.rand(1, 3, 24, 24).expand(3, -1, -1, -1)
    same = np.tile([4, 4, 12, 12], (3, 1))
    found = correspondence(net, image, {"corner": same}, "1", draws=5)
    assert found.means["1"]["corner"] == 0
    assert found.means["1"]["random"] > 0.05


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({}, "at least one"),
        ({"eye": np.zeros((3, 4))}, r"boxes \(3, 4\), expected \(2, 4\)"),
        ({"eye": np.array([[0, 0, 30, 4]] * 2)}, "within 24 x 24"),
        ({"eye": np.array([[5, 5, 5, 9]] * 2)}, "left, top, right, bottom"),
    ],
)
def test_parts_that_do_not_fit_are_told(net: Network, parts: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        correspondence(net, torch.rand(2, 3, 24, 24), parts, "1")


def test_pictures_are_moved_enlarged_and_turned_about_their_centre() -> None:
    pictures = torch.rand(1, 2, 12, 12)
    torch.testing.assert_close(
        transform(pictures, "rotation", 90.0), torch.rot90(pictures, 1, (2, 3)), atol=1e-5, rtol=0
    )
    down = transform(pictures, "translation", 3.0)
    torch.testing.assert_close(down[:, :, 3:], pictures[:, :, :-3], atol=1e-5, rtol=0)
    torch.testing.assert_close(down[:, :, 0], pictures[:, :, 0], atol=1e-5, rtol=0)
    wide = torch.zeros(1, 1, 8, 12)
    wide[0, 0, 3:5, 5:7] = 1
    assert float(transform(wide, "scale", 2.0).sum()) == pytest.approx(16.0, rel=0.1)
    right = torch.zeros(1, 1, 8, 12)
    right[0, 0, 3:5, 8:10] = 1
    above = transform(right, "rotation", 90.0)  # counter-clockwise, and no stretching of what is no square
    torch.testing.assert_close(above[0, 0, 0:2, 5:7], torch.ones(2, 2), atol=1e-5, rtol=0)
    turned = transform(torch.rand(1, 1, 8, 12), "rotation", 180.0)
    assert turned.shape == (1, 1, 8, 12)


def test_invariance_curves_begin_at_nothing_and_equal_the_distance_by_hand(net: Network) -> None:
    images = torch.rand(2, 3, 24, 24)
    found = invariance(net, images, ["1", "7"], shift=6, scale=1.5, turn=90.0, points=5)
    assert found.steps["translation"].tolist() == [-6, -3, 0, 3, 6]
    with torch.no_grad():
        moved = transform(images, "translation", 3.0)
        for layer, depth in (("1", 2), ("7", 8)):
            part = net.module[:depth]
            plain, other = part(images.clone()).flatten(1), part(moved.clone()).flatten(1)
            want = (other - plain).norm(dim=1) / plain.norm(dim=1)
            np.testing.assert_allclose(found.distances["translation"][layer][:, 3], want, rtol=1e-4)
        said = net.module(moved).softmax(1)[torch.arange(2), found.targets]
    np.testing.assert_allclose(found.probabilities["translation"][:, 3], said, rtol=1e-4)
    for kind, nothing in (("translation", 2), ("scale", 0), ("rotation", 0)):
        for curves in found.distances[kind].values():
            assert (curves[:, nothing] == 0).all()
            assert (np.delete(curves, nothing, 1) > 0).all()


def test_the_probability_of_a_class_that_is_asked_for(net: Network) -> None:
    image = torch.rand(1, 3, 24, 24)
    with torch.no_grad():
        least = int(net.module(image).argmin())
        found = occlusion_maps(net, image, "4", target=least, square=7, step=12)
        hidden = image.clone()
        hidden[:, :, :4, :4] = 0.5
        want = float(net.module(hidden).softmax(1)[0, least])
    assert found.target == least != found.plain_predicted
    assert found.probability[0, 0] == pytest.approx(want, rel=1e-4)
