"""What must be known of a file to make it again out of a changed copy.

A tag is a small part of a file. What was there before is kept as *parts*: bytes, and places in the
new file where the rest still stands. So the list that undoes a change is small, and undoing it
gives the old file to the last byte.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import mmap
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from audionome.errors import AudionomeError

__all__ = ["MOST_KEPT", "Parts", "difference", "digest", "rebuild"]

#: Bytes of an old file that are kept at most; of one that changed more only the values are.
MOST_KEPT = 16 << 20

#: A text is bytes in base64; two numbers are where a range of the new file begins, and its length.
Parts = list[str | tuple[int, int]]

_BLOCK = 1 << 20
_SAME = 16  # bytes in a row that are equal by no chance
_ANCHOR = 32  # bytes that are looked for elsewhere
_NEAR = 1 << 22  # bytes around, where they are looked for
_WINDOW = 4096


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, as hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def difference(old: Path, new: Path) -> Parts | None:
    """Return the parts that make an old file out of a new one.

    Parameters
    ----------
    old, new : Path

    Returns
    -------
    list or None
        None if more than `MOST_KEPT` bytes would have to be kept.
    """
    with _mapped(old) as before, _mapped(new) as after:
        first = _equal(before, 0, after, 0)
        last = _equal_at_the_end(before, after, min(len(before), len(after)) - first)
        ranges = [(0, first)] if first else []
        middle = _middle(before, after, first, len(before) - last)
        parts: Parts = []
        kept = 0
        for at, length, literal in _joined(ranges, middle, len(after) - last, last):
            if literal is None:
                parts.append((at, length))
                continue
            kept += length
            if kept > MOST_KEPT:
                return None
            parts.append(base64.b64encode(literal).decode("ascii"))
        return parts


def rebuild(new: Path, parts: Sequence[object], out: BinaryIO, *, size: int) -> str:
    """Write the old file, and return its SHA-256.

    Parameters
    ----------
    new : Path
    parts : sequence
        As `difference` returns them, or as JSON reads them. They may come from anywhere: nothing
        outside the file is read, and no more is written than was said.
    out : binary file
    size : int
        Of the old file (bytes).

    Returns
    -------
    str
        64 hex digits.

    Raises
    ------
    AudionomeError
        If they are no parts of this file.
    """
    seen = hashlib.sha256()
    left = size
    with new.open("rb") as file:
        length = os.fstat(file.fileno()).st_size
        for part in parts:
            for block in _blocks(file, part, length):
                left -= len(block)
                if left < 0:
                    raise _no_parts()
                seen.update(block)
                out.write(block)
    if left:
        raise _no_parts()
    return seen.hexdigest()


def _blocks(file: BinaryIO, part: object, length: int) -> Iterator[bytes]:
    if isinstance(part, str):
        try:
            yield base64.b64decode(part, validate=True)
        except (binascii.Error, ValueError) as error:
            raise _no_parts() from error
        return
    if not (isinstance(part, list | tuple) and len(part) == 2):
        raise _no_parts()
    at, left = part
    if type(at) is not int or type(left) is not int or not 0 <= at <= at + left <= length:
        raise _no_parts()
    file.seek(at)
    while left:
        block = file.read(min(left, _BLOCK))
        if not block:
            raise _no_parts()
        left -= len(block)
        yield block


def _no_parts() -> AudionomeError:
    return AudionomeError("These are no parts of this file.")


# -- the search ---------------------------------------------------------------------------


class _mapped:
    """The bytes of a file, without reading it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        size = os.fstat(self._file.fileno()).st_size
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""

    def __enter__(self) -> mmap.mmap | bytes:
        return self._map

    def __exit__(self, *_: object) -> None:
        if isinstance(self._map, mmap.mmap):
            self._map.close()
        self._file.close()


_Bytes = mmap.mmap | bytes
_Part = tuple[int, int, bytes | None]


def _equal(a: _Bytes, i: int, b: _Bytes, j: int) -> int:
    """Return how many bytes are equal from two places on."""
    n, most = 0, min(len(a) - i, len(b) - j)
    while n < most:
        size = min(_BLOCK, most - n)
        one, two = a[i + n : i + n + size], b[j + n : j + n + size]
        if one != two:
            return n + int(_differ(one, two).argmax())
        n += size
    return n


def _equal_at_the_end(a: _Bytes, b: _Bytes, most: int) -> int:
    n = 0
    while n < most:
        size = min(_BLOCK, most - n)
        one = a[len(a) - n - size : len(a) - n]
        two = b[len(b) - n - size : len(b) - n]
        if one != two:
            return n + int(_differ(one, two)[::-1].argmax())
        n += size
    return n


def _differ(one: bytes, two: bytes) -> np.ndarray:
    differ: np.ndarray = np.frombuffer(one, np.uint8) != np.frombuffer(two, np.uint8)
    return differ


def _middle(a: _Bytes, b: _Bytes, i: int, stop: int) -> Iterator[_Part]:
    """Yield the parts of ``a[i:stop]``: what stands in ``b`` at the same or another distance."""
    shift, step = 0, _WINDOW
    while i < stop:
        j = i + shift
        n = min(_equal(a, i, b, j), stop - i) if 0 <= j < len(b) else 0
        if n:
            yield j, n, None
            i += n
            step = _WINDOW
            continue
        skip = _resumed(a, i, b, j, min(_WINDOW, stop - i))
        if skip is None:
            skip, shift = _elsewhere(a, i, b, shift, min(step, stop - i))
            step = _WINDOW if skip < step else 2 * step
        if skip:
            yield 0, skip, a[i : i + skip]
            i += skip


def _resumed(a: _Bytes, i: int, b: _Bytes, j: int, size: int) -> int | None:
    """Return after how many bytes the two are equal again at the same distance."""
    if j < 0:
        return None
    one, two = a[i : i + size], b[j : j + size]
    n = min(len(one), len(two))
    if n < _SAME:
        return None
    same = np.concatenate([[0], np.cumsum(~_differ(one[:n], two[:n]))])
    runs = np.flatnonzero(same[_SAME:] - same[:-_SAME] == _SAME)
    return int(runs[0]) if runs.size else None


def _elsewhere(a: _Bytes, i: int, b: _Bytes, shift: int, size: int) -> tuple[int, int]:
    """Return how many bytes have no like, and at what distance those after them have one."""
    for k in range(0, min(size, _WINDOW), _SAME):
        anchor = a[i + k : i + k + _ANCHOR]
        if len(anchor) < _ANCHOR:
            break
        around = i + k + shift
        found = b.find(anchor, max(0, around - _NEAR), max(0, around + _NEAR))
        if found >= 0:
            return k, found - i - k
    return size, shift


def _joined(
    first: list[tuple[int, int]], middle: Iterator[_Part], at: int, last: int
) -> Iterator[_Part]:
    """Join bytes that follow each other, and put the ends around the middle."""
    held = b""
    for begin, length in first:
        yield begin, length, None
    for begin, length, literal in middle:
        if literal is not None:
            held += literal
            if len(held) > MOST_KEPT:
                break
            continue
        if held:
            yield 0, len(held), held
            held = b""
        yield begin, length, None
    if held:
        yield 0, len(held), held
    if last:
        yield at, last, None
