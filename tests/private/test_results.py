"""The committed results, made again from the complete tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audionome import audio
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.lab import crossval, protocols, store
from audionome.lab.studies import (
    contrast_tonnetz,
    decomposition,
    importance,
    learning_curve,
    loudness,
    replay,
)


@pytest.fixture(scope="module")
def complete(published: Path) -> gtzan.Gtzan:
    return gtzan.load(complete_with=published)


@pytest.fixture(scope="module")
def wild(shared: Path) -> pd.DataFrame:
    return gtzan.read_wild(shared / "wild" / "wild_3s.parquet")


@pytest.fixture(scope="module")
def rows(complete: gtzan.Gtzan, wild: pd.DataFrame) -> pd.DataFrame:
    """The rows that the committed results were made from."""
    return crossval.evaluation_rows(complete, wild)


def read(name: str) -> pd.DataFrame:
    """One stored table with plain words."""
    table = pd.read_parquet(data_path("results", f"{name}.parquet"))
    return table.astype(dict.fromkeys(table.select_dtypes("category"), str))


def test_cheap_models_recompute(rows: pd.DataFrame, tmp_path: Path) -> None:
    names = ["model", "variant", "protocol", "level", "split"]
    measures = ["accuracy", "accuracy_low", "accuracy_high", "macro_f1", "log_loss", "ece", "n"]
    runs = [
        crossval.Run(model, variant, protocol, 0)
        for model, variant in (("dummy", "tuned"), ("lda", "tuned"), ("logistic", "study"))
        for protocol in ("random-windows", "fault-filtered", "wild")
    ]
    got = crossval.evaluate(rows, tmp_path, runs=runs, jobs=1).set_index(names)
    stored = store.load().scores.set_index(names).reindex(got.index)
    assert len(got) >= 2 * 2 * len(runs)
    # The regression stops before it has converged: the last bits of another processor may turn
    # one answer in a few hundred.
    for model, tolerance in (("dummy", 1e-6), ("lda", 1e-6), ("logistic", 4e-3)):
        pd.testing.assert_frame_equal(
            got.loc[[model], measures], stored.loc[[model], measures], atol=tolerance, rtol=0
        )


def test_every_stored_run_carries_its_stamp_and_every_track_its_artist(
    rows: pd.DataFrame,
) -> None:
    stored = crossval._finished(data_path("results"), data_path("results", ".parts"))
    assert set(stored) == set(crossval.planned_runs())
    versions = crossval.data_versions(
        {name: crossval._in_domain(rows, name) for name in protocols.LADDER}
    )
    for run, stamp in stored.items():
        assert stamp == crossval._stamp(run, versions[run.variant, run.protocol]), run

    again = rows.astype({"track": str}).groupby("track")["artist"].first()
    artists = read("artists").set_index("track")["artist"]
    pd.testing.assert_series_equal(
        artists.sort_index(), again.sort_index(), check_dtype=False, check_names=False
    )


def test_a_sample_of_every_study_recomputes(
    complete: gtzan.Gtzan, wild: pd.DataFrame, clips: list[Path], published: Path
) -> None:
    """A last bit of another processor may turn one prediction in a few hundred."""
    rows = crossval.evaluation_rows(complete)
    again = importance.losses(rows, folds=[0], groups=[0, 5])
    stored = read("importance_tracks").set_index(["group", "track"])
    same = stored.loc[pd.MultiIndex.from_frame(again[["group", "track"]])]
    for column in ("correct", "shuffled"):
        off = np.abs(same[column].to_numpy(float) - again[column].to_numpy(float))
        assert off.mean() < 0.01, column

    again = learning_curve.outcomes(rows, sizes=[50], models=[("lda", "tuned")])
    stored = read("learning_curve_tracks")
    stored = stored[(stored["model"] == "lda") & (stored["tracks"] == 50)].set_index("track")
    off = stored["correct"].loc[again["track"]].to_numpy() != again["correct"].to_numpy()
    assert off.mean() < 0.005

    again = decomposition.outcomes(rows, models=[("logistic", "study")], draws=0)
    keys = ["model", "variant", "training", "track"]
    stored = read("decomposition_tracks").set_index(keys)["right"]
    off = stored.loc[pd.MultiIndex.from_frame(again[keys])].to_numpy() != again["right"].to_numpy()
    assert off.mean() < 0.005

    again, stored = loudness.predict(complete, wild), loudness.load()
    np.testing.assert_array_equal(stored["artist"], again["artist"])
    np.testing.assert_array_equal(stored["genre"].astype(str), again["genre"].astype(str))
    for name in ("all", "level_free"):
        assert (stored[name].astype(str) != again[name]).mean() < 0.005

    # Contrast and tonnetz of the genre of which we have the fewest clips.
    measured = complete.tracks.set_index("track")["measured"]
    own = [p for p in clips if p.stem.startswith("disco.") and measured[p.stem]]
    values = np.concatenate([contrast_tonnetz.measure(audio.load(path)) for path in own])
    stored = contrast_tonnetz.load()
    stored = stored[stored["genre"] == "disco"].set_index("feature")
    assert (stored["n_clips"] == len(own)).all()
    assert (stored["n_windows"] == len(values)).all()
    wanted = np.quantile(values, (0.05, 0.5, 0.95), axis=0)
    got = stored.loc[list(contrast_tonnetz.FEATURES), ["p05", "p50", "p95"]].to_numpy().T
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-6)

    table = gtzan.read_published(published, list(COLUMNS))
    models = ("logistic", "tree", "knn", "knn_printed")
    again = replay.replay(table, models=models)
    stored = replay.load().rows.merge(again, on=["track", "window"], validate="one_to_one")
    assert len(stored) == len(again) == len(table)
    for name in models:
        assert (stored[f"{name}_x"] == stored[f"{name}_y"]).mean() > 0.998, name
