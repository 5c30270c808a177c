"""The numbers of the model card, of made-up tables of each verdict."""

from __future__ import annotations

import pandas as pd
import pytest

from audionome.lab import model_card
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.compare import SAME, Verdict
from audionome.lab.model_card import Comparison
from audionome.report import tables
from audionome.report.numbers import model

S = "\N{NO-BREAK SPACE}"


def versus(gap: float, low: float, high: float, word: str) -> Comparison:
    def of(*ends: float) -> ConfidenceInterval:
        return ConfidenceInterval(*ends, n=1200, clusters=300)

    return Comparison(
        "ear", "extended", of(0.7, 0.65, 0.75), of(0.7 - gap, 0.5, 0.6),
        Verdict(word, of(gap, low, high), 0.001), only_a=93, only_b=29,
    )  # fmt: skip


def test_a_model_is_better_worse_or_cannot_be_told_apart() -> None:
    told = model.difference(versus(0.145, 0.1, 0.19, "better"))
    assert told["verdict"] == "is better than"
    assert (told["apart"], told["apart_interval"]) == ("14.5", "10.0 to 19.0")
    assert (told["tracks"], told["artists"]) == ("1,200", "300")
    assert (told["a_right"], told["b_right"]) == (f"70.0{S}%", f"55.5{S}%")
    # A loss is told as a positive difference, and its interval turns round with it.
    told = model.difference(versus(-0.1, -0.15, -0.05, "worse"))
    assert (told["verdict"], told["apart"]) == ("is worse than", "10.0")
    assert told["apart_interval"] == "5.0 to 15.0"
    told = model.difference(versus(0.01, -0.02, 0.04, SAME))
    assert told["verdict"] == "cannot be told apart from"


def test_rankings_count_the_comparisons_of_each_verdict() -> None:
    better, same = versus(0.1, 0.05, 0.15, "better"), versus(0.01, -0.02, 0.04, SAME)
    found = {(p, "ear", "extended"): better for p in "abc"}
    assert model.ranking(found, "ear", "extended") == {
        "ear_extended": "is better than the extended model in all 3 comparisons"
    }
    found["b", "ear", "extended"] = same
    assert model.ranking(found, "ear", "extended")["ear_extended"] == (
        "is better than the extended model in 2 of 3 and cannot be told apart from the extended "
        "model in 1 of 3"
    )
    rows = tables.pair_table(found)
    assert rows["verdict"].to_list() == ["ear is better", SAME, "ear is better"]


def test_accuracies_by_model_and_music() -> None:
    rows = [
        {"protocol": p, "model": m, "accuracy": a, "low": a - 0.05, "high": a + 0.05, "n": 1441,
         "artists": 326, "top3": 0.9, "calibration_error": 0.045, "calibration_luck": 0.03}
        for p, m, a in (("elsewhere", "ear", 0.7), ("artist-grouped", "ear", 0.86))
    ]  # fmt: skip
    told = model.accuracy(pd.DataFrame(rows))
    assert told["ear_elsewhere"] == f"70.0{S}%"
    assert told["ear_elsewhere_interval"] == "65.0 to 75.0"
    assert told["ear_elsewhere_top3"] == f"90.0{S}%"
    assert told["ear_gtzan"] == f"86.0{S}%"
    assert told["n_elsewhere"] == "1,441"
    told = model.calibration(pd.DataFrame(rows), "ear")
    assert (told["error_elsewhere"], told["error_elsewhere_luck"]) == ("4.5", "3.0")


def test_an_excerpt_costs_points_or_cannot_be_told_apart() -> None:
    table = pd.DataFrame(
        {
            "seconds": [0, 10, 3],
            "accuracy": [0.7, 0.69, 0.6],
            "cost": [0, 0.01, 0.1],
            "cost_low": [0, -0.01, 0.07],
            "cost_high": [0, 0.03, 0.13],
            "verdict": [SAME, SAME, "better"],
        }
    )
    told = model.lengths(table)
    assert told["whole"] == f"70.0{S}%"
    assert told["ten_cost"] == "cannot be told apart from the whole clip"
    assert told["three_cost"] == "costs 10.0 points (7.0 to 13.0)"


def test_genres_with_few_clips_are_not_called_missed() -> None:
    table = pd.DataFrame(
        {
            "genre": ["blues", "hiphop", "jazz", "metal"],
            "n": [3, 58, 14, 31],
            "recall": [0.0, 0.55, 0.4, 0.9],
        }
    )
    told = model.genres(table, model_card.few_clips(table))
    assert told["missed"] == f"jazz (40.0{S}%) and hip-hop (55.0{S}%)"
    assert told["best"] == f"metal (90.0{S}%)"
    assert told["few"] == "blues (3)"
    assert model.genres(table, table.head(0), below=0.0)["missed"] == "none of the others"


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("better", "better than chance"),
        (SAME, "no better than chance"),
        ("worse", "worse than chance"),
    ],
)
def test_a_sign_is_better_than_chance_only_by_its_verdict(verdict: str, said: str) -> None:
    table = pd.DataFrame(
        {"task": ["errors, GTZAN"], "sign": ["entropy"], "auc": [0.861], "low": [0.81],
         "high": [0.9], "verdict": [verdict]}
    )  # fmt: skip
    told = model.doubt(table, "errors, GTZAN")
    assert told == {"auc": "0.86", "auc_interval": "0.81 to 0.90", "auc_verdict": said}
    assert tables.separation_table({"ear": table})["verdict"].to_list() == [said]


def test_the_surest_half_is_told_beside_all() -> None:
    table = pd.DataFrame(
        {"coverage": [0.5, 1.0], "accuracy": [0.8, 0.7], "low": [0.75, 0.65], "high": [0.9, 0.75]}
    )
    assert model.coverage(table) == {
        "half": f"80.0{S}%", "half_interval": "75.0 to 90.0", "every": f"70.0{S}%",
    }  # fmt: skip


def test_one_thing_has_no_plural() -> None:
    assert model.counted(1, "track") == "1 track"
    assert model.counted(0, "track") == "0 tracks"
    assert model.counted(1200, "track") == "1,200 tracks"


def test_artists_and_rare_genres_are_counted() -> None:
    tracks = pd.DataFrame({"genre": ["hiphop"] * 4 + ["blues"] * 2, "artist": [1, 1, 1, 2, 3, 3]})
    told = model.artists(tracks)
    assert told["largest"] == f"100.0{S}% of blues and 75.0{S}% of hip-hop"
    assert (told["fewest"], told["most"]) == ("blues from 1", "hip-hop from 2")
    counts = pd.DataFrame({"model": ["ear", "classic"], "right": [10, 9], "n": [12, 12]})
    assert model.named(counts) == {"ear_right": "10", "classic_right": "9", "n": "12"}


def test_what_the_committed_models_learned_from() -> None:
    told = model.learned(model_card.load())
    assert told["scarce"] == "45 reggae and 12 disco"
    assert (told["extended_tracks"], told["classic_tracks"]) == ("856", "1,000")
    assert told["ear_gtzan"] == "856"
