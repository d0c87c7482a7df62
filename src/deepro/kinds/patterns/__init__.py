"""Images made for targets."""
