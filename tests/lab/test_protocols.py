"""The protocols keep their promises, and `check` notices one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike
from sklearn.model_selection import KFold, cross_val_score

from audionome.datasets import gtzan
from audionome.lab import crossval, estimators
from audionome.lab.protocols import PROTOCOLS, ArtistGrouped, LeakError, Parts, TrackGrouped


@pytest.fixture(scope="module")
def rows(shared: Path, published: Path) -> pd.DataFrame:
    """The rows of every protocol: GTZAN and the music from outside."""
    wild = pd.read_parquet(shared / "wild" / "wild_3s.parquet")
    return crossval.evaluation_rows(gtzan.load(complete_with=published), wild)


def rows_of(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    return crossval._in_domain(rows, name)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_checks(name: str, rows: pd.DataFrame) -> None:
    PROTOCOLS[name].check(rows_of(rows, name))
    assert len(PROTOCOLS[name].leaks.split()) > 30


@pytest.mark.parametrize("name", PROTOCOLS)
def test_split_is_scikit_learns(name: str, rows: pd.DataFrame) -> None:
    table = rows_of(rows, name)
    y, groups = table["genre"].to_numpy(str), PROTOCOLS[name].groups_of(table)
    X = table[["tempo", "mfcc2_mean", "mfcc1_var"]].to_numpy()
    got = cross_val_score(
        estimators.MODELS["dummy"].make("tuned"), X, y, groups=groups, cv=PROTOCOLS[name]
    )
    assert got.shape == (PROTOCOLS[name].get_n_splits(),)
    with pytest.raises(ValueError, match="needs y and groups"):
        next(PROTOCOLS[name].split(X))


@pytest.mark.parametrize(
    ("name", "column"), [("track-grouped", "track"), ("artist-grouped", "artist")]
)
def test_no_group_is_on_two_sides(name: str, column: str, rows: pd.DataFrame) -> None:
    table = rows_of(rows, name)
    seen = np.zeros(len(table), dtype=int)
    for train, test in PROTOCOLS[name].split(
        table, table["genre"].to_numpy(str), PROTOCOLS[name].groups_of(table)
    ):
        assert not set(table[column].iloc[train]) & set(table[column].iloc[test])
        seen[test] += 1
    assert (seen == 1).all()


def test_random_windows_leak_and_are_80_10_10(rows: pd.DataFrame) -> None:
    table = rows_of(rows, "random-windows")
    protocol = PROTOCOLS["random-windows"]
    parts = next(protocol.parts(table, table["genre"].to_numpy(str), protocol.groups_of(table)))
    sizes = np.array([parts.train.size, parts.valid.size, parts.test.size]) / len(table)
    np.testing.assert_allclose(sizes, [0.8, 0.1, 0.1], atol=0.001)
    shared_tracks = table["track"].iloc[parts.test].isin(table["track"].iloc[parts.train])
    assert shared_tracks.mean() > 0.99


def test_fault_filtered_is_the_published_list(rows: pd.DataFrame, shared: Path) -> None:
    table = rows_of(rows, "fault-filtered")
    protocol = PROTOCOLS["fault-filtered"]
    parts = next(protocol.parts(table, table["genre"].to_numpy(str), protocol.groups_of(table)))
    for part in ("train", "valid", "test"):
        lines = (shared / "gtzan/splits" / f"{part}_filtered.txt").read_text().split()
        names = {line.split("/")[1].removesuffix(".wav") for line in lines} - {"jazz.00054"}
        assert set(table["track"].iloc[getattr(parts, part)]) == names


def test_wild_trains_on_all_of_gtzan(rows: pd.DataFrame) -> None:
    protocol = PROTOCOLS["wild"]
    parts = next(protocol.parts(rows, rows["genre"].to_numpy(str), protocol.groups_of(rows)))
    assert rows["track"].iloc[parts.train].nunique() == 1000
    assert set(rows["genre"].iloc[parts.test]) == set(gtzan.GENRES)
    assert set(rows["genre"].iloc[parts.unknown]) == {"soul"}


# -- check notices ------------------------------------------------------------------------


class _LeakyArtists(ArtistGrouped):
    """Says that it keeps artists apart and does not."""

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        for train, test in KFold(10, shuffle=True, random_state=0).split(np.asarray(y)):
            yield Parts(train, np.empty(0, dtype=int), test)


class _TestsTwice(TrackGrouped):
    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        first = next(super().parts(X, y, groups))
        yield from [first] * self.n_folds


class _OverlappingRows(TrackGrouped):
    separates = None

    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        for part in super().parts(X, y, groups):
            yield Parts(np.concatenate([part.train, part.test[:1]]), part.valid, part.test)


class _ForgetsAGenre(TrackGrouped):
    def parts(self, X: Any, y: ArrayLike, groups: ArrayLike) -> Iterator[Parts]:
        for part in super().parts(X, y, groups):
            yield Parts(part.train[np.asarray(y)[part.train] != "disco"], part.valid, part.test)


@pytest.mark.parametrize(
    ("leaky", "sentence"),
    [
        (_LeakyArtists(), "artist"),
        (_TestsTwice(), "more than once"),
        (_OverlappingRows(), "on two sides"),
        (_ForgetsAGenre(), "too few genres"),
    ],
)
def test_check_catches_a_leaky_splitter(
    leaky: TrackGrouped, sentence: str, rows: pd.DataFrame
) -> None:
    with pytest.raises(LeakError, match=sentence):
        leaky.check(rows_of(rows, leaky.name))
