"""Many features on few axes: standardisation, principal components, and other maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.datasets.gtzan import Gtzan
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import (
    Verdict,
    accuracy_difference,
    paired_difference,
    verdict,
    verdicts,
)

__all__ = [
    "Maps",
    "Principal",
    "halves",
    "maps",
    "preparation",
    "principal",
    "standardised",
    "track_means",
]

_KEYS = ["track", "genre", "artist"]
_SEED = 0
_NEIGHBOURS = 5


def track_means(data: Gtzan) -> pd.DataFrame:
    """Average the windows of each track.

    Parameters
    ----------
    data : Gtzan
        From `audionome.datasets.gtzan.load`.

    Returns
    -------
    DataFrame
        One row per track that has windows: ``track``, ``genre``, ``artist`` and the features.
    """
    means = data.windows.groupby("track")[data.feature_columns].mean().astype(np.float64)
    keys = data.tracks.set_index("track").loc[means.index, ["genre", "artist"]]
    return pd.concat([keys, means], axis="columns").reset_index()


def features_of(tracks: pd.DataFrame) -> list[str]:
    """Names of the feature columns of `track_means`."""
    return [str(name) for name in tracks.columns if name not in _KEYS]


def standardised(
    tracks: pd.DataFrame, names: Sequence[str], *, track: str | None = None
) -> pd.DataFrame:
    """Follow one track through standardisation.

    Parameters
    ----------
    tracks : DataFrame
        From `track_means`.
    names : sequence of str
        Features.
    track : str, optional
        Default: the first one.

    Returns
    -------
    DataFrame
        One row per feature: ``feature``, ``mean`` and ``spread`` (standard deviation) over all
        tracks, the ``value`` of the track, the same ``centred`` (minus the mean), and
        ``standardised`` (divided by the spread as well).
    """
    chosen = tracks["track"].iloc[0] if track is None else track
    values = tracks[list(names)]
    one = values[tracks["track"] == chosen].iloc[0]
    mean, spread = values.mean(), values.std(ddof=0)
    table = pd.DataFrame({"mean": mean, "spread": spread, "value": one})
    table["centred"] = one - mean
    table["standardised"] = table["centred"] / spread
    return table.rename_axis("feature").reset_index()


@dataclass(frozen=True)
class Principal:
    """Principal components of a table of tracks.

    Attributes
    ----------
    points : DataFrame
        ``track``, ``genre``, ``artist`` and the coordinates ``PC1``, ``PC2``, ...
    explained : ndarray
        Share of the variance on each component, falling.
    loadings : DataFrame
        Weight of each feature (rows) in each component (columns); each column has length 1 and
        its largest weight is positive.
    """

    points: pd.DataFrame
    explained: NDArray[np.float64]
    loadings: pd.DataFrame

    def needed(self, share: float) -> int:
        """Fewest components that together hold at least a share of the variance."""
        return int(np.searchsorted(np.cumsum(self.explained), share - 1e-12) + 1)


def principal(tracks: pd.DataFrame, *, scale: bool = True) -> Principal:
    """Compute the principal components.

    Parameters
    ----------
    tracks : DataFrame
        From `track_means`.
    scale : bool
        Whether each feature is divided by its standard deviation first.

    Returns
    -------
    Principal
        With as many components as features (or tracks, if there are fewer).
    """
    names = features_of(tracks)
    X = tracks[names].to_numpy(np.float64)
    X = X - X.mean(axis=0)
    if scale:
        X = X / X.std(axis=0)
    _, singular, axes = np.linalg.svd(X, full_matrices=False)
    # The sign of a component is arbitrary; so that every machine draws the same picture:
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    labels = [f"PC{k + 1}" for k in range(len(axes))]
    points = pd.DataFrame(X @ axes.T, columns=labels, index=tracks.index)
    return Principal(
        points=pd.concat([tracks[_KEYS], points], axis="columns"),
        explained=singular**2 / (singular**2).sum(),
        loadings=pd.DataFrame(axes.T, index=names, columns=labels),
    )


def halves(tracks: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Divide the tracks in two halves that share no artist, stratified by genre.

    Parameters
    ----------
    tracks : DataFrame
        From `track_means`.

    Returns
    -------
    one, other : ndarray
        Row numbers.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(2, shuffle=True, random_state=_SEED)
    one, other = next(iter(splitter.split(tracks, tracks["genre"].to_numpy(dtype=str),
                                          tracks["artist"].to_numpy())))  # fmt: skip
    return one, other


@dataclass(frozen=True)
class Maps:
    """The same music on several maps.

    Attributes
    ----------
    points : dict of str to DataFrame
        Title of a map to ``track``, ``genre``, ``artist``, ``x``, ``y``.
    alike : DataFrame
        One row per map, and for all features together: ``map``, ``alike`` (mean share of a
        track's nearest tracks by other artists that have its genre), ``low``, ``high``, ``n``.
    lda_own : Verdict
        Of that share on the LDA map of the music it learned from, set beside its map of other
        music.
    n_learned : int
        Tracks that the maps were learned from.
    k : int
        Nearest tracks that are looked at.
    """

    points: dict[str, pd.DataFrame]
    alike: pd.DataFrame
    lda_own: Verdict
    n_learned: int
    k: int


PCA_MAP = "PCA, music by other artists"
LDA_MAP = "LDA, music by other artists"
LDA_OWN = "LDA, the music it learned from"
TSNE_MAP = "t-SNE, music by other artists"
ALL_FEATURES = "all features, music by other artists"


def maps(tracks: pd.DataFrame) -> Maps:
    """Draw maps of one half of the artists that were learned from the other half.

    Standardisation, PCA and LDA are learned from the first half and applied to the second. t-SNE
    cannot be applied to new music; it sees the second half, without genres.

    Parameters
    ----------
    tracks : DataFrame
        From `track_means`.

    Returns
    -------
    Maps
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.manifold import TSNE
    from sklearn.preprocessing import StandardScaler

    learned, shown = halves(tracks)
    values, genres = tracks[features_of(tracks)].to_numpy(), tracks["genre"].to_numpy(dtype=str)
    scaler = StandardScaler().fit(values[learned])
    old, new = scaler.transform(values[learned]), scaler.transform(values[shown])
    linear = LinearDiscriminantAnalysis(n_components=2, solver="eigen", shrinkage="auto")
    linear.fit(old, genres[learned])
    perplexity = min(30.0, (len(new) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=_SEED)
    found = {
        PCA_MAP: (PCA(2).fit(old).transform(new), shown),
        LDA_MAP: (linear.transform(new), shown),
        LDA_OWN: (linear.transform(old), learned),
        TSNE_MAP: (tsne.fit_transform(new), shown),
    }
    points, rows, alike = {}, [], {}
    for title, (xy, where) in {**found, ALL_FEATURES: (new, shown)}.items():
        keys = tracks.iloc[where][_KEYS].reset_index(drop=True)
        same = _alike(xy, keys)
        alike[title] = same, keys["artist"].to_numpy()
        i = mean_interval(*alike[title])
        rows.append((title, i.estimate, i.low, i.high, i.n))
        if title in found:
            points[title] = keys.assign(x=xy[:, 0], y=xy[:, 1])
    table = pd.DataFrame(rows, columns=["map", "alike", "low", "high", "n"])
    own = verdict(accuracy_difference(*alike[LDA_OWN], *alike[LDA_MAP]))
    return Maps(points, table, own, n_learned=len(learned), k=_NEIGHBOURS)


def _alike(xy: NDArray[np.float64], keys: pd.DataFrame) -> NDArray[np.float64]:
    """Return the share of each row's nearest rows by other artists that have its genre."""
    from scipy.spatial.distance import cdist

    genres, artists = keys["genre"].to_numpy(dtype=str), keys["artist"].to_numpy()
    distance = cdist(xy, xy)
    distance[artists[:, None] == artists[None, :]] = np.inf
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :_NEIGHBOURS]
    return np.asarray((genres[nearest] == genres[:, None]).mean(axis=1))


def preparation(tracks: pd.DataFrame) -> pd.DataFrame:
    """Measure what it does to prepare the features before the split instead of inside it.

    Five nearest neighbours answer about tracks, ten folds that keep artists apart. The features
    are prepared in one of two ways, and each way is learned either from all tracks ("outside") or
    from the training part of each fold ("inside").

    Parameters
    ----------
    tracks : DataFrame
        From `track_means`.

    Returns
    -------
    DataFrame
        One row per way: ``way``, accuracies ``outside`` and ``inside``, their ``difference`` with
        ``low`` and ``high``, and ``verdict``: what "outside" is, set beside "inside".
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    values = tracks[features_of(tracks)].to_numpy()
    genres, artists = tracks["genre"].to_numpy(dtype=str), tracks["artist"].to_numpy()
    ways = {
        "Standardisation": lambda: make_pipeline(StandardScaler()),
        "Standardisation, then LDA": lambda: make_pipeline(
            StandardScaler(), LinearDiscriminantAnalysis()
        ),
    }
    folds = list(
        StratifiedGroupKFold(10, shuffle=True, random_state=_SEED).split(values, genres, artists)
    )
    rows, found = [], []
    for name, make in ways.items():
        everything = make().fit(values, genres)
        right = {"outside": np.zeros(len(values)), "inside": np.zeros(len(values))}
        for train, test in folds:
            for where, prepare in (
                ("outside", everything),
                ("inside", make().fit(values[train], genres[train])),
            ):
                neighbours = KNeighborsClassifier(_NEIGHBOURS)
                neighbours.fit(prepare.transform(values[train]), genres[train])
                y_pred = neighbours.predict(prepare.transform(values[test]))
                right[where][test] = y_pred == genres[test]
        found.append(paired_difference(right["outside"], right["inside"], artists))
        i = found[-1].interval
        rows.append((name, right["outside"].mean(), right["inside"].mean(), i.estimate, i.low,
                     i.high))  # fmt: skip
    columns = ["way", "outside", "inside", "difference", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(verdict=[v.word for v in verdicts(found)])
