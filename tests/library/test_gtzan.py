"""The dataset: complete, validated, and honest about what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.features import COLUMNS, folder
from audionome.lab.protocols import PROTOCOLS


@pytest.fixture(autouse=True)
def _no_completion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(gtzan.COMPLETION_VARIABLE, raising=False)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the committed data that a test may spoil."""
    shutil.copytree(data_path("gtzan"), tmp_path / "gtzan")
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path))
    return tmp_path / "gtzan"


def test_the_repository_holds_the_measured_tracks() -> None:
    dataset = gtzan.load()
    assert dataset.windows["track"].nunique() == 856
    assert set(dataset.windows["source"]) == {"measured"}
    assert 8450 < len(dataset.windows) < 8560
    assert dataset.feature_columns == list(COLUMNS)
    assert data_path("gtzan", "features.parquet").stat().st_size < 6_000_000
    assert not dataset.complete
    assert "144 of 1000 tracks are missing" in dataset.note
    assert "88 disco" in dataset.note
    assert gtzan.COMPLETION_VARIABLE in dataset.note


def test_the_tracks_table() -> None:
    tracks = gtzan.load().tracks
    assert len(tracks) == 1000
    assert tracks["fault_filtered"].value_counts().to_dict() == {
        "train": 443,
        "valid": 197,
        "test": 290,
        "": 70,
    }
    assert tracks["measured"].sum() == 856
    assert (tracks["measured"] == (tracks["n_windows"] > 0)).all()
    by_name = tracks.set_index("track")
    assert by_name.loc["jazz.00054", "known_fault"].startswith("audio corrupt")
    assert (tracks["known_fault"].str.startswith("left out")).sum() == 70


def test_the_tracks_table_is_built_from_the_lists(tmp_path: Path) -> None:
    """Made-up lists: who shares an artist or a recording shares a group, and nobody else."""
    (tmp_path / "splits").mkdir()
    (tmp_path / "artists.csv").write_text(
        "clip,artist,title\n"
        "blues.00000,The Band,One\nblues.00001,band,Two\nblues.00002,Other,One\n"
        "rock.00000,Other,Three\nrock.00001,,\nrock.00002,Third,Four\n"
    )
    (tmp_path / "exact_repetitions.csv").write_text("clip_a,clip_b\nrock.00001,rock.00002\n")
    for part, clip in (("train", "blues.00000"), ("valid", "blues.00002"), ("test", "rock.00002")):
        (tmp_path / "splits" / f"{part}_filtered.txt").write_text(f"x/{clip}.wav\n")
    windows = gtzan.load_windows()
    windows = windows[windows["track"].isin(["blues.00000", "rock.00001"])]
    tracks = gtzan.build_tracks(tmp_path, windows.reset_index(drop=True)).set_index("track")
    group = tracks["artist"]
    assert group["blues.00000"] == group["blues.00001"]
    assert group["blues.00002"] == group["rock.00000"]
    assert group["rock.00001"] == group["rock.00002"]
    assert tracks["artist"].nunique() == 997
    assert tracks.index[tracks["measured"]].to_list() == ["blues.00000", "rock.00001"]
    assert tracks["n_windows"].sum() == len(windows)
    assert tracks["fault_filtered"].value_counts().to_dict() == {
        "": 997,
        **dict.fromkeys(("train", "valid", "test"), 1),
    }
    songs = gtzan.build_songs(tmp_path).set_index("track")["song"]
    assert "rock.00001" not in songs
    assert songs.is_unique


def test_names_come_from_a_persons_own_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(gtzan.NAMES_VARIABLE, raising=False)
    assert gtzan.load_names() == {}
    path = tmp_path / "artists.csv"
    monkeypatch.setenv(gtzan.NAMES_VARIABLE, str(path))
    with pytest.raises(gtzan.DatasetError, match=r"does not exist.*clip, artist, title"):
        gtzan.load_names()
    path.write_text("clip,artist,title\nblues.00000,The Band,One\nrock.00001,,Two\n")
    assert gtzan.load_names() == {"blues.00000": "The Band: One"}
    path.write_text("clip,artist\nblues.00000,The Band\n")
    with pytest.raises(gtzan.DatasetError, match="lacks the column title"):
        gtzan.load_names()


def test_a_list_beside_the_checkout_is_found_where_one_may_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(gtzan.NAMES_VARIABLE, raising=False)
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path / "audionome" / "data"))
    assert gtzan.load_names(nearby=True) == {}
    path = tmp_path / "shared" / "gtzan" / "artists.csv"
    path.parent.mkdir(parents=True)
    path.write_text("clip,artist,title\nblues.00000,The Band,One\n")
    assert gtzan.load_names(nearby=True) == {"blues.00000": "The Band: One"}
    assert gtzan.load_names() == {}  # no page of the report names what stands beside it


def test_the_fault_filter_is_a_list_of_repetitions() -> None:
    tracks, songs = gtzan.load().tracks, gtzan.load_songs()
    rows = gtzan.left_out(tracks, songs)
    counts = rows["reason"].value_counts()
    assert counts.sum() == 71
    assert 66 <= counts[gtzan.REASONS[0]] <= 67
    assert counts[gtzan.REASONS[2]] == 1
    # So nowhere may it be called a list of wrong labels.
    text = " ".join(PROTOCOLS["fault-filtered"].leaks.split())
    assert "a list of repetitions, and wrong labels stay in" in text


