"""A path, bytes or an open file as a seekable file of bytes."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import BinaryIO

from audionome.errors import EmptyAudioError, UnreadableFileError

__all__ = ["File", "Part", "open_source", "peek"]

File = BinaryIO | io.RawIOBase


def open_source(source: str | Path | bytes | BinaryIO, name: str) -> tuple[BinaryIO, int]:
    """Open a recording.

    Parameters
    ----------
    source : str, Path, bytes or binary file
    name : str
        How sentences call it.

    Returns
    -------
    file : binary file
        Seekable, and the caller's to close.
    size : int
        In bytes.

    Raises
    ------
    audionome.errors.UnreadableFileError, audionome.errors.EmptyAudioError
    TypeError
        If it is none of these.
    """
    if isinstance(source, str | Path):
        data, size = _open_path(Path(source), name)
    else:
        if not isinstance(source, bytes | bytearray | memoryview):
            if not hasattr(source, "read") or isinstance(source, io.TextIOBase):
                raise TypeError(
                    "a recording is a path, bytes or a file opened in binary mode, not "
                    f"{type(source).__name__}"
                )
            if source.seekable():
                source.seek(0)
            source = source.read()
        data, size = io.BytesIO(source), len(source)
    if not size:
        data.close()
        raise EmptyAudioError(f"{name} is empty (0 bytes); choose another file.")
    return data, size


def _open_path(path: Path, name: str) -> tuple[BinaryIO, int]:
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableFileError(f"{name} is a folder; give the files in it one by one.")
        if not stat.S_ISREG(status.st_mode):
            # Opening a pipe would wait for its writer, and a device may never end.
            raise UnreadableFileError(
                f"{name} is a pipe or a device, not a file; save the recording to a file first."
            )
        return path.open("rb"), status.st_size
    except FileNotFoundError as error:
        raise UnreadableFileError(f"{name} does not exist; check the path {path}.") from error
    except OSError as error:
        why = (error.strerror or type(error).__name__).rstrip(".")
        raise UnreadableFileError(f"{name} cannot be read: {why[:1].lower()}{why[1:]}.") from error
    except UnreadableFileError:
        raise
    except ValueError as error:  # a zero byte in the name
        raise UnreadableFileError(f"{name} cannot be the name of a file.") from error


class Part(io.RawIOBase):
    """Some of the bytes of a file, as a file.

    Parameters
    ----------
    data : binary file
    start, stop : int
        First byte, and the one after the last.

    Examples
    --------
    >>> Part(io.BytesIO(b"0123456789"), 3, 6).read()
    b'345'
    """

    def __init__(self, data: File, start: int, stop: int) -> None:
        self._data, self._start, self._stop = data, start, stop
        self._at = start

    def readable(self) -> bool:
        """Return that bytes can be read."""
        return True

    def seekable(self) -> bool:
        """Return that the place can be chosen."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes.

        Parameters
        ----------
        size : int
            How many; below 0 all that are left.

        Returns
        -------
        bytes
        """
        left = self._stop - self._at
        self._data.seek(self._at)
        got = self._data.read(left if size < 0 else min(size, left))
        self._at += len(got)
        return got

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Choose the place, and return it."""
        base = {io.SEEK_SET: self._start, io.SEEK_CUR: self._at, io.SEEK_END: self._stop}[whence]
        self._at = max(self._start, base + offset)
        return self._at - self._start

    def tell(self) -> int:
        """Return the place."""
        return self._at - self._start


def peek(data: File, at: int, size: int) -> bytes:
    """Return bytes at a place; FFmpeg, which reads the same file, finds its own place again.

    Parameters
    ----------
    data : binary file
    at, size : int

    Returns
    -------
    bytes
        Fewer than ``size`` at the end of the file.
    """
    place = data.tell()
    data.seek(at)
    got = data.read(size)
    data.seek(place)
    return got or b""
