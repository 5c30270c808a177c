"""The whole ladder on sixty made-up tracks: every protocol, cheap models, from rows to scores."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import toy
from sklearn.exceptions import ConvergenceWarning

from audionome.datasets import gtzan
from audionome.errors import AudionomeError
from audionome.features import COLUMNS
from audionome.lab import crossval, estimators, metrics
from audionome.lab import scores as rescored
from audionome.lab.protocols import LADDER, PROTOCOLS
from audionome.lab.splitters import GroupedFolds

CHEAP = [("dummy", "tuned"), ("knn", "study"), ("logistic", "study"), ("tree", "study")]
KEYS = ["model", "variant", "protocol", "level", "split"]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return toy.rows()


@pytest.fixture(scope="module")
def folder(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results of all cheap models under all protocols."""
    folder = tmp_path_factory.mktemp("results")
    runs = [
        run
        for run in crossval.planned_runs([model for model, _ in CHEAP])
        if (run.model, run.variant) in CHEAP
    ]
    assert {run.protocol for run in runs} == set(LADDER)
    # One that is tuned, which takes longer.
    runs += crossval.planned_runs(["lda"], ["fault-filtered"])
    crossval.evaluate(rows, folder, runs=runs, jobs=1)
    return folder


@pytest.fixture(scope="module")
def scores(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "scores.parquet").astype(dict.fromkeys(KEYS, str))


def accuracy(scores: pd.DataFrame, model: str, protocol: str, level: str = "window") -> float:
    (found,) = scores.loc[
        (scores["model"] == model)
        & (scores["protocol"] == protocol)
        & (scores["level"] == level)
        & (scores["split"] == "test"),
        "accuracy",
    ]
    return float(found)


def test_the_sixty_tracks_are_what_they_should_be(rows: pd.DataFrame) -> None:
    own = rows[rows["domain"] == "gtzan"]
    assert own["track"].nunique() == 60
    assert own["artist"].nunique() == 30
    assert set(rows["domain"]) == {"gtzan", "wild", "unknown"}
    members = own.drop_duplicates("track")["fault_filtered"].value_counts().to_dict()
    assert members == {"train": 20, "test": 20, "valid": 10, "": 10}
    # A recording that comes twice is nearer to itself than to any other.
    pairs = gtzan.near_repetitions(toy.dataset().windows, distance=4)
    assert pairs == [(f"{genre}.00004", f"{genre}.00005") for genre in sorted(gtzan.GENRES)]


def test_every_protocol_keeps_its_promise(rows: pd.DataFrame) -> None:
    for protocol in LADDER.values():
        protocol.check(rows.iloc[protocol.eligible(rows)].reset_index(drop=True))


def test_every_rung_has_every_score(scores: pd.DataFrame) -> None:
    assert not scores.duplicated(KEYS).any()
    got = set(scores.loc[scores["split"] == "test", KEYS[:4]].itertuples(index=False, name=None))
    assert got == {
        (*model, protocol, level)
        for model in CHEAP
        for protocol in LADDER
        for level in ("window", "track")
    } | {("lda", "tuned", "fault-filtered", level) for level in ("window", "track")}
    tested = scores[(scores["split"] == "test") & (scores["level"] == "track")]
    n = tested.groupby("protocol")["n"].unique().map(list).to_dict()
    assert n["track-grouped"] == n["artist-grouped"] == [60]
    assert n["fault-filtered"] == n["wild"] == [20]


def test_the_ladder_falls_where_artists_are_kept_apart(scores: pd.DataFrame) -> None:
    """An artist moves a feature more than a genre does, and so does a recording that is known."""
    for model in ("knn", "logistic"):
        shuffled, by_track, by_artist, wild = (
            accuracy(scores, model, name)
            for name in ("random-windows", "track-grouped", "artist-grouped", "wild")
        )
        assert shuffled > 0.95
        assert shuffled >= by_track > by_artist + 0.1
        assert wild < shuffled - 0.1
    for protocol in LADDER:
        assert accuracy(scores, "dummy", protocol) <= 0.2


