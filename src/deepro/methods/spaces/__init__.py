"""Spaces: how a network arranges what it has seen."""
