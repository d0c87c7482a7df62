"""The paper behind occlusion maps, correspondence, invariance and galleries."""

from deepro.registry import Paper

ZEILER = Paper(
    "Zeiler & Fergus",
    2014,
    "Visualizing and Understanding Convolutional Networks",
    "https://arxiv.org/abs/1311.2901",
)