@pytest.mark.parametrize("protocol", LADDER)
def test_scores_are_those_of_scikit_learn(
    protocol: str, rows: pd.DataFrame, scores: pd.DataFrame
) -> None:
    """The nearest neighbours, fitted and counted without any of the lab's bookkeeping."""
    rung = LADDER[protocol]
    table = rows.iloc[rung.eligible(rows)].reset_index(drop=True)
    X, y = table[list(COLUMNS)].to_numpy(np.float64), table["genre"].to_numpy(dtype=str)
    right = []
    for parts in rung.parts(table, y, rung.groups_of(table)):
        model = estimators.MODELS["knn"].make("study").fit(X[parts.train], y[parts.train])
        right.append(model.predict(X[parts.test]) == y[parts.test])
    assert accuracy(scores, "knn", protocol) == pytest.approx(np.concatenate(right).mean())


def test_a_second_evaluation_changes_nothing(
    rows: pd.DataFrame, folder: Path, scores: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crossval, "_fit", lambda *_: pytest.fail("nothing is left to do"))
    runs = [
        run
        for run in crossval.planned_runs([model for model, _ in CHEAP])
        if (run.model, run.variant) in CHEAP
    ]
    again = crossval.evaluate(rows, folder, runs=runs, jobs=1)
    pd.testing.assert_frame_equal(
        again.astype(dict.fromkeys(KEYS, str))[scores.columns], scores, check_dtype=False
    )


def test_a_new_rung_is_one_entry(
    rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = replace(LADDER["artist-grouped"], name="five-folds", splitter=GroupedFolds("artist", 5))
    for registry in (LADDER, PROTOCOLS):
        monkeypatch.setitem(registry, new.name, new)
    runs = crossval.planned_runs(["dummy"], [new.name])
    assert [run.fold for run in runs] == list(range(5))
    assert set(runs) <= set(crossval.planned_runs())
    found = crossval.evaluate(rows, tmp_path, runs=runs, jobs=1)
    assert set(found["protocol"]) == {"five-folds"}
    assert set(found.loc[found["split"] == "test", "n"]) == {240, 60}


def test_a_new_metric_needs_no_new_fit(
    folder: Path, scores: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "scores.parquet").unlink()
    again = rescored.renew(tmp_path)
    stored = pd.read_parquet(tmp_path / "scores.parquet")
    pd.testing.assert_frame_equal(stored.astype(again.dtypes), again)
    pd.testing.assert_frame_equal(again[scores.columns], scores, check_dtype=False)

    monkeypatch.setitem(
        metrics.METRICS,
        "error",
        lambda y_true, y_pred, p, w: 1 - metrics.accuracy(y_true, y_pred, weights=w),
    )
    monkeypatch.setattr(rescored, "MEASURES", [*rescored.MEASURES, "error"])
    tested = rescored.renew(tmp_path).query("split == 'test'")
    np.testing.assert_allclose(tested["error"], 1 - tested["accuracy"])
    (tmp_path / "predictions.parquet").unlink()
    with pytest.raises(AudionomeError, match=r"predictions\.parquet.*audionome lab evaluate"):
        rescored.renew(tmp_path)


@pytest.mark.parametrize("name", [name for name, spec in estimators.MODELS.items() if spec.study])
def test_every_model_of_the_study_can_be_fitted(name: str, rows: pd.DataFrame) -> None:
    own = rows[rows["domain"] == "gtzan"]
    X, y = own[list(COLUMNS)].to_numpy(np.float64), own["genre"].to_numpy(dtype=str)
    half = np.arange(len(y)) % 2 == 0
    model = estimators.MODELS[name].make("study")
    if name == "boosting":  # three hundred rounds take a minute
        model.set_params(classify__n_estimators=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[half], y[half])
    y_pred, proba = estimators.predictions(model, X[~half])
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert np.mean(y_pred == y[~half]) > 0.5
