"""Models of what a live server sends beside pages: its state, methods as forms, jobs, and quick answers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from deepro.render.document.base import Guess, Model, PaperView


class LiveNetwork(Model):
    """The network that jobs run on. state: none where the server was started without one; reason: why it failed.

    pictures, text: what it takes.
    """

    state: Literal["none", "loading", "ready", "failed"]
    name: str = ""
    fingerprint: str = ""
    input: list[int] | None = None
    pictures: bool = False
    text: bool = False
    reason: str = ""


class DataCard(Model):
    """The folder of pictures that the server was started with."""

    name: str
    count: int


class Limits(Model):
    """What an uploaded picture may be. bytes: of the file. pixels: once decoded."""

    bytes: int
    pixels: int
    kinds: list[str]


class Session(Model):
    """What the server is. pending: groups of results whose pages are still being made."""

    api: int
    deepro: str
    workspace: str
    network: LiveNetwork
    data: DataCard | None
    pending: int
    limits: Limits


class FormInput(Model):
    """An input of a method that is no option. type: of deepro.parameters; a form draws its field by it."""

    name: str
    type: str
    required: bool


class MethodForm(Model):
    """A method of the registry. inputs: what it is applied to. options: JSON schema (draft 2020-12) of its keywords,
    defaults included."""

    name: str
    family: str
    summary: str
    inputs: list[FormInput]
    result: str
    version: int
    paper: PaperView
    options: dict[str, Any]


class JobRequest(Model):
    """A method and what it is applied to. image: id of a photograph's page. text: what was typed, for sequences.

    arguments: its inputs by name, as a form sends them. options: its numbers, words and choices.
    """

    method: str = Field(max_length=200)
    image: str | None = Field(default=None, max_length=200)
    text: str | None = Field(default=None, max_length=1_000_000)
    arguments: dict[str, Any] = Field(default_factory=dict, max_length=64)
    options: dict[str, Any] = Field(default_factory=dict, max_length=64)

    @model_validator(mode="before")
    @classmethod
    def _older(cls, given: Any) -> Any:
        """Older versions, and their jobs, name each place beside the method."""
        if not isinstance(given, dict):
            return given
        places = {k: given[k] for k in ("target", "targets", "layer", "layers", "units") if k in given}
        rest = {k: v for k, v in given.items() if k not in places}
        kept = {k: v for k, v in places.items() if v is not None}
        return {**rest, "arguments": {**kept, **(rest.get("arguments") or {})}} if places else given


class Job(Model):
    """One method being made. key: its result's. done, total: steps of `what`; position: in its lane, 1 is next.
    seconds: how long it has run, or ran. left: seconds that the steps of `what` will still take at the same speed.

    page: where its result is seen, as kind and id, once it is.
    """

    id: str
    key: str
    request: JobRequest
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    created: str
    started: str | None = None
    finished: str | None = None
    error: str | None = None
    what: str = ""
    done: int = 0
    total: int | None = None
    seconds: float | None = None
    left: float | None = None
    position: int | None = None
    attempts: int = 0
    mine: bool = False
    subject: str = ""
    page: list[str] | None = None


class Opened(Model):
    """A picture that the network has looked at. id: of its page."""

    id: str
    name: str
    prediction: list[Guess]
    milliseconds: float
    known: bool


class Change(Model):
    """One class before and after part of the picture was hidden."""

    label: str
    before: float
    after: float


class Occluded(Model):
    """The prediction with part of the picture hidden. hidden: share of the input. first: the label now in front."""

    changes: list[Change]
    first: str
    hidden: float
    fill: Literal["mean", "grey", "blur"]
    keep: bool
    milliseconds: float


class DataItem(Model):
    """A picture of the data folder. label: its folder's name where folders are classes."""

    index: int
    name: str
    label: str | None


class DataPage(Model):
    """Some of the data folder. total: how many match."""

    total: int
    items: list[DataItem]


class ReportRequest(Model):
    """Results to put into a report: those of the photographs and patterns named; everything where none is."""

    photographs: list[str] = Field(default_factory=list, max_length=10_000)
    records: list[str] = Field(default_factory=list, max_length=10_000)
    single_file: bool = True


class SheetItem(Model):
    """Part of a result for a contact sheet: its key, the SHA-256 of the photograph where it holds several, and the unit
    or the target."""

    record: str = Field(max_length=200)
    photograph: str = Field(default="", max_length=64)
    part: int | None = None


class SheetRequest(Model):
    """A contact sheet of what was chosen, in this order."""

    items: list[SheetItem] = Field(min_length=1, max_length=200)
    columns: int = Field(default=6, ge=1, le=24)
    kind: Literal["png", "svg", "pdf"] = "pdf"


class NoteRequest(Model):
    """A note about a page, in place of the one that is there; an empty text deletes it."""

    address: str = Field(max_length=2000, pattern=r"^#/")
    title: str = Field(max_length=400)
    text: str = Field(max_length=20_000)


class Refusal(Model):
    """What went wrong, in one line."""

    error: str


class SiteEvent(Model):
    """Pages have changed."""

    revision: int
    pending: int


class StudioApi(Model):
    """The root of the types that the live server speaks."""

    session: Session
    method: MethodForm
    request: JobRequest
    job: Job
    opened: Opened
    occluded: Occluded
    data: DataPage
    report: ReportRequest
    sheet: SheetRequest
    note: NoteRequest
    site: SiteEvent
    refusal: Refusal
