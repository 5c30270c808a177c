"""Where the data that ships with Audionome lies."""

from __future__ import annotations

import os
from pathlib import Path

from audionome.errors import AudionomeError

__all__ = ["data_path", "in_checkout", "output_path"]


def data_path(*parts: str) -> Path:
    """Path below ``data/``: the folder named by ``AUDIONOME_DATA``, a clone's, or a wheel's."""
    if folder := os.environ.get("AUDIONOME_DATA"):
        return Path(folder, *parts)
    package = Path(__file__).parent
    clone = package.parent / "data"
    return (clone if clone.is_dir() else package / "_data").joinpath(*parts)


def in_checkout() -> bool:
    """Whether the package lies in its repository, and not where an installer put it."""
    root = Path(__file__).parent.parent
    return (root / "data" / "models").is_dir() and (root / "pyproject.toml").is_file()


def output_path(*parts: str, out: Path | None = None) -> Path:
    """Folder to write into: ``out``, or one below ``data/`` where that is a person's own.

    Raises
    ------
    AudionomeError
        If the package was installed: what it brought is not to be written over.
    """
    if out is not None:
        return out
    if os.environ.get("AUDIONOME_DATA") or in_checkout():
        return data_path(*parts)
    raise AudionomeError("Where to? Give --out FOLDER; only in a checkout is there a default.")
