"""A sliding median by sorting networks, for the two filters of the separation.

SciPy's and bottleneck's sliding medians keep a data structure per sample and cannot use the
processor's vector units. Here, for a width of 31, sixteen neighbouring outputs share what their
windows have in common: the sixteen samples that all see are sorted once, then the group is halved
four times, each half adding the samples that its outputs share and dropping those that can no
longer be the median. Every step is a minimum or a maximum of whole arrays; the cost is 36 of
them per sample, whatever the samples are.

References
----------
.. [1] Adams, Fast median filters using separable sorting networks (SIGGRAPH 2021), for the idea
       of sharing sorted cores between neighbouring windows.
.. [2] Batcher, Sorting networks and their applications (1968).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["WIDTH", "sliding_median"]

WIDTH = 31

Array32 = NDArray[np.float32]


def sliding_median(values: Array32, *, width: int = WIDTH) -> Array32:
    """Return the median of neighbours along the first axis.

    Parameters
    ----------
    values : ndarray of shape (n, ...), float32
        At least ``width`` finite values along the first axis.
    width : int
        One less than a power of two: 7, 15, 31, ...

    Returns
    -------
    ndarray of shape (n - width + 1, ...), float32
        ``out[i]`` is the median of ``values[i : i + width]``.
    """
    group = (width + 1) // 2
    n_out = len(values) - width + 1
    groups = -(-n_out // group)
    padded = np.zeros(((groups + 2) * group, *values.shape[1:]), dtype=np.float32)
    padded[: len(values)] = values
    blocks = padded.reshape(groups + 2, group, *values.shape[1:])
    columns = [np.ascontiguousarray(blocks[:, c]) for c in range(group)]
    out = np.empty((groups, *blocks.shape[1:]), dtype=np.float32)

    def sample(c: int) -> Array32:
        """Return sample ``c`` of every group; from 16 on it lies in the groups after."""
        return columns[c % group][c // group : c // group + groups]

    def halve(kept: list[Array32], first: int, size: int) -> None:
        """Find the outputs ``first`` to ``first + size - 1``, given what all of them see.

        ``kept``: the sorted samples among ``first + size - 1 .. first + width - 1`` that can
        still be the median of one of them.
        """
        if size == 1:
            out[:, first] = kept[0]
            return
        half = size // 2
        for start, new in (
            (first, range(first + half - 1, first + size - 1)),
            (first + half, range(first + width, first + width + half)),
        ):
            halve(_narrow(kept, _sort([sample(c) for c in new])), start, half)

    halve(_sort([sample(c) for c in range(group - 1, width)]), 0, group)
    return out.reshape(-1, *values.shape[1:])[:n_out]


def _narrow(kept: list[Array32], new: list[Array32]) -> list[Array32]:
    """Add ``m`` sorted arrays to ``2m`` kept ones and drop the ``m`` lowest and highest."""
    m = len(new)
    # Each lower one meets the new ones in falling order: the smaller of a pair is among the m
    # lowest of all. What remains falls and rises, which half a sorting network puts in order.
    rest = _sort_bitonic([np.maximum(a, b) for a, b in zip(kept[:m], new[::-1], strict=True)])
    return _sort_bitonic([np.minimum(a, b) for a, b in zip(kept[m:], rest[::-1], strict=True)])


def _sort(arrays: list[Array32]) -> list[Array32]:
    """Sort element by element (Batcher's odd-even merge sort; a power of two of arrays)."""
    if len(arrays) == 1:
        return arrays
    half = len(arrays) // 2
    return _merge(_sort(arrays[:half]), _sort(arrays[half:]))


def _merge(a: list[Array32], b: list[Array32]) -> list[Array32]:
    if len(a) == 1:
        return [np.minimum(a[0], b[0]), np.maximum(a[0], b[0])]
    even, odd = _merge(a[::2], b[::2]), _merge(a[1::2], b[1::2])
    merged = [even[0]]
    for low, high in zip(odd[:-1], even[1:], strict=True):
        merged += [np.minimum(low, high), np.maximum(low, high)]
    return [*merged, odd[-1]]


def _sort_bitonic(arrays: list[Array32]) -> list[Array32]:
    """Sort a sequence that falls and rises, or rises and falls."""
    if len(arrays) == 1:
        return arrays
    half = len(arrays) // 2
    pairs = list(zip(arrays[:half], arrays[half:], strict=True))
    low = _sort_bitonic([np.minimum(a, b) for a, b in pairs])
    return low + _sort_bitonic([np.maximum(a, b) for a, b in pairs])
