"""What the study says of GTZAN and its tables, of the split, of correlations and of PCA."""

from __future__ import annotations

import numpy as np

from audionome._words import listed, share, span
from audionome.datasets.gtzan import GENRES, N_TRACKS
from audionome.features import COLUMNS
from audionome.features.stft import N_FFT
from audionome.lab.exploration.projection import features_of
from audionome.lab.studies import replay
from audionome.lab.study_claims import places
from audionome.lab.study_claims._base import (
    FAILS,
    HOLDS,
    OPEN,
    PART,
    READ,
    Answer,
    Claim,
    Judge,
    answered,
    between,
    holds_if,
    unchecked,
)
from audionome.lab.study_claims.evidence import Evidence

__all__ = ["CLAIMS", "STRONG", "counts", "two_tables"]

_COLLECTED = "Analysis: data collection"
_PREPARED = "Analysis: data preprocessing"
#: Rank correlation from which one thing shows another.
STRONG = 0.8
#: What `audionome.lab.exploration` calls a verdict, and what it is called here.
_WORDS = {"holds": HOLDS, "holds in part": PART, "fails": FAILS, "open": OPEN}


def counts(e: Evidence) -> Answer:
    """Count the clips of every genre."""
    each = e.data.tracks["genre"].value_counts()
    sizes = " to ".join(str(n) for n in sorted({each.min(), each.max()}))
    numbers = f"{len(each)} genres, {sizes} clips each"
    return holds_if(len(each) == 10 and set(each) == {100}, numbers)


def two_tables(e: Evidence) -> Answer:
    """Tell the two published tables apart; only that of windows is used here."""
    rows, columns = len(replay.sides()), len(e.data.feature_columns)
    return Answer(
        READ,
        f"right: one is of whole clips, one of {rows:,} windows of 3 s; we use that of windows, "
        f"with its {columns} features",
    )


def _thirty_seconds(_: Evidence) -> Answer:
    short = len(replay.SHORT)
    return holds_if(
        not short,
        f"{N_TRACKS - short} of {N_TRACKS:,} have ten windows of 3 s in the table, {short} have "
        "nine",
        partly=True,
    )


def _genres(e: Evidence) -> Answer:
    named = ("blues classical country disco hiphop jazz metal pop reggae rock").split()
    found = set(e.data.tracks["genre"].astype(str))
    return holds_if(found == set(named) == set(GENRES), f"{len(found & set(named))} of 10")


def _columns(*beginnings: str) -> Judge:
    def judge(e: Evidence) -> Answer:
        found = [c for c in e.data.feature_columns if any(b in c for b in beginnings)]
        return holds_if(bool(found), f"{len(found)} of {len(e.data.feature_columns)} columns")

    return judge


def _no_extraction(e: Evidence) -> Answer:
    measured = int(e.data.tracks["measured"].sum())
    return holds_if(
        False,
        f"true for training; to classify a new file it must be measured in the same way: "
        f"{measured} clips measured again",
        partly=set(COLUMNS) <= set(e.data.feature_columns),
    )


def _mfcc(e: Evidence) -> Answer:
    means = [c for c in e.data.feature_columns if c.startswith("mfcc") and c.endswith("mean")]
    bins = N_FFT // 2 + 1
    return holds_if(
        len(means) >= bins,
        f"its coarse shape: {len(means)} numbers in place of {bins} frequencies",
        partly=bool(means),
    )


def _chroma(e: Evidence) -> Answer:
    found = [c for c in e.data.feature_columns if c.startswith("chroma")]
    return holds_if(
        len(found) >= 12,
        f"chroma has 12 notes, but the tables keep {len(found)} numbers over all of them: which "
        "notes sound is lost",
        partly=bool(found),
    )


def _spectral(e: Evidence) -> Answer:
    named = ("spectral_centroid", "spectral_bandwidth", "rolloff")
    found = [n for n in named if any(c.startswith(n) for c in e.data.feature_columns)]
    return holds_if(
        len(found) == len(named),
        f"{len(found)} of {len(named)} (the list names the centroid twice)",
    )


