"""What is computed and said about the results: worked out by hand on small results."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_results import KNN, SVC, pair, rows, score

from audionome.datasets.gtzan import GENRES
from audionome.lab import calibration, ladder, names
from audionome.lab import confusion as confusions
from audionome.lab.estimators import MODELS
from audionome.lab.predictions import finished, judge
from audionome.lab.protocols import LADDER

# -- answers ------------------------------------------------------------------------------


def test_a_track_answers_with_the_mean_of_its_windows() -> None:
    # One window is very sure of rock, two are mildly for jazz: the mean says rock.
    frame = rows(["jazz"], ["jazz"], sure=0.5, windows=3)
    frame.loc[0, [f"p_{g}" for g in GENRES]] = 0.0
    frame.loc[0, ["p_rock", "predicted"]] = [1.0, "rock"]
    windows = judge(frame, level="window")
    assert windows["correct"].to_list() == [False, True, True]
    (track,) = judge(frame).itertuples()
    assert (track.predicted, track.correct) == ("rock", False)
    assert track.confidence == pytest.approx((1 + 2 * 0.5 / 9) / 3)
    with pytest.raises(ValueError, match="level"):
        judge(frame, level="album")


def test_a_window_answers_with_what_is_stored() -> None:
    # A support vector machine's answer may differ from its largest probability.
    frame = rows(["jazz"], ["jazz"]).assign(predicted="rock")
    assert not judge(frame, level="window")["correct"].any()
    assert judge(frame)["correct"].all()


def test_music_of_an_unknown_genre_is_judged_nowhere() -> None:
    frame = rows(["jazz", "soul"], ["jazz", "jazz"])
    assert judge(frame)["genre"].to_list() == ["jazz"]
    assert judge(frame, unknown=True)["genre"].to_list() == ["soul"]
    assert confusions.confusion(frame, model="svc").counts.to_numpy().sum() == 1


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
    steps = ladder.ladder(scores, model="svc")
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
    step = ladder.ladder(scores, pd.concat([above, here]), model="svc").iloc[1]
    assert step["cost"] == pytest.approx(0.2)
    assert step["shared"] == 100
    # The bootstrap of a share of 20 in 100 is binomial.
    sd = np.sqrt(0.2 * 0.8 / 100)
    assert step["cost_low"] == pytest.approx(0.2 - 1.96 * sd, abs=0.015)
    assert step["cost_high"] == pytest.approx(0.2 + 1.96 * sd, abs=0.015)
    assert step["verdict"] == "better"
    # By four artists, the same loss could be one artist's.
    few = pd.concat([above, here])
    few["artist"] = few["artist"] // 25
    assert ladder.ladder(scores, few, model="svc")["verdict"][1] == "cannot be told apart"


def test_ladders_take_the_wanted_variant_where_there_is_one() -> None:
    scores = pd.DataFrame(
        [
            score(variant="study", accuracy=0.4),
            score(variant="tuned", accuracy=0.6),
            score(model="knn", variant="study", accuracy=0.5),
        ]
    )
    table = ladder.ladders(scores)
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
    table = ladder.study_table(scores, models=models)
    assert table["model"].to_list() == ["a", "b", "c"]
    assert table["difference"].to_list()[:2] == pytest.approx([0.02, -0.03])
    assert table["within"].to_list()[:2] == [True, False]  # exactly two points are within
    assert pd.isna(table["within"][2])


def test_the_study_has_seven_figures() -> None:
    table = ladder.study_table(pd.DataFrame([score()]))
    assert len(table) == 7


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
    table = ladder.gaps(scores).set_index("model")
    assert table["gap"].to_dict() == pytest.approx({"svc": 0.45, "lda": 0.1})
    assert np.isnan(table.loc["lda", "valid"])


# -- errors -------------------------------------------------------------------------------


def test_confusion_by_hand() -> None:
    truth = ["jazz"] * 4 + ["rock"] * 2
    said = ["jazz", "jazz", "jazz", "rock", "metal", "metal"]
    result = confusions.confusion(rows(truth, said), model="svc")
    assert result.counts.loc["jazz", "jazz"] == 3
    assert result.counts.to_numpy().sum() == 6
    assert result.shares.loc["jazz", "rock"] == 0.25
    assert result.shares.loc["blues"].isna().all()
    assert result.pairs.to_numpy().tolist() == [
        ["rock", "metal", 2, 1.0],
        ["jazz", "rock", 1, 0.25],
    ]


def test_per_genre_by_hand() -> None:
    truth = ["jazz"] * 40 + ["rock"] * 20
    said = ["jazz"] * 30 + ["rock"] * 10 + ["rock"] * 20
    table = confusions.per_genre(rows(truth, said), model="svc").set_index("genre")
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
    assert confusions.per_genre(rows(["soul"], ["jazz"]), model="svc").empty


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
    result = confusions.hardest_tracks(frame)
    assert result.n_models == 2
    assert result.tracks["wrong"].to_list() == [2, 2, 2, 1, 1, 0, 0, 0, 0, 0]
    assert result.tracks["predicted"][0] == "rock"
    assert result.n_all_wrong == 3


# -- comparisons --------------------------------------------------------------------------


def test_only_common_tracks_are_compared() -> None:
    frame = pair(15, 2, 83)
    frame = frame[(frame["model"] == "svc") | (frame["track"] < "t010")]
    assert ladder.compare_models(frame, reference=SVC)["n"].to_list() == [100, 10]
    frame = pd.concat([rows(["jazz"], ["jazz"]), rows(["pop"], ["pop"], key=KNN).assign(track="x")])
    with pytest.raises(ValueError, match="no track in common"):
        ladder.compare_models(frame)


def test_a_comparison_is_paired_and_by_artist() -> None:
    table = ladder.compare_models(pair(15, 2, 83), reference=KNN).set_index("model")
    row = table.loc["svc"]
    sd = np.sqrt((0.17 - 0.13**2) / 100)
    assert row["difference"] == pytest.approx(0.13)
    assert row["low"] == pytest.approx(0.13 - 1.96 * sd, abs=0.015)
    assert row["verdict"] == "better"
    few = pair(15, 2, 83)
    few["artist"] = few["artist"] // 15
    row = ladder.compare_models(few, reference=KNN).set_index("model").loc["svc"]
    assert row["verdict"] == "cannot be told apart"


def test_a_family_of_comparisons_is_corrected() -> None:
    # 8 against 1 discordant pairs: enough alone, not among four comparisons.
    truth = ["jazz"] * 100
    frames = [rows(truth, ["jazz"] * 90 + ["rock"] * 10)]
    for name in ("knn", "lda", "mlp", "tree"):
        y_pred = ["rock"] * 8 + ["jazz"] * 83 + ["rock"] * 9
        frames.append(rows(truth, y_pred, key=(name, "tuned")))
    alone = ladder.compare_models(pd.concat(frames[:2]))
    assert alone["verdict"].to_list() == ["", "worse"]
    table = ladder.compare_models(pd.concat(frames))
    assert table["reference"].to_list() == [True, False, False, False, False]
    assert table["model"][0] == "svc"
    others = table[~table["reference"]]
    assert (others["p_value"] < 0.05).all()
    assert others["p_holm"].to_list() == pytest.approx([4 * p for p in others["p_value"]])
    assert set(others["verdict"]) == {"cannot be told apart"}
    assert ladder.compare_models(pd.concat(frames), protocol="wild").empty


# -- confidence ---------------------------------------------------------------------------


def test_reliability_by_hand() -> None:
    truth = ["jazz"] * 100
    sure = rows(truth, ["jazz"] * 80 + ["rock"] * 20, sure=0.95)
    table = calibration.reliability(sure, model="svc")
    (row,) = table.itertuples()
    assert (row[1], row.to, row.n, row.artists) == (0.9, 1.0, 100, 100)
    assert row.confidence == pytest.approx(0.95)
    assert row.accuracy == 0.8
    sd = np.sqrt(0.8 * 0.2 / 100)
    assert (row.low, row.high) == pytest.approx((0.8 - 1.96 * sd, 0.8 + 1.96 * sd), abs=0.015)
    gap = calibration.overconfidence(sure, model="svc")
    assert gap is not None
    assert gap.verdict.interval.estimate == pytest.approx(0.15)
    assert gap.verdict.word == "better"
    # From four artists it may be one artist's fault.
    sure["artist"] = sure["artist"] // 25
    few = calibration.overconfidence(sure, model="svc")
    assert few is not None
    assert few.verdict.word == "cannot be told apart"
    assert calibration.reliability(sure, model="knn").empty


def test_a_step_without_a_wrong_prediction_has_no_interval() -> None:
    # All resamples would be alike; an interval without width would promise too much.
    (row,) = calibration.reliability(rows(["jazz"] * 9, ["jazz"] * 9), model="svc").itertuples()
    assert row.accuracy == 1
    assert np.isnan([row.low, row.high]).all()


def test_unknown_genre_by_hand() -> None:
    known = rows(["jazz", "jazz"], ["jazz", "rock"], sure=0.9, protocol="wild")
    strange = rows(["soul", "soul"], ["disco", "disco"], sure=0.5, protocol="wild")
    strange["track"] = ["s0", "s1"]
    strange["artist"] += 2
    strange.loc[strange["track"] == "s1", "p_disco"] = 0.95
    result = calibration.unknown_genre(pd.concat([known, strange]), model="svc")
    assert result is not None
    # Both known tracks (0.9) lie above one strange track (0.5) and below the other (0.95).
    assert result.auc.estimate == 0.5
    assert result.predicted.to_dict() == {"disco": 1.0}
    assert result.table.set_index("kind")["n"].to_dict() == {"right": 1, "wrong": 1, "unknown": 2}
    assert result.verdict.word == "cannot be told apart"
    assert calibration.unknown_genre(known, model="svc") is None


# -- completeness and words ---------------------------------------------------------------


def test_what_is_missing_is_listed() -> None:
    every = [
        score(model=m, variant=v, protocol=p)
        for (m, spec), p in product(MODELS.items(), LADDER)
        for v in spec.variants
    ]
    assert ladder.missing(pd.DataFrame(every)).empty
    (lacking,) = ladder.missing(pd.DataFrame(every[1:])).to_dict("records")
    assert lacking == {key: every[0][key] for key in ("model", "variant", "protocol")}


def test_predictions_without_a_score_are_unfinished() -> None:
    frame = pair(1, 1, 8)
    kept = finished(frame, pd.DataFrame([score(model="knn")]))
    assert set(kept["model"]) == {"knn"}
    assert len(kept) == 10


def test_incomplete_results_are_survived() -> None:
    nothing = pd.DataFrame([score()]).iloc[:0]
    none = rows(["jazz"], ["jazz"]).iloc[:0]
    assert ladder.ladders(nothing).empty
    assert ladder.ladder(nothing, none, model="svc").empty
    assert ladder.gaps(nothing).empty
    assert confusions.confusion(none, model="svc").pairs.empty
    assert confusions.per_genre(none, model="svc").empty
    assert confusions.hardest_tracks(none).tracks.empty
    assert ladder.compare_models(none).empty
    assert calibration.overconfidence(none, model="svc") is None
    assert calibration.unknown_genre(none, model="svc") is None


def test_groups_of_features_have_labels() -> None:
    table = names.titled(pd.DataFrame({"group": ["tempo", "rms_mean,rms_var,mfcc1_mean"]}))
    assert table["label"].to_list() == ["tempo", "rms_mean and 2 more"]


def test_neighbouring_mfccs_are_named_as_a_range() -> None:
    groups = ["mfcc4_var,mfcc5_var,mfcc6_var", "mfcc4_mean,mfcc6_mean", "mfcc4_var,mfcc5_mean"]
    labels = names.titled(pd.DataFrame({"group": groups}))["label"].to_list()
    assert labels == ["mfcc 4 to 6 (var)", "mfcc4_mean and 1 more", "mfcc4_var and 1 more"]


# -- what is resolved ---------------------------------------------------------------------


def test_resolution_is_the_median_over_models_without_the_floor() -> None:
    more = {"design_effect": 4.0, "effective_n": 25.0}
    scores = pd.DataFrame(
        [
            score(accuracy=0.5, **more),
            score(model="knn", accuracy=0.5, accuracy_low=0.3, accuracy_high=0.7, **more),
            score(model="dummy", accuracy=0.1, accuracy_low=0.1, accuracy_high=0.1, **more),
        ]
    )
    (row,) = ladder.resolution(scores).itertuples()
    assert (row.n, row.tracks, row.artists) == (100, 100, 40)
    assert row.half_width == pytest.approx((0.05 + 0.2) / 2)
    assert row.half_width_independent == pytest.approx(1.96 * 0.05, abs=1e-4)


def test_artists_on_two_sides_are_found() -> None:
    tracks = pd.DataFrame(
        {
            "track": list("abcdefg"),
            "genre": ["pop", "pop", "jazz", "jazz", "rock", "rock", "rock"],
            "artist": [0, 0, 1, 1, 2, 2, 2],
            "fault_filtered": ["train", "test", "train", "train", "test", "", "valid"],
            "known_fault": ["", "", "", "", "", "", "audio corrupt"],
        }
    )
    found = ladder.two_sided_artists(tracks)
    assert found.to_dict("records") == [
        {"artist": 0, "genres": "pop", "train": 1, "valid": 0, "test": 1}
    ]
