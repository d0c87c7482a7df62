"""Networks of torchvision, timm and transformers, a small one a family, through the main methods: is each answer right?

    python benchmarks/sweep.py [--quick] [--only NAME ...]

Weights are random and inputs small. What a method gives is compared with plain autograd, with PyTorch's own hooks, or
with the reference DeconvNet of the tests. The table counts, for each network:

    right      equal to the reference, to 1e-4 of the largest value
    refused    one line that says why, and the module left as it was
    unclear    it ran, and there is no reference to compare with (the DeconvNet of a network that torch.fx cannot trace)
    traceback  anything else that was raised
    wrong      unequal

It ends with 1 where anything is wrong or a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import deepro
from deepro.errors import DeeproError, UnsupportedError

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.footprint import footprint, same
from tests.reference import deconvnet as reference

OUTCOMES = ("right", "refused", "unclear", "traceback", "wrong")
NEAR = 1e-4  # of the largest value: float32 sums in another order

TORCHVISION = (
    "alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 maxvit_t "
    "mnasnet0_5 mobilenet_v2 mobilenet_v3_small regnet_x_400mf regnet_y_400mf resnet18 resnext50_32x4d "
    "shufflenet_v2_x0_5 squeezenet1_1 swin_t swin_v2_t vgg11 vgg11_bn vit_b_32 wide_resnet50_2 fcn_resnet50 "
    "deeplabv3_mobilenet_v3_large lraspp_mobilenet_v3_large fasterrcnn_mobilenet_v3_large_320_fpn "
    "ssdlite320_mobilenet_v3_large ssd300_vgg16 retinanet_resnet50_fpn fcos_resnet50_fpn maskrcnn_resnet50_fpn "
    "keypointrcnn_resnet50_fpn quantized_resnet18 r3d_18 mc3_18 r2plus1d_18 s3d mvit_v2_s swin3d_t raft_small"
)
TIMM = (
    "halonet26t mobileone_s0 repvgg_b0 cait_xxs24_224 coat_tiny convit_tiny convnext_atto convnextv2_atto "
    "cpubone_nano crossvit_tiny_240 cs3darknet_s davit_tiny deit_tiny_patch16_224 densenet121 dla34 dpn68 "
    "edgenext_xx_small efficientformer_l1 efficientformerv2_s0 tinynet_a efficientvit_b0 efficientvit_m0 "
    "eva02_tiny_patch14_224 fasternet_t0 fastvit_t8 focalnet_tiny_srf gcvit_xxtiny ghostnet_050 hardcorenas_a "
    "hiera_tiny_224 hrnet_w18_small inception_next_atto inception_v4 lcnet_050 levit_128s mambaout_femto "
    "coatnet_pico_rw_224 caformer_s18 mixer_s16_224 tf_mobilenetv3_small_minimal_100 mobilevit_xxs mvitv2_tiny "
    "nest_tiny nf_regnet_b0 pit_ti_224 pvt_v2_b0 rdnet_tiny regnetx_002 repghostnet_050 repvit_m1 res2net50d "
    "resnest14d resnet18 resnetv2_18 rexnet_100 selecsls42 legacy_seresnet18 sequencer2d_s shvit_s1 skresnet18 "
    "starnet_s050 swiftformer_xs swin_tiny_patch4_window7_224 swinv2_cr_tiny_224 tiny_vit_5m_224 "
    "tnt_s_patch16_224 tresnet_m twins_svt_small visformer_tiny vit_tiny_patch16_224 vit_relpos_small_patch16_224 "
    "volo_d1_224 ese_vovnet19b_slim xception41 xcit_nano_12_p8_224"
)
QUICK = (
    "torchvision:alexnet torchvision:resnet18 torchvision:squeezenet1_1 torchvision:vit_b_32 "
    "torchvision:fcn_resnet50 torchvision:ssdlite320_mobilenet_v3_large torchvision:r3d_18 "
    "torchvision:quantized_resnet18 torchvision:googlenet timm:repvgg_b0 timm:deit_tiny_patch16_224 "
    "timm:swin_tiny_patch4_window7_224 timm:efficientvit_m0 timm:nf_regnet_b0 timm:hiera_tiny_224 "
    "timm:convnext_atto hf:ViT hf:Bert hf:Segformer"
)


def huggingface() -> dict[str, Callable[[], nn.Module]]:
    """Small configurations by name, with random weights."""
    import transformers as t

    tiny = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64)
    stages = dict(depths=[1, 1], hidden_sizes=[16, 32])
    picture = dict(image_size=64, patch_size=16)
    return {
        "ViT": lambda: t.ViTForImageClassification(t.ViTConfig(**tiny, **picture, num_labels=10)),
        "DeiT": lambda: t.DeiTForImageClassification(t.DeiTConfig(**tiny, **picture, num_labels=10)),
        "Beit": lambda: t.BeitForImageClassification(t.BeitConfig(**tiny, **picture, num_labels=10)),
        "Dinov2": lambda: t.Dinov2ForImageClassification(t.Dinov2Config(**tiny, **picture, num_labels=10)),
        "ResNet": lambda: t.ResNetForImageClassification(
            t.ResNetConfig(**stages, embedding_size=16, layer_type="basic", num_labels=10)
        ),
        "ConvNext": lambda: t.ConvNextForImageClassification(
            t.ConvNextConfig(**stages, num_stages=2, num_labels=10)
        ),
        "MobileNetV2": lambda: t.MobileNetV2ForImageClassification(t.MobileNetV2Config(num_labels=10)),
        "Swin": lambda: t.SwinForImageClassification(
            t.SwinConfig(image_size=64, embed_dim=16, depths=[1, 1], num_heads=[2, 4], window_size=4, num_labels=10)
        ),
        "PoolFormer": lambda: t.PoolFormerForImageClassification(t.PoolFormerConfig(num_labels=10)),
        "Segformer": lambda: t.SegformerForSemanticSegmentation(
            t.SegformerConfig(depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 24, 32], num_labels=10)
        ),
        "Bert": lambda: t.BertForSequenceClassification(t.BertConfig(**tiny, vocab_size=99, num_labels=3)),
        "GPT2": lambda: t.GPT2ForSequenceClassification(
            t.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=99, num_labels=3, pad_token_id=0)
        ),
        "Wav2Vec2": lambda: t.Wav2Vec2ForSequenceClassification(
            t.Wav2Vec2Config(**tiny, num_labels=3, classifier_proj_size=8, num_conv_pos_embedding_groups=4)
        ),
        "Whisper": lambda: t.WhisperForAudioClassification(
            t.WhisperConfig(d_model=32, encoder_layers=2, encoder_attention_heads=4, encoder_ffn_dim=64, num_labels=3)
        ),
    }  # fmt: skip


def networks() -> dict[str, Callable[[], deepro.Network]]:
    """All networks of the sweep by name; families that are not installed are left out."""

    def timm_network(name: str) -> deepro.Network:
        import timm

        made = timm.create_model(name, pretrained=False).eval()
        return deepro.load(made, input_shape=made.pretrained_cfg["input_size"])

    found: dict[str, Callable[[], deepro.Network]] = {}
    for name in TORCHVISION.split():
        found[f"torchvision:{name}"] = lambda name=name: deepro.load(f"torchvision:{name}", weights="random")
    with contextlib.suppress(ImportError):
        import timm

        known = set(timm.list_models())
        for name in TIMM.split():
            if name in known:
                found[f"timm:{name}"] = lambda name=name: timm_network(name)
    with contextlib.suppress(ImportError):
        for name, make in huggingface().items():
            found[f"hf:{name}"] = lambda make=make: deepro.load(make().eval())
    return found


def input_for(net: deepro.Network) -> Tensor:
    """A small input that the network takes; else one of its own size."""
    own = net.input_shape or (3, 64, 64)
    tokens = any(isinstance(m, nn.Embedding) for m in net.module.modules())
    for shape in ((3, 64, 64), (3, 8, 64, 64), own):
        x = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
        if tokens and len(shape) == 1:
            x = torch.arange(5, 5 + shape[0])[None]
        with contextlib.suppress(Exception), torch.no_grad():
            net.module(x.clone())
            return x
    return x


# ---- one check a method: (what came, what was expected), or None where nothing can be compared


Pair = tuple[np.ndarray, np.ndarray] | None


def plain_logits(net: deepro.Network, x: Tensor) -> Tensor:
    """The classes' numbers without our own forward pass; dense outputs averaged over places."""
    output = net.module(x)
    if not isinstance(output, Tensor):
        output = output["out" if "out" in output else "logits"]
    return output.flatten(2).mean(2) if output.ndim > 3 else output


