"""The spread of contrast and tonnetz: equal to the pictures' numbers, and what ships is whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf

from audionome import audio
from audionome.datasets.gtzan import GENRES
from audionome.features.frames import frame_features
from audionome.lab.studies import contrast_tonnetz


def test_a_window_has_the_means_of_its_frames(tone: np.ndarray) -> None:
    rows = contrast_tonnetz.measure(tone)
    assert rows.shape == (3, len(contrast_tonnetz.FEATURES))
    frames = frame_features(audio.windows(tone)[1])
    told = np.concatenate([frames.contrast.mean(axis=0), frames.tonnetz.mean(axis=0)])
    np.testing.assert_allclose(rows[1], told, rtol=1e-4, atol=1e-5)


def test_clips_are_counted_by_their_folder(tmp_path: Path, tone: np.ndarray) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(tone.size).astype(np.float32)
    clips = []
    for genre, sound in (("jazz", tone), ("metal", noise)):
        (tmp_path / genre).mkdir()
        sf.write(tmp_path / genre / "a.wav", sound, 22050)
        clips.append(tmp_path / genre / "a.wav")
    found = contrast_tonnetz.summarise(clips).set_index(["feature", "genre"])
    assert set(found["n_clips"]) == {1}
    assert set(found["n_windows"]) == {3}
    band = "contrast 400 to 800 Hz"  # holds the tone
    assert found.loc[(band, "jazz"), "p50"] > found.loc[(band, "metal"), "p50"] + 10
    assert (found["p05"] <= found["p25"]).all()
    assert (found["p75"] <= found["p95"]).all()


def test_what_ships_has_every_genre_and_feature_in_its_range() -> None:
    found = contrast_tonnetz.load()
    assert set(found["genre"]) == set(GENRES)
    assert found.drop_duplicates("genre")["n_clips"].sum() == 856
    for name, rows in found.groupby("feature"):
        feature = contrast_tonnetz.FEATURES[str(name)]
        assert len(rows) == len(GENRES)
        assert rows["p05"].min() >= feature.low
        assert rows["p95"].max() <= feature.high
