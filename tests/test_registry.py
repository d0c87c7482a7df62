"""Options are read from annotations, checked once, and a method's key is known before it runs."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
import torch
from torch import nn

import deepro
from deepro import registry
from deepro.errors import UsageError
from deepro.kinds.photographs.activations import Activations
from deepro.network import Network
from deepro.parameters import Bounds, Images
from deepro.registry import Paper, method

PAPER = Paper("Nobody", 2000, "Nothing", "https://example.org")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> registry.Method:
    monkeypatch.setattr(registry, "_METHODS", dict(registry.methods()))

    @method(family="units", paper=PAPER, summary="twice the input")
    def toy(
        net: Network,
        images: Images,
        *,
        times: Annotated[int, Bounds(1, 9), "how often"] = 2,
        rule: Annotated[Literal["a", "b"], "which"] = "a",
        noise: float = 0.5,
        strict: bool = False,
        limit: Annotated[int | None, "at most"] = None,
        seed: int = 0,
    ) -> Activations:
        images = net.prepare(images)
        net.module.train()
        return Activations(values={"x": (images.tensor * times).numpy()})

    return registry.get("toy")


@pytest.fixture
def net() -> Network:
    return deepro.load(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout()))


def test_options_come_from_the_annotations(toy: registry.Method) -> None:
    times, rule, noise, strict, limit, _seed = toy.options
    assert (times.type.kind, times.default, times.type.bounds, times.help) == (int, 2, Bounds(1, 9), "how often")
    assert rule.type.choices == ("a", "b")
    assert (noise.type.kind, noise.help) == (float, "")
    assert strict.type.kind is bool
    assert limit.type.optional
    assert limit.check(None) is None


@pytest.mark.parametrize(
    ("option", "given", "kept"),
    [("times", "3", 3), ("times", 3.0, 3), ("noise", "0.25", 0.25), ("noise", 1, 1.0), ("strict", "yes", True),
     ("strict", False, False), ("limit", "4", 4), ("rule", "b", "b")],
)  # fmt: skip
def test_text_becomes_the_options_type(toy: registry.Method, option: str, given: object, kept: object) -> None:
    value = toy.option(option).check(given)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"times": 10}, "times is 10, expected 1 to 9"),
        ({"times": "many"}, "times is 'many', expected int"),
        ({"times": 2.5}, "times is 2.5, expected int"),
        ({"times": True}, "times is True, expected int"),
        ({"rule": "c"}, "rule is 'c', expected one of a, b"),
        ({"strict": "perhaps"}, "strict is 'perhaps', expected bool"),
        ({"noise": float("nan")}, "noise is nan, expected a finite number"),
        ({"tims": 1}, "toy has no option 'tims'; did you mean times"),
    ],
    ids=str,
)
def test_bad_options_are_one_clear_line(toy: registry.Method, net: Network, given: dict, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        toy(net, torch.zeros(1, 3, 8, 8), **given)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_result_says_how_it_was_made_and_the_module_stays(toy: registry.Method, net: Network) -> None:
    net.module.train()
    net.module[1].eval()
    call = toy.bind(net, torch.ones(1, 3, 8, 8), times=3)
    result = call.run()
    made = result.provenance
    assert made.key == call.provenance.key
    assert made.parameters == {"times": 3, "rule": "a", "noise": 0.5, "strict": False, "limit": None, "seed": 0}
    assert made.seed == 0
    assert made.libraries["torch"]
    assert [m.training for m in net.module.modules()] == [True, True, False]
    assert float(result.values["x"].max()) == 3


def test_a_changed_weight_changes_the_key(toy: registry.Method, net: Network) -> None:
    before = toy.bind(net, torch.ones(1, 3, 8, 8)).provenance.key
    with torch.no_grad():
        net.module[0].weight[0, 0, 0, 0] += 1e-3
    assert toy.bind(net, torch.ones(1, 3, 8, 8)).provenance.key != before


def test_a_name_is_registered_once(toy: registry.Method) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        method(family="units", paper=PAPER, summary="")(toy.function)


def test_an_unknown_method_suggests_the_near_ones() -> None:
    with pytest.raises(UsageError, match="did you mean deconvnet"):
        registry.get("deconvent")


def test_a_module_is_no_network(toy: registry.Method) -> None:
    with pytest.raises(UsageError, match=r"expected a network from deepro\.load, got Linear"):
        toy(nn.Linear(1, 1), torch.zeros(1, 1))


@pytest.mark.parametrize("record", registry.methods().values(), ids=lambda m: m.name)
def test_every_record_is_complete(record: registry.Method) -> None:
    assert record.summary
    assert record.summary[0].isupper()
    assert record.summary.endswith(".")
    assert record.paper.url.startswith("https://")
    for option in record.options:
        assert option.help, f"{record.name}.{option.name} has no help"
        if not option.required and option.default is not None:
            option.check(option.default)
