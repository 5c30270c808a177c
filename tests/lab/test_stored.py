"""Every stored table is what the code computes: a sample of each is computed again.

What follows from stored tables alone is tested on any machine: the scores from predictions and
tallies, the studies' tables from what is stored per track. What only the complete table or audio
can tell is in ``tests/private/test_results.py``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.lab import scores, store
from audionome.lab.studies import importance, learning_curve

KEYS = ["model", "variant", "protocol", "level", "split"]
#: Cheap to score, and of every protocol.
SCORED = [("dummy", "tuned"), ("svc", "study"), ("lda", "tuned")]


def read(folder: Path, name: str) -> pd.DataFrame:
    """One stored table with plain words."""
    table = pd.read_parquet(folder / f"{name}.parquet")
    return table.astype(dict.fromkeys(table.select_dtypes("category"), str))


# -- what is computed again from stored tables --------------------------------------------


def check_scores(folder: Path) -> None:
    """All measures and intervals of some models, from predictions and tallies."""
    parts = {n: read(folder, n) for n in ("runs", "predictions", "tallies")}
    for name, table in parts.items():
        chosen = table.set_index(["model", "variant"]).index.isin(SCORED)
        parts[name] = table[chosen]
    parts["predictions"] = parts["predictions"].astype(
        dict.fromkeys(parts["predictions"].select_dtypes("float16"), "float32")
    )
    artists = read(folder, "artists").set_index("track")["artist"]
    again = scores.score(parts["runs"], parts["predictions"], parts["tallies"], artists)
    again = again.set_index(KEYS).sort_index()
    assert len(again) == 3 * 2 * (5 * 3 - 1)  # music from elsewhere has no validation part
    stored = read(folder, "scores").set_index(KEYS).loc[again.index]
    pd.testing.assert_frame_equal(again, stored[again.columns], rtol=1e-9, check_dtype=False)


def check_artists(folder: Path) -> None:
    """The artist of every track of GTZAN."""
    tracks = gtzan.load().tracks.set_index("track")["artist"]
    stored = read(folder, "artists").set_index("track")["artist"]
    assert set(read(folder, "predictions")["track"]) <= set(stored.index)
    pd.testing.assert_series_equal(stored.loc[tracks.index], tracks, check_dtype=False)
    # Music from elsewhere has artists of its own.
    assert stored.drop(tracks.index).min() > tracks.max()


def check_importance(folder: Path) -> None:
    """Losses and intervals of all groups, from what was lost on each track."""
    again = importance.summarise(read(folder, "importance_tracks"))
    pd.testing.assert_frame_equal(again, read(folder, "importance"), rtol=1e-9, check_dtype=False)
    check_studied_artists(folder, "importance_tracks")


def check_learning_curve(folder: Path) -> None:
    """Accuracies, gains and verdicts, from what was predicted for each track."""
    again = learning_curve.summarise(read(folder, "learning_curve_tracks"))
    stored = read(folder, "learning_curve")
    pd.testing.assert_frame_equal(again, stored, rtol=1e-9, check_dtype=False)
    check_studied_artists(folder, "learning_curve_tracks")


def check_studied_artists(folder: Path, name: str) -> None:
    """The artists that a study counted."""
    tracks = gtzan.load().tracks.set_index("track")["artist"]
    table = read(folder, name).drop_duplicates("track").set_index("track")["artist"]
    assert len(table) == len(tracks)
    np.testing.assert_array_equal(table, tracks.loc[table.index])


CHECKS: dict[str, Callable[[Path], None]] = {
    "scores": check_scores,
    "artists": check_artists,
    "importance": check_importance,
    "learning_curve": check_learning_curve,
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_stored_table_is_what_the_code_computes(name: str) -> None:
    CHECKS[name](data_path("results"))


def wider(table: pd.DataFrame) -> pd.DataFrame:
    """Intervals of half a point on each side: what a forgotten study might leave."""
    low, high = ("accuracy_low", "accuracy_high") if "accuracy_low" in table else ("low", "high")
    value = "drop" if "drop" in table else "accuracy"
    return table.assign(**{low: table[value] - 0.005, high: table[value] + 0.005})


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("scores", wider),
        ("scores", lambda t: t.assign(macro_f1=t["macro_f1"] + 1e-4)),
        ("scores", lambda t: t.assign(log_loss=t["log_loss"] * 1.001)),
        ("scores", lambda t: t.assign(ece=t["ece"] * 0.99)),
        ("scores", lambda t: t.assign(design_effect=1.0)),
        ("scores", lambda t: t.assign(accuracy=t["accuracy"] + (t["split"] == "valid") * 1e-3)),
        ("importance", lambda t: t.assign(drop=3 * t["drop"])),
        ("importance", wider),
        ("learning_curve", wider),
        ("learning_curve", lambda t: t.assign(gain=t["gain"] + 0.01)),
        ("artists", lambda t: t.assign(artist=np.arange(len(t)))),
    ],
)
def test_a_spoilt_table_is_found(
    name: str, spoil: Callable[[pd.DataFrame], pd.DataFrame], tmp_path: Path
) -> None:
    shutil.copytree(data_path("results"), tmp_path, dirs_exist_ok=True)
    spoil(read(tmp_path, name)).to_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(AssertionError):
        CHECKS[name](tmp_path)


def test_the_studies_tables_hold_every_track_once() -> None:
    lost = read(data_path("results"), "importance_tracks")
    assert (lost.groupby("group")["track"].nunique() == 1000).all()
    assert not lost.duplicated(["group", "track"]).any()
    assert lost["shuffled"].between(0, lost["repeats"]).all()
    assert set(lost["correct"]) <= {0, 1}
    found = read(data_path("results"), "learning_curve_tracks")
    assert not found.duplicated(["model", "variant", "tracks", "track"]).any()


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
