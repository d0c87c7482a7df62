"""The types of a method's arguments: picture, data set, sequence, layer, unit, target, number.

A method's signature names them, and they say how a value of Python, the words of a command and the value of a form
become one, how one is printed so that a result can be made again, and give a sample for tests:

    def deconvnet(net: Network, images: Images, layer: LayerName, *, top: Annotated[int, Bounds(1, 9), "..."] = 9)
"""

from __future__ import annotations

from deepro.parameters.base import Context, Parameter, Type, Value
from deepro.parameters.data import DataSet, Image, Images
from deepro.parameters.options import Bounds, Option, Sample
from deepro.parameters.others import OtherNetwork, OtherNetworks, OtherSequence, WorkFolder, several_stored, stored
from deepro.parameters.places import (
    LayerName,
    LayerNames,
    LayerUnits,
    OneClass,
    OneTarget,
    OtherLayers,
    Targets,
    Unit,
    Units,
)
from deepro.parameters.sequences import Alphabet, AnySequence, AnySequences, TokenSequence, TokenSequences
from deepro.parameters.signature import parameters

__all__ = [
    "Alphabet",
    "AnySequence",
    "AnySequences",
    "Bounds",
    "Context",
    "DataSet",
    "Image",
    "Images",
    "LayerName",
    "LayerNames",
    "LayerUnits",
    "OneClass",
    "OneTarget",
    "Option",
    "OtherLayers",
    "OtherNetwork",
    "OtherNetworks",
    "OtherSequence",
    "Parameter",
    "Sample",
    "Targets",
    "TokenSequence",
    "TokenSequences",
    "Type",
    "Unit",
    "Units",
    "Value",
    "WorkFolder",
    "parameters",
    "several_stored",
    "stored",
]
