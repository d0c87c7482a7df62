"""One function for the heatmaps of every method: `deepro.heatmap(net, images, target, method=...)`."""

from __future__ import annotations

from typing import Any

from deepro.errors import UsageError, near
from deepro.kinds.photographs.heatmap import Heatmap
from deepro.network import Network
from deepro.parameters import Images, OneTarget
from deepro.registry import Method, methods


def kinds() -> dict[str, Method]:
    """The registry's records that give a heatmap, by name."""
    return {name: record for name, record in methods().items() if record.result is Heatmap}


def heatmap(
    net: Network, images: Images, target: OneTarget | None = None, method: str = "gradient", **options: Any
) -> Heatmap:
    """Importance of each input element for a target, values (N, *input space), unscaled, signed where the method is.

    images: paths, PIL images, uint8 arrays, or a float tensor (N, C, *space) taken as the network's input.
    target: label, class index, 'layer#unit', Target, a list of these (one an image), or None: each image's prediction.
    method: gradient, integrated_gradients, gradcam, ...; `deepro methods` lists them with their options.
    Raises UsageError for an unknown method or option, LabelError for an unknown label.
    Example: `deepro.heatmap(net, "cat.jpg", "tabby", method="gradcam")`
    """
    known = kinds()
    if method not in known:
        raise UsageError(
            f"unknown heatmap method {method!r}{near(method, known) or '; methods are ' + ', '.join(known)}"
        )
    return known[method].bind(net, images, target, **options).run()
