"""Which numbers find neighbours: the measure where the answer is known, and the stored study."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audionome.collection import index
from audionome.lab.store import StaleResultsError
from audionome.lab.studies import similar


def _made(n: int = 240, seed: int = 0) -> pd.DataFrame:
    """Clips of four genres that differ in two of six numbers, and of artists in the others."""
    random = np.random.default_rng(seed)
    genre = np.arange(n) % 4
    artist = np.arange(n) // 4 % 30  # several clips each, of every genre
    values = random.normal(size=(n, 12)) * 0.3
    values[:, 0] += 4 * (genre % 2)
    values[:, 1] += 4 * (genre // 2)
    values[:, 2:6] += 40 * random.normal(size=(30, 4))[artist]
    columns = [f"m{k}" for k in range(6)] + [f"s{k}" for k in range(6)]
    table = pd.DataFrame(values, columns=columns)
    trust = np.where(np.arange(n) < n // 2, "G", "A")
    return table.assign(genre=[f"g{k}" for k in genre], artist=artist, trust=trust, clip=range(n))


def test_only_other_artists_count() -> None:
    """Clips that lie on their own artist's, and else on another genre, have no neighbour."""
    vectors = np.array([[1, 0.0], [1, 0.01]] * 12 + [[0.9, 0.1]] * 12)
    genres = np.array(["a"] * 24 + ["b"] * 12)
    artists = np.array([0] * 24 + list(range(1, 13)))
    found = similar.precision(vectors, genres, artists)
    assert (found[:24] == 0).all(), "all of this genre are the artist's own"
    assert similar.precision(vectors, genres, np.arange(36))[:24].min() == 1.0
    # A direction is the same at any length, and a place is not.
    longer = vectors * np.where(np.arange(36) % 2, 100.0, 1.0)[:, None]
    apart = np.arange(36)
    assert (
        similar.precision(longer, genres, apart) == similar.precision(vectors, genres, apart)
    ).all()
    assert similar.precision(longer, genres, apart, euclidean=True).mean() < 1


def test_scales_and_axes_are_set_on_the_other_set() -> None:
    """What a set contains itself changes neither its scales nor its axes."""
    table = _made()
    for name in ("raw mean", "mean", "mean and spread", "euclidean"):
        found = similar.measure(table, similar.VECTORS[name], "gtzan")
        assert found.shape == (120,)
    assert similar.measure(table, similar.VECTORS["mean"], "gtzan").mean() > 0.5
    rows = np.random.default_rng(1).normal(size=(50, 12))
    for vector in (similar.VECTORS["mean"], similar.VECTORS["axes 8"], similar.VECTORS["white 48"]):
        whole, half = vector.of(rows, rows[:30]), vector.of(rows[40:], rows[:30])
        assert whole[40:] == pytest.approx(half)
        assert vector.of(rows, rows[:30]) != pytest.approx(vector.of(rows, rows[20:]))


def test_the_file_follows_from_the_committed_clips(tmp_path: Path) -> None:
    found = similar.load()
    again = similar.study()
    assert found["chosen"] == again["chosen"]
    pd.testing.assert_frame_equal(
        found["vectors"], pd.DataFrame(again["vectors"]), check_dtype=False, atol=2e-3
    )
    pd.testing.assert_frame_equal(
        found["existing"], pd.DataFrame(again["existing"]), check_dtype=False, atol=2e-3
    )
    with pytest.raises(StaleResultsError, match="audionome lab similar"):
        similar.load(folder=tmp_path)
    (tmp_path / "similar.json").write_text(json.dumps({"recipe": similar.RECIPE, "sources": {}}))
    with pytest.raises(StaleResultsError, match="other clips"):
        similar.load(folder=tmp_path)


def test_the_chosen_vector_is_the_shortest_that_loses_next_to_nothing() -> None:
    found = similar.load()
    table = found["vectors"]
    loss = table.fillna({"difference_low": 0.0}).groupby("vector")["difference_low"].min()
    sizes = table.groupby("vector")["numbers"].first()
    good = sizes[loss >= -similar.MARGIN]
    assert sizes[found["chosen"]] == good.min()
    assert (table["low"] > table["chance"]).all()


def test_an_index_holds_the_chosen_vector() -> None:
    chosen = similar.load()["chosen"]
    assert chosen == f"axes {index.AXES}"
    assert similar.VECTORS[chosen].numbers == index.AXES
