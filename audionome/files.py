"""Find the recordings in a folder, and write files so that a crash leaves none half-written."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from audionome.errors import AudionomeError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SUFFIXES",
    "Entry",
    "OutputError",
    "Parts",
    "Scan",
    "describe_skipped",
    "entry",
    "own_table",
    "reason_of",
    "refuse_source",
    "require_output_file",
    "require_output_folder",
    "scan",
    "walk",
    "write_table",
    "write_text",
    "written_whole",
]

#: How the names of files end that can be decoded. By name, a file of any suffix is tried.
SUFFIXES = frozenset(
    # sound
    ".8svx .aac .ac3 .adts .aif .aifc .aiff .amr .ape .au .avr .awb .caf .dff .dsf .dts .eac3 "
    ".flac .htk .ircam .m2a .m4a .m4b .m4r .mka .mp1 .mp2 .mp3 .mpa .mpc .mpc2k .nist .oga .ogg "
    ".opus .paf .pvf .rf64 .sds .snd .sph .spx .svx .tak .tta .voc .w64 .wav .wave .weba .wma "
    ".wv .wve "
    # video with sound
    ".3g2 .3gp .asf .avi .f4v .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .ogx .ts .vob "
    ".webm .wmv".split()
)
_TRANSPORT = frozenset({".ts", ".mts"})  # TypeScript has the same suffixes
_SYNC = b"G"  # begins every packet of a transport stream


class OutputError(AudionomeError):
    """A place that cannot be written to; the text says why and what to do."""


# -- recordings in a folder ---------------------------------------------------------------


@dataclass(frozen=True)
class Scan:
    """What lies in a folder.

    Attributes
    ----------
    files : list of Path
        Recordings, judged by their names, sorted by path.
    skipped : Counter of str
        How many recordings were left out, by reason: ``"hidden"``, ``"empty"``, ``"linked
        twice"``, ``"with a broken link"``, ``"not regular"`` (a pipe, say).
    unreadable : dict of Path to str
        Folders that may not be read, each with its sentence.
    """

    files: list[Path] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    unreadable: dict[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording as a walk comes by it.

    Attributes
    ----------
    name : str
        Its path, or its URL.
    bytes : int
    modified : int
        Time of the last change (ns); 0 if it is not known.
    """

    name: str
    bytes: int
    modified: int


def entry(path: str | Path) -> Entry:
    """Return what the system says of a file; zeros if it says nothing.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Entry
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return Entry(os.fspath(path), 0, 0)
    return Entry(os.fspath(path), status.st_size, status.st_mtime_ns)


def scan(folder: str | Path) -> Scan:
    """Find the recordings below a folder.

    Hidden files and folders, the ``._*`` files that macOS leaves, and files without a byte are
    left out and counted. Linked folders are followed once. A file that is reached by several
    links counts once, under its own name if it lies in the folder.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Scan

    See Also
    --------
    walk : The same for a folder of very many files.
    """
    found = Scan()
    found.files.extend(sorted(Path(one.name) for one in walk(folder, found)))
    return found


def walk(folder: str | Path, found: Scan | None = None) -> Iterator[Entry]:
    """Find the recordings below a folder one by one, in no order.

    Memory grows with the number of folders and of links, not with that of files.

    Parameters
    ----------
    folder : str or Path
    found : Scan, optional
        Gets what was left out and what could not be read; complete after the last recording.

    Yields
    ------
    Entry
        As `scan` finds them.
    """
    yield from _Walk(Scan() if found is None else found).below(Path(folder))


class _Walk:
    """All that lies in a folder in person comes first; links are followed when it is known."""

    def __init__(self, found: Scan) -> None:
        self._found = found
        self._seen: set[tuple[int, int]] = set()  # folders
        self._shown: set[tuple[int, int]] = set()  # those that are not hidden
        self._folders: list[tuple[str, bool]] = []  # linked, and whether they are hidden
        self._files: list[str] = []  # linked

    def below(self, top: Path) -> Iterator[Entry]:
        waiting = [(str(top), False)]
        while waiting:
            for folder, hidden in waiting:
                yield from self._in_person(folder, hidden)
            waiting, self._folders = sorted(self._folders), []
        targets: set[str] = set()
        for path in sorted(self._files):
            real = os.path.realpath(path)
            if real in targets or self._was_met(real):
                self._found.skipped["linked twice"] += 1
            else:
                targets.add(real)
                yield from self._recording(path)

    def _in_person(self, top: str, hidden: bool) -> Iterator[Entry]:
        waiting = [(top, hidden)]
        while waiting:
            folder, hidden = waiting.pop()
            try:
                if not self._is_new(folder, hidden):
                    continue
                with os.scandir(folder) as entries:
                    # Listed bit by bit: a single folder may hold a million files.
                    for one in entries:
                        unseen = hidden or one.name.startswith(".")
                        path = os.path.join(folder, one.name)
                        if one.is_dir(follow_symlinks=False):
                            waiting.append((path, unseen))
                        elif one.is_symlink() and os.path.isdir(path):
                            self._folders.append((path, unseen))
                        elif _suffix(one.name) not in SUFFIXES:
                            continue
                        elif unseen:
                            self._found.skipped["hidden"] += 1
                        elif one.is_symlink():
                            self._files.append(path)
                        else:
                            yield from self._recording(path)
            except OSError as error:
                if not hidden:
                    name = os.path.basename(folder) or folder
                    self._found.unreadable[Path(folder)] = (
                        f'The folder "{name}" cannot be read: {reason_of(error)}.'
                    )

    def _is_new(self, folder: str, hidden: bool) -> bool:
        status = os.stat(folder)
        key = status.st_dev, status.st_ino
        if key in self._seen:
            return False
        self._seen.add(key)
        if not hidden:
            self._shown.add(key)
        return True

    def _was_met(self, real: str) -> bool:
        """Return whether a file lies, under its own name, where the walk came by."""
        folder, name = os.path.split(real)
        try:
            status = os.stat(folder)
        except OSError:
            return False
        known = (status.st_dev, status.st_ino) in self._shown and os.path.lexists(real)
        return known and not name.startswith(".") and _suffix(name) in SUFFIXES

    def _recording(self, path: str) -> Iterator[Entry]:
        if reason := _why_not(Path(path)):
            self._found.skipped[reason] += 1
        else:
            yield entry(path)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _why_not(path: Path) -> str:
    """Return why a file of a folder is no recording, or nothing."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return "with a broken link"
    except OSError:
        return ""  # it is told when it is opened
    if not stat.S_ISREG(status.st_mode):
        return "not regular"
    if not status.st_size:
        return "empty"
    if path.suffix.lower() in _TRANSPORT:
        with contextlib.suppress(OSError), path.open("rb") as file:
            head = file.read(5)
            if _SYNC not in (head[:1], head[4:]):
                return "no recording"
    return ""


