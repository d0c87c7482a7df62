"""Makes names of pages that are safe in file names and addresses."""

from __future__ import annotations

import hashlib
import re


def layer(name: str, key: str) -> str:
    """The page of a result about one layer."""
    return "-".join(filter(None, [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30], key[:10]]))


def photograph(name: str, network: str, sha256: str) -> str:
    """The page of one picture and one network: the file's stem for people, a digest for certainty."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.rsplit(".", 1)[0].lower()).strip("-")[:40]
    digest = hashlib.sha256(f"{network}{sha256}".encode()).hexdigest()[:8]
    return f"{stem}-{digest}" if stem else digest
