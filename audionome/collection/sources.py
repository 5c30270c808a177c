"""Find and open recordings that lie elsewhere: fsspec URLs, such as ``s3://bucket/music``.

A URL is passed on as it is; who may read it is settled where fsspec looks for it (environment,
configuration), so that no password stands in a table.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import tempfile
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from audionome._extras import require_extra
from audionome._words import listed
from audionome.errors import AudionomeError
from audionome.files import SUFFIXES, Entry, reason_of

__all__ = ["SourceError", "find", "is_url", "opened", "size", "within"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PASSWORD = re.compile(r"://[^/@\s:]*:[^/@\s]+@")
_WILD = re.compile(r"[*?\[]")
#: What must be installed for a protocol, and comes with none of our extras.
_PACKAGES = {
    **dict.fromkeys(("http", "https"), "requests aiohttp"),
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("abfs", "az", "adl"), "adlfs"),
    **dict.fromkeys(("sftp", "ssh"), "paramiko"),
    **dict.fromkeys(("github", "gist", "dbfs", "jlab", "jupyter", "webhdfs"), "requests"),
    **dict.fromkeys(("hdfs", "arrow_hdfs"), "pyarrow"),
    "smb": "smbprotocol", "hf": "huggingface_hub", "webdav": "webdav4", "oci": "ocifs",
    "oss": "ossfs", "git": "pygit2", "box": "boxfs", "root": "fsspec-xrootd",
    "libarchive": "libarchive-c", "lakefs": "lakefs-spec", "tos": "tosfs",
}  # fmt: skip
_BLOCK = 1 << 20  # bytes
_MAX_NAME = 255  # bytes of a file name


class SourceError(AudionomeError):
    """A URL that cannot be read; the text says why and what to do."""


def is_url(name: str) -> bool:
    """Return whether a name is a URL and not a path.

    Parameters
    ----------
    name : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_url("s3://bucket/music"), is_url("zip://a.mp3::s3://bucket/a.zip"), is_url("C:/a.mp3")
    (True, True, False)
    """
    return _URL.match(name) is not None


def find(url: str) -> Iterator[Entry]:
    """Find the recordings at a URL, folder by folder.

    As in a folder of this machine, what is hidden or empty, and what no recording is called, is
    left out. A single file is taken whatever its name.

    Parameters
    ----------
    url : str
        Of a file, of a folder (``s3://bucket/music``), of a pattern (``s3://bucket/*/*.mp3``), or
        of what lies in an archive (``zip://::s3://bucket/music.zip``).

    Yields
    ------
    audionome.files.Entry
        In every folder sorted by name. Bytes are -1, and the time is 0, where the storage does not
        tell.

    Raises
    ------
    SourceError
        If the place cannot be read, or holds a password.

    Examples
    --------
    >>> [found.name for found in find("memory://no/such/folder")]
    Traceback (most recent call last):
    audionome.collection.sources.SourceError: "memory://no/such/folder" does not exist.
    """
    _refuse_password(url)
    with _told(url):
        system, path = _place(url)
        wild = _WILD.search(_head(url))
        if not wild and system.isfile(path):
            info = system.info(path)
            # To a web server a folder is a page that lists it.
            if not str(info.get("mimetype")).startswith("text/html"):
                yield _found(url, info)
                return
        elif not wild and not system.isdir(path):
            raise SourceError(f'"{url}" does not exist.')
        root = path.rstrip("/")
        listing = _matching(system, root) if wild else _walked(system, root)
        if wild:
            root = _before_wild(root)
        for name, info in listing:
            known = info if info.get("size") is not None else system.info(name)
            if _bytes(known):
                yield _found(_named(url, name.removeprefix(root).lstrip("/")), known)


def within(name: str, url: str) -> bool:
    """Return whether a name is one that `find` may give for a URL.

    Parameters
    ----------
    name : str
    url : str

    Returns
    -------
    bool

    Examples
    --------
    >>> within("s3://bucket/music/a.mp3", "s3://bucket/music")
    True
    >>> within("zip://a.mp3::s3://bucket/a.zip", "zip://::s3://bucket/b.zip")
    False
    """
    head, _, rest = url.partition("::")
    of, _, archive = name.partition("::")
    if name == url or archive != rest:
        return name == url
    if _WILD.search(head):
        from fsspec.utils import glob_translate

        return re.match(glob_translate(head), of) is not None
    return of.startswith(_named(head, ""))


@contextlib.contextmanager
def opened(name: str) -> Iterator[Path]:
    """Open a recording as a file of this machine.

    Parameters
    ----------
    name : str
        A path, or a URL.

    Yields
    ------
    Path
        The path itself; of a URL a temporary copy of the same name, which is deleted afterwards.

    Raises
    ------
    SourceError
        If the URL cannot be read. A path is not looked at.

    Examples
    --------
    >>> with opened("/music/song.mp3") as path:
    ...     path.as_posix()
    '/music/song.mp3'
    """
    if not is_url(name):
        yield Path(name)
        return
    _refuse_password(name)
    with _told(name):
        system, path = _place(name)
    if type(system).__name__ == "LocalFileSystem":
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix="audionome-") as folder:
        copy = Path(folder, _base_name(name, path))
        with _told(name), system.open(path, "rb") as source, copy.open("wb") as file:
            for block in iter(lambda: source.read(_BLOCK), b""):
                file.write(block)
        yield copy


def size(name: str) -> int | None:
    """Return how many bytes a file has, as this machine sees it.

    Parameters
    ----------
    name : str
        A path, or a URL.

    Returns
    -------
    int or None
        None if there is no such file here, or it cannot be reached.

    Examples
    --------
    >>> size("/no/such/file") is None
    True
    """
    try:
        if not is_url(name):
            return os.stat(name).st_size
        system, path = _place(name)
        return _bytes(system.info(path))
    except Exception:  # storage has errors of its own
        return None


# -- URLs ---------------------------------------------------------------------------------


def _place(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path there."""
    require_extra("collections", "fsspec", who="A URL")
    from fsspec.core import url_to_fs

    head, _, rest = url.partition("::")
    if not rest:
        system, path = url_to_fs(url)
        return system, str(path)
    # The list of an archive is read once, not for every file in it.
    where, inner = _place(rest)
    info = where.info(inner)
    system = _archive(f"{head.partition('://')[0]}://::{rest}", _bytes(info), _modified(info))
    return system, str(system._strip_protocol(head))


@lru_cache(maxsize=4)
def _archive(url: str, bytes: int, modified: int) -> Any:
    """Return the file system of an archive; one that has changed is another."""
    from fsspec.core import url_to_fs

    return url_to_fs(url)[0]


def _head(url: str) -> str:
    """Return the part of a URL that names the file; an archive comes after it."""
    return url.partition("::")[0]


def _named(url: str, below: str) -> str:
    """Return the URL of a file below that of a folder or pattern."""
    head, chained, rest = url.partition("::")
    if wild := _WILD.search(head):
        head = head[: head.rfind("/", 0, wild.start()) + 1]
    return f"{head if head.endswith('/') else head + '/'}{below}{chained}{rest}"


def _before_wild(path: str) -> str:
    """Return the folder in which a pattern begins."""
    wild = _WILD.search(path)
    return path[: path.rfind("/", 0, wild.start()) + 1] if wild else path


def _base_name(url: str, path: str) -> str:
    """Return what a copy is called: as the file, so that sentences name it."""
    plain = unquote(urlsplit(path).path) if url.startswith(("http:", "https:")) else path
    name = PurePosixPath(plain).name.replace("\0", "") or "recording"
    stem, suffix = os.path.splitext(name)
    while len(os.fsencode(stem + suffix)) > _MAX_NAME:
        stem = stem[:-1]
    return stem + suffix


def _refuse_password(url: str) -> None:
    if _PASSWORD.search(url):
        shown = _PASSWORD.sub("://…@", url)
        raise SourceError(
            f'"{shown}" holds a password, and would stand in every table; let fsspec know it by '
            "its configuration."
        )


@contextlib.contextmanager
def _told(url: str) -> Iterator[None]:
    """Turn what the packages of a storage raise into one sentence."""
    try:
        yield
    except AudionomeError:
        raise
    except ImportError as error:
        raise SourceError(_what_to_install(url, error)) from error
    except FileNotFoundError as error:
        raise SourceError(f'"{url}" does not exist.') from error
    except OSError as error:
        raise SourceError(f'"{url}" cannot be read: {reason_of(error)}.') from error
    except Exception as error:  # every storage has errors of its own
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise SourceError(f'"{url}" cannot be read: {why}.') from error


def _what_to_install(url: str, error: ImportError) -> str:
    """Return which package a URL needs, as far as that is known."""
    protocols = [part.partition("://")[0] for part in url.split("::")]
    if packages := next((_PACKAGES[p] for p in protocols if p in _PACKAGES), ""):
        needed = packages.split()
        verb = "is" if len(needed) == 1 else "are"
        return (
            f'"{url}" needs {listed(needed)}, which {verb} not installed; '
            f"run: pip install {packages}"
        )
    why = " ".join(str(error).split()).rstrip(".")
    return f'"{url}" needs a package that is not installed: {why}.'


# -- what lies there ----------------------------------------------------------------------

_Listed = tuple[str, dict[str, Any]]


def _walked(system: Any, root: str) -> Iterator[_Listed]:
    """Give the recordings below a folder; only one folder is held at a time."""
    for folder, below, files in system.walk(root, detail=True, on_error="raise"):
        # In place, and so the walk leaves it out.
        for hidden in [n for n in below if n.startswith(".")]:
            del below[hidden]
        for name in sorted(files):
            if _is_recording(name):
                yield f"{folder.rstrip('/')}/{name}", files[name]


def _matching(system: Any, pattern: str) -> Iterator[_Listed]:
    """Give the recordings that a pattern stands for."""
    for path, info in sorted(system.glob(pattern, detail=True).items()):
        if info.get("type") == "file" and _is_recording(PurePosixPath(path).name):
            yield path, info


def _is_recording(name: str) -> bool:
    suffix = os.path.splitext(name)[1].lower()
    return suffix in SUFFIXES and not name.startswith(".")


def _found(name: str, info: dict[str, Any]) -> Entry:
    return Entry(name, _bytes(info), _modified(info))


def _bytes(info: dict[str, Any]) -> int:
    size = info.get("size")
    return -1 if size is None else int(size)


def _modified(info: dict[str, Any]) -> int:
    """Return when a file was changed; every storage calls it otherwise."""
    for key in ("mtime", "LastModified", "Last-Modified", "last_modified", "updated", "modified",
                "created", "date_time"):  # fmt: skip
        value = info.get(key)
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            if isinstance(value, tuple):  # of an archive
                value = datetime.datetime(*value)
            if isinstance(value, str):
                value = _date(value)
            if isinstance(value, datetime.datetime):
                value = value.replace(tzinfo=value.tzinfo or datetime.UTC).timestamp()
            if isinstance(value, int | float):
                return int(value * 1e9)
    return 0


def _date(text: str) -> datetime.datetime:
    """Read a date as ISO 8601 has it, or as web servers write it."""
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)
