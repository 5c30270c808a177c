"""What the chapter on the dataset is told: made-up tables of each case."""

from __future__ import annotations

import pandas as pd
import pytest

from audionome import features
from audionome.datasets import gtzan
from audionome.lab import store
from audionome.report import charts
from audionome.report.numbers import dataset


def tracks() -> pd.DataFrame:
    """Four clips of two genres: one repeats another, one is on the list for no known reason."""
    return pd.DataFrame(
        {
            "track": ["rock.0", "rock.1", "hiphop.0", "hiphop.1"],
            "genre": ["rock", "rock", "hiphop", "hiphop"],
            "artist": [0, 0, 1, 2],
            "measured": [True, False, True, True],
            "known_fault": ["", "left out by the fault filter", "left out by the fault filter", ""],
            "fault_filtered": ["train", "", "", "test"],
        }
    )


def test_the_size_is_counted() -> None:
    told = dataset.size(tracks())
    assert told == {
        "n_tracks": "4", "n_measured": "3", "n_genres": "2", "genres": "hip-hop and rock",
        "per_genre": "2", "n_artists": "3",
    }  # fmt: skip


def test_a_clip_is_cut_into_ten_windows_that_do_not_overlap() -> None:
    told = dataset.windows()
    assert told["per_clip"] == "10"
    assert told["length"] < told["hop"] == "66,150"


@pytest.mark.parametrize(
    ("names", "present", "absent"),
    [
        (["mfcc1_mean", "chroma_stft_mean"], "MFCCs and chroma", "spectral contrast and tonnetz"),
        (["tonnetz_mean"], "tonnetz", "MFCCs, chroma and spectral contrast"),
        (["mfcc", "chroma", "contrast", "tonnetz"], "MFCCs, chroma, spectral contrast and tonnetz",
         "none of them"),
        (["tempo"], "none of them", "MFCCs, chroma, spectral contrast and tonnetz"),
    ],
)  # fmt: skip
def test_the_features_that_the_study_names_are_looked_up(
    names: list[str], present: str, absent: str
) -> None:
    told = dataset.columns(names)
    assert (told["present"], told["absent"]) == (present, absent)


def test_the_published_tables_hold_neither_contrast_nor_tonnetz() -> None:
    told = dataset.columns(features.COLUMNS)
    assert told["absent"] == "spectral contrast and tonnetz"
    assert (told["n_columns"], told["n_curves"]) == ("57", "28")


def test_repetitions_are_counted_by_artist_and_title() -> None:
    songs = pd.DataFrame({"track": ["rock.0", "rock.1", "hiphop.1"], "song": [7, 7, 8]})
    told = dataset.left_out(tracks(), songs)
    assert told["n_left_out"] == "2"
    assert (told["n_repeated"], told["n_other"], told["n_unheard"]) == ("1", "1", "0")
    assert told["n_songs"] == "0"
    again = pd.DataFrame({"track": ["rock.0", "hiphop.1"], "song": [7, 7]})
    assert dataset.left_out(tracks(), again)["n_songs"] == "1"


def test_the_fault_filter_is_a_list_of_repetitions() -> None:
    told = dataset.left_out(gtzan.load().tracks, gtzan.load_songs())
    assert told["n_left_out"] == "70"
    assert told["n_repeated"] in {"66", "67"}
    chart = charts.left_out_by_genre(gtzan.left_out(gtzan.load().tracks, gtzan.load_songs()))
    assert "fault" not in chart.caption + chart.alt


def summary(boxes: dict[str, list[tuple[float, float, float]]]) -> pd.DataFrame:
    rows = [
        (feature, genre, *box)
        for feature, of in boxes.items()
        for genre, box in zip(("rock", "pop", "hiphop"), of, strict=True)
    ]
    return pd.DataFrame(rows, columns=["feature", "genre", "p25", "p50", "p75"])


def test_boxes_that_do_not_overlap_are_counted() -> None:
    low, middle, high = (0, 1, 2), (3, 4, 5), (6, 7, 8)
    wide = (0, 4, 9)
    found = summary({"a": [low, middle, high], "b": [low, wide, high], "c": [wide, wide, wide]})
    told = dataset.separation(found, feature="a")
    assert (told["lowest"], told["highest"], told["apart"]) == ("rock", "hip-hop", "do not overlap")
    assert (told["best"], told["n_best"], told["n_pairs"]) == ("`a`", "3", "3")
    assert told["n_whole"] == "1"
    told = dataset.separation(found[found["feature"] != "a"], feature="c")
    assert (told["best"], told["n_best"], told["n_whole"]) == ("`b`", "1", "no")
    assert told["apart"] == "overlap"


def test_thin_genres_are_named() -> None:
    rows = pd.DataFrame({"genre": ["rock"] * 100 + ["hiphop"] * 12})
    told = dataset.thin(rows)["thin"]
    assert "only 12 of 100 hip-hop tracks, so what they say about this genre" in told
    assert dataset.thin(rows[:100])["thin"] == "Every genre is complete or nearly so."


def test_the_windows_that_are_published_and_tested_are_counted() -> None:
    told = dataset.rows(store.load().scores)
    assert (told["published"], told["short"], told["used"]) == ("9,990", "10", "9,918")
