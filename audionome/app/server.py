"""The dashboard's server: Voilà with our settings, as ``audionome dashboard`` starts it.

`settings` holds what differs from Voilà's own; ``voila.py`` of a checkout hands it to a ``voila``
that is started there by hand. The server keeps what it writes in a temporary folder of its own: it
needs no home, leaves nothing in one, and does not read the user's settings of Jupyter.
"""

from __future__ import annotations

import atexit
import errno
import logging
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome._extras import require_extra
from audionome.app.environment import CLIPS_VARIABLE, SERVER_VARIABLE
from audionome.errors import AudionomeError

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["PORT", "ServerError", "prepare", "run", "settings"]

PORT = 8866

_PACKAGE = Path(__file__).parents[1]
_PACKAGES = ("voila", "anywidget", "ipykernel", "ipywidgets", "pandas", "plotly", "psutil")
_STATE = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


class ServerError(AudionomeError):
    """The server cannot be started as it was asked to be."""


def notebook() -> Path:
    """Return the path of the notebook that is the page.

    Returns
    -------
    Path
        A wheel's, or a checkout's.
    """
    installed = _PACKAGE / "_notebooks" / "dashboard.ipynb"
    return installed if installed.is_file() else _PACKAGE.parent / "notebooks" / installed.name


def prepare() -> None:
    """Set the environment of the server and of its kernels, and start the imports.

    To be called once, before anything of Jupyter is asked for its folders.

    Raises
    ------
    ServerError
        If there is no folder to write to.
    """
    from audionome.app.fork_server import ForkingProvisioner

    try:
        state = Path(tempfile.mkdtemp(prefix="audionome-"))  # for this user's eyes alone
    except OSError as error:
        raise ServerError(
            "The server needs a folder for temporary files; set TMPDIR to one that may be written."
        ) from error
    atexit.register(shutil.rmtree, state, ignore_errors=True)
    for name in _STATE:
        folder = state / name.lower()
        folder.mkdir()
        os.environ[name] = str(folder)
    try:
        Path.home()
    except RuntimeError:  # a user that the system does not know
        os.environ["HOME"] = str(state)
    # Jupyter's search path: where Voilà finds templates/audionome.
    paths = [str(Path(__file__).with_name("static")), os.environ.get("JUPYTER_PATH", "")]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, paths))
    os.environ.pop("JUPYTER_CONFIG_PATH", None)
    # The kernel of this environment, even where the user has another one called "python3".
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # A visitor's kernel uses one core: the others belong to other visitors.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ[SERVER_VARIABLE] = "1"
    logging.getLogger("asyncio").addFilter(_worth_telling)
    ForkingProvisioner.prepare(state)


def _worth_telling(record: logging.LogRecord) -> bool:
    """Return whether a record is a failure: a visitor who left while something was sent is none."""
    from tornado.websocket import WebSocketClosedError

    return not (record.exc_info and isinstance(record.exc_info[1], WebSocketClosedError))


def settings() -> Config:
    """Return what the dashboard asks of Voilà.

    Returns
    -------
    Config
        For `voila.app.Voila`; it names folders that `prepare` has made.

    See Also
    --------
    prepare : To be called before.
    """
    from traitlets.config import Config

    c = Config()

    # -- the page
    c.VoilaConfiguration.template = "audionome"
    c.VoilaConfiguration.theme = "light"  # the page itself follows the visitor's choice of dark
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.allow_theme_override = "NO"
    c.VoilaConfiguration.show_tracebacks = False
    c.VoilaConfiguration.file_allowlist = []  # no file beside the notebook is served
    c.VoilaConfiguration.extension_allowlist = [  # others would only make the page slower to start
        "@voila-dashboards/widgets-manager8",
        "@jupyter-widgets/jupyterlab-manager",
        "anywidget",
    ]
    c.VoilaConfiguration.resources = {"language_code": "en"}
    c.Voila.connection_dir_root = os.environ["JUPYTER_RUNTIME_DIR"]

    # -- uploads
    c.Voila.tornado_settings = {
        # Files of up to 64 MiB come in pieces of 1 MiB. Tornado drops a longer message without a
        # word, so this limit (its default is 10 MiB) keeps well away from the pieces.
        "websocket_max_message_size": 32 * 1024 * 1024,
        "ws_ping_timeout": 30_000,  # ms; by default longer than Tornado allows
        # The browser itself refuses to speak to any other host.
        "headers": {
            "Content-Security-Policy": (
                "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
                "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
            )
        },
    }
    # plotly.js goes to each page in one message of 1.7 MB.
    c.ZMQChannelsWebsocketConnection.iopub_data_rate_limit = 10_000_000

    # -- kernels: one per visitor, ended with the page; those whose visitor vanished are culled.
    # They are forked, so that a class that comes together does not wait. No preheated kernels:
    # together with culling they leave visitors on "Loading widget…".
    c.KernelProvisionerFactory.default_provisioner_name = "audionome-forking"
    # A dead kernel is noticed and not started again: a second one would know nothing of the page.
    c.KernelManager.autorestart = True
    c.KernelRestarter.restart_limit = 0
    c.KernelRestarter.time_to_dead = 1.0  # s between two looks
    c.MappingKernelManager.cull_idle_timeout = 600
    c.MappingKernelManager.cull_interval = 60
    c.MappingKernelManager.cull_connected = False
    return c


