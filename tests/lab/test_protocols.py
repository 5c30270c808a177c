"""The protocols keep their promises, and `check` notices one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold, cross_val_score

from audionome.datasets import gtzan
from audionome.lab import estimators, store
from audionome.lab.protocols import (
    LADDER,
    PROTOCOLS,
    GroupedFolds,
    LeakError,
    Parts,
    Protocol,
    published_parts,
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """GTZAN's tracks with three windows each, and 24 tracks from outside, four of them soul."""
    tracks = gtzan.load().tracks
    tracks = tracks.assign(fault_filtered=published_parts(tracks), domain="gtzan")
    n = len(gtzan.GENRES)
    other = pd.DataFrame(
        {
            "track": [f"x{i:02d}" for i in range(2 * n + 4)],
            "genre": [*gtzan.GENRES, *gtzan.GENRES, *["soul"] * 4],
            "artist": 1000 + np.arange(2 * n + 4),
            "fault_filtered": "",
            "measured": False,
            "domain": ["wild"] * 2 * n + ["unknown"] * 4,
        }
    )
    both = pd.concat([tracks, other], ignore_index=True)
    table = both.loc[np.repeat(np.arange(len(both)), 3)].reset_index(drop=True)
    return table.assign(window=np.tile(np.arange(3), len(both)))


