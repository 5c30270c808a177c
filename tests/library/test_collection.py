"""A run over many files remembers what it did, whatever happens to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audionome import audio, batch, files
from audionome.collection import table
from audionome.collection.store import Row, Store
from audionome.collection.work import Done, Work, process
from audionome.errors import AudionomeError

RATE = 22_050


def tone(path: Path, seconds: float = 0.1, pitch: float = 440.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.sin(np.arange(int(seconds * RATE)) * 2 * np.pi * pitch / RATE), RATE)
    return path


def measured(path: Path, name: str) -> dict[str, object]:
    """Note in the folder above that it was called, and return a row."""
    with open(path.parent.parent / "calls", "a", errors="backslashreplace") as calls:
        calls.write(f"{path.name}\n")
    if path.stem == "bad":
        raise AudionomeError(f'"{path.name}" is bad.')
    if path.stem == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if path.stem == "endless":
        return {"n": float("inf")}
    if path.stem.startswith("slow"):
        time.sleep(0.05)
    if path.stem == "changing":
        path.write_bytes(path.read_bytes() + b"more")
    return {"n": path.stat().st_size, "vector": b"\x00\xff"}


class Calls:
    def __init__(self, folder: Path) -> None:
        self._file = folder / "calls"

    def __call__(self) -> list[str]:
        """Return the names of the files that were worked on since the last time."""
        found = self._file.read_text().split() if self._file.exists() else []
        self._file.unlink(missing_ok=True)
        return sorted(found)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for k, name in enumerate("abc"):
        tone(tmp_path / "music" / f"{name}.wav", 0.1 + k / 100, 440 + k)
    return tmp_path / "music"


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(tmp_path)


def run(music: Path, *, work: str = "w", jobs: int = 1, **more: object) -> Done:
    with Store(music.parent / "store") as store:
        return process([music], store, Work(work, measured), jobs=jobs, **more)  # type: ignore[arg-type]


def rows(music: Path) -> dict[str, Row]:
    with Store(music.parent / "store", writing=False) as store:
        return {Path(row.name).name: row for row in store.rows()}


def failures(music: Path) -> dict[str, str]:
    with Store(music.parent / "store", writing=False) as store:
        return {Path(name).name: why for name, why in store.failures()}


def test_what_is_done_is_not_done_again(music: Path, calls: Calls) -> None:
    first = run(music)
    assert (first.files, first.computed, first.kept) == (3, 3, 0)
    assert calls() == ["a.wav", "b.wav", "c.wav"]
    before = rows(music)
    assert before["a.wav"].values == {"n": (music / "a.wav").stat().st_size, "vector": b"\x00\xff"}
    assert list(before) == ["a.wav", "b.wav", "c.wav"]  # by name

    # Moved, touched and gone; new; and one that is changed for another sound of the same length.
    (music / "a.wav").rename(music / "z.wav")
    os.utime(music / "b.wav", (1, 1))
    tone(music / "c.wav", 0.12, 3000)
    tone(music / "new.wav", 0.2)
    second = run(music)
    assert calls() == ["c.wav", "new.wav"]
    assert (second.reused, second.computed, second.gone) == (2, 2, 1)
    after = rows(music)
    assert set(after) == {"b.wav", "c.wav", "new.wav", "z.wav"}
    assert after["z.wav"].content == before["a.wav"].content
    assert after["b.wav"].modified == 10**9
    assert after["c.wav"].content != before["c.wav"].content

    assert run(music).kept == 4
    assert calls() == []
    assert run(music, work="other").computed == 4  # another model
    assert {row.work for row in rows(music).values()} == {"other"}


def test_what_fails_is_told_and_tried_again(music: Path, calls: Calls) -> None:
    for name in ("bad", "endless", "changing"):
        tone(music / f"{name}.wav")
    (music / "empty.mp3").touch()
    done = run(music)
    assert (done.failed, done.computed, done.skipped["empty"]) == (3, 3, 1)
    assert failures(music) == {
        "bad.wav": '"bad.wav" is bad.',
        "changing.wav": '"changing.wav" was changed while it was read; run the command again.',
        "endless.wav": '"endless.wav" could not be analysed: the result is not a finite number.',
    }
    calls()
    (music / "bad.wav").rename(music / "good.wav")
    assert run(music).failed == 2
    assert calls() == ["changing.wav", "endless.wav", "good.wav"]
    assert set(failures(music)) == {"changing.wav", "endless.wav"}


def test_rows_of_other_folders_stay_and_nothing_is_dropped_by_mistake(
    music: Path, calls: Calls
) -> None:
    tone(music / "album" / "d.wav")
    other = music.parent / "other"
    shutil.copytree(music, other)
    run(music)
    with Store(music.parent / "store") as store:
        work = Work("w", measured)
        assert process([other / "a.wav", other], store, work, jobs=1).files == 4
        assert store.count() == 8
        shutil.rmtree(other)
        other.mkdir()  # as where a disk is not mounted
        with pytest.raises(AudionomeError, match=r"other\" holds no audio file"):
            process([music, other], store, work, jobs=1)
        with pytest.raises(AudionomeError, match=r"nowhere\" does not exist; check the path"):
            process([music / "nowhere"], store, work, jobs=1)
        assert store.count() == 8

        # Of a copy on a disk that is not there, the row stays. What was moved is known, also where
        # it lies twice; and what is gone for good is forgotten when that is said.
        other.rmdir()
        with pytest.raises(AudionomeError, match=r"other\" does not exist; .* with --forget"):
            process([other], store, work, jobs=1)
        assert process([music], store, work, jobs=1).gone == 0
        with pytest.raises(AudionomeError, match="nothing can be forgotten; check the path"):
            process([music], store, work, jobs=1, forget=[music / "nowhere"])
        assert store.count() == 8
        calls()
        moved = music.rename(music.parent / "moved")
        shutil.copy(moved / "a.wav", moved / "again.wav")
        done = process([moved], store, work, jobs=1)
        assert (done.reused, done.gone, calls()) == (5, 8, [])
        assert all(Path(row.name).exists() for row in store.rows())
        tone(other / "e.wav", 0.3)
        process([other], store, work, jobs=1)
        shutil.rmtree(other)
        done = process([moved], store, work, jobs=1, forget=[other, moved / "a.wav"])
        assert (done.kept, done.gone, store.count()) == (5, 1, 5)


ODD = ["=1+1", "'=1", "'", "''-x", "@", "a,b\n;c", '"', "\t", "ё\u2028 "]


@pytest.mark.skipif(not hasattr(os, "fsencode") or os.name == "nt", reason="names of POSIX")
def test_names_are_hostile(music: Path, tmp_path: Path) -> None:
    names = [b"new\nline.wav", b"\xff\xfe.wav", "🎷 ‮x.wav".encode(), b"q\"',;|.wav", b"\\xff.wav",
             b"n" * 251 + b".wav"]  # fmt: skip
    for name in names:
        shutil.copy(music / "a.wav", os.path.join(os.fsencode(music), name))
    run(music)
    found = rows(music)
    assert {os.fsencode(name) for name in found} >= set(names)
    kinds = {"file": str, "genre": str, "=n": str, "n": int, "x": float, "sure": bool}
    made = [
        {
            "file": table.text_of(row.name),
            "genre": odd,
            "n": 2**60,
            "x": 0.1 + 0.2,
            "sure": True,
            "=n": "",
        }
        for row, odd in zip(found.values(), ODD, strict=True)
    ]
    for suffix in table.SUFFIXES:
        path = tmp_path / f"t{suffix}"
        assert table.write(path, kinds, iter(made)) == 9
        again = list(table.read(path))
        if suffix == ".csv":  # the table of another program: texts
            again = [{**row, "n": int(row["n"]), "x": float(row["x"])} for row in again]
        assert again == made
        assert {table.path_of(row["file"]).exists() for row in again} == {True}
    assert not [c for c in (tmp_path / "t.csv").read_text().split(",") if c.startswith(("=", "@"))]
    (tmp_path / "t.csv").write_text("artist;file;genre\nx;a.mp3;rock\n", encoding="utf-8")
    assert next(table.read(tmp_path / "t.csv"))["genre"] == "rock"
    for text in ("file,style\n", "\0\1\n"):
        (tmp_path / "t.csv").write_text(text)
        with pytest.raises(files.OutputError, match=r"genre"):
            list(table.read(tmp_path / "t.csv"))
    (tmp_path / "t.parquet").write_text("no table")
    with pytest.raises(files.OutputError, match="cannot be read as a table"):
        list(table.read(tmp_path / "t.parquet"))


def test_a_store_has_one_writer_and_is_ours(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        store.put(Row("/a", "0", "w", 1, 2, {"x": None}))
        with pytest.raises(files.OutputError, match="Another run is writing"):
            Store(tmp_path / "store")
    assert os.listdir(tmp_path) == ["store"]  # all in one file, which can be copied
    (tmp_path / "text").write_text("a letter of mine, longer than the head of a database" * 9)
    import sqlite3

    link = sqlite3.connect(tmp_path / "other.db")
    link.execute("CREATE TABLE songs (x)")
    link.close()
    for name in ("text", "other.db"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(files.OutputError, match="not a file of Audionome"):
            Store(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_collection import measured
from audionome.collection.store import Store
from audionome.collection.work import Work, process
music = Path(sys.argv[1])
with Store(music.parent / "store") as store:
    process([music], store, Work("w", measured), jobs=1,
            progress=lambda at: print(at.step, at.done, flush=True))
"""


