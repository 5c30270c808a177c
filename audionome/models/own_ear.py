"""What a model of one's own measures of a recording, window by window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import tee

import numpy as np
from numpy.typing import NDArray

from audionome._paths import data_path
from audionome.features import LEVEL_FREE, Gtzan57
from audionome.models import head as heads
from audionome.models.ear import Ear
from audionome.models.head import Head
from audionome.models.linear import TINY

__all__ = ["FEATURES", "OwnEar", "not_music"]

#: The classic features that are measured beside the embedding.
FEATURES: tuple[str, ...] = tuple(LEVEL_FREE)
#: Share of the recordings that a model learned from that its distance lets in.
_INSIDE = 0.99
_LOGGED = {
    "spectral_centroid_mean", "spectral_bandwidth_mean", "rolloff_mean", "zero_crossing_rate_mean",
    "tempo",
}  # fmt: skip


class OwnEar:
    """What a model of one's own measures: the ear's embedding, classic features, and tags.

    Parameters
    ----------
    ear : audionome.models.ear.Ear
    features : sequence of str
        Classic columns; by default all that do not hang on loudness.

    Attributes
    ----------
    size : int
        Columns that a model learns from: embedding and features.

    Examples
    --------
    >>> own = OwnEar(Ear.load())
    >>> own.size, next(own.measure([np.ones(66_150, np.float32)])).shape
    (250, (1, 300))
    """

    def __init__(self, ear: Ear, features: Iterable[str] = FEATURES) -> None:
        self.ear = ear
        self.features = tuple(features)
        self.size = ear.embedding_size + len(self.features)
        self.classic = Gtzan57(self.features)
        self._logged = np.array(
            [name.endswith("_var") or name in _LOGGED for name in self.features], dtype=bool
        )

    def measure(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float64]]:
        """Measure a recording three seconds at a time, as it comes.

        Parameters
        ----------
        blocks : iterable of ndarray, float32
            As `audionome.audio.WindowStream.pieces` gives them.

        Yields
        ------
        ndarray of shape (1, size + tags), float64
            Row of the next window: embedding, features (the logarithm of those that are positive
            and skewed), and strengths of the ear's tags.
        """
        first, second = tee(blocks)
        e = self.ear.embedding_size
        for heard, classic in zip(
            self.ear.measure(first), self.classic.measure(second), strict=True
        ):
            row = classic.copy()
            row[:, self._logged] = np.log(np.maximum(row[:, self._logged], 0) + TINY)
            yield np.concatenate([heard[:, :e], row, heard[:, e:]], axis=1)

    def classic_of(self, rows: NDArray[np.floating]) -> dict[str, float]:
        """Return the mean of the classic features over windows, as they are defined.

        Parameters
        ----------
        rows : ndarray of shape (windows, size + tags)
            From `measure`.

        Returns
        -------
        dict of str to float
        """
        values = rows[:, self.ear.embedding_size : self.size].copy()
        values[:, self._logged] = np.exp(values[:, self._logged]) - TINY
        return dict(zip(self.features, values.mean(axis=0).tolist(), strict=True))


def not_music(head: Head, vectors: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
    """Return what tells speech, noise and tones from music, for a head of one's own.

    It is what the ear's own head knows, in the standard deviations of this one. Its limit is moved
    out where need be, so that the recordings that the model learns from are inside: their genres
    may be kinds of speech or noise.

    Parameters
    ----------
    head : audionome.models.head.Head
        Standardises vectors; the rest of it is not used.
    vectors : ndarray of shape (n, 2 e)
        Whole recordings, from `audionome.models.head.Head.clip_vector`.

    Returns
    -------
    other : ndarray of shape (e,)
    other_bias : float
        As attributes of `audionome.models.head.Head`.
    """
    known = heads.read(data_path("models"), "ear").head
    e, n = head.size, known.size
    share = known.other / known.linear.scale[:n]
    other = np.concatenate([share * head.linear.scale[:n], np.zeros(e - n)])
    bias = known.other_bias + float(share @ (head.linear.mean[:n] - known.linear.mean[:n]))
    sums = head.standardised(vectors)[:, :e] @ other + bias
    limit = float(np.quantile(sums, _INSIDE, method="higher"))
    return other, bias - max(0.0, limit + 1e-6)
