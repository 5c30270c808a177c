"""The outline of a recording, whatever the blocks it comes in."""

from __future__ import annotations

import numpy as np
import pytest

from audionome.features.outline import Outline

PART = 2205


def outline_of(samples: np.ndarray, *sizes: int) -> Outline:
    outline = Outline()
    for block in np.split(samples, np.cumsum(sizes)):
        outline.add(block)
    return outline


def test_points_are_the_extremes_of_equal_parts() -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, 6 * PART).astype(np.float32)
    points = outline_of(samples).points()
    parts = samples.reshape(6, PART)
    np.testing.assert_array_equal(points, np.stack([parts.min(1), parts.max(1)], axis=1))
    joined = samples.reshape(3, 2 * PART)
    np.testing.assert_array_equal(
        outline_of(samples).points(3), np.stack([joined.min(1), joined.max(1)], axis=1)
    )


@pytest.mark.parametrize("sizes", [(1,), (PART,), (PART - 1, 2), (0, 5000, 1)])
def test_blocks_do_not_matter(sizes: tuple[int, ...]) -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, 4 * PART + 7).astype(np.float32)
    points = outline_of(samples, *sizes).points()
    assert points.shape == (5, 2)  # the last part is a short one
    np.testing.assert_array_equal(points, outline_of(samples).points())


def test_asking_does_not_end_it() -> None:
    outline = Outline()
    assert outline.points().shape == (0, 2)
    outline.add(np.full(100, 0.5, np.float32))
    assert outline.points().tolist() == [[0.5, 0.5]]
    outline.add(np.full(PART - 100, -0.5, np.float32))
    assert outline.points().tolist() == [[-0.5, 0.5]]
