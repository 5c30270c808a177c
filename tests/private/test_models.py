"""The released models, held against the music that they were made from."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

import audionome
from audionome import audio
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.features import modulation
from audionome.lab import conformal, predictions, training
from audionome.lab.model_card.released import judged
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.training import calibration
from audionome.lab.training.evaluation import PROBABILITY_COLUMNS
from audionome.models import linear


def test_clips_that_were_learned_from_are_known_again(clips: list[Path]) -> None:
    right = []
    for clip in clips[::3]:
        found = audionome.classify(clip)
        assert found.learned_from == clip.stem
        assert [note.kind for note in found.notes] == ["learned"]
        number = int(clip.stem.split(".")[1])
        assert f"clip {number} of GTZAN" in found.notes[0].text
        right.append(found.genre == clip.stem.split(".")[0])
    # Not a measure of quality, as the model has heard them: the path is whole.
    assert np.mean(right) > 0.8
    samples, _ = sf.read(clips[4], dtype="float32")
    buffer = io.BytesIO()
    sf.write(buffer, np.stack([0.5 * samples] * 2, axis=1), 22050, format="FLAC")
    assert audionome.classify(buffer.getvalue()).learned_from == clips[4].stem
    # They lie where the committed model says that they lie.
    released = audionome.load_classifier("extended")
    for clip in clips[::6]:
        rows = modulation.extract_extended(audio.load(clip)[: 10 * audio.WINDOW_HOP]).to_numpy()
        place = released.model.transformed(rows).mean(axis=0) @ released.index.axes
        (at,) = np.flatnonzero(released.index.tracks == clip.stem)
        committed = released.index.vectors[at].astype(np.float64)
        np.testing.assert_allclose(place, committed, atol=0.05)


def stored_predictions() -> pd.DataFrame:
    table = pd.read_parquet(data_path("results", training.PREDICTIONS))
    return table[table["model"] == "classic"]


def test_a_fold_recomputes(published: Path) -> None:
    """The model of the first fold, fitted again, predicts what is stored."""
    card = json.loads(data_path("models", "classic.json").read_text())
    table = stored_predictions()
    data = training.classic_data(gtzan.load(complete_with=published))
    assert data.sha256() == card["data"]["sha256"]
    train, test = PROTOCOLS[training.CALIBRATED_BY].splits(data.tracks)[0]
    stored = table[(table["protocol"] == training.CALIBRATED_BY) & (table["fold"] == 0)]
    names = data.tracks["track"].to_numpy(dtype=str)[test]
    stored = stored.set_index("track").loc[names.tolist()]
    scores = calibration.track_scores(
        training._fit_classic(data, train), [data.windows[i] for i in test]
    )
    again = calibration.mean_probabilities(scores, float(stored["temperature"].iloc[0]))
    np.testing.assert_allclose(again, stored[PROBABILITY_COLUMNS], atol=1e-4)
    model = linear.Linear.load(data_path("models", "classic.npz"))[0]
    far = training.distances_by_fold(model, data)[test]
    np.testing.assert_allclose(far, stored["distance"], rtol=1e-4)


def test_the_classic_model_was_trained_on_this_table(published: Path) -> None:
    data = training.classic_data(gtzan.load(complete_with=published))
    again = training._fit_classic(data, np.arange(len(data.tracks)))
    released = linear.Linear.load(data_path("models", "classic.npz"))[0]
    np.testing.assert_allclose(again.weights, released.weights, atol=1e-4)
    np.testing.assert_allclose(again.bias, released.bias, atol=1e-4)


def test_music_from_elsewhere(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stored predictions about it are the released model's; soul gets more genres."""
    wild = gtzan.read_wild(shared / "wild" / "wild_3s.parquet")
    classic = audionome.load_classifier("classic")
    of_gtzan = classic.card["calibrations"]["gtzan"]
    calibrated = replace(classic.calibration, temperature=of_gtzan["temperature"])
    monkeypatch.setattr(classic, "calibration", calibrated)
    means = predictions.track_probabilities(classic.predict_proba(wild), wild["track"].to_numpy())
    table = stored_predictions()
    stored = judged(table[table["protocol"] == "wild"]).set_index("track").loc[means.index]
    np.testing.assert_allclose(means, stored[PROBABILITY_COLUMNS], atol=1e-6)
    ((_, limit),) = of_gtzan["set_thresholds"]
    sizes = conformal.in_sets(stored[PROBABILITY_COLUMNS].to_numpy(), limit).sum(axis=1)
    unknown = ~stored["known"].to_numpy(dtype=bool)
    assert sizes[unknown].mean() > sizes[~unknown].mean()
    assert stored.loc[stored["known"], "correct"].mean() >= 0.45
    # What refuses a scaled table lets every table through that was measured.
    published = pd.read_parquet(shared / "gtzan" / "features_3_sec.parquet")
    assert audionome.load_classifier().predict_proba(published).shape == (len(published), 10)
