"""The same work on a Dask cluster: a real scheduler, worker processes, and their deaths."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile as sf

from audionome import batch
from audionome.collection import cluster, sources
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


def answer(name: str) -> dict[str, Any]:
    """Answer as a run does."""
    from audionome import classify

    with sources.opened(name) as path:
        said = classify(path).as_dict()
    return {k: v for k, v in said.items() if k != "seconds"}


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

        with Client(self.address, timeout=20, set_as_default=False) as client:
            client.wait_for_workers(n, timeout=30)


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


def test_a_killed_worker_changes_nothing(two: Cluster, tone: np.ndarray, tmp_path: Path) -> None:
    """Bit for bit what this process answers, each file once."""
    names = []
    for k in range(10):
        names.append(str(tmp_path / f"{k:02d} a\nb é.wav"))
        sf.write(names[-1], np.roll(tone, 700 * k)[k % 4 * 9000 :], 22_050)
    names.append(os.fsdecode(b"%s/caf\xe9.wav" % os.fsencode(tmp_path)))
    shutil.copy(names[0], names[-1])
    local = {name: answer(name) for name in names}

    before = workers(two)
    got: dict[str, Any] = {}
    for name, result in cluster.for_each_on(answer, names, address=two.address):
        assert name not in got
        got[name] = result
        if len(got) == 2:
            before[0].kill()
    assert got == local
    assert not before[0].is_running()


def workers(of: Cluster) -> list[psutil.Process]:
    """Return the processes that work, which a client may ask for."""
    from distributed import Client

    with Client(of.address, timeout=20, set_as_default=False) as client:
        return [psutil.Process(pid) for pid in client.run(os.getpid).values()]


def test_faults_and_limits(two: Cluster, tmp_path: Path) -> None:
    """A bad file is one sentence, and few tasks are under way however many names there are."""
    names = files(
        tmp_path, "told.wav", "odd.wav", "die é.wav", *(f"{k:03d}.wav" for k in range(60))
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
    assert most <= 3 * 4 + 1  # four threads
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


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_ANSWER", 1.0)
    begin = time.monotonic()
    with socket.socket() as other:  # of another kind: it takes the call and says nothing
        other.bind((HOST, 0))
        other.listen()
        silent = f"tcp://{HOST}:{other.getsockname()[1]}"
        for address in (silent, f"tcp://{HOST}:{free_port()}", "nowhere", "foo://x:1", ""):
            with pytest.raises(cluster.ClusterError, match=r"^No Dask scheduler answers at"):
                cluster.require_cluster(address)
    assert time.monotonic() - begin < 10


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
    monkeypatch.setattr("audionome.__version__", "99.0")
    assert "and 99.0 is used here; install the same version." in sentence()
    assert not done
    monkeypatch.undo()

    told: list[str] = []
    monkeypatch.setattr(cluster, "_PACKAGES", ("numpy", "scipy"))
    monkeypatch.setattr(cluster, "_packages", lambda: {"numpy": "0.1"})
    cluster.require_cluster(two.address, tell=told.append)
    assert len(told) == 1
    assert "(0.1 here)" in told[0]


def test_what_is_missing_and_what_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No workers, no Audionome, no files; then the last worker goes, and then the scheduler."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "audionome.py").write_text("raise ModuleNotFoundError(name='audionome')\n")
    (hidden / "sitecustomize.py").write_text(
        textwrap.dedent(
            """
            import os
            stat = os.stat
            def blind(path, *a, **k):
                if str(path).endswith("unseen.wav"):
                    raise FileNotFoundError(2, "no such file")
                return stat(path, *a, **k)
            if "BLIND" in os.environ:
                os.stat = blind
            """
        )
    )
    names = files(tmp_path, "unseen.wav", *(f"{k:02d}.wav" for k in range(40)))
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

        path = os.pathsep.join((str(Path(__file__).parent), str(hidden / "..")))
        shutil.copy(hidden / "sitecustomize.py", tmp_path)
        blind = own.add("--no-nanny", "--nthreads", "1", PYTHONPATH=path, BLIND="1")
        own.await_workers(1)
        with pytest.raises(
            cluster.ClusterError, match=r'does not see "unseen.wav" as this machine'
        ):
            list(cluster.for_each_on(act, names, address=own.address))

        told, n = cut_off(own, names[1:], blind)
        assert "has had no workers for a minute; start some with" in told
        assert told.endswith("What is done is kept; the same command goes on from there.")
        assert 1 <= n < 40

        own.add("--no-nanny", "--nthreads", "1")
        own.await_workers(1)
        told, n = cut_off(own, names[1:], own.scheduler)
        assert "is lost; start it and its workers again. What is done is kept" in told
        assert 1 <= n < 40


def cut_off(of: Cluster, names: list[str], victim: subprocess.Popen[bytes]) -> tuple[str, int]:
    """Kill a process when the first result comes; return the sentence, and how many came."""
    got = 0
    try:
        for _ in cluster.for_each_on(act, names, address=of.address):
            got += 1
            victim.kill()
    except cluster.ClusterError as error:
        return str(error), got
    return "", got
