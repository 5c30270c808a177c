"""The tempo of a recording: known tempi, no beat, doubt, and files that are no ranker."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

import audionome
from audionome._paths import data_path
from audionome.audio import SAMPLE_RATE
from audionome.errors import ModelError
from audionome.features.onsets import CANDIDATES, DESCRIPTION, Rhythm, onset_bands
from audionome.features.tempo import (
    ALTERNATIVE_FROM,
    Tempo,
    TempoTracker,
    combine,
    estimate_tempo,
    load_ranker,
)

Samples = NDArray[np.float32]


def clicks(bpm: float, *, seconds: float = 30, quiet: float = 1.0, every: int = 2) -> Samples:
    """Short tones at a tempo; all but every second, third, … one quieter."""
    t = np.arange(round(0.15 * SAMPLE_RATE)) / SAMPLE_RATE
    click = 0.5 * np.exp(-t / 0.03) * np.sin(2 * np.pi * 1000 * t)
    samples = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
    for k in range(int(seconds * bpm / 60) + 1):
        start = round(k * 60 / bpm * SAMPLE_RATE)
        if start + click.size <= samples.size:
            samples[start : start + click.size] += (1 if k % every == 0 else quiet) * click
    return samples


def noise(seconds: float = 30, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.normal(size=round(seconds * SAMPLE_RATE))).astype(np.float32)


# -- known tempi --------------------------------------------------------------------------


@pytest.mark.parametrize("bpm", [60, 90, 120, 174])
def test_a_click_track_has_its_tempo(bpm: float) -> None:
    found = estimate_tempo(clicks(bpm))
    assert found.bpm == pytest.approx(bpm, rel=0.005)
    assert found.probability > 0.5


@pytest.mark.parametrize("seconds", [3, 10, 45, 100])
def test_a_short_and_a_long_one_have_the_same(seconds: float) -> None:
    assert estimate_tempo(clicks(97, seconds=seconds)).bpm == pytest.approx(97, rel=0.01)


def test_level_does_not_matter() -> None:
    quiet = clicks(120) + 0.01 * noise()
    loud = estimate_tempo(40 * quiet)
    assert loud.bpm == pytest.approx(estimate_tempo(quiet).bpm, rel=1e-3)
    assert loud.probability == pytest.approx(estimate_tempo(quiet).probability, abs=0.02)


def test_silence_around_the_sound_changes_nothing() -> None:
    alone = estimate_tempo(clicks(90, seconds=20))
    padded = np.pad(clicks(90, seconds=20), (2 * SAMPLE_RATE, 5 * SAMPLE_RATE))
    assert estimate_tempo(padded).bpm == pytest.approx(alone.bpm, rel=1e-3)
    long = np.pad(clicks(90, seconds=20), (0, 120 * SAMPLE_RATE))
    assert estimate_tempo(long).bpm == pytest.approx(alone.bpm, rel=1e-3)


def test_silence_that_is_left_out_of_the_answer_makes_no_beat(tmp_path: Path) -> None:
    # Bursts of noise, further apart than a beat can be: joined, they would come every 0.4 s.
    rng = np.random.default_rng(0)
    samples = np.zeros(60 * SAMPLE_RATE, np.float32)
    burst = round(0.4 * SAMPLE_RATE)
    for second in np.cumsum(rng.uniform(1.6, 3.2, size=18)):
        start = round(second * SAMPLE_RATE)
        samples[start : start + burst] = 0.1 * rng.normal(size=burst)
    sf.write(tmp_path / "bursts.wav", samples, SAMPLE_RATE)
    answer = audionome.classify(tmp_path / "bursts.wav")
    assert answer.silence > 30
    assert answer.tempo.bpm != pytest.approx(150, rel=0.04)
    heard = estimate_tempo(audionome.audio.load(tmp_path / "bursts.wav"))
    assert answer.tempo.bpm == pytest.approx(heard.bpm, rel=1e-6)


def test_blocks_of_any_size_give_one_answer() -> None:
    samples = clicks(120, seconds=100) + 0.01 * noise(100)
    found = []
    for size in (1000, 66_150, samples.size):
        tracker = TempoTracker()
        for start in range(0, samples.size, size):
            tracker.add(samples[start : start + size])
        found.append(tracker.tempo())
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_every_container_gives_the_same_tempo(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip.{suffix}"
    both = np.stack([clicks(120, seconds=12)] * 2, axis=1)
    sf.write(path, np.repeat(both, 2, axis=0), 2 * SAMPLE_RATE)
    assert audionome.classify(path).tempo.bpm == pytest.approx(120, rel=0.005)


# -- which level --------------------------------------------------------------------------


def test_accents_on_every_second_beat_leave_a_medium_tempo_as_it_is() -> None:
    assert estimate_tempo(clicks(120, quiet=0.3)).bpm == pytest.approx(120, rel=0.01)
    assert estimate_tempo(clicks(90, quiet=0.3)).bpm == pytest.approx(90, rel=0.01)


def test_accents_on_every_second_beat_halve_a_very_fast_tempo() -> None:
    # As most people tap: 100 with eighths, not 200.
    assert estimate_tempo(clicks(200, quiet=0.3)).bpm == pytest.approx(100, rel=0.01)


def test_doubt_names_another_level_of_the_beat() -> None:
    bpm = np.array([120.0, 60.2, 90.0])
    told = combine([(30.0, bpm, np.array([0.5, 0.25, 0.2]))])
    assert told == Tempo(pytest.approx(120), pytest.approx(0.5), pytest.approx(60.2))
    # Neither what is no other level, nor what is improbable.
    unlikely = ALTERNATIVE_FROM - 0.01
    assert combine([(30.0, bpm, np.array([0.5, unlikely, 0.3]))]).alternative is None


def test_stretches_add_up_by_their_length() -> None:
    long, short = (40.0, np.array([100.0]), np.array([0.45])), (20.0, np.array([75.0]), np.ones(1))
    told = combine([long, short])
    assert (told.bpm, told.probability) == (pytest.approx(75), pytest.approx(1 / 3))
    told = combine([long, (20.0, np.array([101.0]), np.array([0.8]))])
    assert 100 < told.bpm < 101
    assert told.probability == pytest.approx((40 * 0.45 + 20 * 0.8) / 60)
    # A few beats in an hour of noise are no tempo.
    assert combine([long, (3600.0, np.zeros(0), np.zeros(0))]) == Tempo(0.0, 0.0, None)


# -- no beat ------------------------------------------------------------------------------


def tone(*hertz: float) -> Samples:
    t = np.arange(30 * SAMPLE_RATE) / SAMPLE_RATE
    return (0.2 * np.sum([np.sin(2 * np.pi * f * t) for f in hertz], axis=0)).astype(np.float32)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(30 * SAMPLE_RATE, np.float32),
        noise(),
        noise(4, seed=1),
        tone(440),
        tone(441.3),
        tone(220, 277.2, 329.6),
        np.round(tone(440) * 300) / 32768,
        tone(440)[: SAMPLE_RATE // 100],
    ],
    ids=["silence", "noise", "short noise", "tone", "tone 2", "chord", "quantised", "one moment"],
)
def test_what_has_no_beat_gets_no_tempo(samples: Samples) -> None:
    assert estimate_tempo(samples) == Tempo(0.0, 0.0, None)


def test_noise_has_no_tempo_whatever_its_length() -> None:
    lengths = np.random.default_rng(0).uniform(3, 40, size=20)
    told = [estimate_tempo(noise(s, seed=k)).bpm for k, s in enumerate(lengths)]
    assert told == [0.0] * len(lengths)


@pytest.mark.parametrize("samples", [np.zeros((2, 100)), np.zeros(0)])
def test_samples_must_be_mono(samples: Samples) -> None:
    with pytest.raises(ValueError, match="one-dimensional"):
        estimate_tempo(samples)


# -- what a candidate is described by -----------------------------------------------------


def test_every_candidate_is_described() -> None:
    rhythm = Rhythm.of(clicks(120) + 0.02 * noise())
    rows = rhythm.describe()
    assert rows.shape == (rhythm.bpm.size, len(DESCRIPTION))
    assert 2 <= rhythm.bpm.size <= CANDIDATES
    assert np.isfinite(rows).all()
    assert len(set(DESCRIPTION)) == len(DESCRIPTION)
    np.testing.assert_allclose(2 ** rows[:, 0], rhythm.bpm)
    right = int(np.abs(rhythm.bpm - 120).argmin())
    named = dict(zip(DESCRIPTION, rows[right], strict=True))
    # Every half second a click: the curve is itself after one beat, and another after half of one.
    assert named["autocorrelation at 1 periods"] > 0.8
    assert named["autocorrelation at 0.5 periods"] < 0.2
    assert named["onsets per beat, log2"] == pytest.approx(0, abs=0.3)


def test_onsets_rise_where_the_sound_begins() -> None:
    samples = np.concatenate([0.01 * noise(1), noise(1)])
    bands = onset_bands(samples)
    assert bands.shape[0] == 4
    peak = bands.mean(axis=0).argmax() * 256 / SAMPLE_RATE
    assert peak == pytest.approx(1, abs=0.06)


# -- the ranker's files -------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("tempo.json", "tempo.npz"):
        shutil.copy(data_path("models", name), tmp_path)
    return tmp_path


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the arrays, and the card's hash with them."""
    with np.load(folder / "tempo.npz") as file:
        arrays = {name: file[name].copy() for name in file.files}
    change(arrays)
    data = io.BytesIO()
    np.savez(data, **arrays)
    (folder / "tempo.npz").write_bytes(data.getvalue())
    card = json.loads((folder / "tempo.json").read_text())
    card["arrays_sha256"] = hashlib.sha256(data.getvalue()).hexdigest()
    (folder / "tempo.json").write_text(json.dumps(card))


