"""The DeconvNet against a form written out by hand, and against what must hold for any DeconvNet."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import deepro
from deepro.errors import LayerError, UnsupportedError, UsageError
from tests.reference import deconvnet as reference
from tests.units.networks import DISGUISES, FORMS, NETWORKS, build

RULES = ("deconvnet", "guided", "gradient")


def _load(net: nn.Module, **more: object) -> deepro.Network:
    return deepro.load(net, input_shape=type(net).shape, **more)


def _input(net: nn.Module, count: int = 1) -> torch.Tensor:
    return torch.randn(count, *type(net).shape, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


def _off(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference, as a share of the largest value."""
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-300))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NETWORKS)
def test_equals_the_form_written_out(name: str, rule: str) -> None:
    module = build(name)
    net, x = _load(module), _input(module)
    for layer in type(module).layers:
        found = deepro.deconvnet(net, x, layer, [0, 1], rule=rule)
        assert found.values.dtype == np.float64
        for u in (0, 1):
            expected = reference.project(module, x, layer, u, None, rule).numpy()[0]
            assert _off(found.values[0, u], expected) < 1e-10 or not expected.any()
            assert (found.values[0, u].any()) == bool(expected.any()), (layer, u)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("form", [*FORMS, "reused"])
@pytest.mark.parametrize("name", ["plain", "branching"])
def test_every_form_of_a_rectifier_gives_the_same(name: str, form: str, rule: str) -> None:
    module = build(name, form)
    layer = type(module).layers[-2]
    x = _input(module)
    kept = x.clone()
    found = deepro.deconvnet(_load(module), x, layer, rule=rule)
    expected = deepro.deconvnet(_load(build(name)), x, layer, rule=rule)
    assert _off(found.values, expected.values) < 1e-12
    assert found.values.any()
    if rule != "gradient":
        assert found.fidelity["rectifiers"] == expected.fidelity["rectifiers"] > 2
    assert torch.equal(x, kept)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("form", DISGUISES)
def test_rectifiers_in_disguise_equal_the_form_written_out(form: str, rule: str) -> None:
    """With real rectifiers beside them: the note counted those alone, and said that nothing was left out."""
    module = build("plain", form)
    turns = itertools.cycle([functional.relu, module.call])
    module.call = lambda x: next(turns)(x)
    x = _input(module)
    found = deepro.deconvnet(deepro.load(module, input_shape=module.shape), x, "end", [0, 1], rule=rule)
    for u in (0, 1):
        expected = reference.project(build("plain"), x, "end", u, None, rule).numpy()[0]
        assert _off(found.values[0, u], expected) < 1e-10


def test_the_rules_differ() -> None:
    module = build("plain")
    net, x = _load(module), _input(module)
    values = [deepro.deconvnet(net, x, "conv3", rule=rule).values for rule in RULES]
    assert _off(values[0], values[1]) > 0.01
    assert _off(values[1], values[2]) > 0.01
    assert _off(values[0], values[2]) > 0.01


@pytest.mark.parametrize("name", NETWORKS)
def test_a_unit_c_times_as_strong_gives_c_times_the_projection(name: str) -> None:
    """The layer's own filters scaled: its activations are scaled, nothing on the way to it changes."""
    module = build(name)
    x = _input(module)
    layer = type(module).layers[1]
    units = [0, 1, 2]
    before = deepro.deconvnet(_load(module), x, layer, units)

    class Louder(nn.Module):
        shape = type(module).shape

        def __init__(self) -> None:
            super().__init__()
            self.body = module
            self.seen = nn.Identity()
            module.get_submodule(layer).register_forward_hook(lambda m, a, o: self.seen(3.5 * o))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(x)

    after = deepro.deconvnet(_load(Louder()), x, "seen", units, before.positions)
    assert _off(after.activations, 3.5 * before.activations) < 1e-12
    # The factor stands in the activation that is sent back, and once more in the way down.
    assert _off(after.values, 3.5**2 * before.values) < 1e-12


