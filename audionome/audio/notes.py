"""What a listener should know about a recording, and how times are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Note", "clock", "too_long"]

Kind = Literal[
    "cut", "damaged", "changing", "cancelling", "track", "low_rate", "silence", "learned"
]


@dataclass(frozen=True)
class Note:
    """Something about a recording that its listener should know.

    Attributes
    ----------
    kind : str
        ``"cut"`` (the file ends before it should), ``"damaged"`` (parts could not be decoded),
        ``"changing"`` (sample rate or channels change on the way), ``"cancelling"`` (the channels
        cancel each other out), ``"track"`` (the first sound track is silent), ``"low_rate"`` (high
        frequencies are missing), ``"silence"`` (silent stretches were left out), ``"learned"``
        (the model learned from this very recording).
    text : str
        One sentence.
    """

    kind: Kind
    text: str


def clock(seconds: float) -> str:
    """Write a position in a recording.

    Parameters
    ----------
    seconds : float

    Returns
    -------
    str

    Examples
    --------
    >>> clock(4.9), clock(65), clock(7200)
    ('4.9 s', '1:05 min', '2:00:00 h')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d} h"


def too_long(name: str, max_seconds: float, seconds: float | None = None) -> str:
    """Return the sentence that a recording is longer than the limit.

    Parameters
    ----------
    name : str
        How sentences call the recording.
    max_seconds : float
        The limit (s).
    seconds : float, optional
        Length that the file states (s).

    Returns
    -------
    str

    Examples
    --------
    >>> too_long("The recording", 7200, 8000)
    'The recording is longer than 2 hours (it states 2:13:20 h); cut it and try again.'
    """
    units = (("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))
    unit, size = next((u, s) for u, s in units if max_seconds >= 2 * s or s == 1)
    states = "" if seconds is None else f" (it states {clock(seconds)})"
    return f"{name} is longer than {max_seconds / size:g} {unit}{states}; cut it and try again."
