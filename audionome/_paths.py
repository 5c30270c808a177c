"""Where the data that ships with Audionome lies."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["data_path"]


def data_path(*parts: str) -> Path:
    """Path below ``data/``: the folder named by ``AUDIONOME_DATA``, a clone's, or a wheel's."""
    if folder := os.environ.get("AUDIONOME_DATA"):
        return Path(folder, *parts)
    package = Path(__file__).parent
    clone = package.parent / "data"
    return (clone if clone.is_dir() else package / "_data").joinpath(*parts)
