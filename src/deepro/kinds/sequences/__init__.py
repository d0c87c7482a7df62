"""Kinds of results about sequences, and the pages that they share."""
