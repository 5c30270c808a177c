"""Cutting sound into windows at the ear's own rate, and answers about samples."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

import audionome
from audionome import audio
from audionome.audio.cutting import Cutter, cut
from audionome.audio.notes import clock
from audionome.datasets.recordings import recordings
from audionome.models.ear_classifier import EarClassifier

RATE = 16_000


def sound(seconds: float, *, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.cos(2 * np.pi * 440 * t)).astype(np.float32)


def quiet(seconds: float, *, rate: int = RATE) -> np.ndarray:
    return np.zeros(round(seconds * rate), np.float32)


@pytest.mark.parametrize("rate", [16_000, 22_050])
def test_silence_is_left_out_at_any_rate(rate: int) -> None:
    parts = [quiet(2, rate=rate), sound(4, rate=rate), quiet(1.5, rate=rate), sound(3, rate=rate)]
    found = cut(np.concatenate(parts), rate=rate)
    assert found.duration == pytest.approx(10.5)
    assert found.silence == pytest.approx(3.5, abs=0.03)
    # Four seconds, a gap, three more: two windows of three seconds, and the last one once more.
    assert [start for start, _ in found.times] == pytest.approx([2.0, 6.5, 7.5], abs=0.03)
    assert {window.size for window in found.windows} == {3 * rate}


def fading(seconds: float, *, rate: int) -> np.ndarray:
    """Sound of 35 s, and twice as loud for a second, that fades out until the end."""
    t = np.arange(round(seconds * rate)) / rate
    shape = np.where(t < 35, 1.0, np.where(t < 36, 2.0, 10 ** (-(t - 36) / 4)))
    return (0.1 * shape * np.cos(2 * np.pi * 997 * t)).astype(np.float32)


def test_places_are_the_same_whatever_the_blocks_and_the_rate() -> None:
    """Where a sound begins and ends is told by its frames: in samples they differ, in time not."""
    places = []
    for rate in (16_000, 22_050):
        samples = np.concatenate([quiet(1.003, rate=rate), fading(55, rate=rate)])
        for size in (rate // 7, 10 * rate, samples.size):
            cutter = Cutter(rate)
            blocks = (samples[k : k + size] for k in range(0, samples.size, size))
            list(cutter.pieces(blocks, name="it"))
            places.append([*np.ravel(cutter.times), cutter.silence])
    for group in (places[:3], places[3:]):
        assert group[0] == group[1] == group[2]
    np.testing.assert_allclose(places[0], places[3], atol=1e-3)


def test_a_short_silence_belongs_to_the_music() -> None:
    found = cut(np.concatenate([sound(3), quiet(0.9), sound(3)]), rate=RATE)
    assert found.silence == 0
    assert len(found.windows) == 3


@pytest.mark.parametrize(
    ("samples", "error", "said"),
    [
        (quiet(0), audio.EmptyAudioError, "The recording holds no sound at all"),
        (sound(2.96), audio.TooShortError, "The recording lasts 2.9 s"),
        (quiet(5), audio.SilentError, "The recording is silent"),
        (np.concatenate([sound(1), quiet(9)]), audio.TooShortError, "holds 1.0 s of sound"),
        (sound(4) * np.float32(np.nan), audio.NotFiniteError, "samples that are not numbers"),
    ],
)
def test_what_is_no_music_is_refused(
    samples: np.ndarray, error: type[audio.AudioError], said: str
) -> None:
    with pytest.raises(error, match=said):
        cut(samples, rate=RATE)


def test_samples_are_answered_as_their_file_is() -> None:
    """All but what the resampling on the way does, which is little."""
    model = audionome.load_classifier("ear")
    assert isinstance(model, EarClassifier)
    for recording in recordings()[:3]:
        whole = audio.load(recording.path)
        samples = soxr.resample(whole, audio.SAMPLE_RATE, RATE)
        found, expected = model.classify_samples(samples), model.classify(recording.path)
        assert found.genre == expected.genre
        assert found.prediction_set == expected.prediction_set
        assert [tag.name for tag in found.tags] == [tag.name for tag in expected.tags]
        assert list(found.probabilities.values()) == pytest.approx(
            list(expected.probabilities.values()), abs=0.01
        )
        assert len(found.windows) == len(expected.windows)


def test_samples_are_one_row() -> None:
    model = audionome.load_classifier("ear")
    assert isinstance(model, EarClassifier)
    with pytest.raises(ValueError, match="one row"):
        model.classify_samples(np.zeros((2, RATE)))


def test_times_are_written_alike() -> None:
    assert [clock(seconds) for seconds in (4.04, 59.96, 3600)] == ["4.0 s", "1:00 min", "1:00:00 h"]
