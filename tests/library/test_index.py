"""The index of a collection, what it finds, and the playlists that are written of it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner, Result

from audionome import audio
from audionome.cli import app
from audionome.collection import index as room
from audionome.collection import naming, near, playlist
from audionome.collection.listening import identity
from audionome.collection.store import Row
from audionome.collection.vectors import VectorStore
from audionome.errors import AudionomeError
from audionome.files import OutputError

HOSTILE = "#EXTINF:1,\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}<b>\r\n/etc/passwd"


def audionome(*arguments: object) -> Result:
    try:
        runner = CliRunner(mix_stderr=False)  # type: ignore[call-arg]
    except TypeError:  # since Click 8.2 they are never mixed
        runner = CliRunner()
    return runner.invoke(app, list(map(str, arguments)))


def tagged(source: Path, to: Path, **tags: str) -> Path:
    """Copy a recording with other tags and not one other sample."""
    import av

    to.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(source)) as read, av.open(str(to), "w") as written:
        stream = written.add_stream_from_template(read.streams.audio[0])
        written.metadata.update(tags)
        stream.metadata.update(tags)
        for packet in read.demux(read.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    return to


# -- of recordings ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory, pieces: list[Path]) -> Path:
    folder = tmp_path_factory.mktemp("music")
    blues, classical, country, *_ = pieces
    tagged(blues, folder / "a" / "blues.ogg", artist="The Band", title="One")
    tagged(blues, folder / "b" / "again.ogg", artist="THE BAND", title="One, again")
    tagged(country, folder / "a" / "country.ogg", artist="A feat. The Band", title="Two")
    tagged(classical, folder / "b" / "classical.ogg", artist="Various Artists", title="Three")
    (folder / "b" / "broken.mp3").write_bytes(b"no sound " * 999)
    room.build([folder], folder / "my.index", jobs=1)
    return folder


def test_a_recording_finds_its_likes_and_not_itself(music: Path, tmp_path: Path) -> None:
    with room.Index(music / "my.index") as mine:
        assert len(mine) == 4
        found = mine.similar([music / "a" / "blues.ogg"])
        assert [Path(t.file).stem for t in found.tracks] == ["country", "classical"]
        assert found.tracks[0].artist == "A feat. The Band"
        assert found.tracks[0].seconds == pytest.approx(13, abs=2)
        # Another file is listened to: the same music in another form comes first, as two copies.
        samples = audio.load(music / "a" / "blues.ogg")
        sf.write(tmp_path / "other.wav", samples, audio.SAMPLE_RATE, subtype="PCM_16")
        best = mine.similar([tmp_path / "other.wav"], n=1).tracks
        assert [Path(t.file).stem for t in best] == ["blues"]
        assert [Path(name).stem for name in best[0].copies] == ["again"]
        assert best[0].similarity > 0.98
        # A copy under another name is the same recording, and needs no listening.
        shutil.copy(music / "a" / "country.ogg", tmp_path / "copy.ogg")
        names = [Path(t.file).stem for t in mine.similar([tmp_path / "copy.ogg"]).tracks]
        assert names == ["blues", "classical"]


def test_other_artists_leaves_out_all_their_names(music: Path) -> None:
    with room.Index(music / "my.index") as mine:
        found = mine.similar([music / "a" / "blues.ogg"], other_artists=True)
        assert [t.title for t in found.tracks] == ["Three"]
        assert not found.unknown
        # Whose artist nobody knows: its folder is left out, and that is told.
        found = mine.similar([music / "b" / "classical.ogg"], other_artists=True)
        assert [t.title for t in found.tracks] == ["Two"]
        assert found.unknown == (str(music / "b" / "classical.ogg"),)


def test_a_track_that_names_nobody_in_the_same_folder_is_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    vectors = made(tmp_path / "a.index", 30, artist={1: "", 2: "", 9: ""})
    order = [k for k in np.argsort(-(vectors @ vectors[0])) if k > 2]
    with room.Index(tmp_path / "a.index") as mine:
        found = mine.similar([name_of(0)], other_artists=True, n=30)
        assert [int(t.title) for t in found.tracks] == order
        assert (found.doubtful, found.unknown) == (2, ())
        # Only those count that would be among so few.
        best = mine.similar([name_of(0)], other_artists=True, n=1)
        nearer = vectors[1:3] @ vectors[0] > best.tracks[0].similarity
        assert best.doubtful == nearer.sum()
        assert mine.similar([name_of(0)], n=30).doubtful == 0
    told = audionome("similar", name_of(0), "--in", "a.index", "--other-artists", "-n", 30).stderr
    assert "2\N{NO-BREAK SPACE}tracks in the same folder left out" in told


def test_of_copies_those_that_are_there_are_told(tmp_path: Path) -> None:
    for name in ("b.mp3", "c.mp3"):
        (tmp_path / name).touch()
    names = {k: str(tmp_path / f"{name}.mp3") for k, name in enumerate("abcd", start=1)}
    vectors = np.eye(room.AXES, dtype="<f4")
    made(tmp_path / "a.index", 7, name=names, content=dict.fromkeys((1, 2, 3, 4), "same"),
         vector=dict.fromkeys((1, 2, 3, 4), vectors[0].tobytes()))  # fmt: skip
    with room.Index(tmp_path / "a.index") as mine:
        (track,) = (t for t in mine.similar([name_of(0)]).tracks if t.file in names.values())
        assert (track.file, track.copies, track.there) == (names[2], (names[3],), True)
        Path(names[2]).unlink()
        Path(names[3]).unlink()
        (track,) = (t for t in mine.similar([name_of(0)]).tracks if t.file in names.values())
        assert (track.file, len(track.copies), track.there) == (names[1], 3, False)


def test_an_index_is_renewed_without_listening_again(
    music: Path, pieces: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "music"
    shutil.copytree(music, folder)
    out = folder / "my.index"
    out.unlink()
    for name in ("broken.mp3", "again.ogg"):
        (folder / "b" / name).unlink()
    assert room.build([folder], out, jobs=1).done.computed == 3

    heard: list[str] = []
    real = room.listen
    monkeypatch.setattr(room, "listen", lambda p, n: heard.append(p.name) or real(p, n))
    assert room.build([folder], out, jobs=1).done.kept == 3
    (folder / "a" / "country.ogg").rename(folder / "moved.ogg")
    tagged(pieces[0], folder / "a" / "blues.ogg", artist="Renamed", title="New")
    (folder / "b" / "classical.ogg").unlink()
    built = room.build([folder], out, jobs=1)
    assert (heard, built.done.reused, built.done.gone, built.tracks) == ([], 2, 2, 2)
    with room.Index(out) as mine:
        found = mine.similar([folder / "moved.ogg"])
        assert (found.seeds[0].artist, found.tracks[0].artist) == ("A feat. The Band", "Renamed")
    # A folder that was renamed has its tracks once; and one that is gone is forgotten on demand.
    new = folder.rename(tmp_path / "a new name")
    built = room.build([new], new / "my.index", jobs=1)
    assert (heard, built.done.reused, built.done.gone, built.tracks) == ([], 2, 2, 2)
    with room.Index(new / "my.index") as mine:
        assert all(t.there for t in mine.similar([new / "moved.ogg"]).tracks)
    (new / "a" / "blues.ogg").unlink()
    (new / "a").rmdir()
    words = ("index", new / "moved.ogg", "--jobs", 1, "--out", new / "my.index")
    assert "2\N{NO-BREAK SPACE}tracks in" in audionome(*words).stdout
    done = audionome(*words, "--forget", new / "a")
    assert "1 dropped as they are gone" in done.stdout
    assert "1\N{NO-BREAK SPACE}track in" in done.stdout


def test_the_commands(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(music / "my.index", "music.index")
    done = audionome("index", music, "--jobs", 1)
    assert done.exit_code == 2, "a file could not be read"
    assert "4 done before" in done.stdout
    assert "4\N{NO-BREAK SPACE}tracks in music.index" in done.stdout
    assert "broken.mp3" in done.stderr
    assert str(music / "b" / "broken.mp3") in Path("music.errors.csv").read_text()
    blues = music / "a" / "blues.ogg"
    record = json.loads(audionome("similar", blues, "-n", 1, "--json").stdout)
    assert [t["title"] for t in record["tracks"]] == ["Two"]
    assert record["like"][0]["file"] == str(blues)
    told = audionome("similar", blues, "--other-artists").stdout
    assert "classical.ogg" in told
    assert "country.ogg" not in told
    with pytest.raises(AudionomeError, match="no mp3"):
        CliRunner().invoke(app, ["similar", "no mp3"], catch_exceptions=False)
    assert audionome("playlist", "--like", blues, "-n", 1, "--out", "x.m3u8").exit_code == 0
    lines = Path("x.m3u8").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[1].startswith("#EXTINF:1")
    assert lines[1].endswith(",The Band - One")
    assert [(tmp_path / line).resolve().name for line in lines[2::2]] == [
        "blues.ogg",
        "country.ogg",
    ]
    for wrong in (["--genre", "jazz"], ["--from", "t.csv"], [], ["--in", "music.index"]):
        done = audionome("playlist", *wrong, "--out", "x.m3u8")
        assert done.exit_code == 2
        assert "--from TABLE and --genre GENRE" in done.stderr


# -- of made-up vectors -------------------------------------------------------------------


def made(path: Path, n: int, *, seed: int = 0, **changed: dict[int, Any]) -> np.ndarray:
    """Write an index of made-up tracks of 40 clouds, each by an artist of two, and its vectors."""
    random = np.random.default_rng(seed)
    clouds = random.normal(size=(40, room.AXES))
    vectors = clouds[random.integers(40, size=n)] + 0.7 * random.normal(size=(n, room.AXES))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f4")
    with VectorStore(path) as store:
        store.note("kind", "index")
        for k, vector in enumerate(vectors):
            values: dict[str, Any] = {"vector": vector.tobytes(), "seconds": 3.0}
            values |= {"artist": f"artist {k // 2}", "title": f"{k}", "named": ["", 0]}
            values |= {key: rows[k] for key, rows in changed.items() if k in rows}
            name = values.pop("name", f"/gone/{k // 3}/{k:06d}.mp3")
            content = values.pop("content", f"{k:032x}")
            store.put(Row(name, content, identity(), 1, 1, values))
        store.commit()
    return vectors


def name_of(k: int) -> str:
    return f"/gone/{k // 3}/{k:06d}.mp3"


def test_a_search_is_exact(tmp_path: Path) -> None:
    vectors = made(tmp_path / "a.index", 500)
    cosine = vectors.astype(float) @ vectors[7]
    cosine[7] = -2
    with room.Index(tmp_path / "a.index") as mine:
        found = mine.similar([name_of(7)], n=20).tracks
        assert [int(t.title) for t in found] == np.argsort(-cosine)[:20].tolist()
        assert [t.similarity for t in found] == pytest.approx(np.sort(cosine)[::-1][:20], abs=1e-5)
        assert not found[0].there
        # Of several files the mean counts; more than there is gives all but what was asked about.
        both = mine.similar([name_of(7), name_of(9)], n=10**6).tracks
        assert len(both) == 498
        middle = np.argsort(-(vectors @ (vectors[7] + vectors[9])))
        assert int(both[0].title) == next(k for k in middle if k not in (7, 9))


def test_other_artists_among_very_many_of_one(tmp_path: Path) -> None:
    """The search goes on when all that is near is by the same artist."""
    vectors = made(tmp_path / "a.index", 500, artist=dict.fromkeys(range(480), "One"))
    with room.Index(tmp_path / "a.index") as mine:
        found = mine.similar([name_of(0)], n=20, other_artists=True).tracks
    order = np.argsort(-(vectors @ vectors[0]))
    assert [int(t.title) for t in found] == [k for k in order if k >= 480]


def test_beyond_many_tracks_a_graph_finds_nearly_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "MANY", 1000)
    path = tmp_path / "a.index"
    vectors = made(path, 4000)
    asked = range(0, 4000, 100)

    def search() -> list[list[int]]:
        with room.Index(path) as mine:
            return [[int(t.title) for t in mine.similar([name_of(k)]).tracks] for k in asked]

    exact = search()
    with VectorStore(path) as store:
        assert near.arrange(store, identity(), room.AXES)
    with room.Index(path) as mine:
        assert isinstance(mine._finder, near.Graph)
    found = search()
    same = [len(set(a) & set(b)) / 10 for a, b in zip(exact, found, strict=True)]
    assert np.mean(same) > 0.9
    cosine = vectors.astype(float) @ vectors.astype(float).T
    assert all(np.all(np.diff(cosine[k][row]) < 1e-6) for k, row in zip(asked, found, strict=True))

    # What is new is put into it, and what is gone taken out, without making it anew.
    news = made(path, 4040, seed=1)[4000:]  # and all others have changed
    with VectorStore(path) as store:
        near.take_down(store)
        assert near._mended(store, identity(), room.AXES) is None
    vectors = np.concatenate([made(path, 4000), news])
    with VectorStore(path) as store:
        store.forget(map(name_of, range(1, 4000, 100)))
        mended = near._mended(store, identity(), room.AXES)
        assert mended is not None
        assert (len(mended[0]), mended[1]) == (4000, 40)
        assert near.arrange(store, identity(), room.AXES)
        assert store.noted(near._WORN) == "40"
    with room.Index(path) as mine:
        assert mine.similar([name_of(4010)], n=1).tracks[0].title not in {"1", "101"}
        assert isinstance(mine._finder, near.Graph)
    found = search()
    with monkeypatch.context() as patch:
        patch.setattr(near, "has_engine", lambda: False)
        exact = search()
    same = [len(set(a) & set(b)) / 10 for a, b in zip(exact, found, strict=True)]
    assert np.mean(same) > 0.9

    # A graph that is damaged, or of other rows, is not asked, and that is told.
    graph = near.graph_of(path)
    whole = graph.read_bytes()
    half = len(whole) // 2
    for bad in (whole[:-1000], whole[:half] + b"\xa5" * 5000 + whole[half + 5000 :], b""):
        graph.write_bytes(bad)
        os.utime(graph, ns=(1, 1))
        assert search() == exact
        told = audionome("similar", name_of(0), "--in", path)
        assert (told.exit_code, "is missing or damaged" in told.stderr) == (0, True)
    with VectorStore(path) as store:
        # Even if it was damaged when it was noted.
        graph.write_bytes(b"no graph" * 999)
        store.note("graph", near._stamp(graph))
    assert search() == exact
    with VectorStore(path) as store:
        graph.write_bytes(b"")
        assert not near.put_up(store, near.take_down(store))
        near.arrange(store, identity(), room.AXES)
        before = near.take_down(store)
    assert search() == exact
    with VectorStore(path) as store:
        assert near.put_up(store, before)
    with VectorStore(path) as store:
        monkeypatch.setattr(near, "MANY", 10_000)
        assert not near.arrange(store, identity(), room.AXES)
    assert not graph.exists()


def _foreign(path: Path) -> None:
    path.write_bytes(b"RIFF" * 5000)


def _other_database(path: Path) -> None:
    with sqlite3.connect(path) as link:
        link.execute("CREATE TABLE t (x)")
    link.close()


def _no_index(path: Path) -> None:
    with VectorStore(path) as store:
        store.put(Row("/a.mp3", "00", "ear-1", 1, 1, {"genre": "jazz"}))


def _empty(path: Path) -> None:
    with VectorStore(path) as store:
        store.note("kind", "index")


def _older(path: Path) -> None:
    made(path, 3)
    link = sqlite3.connect(path)
    link.execute("UPDATE files SET work = 'index-0-older'")
    link.commit()
    link.close()


def _damaged(path: Path) -> None:
    made(path, 300)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "There is no index"),
        (_foreign, "not a file of Audionome"),
        (_other_database, "not a file of Audionome"),
        (_no_index, "is no index"),
        (_empty, "holds no track yet; run `audionome index FOLDER --out a.index`"),
        (_older, "another version of Audionome"),
        (_damaged, "damaged"),
    ],
)
def test_what_is_no_good_index_is_told(tmp_path: Path, make: Any, words: str) -> None:
    path = tmp_path / "a.index"
    make(path)
    with pytest.raises(AudionomeError, match=words), room.Index(path) as mine:
        mine.similar([name_of(0)])


def test_what_is_no_index_is_not_written_over(tmp_path: Path, pieces: list[Path]) -> None:
    for make in (_foreign, _other_database, _no_index):
        path = tmp_path / f"{make.__name__}.index"
        make(path)
        before = path.read_bytes()
        with pytest.raises(OutputError, match="give another name"):
            room.build([pieces[0]], path, jobs=1)
        assert path.read_bytes()[100:] == before[100:], "but for counters in the head"
    with pytest.raises(OutputError, match=r"should end in \.index"):
        room.build([pieces[0]], tmp_path / "a.mp3", jobs=1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "cover.png").write_bytes(b"no sound" * 99)
    done = audionome("index", tmp_path / "cover.png", "--out", tmp_path / "new.index")
    assert (done.exit_code, "new.index was not written" in done.stderr) == (2, True)
    assert "cover.png" in done.stderr
    assert not (tmp_path / "new.index").exists()
    for source in (tmp_path / "empty", tmp_path / "none"):
        with pytest.raises(AudionomeError):
            room.build([source], tmp_path / "new.index", jobs=1)
        assert not (tmp_path / "new.index").exists()
    made(tmp_path / "a.index", 3)
    with (
        VectorStore(tmp_path / "a.index"),
        pytest.raises(OutputError, match="Another run is writing"),
    ):
        room.Index(tmp_path / "a.index")


def test_what_cannot_be_asked_about_is_told(tmp_path: Path) -> None:
    made(tmp_path / "a.index", 4, artist=dict.fromkeys(range(4), "One"))
    with room.Index(tmp_path / "a.index") as mine:
        for like, words in (([tmp_path], "folder"), ([], "Nothing"), ([tmp_path / "no"], "no")):
            with pytest.raises(AudionomeError, match=words):
                mine.similar(like)
        with pytest.raises(AudionomeError, match="0 is not a number of tracks"):
            mine.similar([name_of(0)], n=0)
        with pytest.raises(AudionomeError, match="no track by another artist"):
            mine.similar([name_of(0)], other_artists=True)
    made(tmp_path / "b.index", 3, artist=dict.fromkeys(range(3), ""))
    with (
        room.Index(tmp_path / "b.index") as mine,
        pytest.raises(AudionomeError, match=r"The tags of \"000000.mp3\" name no artist"),
    ):
        mine.similar([name_of(0)], other_artists=True)


# -- playlists ----------------------------------------------------------------------------


@pytest.fixture
def files_there(tmp_path: Path) -> list[Path]:
    names = ["a.mp3", "#b.mp3", " c.mp3", "d:e.mp3", "\N{MUSICAL NOTE} f.mp3", "two\nlines.mp3",
             "g .mp3 ", os.fsdecode(b"\xff\xfe.mp3"), "50%.mp3", "x" * 250 + ".mp3"]  # fmt: skip
    paths = [tmp_path / "music" / name for name in names]
    (tmp_path / "music").mkdir()
    for path in paths:
        path.write_bytes(b"x")
    return paths


def test_every_name_can_be_found_again(files_there: list[Path], tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "music", tmp_path / "lists"):
        folder.mkdir(exist_ok=True)
        out = folder / "x.m3u8"
        entries = [playlist.Entry(str(path), HOSTILE, 3.4) for path in files_there]
        entries.append(playlist.Entry(str(tmp_path / "gone.mp3"), "gone"))
        assert playlist.write(out, entries) == (len(files_there), 1)
        head, *lines = out.read_text(encoding="utf-8").split("\n")
        assert (head, lines.pop()) == ("#EXTM3U", "")
        assert set(lines[::2]) == {"#EXTINF:3,#EXTINF:1,\\x1b[31m\\u202e<b> /etc/passwd"}, (
            "a title is one line, and steers no terminal"
        )
        for line, path in zip(lines[1::2], files_there, strict=True):
            assert not line.startswith("#")
            assert line == line.strip()
            if line.startswith("file://"):
                found = Path(os.fsdecode(unquote(line[7:], errors="surrogateescape").encode(
                    "utf-8", "surrogateescape")))  # fmt: skip
            else:
                assert not os.path.isabs(line)
                found = folder / line
            assert found.exists()
            assert found.name == path.name


def test_places_that_are_not_relative() -> None:
    assert playlist.place("/tapes/a.mp3", "/music") == "/tapes/a.mp3"
    assert playlist.place("s3://bucket/a b\n.mp3", "/music") == "s3://bucket/a%20b%0A.mp3"
    assert playlist.place("https://h/a%20b.mp3?x=1", "/") == "https://h/a%20b.mp3?x=1"


def test_a_playlist_of_a_genre(files_there: list[Path], tmp_path: Path) -> None:
    rows = [
        {"file": str(path), "genre": genre, "sure": sure, "confidence": c, "duration": 61.0}
        for path, genre, sure, c in zip(
            files_there, ["hiphop", "jazz", "hiphop", "hiphop"], [True, True, True, False],
            [0.6, 0.9, 0.8, 0.3], strict=False,
        )
    ]  # fmt: skip
    table = tmp_path / "t.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    chosen = playlist.by_genre(table, ["Hip-Hop"])
    assert [Path(e.file).name for e in chosen.entries] == ["a.mp3", " c.mp3"]
    assert (chosen.unsure, chosen.entries[0].seconds, chosen.entries[0].title) == (1, 61.0, "a")
    every = playlist.by_genre(table, ["hiphop", "JAZZ"], min_confidence=0)
    assert (len(every.entries), every.unsure) == (4, 0)
    some = playlist.by_genre(table, ["hiphop"], min_confidence=0.7)
    assert ([e.title for e in some.entries], some.unsure) == ([" c"], 2)
    best = playlist.by_genre(table, ["hiphop"], n=1)
    assert [Path(e.file).name for e in best.entries] == [" c.mp3"]
    with pytest.raises(AudionomeError, match="holds no file of polka; it holds hiphop, jazz"):
        playlist.by_genre(table, ["polka"])
    table.write_text("".join(json.dumps(row | {"sure": False}) + "\n" for row in rows))
    with pytest.raises(AudionomeError, match="--unsure takes"):
        playlist.by_genre(table, ["jazz"])
    assert len(playlist.by_genre(table, ["jazz"], unsure=True).entries) == 1
    table.write_text("".join(json.dumps(row | {"status": "many"}) + "\n" for row in rows))
    with pytest.raises(AudionomeError, match="--unsure takes"):
        playlist.by_genre(table, ["jazz"], min_confidence=0)
    lines = [row | {"status": "few", "sure": None} for row in rows]
    table.write_text("".join(json.dumps(row) + "\n" for row in lines))
    assert playlist.by_genre(table, ["hiphop"]).unsure == 1, "by the default of all commands"
    (tmp_path / "other.csv").write_text("genre,file\nJazz,/gone/a.mp3\n")
    chosen = playlist.by_genre(tmp_path / "other.csv", ["jazz"])
    with pytest.raises(AudionomeError, match="None of the files is there"):
        playlist.write(tmp_path / "x.m3u", chosen.entries)


def test_only_a_playlist_is_replaced(files_there: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "x.m3u"
    out.write_text("my diary")
    with pytest.raises(OutputError, match="no playlist"):
        playlist.write(out, [playlist.Entry(str(files_there[0]), "a")])
    assert out.read_text() == "my diary"
    with pytest.raises(OutputError, match="should end in"):
        playlist.require(tmp_path / "x.txt")


def test_names_come_from_tags_of_every_format(pieces: list[Path], tmp_path: Path) -> None:
    samples = np.random.default_rng(0).normal(size=(audio.SAMPLE_RATE // 2,)) / 9
    sf.write(tmp_path / "s.wav", samples, audio.SAMPLE_RATE)
    for suffix in ("mp3", "flac", "m4a", "aiff", "wav", "opus"):
        path = tmp_path / f"t.{suffix}"
        _encode(tmp_path / "s.wav", path, artist="Ärtist", title="Títle")
        assert naming.read(path) == naming.Names("Ärtist", "Títle"), suffix
    assert naming.read(tmp_path / "s.wav") == naming.Names()
    assert naming.artist_key("The B & C") & naming.artist_key("b")
    assert not naming.artist_key("A") & naming.artist_key("B")


def _encode(source: Path, to: Path, **tags: str) -> None:
    import av

    codec = {"mp3": "libmp3lame", "flac": "flac", "m4a": "aac",
             "aiff": "pcm_s16be", "wav": "pcm_s16le", "opus": "libopus"}[to.suffix[1:]]  # fmt: skip
    options = {"write_id3v2": "1"} if to.suffix == ".aiff" else {}
    with av.open(str(source)) as read, av.open(str(to), "w", options=options) as written:
        rate = 48_000 if to.suffix == ".opus" else 44_100
        stream = written.add_stream(codec, rate=rate)
        written.metadata.update(tags)
        stream.metadata.update(tags)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        for frame in read.decode(audio=0):
            for out in resampler.resample(frame):
                written.mux(stream.encode(out))
        written.mux(stream.encode(None))