def test_activations_positions_maps_and_order() -> None:
    module = build("plain")
    net, x = _load(module), _input(module, 2)
    found = deepro.deconvnet(net, x, "conv2", top=4)
    out = deepro.activations(net, x, "conv2").values["conv2"]
    assert found.values.shape == (2, 4, 3, 23, 21)
    for n in range(2):
        strongest = np.argsort(-out[n].reshape(8, -1).max(1), kind="stable")[:4]
        assert found.units[n].tolist() == strongest.tolist()
        for u, unit in enumerate(found.units[n]):
            assert np.array_equal(found.maps[n, u], out[n, unit])
            assert found.activations[n, u] == out[n, unit].max()
            assert out[n, unit][tuple(found.positions[n, u])] == out[n, unit].max()


@pytest.mark.parametrize("cut", [True, False])
def test_all_at_once_equals_one_by_one(cut: bool) -> None:
    module = build("branching")
    net, x = _load(module), _input(module, 2)
    units = np.array([[0, 3, 5], [2, 1, 3]])
    together = deepro.deconvnet(net, x, "mix", units, cut=cut)
    for n in range(2):
        for u in range(3):
            alone = deepro.deconvnet(net, x[n : n + 1], "mix", int(units[n, u]), cut=cut)
            assert _off(together.values[n, u], alone.values[0, 0]) < 1e-12


def test_chosen_positions() -> None:
    module = build("plain")
    net, x = _load(module), _input(module)
    found = deepro.deconvnet(net, x, "conv2", [1, 2], [[0, 0], [4, 3]])
    for u, (unit, place) in enumerate([(1, (0, 0)), (2, (4, 3))]):
        assert (
            _off(found.values[0, u], reference.project(module, x, "conv2", unit, place, "deconvnet").numpy()[0]) < 1e-10
        )
    same = deepro.deconvnet(net, x, "conv2", [1, 2], (2, 2))
    assert same.positions.tolist() == [[[2, 2], [2, 2]]]


@pytest.mark.parametrize("name", ["plain", "line", "volume"])
def test_nothing_outside_the_receptive_field(name: str) -> None:
    module = build(name)
    net, x = _load(module), _input(module)
    layer = type(module).layers[1]
    found = deepro.deconvnet(net, x, layer, top=5, cut=False)
    assert (found.windows[..., 1] - found.windows[..., 0] < np.array(type(module).shape[1:])).any()
    for u, window in enumerate(found.windows[0]):
        outside = np.ones(type(module).shape[1:], dtype=bool)
        outside[tuple(slice(a, b) for a, b in window)] = False
        assert not found.values[0, u][:, outside].any()
        assert found.values[0, u].any()


def test_the_fidelity_note_says_what_was_on_the_way() -> None:
    module = build("branching")
    net, x = _load(module), _input(module)
    assert deepro.deconvnet(net, x, "stem").fidelity["rectifiers"] == 0
    assert deepro.deconvnet(net, x, "point").fidelity["rectifiers"] == 2
    # The grouped branch does not pass the dilated one's rectifier, though that may have run.
    assert deepro.deconvnet(net, x, "dilated").fidelity["rectifiers"] == 2
    note = deepro.deconvnet(net, x, "head").fidelity
    assert note["rectifiers"] == 5
    assert note["kinds"] == {"relu": 5}
    assert note["left"] == {}
    assert note["switches"] == 1
    assert note["rule"] == "deconvnet"


def _net(*modules: nn.Module) -> deepro.Network:
    torch.manual_seed(0)
    return deepro.load(nn.Sequential(*modules), input_shape=(3, 8, 8))


def test_networks_without_rectifiers_are_refused_and_get_the_gradient_by_name() -> None:
    net = _net(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.Conv2d(4, 4, 3))
    x = torch.randn(1, 3, 8, 8)
    for layer in ("0", "1", "2"):
        for rule in ("deconvnet", "guided"):
            with pytest.raises(UnsupportedError, match=r'no rectifier on the way.*rule="gradient"'):
                deepro.deconvnet(net, x, layer, rule=rule)
        found = deepro.deconvnet(net, x, layer, 1, rule="gradient")
        y = x.clone().requires_grad_()
        out = net.module[: int(layer) + 1](y)[0, 1]
        (expected,) = torch.autograd.grad(out.max(), y)
        assert _off(found.values[0, 0], (out.max() * expected[0]).detach().numpy()) < 1e-5


