"""The numbers of the chapter on the commercial library, of made-up tables of each verdict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from audionome.lab import model_card
from audionome.lab.compare import SAME
from audionome.lab.studies import loudness
from audionome.report.numbers import wild

S = "\N{NO-BREAK SPACE}"


def test_the_losses_of_the_ladder_leave_the_released_model_out() -> None:
    table = pd.DataFrame(
        {
            "title": ["Support vector machine", "Decision tree", "Classic model, released"],
            "inside": [0.6, 0.5, 0.6],
            "outside": [0.4, 0.35, 0.5],
            "low": [0.35, 0.3, 0.4],
            "high": [0.45, 0.4, 0.6],
            "released": [False, False, True],
        }
    )
    told = wild.leaving(table)
    assert told["every"] == "All 2 models"
    assert (told["least"], told["least_model"]) == ("15.0", "decision tree")
    assert (told["most"], told["most_model"]) == ("20.0", "support vector machine")
    assert told["classic_loss"] == "10.0"
    assert (told["best"], told["best_right"]) == ("support vector machine", f"40.0{S}%")
    table.loc[1, "outside"] = 0.6
    assert wild.leaving(table)["every"] == "1 of 2 models"


def shortcut(n_artists: int) -> loudness.Shortcut:
    table = pd.DataFrame({"genre": ["jazz"] * 100, "artist": range(100)})
    table["all"] = ["jazz"] * 30 + ["rock"] * 70
    table["level_free"] = ["jazz"] * 45 + ["rock"] * 55
    return loudness.shortcut(table.assign(artist=table["artist"] * n_artists // 100))


def test_loudness_is_a_shortcut_only_if_the_interval_says_so() -> None:
    told = wild.loudness(shortcut(100))
    assert (told["with_level"], told["without_level"]) == (f"30.0{S}%", f"45.0{S}%")
    assert told["gain"].startswith("is better by 15.0 points (95")
    # The same answers about four artists are too little.
    assert wild.loudness(shortcut(4))["gain"].startswith("does neither better nor worse")


def test_genres_by_verdict() -> None:
    table = pd.DataFrame(
        {
            "genre": ["pop", "hiphop", "reggae", "metal"],
            "outside": [0.2, 0.5, 0.7, 0.8],
            "loss": [0.5, 0.1, -0.3, 0.0],
            "verdict": ["better", SAME, "worse", SAME],
            "instead": ["hiphop", "reggae", "disco", "rock"],
        }
    )
    told = wild.genres(table)
    assert told["found"] == "metal, reggae and hip-hop"
    assert told["lost"] == "pop (mostly taken for hip-hop)"
    assert told["won"] == "More often: reggae."
    assert told["unsure"] == "2"
    told = wild.genres(table.assign(verdict=SAME))
    assert (told["lost"], told["won"]) == ("none", "No genre is shown to be found more often.")


def test_many_genres_for_soul_may_be_chance() -> None:
    ratios = pd.DataFrame(
        {
            "against": ["GTZAN", "wild"],
            "ratio": [6.0, 1.4],
            "low": [4.0, 1.0],
            "high": [8.0, 1.8],
            "verdict": ["better", SAME],
            "twice": [True, False],
        }
    )
    told = wild.many(ratios)
    assert told["times_gtzan"] == f"6.0 times as often (95{S}% interval 4.0 to 8.0)"
    assert told["times_wild"].endswith("1.0 to 1.8; that may be chance)")
    assert "not shown" in told["twice"]
    assert "Both intervals" in wild.many(ratios.assign(twice=True))["twice"]


def test_shares_that_are_held_back_have_names() -> None:
    shares = pd.DataFrame(
        {
            "group": ["GTZAN", "soul"],
            "sign": ["many", "out-of-distribution"],
            "share": [0.36, 0.012],
        }
    )
    assert wild.held(shares) == {"many_gtzan": f"36.0{S}%", "far_soul": f"1.2{S}%"}


def test_the_best_of_many_tries_stands_beside_the_median() -> None:
    table = pd.DataFrame({"wild": ["40", "44", "", "48"]})
    told = wild.tries(table)
    assert (told["n_tries"], told["best_try"], told["median_try"]) == (
        "3", f"48.0{S}%", f"44.0{S}%",
    )  # fmt: skip
    assert told["middle_tries"] == "42.0 to 46.0"


def test_levels_name_the_loudest_genre() -> None:
    summary = pd.DataFrame(
        {"feature": "rms_mean", "genre": ["classical", "hiphop"], "p50": [0.03, 0.2]}
    )
    assert wild.levels(summary) == {
        "loud": "hip-hop", "loud_level": "0.20", "quiet": "classical", "quiet_level": "0.03",
    }  # fmt: skip


def test_music_of_the_library_is_counted() -> None:
    told = wild.music(model_card.load())
    assert told == {"tracks": "978 tracks", "artists": "249 artists", "soul_tracks": "84 tracks"}


def test_recordings_without_a_genre_are_not_counted_as_wrong() -> None:
    def heard(source: str, first: str, *named: str) -> Any:
        answer = SimpleNamespace(genre=first, prediction_set=named)
        return SimpleNamespace(genre=source), answer

    told = wild.recordings(
        [heard("rock", "rock", "rock"), heard("jazz", "rock", "rock", "jazz"), heard("", "pop")]
    )
    assert told == {"n_recordings": "3", "n_labelled": "2", "n_first": "1", "n_within": "2"}
