"""The numbers of the chapter on tracks that sound alike, of made-up tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from audionome.lab.compare import SAME
from audionome.report import tables
from audionome.report.charts import vector_precision
from audionome.report.numbers import recommend

S = "\N{NO-BREAK SPACE}"


def test_neighbours_with_and_without_the_own_artist() -> None:
    table = pd.DataFrame(
        {
            "index": ["ear", "ear", "plain"],
            "k": [5, 5, 5],
            "other_artist": [True, False, True],
            "precision": [0.789, 0.86, 0.4],
            "low": [0.73, 0.8, 0.3],
            "high": [0.83, 0.9, 0.5],
            "chance": [0.1, 0.11, 0.1],
            "n": [1856, 1856, 1856],
        }
    )
    assert recommend.neighbours(table) == {
        "same_genre": f"78.9{S}%",
        "same_genre_interval": "73.0 to 83.0",
        "own_artist": f"86.0{S}%",
        "chance": f"10.0{S}%",
        "n_tracks": "1,856",
    }


def test_gains_are_told_by_verdict() -> None:
    table = pd.DataFrame(
        {
            "against": ["ear", "classic", "plain"],
            "k": 5,
            "difference": [-0.127, 0.16, 0.01],
            "verdict": ["worse", "better", SAME],
        }
    )
    assert recommend.gains(table, "extended") == {
        "extended": "does better than the classic model (by 16.0 points), does worse than the ear "
        "(by 12.7 points) and cannot be told apart from plain features"
    }


def test_repetitions_and_doubts_are_counted() -> None:
    tracks = pd.DataFrame(
        {
            "genre": ["reggae", "hiphop", "reggae", "jazz"],
            "p_genre": [0.0, 0.1, 0.2, 0.9],
            "repeated": [True, True, False, False],
            "same_song": [True, False, False, False],
        }
    )
    assert recommend.repetitions(tracks, first=2) == {
        "n_sound": "4", "n_repeated": "2", "n_nearest": "1", "n_first": "2", "n_first_same": "1",
    }  # fmt: skip
    told = recommend.doubts(tracks, first=3)
    assert told == {"n_doubted": "3", "by_genre": "2 reggae and 1 hip-hop"}


def _study() -> dict[str, Any]:
    rows = [
        ("best", "mean and spread", 400, "gtzan", 0.7693, 0.7137, 0.8201, None, None, None),
        ("best", "mean and spread", 400, "outside", 0.6054, 0.5737, 0.6353, None, None, None),
        ("short", "32 axes", 32, "gtzan", 0.7688, 0.7146, 0.819, -0.0005, -0.0047, 0.0039),
        ("short", "32 axes", 32, "outside", 0.6027, 0.571, 0.6329, -0.0027, -0.0089, 0.0033),
    ]
    columns = ["vector", "words", "numbers", "set", "precision", "low", "high", "difference",
               "difference_low", "difference_high"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).assign(n=1856, artists=245, chance=0.1012)
    existing = pd.DataFrame(
        {
            "index": ["ear", "plain"], "difference": [-0.01, 0.31], "verdict": [SAME, "better"],
        }
    )  # fmt: skip
    return {"nearest": 10, "margin": 0.01, "reference": "best", "chosen": "short",
            "vectors": table, "existing": existing}  # fmt: skip


def test_the_vector_of_an_index_is_told_with_what_it_loses() -> None:
    told = recommend.vectors(_study())
    assert {name: told[name] for name in ("chosen", "n_chosen", "reference", "n_reference")} == {
        "chosen": "32 axes", "n_chosen": "32", "reference": "mean and spread", "n_reference": "400",
    }  # fmt: skip
    assert (told["gtzan"], told["gtzan_interval"]) == (f"76.9{S}%", "71.5 to 81.9")
    assert (told["outside"], told["outside_loss"], told["margin"]) == (f"60.3{S}%", "0.9", "1")
    assert (told["bytes_chosen"], told["gtzan_clips"], told["n_nearest"]) == ("128", "1,856", "10")
    assert told["against"] == "does better than plain features (by 31.0 points)"


def test_the_chart_of_vectors_tells_both_sets() -> None:
    chart = vector_precision(_study()["vectors"], nearest=10)
    assert [trace.name for trace in chart.figure.data] == ["GTZAN", "other music"]
    assert list(chart.figure.data[1].x) == [0.6054, 0.6027]
    assert chart.alt == (
        "Share of the 10 nearest tracks by other artists that have the same genre, for 2 ways to "
        "sum up a track: between 77% and 77% on GTZAN and between 60% and 61% on other music."
    )
    assert chart.table["difference to the best (points)"].to_list() == ["", "", "−0.1", "−0.3"]
    assert not vector_precision(pd.DataFrame(), nearest=10).figure.data


def test_the_largest_index_is_told_with_what_the_graph_misses() -> None:
    rows = pd.DataFrame(
        {
            "tracks": [1_000_000, 10_000],
            "index_mb": [690.2, 6.9],
            "graph": [True, False],
            "graph_mb": [212.0, None],
            "graph_core_seconds": [61.4, None],
            "recall": [0.9985, None],
            "first_seconds": [1.23, 1.1],
            "each_seconds": [0.0123, 0.002],
            "peak_mb": [1310.4, 300.0],
        }
    )
    told = recommend.search({"processor": "Some CPU", "cores": 2}, rows)
    assert told == {
        "many": "100,000", "n_largest": "1,000,000", "largest_recall": f"99.9{S}%",
        "largest_first": f"1.2{S}s", "largest_each": f"0.012{S}s",
        "largest_memory": f"1,310{S}MB", "search_machine": "Some CPU, 2 cores",
    }  # fmt: skip
    table = tables.search_table(rows)
    assert table["of the ten nearest, found"].to_list() == ["99.9%", "all"]
    assert table["graph"].to_list() == [f"212{S}MB", ""]
    assert set(tables.search_table(rows.drop(columns=["recall", "graph_mb"]))["graph"]) == {""}