def test_the_fault_filtered_split_keeps_most_artists_apart() -> None:
    """Bob Marley is on two sides: with a song of his own, and with Lauryn Hill."""
    tracks = gtzan.load().tracks
    kept = tracks[tracks["fault_filtered"] != ""]
    sides = kept.groupby("artist")["fault_filtered"].agg(set)
    both = set(sides.index[sides.map(len) > 1])
    assert len(both) == 3
    assert sides[kept.set_index("track")["artist"]["reggae.00087"]] == {"train", "test"}


def test_near_repetitions_are_found() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=["a", "b", "c"])
    table.insert(0, "track", np.repeat([f"t{i}" for i in range(12)], 5))
    table.insert(1, "window", np.tile(range(5), 12))
    twin = table[table["track"] == "t3"].assign(track="twin")
    twin[["a", "b", "c"]] += 1e-3
    pairs = gtzan.near_repetitions(pd.concat([table, twin]), distance=0.1)
    assert pairs == [("t3", "twin")]


@pytest.mark.parametrize("kind", ["argument", "variable", "csv"])
def test_completion(
    kind: str, completion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "csv":
        pd.read_parquet(completion).to_csv(tmp_path / "features_3_sec.csv", index=False)
        dataset = gtzan.load(complete_with=tmp_path / "features_3_sec.csv")
    elif kind == "variable":
        monkeypatch.setenv(gtzan.COMPLETION_VARIABLE, str(completion))
        dataset = gtzan.load()
    else:
        dataset = gtzan.load(complete_with=completion)
    assert dataset.complete
    assert dataset.windows["track"].nunique() == 1000
    by_source = dataset.windows.groupby("source")["track"].nunique().to_dict()
    assert by_source == {"measured": 856, "published": 144}
    assert dataset.note.startswith("All 1000 tracks")


def test_the_summary_recomputes_where_all_is_measured() -> None:
    """The genres whose every track is ours: their committed rows need no published table."""
    dataset = gtzan.load()
    stored = gtzan.load_summary()
    whole = stored.loc[stored["n_windows"] == stored["n_measured"], "genre"].unique()
    assert len(whole) >= 5
    keys = ["genre", "feature"]
    again = gtzan.summarise(dataset).set_index(keys).loc[list(whole)]
    pd.testing.assert_frame_equal(again, stored.set_index(keys).loc[list(whole)], rtol=1e-9)


def test_the_hash_of_the_sound_ignores_the_container(tone: np.ndarray, tmp_path: Path) -> None:
    import soundfile as sf

    from audionome import audio

    found = set()
    for name in ("a.wav", "a.flac", "a.aiff"):
        sf.write(tmp_path / name, (tone * 32767).astype(np.int16), 22050, subtype="PCM_16")
        found.add(folder.pcm_sha256(audio.load(tmp_path / name)))
    assert len(found) == 1
    assert folder.pcm_sha256(tone[:-1]) not in found


def test_the_summary_agrees_with_pandas() -> None:
    dataset = gtzan.load()
    summary = gtzan.summarise(dataset).set_index(["genre", "feature"])
    jazz = dataset.windows.loc[dataset.windows["genre"] == "jazz", "tempo"].astype(float)
    got = summary.loc[("jazz", "tempo")]
    assert got["mean"] == pytest.approx(jazz.mean())
    assert got["p25"] == pytest.approx(jazz.quantile(0.25))
    assert got["n_windows"] == len(jazz)


# -- what is wrong is said ----------------------------------------------------------------


def test_a_changed_table_is_noticed(copy: Path) -> None:
    table = pd.read_parquet(copy / "features.parquet")
    table.loc[0, "tempo"] = 1.0
    table.to_parquet(copy / "features.parquet")
    with pytest.raises(gtzan.DatasetError, match="not the file that"):
        gtzan.load()


@pytest.mark.parametrize("name", ["features.parquet", "features.json", "tracks.parquet"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(gtzan.DatasetError, match=name):
        gtzan.load()


def test_a_damaged_file_is_named(copy: Path) -> None:
    (copy / "tracks.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(gtzan.DatasetError, match=r"tracks\.parquet.*damaged"):
        gtzan.load()


def test_wrong_tracks_are_refused(copy: Path) -> None:
    tracks = pd.read_parquet(copy / "tracks.parquet")
    tracks.iloc[:-1].to_parquet(copy / "tracks.parquet", index=False)
    with pytest.raises(gtzan.DatasetError, match="1 000 tracks"):
        gtzan.load()


def spoiled(completion: Path, kind: str) -> pd.DataFrame:
    table = pd.read_parquet(completion)
    if kind == "lacks mfcc3_var":
        return table.drop(columns="mfcc3_var")
    if kind == "missing or infinite":
        table.loc[17, "tempo"] = np.nan
        return table
    if kind == "a window twice":
        return pd.concat([table, table.iloc[:1]])
    if kind == "does not complete":
        return table[table["label"] != "disco"]
    if kind == "not the 3-second table":
        names = table["filename"].str.replace(r"\.\d\.wav", ".wav", regex=True)
        return table.assign(filename=names)
    assert kind == "not GTZAN's"
    return table.assign(label=table["label"].replace("disco", "polka"))


@pytest.mark.parametrize(
    "kind",
    [
        "lacks mfcc3_var",
        "missing or infinite",
        "a window twice",
        "does not complete",
        "not the 3-second table",
        "not GTZAN's",
    ],
)
def test_a_wrong_completion_is_refused(kind: str, completion: Path, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    spoiled(completion, kind).to_parquet(path)
    with pytest.raises(gtzan.DatasetError, match=kind):
        gtzan.load(complete_with=path)


def test_a_missing_completion_is_named(tmp_path: Path) -> None:
    with pytest.raises(gtzan.DatasetError, match=r"none\.csv.*does not exist"):
        gtzan.load(complete_with=tmp_path / "none.csv")
