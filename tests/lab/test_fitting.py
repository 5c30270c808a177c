"""The fits of the linear models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audionome import features
from audionome.datasets import gtzan
from audionome.lab.training import fitting
from audionome.models import linear

RNG = np.random.default_rng(0)


def two_genres(n: int, few: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal rows around two means: genre a with ``n`` clips, genre b with ``few``."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(n + few, columns)).astype(np.float32)
    rows[n:, 0] += 4
    return rows, np.repeat(["a", "b"], [n, few]), np.arange(n + few)


def test_full_shrinkage_is_the_nearest_mean() -> None:
    rows, genres, clips = two_genres(300, 300, 5)
    model = fitting.fit_extended(rows, genres, np.ones(600), clips, shrinkage=1, correction=0)
    seen = model.transformed(rows)
    means = np.stack([seen[genres == g].mean(axis=0) for g in "ab"])
    nearest = np.linalg.norm(seen[:, None] - means, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(model.scores(rows).argmax(axis=1), nearest)


def test_a_genre_of_few_clips_is_named_with_the_correction_only() -> None:
    """Its mean is uncertain in 400 columns, so that everything seems far from it."""
    rows, genres, clips = two_genres(200, 4, 400)
    fresh = np.random.default_rng(2).normal(size=(400, 400)).astype(np.float32)
    fresh[200:, 0] += 4
    named = {}
    for correction in (0.0, 1.0):
        model = fitting.fit_extended(
            rows, genres, np.ones(204), clips, shrinkage=0.8, correction=correction
        )
        given = model.scores(fresh).argmax(axis=1)
        named[correction] = given[:200].mean(), given[200:].mean()
    assert named[0.0][1] < 0.1
    assert named[1.0][1] > named[1.0][0] + 0.2


def test_rows_of_one_clip_count_once_in_the_correction() -> None:
    rows, genres, clips = two_genres(50, 5, 20)
    once = fitting.fit_extended(rows, genres, np.ones(55), clips)
    twice = fitting.fit_extended(
        np.concatenate([rows, rows]), np.tile(genres, 2), np.ones(110), np.tile(clips, 2)
    )
    np.testing.assert_allclose(once.scores(rows), twice.scores(rows), atol=1e-3)


def test_the_classic_model_overlooks_the_top_end() -> None:
    """Turning the highest bands down changes its scores far less than what it was not told of."""
    rows = gtzan.load_windows()
    columns = list(features.COLUMNS)
    values = rows[columns].to_numpy(np.float64)
    genres = rows["genre"].to_numpy(dtype=str)
    sample = np.random.default_rng(0).permutation(len(rows))[:3000]
    use = list(features.LEVEL_FREE)
    model = fitting.fit_classic(values[sample], genres[sample], columns, use=use)
    assert (model.scores(values[:, [columns.index(c) for c in use]]).argmax(axis=1) >= 0).all()
    scale = np.ones(len(columns))
    offsets = fitting._offsets(np.zeros((10, len(columns))), columns, scale, seed=0)
    keep = [columns.index(c) for c in use]
    roll_off = offsets[:, keep] / model.scale
    other = RNG.permuted(roll_off, axis=1)  # as large, in another direction
    moved = np.std(roll_off @ model.weights), np.std(other @ model.weights)
    assert moved[0] < 0.25 * moved[1]


def test_a_model_survives_the_disk(tmp_path: Path) -> None:
    rows, genres, clips = two_genres(30, 30, 4)
    model = fitting.fit_extended(rows, genres, np.ones(60), clips)
    model.save(tmp_path / "m.npz", tracks=np.array(["x", "y"]))
    again, more = linear.Linear.load(tmp_path / "m.npz")
    np.testing.assert_array_equal(again.scores(rows), model.scores(rows))
    assert more["tracks"].tolist() == ["x", "y"]
