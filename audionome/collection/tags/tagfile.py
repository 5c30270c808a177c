"""The tags of a file, read and written with mutagen.

Conventions
-----------
The content decides what a file is, never its name. Nothing but genre, tempo and our own field is
touched: `write` reads the file that it made, and refuses it if another tag has changed.

References
----------
.. [1] ID3 tag version 2.4.0, informal standard (2000), id3.org.
.. [2] Ogg Vorbis I format specification: comment field and header specification, xiph.org.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome._extras import require_extra
from audionome.audio.containers import MP4, open_container
from audionome.audio.sources import open_source
from audionome.collection.tags.values import NoTagsError, TagError, Values
from audionome.errors import AudionomeError, NotAudioError

if TYPE_CHECKING:
    from audionome.collection.tags._kinds import Kind

__all__ = ["read", "require_writable", "write"]

_PICTURES = {"mjpeg", "png", "bmp", "gif", "webp", "tiff", "apng", "mjpegb"}


def read(path: Path) -> Values:
    """Read the tags of a file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    audionome.collection.tags.values.Values

    Raises
    ------
    audionome.errors.AudioError
        If the file is missing, empty, no recording, or may not be read.
    NoTagsError
        If its format holds no tags.
    TagError
        If they are damaged.

    Examples
    --------
    >>> read(Path("song.mp3")).genres  # doctest: +SKIP
    ('Jazz',)
    """
    kind = _kind(path)
    with _plainly(path):
        return kind(path).values()


def write(source: Path, target: Path, values: Values, *, name: str = "") -> None:
    """Write a copy of a file with other tags.

    Parameters
    ----------
    source, target : Path
        The source stays as it is.
    values : Values
        What the copy says. Where it equals what the source says, nothing is touched.
    name : str
        How sentences call the file. Default: the name of the source.

    Raises
    ------
    TagError
        If the format cannot hold them, or another tag would be lost.
    """
    kind = _kind(source)
    name = name or source.name
    with _plainly(source):
        before = kind(source)
        was, others = before.values(), before.others()
        before.save(target, was, values)
        after = kind(target)
        found = after.values()
    if found in (was, Values()) and values != found and after.others() == others:
        raise TagError(
            f'"{name}" is left as it is: what is written into it is not found again; the file may '
            "be damaged."
        )
    _require_kept(name, values, found, others=after.others() == others)


def require_writable(path: Path, values: Values) -> None:
    """Refuse in memory, without a copy, what `write` is known to refuse.

    Parameters
    ----------
    path : Path
    values : Values
        What the file is to say.

    Raises
    ------
    TagError
        If the format cannot hold them, or another tag would be lost.
    """
    kind = _kind(path)
    with _plainly(path):
        tags = kind(path)
        others = tags.others()
        tags.change(tags.values(), values)
        found = tags.values()
    _require_kept(path.name, values, found, others=tags.others() == others)


def _require_kept(name: str, wanted: Values, found: Values, *, others: bool) -> None:
    if not others:
        raise TagError(f'"{name}" is left as it is: another of its tags would be lost.')
    if found.genres != wanted.genres:
        raise TagError(
            f'"{name}" is left as it is: its format cannot hold the genre '
            f'"{"; ".join(wanted.genres)}"; give it another name.'
        )
    if found != wanted:
        raise TagError(f'"{name}" is left as it is: its format cannot hold the tempo or the tags.')


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """Make one sentence of what mutagen says of damage, in many ways."""
    try:
        yield
    except NoTagsError:
        raise
    except TagError as error:
        raise TagError(f'"{path.name}" is left as it is: {error}.') from error
    except (AudionomeError, OSError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error.__context__, OSError):
            raise error.__context__ from error
        raise TagError(
            f'The tags of "{path.name}" are damaged; mend them in a tag editor, or copy the file '
            "again."
        ) from error


def _kind(path: Path) -> Callable[[Path], Kind]:
    """Return how a file keeps its tags."""
    require_extra("collections", "mutagen", who="Tagging")
    data, _ = open_source(path, f'"{path.name}"')
    with data:
        container = open_container(data)
        if container is None:
            raise NotAudioError(
                f'"{path.name}" is not a sound file whose tags can be read; it is left as it is.'
            )
        with container:
            streams = [(s.type, _codec(s), _is_picture(s)) for s in container.streams]
            name = container.format.name
        data.seek(0)
        head = data.read(12)
    if any(kind == "video" and not picture for kind, _, picture in streams):
        raise NoTagsError(f'"{path.name}" is a video; only sound files get tags.')
    codecs = [codec for kind, codec, _ in streams if kind == "audio"]
    if (found := _family(name, codecs, head)) is None:
        raise NoTagsError(
            f'"{path.name}" is of a format ({name.split(",")[0]}) whose tags cannot be written; '
            "convert it to FLAC, say."
        )
    return found


def _codec(stream: Any) -> str:
    try:
        return str(stream.codec_context.name)
    except AttributeError:  # one that FFmpeg does not know
        return ""


def _is_picture(stream: Any) -> bool:
    """Return whether a video stream is a cover, or the pictures of chapters."""
    return _codec(stream) in _PICTURES


def _family(name: str, codecs: list[str], head: bytes) -> Callable[[Path], Kind] | None:
    from functools import partial

    from audionome.collection.tags import _id3 as id3
    from audionome.collection.tags import _kinds as kinds

    def chunked(module: str, kind: str) -> Callable[[Path], Kind]:
        return partial(id3.Id3Chunk, opener=_opener(module, kind))

    def commented(module: str, kind: str) -> Callable[[Path], Kind]:
        return partial(kinds.Vorbis, opener=_opener(module, kind))

    ogg = {
        "vorbis": ("oggvorbis", "OggVorbis"),
        "opus": ("oggopus", "OggOpus"),
        "speex": ("oggspeex", "OggSpeex"),
        "flac": ("oggflac", "OggFLAC"),
    }
    if name == "ogg":
        known = [ogg[c.removeprefix("lib")] for c in codecs if c.removeprefix("lib") in ogg]
        return commented(*known[0]) if len(known) == 1 else None
    if name == "wav":
        return partial(id3.Wave, opener=_opener("wave", "WAVE")) if head[:4] == b"RIFF" else None
    families: dict[str, Callable[[Path], Kind]] = {
        "mp3": id3.Id3First,
        "tta": id3.Id3First,
        "flac": commented("flac", "FLAC"),
        MP4: kinds.Mp4,
        "aiff": chunked("aiff", "AIFF"),
        "dsf": chunked("dsf", "DSF"),
        "wv": kinds.Apev2,
        "ape": kinds.Apev2,
        "mpc": kinds.Apev2,
        "mpc8": kinds.Apev2,
        "tak": kinds.Apev2,
        "asf": kinds.Asf,
    }
    if name == "iff" and head[:4] == b"FRM8":
        return chunked("dsdiff", "DSDIFF")
    return families.get(name)


def _opener(module: str, kind: str) -> Callable[..., Any]:
    from importlib import import_module

    found: Callable[..., Any] = getattr(import_module(f"mutagen.{module}"), kind)
    return found