def _observed(key: str) -> Judge:
    def judge(e: Evidence) -> Answer:
        seen = e.observed[key]
        told = []
        for one in seen.tested:
            r, n = one.table["r"], len(one.table)
            if key == "symmetry":
                told.append(f"{one.count('holds')} of {n} mirrored pairs are equal")
                continue
            ends = sorted({_r(r.min()), _r(r.max())}, key=[_r(r.min()), _r(r.max())].index)
            told.append(
                f"{one.claim.title}: {one.count('holds')} of {n} pairs ({' to '.join(ends)})"
            )
        return Answer(_WORDS[seen.verdict], "; ".join(told))

    return judge


def _tiny(value: float) -> str:
    """Write what is zero but for rounding, which differs from machine to machine."""
    return "rounding" if value < 1e-7 else f"{value:.1g}"


def _r(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _important_features(e: Evidence) -> Answer:
    """Does a feature that goes with many others tell more about the genre?

    What it goes with is its mean absolute correlation; what it tells, the share of its variance
    that lies between the genres.
    """
    from scipy.stats import spearmanr

    tracks = e.tracks
    names = features_of(tracks)
    X = tracks[names].to_numpy(np.float64)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    genres = tracks["genre"].to_numpy(dtype=str)
    means = np.stack([X[genres == g].mean(axis=0) for g in GENRES if (genres == g).any()])
    sizes = np.array([(genres == g).sum() for g in GENRES if (genres == g).any()])
    told = (sizes[:, None] * means**2).sum(axis=0) / len(X)
    r = np.abs(np.corrcoef(X.T))
    np.fill_diagonal(r, np.nan)
    rank = spearmanr(np.nanmean(r, axis=0), told)
    numbers = (
        "the matrix knows no genres: how much a feature goes with the others and how much it tells "
        f"of the genre have a rank correlation of {_r(rank.statistic)}"
    )
    return holds_if(rank.statistic >= STRONG, numbers)


def _preserves(e: Evidence) -> Answer:
    two = float(e.principal.explained[:2].sum())
    plain = 2 / len(e.principal.explained)
    return Answer(
        HOLDS if two > plain else FAILS,
        f"two of {len(e.principal.explained)} components keep {share(two)} of the variance; "
        f"two features alone {share(plain)}; {e.principal.needed(0.9)} components make 90 %",
    )


def _uncorrelated(e: Evidence) -> Answer:
    names = [c for c in e.principal.points.columns if str(c).startswith("PC")]
    scores = np.corrcoef(e.principal.points[names].to_numpy().T)
    before = np.corrcoef(e.tracks[features_of(e.tracks)].to_numpy(np.float64).T)
    rest, most = (np.abs(m - np.eye(len(m))).max() for m in (scores, before))
    return holds_if(
        bool(rest < 1e-6 < most),
        f"largest correlation {most:.2f} before; after, within {_tiny(rest)} of 0",
    )


def _unit(e: Evidence) -> Answer:
    from sklearn.preprocessing import StandardScaler

    Z = StandardScaler().fit_transform(e.tracks[features_of(e.tracks)].to_numpy(np.float64))
    mean, spread = np.abs(Z.mean(axis=0)).max(), np.abs(Z.std(axis=0) - 1).max()
    return holds_if(
        bool(max(mean, spread) < 1e-6),
        f"means within {_tiny(mean)} of 0, deviations within {_tiny(spread)} of 1",
    )


def _four_steps(e: Evidence) -> Answer:
    from sklearn.preprocessing import StandardScaler

    X = e.tracks[features_of(e.tracks)].to_numpy(np.float64)
    by_hand = (X - X.mean(axis=0)) / X.std(axis=0)
    apart = np.abs(by_hand - StandardScaler().fit_transform(X)).max()
    return holds_if(bool(apart < 1e-6), f"by hand and by scikit-learn within {_tiny(apart)}")


def _scale_matters(e: Evidence) -> Answer:
    near = e.trials(e.trial("knn"), e.trial("knn", scaled=False))
    tree, bare = e.trial("tree"), e.trial("tree", scaled=False)
    same = float((tree.right == bare.right).mean())
    # That they may dominate holds if one model shows it.
    return Answer(
        HOLDS if near.word == "better" else OPEN,
        f"with it KNN gains {between(near.interval)}; the tree gives the same answer to "
        f"{share(same)} of tracks without it",
    )


def _pca_steps(e: Evidence) -> Answer:
    from sklearn.decomposition import PCA

    X = e.tracks[features_of(e.tracks)].to_numpy(np.float64)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    values = np.linalg.eigvalsh(np.cov(Z.T))[::-1]
    singular = np.linalg.svd(Z - Z.mean(axis=0), compute_uv=False) ** 2 / (len(Z) - 1)
    apart = float(np.abs(values - singular).max() / values.max())
    done = PCA(2).fit(Z)._fit_svd_solver
    return holds_if(
        apart < 1e-6 and done != "covariance_eigh",
        "two ways to one result: eigenvectors of the covariance, or SVD of the centred data "
        f"(variances equal within {_tiny(apart)}); for this table scikit-learn takes “{done}”",
        partly=apart < 1e-6,
    )


def _clearer(e: Evidence) -> Answer:
    """Do two components hold more than two features, and do genres lie apart better there?"""
    two = float(e.principal.explained[:2].sum())
    held = two > 2 / len(e.principal.explained)
    plane, full = (e.spread.alike["edge", where].estimate for where in ("plane", "all"))
    return holds_if(
        held and plane >= full,
        f"two of {len(e.principal.explained)} components hold {share(two)} of the variance; but "
        f"neighbours of the same genre are {share(plane)} in the plot, {share(full)} over all "
        "features (outside the middle)",
        partly=held or plane >= full,
    )


def _plot(*keys: str) -> Judge:
    def judge(e: Evidence) -> Answer:
        words = [_WORDS[e.spread.observed[key]] for key in keys]
        word = words[0] if len(set(words)) == 1 else PART
        return Answer(word, _PLOT[keys[0]](e))

    return judge


def _together(e: Evidence) -> str:
    i = e.spread.together
    return (
        f"{share(i.estimate)} lie in one group ({span(i.low, i.high)}); of one normal cloud "
        f"{share(e.spread.one_cloud)} would"
    )


def _wide(e: Evidence) -> str:
    genres = e.spread.genres
    parts = [
        f"{word}: {listed(genres.loc[genres['verdict'] == word, 'genre'].astype(str).to_list())}"
        for word in ("wider", "narrower")
        if (genres["verdict"] == word).any()
    ]
    return "; ".join(parts) or "no genre can be told from the mean"


def _variable(e: Evidence) -> str:
    i = e.spread.ranks.interval
    return (
        f"rank correlation {_r(i.estimate)} ({_r(i.low)} to {_r(i.high)}) of the spread in the "
        "plot with that over all features"
    )


def _mixed(e: Evidence) -> str:
    middle, edge = (e.spread.alike[part, "plane"].estimate for part in ("middle", "edge"))
    return f"neighbours of the same genre: {share(middle)} in the middle, {share(edge)} outside"


def _similar(e: Evidence) -> str:
    middle, edge = (e.spread.alike[part, "all"].estimate for part in ("middle", "edge"))
    return f"over all features: {share(middle)} in the middle, {share(edge)} outside"


_PLOT = {"together": _together, "spread": _wide, "variable": _variable, "mixed": _mixed,
         "similar": _similar}  # fmt: skip


def _shuffled(_: Evidence) -> Answer:
    from sklearn.model_selection import train_test_split

    rows = list(range(100))
    dealt = train_test_split(rows, random_state=replay.SEED)
    mixed = [row for part in dealt for row in part] != rows
    sides = replay.sides()
    learned = set(sides.loc[sides["side"] == "train", "track"])
    test = sides[sides["side"] == "test"]
    known = test["track"].isin(learned)
    return holds_if(
        mixed and len(dealt) == 3,
        f"it shuffles, but one call makes {len(dealt)} sets, so three need two calls; and "
        f"{int(known.sum())} of {len(test)} test windows come from a clip that is also "
        "learned from",
        partly=mixed,
    )


def _shares(_: Evidence) -> Answer:
    sides = replay.sides()["side"].value_counts()
    found = [int(sides[name]) for name in ("train", "valid", "test")]
    parts = np.array(found) / sum(found)
    return holds_if(
        bool(np.abs(parts - [0.8, 0.1, 0.1]).max() < 0.001),
        f"{found[0]:,}, {found[1]} and {found[2]} windows",
    )


CLAIMS: tuple[Claim, ...] = (
    Claim("thirty seconds", _COLLECTED, "1,000 tracks of 30 seconds", places.WINDOWS,
          _thirty_seconds),
    Claim("ten genres", _COLLECTED, "The ten genres by name", places.WINDOWS, _genres),
    Claim("two files", _COLLECTED, "Two CSV files hold features", places.TABLES, two_tables),
    Claim("mfcc columns", _COLLECTED, "They hold MFCCs", places.TABLES, _columns("mfcc")),
    Claim("chroma columns", _COLLECTED, "They hold chroma", places.TABLES, _columns("chroma")),
    Claim("contrast columns", _COLLECTED, "They hold spectral contrast", places.CONTRAST,
          _columns("contrast")),
    Claim("tonnetz columns", _COLLECTED, "They hold tonnetz", places.TONNETZ, _columns("tonnetz")),
    Claim("download", _COLLECTED, "The dataset can be downloaded from Kaggle", places.MEASURED,
          unchecked("another party's page; the chapter says what we had")),
    Claim("no extraction", _PREPARED, "With ready tables nothing need be extracted from audio",
          places.TRAP, _no_extraction),
    Claim("mfcc meaning", _PREPARED, "MFCCs describe the short-term spectrum", places.MFCC, _mfcc),
    Claim("mfcc use", _PREPARED, "MFCCs are widely used for speech and audio", places.MFCC,
          unchecked("we counted no works")),
    Claim("chroma meaning", _PREPARED, "Chroma gives the energy of the twelve notes",
          places.CHROMA, _chroma),
    Claim("spectral meaning", _PREPARED, "Centroid, bandwidth and roll-off describe the spectrum's "
          "shape", places.BRIGHTNESS, _spectral),
    Claim("important", _PREPARED, "The correlation matrix showed which features matter for genre",
          places.OBSERVATIONS, _important_features),
    Claim("diagonal", _PREPARED, "(a) Every feature correlates perfectly with itself",
          places.OBSERVATIONS, _observed("diagonal")),
    Claim("symmetry", _PREPARED, "(b) The matrix is symmetric", places.OBSERVATIONS,
          _observed("symmetry")),
    Claim("first group", _PREPARED, "(c) The six features of level, brightness and chroma all "
          "correlate positively", places.OBSERVATIONS, _observed("first group")),
    Claim("neighbours", _PREPARED, "(d) Neighbouring MFCCs correlate highly", places.OBSERVATIONS,
          _observed("neighbours")),
    Claim("mfcc2", _PREPARED, "(e) The second MFCC has a low correlation with that first group",
          places.OBSERVATIONS, _observed("mfcc2")),
    Claim("preserves", _PREPARED, "PCA reduces the dimensions and keeps as much as it can",
          places.HIDES, _preserves),
    Claim("clearer", _PREPARED, "In PCA's coordinates the main patterns are clearer",
          places.HIDES, _clearer),
    Claim("less correlated", _PREPARED, "In PCA's coordinates the variables are less correlated",
          places.STEPS, _uncorrelated),
    Claim("unit", _PREPARED, "StandardScaler gives mean 0 and standard deviation 1",
          places.STANDARD, _unit),
    Claim("scaler steps", _PREPARED, "It does so in four steps", places.STANDARD, _four_steps),
    Claim("scale matters", _PREPARED, "Without it, features with large values may dominate the "
          "learning", places.STANDARD, _scale_matters),
    Claim("pca steps", _PREPARED, "PCA centres, takes the covariance, finds eigenvectors through "
          "SVD, sorts and projects", places.STEPS, _pca_steps),
    Claim("clustered", _PREPARED, "The plot shows most of the data clustered together",
          places.SEEN, _plot("together")),
    Claim("spread out", _PREPARED, "Some genres are more spread out", places.SEEN,
          _plot("spread")),
    Claim("variable", _PREPARED, "Those vary more in their features", places.SEEN,
          _plot("variable")),
    Claim("middle", _PREPARED, "In the middle more genres lie together", places.SEEN,
          _plot("mixed")),
    Claim("similar", _PREPARED, "So those share similar features", places.SEEN, _plot("similar")),
    Claim("shuffled", _PREPARED, "train_test_split shuffles the windows and makes three sets",
          places.SPLIT, _shuffled),
    Claim("80/10/10", _PREPARED, "80 % to train, 10 % to validate, 10 % to test", places.SPLIT,
          _shares),
    Claim("features ready", _PREPARED, "The tables already hold the extracted features",
          places.COLUMNS,
          answered(lambda e: f"{len(e.data.feature_columns)} columns, equal to ours")),
)  # fmt: skip
