"""Numbers of the chapter on principal components: what they hold, and what their plots show."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from audionome._words import coefficient, genre_name, listed, points, share, span
from audionome.lab.compare import SAME
from audionome.lab.exploration import Maps, Principal, Spread
from audionome.lab.exploration.projection import ALL_FEATURES, LDA_MAP, LDA_OWN, PCA_MAP, TSNE_MAP
from audionome.lab.exploration.spread import DENSE, REACH, TOO_FEW

__all__ = [
    "agreement",
    "components",
    "example",
    "heaviest",
    "maps",
    "preparation",
    "spread",
    "unscaled",
]


def unscaled(raw: Principal) -> dict[str, str]:
    """Tell what the first component is when nothing is scaled.

    Parameters
    ----------
    raw : Principal
        From `audionome.lab.exploration.principal` with ``scale=False``.

    Returns
    -------
    dict of str to str
        ``raw_share`` of the variance, the ``raw_feature`` with the largest weight, and that
        ``raw_weight``.
    """
    weights = raw.loadings["PC1"].abs().sort_values(ascending=False)
    return {
        "raw_share": share(float(raw.explained[0])),
        "raw_feature": f"`{weights.index[0]}`",
        "raw_weight": f"{weights.iloc[0]:.2f}",
    }


def example(values: ArrayLike, covariance: ArrayLike, eigenvalues: ArrayLike) -> dict[str, str]:
    """Tell what the small example of the page shows.

    Parameters
    ----------
    values : array-like of shape (tracks, features)
    covariance : array-like of shape (features, features)
        Of the standardised features.
    eigenvalues : array-like of shape (features,)
        The largest first.

    Returns
    -------
    dict of str to str
        ``example_tracks`` and ``example_features``, counted; ``example_r``, the first two features'
        correlation; ``example_first``, ``example_second`` and ``example_last``: shares of the
        variance; ``example_total``, the sum of the eigenvalues.
    """
    n_tracks, n_features = np.shape(values)
    roots = np.asarray(eigenvalues, dtype=np.float64)
    shares = roots / roots.sum()
    return {
        "example_tracks": str(n_tracks),
        "example_features": str(n_features),
        "example_r": coefficient(float(np.asarray(covariance)[0, 1])),
        "example_first": share(float(shares[0])),
        "example_second": share(float(shares[1])),
        "example_last": share(float(shares[-1])),
        "example_total": f"{roots.sum():.2f}",
    }


def agreement(ours: ArrayLike, theirs: ArrayLike) -> dict[str, str]:
    """Tell whether two projections are the same but for the signs of their columns.

    Parameters
    ----------
    ours, theirs : array-like of shape (tracks, components)

    Returns
    -------
    dict of str to str
        ``agreement`` ("finds the same numbers" or "finds other numbers") and ``apart``, the largest
        difference.
    """
    one, other = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    apart = np.abs(one - other * np.sign(np.sum(one * other, axis=0))).max()
    same = bool(apart < 1e-9)
    return {
        "agreement": "finds the same numbers" if same else "finds other numbers",
        "apart": "less than 0.000000001" if same else f"{apart:.2g}",
    }


def components(scaled: Principal) -> dict[str, str]:
    """Tell how many components hold how much.

    Parameters
    ----------
    scaled : Principal

    Returns
    -------
    dict of str to str
        ``first``, ``second`` and ``both``: shares of the variance; ``n_components``, and how many
        are needed for 50, 80 and 95 % of it: ``n_50``, ``n_80``, ``n_95``.
    """
    first, second = (share(float(v)) for v in scaled.explained[:2])
    needed = {f"n_{100 * part:.0f}": str(scaled.needed(part)) for part in (0.5, 0.8, 0.95)}
    return needed | {
        "first": first,
        "second": second,
        "both": share(float(scaled.explained[:2].sum())),
        "n_components": str(len(scaled.explained)),
    }


def heaviest(scaled: Principal, *, most: int = 3) -> dict[str, str]:
    """Name the heaviest features of the first two components.

    Parameters
    ----------
    scaled : Principal
    most : int
        Features that are named.

    Returns
    -------
    dict of str to str
        For ``pc1`` and ``pc2``: ``_features``, a list; ``_kind``, "means" or "variances",
        whichever weigh more together, and their ``_share`` of the squared weights; ``_largest``,
        the largest share of a single feature.
    """
    found: dict[str, str] = {}
    for name in ("PC1", "PC2"):
        squares = scaled.loadings[name] ** 2
        top = squares.sort_values(ascending=False, kind="stable").head(most)
        kind = ["variances" if str(n).endswith("_var") else "means" for n in squares.index]
        kinds = squares.groupby(kind).sum()
        key = name.lower()
        found |= {
            f"{key}_features": listed([f"`{feature}`" for feature in top.index]),
            f"{key}_kind": str(kinds.idxmax()),
            f"{key}_share": share(float(kinds.max())),
            f"{key}_largest": share(float(top.iloc[0])),
        }
    return found


_OBSERVED = {"holds": "holds", "fails": "fails", "open": "remains open"}
_CLOUD = {
    "holds": "most of the tracks form one cloud",
    "fails": "most of the tracks do not lie in one cloud",
    "open": "the tracks may form one cloud or several",
}
_OVERLAP = {
    "holds": "the genres overlap most in the middle",
    "fails": "the genres overlap least in the middle",
    "open": "the genres overlap",
}


def spread(found: Spread) -> dict[str, str]:
    """Tell whether what the study saw in its plot is there.

    Parameters
    ----------
    found : Spread

    Returns
    -------
    dict of str to str
        Verdict words ``together``, ``spread``, ``variable``, ``mixed`` and ``similar`` (see
        `audionome.lab.exploration.Spread.observed`); ``group_share`` of the tracks in the
        largest group, with ``group_interval``, and in ``one_cloud``; ``reach`` and ``dense``, what
        makes a group; ``cloud`` and ``overlap``, clauses on the plot as a whole; ``widest``, the
        three widest genres; ``differ``, a clause that names those that spread less or more than the
        mean genre; ``unjudged``, the genres with too few tracks, or "none";
        ``rank_correlation`` of both spreads with ``rank_interval``; the shares of ``k`` neighbours
        with the same genre, ``middle``, ``edge``, ``middle_all`` and ``edge_all``; ``flattened``, a
        clause on whether the plane exaggerates the overlap.
    """
    rows = found.genres
    named = {
        str(word): [genre_name(str(genre)) for genre in some]
        for word, some in rows.groupby("verdict")["genre"]
    }
    parts = [
        f"{listed(named[word])} spread{'s' * (len(named[word]) == 1)} {more}"
        for word, more in (("narrower", "less"), ("wider", "more"))
        if word in named
    ]
    ranks = found.ranks.interval
    places = {
        "middle": ("middle", "plane"),
        "edge": ("edge", "plane"),
        "middle_all": ("middle", "all"),
        "edge_all": ("edge", "all"),
    }
    less = found.flattened.word == "worse"
    return {
        **{name: _OBSERVED[word] for name, word in found.observed.items()},
        "group_share": share(found.together.estimate),
        "group_interval": span(found.together.low, found.together.high),
        "one_cloud": share(found.one_cloud),
        "reach": f"{100 * REACH:.0f} %",
        "dense": str(DENSE),
        "cloud": _CLOUD[found.observed["together"]],
        "overlap": _OVERLAP[found.observed["mixed"]],
        "widest": listed([genre_name(str(genre)) for genre in rows["genre"].head(3)]),
        "differ": " and ".join(parts) or "no genre can be told apart",
        "unjudged": listed(named.get(TOO_FEW, [])) or "none",
        "rank_correlation": coefficient(ranks.estimate),
        "rank_interval": f"{coefficient(ranks.low)} to {coefficient(ranks.high)}",
        **{name: share(found.alike[key].estimate) for name, key in places.items()},
        "k": str(found.k),
        "flattened": "the plot exaggerates the overlap"
        if less
        else "the plot does not exaggerate the overlap as far as the intervals can tell",
    }


def maps(found: Maps) -> dict[str, str]:
    """Tell how much of the genres each map keeps, and how much LDA flatters itself.

    Parameters
    ----------
    found : Maps

    Returns
    -------
    dict of str to str
        Shares of ``k`` neighbours that have the genre, ``all_features``, ``pca``, ``lda``,
        ``tsne`` and ``lda_own``; ``flatters``, a sentence on the last.
    """
    rows = found.alike.set_index("map")["alike"]
    names = {"all_features": ALL_FEATURES, "pca": PCA_MAP, "lda": LDA_MAP, "tsne": TSNE_MAP,
             "lda_own": LDA_OWN}  # fmt: skip
    judged = found.lda_own
    i = judged.interval
    more = f"{points(i.estimate)} points more ({span(i.low, i.high)})"
    if judged.word == "better":
        flatters = (
            f"That is {more} than on new music: a map that has seen the genres looks tidier than "
            "it is."
        )
    else:
        flatters = f"Set beside new music, the two {SAME}."
    return {
        **{key: share(float(rows[title])) for key, title in names.items()},
        "k": str(found.k),
        "flatters": flatters,
    }


def preparation(table: pd.DataFrame) -> dict[str, str]:
    """Tell what it does to prepare the features before the split.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.exploration.preparation`.

    Returns
    -------
    dict of str to str
        For ``scaling`` and ``lda``: accuracies ``_outside`` and ``_inside``, the difference
        ``_points`` with its ``_interval``, and ``_verdict``, a clause.
    """
    found: dict[str, str] = {}
    for key, (_, row) in zip(("scaling", "lda"), table.iterrows(), strict=True):
        gap = f"{points(row['difference'])} points"
        same = f"a difference of {gap}, so the two {SAME}"
        found |= {
            f"{key}_outside": share(row["outside"]),
            f"{key}_inside": share(row["inside"]),
            f"{key}_interval": span(row["low"], row["high"]),
            f"{key}_verdict": same if row["verdict"] == SAME else f"{row['verdict']} by {gap}",
        }
    return found
