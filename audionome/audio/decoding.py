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

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from audionome._terminal import quietly
from audionome._words import listed
from audionome.audio.containers import (
    MATROSKA,
    MP4,
    STATED,
    mp3_states,
    ogg_links,
    open_container,
    stated_length,
)
from audionome.audio.notes import Note, clock, too_long
from audionome.audio.sources import File, Part, open_source, peek
from audionome.errors import (
    AudioError,
    DamagedAudioError,
    NoAudioStreamError,
    NotAudioError,
    TooLongError,
)

if TYPE_CHECKING:
    import av
    import av.container

__all__ = ["CUT", "LEAST_BITRATE", "MIXING", "SILENCE", "Decoder", "Mixing"]

#: Samples below this are silence: -80 dB below full scale.
SILENCE = 1e-4


@dataclass(frozen=True)
class Mixing:
    """How channels become one.

    Attributes
    ----------
    frame : int
        Samples over which they are compared.
    cancelled : float
        Channels cancel each other out where their mean has less than this share of the power that
        it would have if they were uncorrelated; some are then inverted.
    told_from : float
        A shorter effect need not be told (s).
    note : str
        What is told; ``time`` is how long it lasted.
    """

    frame: int = 1024
    cancelled: float = 0.1
    told_from: float = 1.0
    note: str = (
        "Its channels cancel each other out for {time}; they were inverted before they were mixed."
    )


MIXING = Mixing()

_RATES = 4_000, 768_000  # Hz
_BLOCK = 1 << 17  # samples of all channels handed on at a time
_MOST_CHANNELS = 8  # that a frame may have; more if the file says so
LEAST_BITRATE = 4_000  # bit/s; a file that states a longer length than this allows is mistaken
CUT = 0.5  # s; a shorter difference is a codec's delay
_ABSURD = 24 * 3600.0  # s; a header that states more is wrong about its file
_LOST = 0.02, 0.5  # s of a jump between samples that are counted, and between time stamps
_AFTER = 0.5  # s of sound after an error that make it one inside the file
_TAIL = 1 << 14, 0.05  # bytes, and share of the file, that may stand behind the sound
_ERRORS = 1000  # that a container may give one after the other
_PATIENCE = 60.0, 0.25  # s of decoding that are always allowed, and per second of sound
_LISTEN = 60.0  # s of each sound track, to tell which one sounds
_ENOUGH = 1000  # frames of it that tell
_FAINT = 0.01  # of the level of the loudest track
_MOST_TRACKS = 16

#: Formats whose time stamps count samples, and those with time stamps that do not: a jump is
#: sound that is lost.
_COUNTED, _STAMPED = {"flac", "ogg"}, {MP4, MATROSKA}
#: Formats that are nothing but frames.
_RAW = {"mp3", "aac", "ac3", "eac3", "dts"}
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

Block = tuple[int, NDArray[np.float32]]


