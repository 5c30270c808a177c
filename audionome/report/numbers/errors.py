"""Numbers of the chapter on errors: confusions, genres, hard clips, confidence, features."""

from __future__ import annotations

import pandas as pd

from audionome._words import counted, genre_name, listed, points, share, span
from audionome.lab.calibration import Overconfidence, Unknown
from audionome.lab.confusion import Confusion, Hardest

__all__ = ["confusion", "genres", "hardest", "importance", "learning", "reliability", "unknown"]


def confusion(result: Confusion) -> dict[str, str]:
    """Name the commonest confusions.

    Parameters
    ----------
    result : Confusion
        From `audionome.lab.confusion.confusion`.

    Returns
    -------
    dict of str to str
        ``genre_1``, ``heard_1`` and ``share_1`` (of the genre) of the commonest, likewise ``_2``
        and ``_3``; ``right`` of all answers, ``n_right`` and ``n``.
    """
    number = result.counts.to_numpy()
    hits, n = int(number.trace()), int(number.sum())
    found = {"right": share(hits / n), "n_right": f"{hits:,}", "n": f"{n:,}"}
    for i, row in enumerate(result.pairs.head(3).to_dict("records"), 1):
        found[f"genre_{i}"] = genre_name(str(row["genre"]))
        found[f"heard_{i}"] = genre_name(str(row["predicted"]))
        found[f"share_{i}"] = share(row["share"])
    return found


def genres(table: pd.DataFrame) -> dict[str, str]:
    """Say which genre is found most often, and which least.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.confusion.per_genre`.

    Returns
    -------
    dict of str to str
        ``most`` and ``least``, each with its recall (``_recall``), the interval (``_interval``) and
        the number of its artists (``_artists``); ``worse``, the genres whose recall is below the
        highest, and ``same``, those that cannot be told from it.
    """
    order = table[table["recall"].notna()].sort_values("recall", ascending=False, kind="stable")
    found = {}
    for name, row in (("most", order.iloc[0]), ("least", order.iloc[-1])):
        found[name] = genre_name(str(row["genre"]))
        found[f"{name}_recall"] = share(row["recall"])
        found[f"{name}_interval"] = span(row["recall_low"], row["recall_high"])
        found[f"{name}_artists"] = counted(int(row["artists"]), "artist")
    behind = order.iloc[1:]
    for name, worse in (("worse", True), ("same", False)):
        rows = behind[(behind["verdict"] == "worse").to_numpy(dtype=bool) == worse]
        found[name] = listed([genre_name(str(g)) for g in rows["genre"]]) or "none"
    return found


def hardest(result: Hardest) -> dict[str, str]:
    """Count the clips that every model gets wrong.

    Parameters
    ----------
    result : Hardest
        From `audionome.lab.confusion.hardest_tracks`.

    Returns
    -------
    dict of str to str
        all ``n_models`` get ``n_hard`` of ``n`` clips wrong and ``n_easy`` right; ``by_genre``
        names the three genres with the most hard clips.
    """
    tracks, n = result.tracks, result.n_models
    hard = tracks[tracks["wrong"] == n]
    counts = hard["genre"].value_counts().head(3)
    told = [f"{genre_name(str(genre))} ({count})" for genre, count in counts.items()]
    return {
        "n": f"{len(tracks):,}",
        "n_models": str(n),
        "n_hard": f"{len(hard):,}",
        "n_easy": f"{int((tracks['wrong'] == 0).sum()):,}",
        "by_genre": listed(told) or "none",
    }


def reliability(found: Overconfidence) -> dict[str, str]:
    """Say whether a model's confidence may be believed.

    Parameters
    ----------
    found : Overconfidence
        From `audionome.lab.calibration.overconfidence`.

    Returns
    -------
    dict of str to str
        ``confidence`` and ``accuracy`` (means), and ``verdict``: "It is too sure of itself, by 21.2
        points.", "It is too modest, by ...", or that the difference may be chance, with its
        interval.
    """
    gap = found.verdict.interval
    verdict = f"The difference may be chance ({span(gap.low, gap.high)})."
    if found.verdict.differs:
        word = "too sure of itself" if gap.estimate > 0 else "too modest"
        verdict = f"It is **{word}**, by {points(abs(gap.estimate))} points."
    return {
        "confidence": share(found.confidence),
        "accuracy": share(found.accuracy),
        "verdict": verdict,
    }


def unknown(result: Unknown) -> dict[str, str]:
    """Say whether a model is less sure of a genre that it never learned.

    Parameters
    ----------
    result : Unknown
        From `audionome.lab.calibration.unknown_genre`.

    Returns
    -------
    dict of str to str
        ``n_unknown`` tracks; ``called``, the commonest answers; mean confidence when ``right``,
        when ``wrong`` and for the ``unknown`` genre; ``auc`` with ``auc_interval``; and
        ``notices``: "is not shown to notice", "notices a little", "notices in part" or "nearly
        always notices".
    """
    table = result.table.set_index("kind")
    named = [
        f"{genre_name(str(g))} ({share(part)})" for g, part in result.predicted.head(3).items()
    ]
    auc = result.auc.estimate
    notices = "is not shown to notice"
    if result.verdict.word == "better":
        notices = "notices a little" if auc < 0.7 else "notices in part"
        if auc >= 0.9:
            notices = "nearly always notices"
    return {
        "n_unknown": str(int(table["n"].loc["unknown"])),
        "called": listed(named),
        **{str(kind): share(mean) for kind, mean in table["mean"].items()},
        "auc": f"{auc:.2f}",
        "auc_interval": f"95\N{NO-BREAK SPACE}% interval {result.auc.low:.2f} to "
        f"{result.auc.high:.2f}",
        "notices": notices,
    }


def learning(curve: pd.DataFrame) -> dict[str, str]:
    """Say whether more tracks would help.

    Parameters
    ----------
    curve : DataFrame
        From `audionome.lab.studies.learning_curve.summarise`, with ``title``.

    Returns
    -------
    dict of str to str
        ``before_most`` and ``most`` tracks; of ``n_curves`` models, the last step is told from
        chance for ``n_rising``; and the ``largest`` gain of that step in points, with its
        ``largest_interval``.
    """
    most, before = sorted({int(n) for n in curve["tracks"]})[:-3:-1]
    last = curve[curve["tracks"] == most].sort_values("gain", ascending=False, kind="stable")
    top = last.iloc[0]
    return {
        "before_most": f"{before:,}",
        "most": f"{most:,}",
        "n_curves": str(len(last)),
        "n_rising": str(int((last["verdict"] == "better").sum()) or "none"),
        "largest": points(top["gain"]),
        "largest_interval": span(top["gain_low"], top["gain_high"]),
    }


def importance(table: pd.DataFrame) -> dict[str, str]:
    """Say which groups of features are needed.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.studies.importance.summarise`.

    Returns
    -------
    dict of str to str
        ``top``, the features of the group that costs the most, with ``top_drop`` in points and
        ``top_interval``; ``n_groups``, of which the loss of ``n_needed`` is told from chance and
        that of ``n_open`` is not.
    """
    rows = table.sort_values("drop", ascending=False, kind="stable")
    top = rows.iloc[0]
    needed = int((rows["verdict"] == "better").sum())
    return {
        "top": listed([f"`{name}`" for name in str(top["group"]).split(",")]),
        "top_drop": points(top["drop"]),
        "top_interval": span(top["low"], top["high"]),
        "n_groups": str(len(rows)),
        "n_needed": str(needed),
        "n_open": str(len(rows) - needed),
    }
