"""Kernels that start at once: copies of one process that has everything imported.

Each visitor of the dashboard has a kernel. Started from nothing, it takes seconds of a core and two
hundred megabytes to import what every other one has imported too; a class that arrives together
would wait for minutes. So the server keeps one process, the *fork server*, with the imports and the
model, and forks it: a kernel is there in a fraction of a second, and shares its memory with the
others until it writes. The word, and the way, are those of `multiprocessing`.

Linux only, where a fork of a process without threads is safe; elsewhere, and should the fork server
fail, kernels start as ever. `audionome.app.server.settings` names `ForkingProvisioner`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.provisioning import LocalProvisioner

__all__ = ["ForkServer", "ForkingProvisioner"]

_LAUNCHER = "ipykernel_launcher"


def _forks() -> bool:
    """Return whether kernels can be forked here, and held by a descriptor."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # an old kernel, or a sandbox
        return False
    return True


_FORKS = _forks()


def _holds_sockets(folder: Path) -> bool:
    """Return whether sockets with names as long as a kernel's can be made in a folder."""
    name = folder / "01234567-12345"
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(str(name))
    except OSError:
        return False
    name.unlink()
    return True


class _Forked:
    """A forked kernel in the place of `subprocess.Popen`; the fork server is its parent.

    It is held by a descriptor, not by its number, which the system may give to another process.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, parent: int) -> None:
        self.pid = pid
        self._handle: int | None = None
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            handle = os.pidfd_open(pid)
            if psutil.Process(pid).ppid() == parent:  # else the number is another's already
                self._handle = handle
            else:
                os.close(handle)

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def poll(self) -> int | None:
        if self._handle is not None:
            ended = select.poll()
            ended.register(self._handle, select.POLLIN)
            if ended.poll(0):
                self._close()
        return 0 if self._handle is None else None  # nobody asks how it ended

    def wait(self) -> int:
        self._close()
        return 0

    def send_signal(self, signum: int) -> None:
        # One that has just ended needs no signal.
        if self.poll() is None and self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signum)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkServer:
    """The process that is forked; asked in lines of JSON, it answers with process numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            # -P: what lies in the folder of the start is no module of ours.
            [sys.executable, "-P", "-m", "audionome.app.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the server, which ends us
        )
        atexit.register(self.close)

    def close(self) -> None:
        """End it, even in the midst of its imports."""
        self._process.terminate()
        self._process.wait()

    def fork(self, arguments: list[str], env: dict[str, str], cwd: str | None) -> _Forked:
        """Start a kernel.

        Parameters
        ----------
        arguments : list of str
            Of ``ipykernel_launcher``.
        env : dict
            The kernel's whole environment.
        cwd : str or None
            Folder to work in.

        Returns
        -------
        _Forked
            Stands for the process.

        Raises
        ------
        OSError, ValueError
            If the fork server has ended, or does not say a number.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._lock:
            stdin.write(json.dumps({"arguments": arguments, "env": env, "cwd": cwd}) + "\n")
            stdin.flush()
            answer = stdout.readline()
            if not answer:
                raise ChildProcessError("the fork server has ended")
            # Before the next fork, which might get the number of this one.
            return _Forked(int(answer), self._process.pid)


class ForkingProvisioner(LocalProvisioner):
    """Starts kernels by forking, where that can be done."""

    _server: ForkServer | None = None
    _sockets: Path | None = None

    @classmethod
    def prepare(cls, folder: Path) -> None:
        """Start the imports now, before the first visitor comes.

        Parameters
        ----------
        folder : Path
            For the sockets through which kernels are spoken to. Where there can be none, kernels
            get ports.
        """
        ForkingProvisioner._sockets = folder if _FORKS and _holds_sockets(folder) else None
        if _FORKS:
            cls.fork_server()

    @classmethod
    def fork_server(cls) -> ForkServer:
        """Return the one of this process; the first call starts it."""
        if ForkingProvisioner._server is None:
            ForkingProvisioner._server = ForkServer()
        return ForkingProvisioner._server

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Prepare a kernel; see `jupyter_client.KernelProvisionerBase`.

        A kernel is spoken to through sockets in a folder. It would get ports of the network that
        were free a moment ago, and among many visitors somebody else has one of them by then.
        """
        manager = self.parent
        if manager is not None and self._sockets is not None:
            manager.transport = "ipc"
            manager.ip = str(self._sockets / self.kernel_id[:8])
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch a kernel; see `jupyter_client.KernelProvisionerBase`."""
        if _FORKS and _LAUNCHER in cmd:
            arguments = cmd[cmd.index(_LAUNCHER) + 1 :]
            env = dict(kwargs.get("env") or os.environ)
            server = self.fork_server()
            try:
                # In a thread: the first kernel waits for the imports, the server must not.
                forked = await asyncio.to_thread(server.fork, arguments, env, kwargs.get("cwd"))
            except (OSError, ValueError) as error:
                self.log.warning("Kernels start slowly, without the fork server: %s", error)
                server.close()
                ForkingProvisioner._server = None
            else:
                self.process = forked  # type: ignore[assignment]
                self.pid = forked.pid  # and no `pgid`: signals go by the descriptor
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


# -- in the fork server -------------------------------------------------------------------


def _prepare() -> None:
    """Do once what every kernel would do again: imports, the model, a first answer."""
    import io

    import ipykernel.ipkernel
    import ipykernel.kernelapp  # noqa: F401
    import numpy as np
    import soundfile

    from audionome import audio
    from audionome.app import details, model, payload, widget  # noqa: F401

    clicks = np.zeros(audio.WINDOW_HOP, np.float32)
    clicks[::11025] = 0.5
    content = io.BytesIO()
    soundfile.write(content, clicks, audio.SAMPLE_RATE, format="WAV")
    answer = model.chosen().classify(content.getvalue())
    payload.answer_payload(answer)
    payload.details_payload(details.measure_details(content.getvalue(), answer))


def _become_kernel(request: dict[str, Any]) -> None:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # the fork server's answers are not for a kernel's words
    os.environ.clear()
    os.environ.update(request["env"])
    if request["cwd"]:
        os.chdir(request["cwd"])

    from ipykernel.kernelapp import IPKernelApp

    # The kernel ends itself when its parent does: the fork server, which ends with the server.
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    # Failures are logged. Among the warnings is one, for every visitor, that the kernel listens on
    # this machine without encryption; what it is sent is signed.
    quiet = "--IPKernelApp.log_level=ERROR"
    IPKernelApp.launch_instance(argv=[*request["arguments"], parent, quiet])


def _serve() -> None:
    _prepare()
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
