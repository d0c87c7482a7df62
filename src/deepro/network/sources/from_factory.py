"""A network of one's own: `path/file.py:factory` or `package.module:factory`."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from deepro.errors import NetworkError, UsageError, near, one_line
from deepro.network.sources import Found


def find(model: str) -> Found:
    """The module that factory() returns. Raises NetworkError with the place where the factory failed."""
    where, _, factory = model.rpartition(":")
    if not where or not factory.replace(".", "").isidentifier():
        raise UsageError(f"{model!r} is no network; expected path/file.py:factory or package.module:factory")
    code = _file(Path(where).expanduser()) if where.endswith(".py") else _package(where, model)
    make: Any = code
    for part in factory.split("."):
        if not hasattr(make, part):
            names = [n for n in vars(code) if not n.startswith("_") and callable(getattr(code, n))]
            raise UsageError(f"{where} has no {factory!r}{near(factory, names) or '; it has ' + ', '.join(names[:6])}")
        make = getattr(make, part)
    module = make
    if not isinstance(module, nn.Module):
        if not callable(make):
            raise NetworkError(f"{model} is {type(make).__name__}, expected a function that returns a torch module")
        try:
            module = make()
        except (Exception, SystemExit) as error:
            raise NetworkError(f"{model} failed: {_said(error)}") from error
    if not isinstance(module, nn.Module):
        raise NetworkError(f"{model} returned {type(module).__name__}, expected a torch.nn.Module")
    return Found(module.eval() if module is not make else module, factory)


def _file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    path = path.resolve()
    # A name of its own, so that two files called net.py do not meet; known to sys.modules, as pickling needs.
    name = f"deepro_factory_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    code = importlib.util.module_from_spec(spec)
    sys.modules[name] = code
    sys.path.insert(0, str(path.parent))  # its neighbours can be imported, as when it is run
    try:
        spec.loader.exec_module(code)
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise NetworkError(f"{path.name} cannot be imported: {_said(error)}") from error
    finally:
        sys.path.remove(str(path.parent))
    return code


def _package(name: str, model: str) -> ModuleType:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            raise UsageError(f"{model!r} is no network: there is no module {error.name!r}") from None
        raise NetworkError(f"{name} cannot be imported: {_said(error)}") from error
    except (Exception, SystemExit) as error:
        raise NetworkError(f"{name} cannot be imported: {_said(error)}") from error
    finally:
        sys.path.remove(here)


def _said(error: BaseException) -> str:
    """The exception in one line, with the file and line that raised it."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError: {error.msg} ({Path(error.filename or '?').name}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if not f.filename.startswith(("<", str(Path(__file__).parent)))]
    at = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    return one_line(error) + at