def own_gradient(net: deepro.Network, x: Tensor, label: int) -> tuple[Tensor, Tensor]:
    x = x.clone().requires_grad_()
    score = plain_logits(net, x.clone())[0, label]
    (gradient,) = torch.autograd.grad(score, x)
    return score.detach(), gradient


def check_predict(net: deepro.Network, x: Tensor) -> Pair:
    ours = deepro.predict(net, x, top=3)
    with torch.no_grad():
        logits = plain_logits(net, x)[0]
    return np.array(ours.probabilities), logits.softmax(0).sort(descending=True).values[:3].numpy()


def check_activations(net: deepro.Network, x: Tensor) -> Pair:
    layer = middle(net, x)
    kept: list[Tensor] = []
    handle = net.module.get_submodule(layer).register_forward_hook(lambda _m, _a, out: kept.append(first(out).clone()))
    with torch.no_grad():
        net.module(x.clone())
    handle.remove()
    return deepro.activations(net, x, [layer]).values[layer], kept[0].numpy()


def check_gradient(net: deepro.Network, x: Tensor) -> Pair:
    ours = deepro.gradient_x_input(net, x, 1)
    _, gradient = own_gradient(net, x, 1)
    return ours.values, (x * gradient).sum(1).numpy() if x.ndim > 2 else (x * gradient).numpy()


