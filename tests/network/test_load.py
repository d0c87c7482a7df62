"""Networks from every source, their weights, and what is said where one cannot be had."""

from __future__ import annotations

import copy
import os
import pickle
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from torchvision.models import get_model

import deepro
from deepro.errors import DeeproError, NetworkError, UsageError, WeightsError
from deepro.network.weights import read_weights

NET = """
import torch
from torch import nn

def ok():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))

class Made(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = ok()
    def forward(self, x):
        return self.body(x)

ready = ok()

def fails():
    value = 1
    raise ValueError("no weights\\nsecond line")

def number():
    return 3

def leaves():
    raise SystemExit(2)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with net.py."""
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No name resolves and every cache is empty."""

    def refuse(*_a: Any, **_k: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


# ---- factories


@pytest.mark.parametrize("model", ["net.py:ok", "./net.py:Made", "net.py:ready", "net:ok"])
def test_factories(here: Path, model: str) -> None:
    net = deepro.load(model)
    assert net.source == model
    assert net.logits(torch.rand(2, 3, 20, 20)).shape == (2, 3)


@pytest.mark.parametrize(
    ("model", "error", "said"),
    [
        ("net.py:fails", NetworkError, r"ValueError: no weights \(net\.py:19\)"),
        ("net.py:number", NetworkError, "returned int"),
        ("net.py:leaves", NetworkError, "SystemExit"),
        ("net.py:okk", UsageError, "did you mean ok"),
        ("none.py:ok", UsageError, "no such file"),
        ("broken.py:ok", NetworkError, r"SyntaxError.*broken\.py:1"),
        ("needs.py:ok", NetworkError, r"ModuleNotFoundError.*needs\.py:1"),
        ("no.such.package:ok", UsageError, "no module 'no'"),
        ("resnet50", UsageError, "torchvision:"),
        ("torchvison:resnet50", UsageError, "did you mean torchvision"),
        ("torchvision:resnet51", UsageError, "did you mean resnet50"),
        ("builtin:efficientnet", UsageError, "did you mean efficientnet-lite0"),
        ("torchvision:", UsageError, "names no network"),
        (3, UsageError, "got int"),
    ],
)
def test_said_in_one_line(here: Path, model: Any, error: type[Exception], said: str) -> None:
    (here / "broken.py").write_text("def ok(:\n")
    (here / "needs.py").write_text("import no_such_thing\n")
    with pytest.raises(error, match=said) as raised:
        deepro.load(model)
    assert "\n" not in str(raised.value)


# ---- weights


def _ok() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


WRAPPINGS = {
    "plain": lambda s: s,
    "module.": lambda s: {f"module.{k}": v for k, v in s.items()},
    "compiled": lambda s: {f"_orig_mod.module.{k}": v for k, v in s.items()},
    "state_dict": lambda s: {"state_dict": s, "epoch": 3},
    "lightning": lambda s: {
        "epoch": 1,
        "state_dict": {f"model.{k}": v for k, v in s.items()},
        "hyper_parameters": {"lr": 1},
    },
    "model_state_dict": lambda s: {"model_state_dict": s, "optimizer_state_dict": {"state": {}}},
    "nested": lambda s: {"model": {"state_dict": {f"net.{k}": v for k, v in s.items()}}},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_checkpoints_fit(here: Path, wrapping: str) -> None:
    trained = _ok()
    torch.save(WRAPPINGS[wrapping](trained.state_dict()), here / "w.pt")
    net = deepro.load("net.py:ok", weights=here / "w.pt")
    image = torch.rand(1, 3, 20, 20)
    assert torch.equal(net.logits(image), trained(image))


def test_safetensors_and_added_prefix(here: Path) -> None:
    trained = _ok()
    save_file(trained.state_dict(), here / "w.safetensors")
    assert torch.equal(deepro.load("net.py:ok", weights="w.safetensors").module[4].weight, trained[4].weight)
    torch.save({f"body.{k}": v for k, v in trained.state_dict().items()}, here / "body.pth")
    assert torch.equal(deepro.load("net.py:Made", weights="body.pth").module.body[4].weight, trained[4].weight)


def test_misfit_names_keys_and_shapes(here: Path) -> None:
    state = dict(_ok().state_dict())
    state["4.weight"] = torch.zeros(5, 4)
    state["9.extra"] = state.pop("0.bias")
    torch.save(state, here / "bad.pt")
    with pytest.raises(WeightsError) as raised:
        deepro.load("net.py:ok", weights="bad.pt")
    for part in ("bad.pt", "1 missing (0.bias)", "1 unexpected (9.extra)", "4.weight is 5x4, the network has 3x4"):
        assert part in str(raised.value)
    with pytest.raises(WeightsError, match="missing"):
        deepro.load("torchvision:resnet18", weights="bad.pt")


class _Evil:
    def __reduce__(self) -> Any:
        return (os.mkdir, ("pwned",))


def test_code_is_refused(here: Path) -> None:
    torch.save({"a": _Evil()}, here / "evil.pt")
    torch.save(_ok(), here / "whole.pt")
    (here / "old.pt").write_bytes(pickle.dumps(_Evil()))
    for name in ("evil.pt", "whole.pt", "old.pt"):
        with pytest.raises(WeightsError, match=rf"{name}.*refused") as raised:
            read_weights(name)
        assert "\n" not in str(raised.value)
    assert not (here / "pwned").exists()


def test_damaged_files(here: Path) -> None:
    save_file(_ok().state_dict(), here / "a.safetensors")
    torch.save(_ok().state_dict(), here / "a.pt")
    for name in ("a.safetensors", "a.pt"):
        path = here / f"cut{Path(name).suffix}"
        path.write_bytes((here / name).read_bytes()[:300])
        with pytest.raises(WeightsError, match="truncated"):
            read_weights(path)
    torch.save([1, 2], here / "list.pt")
    (here / "text.pt").write_text("hello")
    for name, said in (
        ("list.pt", "list"),
        ("text.pt", "truncated or no checkpoint"),
        ("none.pt", "no such file"),
        (".", "folder"),
    ):
        with pytest.raises(WeightsError, match=said) as raised:
            read_weights(here / name)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_in_the_weights(here: Path, value: float) -> None:
    module = _ok()
    with torch.no_grad():
        module[4].weight[1, 2] = value
    torch.save(module.state_dict(), here / "nan.pt")
    with pytest.raises(WeightsError, match=r"4\.weight \(1 of 12\)"):
        deepro.load(module)
    with pytest.raises(WeightsError, match=r"nan\.pt holds NaN"):
        deepro.load("net.py:ok", weights="nan.pt")


def test_fine_tuned_heads(tmp_path: Path) -> None:
    tuned = get_model("resnet18", weights=None, num_classes=7)
    torch.save({"state_dict": {f"module.{k}": v for k, v in tuned.state_dict().items()}}, tmp_path / "t.pt")
    net = deepro.load("torchvision:resnet18", weights=tmp_path / "t.pt", labels=list("abcdefg"))
    assert net.classes == 7
    assert net.preprocess is not None
    assert deepro.load("torchvision:resnet18", weights=tmp_path / "t.pt").labels is None


# ---- module instances


def test_instances_stay_as_they_are(here: Path) -> None:
    module = _ok().train()
    module[0].weight.requires_grad_(False)
    before = copy.deepcopy(module.state_dict())
    torch.save(_ok().state_dict(), here / "w.pt")
    net = deepro.load(module, preprocess="size=20", labels=["a", "b", "c"])
    assert net.module is module
    net.predict(np.zeros((30, 30, 3), np.uint8))
    _ = net.layers, net.fingerprint
    other = deepro.load(module, weights="w.pt", device="cpu")
    assert other.module is not module
    assert module.training
    assert not module[0].weight.requires_grad
    assert not any(m._forward_hooks for m in module.modules())
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())


def test_devices() -> None:
    assert deepro.load(_ok(), device="auto").device.type in ("cpu", "cuda", "mps")
    with pytest.raises(UsageError, match="expected cpu, cuda"):
        deepro.load(_ok(), device="gpu0")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="not available here; there is cpu"):
            deepro.load(_ok(), device="cuda")


# ---- zoos


def test_builtin_is_quiet_and_right(capsys: pytest.CaptureFixture[str]) -> None:
    from skimage import data

    net = deepro.load("builtin:efficientnet-lite0")
    assert capsys.readouterr() == ("", "")
    assert net.predict(data.coffee())[0][0] == "espresso"
    assert net.predict(data.rocket())[0][0] == "missile"


def test_squeezenet_with_caffe_preprocessing(shared_data: Path) -> None:
    net = deepro.load(
        "torchvision:squeezenet1_0",
        weights=shared_data / "squeezenet1_0.safetensors",
        preprocess="size=224,resize=256,mean=104/117/123,order=BGR,range=255",
    )
    assert net.notes == ()
    paths = sorted((shared_data / "imagenet_sample").iterdir())[:20]
    right = sum(net.predict(p)[0][0] == net.label(i * 10) for i, p in enumerate(paths))
    assert right >= 11


@pytest.mark.usefixtures("offline")
def test_offline_falls_back_and_says_so() -> None:
    net = deepro.load("torchvision:alexnet")
    assert "could not be downloaded" in net.notes[0]
    assert "random" in net.notes[1]
    assert net.labels is not None
    assert net.preprocess is not None
    assert net.preprocess.size == (224, 224)
    again = deepro.load("torchvision:alexnet", weights="random")
    assert torch.equal(net.module.features[0].weight, again.module.features[0].weight)  # one seed
    assert again.notes == (net.notes[1],)
    with pytest.raises(WeightsError, match="could not be downloaded"):
        deepro.load("torchvision:alexnet", weights="DEFAULT")
    with pytest.raises(UsageError, match="no weights 'IMAGENET1K_V9'"):
        deepro.load("torchvision:alexnet", weights="IMAGENET1K_V9")


def test_published_weights_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = get_model("squeezenet1_1", weights=None)
    entry = torchvision.models.SqueezeNet1_1_Weights.DEFAULT
    monkeypatch.setattr(type(entry), "get_state_dict", lambda self, **_k: trained.state_dict())
    net = deepro.load("torchvision:squeezenet1_1")
    assert net.notes == ()
    assert torch.equal(net.module.features[0].weight, trained.features[0].weight)
    assert deepro.load("torchvision:squeezenet1_1", weights="IMAGENET1K_V1").notes == ()


def test_auxiliary_heads(tmp_path: Path) -> None:
    name = "googlenet"
    with_heads = get_model(name, weights=None, init_weights=False, num_classes=5)
    state = {k: v for k, v in with_heads.state_dict().items() if not k.lower().startswith("aux")}
    torch.save(state, tmp_path / "w.pt")
    net = deepro.load(f"torchvision:{name}", weights=tmp_path / "w.pt")
    assert net.classes == 5
    assert "auxiliary" in net.notes[0]


@pytest.mark.usefixtures("offline")
def test_timm() -> None:
    pytest.importorskip("timm")
    net = deepro.load("timm:resnet10t", weights="random")
    assert net.preprocess is not None
    assert net.input_shape == (3, *net.preprocess.size)
    assert net.labels is not None
    assert net.predict(np.zeros((50, 60, 3), np.uint8))
    with pytest.raises(UsageError, match="timm has no model"):
        deepro.load("timm:resnet999")


def test_timm_prepares_as_timm_does() -> None:
    timm = pytest.importorskip("timm")
    from PIL import Image
    from timm.data import create_transform, resolve_data_config

    net = deepro.load("timm:resnet10t", weights="random")
    config = resolve_data_config({}, model=timm.create_model("resnet10t"))
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 310, 3), np.uint8))
    assert torch.allclose(net.prepare(image).tensor[0], create_transform(**config)(image), atol=1e-5)


def test_transformers_from_a_folder(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic",
        id2label={0: "cat", 1: "dog", 2: "fox"}, label2id={"cat": 0, "dog": 1, "fox": 2},
    )  # fmt: skip
    model = transformers.ResNetForImageClassification(config).eval()
    model.save_pretrained(tmp_path / "m")
    processor = transformers.ViTImageProcessor(
        size={"height": 48, "width": 40}, image_mean=[0.4] * 3, image_std=[0.3] * 3
    )
    processor.save_pretrained(tmp_path / "m")
    net = deepro.load(f"hf:{tmp_path / 'm'}")
    assert net.labels == ["cat", "dog", "fox"]
    assert net.preprocess is not None
    assert (net.preprocess.size, net.preprocess.resize) == ((48, 40), None)
    image = np.random.default_rng(0).integers(0, 255, (90, 70, 3), np.uint8)
    inputs = processor(image, return_tensors="pt")["pixel_values"]
    assert torch.allclose(net.prepare(image).tensor, inputs.float(), atol=0.02)
    assert torch.allclose(net.logits(inputs), model(inputs).logits, atol=1e-5)
    assert len(net.layers) > 10
    (tmp_path / "empty").mkdir()
    with pytest.raises(DeeproError, match="could not be loaded"):
        deepro.load(f"hf:{tmp_path / 'empty'}")
