"""The reference names every hyperparameter of the installed scikit-learn, and claims are judged."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.lab import hyperparameters, store
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.exploration import DIALS
from audionome.lab.hyperparameters import Statement, estimator, options, reference
from audionome.lab.studies import times, validation_curves
from audionome.lab.studies.validation_curves import CURVES, Curve

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
WORDS = hyperparameters._words()["parameters"]
NO_PARAMS = pd.DataFrame({name: [] for name in ("model", "variant", "protocol", "fold", "params")})


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


@pytest.mark.parametrize("model", DIALS)
def test_no_hyperparameter_is_missing_and_none_is_stale(model: str) -> None:
    signature = inspect.signature(estimator(model)).parameters
    found = {one.name: one for one in reference(model, NO_PARAMS)}
    assert set(found) == set(signature)
    # What this version does not know, a later one has removed.
    for name in set(WORDS[model]) - set(signature):
        assert version(WORDS[model][name]["removed"]) <= VERSION, name
    for name, one in found.items():
        assert one.does.endswith("."), name
        assert one.overfits in {"", "large", "small"}
        assert one.costs in {"", "large", "small"}
        assert one.overfits or one.costs or one.errs.endswith("."), name
        marked = signature[name].default == "deprecated"
        assert not marked or version(one.deprecated) <= VERSION, name
        assert marked or one.default == hyperparameters.written(signature[name].default)


@pytest.mark.parametrize("model", DIALS)
def test_the_options_are_scikit_learns(model: str) -> None:
    for one in reference(model, NO_PARAMS):
        # Distances are too many to list.
        if not one.deprecated and (model, one.name) != ("knn", "metric"):
            assert set(one.options) == set(options(model, one.name)), (model, one.name)


def test_one_that_is_not_described_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {**WORDS, "knn": {k: v for k, v in WORDS["knn"].items() if k != "p"}}
    monkeypatch.setattr(hyperparameters, "_words", lambda: {"parameters": without, "claims": []})
    with pytest.raises(KeyError, match="p"):
        reference("knn", NO_PARAMS)


def test_settings_are_those_of_the_models() -> None:
    params = pd.DataFrame(
        {"model": "svc", "variant": "tuned", "protocol": "artist-grouped", "fold": [0, 1, 2],
         "params": [json.dumps({"classify__C": c}) for c in (3.0, 3.0, 10.0)]}
    )  # fmt: skip
    found = {one.name: one for one in reference("svc", params)}
    assert found["C"].study == "10"
    assert found["C"].default == "1"
    assert found["C"].searched == ("1", "3", "10")
    assert found["C"].chosen == (("3", 2), ("10", 1))
    assert found["C"].named
    assert not found["random_state"].study
    assert found["decision_function_shape"].searched == ("ovo",)
    assert {one.name for one in reference("tree", NO_PARAMS) if one.named} == {
        "criterion", "max_depth", "min_samples_split", "class_weight",
    }  # fmt: skip


def test_everything_that_a_run_of_the_study_set_is_told() -> None:
    told = {"logistic": {"solver", "max_iter"}, "knn": {"n_neighbors"},
            "sgd": {"max_iter", "learning_rate", "eta0", "penalty"},
            "forest": {"n_estimators", "max_depth"}, "svc": {"C", "kernel", "gamma"},
            "tree": {"max_depth", "criterion", "class_weight"},
            "boosting": {"n_estimators", "learning_rate", "loss"}}  # fmt: skip
    for model, names in told.items():
        assert {one.name for one in reference(model, NO_PARAMS) if one.study} == names


# -- validation curves --------------------------------------------------------------------


def made_up(right: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Ten windows by each of thirty artists: how many are right per setting, in both parts."""
    rows = []
    for value, (train, test) in right.items():
        for split in validation_curves.SPLITS:
            rows.append(("knn n_neighbors", value, split, "train", -1, train * 30, 300))
            # Some artists are easier than others.
            rows += [
                ("knn n_neighbors", value, split, "test", a, min(10, test + a % 3), 10)
                for a in range(30)
            ]
    names = ["curve", "value", "split", "part", "artist", "right", "n"]
    return pd.DataFrame(rows, columns=names)


