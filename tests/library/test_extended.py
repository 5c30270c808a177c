"""The extended features: truths that are known by hand, and what must not change them."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile as sf
from scipy import linalg

from audionome import audio
from audionome.features import curves, modulation

RATE = audio.SAMPLE_RATE
FRAME_RATE = RATE / 512


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    """Thirty seconds: chords that change, a beat, a little noise."""
    rng = np.random.default_rng(0)
    t = np.arange(30 * RATE) / RATE
    root = np.array([220.0, 174.6, 261.6, 196.0])[np.floor(t / 2).astype(int) % 4]
    tones = sum(np.sin(2 * np.pi * root * k * t) for k in (1, 1.25, 1.5, 2, 3))
    drum = np.exp(-25 * (t % 0.5)) * rng.normal(size=t.size)
    return (0.05 * tones + 0.1 * drum + 0.002 * rng.normal(size=t.size)).astype(np.float32)


def rows_of(samples: np.ndarray) -> np.ndarray:
    return modulation.extract_extended(samples).to_numpy()


@pytest.mark.parametrize(
    ("rate", "band"), [(0.3, 0), (1.6, 1), (3.5, 2), (7.1, 3), (18.0, 4)], ids=str
)
def test_a_curve_falls_into_the_band_of_its_speed(rate: float, band: int) -> None:
    t = np.arange(1292) / FRAME_RATE
    bands = modulation.modulation_bands(np.sin(2 * np.pi * rate * t)[None].astype(np.float32))
    energy = np.mean(np.square(bands[:, 0]), axis=1)
    assert energy.argmax() == band
    assert energy[band] == pytest.approx(0.5, rel=0.3)
    # Nothing is shifted in time.
    shift = np.correlate(bands[band, 0], np.sin(2 * np.pi * rate * t), "same").argmax() - 646
    assert abs(shift) <= 1


def test_log_covariances_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    mixing = rng.normal(size=(5, 3, 3))
    bands = (mixing @ rng.normal(size=(5, 3, 4000))).astype(np.float32)
    got = modulation.log_covariances(bands).reshape(5, 6)
    for k in range(5):
        covariance = np.cov(bands[k], bias=True) + 0.1 * np.eye(3)
        expected = linalg.logm(covariance)
        i, j = np.triu_indices(3)
        scale = np.where(i == j, 1, np.sqrt(2))
        np.testing.assert_allclose(got[k], expected[i, j] * scale, atol=1e-4)


def test_still_curves_have_the_floors_logarithm() -> None:
    still = np.zeros((5, 2, 100), dtype=np.float32)
    expected = np.tile([np.log(0.1), 0, np.log(0.1)], 5)
    np.testing.assert_allclose(modulation.log_covariances(still), expected, atol=1e-6)


def test_contrast_of_a_tone_and_of_noise() -> None:
    frequencies = np.arange(1025) * RATE / 2048
    noise = np.ones((3, 1025), dtype=np.float32)
    np.testing.assert_allclose(curves.spectral_contrast(noise), 0, atol=1e-5)
    tone = np.full((3, 1025), 1e-3, dtype=np.float32)
    tone[:, np.abs(frequencies - 1000).argmin()] = 10
    contrast = curves.spectral_contrast(tone)
    assert contrast.shape == (3, 7)
    assert contrast.argmax(axis=1).tolist() == [3, 3, 3]  # 800 to 1 600 Hz
    assert contrast[0, 0] == pytest.approx(0, abs=1e-5)


def test_tones_and_clicks_are_told_apart() -> None:
    mel = np.full((200, 128), 1e-3, dtype=np.float32)
    mel[:, 40] = 1  # a tone that lasts
    mel[100] = 1  # a click in all bands
    share = curves._harmonic_share(mel)
    np.testing.assert_allclose(share[:90, 40], 1, atol=1e-4)
    np.testing.assert_allclose(share[100, 60:], 0, atol=1e-4)
    assert share.min() >= 0
    assert share.max() <= 1


def test_the_key_does_not_matter() -> None:
    rows = [curves.CURVES.index(name) for name in curves.FAMILIES["chords"]]

    def chord(root: float) -> np.ndarray:
        t = np.arange(6 * RATE) / RATE
        major = sum(np.sin(2 * np.pi * root * 2 ** (k / 12) * t) for k in (0, 4, 7))
        return curves.curves((0.1 * major).astype(np.float32))[rows].mean(axis=1)

    np.testing.assert_allclose(chord(440.0), chord(440.0 * 2 ** (2 / 12)), atol=0.35)


def test_columns_and_rows_agree(music: np.ndarray) -> None:
    table = modulation.extract_extended(music)
    assert table.shape == (10, 3900)
    assert tuple(table.columns) == modulation.EXTENDED_COLUMNS
    assert len(set(modulation.EXTENDED_COLUMNS)) == 3900
    assert np.isfinite(table.to_numpy()).all()
    for column in modulation.EXTENDED_COLUMNS[::97]:
        assert modulation.describe(column).meaning.startswith("How ")
    with pytest.raises(KeyError):
        modulation.describe("tempo")


def test_a_louder_copy_is_the_same(music: np.ndarray) -> None:
    np.testing.assert_allclose(rows_of(3 * music), rows_of(music), atol=2e-3)


def test_another_container_of_the_same_samples_is_the_same(music: np.ndarray) -> None:
    rows = {}
    whole_numbers = np.round(music * 32767).astype(np.int16)
    for kind in ("WAV", "FLAC", "AIFF"):
        buffer = io.BytesIO()
        sf.write(buffer, whole_numbers, RATE, format=kind, subtype="PCM_16")
        rows[kind] = rows_of(audio.load(buffer.getvalue()))
    np.testing.assert_array_equal(rows["WAV"], rows["FLAC"])
    np.testing.assert_array_equal(rows["WAV"], rows["AIFF"])


def test_a_longer_file_keeps_its_first_rows(music: np.ndarray) -> None:
    """Twelve windows: two more rows, from a last block that goes back in time."""
    longer = np.concatenate([music[: 10 * audio.WINDOW_HOP], music[: 2 * audio.WINDOW_HOP]])
    rows = rows_of(longer)
    assert len(rows) == 12
    np.testing.assert_array_equal(rows[:10], rows_of(music))
    np.testing.assert_array_equal(rows[10:], rows_of(longer[2 * audio.WINDOW_HOP :])[-2:])


@pytest.mark.parametrize("seconds", [3, 5, 6.1, 29])
def test_short_clips(music: np.ndarray, seconds: float) -> None:
    rows = rows_of(music[: int(seconds * RATE)])
    assert len(rows) == int(seconds / 3)
    assert np.isfinite(rows).all()


def test_a_clip_without_a_window_is_told(music: np.ndarray) -> None:
    with pytest.raises(audio.TooShortError):
        modulation.extract_extended(music[:RATE])
