"""Kernels that start at once: copies of one process that has everything imported.

Each visitor of the dashboard has a kernel. Started from nothing, it takes seconds of a core and two
hundred megabytes to import what every other one has imported too; a class that arrives together
would wait for minutes. So the server keeps one process (the *nursery*) with the imports and the
model, and forks it: a kernel is there in a fraction of a second, and shares its memory with the
others until it writes.

Linux only, where a fork of a process without threads is safe; elsewhere, and should the nursery
fail, kernels start as ever. ``voila.py`` names `ForkingProvisioner`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

__all__ = ["ForkingProvisioner", "Nursery"]

_LAUNCHER = "ipykernel_launcher"
_FORKS = sys.platform == "linux"


class _Forked:
    """A forked kernel in the place of `subprocess.Popen`; the nursery is its parent."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0  # the nursery has taken note of how it ended; nobody asks
        return None

    def wait(self) -> int:
        return 0

    def send_signal(self, signum: int) -> None:
        os.kill(self.pid, signum)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Nursery:
    """The process that is forked; asked in lines of JSON, it answers with process numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "audionome.kernels"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, arguments: list[str], env: dict[str, str], cwd: str | None) -> int:
        """Start a kernel with the launcher's arguments, and return its process number."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._lock:
            stdin.write(json.dumps({"arguments": arguments, "env": env, "cwd": cwd}) + "\n")
            stdin.flush()
            answer = stdout.readline()
        if not answer:
            raise ChildProcessError("the nursery has ended")
        return int(answer)


class ForkingProvisioner(LocalProvisioner):
    """Starts kernels by forking, where that can be done."""

    _nursery: Nursery | None = None

    @classmethod
    def prepare(cls) -> None:
        """Start the imports now, before the first visitor comes."""
        if _FORKS:
            cls.nursery()

    @classmethod
    def nursery(cls) -> Nursery:
        """The one of this server, started with its first question."""
        if ForkingProvisioner._nursery is None:
            ForkingProvisioner._nursery = Nursery()
        return ForkingProvisioner._nursery

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch a kernel; see `jupyter_client.KernelProvisionerBase`."""
        if _FORKS and _LAUNCHER in cmd:
            arguments = cmd[cmd.index(_LAUNCHER) + 1 :]
            env = dict(kwargs.get("env") or os.environ)
            try:
                # In a thread: the first kernel waits for the imports, the server must not.
                fork = self.nursery().fork
                pid = await asyncio.to_thread(fork, arguments, env, kwargs.get("cwd"))
            except (OSError, ValueError) as error:
                self.log.warning("Kernels start slowly, without a nursery: %s", error)
                ForkingProvisioner._nursery = None
            else:
                self.process = _Forked(pid)  # type: ignore[assignment]
                self.pid, self.pgid = pid, pid
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


# -- in the nursery -----------------------------------------------------------------------


def _prepare() -> None:
    """Do once what every kernel would do again: imports, the model, a first answer."""
    import io

    import ipykernel.ipkernel
    import ipykernel.kernelapp  # noqa: F401
    import numpy as np
    import soundfile

    import audionome
    from audionome import audio, closer, dashboard

    clicks = np.zeros(audio.WINDOW_HOP, np.float32)
    clicks[::11025] = 0.5
    content = io.BytesIO()
    soundfile.write(content, clicks, audio.SAMPLE_RATE, format="WAV")
    answer = audionome.classify(content.getvalue())
    # Not the answer's charts: their table of usual values is read by threads, which a fork loses.
    dashboard.look_of(closer.look(content.getvalue(), answer))


def _become_kernel(request: dict[str, Any]) -> None:
    os.setsid()  # signals go to the kernel and what it started, not to the nursery
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # the nursery's answers are not for a kernel's words
    os.environ.clear()
    os.environ.update(request["env"])
    if request["cwd"]:
        os.chdir(request["cwd"])

    from ipykernel.kernelapp import IPKernelApp

    # The kernel ends itself when its parent does: the nursery, which ends with the server.
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    IPKernelApp.launch_instance(argv=[*request["arguments"], parent])


def _serve() -> None:
    _prepare()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    gc.collect()
    gc.freeze()  # the collector would write on every shared page
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        pid = os.fork()
        if not pid:
            _become_kernel(request)
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    _serve()