def test_a_curve_is_judged_beside_the_studys_setting() -> None:
    found = made_up({"1": (10, 3), "3": (9, 6), "6": (8, 6), "15": (7, 8)})
    few = Curve("knn", "n_neighbors", (1, 3, 6, 15))
    table = validation_curves.summarise(found, [few])
    mine = table[table["split"] == "artist"].set_index("value")
    assert mine["verdict"].to_dict() == {1: "worse", 3: SAME, 6: "", 15: "better"}
    assert mine["train"].to_list() == [1, 0.9, 0.8, 0.7]
    assert mine.index[mine["is_study"]].to_list() == [6]
    assert mine.loc[1, "test"] == pytest.approx(0.4)
    assert (mine["low"] < mine["test"]).all()


def judged(right: dict[str, tuple[int, int]]) -> Statement:
    found = hyperparameters.claims(made_up(right), ["knn"])
    return next(claim for claim in found if claim.about == "n_neighbors")


def test_what_can_happen_holds_once_it_is_seen() -> None:
    settings = {"31": (6, 8), "301": (5, 4), "1": (10, 3), "6": (8, 6)}
    claim = judged(settings)
    assert [(seen.word, seen.expected) for seen in claim.seen] == [
        ("better", "better"), ("worse", ""),
    ]  # fmt: skip
    # The second pair shows the limit and has no say.
    assert claim.verdict == "holds"
    assert judged({**settings, "31": (6, 1)}).verdict == "does not hold"
    assert judged({**settings, "31": (6, 3)}).verdict == "not seen"
    none = hyperparameters.claims(made_up({"6": (8, 6)})[:0], ["tree"])
    assert {c.verdict for c in none if c.about == "max_depth"} == {"not measured"}


def test_overfitting_is_a_wider_gap_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = {
        "model": "knn", "parameter": "n_neighbors", "says": "A small one can overfit.", "right": "",
        "can": True, "seen": [
            {"curve": "knn n_neighbors", "settings": ["1", "31"], "of": "gap", "expect": "wider"},
            {"curve": "knn n_neighbors", "settings": ["1", "31"]},
        ],
    }  # fmt: skip
    monkeypatch.setattr(hyperparameters, "_words", lambda: {"claims": [claim]})
    for one, other, word, accuracy in (
        ((10, 3), (6, 2), "holds", "better"),
        ((10, 3), (9, 4), "holds", "worse"),
        ((6, 3), (10, 3), "does not hold", SAME),
        ((6, 3), (6, 3), "not seen", SAME),
    ):
        (found,) = hyperparameters.claims(made_up({"1": one, "31": other}), ["knn"])
        assert found.verdict == word
        assert [seen.word for seen in found.seen][1] == accuracy
        gap = found.seen[0]
        assert gap.verdict is not None
        assert gap.verdict.interval.estimate == pytest.approx(gap.figures[0] - gap.figures[1])


def test_every_statement_on_overfitting_is_judged_by_the_gap() -> None:
    for claim in hyperparameters._words()["claims"]:
        if "overfit" in claim.get("says", ""):
            promised = [seen for seen in claim["seen"] if "expect" in seen]
            assert [(seen["of"], seen["expect"]) for seen in promised] == [("gap", "wider")]
            # Whether it costs accuracy on other artists is told beside it.
            told = [seen for seen in claim["seen"] if "expect" not in seen]
            assert [seen["settings"] for seen in told] == [promised[0]["settings"]]


def test_what_is_given_by_reading_says_so() -> None:
    for claim in hyperparameters.claims(validation_curves.load()):
        typed = claim.verdict in {"right", "misleading", "wrong"}
        assert claim.by_reading == typed, claim


