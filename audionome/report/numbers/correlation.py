"""Numbers of the chapter on correlation: the strongest pairs, and what is said about them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from audionome._words import coefficient, share
from audionome.lab.exploration import Correlations, Observed, Tested
from audionome.lab.exploration.claims import HIGH, LOW

__all__ = [
    "between_genres",
    "claims",
    "corpus",
    "limits",
    "observations",
    "per_track",
    "strongest",
]

_WORDS = {
    "holds": "holds",
    "holds in part": "holds in part",
    "fails": "fails",
    "open": "remains open",
}
#: Title of a claim of the study to the beginning of its names.
_PREFIX = {
    "Diagonal": "diagonal",
    "Mirrored pairs": "symmetry",
    "First six": "six",
    "Neighbouring MFCCs, means": "means",
    "Neighbouring MFCCs, variances": "variances",
    "MFCCs two apart, means": "two",
    "MFCC 2 and the first six": "mfcc2",
    "MFCC 2 below zero": "below",
}


def corpus(found: Correlations, tracks: pd.DataFrame) -> dict[str, str]:
    """Count what the correlations were computed from.

    Parameters
    ----------
    found : Correlations
        Over windows.
    tracks : DataFrame
        From `audionome.lab.exploration.track_means`.

    Returns
    -------
    dict of str to str
        ``n_windows``, ``n_tracks`` and ``n_artists``.
    """
    return {
        "n_windows": f"{found.n_rows:,}",
        "n_tracks": f"{len(tracks):,}",
        "n_artists": str(found.n_artists),
    }


def strongest(found: Correlations, *, bound: float = 0.9, weak: float = 0.1) -> dict[str, str]:
    """Count the pairs that are nearly the same feature twice, and name the first.

    Parameters
    ----------
    found : Correlations
    bound, weak : float
        Beyond the first a pair is strong, within the second it is weak.

    Returns
    -------
    dict of str to str
        ``n_pairs``, ``n_strong`` beyond ``bound``; ``one`` and ``other`` are the strongest pair,
        with ``r`` and its ``interval``; ``weak_share`` of the pairs lies within ``weak``.
    """
    pairs = found.pairs()
    top = pairs.iloc[0]
    return {
        "n_pairs": f"{len(pairs):,}",
        "n_strong": str(int((pairs["r"].abs() > bound).sum())),
        "bound": f"{bound:g}",
        "one": f"`{top['one']}`",
        "other": f"`{top['other']}`",
        "r": coefficient(top["r"]),
        "interval": f"{coefficient(top['low'])} to {coefficient(top['high'])}",
        "weak_share": share(float((pairs["r"].abs() < weak).mean())),
        "weak": f"{weak:g}",
    }


def between_genres(found: Correlations) -> dict[str, str]:
    """Name the pair whose correlation comes most from the differences between genres.

    Parameters
    ----------
    found : Correlations

    Returns
    -------
    dict of str to str
        ``one``, ``other``, ``overall`` and ``within``: r over all windows and inside the genres.
    """
    pairs = found.pairs()
    row = pairs.iloc[int((pairs["r"].abs() - pairs["within"].abs()).to_numpy().argmax())]
    return {
        "one": f"`{row['one']}`",
        "other": f"`{row['other']}`",
        "overall": coefficient(row["r"]),
        "within": coefficient(row["within"]),
    }


def limits() -> dict[str, str]:
    """Tell from where on a correlation is high, and up to where it is low.

    Returns
    -------
    dict of str to str
        ``high`` and ``low``.
    """
    return {"high": f"{HIGH:g}", "low": f"{LOW:g}"}


def observations(seen: Sequence[Observed]) -> dict[str, str]:
    """Tell what became of the study's observations.

    Parameters
    ----------
    seen : sequence of Observed
        One for each of `audionome.lab.exploration.STUDY_CLAIMS`, over windows.

    Returns
    -------
    dict of str to str
        A verdict word for each group of pairs: ``diagonal``, ``symmetry``, ``six`` (the means of
        the first group), ``means`` and ``variances`` of neighbouring MFCCs, ``two`` (means two
        apart), ``mfcc2`` (beside the six: low) and ``below`` (the same pairs: negative). Each comes
        with ``_n`` pairs, of which it ``_holds`` for some and ``_fails`` for others, while some
        stay ``_open``; ``_lowest`` and ``_highest`` are correlations. ``hold``, ``in_part``,
        ``fail`` and ``remain_open`` are clauses that count the observations, such as "one fails".
    """
    found = {}
    for tested in (t for one in seen for t in (*one.tested, *one.beside)):
        name, r = _PREFIX[tested.claim.title], tested.table["r"]
        found[name] = _WORDS[tested.verdict]
        found[f"{name}_n"] = str(len(tested.table))
        found |= {f"{name}_{word}": str(tested.count(word)) for word in ("holds", "fails", "open")}
        found |= {f"{name}_lowest": coefficient(r.min()), f"{name}_highest": coefficient(r.max())}
    verdicts = [one.verdict for one in seen]
    return found | {
        "hold": _counted(verdicts.count("holds"), "holds", "hold"),
        "in_part": _counted(verdicts.count("holds in part"), "holds", "hold"),
        "fail": _counted(verdicts.count("fails"), "fails", "fail"),
        "remain_open": _counted(verdicts.count("open"), "remains open", "remain open"),
    }


def _counted(n: int, one: str, many: str) -> str:
    """Write a number in words with its verb: "none fails", "one fails", "two fail"."""
    words = ("none", "one", "two", "three", "four", "five")
    return f"{words[n] if n < len(words) else n} {one if n < 2 else many}"


def per_track(windows: Sequence[Observed], tracks: Sequence[Observed]) -> dict[str, str]:
    """Tell whether the verdicts are the same over tracks as over windows.

    Parameters
    ----------
    windows, tracks : sequence of Observed
        The same observations.

    Returns
    -------
    dict of str to str
        ``per_track``, a sentence.
    """
    moved = [
        f'{t.claim.title}, from "{_WORDS[w.verdict]}" to "{_WORDS[t.verdict]}"'
        for one, other in zip(windows, tracks, strict=True)
        for w, t in zip(one.tested, other.tested, strict=True)
        if w.verdict != t.verdict
    ]
    if not moved:
        return {"per_track": "Over whole tracks every verdict is the same."}
    return {"per_track": f"Over whole tracks this changes: {'; '.join(moved)}."}


def claims(tested: Sequence[Tested]) -> dict[str, str]:
    """Count the claims that hold for every pair.

    Parameters
    ----------
    tested : sequence of Tested
        From `audionome.lab.exploration.check`.

    Returns
    -------
    dict of str to str
        ``n_claims``, and two clauses that count them: ``whole`` (those that hold for every pair,
        such as "none holds") and ``broken`` (those that fail for at least one).
    """
    whole = sum(t.count("holds") == len(t.table) for t in tested)
    broken = sum(t.count("fails") > 0 for t in tested)
    return {
        "n_claims": str(len(tested)),
        "whole": _counted(whole, "holds", "hold"),
        "broken": _counted(broken, "fails", "fail"),
    }
