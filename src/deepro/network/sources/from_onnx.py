"""Networks in ONNX files, as torch modules by onnx2torch (extra `onnx`)."""

from __future__ import annotations

from pathlib import Path

from deepro.errors import NetworkError, UnsupportedError, UsageError, one_line
from deepro.network.sources import Found, Wish

RECURRENT = ("LSTM", "GRU", "RNN")


def find(name: str, wish: Wish) -> Found:
    """The network in the ONNX file `name`. Nothing in the file is executed; its inputs stay as they are.

    Raises UsageError where there is no such file or other weights are asked for, UnsupportedError for recurrent layers
    and for operators that onnx2torch does not know, NetworkError for a file that cannot be read.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        raise UsageError(f"onnx:{name}: no such file")
    if wish.own_weights or wish.weights is not None:
        raise UsageError(f"onnx:{name} holds its weights: leave weights= out")
    try:
        import onnx  # pyright: ignore[reportMissingImports]
        import onnx2torch  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise NetworkError(f"onnx:{name} needs the package {error.name}: pip install 'deepro[onnx]'") from None
    try:
        graph = onnx.load(str(path))
        onnx.checker.check_model(graph)
    except Exception as error:  # the parser's and the checker's own
        raise NetworkError(f"{path.name} is no ONNX network that can be read: {one_line(error)}") from None
    if found := sorted({node.op_type for node in graph.graph.node} & {*RECURRENT}):
        raise UnsupportedError(
            f"{path.name} has {', '.join(found)}: a recurrent layer of an ONNX file becomes no torch layer whose "
            "states and gates can be seen; load the module that it was exported from"
        )
    try:
        module = onnx2torch.convert(graph)
    except NotImplementedError as error:
        raise UnsupportedError(f"{path.name}: onnx2torch does not know an operator: {one_line(error)}") from None
    return Found(module.eval(), path.stem, notes=("made from an ONNX file: layers have the names of its nodes",))
