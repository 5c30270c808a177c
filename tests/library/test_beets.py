"""The plugin, in a real library of beets in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
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
Beet = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def beet(tmp_path: Path) -> Beet:
    def run(*arguments: object, more: str = "") -> subprocess.CompletedProcess[str]:
        (tmp_path / "config.yaml").write_text(CONFIG.format(folder=tmp_path, more=more))
        return subprocess.run(
            [sys.executable, "-m", "beets", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "BEETSDIR": str(tmp_path), "PYTHONIOENCODING": "utf-8"},
        )

    return run


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


def test_a_library(beet: Beet, tmp_path: Path) -> None:
    """Dry run, write, and undo; what was tagged by hand stays, and a bad file stops nothing."""
    music = tmp_path / "music"
    music.mkdir()
    t = np.arange(30_000) / 22_050
    for name in ("empty.mp3", "hand.flac", "many.ogg", "gone.ogg", "edited.flac"):
        sf.write(music / name, 0.3 * np.sin(2765 * t), 22_050)
        titled(music / name, name.partition(".")[0])
    titled(music / "hand.flac", "hand", genre="Free Jazz")
    done = beet("import", music)
    assert done.returncode == 0, done.stderr
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

    done = beet("audionome", "--from", table)
    assert done.returncode == 0, done.stderr
    assert "no genre → Darkwave (80%)" in done.stdout
    assert "1 item would change." in done.stdout
    assert "2 items with a genre already" in done.stdout  # one of them beets does not know yet
    assert "1 answer of more than 3 genres; --unsure writes it" in done.stdout
    assert '"gone.ogg" is not in the table' in done.stderr.replace(files["gone"].name, "gone.ogg")
    assert {title: path.read_bytes() for title, path in files.items()} == before
    assert listed(tmp_path)["empty"] == ("", 0)

    done = beet("audionome", "--write", "--tempo", "--ear-tags", "--from", table, "title:empty")
    assert done.returncode == 0, done.stderr
    assert "1 item changed." in done.stdout
    assert listed(tmp_path)["empty"] == ("Darkwave", 122)
    written = mutagen.File(files["empty"])
    assert written["TCON"].genres == ["Darkwave"]
    assert written["TXXX:AUDIONOME_TAGS"].text == ["a; b c"]
    assert str(written["TIT2"]) == "empty"
    assert {title for title, path in files.items() if path.read_bytes() != before[title]} == {
        "empty"
    }

    done = beet("audionome", "--write", "--replace", "--from", table, "title:hand")
    assert listed(tmp_path)["hand"][0] == "Darkwave"
    done = beet("audionome", "--undo")
    assert "2 items as before." in done.stdout, done.stderr
    assert listed(tmp_path)["hand"] == ("Free Jazz", 0)
    assert listed(tmp_path)["empty"] == ("", 0)
    assert mutagen.File(files["hand"])["genre"] == ["Free Jazz"]
    assert "TCON" not in mutagen.File(files["empty"])

    for arguments, word in {
        ("--from", tmp_path / "none.csv"): "none.csv",
        ("--min-confidence", "2"): "from 0 to 1",
        ("--jobs", 0): "not a number of processes",
    }.items():
        done = beet("audionome", *arguments)
        assert done.returncode == 1
        assert word in done.stderr
        assert "Traceback" not in done.stderr


def test_the_import_gives_genres_if_it_is_asked_to(
    beet: Beet, tmp_path: Path, pieces: list[Path]
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    shutil.copy(next(piece for piece in pieces if piece.stem == "classical"), music / "a.ogg")
    shutil.copy(music / "a.ogg", music / "b.ogg")
    titled(music / "a.ogg", "a")
    titled(music / "b.ogg", "b", genre="Lied")
    sf.write(music / "c.ogg", np.zeros(3000), 22_050)  # too short for an answer
    titled(music / "c.ogg", "c")
    done = beet("import", music, more=", auto: yes, tempo: yes")
    assert done.returncode == 0, done.stderr
    found = listed(tmp_path)
    assert found["a"][0] == "Classical"
    assert found["b"][0] == "Lied"
    assert found["c"] == ("", 0)
    assert "c.ogg" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / "library").rglob("*.ogg"))) == 3
    # A model that is not there ends no import.
    (tmp_path / "more").mkdir()
    shutil.copy(music / "a.ogg", tmp_path / "more" / "d.ogg")
    titled(tmp_path / "more" / "d.ogg", "d", album="Another")
    done = beet("import", tmp_path / "more", more=", auto: yes, model: nosuch")
    assert done.returncode == 0, done.stderr
    assert "there are: classic, ear, extended" in done.stderr
    assert listed(tmp_path)["d"] == ("", 0)
