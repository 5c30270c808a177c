"""Ten short pieces of music, one per genre, composed in code.

GTZAN's audio belongs to others, so the report cannot play it. These pieces can be played, looked
at and passed on: every note is made here with NumPy. They imitate what textbooks call typical of a
genre (its rhythm, harmony, instruments); they are examples to look at, not a test of a classifier.

Conventions
-----------
Sounds are mono float arrays at 22 050 Hz. Time is counted in beats; chance (timing, noise) comes
from a seed, so a piece is the same every time. ``python -m audionome.report.synth FOLDER`` writes
them.

References
----------
.. [1] Karplus and Strong, Digital synthesis of plucked-string and drum timbres (1983).
.. [2] Chowning, The synthesis of complex audio spectra by means of frequency modulation (1973).
"""

from __future__ import annotations

import argparse
import io
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from audionome._words import listed, printable
from audionome.audio import SAMPLE_RATE as RATE
from audionome.datasets.gtzan import GENRES
from audionome.errors import AudionomeError
from audionome.files import OutputError, require_output_folder, written_whole

__all__ = ["GENRES", "TEMPI", "compose", "describe", "main", "write_examples"]

Sound = NDArray[np.float64]

#: Beats per minute, as written in the scores below.
TEMPI: dict[str, float] = {
    "blues": 200, "classical": 100, "country": 112, "disco": 120, "hiphop": 90,
    "jazz": 160, "metal": 150, "pop": 104, "reggae": 152, "rock": 136,
}  # fmt: skip
_TAIL = 0.6  # s for the last notes to ring

# -- pitch --------------------------------------------------------------------------------

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_CHORDS = {
    "": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "M7": (0, 4, 7, 11),
    "9": (0, 4, 10, 14), "m9": (0, 3, 10, 14), "13": (0, 4, 10, 21), "5": (0, 7, 12),
}  # fmt: skip


def _midi(name: str) -> int:
    """``A4`` is 69."""
    return 12 * (int(name[-1]) + 1) + _STEPS[name[0]] + name.count("#") - name.count("b")


def _chord(name: str, octave: int, *, lowest: int = 0) -> list[int]:
    """Notes of a chord such as ``Dm7``, each moved by octaves to lie at ``lowest`` or above."""
    notes = [_midi(f"{name[0]}{octave}") + i for i in _CHORDS[name[1:]]]
    return sorted(lowest + (n - lowest) % 12 for n in notes) if lowest else notes


def _hz(note: float) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


# -- instruments --------------------------------------------------------------------------


def _fade(sound: Sound, attack: float, release: float) -> Sound:
    """Ramp both ends (s), so that nothing clicks."""
    up, down = (max(1, min(sound.size, int(s * RATE))) for s in (attack, release))
    out = sound.copy()
    out[:up] *= np.linspace(0, 1, up)
    out[-down:] *= np.linspace(1, 0, down)
    return out


def _decay(seconds: float, half: float) -> Sound:
    """An exponential that halves every ``half`` seconds."""
    return np.exp2(-np.arange(int(seconds * RATE)) / (half * RATE))


def _band(sound: Sound, low: float, high: float = 10500, order: int = 2) -> Sound:
    sections = signal.butter(order, (low, high), "bandpass", fs=RATE, output="sos")
    return np.asarray(signal.sosfilt(sections, sound))


