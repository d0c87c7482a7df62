"""The kinds of results: for each one file with its class, its caption, figure, page and notebook pieces.

A kind joins by a line in `deepro/__init__.pyi`, one of another package by an entry point (see deepro.members).
"""
