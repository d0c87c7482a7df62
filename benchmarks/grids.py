"""Whether the token grids of transformers and mixers of timm are right, by a bright patch that must show where it is.

    python benchmarks/token_grid.py                        all families, random weights
    python benchmarks/token_grid.py deit_tiny_patch16_224 swin_tiny_patch4_window7_224

For the layer that Grad-CAM takes and for five of its blocks: one token's place in the picture is made bright, and the
place of the layer's map that changes most must be that token or, where patches overlap, a neighbour. A layer is right,
refused (no grid was found) or wrong. Times are of finding all grids that were asked for.
"""

from __future__ import annotations

import argparse
import time
import warnings
from concurrent.futures import ProcessPoolExecutor

import timm
import torch
from rich.console import Console
from rich.table import Table

import deepro
from deepro.errors import DeeproError
from deepro.methods.regions.cams import last_spatial
from deepro.methods.units.representative import representative_layers
from deepro.network import Network
from deepro.probe import untouched

FAMILIES = """
beit_base_patch16_224 cait_xxs24_224 caformer_s18 coat_tiny coat_lite_tiny coatnet_nano_rw_224 convit_tiny
convnext_atto crossvit_tiny_240 davit_tiny deit_tiny_patch16_224 deit_tiny_distilled_patch16_224
deit3_small_patch16_224 edgenext_xx_small efficientformer_l1 efficientformerv2_s0 efficientvit_m0
eva02_tiny_patch14_224 fastvit_sa12 flexivit_small focalnet_tiny_srf gcvit_xxtiny gmlp_ti16_224 hiera_tiny_224
levit_128s mambaout_femto maxvit_nano_rw_256 mixer_s32_224 mobilevit_xxs mobilevitv2_050 mvitv2_tiny
naflexvit_base_patch16_gap nest_tiny nextvit_small pit_ti_224 poolformer_s12 pvt_v2_b0 resmlp_12_224
samvit_base_patch16_224 sequencer2d_s swin_tiny_patch4_window7_224 swinv2_cr_tiny_224 tiny_vit_5m_224
tnt_s_patch16_224 twins_pcpvt_small twins_svt_small visformer_tiny vit_tiny_patch16_224
vit_base_patch16_reg4_gap_256 volo_d1_224 xcit_nano_12_p16_224
"""


def shows(net: Network, layer: str, patches: int = 10) -> bool | None:
    """Whether bright patches show where they are; None where the layer has no grid."""
    try:
        grid = net.layers[layer].grid
    except DeeproError:
        return None
    shape = net.input_shape or ()
    draw = torch.Generator().manual_seed(7)
    grey = torch.rand(1, *shape, generator=draw) * 0.2
    places = torch.stack([torch.randint(n, (patches,), generator=draw) for n in grid.space], 1).tolist()

    def maps(x: torch.Tensor) -> torch.Tensor:
        with untouched(net.module), torch.no_grad(), net.probe([layer], stop=True) as probe:
            probe(x)
        return grid(probe[layer], 1)[0]

    before, changes = maps(grey), []
    for place in places:
        bright = grey.clone()
        box = [
            slice(int(p * s / n), max(int((p + 1) * s / n), 1))
            for p, n, s in zip(place, grid.space, shape[1:], strict=True)
        ]
        bright[(..., *box)] = 2
        changes.append((maps(bright) - before).abs().sum(0))
    own = torch.stack(changes)
    own = own**2 / own.mean(0).clamp_min(1e-12)  # beyond what a place answers to whatever changes, as at a border
    met = 0
    for place, change in zip(places, own, strict=True):
        found = torch.unravel_index(change.argmax(), change.shape)
        met += all(abs(int(f) - p) <= 1 for f, p in zip(found, place, strict=True))
    return met >= 0.8 * patches


def examine(name: str) -> tuple[str, str, str, str, float]:
    """(name, verdict on the layer of CAMs, that layer, verdicts on blocks, seconds)."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = timm.create_model(name, pretrained=False)
    net = deepro.load(module, input_shape=tuple(module.pretrained_cfg["input_size"]))
    x = torch.randn(1, *(net.input_shape or ()))
    start = time.perf_counter()
    words = {True: "right", False: "WRONG", None: "refused"}
    try:
        with untouched(net.module):
            layer = last_spatial(net, x)
        said = f"{layer}: {net.grids(x)[layer]}"
        verdict = words[shows(net, layer)]
    except DeeproError as error:
        said, verdict = str(error), "refused"
    seconds = time.perf_counter() - start
    blocks = [words[shows(net, b)] for b in representative_layers(net)]
    return name, verdict, said, ", ".join(f"{blocks.count(w)} {w}" for w in words.values() if w in blocks), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=FAMILIES.split())
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    table = Table("network", "layer of CAMs", "grid", "blocks", "seconds")
    verdicts = []
    with ProcessPoolExecutor(args.workers) as pool:
        for name, verdict, said, blocks, seconds in pool.map(examine, args.names):
            print(name, verdict, said, blocks, f"{seconds:.1f}", flush=True)
            verdicts.append(verdict)
            table.add_row(name, verdict, said, blocks, f"{seconds:.1f}")
    console = Console(width=150)
    console.print(table)
    console.print(", ".join(f"{verdicts.count(v)} {v}" for v in ("right", "refused", "WRONG")))


if __name__ == "__main__":
    main()