def test_what_takes_longer_is_read_off_the_clock() -> None:
    found = validation_curves.load()
    known = times.load()["times"]

    def verdicts(known: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
        return {(c.model, c.about): c.verdict for c in hyperparameters.claims(found, timed=known)}

    cost = ("knn", "cost of more neighbours")
    assert verdicts(known)[cost] == "holds"
    taken = {one["setting"]: one["answer"] for one in known if one["model"] == "knn"}
    # What a neighbour adds to measuring the distances is small at first.
    assert taken[6] < 2 * taken[1] < taken[301]
    turned = [{**one, "train": -one["train"], "answer": -one["answer"]} for one in known]
    assert verdicts(turned)[cost] == "does not hold"
    assert verdicts(turned)["forest", "n_estimators"] == "holds in part"


def test_lists_of_the_study_are_compared_with_scikit_learn() -> None:
    found = {(c.model, c.about): c for c in hyperparameters.claims(made_up({})[:0])}
    assert found["logistic", "solver"].missing == ("newton-cholesky",)
    assert found["sgd", "loss"].gone == ("squared_loss",)
    assert found["sgd", "loss"].verdict == "out of date"
    assert "squared_error" in found["sgd", "loss"].missing
    assert found["sgd", "penalty"].missing == ("None",)
    # Another name of an option is not missing, nor is a function of one's own.
    for complete in (("tree", "criterion"), ("knn", "weights"), ("svc", "kernel")):
        assert found[complete].verdict == "complete", complete


def test_the_statement_that_turns_gamma_round_does_not_hold() -> None:
    found = {(c.model, c.about): c for c in hyperparameters.claims(validation_curves.load())}
    # With more influence, training windows would be fitted more closely.
    assert found["svc", "gamma"].verdict == "does not hold"
    assert not found["svc", "gamma"].by_reading


@pytest.mark.skipif(VERSION < (1, 8), reason="deprecated since 1.8")
def test_a_list_of_a_deprecated_parameter_is_out_of_date() -> None:
    found = {(c.model, c.about): c for c in hyperparameters.claims(made_up({})[:0])}
    assert found["logistic", "penalty"].deprecated == "1.8"
    assert found["logistic", "penalty"].verdict == "out of date"
    assert {c.about for c in found.values() if c.deprecated} == {"penalty"}


def test_every_curve_of_the_claims_exists() -> None:
    names = {curve.name: {str(s) for s in curve.settings} for curve in CURVES}
    for claim in hyperparameters._words()["claims"]:
        assert claim["model"] in DIALS
        assert "parameter" in claim or "about" in claim
        assert {"listed", "seen", "timed", "verdict"} & set(claim)
        for seen in claim.get("seen", ()):
            assert set(seen["settings"]) <= names[seen["curve"]]
    for curve in CURVES:
        assert curve.study in curve.settings, curve.name


def test_the_stored_curves_are_whole_and_come_out_again() -> None:
    found = validation_curves.load()
    assert set(found["curve"]) == {curve.name for curve in CURVES}
    assert (found["right"] <= found["n"]).all()
    data = gtzan.load()
    curve = Curve("tree", "max_depth", (4,))
    again = validation_curves.measure(curve, data)
    stored = found[(found["curve"] == curve.name) & (found["value"] == "4")]
    keys = ["split", "part", "artist"]
    pd.testing.assert_frame_equal(
        stored.sort_values(keys)[[*keys, "right", "n"]].reset_index(drop=True),
        again.sort_values(keys)[[*keys, "right", "n"]].reset_index(drop=True),
        check_dtype=False,
    )
    for curve in CURVES:
        rows = found[(found["curve"] == curve.name) & (found["part"] == "test")]
        per = rows.groupby(["value", "split"])["n"].sum()
        # Every window that takes part is tested once.
        assert set(per) == {len(data.windows.iloc[:: curve.every])}
        assert len(per) == 2 * len(curve.settings)


def test_what_the_reference_calls_overfitting_shows_in_the_curves() -> None:
    """Towards the end that overfits, the gap never narrows by more than noise."""
    table = validation_curves.summarise(validation_curves.load())
    rows = table[table["split"] == "artist"]
    checked = 0
    for curve in CURVES:
        way = next(o for o in reference(curve.model, NO_PARAMS) if o.name == curve.parameter)
        if not way.overfits or curve.also:
            continue
        mine = rows[rows["curve"] == curve.name]
        # "scale" and None have their places in the order.
        gap = (mine["train"] - mine["test"]).to_numpy()
        gap = gap if way.overfits == "large" else gap[::-1]
        assert (np.diff(gap) > -0.02).all(), curve.name
        assert gap[-1] - gap[0] > 0.05, curve.name
        checked += 1
    assert checked >= 8


def test_the_solvers_are_as_the_reference_says() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = rng.normal(size=(90, 4)) + y[:, None]
    fitted = {
        solver: estimator("logistic")(solver=solver, max_iter=5000, tol=1e-8, random_state=0)
        for solver in options("logistic", "solver")
    }
    with pytest.raises(ValueError, match="liblinear"):
        fitted.pop("liblinear").fit(X, y)
    weights = [one.fit(X, y).coef_ for one in fitted.values()]
    for other in weights[1:]:
        np.testing.assert_allclose(other, weights[0], atol=1e-4)


def test_two_solvers_need_more_steps_than_the_study_gives() -> None:
    data = gtzan.load()
    rows = data.windows.iloc[::3]
    X = StandardScaler().fit_transform(rows[list(COLUMNS)])
    y = rows["genre"].to_numpy(dtype=str)
    study = MODELS["logistic"].make("study")[-1]
    fitted = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for solver in set(options("logistic", "solver")) - {"liblinear"}:
            model = clone(study).set_params(solver=solver, random_state=0)
            fitted[solver] = model.fit(X, y)
    usual = fitted["lbfgs"].predict(X)
    others = {name: float((one.predict(X) != usual).mean()) for name, one in fitted.items()}
    for name, one in fitted.items():
        stopped = name in {"sag", "saga"}
        assert (max(one.n_iter_) == study.max_iter) == stopped, name
        assert (others[name] > 0.004) == stopped, others


def test_five_hyperparameters_of_the_neighbours_change_the_answers() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 6)), rng.integers(0, 4, 300)
    asked = rng.normal(size=(200, 6))
    changes: dict[str, Any] = {
        "n_neighbors": 9, "weights": "distance", "metric": "chebyshev", "p": 1,
        "metric_params": {"w": np.array([9, 1, 1, 1, 1, 0.1])},
        "algorithm": "ball_tree", "leaf_size": 3, "n_jobs": 2,
    }  # fmt: skip
    make = estimator("knn")
    assert set(changes) == set(inspect.signature(make).parameters)
    usual = make().fit(X, y).predict(asked)
    changing = {
        name for name, value in changes.items()
        if (make(**{name: value}).fit(X, y).predict(asked) != usual).any()
    }  # fmt: skip
    assert changing == {"n_neighbors", "weights", "metric", "p", "metric_params"}
    (claim,) = (c for c in hyperparameters._words()["claims"]
                if c.get("about") == "number of hyperparameters")  # fmt: skip
    told = re.findall(r"`(\w+)`", claim["right"])
    assert set(told) == changing
    assert claim["right"].startswith("Five")
    # None as weights is another name of uniform; None neighbours cannot answer.
    np.testing.assert_array_equal(make(weights=None).fit(X, y).predict(asked), usual)
    with pytest.raises(TypeError):
        make(n_neighbors=None).fit(X, y).predict(asked)


