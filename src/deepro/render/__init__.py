"""What results are shown with: colours, pictures, canvases, pages. Nothing here knows a kind of result."""
