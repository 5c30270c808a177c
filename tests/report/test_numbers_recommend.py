"""The numbers of the chapter on tracks that sound alike, of made-up tables."""

from __future__ import annotations

import pandas as pd

from audionome.lab.compare import SAME
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
