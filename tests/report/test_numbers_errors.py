"""What the chapter on errors says of made-up results: a table for each verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
from made_results import KNN, rows

from audionome.lab import calibration, names
from audionome.lab import confusion as confusions
from audionome.report.numbers import errors as numbers


def plain(found: dict[str, str]) -> dict[str, str]:
    """Texts with the spaces of a keyboard."""
    return {key: text.replace("\N{NO-BREAK SPACE}", " ") for key, text in found.items()}


def test_confusions_are_named_the_commonest_first() -> None:
    truth = ["jazz"] * 4 + ["rock"] * 2
    said = ["jazz", "jazz", "jazz", "hiphop", "metal", "metal"]
    found = plain(numbers.confusion(confusions.confusion(rows(truth, said), model="svc")))
    assert (found["n_right"], found["n"], found["right"]) == ("3", "6", "50.0 %")
    assert (found["genre_1"], found["heard_1"], found["share_1"]) == ("rock", "metal", "100.0 %")
    assert (found["genre_2"], found["heard_2"], found["share_2"]) == ("jazz", "hip-hop", "25.0 %")


def test_genres_are_told_apart_or_not() -> None:
    truth = ["jazz"] * 40 + ["rock"] * 40 + ["pop"] * 40
    said = ["jazz"] * 40 + ["pop"] * 30 + ["rock"] * 10 + ["pop"] * 39 + ["jazz"]
    table = confusions.per_genre(rows(truth, said), model="svc")
    found = plain(numbers.genres(table))
    assert (found["most"], found["most_recall"]) == ("jazz", "100.0 %")
    assert (found["least"], found["least_recall"]) == ("rock", "25.0 %")
    assert found["least_artists"] == "40 artists"
    assert (found["worse"], found["same"]) == ("rock", "pop")


def test_hard_clips_are_counted_and_not_explained() -> None:
    truth = ["jazz"] * 9 + ["pop"]
    frame = pd.concat(
        [rows(truth, ["rock"] * 5 + truth[5:]), rows(truth, ["rock"] * 1 + truth[1:], key=KNN)]
    )
    found = plain(numbers.hardest(confusions.hardest_tracks(frame)))
    assert (found["n_hard"], found["n_easy"], found["n"]) == ("1", "5", "10")
    assert found["by_genre"] == "jazz (1)"
    # The list of what the fault-filtered split leaves out is no list of wrong labels.
    assert "fault" not in " ".join(found.values())


def test_confidence_is_too_high_only_where_that_is_told_from_chance() -> None:
    truth = ["jazz"] * 100
    sure = rows(truth, ["jazz"] * 80 + ["rock"] * 20, sure=0.95)

    def said(frame: pd.DataFrame) -> dict[str, str]:
        found = calibration.overconfidence(frame, model="svc")
        assert found is not None
        return plain(numbers.reliability(found))

    assert said(sure)["verdict"] == "It is **too sure of itself**, by 15.0 points."
    few = said(sure.assign(artist=sure["artist"] // 25))["verdict"]
    assert few.startswith("The difference may be chance (95 % interval ")
    modest = rows(truth, ["jazz"] * 80 + ["rock"] * 20, sure=0.5)
    assert said(modest)["verdict"] == "It is **too modest**, by 30.0 points."


def test_an_unknown_genre_is_noticed_only_where_that_is_shown() -> None:
    known = rows(["jazz", "jazz"], ["jazz", "rock"], sure=0.9, protocol="wild")
    strange = rows(["soul", "soul"], ["disco", "disco"], sure=0.5, protocol="wild")
    strange["track"] = ["s0", "s1"]
    strange["artist"] += 2
    strange.loc[strange["track"] == "s1", "p_disco"] = 0.95
    result = calibration.unknown_genre(pd.concat([known, strange]), model="svc")
    assert result is not None
    found = plain(numbers.unknown(result))
    assert (found["n_unknown"], found["called"]) == ("2", "disco (100.0 %)")
    assert (found["auc"], found["notices"]) == ("0.50", "is not shown to notice")
    many = pd.concat([
        rows(["jazz"] * 60, ["jazz"] * 60, sure=0.9, protocol="wild"),
        rows(["soul"] * 60, ["disco"] * 60, sure=0.5, protocol="wild").assign(
            track=lambda t: "s" + t["track"], artist=lambda t: t["artist"] + 60
        ),
    ])  # fmt: skip
    result = calibration.unknown_genre(many, model="svc")
    assert result is not None
    assert numbers.unknown(result)["notices"] == "nearly always notices"


def curve(verdict: str) -> pd.DataFrame:
    table = pd.DataFrame({"tracks": [100, 200, 400], "accuracy": [0.3, 0.5, 0.6], "title": "It"})
    table[["gain", "gain_low", "gain_high"]] = [[np.nan] * 3, [0.2, 0.1, 0.3], [0.1, 0.02, 0.18]]
    return table.assign(verdict=["", "better", verdict])


def test_a_learning_curve_rises_only_where_the_verdict_says_so() -> None:
    found = plain(numbers.learning(curve("better")))
    assert (found["before_most"], found["most"]) == ("200", "400")
    assert (found["n_rising"], found["n_curves"]) == ("1", "1")
    assert (found["largest"], found["largest_interval"]) == ("10.0", "95 % interval 2.0 to 18.0")
    assert numbers.learning(curve("cannot be told apart"))["n_rising"] == "none"


def test_importance_names_the_groups() -> None:
    table = names.titled(
        pd.DataFrame(
            {
                "group": ["tempo", "rms_mean,rms_var,mfcc1_mean"],
                "model": "svc",
                "drop": [0.0, 0.1],
                "low": [-0.01, 0.08],
                "high": [0.01, 0.12],
                "verdict": ["cannot be told apart", "better"],
            }
        )
    )
    found = plain(numbers.importance(table))
    assert (found["top"], found["top_drop"]) == ("`rms_mean`, `rms_var` and `mfcc1_mean`", "10.0")
    assert (found["n_groups"], found["n_needed"], found["n_open"]) == ("2", "1", "1")
