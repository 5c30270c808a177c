"""What a file says of itself, whatever its format: genre, tempo, and what the ear heard."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from audionome.errors import AudionomeError

__all__ = [
    "BETWEEN",
    "EAR_FIELD",
    "NoTagsError",
    "TagError",
    "Values",
    "digest_of",
    "number",
    "texts",
    "words",
]

#: The field of the ear's words, which no other program uses.
EAR_FIELD = "AUDIONOME_TAGS"

#: Between the ear's words, where a field holds one text.
BETWEEN = "; "


class TagError(AudionomeError):
    """Tags that cannot be read or written; the text says why in one plain sentence."""


class NoTagsError(TagError):
    """A file of a format that holds no tags."""


@dataclass(frozen=True)
class Values:
    """What a file says of itself.

    Attributes
    ----------
    genres : tuple of str
        Empty if it names none.
    tempo : int or None
        In beats per minute.
    ear : tuple of str
        What the ear heard, if an earlier run wrote it.
    """

    genres: tuple[str, ...] = ()
    tempo: int | None = None
    ear: tuple[str, ...] = ()

    def lists(self) -> tuple[list[str], list[str], list[str]]:
        """Return the three as most formats hold them.

        Returns
        -------
        genres, tempo, ear : list of str
        """
        return list(self.genres), [str(self.tempo)] if self.tempo else [], list(self.ear)


def texts(found: Iterable[str]) -> tuple[str, ...]:
    """Return texts without those that are blank.

    Parameters
    ----------
    found : iterable of str

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> texts(["Jazz", " ", ""])
    ('Jazz',)
    """
    return tuple(text.strip("\0 ") for text in found if text.strip("\0 \t\r\n"))


def words(found: Iterable[str]) -> tuple[str, ...]:
    """Return the ear's words, whether a field holds one or all.

    Parameters
    ----------
    found : iterable of str

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> words(["funk; R&B", "female voice"])
    ('funk', 'R&B', 'female voice')
    """
    return texts(word for text in found for word in text.split(BETWEEN))


def number(found: Iterable[str]) -> int | None:
    """Return the tempo that a field holds.

    Parameters
    ----------
    found : iterable of str

    Returns
    -------
    int or None
        None if it is empty or 0.

    Examples
    --------
    >>> number(["127.6"]), number(["0"]), number([])
    (128, None, None)
    """
    for text in found:
        if match := re.search(r"\d{1,6}(?:\.\d{1,6})?", text):
            return round(float(match[0])) or None
    return None


def digest_of(things: object) -> str:
    """Return a digest of plain values."""
    return hashlib.sha256(repr(things).encode("utf-8", "surrogatepass")).hexdigest()
