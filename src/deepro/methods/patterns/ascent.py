"""Uphill with steps of one length for each picture.

Adam gives every coefficient of a spectrum the same step, so grain, of which there is most, soon covers the picture.
Here the gradient keeps its shape and only its length is fixed, picture by picture: what the network asks for strongly
moves far, and the length does not depend on how large a network's logits are.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


class Ascent:
    """Normalised gradient ascent with momentum on `parameters` (T, ...), each of the T on its own.

    A step moves a picture's parameters by `learning_rate` (root mean square), rising over the first steps and falling
    to nothing at the last, and draws them back to zero, the middle of all photographs, by `decay` times that.
    """

    momentum = 0.9
    warm_up = 5

    def __init__(self, parameters: Tensor, learning_rate: float, steps: int, decay: float = 0.0) -> None:
        self.parameters = parameters
        self.learning_rate = learning_rate
        self.steps = steps
        self.decay = decay
        self.done = 0
        self.velocity = torch.zeros_like(parameters)

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        """One step up along (T, ...). A picture with no gradient stays where its momentum takes it."""
        length = gradient.flatten(1).square().mean(1).sqrt().clamp_min(torch.finfo(gradient.dtype).tiny)
        direction = gradient / length.view(-1, *[1] * (gradient.ndim - 1))
        self.velocity.mul_(self.momentum).add_(direction, alpha=1 - self.momentum)
        rate = self.learning_rate * min(1.0, (self.done + 1) / self.warm_up)
        rate *= 0.5 + 0.5 * math.cos(math.pi * self.done / self.steps)
        if self.decay:
            self.parameters.mul_(1 - min(1.0, self.decay * rate))
        self.parameters.add_(self.velocity, alpha=rate)
        self.done += 1
