"""Which features say the same thing, and whether what is often said about that is true."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from audionome.datasets.gtzan import Gtzan
from audionome.features import COLUMNS
from audionome.lab.bootstrap import cluster_distribution, percentile_interval

__all__ = ["CLAIMS", "Claim", "Correlations", "Tested", "correlate", "correlations"]


@dataclass(frozen=True)
class Claim:
    """Something that reports on GTZAN often say about correlations.

    Attributes
    ----------
    title, words : str
        A heading; the claim as a sentence.
    pairs : tuple of (str, str)
        The pairs of features that it is about.
    bound : float
        With ``together``, the least correlation that every pair should have (a negative bound: the
        least negative one); otherwise the largest absolute correlation.
    together : bool
        True when the claim is that the features go together.
    """

    title: str
    words: str
    pairs: tuple[tuple[str, str], ...]
    bound: float
    together: bool


@dataclass(frozen=True)
class Tested:
    """A claim compared with the numbers.

    Attributes
    ----------
    claim : Claim
    table : DataFrame
        One row per pair, the farthest from the claim first: ``one``, ``other``, ``r``, ``low``,
        ``high``, ``verdict`` (``"holds"`` or ``"fails"`` when the whole interval lies on that
        side of the bound, else ``"open"``).
    """

    claim: Claim
    table: pd.DataFrame

    def count(self, verdict: str) -> int:
        """Pairs with a verdict."""
        return int((self.table["verdict"] == verdict).sum())


@dataclass(frozen=True)
class Correlations:
    """Correlation of every pair of features over all windows.

    Attributes
    ----------
    r, low, high : DataFrame
        Pearson correlation with the ends of its interval; features in rows and columns.
    within : DataFrame
        The same correlation after the mean of its genre is taken from every window: what is left
        of it inside the genres.
    n_windows, n_artists : int
    """

    r: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    within: pd.DataFrame
    n_windows: int
    n_artists: int

    def clustered(self) -> list[str]:
        """Features in an order that puts those side by side that go together or oppose."""
        from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
        from scipy.spatial.distance import squareform

        apart = np.clip(1 - np.abs(self.r.to_numpy()), 0, None)
        np.fill_diagonal(apart, 0)
        distances = squareform((apart + apart.T) / 2, checks=False)
        tree = optimal_leaf_ordering(linkage(distances, "average"), distances)
        return [str(self.r.columns[i]) for i in leaves_list(tree)]

    def pairs(self) -> pd.DataFrame:
        """Every pair once, the strongest first: ``one``, ``other``, ``r``, ``low``, ``high``,
        ``within``.
        """
        i, j = np.triu_indices(len(self.r), 1)
        names = self.r.columns.to_numpy(dtype=str)
        columns = {
            name: getattr(self, name).to_numpy()[i, j] for name in ("r", "low", "high", "within")
        }
        table = pd.DataFrame({"one": names[i], "other": names[j], **columns})
        return table.sort_values("r", key=np.abs, ascending=False, ignore_index=True)

    def test(self, claim: Claim) -> Tested:
        """Compare a claim with the numbers."""
        rows = []
        for one, other in claim.pairs:
            r, low, high = (
                float(getattr(self, part).loc[one, other]) for part in ("r", "low", "high")
            )
            lacks, verdict = _judge(claim, r, low, high)
            rows.append((one, other, r, low, high, verdict, lacks))
        names = ["one", "other", "r", "low", "high", "verdict", "lacks"]
        table = pd.DataFrame(rows, columns=names).sort_values(
            "lacks", ascending=False, kind="stable", ignore_index=True
        )
        return Tested(claim, table.drop(columns="lacks"))


def _judge(claim: Claim, r: float, low: float, high: float) -> tuple[float, str]:
    """Return how far the number lies from the claim (less is better), and the verdict."""
    if claim.together:
        sign = 1 if claim.bound > 0 else -1
        least, most = sorted((sign * low, sign * high))
        bound = abs(claim.bound)
        verdict = "holds" if least >= bound else "fails" if most < bound else "open"
        return bound - sign * r, verdict
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    most = max(abs(low), abs(high))
    verdict = "holds" if most <= claim.bound else "fails" if least > claim.bound else "open"
    return abs(r) - claim.bound, verdict


def correlations(data: Gtzan) -> Correlations:
    """Correlate every pair of features over the windows of the dataset.

    Parameters
    ----------
    data : Gtzan
        From `audionome.datasets.gtzan.load`.

    Returns
    -------
    Correlations
    """
    artists = data.windows["track"].map(data.tracks.set_index("track")["artist"])
    return correlate(data.windows[data.feature_columns], data.windows["genre"], artists)


def correlate(
    values: pd.DataFrame,
    genres: ArrayLike,
    artists: ArrayLike,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Correlations:
    """Correlate every pair of columns, with intervals over artists.

    Parameters
    ----------
    values : DataFrame
        One row per window, one column per feature; no column may be constant.
    genres, artists : array-like of shape (rows,)
        Genre and artist of each window.
    resamples : int
        How often the artists are drawn anew.
    seed : int
        Of those draws.

    Returns
    -------
    Correlations
    """
    # Standardised first: the sums below would lose digits on a column far from zero.
    X = values.to_numpy(np.float64)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    group = np.unique(np.asarray(artists), return_inverse=True)[1]
    n_groups, n_columns = int(group.max()) + 1, X.shape[1]
    # A resample only needs each artist's count, sums and sums of products.
    order = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[order], np.arange(n_groups))
    count = np.diff([*starts, len(X)]).astype(np.float64)
    sums = np.add.reduceat(X[order], starts, axis=0)
    products = np.stack([rows.T @ rows for rows in np.split(X[order], starts[1:])])

    def resampled(draws: NDArray[np.float64]) -> NDArray[np.float64]:
        n = draws @ count
        mean = (draws @ sums) / n[:, None]
        squares = (draws @ products.reshape(n_groups, -1)).reshape(-1, n_columns, n_columns)
        return _correlation(squares / n[:, None, None] - mean[:, :, None] * mean[:, None, :])

    low, high = percentile_interval(
        cluster_distribution(resampled, np.arange(n_groups), n_resamples=resamples, seed=seed)
    )
    of_genre = np.unique(np.asarray(genres, dtype=str), return_inverse=True)[1]
    centres = np.stack([X[of_genre == g].mean(axis=0) for g in range(int(of_genre.max()) + 1)])
    rest = X - centres[of_genre]

    def frame(matrix: NDArray[np.float64]) -> pd.DataFrame:
        return pd.DataFrame(matrix, index=values.columns, columns=values.columns)

    return Correlations(
        r=frame(_correlation(X.T @ X / len(X))),
        low=frame(low),
        high=frame(high),
        within=frame(_correlation(rest.T @ rest / len(X))),
        n_windows=len(X),
        n_artists=n_groups,
    )


def _correlation(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    scaled = covariance / (spread[..., :, None] * spread[..., None, :])
    found: NDArray[np.float64] = np.clip(scaled, -1, 1)
    return found


_LONERS = ("harmony_mean", "perceptr_mean", "tempo")
_MFCC = tuple(name for name in COLUMNS if name.startswith("mfcc") and name.endswith("_mean"))

#: What is often said; each is tested in the report.
CLAIMS: tuple[Claim, ...] = (
    Claim(
        "Centroid, bandwidth and rolloff are one thing",
        "The means of the spectral centroid, bandwidth and rolloff correlate above 0.9.",
        tuple(
            combinations(
                ("spectral_centroid_mean", "spectral_bandwidth_mean", "rolloff_mean"), 2
            )
        ),
        bound=0.9,
        together=True,
    ),
    Claim(
        "Brightness runs against the second MFCC",
        "The second MFCC falls when the spectrum gets brighter: below −0.8 with the means of "
        "centroid, rolloff and zero crossings.",
        tuple(
            ("mfcc2_mean", name)
            for name in ("spectral_centroid_mean", "rolloff_mean", "zero_crossing_rate_mean")
        ),
        bound=-0.8,
        together=True,
    ),
    Claim(
        "Everything loud goes together",
        "Mean loudness correlates above 0.7 with its variance, with both variances of the "
        "harmonic and percussive parts and with the first MFCC.",
        tuple(("rms_mean", name) for name in ("rms_var", "harmony_var", "perceptr_var",
                                              "mfcc1_mean")),
        bound=0.7,
        together=True,
    ),
    Claim(
        "Three features stand alone",
        "The means of the harmonic and percussive parts and the tempo are uncorrelated with "
        "everything: no correlation beyond ±0.2.",
        tuple(
            (one, other)
            for i, one in enumerate(_LONERS)
            for other in COLUMNS
            if other != one and other not in _LONERS[:i]
        ),
        bound=0.2,
        together=False,
    ),
    Claim(
        "MFCCs are decorrelated",
        "The cosine transform makes the MFCCs independent: no two of their twenty means "
        "correlate beyond ±0.3.",
        tuple(combinations(_MFCC, 2)),
        bound=0.3,
        together=False,
    ),
)  # fmt: skip
