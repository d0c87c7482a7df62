"""Networks and data of other libraries: ONNX files, pipelines, loaders, splits of Hugging Face's datasets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import deepro
from deepro.data.source import as_dataset
from deepro.errors import NetworkError, UnsupportedError, UsageError


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    ).eval()  # fmt: skip


def onnx_file(folder: Path) -> Path:
    """A convolution, a rectifier, a mean over space and a dense layer, written node by node."""
    onnx = pytest.importorskip("onnx")
    make, draw = onnx.helper, np.random.default_rng(0)
    weights = {"w": draw.normal(size=(4, 3, 3, 3)), "b": draw.normal(size=4), "d": draw.normal(size=(4, 5))}
    kept = [onnx.numpy_helper.from_array(v.astype(np.float32), n) for n, v in weights.items()]
    graph = make.make_graph(
        [
            make.make_node("Conv", ["x", "w", "b"], ["c"], "conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            make.make_node("Relu", ["c"], ["r"], "relu"),
            make.make_node("GlobalAveragePool", ["r"], ["g"], "pool"),
            make.make_node("Flatten", ["g"], ["f"], "flat"),
            make.make_node("MatMul", ["f", "d"], ["y"], "dense"),
        ],
        "net",
        [make.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 3, 12, 12])],
        [make.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 5])],
        kept,
    )
    file = folder / "net.onnx"
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8), str(file))
    return file


def test_an_onnx_network_gives_what_onnxruntime_gives_and_takes_methods(tmp_path: Path) -> None:
    file = onnx_file(tmp_path)
    pytest.importorskip("onnx2torch")
    runtime = pytest.importorskip("onnxruntime")
    net = deepro.load(f"onnx:{file}", input_shape=(3, 12, 12))
    x = torch.randn(2, 3, 12, 12)
    (want,) = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run(None, {"x": x.numpy()})
    assert np.abs(net.logits(x).numpy() - want).max() < 1e-5
    layer = next(name for name, found in net.layers.items() if "Conv" in found.kind)
    assert deepro.deconvnet(net, x[:1], layer, rule="gradient", top=1).values.any()
    assert deepro.gradient(net, x, 1).values.shape == (2, 12, 12)


def test_an_onnx_file_that_cannot_be_used_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        deepro.load("onnx:nowhere.onnx")
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnx2torch")
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(NetworkError, match="no ONNX network"):
        deepro.load(f"onnx:{tmp_path / 'bad.onnx'}")
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    shapes = {"x": [4, 1, 3], "w": [1, 8, 3], "r": [1, 8, 2]}
    values = [make.make_tensor_value_info(n, kind, s) for n, s in shapes.items()]
    node = make.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2)
    graph = make.make_graph([node], "g", values, [make.make_tensor_value_info("y", kind, [4, 1, 1, 2])])
    made = make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8)
    onnx.save(made, str(tmp_path / "lstm.onnx"))
    with pytest.raises(UnsupportedError, match=r"LSTM.*load the module"):
        deepro.load(f"onnx:{tmp_path / 'lstm.onnx'}")


def test_a_pipeline_gives_its_network_preprocessing_and_labels() -> None:
    module = small()
    module.config = SimpleNamespace(id2label={1: "bee", 0: "ape", 2: "cow", 3: "doe"})  # type: ignore[assignment]
    processor = SimpleNamespace(
        size={"height": 16, "width": 16}, do_resize=True, do_rescale=True, rescale_factor=1 / 255, do_normalize=True,
        image_mean=[0.5] * 3, image_std=[0.25] * 3, resample=3,
    )  # fmt: skip
    net = deepro.load(SimpleNamespace(model=module, image_processor=processor))  # type: ignore[arg-type]
    assert net.module is module
    assert list(net.labels or ()) == ["ape", "bee", "cow", "doe"]
    assert net.preprocess == deepro.Preprocess((16, 16), None, (0.5,) * 3, (0.25,) * 3, interpolation="bicubic")
    assert len(net.predict(np.zeros((20, 20, 3), np.uint8), top=2)) == 2


class Split:
    """What Hugging Face's `datasets` gives, as far as it matters: items by index, features, column names."""

    column_names = ("image", "label")

    def __init__(self, label: Any) -> None:
        self.features = {"image": None, "label": label}

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> dict[str, Any]:
        pixels = np.full((8, 8, 3), 40 * index, np.uint8)
        return {"image": Image.fromarray(pixels), "label": index % 2}


def test_loaders_and_splits_are_data_sets() -> None:
    pairs = [(torch.full((3, 12, 12), float(n)), n % 2) for n in range(6)]
    loader = torch.utils.data.DataLoader(pairs, batch_size=4, shuffle=True)  # type: ignore[arg-type]
    plain = as_dataset(loader)
    assert [plain.read(n).label for n in range(len(plain))] == [0, 1, 0, 1, 0, 1]
    split = as_dataset(Split(SimpleNamespace(names=["ape", "bee"])))
    assert split.classes == ("ape", "bee")
    assert split.read(3).label == 1
    assert as_dataset(Split(None)).classes == ()
    net = deepro.load(small(), preprocess="size=12", labels=["ape", "bee", "cow", "doe"])
    found = deepro.survey(net, Split(SimpleNamespace(names=["ape", "bee"])), layers=["0"], top_k=2)
    assert found.layers["0"].values.shape == (6, 2)


def test_a_real_split_of_datasets() -> None:
    datasets = pytest.importorskip("datasets")
    rows = {"image": [Image.new("RGB", (8, 8), (40 * n, 0, 0)) for n in range(4)], "label": [0, 1, 0, 1]}
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["ape", "bee"])})
    split = datasets.Dataset.from_dict(rows, features=features)
    found = as_dataset(split)
    assert found.classes == ("ape", "bee")
    assert found.read(1).label == 1
