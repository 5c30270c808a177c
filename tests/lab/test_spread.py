"""How tracks and genres lie on a plane: clouds whose spread and overlap are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from audionome.datasets import gtzan
from audionome.datasets.gtzan import GENRES
from audionome.lab import exploration
from audionome.lab.exploration.projection import Principal
from audionome.lab.exploration.spread import TOO_FEW, spread


def plane(clouds: dict[str, tuple[Any, float, int]]) -> Principal:
    """Lay clouds (centre, standard deviation, tracks) on a plane; two tracks per artist."""
    rng = np.random.default_rng(0)
    rows = []
    for genre, (centre, deviation, n) in clouds.items():
        for i, xy in enumerate(rng.normal(centre, deviation, size=(n, 2))):
            rows.append((f"{genre}.{i}", genre, f"{genre} {i // 2}", *xy, 0.0))
    points = pd.DataFrame(rows, columns=["track", "genre", "artist", "PC1", "PC2", "PC3"])
    axes = ["PC1", "PC2", "PC3"]
    loadings = pd.DataFrame(np.eye(3), index=["a", "b", "c"], columns=axes)
    return Principal(points, np.array([0.6, 0.4, 0.0]), loadings)


def test_the_spread_is_the_variance_around_the_genres_own_centre() -> None:
    found = spread(plane({"rock": ((50, 0), 1, 200), "pop": ((0, 0), 3, 200)}))
    table = found.genres.set_index("genre")
    assert table.index.to_list() == ["pop", "rock"]
    assert table.loc["rock", "spread"] == pytest.approx(2, rel=0.2)
    assert table.loc["pop", "spread"] == pytest.approx(18, rel=0.2)
    assert table["verdict"].to_dict() == {"pop": "wider", "rock": "narrower"}
    assert (table["low"] <= table["spread"]).all()
    assert table["everywhere"].to_list() == pytest.approx(table["spread"].to_list())
    assert found.observed["spread"] == "holds"


def test_clouds_of_one_size_are_not_said_to_differ() -> None:
    found = spread(plane(dict.fromkeys(("blues", "jazz", "pop", "rock"), ((0, 0), 1, 80))))
    assert set(found.genres["verdict"]) == {"cannot be told apart"}
    assert found.observed["spread"] == "open"


def test_a_handful_of_tracks_is_not_judged() -> None:
    found = spread(plane({"rock": ((0, 0), 1, 80), "pop": ((0, 0), 3, 80), "jazz": ((0, 0), 9, 8)}))
    words = found.genres.set_index("genre")["verdict"]
    assert words["jazz"] == TOO_FEW
    # Nor does it move the mean that the others are compared with.
    assert (words["pop"], words["rock"]) == ("wider", "narrower")


def test_one_cloud_lies_together_and_islands_do_not() -> None:
    """Islands do not, tight or wide, around an empty middle or not."""
    one = spread(plane({"rock": ((0, 0), 1, 200), "pop": ((0, 0), 1, 200)}))
    assert one.observed["together"] == "holds"
    corners = {"rock": (9, 0), "pop": (-9, 0), "jazz": (0, 9), "metal": (0, -9)}
    islands = spread(plane({genre: (at, 1, 100) for genre, at in corners.items()}))
    assert islands.together.estimate == pytest.approx(0.25, abs=0.02)
    assert islands.observed["together"] == "fails"
    assert one.together.estimate == pytest.approx(one.one_cloud, abs=0.1)
    two = spread(plane({"rock": ((0, 0), 1, 200), "pop": ((7, 0), 1, 200)}))
    assert two.observed["together"] != "holds"
    at = np.random.default_rng(1).normal(0, 1, (10, 2))
    ten = spread(plane({genre: (xy, 0.03, 60) for genre, xy in zip(GENRES, at, strict=True)}))
    assert ten.together.estimate < 0.35
    assert ten.observed["together"] == "fails"


def test_islands_that_are_no_genres_are_seen() -> None:
    flat = plane({"rock": ((0, 0), 1, 200), "pop": ((0, 0), 1, 200)})
    aside = np.where(np.arange(400) % 4 < 2, 8.0, -8.0)  # both genres, both artists' tracks
    points = flat.points.assign(PC1=flat.points["PC1"] + aside)
    found = spread(Principal(points, flat.explained, flat.loadings))
    assert found.together.estimate == pytest.approx(0.5, abs=0.05)
    assert found.observed["together"] != "holds"


def test_genres_that_meet_in_the_middle_are_mixed_there() -> None:
    # Two clouds share the middle; each has a wing of its own.
    clouds = {
        "rock": ((0, 0), 1, 100), "pop": ((0, 0), 1, 100),
        "metal": ((12, 0), 1, 100), "classical": ((-12, 0), 1, 100),
    }  # fmt: skip
    found = spread(plane(clouds))
    assert found.alike["middle", "plane"].estimate < 0.65
    assert found.alike["edge", "plane"].estimate > 0.95
    assert found.mixed.word == "worse"
    assert found.observed["mixed"] == found.observed["similar"] == "holds"
    # The third component says nothing, so nothing was lost on the plane.
    assert found.flattened.word == "cannot be told apart"


def test_an_overlap_that_only_the_plane_makes() -> None:
    flat = plane({"rock": ((0, 0), 1, 100), "pop": ((0, 0), 1, 100)})
    points = flat.points.assign(PC3=np.where(flat.points["genre"] == "rock", 20.0, -20.0))
    found = spread(Principal(points, flat.explained, flat.loadings))
    assert found.alike["middle", "plane"].estimate < 0.65
    assert found.alike["middle", "all"].estimate == 1
    assert found.flattened.word == "worse"


def test_what_the_table_says_about_the_studys_plot() -> None:
    """The verdicts that the page reports, on the committed table."""
    found = spread(exploration.principal(exploration.track_means(gtzan.load())))
    assert set(found.observed.values()) == {"holds"}
    words = found.genres.set_index("genre")["verdict"]
    assert words["disco"] == words["reggae"] == TOO_FEW
    assert words["metal"] == "narrower"
    assert found.genres["genre"].iloc[0] == "hiphop"
    assert found.flattened.word == "worse"