def check_hirescam(net: deepro.Network, x: Tensor) -> Pair:
    ours = deepro.hirescam(net, x, 1)
    layer = str(ours.evidence["layer"])
    kept: list[Tensor] = []
    name, _, call = layer.partition(":")
    handle = net.module.get_submodule(name).register_forward_hook(lambda _m, _a, out: kept.append(first(out)))
    with torch.enable_grad():
        score = plain_logits(net, x.clone().requires_grad_().clone())[0, 1]
    handle.remove()
    at = kept[int(call or 1) - 1]
    if at.ndim != x.ndim or list(at.shape[2:]) != list(ours.evidence["map"]):
        return None  # tokens laid out as a grid: compared in the tests
    (gradient,) = torch.autograd.grad(score, at)
    small = (at * gradient).sum(1, keepdim=True).detach()
    mode = ("linear", "bilinear", "trilinear")[x.ndim - 3]
    return ours.values, nn.functional.interpolate(small, x.shape[2:], mode=mode, align_corners=False)[:, 0].numpy()


def check_unit_gradient(net: deepro.Network, x: Tensor) -> Pair:
    layer = middle(net, x)
    ours = deepro.deconvnet(net, x, layer, rule="gradient", top=1)
    kept: list[Tensor] = []
    handle = net.module.get_submodule(layer).register_forward_hook(lambda _m, _a, out: kept.append(first(out).clone()))
    leaf = x.clone().requires_grad_()
    with torch.enable_grad():
        net.module(leaf.clone())
    handle.remove()
    value = unit_of(kept[0], net.trace(x)[layer].unit_axis, int(ours.units[0, 0]), ours.positions[0, 0])
    (gradient,) = torch.autograd.grad(value, leaf)
    return ours.values[0, 0], (gradient[0] * value.detach()).numpy()


def check_deconvnet(net: deepro.Network, x: Tensor) -> Pair:
    layer = middle(net, x)
    ours = deepro.deconvnet(net, x, layer, top=1)
    at = tuple(int(p) for p in ours.positions[0, 0])
    try:
        expected = reference.project(net.module, x, layer, int(ours.units[0, 0]), at, "deconvnet")
    except Exception:
        return None  # torch.fx cannot trace it, or it has operations that the reference lacks
    return ours.values[0, 0], expected[0].detach().numpy()


def check_segment(net: deepro.Network, x: Tensor) -> Pair:
    ours = deepro.segment(net, x, 1)
    score, _ = own_gradient(net, x, 1)
    return ours.heatmap.scores, score[None].numpy()


def check_imagine(net: deepro.Network, x: Tensor) -> Pair:
    ours = deepro.imagine(net, [1], size=64, steps=2)
    shown = torch.from_numpy(ours.images)
    normalise = getattr(net.preprocess, "normalise", None)
    with torch.no_grad():
        return ours.scores, plain_logits(net, normalise(shown) if normalise else shown)[:, 1].numpy()


def check_survey(net: deepro.Network, x: Tensor) -> Pair:
    several = torch.cat([x, x.flip(-1), x * 0 + (x if not x.is_floating_point() else 0.3)])
    layer = middle(net, x)
    found = deepro.survey(net, several, [layer], top_k=1, batch_size=1)
    kept: list[Tensor] = []
    handle = net.module.get_submodule(layer).register_forward_hook(lambda _m, _a, out: kept.append(first(out).clone()))
    with torch.no_grad():
        for one in several:
            net.module(one[None].clone())
    handle.remove()
    axis = net.trace(x)[layer].unit_axis
    peaks = torch.stack([k.movedim(axis, 1).flatten(2).amax(2)[0] if k.ndim > 2 else k[0] for k in kept]).amax(0)
    return found.layers[layer].values[:, 0], peaks.numpy()


