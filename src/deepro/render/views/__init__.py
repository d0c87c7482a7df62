"""Families of kinds that have not moved to `kinds` yet."""