def _pluck(
    rng: np.random.Generator,
    note: float,
    seconds: float,
    *,
    bright: float = 0.7,
    ring: float = 0.997,
) -> Sound:
    """A plucked string: a burst of noise that circles in a delay line and loses its highs."""
    n, period = int(seconds * RATE), RATE / _hz(note) - 0.5  # its filter delays by half a sample
    whole, part = int(period), period % 1
    a, b, c = ring * np.convolve([0.5, 0.5], [1 - part, part])
    burst = signal.lfilter([bright], [1, bright - 1], rng.uniform(-1, 1, whole))
    burst -= np.roll(burst, whole // 5)  # plucked at a fifth of the string
    out = np.zeros(n + 2 * whole + 4)
    out[2 : 2 + whole] = burst / (np.abs(burst).max() + 1e-9)
    for i in range(2 + whole, n + 2, whole):
        past = out[i - whole - 2 : i]
        out[i : i + whole] += a * past[2:] + b * past[1:-1] + c * past[:-2]
    return _fade(out[2 : 2 + n], 0.001, 0.03)


def _tone(
    note: float,
    seconds: float,
    partials: Sequence[float] | Sound,
    *,
    vibrato: float = 0.0,
    rate: float = 5.5,
    slide: float = 0.0,
    attack: float = 0.02,
    release: float = 0.06,
    detune: Sequence[float] = (0.0,),
) -> Sound:
    """A held tone from the strengths of its partials.

    ``vibrato`` and ``slide`` are in semitones (a slide begins there and arrives in 0.12 s);
    ``detune``: one player each, in semitones.
    """
    t = np.arange(int(seconds * RATE)) / RATE
    out = np.zeros(t.size)
    for player, cents in enumerate(detune):
        sway = vibrato * np.clip(t / 0.3 - 0.4, 0, 1) * np.sin(2 * np.pi * rate * t + 2 * player)
        pitch = _hz(note) * 2 ** ((cents + sway + slide * np.exp(-t / 0.06)) / 12)
        strengths = np.zeros(1025)
        highest = max(1, min(len(partials), int(0.45 * RATE / pitch.max())))
        strengths[1 : highest + 1] = partials[:highest]
        cycle = np.fft.irfft(-1j * strengths) * strengths.size
        phase = np.cumsum(pitch) / RATE + 0.37 * player
        out += np.interp(phase % 1, np.arange(2049) / 2048, np.append(cycle, cycle[0]))
    return _fade(out / len(detune), attack, release)


_SAW = 1 / np.arange(1.0, 200)
_SQUARE = _SAW * (np.arange(1, 200) % 2)
_SOFT = _SAW**1.7
_REED = np.array([1, 0.8, 0.9, 0.6, 0.5, 0.3, 0.3, 0.2, 0.15, 0.1, 0.08, 0.05])
_ORGAN = np.array([1, 0.9, 0.5, 0.4, 0, 0.25, 0, 0.2])
_BRASS = np.array([0.7, 1, 0.9, 0.7, 0.55, 0.4, 0.3, 0.2, 0.15, 0.1, 0.06, 0.04])


def _voice(note: float) -> Sound:
    """Partials of a sung "ah": a saw with humps at its formants."""
    f = _hz(note) * np.arange(1, 60)
    formants = ((700, 110, 1), (1150, 130, 0.7), (2700, 250, 0.3))
    return 1.5 / np.arange(1, 60) * (
        0.08 + sum(g * np.exp(-0.5 * ((f - c) / w) ** 2) for c, w, g in formants)
    )  # fmt: skip


def _electric_piano(note: float, seconds: float, *, index: float = 1.6) -> Sound:
    """Frequency modulation: a soft tine whose brightness dies away."""
    t = np.arange(int(seconds * RATE)) / RATE
    turn = 2 * np.pi * _hz(note) * t
    tine = 0.25 * np.sin(14 * turn) * _decay(seconds, 0.03)
    body = np.sin(turn + index * _decay(seconds, 0.2) * np.sin(turn) + tine)
    return _fade(body * _decay(seconds, 0.6), 0.003, 0.08)


def _kick(*, low: float = 48, snap: float = 90, half: float = 0.07) -> Sound:
    t = np.arange(int(0.4 * RATE)) / RATE
    pitch = low + snap * np.exp2(-t / 0.012)
    return _fade(np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * _decay(0.4, half), 0.001, 0.05)


def _snare(rng: np.random.Generator, *, body: float = 185, half: float = 0.045) -> Sound:
    t = np.arange(int(0.35 * RATE)) / RATE
    rattle = _band(rng.normal(0, 0.5, t.size), 900) * _decay(0.35, half)
    return rattle + 0.7 * np.sin(2 * np.pi * body * t) * _decay(0.35, 0.03)


def _hat(rng: np.random.Generator, half: float = 0.012) -> Sound:
    n = min(0.9, 8 * half)
    return _band(rng.normal(0, 0.5, int(n * RATE)), 6500, order=3) * _decay(n, half)


def _cymbal(rng: np.random.Generator, half: float = 0.12) -> Sound:
    """Six squares without a common pitch, and noise: a ride, or a crash when it rings long."""
    n = min(1.6, 6 * half)
    t = np.arange(int(n * RATE)) / RATE
    metal = sum(np.sign(np.sin(2 * np.pi * f * t)) for f in (415, 609, 807, 1081, 1483, 2089))
    return _band(0.2 * np.asarray(metal) + rng.normal(0, 0.4, t.size), 4200) * _decay(n, half)


def _clap(rng: np.random.Generator) -> Sound:
    n = int(0.3 * RATE)
    strength = sum(np.exp(-np.maximum(0, np.arange(n) - s * RATE) / (0.02 * RATE))
                   * (np.arange(n) >= s * RATE) for s in (0, 0.011, 0.023))  # fmt: skip
    found: Sound = _band(rng.normal(0, 0.4, n), 800, 3500) * strength
    return found


def _rim() -> Sound:
    t = np.arange(int(0.08 * RATE)) / RATE
    return (np.sin(2 * np.pi * 1700 * t) + np.sin(2 * np.pi * 420 * t)) * _decay(0.08, 0.008)


# -- the mixing desk ----------------------------------------------------------------------


class _Song:
    """Tracks on which sounds are placed by beat."""

    def __init__(self, genre: str, bars: int, *, swing: float = 0.5) -> None:
        self.rng = np.random.default_rng(zlib.crc32(genre.encode()))
        self.beat = 60 / TEMPI[genre]
        self.bars, self.swing = bars, swing
        self.size = int((4 * bars * self.beat + _TAIL) * RATE)
        self.tracks: dict[str, Sound] = defaultdict(lambda: np.zeros(self.size))

    def seconds(self, beat: float) -> float:
        """Time of a beat; with a swing the second half of a beat comes late."""
        whole, part = divmod(beat, 1)
        s = self.swing
        return float(whole + (2 * s * part if part < 0.5 else s + 2 * (1 - s) * (part - 0.5))) * (
            self.beat
        )

    def play(self, track: str, beat: float, sound: Sound, gain: float = 1.0) -> None:
        """Add a sound, a few milliseconds and a shade of loudness away from perfect."""
        start = int(max(0, self.seconds(beat) + self.rng.normal(0, 0.0025)) * RATE)
        part = sound[: max(0, self.size - start)]
        self.tracks[track][start : start + part.size] += gain * self.rng.uniform(0.88, 1) * part

    def drum(self, pattern: str, make: Callable[[], Sound], gain: float, track: str = "d") -> None:
        """Repeat a bar's pattern to the end: ``x`` strong, ``o`` soft, ``.`` nothing."""
        step = 4 / len(pattern)
        for bar in range(self.bars):
            for i, mark in enumerate(pattern):
                if mark != ".":
                    self.play(track, 4 * bar + step * i, make(), gain * (1 if mark == "x" else 0.5))

    def melody(self, text: str, start: float = 0.0) -> Iterator[tuple[float, int, float]]:
        """Read ``E5 1 - .5``: name and beats, ``-`` rests; gives beat, note and seconds."""
        words, beat = text.split(), start
        for name, length in zip(words[::2], map(float, words[1::2]), strict=True):
            if name != "-":
                yield beat, _midi(name), self.seconds(beat + length) - self.seconds(beat)
            beat += length

    def master(
        self,
        gains: dict[str, float],
        *,
        wet: dict[str, float] | None = None,
        room: float = 0.25,
        drive: float = 1.0,
        peak: float = 0.85,
    ) -> NDArray[np.float32]:
        """Mix with a room (halving every ``room`` s), press with ``drive``, fade, set the peak."""
        loud = {k: gains[k] * track / np.abs(track).max() for k, track in self.tracks.items()}
        echo = np.sum([(wet or {}).get(k, 0.08) * track for k, track in loud.items()], axis=0)
        decay = _decay(4 * room, room)
        tail = self.rng.normal(0, 1, decay.size) * decay
        reply = signal.fftconvolve(echo, _band(tail, 250, 6000))[: self.size]
        mix = np.sum(list(loud.values()), axis=0) + reply / np.sqrt(np.sum(tail**2))
        mix = np.tanh(drive * _band(mix, 28, 10800, 1) / np.abs(mix).max())
        mix = _fade(mix - mix.mean(), 0.002, _TAIL)
        return np.asarray(peak * mix / np.abs(mix).max(), dtype=np.float32)


def _overdrive(sound: Sound, amount: float, high: float = 4200) -> Sound:
    """A valve that saturates and the loudspeaker behind it."""
    pressed = np.tanh(amount * sound / (np.abs(sound).max() + 1e-9))
    return _band(pressed, 90, high)


# -- the pieces ---------------------------------------------------------------------------


def _blues() -> NDArray[np.float32]:
    """Twelve bars, a shuffle, a boogie on two strings and a harmonica."""
    song = _Song("blues", 12, swing=2 / 3)
    bars = ["A7"] * 4 + ["D7"] * 2 + ["A7"] * 2 + ["E7", "D7", "A7", "E7"]
    for bar, name in enumerate(bars):
        root = _chord(name, 2)[0]
        low, root = root - 12 if root > 40 else root, root + 12 if root < 40 else root
        for i, (step, bass) in enumerate(zip((7, 7, 9, 7), (0, 4, 7, 9), strict=True)):
            beat = 4.0 * bar + i
            song.play("b", beat, _pluck(song.rng, low + bass, 0.4, bright=0.25))
            for half in (0, 0.5):
                for note in (root, root + step):
                    string = _pluck(song.rng, note, 0.24, bright=0.6, ring=0.985)
                    song.play("g", beat + half, string, 1 if half else 0.8)
    call = "- .5 E5 .5 G5 .5 E5 .5 D5 .5 C5 .5 A4 1.5 - 3.5"
    answer = "- .5 A5 1 G5 .5 E5 .5 G5 .5 E5 .5 D5 .5 C5 .5 A4 1.5 - 2"
    for start, text in ((0, call), (8, call), (16, answer), (24, call), (32, answer)):
        for beat, note, seconds in song.melody(text, start):
            reed = _tone(note, 1.1 * seconds, _REED, vibrato=0.3, slide=-1.2, attack=0.03)
            song.play("h", beat, reed)
    song.play("h", 44, _tone(_midi("E5"), 1.4, _REED, vibrato=0.4, slide=-1.5))
    song.drum("x.......x.......", _kick, 1)
    song.drum("....x.......x...", lambda: _snare(song.rng), 0.8)
    song.drum("x.o.x.o.x.o.x.o.", lambda: _cymbal(song.rng, 0.05), 0.35)
    song.tracks["g"] = _overdrive(song.tracks["g"], 2.5)
    song.tracks["h"] = _overdrive(song.tracks["h"], 1.8, 5000)
    return song.master({"b": 0.7, "g": 0.5, "h": 0.55, "d": 0.8}, wet={"h": 0.25}, drive=1.3)


def _classical() -> NDArray[np.float32]:
    """A small andante for strings: an Alberti bass, held notes and a tune that sighs."""
    song = _Song("classical", 6)
    bars = [("C4 E4 G4", "C3"), ("B3 F4 G4", "D3"), ("C4 E4 G4", "E3"), ("C4 F4 A4", "F3"),
            ("B3 F4 G4", "G3"), ("C4 E4 G4", "C3")]  # fmt: skip
    trio, players = (-0.06, 0.0, 0.07), (-0.1, -0.04, 0.03, 0.09)
    for bar, (names, bass) in enumerate(bars):
        low, middle, high = map(_midi, names.split())
        last = bar == len(bars) - 1
        for i, note in enumerate((low, high, middle, high) * 2):
            if not last or i < 4:
                bow = _tone(note, 0.33, _SOFT, detune=trio, attack=0.04, release=0.09)
                song.play("a", 4 * bar + i / 2, bow, 1 if i % 4 == 0 else 0.7)
        cello = _tone(_midi(bass), 2.7 if last else 2.3, _SAW[:14], vibrato=0.15, rate=4.5,
                      detune=trio, attack=0.15, release=0.3)  # fmt: skip
        song.play("c", 4 * bar, cello)
    tune = ("E5 1.5 G5 .5 F5 1 E5 1 D5 1.5 F5 .5 E5 .5 D5 .5 B4 1 C5 1 E5 .5 G5 .5 C6 1.5 B5 .5 "
            "A5 1 G5 .5 F5 .5 E5 1 F5 1 E5 1 D5 1 G5 .5 F5 .5 D5 .5 B4 .5 C5 4")  # fmt: skip
    for beat, note, seconds in song.melody(tune):
        violin = _tone(note, seconds + 0.06, _SAW[:18] * np.exp(-np.arange(18) / 9), vibrato=0.25,
                       detune=players, attack=0.09, release=0.12)  # fmt: skip
        song.play("v", beat, violin)
    gains = {"a": 0.35, "c": 0.45, "v": 0.6}
    return song.master(gains, wet=dict.fromkeys(gains, 0.35), room=0.5, drive=0.6, peak=0.6)


def _country() -> NDArray[np.float32]:
    """Boom-chick: a bass that steps from root to fifth, strummed chords, a sliding steel guitar."""
    song = _Song("country", 6, swing=0.56)
    for bar, name in enumerate(["G", "C", "G", "D", "C", "G"]):
        root, third, fifth = _chord(name, 2)
        for beat, note in ((0.0, root), (2.0, fifth - 12)):
            song.play("b", 4 * bar + beat, _pluck(song.rng, note, 0.9, bright=0.45))
        for beat in (1, 1.5, 3, 3.5):
            for i, note in enumerate((root + 12, third + 12, fifth + 12, root + 24, third + 24)):
                string = _pluck(song.rng, note, 0.7, bright=0.95)
                song.play("g", 4 * bar + beat + 0.02 * i, string, 1 if beat % 1 == 0 else 0.5)
    tune = ("B4 1 D5 1 G5 1.5 E5 .5 E5 1 G5 .5 E5 .5 C5 2 D5 1 B4 .5 D5 .5 G4 2 A4 1 D5 1 "
            "F#5 1 A5 1 G5 1 E5 .5 D5 .5 C5 1 E5 1 D5 1 B4 1 G4 2")  # fmt: skip
    for beat, note, seconds in song.melody(tune):
        for below, gain in ((0, 1.0), (-3 if note % 12 in (0, 2, 7, 9) else -4, 0.5)):
            steel = _tone(note + below, seconds + 0.2, _SOFT, vibrato=0.22, rate=6, slide=-2.2,
                          attack=0.015, release=0.2)  # fmt: skip
            song.play("s", beat, steel * _decay(3, 0.9)[: steel.size], gain)
    banjo = ["G4", "B4", "D5", "G5"]
    for i in range(8 * song.bars):
        note = _midi(banjo[i * 3 % 4]) + {1: 5, 3: -5, 4: 5}.get(i // 8, 0)
        song.play("j", i / 2, _pluck(song.rng, note, 0.35, bright=1.0, ring=0.985))
    song.drum("x.......x.......", _kick, 0.8)
    song.drum("o.o.x.o.o.o.x.oo", lambda: _hat(song.rng, 0.03), 0.7)
    gains = {"b": 0.6, "g": 0.5, "s": 0.5, "j": 0.3, "d": 0.35}
    return song.master(gains, wet={"s": 0.25}, drive=0.9, peak=0.8)


def _disco() -> NDArray[np.float32]:
    """Four on the floor, open hats between, octaves in the bass, strings above."""
    song = _Song("disco", 6)
    for bar, name in enumerate(["Am7", "D9", "Am7", "D9", "F", "E7"]):
        root = _chord(name, 2)[0]
        root -= 12 if root > 43 else 0
        for i in range(8):
            note = root + 12 * (i % 2)
            bass = _tone(note, 0.2, _SOFT, attack=0.004) * _decay(0.2, 0.15)
            song.play("b", 4 * bar + i / 2, bass)
        for i in (0, 3, 4, 6, 7, 10, 11, 13, 14):
            chick = sum(_pluck(song.rng, n, 0.09, bright=1, ring=0.97)
                        for n in _chord(name, 4, lowest=64))  # fmt: skip
            song.play("g", 4 * bar + i / 4, _band(np.asarray(chick), 700, 7000))
        for note in _chord(name, 4, lowest=67):
            pad = _tone(note, 1.95, _SAW[:20], detune=(-0.12, 0.0, 0.11), vibrato=0.1, attack=0.1)
            song.play("s", 4 * bar, pad)
    line = "E6 1 - .5 D6 .5 C6 .5 D6 .5 E6 1 F#6 2.5 E6 .5 D6 .5 C6 .5 "
    for beat, note, seconds in song.melody(2 * line + "A5 .5 B5 .5 C6 .5 D6 .5 E6 2 G#6 3 E6 1"):
        violins = _tone(note, seconds, _SAW[:12], detune=(-0.13, 0.0, 0.12), vibrato=0.2)
        song.play("v", beat, violins)
    song.drum("x...x...x...x...", lambda: _kick(low=52), 1)
    song.drum("....x.......x...", lambda: _snare(song.rng), 0.7)
    song.drum("....x.......x...", lambda: _clap(song.rng), 0.8)
    song.drum("o...o...o...o...", lambda: _hat(song.rng), 0.5)
    song.drum("..x...x...x...x.", lambda: _hat(song.rng, 0.06), 0.6)
    gains = {"b": 0.6, "g": 0.25, "s": 0.2, "v": 0.3, "d": 0.9}
    return song.master(gains, wet={"s": 0.2, "v": 0.3}, drive=1.5)


def _hiphop() -> NDArray[np.float32]:
    """Boom-bap: a heavy, late beat, a bass felt more than heard, two dusty chords, crackle."""
    song = _Song("hiphop", 5)
    for bar in range(song.bars):
        for beat, name in ((0, "Dm9"), (1.75, "Dm9"), (2.5, "G13")):
            for note in _chord(name, 3, lowest=57):
                song.play("e", 4 * bar + beat, _electric_piano(note, 1.0, index=1.1))
        for beat, note, length in ((0, 38, 0.7), (1.75, 38, 0.25), (2.5, 31, 0.8), (3.5, 36, 0.3)):
            sub = _tone(note, length, [1, 0.25, 0.1], attack=0.01, release=0.1)
            song.play("b", 4 * bar + beat + 0.03, sub)
    flute = "- 1 A5 .25 C6 .25 D6 .5 - 2 - 3 F6 .25 E6 .25 C6 .5 "
    for beat, note, seconds in song.melody(2 * flute + "- .5 D6 .5 A5 .5 C6 .5 D6 2"):
        song.play("f", beat, _tone(note, seconds + 0.1, [1, 0.3, 0.05], vibrato=0.3, attack=0.05))
    song.drum("x......x..x.....", lambda: _kick(low=44, snap=140, half=0.09), 1)
    song.drum("....x.......x..o", lambda: _snare(song.rng, half=0.055), 0.9)
    song.drum("x.o.x.o.x.oox.o.", lambda: _hat(song.rng, 0.015), 0.35)
    crackle = song.rng.normal(0, 1, song.size) * (song.rng.random(song.size) < 0.0006)
    song.tracks["c"] = _band(crackle, 1500, 8000) + 0.01 * song.rng.normal(0, 1, song.size)
    song.tracks["e"] = _band(song.tracks["e"], 120, 1800)
    gains = {"e": 0.45, "b": 0.8, "f": 0.15, "d": 1.0, "c": 0.05}
    return song.master(gains, wet={"f": 0.5, "e": 0.1}, drive=1.8, peak=0.8)


def _jazz() -> NDArray[np.float32]:
    """Two-five-one in swing: a ride cymbal, a walking bass, a piano that comments, a trumpet."""
    song = _Song("jazz", 8, swing=0.64)
    bars = ["Dm7", "G13", "CM7", "A7", "Dm7", "G13", "CM7", "CM7"]
    roots = [_chord(name, 2)[0] for name in bars]
    for bar, name in enumerate(bars):
        root, third, fifth = roots[bar], _chord(name, 2)[1], roots[bar] + 7
        target = roots[(bar + 1) % len(bars)]
        root, third, fifth = (n - 12 if n > 47 else n for n in (root, third, fifth))
        for i, note in enumerate((root, third, fifth, target + (1 if bar % 2 else -1))):
            string = _pluck(song.rng, note - (12 if note > 50 else 0), 0.5, bright=0.22, ring=0.998)
            song.play("b", 4 * bar + i, string, 1.0 if i % 2 == 0 else 0.85)
        for beat in ((0, 1.5), (1.5, 3), (0.5, 2.5), (1, 3.5))[bar % 4]:
            for note in _chord(name, 3, lowest=58):
                song.play("p", 4 * bar + beat, _electric_piano(note, 0.45, index=2.2))
    tune = ("- .5 A4 .5 D5 .5 F5 .5 A5 .5 C6 .5 A5 1 - .5 B5 .5 Bb5 .5 A5 .5 G5 .5 F5 .5 D5 1 "
            "E5 1.5 G5 .5 B5 1 - 1 - .5 C#6 .5 Bb5 .5 G5 .5 E5 .5 C#5 .5 Bb4 .5 A4 .5 "
            "D5 1 F5 .5 E5 .5 D5 .5 C5 .5 A4 1 - .5 G4 .5 Bb4 .5 B4 .5 D5 .5 F5 .5 A5 .5 Ab5 .5 "
            "G5 2 - .5 E5 .5 G5 .5 A5 .5 B5 .5 A5 .5 G5 .5 E5 2.5")  # fmt: skip
    for beat, note, seconds in song.melody(tune):
        horn = _tone(note, 1.05 * seconds, _BRASS, vibrato=0.25, slide=-0.5, attack=0.03)
        breath = _band(song.rng.normal(0, 0.03, horn.size), 1000, 5000)
        song.play("t", beat, _fade(horn + breath, 0.03, 0.05), 1 if beat % 1 else 0.85)
    song.drum("x...x.o.x...x.o.", lambda: _cymbal(song.rng, 0.16), 0.55)
    song.drum("....x.......x...", lambda: _hat(song.rng, 0.008), 0.5)
    song.drum("......o.........", lambda: _snare(song.rng, half=0.02), 0.35)
    gains = {"b": 0.8, "p": 0.35, "t": 0.5, "d": 0.25}
    return song.master(gains, wet={"t": 0.25, "p": 0.2}, room=0.35, drive=0.9, peak=0.75)


def _metal() -> NDArray[np.float32]:
    """Palm-muted sixteenths on the lowest string, power chords, two bass drums, a fast lead."""
    song = _Song("metal", 8)
    for bar in range(song.bars):
        low = _midi("E2")
        accents = {0: low, 3: low, 6: low + 1, 8: low, 11: low + 6, 14: low + 5}
        if bar % 4 == 3:
            accents = {0: low + 3, 4: low + 5, 8: low + 6, 12: low + 7}
        for i in range(16):
            note, held = accents.get(i, low), i in accents
            long = 0.36 if bar % 4 == 3 else 0.2
            for k, step in enumerate((0, 7, 12) if held else (0, 7)):
                string = _pluck(song.rng, note + step, long if held else 0.085,
                                bright=0.9, ring=0.999 if held else 0.97)  # fmt: skip
                if held or bar % 4 != 3:
                    song.play("g", 4 * bar + i / 4, string, (1 if held else 0.8) / (1 + 0.2 * k))
            bass = _tone(note - 12, 0.1, _SAW[:30], attack=0.003, release=0.02)
            song.play("b", 4 * bar + i / 4, bass)
    scale = [_midi(n) for n in "E5 F5 G5 B5 E6 D6 B5 Bb5".split()]
    for i in range(64):
        note = scale[(i * 3 + i // 8) % 8]
        song.play("l", 16 + i / 4, _tone(note, 0.11, _SAW[:40], attack=0.003, release=0.01))
    song.drum("xxxxxxxxxxxxxxxx", lambda: _kick(low=55, snap=220, half=0.03), 0.8)
    song.drum("....x.......x...", lambda: _snare(song.rng, body=210, half=0.06), 1)
    song.drum("x...x...x...x...", lambda: _cymbal(song.rng, 0.2), 0.4)
    for bar in (0, 4):
        song.play("d", 4 * bar, _cymbal(song.rng, 0.4), 0.7)
    song.tracks["g"] = _overdrive(_band(song.tracks["g"], 120), 25, 5200)
    song.tracks["l"] = _overdrive(song.tracks["l"], 6, 6000)
    gains = {"g": 0.8, "b": 0.4, "l": 0.3, "d": 0.75}
    return song.master(gains, wet={"l": 0.3}, drive=1.6, peak=0.75)


def _pop() -> NDArray[np.float32]:
    """Four chords that everybody knows, a synthesiser, claps and a voice without words."""
    song = _Song("pop", 6)
    for half in range(12):
        name, start = ["C", "G", "Am", "F"][half % 4], 2.0 * half
        notes, root = _chord(name, 4, lowest=60), _chord(name, 2)[0]
        for note in notes:
            pad = _tone(note, 1.15, _SAW[:25], detune=(-0.1, 0.1), attack=0.03)
            song.play("p", start, pad)
        for i in range(8):
            tick = _pluck(song.rng, notes[(0, 1, 2, 1)[i % 4]] + 12, 0.3, bright=0.9, ring=0.99)
            song.play("a", start + i / 4, tick)
        for beat in (0, 0.75, 1.5):
            song.play("b", start + beat, _tone(root, 0.35, _SQUARE[:12], attack=0.005))
    hook = "E5 .5 E5 .5 D5 .5 E5 1 G5 .5 E5 .5 D5 .5 C5 .5 C5 .5 D5 .5 E5 1 D5 1.5 "
    for beat, note, seconds in song.melody(3 * hook):
        sung = _tone(note, seconds, _voice(note), vibrato=0.3, slide=-0.6, attack=0.04,
                     detune=(0.0, 0.06))  # fmt: skip
        song.play("v", beat, sung)
    song.drum("x...x...x...x.x.", lambda: _kick(low=50, half=0.06), 1)
    song.drum("....x.......x...", lambda: _clap(song.rng), 0.9)
    song.drum("..x...x...x...xo", lambda: _hat(song.rng, 0.02), 0.4)
    gains = {"p": 0.35, "a": 0.3, "b": 0.5, "v": 0.7, "d": 0.8}
    return song.master(gains, wet={"v": 0.3, "a": 0.25, "p": 0.15}, drive=1.7, peak=0.85)


def _reggae() -> NDArray[np.float32]:
    """One drop: nothing on the first beat, chops off the beat, a bass that sings."""
    song = _Song("reggae", 8, swing=0.57)
    for bar, name in enumerate(["Am", "Am", "Dm", "Dm", "G", "G", "Am", "Am"]):
        notes = _chord(name, 4, lowest=64)
        for beat in (1.0, 3.0):
            for i, note in enumerate(notes[::-1]):
                chop = _pluck(song.rng, note, 0.11, bright=0.95, ring=0.985)
                song.play("g", 4 * bar + beat + 0.01 * i, chop)
        for beat in (0.5, 1, 1.5, 2.5, 3, 3.5):
            for note in notes:
                bubble = _tone(note - 12, 0.1, _ORGAN, attack=0.004, release=0.02)
                song.play("o", 4 * bar + beat, bubble, 1 if beat in (1, 3) else 0.5)
        root = _chord(name, 2)[0] - (12 if name != "Dm" else 0)
        riff = ((1, 0, 0.8), (2, 7, 0.5), (2.5, 7, 0.5), (3, 12, 0.8)) if bar % 2 == 0 else (
            (0, 12, 0.6), (1, 10, 0.6), (2, 7, 0.9), (3.5, 5, 0.4))  # fmt: skip
        for beat, step, length in riff:
            bass = _tone(root + step, length * song.beat * 1.2, [1, 0.35, 0.12, 0.05], attack=0.01)
            song.play("b", 4 * bar + beat, bass)
    tune = "- 1 E5 1 D5 .5 C5 .5 A4 3 - 3 F5 1 E5 .5 D5 .5 A4 3 - 2 "
    for beat, note, seconds in song.melody(tune + "- 1 D5 1 B4 .5 D5 .5 G5 3 - 2 A4 1 C5 1 E5 4"):
        pipe = _tone(note + 12, seconds + 0.05, _SQUARE[:8], vibrato=0.25, attack=0.04)
        song.play("m", beat, pipe)
    song.drum("........x.......", lambda: _kick(low=46), 1)
    song.drum("........x.......", _rim, 0.5)
    song.drum("o...x.o.o...x.o.", lambda: _hat(song.rng, 0.012), 0.4)
    gains = {"g": 0.4, "o": 0.3, "b": 0.8, "m": 0.22, "d": 0.75}
    return song.master(gains, wet={"g": 0.35, "m": 0.4, "d": 0.12}, room=0.4, drive=1.2, peak=0.8)


def _rock() -> NDArray[np.float32]:
    """A backbeat, overdriven chords that ring, eighths in the bass and a bent lead."""
    song = _Song("rock", 8)
    riff = [(0, "A5"), (0.5, "A5"), (1.5, "G5"), (2, "D5"), (3, "D5"), (3.5, "G5")]
    for bar in range(song.bars):
        times = [beat for beat, _ in riff] + [4]
        for (beat, name), end in zip(riff, times[1:], strict=True):
            root = _chord(name, 2)[0]
            for i, step in enumerate((0, 7, 12, 16 if name != "D5" else 19)):
                string = _pluck(song.rng, root + step, (end - beat) * song.beat, bright=0.8)
                song.play("g", 4 * bar + beat + 0.01 * i, string)
        for i in range(8):
            name = [n for beat, n in riff if beat <= i / 2][-1]
            root = _chord(name, 2)[0]
            note = root - 12 if root > 40 else root
            song.play("b", 4 * bar + i / 2, _pluck(song.rng, note, 0.25, bright=0.5))
    solo = ("A4 1 C5 .5 D5 1 E5 1.5 G5 .5 E5 .5 D5 .5 C5 .5 A4 2 - 1 C5 .5 D5 .5 E5 1 A5 2 G5 .5 "
            "E5 .5 G5 .5 E5 .5 D5 .5 C5 .5 A4 2")  # fmt: skip
    for beat, note, seconds in song.melody(solo, 15):
        lead = _tone(note, seconds + 0.05, _SAW[:40], vibrato=0.35, slide=-1.5, attack=0.01)
        song.play("l", beat, lead)
    song.drum("x.....x.x.x.....", lambda: _kick(low=52, snap=120), 1)
    song.drum("....x.......x...", lambda: _snare(song.rng, half=0.07), 1)
    song.drum("x.x.x.x.x.x.x.x.", lambda: _hat(song.rng, 0.03), 0.45)
    song.play("d", 0, _cymbal(song.rng, 0.4), 0.8)
    song.play("d", 16, _cymbal(song.rng, 0.4), 0.8)
    song.tracks["g"] = _overdrive(song.tracks["g"], 6, 4800)
    song.tracks["l"] = _overdrive(song.tracks["l"], 4, 4500)
    gains = {"g": 0.65, "b": 0.5, "l": 0.45, "d": 0.85}
    return song.master(gains, wet={"l": 0.25}, drive=1.8, peak=0.75)


_PIECES: dict[str, Callable[[], NDArray[np.float32]]] = {
    "blues": _blues, "classical": _classical, "country": _country, "disco": _disco,
    "hiphop": _hiphop, "jazz": _jazz, "metal": _metal, "pop": _pop, "reggae": _reggae,
    "rock": _rock,
}  # fmt: skip


def describe(genre: str) -> str:
    """Say in a sentence what to listen for in the piece of a genre."""
    return str(_PIECES[genre].__doc__)


def compose(genre: str) -> NDArray[np.float32]:
    """Compose the example piece of a genre.

    Parameters
    ----------
    genre : str
        One of `GENRES`.

    Returns
    -------
    ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, full scale [-1, 1], 12 to 16 seconds.

    Raises
    ------
    ValueError
        If there is no piece of that genre.
    """
    if genre not in _PIECES:
        raise ValueError(f"There is no piece of genre {genre!r}; there are: {', '.join(GENRES)}.")
    return _PIECES[genre]()


def write_examples(folder: str | Path) -> list[Path]:
    """Write every piece as Ogg Vorbis.

    Parameters
    ----------
    folder : str or Path
        Where to; made if it does not exist.

    Returns
    -------
    list of Path
        One file per genre, in the order of `GENRES`.
    """
    import soundfile as sf

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{genre}.ogg" for genre in GENRES]
    for path, genre in zip(paths, GENRES, strict=True):
        encoded = io.BytesIO()
        sf.write(encoded, compose(genre), RATE, format="OGG", subtype="VORBIS")
        with written_whole(path) as unfinished:
            unfinished.write_bytes(encoded.getvalue())
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pieces into a folder; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m audionome.report.synth",
        description="Write the ten synthetic pieces of the report, one per genre.",
    )
    parser.add_argument("folder", type=Path, help="where to write; made if it does not exist")
    parser.add_argument(
        "--force", action="store_true", help="write over pieces that are there already"
    )
    options = parser.parse_args(arguments)
    folder: Path = options.folder
    try:
        require_output_folder(folder)
        there = [f"{genre}.ogg" for genre in GENRES if (folder / f"{genre}.ogg").exists()]
        if there and not options.force:
            raise OutputError(
                f'"{folder}" holds {listed(there)} already; --force writes over them.'
            )
        paths = write_examples(folder)
    except AudionomeError as error:
        print(f"{parser.prog}: {printable(str(error))}", file=sys.stderr)
        return 2
    print(f"{len(paths)} pieces: {printable(str(folder))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