CHECKS: dict[str, Callable[[deepro.Network, Tensor], Pair]] = {
    "predict": check_predict,
    "activations": check_activations,
    "gradient": check_gradient,
    "hirescam": check_hirescam,
    "unit gradient": check_unit_gradient,
    "deconvnet": check_deconvnet,
    "segment": check_segment,
    "imagine": check_imagine,
    "survey": check_survey,
}


def middle(net: deepro.Network, x: Tensor) -> str:
    """A convolution or dense layer in the middle that is called once."""
    layers = net.trace(x)
    found = [n for n, layer in layers.items() if ("Conv" in layer.kind or layer.kind == "Linear") and layer.units > 1]
    found = [n for n in found if ":" not in n and f"{n}:2" not in layers] or list(layers)
    if not found:
        raise UnsupportedError("the network has no layer that could be looked at")
    return found[len(found) // 2]


def first(output: Any) -> Tensor:
    return output if isinstance(output, Tensor) else first(next(iter(output)))


def unit_of(out: Tensor, axis: int, unit: int, position: np.ndarray) -> Tensor:
    return out.select(axis, unit)[(0, *(int(p) for p in position))]


# ---- the table


def outcome(check: Callable[[deepro.Network, Tensor], Pair], net: deepro.Network, x: Tensor) -> tuple[str, str]:
    before = footprint(net.module)
    try:
        pair = check(net, x)
    except DeeproError as error:
        text = str(error)
        clear = "\n" not in text and 20 < len(text) < 600 and same(before, footprint(net.module))
        return ("refused" if clear else "unclear"), text
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "traceback", f"{type(error).__name__}: {str(error)[:200]} ({Path(where.filename).name}:{where.lineno})"
    if pair is None:
        return "unclear", "no reference"
    ours, expected = (np.asarray(p, dtype=np.float64) for p in pair)
    if ours.shape != expected.shape:
        return "wrong", f"{ours.shape} against {expected.shape}"
    off = float(np.abs(ours - expected).max(initial=0)) / max(float(np.abs(expected).max(initial=0)), 1e-12)
    return ("right" if off <= NEAR or np.array_equal(ours, expected) else "wrong"), f"off by {off:.1e}"


def swept(name: str, make: Callable[[], deepro.Network]) -> Iterator[tuple[str, str, str]]:
    torch.manual_seed(0)
    try:
        net = make()
        net.module.eval().requires_grad_(False)
        x = input_for(net)
    except Exception as error:
        yield "load", ("refused" if isinstance(error, DeeproError) else "traceback"), f"{type(error).__name__}: {error}"
        return
    for method, check in CHECKS.items():
        yield method, *outcome(check, net, x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="19 networks instead of all")
    parser.add_argument("--only", nargs="+", help="networks whose names contain one of these")
    parser.add_argument("--said", action="store_true", help="print what every outcome said")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    every = networks()
    if options.quick:
        every = {name: every[name] for name in QUICK.split() if name in every}
    if options.only:
        every = {name: make for name, make in every.items() if any(part in name for part in options.only)}
    total = dict.fromkeys(OUTCOMES, 0)
    print(f"{'network':45}" + "".join(f"{o:>11}" for o in OUTCOMES) + "    seconds")
    for name, make in every.items():
        started, counts, told = time.perf_counter(), dict.fromkeys(OUTCOMES, 0), []
        for method, result, said in swept(name, make):
            counts[result] += 1
            if options.said or result in ("traceback", "wrong") or (result == "unclear" and said != "no reference"):
                told.append(f"    {result}: {method}: {said}")
        seconds = time.perf_counter() - started
        print(
            f"{name:45}" + "".join(f"{counts[o]:11}" for o in OUTCOMES) + f"{seconds:11.1f}",
            *told,
            sep="\n",
            flush=True,
        )
        total = {o: total[o] + counts[o] for o in OUTCOMES}
        gc.collect()
    print(f"{len(every)} networks".ljust(45) + "".join(f"{total[o]:11}" for o in OUTCOMES))
    sys.exit(1 if total["traceback"] or total["wrong"] else 0)


if __name__ == "__main__":
    main()
