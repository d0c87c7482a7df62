"""What every page is made of."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class Picture(Model):
    """An image file, relative to the page, or a data URI."""

    source: str
    width: int
    height: int


class Values(Model):
    """Packed numbers: little endian, C order, base64 in `data`."""

    dtype: Literal["float32", "uint8", "uint16", "uint32", "int32"]
    shape: list[int]
    data: str


class Compressed(Model):
    """Packed numbers like `Values`, compressed by zlib before base64: for one large array that is waited for."""

    dtype: Literal["uint8", "int8"]
    shape: list[int]
    data: str


class Scale(Model):
    """How numbers became colours. high: the value of the brightest colour (± at both ends where signed)."""

    kind: Literal["grey", "signed", "sequential", "diverging", "colours"]
    high: float
    percentile: float | None = None
    shared: bool = False


class PaperView(Model):
    """Where a method comes from."""

    authors: str
    year: int
    title: str
    url: str


class ProvenanceView(Model):
    """How a result was made. python, command: text that makes it again; command is None where there is none."""

    key: str
    kind: str
    method: str
    version: int
    summary: str
    paper: PaperView | None
    parameters: dict[str, Any]
    network: str
    data: list[dict[str, Any]]
    seed: int | None
    libraries: dict[str, str]
    created: str
    seconds: float
    notes: list[str]
    python: str
    command: str | None


class Guess(Model):
    """One label of a prediction."""

    label: str
    probability: float


class Window(Model):
    """A rectangle, half open: the part of the input that a unit sees, or a box."""

    left: float
    top: float
    right: float
    bottom: float


class Skipped(Model):
    """An input that could not be explained, or a result that could not be opened."""

    name: str
    reason: str
