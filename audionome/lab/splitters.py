"""Splitters in scikit-learn's manner that can also yield validation rows.

Conventions
-----------
``split(X, y, groups)`` yields row numbers ``(train, test)``; ``parts`` yields the validation rows
as well. ``groups`` is the column of a table of rows that the splitter names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "GroupedFolds",
    "OtherMusic",
    "Parts",
    "PublishedSplit",
    "RandomSplit",
    "Rows",
    "Splitter",
]

Rows = NDArray[np.intp]

_SEED = 0
_NONE: Rows = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class Parts:
    """Row numbers of one fold.

    Attributes
    ----------
    train, valid, test : ndarray of int
    unknown : ndarray of int
        Test rows of a genre that is none of the ten.
    """

    train: Rows
    valid: Rows
    test: Rows
    unknown: Rows = field(default_factory=lambda: _NONE)


class Splitter(ABC):
    """A scikit-learn splitter that can also yield validation rows.

    Attributes
    ----------
    column : str or None
        Column of a table of rows that `split` and `parts` want as ``groups``.
    n_folds : int
    """

    column: str | None = None
    n_folds: int = 1

    @abstractmethod
    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the folds with their validation rows."""

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[Rows, Rows]]:
        """Yield row numbers ``(train, test)`` of each fold, as scikit-learn's splitters do."""
        for parts in self.parts(X, *_required(self, y, groups)):
            yield parts.train, parts.test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds."""
        return self.n_folds


def _required(
    splitter: Splitter, y: ArrayLike | None, groups: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[Any]]:
    if y is None or (groups is None and splitter.column is not None):
        raise ValueError(f"{type(splitter).__name__} needs y and groups")
    return np.asarray(y), np.arange(len(np.asarray(y))) if groups is None else np.asarray(groups)


@dataclass(frozen=True)
class RandomSplit(Splitter):
    """Shuffle the rows: eight tenths train, one tenth validates, one tenth is tested."""

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the one fold."""
        from sklearn.model_selection import train_test_split

        inside = np.arange(len(np.asarray(y)))
        train, rest = train_test_split(inside, test_size=0.2, random_state=_SEED)
        valid, test = train_test_split(rest, test_size=0.5, random_state=_SEED)
        yield Parts(np.sort(train), np.sort(valid), np.sort(test))


@dataclass(frozen=True)
class GroupedFolds(Splitter):
    """Make stratified folds in which the rows of a group stay together.

    With `parts`, fold *k* is tested, the next one validates, and the others are trained on. With
    `split`, all but the tested fold are trained on, as usual in cross-validation.

    Parameters
    ----------
    column : str
    n_folds : int
    """

    column: str
    n_folds: int = 10

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the folds; validation rows come from the training folds."""
        folds = self._folds(np.asarray(y), np.asarray(groups))
        for k, test in enumerate(folds):
            following = (k + 1) % self.n_folds
            train = [f for i, f in enumerate(folds) if i not in (k, following)]
            yield Parts(np.sort(np.concatenate(train)), folds[following], test)

    def split(
        self, X: Any, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[Rows, Rows]]:
        """Yield row numbers ``(train, test)``: all folds but one, and that one."""
        folds = self._folds(*_required(self, y, groups))
        for k, test in enumerate(folds):
            yield np.sort(np.concatenate([f for i, f in enumerate(folds) if i != k])), test

    def _folds(self, y: NDArray[Any], groups: NDArray[Any]) -> list[Rows]:
        from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

        # Rows that are groups of their own need no grouping, and plain folds are more even.
        if np.unique(groups).size == groups.size:
            plain = StratifiedKFold(self.n_folds, shuffle=True, random_state=_SEED)
            return [test for _, test in plain.split(np.zeros(len(y)), y)]
        grouped = StratifiedGroupKFold(self.n_folds, shuffle=True, random_state=_SEED)
        return [test for _, test in grouped.split(np.zeros(len(y)), y, groups)]


@dataclass(frozen=True)
class PublishedSplit(Splitter):
    """Follow a published list of training, validation and test rows.

    Parameters
    ----------
    train : tuple of str
        The parts that are trained on. What is left of ``"train"`` and ``"valid"`` validates.
    """

    train: tuple[str, ...] = ("train",)
    column: str = "fault_filtered"

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the one fold."""
        groups = np.asarray(groups)
        rest = [name for name in ("train", "valid") if name not in self.train]
        train, valid, test = (np.isin(groups, part) for part in (self.train, rest, ("test",)))
        yield Parts(np.flatnonzero(train), np.flatnonzero(valid), np.flatnonzero(test))


@dataclass(frozen=True)
class OtherMusic(Splitter):
    """Train on GTZAN and test on music from outside it; nothing validates."""

    column: str = "domain"

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        """Yield the one fold."""
        groups = np.asarray(groups)
        train, test, unknown = (np.flatnonzero(groups == n) for n in ("gtzan", "wild", "unknown"))
        yield Parts(train, _NONE, test, unknown)
