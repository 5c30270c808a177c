"""What tracks are alike, and the reasons of an answer."""

from __future__ import annotations

import numpy as np
import pytest

import audionome
from audionome import features
from audionome.datasets import gtzan
from audionome.models import attribution, linear, neighbors

RNG = np.random.default_rng(0)


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
