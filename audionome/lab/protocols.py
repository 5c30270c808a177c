"""The ways to split: what may be in training and test together.

Conventions
-----------
A protocol is a scikit-learn splitter: ``split(X, y, groups)`` yields row numbers
``(train, test)``, and ``groups`` is what `Protocol.groups_of` takes from the table of rows.
`Protocol.parts` yields the validation rows as well: nothing is fitted on them. Where there
are folds, fold *k* is tested, the next one validates, and the other eight are trained on.

A table of rows has one row per window and the columns ``track``, ``window``, ``genre``,
``artist`` (group id), ``fault_filtered`` and ``domain`` (``"gtzan"``, ``"wild"`` or
``"unknown"``, the last for a genre outside the ten).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "PROTOCOLS",
    "ArtistGrouped",
    "FaultFiltered",
    "LeakError",
    "Parts",
    "Protocol",
    "RandomWindows",
    "TrackGrouped",
    "Wild",
]

Rows = NDArray[np.intp]
_SEED = 0
_NONE: Rows = np.empty(0, dtype=np.intp)


class LeakError(AssertionError):
    """A protocol that does not keep its promise; the text says where."""


@dataclass(frozen=True)
class Parts:
    """Row numbers of one fold; ``unknown`` are test rows of a genre that no model has met."""

    train: Rows
    valid: Rows
    test: Rows
    unknown: Rows = field(default_factory=lambda: _NONE)


class Protocol(ABC):
    """One rung of the ladder.

    Attributes
    ----------
    name, title : str
        For the command line; for a reader.
    leaks : str
        One paragraph: what is split, and what may leak or change.
    separates : str or None
        Column of the table of rows whose values never stand on two sides of a fold.
    """

    name: str
    title: str
    leaks: str
    separates: str | None
    n_folds: int = 1

    @abstractmethod
    def groups_of(self, rows: pd.DataFrame) -> NDArray[Any]:
        """What `split` and `parts` want as ``groups``, one value per row."""

    @abstractmethod
    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the folds with their validation rows."""

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[Rows, Rows]]:
        """Yield row numbers ``(train, test)`` of each fold, as scikit-learn's splitters do."""
        if y is None or groups is None:
            raise ValueError(f"the protocol {self.name!r} needs y and groups")
        for parts in self.parts(X, y, groups):
            yield parts.train, parts.test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Number of folds."""
        return self.n_folds

    def check(self, rows: pd.DataFrame) -> None:
        """Prove on a table of rows that the protocol does what it says.

        Raises
        ------
        LeakError
            If a row is on two sides, a row is tested twice, a genre is missing from a training
            part, or a value of `separates` is on two sides.
        """
        tested = np.zeros(len(rows), dtype=int)
        genres = set(rows.loc[rows["domain"] != "unknown", "genre"])
        folds = list(self.parts(rows, rows["genre"].to_numpy(dtype=str), self.groups_of(rows)))
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


class RandomWindows(Protocol):
    """Windows shuffled, 80/10/10."""

    name = "random-windows"
    title = "Random windows"
    leaks = (
        "All windows are shuffled; eight tenths are trained on, one tenth validates, one tenth "
        "is tested, as in the source study. Nearly every tested window has neighbours of the "
        "same recording among the training windows, so a model can be right by recognising the "
        "recording. Kept to show how much that adds."
    )
    separates = None

    def groups_of(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Nothing is kept together: row numbers."""
        return np.arange(len(rows))

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the one fold."""
        from sklearn.model_selection import train_test_split

        inside = np.arange(len(np.asarray(y)))
        train, rest = train_test_split(inside, test_size=0.2, random_state=_SEED)
        valid, test = train_test_split(rest, test_size=0.5, random_state=_SEED)
        yield Parts(np.sort(train), np.sort(valid), np.sort(test))


class _Grouped(Protocol):
    """Ten stratified folds in which the windows of a group stay together."""

    n_folds = 10
    column: str

    def groups_of(self, rows: pd.DataFrame) -> NDArray[Any]:
        """The column that stays together."""
        return rows[self.column].to_numpy()

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield ten folds: fold *k* is tested, fold *k* + 1 validates."""
        from sklearn.model_selection import StratifiedGroupKFold

        y = np.asarray(y)
        splitter = StratifiedGroupKFold(self.n_folds, shuffle=True, random_state=_SEED)
        folds = [test for _, test in splitter.split(np.zeros(len(y)), y, np.asarray(groups))]
        for k in range(self.n_folds):
            following = (k + 1) % self.n_folds
            train = [f for i, f in enumerate(folds) if i not in (k, following)]
            yield Parts(np.sort(np.concatenate(train)), folds[following], folds[k])


class TrackGrouped(_Grouped):
    """Ten folds by track."""

    name = "track-grouped"
    title = "By track"
    leaks = (
        "Ten folds, stratified by genre; all windows of a track stay on one side. The same "
        "artist, the same album and even a repeated recording may still be on both sides, and a "
        "model can recognise those instead of the genre."
    )
    separates = "track"
    column = "track"


class ArtistGrouped(_Grouped):
    """Ten folds by artist."""

    name = "artist-grouped"
    title = "By artist"
    leaks = (
        "Ten folds, stratified by genre; all tracks of an artist stay on one side, and so do "
        "repetitions of one recording. Tracks whose artist nobody knows count as artists of "
        "their own, so a few of them may still share one. Wrong labels stay in training and "
        "test."
    )
    separates = "artist"
    column = "artist"


class FaultFiltered(Protocol):
    """The published fault-filtered split."""

    name = "fault-filtered"
    title = "Fault-filtered"
    leaks = (
        "The published split of 443 training, 197 validation and 290 test tracks. Nearly all of "
        "the clips that it leaves out share artist and title with another clip: it is a list of "
        "repetitions, and wrong labels stay in. By our list of artists none is on two sides. "
        "Against the rung above, which keeps artists apart as well, fewer tracks are learned from "
        "and fewer are tested. The one clip whose audio is corrupt in every copy is left out here "
        "too. Small: one track more or less is a third of a point."
    )
    separates = "track"

    def groups_of(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Membership: ``"train"``, ``"valid"``, ``"test"`` or ``""``."""
        return rows["fault_filtered"].to_numpy(dtype=str)

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the one fold."""
        groups = np.asarray(groups)
        train, valid, test = (np.flatnonzero(groups == n) for n in ("train", "valid", "test"))
        yield Parts(train, valid, test)


class Wild(Protocol):
    """Train on GTZAN, test on other music."""

    name = "wild"
    title = "In the wild"
    leaks = (
        "Trained on all of GTZAN, tested on commercial library music that was collected by "
        "others, in the same ten genres and with the same features. We know of no recording that "
        "is in both; what a genre name means, how old the recordings are and how loud they were "
        "mastered may differ. Music of an eleventh genre, soul, is kept apart to see what a model "
        "says to what it has never met."
    )
    separates = "domain"

    def groups_of(self, rows: pd.DataFrame) -> NDArray[Any]:
        """Where a row comes from: ``"gtzan"``, ``"wild"`` or ``"unknown"``."""
        return rows["domain"].to_numpy(dtype=str)

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the one fold; it has no validation rows."""
        groups = np.asarray(groups)
        train, test, unknown = (np.flatnonzero(groups == n) for n in ("gtzan", "wild", "unknown"))
        yield Parts(train, _NONE, test, unknown)


PROTOCOLS: dict[str, Protocol] = {
    p.name: p for p in (RandomWindows(), TrackGrouped(), ArtistGrouped(), FaultFiltered(), Wild())
}