def test_a_killed_run_goes_on_without_losing_or_doubling_a_row(music: Path, calls: Calls) -> None:
    for k in range(60):
        tone(music / f"slow{k:03}.wav", 0.01 + k / 1000)
    command = [sys.executable, "-c", KILLED, str(music), str(Path(__file__).parent)]
    told = 0
    for after in (4, 0):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                step, done = line.split()
                if step == "working" and int(done) >= after:
                    break
            process.kill()
            last = [line for line in process.stdout.read().splitlines() if line.startswith("work")]
            told += int(last[-1].split()[1]) if last else after
        assert process.returncode == -signal.SIGKILL
        assert len(rows(music)) >= told  # what was told is safe
    # A file that is the end of every process that reads it is found out.
    tone(music / "kill.wav")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        assert process.wait() == -signal.SIGKILL
    run(music)
    assert "its process was ended" in failures(music)["kill.wav"]
    assert len(rows(music)) == 63
    # Only the file that was being worked on at each end was worked on twice.
    assert len((music.parent / "calls").read_text().split()) <= 63 + 2 + 3


def deadly(name: str) -> str:
    if "kill" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "odd" in name:
        return (letter for letter in name)  # type: ignore[return-value]
    return name.upper()


def test_results_come_as_they_are_ready_and_a_crash_costs_one_file() -> None:
    asked: list[int] = []

    def names() -> object:
        for k in range(40):
            asked.append(k)
            yield "kill" if k == 11 else "odd" if k == 20 else f"n{k}"

    results = batch.as_completed(deadly, names(), jobs=2)  # type: ignore[arg-type]
    first = next(results)
    assert len(asked) <= 5  # the rest is asked for as places get free
    found = dict([first, *results])
    assert len(found) == 40
    wrong = {name: why for name, why in found.items() if isinstance(why, batch.Failure)}
    assert set(wrong) == {"kill", "odd"}
    assert "its process was ended" in wrong["kill"]
    assert found["n39"] == "N39"


