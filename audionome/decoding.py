"""A file's bytes to mono samples at its own rate, up to the real end of its data.

Conventions
-----------
FFmpeg (PyAV) decodes: it goes on after damage, and it ends where the data ends, whatever a header
says. libsndfile takes what FFmpeg cannot read (free-format MP3, a WAV file after an ID3 tag). The
content decides what a file is, never its name.

What a listener should know about the file (`Note`) is found on the way: a length that the file
states is compared with the one that was decoded, and damage is noted where decoding went on after
it. A stated length is only believed where the format writes it down, and where the file is large
enough to hold it.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from audionome._words import listed
from audionome.errors import (
    DamagedAudioError,
    EmptyAudioError,
    NoAudioStreamError,
    NotAudioError,
    TooLongError,
    UnreadableFileError,
)

if TYPE_CHECKING:
    import av
    import av.container

__all__ = ["SILENCE", "Decoder", "Note", "clock"]

#: Samples below this are silence: -80 dB below full scale.
SILENCE = 1e-4

_RATES = 4_000, 768_000  # Hz
_BLOCK = 1 << 16  # samples per channel handed on at a time
_LEAST_BITRATE = 4_000  # bit/s; a file that states a longer length than this allows is mistaken
_CUT = 0.5  # s; a shorter difference is a codec's delay
_ABSURD = 24 * 3600.0  # s; a header that states more is wrong about its file
_LOST = 0.02  # s
_CANCELLED = 0.1  # of the power of uncorrelated channels
_PATIENCE = 60.0, 0.25  # s of decoding that are always allowed, and per second of sound
_LOOK_FOR_SOUND = 600.0  # s

# Containers that FFmpeg may open. Playlists are left out: they name other files and hosts.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,mp3,ogg,flac,wav,w64,aiff,caf,au,asf,avi,flv,"
    "mpegts,mpeg,amr,ac3,eac3,ape,wv,tta,dsf,dts,dtshd,iff,mpc,mpc8,tak,voc"
)
#: Formats that write down how long they last; the others are estimated from the bit rate.
_STATED = {"flac", "aiff", "au", "tta", "wv", "ape", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
#: Formats whose time stamps count samples: a jump is sound that is lost.
_COUNTED = {"flac", "ogg"}
_SIGNATURES = (
    (0, b"RIFF"),
    (0, b"RF64"),
    (0, b"FORM"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"\xff\xfb"),
    (0, b"\xff\xf3"),
    (0, b"\xff\xf1"),
    (0, b"\xff\xf9"),
    (0, b"\x1aE\xdf\xa3"),
    (4, b"ftyp"),
)
_APPLE_DOUBLE = b"\x00\x05\x16\x07"
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")

_File = BinaryIO | io.RawIOBase
Kind = Literal[
    "cut", "damaged", "changing", "cancelling", "track", "low_rate", "silence", "learned"
]
Block = tuple[int, NDArray[np.float32]]


@dataclass(frozen=True)
class Note:
    """Something about a recording that its listener should know.

    Attributes
    ----------
    kind : str
        ``"cut"`` (the file ends before it should), ``"damaged"`` (parts could not be decoded),
        ``"changing"`` (sample rate or channels change on the way), ``"cancelling"`` (the channels
        cancel each other out), ``"track"`` (the first sound track is silent), ``"low_rate"`` (high
        frequencies are missing), ``"silence"`` (silent stretches were left out), ``"learned"``
        (the model learned from this very recording).
    text : str
        One sentence.
    """

    kind: Kind
    text: str


def clock(seconds: float) -> str:
    """Write a position in a recording: 4.9 s, 1:05 min, 2:00:00 h."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d} h"