class Decoder:
    """A recording that is decoded as its blocks are asked for.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        A path, the content of a file, or a file open for reading bytes.
    max_seconds : float
        A file that states a longer length is refused before it is decoded (s).
    stereo : bool
        Keep two channels apart. Other numbers of channels become one all the same.

    Attributes
    ----------
    name : str
        How sentences call the recording.
    expected : float or None
        Length that the file states or lets expect (s), for progress; it may be wrong.
    rates : dict of int to float
        Sample rates met so far (Hz), with the seconds that each lasted.
    notes : list of Note
        Complete once all blocks were taken.

    Raises
    ------
    audionome.errors.AudioError
        If there is nothing to decode.
    """

    def __init__(
        self, source: str | Path | bytes | BinaryIO, *, max_seconds: float, stereo: bool = False
    ) -> None:
        self.name = f'"{Path(source).name}"' if isinstance(source, str | Path) else "The recording"
        self._source = source
        self._max_seconds = max_seconds
        self._stereo = stereo
        self._data: BinaryIO = io.BytesIO()
        self._size = 0
        self.expected: float | None = None
        self.notes: list[Note] = []
        self.rates: dict[int, float] = {}
        self._channels: list[int] = []
        self._seconds = 0.0  # decoded
        self._spent = 0.0  # seconds of work
        self._damaged = False
        self._lost = 0.0  # seconds that time stamps miss
        self._chained = False
        self._cancelled = 0.0  # seconds in which the channels cancel each other out
        self._problem: AudioError | None = None  # why a container gave no sound

    def blocks(self) -> Iterator[Block]:
        """Yield the sample rate and the samples, block by block.

        Yields
        ------
        rate : int
            In Hz.
        samples : ndarray of shape (n,), float32
            Mono, full scale [-1, 1]; of shape (2, n) where two channels are kept apart.

        Raises
        ------
        audionome.errors.AudioError
            If nothing can be decoded.
        """
        self._data, self._size = open_source(self._source, self.name)
        with self._data:
            yield from self._by_ffmpeg()
            if not self._seconds:
                yield from self._by_libsndfile()
        self._conclude()

    # -- FFmpeg ---------------------------------------------------------------------------

    def _by_ffmpeg(self) -> Iterator[Block]:
        links, complete = ogg_links(self._data, self._size)
        self._chained = len(links) > 1
        mute = False
        for start, stop in links:
            before, self._problem = self._seconds, None
            yield from self._link(Part(self._data, start, stop) if self._chained else self._data)
            # A link of pictures alone is no damage.
            silent = isinstance(self._problem, NoAudioStreamError)
            mute = mute or (self._seconds == before and not silent)
        self._damaged = self._damaged or (mute and self._chained)
        if self._seconds and not complete:
            self._cut("the file ends there without a mark of its end")

    def _link(self, data: File) -> Iterator[Block]:
        """Yield the blocks of one container; a chained Ogg file has several after each other."""
        container = open_container(data)
        if container is None:
            return
        with container:
            known = [k for k, stream in enumerate(container.streams.audio) if stream.codec_context]
            if not known:
                self._problem = (
                    NotAudioError(
                        f"{self.name} is in a format that cannot be decoded; save it as WAV, MP3, "
                        "FLAC, OGG, Opus or M4A."
                    )
                    if container.streams.audio
                    else NoAudioStreamError(
                        f"{self.name} has no sound track; choose a file with sound."
                    )
                )
                return
            if len(known) == 1:
                yield from self._track(data, container, known[0])
                return
        index = self._sounding_track(data, known[:_MOST_TRACKS])
        container = open_container(data)
        if container is not None:
            with container:
                yield from self._track(data, container, index)

    def _sounding_track(self, data: File, known: list[int]) -> int:
        """Return the number of the first sound track that is not silent beside the others."""
        levels = [self._level(data, index, _LISTEN) for index in known]
        if not max(levels):
            levels = [self._level(data, index, self._max_seconds / len(known)) for index in known]
        enough = max(SILENCE, _FAINT * max(levels))
        chosen = next((k for k, level in enumerate(levels) if level >= enough), 0)
        if chosen:
            text = f"Sound track 1 of {len(known)} is silent; track {chosen + 1} was heard."
            self.notes.append(Note("track", text))
        return known[chosen]

    def _level(self, data: File, index: int, seconds: float) -> float:
        """Measure the level that a quarter of a track's first stretch of sound exceeds."""
        container = open_container(data)
        if container is None:
            return 0.0
        heard = 0.0
        levels: list[float] = []
        with container:
            for frame in self._frames(container, container.streams.audio[index]):
                heard += frame.samples / frame.sample_rate
                # An offset is no sound.
                level = float(_planes(frame).std(axis=1).max())
                if levels or level >= SILENCE:
                    levels.append(level)
                if heard > seconds or len(levels) >= _ENOUGH:
                    break
        return float(np.quantile(levels, 0.75)) if levels else 0.0

    def _track(
        self, data: File, container: av.container.InputContainer, index: int
    ) -> Iterator[Block]:
        stream = container.streams.audio[index]
        name = container.format.name
        if stream.rate:
            self._require_rate(stream.rate)
        before = self._seconds
        if container.duration and container.duration > 0 and not self._chained:
            self.expected = container.duration / 1e6
            self._require_short(data, container, stream)
        end, lost = 0.0, 0.0
        planes: list[NDArray[np.float32]] = []
        size, shape = 0, (0, 0)
        for frame in self._frames(container, stream):
            found = frame.sample_rate, frame.layout.nb_channels
            if planes and (found != shape or size >= max(MIXING.frame, _BLOCK // shape[1])):
                yield self._block(planes, shape)
                planes, size = [], 0
            shape = found
            if frame.pts is not None and frame.time_base is not None:
                at = float(frame.pts * frame.time_base)
                if end and at - end > _LOST[0]:
                    lost += at - end
                end = at + frame.samples / frame.sample_rate
            planes.append(_planes(frame))
            size += frame.samples
        if planes:
            yield self._block(planes, shape)
        if name in _COUNTED or (name in _STAMPED and lost > _LOST[1]):
            self._lost += lost
        end = max(end, self._seconds - before)
        stated = stated_length(data, self._size, container, stream, end)
        if end and stated is not None and max(CUT, 0.02 * end) < stated - end < _ABSURD:
            self._cut(f"the sound ends there, though the file's header says {clock(stated)}")

    def _frames(self, container: Any, stream: Any) -> Iterator[av.AudioFrame]:
        """Yield the frames to the end of the data. Damage is noted once enough sound follows it."""
        import av

        stream.codec_context.thread_count = 1
        if container.format.name == "flac":
            # A block that fails its check sum is noise at full scale.
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
        packets = container.demux(stream)
        most = max(_MOST_CHANNELS, stream.codec_context.layout.nb_channels)
        errors, since = 0, 0.0  # errors in a row, seconds of sound since
        failed = False
        place = 0  # behind the last sound
        while errors < _ERRORS:
            start = perf_counter()
            packet, frames = None, []
            try:
                packet = next(packets)
                errors = 0
                frames = packet.decode()
            except StopIteration:
                break
            except (av.FFmpegError, ValueError, OSError, IndexError):
                if packet is None:  # PyAV meets a stream that it did not know, or damage
                    errors += 1
                    packets = container.demux(stream)
                failed = failed or packet is None or not bytes(packet)[:12].startswith(_TAGS)
                since = 0.0
            self._spent += perf_counter() - start
            self._require_progress()
            for frame in frames:
                if not frame.samples or not _plausible(frame, most):
                    failed = failed or bool(frame.samples)
                    continue
                if packet is not None and packet.pos is not None:
                    place = packet.pos + packet.size
                since += frame.samples / frame.sample_rate
                if failed and since > _AFTER:
                    self._damaged, failed = True, False
                yield frame
        left = self._size - place
        least, share = _TAIL
        if container.format.name in _RAW and place and left > max(least, share * self._size):
            tail = peek(self._data, place, 16)
            self._damaged = self._damaged or not tail.startswith(_TAGS)

    # -- libsndfile -----------------------------------------------------------------------

    def _by_libsndfile(self) -> Iterator[Block]:
        import soundfile

        self._data.seek(0)
        try:
            with quietly():
                sound = soundfile.SoundFile(self._data)
        except (soundfile.LibsndfileError, TypeError, OSError) as error:
            raise self._nothing() from error
        with sound:
            self._require_rate(sound.samplerate)
            while True:
                start = perf_counter()
                try:
                    # Not blocks(): it hands out as many samples as the header states.
                    with quietly():
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

    def _block(self, planes: list[NDArray[np.float32]], shape: tuple[int, int]) -> Block:
        rate, channels = shape
        self._require_rate(rate)
        block = np.concatenate(planes, axis=1)
        seconds = block.shape[1] / rate
        self.rates[rate] = self.rates.get(rate, 0.0) + seconds
        if channels not in self._channels:
            self._channels.append(channels)
        self._seconds += seconds
        if self._stereo and channels == 2:
            return rate, block
        return rate, block[0] if channels == 1 else self._mixed(block, rate)

    def _mixed(self, block: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        """Return the mean of the channels; where they cancel each other out, of inverted ones."""
        mono: NDArray[np.float32] = block.mean(axis=0)
        frames = max(1, block.shape[1] // MIXING.frame)
        whole = min(frames * MIXING.frame, block.shape[1])
        parts = block[:, :whole].reshape(len(block), frames, -1)
        power = np.einsum("ckn,ckn->kc", parts, parts) / parts.shape[2]
        mixed = np.mean(np.square(mono[:whole].reshape(frames, -1)), axis=1)
        cancelled = mixed * len(block) < MIXING.cancelled * power.mean(axis=1)
        for k in np.flatnonzero(cancelled & (power.max(axis=1) >= SILENCE**2)):
            # The last frame takes the rest of the block with it.
            stop = (k + 1) * MIXING.frame if k + 1 < frames else mono.size
            frame = block[:, k * MIXING.frame : stop]
            # Not simply the loudest: of two that are equal but for rounding it would be either,
            # and the sound would jump from frame to frame.
            first = int((power[k] >= power[k].max() / 2).argmax())
            inverted = frame @ frame[first] < 0
            mono[k * MIXING.frame : stop] = np.where(inverted[:, None], -frame, frame).mean(axis=0)
            self._cancelled += frame.shape[1] / rate
        return mono

    def _require_rate(self, rate: int) -> None:
        low, high = _RATES
        if not low <= rate <= high:
            raise DamagedAudioError(
                f"{self.name} states a sample rate of {rate:,} Hz, which no recording has; "
                "export it again."
            )

    def _require_short(self, data: File, container: Any, stream: Any) -> None:
        """Refuse what the header says is too long, unless the file is too small for that."""
        name, expected = container.format.name, self.expected or 0.0
        uncompressed = stream.codec_context.name.startswith("pcm") and stream.bit_rate
        least = 0.9 * stream.bit_rate if uncompressed else LEAST_BITRATE
        if expected <= self._max_seconds or 8 * self._size / expected < least:
            return
        # Without a header, the length of an MP3 file is a guess from its first frames.
        if name in STATED | {"wav", "au", "ogg"} or (name == "mp3" and mp3_states(data)):
            raise TooLongError(too_long(self.name, self._max_seconds, expected))

    def _require_progress(self) -> None:
        always, per_second = _PATIENCE
        if self._spent > always + per_second * self._seconds:
            raise DamagedAudioError(
                f"{self.name} takes too long to decode; save it anew, as WAV or FLAC."
            )

    def _nothing(self) -> AudioError:
        """Return why there is nothing to hear."""
        if self._problem is not None:
            return self._problem
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

    def _cut(self, why: str) -> None:
        text = f"Answered from the first {clock(self._seconds)}: {why}."
        self.notes.append(Note("cut", text))

    def _conclude(self) -> None:
        if not self._seconds:
            return
        if self._lost:
            text = f"About {clock(self._lost)} of it could not be decoded; the rest was heard."
            self.notes.append(Note("damaged", text))
        elif self._damaged:
            text = "The file is damaged in places; what can be decoded of it was heard."
            self.notes.append(Note("damaged", text))
        if len(self.rates) > 1:
            rates = listed([f"{rate / 1000:g} kHz" for rate in self.rates])
            self.notes.append(Note("changing", f"Its sample rate changes on the way ({rates})."))
        if len(self._channels) > 1:
            counts = listed([str(count) for count in self._channels])
            text = f"Its number of channels changes on the way ({counts})."
            self.notes.append(Note("changing", text))
        if self._cancelled >= min(MIXING.told_from, self._seconds / 2):
            text = MIXING.note.format(time=clock(self._cancelled))
            self.notes.append(Note("cancelling", text))


# -- PyAV and libsndfile ------------------------------------------------------------------


def _plausible(frame: av.AudioFrame, most: int) -> bool:
    """Return whether a frame may be of a recording; damage makes frames of 54 channels or 0 Hz."""
    low, high = _RATES
    return 0 < frame.layout.nb_channels <= most and low <= frame.sample_rate <= high


def _planes(frame: av.AudioFrame) -> NDArray[np.float32]:
    """Return the samples of a frame, ``(channels, samples)``, full scale [-1, 1]."""
    import av

    if frame.format.is_planar and frame.layout.nb_channels >= 8:
        # PyAV looks for the end of a list of planes that has no end from 8 on.
        frame.pts = None
        (frame,) = av.AudioResampler(
            format=frame.format.packed, layout=frame.layout, rate=frame.sample_rate
        ).resample(frame)
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