def put(name: str, value: Any, at: Any = (0, 0)) -> Callable[[dict[str, Any]], None]:
    def change(arrays: dict[str, Any]) -> None:
        arrays[name][at] = value

    return change


def test_a_copy_of_the_files_is_the_same_ranker(copy: Path) -> None:
    rows = Rhythm.of(clicks(120)).describe()
    np.testing.assert_array_equal(load_ranker(copy).scores(rows), load_ranker().scores(rows))


@pytest.mark.parametrize(
    "change",
    [
        put("left", 0, (0, slice(None))),  # a circle
        put("right", 999),
        put("column", len(DESCRIPTION)),
        put("column", -1),
        put("threshold", np.nan),
        put("threshold", np.inf),  # of a branch
        put("value", np.inf, (0, -1)),
        put("bias", np.nan, ()),
        lambda arrays: arrays.pop("value"),
        lambda arrays: arrays.update(more=np.zeros(3)),
        lambda arrays: arrays.update(left=arrays["left"].astype(float)),
        lambda arrays: arrays.update(value=arrays["value"][:, :-1]),
        lambda arrays: arrays.update(column=arrays["column"][0]),
        lambda arrays: arrays.update(value=arrays["value"].astype(object)),
    ],
)
def test_arrays_that_are_no_trees_are_refused(
    copy: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    rewrite(copy, change)
    with pytest.raises(ModelError, match="audionome lab tempo"):
        load_ranker(copy)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"arrays_sha256": "0"},
        {"description": list(DESCRIPTION[:-1])},
        {"scale": 0},
        {"scale": True},
        {"scale": float("nan")},
        {"none": None},
        {"none": "1"},
    ],
)
def test_a_card_that_is_none_is_refused(copy: Path, change: dict[str, Any]) -> None:
    card = json.loads((copy / "tempo.json").read_text()) | change
    (copy / "tempo.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="not the model of tempo"):
        load_ranker(copy)


@pytest.mark.parametrize("name", ["tempo.json", "tempo.npz"])
def test_bytes_that_are_no_model_are_refused(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"\x00 nothing")
    with pytest.raises(ModelError, match="not the model of tempo"):
        load_ranker(copy)
    (copy / name).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_ranker(copy)