class Decoder:
    """A recording that is decoded as its blocks are asked for.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A path, the content of a file, or a file open for reading bytes.
    max_seconds : float
        A file that states a longer length is refused before it is decoded (s).

    Attributes
    ----------
    name : str
        How sentences call the recording.
    expected : float or None
        Length that the file states or lets expect (s), for progress; it may be wrong.
    rates : list of int
        Sample rates met so far (Hz).
    notes : list of Note
        Complete once all blocks were taken.

    Raises
    ------
    audionome.errors.AudioError
        If there is nothing to decode.
    """

    def __init__(self, source: str | Path | bytes | BinaryIO, *, max_seconds: float) -> None:
        self.name, self._data, self._size = _open(source)
        self._max_seconds = max_seconds
        self.expected: float | None = None
        self.notes: list[Note] = []
        self.rates: list[int] = []
        self._channels: list[int] = []
        self._seconds = 0.0  # decoded
        self._spent = 0.0  # seconds of work
        self._damaged = False
        self._chained = False
        self._heard: int | None = None  # the one channel that is heard where they cancel out

    def blocks(self) -> Iterator[Block]:
        """Yield the sample rate and mono samples, block by block.

        Raises
        ------
        audionome.errors.AudioError
            If nothing can be decoded.
        """
        with self._data:
            yield from self._by_ffmpeg()
            if not self._seconds:
                yield from self._by_libsndfile()
        self._conclude()

    # -- FFmpeg ---------------------------------------------------------------------------

    def _by_ffmpeg(self) -> Iterator[Block]:
        links, complete = _ogg_links(self._data, self._size)
        self._chained = len(links) > 1
        for start, stop in links:
            yield from self._link(_Part(self._data, start, stop) if self._chained else self._data)
        if self._seconds and not complete:
            self._cut()

    def _link(self, data: _File) -> Iterator[Block]:
        """Blocks of one container; a chained Ogg file has several, one after the other."""
        container = _opened(data)
        if container is None:
            return
        with container:
            tracks = len(container.streams.audio)
            if not tracks:
                raise NoAudioStreamError(
                    f"{self.name} has no sound track; choose a file with sound."
                )
            if tracks == 1:
                yield from self._track(data, container, 0)
                return
        index = self._sounding_track(data, tracks)
        container = _opened(data)
        if container is not None:
            with container:
                yield from self._track(data, container, index)

    def _sounding_track(self, data: _File, count: int) -> int:
        """Return the number of the first sound track that is not silent."""
        for index in range(count):
            container = _opened(data)
            if container is None:
                break
            seconds = 0.0
            with container:
                for frame in self._frames(container, container.streams.audio[index]):
                    seconds += frame.samples / frame.sample_rate
                    if np.abs(_planes(frame)).max(initial=0) >= SILENCE:
                        if index:
                            text = f"The first of its {count} sound tracks is silent; number "
                            self.notes.append(Note("track", f"{text}{index + 1} was heard."))
                        return index
                    if seconds > _LOOK_FOR_SOUND:
                        break
        return 0

    def _track(
        self, data: _File, container: av.container.InputContainer, index: int
    ) -> Iterator[Block]:
        stream = container.streams.audio[index]
        if stream.codec_context is None:
            return  # a codec that FFmpeg does not know
        if stream.rate:
            self._require_rate(stream.rate)
        before = self._seconds
        stated = _stated(data, self._size, container, stream)
        if container.duration and not self._chained:
            self.expected = container.duration / 1e6
            self._require_short(data, container.format.name)
        end, lost = 0.0, 0.0
        planes: list[NDArray[np.float32]] = []
        shape: tuple[int, int] | None = None
        for frame in self._frames(container, stream):
            found = frame.sample_rate, frame.layout.nb_channels
            if planes and (found != shape or sum(p.shape[1] for p in planes) >= _BLOCK):
                yield self._block(planes, shape)
                planes = []
            shape = found
            planes.append(_planes(frame))
            if frame.pts is not None and frame.time_base is not None:
                at = float(frame.pts * frame.time_base)
                if end and at - end > _LOST:
                    lost += at - end
                end = at + frame.samples / frame.sample_rate
        if planes:
            yield self._block(planes, shape)
        if lost and container.format.name in _COUNTED:
            self._damaged = True
        end = max(end, self._seconds - before)
        if end and stated is not None and max(_CUT, 0.02 * end) < stated - end < _ABSURD:
            self._cut(stated)

    def _frames(self, container: Any, stream: Any) -> Iterator[av.AudioFrame]:
        """Frames to the end of the data. Damage is noted once sound follows it."""
        import av

        stream.codec_context.thread_count = 1
        if container.format.name == "flac":
            # A block that fails its check sum is noise at full scale.
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
        packets = container.demux(stream)
        failed = False
        while True:
            start = perf_counter()
            packet, frames = None, []
            try:
                packet = next(packets)
                frames = packet.decode()
            except StopIteration:
                return
            except (av.FFmpegError, ValueError, OSError):
                if packet is None:
                    return  # the rest cannot be read; a stated length tells whether there is one
                failed = failed or not bytes(packet)[:12].startswith(_TAGS)
            self._spent += perf_counter() - start
            self._require_progress()
            for frame in frames:
                if frame.samples:
                    self._damaged = self._damaged or failed
                    failed = False
                    yield frame

    # -- libsndfile -----------------------------------------------------------------------

    def _by_libsndfile(self) -> Iterator[Block]:
        import soundfile

        self._data.seek(0)
        try:
            with _quietly():
                sound = soundfile.SoundFile(self._data)
        except (soundfile.LibsndfileError, TypeError, OSError) as error:
            raise self._nothing() from error
        with sound:
            self._require_rate(sound.samplerate)
            while True:
                start = perf_counter()
                try:
                    # Not blocks(): it hands out as many samples as the header states.
                    with _quietly():
                        block = sound.read(_BLOCK, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError as error:
                    if not self._seconds:
                        raise self._nothing() from error
                    self._damaged = True
                    return
                self._spent += perf_counter() - start
                self._require_progress()
                if not len(block):
                    return
                yield self._block([block.T], (sound.samplerate, sound.channels))

    # -- what is found on the way ---------------------------------------------------------

    def _block(self, planes: list[NDArray[np.float32]], shape: tuple[int, int] | None) -> Block:
        assert shape is not None
        rate, channels = shape
        self._require_rate(rate)
        if self.rates[-1:] != [rate]:
            self.rates.append(rate)
        if self._channels[-1:] != [channels]:
            self._channels.append(channels)
        block = np.concatenate(planes, axis=1)
        self._seconds += block.shape[1] / rate
        return rate, self._mono(block)

    def _mono(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mean of the channels, or one of them where they cancel each other out."""
        if len(block) == 1:
            return block[0]
        with np.errstate(all="ignore"):  # infinite samples are refused later
            mono = block.mean(axis=0, dtype=np.float64)
            power = np.mean(np.square(block, dtype=np.float64), axis=1)
            cancelled = np.mean(np.square(mono)) * len(block) < _CANCELLED * power.mean()
        if self._heard is None and cancelled and power.max() >= SILENCE**2:
            self._heard = int(power.argmax())
        if self._heard is not None and self._heard < len(block):
            return block[self._heard]
        return mono.astype(np.float32)

    def _require_rate(self, rate: int) -> None:
        low, high = _RATES
        if not low <= rate <= high:
            raise DamagedAudioError(
                f"{self.name} states a sample rate of {rate:,} Hz, which no recording has; "
                "export it again."
            )

    def _require_short(self, data: _File, kind: str) -> None:
        """Refuse what the header says is too long, unless the file is too small for that."""
        expected = self.expected or 0.0
        if expected <= self._max_seconds or 8 * self._size / expected < _LEAST_BITRATE:
            return
        # Without a header, the length of an MP3 file is a guess from its first frames.
        if kind in _STATED | {"wav", "ogg"} or (kind == "mp3" and _mp3_size(data) is not None):
            raise TooLongError(too_long(self.name, self._max_seconds, expected))

    def _require_progress(self) -> None:
        always, per_second = _PATIENCE
        if self._spent > always + per_second * self._seconds:
            raise DamagedAudioError(
                f"{self.name} takes too long to decode; save it anew, as WAV or FLAC."
            )

    def _nothing(self) -> DamagedAudioError | NotAudioError | EmptyAudioError:
        """Why there is nothing to hear."""
        self._data.seek(0)
        head = self._data.read(16)
        if head.startswith(_APPLE_DOUBLE):
            return NotAudioError(
                f"{self.name} is a note that macOS keeps beside a file; choose the file itself."
            )
        if any(head[at:].startswith(mark) for at, mark in _SIGNATURES):
            return DamagedAudioError(
                f"{self.name} holds no sound that can be decoded: it is damaged or incomplete; "
                "copy or download it again."
            )
        return NotAudioError(
            f"{self.name} is not a sound file that can be read; use WAV, MP3, FLAC, OGG, Opus "
            "or M4A."
        )

    def _cut(self, stated: float | None = None) -> None:
        should = "" if stated is None else f", though its header says {clock(stated)}"
        self.notes.append(
            Note(
                "cut",
                f"Answered from the first {clock(self._seconds)}: the file ends there{should}.",
            )
        )

    def _conclude(self) -> None:
        if not self._seconds:
            return
        if self._damaged:
            self.notes.append(
                Note("damaged", "The file is damaged in places; the rest of it was heard.")
            )
        if len(self.rates) > 1:
            rates = listed([f"{rate / 1000:g} kHz" for rate in dict.fromkeys(self.rates)])
            self.notes.append(Note("changing", f"Its sample rate changes on the way ({rates})."))
        if len(self._channels) > 1:
            counts = listed([str(count) for count in dict.fromkeys(self._channels)])
            text = f"Its number of channels changes on the way ({counts})."
            self.notes.append(Note("changing", text))
        if self._heard is not None:
            text = "Its channels cancel each other out when they are mixed; one of them was heard."
            self.notes.append(Note("cancelling", text))


def too_long(name: str, max_seconds: float, seconds: float | None = None) -> str:
    """Say that a recording is longer than the limit."""
    units = (("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0))
    unit, size = next((u, s) for u, s in units if max_seconds >= 2 * s or s == 1)
    states = "" if seconds is None else f" (it states {clock(seconds)})"
    return f"{name} is longer than {max_seconds / size:g} {unit}{states}; cut it and try again."


# -- bytes --------------------------------------------------------------------------------


def _open(source: str | Path | bytes | BinaryIO) -> tuple[str, BinaryIO, int]:
    """Name for the sentences, a seekable binary file that is ours to close, and its size."""
    if isinstance(source, str | Path):
        name, data, size = _open_path(Path(source))
    else:
        name = "The recording"
        content = source if isinstance(source, bytes | bytearray | memoryview) else source.read()
        data, size = io.BytesIO(content), len(content)
    if not size:
        data.close()
        raise EmptyAudioError(f"{name} is empty (0 bytes); choose another file.")
    return name, data, size


def _open_path(path: Path) -> tuple[str, BinaryIO, int]:
    name = f'"{path.name}"'
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableFileError(f"{name} is a folder; give the files in it one by one.")
        if not stat.S_ISREG(status.st_mode):
            # Opening a pipe would wait for its writer, and a device may never end.
            raise UnreadableFileError(
                f"{name} is a pipe or a device, not a file; save the recording to a file first."
            )
        return name, path.open("rb"), status.st_size
    except FileNotFoundError as error:
        raise UnreadableFileError(f"{name} does not exist; check the path {path}.") from error
    except OSError as error:
        raise UnreadableFileError(f"{name} cannot be opened: {error.strerror}.") from error
    except UnreadableFileError:
        raise
    except ValueError as error:  # a zero byte in the name
        raise UnreadableFileError(f"{name} cannot be the name of a file.") from error


class _Part(io.RawIOBase):
    """Some of the bytes of a file, as a file."""

    def __init__(self, data: BinaryIO | io.RawIOBase, start: int, stop: int) -> None:
        self._data, self._start, self._stop = data, start, stop
        self._at = start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = self._stop - self._at
        self._data.seek(self._at)
        got = self._data.read(left if size < 0 else min(size, left))
        self._at += len(got)
        return got

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: self._start, io.SEEK_CUR: self._at, io.SEEK_END: self._stop}[whence]
        self._at = max(self._start, base + offset)
        return self._at - self._start

    def tell(self) -> int:
        return self._at - self._start


_stderr = Lock()


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep what libmpg123 prints about a file away from the terminal."""
    with _stderr, open(os.devnull, "wb") as nowhere:
        kept = os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _opened(data: _File) -> av.container.InputContainer | None:
    """The container that FFmpeg sees in a file, if it sees one."""
    import av

    av.logging.set_level(av.logging.PANIC)
    data.seek(0)
    try:
        return av.open(data, mode="r", container_options={"format_whitelist": _CONTAINERS})
    except (av.FFmpegError, ValueError, OSError):
        return None


def _planes(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Samples of a frame, ``(channels, samples)``, full scale [-1, 1]."""
    raw: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        raw = raw.reshape(frame.samples, -1).T
    with np.errstate(over="ignore"):
        samples: NDArray[np.float32] = raw.astype(np.float32)
    if raw.dtype.kind == "u":
        samples = samples / np.float32(128) - np.float32(1)  # 8 bits
    elif raw.dtype.kind == "i":
        samples /= 2.0 ** (8 * raw.itemsize - 1)
    return samples


# -- lengths that files state -------------------------------------------------------------


def _stated(data: _File, size: int, container: Any, stream: Any) -> float | None:
    """Length (s) that a file writes down for its sound, if that can be believed."""
    name = container.format.name
    if name == "mp3":
        whole = _mp3_size(data)
        cut = whole is not None and size < 0.99 * whole
        return container.duration / 1e6 if container.duration and cut else None
    if name == "wav":
        return _wav_seconds(data, size)
    if name not in _STATED:
        return None
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    alone = len(container.streams) == len(container.streams.audio)
    return container.duration / 1e6 if container.duration and alone else None


def _peeked(data: _File, at: int, size: int) -> bytes:
    """Bytes at a place; FFmpeg, which reads the same file, finds its own place again."""
    place = data.tell()
    data.seek(at)
    got = data.read(size)
    data.seek(place)
    return got


def _mp3_size(data: _File) -> int | None:
    """Size (bytes) that the first frame of an MP3 file states for the whole file."""
    start = 0
    for _ in range(8):  # tags may follow each other
        head = _peeked(data, start, 10)
        if len(head) < 10 or not head.startswith(b"ID3"):
            break
        a, b, c, d = (byte & 127 for byte in head[6:])
        start += 10 + (a << 21 | b << 14 | c << 7 | d)
    head = _peeked(data, start, 256)
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at < 0 or len(head) < at + 16:
        return None
    flags, _, size = struct.unpack(">III", head[at + 4 : at + 16])
    return start + size if flags & 3 == 3 else None


def _wav_seconds(data: _File, size: int) -> float | None:
    """Length of the data chunk of a WAV file; programs that cannot go back leave it open."""
    at, rate = 12, 0
    for _ in range(64):
        head = _peeked(data, at, 24)
        if len(head) < 8:
            return None
        kind, length = struct.unpack("<4sI", head[:8])
        if kind == b"fmt " and len(head) >= 20:
            rate = struct.unpack("<I", head[16:20])[0]  # bytes per second
        if kind == b"data":
            known = rate and 0 < length < 0x7FFF_0000
            return length / rate if known else None
        at += 8 + length + length % 2
    return None


# -- Ogg ----------------------------------------------------------------------------------


def _ogg_links(data: _File, size: int) -> tuple[list[tuple[int, int]], bool]:
    """Byte ranges of the recordings that are chained in an Ogg file; others are one.

    Returns
    -------
    links : list of (int, int)
    complete : bool
        False for an Ogg file whose last page is not marked as the last.

    References
    ----------
    .. [1] Pfeiffer, The Ogg encapsulation format version 0, RFC 3533 (2003), sections 5 and 6.
    """
    if _peeked(data, 0, 4) != b"OggS":
        return [(0, size)], True
    starts: list[int] = []
    at, first, ended = 0, False, False
    while at < size:
        head = _peeked(data, at, 27 + 255)
        if len(head) < 27 or not head.startswith(b"OggS"):
            found = head.find(b"OggS", 1)
            at += found if found > 0 else max(1, len(head) - 3)
            continue
        flags, segments = head[5], head[26]
        if flags & 2 and not first:
            starts.append(at)
        first = bool(flags & 2)
        ended = bool(flags & 4)
        at += 27 + segments + sum(head[27 : 27 + segments])
    return list(pairwise([0, *starts[1:], size])), ended and at <= size
