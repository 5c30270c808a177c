"""What a plain installation leaves out, and how to get it."""

from __future__ import annotations

import importlib.util

from audionome._words import listed
from audionome.errors import AudionomeError

__all__ = ["MissingExtraError", "require_extra"]


class MissingExtraError(AudionomeError):
    """A package is missing that one of Audionome's extras brings."""


def require_extra(extra: str, *packages: str, who: str) -> None:
    """Require packages that an extra brings, without importing them.

    Parameters
    ----------
    extra : str
        Name of the extra, as pyproject.toml has it.
    *packages : str
        Names to import.
    who : str
        What needs them, as a sentence begins.

    Raises
    ------
    MissingExtraError
        If one of them is not installed; the text says how to install all of them.

    Examples
    --------
    >>> require_extra("lab", "json", who="The lab")
    >>> require_extra("lab", "no_such_package", who="The lab")
    Traceback (most recent call last):
    audionome._extras.MissingExtraError: The lab needs no_such_package, which is not installed; \
run: pip install 'audionome[lab]'
    """
    missing = [name for name in packages if not _is_there(name)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingExtraError(
            f"{who} needs {listed(missing)}, which {verb} not installed; "
            f"run: pip install 'audionome[{extra}]'"
        )


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # of a finder that refuses it
        return False
