"""The chunks of a WAV file; the genre in its list of information (LIST INFO, entry IGNR).

mutagen knows the ID3 chunk of a WAV file alone; Windows and many editors write this list.
"""

from __future__ import annotations

import shutil
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["genre", "is_cut", "set_genre"]

_MOST = 4096  # chunks, and bytes of a genre


@dataclass(frozen=True)
class _Entry:
    """Where the genre stands or would stand, and in which list (bytes)."""

    at: int
    length: int  # with its head and padding; 0 if it does not stand there yet
    size: int  # of its text
    list_at: int
    list_size: int


def genre(path: Path) -> str:
    """Return the genre in the list of information; empty if there is none.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
    """
    with path.open("rb") as file:
        found = _find(file)
        if found is None or not found.length:
            return ""
        file.seek(found.at + 8)
        content = file.read(min(found.size, _MOST)).split(b"\0")[0]
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return content.decode("latin-1").strip()


def set_genre(path: Path, text: str) -> None:
    """Write a genre into the list of information of a file that has such a list.

    Where there is a list, FFmpeg reads nothing else: a genre in the ID3 tag alone would not be
    seen.

    Parameters
    ----------
    path : Path
        A copy of a file: it is not whole until this has ended.
    text : str
    """
    with path.open("r+b") as file:
        found = _find(file)
        if found is None or not (text or found.length):
            return
        content = text.encode("utf-8") + b"\0"
        new = struct.pack("<4sI", b"IGNR", len(content)) + content + bytes(len(content) % 2)
        file.seek(found.at + found.length)
        with tempfile.TemporaryFile() as rest:
            shutil.copyfileobj(file, rest, 1 << 20)
            rest.seek(0)
            file.seek(found.at)
            file.write(new)
            shutil.copyfileobj(rest, file, 1 << 20)
        file.truncate()
        grown = len(new) - found.length
        file.seek(4)
        (size,) = struct.unpack("<I", file.read(4))
        for at, before in ((found.list_at + 4, found.list_size), (4, size)):
            file.seek(at)
            file.write(struct.pack("<I", before + grown))


def is_cut(path: Path) -> bool:
    """Return whether a chunk of a RIFF or AIFF file is longer than the file, as it says.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool
    """
    with path.open("rb") as file:
        order = {b"RIFF": "<", b"FORM": ">"}.get(file.read(4))
        end = file.seek(0, 2)
        if order is None:
            return False
        return any(at + 8 + size > end for _, at, size in _chunks(file, 12, end, order=order))


def _find(file: BinaryIO) -> _Entry | None:
    """Find the genre, else the end of the first list of information."""
    file.seek(0)
    if file.read(4) != b"RIFF":
        return None
    end = file.seek(0, 2)
    first = None
    for kind, at, size in _chunks(file, 12, end):
        if kind != b"LIST" or size < 4:
            continue
        file.seek(at + 8)
        if file.read(4) != b"INFO":
            continue
        for name, place, text in _chunks(file, at + 12, min(end, at + 8 + size)):
            if name == b"IGNR" and place + 8 + text <= end:
                return _Entry(place, 8 + text + text % 2, text, at, size)
        even = size + size % 2  # the byte behind an odd list is its last entry's
        if first is None and at + 8 + even <= end:
            first = _Entry(at + 8 + even, 0, 0, at, even)
    return first


def _chunks(
    file: BinaryIO, at: int, end: int, *, order: str = "<"
) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or at + 8 > end:
            return
        kind, size = struct.unpack(f"{order}4sI", head)
        yield kind, at, size
        at += 8 + size + size % 2
