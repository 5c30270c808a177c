"""Every stored table is what the code computes: a sample of each is computed again.

What follows from stored tables alone is tested on any machine: the scores from predictions and
tallies, the studies' tables from what is stored per track. What only the complete table or audio
can tell is in ``tests/private/test_results.py``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.lab import scores, store
from audionome.lab.studies import decomposition, importance, learning_curve

KEYS = ["model", "variant", "protocol", "level", "split"]
STUDIES = {
    "importance": importance,
    "learning_curve": learning_curve,
    "decomposition": decomposition,
}


def read(name: str, filters: list | None = None) -> pd.DataFrame:
    """One stored table, or some rows of it, with plain words."""
    table = pd.read_parquet(data_path("results", f"{name}.parquet"), filters=filters)
    return table.astype(dict.fromkeys(table.select_dtypes("category"), str))


@cache
def stored(name: str) -> pd.DataFrame:
    """A table as it is compared, in an order of its own."""
    if name == "scores":
        return read(name).sort_values(KEYS, ignore_index=True)
    if name == "artists":
        return read(name).sort_values("track", ignore_index=True)
    return read(name)


@cache
def computed(name: str) -> pd.DataFrame:
    """The same table, computed again from what it follows from."""
    if name == "scores":
        parts = [read(part) for part in ("runs", "predictions", "tallies")]
        artists = read("artists").set_index("track")["artist"]
        again = scores.score(*parts, artists)
        return again.sort_values(KEYS, ignore_index=True)
    if name == "artists":
        # Those of GTZAN; the others are told by the private table alone.
        known = gtzan.load().tracks.set_index("track")["artist"]
        table = stored(name)
        return table.assign(artist=table["track"].map(known).fillna(table["artist"]))
    return STUDIES[name].summarise(read(f"{name}_tracks"))


def require_equal(table: pd.DataFrame, name: str) -> None:
    """Compare a table with what the code computes."""
    again = computed(name)
    pd.testing.assert_frame_equal(
        table[again.columns], again, rtol=1e-9, atol=1e-12, check_dtype=False
    )


@pytest.mark.parametrize("name", ["scores", "artists", *STUDIES])
def test_a_stored_table_is_what_the_code_computes(name: str) -> None:
    require_equal(stored(name), name)


def test_nobody_changed_a_number_by_hand() -> None:
    assert store.changed() == [], "after a command has changed data/, run `audionome lab seal`"


def test_a_number_that_was_changed_by_hand_is_found(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    speed, gone = tmp_path / "results" / "speed.json", tmp_path / "results" / "gone.csv"
    speed.write_text('{"seconds": 0.15}')
    gone.write_text("n\n1\n")
    store.seal(tmp_path)
    assert store.changed(tmp_path) == []
    speed.write_text('{"seconds": 0.14}')
    gone.unlink()
    (tmp_path / "results" / "new.csv").write_text("n\n2\n")
    assert store.changed(tmp_path) == ["results/gone.csv", "results/new.csv", "results/speed.json"]


def test_every_track_has_its_artist() -> None:
    artists = read("artists").set_index("track")["artist"]
    tracks = gtzan.load().tracks.set_index("track")["artist"]
    assert set(read("predictions")["track"].unique()) <= set(artists.index)
    # Music from elsewhere has artists of its own.
    assert artists.drop(tracks.index).min() > tracks.max()
    for name in STUDIES:
        table = read(f"{name}_tracks").drop_duplicates("track").set_index("track")["artist"]
        assert len(table) == len(tracks)
        np.testing.assert_array_equal(table, tracks.loc[table.index])


def narrow(table: pd.DataFrame) -> pd.DataFrame:
    """Intervals of half a point on each side: what nobody would notice by looking."""
    low, high = ("accuracy_low", "accuracy_high") if "accuracy_low" in table else ("low", "high")
    (value,) = {"drop", "cost", "accuracy"} & set(table)
    return table.assign(**{low: table[value] - 0.005, high: table[value] + 0.005})


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("scores", narrow),
        ("scores", lambda t: t.assign(macro_f1=t["macro_f1"] + 1e-4)),
        ("scores", lambda t: t.assign(log_loss=t["log_loss"] * 1.001)),
        ("scores", lambda t: t.assign(ece=t["ece"] * 0.99)),
        ("scores", lambda t: t.assign(design_effect=1.0)),
        ("scores", lambda t: t.assign(accuracy=t["accuracy"] + (t["split"] == "valid") * 1e-3)),
        ("importance", lambda t: t.assign(drop=3 * t["drop"])),
        ("importance", narrow),
        ("importance", lambda t: t.assign(verdict="better")),
        ("learning_curve", narrow),
        ("learning_curve", lambda t: t.assign(gain=t["gain"] + 0.01)),
        ("decomposition", narrow),
        ("decomposition", lambda t: t.assign(cost=t["cost"] + 0.001)),
        ("decomposition", lambda t: t.assign(before=t["before"] + 1)),
        ("artists", lambda t: t.assign(artist=np.arange(len(t)))),
    ],
)
def test_a_spoilt_table_is_found(name: str, spoil: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    with pytest.raises(AssertionError):
        require_equal(spoil(stored(name)), name)


def test_the_studies_tables_hold_every_track_once() -> None:
    lost = read("importance_tracks")
    assert (lost.groupby("group")["track"].nunique() == 1000).all()
    assert not lost.duplicated(["group", "track"]).any()
    assert lost["shuffled"].between(0, lost["repeats"]).all()
    assert set(lost["correct"]) <= {0, 1}
    found = read("learning_curve_tracks")
    assert not found.duplicated(["model", "variant", "tracks", "track"]).any()
    changed = read("decomposition_tracks")
    assert not changed.duplicated(["model", "variant", "training", "track"]).any()
    assert changed["right"].between(0, changed["draws"]).all()
    for (_, training), rows in changed.groupby(["model", "training"]):
        assert rows["track"].nunique() == (1000 if training == "whole" else 290)


def test_the_keys_account_adds_up() -> None:
    record = json.loads(data_path("research", "key.json").read_text())
    told = record["reporting"]
    assert sum(record["relations"].values()) == told["tracks"]
    assert record["relations"]["exact"] / told["tracks"] == pytest.approx(
        told["exact"]["value"], abs=5e-5
    )


def test_results_of_other_artists_are_refused(tmp_path: Path) -> None:
    shutil.copytree(data_path("results"), tmp_path, dirs_exist_ok=True)
    record = json.loads((tmp_path / "evaluation.json").read_text())
    record["sources"]["tracks.parquet"] = "another list of artists"
    (tmp_path / "evaluation.json").write_text(json.dumps(record))
    with pytest.raises(store.StaleResultsError, match="audionome lab evaluate"):
        store.load(folder=tmp_path)
