"""Every formula of the chapters on features, written out, gives what the extractor measures."""

from __future__ import annotations

import numpy as np
import pytest

from audionome import audio, features
from audionome.features import frames, hpss, rhythm, spectral, stft

N, H, RATE = stft.N_FFT, stft.HOP_LENGTH, audio.SAMPLE_RATE
#: Frames that are looked at: the first, some in the middle, the last.
SOME = (0, 1, 40, 77, 129)


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """Three seconds: a chord that fades, noise that grows, a click twice a second."""
    t = np.arange(audio.WINDOW_LENGTH) / RATE
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6)) * np.exp(-t)
    noise = np.random.default_rng(3).normal(size=t.size) * 0.1 * t
    click = (np.arange(t.size) % (RATE // 2) < 200) * 0.5
    return (0.2 * chord + noise + click).astype(np.float32) / 4


@pytest.fixture(scope="module")
def mirrored(sound: np.ndarray) -> np.ndarray:
    """The sound with half a frame of its mirror image at both ends: x(n - N/2)."""
    return np.pad(sound.astype(np.float64), N // 2, mode="reflect")


@pytest.fixture(scope="module")
def magnitude(mirrored: np.ndarray) -> dict[int, np.ndarray]:
    """A(t, k) of some frames, by the sum itself."""
    n = np.arange(N)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / N)
    waves = np.exp(-2j * np.pi * np.outer(np.arange(N // 2 + 1), n) / N)
    return {t: np.abs(waves @ (mirrored[t * H : t * H + N] * hann)) for t in SOME}


@pytest.fixture(scope="module")
def measured(sound: np.ndarray) -> frames.Frames:
    """What the extractor measures."""
    return frames.frame_features(sound)


def test_the_magnitude(sound: np.ndarray, magnitude: dict[int, np.ndarray]) -> None:
    spectra = np.abs(stft.stft(sound))
    for t, expected in magnitude.items():
        np.testing.assert_allclose(spectra[t], expected, rtol=1e-4, atol=1e-4)


def test_mfcc(measured: frames.Frames) -> None:
    decibels, bands = measured.mel_db.astype(np.float64), stft.N_MELS
    m = np.arange(1, bands + 1)
    for i in range(1, 21):
        scale = np.sqrt((1 if i == 1 else 2) / bands)
        expected = scale * (decibels * np.cos(np.pi * (i - 1) / bands * (m - 0.5))).sum(axis=1)
        np.testing.assert_allclose(measured.mfcc[:, i - 1], expected, rtol=1e-4, atol=1e-3)


def test_the_columns_are_numbered_like_the_formula(
    sound: np.ndarray, measured: frames.Frames
) -> None:
    row = features.extract(sound).iloc[0]
    for i in range(1, 21):
        curve = measured.mfcc[:, i - 1].astype(np.float64)
        assert row[f"mfcc{i}_mean"] == pytest.approx(curve.mean(), rel=1e-4, abs=1e-4)
        assert row[f"mfcc{i}_var"] == pytest.approx(curve.var(), rel=1e-4)


def test_chroma(
    magnitude: dict[int, np.ndarray], measured: frames.Frames, sound: np.ndarray
) -> None:
    power = np.square(np.abs(stft.stft(sound)))
    filters = stft.chroma_filters(stft.estimate_tuning(power)).astype(np.float64)
    for t, a in magnitude.items():
        energy = filters @ a**2
        np.testing.assert_allclose(measured.chroma[t], energy / energy.max(), rtol=1e-3, atol=1e-5)


def test_centroid_bandwidth_and_rolloff(
    magnitude: dict[int, np.ndarray], measured: frames.Frames
) -> None:
    f = np.arange(N // 2 + 1) * RATE / N
    for t, a in magnitude.items():
        c = (f * a).sum() / a.sum()
        assert measured.centroid[t] == pytest.approx(c, rel=1e-4)
        b = np.sqrt(((f - c) ** 2 * a).sum() / a.sum())
        assert measured.bandwidth[t] == pytest.approx(b, rel=1e-4)
        r = next(r for r in range(f.size) if a[: r + 1].sum() >= 0.85 * a.sum())
        assert measured.rolloff[t] == pytest.approx(f[r], abs=1.01 * RATE / N)


def test_rolloff_is_of_the_magnitude_and_not_of_the_energy() -> None:
    # One strong line and thirty weak ones: 3 of 33 of the magnitude, 9 of 39 of the energy.
    spectrum = np.zeros((1, stft.N_BINS), np.float32)
    spectrum[0, 10] = 3
    spectrum[0, 100:130] = 1
    magnitude, energy = (np.cumsum(spectrum[0] ** p) for p in (1, 2))
    ours = spectral.rolloff(spectrum)[0]
    assert ours == stft.FREQUENCIES[np.argmax(magnitude >= 0.85 * magnitude[-1])]
    assert ours != stft.FREQUENCIES[np.argmax(energy >= 0.85 * energy[-1])]


def test_every_description_of_the_rolloff_says_magnitude() -> None:
    for end in ("mean", "var"):
        meaning = features.REGISTRY[f"rolloff_{end}"].meaning
        assert "85 % of the spectrum's magnitude" in meaning
        assert "energy" not in meaning.replace("not of its energy", "")
    assert "magnitude" in str(spectral.rolloff.__doc__)


def test_contrast(magnitude: dict[int, np.ndarray], measured: frames.Frames) -> None:
    f = np.arange(N // 2 + 1) * RATE / N
    for t, a in magnitude.items():
        for b, (low, high) in enumerate(frames.CONTRAST_BANDS[1:-1], start=1):
            # An octave and the bin below it, without its own last.
            first = int(np.searchsorted(f, low)) - 1
            inside = np.sort(a[first : int(np.searchsorted(f, high, side="right")) - 1])
            n = round((inside.size + 1) / 50) or 1
            expected = 10 * np.log10(inside[-n:].mean() / inside[:n].mean())
            assert measured.contrast[t, b] == pytest.approx(expected, abs=0.05), (t, b)


def test_tonnetz(measured: frames.Frames) -> None:
    chroma = measured.chroma.astype(np.float64)
    p = np.arange(12)
    for circle, (turn, radius) in enumerate(((7, 1.0), (9, 1.0), (4, 0.5))):
        angle = 2 * np.pi * turn * p / 12
        for axis, wave in enumerate((np.sin, np.cos)):
            expected = (chroma * radius * wave(angle)).sum(axis=1) / chroma.sum(axis=1)
            got = measured.tonnetz[:, 2 * circle + axis]
            np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-9)


def test_zero_crossings(sound: np.ndarray, measured: frames.Frames) -> None:
    held = np.pad(sound, N // 2, mode="edge")
    for t in SOME:
        s = (held[t * H : t * H + N] < 0).astype(int)
        assert measured.zero_crossing_rate[t] == pytest.approx(np.abs(np.diff(s)).sum() / N)


def test_rms(mirrored: np.ndarray, measured: frames.Frames) -> None:
    for t in SOME[:-1]:
        expected = np.sqrt(np.mean(mirrored[t * H : t * H + N] ** 2))
        assert measured.rms[t] == pytest.approx(expected, rel=1e-5)


def test_the_harmonic_share(sound: np.ndarray) -> None:
    from scipy.ndimage import median_filter

    spectrum = stft.stft(sound)
    a = np.abs(spectrum)
    h = median_filter(a, size=(31, 1), mode="reflect").astype(np.float64)
    p = median_filter(a, size=(1, 31), mode="reflect").astype(np.float64)
    mask = h**2 / (h**2 + p**2)
    expected = stft.istft((spectrum * mask).astype(np.complex64))
    np.testing.assert_allclose(hpss.harmonic(spectrum, a), expected, atol=1e-5)


def test_onset_strength(measured: frames.Frames) -> None:
    decibels = measured.mel_db
    for t in (10, 60, 100):
        rise = np.median(np.maximum(0, decibels[t] - decibels[t - 1]))
        # The curve is moved to where the frame of a stroke has its middle.
        assert measured.onset_strength[t + N // (2 * H)] == pytest.approx(rise, abs=1e-5)


def test_autocorrelation_meets_at_the_beat() -> None:
    onsets = np.zeros(700, np.float32)
    onsets[::43] = 1  # a beat every 43 frames
    bpm, strength = rhythm.tempo_strength(onsets)
    lags = 60 * RATE / (H * bpm)
    assert strength[np.argmin(np.abs(lags - 43))] > 0.8
    assert strength[np.argmin(np.abs(lags - 30))] < 0.1
