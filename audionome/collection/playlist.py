"""Playlists: extended M3U in UTF-8, by genre from a table or by likeness from an index.

Paths are relative to the playlist's folder where both lie on one tree, so that the two can be moved
together; else they are absolute. What a line of a playlist cannot hold, a name with a line break or
with bytes that are no UTF-8, is written as a ``file://`` address.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from audionome import files
from audionome._words import counted, genre_name, printable
from audionome.collection import table
from audionome.collection.answers import MIN_CONFIDENCE, is_sure
from audionome.collection.index import Found
from audionome.collection.sources import is_url
from audionome.errors import AudionomeError
from audionome.files import OutputError

__all__ = ["SUFFIXES", "Chosen", "Entry", "by_genre", "by_likeness", "require", "write"]

#: How the name of a playlist ends.
SUFFIXES = (".m3u", ".m3u8")

_HEAD = "#EXTM3U"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_TOLD = 20  # genres that a sentence lists


@dataclass(frozen=True)
class Entry:
    """A line of a playlist.

    Attributes
    ----------
    file : str
        Absolute path, or URL.
    title : str
        What a player shows.
    seconds : float or None
        Its length, where it is known.
    """

    file: str
    title: str
    seconds: float | None = None


@dataclass(frozen=True)
class Chosen:
    """What goes into a playlist.

    Attributes
    ----------
    entries : tuple of Entry
    unsure : int
        Files of the genres that were left out as the answer is not sure.
    """

    entries: tuple[Entry, ...]
    unsure: int = 0


def by_genre(
    path: Path,
    genres: Sequence[str],
    *,
    min_confidence: float | None = None,
    unsure: bool = False,
    n: int | None = None,
) -> Chosen:
    """Choose the files of some genres from a table.

    Parameters
    ----------
    path : Path
        Written by ``audionome classify --out``, or with the columns ``file`` and ``genre``.
    genres : sequence of str
        In any spelling of capitals.
    min_confidence : float, optional
        Take answers that are sure by `audionome.collection.answers.is_sure` with this. Default:
        those that the table calls sure. Of a table that does not tell, all are taken.
    unsure : bool
        Take the others too.
    n : int, optional
        Take the surest ``n``. Default: all, in the order of the table.

    Returns
    -------
    Chosen

    Raises
    ------
    AudionomeError
        If the table cannot be read, or holds none of these genres.
    """
    wanted = {_folded(genre) for genre in genres}
    seen: Counter[str] = Counter()
    entries: list[tuple[float, Entry]] = []
    left_out = 0
    for row in table.read(path):
        genre = str(row.get("genre") or "")
        if _folded(genre) not in wanted:
            seen[genre] += 1
        elif unsure or _is_sure(row, min_confidence):
            entries.append((_number(row.get("confidence")) or 0.0, _entry(row)))
        else:
            left_out += 1
    if not entries:
        raise AudionomeError(_none_of(path, genres, seen, left_out))
    if n is not None:
        entries = sorted(entries, key=lambda pair: -pair[0])[:n]
    return Chosen(tuple(entry for _, entry in entries), left_out)


def _none_of(path: Path, genres: Sequence[str], seen: Counter[str], unsure: int) -> str:
    if unsure:
        return (
            f'"{path}" is sure of none of its {counted(unsure, "file")} of '
            f"{' or '.join(genres)}; --unsure takes them all the same."
        )
    seen.pop("", None)
    there = [genre for genre, _ in seen.most_common(_TOLD)]
    holds = f"it holds {', '.join(there)}" if there else "it holds no genre"
    more = f" and {len(seen) - _TOLD} more" if len(seen) > _TOLD else ""
    return f'"{path}" holds no file of {" or ".join(genres)}; {holds}{more}.'


def _folded(genre: str) -> str:
    return genre_name(genre.strip().casefold())


def _is_sure(row: Mapping[str, object], least: float | None) -> bool:
    if least is None and row.get("sure") is not None:
        return str(row["sure"]).casefold() not in {"false", "0"}
    confidence = _number(row.get("confidence"))
    # A table of another program may know of no other answers than one genre, and not how sure.
    if confidence is None or (least is None and not row.get("status")):
        return True
    values = {"status": row.get("status") or "one", "confidence": confidence}
    return is_sure(values, MIN_CONFIDENCE if least is None else least)


def _number(value: object) -> float | None:
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return found if found == found and abs(found) != float("inf") else None


def _entry(row: Mapping[str, object]) -> Entry:
    name = table.name_of(str(row["file"]))
    title = " - ".join(str(row[key]) for key in ("artist", "title") if row.get(key))
    return Entry(name, title or _stem(name), _number(row.get("duration")))


def _stem(name: str) -> str:
    return os.path.splitext(os.path.basename(name))[0]


def by_likeness(found: Found) -> Chosen:
    """Choose what an index found, after what was asked about.

    Parameters
    ----------
    found : audionome.collection.index.Found

    Returns
    -------
    Chosen
    """
    return Chosen(
        tuple(
            Entry(
                track.file,
                " - ".join(filter(None, (track.artist, track.title))) or _stem(track.file),
                track.seconds,
            )
            for track in (*found.seeds, *found.tracks)
        )
    )


# -- writing ------------------------------------------------------------------------------


def require(out: Path) -> None:
    """Require, before any work, that a playlist can be written.

    Parameters
    ----------
    out : Path

    Raises
    ------
    audionome.files.OutputError
        If it cannot be written, or would replace a file that is no playlist.
    """
    files.require_output_file(out, SUFFIXES)
    if os.path.lexists(out):
        try:
            with out.open("rb") as file:
                ours = file.read(64).lstrip(b"\xef\xbb\xbf").startswith(_HEAD.encode())
        except OSError as error:
            raise OutputError(f'"{out}" cannot be read: {files.reason_of(error)}.') from error
        if not ours:
            raise OutputError(f'"{out}" is no playlist that can be replaced; give another name.')


def write(out: Path, entries: Iterable[Entry]) -> tuple[int, int]:
    """Write a playlist, whole or not at all.

    Parameters
    ----------
    out : Path
    entries : iterable of Entry
        Files that are not there are left out.

    Returns
    -------
    written, missing : int

    Raises
    ------
    AudionomeError
        If none of the files is there.
    audionome.files.OutputError
        If it cannot be written.
    """
    require(out)
    folder = os.path.abspath(out.parent)
    lines, missing = [_HEAD], 0
    for entry in entries:
        if is_url(entry.file) or os.path.exists(entry.file):
            seconds = -1 if entry.seconds is None else round(entry.seconds)
            lines += [f"#EXTINF:{seconds},{_title(entry.title)}", place(entry.file, folder)]
        else:
            missing += 1
    if len(lines) == 1:
        raise AudionomeError("None of the files is there; is the drive connected?")
    files.write_text(out, "\n".join(lines) + "\n")
    return (len(lines) - 1) // 2, missing


def _title(text: str) -> str:
    """Return a title in one line that every reader of UTF-8 can read."""
    return printable(" ".join(table.text_of(text).split()))


def place(name: str, folder: str) -> str:
    r"""Return how a playlist in a folder names a file.

    Parameters
    ----------
    name : str
        Absolute path, or URL.
    folder : str
        Absolute path.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> place("/music/rock/a.mp3", "/music/lists"), place("/tapes/a.mp3", "/music")
    ('../rock/a.mp3', '/tapes/a.mp3')
    >>> place("/music/two\nlines.mp3", "/music"), place("/music/#1.mp3", "/music")
    ('file:///music/two%0Alines.mp3', './#1.mp3')
    """
    if is_url(name):
        return quote(name, safe=":/?#[]@!$&'()*+,;=%~", errors="surrogateescape")
    if not _fits(name):
        return "file://" + quote(os.fsencode(name.replace(os.sep, "/")))
    shown = name
    try:
        if os.path.commonpath([name, folder]) != os.path.splitdrive(name)[0] + os.sep:
            shown = os.path.relpath(name, folder)
    except ValueError:  # on another drive
        return name
    # A player takes "#" for a comment and "a:b" for an address, and drops spaces before a name.
    odd = shown[0] == "#" or shown[0].isspace() or _is_address(shown)
    return os.path.join(os.curdir, shown) if odd else shown


def _is_address(shown: str) -> bool:
    return not os.path.isabs(shown) and _SCHEME.match(shown) is not None


def _fits(name: str) -> bool:
    """Return whether a name can be a line of a playlist."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return name == name.rstrip() and len(name.splitlines()) == 1
