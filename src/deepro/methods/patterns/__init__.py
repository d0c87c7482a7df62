"""Pictures made by optimisation for a target."""
