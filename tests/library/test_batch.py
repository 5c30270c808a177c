"""Hundreds of files of all kinds at once: a bad one costs no more than itself."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import joblib
import numpy as np
import psutil
import pytest
import soundfile as sf

from audionome import batch
from audionome.errors import AudionomeError

COMMAND = [sys.executable, "-m", "audionome", "classify", "--json", "--jobs", "2"]
# As root, so that even root may not read what is closed.
OBEDIENT = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search",
     "--inh-caps=-dac_override,-dac_read_search"]
    if hasattr(os, "geteuid") and os.geteuid() == 0 else []
)  # fmt: skip

# Read by every Python process of the command when it starts: some names are deadly.
DEADLY = """
import io, builtins, os, signal
opened = io.open
def deadly(file, *arguments, **more):
    name = os.path.basename(os.fspath(file)) if not isinstance(file, int) else ""
    name = os.fsdecode(name)
    if name.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith("memory"):
        raise MemoryError
    if name.startswith("odd"):
        raise RuntimeError("a riddle\\nof two lines")
    return opened(file, *arguments, **more)
io.open = builtins.open = deadly
"""


def wav(samples: np.ndarray, **more: object) -> bytes:
    out = io.BytesIO()
    sf.write(out, samples, 22_050, format="WAV", **more)
    return out.getvalue()


def patched(content: bytes, at: int, layout: str, value: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(layout, changed, at, value)
    return bytes(changed)


def bad_files(folder: Path, tone: np.ndarray) -> dict[str, str]:
    """Write files that have no answer; return their names, each with a word of its sentence."""
    good = wav(tone)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("song.txt", "la la la")
    contents: dict[str, tuple[bytes, str]] = {
        "codec.wav": (patched(good, 20, "<H", 0x99), "codec.wav"),
        "rate1.wav": (patched(good, 24, "<I", 1), "rate1.wav"),
        "rate0.wav": (patched(good, 24, "<I", 0), "rate0.wav"),
        "channels0.wav": (patched(good, 22, "<H", 0), "channels0.wav"),
        "nan.wav": (wav(np.full(tone.size, np.nan), subtype="FLOAT"), "nan.wav"),
        "infinite.wav": (wav(np.full(tone.size, np.inf), subtype="FLOAT"), "infinite.wav"),
        "silent.wav": (wav(np.zeros_like(tone)), "silent"),
        "short.wav": (wav(tone[:2000]), "at least 3 s"),
        "nothing.wav": (wav(tone[:0]), "nothing.wav"),
        "empty.flac": (b"", "empty"),
        "head.flac": (b"fLaC", "head.flac"),
        "poem.mp3": (b"Roses are red.\n" * 100, "not a sound file"),
        "page.ogg": (b"<!doctype html><title>Not found</title>", "not a sound file"),
        "archive.m4a": (archive.getvalue(), "not a sound file"),
        "picture.mp3": (b"\x89PNG\r\n\x1a\n" + bytes(500), "picture.mp3"),
        "noise.wav": (b"RIFF" + np.random.default_rng(0).bytes(5000), "noise.wav"),
        "list.mp3": (b"#EXTM3U\nhttp://127.0.0.1:9/a.mp3\n", "list.mp3"),
        "._mac.mp3": (bytes.fromhex("0005160700020000") + b"Mac OS X        " + bytes(58), "._mac"),
        "\x1b[31mred\nline.wav": (b"escape", "red"),
        "memory.wav": (good, "memory than is free"),
        "odd.wav": (good, "something unexpected went wrong (RuntimeError)"),
        "kill.wav": (good, "its process was ended"),
        os.fsdecode(b"caf\xe9.wav"): (b"latin-1", "not a sound file"),
    }
    told = {}
    for name, (content, word) in contents.items():
        (folder / name).write_bytes(content)
        told[str(folder / name)] = word
    os.mkfifo(folder / "pipe.wav")
    (folder / "gone.wav").symlink_to("nowhere.wav")
    (folder / "round.wav").symlink_to("round.wav")
    (folder / "closed.wav").write_bytes(good)
    (folder / "closed.wav").chmod(0)
    (folder / "closed").mkdir(mode=0)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket.wav"))
    told |= {
        str(folder / "pipe.wav"): "a pipe, not a file",
        str(folder / "socket.wav"): "a socket, not a file",
        str(folder / "gone.wav"): "does not exist",
        str(folder / "round.wav"): "round.wav",
        str(folder / "closed.wav"): "ermission denied",
        str(folder / "closed"): "permission denied",
        str(folder / "nosuch.wav"): "does not exist",
        str(folder / ("x" * 300 + ".wav")): "x.wav",
        "/dev/zero": "a device, not a file",
        "/dev/stdin": "not a file",
    }
    return told


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes and sockets in folders")
@pytest.mark.skipif(
    bool(OBEDIENT) and not shutil.which("setpriv"), reason="root may read everything"
)
def test_three_hundred_files_and_every_fault(
    tmp_path: Path, tone: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's address is short
    good = tmp_path / "good"
    good.mkdir()
    clip = tone[:75_000]  # 3.1 s at the rate of Opus
    formats = [
        ("wav", {}), ("flac", {}), ("ogg", {}), ("mp3", {}), ("aiff", {}), ("au", {}), ("caf", {}),
        ("w64", {}), ("opus", {"format": "OGG", "subtype": "OPUS"}), ("rf64", {}),
    ]  # fmt: skip
    for suffix, more in formats:
        sf.write(good / f"000.{suffix}", clip, 24_000 if suffix == "opus" else 22_050, **more)
    # Two whose samples lie far beyond full scale; there is an answer, or one sentence.
    loud = {}
    for name, level in {"loud30.wav": 1e30, "loud38.wav": 3e38}.items():
        (tmp_path / name).write_bytes(wav(clip.astype(float) * level, subtype="FLOAT"))
        loud[str(tmp_path / name)] = name
    bad = bad_files(tmp_path, clip)
    n = 300 - len(bad) - len(loud)
    for k in range(len(formats), n):
        first = good / f"000.{formats[k % len(formats)][0]}"
        shutil.copy(first, good / f"{k:03d}{first.suffix}")
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(DEADLY)

    # The bad ones lie among the good ones.
    given: list[str] = []
    for k, path in enumerate(sorted(map(str, good.iterdir()))):
        given.append(path)
        if k % 9 == 4:
            given += [*bad, *loud][k // 9 : k // 9 + 1]
    given += [name for name in (*bad, *loud) if name not in given]
    assert len(given) == 300
    done = subprocess.run(
        [*OBEDIENT, *COMMAND, *given],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(hook)},
        stdin=subprocess.DEVNULL,
        timeout=600,
    )
    assert done.returncode == 2
    assert done.stderr == b""
    records = [json.loads(line, parse_constant=pytest.fail) for line in done.stdout.splitlines()]
    told = [os.fsencode(name).decode("utf-8", "backslashreplace") for name in map(str, given)]
    assert [r["file"] for r in records] == told
    for name, record in zip(map(str, given), records, strict=True):
        message = record["message"]
        assert "Traceback" not in message
        assert message.endswith(".")
        if name in bad:
            assert record["status"] == "error", name
            assert bad[name] in message, message
        elif name not in loud:
            assert record["status"] != "error", message
            assert sum(record["probabilities"].values()) == pytest.approx(1)


def test_the_rest_is_answered_when_a_worker_is_killed(tmp_path: Path, tone: np.ndarray) -> None:
    for k in range(12):
        sf.write(tmp_path / f"{k:02d}.wav", tone, 22_050)
    with subprocess.Popen(
        [*COMMAND, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline()]  # the workers are at work
        workers = [
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if "popen_loky" in " ".join(child.cmdline())
        ]
        assert len(workers) == 2
        workers[0].send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
        errors = process.stderr.read()
    records = [json.loads(line) for line in lines]
    assert [Path(r["file"]).name for r in records] == [f"{k:02d}.wav" for k in range(12)]
    # Whatever it was working on is tried again, so nothing is lost.
    assert {r["status"] == "error" for r in records} == {False}
    assert process.returncode == 0
    assert errors == ""


# -- the parts ----------------------------------------------------------------------------


def act(path: Path) -> str:
    """Do what the name says."""
    if path.name == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if path.name == "crash":
        import ctypes

        ctypes.string_at(0)
    if path.name == "odd":
        raise KeyError("a\nb")
    if path.name == "memory":
        raise MemoryError
    if path.name == "told":
        raise AudionomeError("It is told.")
    if path.name == "system":
        raise OSError(5, "Input/output error", "/a/path")
    return path.name.upper()


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_failure_is_one_sentence(jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    names = ["a", "odd", "memory", "told", "system", "b"]
    got = list(batch.for_each(act, [Path(n) for n in names], jobs=jobs))
    assert [got[0], got[-1]] == ["A", "B"]
    assert [isinstance(g, batch.Failure) for g in got] == [False, True, True, True, True, False]
    assert got[1].startswith('"odd" could not be analysed: something unexpected went wrong (KeyErr')
    assert got[2] == '"memory" could not be analysed: it needs more memory than is free.'
    assert got[3] == "It is told."
    assert got[4] == '"system" cannot be read: input/output error.'
    assert "Traceback" not in capfd.readouterr().err


def test_only_what_kills_its_process_is_lost() -> None:
    names = [str(k) for k in range(20)]
    names[3], names[11], names[19] = "die", "crash", "die"
    got = list(batch.for_each(act, [Path(n) for n in names], jobs=2))
    lost = [k for k, result in enumerate(got) if isinstance(result, batch.Failure)]
    assert lost == [3, 11, 19]
    assert "its process was ended" in got[11]
    assert [g for k, g in enumerate(got) if k not in lost] == [
        n for k, n in enumerate(names) if k not in lost
    ]


ALONE = """
from pathlib import Path
from audionome import batch, cli

