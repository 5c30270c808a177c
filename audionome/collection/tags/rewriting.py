"""Replace a file by a copy with other tags, so that nothing can be lost on the way.

The copy is made beside the file, and read again: every packet of sound must be what it was. Then
it is written down how the old file is made out of the new one, that is tried, and only then does
the copy take the file's place. A crash at any moment leaves the old file or the new one, whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome.audio.containers import open_container
from audionome.collection.tags import difference
from audionome.collection.tags.values import TagError
from audionome.files import reason_of

if TYPE_CHECKING:
    import av
    import av.container

    from audionome.collection.tags.difference import Parts

__all__ = ["Prepared", "prepare", "require_replaceable", "sound_of"]

_LEFT = re.compile(r"\.audionome-[0-9a-f]{12}-(\d+)\.unfinished(\..*)?", re.DOTALL)

_ERRORS = 1000  # that a container may give one after the other


@dataclass(frozen=True)
class Prepared:
    """A copy that is ready to take the place of a file.

    Attributes
    ----------
    path : Path
        The file; not a link to it.
    copy : Path
        What lies beside it.
    state : tuple of int
        What the system said of the file when it was read.
    bytes, sha256 : int, str
        Of the copy.
    old_bytes, old_sha256, modified : int, str, int
        Of the file; the last is when it was changed (ns).
    parts : list or None
        How the file is made out of the copy; None if it cannot be.
    """

    path: Path
    copy: Path
    state: tuple[int, ...]
    bytes: int
    sha256: str
    old_bytes: int
    old_sha256: str
    modified: int
    parts: Parts | None

    def replace(self, *, modified: int | None = None) -> None:
        """Let the copy take the place of the file.

        Parameters
        ----------
        modified : int, optional
            When it was changed (ns). Default: now.

        Raises
        ------
        TagError
            If the file was changed meanwhile, or its folder cannot be written to.
        """
        try:
            if _state(self.path) != self.state:
                raise TagError(
                    f'"{self.path.name}" was changed by another program meanwhile; it is left as '
                    "it is."
                )
            if modified is not None:
                os.utime(self.copy, ns=(os.stat(self.path).st_atime_ns, modified))
            os.replace(self.copy, self.path)
            _flush(self.path.parent)
        except (OSError, OverflowError) as error:
            why = reason_of(error) if isinstance(error, OSError) else "its time is no time"
            raise TagError(f'"{self.path.name}" cannot be replaced: {why}.') from error
        finally:
            self.drop()

    def drop(self) -> None:
        """Delete the copy, if it is still there."""
        with contextlib.suppress(OSError):
            self.copy.unlink(missing_ok=True)


def prepare(
    path: Path,
    make: Callable[[Path, Path], None],
    *,
    separate: bool = False,
    undoable: bool = True,
) -> Prepared:
    """Make the copy that will replace a file, and hold it against the file.

    Parameters
    ----------
    path : Path
        The file, or a link to it: the link stays.
    make : callable
        Takes the file and the name of the copy, and writes the copy.
    separate : bool
        Whether a file with several hard links is replaced under this name alone.
    undoable : bool
        Whether to find out how the file is made out of the copy.

    Returns
    -------
    Prepared

    Raises
    ------
    TagError
        If it cannot be replaced, or the sound of the copy is another.
    """
    real = Path(os.path.realpath(path))
    require_replaceable(real, separate=separate)
    _clear(real.parent)
    state = _state(real)
    copy = _beside(real)
    try:
        make(real, copy)
        sound = sound_of(real)
        if not sound or sound_of(copy) != sound:
            raise TagError(
                f'"{path.name}" is left as it is: its sound would not stay the same to the last '
                "byte; the file may be damaged."
            )
        _dress(real, copy)
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        old = difference.digest(real)
        return Prepared(
            path=real,
            copy=copy,
            state=state,
            bytes=copy.stat().st_size,
            sha256=difference.digest(copy),
            old_bytes=real.stat().st_size,
            old_sha256=old,
            modified=real.stat().st_mtime_ns,
            parts=_parts(real, copy, old) if undoable else None,
        )
    except BaseException as error:
        with contextlib.suppress(OSError):
            copy.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise TagError(
                f'"{path.name}" cannot be written: {reason_of(error)}; it is left as it is.'
            ) from error
        raise


def require_replaceable(path: Path, *, separate: bool = False) -> None:
    """Require that a file may be replaced, whatever its folder would allow.

    Parameters
    ----------
    path : Path
        Not a link.
    separate : bool
        As for `prepare`.

    Raises
    ------
    TagError
        If it is protected, or has further names that would keep the old content.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise TagError(f'"{path.name}" cannot be read: {reason_of(error)}.') from error
    if not status.st_mode & 0o222 or not os.access(path, os.W_OK):
        raise TagError(f'"{path.name}" may not be written to; allow it, then try again.')
    if status.st_nlink > 1 and not separate:
        raise TagError(
            f'"{path.name}" has {status.st_nlink} names (hard links); --separate-links makes this '
            "one a file of its own and leaves the others as they are."
        )
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise TagError(
            f'"{path.name}" is left as it is: its folder "{path.parent}" may not be written to.'
        )


