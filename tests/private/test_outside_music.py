"""The predictions about music from outside, held against its labels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from needs import unmet

from audionome.datasets.recordings import recordings
from audionome.lab import outside


def labels(shared: Path) -> Path:
    path = shared / "outside" / "labels.csv"
    if not path.is_file():
        unmet("audio", "needs the labels of the music from outside")
    return path


def no_recording_that_ships_is_by_one_of_them(listed: pd.DataFrame) -> None:
    taught = {name.lower() for column in ("artist", "title") for name in listed[column]}
    for one in recordings():
        assert one.artist.lower() not in taught
        assert one.title.lower() not in taught


def test_the_table_tells_of_the_labelled_clips_and_no_names(shared: Path, tmp_path: Path) -> None:
    listed = pd.read_csv(labels(shared), dtype=str, keep_default_na=False)
    for name in listed["file"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    clips = outside.clips(tmp_path, labels(shared)).set_index("clip").drop(columns="path")
    table = outside.load()
    for _, rows in table.groupby(["model", "protocol"]):
        once = rows.drop_duplicates("clip").set_index("clip")
        assert set(once.index) <= set(clips.index)
        trusted = clips.index[outside.trusted(clips)]
        assert set(trusted) <= set(once.index)
        expected = clips.loc[once.index]
        columns = ["genre", "source", "trust"]
        pd.testing.assert_frame_equal(
            once[columns], expected[columns], check_dtype=False, check_categorical=False
        )
        # A clip may share its artist with one that the labels mark.
        assert (once["in_gtzan"] >= expected["in_gtzan"]).all()
        # Numbers may differ from table to table, but nobody is torn apart.
        assert (once.groupby(expected["artist"])["artist"].nunique() == 1).all()
    words = {str(v) for column in table.select_dtypes(exclude="number") for v in table[column]}
    assert not words & set(listed["artist"]) - set(listed["genre"])
    assert not words & set(listed["source"].str.split("@").str[0])
    no_recording_that_ships_is_by_one_of_them(listed)
