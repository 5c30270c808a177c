"""The ways to split: what may be in training and test together.

Conventions
-----------
A table of rows has one row per window (or per track) and the columns ``track``, ``genre``,
``artist`` (group id), ``fault_filtered`` (see `published_parts`) and ``domain`` (``"gtzan"``,
``"wild"``, or ``"unknown"`` for music from outside whose genre is none of the ten); protocols of
tracks with audio also read ``measured``.

A `Protocol` says which rows take part and names a splitter. Splitters are scikit-learn's:
``split(X, y, groups)`` yields row numbers ``(train, test)``, and ``groups`` is the column that the
splitter names. `Splitter.parts` yields the validation rows as well: nothing is fitted on them.

To add a protocol, add one entry to `PROTOCOLS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from audionome.datasets.gtzan import GENRES
from audionome.lab.splitters import (
    GroupedFolds,
    OtherMusic,
    Parts,
    PublishedSplit,
    RandomSplit,
    Rows,
    Splitter,
)

__all__ = [
    "LADDER",
    "PROTOCOLS",
    "GroupedFolds",
    "LeakError",
    "OtherMusic",
    "Parts",
    "Protocol",
    "PublishedSplit",
    "RandomSplit",
    "Splitter",
    "published_parts",
]

Level = Literal["window", "track", "excerpt"]

_NINE = tuple(genre for genre in GENRES if genre != "disco")


class LeakError(AssertionError):
    """A protocol that does not keep its promise; the text says where."""


# -- protocols ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Protocol:
    """A rule for splitting, as the ladder and the released models use it.

    Attributes
    ----------
    name, title : str
        For commands and tables; for a reader.
    summary : str
        How models were judged, as the end of a sentence.
    leaks : str
        One paragraph: what is split, and what may leak or change. Like `title` and `summary` it
        is no part of what makes a result, and it may be reworded.
    splitter : Splitter
    separates : str or None
        Column of the table of rows whose values never stand on two sides of a fold.
    level : {"window", "track", "excerpt"}
        What is counted as one prediction.
    excerpt_seconds : int or None
        Length of the excerpts that are classified one by one.
    genres : tuple of str
        Genres of GTZAN that take part.
    audio_only, fault_filtered_only : bool
        Whether only tracks with audio, or in the fault-filtered split, take part.
    ladder : bool
        Whether the ladder's models are judged by it; the released models are judged by every
        protocol that their data allow.
    """

    name: str
    title: str = field(compare=False)
    summary: str = field(compare=False, repr=False)
    leaks: str = field(compare=False, repr=False)
    splitter: Splitter
    separates: str | None
    level: Level = "track"
    excerpt_seconds: int | None = None
    genres: tuple[str, ...] = GENRES
    audio_only: bool = False
    fault_filtered_only: bool = False
    ladder: bool = False

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return self.splitter.n_folds

    @property
    def needs_other_music(self) -> bool:
        """True if music from outside GTZAN is tested."""
        return isinstance(self.splitter, OtherMusic)

    @property
    def setting(self) -> tuple[Any, ...]:
        """Splitter and rows; protocols of one setting share their folds."""
        return self.splitter, self.genres, self.audio_only, self.fault_filtered_only

    def eligible(self, rows: pd.DataFrame) -> Rows:
        """Return the numbers of the rows that take part.

        Parameters
        ----------
        rows : DataFrame
            A table of rows; see the module's text.

        Returns
        -------
        ndarray of int
        """
        inside = (rows["domain"] == "gtzan").to_numpy(dtype=bool)
        chosen = inside & rows["genre"].isin(self.genres).to_numpy(dtype=bool)
        if self.audio_only:
            chosen &= rows["measured"].to_numpy(dtype=bool)
        if self.fault_filtered_only:
            chosen &= (rows["fault_filtered"] != "").to_numpy(dtype=bool)
        return np.flatnonzero(chosen | ~inside if self.needs_other_music else chosen)

    def groups_of(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Return what the splitter wants as ``groups``, one value per row."""
        column = self.splitter.column
        return np.arange(len(rows)) if column is None else rows[column].to_numpy()

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the folds of rows that all take part, with their validation rows."""
        return self.splitter.parts(X, y, groups)

    def splits(self, rows: pd.DataFrame) -> list[tuple[Rows, Rows]]:
        """Return the numbers ``(train, test)`` of each fold among all rows of a table.

        Parameters
        ----------
        rows : DataFrame
            Rows that do not take part are in no fold.

        Returns
        -------
        list of (ndarray of int, ndarray of int)
        """
        chosen = self.eligible(rows)
        there = rows.iloc[chosen]
        folds = self.splitter.split(
            there, there["genre"].to_numpy(dtype=str), self.groups_of(there)
        )
        return [(chosen[train], chosen[test]) for train, test in folds]

    def check(self, rows: pd.DataFrame) -> None:
        """Prove on a table of rows that the protocol does what it says.

        Parameters
        ----------
        rows : DataFrame
            Rows that all take part.

        Raises
        ------
        LeakError
            If a row is on two sides, a row is tested twice, a genre is missing from a training
            part, or a value of `separates` is on two sides.
        """
        tested = np.zeros(len(rows), dtype=int)
        genres = set(rows.loc[rows["domain"] != "unknown", "genre"])
        y, groups = rows["genre"].to_numpy(dtype=str), self.groups_of(rows)
        folds = list(self.parts(rows, y, groups))
        if len(folds) != self.n_folds:
            raise LeakError(f"{self.name}: {len(folds)} folds instead of {self.n_folds}")
        for k, fold in enumerate(folds):
            sides = {"train": fold.train, "valid": fold.valid, "test": fold.test}
            place = np.concatenate(list(sides.values()))
            if np.unique(place).size != place.size:
                raise LeakError(f"{self.name}: fold {k} has a row on two sides")
            if set(rows["genre"].iloc[fold.train]) != genres:
                raise LeakError(f"{self.name}: fold {k} trains on too few genres")
            tested[fold.test] += 1
            if self.separates is None:
                continue
            values = {name: set(rows[self.separates].iloc[side]) for name, side in sides.items()}
            for one, other in (("train", "test"), ("train", "valid"), ("valid", "test")):
                if both := values[one] & values[other]:
                    raise LeakError(
                        f"{self.name}: fold {k} has {self.separates} {sorted(both)[0]} in {one} "
                        f"and in {other}"
                    )
        if tested.max() > 1:
            raise LeakError(f"{self.name}: a row is tested more than once")


def published_parts(tracks: pd.DataFrame) -> pd.Series:
    """Return each track's part of the fault-filtered split.

    Parameters
    ----------
    tracks : DataFrame
        See `audionome.datasets.gtzan.Gtzan`.

    Returns
    -------
    Series of str
        ``"train"``, ``"valid"``, ``"test"``, or ``""`` for what the split leaves out; also for
        the one clip of it whose audio is corrupt in every copy.
    """
    corrupt = tracks["known_fault"].str.startswith("audio")
    return tracks["fault_filtered"].where(~corrupt, "")


def _by_name(*protocols: Protocol) -> dict[str, Protocol]:
    return {protocol.name: protocol for protocol in protocols}


#: Every protocol by its name; those of the ladder come first, from the easiest to the hardest.
PROTOCOLS: dict[str, Protocol] = _by_name(
    Protocol(
        name="random-windows",
        title="Random windows",
        summary="with windows drawn at random",
        leaks="All windows are shuffled; eight tenths are trained on, one tenth validates, one "
        "tenth is tested, as in the source study. Nearly every tested window has neighbours of "
        "the same recording among the training windows, so a model can be right by recognising "
        "the recording. Kept to show how much that adds.",
        splitter=RandomSplit(),
        separates=None,
        level="window",
        ladder=True,
    ),
    Protocol(
        name="track-grouped",
        title="By track",
        summary="with tracks drawn at random (ten folds)",
        leaks="Ten folds, stratified by genre; all windows of a track stay on one side. The same "
        "artist, the same album and even a repeated recording may still be on both sides, and a "
        "model can recognise those instead of the genre.",
        splitter=GroupedFolds("track"),
        separates="track",
        ladder=True,
    ),
    Protocol(
        name="artist-grouped",
        title="By artist",
        summary="with artists kept apart (ten folds)",
        leaks="Ten folds, stratified by genre; all tracks of an artist stay on one side, and so "
        "do repetitions of one recording. Tracks whose artist nobody knows count as artists of "
        "their own, so a few of them may still share one. Wrong labels stay in training and test.",
        splitter=GroupedFolds("artist"),
        separates="artist",
        ladder=True,
    ),
    Protocol(
        name="fault-filtered",
        title="Fault-filtered",
        summary="on the test tracks of the fault-filtered split",
        leaks="The published split of 443 training, 197 validation and 290 test tracks. Nearly "
        "all of the clips that it leaves out share artist and title with another clip: it is a "
        "list of repetitions, and wrong labels stay in. It was made to keep artists apart; where "
        "two share a song, or a name is written in two ways, an artist can still be on two sides. "
        "Against the rung above, fewer tracks are learned from and fewer are tested. The one clip "
        "whose audio is corrupt in every copy is left out here too. Small: one track more or less "
        "is a third of a point.",
        splitter=PublishedSplit(),
        separates="track",
        ladder=True,
    ),
    Protocol(
        name="wild",
        title="In the wild",
        summary="on music from outside GTZAN",
        leaks="Trained on all of GTZAN, tested on commercial library music that was collected by "
        "others, in the same ten genres and with the same features. We know of no recording that "
        "is in both; what a genre name means, how old the recordings are and how loud they were "
        "mastered may differ. Music of an eleventh genre, soul, is kept apart to see what a model "
        "says to what it has never met.",
        splitter=OtherMusic(),
        separates="domain",
        ladder=True,
    ),
    Protocol(
        name="nine-genres",
        title="By artist, nine genres",
        summary="with artists kept apart (five folds, the fault-filtered tracks with audio, no "
        "disco)",
        leaks="Five folds by artist of the fault-filtered tracks that have audio, without disco, "
        "of which too few have any: the tracks that every model can learn from. Repetitions are "
        "left out; wrong labels stay in training and test.",
        splitter=GroupedFolds("artist", n_folds=5),
        separates="artist",
        genres=_NINE,
        audio_only=True,
        fault_filtered_only=True,
    ),
    Protocol(
        name="fault-filtered-nine-genres",
        title="Fault-filtered, nine genres",
        summary="on the test tracks of the fault-filtered split that have audio (no disco)",
        leaks="The fault-filtered split, of which only the tracks that have audio take part, "
        "without disco: the tracks that every model can learn from. What is said of the whole "
        "split holds here too, and fewer tracks still are tested.",
        splitter=PublishedSplit(),
        separates="track",
        genres=_NINE,
        audio_only=True,
        fault_filtered_only=True,
    ),
    Protocol(
        name="fault-filtered-nine-genres-more",
        title="The same, more training",
        summary="on the same test tracks, when the validation tracks are learned from as well",
        leaks="The fault-filtered split, of which only the tracks that have audio take part, "
        "without disco, and the validation tracks are learned from as well as the training "
        "tracks; nothing is tuned on them.",
        splitter=PublishedSplit(train=("train", "valid")),
        separates="track",
        genres=_NINE,
        audio_only=True,
        fault_filtered_only=True,
    ),
    Protocol(
        name="artist-grouped-10s",
        title="By artist, 10 s alone",
        summary="with artists kept apart, each third of a clip on its own",
        leaks="The ten folds by artist. The models learn from whole clips and excerpts, and each "
        "third of a tested clip is classified on its own, as if no more of it had been heard. "
        "Whatever may leak by artist may leak here, and the excerpts of a clip are much alike.",
        splitter=GroupedFolds("artist"),
        separates="artist",
        level="excerpt",
        excerpt_seconds=10,
    ),
    Protocol(
        name="artist-grouped-3s",
        title="By artist, 3 s alone",
        summary="with artists kept apart, each tenth of a clip on its own",
        leaks="The ten folds by artist. The models learn from whole clips and excerpts, and each "
        "tenth of a tested clip is classified on its own, as if no more of it had been heard. "
        "Whatever may leak by artist may leak here, and the excerpts of a clip are much alike.",
        splitter=GroupedFolds("artist"),
        separates="artist",
        level="excerpt",
        excerpt_seconds=3,
    ),
)

#: The protocols by which the ladder's models are judged.
LADDER: dict[str, Protocol] = {name: p for name, p in PROTOCOLS.items() if p.ladder}
