"""``audionome classify DIR --out TABLE``: what a person gives and gets."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from audionome import batch, files
from audionome._words import long_time
from audionome.cli import _collection
from audionome.collection import answers, table
from audionome.collection.answers import classify
from audionome.collection.store import Store
from audionome.collection.work import Progress, Work, process
from audionome.errors import AudionomeError
from audionome.models.classifier import load_classifier

EXAMPLES = Path(__file__).parents[2] / "data" / "examples"
COMMAND = [sys.executable, "-m", "audionome", "classify"]
TERMINAL = {**os.environ, "COLUMNS": "200"}


def audionome(*words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *map(str, words)], capture_output=True, text=True, env=TERMINAL, timeout=120
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def _sized(path: Path, name: str) -> dict[str, Any]:
    return {"bytes": path.stat().st_size}


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    for name in ("blues", "jazz", "pop"):
        shutil.copy(EXAMPLES / f"{name}.ogg", folder)
    (folder / "noise.mp3").write_bytes(b"no sound" * 99)
    return folder


def test_a_collection_becomes_a_table_that_grows(album: Path, tmp_path: Path) -> None:
    music = tmp_path / "my | <music>"
    shutil.copytree(album, music)
    out = music / "genres.parquet"  # in the folder itself
    first = audionome(music, "--out", out, "--min-confidence", "0.5", "--model", "classic", code=2)
    assert "3 files classified.\n3 rows in " in first.stdout.replace("\N{NO-BREAK SPACE}", " ")
    assert '"noise.mp3" is not a sound file' in first.stderr
    assert sorted(os.listdir(music)) == [
        "blues.ogg", "genres.errors.parquet", "genres.parquet", "jazz.ogg", "noise.mp3", "pop.ogg",
    ]  # fmt: skip
    rows = list(table.read(out))
    classic = load_classifier("classic")
    assert [Path(row["file"]).name for row in rows] == ["blues.ogg", "jazz.ogg", "pop.ogg"]
    for row in rows:
        expected = classic.classify(row["file"]).as_row(file=row["file"])
        assert {key: row[key] for key in expected} == expected
        assert row["model"] == classic.id
        assert row["bytes"] == os.stat(row["file"]).st_size
        assert row["modified"] == os.stat(row["file"]).st_mtime_ns
        known = row["status"] in ("one", "few")
        assert row["sure"] == (known and row["confidence"] >= 0.5)
    assert list(answers.kinds(classic.genres)) == list(rows[0])
    (error,) = table.read(answers.errors_beside(out), needed=["file", "error"])
    assert error["file"] == str(music / "noise.mp3")

    # The three formats hold the same, and a second run finds all of it done.
    done = classify([music], tmp_path / "a.csv", model="classic", jobs=1, min_confidence=0.5)
    assert (done.done.computed, done.n_errors) == (3, 1)
    assert list(table.read(tmp_path / "a.csv")) == rows
    before = (tmp_path / "a.csv").read_bytes()
    (music / "noise.mp3").unlink()
    again = classify([music], tmp_path / "a.csv", model="classic", jobs=1, min_confidence=0.5)
    assert (again.done.kept, again.done.computed, again.errors) == (3, 0, None)
    assert (tmp_path / "a.csv").read_bytes() == before
    assert not answers.errors_beside(tmp_path / "a.csv").exists()
    # Another model begins anew, and does not mix with rows about other files.
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(music / "pop.ogg", other)
    with pytest.raises(answers.OutputError, match=r"answers of the model classic-.*my \| <music>"):
        classify([other], tmp_path / "a.csv", model="extended", jobs=1)
    assert (tmp_path / "a.csv").read_bytes() == before
    assert os.listdir(tmp_path / "other") == ["pop.ogg"]
    assert not (tmp_path / "a.csv.unfinished").exists()
    more = classify([other], tmp_path / "a.csv", model="classic", jobs=1)
    assert (more.n_answers, more.done.files) == (4, 1)
    # What was moved has its row once, under its new name; what is gone for good is forgotten, also
    # where another model answers from now on.
    shutil.copytree(music, moved := tmp_path / "moved")
    hidden = music.rename(tmp_path / "away")
    (moved / "genres.parquet").unlink()
    shutil.copy(tmp_path / "a.csv", tmp_path / "b.csv")
    done = classify([moved], tmp_path / "b.csv", model="classic", jobs=1)
    assert (done.done.reused, done.done.gone, done.n_answers) == (3, 3, 4)
    with pytest.raises(AudionomeError, match="with --forget"):
        classify([music], tmp_path / "a.csv", model="classic", jobs=1)
    done = classify([other], tmp_path / "a.csv", model="extended", jobs=1, forget=[music])
    assert (done.done.computed, done.done.gone, done.n_answers) == (1, 3, 1)
    assert not (tmp_path / "a.csv.unfinished").exists()
    hidden.rename(music)
    classify([music, other], tmp_path / "a.csv", model="classic", jobs=1)
    # A second run at the same time is refused, and spoils nothing.
    parts = files.Parts(tmp_path / "a.csv.unfinished")
    parts.lock()
    with pytest.raises(answers.OutputError, match="Another run is writing"):
        classify(other, tmp_path / "a.csv", model="classic", jobs=1)
    assert (parts.folder / "part-lock").exists()
    parts.unlock()
    # What another model has begun is not thrown away.
    with Store(parts.folder / "part-store.sqlite") as store:
        process([music], store, Work("ear-0", _sized), jobs=1)
    with pytest.raises(answers.OutputError, match="holds unfinished work of the model ear-0"):
        classify(str(other), tmp_path / "a.csv", model="classic", jobs=1)
    assert (parts.folder / "part-store.sqlite").exists()
    shutil.rmtree(parts.folder)
    assert classify(other, tmp_path / "a.csv", model="classic", jobs=1).n_answers == 4
    assert not parts.folder.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--out", "g.xls"], "should end in .parquet, .csv or .jsonl"),
        (["--out", "mine.csv"], 'mine.csv" is not what this command writes; move it away'),
        (["--out", "broken.parquet"], 'broken.parquet" cannot be read; move it away'),
        (["--out", "noted.csv"], 'noted.csv" has a column "my, note", which would be lost'),
        (["--out", "torn.jsonl"], 'torn.jsonl" has a row without "file"'),
        (["--out", "g.csv", "--json"], "leave out --json"),
        (["--out", "g.csv", "-"], "Standard input has no name to go on with"),
        (["--out", "g.csv", "nowhere"], 'nowhere" does not exist; check the path'),
        (["--out", "g.csv", "--min-confidence", "50"], "50.0 is no confidence"),
        (["--out", "nowhere/g.csv"], "no folder"),
        (["--min-confidence", "0.5"], "--min-confidence needs --out"),
        (["file:///music/a.mp3"], "is a URL, which needs --out TABLE"),
        (["--dask", "tcp://a"], "--dask needs --out"),
    ],
)
def test_what_cannot_be_is_refused_before_the_work(
    words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from audionome import cli

    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mp3").write_text("a")
    (tmp_path / "mine.csv").write_text("file,genre\na,b\n")
    known = answers.kinds(["a", "b"])
    row: dict[str, Any] = {name: kind() for name, kind in known.items()}
    table.write(tmp_path / "noted.csv", known | {"my, note": str}, [row | {"my, note": "x"}])
    table.write(tmp_path / "torn.jsonl", known, [row])
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    before = {path.name: path.is_dir() or path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["audionome", "classify", "music", *words])
    monkeypatch.setattr(batch, "as_completed", None)  # no file is looked at
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
    after = {path.name: path.is_dir() or path.read_bytes() for path in tmp_path.iterdir()}
    assert after == before


def test_the_progress_tells_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(_collection.time, "monotonic", lambda: now[0])
    told = _collection.Told()
    for k in range(0, 401, 4):
        now[0] = 100 + k / 4
        told(Progress("working", k, 10_000, failed=2))
    assert told.text.replace("\N{NO-BREAK SPACE}", " ") == (
        "400 of 10,000 files, 4 files/s, about 40 min left, 2 failed"
    )
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4  # twice a minute, where no terminal is, and at once after a long wait
    assert lines[-1].startswith("Working: ")
    told(Progress("working", 10_000, 10_000))
    assert "left" not in told.text
    times = [
        long_time(s).replace("\N{NO-BREAK SPACE}", " ") for s in (0, 59, 100, 12_000, 4e5, 9e6)
    ]
    assert times == ["1 s", "59 s", "2 min", "3 h 20 min", "4.6 days", "104 days"]


def test_a_run_that_is_stopped_says_how_to_go_on_and_does(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    time = np.arange(int(3.1 * 22_050)) / 22_050
    for k in range(40):
        sf.write(music / f"{k}.wav", np.sin(time * (900 + 99 * k)) / 2, 22_050)
    wal = tmp_path / "g.jsonl.unfinished" / "part-store.sqlite-wal"
    for how, jobs in ((signal.SIGINT, 2), (signal.SIGTERM, 1)):
        command = [*COMMAND, music, "--out", "g.jsonl", "--model", "classic", "--jobs", str(jobs)]
        with subprocess.Popen(
            command,
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            # What a shell starts in the background ignores this signal, and so would its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            while process.poll() is None and not (wal.exists() and wal.stat().st_size > 99_000):
                sleep(0.01)
            process.send_signal(how)
            _, said = process.communicate()
        assert process.returncode in (130, 143), said
        assert "Stopped." in said
        assert "of this run are kept; give the same command again to go on." in said
    done = classify([music], tmp_path / "g.jsonl", model="classic", jobs=1)
    assert done.done.kept >= 2
    assert (done.done.computed + done.done.kept, done.n_answers) == (40, 40)
    assert len({row["file"] for row in table.read(tmp_path / "g.jsonl")}) == 40
