"""Prediction sets: thresholds by hand, and the promise kept on data of one kind."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from audionome.lab import conformal


def test_a_threshold_by_hand() -> None:
    of_truth = np.arange(1, 20) / 20  # 19 recordings: of 20, the two lowest ranks may be missed
    assert conformal.threshold(of_truth) == pytest.approx(0.1)
    assert conformal.threshold(of_truth, coverage=0.95) == pytest.approx(0.05)
    assert conformal.threshold(of_truth, coverage=0.96) == 0
    assert conformal.threshold(of_truth[::-1], coverage=0.5) == pytest.approx(0.5)


def test_a_threshold_wants_recordings_and_a_share() -> None:
    with pytest.raises(ValueError, match="at least one"):
        conformal.threshold([])
    with pytest.raises(ValueError, match="between 0 and 1"):
        conformal.threshold([0.5], coverage=1)


def test_the_most_probable_genre_is_in_every_set_and_its_equals_too() -> None:
    flat, sharp = np.full((1, 4), 0.25), np.array([[0.05, 0.6, 0.3, 0.05]])
    assert conformal.in_sets(flat, 1.0).all()
    assert conformal.in_sets(sharp, 1.0).tolist() == [[False, True, False, False]]
    both = np.concatenate([sharp, sharp])
    assert conformal.in_sets(both, [0.5, 0.05]).sum(axis=1).tolist() == [2, 4]


@pytest.mark.parametrize("n", [30, 200])
def test_the_promise_is_kept_on_music_of_the_same_kind(n: int) -> None:
    """Exchangeable recordings: the coverage of a further one is that which was asked for."""
    rng = np.random.default_rng(0)
    runs, hits = 4000, 0
    for _ in range(runs):
        scores = rng.normal(size=(n + 1, 10))
        y_true = rng.integers(10, size=n + 1)
        scores[np.arange(n + 1), y_true] += rng.exponential(2, size=n + 1)
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        limit = conformal.threshold(conformal.truth_shares(p[:n], y_true[:n]))
        hits += bool(conformal.in_sets(p[n:], limit)[0, y_true[n]])
    # Exactly 1 - floor((n + 1) / 10) / (n + 1): never less than nine in ten.
    exact = 1 - (n + 1) // 10 / (n + 1)
    low, high = stats.binom.interval(0.999, runs, exact)
    assert exact >= 0.9
    assert low <= hits <= high
