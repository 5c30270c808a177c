"""How Vorbis comments, MP4, APE and ASF keep genre, tempo and the ear's words; see `tagfile`."""

from __future__ import annotations

import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from audionome.collection.tags.values import (
    EAR_FIELD,
    TagError,
    Values,
    digest_of,
    number,
    texts,
    words,
)

__all__ = [
    "Apev2",
    "Asf",
    "Kind",
    "Mp4",
    "Vorbis",
    "ape_items",
    "keep_padding",
    "of_ape",
    "require_no_lyrics",
    "set_ape",
    "store_ape",
]


class Kind(ABC):
    """The tags of one file.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def values(self) -> Values:
        """Return what the file says of itself."""

    @abstractmethod
    def others(self) -> str:
        """Return a digest of all that is none of the three values."""

    @abstractmethod
    def change(self, was: Values, now: Values) -> None:
        """Set in memory what differs."""

    def save(self, target: Path, was: Values, now: Values) -> None:
        """Write a copy of the file with other values."""
        self.change(was, now)
        shutil.copyfile(self.path, target)
        self.store(target)

    def store(self, target: Path) -> None:
        """Write the tags into a copy of the file."""
        raise NotImplementedError


def keep_padding(info: Any) -> int:
    """Return the padding behind a tag: what is there, or some if there is none."""
    padding: int = info.padding if info.padding >= 0 else info.get_default_padding()
    return padding


# -- Vorbis comments ----------------------------------------------------------------------


class Vorbis(Kind):
    """Comments GENRE, BPM and our own: FLAC, Ogg Vorbis, Opus, Speex."""

    _FIELDS: ClassVar = ("genre", "bpm", EAR_FIELD.lower())

    def __init__(self, path: Path, opener: Callable[..., Any]) -> None:
        super().__init__(path)
        self._file = opener(path)
        if self._file.tags is None:
            self._file.add_tags()

    def values(self) -> Values:
        genre, bpm, ear = (self._file.tags.get(field, []) for field in self._FIELDS)
        return Values(texts(genre), number(bpm), words(ear))

    def others(self) -> str:
        comments = [(k, v) for k, v in self._file.tags if k.lower() not in self._FIELDS]
        blocks = [
            (block.code, block.write())
            for block in getattr(self._file, "metadata_blocks", [])
            if block.code not in (1, 4)  # padding, and the comments themselves
        ]
        return digest_of([comments, blocks])

    def change(self, was: Values, now: Values) -> None:
        for key, value in self._file.tags:
            if "\ufffd" in key + value or re.fullmatch(r"unknown\d+", key) or "?" in key:
                raise TagError(f"its tag {key} is not written in UTF-8 and would be lost")
        for field, before, after in zip(self._FIELDS, was.lists(), now.lists(), strict=True):
            if before == after:
                continue
            if field in self._file.tags:
                del self._file.tags[field]
            if after:
                self._file.tags[field.upper()] = after

    def store(self, target: Path) -> None:
        self._file.save(target, padding=keep_padding)


# -- MP4 ----------------------------------------------------------------------------------


class Mp4(Kind):
    """Atoms of iTunes: the genre as text, the tempo, and a free one."""

    _GENRE, _TEMPO, _OWN = "\xa9gen", "tmpo", f"----:com.apple.iTunes:{EAR_FIELD}"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        from mutagen.mp4 import MP4

        self._file = MP4(path)
        if self._file.tags is None:
            self._file.add_tags()

    def values(self) -> Values:
        tags = self._file.tags
        ear = [bytes(word).decode("utf-8", "replace") for word in tags.get(self._OWN, [])]
        tempo = [str(n) for n in tags.get(self._TEMPO, [])]
        return Values(texts(tags.get(self._GENRE, [])), number(tempo), words(ear))

    def others(self) -> str:
        ours = (self._GENRE, self._TEMPO, self._OWN)
        return digest_of(
            [(k, _plain(v)) for k, v in sorted(self._file.tags.items()) if k not in ours]
        )

    def change(self, was: Values, now: Values) -> None:
        tags = self._file.tags
        if now.genres != was.genres:
            tags[self._GENRE] = list(now.genres)
        if now.tempo != was.tempo:
            tags[self._TEMPO] = [now.tempo] if now.tempo else []
        if now.ear != was.ear:
            tags[self._OWN] = [word.encode() for word in now.ear]
        for key in (self._GENRE, self._TEMPO, self._OWN):
            if key in tags and not tags[key]:
                del tags[key]

    def store(self, target: Path) -> None:
        self._file.save(target, padding=keep_padding)


def _plain(value: Any) -> Any:
    """Return a value of an atom without mutagen's classes, which all look alike."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        kind = getattr(value, "imageformat", getattr(value, "dataformat", None))
        return bytes(value), None if kind is None else int(kind)
    return value


