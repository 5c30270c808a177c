"""The linear models, what tracks are alike, and the reasons of an answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import audionome
from audionome import features
from audionome.datasets import gtzan
from audionome.models import attribution, linear, neighbors

RNG = np.random.default_rng(0)


def two_genres(n: int, few: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal rows around two means: genre a with ``n`` clips, genre b with ``few``."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(n + few, columns)).astype(np.float32)
    rows[n:, 0] += 4
    return rows, np.repeat(["a", "b"], [n, few]), np.arange(n + few)


# -- fitting ------------------------------------------------------------------------------


def test_full_shrinkage_is_the_nearest_mean() -> None:
    rows, genres, clips = two_genres(300, 300, 5)
    model = linear.fit_extended(rows, genres, np.ones(600), clips, shrinkage=1, correction=0)
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
        model = linear.fit_extended(
            rows, genres, np.ones(204), clips, shrinkage=0.8, correction=correction
        )
        given = model.scores(fresh).argmax(axis=1)
        named[correction] = given[:200].mean(), given[200:].mean()
    assert named[0.0][1] < 0.1
    assert named[1.0][1] > named[1.0][0] + 0.2


def test_rows_of_one_clip_count_once_in_the_correction() -> None:
    rows, genres, clips = two_genres(50, 5, 20)
    once = linear.fit_extended(rows, genres, np.ones(55), clips)
    twice = linear.fit_extended(
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
    model = linear.fit_classic(values[sample], genres[sample], columns, use=use)
    assert (model.scores(values[:, [columns.index(c) for c in use]]).argmax(axis=1) >= 0).all()
    scale = np.ones(len(columns))
    offsets = linear._offsets(np.zeros((10, len(columns))), columns, scale, seed=0)
    keep = [columns.index(c) for c in use]
    roll_off = offsets[:, keep] / model.scale
    other = RNG.permuted(roll_off, axis=1)  # as large, in another direction
    moved = np.std(roll_off @ model.weights), np.std(other @ model.weights)
    assert moved[0] < 0.25 * moved[1]


def test_a_model_survives_the_disk(tmp_path: Path) -> None:
    rows, genres, clips = two_genres(30, 30, 4)
    model = linear.fit_extended(rows, genres, np.ones(60), clips)
    model.save(tmp_path / "m.npz", tracks=np.array(["x", "y"]))
    again, more = linear.Linear.load(tmp_path / "m.npz")
    np.testing.assert_array_equal(again.scores(rows), model.scores(rows))
    assert more["tracks"].tolist() == ["x", "y"]


# -- alike --------------------------------------------------------------------------------


@pytest.fixture
def index() -> neighbors.Index:
    """Four tracks on a circle; the first two are by one artist."""
    angles = np.radians([0, 10, 30, 180])
    return neighbors.Index(
        np.array(["a1", "a2", "b", "c"]),
        np.array(["jazz", "jazz", "jazz", "pop"]),
        np.array([0, 0, 1, 2]),
        np.eye(2),
        np.stack([np.cos(angles), np.sin(angles)], axis=1),
    )


def test_the_nearest(index: neighbors.Index) -> None:
    near = index.nearest(np.array([5.0, 0.1]), n=3)
    assert [n.track for n in near] == ["a1", "a2", "b"]
    assert near[0].similarity == pytest.approx(1, abs=1e-3)


def test_recommendations_leave_out_the_artist(index: neighbors.Index) -> None:
    assert [n.track for n in index.recommend("a1", n=2)] == ["b", "c"]
    assert [n.track for n in index.recommend("a1", n=1, other_artist=False)] == ["a2"]
    with pytest.raises(KeyError):
        index.recommend("nosuch")


def test_precision(index: neighbors.Index) -> None:
    np.testing.assert_array_equal(index.precision(1), [1, 1, 1, 0])
    np.testing.assert_array_equal(index.precision(2), [0.5, 0.5, 1, 0])
    np.testing.assert_array_equal(index.precision(1, other_artist=False), [1, 1, 1, 0])


def test_principal_axes_are_the_largest() -> None:
    rows = RNG.normal(size=(500, 3)) * [1, 10, 3]
    axes = neighbors.principal_axes(rows, 2)
    assert np.abs(axes).argmax(axis=0).tolist() == [1, 2]
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-12)


# -- reasons ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(features.EXTRACTORS))
@pytest.mark.parametrize("some", [False, True])
def test_groups_share_every_column_out(name: str, some: bool) -> None:
    columns = features.load_extractor(name).names
    if some:
        columns = columns[::7]
    groups = features.load_extractor(name, columns).groups
    assert len(groups.words) == len(groups.names)
    assert groups.share.shape == (len(columns), len(groups.names))
    np.testing.assert_allclose(groups.share.sum(axis=1), 1)
    level = groups.level.sum(axis=0)
    assert ((np.abs(level - 1) < 1e-9) | ((level == 0) & some)).all()


@pytest.mark.parametrize("name", ["classic", "extended"])
def test_reasons_add_up(name: str) -> None:
    shipped = audionome.load_classifier(name)
    groups = shipped.extractor.groups
    rows = RNG.normal(size=(4, len(shipped.extractor.names)))
    parts = attribution.shares(shipped.model, rows, groups)
    scores = rows @ shipped.model.weights + shipped.model.bias
    np.testing.assert_allclose(parts.sum(axis=1) + shipped.model.bias, scores, atol=1e-8)
    temperature = shipped.card["temperature"]
    for genre in range(10):
        added = attribution.attribute(
            parts, shipped.model.bias, temperature=temperature, genre=genre
        )
        end = linear.softmax(scores / temperature).mean(axis=0)[genre]
        start = linear.softmax(shipped.model.bias / temperature)[genre]
        assert added.sum() == pytest.approx(end - start, abs=1e-3)
    nothing = attribution.without(
        shipped.model, rows, shipped.extractor.groups, shipped.extractor.groups.names
    )
    np.testing.assert_allclose(nothing, np.tile(shipped.model.bias, (4, 1)))


def test_the_named_reasons_matter_more_than_others() -> None:
    """Deletion: without the three groups that are named, the answer moves most."""
    shipped = audionome.load_classifier("classic")
    table = gtzan.load_windows()
    temperature = shipped.card["temperature"]
    named, others = [], []
    for _, track in list(table.groupby("track"))[::17]:
        rows = shipped.model.transformed(track[list(shipped.extractor.names)].to_numpy(np.float64))
        parts = attribution.shares(shipped.model, rows, shipped.extractor.groups)
        p = linear.softmax((parts.sum(axis=1) + shipped.model.bias) / temperature).mean(axis=0)
        best = int(p.argmax())
        added = attribution.attribute(
            parts, shipped.model.bias, temperature=temperature, genre=best
        )
        order = np.argsort(-np.abs(added))
        for picked, moves in ((order[:3], named), (RNG.permutation(len(added))[:3], others)):
            left = [shipped.extractor.groups.names[i] for i in picked]
            scores = attribution.without(shipped.model, rows, shipped.extractor.groups, left)
            moves.append(abs(linear.softmax(scores / temperature).mean(axis=0)[best] - p[best]))
    assert len(named) > 40
    assert np.mean(named) > 1.5 * np.mean(others)


def test_reasons_of_no_weight_are_not_told() -> None:
    found = [
        attribution.Reason("a", "a dark sound", 0.126),
        attribution.Reason("b", "a slow tempo", -0.02),
        attribution.Reason("c", "few pitches at once", 0.004),
    ]
    assert attribution.sentences(found, "jazz") == [
        "A dark sound: 13 points towards jazz.",
        "A slow tempo: 2 points away from jazz.",
    ]
    (nothing,) = attribution.sentences(found[2:], "jazz")
    assert "Nothing" in nothing
