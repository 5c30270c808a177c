"""Samples to one row of numbers per 3-second window.

`extract` gives the 57 *classic* columns under the names of the published GTZAN tables;
`REGISTRY` says what each one is. The definitions are those of the published 3-second
table (see `audionome.features.gtzan57`), so training and serving use one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome.features.gtzan57 import window_features
from audionome.features.registry import (
    COLUMNS,
    LEVEL_FREE,
    REGISTRY,
    Feature,
    require_possible,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COLUMNS",
    "LEVEL_FREE",
    "REGISTRY",
    "Feature",
    "extract",
    "extract_array",
    "measure",
    "require_possible",
]


def extract(
    samples: NDArray[np.float32],
    *,
    columns: Sequence[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """The classic features of every window of a clip.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, full scale [-1, 1] (see `audionome.audio.load`).
    columns : sequence of str, optional
        Which features, in which order; only what they need is computed, with the same values
        as in the whole table. Default: all 57 of `COLUMNS`.
    progress : callable, optional
        Called with the share of windows done, in (0, 1].

    Returns
    -------
    DataFrame of shape (windows, columns), float64
        One row per complete 3-second window, index ``window`` from 0.

    Raises
    ------
    audionome.audio.TooShortError
        If not even one window fits.
    audionome.audio.NotFiniteError
        If a sample is NaN or infinite.
    ValueError
        If there is no feature of a given name.

    Examples
    --------
    >>> from audionome import audio, features
    >>> features.extract(audio.load("song.mp3"))["tempo"]  # doctest: +SKIP
    """
    import pandas as pd

    rows = extract_array(samples, columns=columns, progress=progress)
    names = list(COLUMNS if columns is None else columns)
    return pd.DataFrame(rows, columns=names, index=pd.RangeIndex(len(rows), name="window"))


def extract_array(
    samples: NDArray[np.float32],
    *,
    columns: Sequence[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> NDArray[np.float64]:
    """As `extract`, without pandas.

    Returns
    -------
    ndarray of shape (windows, columns), float64
        Columns in the order asked for.
    """
    clip = audio.windows(audio.check(samples))
    rows = []
    for row in measure(clip, columns=columns):
        rows.append(row)
        if progress is not None:
            progress(len(rows) / len(clip))
    return np.array(rows)


def measure(
    windows: Iterable[NDArray[np.float32]], *, columns: Sequence[str] | None = None
) -> Iterator[NDArray[np.float64]]:
    """Measure windows one after the other, as they come; see `extract`.

    Yields
    ------
    ndarray of shape (columns,), float64
        The features of one window.
    """
    names = COLUMNS if columns is None else tuple(columns)
    unknown = [name for name in names if name not in REGISTRY]
    if unknown:
        raise ValueError(
            f"There is no feature {unknown[0]!r}; audionome.features.COLUMNS names all."
        )
    return _rows(windows, names)


def _rows(
    windows: Iterable[NDArray[np.float32]], names: tuple[str, ...]
) -> Iterator[NDArray[np.float64]]:
    # The matrices are small: BLAS threads cost more than they give, most of all when
    # several clips are measured at once.
    with threadpool_limits(1, user_api="blas"):
        for window in windows:
            yield window_features(window, names)