def with_tags(path: Path) -> None:
    import mutagen

    found = mutagen.File(path, easy=True)
    assert found is not None
    if found.tags is None:
        found.add_tags()
    try:
        found["genre"] = "a genre that takes some room " * 40
    except (TypeError, ValueError):
        from mutagen.id3 import TCON

        found.tags.add(TCON(text="a genre that takes some room " * 40))
    found.save()


ENCODERS: dict[str, list[str]] = {
    "mp3": [], "flac": [], "ogg": ["-c:a", "libvorbis"], "opus": ["-c:a", "libopus"],
    "m4a": [], "aiff": [], "wav": [],
}  # fmt: skip


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_the_hash_of_the_content_is_blind_to_tags_and_to_nothing_else(tmp_path: Path) -> None:
    source = tone(tmp_path / "a.wav", 1.0)
    other = tone(tmp_path / "b.wav", 1.0, 441)

    def made(source: Path, target: Path, options: list[str]) -> Path:
        subprocess.run(
            ["ffmpeg", "-v", "error", "-y", "-i", source, "-bitexact", *options, target],
            check=True,
        )
        return target

    seen: set[str] = set()
    for suffix, options in ENCODERS.items():
        path = made(source, tmp_path / f"t.{suffix}", options)
        before, whole = audio.content_hash(path), path.read_bytes()
        with_tags(path)
        assert path.read_bytes() != whole, suffix
        assert audio.content_hash(path) == before, suffix
        assert audio.content_hash(made(other, tmp_path / f"u.{suffix}", options)) != before, suffix
        seen.add(before)
    assert len(seen) == len(ENCODERS)
    for content in (b"text", b"other text"):
        (tmp_path / "x.mp3").write_bytes(content)
        seen.add(audio.content_hash(tmp_path / "x.mp3"))
    assert len(seen) == len(ENCODERS) + 2


def test_a_walk_takes_no_memory_for_files(tmp_path: Path, music: Path) -> None:
    tone(music / ".hidden" / "h.wav")
    (music / "link.wav").symlink_to(music / "a.wav")
    (music / "other.wav").symlink_to(music / ".hidden" / "h.wav")
    (music / "loop").symlink_to(music)
    found = files.Scan()
    names = [Path(one.name).name for one in files.walk(music, found)]
    assert sorted(names) == ["a.wav", "b.wav", "c.wav", "other.wav"]
    assert found.skipped == {"hidden": 1, "linked twice": 1}
    assert [p.name for p in files.scan(music).files] == sorted(names)


def test_the_id_of_a_model_changes_with_what_its_answers_hang_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dataclasses import replace

    from audionome.models.classifier import load_classifier

    ids = {name: load_classifier(name).id for name in ("ear", "extended", "classic")}
    assert all(found.startswith(f"{name}-") for name, found in ids.items())
    classic = load_classifier("classic")
    assert classic.companion is None
    monkeypatch.setitem(classic.card, "arrays_sha256", "0" * 64)
    assert classic.id != ids["classic"]
    assert load_classifier("ear").id != ids["ear"]  # a companion of its companion
    monkeypatch.undo()
    ear = load_classifier("ear")
    assert ear.id == ids["ear"]
    monkeypatch.setattr(ear, "calibration", replace(ear.calibration, temperature=9.0))
    assert ear.id != ids["ear"]
