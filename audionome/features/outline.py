"""The outline of a recording: the lowest and the highest sample of each stretch of time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audionome import audio

__all__ = ["Outline"]

_PART = audio.SAMPLE_RATE // 10  # samples of the finest part, 0.1 s


class Outline:
    """The outline of a recording that comes in blocks, in memory that hardly grows.

    Examples
    --------
    >>> outline = Outline()
    >>> for block in np.split(np.linspace(0, 1, 22050, dtype=np.float32), 10):
    ...     outline.add(block)
    >>> outline.points(2).round(2).tolist()
    [[0.0, 0.5], [0.5, 1.0]]
    """

    def __init__(self) -> None:
        self._parts: list[NDArray[np.float32]] = []
        self._rest = np.empty(0, np.float32)

    def add(self, samples: NDArray[np.float32]) -> None:
        """Take the next block of the recording.

        Parameters
        ----------
        samples : ndarray of shape (n,), float32
            Mono samples at 22 050 Hz, as many as come.
        """
        joined = np.concatenate([self._rest, samples])
        whole = joined.size // _PART * _PART
        self._parts.append(_extremes(joined[:whole].reshape(-1, _PART)))
        self._rest = joined[whole:]

    def points(self, most: int = 800) -> NDArray[np.float32]:
        """Return the outline of what was taken so far.

        Parameters
        ----------
        most : int
            The outline is joined to no more points than this.

        Returns
        -------
        ndarray of shape (points, 2), float32
            Lowest and highest sample (full scale) of equal parts of at least 0.1 s; the last part
            may be shorter. Without sound there are no points.
        """
        parts = [*self._parts, _extremes(self._rest[None])] if self._rest.size else self._parts
        fine = np.concatenate([np.empty((0, 2), np.float32), *parts])
        if not len(fine):
            return fine
        starts = np.unique(np.linspace(0, len(fine), most, endpoint=False).astype(int))
        lowest = np.minimum.reduceat(fine[:, 0], starts)
        return np.stack([lowest, np.maximum.reduceat(fine[:, 1], starts)], axis=1)


def _extremes(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.stack([parts.min(axis=1), parts.max(axis=1)], axis=1)
