"""ID3 tags, before the sound or in a chunk of its own, and what stands behind the sound.

The version of a tag stays what it is, and nothing is translated into another. mutagen is kept from
writing an ID3v1 tag anew: it would put values of the other tag there.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audionome.collection.tags import _riffinfo
from audionome.collection.tags._kinds import (
    Kind,
    ape_items,
    keep_padding,
    of_ape,
    require_no_lyrics,
    set_ape,
    store_ape,
)
from audionome.collection.tags.values import (
    BETWEEN,
    EAR_FIELD,
    TagError,
    Values,
    digest_of,
    number,
    texts,
    words,
)

__all__ = ["Id3Chunk", "Id3First", "Wave"]

_V1 = 128  # bytes
_LYRICS = b"LYRICS200"  # ends lyrics, which may stand before it
_APART = 4096  # bytes between a tag and the end, so that no ID3v1 tag is looked for in it


@dataclass(frozen=True)
class _Id3v1:
    """The tag in the last 128 bytes of a file; its genre is a number."""

    content: bytes

    @property
    def genres(self) -> tuple[str, ...]:
        """The genre that its number means."""
        from mutagen.id3 import TCON

        number = self.content[-1]
        known = number < len(TCON.GENRES)
        return texts([TCON.GENRES[number]]) if known else ()

    def write(self, target: Path, genres: tuple[str, ...]) -> None:
        """Write the number of the first genre, or the one that means none."""
        from mutagen.id3 import TCON

        names = [name.casefold() for name in TCON.GENRES]
        wanted = genres[0].casefold() if genres else ""
        number = names.index(wanted) if wanted in names else 255
        with target.open("r+b") as file:
            file.seek(-_V1 - len(_LYRICS), 2)
            if file.read(len(_LYRICS)) == _LYRICS:
                return  # FFmpeg takes the two for sound, and it must not change
            file.seek(-1, 2)
            file.write(bytes([number]))


def _id3v1(path: Path) -> _Id3v1 | None:
    """Read the ID3v1 tag of a file, if it has one."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _V1))
        end = file.read(_V1)
    return _Id3v1(end) if len(end) == _V1 and end.startswith(b"TAG") else None


def _version_of(id3: Any) -> int:
    """Return in which version a tag is written: its own, where it can be; 2.3 is read by all."""
    return 4 if id3.version[:2] == (2, 4) else 3


def _others_of_id3(id3: Any, *, but: tuple[str, ...]) -> str:
    """Return a digest of all frames but some; how they are encoded does not count."""
    found = []
    for key, frame in id3.items():
        if not any(key == name or key.startswith(f"{name}:") for name in but):
            held = {k: v for k, v in vars(frame).items() if k != "encoding"}
            found.append((key, type(frame).__name__.ljust(4)[:4], repr(sorted(held.items()))))
    return digest_of([sorted(found), sorted(map(bytes, id3.unknown_frames))])


def _with_head(source: Path, target: Path, id3: Any) -> None:
    """Write a copy of a file with another ID3 tag before the sound; the rest is copied as it is.

    Parameters
    ----------
    source, target : Path
    id3 : mutagen.id3.ID3
        As it was loaded from the source, and then changed.
    """
    with source.open("rb") as old, target.open("wb") as new:
        head, footer = _head(old)
        tag = io.BytesIO(head + bytes(_APART))
        # In memory, and alone: mutagen would also write the ID3v1 tag anew.
        id3.save(tag, v2_version=_version_of(id3), v23_sep=None, padding=keep_padding)
        new.write(tag.getvalue()[:-_APART])
        old.seek(len(head) + footer)
        shutil.copyfileobj(old, new, 1 << 20)


def _head(file: io.BufferedReader) -> tuple[bytes, int]:
    """Return the ID3 tag that a file begins with, and the length of its footer (bytes)."""
    start = file.read(10)
    if len(start) < 10 or not start.startswith(b"ID3"):
        return b"", 0
    a, b, c, d = start[6:]
    rest = file.read(a << 21 | b << 14 | c << 7 | d)
    return start + rest, 10 if start[3] == 4 and start[5] & 16 else 0


