"""Frame-level features: known truths, the classic columns and librosa's numbers."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from audionome import audio, features
from audionome.features import frames, stft
from audionome.features.frames import CONTRAST_BANDS, PITCH_CLASSES, frame_features
from audionome.report import synth

RATE = audio.SAMPLE_RATE
N = audio.WINDOW_LENGTH
TIME = np.arange(N) / RATE


def sine(hz: float) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * TIME)).astype(np.float32)


NOISE = (0.1 * np.random.default_rng(0).normal(size=N)).astype(np.float32)
#: C5, E5 and G5 as plain sines: lower ones are too close for the frames to part them.
TRIAD = np.asarray(sum(sine(hz) for hz in (523.25, 659.26, 783.99)) / 3, dtype=np.float32)


def inner(curve: np.ndarray) -> np.ndarray:
    """Without the frames that see the reflected ends."""
    return curve[4:-4]


def test_the_number_of_threads_changes_no_digit() -> None:
    measured = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            measured.append(asdict(frame_features(NOISE)))
    one, two = measured
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name], err_msg=name)


def test_every_curve_has_a_value_per_frame() -> None:
    got = frame_features(TRIAD)
    n = 1 + N // 512
    shapes = {"waveform": (n, 2), "mel_db": (n, 128), "mfcc": (n, 20), "chroma": (n, 12),
              "contrast": (n, 7), "tonnetz": (n, 6)}  # fmt: skip
    for name, values in vars(got).items():
        if name not in {"tempo", "tempo_bpm", "tempo_strength"}:
            assert values.shape == shapes.get(name, (n,)), name
            assert np.isfinite(values).all(), name
    assert got.times[1] == pytest.approx(512 / RATE)
    assert got.times[-1] == pytest.approx(N / RATE, abs=512 / RATE)


def test_the_curves_average_to_the_columns_of_the_table() -> None:
    piece = synth.compose("disco")[:N]
    row, got = features.extract(piece).iloc[0], frame_features(piece)
    curves = {
        "chroma_stft": got.chroma, "rms": got.rms, "spectral_centroid": got.centroid,
        "spectral_bandwidth": got.bandwidth, "rolloff": got.rolloff,
        "zero_crossing_rate": got.zero_crossing_rate,
    } | {f"mfcc{i}": got.mfcc[:, i - 1] for i in range(1, 21)}  # fmt: skip
    for name, curve in curves.items():
        assert row[f"{name}_mean"] == pytest.approx(np.mean(curve, dtype=float), rel=1e-4), name
        assert row[f"{name}_var"] == pytest.approx(np.var(curve, dtype=float), rel=1e-3), name
    assert row["tempo"] == got.tempo


def test_a_tone_in_time() -> None:
    got = frame_features(sine(1000))
    np.testing.assert_allclose(inner(got.centroid), 1000, rtol=0.01)
    np.testing.assert_allclose(inner(got.rms), 0.5 / np.sqrt(2), rtol=0.01)
    np.testing.assert_allclose(inner(got.zero_crossing_rate), 2000 / RATE, rtol=0.03)
    np.testing.assert_allclose(inner(got.waveform), [[-0.5, 0.5]] * (1 + N // 512 - 8), atol=0.01)
    # All of it is sustained.
    assert inner(got.percussive).max() < 0.05 * inner(got.harmonic).min()
    assert inner(got.mel_db).argmax(axis=1).min() == np.abs(
        stft.mel_frequencies() - 1000).argmin()  # fmt: skip


def test_a_click_is_percussive_and_an_onset() -> None:
    clicks = np.zeros(N, dtype=np.float32)
    clicks[RATE :: RATE // 2] = 0.9
    got = frame_features(clicks)
    assert got.percussive.max() > 5 * got.harmonic.max()
    heard = got.times[got.onset_strength > 0.5 * got.onset_strength.max()]
    assert heard[0] == pytest.approx(1.0, abs=0.07)
    assert got.tempo == pytest.approx(120, rel=0.03)


# -- spectral contrast --------------------------------------------------------------------


def test_a_tone_has_its_contrast_where_it_sounds() -> None:
    contrast = inner(frame_features(sine(1000)).contrast)
    band = next(k for k, (low, high) in enumerate(CONTRAST_BANDS) if low <= 1000 < high)
    assert (contrast.argmax(axis=1) == band).all()
    assert contrast[:, band].min() > 25


def test_white_noise_has_little_contrast() -> None:
    noise, tones = (inner(frame_features(x).contrast).mean(axis=0) for x in (NOISE, TRIAD))
    # Magnitudes of noise follow a Rayleigh law: its extreme fiftieths lie about 13 dB apart.
    n = np.sqrt(-2 * np.log(np.random.default_rng(1).random(100_000)))
    n.sort()
    expected = 10 * np.log10(n[-2000:].mean() / n[:2000].mean())
    assert noise[-2:] == pytest.approx(expected, abs=1)
    assert tones[2] > noise.max() + 10


def test_contrast_of_a_flat_spectrum_is_zero() -> None:
    flat = np.full((3, 1025), 0.7, dtype=np.float32)
    np.testing.assert_allclose(frames.spectral_contrast(flat), 0, atol=1e-5)
    # One bin ten times as strong as the rest of its octave: 10 dB, for the peak is that bin alone.
    flat[:, 25] *= 10
    np.testing.assert_allclose(
        frames.spectral_contrast(flat), [[0, 10, 0, 0, 0, 0, 0]] * 3, atol=1e-4
    )


# -- tonnetz ------------------------------------------------------------------------------


def one(*names: str) -> np.ndarray:
    return np.array([[float(name in names) for name in PITCH_CLASSES]])


def test_a_single_note_lies_on_the_circles() -> None:
    for name in PITCH_CLASSES:
        x = frames.tonnetz(one(name))[0]
        np.testing.assert_allclose(np.hypot(x[::2], x[1::2]), [1, 1, 0.5], rtol=1e-12)
    np.testing.assert_allclose(frames.tonnetz(one("C"))[0], [0, 1, 0, 1, 0, 0.5], atol=1e-12)


def test_the_place_of_c_major() -> None:
    # By hand: C, E and G turn by 0, 4 x 7 and 7 x 7 twelfths on the circle of fifths; the
    # other two circles likewise, by 9 and by 4.
    degrees = {7: (0, 120, 30), 9: (0, 0, 90), 4: (0, 120, 120)}
    expected = []
    for radius, angles in zip((1, 1, 0.5), map(np.deg2rad, degrees.values()), strict=True):
        expected += [radius * np.sin(angles).mean(), radius * np.cos(angles).mean()]
    np.testing.assert_allclose(frames.tonnetz(one("C", "E", "G"))[0], expected, atol=1e-12)


def test_tonnetz_hears_the_triad_and_not_the_noise() -> None:
    heard, noise = (inner(frame_features(x).tonnetz).mean(axis=0) for x in (TRIAD, NOISE))
    clean = frames.tonnetz(one("C", "E", "G"))[0]
    assert heard @ clean > 0.97 * np.linalg.norm(heard) * np.linalg.norm(clean)
    assert np.linalg.norm(noise) < 0.1


def test_related_chords_are_neighbours() -> None:
    def place(*names: str) -> np.ndarray:
        return frames.tonnetz(one(*names))[0]

    c = place("C", "E", "G")
    a_minor, f_sharp = place("A", "C", "E"), place("F#", "A#", "C#")
    assert np.linalg.norm(c - a_minor) < 0.5 * np.linalg.norm(c - f_sharp)


def test_silence_and_scale_do_not_matter_to_tonnetz() -> None:
    np.testing.assert_array_equal(frames.tonnetz(np.zeros((2, 12))), 0)
    np.testing.assert_allclose(frames.tonnetz(3 * one("D", "A")), frames.tonnetz(one("D", "A")))


# -- librosa ------------------------------------------------------------------------------


@pytest.mark.parametrize("genre", ["classical", "metal", "reggae"])
def test_librosas_numbers(genre: str) -> None:
    librosa = pytest.importorskip("librosa")
    piece = synth.compose(genre)
    got = frame_features(piece)
    spectrum = np.abs(librosa.stft(piece, pad_mode="reflect"))
    contrast = librosa.feature.spectral_contrast(S=spectrum, sr=RATE)
    np.testing.assert_allclose(got.contrast, contrast.T, atol=2e-3)
    chroma = librosa.feature.chroma_stft(S=spectrum**2, sr=RATE)
    np.testing.assert_allclose(got.chroma, chroma.T, atol=1e-3)
    np.testing.assert_allclose(
        got.tonnetz, librosa.feature.tonnetz(chroma=got.chroma.T).T, atol=1e-5
    )
    onsets = librosa.onset.onset_strength(y=piece, sr=RATE, aggregate=np.median, pad_mode="reflect")
    np.testing.assert_allclose(got.onset_strength, onsets[: got.times.size], atol=2e-3)
    np.testing.assert_allclose(
        stft.mel_frequencies()[40:], librosa.mel_frequencies(130, fmax=RATE / 2)[41:-1], rtol=0.01
    )


def test_zero_padding_is_what_librosa_does_now() -> None:
    librosa = pytest.importorskip("librosa")
    piece = synth.compose("blues")[:N]
    got = frame_features(piece, pad_mode="constant")
    new = librosa.feature.mfcc(y=piece, sr=RATE, n_mfcc=20).T
    np.testing.assert_allclose(got.mfcc, new, atol=0.02)
    assert np.abs(frame_features(piece).mfcc - new).max() > 1


# -- tempo and errors ---------------------------------------------------------------------


def test_the_strongest_pace_is_the_tempo() -> None:
    for genre in ("disco", "jazz", "country"):
        got = frame_features(synth.compose(genre))
        assert 30 <= got.tempo_bpm.min() < got.tempo_bpm.max() <= 320
        prior = -0.5 * np.log2(got.tempo_bpm / 120) ** 2
        best = got.tempo_bpm[np.argmax(np.log1p(1e6 * got.tempo_strength) + prior)]
        assert best == got.tempo
        assert np.abs(got.tempo_strength).max() <= 1


@pytest.mark.parametrize("samples", [np.zeros(N), np.ones(100), np.full(N, np.nan)])
def test_what_cannot_be_measured_is_said(samples: np.ndarray) -> None:
    with pytest.raises(audio.AudioError):
        frame_features(samples.astype(np.float32))
