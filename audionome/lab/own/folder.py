"""The recordings of a folder with one sub-folder per genre."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from audionome import files
from audionome._words import counted, listed, printable
from audionome.errors import AudionomeError
from audionome.models.own import refuse_genres

__all__ = ["Folder", "TrainingError", "find", "whole"]

_SHOWN = 3  # names in a sentence
_UNFINISHED = ".model.unfinished"  # what an ended training leaves beside its model
# Marks that turn the direction of what follows, and cannot be seen.
_STEERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class TrainingError(AudionomeError):
    """A folder that no model can be made of; the text says what is missing."""


def whole(name: str) -> str:
    """Return a name that every file can hold; what cannot be shown stands there as its code.

    Parameters
    ----------
    name : str
        As the system gives it.

    Returns
    -------
    str
        Letters with signs are one character each, as most keyboards write them.

    Examples
    --------
    >>> whole("musette")
    'musette'
    """
    shown = "".join(ascii(c)[1:-1] if c in _STEERING else c for c in printable(name))
    return unicodedata.normalize("NFC", shown).strip()


@dataclass
class Folder:
    """What lies in a folder of genres.

    Attributes
    ----------
    top : Path
    genres : dict of str to list of Path
        Recordings of each genre that has some, sorted.
    notes : list of str
        What was left out, and what may be a slip; a sentence each.
    """

    top: Path
    genres: dict[str, list[Path]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find(top: Path) -> Folder:
    """Find the recordings of each genre.

    Parameters
    ----------
    top : Path
        Every folder in it is a genre, with all that lies below it. Hidden ones are left out.

    Returns
    -------
    Folder

    Raises
    ------
    TrainingError
        If there are not two genres; the sentence says what was found instead.
    """
    if not os.path.isdir(top):
        what = f'"{top}" is a file' if os.path.lexists(top) else f'There is no folder "{top}"'
        raise TrainingError(f"{what}; give a folder that holds one folder per genre.")
    try:
        entries = sorted(os.scandir(top), key=lambda entry: entry.name)
    except OSError as error:
        raise TrainingError(
            f'The folder "{top}" cannot be read: {files.reason_of(error)}.'
        ) from error
    found, skipped, empty, loose = Folder(top), Counter[str](), [], 0
    for entry in entries:
        if entry.name.startswith(".") or entry.name.endswith(_UNFINISHED):
            continue
        if not os.path.isdir(entry.path):
            loose += Path(entry.name).suffix.lower() in files.SUFFIXES
            continue
        scan = files.scan(entry.path)
        skipped += scan.skipped
        found.notes += scan.unreadable.values()
        if scan.files:
            found.genres.setdefault(whole(entry.name), []).extend(scan.files)
        else:
            empty.append(whole(entry.name))
    _require_genres(found, loose, empty)
    if why := refuse_genres(list(found.genres)):
        raise TrainingError(f'A model of "{top}" {why}; rename the folder.')
    if loose:
        verb = "lies" if loose == 1 else "lie"
        found.notes.append(f"{counted(loose, 'recording')} {verb} in no genre folder: left out.")
    if empty:
        noun, verb = ("folder", "holds") if len(empty) == 1 else ("folders", "hold")
        found.notes.append(f"The {noun} {_quoted(empty)} {verb} no recording: left out.")
    if left_out := files.describe_skipped(skipped):
        found.notes.append(left_out)
    return found


def _require_genres(found: Folder, loose: int, empty: list[str]) -> None:
    names = list(found.genres)
    if len(names) > 1:
        return
    if names:
        n = counted(len(found.genres[names[0]]), "recording")
        others = f" There are no recordings in {_quoted(empty)}." if empty else ""
        raise TrainingError(
            f'"{found.top}" holds one genre, "{names[0]}" ({n}); a model chooses between genres: '
            f"add a folder for each of the others.{others}"
        )
    lying = f"{counted(loose, 'recording')}, but no folders of them" if loose else "no recordings"
    raise TrainingError(
        f'"{found.top}" holds {lying}; make one folder per genre in it, with the recordings of '
        "that genre."
    )


def _quoted(names: list[str]) -> str:
    shown = [f'"{name}"' for name in names[:_SHOWN]]
    more = len(names) - len(shown)
    return listed([*shown, f"{more} more"] if more else shown)
