"""Experiments on units and on training, a page each."""