def test_entropy_and_log_loss_grow_the_same_tree() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 5)), rng.integers(0, 4, 200)
    one, other = (
        estimator("tree")(criterion=name, random_state=0).fit(X, y)
        for name in ("entropy", "log_loss")
    )
    np.testing.assert_array_equal(one.tree_.threshold, other.tree_.threshold)


def test_the_stored_search_is_told() -> None:
    params = store.load().params
    for model in DIALS:
        found = reference(model, params)
        space = {name.removeprefix("classify__") for grid in MODELS[model].space for name in grid}
        assert {one.name for one in found if one.chosen} == space
        for one in found:
            if one.chosen:
                assert sum(n for _, n in one.chosen) == 10
                assert {value for value, _ in one.chosen} <= set(one.searched)


def test_every_setting_is_timed_and_the_clock_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    known = times.load()["times"]
    settings = {(m, p, s) for (m, p), values in times.SETTINGS.items() for s in values}
    assert {(one["model"], one["parameter"], one["setting"]) for one in known} == settings
    assert all(one["train"] > 0 and one["answer"] > 0 for one in known)
    monkeypatch.setattr(times, "SETTINGS", {("knn", "n_neighbors"): (1, 30)})
    data = gtzan.load()
    few = dataclasses.replace(data, windows=data.windows.iloc[::200])
    again = times.measure(few, rounds=1)
    assert [one["setting"] for one in again] == [1, 30]
    assert all(one["n_train"] + one["n_asked"] == len(few.windows) for one in again)
    assert all(one["train"] > 0 and one["answer"] > 0 for one in again)
