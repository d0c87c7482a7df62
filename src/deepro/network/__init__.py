"""Networks: where they come from, what goes in, what their layers are."""

from deepro.network.layers import Layer
from deepro.network.load import load
from deepro.network.network import Network
from deepro.network.preprocess import Inputs, Photograph, Preprocess, View
from deepro.network.receptive_field import ReceptiveField

__all__ = ["Inputs", "Layer", "Network", "Photograph", "Preprocess", "ReceptiveField", "View", "load"]