def test_smooth_nonlinearities_beside_rectifiers_are_said() -> None:
    net = _net(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.Hardswish(), nn.Conv2d(4, 2, 1))
    note = deepro.deconvnet(net, torch.randn(1, 3, 8, 8), "4").fidelity
    assert note["left"] == {"hardswish": 1}
    assert note["kinds"] == {"relu": 1}


def test_scripted_rectifiers_are_not_passed_over_in_silence() -> None:
    inner = torch.jit.script(nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU()))
    net = _net(nn.Conv2d(3, 4, 3), nn.ReLU(), inner, nn.Conv2d(4, 2, 1))
    x = torch.randn(1, 3, 8, 8)
    for _ in range(3):  # the profiling executor seals the graph after some runs
        with pytest.raises(UnsupportedError, match="scripted, compiled or fused"):
            deepro.deconvnet(net, x, "3")
    deepro.deconvnet(net, x, "3", rule="gradient")


def test_relu6_is_rectified_and_its_ceiling_stops_only_the_gradient() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.Conv2d(4, 2, 3)).double()
    with torch.no_grad():
        module[0].weight.mul_(20)
    net = deepro.load(module, input_shape=(3, 8, 8))
    x = torch.randn(1, 3, 8, 8, dtype=torch.float64)
    for rule in RULES:
        found = deepro.deconvnet(net, x, "2", 1, rule=rule).values[0, 0]
        assert _off(found, reference.project(module, x, "2", 1, None, rule).numpy()[0]) < 1e-10
    assert deepro.deconvnet(net, x, "2").fidelity["kinds"] == {"relu6": 1}


def test_bad_input_is_one_clear_line() -> None:
    module = build("plain")
    net, x = _load(module), _input(module, 2)
    for error, said, call in [
        (LayerError, "unknown layer 'conf1'; did you mean conv1", lambda: deepro.deconvnet(net, x, "conf1")),
        (UsageError, "units 0..7, not 8", lambda: deepro.deconvnet(net, x, "conv2", 8)),
        (UsageError, "units 0..7, not -1", lambda: deepro.deconvnet(net, x, "conv2", [0, -1])),
        (UsageError, "3 rows for 2 images", lambda: deepro.deconvnet(net, x, "conv2", [[0], [1], [2]])),
        (UsageError, r"units is \[0.5\], expected an index", lambda: deepro.deconvnet(net, x, "conv2", [0.5])),
        (UsageError, r"position \(99, 0\) is outside", lambda: deepro.deconvnet(net, x, "conv2", 1, (99, 0))),
        (UsageError, "expected 2 numbers for each of 1 units", lambda: deepro.deconvnet(net, x, "conv2", 1, (1, 2, 3))),
        (UsageError, "rule is 'guide'", lambda: deepro.deconvnet(net, x, "conv2", rule="guide")),
        (UsageError, "top is 0", lambda: deepro.deconvnet(net, x, "conv2", top=0)),
    ]:
        with pytest.raises(error, match=said) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_without_switches_the_projection_is_the_units_own_pattern() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3, stride=2), nn.ReLU()).double()
    net = deepro.load(module, input_shape=(3, 16, 16))
    x = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    found = deepro.deconvnet(net, x, "2", [0], (2, 2))
    assert found.fidelity["switches"] == 0
    first, second = (found.values[n, 0] / abs(found.activations[n, 0]) for n in (0, 1))
    if (found.activations[0] > 0) == (found.activations[1] > 0):
        assert _off(first, second) < 1e-12
    guided = deepro.deconvnet(net, x, "2", [0], (2, 2), rule="guided")
    assert _off(guided.values[0], guided.values[1]) > 0.01


def test_a_unit_at_its_ceiling_is_sent_back() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU6())
    net = deepro.load(module, input_shape=(3, 8, 8))
    x = 50 * torch.randn(1, 3, 8, 8)
    for rule in ("deconvnet", "guided"):
        found = deepro.deconvnet(net, x, "1", rule=rule)
        assert (found.activations == 6).all()
        assert found.values.reshape(4, -1).any(1).all()