def app():
    names = ["a", "odd", "b"]
    print(*batch.for_each(str, [Path(name) for name in names], jobs=2))
    print(*sorted(batch.as_completed(str, names, jobs=-1)))
    raise BrokenPipeError(32, "Broken pipe")

cli.app = app
cli.main()
"""


def test_where_no_process_can_be_started_all_is_done_in_this_one(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\nif 'loky' in str(sys.orig_argv): os._exit(3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ALONE],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.stdout.splitlines() == ["a odd b", "('a', 'a') ('b', 'b') ('odd', 'odd')"]
    told, lost = done.stderr.splitlines()  # once, and a pipe of ours is not one of the terminal
    assert told.startswith("audionome: No other process can be started here")
    assert lost.startswith("audionome: a process was ended from outside")
    assert done.returncode == 2


def test_a_traceback_is_there_for_who_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(batch.DEBUG_VARIABLE, "1")
    list(batch.for_each(act, [Path("odd")]))
    assert "KeyError: 'a\\nb'" in capsys.readouterr().err


def test_no_more_processes_than_are_of_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    assert batch.processes(300, 2) == 2
    assert batch.processes(300, 1000) == 16
    assert batch.processes(-1, 1000) == 4
    assert batch.processes(3, 1000) == 3
    # Never one: that would be this process, which a crash would end.
    assert batch.processes(5, 1) == 2
    with joblib.parallel_config("threading"):  # as with a cluster: its size is not ours to limit
        assert batch.processes(-1, 2) == -1
    for jobs in (0, -2, -300):
        with pytest.raises(AudionomeError, match=f"{jobs} is not a number of processes"):
            batch.require_jobs(jobs)