def run(*, host: str = "localhost", port: int = PORT, base_url: str = "/") -> None:
    """Serve the dashboard until it is interrupted; the address is printed once it answers.

    Parameters
    ----------
    host : str
        Name or address of this machine to listen on: ``"localhost"`` for this machine alone,
        ``"0.0.0.0"`` for every machine of the network.
    port : int
        From 1 to 65535.
    base_url : str
        Path of the page, for a proxy that shows it below one: letters, digits and ``-_.~/``.

    Raises
    ------
    ServerError
        If Voilà is not installed, the path is none, or the server may not listen there.
    """
    try:
        _run(host, port, _path(base_url))
    except KeyboardInterrupt:  # while it was starting
        raise SystemExit(128 + signal.SIGINT) from None


def _run(host: str, port: int, base_url: str) -> None:
    for ending in _endings():
        signal.signal(ending, signal.default_int_handler)
    _look_for_voila()
    sockets = _listening(host, port)
    if folder := os.environ.get(CLIPS_VARIABLE):
        os.environ[CLIPS_VARIABLE] = os.path.abspath(folder)  # kernels run in another folder
    prepare()
    c = settings()
    c.Voila.log_level = "WARN"
    c.Voila.notebook_path = str(notebook())
    c.Voila.base_url = base_url
    c.Voila.open_browser = False
    c.Voila.config_file_paths = []
    server = _server_class()(config=c)
    server.sockets = sockets
    server.address = _address(host, port, base_url)
    server.initialize([])
    # Trust is about output that is stored in a notebook; ours has none.
    server.log.addFilter(lambda record: "is not trusted" not in record.getMessage())
    if folder and not Path(folder).is_dir():
        server.log.warning(
            '%s names no folder: "%s"; the page shows no clips of yours.', CLIPS_VARIABLE, folder
        )
    server.start()


def _endings() -> list[signal.Signals]:
    """Return the signals that end the server; one that it was told to ignore (nohup) does not."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return [one for one in known if signal.getsignal(one) is not signal.SIG_IGN]


def _look_for_voila() -> None:
    # In a checkout `python -m audionome` would find the settings, voila.py, in Voilà's place.
    sys.path[:] = [p for p in sys.path if not (Path(p) / "voila.py").is_file()]
    require_extra("dashboard", *_PACKAGES, who="The dashboard")


def _server_class() -> Any:
    """Return Voilà's application with what a person meets who starts and ends it."""
    from tornado.httpserver import HTTPServer
    from tornado.ioloop import IOLoop
    from tornado.web import HTTPError
    from voila.app import Voila
    from voila.handler import BaseVoilaHandler
    from voila.static_file_handler import AllowListFileHandler

    class Nothing(BaseVoilaHandler):
        """Every path but the page's."""

        def get(self, path: str) -> None:
            raise HTTPError(404)

    class Server(Voila):
        sockets: list[socket.socket]
        address: str

        def init_handlers(self) -> list[Any]:
            nothing = (Nothing, {"voila_configuration": self.voila_configuration})
            return [
                (rule[0], *nothing) if rule[1] is AllowListFileHandler else rule
                for rule in super().init_handlers()
            ]

        def listen(self) -> None:
            HTTPServer(self.app).add_sockets(self.sockets)
            self.ioloop = IOLoop.current()
            for ending in _endings():
                signal.signal(ending, self._handle_signal_stop)
            told = f"The dashboard: {self.address}  (stop it with Ctrl-C)"
            self.ioloop.add_callback(print, told, flush=True)
            try:
                self.ioloop.start()
            finally:
                self.stop()

        def stop(self) -> None:
            try:
                super().stop()
            except Exception as error:  # such as a kernel that never started
                self.log.warning("Not every session could be ended in good order: %s", error)

    return Server


def _listening(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen, or say in a sentence why there are none."""
    from tornado.netutil import bind_sockets

    if not 1 <= port <= 65535:
        raise ServerError(f"There is no port {port}; choose one from 1 to 65535, such as {PORT}.")
    foreign = ServerError(
        f'"{host}" is not an address of this machine; choose localhost, or 0.0.0.0 to let other '
        "machines in."
    )
    if not host:  # which would be all of them
        raise foreign
    try:
        sockets = bind_sockets(port, host)
    except (socket.gaierror, UnicodeError) as error:
        raise foreign from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise foreign from error
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else PORT
            raise ServerError(
                f"Port {port} is taken, perhaps by another dashboard; choose a free one: "
                f"--port {other} (with make: DASHBOARD_PORT={other})."
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise ServerError(
                f"Port {port} is not open to you; choose one from 1024 up, such as {PORT}."
            ) from error
        raise ServerError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
    everywhere = {"0.0.0.0", "::"}
    # "*", "0" and the like would let the network in without saying so.
    if host not in everywhere and any(one.getsockname()[0] in everywhere for one in sockets):
        for one in sockets:
            one.close()
        raise foreign
    return sockets


def _path(base_url: str) -> str:
    """Return the path between slashes, if a browser, a proxy and Voilà all read it alike."""
    parts = [part for part in base_url.split("/") if part]
    if not re.fullmatch(r"[\w.~/-]*", base_url, re.ASCII) or {".", ".."} & set(parts):
        raise ServerError(
            f'"{base_url}" cannot be the path of the page; use letters, digits and -_.~/ only, '
            "such as /music."
        )
    return "/".join(["", *parts, ""])


def _address(host: str, port: int, base_url: str) -> str:
    # "::" listens on IPv6 alone, which the machine's name need not lead to.
    shown = {"0.0.0.0": socket.gethostname(), "::": "::1"}.get(host, host)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}{base_url}"
