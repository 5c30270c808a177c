"""The details below an answer: the stretch, its frames and key, and the outline."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile as sf

import audionome
from audionome import audio
from audionome.app import details
from audionome.audio import AudioError
from audionome.features import frames
from audionome.features.key import estimate_key
from audionome.models.context import likeliest_stretch
from audionome.models.prediction import Prediction


def wav(samples: np.ndarray) -> bytes:
    data = io.BytesIO()
    sf.write(data, samples, audio.SAMPLE_RATE, format="WAV", subtype="FLOAT")
    return data.getvalue()


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """42 seconds of clicks; the last three windows are ten times as loud."""
    samples = np.zeros(14 * audio.WINDOW_HOP, np.float32)
    samples[::11025] = 0.05
    samples[11 * audio.WINDOW_HOP :] *= 10
    return samples


@pytest.fixture(scope="module")
def answer(sound: np.ndarray) -> Prediction:
    return audionome.classify(wav(sound))


def test_the_frames_are_those_of_the_stretch(sound: np.ndarray, answer: Prediction) -> None:
    found = details.measure_details(wav(sound), answer)
    first, last = likeliest_stretch(answer.windows, answer.genre)
    # The last window ends with the last click, and so overlaps the one before.
    bounds = answer.windows[first].start, answer.windows[last - 1].end
    begin, end = (round(seconds * audio.SAMPLE_RATE) for seconds in bounds)
    part = sound[begin:end]
    expected = frames.frame_features(part)
    assert found.start == answer.windows[first].start
    np.testing.assert_allclose(found.frames.mel_db, expected.mel_db, atol=1e-3)
    np.testing.assert_allclose(found.frames.rms, expected.rms, rtol=1e-4)
    assert found.key.name == estimate_key(part).name


def test_the_outline_covers_the_recording(sound: np.ndarray, answer: Prediction) -> None:
    found = details.measure_details(wav(sound), answer, points=70)
    assert found.outline.shape == (70, 2)
    assert found.outline[:, 0].max() == 0  # clicks are positive
    assert found.outline[:55, 1].max() == pytest.approx(0.05, rel=1e-4)
    assert found.outline[55:, 1].min() == pytest.approx(0.5, rel=1e-4)


def test_a_short_recording_has_fewer_points(answer: Prediction) -> None:
    samples = np.zeros(audio.WINDOW_LENGTH, np.float32)
    samples[::5000] = 0.5
    found = details.measure_details(wav(samples), audionome.classify(wav(samples)))
    assert found.outline.shape == (30, 2)
    assert found.outline[:, 1].max() == pytest.approx(0.5, rel=1e-4)


def test_what_cannot_be_decoded_raises_as_elsewhere(answer: Prediction) -> None:
    with pytest.raises(AudioError):
        details.measure_details(b"Roses are red", answer)
