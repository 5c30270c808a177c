"""The genre in the list of information of a WAV file (chunk LIST INFO, entry IGNR).

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

__all__ = ["genre", "replace_genre"]

_MOST = 4096  # chunks, and bytes of a genre


@dataclass(frozen=True)
class _Entry:
    """Where the genre stands, and the sizes of what it stands in (offsets in bytes)."""

    at: int
    size: int
    list_at: int


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
        if found is None:
            return ""
        file.seek(found.at + 8)
        content = file.read(min(found.size, _MOST)).split(b"\0")[0]
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return content.decode("latin-1").strip()


def replace_genre(path: Path, text: str) -> None:
    """Write another genre into the list of information of a file that has one there.

    Parameters
    ----------
    path : Path
        A copy of a file: it is not whole until this has ended.
    text : str
    """
    with path.open("r+b") as file:
        found = _find(file)
        if found is None:
            return
        content = text.encode("utf-8") + b"\0"
        new = struct.pack("<4sI", b"IGNR", len(content)) + content + bytes(len(content) % 2)
        length = 8 + found.size + found.size % 2
        file.seek(found.at + length)
        with tempfile.TemporaryFile() as rest:
            shutil.copyfileobj(file, rest, 1 << 20)
            rest.seek(0)
            file.seek(found.at)
            file.write(new)
            shutil.copyfileobj(rest, file, 1 << 20)
        file.truncate()
        for at in (found.list_at + 4, 4):
            file.seek(at)
            (size,) = struct.unpack("<I", file.read(4))
            file.seek(at)
            file.write(struct.pack("<I", size + len(new) - length))


def _find(file: BinaryIO) -> _Entry | None:
    file.seek(0)
    if file.read(4) != b"RIFF":
        return None
    end = file.seek(0, 2)
    for kind, at, size in _chunks(file, 12, end):
        if kind != b"LIST" or size < 4:
            continue
        file.seek(at + 8)
        if file.read(4) != b"INFO":
            continue
        for name, place, length in _chunks(file, at + 12, min(end, at + 8 + size)):
            if name == b"IGNR" and place + 8 + length <= end:
                return _Entry(place, length, at)
    return None


def _chunks(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    for _ in range(_MOST):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or at + 8 > end:
            return
        kind, size = struct.unpack("<4sI", head)
        yield kind, at, size
        at += 8 + size + size % 2
