"""Maps of what layers represent, and what they know."""
