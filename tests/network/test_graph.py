"""Edges of the layer graph, against networks whose wiring is written down."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from deepro.network.graph import edges


class Wired(nn.Module):
    """A sum, a concatenation, a function between layers, a module used twice, an identity, an in-place rectifier."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(3, 3, 1) for _ in range(3))
        self.same = nn.Identity()
        self.relu = nn.ReLU(inplace=True)
        self.last = nn.Sequential(nn.Flatten(), nn.Linear(24, 2))

    def forward(self, x: Tensor) -> Tensor:
        a = self.relu(self.a(x))
        b = self.b(self.same(a))
        both = torch.relu(a + b)
        c = self.relu(self.c(x))
        return self.last(torch.cat([both, c], 1))


def test_every_way_that_a_tensor_goes() -> None:
    assert set(edges(Wired(), torch.rand(1, 3, 2, 2))) == {
        ("a", "relu"),
        ("relu", "b"),
        ("relu", "last.0"),  # through the sum
        ("b", "last.0"),
        ("c", "relu:2"),
        ("relu:2", "last.0"),
        ("last.0", "last.1"),
    }


def test_a_layer_of_torchs_is_whole_whatever_is_inside() -> None:
    class Padded(nn.Conv2d):
        def __init__(self) -> None:
            super().__init__(3, 3, 3)
            self.pad = nn.ZeroPad2d(1)

        def forward(self, input: Tensor) -> Tensor:
            return super().forward(self.pad(input))

    net = nn.Sequential(Padded(), nn.MultiheadAttention(4, 2))
    net.forward = lambda x: net[1](*[net[0](x)[0]] * 3)[0]  # type: ignore[method-assign]
    assert edges(net, torch.rand(1, 3, 4, 4)) == [("0", "1")]


def test_the_module_is_left_alone_and_a_failing_pass_has_no_edges() -> None:
    net = Wired().train()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    assert edges(net, torch.rand(1, 5, 2, 2)) == []
    assert net.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    assert all((before[k] == v).all() for k, v in net.state_dict().items())


def test_edges_reach_the_page(tmp_path: object) -> None:
    import deepro
    from deepro.render.networks import network
    from deepro.store import Workspace

    net = deepro.load(Wired(), input_shape=(3, 2, 2))
    workspace = Workspace(str(tmp_path) + "/ws")
    workspace.add_network(net)
    shown = network(workspace.networks()[0])
    named = {(shown.layers[a].name, shown.layers[b].name) for a, b in shown.edges}
    assert named == set(net.edges())