def rows_of(rows: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    return rows.iloc[protocol.eligible(rows)].reset_index(drop=True)


def parts_of(rows: pd.DataFrame, protocol: Protocol) -> list[Parts]:
    y = rows["genre"].to_numpy(dtype=str)
    return list(protocol.parts(rows, y, protocol.groups_of(rows)))


#: The rungs that the report is written about; another one may stand beside them.
RUNGS = ["random-windows", "track-grouped", "artist-grouped", "fault-filtered", "wild"]


def test_names_are_slugs_and_every_entry_is_whole() -> None:
    for name, protocol in PROTOCOLS.items():
        assert name == protocol.name
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert len(protocol.leaks.split()) > 30
        assert protocol.title
        assert (protocol.level == "excerpt") == (protocol.excerpt_seconds is not None)
    assert [name for name in LADDER if name in RUNGS] == RUNGS


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_checks(name: str, rows: pd.DataFrame) -> None:
    PROTOCOLS[name].check(rows_of(rows, PROTOCOLS[name]))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_splitters_are_scikit_learns(name: str, rows: pd.DataFrame) -> None:
    protocol = PROTOCOLS[name]
    table = rows_of(rows, protocol)
    y, groups = table["genre"].to_numpy(str), protocol.groups_of(table)
    X = np.random.default_rng(0).normal(size=(len(table), 3))
    model = estimators.MODELS["dummy"].make("tuned")
    got = cross_val_score(model, X, y, groups=groups, cv=protocol.splitter)
    assert got.shape == (protocol.n_folds,)
    with pytest.raises(ValueError, match="needs y and groups"):
        next(protocol.splitter.split(X))


@pytest.mark.parametrize("name", [n for n, p in PROTOCOLS.items() if p.n_folds > 1])
def test_no_group_is_on_two_sides(name: str, rows: pd.DataFrame) -> None:
    protocol = PROTOCOLS[name]
    assert protocol.separates is not None
    seen = np.zeros(len(rows), dtype=int)
    for train, test in protocol.splits(rows):
        groups = rows[protocol.separates]
        assert not set(groups.iloc[train]) & set(groups.iloc[test])
        assert len(train) + len(test) == len(protocol.eligible(rows))
        seen[test] += 1
    assert (seen[protocol.eligible(rows)] == 1).all()
    assert seen.sum() == len(protocol.eligible(rows))


def test_folds_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y, groups = np.repeat(["a", "b"], 60), rng.integers(0, 30, 120)
    grouped = StratifiedGroupKFold(5, shuffle=True, random_state=0).split(y, y, groups)
    plain = StratifiedKFold(5, shuffle=True, random_state=0).split(y, y)
    for of, wanted in ((groups, grouped), (np.arange(120), plain)):
        got = GroupedFolds("artist", 5).split(y, y, of)
        for (train, test), (a, b) in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(train, a)
            np.testing.assert_array_equal(test, b)


def test_random_windows_leak_and_are_80_10_10(rows: pd.DataFrame) -> None:
    table = rows_of(rows, PROTOCOLS["random-windows"])
    (parts,) = parts_of(table, PROTOCOLS["random-windows"])
    sizes = np.array([parts.train.size, parts.valid.size, parts.test.size]) / len(table)
    np.testing.assert_allclose(sizes, [0.8, 0.1, 0.1], atol=0.001)
    both = table["track"].iloc[parts.test].isin(table["track"].iloc[parts.train])
    assert both.mean() > 0.9


def test_fault_filtered_is_the_list_of_the_tracks(rows: pd.DataFrame) -> None:
    table = rows_of(rows, PROTOCOLS["fault-filtered"])
    (parts,) = parts_of(table, PROTOCOLS["fault-filtered"])
    tracks = gtzan.load().tracks
    for part in ("train", "valid", "test"):
        names = set(tracks.loc[tracks["fault_filtered"] == part, "track"]) - {"jazz.00054"}
        assert set(table["track"].iloc[getattr(parts, part)]) == names


def test_the_fault_filtered_split_in_nine_genres(rows: pd.DataFrame) -> None:
    one, more = (PROTOCOLS[f"fault-filtered-nine-genres{s}"] for s in ("", "-more"))
    ((train, test),), ((train_more, test_more),) = one.splits(rows), more.splits(rows)
    np.testing.assert_array_equal(test, test_more)
    assert set(rows["fault_filtered"].iloc[train]) == {"train"}
    assert set(rows["fault_filtered"].iloc[train_more]) == {"train", "valid"}
    for side in (train_more, test):
        assert rows["measured"].iloc[side].all()
        assert "disco" not in set(rows["genre"].iloc[side])


def test_wild_trains_on_all_of_gtzan(rows: pd.DataFrame) -> None:
    (parts,) = parts_of(rows, PROTOCOLS["wild"])
    assert rows["track"].iloc[parts.train].nunique() == 1000
    assert set(rows["genre"].iloc[parts.test]) == set(gtzan.GENRES)
    assert set(rows["genre"].iloc[parts.unknown]) == {"soul"}
    assert not parts.valid.size


@pytest.mark.parametrize("name", RUNGS[:-1])
def test_the_stored_predictions_are_of_these_folds(name: str) -> None:
    stored = store.load().predictions.query("model == 'svc' and variant == 'study'")
    keys = ["track", "window", "genre", "fold"]
    every = stored.loc[stored["protocol"] == "track-grouped", keys[:3]]
    tracks = gtzan.load().tracks
    table = every.merge(
        tracks.assign(fault_filtered=published_parts(tracks))[["track", "artist", "fault_filtered"]]
    ).sort_values(["track", "window"], ignore_index=True)
    tested = [
        table[keys[:3]].iloc[fold.test].assign(fold=k)
        for k, fold in enumerate(parts_of(table, PROTOCOLS[name]))
    ]
    found = stored.loc[stored["protocol"] == name, keys]
    pd.testing.assert_frame_equal(
        pd.concat(tested).sort_values(keys[:2], ignore_index=True),
        found.sort_values(keys[:2], ignore_index=True),
        check_dtype=False,
    )


# -- check notices ------------------------------------------------------------------------


@dataclass(frozen=True)
class _NotByGroup(GroupedFolds):
    """Folds that do not care about groups."""

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        for train, test in KFold(10, shuffle=True, random_state=0).split(np.asarray(y)):
            yield Parts(train, np.empty(0, dtype=int), test)


@dataclass(frozen=True)
class _TestsTwice(GroupedFolds):
    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        first = next(super().parts(X, y, groups))
        yield from [first] * self.n_folds


@dataclass(frozen=True)
class _OverlappingRows(GroupedFolds):
    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        for part in super().parts(X, y, groups):
            yield Parts(np.concatenate([part.train, part.test[:1]]), part.valid, part.test)


@dataclass(frozen=True)
class _ForgetsAGenre(GroupedFolds):
    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        for part in super().parts(X, y, groups):
            yield Parts(part.train[np.asarray(y)[part.train] != "disco"], part.valid, part.test)


@dataclass(frozen=True)
class _FewerFolds(GroupedFolds):
    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        yield from list(super().parts(X, y, groups))[1:]


@pytest.mark.parametrize(
    ("splitter", "sentence"),
    [
        (_NotByGroup("artist"), "artist"),
        (_TestsTwice("artist"), "more than once"),
        (_OverlappingRows("artist"), "on two sides"),
        (_ForgetsAGenre("artist"), "too few genres"),
        (_FewerFolds("artist"), "9 folds instead of 10"),
    ],
)
def test_check_catches_a_leaky_splitter(
    splitter: GroupedFolds, sentence: str, rows: pd.DataFrame
) -> None:
    leaky = replace(PROTOCOLS["artist-grouped"], splitter=splitter)
    with pytest.raises(LeakError, match=sentence):
        leaky.check(rows_of(rows, leaky))
