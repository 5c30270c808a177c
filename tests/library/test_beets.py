"""The plugin, in a real library of beets in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile as sf

pytest.importorskip("beets")

CONFIG = """
plugins: audionome
directory: {folder}/library
library: {folder}/library.db
import: {{copy: yes, autotag: no, quiet: yes, log: {folder}/import.log}}
threaded: no
audionome: {{jobs: 1{more}}}
"""
#: Beets in a process of its own, which takes one command after the other: it is slow to start.
SERVER = """
import contextlib, io, json, sys
import beets
from beets import ui
for line in sys.stdin:
    asked = json.loads(line)
    out, code = io.StringIO(), 0
    if isinstance(asked, dict):
        beets.config["audionome"].set(asked)
    else:
        with contextlib.redirect_stdout(out):
            try:
                ui.main(asked)
            except SystemExit as ended:
                code = ended.code or 0
    sys.stderr.flush()
    print(json.dumps([code, out.getvalue()]), flush=True)
"""


class Beet:
    """A running beets; calling it gives the exit code and what was printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._told = 0
        self._errors = (folder / "stderr.txt").open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, "BEETSDIR": str(folder)},
        )

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        return self._ask([str(argument) for argument in arguments])

    def configure(self, **options: object) -> None:
        self._ask(options)

    def _ask(self, what: object) -> tuple[int, str, str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(what), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        said = (self.folder / "stderr.txt").read_text()
        assert answer, said
        new, self._told = said[self._told :], len(said)
        assert "Traceback" not in new, new
        code, out = json.loads(answer)
        return code, out, new

    def end(self) -> None:
        self._process.communicate(timeout=60)
        self._errors.close()


@pytest.fixture
def beet(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Beet]:
    more = getattr(request, "param", "")
    (tmp_path / "config.yaml").write_text(CONFIG.format(folder=tmp_path, more=more))
    running = Beet(tmp_path)
    yield running
    running.end()


def titled(path: Path, title: str, **tags: str) -> None:
    file = mutagen.File(path, easy=True)
    for key, value in {"title": title, "album": "One", **tags}.items():
        file[key] = [value]
    file.save()


def listed(folder: Path) -> dict[str, tuple[str, int]]:
    """Genre and tempo by title; older versions of beets have one genre, newer ones a list."""
    with contextlib.closing(sqlite3.connect(folder / "library.db")) as database:
        columns = {row[1] for row in database.execute("PRAGMA table_info(items)")}
        genre = "genres" if "genres" in columns else "genre"
        rows = database.execute(f"SELECT title, {genre}, bpm FROM items")
        return {title: (genre or "", bpm or 0) for title, genre, bpm in rows}


def columns(folder: Path, table: str) -> set[str]:
    with contextlib.closing(sqlite3.connect(folder / "library.db")) as database:
        return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


def albums(folder: Path) -> list[str]:
    genre = "genres" if "genres" in columns(folder, "albums") else "genre"
    with contextlib.closing(sqlite3.connect(folder / "library.db")) as database:
        return [row[0] or "" for row in database.execute(f"SELECT {genre} FROM albums")]


def test_a_library(beet: Beet, tmp_path: Path) -> None:
    """Dry run, write, and undo; what was tagged by hand stays, and a bad file stops nothing."""
    music = tmp_path / "music"
    music.mkdir()
    t = np.arange(15_000) / 22_050
    for name in ("empty.mp3", "hand.flac", "many.ogg", "gone.ogg", "edited.flac"):
        sf.write(music / name, 0.3 * np.sin(2765 * t), 22_050)
        titled(music / name, name.partition(".")[0])
    titled(music / "hand.flac", "hand", genre="Free Jazz")
    assert beet("import", music)[0] == 0
    assert listed(tmp_path)["empty"] == ("", 0)
    files = {path.stem.split(" ")[-1]: path for path in (tmp_path / "library").rglob("*.*")}
    edited = mutagen.File(files["edited"])
    edited["genre"] = ["Noise"]
    edited.save()
    table = tmp_path / "answers.jsonl"
    answers = {"empty": "one", "hand": "one", "many": "many", "edited": "one"}
    with table.open("w", encoding="utf-8") as out:
        for title, status in answers.items():
            row = {"file": str(files[title]), "genre": "Darkwave", "status": status}
            row |= {"confidence": 0.8, "tempo": 121.7, "tempo_probability": 0.9, "tags": "a|b c"}
            print(json.dumps(row), file=out)
    before = {title: path.read_bytes() for title, path in files.items()}

    code, said, errors = beet("audionome", "--from", table)
    assert code == 0
    assert "no genre → Darkwave (80%)" in said
    assert "1 item would change." in said
    assert "2 items with a genre already" in said  # one of them beets does not know yet
    assert "1 answer of more than 3 genres; --unsure writes it" in said
    assert f'"{files["gone"].name}" is not in the table' in errors
    assert {title: path.read_bytes() for title, path in files.items()} == before
    assert listed(tmp_path)["empty"] == ("", 0)

    options = ("--write", "--tempo", "--ear-tags", "--from", table)
    code, said, errors = beet("audionome", *options, "title:empty")
    assert code == 0, errors
    assert "1 item changed." in said
    assert listed(tmp_path)["empty"] == ("Darkwave", 122)
    written = mutagen.File(files["empty"])
    assert written["TCON"].genres == ["Darkwave"]
    assert written["TXXX:AUDIONOME_TAGS"].text == ["a; b c"]
    assert str(written["TIT2"]) == "empty"
    changed = {title for title, path in files.items() if path.read_bytes() != before[title]}
    assert changed == {"empty"}

    beet("audionome", "--write", "--replace", "--from", table, "title:hand")
    assert listed(tmp_path)["hand"][0] == "Darkwave"
    assert albums(tmp_path) == ["Darkwave"]
    # Its genre is a person's: only the tempo and the tags are ours.
    beet("audionome", *options, "title:edited")
    # What a person has changed since is theirs, field by field.
    genre = "genres" if "genres" in columns(tmp_path, "items") else "genre"
    beet("modify", "-y", "title:empty", "bpm=99")
    beet("modify", "-y", "title:edited", f"{genre}=Mine")
    code, said, errors = beet("audionome", "--undo", "title:empty", ",", "title:edited")
    assert "1 item as before." in said
    assert "1 item changed since" in said
    assert "its tempo was changed since" in errors
    assert listed(tmp_path)["empty"] == ("", 99)
    assert listed(tmp_path)["edited"] == ("Mine", 0)
    assert "TXXX:AUDIONOME_TAGS" not in mutagen.File(files["empty"])
    assert mutagen.File(files["edited"])["genre"] == ["Mine"]
    assert not {"audionome_tags", "bpm"} & set(mutagen.File(files["edited"]))
    beet("modify", "-y", "title:empty", "bpm=122")  # as we wrote it
    by_hand = mutagen.File(files["hand"])
    by_hand["genre"] = ["Noise"]
    by_hand.save()
    os.utime(files["hand"], (2e9, 2e9))  # beets counts in seconds
    code, said, errors = beet("audionome", "--undo", "title:hand")
    assert "another program changed its file since" in errors
    assert mutagen.File(files["hand"])["genre"] == ["Noise"]
    by_hand["genre"] = ["Darkwave"]
    by_hand.save()
    assert "2 items as before." in beet("audionome", "--undo")[1]
    assert albums(tmp_path) == [""]
    assert listed(tmp_path)["hand"] == ("Free Jazz", 0)
    assert listed(tmp_path)["empty"] == ("", 0)
    assert mutagen.File(files["hand"])["genre"] == ["Free Jazz"]
    assert "TCON" not in mutagen.File(files["empty"])
    assert "0 items as before." in beet("audionome", "--undo")[1]

    for arguments, word in {
        ("--from", tmp_path / "none.csv"): "none.csv",
        ("--model", "nosuch"): "there are: classic, ear, extended",
        ("--min-confidence", "2"): "from 0 to 1",
        ("--jobs", "0"): "not a number of processes",
    }.items():
        code, _, errors = beet("audionome", *arguments)
        assert code == 1
        assert word in errors


@pytest.mark.parametrize("beet", [", auto: yes, tempo: yes"], indirect=True)
def test_the_import_gives_genres_if_it_is_asked_to(
    beet: Beet, tmp_path: Path, pieces: list[Path]
) -> None:
    music, more = tmp_path / "music", tmp_path / "more"
    music.mkdir()
    more.mkdir()
    shutil.copy(next(piece for piece in pieces if piece.stem == "classical"), music / "a.ogg")
    titled(music / "a.ogg", "a")
    for name in ("b", "c"):
        sf.write(music / f"{name}.ogg", np.zeros(3000), 22_050)  # too short for an answer
        titled(music / f"{name}.ogg", name, **({"genre": "Lied"} if name == "b" else {}))
    code, said, errors = beet("import", music)
    assert code == 0
    assert "1 item tagged in the library, but not in the files" in said
    assert "genre" not in (mutagen.File(next((tmp_path / "library").rglob("* a.ogg"))) or {})
    beet("write", "audionome_was::.")
    assert mutagen.File(next((tmp_path / "library").rglob("* a.ogg")))["genre"] == ["Classical"]
    found = listed(tmp_path)
    assert found["a"][0] == "Classical"
    assert found["b"][0] == "Lied"
    assert found["c"] == ("", 0)
    assert "c.ogg" in errors
    assert len(list((tmp_path / "library").rglob("*.ogg"))) == 3
    # A model that is not there ends no import.
    beet.configure(model="nosuch")
    shutil.copy(music / "c.ogg", more / "d.ogg")
    titled(more / "d.ogg", "d", album="Another")
    code, _, errors = beet("import", more)
    assert code == 0
    assert listed(tmp_path)["d"] == ("", 0)
    assert "there are: classic, ear, extended" in errors
