"""The ladder: runs resume, results recompute, measures are scikit-learn's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import toy
from sklearn import metrics

from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.lab import bootstrap, crossval, estimators, protocols, scores, store, studies
from audionome.lab.metrics import expected_calibration_error
from audionome.lab.predictions import PROBABILITY_COLUMNS, track_probabilities
from audionome.lab.studies import importance, learning_curve

GENRES = np.array(gtzan.GENRES)


@pytest.fixture(scope="module")
def committed() -> store.Results:
    return store.load()


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return toy.rows()


# -- measures -----------------------------------------------------------------------------


def made_up(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """True and predicted genres, probabilities and tracks of five windows each."""
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(10), n)
    tracks = np.array([f"t{i // 5:03d}" for i in range(n)])
    return GENRES[rng.integers(0, 10, n)], GENRES[proba.argmax(axis=1)], proba, tracks


def test_tallies_of_folds_add_up_to_scikit_learns_measures() -> None:
    y_true, y_pred, proba, tracks = made_up(500)
    halves = [slice(0, 203), slice(203, 500)]
    rows = [
        SimpleNamespace(**scores.tally(y_true[h], y_pred[h], proba[h], tracks[h])) for h in halves
    ]
    artists = pd.Series(np.arange(100) // 4, index=[f"t{i:03d}" for i in range(100)])
    got = scores._of_tallies(rows, artists)
    assert (got["n"], got["tracks"], got["artists"]) == (500, 100, 25)
    assert got["accuracy"] == pytest.approx(metrics.accuracy_score(y_true, y_pred))
    assert got["macro_f1"] == pytest.approx(metrics.f1_score(y_true, y_pred, average="macro"))
    assert got["log_loss"] == pytest.approx(metrics.log_loss(y_true, proba))
    error = expected_calibration_error(proba.max(axis=1), y_true == y_pred)
    assert got["ece"] == pytest.approx(error)
    # The interval is that of the predictions one by one.
    found = bootstrap.mean_interval(y_true == y_pred, artists.loc[tracks])
    assert (got["accuracy_low"], got["accuracy_high"]) == pytest.approx((found.low, found.high))
    assert got["design_effect"] == pytest.approx(
        bootstrap.design_effect(y_true == y_pred, artists.loc[tracks])
    )


def _measures(table: pd.DataFrame) -> dict[str, float]:
    proba = table[PROBABILITY_COLUMNS].to_numpy(np.float64)
    proba /= proba.sum(axis=1, keepdims=True)
    return {
        "accuracy": metrics.accuracy_score(table["genre"], table["predicted"]),
        "macro_f1": metrics.f1_score(table["genre"], table["predicted"], average="macro"),
        "log_loss": metrics.log_loss(table["genre"], proba, labels=GENRES),
        "n": len(table),
    }


def test_scores_are_those_of_the_stored_predictions(committed: store.Results) -> None:
    known = committed.predictions[committed.predictions["genre"].isin(gtzan.GENRES)]
    table_of = committed.scores.set_index(["model", "variant", "protocol", "level", "split"])
    checked = 0
    for key, table in known.groupby(["model", "variant", "protocol"], observed=True):
        if (*key, "window", "test") not in table_of.index:
            continue
        checked += 1
        tracks = table.groupby("track", observed=True)
        by_track = pd.DataFrame({"genre": tracks["genre"].first()})
        by_track[PROBABILITY_COLUMNS] = tracks[PROBABILITY_COLUMNS].mean()
        best = by_track[PROBABILITY_COLUMNS].to_numpy().argmax(axis=1)
        by_track["predicted"] = GENRES[best]
        for level, answers in (("window", table), ("track", by_track)):
            stored = table_of.loc[(*key, level, "test")]
            for name, value in _measures(answers).items():
                # Half-precision rows do not sum to one exactly, hence the log loss' margin.
                margin = 0.02 if name == "log_loss" else 1.5 / stored["n"]
                assert stored[name] == pytest.approx(value, abs=margin), (key, level, name)
    assert checked >= 30


# -- committed results --------------------------------------------------------------------


def test_results_are_small_and_fresh(committed: store.Results) -> None:
    assert sum(p.stat().st_size for p in data_path("results").glob("*.*")) < 14_000_000
    assert committed.scores["accuracy"].between(0, 1).all()
    assert (committed.scores["accuracy_low"] <= committed.scores["accuracy"]).all()
    assert (committed.scores["accuracy_high"] >= committed.scores["accuracy"]).all()


def test_stale_results_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in filter(Path.is_file, data_path("results").iterdir()):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    store.load(folder=tmp_path)
    with monkeypatch.context() as other:
        other.setattr(crossval, "RECIPE", crossval.RECIPE + 1)
        with pytest.raises(store.StaleResultsError, match="audionome lab evaluate"):
            store.load(folder=tmp_path)
    for name in studies.RECIPES:
        with monkeypatch.context() as other:
            other.setitem(studies.RECIPES, name, studies.RECIPES[name] + 1)
            with pytest.raises(store.StaleResultsError, match="audionome lab analyse"):
                store.load(folder=tmp_path)
    with monkeypatch.context() as other:
        other.setattr(scores, "RECIPE", scores.RECIPE + 1)
        with pytest.raises(store.StaleResultsError, match="audionome lab score"):
            store.load(folder=tmp_path)
    record = json.loads((tmp_path / "studies.json").read_text())
    record["sources"]["tracks.parquet"] = "other"
    (tmp_path / "studies.json").write_text(json.dumps(record))
    with pytest.raises(store.StaleResultsError, match="audionome lab analyse"):
        store.load(folder=tmp_path)
    (tmp_path / "evaluation.json").unlink()
    with pytest.raises(store.StaleResultsError, match="missing"):
        store.load(folder=tmp_path)


def test_an_interrupted_evaluation_goes_on(
    rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [crossval.Run("dummy", "tuned", "artist-grouped", k) for k in range(10)]
    fits: list[int] = []
    fit = crossval._fit

    def interrupted(run: crossval.Run, table: pd.DataFrame, parts: protocols.Parts) -> dict:
        fits.append(run.fold)
        if len(fits) == 4:
            raise KeyboardInterrupt
        return fit(run, table, parts)

    monkeypatch.setattr(crossval, "_fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        crossval.evaluate(rows, tmp_path, runs=chosen, jobs=1)
    found = crossval.evaluate(rows, tmp_path, runs=chosen, jobs=1)
    assert sorted(fits) == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9]
    tested = found[found["split"] == "test"].set_index("level")["n"]
    assert tested.to_dict() == {"window": 240, "track": 60}

    # Nothing is left to do, and a changed stamp makes a run due again.
    fits.clear()
    crossval.evaluate(rows, tmp_path, runs=chosen, jobs=1)
    assert fits == []
    monkeypatch.setattr(crossval, "RECIPE", crossval.RECIPE + 1)
    crossval.evaluate(rows, tmp_path, runs=chosen[:2], jobs=1)
    assert fits == [0, 1]


def test_track_answers_are_means_of_windows() -> None:
    mean = track_probabilities(np.array([[0.6, 0.4], [0.1, 0.9]]), ["t", "t"])
    np.testing.assert_allclose(mean.to_numpy(), [[0.35, 0.65]])


def test_stamps_follow_data_recipe_and_settings(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = crossval.Run("svc", "study", "wild", 0)
    some = rows.iloc[:200]
    version = crossval.data_version(some)
    assert crossval.data_version(some.assign(genre="x")) != version
    assert crossval.data_version(some.assign(tempo=some["tempo"] + 1)) != version
    stamp = crossval._stamp(run, version)
    assert crossval._stamp(run, "other") != stamp
    assert crossval._stamp(crossval.Run("svc", "tuned", "wild", 0), version) != stamp
    monkeypatch.setattr(crossval, "RECIPE", crossval.RECIPE + 1)
    assert crossval._stamp(run, version) != stamp


def test_the_studies_carry_their_stamps() -> None:
    stored = json.loads(data_path("results", "studies.json").read_text())
    assert {name: stored[name] for name in studies.RECIPES} == json.loads(
        json.dumps(studies.stamps())
    )
    assert store.load(folder=data_path("results")) is not None


def test_settings_are_what_was_chosen_and_no_more() -> None:
    assert estimators.MODELS["svc"].settings("study") == {
        "steps": [
            ["StandardScaler", {}],
            ["SVC", {"C": 10, "cache_size": 1000, "decision_function_shape": "ovo"}],
        ],
        "space": [],
    }
    tuned = estimators.MODELS["lda"].settings("tuned")
    assert tuned["space"] == [{"classify__shrinkage": ["auto", 0.1, 0.3]}]
    assert tuned["steps"][0] == ["PowerTransformer", {}]


def test_words_are_in_no_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(protocols.PROTOCOLS["wild"], leaks="Other.", title="Other.", summary="Other.")
    assert other == protocols.PROTOCOLS["wild"]
    monkeypatch.setitem(protocols.PROTOCOLS, "wild", other)
    monkeypatch.setitem(protocols.LADDER, "wild", other)
    store.load()


# -- models -------------------------------------------------------------------------------


def test_study_hyperparameters_are_the_studys() -> None:
    wanted = {
        "logistic": {"max_iter": 200, "solver": "lbfgs"},
        "sgd": {"max_iter": 200, "learning_rate": "constant", "eta0": 0.01, "penalty": "l2"},
        "forest": {"n_estimators": 81, "max_depth": 10},
        "svc": {"C": 10, "kernel": "rbf", "gamma": "scale"},
        "knn": {"n_neighbors": 6},
        "tree": {"max_depth": 15, "criterion": "entropy", "class_weight": "balanced"},
        "boosting": {"n_estimators": 300, "learning_rate": 0.2, "loss": "log_loss"},
    }
    for name, settings in wanted.items():
        got = estimators.MODELS[name].make("study")[-1].get_params()
        assert {k: got[k] for k in settings} == settings
        assert estimators.MODELS[name].study_accuracy is not None
    assert [n for n, m in estimators.MODELS.items() if m.study] == list(wanted)


@pytest.mark.parametrize("name", ["logistic", "sgd", "svc", "knn", "tree", "lda"])
def test_answers_are_predictions(name: str) -> None:
    rng = np.random.default_rng(0)
    y = np.repeat(GENRES[:4], 40)
    X = rng.normal(size=(160, 6)) + np.repeat(rng.normal(size=(4, 6)), 40, axis=0)
    spec = estimators.MODELS[name]
    fitted = spec.make(spec.variants[0]).fit(X, y)
    given, proba = estimators.predictions(fitted, X)
    np.testing.assert_array_equal(given, fitted.predict(X))
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(proba, estimators.probabilities(fitted, X))


def test_tuning_sees_only_what_it_is_given() -> None:
    rng = np.random.default_rng(0)
    y = np.tile(GENRES[:3], 160)
    X = rng.normal(size=(480, 5))
    X[:, 0] += np.tile([0, 2, 4], 160)
    artists = np.arange(480) // 6
    chosen = estimators.tune(estimators.MODELS["knn"], X, y, artists)
    assert (
        chosen["classify__n_neighbors"]
        in estimators.MODELS["knn"].space[0]["classify__n_neighbors"]
    )
    assert estimators.tune(estimators.MODELS["dummy"], X, y, artists) == {}


# -- studies ------------------------------------------------------------------------------


def test_correlated_groups() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 57))
    values[:, 5] = np.exp(values[:, 3])  # the same order: Spearman 1
    values[:, 9] = -values[:, 3]
    groups = importance.correlated_groups(values)
    names = np.array(COLUMNS)
    assert groups[0] == list(names[[3, 5, 9]])
    assert sum(map(len, groups)) == 57
    assert len(groups) == 55


def _easy() -> pd.DataFrame:
    """Forty tracks by forty artists whose genre is told by one feature alone."""
    rng = np.random.default_rng(0)
    n = 200
    rows = pd.DataFrame(rng.normal(size=(n * 2, 57)), columns=list(COLUMNS))
    genre = np.repeat(np.tile(GENRES, n // 10), 2)
    rows["tempo"] = 10.0 * pd.Categorical(genre, categories=GENRES).codes
    track = np.repeat([f"t{i}" for i in range(n)], 2)
    meta = {"track": track, "window": np.tile([0, 1], n), "genre": genre}
    rows = rows.assign(**meta, artist=np.repeat(np.arange(n), 2), fault_filtered="")
    return rows.assign(domain="gtzan")


def test_importance_finds_the_only_feature_that_matters() -> None:
    lost = importance.losses(_easy(), model="tree", repeats=2)
    table = importance.summarise(lost, model="tree")
    assert table["group"].iloc[0] == "tempo"
    assert table["drop"].iloc[0] > 0.7
    assert table["low"].iloc[0] > 0.5
    assert table["verdict"].iloc[0] == "better"
    assert (table["drop"].iloc[1:].abs() < 0.05).all()
    assert (table["verdict"].iloc[1:] == "cannot be told apart").all()
    # A part of the study is what it is in the whole.
    part = importance.losses(_easy(), model="tree", repeats=2, folds=[3], groups=[1])
    whole = lost[(lost["fold"] == 3) & (lost["group"] == part["group"].iloc[0])]
    pd.testing.assert_frame_equal(part, whole.reset_index(drop=True))


def test_the_learning_curve_rises() -> None:
    found = learning_curve.outcomes(_easy(), sizes=(20, 150), models=[("tree", "study")])
    curve = learning_curve.summarise(found)
    assert curve["tracks"].tolist() == [20, 150]
    assert curve["accuracy"].iloc[1] > 0.95
    assert curve["gain"].iloc[1] == pytest.approx(curve["accuracy"].diff().iloc[1])
    assert curve["verdict"].to_list() == ["", "better"]
    assert np.isnan(curve["gain"].iloc[0])


def test_runs_of_other_data_are_not_kept(rows: pd.DataFrame, tmp_path: Path) -> None:
    one, other = crossval.planned_runs(["dummy", "lda"], ["fault-filtered"])[:2]
    crossval.evaluate(rows, tmp_path, runs=[one, other], jobs=1)
    changed = rows.assign(tempo=rows["tempo"] + 1)
    crossval.evaluate(changed, tmp_path, runs=[one], jobs=1)
    left = pd.read_parquet(tmp_path / "runs.parquet")
    assert left["model"].to_list() == [one.model]