def describe_skipped(skipped: Counter[str]) -> str:
    """Return the sentence that says what was left out, or nothing.

    Parameters
    ----------
    skipped : Counter of str
        See `Scan`.

    Returns
    -------
    str

    Examples
    --------
    >>> describe_skipped(Counter({"hidden": 2, "empty": 1}))
    '3 files left out: 1 empty, 2 hidden.'
    """
    counted = {reason: n for reason, n in skipped.items() if reason != "no recording"}
    if not (total := sum(counted.values())):
        return ""
    parts = ", ".join(f"{n} {reason}" for reason, n in sorted(counted.items()))
    return f"{total} {'file' if total == 1 else 'files'} left out: {parts}."


def reason_of(error: OSError) -> str:
    """Return what the system says about a failure, without numbers and paths.

    Parameters
    ----------
    error : OSError

    Returns
    -------
    str
        The end of a sentence, without a full stop.

    Examples
    --------
    >>> reason_of(OSError(errno.ENOSPC, ""))
    'the disk is full'
    """
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    text = os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
    return text[:1].lower() + text[1:].rstrip(".")


def refuse_source(name: str) -> str:
    """Return why a name given by a person stands for no file that can be read to its end.

    Pipes and devices may never end, and whoever opens a pipe waits for its writer.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        A sentence; empty if nothing is known against it.

    Examples
    --------
    >>> refuse_source("")
    'An empty name was given; give the name of a file.'
    """
    if not name:
        return "An empty name was given; give the name of a file."
    try:
        mode = os.stat(name).st_mode
    except (OSError, ValueError):
        return ""  # it is told when it is opened
    if stat.S_ISREG(mode):
        return ""
    kind = "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
    return f'"{name}" is {kind}, not a file; give a file, or - to read standard input.'


# -- files to write -----------------------------------------------------------------------


def require_output_file(path: Path, suffixes: Collection[str]) -> None:
    """Require, before long work, that a file can be written.

    Parameters
    ----------
    path : Path
    suffixes : collection of str
        The suffixes that can be written, such as ``".csv"``.

    Raises
    ------
    OutputError
        If it has another suffix, is a folder, or its folder is missing or may not be written to.
    """
    if os.path.isdir(path):
        raise OutputError(f'"{path}" is a folder; give the name of a file to write.')
    if path.suffix not in suffixes:
        wanted = " or ".join(sorted(suffixes))
        raise OutputError(f'"{path.name}" should end in {wanted}; that is the format it gets.')
    if not os.path.isdir(path.parent):
        raise OutputError(f'There is no folder "{path.parent}"; make it first.')
    if os.path.lexists(path) and not os.path.isfile(path):
        raise OutputError(f'"{path}" is no regular file; give another name.')
    _require_writable(path.parent)