# -- APE and ASF --------------------------------------------------------------------------


class Apev2(Kind):
    """An APE tag: WavPack, Monkey's Audio, Musepack, TAK."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        from mutagen.apev2 import APENoHeaderError, APEv2

        try:
            self._ape = APEv2(path)
        except APENoHeaderError:
            self._ape = APEv2()

    def values(self) -> Values:
        return of_ape(self._ape)

    def others(self) -> str:
        return digest_of(ape_items(self._ape))

    def change(self, was: Values, now: Values) -> None:
        require_no_lyrics(self.path)
        set_ape(self._ape, was, now)

    def store(self, target: Path) -> None:
        store_ape(target, self._ape)


_APE = ("Genre", "BPM", EAR_FIELD)


def of_ape(ape: Any) -> Values:
    """Return what an APE tag, or none, says of its file."""

    def field(name: str) -> list[str]:
        value = None if ape is None else ape.get(name)
        return list(value) if value is not None and value.kind == 0 else []

    genre, bpm, ear = map(field, _APE)
    return Values(texts(genre), number(bpm), words(ear))


def ape_items(ape: Any) -> list[Any]:
    """Return what else it says."""
    ours = {name.lower() for name in _APE}
    return sorted((k, v.kind, str(v)) for k, v in ape.items() if k.lower() not in ours)


def set_ape(ape: Any, was: Values, now: Values) -> None:
    """Set in it what differs."""
    for name, before, after in zip(_APE, was.lists(), now.lists(), strict=True):
        if before == after:
            continue
        if name in ape:
            del ape[name]
        if after:
            ape[name] = after


def store_ape(target: Path, ape: Any) -> None:
    """Write an APE tag behind the sound; an ID3v1 tag at the very end stays there.

    Parameters
    ----------
    target : Path
    ape : mutagen.apev2.APEv2
    """
    require_no_lyrics(target)
    with target.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 128))
        end = file.read(128)
        if not end.startswith(b"TAG") or len(end) < 128:
            end = b""
        file.truncate(size - len(end))
        if ape:
            ape.save(file)
        else:
            ape.delete(file)
        file.seek(0, 2)
        file.write(end)


def require_no_lyrics(path: Path) -> None:
    """Refuse a file with lyrics before its ID3v1 tag: an APE tag has no place there."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 137))
        end = file.read()
    if len(end) == 137 and end.startswith(b"LYRICS200TAG"):
        raise TagError("lyrics stand between its APE tag and its ID3v1 tag")


class Asf(Kind):
    """The attributes of Windows Media."""

    _FIELDS: ClassVar = ("WM/Genre", "WM/BeatsPerMinute", EAR_FIELD)

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        from mutagen.asf import ASF

        self._file = ASF(path)

    def values(self) -> Values:
        genre, bpm, ear = (
            [str(value) for value in self._file.tags.get(field, [])] for field in self._FIELDS
        )
        return Values(texts(genre), number(bpm), words(ear))

    def others(self) -> str:
        found = [
            (k, v.TYPE, str(v.value), v.language or 0, v.stream or 0)
            for k, v in self._file.tags
            if k not in self._FIELDS
        ]
        return digest_of(sorted(found, key=repr))

    def change(self, was: Values, now: Values) -> None:
        for field, before, after in zip(self._FIELDS, was.lists(), now.lists(), strict=True):
            if before == after:
                continue
            if field in self._file.tags:
                del self._file.tags[field]
            if after:
                self._file.tags[field] = after

    def store(self, target: Path) -> None:
        self._file.save(target, padding=keep_padding)