def sound_of(path: Path) -> str:
    """Return a digest of all packets of a file, and of how they are decoded.

    Covers are left out: they are tags, and held against each other as such.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        Empty if the file holds none.
    """
    import av
    import av.stream

    seen = hashlib.sha256()
    found = False
    with path.open("rb") as data:
        container = open_container(data)
        if container is None:
            return ""
        with container:
            for stream in container.streams:
                about = getattr(stream, "codec_context", None)
                kept = ("name", "extradata", "sample_rate", "layout")
                seen.update(repr([str(getattr(about, name, None)) for name in kept]).encode())
            cover = av.stream.Disposition.attached_pic
            covers = {s.index for s in container.streams if s.disposition & cover}
            for packet in _packets(container):
                if packet is None:
                    return ""
                if packet.stream_index in covers:
                    continue
                found = found or packet.size > 0
                seen.update(f"{packet.stream_index} {packet.pts} {packet.size} ".encode())
                seen.update(bytes(packet))
    return seen.hexdigest() if found else ""


def _packets(container: av.container.InputContainer) -> Iterator[av.Packet[Any] | None]:
    """Yield the packets of a file, going on after damage; None where there is no end to it."""
    import av

    for _ in range(_ERRORS):
        try:
            yield from container.demux()
            return
        except av.FFmpegError:
            continue
    yield None


def _parts(old: Path, new: Path, digest: str) -> Parts | None:
    """Return how the old file is made out of the new one, once that has been tried."""
    parts = difference.difference(old, new)
    if parts is None:
        return None
    with open(os.devnull, "wb") as nowhere:
        again = difference.rebuild(new, parts, nowhere, size=old.stat().st_size)
    return parts if again == digest else None


def _state(path: Path) -> tuple[int, ...]:
    status = os.stat(path)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _dress(path: Path, copy: Path) -> None:
    """Give the copy the file's permissions, owner and further attributes, but not its age."""
    status = os.stat(path)
    changed = os.stat(copy).st_mtime_ns
    shutil.copystat(path, copy)
    if hasattr(os, "chown"):
        mine = os.stat(copy)
        if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
            try:
                os.chown(copy, status.st_uid, status.st_gid)
            except OSError as error:
                raise TagError(
                    f'"{path.name}" belongs to another user and would become yours; let its '
                    "owner tag it."
                ) from error
            os.chmod(copy, stat.S_IMODE(status.st_mode))  # a new owner may take some away
    os.utime(copy, ns=(status.st_atime_ns, changed))


def _beside(path: Path) -> Path:
    """Return a name in the same folder, short and hidden, that says whose it is."""
    name = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]
    return path.with_name(f".audionome-{name}-{os.getpid()}.unfinished{path.suffix[:16]}")


@lru_cache(maxsize=64)
def _clear(folder: Path) -> None:
    """Delete what a run that was killed has left in a folder."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            match = _LEFT.fullmatch(name)
            if match and not _alive(int(match[1])):
                (folder / name).unlink()


def _alive(process: int) -> bool:
    if os.name == "nt":  # there, asking would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _flush(folder: Path) -> None:
    """Let a change of names reach the disk, where folders can be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
