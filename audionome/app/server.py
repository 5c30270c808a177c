"""The dashboard's server: Voilà with our settings, as ``audionome dashboard`` starts it.

`settings` holds what differs from Voilà's own; ``voila.py`` of a checkout hands it to a ``voila``
that is started there by hand. The server keeps what it writes in a temporary folder of its own: it
needs no home, leaves nothing in one, and does not read the user's settings of Jupyter.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import shutil
import signal
import socket
import ssl
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome._extras import require_extra
from audionome.app.environment import (
    CLIPS_VARIABLE,
    MODEL_VARIABLE,
    REPORT_VARIABLE,
    SERVER_VARIABLE,
)
from audionome.app.model import require
from audionome.app.place import PORT, Place, ServerError, encryption, listening, path_of, report_of

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["PORT", "ServerError", "prepare", "run", "settings"]

_PACKAGE = Path(__file__).parents[1]
_PACKAGES = ("voila", "anywidget", "ipykernel", "ipywidgets", "pandas", "plotly", "psutil", "segno")
_BUILT = (_PACKAGE.parent / "book" / "_build" / "html").resolve()
# Of pings: Tornado takes Jupyter's milliseconds for its own seconds.
_NO_FAILURE = r"SSL Error on |The websocket_ping_timeout |404 (GET|DELETE) \S*/api/kernels/"
_STATE = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


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
    for source in ("asyncio", "tornado.access", "tornado.general"):
        logging.getLogger(source).addFilter(_worth_telling)
    ForkingProvisioner.prepare(state)


def _worth_telling(record: logging.LogRecord) -> bool:
    """Return whether a record is a failure.

    None is a visitor who left while something was sent, a page that asks for a kernel that was
    ended, nor a browser that asks whether to trust a certificate of our own making, or comes with
    http where https is spoken.
    """
    from tornado.websocket import WebSocketClosedError

    if record.exc_info and isinstance(record.exc_info[1], WebSocketClosedError):
        return False
    said = record.getMessage()
    return not ("Kernel does not exist" in said or re.match(_NO_FAILURE, said))


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
        # ms. A page is asked for a sign of life each time, and given up after three. With a shorter
        # time each page would lose its connection before it is asked for the first time.
        "ws_ping_interval": 30_000,
        "ws_ping_timeout": 90_000,
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


def run(
    *,
    host: str = "localhost",
    port: int = PORT,
    base_url: str = "/",
    certificate: str = "",
    key: str = "",
    report: str = "",
    model: str = "",
) -> None:
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
    certificate, key : str
        Files in PEM form, for https.
    report : str
        The report that answers link to: a folder, which is served below the page, or an address.
        By default the one that was built in the checkout, if it was.
    model : str
        Path of a model of one's own that answers; by default the one that ships.

    Raises
    ------
    ModelError
        If there is no such model, or it is not what it should be.
    ServerError
        If Voilà is not installed, the path is none, the server may not listen there, or a file
        cannot be used.
    """
    if report and Path(report).resolve() == _BUILT:
        report = ""
    place = Place(
        host,
        port,
        path_of(base_url),
        certificate,
        key,
        report,
        model,
        checkout=_in_checkout(),
    )
    try:
        _run(place)
    except KeyboardInterrupt:  # while it was starting
        raise SystemExit(128 + signal.SIGINT) from None


def _in_checkout() -> bool:
    return notebook().parents[1] == _PACKAGE.parent and (_PACKAGE.parent / "Makefile").is_file()


def _run(place: Place) -> None:
    for ending in _endings():
        signal.signal(ending, signal.default_int_handler)
    _look_for_voila()
    secret = encryption(place.certificate, place.key)
    if place.model:
        os.environ[MODEL_VARIABLE] = require(place.model)
    folder, os.environ[REPORT_VARIABLE] = report_of(place.report, _BUILT)
    sockets = listening(place.host, place.port)
    if clips := os.environ.get(CLIPS_VARIABLE):
        os.environ[CLIPS_VARIABLE] = os.path.abspath(clips)  # kernels run in another folder
    prepare()
    c = settings()
    c.Voila.log_level = "WARN"
    c.Voila.notebook_path = str(notebook())
    c.Voila.base_url = place.base_url
    c.Voila.open_browser = False
    c.Voila.config_file_paths = []
    server = _server_class()(config=c)
    server.sockets = sockets
    server.secret = secret
    server.place = place.on(sockets)
    server.report = folder
    server.initialize([])
    # Trust is about output that is stored in a notebook; ours has none.
    server.log.addFilter(lambda record: "is not trusted" not in record.getMessage())
    server.log.addFilter(_worth_telling)
    if clips and not Path(clips).is_dir():
        server.log.warning(
            '%s names no folder: "%s"; the page shows no clips of yours.', CLIPS_VARIABLE, clips
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
    from tornado.web import HTTPError, RedirectHandler
    from voila.app import Voila
    from voila.handler import BaseVoilaHandler
    from voila.static_file_handler import AllowListFileHandler
    from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

    from audionome.app.classroom import Code, Report, Room

    class Nothing(BaseVoilaHandler):
        """Every path but the page's."""

        def get(self, path: str) -> None:
            raise HTTPError(404)

    class Socket(VoilaKernelWebsocketHandler):
        """The way to a kernel; one client must not be able to stop the server for all others."""

        def write_message(self, message: Any, binary: bool = False) -> Any:
            if isinstance(message, bytes) and self.selected_subprotocol is None:
                # Voilà would look for a header that only the newer protocol has, and never end.
                return super(VoilaKernelWebsocketHandler, self).write_message(message, binary)
            return super().write_message(message, binary)

        def write_error(self, status_code: int, **_: Any) -> None:
            """Say no more: Jupyter's page about a kernel that has gone cannot be written here."""
            self.finish()

    class Server(Voila):
        sockets: list[socket.socket]
        secret: ssl.SSLContext | None
        place: Place
        report: Path | None

        def init_handlers(self) -> list[Any]:
            how = {"voila_configuration": self.voila_configuration}
            here = {"place": self.place, **how}
            below = self.server_url
            ours: list[Any] = [
                (f"{below}class", Room, here),
                (f"{below}class/code.svg", Code, here),
            ]
            if below != "/":  # not kept by the browser: the next server may have no path
                home = {"url": below, "permanent": False}
                ours += [(path, RedirectHandler, home) for path in ("/", below.rstrip("/"))]
            if self.report is not None:
                served = {"path": str(self.report), **how}
                ours += [
                    (f"{below}report", RedirectHandler, {"url": f"{below}report/"}),
                    (f"{below}report/(.*)", Report, served),
                ]
            instead: dict[Any, tuple[Any, ...]] = {
                AllowListFileHandler: (Nothing, how),
                VoilaKernelWebsocketHandler: (Socket,),
            }
            theirs = super().init_handlers()
            return ours + [(rule[0], *instead.get(rule[1], rule[1:])) for rule in theirs]

        def listen(self) -> None:
            HTTPServer(self.app, ssl_options=self.secret).add_sockets(self.sockets)
            self.ioloop = IOLoop.current()
            for ending in _endings():
                signal.signal(ending, self._handle_signal_stop)
            told = f"The dashboard: {self.place.address}"
            if own := self.place.own_address:
                told += f"  or on this computer {own}"
            told += "  (stop it with Ctrl-C)"
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
