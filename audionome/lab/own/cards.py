"""What a model of one's own says of itself: its data, how it was tested, and what to distrust."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import pandas as pd

from audionome._words import counted, listed
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.own import fitting, grouping
from audionome.lab.own.judging import Judged
from audionome.models.own_ear import OwnEar

__all__ = ["card", "limits"]

# What groups are called, one and several; those of several kinds are groups of artists or albums.
_NOUNS = {
    "artist": ("artist", "artists"),
    "folder": ("folder", "folders"),
    "file": ("file", "files"),
    "group": ("artist or album", "artists or albums"),
}
_NAMED = {
    "tag": ("their tags name", "artist"),
    "folder": ("folders name", "album"),
    "name": ("their names name", "artist"),
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
    groups: grouping.Grouping,
    by: Sequence[str],
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
    groups : audionome.lab.own.grouping.Grouping
        Of all files.
    by : sequence of str
        Which sources of groups were asked for; empty for all.
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
            "grouped_by": groups.unit,
            "asked": {"by": list(by), "ignored": groups.ignored},
            "sources": {str(k): int(n) for k, n in table["source"].value_counts().items()},
            "genres": {
                str(genre): {
                    "recordings": len(rows),
                    "groups": int(rows["group"].nunique()),
                    "unit": _unit(rows["source"]),
                }
                for genre, rows in by_genre
            },
            "sha256": hashlib.sha256(told.encode("utf-8")).hexdigest(),
        },
        "answers": {row.pop("status"): row for row in judged.answers.to_dict(orient="records")},
        "untested": [g for g in genres if g not in set(judged.genres["genre"])],
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


def _unit(sources: pd.Series) -> str:
    """Return what the groups of files are called: all of one kind, or "group"."""
    units = {grouping.UNITS[source] for source in sources}
    return units.pop() if len(units) == 1 else "group"


def _nouns(data: dict[str, Any], genres: Sequence[str]) -> tuple[str, str]:
    units = {data["genres"][genre]["unit"] for genre in genres}
    return _NOUNS[units.pop() if len(units) == 1 else "group"]


def _unknown(data: dict[str, Any]) -> str:
    """Return a sentence about recordings of which no artist is known, or nothing."""
    unknown, asked = data["sources"].get("file", 0), data["asked"]
    if not unknown:
        return ""
    if asked["by"]:
        each = "each" if unknown == data["recordings"] else f"each of {unknown:,} recordings"
        option = f"--groups {' '.join(asked['by'])}"
        told = f"As you asked with {option}, {each} counts as an artist of its own"
        named = [
            f"{words} {counted(asked['ignored'][source], noun)}"
            for source, (words, noun) in _NAMED.items()
            if source in asked["ignored"]
        ]
        if named:
            return f"{told}; {listed(named)}, and the figures flatter if these are right."
        return f"{told}. If several are by one artist, the figures flatter."
    if unknown == data["recordings"]:
        return (
            "Nothing says who made these recordings, so each counts as if by an artist of its own. "
            "If several are by one artist, the figures flatter."
        )
    return (
        f"Of {counted(unknown, 'recording')} nothing says who made it; each counts as if by an "
        "artist of its own, and the figures flatter if that is not so."
    )


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
    low, high = evaluation["other_groups"]["low"], evaluation["other_groups"]["high"]
    found = []
    if low <= evaluation["guessing"]:
        found.append(
            "As far as its test can tell, it is no better than always naming the largest genre: do "
            "not use it."
        )
    if unknown := _unknown(data):
        found.append(unknown)
    counts = {genre: own["groups"] for genre, own in data["genres"].items()}
    if single := [genre for genre, n in counts.items() if n == 1]:
        one, _ = _nouns(data, single)
        verb = "has" if len(single) == 1 else "have"
        them = "it was" if len(single) == 1 else "they were"
        found.append(
            f"{_quoted(single)} {verb} one {one} only: {them} learned and could not be tested. The "
            f"model may know that {one}, and not the genre."
        )
    if small := [genre for genre, n in counts.items() if 1 < n < _SMALL]:
        _, many = _nouns(data, small)
        subject = "has" if len(small) == 1 else "have"
        found.append(
            f"{_quoted(small)} {subject} fewer than ten {many}: how often the model recognises "
            "such a genre is known only roughly, as the wide interval shows."
        )
    if high - low > 0.2:
        nouns = _nouns(data, evaluation["genres"]["genre"])
        tested = counted(evaluation["other_groups"]["groups"], *nouns)
        found.append(
            f"It was tested on {tested} in all. With "
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
