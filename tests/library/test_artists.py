"""One artist, one group, however the name is written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from audionome.datasets import gtzan
from audionome.datasets.artists import artist_groups, names_within, normalized_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "the beatles"),
        ("THE BEATLES", "Beatles"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("Earth, Wind & Fire", "earth wind and fire"),
        ("AC/DC", "Ac Dc"),
        ("Beyoncé", "Beyonce\u0301"),
        ("  Guns N' Roses ", "Guns N Roses"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert normalized_name(one) == normalized_name(other) != ""
    assert artist_groups([one, other]) == [0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bob Marley", "Ziggy Marley"),
        ("Sly", "Sly Stone"),
        ("Band", "Bad"),
        ("Andy", "Dy"),  # "and" is a word of its own, not three letters of another
        ("Theory", "Ory"),
    ],
)
def test_names_that_are_not_one(one: str, other: str) -> None:
    assert normalized_name(one) != normalized_name(other)
    assert artist_groups([one, other]) == [0, 1]


@pytest.mark.parametrize(
    "joint",
    [
        "Lauryn Hill feat. Bob Marley",
        "Lauryn Hill featuring Bob Marley",
        "Lauryn Hill ft. Bob Marley",
        "Lauryn Hill with Bob Marley",
        "Lauryn Hill and Bob Marley",
        "Lauryn Hill & Bob Marley",
        "Lauryn Hill, Bob Marley",
        "Lauryn Hill / Bob Marley",
        "Lauryn Hill vs. Bob Marley",
        "LAURYN HILL  &  BOB MARLEY",
    ],
)
def test_a_duet_joins_those_who_have_a_name_of_their_own(joint: str) -> None:
    assert set(names_within(joint)) >= {"laurynhill", "bobmarley"}
    assert artist_groups(["Bob Marley", joint, "Nirvana"]) == [0, 0, 1]
    # Both are on the list: with the duet all three are one group.
    assert artist_groups(["Lauryn Hill", "Bob Marley", "Nirvana", joint]) == [0, 0, 1, 0]
    # Neither is: the duet stands alone.
    assert artist_groups([joint, "Nirvana"]) == [0, 1]


def test_a_band_with_and_in_its_name_stays_one() -> None:
    groups = artist_groups(["Earth, Wind & Fire", "Earth Wind and Fire", "Fire Inc."])
    assert groups == [0, 0, 1]


def test_who_nobody_knows_stays_alone() -> None:
    assert artist_groups([None, "", None, "A", "?!", "a"]) == [0, 1, 2, 3, 4, 3]


def test_repetitions_are_one_group_whatever_their_names() -> None:
    assert artist_groups(["A", "B", "C", None], same=[(0, 3), (1, 2)]) == [0, 1, 1, 0]


def test_groups_do_not_hang_on_the_order() -> None:
    names = ["A feat. B", "B", "C", "C & D", "D", None, "A"]

    def partition(order: list[int]) -> set[frozenset[int]]:
        groups = artist_groups([names[i] for i in order])
        return {
            frozenset(i for i, g in zip(order, groups, strict=True) if g == group)
            for group in groups
        }

    expected = {frozenset({0, 1, 6}), frozenset({2, 3, 4}), frozenset({5})}
    assert partition(list(range(7))) == expected
    assert partition([6, 5, 4, 3, 2, 1, 0]) == expected
    assert partition([3, 0, 5, 1, 6, 2, 4]) == expected


def test_the_committed_table_has_316_groups() -> None:
    tracks = gtzan.load().tracks
    assert tracks["artist"].nunique() == 316
    # Numbers from 0, in the order in which the groups come.
    assert pd.factorize(tracks["artist"])[0].tolist() == tracks["artist"].tolist()


def test_tracks_are_built_from_lists(tmp_path: Path) -> None:
    (tmp_path / "splits").mkdir()
    for part in ("train", "valid", "test"):
        (tmp_path / "splits" / f"{part}_filtered.txt").write_text("jazz/jazz.00000.wav\n")
    (tmp_path / "artists.csv").write_text(
        "clip,artist,title\n"
        "jazz.00000,Ella & Louis,X\njazz.00001,ella,Y\njazz.00002,Louis,Z\njazz.00003,Ella,X\n"
    )
    (tmp_path / "exact_repetitions.csv").write_text("clip_a,clip_b\njazz.00003,pop.00000\n")
    windows = gtzan.load_windows().iloc[:10]
    tracks = gtzan.build_tracks(tmp_path, windows).set_index("track")["artist"]
    together = ["jazz.00000", "jazz.00001", "jazz.00002", "jazz.00003", "pop.00000"]
    assert tracks[together].nunique() == 1
    assert tracks.nunique() == 1000 - len(together) + 1
