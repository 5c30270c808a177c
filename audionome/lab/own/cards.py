"""What a model of one's own says of itself: its data, how it was tested, and what to distrust."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pandas as pd

from audionome._words import counted, listed
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.own import fitting
from audionome.lab.own.judging import Judged
from audionome.models.own_ear import OwnEar

__all__ = ["UNITS", "card", "limits"]

#: What the groups of a model are called: one, and several.
UNITS = {
    "artist": ("artist", "artists"),
    "folder": ("folder", "folders"),
    "file": ("file", "files"),
}

_SMALL = 10  # groups of a genre from which on its figure is worth something
_SHOWN = 5  # genres in a sentence
_PAIRS = 2000  # of the confusion matrix, the commonest
_STRANGE = 0.1


def card(
    *,
    name: str,
    genres: Sequence[str],
    table: pd.DataFrame,
    judged: Judged,
    learned: float,
    strange: float,
    unit: str,
    ear: OwnEar,
) -> dict[str, Any]:
    """Return the card of a model.

    Parameters
    ----------
    name : str
    genres : sequence of str
    table : DataFrame
        A row per file that was learned from: ``genre``, ``group``, ``source`` and ``content``.
    judged : Judged
    learned : float
        Share of those files that the finished model gets right.
    strange : float
        Share of those files that sound unlike all music that the ear knows.
    unit : str
        One of `UNITS`.
    ear : audionome.models.own_ear.OwnEar

    Returns
    -------
    dict
        See `audionome.models.own.write`.
    """
    by_genre = table.groupby("genre")
    pairs = sorted(zip(table["content"], table["genre"], strict=True))
    told = "\n".join(f"{content} {genre}" for content, genre in pairs)
    found: dict[str, Any] = {
        "name": name,
        "genres": list(genres),
        "features": list(ear.features),
        "network": ear.ear.card["name"],
        "network_sha256": ear.ear.card["graph_sha256"],
        "embedding_size": ear.ear.embedding_size,
        "n_tags": len(ear.ear.tags),
        "inputs": judged.inputs,
        **judged.calibration,
        "data": {
            "recordings": len(table),
            "groups": int(table["group"].nunique()),
            "grouped_by": unit,
            "sources": {str(k): int(n) for k, n in table["source"].value_counts().items()},
            "genres": {
                str(genre): {"recordings": len(rows), "groups": int(rows["group"].nunique())}
                for genre, rows in by_genre
            },
            "sha256": hashlib.sha256(told.encode("utf-8")).hexdigest(),
        },
        "answers": {row.pop("status"): row for row in judged.answers.to_dict(orient="records")},
        "refused": {"share": judged.refused, "n": judged.other_groups.n},
        "evaluation": {
            "other_groups": _interval(judged.other_groups),
            "random_files": _interval(judged.random_files),
            "flattery": _interval(judged.flattery.interval) | {"word": judged.flattery.word},
            "learned": learned,
            "balanced": judged.balanced,
            **judged.measures,
            "compared": judged.compared,
            "kept": _interval(judged.kept),
            "genres": judged.genres.to_dict(orient="list"),
            "confusions": judged.pairs.head(_PAIRS).to_dict(orient="list"),
            "reliability": judged.reliability.to_dict(orient="list"),
        },
    }
    found["limits"] = limits(found, strange=strange)
    return found


def _interval(found: ConfidenceInterval) -> dict[str, float | int]:
    return {"share": found.estimate, "low": found.low, "high": found.high, "n": found.n,
            "groups": found.clusters}  # fmt: skip


def limits(card: dict[str, Any], *, strange: float = 0.0) -> list[str]:
    """Return what to distrust of a model.

    Parameters
    ----------
    card : dict
        With ``data`` and ``evaluation``.
    strange : float
        As for `card`.

    Returns
    -------
    list of str
        A sentence or two each.
    """
    data, evaluation = card["data"], card["evaluation"]
    one, many = UNITS[data["grouped_by"]]
    found = []
    unknown = data["sources"].get("file", 0)
    if data["grouped_by"] == "file" and unknown == data["recordings"]:
        found.append(
            "Nothing says who made these recordings, so each counts as if by an artist of its own. "
            "If several are by one artist, the figures flatter."
        )
    elif unknown:
        found.append(
            f"Of {counted(unknown, 'recording')} nothing says who made it; each counts as if by an "
            "artist of its own, and the figures flatter if that is not so."
        )
    counts = {genre: own["groups"] for genre, own in data["genres"].items()}
    if single := [genre for genre, n in counts.items() if n == 1]:
        verb = "has" if len(single) == 1 else "have"
        them = "it was" if len(single) == 1 else "they were"
        found.append(
            f"{_quoted(single)} {verb} one {one} only: {them} learned and could not be tested. The "
            f"model may know that {one}, and not the genre."
        )
    if small := [genre for genre, n in counts.items() if 1 < n < _SMALL]:
        subject = "has" if len(small) == 1 else "have"
        found.append(
            f"{_quoted(small)} {subject} fewer than ten {many}: how often the model recognises "
            "such a genre is known only roughly, as the wide interval shows."
        )
    low, high = evaluation["other_groups"]["low"], evaluation["other_groups"]["high"]
    if high - low > 0.2:
        found.append(
            f"It was tested on {counted(evaluation['other_groups']['groups'], one)} in all. With "
            f"so few, it may be right on anything from {low:.0%} to {high:.0%} of new recordings."
        )
    recall = dict(zip(evaluation["genres"]["genre"], evaluation["genres"]["recall"], strict=True))
    if weak := [genre for genre, share in recall.items() if share < 0.5]:
        found.append(
            f"It misses more than half of {_quoted(weak)}. Do these folders hold one kind of music?"
        )
    sizes = [own["recordings"] for own in data["genres"].values()]
    if sum(sizes) > fitting.MOST_ROWS // 2:
        found.append(
            f"It was tested on all recordings, and learned from {fitting.MOST_ROWS // 2:,} of "
            "them, drawn evenly over genres."
        )
    if strange > _STRANGE:
        found.append(
            f"To the ear, {strange:.0%} of the recordings sound like speech, noise or tones rather "
            "than music. So the model takes such sounds for its own, and seldom warns of them."
        )
    found.append(
        "The figures are about music like that in the folder. A genre that has no folder is "
        "answered with one of those that have."
    )
    return found


def _quoted(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    told = [f'"{name}"' for name in names[:_SHOWN]]
    return listed([*told, f"{more} more genres"] if more > 0 else told)
