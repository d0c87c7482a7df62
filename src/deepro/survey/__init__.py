"""Surveys of data sets: one pass, statistics that merge, resumption, engines.

`deepro.survey` is both this package and its main function: the package can be called.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from deepro.survey import methods as methods  # its record joins the registry
from deepro.survey.run import survey

__all__ = ["survey"]


class _CallablePackage(ModuleType):
    """Importing a submodule binds the package to the name of the function; calling it then is the function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return survey(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
