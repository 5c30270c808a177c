"""The distribution of every feature in every genre, which the dashboard and the book show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audionome._paths import data_path
from audionome.datasets.gtzan.reading import DatasetError, require_file, require_tables
from audionome.datasets.gtzan.table import Gtzan

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["load_summary", "summarise"]

_QUANTILES = (0.05, 0.25, 0.50, 0.75, 0.95)


def summarise(dataset: Gtzan) -> pd.DataFrame:
    """Summarise the distribution of every feature in every genre.

    Parameters
    ----------
    dataset : Gtzan
        Usually the complete one.

    Returns
    -------
    DataFrame
        One row per genre and feature: ``genre``, ``feature``, ``n_windows``,
        ``n_measured``, ``mean``, ``std``, ``min``, ``p05``, ``p25``, ``p50``, ``p75``,
        ``p95``, ``max``.
    """
    require_tables("pandas")
    import pandas as pd

    rows = []
    for genre, group in dataset.windows.groupby("genre"):
        for feature in dataset.feature_columns:
            values = group[feature].to_numpy(np.float64)
            quantiles = np.quantile(values, _QUANTILES)
            rows.append(
                {
                    "genre": genre,
                    "feature": feature,
                    "n_windows": len(group),
                    "n_measured": int((group["source"] == "measured").sum()),
                    "mean": values.mean(),
                    "std": values.std(),
                    "min": values.min(),
                    **{f"p{q * 100:02.0f}": v for q, v in zip(_QUANTILES, quantiles, strict=True)},
                    "max": values.max(),
                }
            )
    return pd.DataFrame(rows)


def load_summary() -> pd.DataFrame:
    """Return the committed output of `summarise` over the complete table.

    Returns
    -------
    DataFrame

    Raises
    ------
    DatasetError
        If the file is missing or damaged.
    """
    require_tables("pandas")
    import pandas as pd

    path = data_path("results", "gtzan_summary.csv")
    require_file(path)
    try:
        # As text first: pandas' own parser of numbers may be wrong in the last bit.
        text = pd.read_csv(path, dtype=str)
        counts = dict.fromkeys(("n_windows", "n_measured"), np.int64)
        kinds = {name: counts.get(name, np.float64) for name in text.columns[2:]}
        return text.astype(kinds)
    except (ValueError, TypeError) as error:
        raise DatasetError(f'"{path}" is damaged; restore it from the repository.') from error
