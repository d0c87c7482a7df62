"""Results of kinds that bring no page of their own: what they say of themselves as pictures, tables and curves."""

from __future__ import annotations

from pydantic import Field

from deepro.render.document.base import Model, Picture, ProvenanceView, Scale, Values


class GeneralCard(Model):
    """A result on the overview, where its kind has a section. thumb: a picture of it where there is one."""

    id: str
    kind: str
    network: str
    method: str
    record: str
    thumb: Picture | None = None


class TitledPicture(Model):
    """scale: how its numbers became colours; None of a picture that is no array."""

    title: str
    picture: Picture
    scale: Scale | None = None


class TitledTable(Model):
    """The first column names the rows."""

    title: str
    columns: list[str]
    rows: list[list[str | float | None]]


class NamedCurve(Model):
    name: str
    y: Values


class TitledCurves(Model):
    """Lines over one axis and on one scale. x, y: float32, as many of each; NaN leaves a gap."""

    title: str
    x: Values
    lines: list[NamedCurve]


class GeneralPage(Model):
    """caption: what is shown, in a sentence. known: whether the kind is known here, else nothing of it is shown."""

    id: str
    kind: str
    network: str
    known: bool = True
    caption: str
    pictures: list[TitledPicture] = Field(default_factory=list)
    tables: list[TitledTable] = Field(default_factory=list)
    curves: list[TitledCurves] = Field(default_factory=list)
    record: str
    records: dict[str, ProvenanceView]
