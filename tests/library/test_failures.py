"""The command line when something is wrong: one sentence, and nothing is destroyed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from audionome import _words, cli, files
from audionome._paths import data_path
from audionome.cli.classify import _predict
from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.lab import training

RATE = 22_050
LAB = ("tracks", "summarise", "train", "evaluate", "analyse")


def run(
    *arguments: object, env: dict[str, str] | None = None, **more: object
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "audionome", *map(str, arguments)],
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=300,
        **{"stdin": subprocess.DEVNULL, **more},
    )


@pytest.fixture
def fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run the command in this process; it must end with one sentence and exit code 2."""

    def fails(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["audionome", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 2
        error = capsys.readouterr().err
        assert re.fullmatch(r"audionome: [^\n]*\.\n", error), error
        return error

    return fails


@pytest.fixture
def album(tmp_path: Path, tone: np.ndarray) -> Path:
    """A folder with two recordings."""
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("one.wav", "two.flac"):
        sf.write(folder / name, tone[: 4 * RATE], RATE)
    return folder


@pytest.fixture
def complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up copy of the published table, which completes the dataset."""
    rows = [
        {"filename": f"{genre}.{i:05d}.{k}.wav", "label": genre}
        for genre in gtzan.GENRES
        for i in range(100)
        for k in range(10)
    ]
    numbers = np.abs(np.random.default_rng(0).normal(1, 0.1, (len(rows), len(COLUMNS))))
    table = pd.concat([pd.DataFrame(rows), pd.DataFrame(numbers, columns=list(COLUMNS))], axis=1)
    path = tmp_path / "published.parquet"
    table.to_parquet(path)
    monkeypatch.setenv(gtzan.COMPLETION_VARIABLE, str(path))
    return path


# -- what is asked about ------------------------------------------------------------------


def test_standard_input_is_a_file_like_any_other(album: Path) -> None:
    content = (album / "one.wav").read_bytes()
    for jobs in (1, 2):
        done = run("classify", "--json", "--jobs", jobs, "-", stdin=None, input=content)
        assert done.returncode == 0, done.stderr
        piped = json.loads(done.stdout)
        assert piped["file"] == "standard input"
        assert piped["duration"] == pytest.approx(4, abs=0.1)
    done = run("classify", "-", "-", stdin=None, input=b"no sound")
    assert done.returncode == 2
    assert done.stderr.count(b'"standard input" is not a sound file') == 2
    done = run("classify", "-")
    assert b'"standard input" is empty' in done.stderr


def test_no_command_waits_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    done = run("classify", tmp_path / "pipe.wav", "/dev/zero", "/dev/random", "", tmp_path)
    assert done.returncode == 2
    words = b" ".join(done.stderr.split())
    assert b"is a pipe, not a file" in words
    assert words.count(b"is a device, not a file") == 2
    assert b"An empty name was given" in words
    assert b"holds no audio file" in words
    assert b"1 file left out: 1 not regular." in words


def test_what_a_folder_leaves_out_is_told(album: Path) -> None:
    shutil.copy(album / "one.wav", album / "._one.wav")
    (album / "stub.mp3").touch()
    done = run("classify", "--json", album)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2
    assert done.stderr == b"2 files left out: 1 empty, 1 hidden.\n"


def test_no_answer_is_a_number_that_is_none(album: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from audionome import Classifier, load_classifier

    classify = Classifier.classify
    monkeypatch.setattr(
        Classifier, "classify", lambda self, path: replace(classify(self, path), distance=np.nan)
    )
    answer = _predict(album / "one.wav", model=None, known=load_classifier().id)
    assert answer == '"one.wav" could not be analysed: the result is not a finite number.'


# -- what is written to the terminal ------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1"])
def test_any_encoding_of_the_terminal(album: Path, encoding: str) -> None:
    name = "Bj\N{LATIN SMALL LETTER O WITH DIAERESIS}rk \N{SNOWMAN}.wav"
    (album / "one.wav").rename(album / name)
    (album / "\N{SNOWMAN}.wav").write_text("no sound")
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = run("classify", album, env=env)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert rb"\u2603.wav" in done.stdout
    assert b"##" in done.stdout
    assert rb"\u2603.wav" in done.stderr
    done = run("classify", "--json", album, env=env)
    assert {Path(json.loads(x)["file"]).name for x in done.stdout.splitlines()} >= {name}
    for command in (["classify"], ["lab", "tracks"]):
        assert run(*command, "--help", env=env).returncode == 0


def test_names_do_not_steer_the_terminal(album: Path) -> None:
    names = ["red \x1b[31m.wav", "line\nbreak.wav", "\N{RIGHT-TO-LEFT OVERRIDE}vaw.exe.wav"]
    names += ["\x9b2J.wav", "bell\a.wav", os.fsdecode(b"caf\xe9.wav")]
    for k, name in enumerate(names):
        if k % 2:
            (album / name).write_text("no sound")
        else:
            shutil.copy(album / "one.wav", album / name)
    done = run("classify", album)
    assert done.returncode == 2
    text = (done.stdout + done.stderr).decode()
    shown = [r"red \x1b[31m.wav", r"line\nbreak.wav", r"\u202evaw.exe.wav", r"\x9b2J.wav"]
    for part in [*shown, r"bell\x07.wav", r"caf\xe9.wav"]:
        assert part in text
    assert not set(text) & set("\x1b\x07\x9b\N{RIGHT-TO-LEFT OVERRIDE}")
    done = run("classify", "--json", album)
    assert done.stdout.isascii()
    files = {Path(json.loads(line)["file"]).name for line in done.stdout.splitlines()}
    # Bytes that are no UTF-8 are told by their codes: not every reader of JSON takes them.
    assert files == {*names[:-1], r"caf\xe9.wav", "one.wav", "two.flac"}
    assert run("classify", "--model", "\x1b[31m", album).stderr.startswith(
        rb'audionome: There is no model "\x1b[31m"'
    )
    out = album / "table.parquet"
    assert run("features", album, "--out", out, "--jobs", 1).returncode == 2
    assert "line\nbreak" not in set(pd.read_parquet(out)["track"])


def test_every_language_can_still_be_read() -> None:
    for text in ("Björk – Jóga ☃ 音楽", "می\u200cخواهم", "👩\u200d🎤", "a\u3000b\u00a0c"):
        assert _words.printable(text) == text
    assert _words.printable("\r\n\t\u2066\ufeff\udce9") == r"\r\n\t\u2066\ufeff\xe9"


def test_a_reader_who_leaves(album: Path) -> None:
    for jobs in (1, 2):
        command = f'"{sys.executable}" -m audionome classify --json --jobs {jobs} "$0" "$0" "$0"'
        done = subprocess.run(
            ["bash", "-c", f"{command} | head -n 1", album], capture_output=True, timeout=300
        )
        assert json.loads(done.stdout)["status"] != "error"
        assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk(album: Path) -> None:
    for more in ([], ["--json"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [sys.executable, "-m", "audionome", "classify", *more, album],
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=300,
            )
        assert done.returncode == 2
        assert done.stderr == b"audionome: nothing can be written: the disk is full.\n"


def test_a_process_that_is_ended_is_told(
    fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended() -> None:
        raise BrokenExecutor

    monkeypatch.setattr(cli, "app", ended)
    assert "a process was ended" in fails()
    monkeypatch.setattr(cli, "app", lambda: {}["no such key"])
    assert "something unexpected went wrong (KeyError)" in fails()


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interruption_is_quiet(album: Path, jobs: int) -> None:
    arguments = ["classify", "--json", "--jobs", str(jobs), *[str(album)] * 40]
    with subprocess.Popen(
        [sys.executable, "-m", "audionome", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A shell lets what it starts in the background ignore Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: every process gets it
        process.stdout.read()
        errors = process.stderr.read()
    assert process.returncode == 130
    assert errors == b""


def test_libraries_write_nothing_between(album: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "import os, sys; from audionome.cli._common import quiet_libraries\n"
        "with quiet_libraries():\n"
        "    os.write(2, b'C library: warning\\n'); print('of Python', file=sys.stderr)\n"
        "os.write(2, b'after\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert done.stderr == b"of Python\nafter\n"


# -- help ---------------------------------------------------------------------------------


def test_help_tells_every_default() -> None:
    wide = {"COLUMNS": "200", "TERMINAL_WIDTH": "200"}
    commands = [("classify",), ("features",), *(("lab", command) for command in LAB)]
    pages = {c[-1]: run(*c, "--help", env=wide).stdout.decode() for c in commands}
    expected = {
        "classify": ["(1; with --out all cores)", "(0.5)"],
        "features": ["[default: -1]"],
        "tracks": ["$AUDIONOME_GTZAN_TABLE", "data/gtzan in a checkout"],
        "summarise": ["$AUDIONOME_GTZAN_TABLE", "data/results in a checkout"],
        "train": ["[default: classic]", "$AUDIONOME_GTZAN_TABLE", "data in a checkout", "-1]"],
        "evaluate": ["(all)", "$AUDIONOME_GTZAN_TABLE", "data/results in a checkout", "-1]"],
        "analyse": ["$AUDIONOME_GTZAN_TABLE", "data/results in a checkout"],
    }
    for command, page in pages.items():
        for default in expected[command]:
            assert re.search(rf"\[default: .*{re.escape(default.strip('[]'))}", page) or (
                default in page
            ), (command, default)
        assert page.count("[default: ") >= len(expected[command]), command


# -- tables of a folder -------------------------------------------------------------------


def test_a_table_has_the_format_of_its_name(album: Path, tmp_path: Path) -> None:
    done = run("features", album, "--out", tmp_path / "t.csv", "--jobs", 300)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "t.csv")
    assert table["track"].tolist() == ["one", "two"]
    assert set(COLUMNS) < set(table.columns)
    assert json.loads((tmp_path / "t.csv.json").read_text())["rows"] == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["album", "t.csv", "t.csv.json"]


def test_where_no_table_can_be_written(
    album: Path, tmp_path: Path, fails: Callable[..., str]
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "mine.json").write_text('{"mine": true}')
    (tmp_path / "x.csv.unfinished").mkdir()
    (tmp_path / "x.csv.unfinished" / "mine").touch()
    for out, told in {
        "t.json": "should end in .csv or .parquet",
        "t": "should end in .csv or .parquet",
        "folder.csv": "is a folder",
        "nowhere/t.csv": "There is no folder",
        "album/one.wav/t.csv": "There is no folder",
        "mine.parquet": "is not ours",
        "x.csv": "is not ours",
    }.items():
        assert told in fails("features", album, "--out", tmp_path / out)
    assert "is not a folder" in fails("features", tmp_path / "no", "--out", tmp_path / "t.csv")
    (tmp_path / "none").mkdir()
    assert "no audio file" in fails("features", tmp_path / "none", "--out", tmp_path / "t.csv")
    for jobs in ("0", "-7"):
        told = fails("features", album, "--out", tmp_path / "t.csv", "--jobs", jobs)
        assert "not a number of processes" in told
        assert "not a number of processes" in fails("classify", album, "--jobs", jobs)
    assert json.loads((tmp_path / "mine.json").read_text()) == {"mine": True}
    assert not list(tmp_path.glob("t*"))


def test_a_folder_of_bad_files_gives_no_table(tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("a.wav", "b.mp3"):
        (folder / name).write_text("no sound")
    done = run("features", folder, "--out", tmp_path / "t.parquet", "--jobs", 1)
    assert done.returncode == 2
    words = b" ".join(done.stderr.split())
    assert words.count(b"left out:") == 2
    assert b"no recording could be measured" in words
    assert b"windows of" not in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["music"]


def test_a_users_parts_are_left_alone(album: Path, tmp_path: Path) -> None:
    own = tmp_path / "t.parquet.parts"
    own.mkdir()
    (own / "drums.json").write_text("mine")
    assert run("features", album, "--out", tmp_path / "t.parquet", "--jobs", 1).returncode == 0
    assert [p.read_text() for p in own.iterdir()] == ["mine"]


@pytest.mark.parametrize("spoil", ["note", "empty note", "rows", "foreign note"])
def test_a_table_goes_on_after_a_crash_in_mid_write(
    album: Path, tmp_path: Path, spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audionome.features import folder

    out = tmp_path / "t.parquet"
    whole = folder.measure_folder(album, out, jobs=1).table
    monkeypatch.setattr(folder, "_collect", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        folder.measure_folder(album, out, jobs=1)
    monkeypatch.undo()
    parts = tmp_path / "t.parquet.unfinished"
    note = min(parts.glob("part-*.json"))
    if spoil == "rows":
        rows = note.with_suffix(".npy")
        rows.write_bytes(rows.read_bytes()[:100])
    else:
        content = {"note": note.read_bytes()[:20], "empty note": b"", "foreign note": b"[1]"}
        note.write_bytes(content[spoil])
    (parts / f".x.1.unfinished{note.suffix}").write_text("half")
    again = folder.measure_folder(album, out, jobs=1)
    pd.testing.assert_frame_equal(again.table, whole)
    assert not parts.exists()


# -- the study ----------------------------------------------------------------------------


def wild(path: Path, **changes: object) -> Path:
    numbers = np.abs(np.random.default_rng(1).normal(1, 0.1, (4, len(COLUMNS))))
    table = pd.DataFrame(numbers, columns=list(COLUMNS))
    table = table.assign(label="jazz", track="a", artist="b").assign(**changes)
    table.drop(columns=[k for k, v in changes.items() if v is None]).to_csv(path, index=False)
    return path


def test_a_wrong_table_of_others_is_told_before_the_work(
    tmp_path: Path, complete: Path, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "train", lambda *_, **__: pytest.fail("it began to work"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    tables = {
        tmp_path / "no.parquet": "does not exist",
        tmp_path / "folder": "is a folder",
        tmp_path / "cut.parquet": "neither CSV nor Parquet",
        tmp_path / "binary.csv": "neither CSV nor Parquet|not a table of windows",
        wild(tmp_path / "columns.csv", tempo=None): r"lacks 1 columns \(tempo\)",
        wild(tmp_path / "text.csv", tempo="fast"): "has text in column tempo",
        wild(tmp_path / "empty.csv", tempo=np.nan): "missing or infinite",
        wild(tmp_path / "genre.csv", label="polka"): "one of the ten genres",
        wild(tmp_path / "artist.csv", artist=[None, "a", "b", "c"]): "without label, track or art",
    }
    for path, told in tables.items():
        for command in ("train", "evaluate"):
            assert re.search(told, fails("lab", command, "--wild", path, "--out", tmp_path / "out"))
    assert len(gtzan.read_wild(wild(tmp_path / "right.csv"))) == 4


@pytest.mark.parametrize("command", ["train", "evaluate", "analyse", "summarise"])
def test_an_output_that_is_a_file(
    tmp_path: Path, complete: Path, fails: Callable[..., str], command: str
) -> None:
    (tmp_path / "file").write_text("mine")
    assert "is a file" in fails("lab", command, "--out", tmp_path / "file")
    assert "lies in a file" in fails("lab", command, "--out", tmp_path / "file" / "deeper")
    assert (tmp_path / "file").read_text() == "mine"


def test_results_that_are_not_ours_are_not_replaced(
    tmp_path: Path, complete: Path, fails: Callable[..., str]
) -> None:
    (tmp_path / "results").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "results" / "model_predictions.parquet")
    (tmp_path / "results" / "runs.parquet").write_text("mine")
    with pytest.raises(files.OutputError, match="not what this command writes"):
        training.train(gtzan.load(), tmp_path / "models", tmp_path / "results")
    assert "cannot be read" in fails("lab", "evaluate", "--out", tmp_path / "results")
    for command, name in {
        "summarise": "gtzan_summary.csv",
        "analyse": "importance.parquet",
        "tracks": "tracks.parquet",
    }.items():
        folder = tmp_path / command
        folder.mkdir()
        files.write_table(pd.DataFrame({"a": [1]}), folder / name)
        arguments = ["lab", command, "--out", folder, *([folder] if command == "tracks" else [])]
        assert "is not what this command writes" in fails(*arguments)


def test_the_lists_of_tracks_are_checked(tmp_path: Path, fails: Callable[..., str]) -> None:
    out = tmp_path / "out"
    assert "is not a folder" in fails("lab", "tracks", tmp_path / "no", "--out", out)
    lists = tmp_path / "lists"
    lists.mkdir()
    assert "artists.csv" in fails("lab", "tracks", lists, "--out", out)
    (lists / "artists.csv").write_text("clip,artist,title\nblues.00000,A,B\n")
    (lists / "exact_repetitions.csv").write_text("a,b\n1,2\n")
    assert "lacks the column clip_a, clip_b" in fails("lab", "tracks", lists, "--out", out)
    (lists / "exact_repetitions.csv").write_text("clip_a,clip_b\nblues.00000,polka.00001\n")
    assert "clips that are not GTZAN's" in fails("lab", "tracks", lists, "--out", out)
    (lists / "exact_repetitions.csv").write_text("clip_a,clip_b\nblues.00000,blues.00001\n")
    assert "train_filtered.txt" in fails("lab", "tracks", lists, "--out", out)
    (lists / "splits").mkdir()
    for part in ("train", "valid", "test"):
        (lists / "splits" / f"{part}_filtered.txt").write_text("rock/polka.00001.wav\n")
    assert "no list of GTZAN's tracks" in fails("lab", "tracks", lists, "--out", out)
    for part in ("train", "valid", "test"):
        (lists / "splits" / f"{part}_filtered.txt").write_text("rock/rock.00001.wav\n")
    done = run("lab", "tracks", lists, "--out", out)
    assert done.returncode == 0, done.stderr
    assert pd.read_parquet(out / "tracks.parquet").shape == (1000, 7)


def test_the_published_table_by_its_variable(
    tmp_path: Path, complete: Path, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.read_parquet(complete)
    table.assign(tempo="fast").to_csv(tmp_path / "text.csv", index=False)
    table.assign(filename=3).to_csv(tmp_path / "names.csv", index=False)
    (tmp_path / "none.csv").touch()
    for path, told in {
        "": "144 of 1000 tracks are missing",
        str(tmp_path): "is a folder",
        str(tmp_path / "no.csv"): "does not exist",
        str(tmp_path / "none.csv"): "neither CSV nor Parquet",
        str(tmp_path / "text.csv"): "has text in column",
        str(tmp_path / "names.csv"): "should look like blues.00000.0.wav",
    }.items():
        monkeypatch.setenv(gtzan.COMPLETION_VARIABLE, path)
        assert told in fails("lab", "summarise", "--out", tmp_path / "out")


def test_damaged_data_is_told(
    tmp_path: Path, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(data_path("gtzan"), tmp_path / "gtzan")
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path))
    for text in ("", "{", "[]", "{}"):
        (tmp_path / "gtzan" / "features.json").write_text(text)
        assert "features.json" in fails("lab", "summarise", "--out", tmp_path / "out")
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path / "nowhere"))
    assert "is missing" in fails("lab", "summarise", "--out", tmp_path / "out")
    done = run("classify", tmp_path)
    assert done.stderr.endswith(b"there are: none.\n")


def test_clips_to_learn_from_are_checked_first(
    tmp_path: Path, complete: Path, fails: Callable[..., str]
) -> None:
    out = ["--out", tmp_path / "out"]
    train = ["lab", "train", "--model", "extended"]
    assert "give --clips FOLDER" in fails(*train, *out)
    assert "is not a folder" in fails(*train, "--clips", tmp_path / "no", *out)
    (tmp_path / "empty").mkdir()
    assert "lacks 856 of the 856" in fails(*train, "--clips", tmp_path / "empty", *out)


def test_nothing_is_written_into_an_installed_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "audionome"
    shutil.copytree(
        Path(cli.__file__).parents[1],
        package,
        ignore=shutil.ignore_patterns("__pycache__", "_data"),
    )
    for part in ("gtzan", "models", "results"):
        shutil.copytree(data_path(part), package / "_data" / part)
    before = {p: p.stat().st_mtime_ns for p in (package / "_data").rglob("*")}
    env = {"PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1", "AUDIONOME_DATA": ""}
    code = (
        "import sys; from audionome import cli\n"
        f"for command in {LAB}:\n"
        "    sys.argv = ['audionome', 'lab', command, *(['.'] if command == 'tracks' else [])]\n"
        "    try: cli.main()\n"
        "    except SystemExit as end: print(cli.__file__, end.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        cwd=tmp_path,
    )
    assert done.stdout == f"{package / 'cli' / '__init__.py'} 2\n" * len(LAB)
    told = "audionome: Where to? Give --out FOLDER; only in a checkout is there a default.\n"
    assert done.stderr == told * len(LAB)
    assert {p: p.stat().st_mtime_ns for p in (package / "_data").rglob("*")} == before
    assert [p.name for p in tmp_path.iterdir()] == ["site-packages"]
