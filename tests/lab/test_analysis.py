"""What is said about the results: every answer worked out by hand on small results."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from audionome.datasets.gtzan import GENRES
from audionome.lab import analysis
from audionome.lab.estimators import MODELS
from audionome.lab.protocols import LADDER
from audionome.report.sentences import findings

SVC, KNN = ("svc", "tuned"), ("knn", "tuned")


def rows(
    truth: list[str],
    said: list[str],
    *,
    key: tuple[str, str] = SVC,
    protocol: str = "artist-grouped",
    sure: float = 0.91,
    windows: int = 1,
) -> pd.DataFrame:
    """Predictions about tracks t000, t001, ... that give the genre in `said` probability `sure`."""
    out = []
    for i, (genre, answer) in enumerate(zip(truth, said, strict=True)):
        for window in range(windows):
            row: dict[str, Any] = {"model": key[0], "variant": key[1], "protocol": protocol}
            row |= {"fold": 0, "track": f"t{i:03d}", "window": window, "genre": genre}
            row |= {f"p_{g}": (1 - sure) / 9 for g in GENRES}
            out.append(row | {f"p_{answer}": sure, "predicted": answer})
    return pd.DataFrame(out)


def score(**given: Any) -> dict[str, Any]:
    row = {"model": "svc", "variant": "tuned", "protocol": "artist-grouped", "level": "track"}
    row |= {"split": "test", "accuracy": 0.5, "macro_f1": 0.5, "log_loss": 1.0, "ece": 0.1}
    row |= {"n": 100, "fit_seconds": 1.0, "predict_seconds": 0.1, "peak_mb": 1.0} | given
    row.setdefault("accuracy_low", row["accuracy"] - 0.05)
    row.setdefault("accuracy_high", row["accuracy"] + 0.05)
    return row


# -- answers ------------------------------------------------------------------------------


def test_a_track_answers_with_the_mean_of_its_windows() -> None:
    # One window is very sure of rock, two are mildly for jazz: the mean says rock.
    frame = rows(["jazz"], ["jazz"], sure=0.5, windows=3)
    frame.loc[0, [f"p_{g}" for g in GENRES]] = 0.0
    frame.loc[0, ["p_rock", "predicted"]] = [1.0, "rock"]
    windows = analysis.answers(frame, level="window")
    assert windows["correct"].to_list() == [False, True, True]
    (track,) = analysis.answers(frame).itertuples()
    assert (track.predicted, track.correct) == ("rock", False)
    assert track.confidence == pytest.approx((1 + 2 * 0.5 / 9) / 3)
    with pytest.raises(ValueError, match="level"):
        analysis.answers(frame, level="album")


def test_a_window_answers_with_what_is_stored() -> None:
    # A support vector machine's answer may differ from its largest probability.
    frame = rows(["jazz"], ["jazz"]).assign(predicted="rock")
    assert not analysis.answers(frame, level="window")["correct"].any()
    assert analysis.answers(frame)["correct"].all()


def test_music_of_an_unknown_genre_is_judged_nowhere() -> None:
    frame = rows(["jazz", "soul"], ["jazz", "jazz"])
    assert analysis.answers(frame)["genre"].to_list() == ["jazz"]
    assert analysis.answers(frame, unknown=True)["genre"].to_list() == ["soul"]
    assert analysis.confusion(frame, model="svc").counts.to_numpy().sum() == 1


# -- the ladder ---------------------------------------------------------------------------


def test_the_ladder_says_what_each_rung_costs() -> None:
    scores = pd.DataFrame(
        [
            score(protocol="wild", accuracy=0.3),
            score(protocol="random-windows", accuracy=0.9),
            score(protocol="artist-grouped", accuracy=0.6),
            score(protocol="artist-grouped", accuracy=1.0, split="train"),
            score(protocol="artist-grouped", accuracy=0.1, level="window"),
        ]
    )
    steps = analysis.ladder(scores, model="svc")
    # In ladder order, the two missing rungs left out.
    assert steps["protocol"].to_list() == ["random-windows", "artist-grouped", "wild"]
    assert steps["cost"].to_list()[1:] == pytest.approx([0.3, 0.3])
    assert steps[["cost_low", "cost_high"]].isna().all(axis=None)


def test_the_cost_of_a_rung_is_paired_by_track() -> None:
    # The second rung loses exactly the last 20 of 100 tracks: the pairs differ by 1 or 0.
    truth = ["jazz"] * 100
    above = rows(truth, truth, protocol="track-grouped")
    here = rows(truth, ["jazz"] * 80 + ["rock"] * 20)
    scores = pd.DataFrame([score(protocol="track-grouped", accuracy=1.0), score(accuracy=0.8)])
    step = analysis.ladder(scores, pd.concat([above, here]), model="svc").iloc[1]
    assert step["cost"] == pytest.approx(0.2)
    assert step["shared"] == 100
    # The bootstrap of a share of 20 in 100 is binomial.
    sd = np.sqrt(0.2 * 0.8 / 100)
    assert step["cost_low"] == pytest.approx(0.2 - 1.96 * sd, abs=0.015)
    assert step["cost_high"] == pytest.approx(0.2 + 1.96 * sd, abs=0.015)
    text = findings.ladder(analysis.ladder(scores, pd.concat([above, here]), model="svc"), "It")
    assert "costs **20.0 points**" in text
    # The same answers on both rungs: no cost, and the sentence claims none.
    same = pd.concat([above, rows(truth, truth)])
    text = findings.ladder(analysis.ladder(scores, same, model="svc").assign(cost=0.0), "It")
    assert "no difference that can be told from chance" in text


def test_ladders_take_the_wanted_variant_where_there_is_one() -> None:
    scores = pd.DataFrame(
        [
            score(variant="study", accuracy=0.4),
            score(variant="tuned", accuracy=0.6),
            score(model="knn", variant="study", accuracy=0.5),
        ]
    )
    table = analysis.ladders(scores)
    assert table[["model", "variant"]].to_numpy().tolist() == [["svc", "tuned"], ["knn", "study"]]
    assert table["title"].to_list() == [MODELS["svc"].title, MODELS["knn"].title]
    assert table["protocol_title"].unique().tolist() == [LADDER["artist-grouped"].title]


def test_the_study_stands_beside_ours() -> None:
    models = {
        "a": SimpleNamespace(title="A", study_accuracy=0.90),
        "b": SimpleNamespace(title="B", study_accuracy=0.70),
        "c": SimpleNamespace(title="C", study_accuracy=0.50),
        "ours": SimpleNamespace(title="Ours", study_accuracy=None),
    }
    ours = {"variant": "study", "protocol": "random-windows", "level": "window"}
    scores = pd.DataFrame(
        [
            score(model="a", accuracy=0.92, **ours),
            score(model="b", accuracy=0.67, **ours),
            score(model="c", accuracy=0.50, **{**ours, "variant": "tuned"}),
        ]
    )
    table = analysis.study_table(scores, models=models)
    assert table["model"].to_list() == ["a", "b", "c"]
    assert table["difference"].to_list()[:2] == pytest.approx([0.02, -0.03])
    assert table["within"].to_list()[:2] == [True, False]  # exactly two points are within
    assert pd.isna(table["within"][2])
    text = findings.study(table)
    assert text.startswith("**1 of 2**")
    assert "Not recomputed yet: 1." in text
    assert "B (67.0" in text


def test_the_study_has_seven_figures() -> None:
    table = analysis.study_table(pd.DataFrame([score()]))
    assert len(table) == 7
    assert findings.study(table) == "None of the study's figures is recomputed yet."


def test_gaps() -> None:
    scores = pd.DataFrame(
        [
            score(split="train", accuracy=1.0),
            score(split="valid", accuracy=0.6),
            score(split="test", accuracy=0.55),
            score(model="lda", split="train", accuracy=0.7),
            score(model="lda", split="test", accuracy=0.6),
        ]
    )
    table = analysis.gaps(scores).set_index("model")
    assert table["gap"].to_dict() == pytest.approx({"svc": 0.45, "lda": 0.1})
    assert np.isnan(table.loc["lda", "valid"])
    text = findings.gaps(table.reset_index())
    assert text.startswith(f"The widest gap has {MODELS['svc'].title}")
    assert "45.0 points" in text


# -- errors -------------------------------------------------------------------------------


def test_confusion_by_hand() -> None:
    truth = ["jazz"] * 4 + ["rock"] * 2
    said = ["jazz", "jazz", "jazz", "rock", "metal", "metal"]
    result = analysis.confusion(rows(truth, said), model="svc")
    assert result.counts.loc["jazz", "jazz"] == 3
    assert result.counts.to_numpy().sum() == 6
    assert result.shares.loc["jazz", "rock"] == 0.25
    assert result.shares.loc["blues"].isna().all()
    assert result.pairs.to_numpy().tolist() == [
        ["rock", "metal", 2, 1.0],
        ["jazz", "rock", 1, 0.25],
    ]
    assert "rock heard as metal (100.0" in findings.confusion(result)


def test_per_genre_by_hand() -> None:
    truth = ["jazz"] * 40 + ["rock"] * 20
    said = ["jazz"] * 30 + ["rock"] * 10 + ["rock"] * 20
    table = analysis.per_genre(rows(truth, said), model="svc").set_index("genre")
    jazz, rock = table.loc["jazz"], table.loc["rock"]
    assert (jazz["n"], rock["n"]) == (40, 20)
    assert jazz["recall"] == 0.75
    assert jazz["precision"] == 1
    assert jazz["f1"] == pytest.approx(2 * 0.75 / 1.75)
    assert rock["precision"] == pytest.approx(2 / 3)
    # Binomial: 30 of 40 in one, and a measure that is always 1 has no width.
    assert jazz["recall_low"] == pytest.approx(0.75 - 1.96 * np.sqrt(0.75 * 0.25 / 40), abs=0.03)
    assert (jazz["precision_low"], jazz["precision_high"]) == (1, 1)
    assert np.isnan(table.loc["pop", "recall"])
    assert findings.genres(table.reset_index()).startswith("Rock is found most often")
    assert analysis.per_genre(rows(["soul"], ["jazz"]), model="svc").empty


def test_hardest_tracks_by_hand() -> None:
    # Ten tracks; svc fails on 0-4, knn on 0-2: all models fail on 0, 1 and 2. The floor and the
    # other variant are not asked.
    truth = ["jazz"] * 9 + ["pop"]
    frame = pd.concat(
        [
            rows(truth, ["rock"] * 5 + truth[5:]),
            rows(truth, ["rock"] * 3 + truth[3:], key=KNN),
            rows(truth, truth, key=("svc", "study")),
            rows(truth, truth, key=("dummy", "tuned")),
        ]
    )
    result = analysis.hardest_tracks(frame)
    assert result.n_models == 2
    assert result.tracks["wrong"].to_list() == [2, 2, 2, 1, 1, 0, 0, 0, 0, 0]
    assert result.tracks["said"][0] == "rock"
    assert result.n_all_wrong == 3
    said = findings.hardest(result)
    assert "**3 of 10 clips** are wrong for every one of 2 models" in said
    assert said.endswith("By genre: 3 of jazz.")
    # The list of what the fault-filtered split leaves out is no list of wrong labels, so nothing
    # is concluded from it.
    assert "fault" not in said


# -- comparisons --------------------------------------------------------------------------


def pair(only_a: int, only_b: int, both: int) -> pd.DataFrame:
    """Two models on tracks that only the first, only the second, or both get right."""
    truth = ["jazz"] * (only_a + only_b + both)
    a = ["jazz"] * only_a + ["rock"] * only_b + ["jazz"] * both
    b = ["rock"] * only_a + ["jazz"] * only_b + ["jazz"] * both
    return pd.concat([rows(truth, a), rows(truth, b, key=KNN)])


def test_a_difference_that_holds_is_called_better() -> None:
    result = analysis.compare(pair(15, 2, 83), SVC, KNN)
    assert (result.only_a, result.only_b, result.n) == (15, 2, 100)
    assert result.difference == pytest.approx(0.13)
    assert result.p_value == pytest.approx(binomtest(2, 17).pvalue)
    sd = np.sqrt((0.17 - 0.13**2) / 100)
    assert result.low == pytest.approx(0.13 - 1.96 * sd, abs=0.015)
    assert result.differs
    assert result.verdict.startswith("Support vector machine (tuned) is better than k-nearest")
    assert "by 13.0 points" in result.verdict
    # The other way round it says the same.
    assert analysis.compare(pair(15, 2, 83), KNN, SVC).verdict == result.verdict


@pytest.mark.parametrize(("only_a", "only_b"), [(9, 5), (0, 0), (3, 0)])
def test_a_difference_that_may_be_luck_is_not(only_a: int, only_b: int) -> None:
    # Three to none: the interval leaves out zero, but the test does not agree.
    result = analysis.compare(pair(only_a, only_b, 86), SVC, KNN)
    assert not result.differs
    assert "cannot be told apart" in result.verdict
    assert "better" not in result.verdict


def test_only_common_tracks_are_compared() -> None:
    frame = pair(15, 2, 83)
    frame = frame[(frame["model"] == "svc") | (frame["track"] < "t010")]
    assert analysis.compare(frame, SVC, KNN).n == 10
    with pytest.raises(ValueError, match="no track in common"):
        analysis.compare(frame, SVC, ("lda", "tuned"))


def test_windows_are_compared_by_whole_tracks() -> None:
    # Ten windows per track say the same: no more evidence than one.
    def said(right: int) -> list[str]:
        return ["jazz"] * right + ["rock"] * (12 - right)

    truth = ["jazz"] * 12
    frame = pd.concat(
        [rows(truth, said(11), windows=10), rows(truth, said(7), key=KNN, windows=10)]
    )
    by_track = analysis.compare(frame, SVC, KNN)
    by_window = analysis.compare(frame, SVC, KNN, level="window")
    assert by_track.p_value == pytest.approx(2 / 2**4)
    assert by_window.p_value == pytest.approx(2 / 2**4, abs=0.01)
    assert by_window.only_a == 40


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.8 times 4, 3, 2, 1, never falling, never above 1.
    assert analysis.holm([0.03, 0.01, 0.8, 0.02]) == pytest.approx([0.06, 0.04, 0.8, 0.06])
    assert analysis.holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])
    assert analysis.holm([]).size == 0


def test_compare_all_corrects_for_many_comparisons() -> None:
    # 9 against 1 discordant pairs: p = 0.021 alone, not after three comparisons.
    truth = ["jazz"] * 100
    frames = [rows(truth, ["jazz"] * 90 + ["rock"] * 10)]
    for name in ("knn", "lda", "mlp"):
        said = ["rock"] * 9 + ["jazz"] * 82 + ["rock"] * 9
        frames.append(rows(truth, said, key=(name, "tuned")))
    table = analysis.compare_all(pd.concat(frames))
    assert table["reference"].to_list() == [True, False, False, False]
    assert table["model"][0] == "svc"
    others = table[~table["reference"]]
    alone = binomtest(1, 10).pvalue
    assert others["p_value"].to_list() == pytest.approx([alone] * 3)
    assert others["p_holm"].to_list() == pytest.approx([3 * alone] * 3)
    assert not others["differs"].any()
    text = findings.best(table)
    assert "cannot be told apart" in text
    assert "better" not in text
    assert analysis.compare_all(pd.concat(frames), protocol="wild").empty


def test_the_model_is_chosen_by_validation_and_never_the_floor() -> None:
    scores = pd.DataFrame(
        [
            score(model="svc", split="valid", accuracy=0.6),
            score(model="svc", split="test", accuracy=0.5),
            score(model="knn", split="valid", accuracy=0.5),
            score(model="knn", split="test", accuracy=0.9),
            score(model="dummy", split="valid", accuracy=1.0),
            score(model="dummy", split="test", accuracy=1.0),
        ]
    )
    assert analysis.best(scores) == SVC
    assert analysis.best(scores[scores["split"] == "test"]) == KNN
    # Without the rung, the first that there is.
    assert analysis.best(scores.assign(protocol="wild")) == SVC
    with pytest.raises(ValueError, match="no results"):
        analysis.best(scores[scores["model"] == "dummy"])


# -- confidence ---------------------------------------------------------------------------


def test_reliability_by_hand() -> None:
    truth = ["jazz"] * 100
    sure = rows(truth, ["jazz"] * 80 + ["rock"] * 20, sure=0.95)
    table = analysis.reliability(sure, model="svc")
    (row,) = table.itertuples()
    assert (row[1], row.to, row.n) == (0.9, 1.0, 100)
    assert row.confidence == pytest.approx(0.95)
    assert row.accuracy == 0.8
    low, high = binomtest(80, 100).proportion_ci(method="wilson")
    assert (row.low, row.high) == pytest.approx((low, high), abs=1e-6)
    assert "too sure of itself, by 15.0 points" in findings.reliability(table)
    assert analysis.reliability(sure, model="knn").empty


def test_unknown_genre_by_hand() -> None:
    known = rows(["jazz", "jazz"], ["jazz", "rock"], sure=0.9, protocol="wild")
    strange = rows(["soul", "soul"], ["disco", "disco"], sure=0.5, protocol="wild")
    strange["track"] = ["s0", "s1"]
    strange.loc[strange["track"] == "s1", "p_disco"] = 0.95
    result = analysis.unknown_genre(pd.concat([known, strange]), model="svc")
    assert result is not None
    # Both known tracks (0.9) lie above one strange track (0.5) and below the other (0.95).
    assert result.auc == 0.5
    assert result.said.to_dict() == {"disco": 1.0}
    assert result.table.set_index("kind")["n"].to_dict() == {"right": 1, "wrong": 1, "unknown": 2}
    assert "does not notice" in findings.unknown(result)
    assert analysis.unknown_genre(known, model="svc") is None


# -- completeness and words ---------------------------------------------------------------


def test_what_is_missing_is_named() -> None:
    every = [
        score(model=m, variant=v, protocol=p)
        for (m, spec), p in product(MODELS.items(), LADDER)
        for v in spec.variants
    ]
    assert findings.missing(pd.DataFrame(every)).startswith("Every model has a result")
    lacking = analysis.missing(pd.DataFrame(every[1:]))
    assert len(lacking) == 1
    text = findings.missing(pd.DataFrame(every[1:]))
    assert analysis.model_title(every[0]["model"], every[0]["variant"]) in text
    without = [row for row in every if row["protocol"] != "wild"]
    assert "under *In the wild* every model" in findings.missing(pd.DataFrame(without))
    assert LADDER[every[0]["protocol"]].title in text


def test_a_missing_rung_is_not_blamed_on_the_next() -> None:
    scores = pd.DataFrame(
        [score(protocol="random-windows", accuracy=0.9), score(protocol="wild", accuracy=0.3)]
    )
    text = findings.ladder(analysis.ladder(scores, model="svc"), "It")
    assert "The way from *Random windows* to *In the wild* costs **60.0 points**." in text
    assert "outside GTZAN costs" not in text


def test_predictions_without_a_score_are_unfinished() -> None:
    frame = pair(1, 1, 8)
    kept = analysis.finished(frame, pd.DataFrame([score(model="knn")]))
    assert set(kept["model"]) == {"knn"}
    assert len(kept) == 10


def test_incomplete_results_are_survived() -> None:
    nothing = pd.DataFrame([score()]).iloc[:0]
    none = rows(["jazz"], ["jazz"]).iloc[:0]
    assert analysis.ladders(nothing).empty
    assert "no result" in findings.ladder(analysis.ladder(nothing, none, model="svc"), "It")
    assert "no training scores" in findings.gaps(analysis.gaps(nothing))
    assert "no answers" in findings.confusion(analysis.confusion(none, model="svc"))
    assert "no answers" in findings.genres(analysis.per_genre(none, model="svc"))
    assert "no answers" in findings.hardest(analysis.hardest_tracks(none))
    assert "no answers" in findings.best(analysis.compare_all(none))
    assert "no answers" in findings.reliability(analysis.reliability(none, model="svc"))
    assert "no answers" in findings.unknown(analysis.unknown_genre(none, model="svc"))
    assert analysis.score_table(nothing).empty


def test_the_score_table_prints_one_row_per_result() -> None:
    scores = pd.DataFrame(
        [
            score(accuracy=0.5),
            score(model="knn", accuracy=0.6),
            score(protocol="random-windows", accuracy=0.9, log_loss=np.nan),
            score(split="train", accuracy=1.0),
        ]
    )
    table = analysis.score_table(scores)
    assert table["accuracy (%)"].to_list() == ["90.0", "60.0", "50.0"]
    assert table["95 % interval"].iloc[0].split() == ["85.0", "to", "95.0"]
    assert table["log loss"].to_list() == ["", "1.00", "1.00"]


def test_the_chosen_hyperparameters_are_counted() -> None:
    keys = {"model": "svc", "variant": "tuned", "protocol": "artist-grouped"}
    chosen = ['{"classify__C": 3.0}', '{"classify__C": 3.0}', '{"classify__C": 1.0}', "{}"]
    params = pd.DataFrame([keys | {"fold": i, "params": p} for i, p in enumerate(chosen)])
    table = analysis.parameter_table(params)
    assert table[["chosen", "folds"]].to_numpy().tolist() == [["C = 3.0", 2], ["C = 1.0", 1]]


def curve(last: float, width: float) -> pd.DataFrame:
    accuracy = np.array([0.3, 0.5, last])
    return pd.DataFrame({"tracks": [100, 200, 400], "accuracy": accuracy, "title": "It"}).assign(
        low=accuracy - width, high=accuracy + width
    )


def test_a_learning_curve_rises_only_beyond_its_intervals() -> None:
    assert "still rises for It (10.0 points)" in findings.learning(curve(0.6, 0.02))
    assert "cannot be told for It (10.0 points)" in findings.learning(curve(0.6, 0.2))
    assert "no learning curve" in findings.learning(curve(0.6, 0.2).iloc[:0])


def test_importance_names_the_groups() -> None:
    table = analysis.titled(
        pd.DataFrame(
            {
                "group": ["tempo", "rms_mean,rms_var,mfcc1_mean"],
                "model": "svc",
                "drop": [0.0, 0.1],
                "low": [-0.01, 0.08],
                "high": [0.01, 0.12],
            }
        )
    )
    assert table["label"].to_list() == ["tempo", "rms_mean and 2 more"]
    text = findings.importance(table)
    assert text.startswith("Scrambling rms_mean and 2 more costs most: 10.0 points")
    assert "1 of 2 groups" in text


def test_neighbouring_mfccs_are_named_as_a_range() -> None:
    groups = ["mfcc4_var,mfcc5_var,mfcc6_var", "mfcc4_mean,mfcc6_mean", "mfcc4_var,mfcc5_mean"]
    labels = analysis.titled(pd.DataFrame({"group": groups}))["label"].to_list()
    assert labels == ["mfcc 4 to 6 (var)", "mfcc4_mean and 1 more", "mfcc4_var and 1 more"]


def test_the_choice_says_how_sure_it_is() -> None:
    scores = pd.DataFrame([score(split="valid", accuracy=0.61), score(accuracy=0.6)])
    table = analysis.compare_all(pair(9, 5, 86))
    text = findings.choice(scores, table, model="svc", variant="tuned")
    assert "61.0" in text
    assert "cannot be told apart from one other" in text
    sure = findings.choice(
        scores, analysis.compare_all(pair(30, 1, 69)), model="svc", variant="tuned"
    )
    assert "told apart from every other" in sure
    of = {"accuracy": 0.784, "low": 0.7, "high": 0.8, "n": 856}
    text = findings.shipped({"estimator": "LDA", "evaluation": {"artist-grouped": of}})
    assert "(LDA)" in text
    assert "78.4" in text
