"""Small networks with every operation a DeconvNet must undo, in each form in which a rectifier can be written."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

FORMS: dict[str, Callable[[], nn.Module | Callable[[Tensor], Tensor]]] = {
    "module": nn.ReLU,
    "in-place module": lambda: nn.ReLU(inplace=True),
    "functional": lambda: functional.relu,
    "in-place functional": lambda: lambda x: functional.relu(x, inplace=True),
    "torch.relu": lambda: torch.relu,
    "torch.relu_": lambda: torch.relu_,
    "method": lambda: lambda x: x.relu(),
    "in-place method": lambda: lambda x: x.relu_(),
    "clamp": lambda: lambda x: x.clamp(min=0),
    "in-place clamp": lambda: lambda x: x.clamp_(0),
    "clip": lambda: lambda x: torch.clip(x, 0.0, float("inf")),
    "clamp_min": lambda: lambda x: torch.clamp_min(x, 0),
    "threshold": lambda: nn.Threshold(0, 0),
    "maximum": lambda: lambda x: torch.maximum(x, x.new_zeros(())),
    "max": lambda: lambda x: torch.max(torch.zeros((), dtype=x.dtype), x),
    "clamp to a tensor": lambda: lambda x: x.clamp(min=torch.zeros_like(x)),
    "leaky with slope 0": lambda: nn.LeakyReLU(0),
}


def _assigned(x: Tensor) -> Tensor:
    x[x < 0] = 0
    return x


def _multiplied(x: Tensor) -> Tensor:
    x *= x > 0
    return x


# Rectifiers that are written as something else.
DISGUISES: dict[str, Callable[[], nn.Module | Callable[[Tensor], Tensor]]] = {
    "product with a mask": lambda: lambda x: x * (x > 0),
    "mask first": lambda: lambda x: (x > 0) * x,
    "mask as numbers": lambda: lambda x: torch.mul(x, (x >= 0).to(x.dtype)),
    "mask times one": lambda: lambda x: x * ((x > 0) * 1.0),
    "mask inverted": lambda: lambda x: x * ~(x <= 0),
    "mask of a detached copy": lambda: lambda x: x * torch.gt(x.detach(), 0).double(),
    "in-place product": lambda: _multiplied,
    "where": lambda: lambda x: torch.where(x > 0, x, 0),
    "where, as a method": lambda: lambda x: x.where(x.gt(0), torch.zeros_like(x)),
    "where, the other way": lambda: lambda x: torch.where(x < 0, torch.zeros((), dtype=x.dtype), x),
    "masked_fill": lambda: lambda x: x.masked_fill(x < 0, 0),
    "in-place masked_fill": lambda: lambda x: x.masked_fill_(torch.le(x, 0), 0.0),
    "in-place assignment": lambda: _assigned,
    "half the sum with its size": lambda: lambda x: (x + x.abs()) / 2,
    "its size first": lambda: lambda x: 0.5 * (abs(x) + x),
    "fmax": lambda: lambda x: torch.fmax(x, torch.zeros((), dtype=x.dtype)),
    "stack and amax": lambda: lambda x: torch.stack([x, torch.zeros_like(x)]).amax(0),
    "stack and max": lambda: lambda x: torch.stack([torch.zeros_like(x), x], -1).max(-1).values,
}
FORMS |= DISGUISES


class Rectified(nn.Module):
    """A network that calls `self.r(i, x)` for its i-th rectifier: one of the forms, or one module reused."""

    def __init__(self, form: str = "module", count: int = 4) -> None:
        super().__init__()
        self.form = form
        if form == "reused":
            self.relu = nn.ReLU()
        elif isinstance(FORMS[form](), nn.Module):
            self.relus = nn.ModuleList(FORMS[form]() for _ in range(count))
        else:
            self.call = FORMS[form]()

    def r(self, i: int, x: Tensor) -> Tensor:
        if self.form == "reused":
            return self.relu(x)
        return self.relus[i](x) if hasattr(self, "relus") else self.call(x)


class Plain(Rectified):
    """Strides, padding, batch norm, overlapping pools, a dense end."""

    shape = (3, 23, 21)
    layers = ("conv1", "conv2", "norm", "conv3", "pool2", "fc", "end")

    def __init__(self, form: str = "module") -> None:
        super().__init__(form)
        self.conv1 = nn.Conv2d(3, 6, 5, stride=2, padding=2)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8)
        self.pool2 = nn.MaxPool2d(3, 1, padding=1)
        self.conv3 = nn.Conv2d(8, 5, (3, 2), stride=(2, 1))
        self.fc = nn.Linear(5 * 2 * 4, 7)
        self.end = nn.Linear(7, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.r(0, self.conv1(x)))
        x = self.pool2(self.r(1, self.norm(self.conv2(x))))
        x = self.r(2, self.conv3(x))
        return self.end(self.r(3, self.fc(torch.flatten(x, 1))))


class Branching(Rectified):
    """Residual sums, concatenation, depthwise, grouped and dilated convolutions, average pools, functional pools."""

    shape = (3, 20, 20)
    layers = ("stem", "depthwise", "point", "grouped", "dilated", "mix", "head")

    def __init__(self, form: str = "module") -> None:
        super().__init__(form, 6)
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.point = nn.Conv2d(8, 8, 1)
        self.grouped = nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=4)
        self.dilated = nn.Conv2d(8, 4, 3, stride=2, padding=2, dilation=2)
        self.avg = nn.AvgPool2d(3, 2, 1)
        self.mix = nn.Conv2d(24, 6, 3)
        self.norm = nn.BatchNorm2d(6)
        self.head = nn.Linear(6 * 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.r(0, self.stem(x))
        x = x + self.point(self.r(1, self.depthwise(x)))
        x = torch.cat([self.r(2, self.grouped(x)), self.r(3, self.dilated(x)), self.avg(x)], 1)
        x = self.r(4, self.norm(self.mix(functional.max_pool2d(x, 3, stride=1))))
        x = functional.adaptive_avg_pool2d(x, (2, 2))
        return self.head(torch.flatten(x, 1))


class Line(Rectified):
    """One dimension: speech, text."""

    shape = (2, 40)
    layers = ("conv1", "conv2", "conv3", "fc")

    def __init__(self, form: str = "module") -> None:
        super().__init__(form)
        self.conv1 = nn.Conv1d(2, 5, 7, stride=2, padding=3)
        self.norm = nn.BatchNorm1d(5)
        self.pool = nn.MaxPool1d(3, 2)
        self.conv2 = nn.Conv1d(5, 6, 3, dilation=2, padding="same")
        self.conv3 = nn.Conv1d(6, 4, 3)
        self.best = nn.AdaptiveMaxPool1d(2)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.r(0, self.norm(self.conv1(x))))
        x = self.r(1, self.conv2(x))
        x = self.best(self.r(2, self.conv3(x)))
        return self.fc(torch.flatten(x, 1))


class Volume(Rectified):
    """Three dimensions."""

    shape = (1, 11, 10, 9)
    layers = ("conv1", "conv2", "fc")

    def __init__(self, form: str = "module") -> None:
        super().__init__(form)
        self.conv1 = nn.Conv3d(1, 4, 3, padding=1)
        self.pool = nn.MaxPool3d(3, 2)
        self.conv2 = nn.Conv3d(4, 3, (2, 2, 1), stride=(1, 2, 1))
        self.norm = nn.BatchNorm3d(3)
        self.fc = nn.Linear(3 * 4 * 2 * 4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.r(0, self.conv1(x)))
        x = self.r(1, self.norm(self.conv2(x)))
        return self.fc(torch.flatten(x, 1))


NETWORKS: dict[str, type] = {"plain": Plain, "branching": Branching, "line": Line, "volume": Volume}


def build(name: str, form: str = "module", seed: int = 1) -> nn.Module:
    """A float64 network in evaluation mode whose batch norms have something to do."""
    torch.manual_seed(seed)
    net = NETWORKS[name](form).double().eval()
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, -1.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return net
