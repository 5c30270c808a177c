"""Samples to one row of numbers per 3-second window.

`extract` gives the 57 *classic* columns under the names of the published GTZAN tables;
`REGISTRY` says what each one is. The definitions are those of the published 3-second
table (see `audionome.features.gtzan57`), so training and serving use one function.

An *extractor* measures a recording three seconds at a time, as it comes (`Extractor`): `Gtzan57`
the classic columns, `ModulationCovariance` the extended ones. `load_extractor` finds one by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audionome import audio
from audionome._extras import require_extra
from audionome.features.extractors import EXTRACTORS, Extractor, load_extractor
from audionome.features.gtzan57 import Gtzan57
from audionome.features.modulation import ModulationCovariance
from audionome.features.registry import (
    COLUMNS,
    FAMILIES,
    LEVEL_FREE,
    REGISTRY,
    Family,
    Feature,
    require_possible,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COLUMNS",
    "EXTRACTORS",
    "FAMILIES",
    "LEVEL_FREE",
    "REGISTRY",
    "Extractor",
    "Family",
    "Feature",
    "Gtzan57",
    "ModulationCovariance",
    "extract",
    "extract_array",
    "load_extractor",
    "require_possible",
]


def extract(
    samples: NDArray[np.float32],
    *,
    columns: Sequence[str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> pd.DataFrame:
    """Measure the classic features of every window of a clip.

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
    audionome._extras.MissingExtraError
        If pandas is not installed.

    See Also
    --------
    extract_array : The same without pandas.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=140_000).astype(np.float32)
    >>> extract(noise, columns=["rms_mean"]).round(2)
            rms_mean
    window
    0            1.0
    1            1.0
    """
    require_extra("lab", "pandas", who="audionome.features.extract")
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
    """Measure the classic features of every window of a clip, without pandas.

    Parameters
    ----------
    samples, columns, progress
        As for `extract`.

    Returns
    -------
    ndarray of shape (windows, columns), float64
        Columns in the order asked for.

    Raises
    ------
    audionome.audio.AudioError, ValueError
        As `extract` does.

    See Also
    --------
    extract : The same as a table.
    Gtzan57 : For a recording that comes block by block.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=140_000).astype(np.float32)
    >>> extract_array(noise).shape
    (2, 57)
    """
    clip = audio.windows(audio.check(samples))
    rows = []
    for (row,) in Gtzan57(columns).measure(clip):
        rows.append(row)
        if progress is not None:
            progress(len(rows) / len(clip))
    return np.array(rows)
