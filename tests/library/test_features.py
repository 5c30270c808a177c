"""The 57 classic features: known answers, invariants, librosa and the published table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reference import ABSOLUTE, window_features

from audionome import audio, features
from audionome.datasets import gtzan
from audionome.features import COLUMNS, REGISTRY, gtzan57, hpss, rhythm, stft
from audionome.features import folder as folders
from audionome.features.median import WIDTH, sliding_median
from audionome.features.window import Window

RATE = audio.SAMPLE_RATE
N = audio.WINDOW_LENGTH
TIME = np.arange(N) / RATE


def row(samples: np.ndarray) -> pd.Series:
    return features.extract(samples.astype(np.float32)).iloc[0]


# -- known answers ------------------------------------------------------------------------


def test_sine() -> None:
    bin_100 = 100 * RATE / 2048
    got = row(0.5 * np.sin(2 * np.pi * bin_100 * TIME))
    # The last frames see the reflection at the window's end: a kink that is not the sine's.
    assert got["spectral_centroid_mean"] == pytest.approx(bin_100, rel=0.02)
    # A Hann window spreads a sine over three bins as 1:2:1: 85 % is reached in the third.
    assert got["rolloff_mean"] == pytest.approx(bin_100 + RATE / 2048, abs=RATE / 2048)
    assert got["rms_mean"] == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)
    assert got["zero_crossing_rate_mean"] == pytest.approx(2 * bin_100 / RATE, rel=0.02)
    assert got["spectral_bandwidth_mean"] < 60
    # A steady tone is harmonic: the percussive part keeps next to nothing of its energy.
    assert got["harmony_var"] == pytest.approx(0.125, rel=0.02)
    assert got["perceptr_var"] < 1e-3


def test_constant() -> None:
    got = row(np.full(N, 0.25))
    assert got["rms_mean"] == pytest.approx(0.25, rel=1e-6)
    assert got["rms_var"] == pytest.approx(0, abs=1e-12)
    assert got["zero_crossing_rate_mean"] == 0
    assert got["tempo"] == 0
    assert got["spectral_centroid_mean"] < 20


def test_white_noise() -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=N)
    got = row(noise)
    # A flat spectrum has its centre at half the Nyquist frequency, spread as a uniform law.
    assert got["spectral_centroid_mean"] == pytest.approx(RATE / 4, rel=0.01)
    assert got["spectral_bandwidth_mean"] == pytest.approx(RATE / 2 / np.sqrt(12), rel=0.01)
    assert got["rolloff_mean"] == pytest.approx(0.85 * RATE / 2, rel=0.01)
    assert got["zero_crossing_rate_mean"] == pytest.approx(0.5, rel=0.01)
    assert got["rms_mean"] == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize("frames_per_beat", [15, 21, 43])
def test_clicks_have_their_tempo(frames_per_beat: int) -> None:
    clicks = np.zeros(N)
    noise = np.random.default_rng(0).normal(size=N)
    for start in range(0, N - 400, 512 * frames_per_beat):
        clicks[start : start + 400] = noise[start : start + 400] * np.linspace(0.5, 0, 400)
    expected = 60 * RATE / (512 * frames_per_beat)
    # A tempo may be heard at half or double.
    ratio = row(clicks)["tempo"] / expected
    assert min(abs(np.log2(ratio) - octave) for octave in (-1, 0, 1)) < 1e-6


def test_clicks_are_percussive() -> None:
    clicks = np.zeros(N)
    clicks[5000::11025] = 0.9
    got = row(clicks)
    assert got["perceptr_var"] > 50 * got["harmony_var"]


@pytest.mark.parametrize("pitch_class", range(12))
def test_chroma_finds_the_note(pitch_class: int) -> None:
    note = 440.0 * 2 ** ((pitch_class - 9) / 12)
    sine = np.sin(2 * np.pi * note * TIME).astype(np.float32)
    chroma = stft.chroma(np.square(np.abs(stft.stft(sine))))
    assert np.all(chroma[5:-5].argmax(axis=1) == pitch_class)


@pytest.mark.parametrize("width", [WIDTH, 15, 3])
@pytest.mark.parametrize("n", [31, 32, 46, 47, 1000])
def test_the_sliding_median_is_the_median(n: int, width: int) -> None:
    rng = np.random.default_rng(n)
    for values in (rng.normal(size=n), rng.integers(0, 3, n), np.zeros(n), np.arange(n)[::-1]):
        values = np.ascontiguousarray(values, dtype=np.float32)
        expected = np.median(np.lib.stride_tricks.sliding_window_view(values, width), axis=1)
        np.testing.assert_array_equal(sliding_median(values, width=width), expected)


def test_the_medians_of_the_separation_are_scipys() -> None:
    from scipy.ndimage import median_filter

    values = np.random.default_rng(0).random((40, 77)).astype(np.float32)
    for ours, size in (
        (hpss.median_over_bins, (1, WIDTH)),
        (hpss.median_over_frames, (WIDTH, 1)),
    ):
        np.testing.assert_array_equal(
            ours(values), median_filter(values, size=size, mode="reflect")
        )


# -- invariants ---------------------------------------------------------------------------


def test_a_louder_copy_changes_only_what_the_registry_says(clips: list[Path]) -> None:
    samples = audio.load(clips[0])[: 2 * audio.WINDOW_HOP]
    names = list(REGISTRY)
    quiet, loud = (features.extract(samples * gain, columns=names) for gain in (0.25, 1))
    for name, feature in REGISTRY.items():
        same = np.allclose(quiet[name], loud[name], rtol=1e-4, atol=ABSOLUTE.get(name, 0))
        assert same != feature.level_dependent, name


def test_a_longer_clip_keeps_its_first_windows(tone: np.ndarray) -> None:
    whole = features.extract(tone)
    part = features.extract(tone[: 2 * audio.WINDOW_HOP])
    assert len(whole) == 3
    pd.testing.assert_frame_equal(whole.iloc[:2], part, check_exact=True)


def test_extract_refuses_what_audio_refuses() -> None:
    with pytest.raises(audio.TooShortError):
        features.extract(np.ones(1000, np.float32))
    with pytest.raises(audio.NotFiniteError):
        features.extract(np.full(N, np.nan, np.float32))


def test_columns_alone_are_those_of_the_whole_table(clips: list[Path]) -> None:
    samples = audio.load(clips[3])[: 2 * audio.WINDOW_HOP]
    whole = features.extract(samples)
    for names in (features.LEVEL_FREE, ["tempo"], ["mfcc3_var", "rms_mean"], ["perceptr_var"]):
        part = features.extract(samples, columns=names)
        pd.testing.assert_frame_equal(part, whole[list(names)], check_exact=True)


def test_what_is_not_asked_for_is_not_computed(
    tone: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room, name in ((hpss, "harmonic"), (stft, "chroma"), (rhythm, "tempo")):
        monkeypatch.setattr(room, name, lambda *_: pytest.fail("not needed"))
    columns = [c for c in features.LEVEL_FREE if c != "tempo" and "chroma" not in c]
    assert features.extract_array(tone, columns=columns).shape == (3, 47)


def test_an_unknown_column_is_named(tone: np.ndarray) -> None:
    with pytest.raises(ValueError, match="no feature 'loudness'"):
        features.extract(tone, columns=["tempo", "loudness"])


def test_level_free_columns() -> None:
    assert set(COLUMNS) - set(features.LEVEL_FREE) == {
        *("rms_mean", "rms_var", "harmony_mean", "harmony_var", "perceptr_mean", "perceptr_var"),
        "mfcc1_mean",
    }


def test_progress_is_told(tone: np.ndarray) -> None:
    told: list[float] = []
    features.extract(tone, progress=told.append)
    assert told == pytest.approx([1 / 3, 2 / 3, 1.0])


# -- registry -----------------------------------------------------------------------------


def test_every_entry_of_the_registry_is_whole() -> None:
    assert list(REGISTRY)[:57] == list(COLUMNS)
    assert len(COLUMNS) == 57  # those of the published tables; what is added comes behind them
    for feature in REGISTRY.values():
        assert feature.meaning.endswith(".")
        assert feature.unit
        assert feature.source
        assert feature.low < feature.high


def test_committed_values_lie_in_their_ranges() -> None:
    windows = gtzan.load_windows()
    for name in COLUMNS:
        feature = REGISTRY[name]
        assert windows[name].between(feature.low, feature.high).all(), name


def test_measured_values_lie_in_their_ranges(pieces: list[Path]) -> None:
    """Of every entry, also of those that no stored table has."""
    table = features.extract(audio.load(pieces[5])[: 2 * audio.WINDOW_HOP], columns=list(REGISTRY))
    for name, feature in REGISTRY.items():
        assert table[name].between(feature.low, feature.high).all(), name


# -- librosa and the published table ------------------------------------------------------


def test_filter_banks_are_librosas() -> None:
    librosa = pytest.importorskip("librosa")
    mel = librosa.filters.mel(sr=RATE, n_fft=2048)
    np.testing.assert_allclose(stft.mel_filters(), mel, rtol=1e-5, atol=1e-9)
    for tuning in (-0.5, -0.13, 0.0, 0.27):
        chroma = librosa.filters.chroma(sr=RATE, n_fft=2048, tuning=tuning)
        np.testing.assert_allclose(stft.chroma_filters(tuning), chroma, rtol=1e-5, atol=1e-9)


def test_equals_librosa(pieces: list[Path], clips: list[Path], tone: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(size=N).astype(np.float32)
    cases = [audio.windows(audio.load(path))[1] for path in [*pieces, *clips[::3]]]
    cases += [tone[:N], 0.1 * noise, np.where(TIME < 1, 0, 0.1 * noise).astype(np.float32)]
    for samples in cases:
        got, expected = gtzan57.window_features(samples), window_features(samples)
        error = np.abs(got - expected)
        bound = 1e-4 * np.abs(expected) + [ABSOLUTE.get(c, 0) for c in COLUMNS]
        assert not (error > bound).any(), np.array(COLUMNS)[error > bound]


# -- a folder -----------------------------------------------------------------------------


def test_an_interrupted_folder_goes_on(
    tone: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import soundfile as sf

    folder = tmp_path / "music"
    folder.mkdir()
    for name in "abc":
        sf.write(folder / f"{name}.wav", tone, RATE)
    (folder / "broken.mp3").write_text("no music")
    out = tmp_path / "out.parquet"
    calls: list[str] = []
    extract = folders.extract_array

    def interrupted(samples: np.ndarray) -> np.ndarray:
        calls.append("x")
        if len(calls) == 3:
            raise KeyboardInterrupt
        return extract(samples)

    monkeypatch.setattr(folders, "extract_array", interrupted)
    with pytest.raises(KeyboardInterrupt):
        folders.measure_folder(folder, out, jobs=1)
    result = folders.measure_folder(folder, out, jobs=1)
    assert len(calls) == 4  # a and b were kept, only c was measured again
    assert sorted(result.table["track"].unique()) == ["a", "b", "c"]
    assert list(result.failed) == [str(folder / "broken.mp3")]
    assert "broken.mp3" in result.failed[str(folder / "broken.mp3")]
    assert [p.name for p in tmp_path.iterdir() if "unfinished" in p.name] == []
    assert pd.read_parquet(out).equals(result.table)


def test_a_folder_without_audio(tmp_path: Path) -> None:
    with pytest.raises(audio.UnreadableFileError, match="holds no audio"):
        folders.measure_folder(tmp_path, tmp_path / "x.parquet")


def test_equal_names_are_told_apart_by_their_folders(tone: np.ndarray, tmp_path: Path) -> None:
    import soundfile as sf

    folder = tmp_path / "music"
    for name in ("blues/01.wav", "rock/01.wav", "rock/01.flac", "rock/other.wav"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        sf.write(folder / name, tone[: 4 * RATE], RATE)
    table = folders.measure_folder(folder, tmp_path / "x.csv", jobs=1).table
    assert table["track"].tolist() == ["blues/01", "other", "rock/01.flac", "rock/01.wav"]
    assert table["genre"].tolist() == ["blues", "rock", "rock", "rock"]
    assert pd.read_csv(tmp_path / "x.csv")["track"].tolist() == table["track"].tolist()
    record = json.loads((tmp_path / "x.csv.json").read_text())
    assert sorted(record["clips"]) == sorted(table["track"])


def test_csv_has_the_bytes_that_pandas_writes(tone: np.ndarray, tmp_path: Path) -> None:
    import soundfile as sf

    folder = tmp_path / 'a, "b"'
    folder.mkdir()
    sf.write(folder / "one.wav", tone, RATE)
    sf.write(folder / "two.wav", 0.01 * tone[::-1], RATE)
    measured = folders.measure_folder(folder, tmp_path / "x.csv", jobs=1)
    assert measured.n_windows == len(measured.table) == 6
    expected = measured.table.to_csv(index=False, lineterminator="\n")
    assert (tmp_path / "x.csv").read_text() == expected


# -- extractors ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(features.EXTRACTORS))
def test_an_extractor_measures_block_by_block(name: str) -> None:
    noise = 0.1 * np.random.default_rng(0).normal(size=12 * audio.WINDOW_HOP + 30_000)
    cuts = range(0, noise.size, audio.WINDOW_HOP)
    blocks = [noise[i : i + audio.WINDOW_HOP].astype(np.float32) for i in cuts]
    extractor = features.load_extractor(name)
    taken = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal taken
        for block in blocks:
            taken += 1
            yield block

    rows = 0
    for found in extractor.measure(counted()):
        rows += len(found)
        assert rows == taken  # a row for each block that was taken, and none is held back
        assert found.shape[1] == len(extractor.names)
    assert rows == len(blocks)
    # Some of the columns are those of the whole.
    some = extractor.names[5::11]
    part = np.concatenate(list(features.load_extractor(name, some).measure(blocks)))
    whole = np.concatenate(list(extractor.measure(blocks)))
    np.testing.assert_array_equal(part, whole[:, 5::11])
    assert extractor.describe(some[0]).name == some[0]
    with pytest.raises(ValueError, match="polka"):
        features.load_extractor(name, ["polka"])


def test_an_unknown_extractor_is_named() -> None:
    with pytest.raises(ValueError, match="no extractor 'polka'; there are: gtzan57, modulation"):
        features.load_extractor("polka")


def test_a_new_feature_is_one_function_and_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    from audionome.features import registry

    def crest(window: Window) -> np.ndarray:
        return np.abs(window.samples).max() / np.sqrt(np.mean(window.samples**2))

    family = features.Family(crest, "1", 1.0, np.inf, "peak over rms", "here", published=False)
    monkeypatch.setitem(features.FAMILIES, "crest", family)
    for column in registry.columns_of("crest", family):  # as at import
        monkeypatch.setitem(features.REGISTRY, column.name, column)
    sine = np.sin(2 * np.pi * 440 * TIME)
    table = features.extract(sine.astype(np.float32), columns=["crest_mean", "crest_var"])
    assert table.loc[0, "crest_mean"] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert table.loc[0, "crest_var"] == 0
    assert "crest_mean" not in COLUMNS
