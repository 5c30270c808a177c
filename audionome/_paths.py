"""Where the data that ships with Audionome lies."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from audionome.errors import AudionomeError

__all__ = ["data_path", "in_checkout", "not_installed", "output_path"]

_PACKAGE = Path(__file__).parent


@cache
def in_checkout() -> bool:
    """Return whether the package lies in its repository, not where an installer put it."""
    # By the name of the project: others put folders called "data" beside installed packages.
    try:
        project = (_PACKAGE.parent / "pyproject.toml").read_text("utf-8", errors="replace")
    except OSError:
        return False
    return re.search(r'^name = "audionome"$', project, re.MULTILINE) is not None


def data_path(*parts: str) -> Path:
    """Return a path below ``data/``: of the folder ``AUDIONOME_DATA``, a clone's, or a wheel's."""
    if folder := os.environ.get("AUDIONOME_DATA"):
        return Path(folder, *parts)
    return (_PACKAGE.parent / "data" if in_checkout() else _PACKAGE / "_data").joinpath(*parts)


def not_installed(path: Path) -> str:
    """Return the sentence about data that no wheel brings, or nothing where that is not why."""
    if in_checkout() or os.environ.get("AUDIONOME_DATA") or not path.is_relative_to(data_path()):
        return ""
    return (
        f'"{path.name}" is no part of the installed package; let AUDIONOME_DATA name the folder '
        '"data" of a copy of the repository.'
    )


def output_path(*parts: str, out: Path | None = None) -> Path:
    """Return the folder to write to: ``out``, or one below ``data/`` where that is a person's own.

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