class _Id3(Kind):
    """Frames TCON, TBPM and TXXX; the version of the tag stays what it is."""

    _id3: Any

    def values(self) -> Values:
        genres = self._id3["TCON"].genres if "TCON" in self._id3 else []
        tempo = self._id3["TBPM"].text if "TBPM" in self._id3 else []
        ear = self._id3.getall(f"TXXX:{EAR_FIELD}")
        heard = words(text for frame in ear for text in frame.text)
        return Values(texts(genres), number(map(str, tempo)), heard)

    def others(self) -> str:
        return _others_of_id3(self._id3, but=("TCON", "TBPM", f"TXXX:{EAR_FIELD}"))

    def _set_genres(self, genres: tuple[str, ...]) -> None:
        from mutagen.id3 import TCON

        self._id3.delall("TCON")
        if genres:
            self._id3.add(TCON(encoding=3, text=list(genres)))

    def change(self, was: Values, now: Values) -> None:
        from mutagen.id3 import TBPM, TXXX

        if now.genres != was.genres:
            self._set_genres(now.genres)
        if now.tempo != was.tempo:
            self._id3.delall("TBPM")
            if now.tempo:
                self._id3.add(TBPM(encoding=0, text=[str(now.tempo)]))
        if now.ear != was.ear:
            self._id3.delall(f"TXXX:{EAR_FIELD}")
            if now.ear:
                self._id3.add(TXXX(encoding=3, desc=EAR_FIELD, text=[BETWEEN.join(now.ear)]))
        if self._id3.version[:2] == (2, 2) and self._id3.unknown_frames:
            raise TagError("its ID3v2.2 tag holds frames that no later version has")


class Id3First(_Id3):
    """An ID3 tag before the sound, as MP3 has it; an APE tag and an ID3v1 tag may follow."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        from mutagen.apev2 import APENoHeaderError, APEv2
        from mutagen.id3 import ID3, ID3NoHeaderError

        self._id3: Any
        self._old = _id3v1(path)
        try:
            # Its values would be copied otherwise: they are only where there is no other tag.
            self._id3 = ID3(path, translate=False, load_v1=False)
        except ID3NoHeaderError:
            self._id3 = ID3()
            self._id3.version = (2, 3, 0)
            if self._old is not None:
                self._id3 = ID3(path, translate=False, v2_version=3)
                self._id3.delall("TCON")
        try:
            self._ape = APEv2(path)
        except APENoHeaderError:
            self._ape = None

    def values(self) -> Values:
        found = super().values()
        genres = found.genres or of_ape(self._ape).genres
        if not genres and self._old is not None:
            genres = texts(self._old.genres)
        return Values(genres, found.tempo or of_ape(self._ape).tempo, found.ear)

    def others(self) -> str:
        behind = self._old.content[:-1] if self._old is not None else b""
        ape = "" if self._ape is None else digest_of(ape_items(self._ape))
        return digest_of([super().others(), ape, behind])

    def change(self, was: Values, now: Values) -> None:
        super().change(was, now)
        said = of_ape(self._ape)
        if said.genres or said.tempo:
            require_no_lyrics(self.path)

    def save(self, target: Path, was: Values, now: Values) -> None:
        self.change(was, now)
        if self._id3.version[0] == 1 and now.genres == was.genres and was.genres:
            self._set_genres(was.genres)  # the new tag says all that the old one says
        _with_head(self.path, target, self._id3)
        if now.genres != was.genres and self._old is not None:
            self._old.write(target, now.genres)
        said = of_ape(self._ape)
        if (said.genres and now.genres != was.genres) or (said.tempo and now.tempo != was.tempo):
            # What stands in both is changed in both.
            genres = now.genres if said.genres else ()
            tempo = now.tempo if said.tempo else None
            set_ape(self._ape, said, Values(genres, tempo, said.ear))
            store_ape(target, self._ape)


class Id3Chunk(_Id3):
    """An ID3 tag in a chunk of its own: AIFF, WAV, DSF, DSDIFF."""

    def __init__(self, path: Path, opener: Callable[..., Any]) -> None:
        super().__init__(path)
        self._file: Any = opener(path, translate=False)
        fresh = self._file.tags is None
        if fresh:
            self._file.add_tags()
        self._id3 = self._file.tags
        if fresh:
            self._id3.version = (2, 3, 0)

    def change(self, was: Values, now: Values) -> None:
        if _riffinfo.is_cut(self.path):
            raise TagError(
                "its sound has no end, or one beyond the end of the file, so that what is written "
                "into it is not found again"
            )
        super().change(was, now)

    def store(self, target: Path) -> None:
        self._file.tags.save(
            target, v2_version=_version_of(self._id3), v23_sep=None, padding=keep_padding
        )


class Wave(Id3Chunk):
    """A WAV file: beside its ID3 tag it may have a list of information."""

    def __init__(self, path: Path, opener: Callable[..., Any]) -> None:
        super().__init__(path, opener)
        self._info = _riffinfo.genre(path)

    def values(self) -> Values:
        found = super().values()
        return Values(found.genres or texts([self._info]), found.tempo, found.ear)

    def save(self, target: Path, was: Values, now: Values) -> None:
        super().save(target, was, now)
        if now.genres != was.genres:
            _riffinfo.set_genre(target, "; ".join(now.genres))
