"""Results on disk: written atomically, found again by key, opened without running anyone's code."""

from deepro.store.folder import save
from deepro.store.workspace import Workspace, open

__all__ = ["Workspace", "open", "save"]
