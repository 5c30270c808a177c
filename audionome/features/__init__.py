"""Samples to one row of numbers per 3-second window.

`extract` gives the 57 *classic* columns under the names of the published GTZAN tables;
`REGISTRY` says what each one is. The definitions are those of the published 3-second
table (see `audionome.features.classic`), so training and serving use one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome.features.classic import window_features
from audionome.features.registry import COLUMNS, REGISTRY, Feature

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "REGISTRY", "Feature", "extract", "extract_array", "measure"]


def extract(
    samples: NDArray[np.float32], *, progress: Callable[[float], None] | None = None
) -> pd.DataFrame:
    """The 57 classic features of every window of a clip.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, full scale [-1, 1] (see `audionome.audio.load`).
    progress : callable, optional
        Called with the share of windows done, in (0, 1].

    Returns
    -------
    DataFrame of shape (windows, 57), float64
        One row per complete 3-second window, index ``window`` from 0, columns `COLUMNS`.

    Raises
    ------
    audionome.audio.TooShortError
        If not even one window fits.
    audionome.audio.NotFiniteError
        If a sample is NaN or infinite.

    Examples
    --------
    >>> from audionome import audio, features
    >>> features.extract(audio.load("song.mp3"))["tempo"]  # doctest: +SKIP
    """
    import pandas as pd

    rows = extract_array(samples, progress=progress)
    return pd.DataFrame(rows, columns=list(COLUMNS), index=pd.RangeIndex(len(rows), name="window"))


def extract_array(
    samples: NDArray[np.float32], *, progress: Callable[[float], None] | None = None
) -> NDArray[np.float64]:
    """As `extract`, without pandas.

    Returns
    -------
    ndarray of shape (windows, 57), float64
        Columns in the order of `COLUMNS`.
    """
    clip = audio.windows(audio.check(samples))
    rows = np.empty((len(clip), len(COLUMNS)))
    for k, row in enumerate(measure(clip)):
        rows[k] = row
        if progress is not None:
            progress((k + 1) / len(clip))
    return rows


def measure(windows: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float64]]:
    """Yield the 57 classic features of windows, one after the other."""
    # The matrices are small: BLAS threads cost more than they give, most of all when
    # several clips are measured at once.
    with threadpool_limits(1, user_api="blas"):
        for window in windows:
            yield window_features(window)
