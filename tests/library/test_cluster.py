"""The same work on a Dask cluster: a real scheduler, worker processes, and their deaths."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile as sf

import audionome
from audionome import batch
from audionome.collection import answers, cluster, index, sources
from audionome.collection.vectors import VectorStore
from audionome.collection.work import Progress
from audionome.errors import AudionomeError

# -- what the workers do; they import this file -------------------------------------------


def act(name: str) -> tuple[str, int]:
    """Do what the name says."""
    base = Path(name).name
    if base.startswith("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if base.startswith("told"):
        raise AudionomeError("It is told.")
    if base.startswith("odd"):
        raise KeyError("a\nb")
    time.sleep(0.05)
    with sources.opened(name) as path:
        return path.read_text(encoding="utf-8"), os.getpid()


def lacking() -> str:
    """Return what is not the same in two processes."""
    return f"the model of process {os.getpid()}"


def missing() -> str:
    """Load a model that lies on the machine of the test alone."""
    if "AUDIONOME_TEST_WORKER" in os.environ:
        raise AudionomeError('There is no model "my.model"; give it to this machine too.')
    return "mine"


# -- a cluster ----------------------------------------------------------------------------

SCHEDULER = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
WORKER = [sys.executable, "-m", "distributed.cli.dask_worker"]
HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process with all that it starts, and end all of it."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parent,  # where no package lies
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        family = [process.pid, *(p.pid for p in children(process))]
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()


def children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


class Cluster:
    """A scheduler that knows nothing of Audionome, and workers that do."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.port = free_port()
        self.address = f"tcp://{HOST}:{self.port}"
        self.scheduler = stack.enter_context(
            started(
                [*SCHEDULER, "--host", HOST, "--port", str(self.port), "--no-dashboard"],
                DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",  # a new worker takes seconds
            )
        )

    def add(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a nanny with workers; the tests lie where they find them."""
        command = [*WORKER, self.address, "--host", HOST, "--no-dashboard", *options]
        here = {"PYTHONPATH": str(Path(__file__).parent), "AUDIONOME_TEST_WORKER": "1"}
        return self._stack.enter_context(started(command, **(here | environment)))

    def await_workers(self, n: int) -> None:
        from distributed import Client

        with Client(self.address, timeout=120, set_as_default=False) as client:
            client.wait_for_workers(n, timeout=120)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is late here because the machine is busy."""
    for name in ("_ANSWER", "_FETCH"):
        monkeypatch.setattr(cluster, name, 120.0)


@pytest.fixture(scope="module")
def two() -> Iterator[Cluster]:
    """Two worker processes, each with a nanny that starts another when it dies."""
    with ExitStack() as stack:
        found = Cluster(stack)
        found.add("--nworkers", "2", "--nthreads", "2")
        found.await_workers(2)
        yield found


def files(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).write_text(name, encoding="utf-8")
    return [str(folder / name) for name in names]


def words(result: object) -> str:
    return result if isinstance(result, batch.Failure) else ""


# -- the work -----------------------------------------------------------------------------


def music(folder: Path, tone: np.ndarray, *, n: int) -> Path:
    """Write a folder with short recordings, odd names and a file that is no recording."""
    folder.mkdir()
    for k in range(n):
        sf.write(folder / f"{k:02d} a\nb é.wav", np.roll(tone, 700 * k)[k % 4 * 9000 :], 22_050)
    shutil.copy(folder / "00 a\nb é.wav", folder / os.fsdecode(b"caf\xe9.wav"))
    (folder / "poem.mp3").write_text("Roses are red.\n" * 100)
    return folder


def test_a_killed_worker_changes_nothing(two: Cluster, tone: np.ndarray, tmp_path: Path) -> None:
    """The tables are those of this process, bit for bit."""
    folder = music(tmp_path / "music", tone, n=7)
    local = answers.classify([folder], tmp_path / "local.jsonl", jobs=1)
    before = workers(two)

    def kill(state: Progress) -> None:
        if state.step == "working" and state.done == 2:
            before[0].kill()

    far = answers.classify([folder], tmp_path / "far.jsonl", cluster=two.address, progress=kill)
    before[0].wait(120)
    assert far.errors is not None
    assert local.errors is not None
    assert far.errors.read_text() == local.errors.read_text()
    assert far.table.read_bytes() == local.table.read_bytes()
    assert (far.done.computed, far.done.failed) == (8, 1)
    again = answers.classify([folder], far.table, cluster=two.address)
    assert (again.done.kept, again.done.computed, again.done.failed) == (8, 0, 1)

    index.build([folder], tmp_path / "local.index", jobs=1)
    index.build([folder], tmp_path / "far.index", cluster=two.address)
    with VectorStore(tmp_path / "local.index") as one, VectorStore(tmp_path / "far.index") as other:
        rows = list(one.rows())
        assert len(rows) == 8
        assert rows == list(other.rows())


def workers(of: Cluster) -> list[psutil.Process]:
    """Return the processes that work, which a client may ask for."""
    from distributed import Client

    with Client(of.address, timeout=120, set_as_default=False) as client:
        return [psutil.Process(pid) for pid in client.run(os.getpid).values()]


def test_faults_and_limits(two: Cluster, tmp_path: Path) -> None:
    """A bad file is one sentence, and few tasks are under way however many names there are."""
    names = files(
        tmp_path, "told.wav", "odd.wav", "die é.wav", *(f"{k:03d}.wav" for k in range(40))
    )
    names.append("/no/such/song.mp3")
    asked = 0

    def lazily() -> Iterator[str]:
        nonlocal asked
        for name in names:
            asked += 1
            yield name

    got: dict[str, Any] = {}
    most = 0
    for name, result in cluster.for_each_on(act, lazily(), address=two.address):
        got[name] = result
        most = max(most, asked - len(got))
    assert most <= 3 * 4 + 4  # four threads; and what was with the worker that died waits
    assert sorted(got) == sorted(names)
    told = {Path(n).name: words(r) for n, r in got.items() if words(r)}
    assert told.pop("told.wav") == "It is told."
    assert "unexpected went wrong (KeyError)" in told.pop("odd.wav")
    assert told.pop("die é.wav") == (
        '"die é.wav" could not be analysed: every worker that tried was ended, by a fault in the '
        "file or for lack of memory."
    )
    assert 'song.mp3" does not exist on the worker tcp://' in told.pop("song.mp3")
    assert not told
    assert all(r[0] == Path(n).name for n, r in got.items() if not words(r))


def test_urls(two: Cluster, tmp_path: Path) -> None:
    files(tmp_path, "a b.wav", "c.wav")
    shutil.make_archive(str(tmp_path / "music"), "zip", tmp_path, verbose=False)
    url = f"zip://::file://{tmp_path}/music.zip"
    names = [found.name for found in sources.find(url)]
    assert len(names) == 2
    got = dict(cluster.for_each_on(act, names, address=two.address))
    assert {text for text, _ in got.values()} == {"a b.wav", "c.wav"}


# -- what cannot be done is told before the work --------------------------------------------


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWER", 0.5)
    with socket.socket() as other:  # of another kind: it takes the call and says nothing
        other.bind((HOST, 0))
        other.listen()
        silent = f"tcp://{HOST}:{other.getsockname()[1]}"
        for address in (silent, f"tcp://{HOST}:{free_port()}", "nowhere", "foo://x:1", ""):
            with pytest.raises(cluster.ClusterError, match=r"^No Dask scheduler answers at"):
                cluster.require_cluster(address)
    command = [sys.executable, "-m", "audionome", "classify", "--dask", "", "--out"]
    done = subprocess.run([*command, tmp_path / "a.csv", tmp_path], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith('audionome: No Dask scheduler answers at ""; start one with')
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_unfit_workers(two: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another model, no model, another version: a sentence each, and nothing is done."""
    name = files(tmp_path, "a.wav")
    done: list[object] = []

    def sentence(**more: Any) -> str:
        with pytest.raises(cluster.ClusterError) as error:
            done.extend(cluster.for_each_on(act, name, address=two.address, **more))
        return str(error.value)

    assert "it has the model of process" in sentence(same=lacking)
    assert 'cannot do this work: There is no model "my.model"' in sentence(same=missing)
    version = audionome.__version__
    monkeypatch.setattr("audionome.__version__", "99.0")
    assert "and 99.0 is used here; install the same version." in sentence()
    assert not done
    monkeypatch.setattr("audionome.__version__", version)

    with monkeypatch.context() as patch:
        patch.setattr(sources, "size", lambda name: 7)
        name = ["/no/such/song.wav"]
        assert 'does not see "song.wav" as this machine does; put the files on' in sentence()
    assert not done

    with monkeypatch.context() as patch:  # as if they came when the others had been asked
        patch.setattr(cluster, "_require_workers", lambda *_: None)
        name = files(tmp_path, "a.wav")
        assert "came late cannot do this: it has the model of process" in sentence(same=lacking)
    assert not done

    told: list[str] = []
    monkeypatch.setattr(cluster, "_PACKAGES", ("numpy", "scipy"))
    monkeypatch.setattr(cluster, "_packages", lambda: {"numpy": "0.1"})
    cluster.require_cluster(two.address, tell=told.append)
    assert len(told) == 1
    assert "(0.1 here)" in told[0]


def test_what_is_missing_and_what_is_lost(
    tone: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No workers, no Audionome; then the last worker goes, and then the scheduler."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "audionome.py").write_text("raise ModuleNotFoundError(name='audionome')\n")
    names = files(tmp_path, *(f"{k:02d}.wav" for k in range(40)))
    monkeypatch.setattr(cluster, "_WORKERS", 0.5)
    monkeypatch.setattr(cluster, "_PATIENCE", 1.0)
    with ExitStack() as stack:
        own = Cluster(stack)
        with pytest.raises(cluster.ClusterError, match="has no workers; start some with"):
            list(cluster.for_each_on(act, names, address=own.address))

        bare = own.add("--no-nanny", PYTHONPATH=str(hidden))
        own.await_workers(1)
        with pytest.raises(cluster.ClusterError, match="it has no Audionome, or another version"):
            cluster.require_cluster(own.address)
        bare.terminate()
        bare.wait()

        last = own.add("--no-nanny", "--nthreads", "1")
        own.await_workers(1)
        results = cluster.for_each_on(act, names, address=own.address)
        next(results)
        last.kill()
        with pytest.raises(cluster.ClusterError, match="has had no workers for a minute; start"):
            list(results)

        own.add("--no-nanny", "--nthreads", "1")
        own.await_workers(1)
        folder = music(tmp_path / "music", tone, n=8)

        def kill(state: Progress) -> None:
            if state.step == "working" and state.done == 1:
                monkeypatch.setattr(cluster, "_ANSWER", 0.5)
                own.scheduler.kill()

        out = tmp_path / "table.jsonl"
        with pytest.raises(cluster.ClusterError, match="is lost; start it and its workers again"):
            answers.classify([folder], out, cluster=own.address, progress=kill)
        kept = answers.classify([folder], out, jobs=1).done
        assert kept.kept >= 1
        assert kept.kept + kept.computed + kept.reused == 9
