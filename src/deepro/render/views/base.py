"""Moves away with the last family."""

from __future__ import annotations

from deepro.recipe import describe as record
from deepro.render.pack import data_name, finite, plain, safe, values
from deepro.render.site import Keep, Put, Saver

__all__ = ["Keep", "Put", "Saver", "data_name", "finite", "plain", "record", "safe", "values"]
