"""Standardisation, components and maps: truths known beforehand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import toy

from audionome.datasets import gtzan
from audionome.lab import exploration
from audionome.lab.exploration import projection


def test_tracks_are_the_means_of_their_windows() -> None:
    windows = pd.DataFrame(
        {"track": ["a", "a", "b"], "window": [0, 1, 0], "genre": ["rock", "rock", "pop"],
         "source": "measured", "tempo": [100.0, 120.0, 90.0]}
    )  # fmt: skip
    tracks = pd.DataFrame({"track": ["b", "a"], "genre": ["pop", "rock"], "artist": [5, 3]})
    means = exploration.track_means(gtzan.Gtzan(windows, tracks, ""))
    assert means.to_dict("list") == {
        "track": ["a", "b"], "genre": ["rock", "pop"], "artist": [3, 5], "tempo": [110.0, 90.0]
    }  # fmt: skip
    table = exploration.standardised(means, ["tempo"], track="b")
    assert table.iloc[0].to_list() == ["tempo", 100.0, 10.0, 90.0, -10.0, -1.0]


def test_principal_components_of_a_line() -> None:
    x = np.arange(12.0)
    line = pd.DataFrame({"track": x, "genre": "rock", "artist": x, "a": x, "b": -1000 * x + 7})
    found = exploration.principal(line)
    np.testing.assert_allclose(found.explained, [1, 0], atol=1e-12)
    np.testing.assert_allclose(found.loadings["PC1"].abs(), np.sqrt(0.5))
    assert found.needed(0.9) == 1
    raw = exploration.principal(line, scale=False)
    assert raw.loadings.loc["b", "PC1"] > 0.999


def test_principal_components_turn_and_do_not_bend() -> None:
    tracks = toy.music(60, ("blues", "rock"), 5, apart=2)
    found = exploration.principal(tracks)
    axes = found.loadings.to_numpy()
    np.testing.assert_allclose(axes.T @ axes, np.eye(5), atol=1e-12)
    points = found.points[found.loadings.columns].to_numpy()
    np.testing.assert_allclose(np.corrcoef(points.T), np.eye(5), atol=1e-8)
    assert found.explained.sum() == pytest.approx(1)
    assert (found.loadings.max() >= -found.loadings.min()).all()
    assert found.needed(1.0) == 5


def test_the_halves_share_no_artist() -> None:
    tracks = toy.music(90, ("blues", "rock", "pop"), 2, apart=0)
    one, other = exploration.halves(tracks)
    assert sorted([*one, *other]) == list(range(90))
    assert not set(tracks["artist"].iloc[one]) & set(tracks["artist"].iloc[other])


def test_maps_of_genres_that_lie_apart_and_of_noise() -> None:
    genres = ("blues", "rock", "pop")
    clear = exploration.maps(toy.music(120, genres, 6, apart=12)).alike.set_index("map")["alike"]
    assert clear[projection.LDA_MAP] > 0.95
    assert clear[projection.ALL_FEATURES] > 0.95
    found = exploration.maps(toy.music(120, genres, 30, apart=0))
    noise = found.alike.set_index("map")["alike"]
    assert noise[projection.LDA_MAP] < 0.5
    assert noise[projection.LDA_OWN] > noise[projection.LDA_MAP] + 0.2
    assert found.lda_own.word == "better"
    assert (found.alike["low"] <= found.alike["alike"]).all()


def test_neighbours_by_the_same_artist_do_not_count() -> None:
    # Each artist sits on one spot, next to an artist of the other genre.
    keys = pd.DataFrame({"genre": ["a"] * 6 + ["b"] * 6, "artist": [1] * 6 + [2] * 6})
    same = projection._alike(np.zeros((12, 2)), keys)
    assert (same == 0).all()


def test_preparing_outside_the_fold_makes_up_a_result_from_noise() -> None:
    table = exploration.preparation(toy.music(240, ("a", "b", "c", "d"), 60, apart=0))
    scaled, discriminant = (table.iloc[i] for i in (0, 1))
    assert abs(scaled["difference"]) < 0.08
    assert discriminant["inside"] < 0.35
    assert discriminant["low"] > 0.15
    assert discriminant["verdict"] == "better"
