"""Reports: the viewer with a folder, or one file, as its data source."""

from deepro.report.build import build, viewer_page

__all__ = ["build", "viewer_page"]
