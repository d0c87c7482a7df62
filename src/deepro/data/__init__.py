"""Data sets: folders, lists, torch data sets and tar shards, with ids that stay and labels where there are any."""

from deepro.data.dataset import Dataset, Example
from deepro.data.files import FolderImages, ListedImages
from deepro.data.memory import TorchImages
from deepro.data.reading import Batch, batches
from deepro.data.source import as_dataset
from deepro.data.tar import TarShards

__all__ = [
    "Batch",
    "Dataset",
    "Example",
    "FolderImages",
    "ListedImages",
    "TarShards",
    "TorchImages",
    "as_dataset",
    "batches",
]
