"""Callbacks by which other trainers are watched."""