def require_output_folder(folder: Path) -> None:
    """Require, before long work, that files can be written into a folder, and make it.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    OutputError
        If it is a file, or cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(f'"{folder}" is a file; give a folder to write into.') from error
    except NotADirectoryError as error:
        raise OutputError(f'"{folder}" lies in a file; give a folder to write into.') from error
    except OSError as error:
        raise OutputError(f'"{folder}" cannot be made: {reason_of(error)}.') from error
    _require_writable(folder)


def _require_writable(folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f'"{folder}" cannot be written to: {reason_of(error)}.') from error


@contextlib.contextmanager
def written_whole(path: Path, *, within: Path | None = None) -> Iterator[Path]:
    """Write a file so that it is there whole or not at all.

    Parameters
    ----------
    path : Path
        What it will be called; one of this name is replaced.
    within : Path, optional
        Folder, on the same disk, for what is not finished. Default: its own.

    Yields
    ------
    Path
        What to write to: a name beside it with the same suffix.

    Raises
    ------
    OutputError
        If it cannot be written.

    Examples
    --------
    >>> with written_whole(Path("table.parquet")) as unfinished:  # doctest: +SKIP
    ...     table.to_parquet(unfinished)
    """
    path = Path(os.path.realpath(path))  # a link stays one
    name = f".{path.stem[:40]}.{os.getpid()}.unfinished{path.suffix}"
    unfinished = path.with_name(name) if within is None else within / name
    try:
        yield unfinished
        os.replace(unfinished, path)
    except OSError as error:
        raise OutputError(f'"{path}" cannot be written: {reason_of(error)}.') from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all; see `written_whole`."""
    with written_whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def own_table(path: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """Read a table that an earlier run wrote and that will be replaced.

    Parameters
    ----------
    path : Path
        Parquet or CSV, as its suffix says.
    columns : sequence of str
        What it has if it is ours.

    Returns
    -------
    DataFrame or None
        None if there is no such file.

    Raises
    ------
    OutputError
        If it is another file, which must not be replaced.
    """
    import pandas as pd

    if not os.path.lexists(path):
        return None
    try:
        table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    except Exception as error:  # Arrow has many of its own
        raise OutputError(f'"{path}" cannot be read; move it away.') from error
    if not set(columns) <= set(table.columns):
        raise OutputError(f'"{path}" is not what this command writes; move it away.')
    return table


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV or Parquet, as the suffix of its file says, whole or not at all.

    Parameters
    ----------
    table : DataFrame
        Written without its index. Numbers in CSV have as many digits as they need to be read again
        to the last bit.
    path : Path

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with written_whole(path) as unfinished:
        if path.suffix == ".csv":
            table.to_csv(unfinished, index=False)
        else:
            table.to_parquet(unfinished, index=False, compression="zstd")


class Parts:
    """A folder for the parts of unfinished work, so that it can go on after an interruption.

    A mark in it says that it is ours: nothing is written into another folder, and nothing but
    what we wrote is ever deleted.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.

    Raises
    ------
    OutputError
        If there is such a folder, or a file, that is not ours.
    """

    _MARK = "unfinished-work-of-audionome.txt"
    _OURS = re.compile(r"part-.*|\..*\.unfinished\..*")

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: BinaryIO | None = None
        self._make()

    def _make(self) -> None:
        folder = self.folder
        mark = folder / self._MARK
        if os.path.lexists(folder) and not (mark.is_file() or self._bare()):
            raise OutputError(
                f'"{folder}" is needed for unfinished work but is not ours; move it away, or '
                "write to another place."
            )
        require_output_folder(folder)
        write_text(mark, "Parts of work that is not finished. They are deleted when it is.\n")

    def lock(self) -> None:
        """Keep others out until `unlock`, or until this process ends in whatever way.

        Raises
        ------
        OutputError
            If another run holds it.
        """
        path = self.folder / "part-lock"
        while True:
            try:
                file = path.open("ab")
            except FileNotFoundError:  # a run that came to its end has deleted the folder
                self._make()
                continue
            if not _held(file):
                file.close()
                raise OutputError(
                    f'Another run is writing to "{self.folder}"; wait for it, or end it.'
                )
            if _is_file(path, file):
                self._lock = file
                return
            file.close()  # it was deleted, and is another one now

    def unlock(self) -> None:
        """Let others in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _bare(self) -> bool:
        """Return whether it is what a crash leaves between making the folder and marking it."""
        if not self.folder.is_dir():
            return False
        return all(self._OURS.fullmatch(path.name) for path in self.folder.iterdir())

    def remove(self) -> None:
        """Delete our parts, and the folder if nothing else is in it."""
        for path in self.folder.iterdir():
            if self._OURS.fullmatch(path.name):
                path.unlink()
        (self.folder / self._MARK).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def _held(file: BinaryIO) -> bool:
    """Take the lock of a file; return False if another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows, where SQLite alone keeps others out
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EACCES)  # else there are no locks here
    return True


def _is_file(path: Path, file: BinaryIO) -> bool:
    """Return whether a file that is open is still the one of this name."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
