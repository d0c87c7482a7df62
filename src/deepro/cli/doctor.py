"""`deepro doctor`."""

from __future__ import annotations

import importlib.util
import platform
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import typer
from rich.console import Console

from deepro import members
from deepro.cli.output import Json, show


@dataclass(frozen=True)
class Check:
    """One check. good: None where a missing part only limits what can be done."""

    what: str
    good: bool | None
    said: str


def doctor(json: Json = False) -> None:
    """Whether this machine has what Deepro needs, and what to do where it has not. Exit 1 where something is broken.

    Example: deepro doctor
    """
    findings = [_try(what, check) for what, check in _CHECKS.items()]
    findings += [_extra(package, use) for package, use in _EXTRAS.items()]
    findings += [_plugin(module, package) for module, package in members.packages().items()]
    marks = {True: "ok  ", None: "-   ", False: "FAIL"}

    def human(console: Console) -> None:
        for finding in findings:
            console.print(f"{marks[finding.good]}  {finding.what}: {finding.said}", markup=False)

    show([asdict(f) for f in findings], json, human)
    if any(f.good is False for f in findings):
        raise typer.Exit(1)


def _try(what: str, check: Callable[[], str]) -> Check:
    try:
        return Check(what, True, check())
    except Exception as error:  # whatever is wrong is what we are here to tell
        return Check(what, False, " ".join(f"{type(error).__name__}: {error}".split()))


def _python() -> str:
    return f"{platform.python_version()} at {sys.prefix}"


def _torch() -> str:
    import torch
    import torchvision

    devices = ["cpu"]
    if torch.cuda.is_available():
        devices += [f"cuda ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return f"torch {torch.__version__}, torchvision {torchvision.__version__}, {', '.join(devices)}"


def _network() -> str:
    from deepro.demos.photos import MODEL, photographs
    from deepro.network import load

    label, share = load(MODEL).predict(photographs()["chelsea"])[0]
    return f"{MODEL} sees {label} ({share:.0%}) in chelsea.png"


def _photographs() -> str:
    from deepro.demos.photos import photographs

    return ", ".join(photographs())


def _viewer() -> str:
    from deepro.report.viewer import viewer_scripts

    return f"built, {sum(file.stat().st_size for file in viewer_scripts()) / 1000:.0f} kB"


def _disk() -> str:
    with tempfile.TemporaryDirectory() as folder:
        from deepro.store import Workspace

        Workspace(Path(folder) / "ws")
    return "a workspace can be written"


_CHECKS: dict[str, Callable[[], str]] = {
    "python": _python,
    "torch": _torch,
    "embedded photographs": _photographs,
    "embedded network": _network,
    "viewer": _viewer,
    "disk": _disk,
}

_EXTRAS = {"timm": "timm:NAME models", "transformers": "hf:REPO models"}


def _plugin(module: str, package: str) -> Check:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        problem = members.problem(module, package)
    return Check("plug-in", problem is None, problem or f"{package} adds {module}")


def _extra(package: str, use: str) -> Check:
    if importlib.util.find_spec(package) is None:
        return Check(package, None, f"not installed; `pip install {package}` for {use}")
    try:
        return Check(package, True, version(package))
    except PackageNotFoundError:
        return Check(package, True, "installed")
