"""The dashboard: give it music, hear it, see what genre it may be and why.

One widget holds the page. The browser keeps the files, sends one after the other in pieces, plays
them, and keeps the answers; `audionome.classify` and `audionome.app.details` work in a thread here,
and `audionome.app.payload` puts into words what they return. No sound is written to disk or logged:
the bytes of a file are gone when its answer is there.

Conventions
-----------
A *job* is one recording, numbered by the browser. The newest job wins: whatever an older one still
sends or is classified for is dropped. Every callback is guarded, so that a failure ends in the log
of the server with its traceback and on the screen as one sentence.

Messages from the browser: ``begin`` and ``chunk`` (a file), ``example``, ``cancel``, ``plotly``,
``ping``, ``again``. Messages to it: ``received``, ``sound`` (an example, to be played), ``answer``,
``details``, ``report``, ``plotly``, ``failed``, ``pong``.
Those about sound that the browser cannot play are `audionome.app.sound`'s.

The session is the browser's: it keeps the rows and the answers, and goes on with another kernel
when this one is gone.

What is sent while the connection is interrupted is lost on both sides. So ``pong`` says what became
of the newest job, and the browser asks for a lost answer with ``again``.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gzip
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anywidget
import traitlets
from traitlets.log import get_logger

from audionome._paths import data_path
from audionome.app import model, payload
from audionome.app.environment import CLIPS_VARIABLE, REPORT_VARIABLE, SERVER_VARIABLE
from audionome.app.sound import SoundDesk

if TYPE_CHECKING:
    from audionome.app.details import Details
    from audionome.models.prediction import Prediction

__all__ = ["MAX_BYTES", "MAX_SECONDS", "Dashboard", "page"]

#: To be raised when the payload of an answer changes its form.
FORMAT = 2
#: Largest file that is accepted.
MAX_BYTES = 64 * 1024 * 1024
#: Longest recording that is accepted (seconds): one visitor must not keep a class waiting.
MAX_SECONDS = 3600.0

_STATIC = Path(__file__).parent / "static" / "dashboard"
_PROGRESS_EVERY = 0.1  # s

Callback = TypeVar("Callback", bound=Callable[..., Any])


class _SupersededError(Exception):
    """Raised inside an analysis to end it: it was stopped, or another recording was begun."""


def _guarded(callback: Callback) -> Callback:
    """Make a method end in a sentence on the screen when it fails.

    A front end shows nothing of an exception in a callback. The logger is the kernel's own: it
    writes to the terminal of the server, while ``sys.stderr`` would go to the browser.
    """

    @functools.wraps(callback)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return callback(self, *args, **kwargs)
        except Exception:
            get_logger().exception("Dashboard: %s failed", callback.__qualname__)
            self.fail(payload.FAILED)

    return run  # type: ignore[return-value]


def _source(kind: str, *names: str) -> str:
    """Return several files as one module of the browser: no build step, no requests."""
    return "\n".join((_STATIC / f"{name}.{kind}").read_text("utf-8") for name in names)


class Dashboard(anywidget.AnyWidget):
    """The whole page.

    Parameters
    ----------
    classify : callable, optional
        From bytes and a ``progress`` callback to a prediction; by default `audionome.classify`.
    measure_details : callable, optional
        From bytes and the prediction to the details; by default
        `audionome.app.details.measure_details`.
    limit : int
        Largest file (bytes). The browser checks it first; it is checked again here.
    longest : float
        Longest recording (seconds).
    clips : Path, optional
        Folder of the reader's own music to choose examples from; by default what the environment
        variable ``AUDIONOME_GTZAN_CLIPS`` names, if anything.
    notice : str
        A sentence to show above everything.

    Examples
    --------
    >>> Dashboard()  # doctest: +SKIP
    """

    _esm = _source(
        "js",
        *("page", "link", "watch", "store", "queue"),
        *("plots", "sound", "player", "card", "science", "answer", "compare"),
        *("folder", "recorder", "intake"),
        *("csv", "rows", "finder", "notices", "session"),
        *("room", "projector", "sheet", "main"),
    )
    _css = _source(
        "css",
        *("page", "intake", "card", "player", "compare", "session", "projector", "print"),
    )

    #: Numbers the form of the messages: a page keeps answers, and only of its own form.
    format = traitlets.Int(FORMAT).tag(sync=True)
    limit = traitlets.Int(MAX_BYTES).tag(sync=True)
    longest = traitlets.Float(MAX_SECONDS).tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)
    #: What the page says it does: which genres its model knows.
    lead = traitlets.Unicode().tag(sync=True)
    #: Where the report is: an address or a path below the page's own, with a slash at its end.
    book = traitlets.Unicode().tag(sync=True)
    #: Groups of examples: pairs of a heading and of pairs of identifier and name.
    examples = traitlets.List().tag(sync=True)
    #: What the browser shows: ``job``, ``state`` ("idle", "analysing", "done" or "error"),
    #: ``sentence`` and ``fraction``.
    report = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        classify: Callable[..., Prediction] | None = None,
        measure_details: Callable[[bytes, Prediction], Details] | None = None,
        limit: int = MAX_BYTES,
        longest: float = MAX_SECONDS,
        clips: Path | None = None,
        notice: str = "",
    ) -> None:
        self._files = _examples(clips)
        lead, trouble = model.lead()
        super().__init__(
            limit=limit,
            longest=longest,
            notice=" ".join(filter(None, [notice, trouble])),
            lead=lead,
            book=os.environ.get(REPORT_VARIABLE, ""),
            examples=payload.examples_payload(self._files),
        )
        self._classify = classify
        self._measure_details = measure_details
        self._job = 0
        self._name = ""
        self._size = 0  # bytes that are announced; 0 while none are expected
        self._content = bytearray()
        #: The newest answer, for a browser that lost it on the way.
        self._newest: tuple[int, str, Prediction] | None = None
        self._lock = threading.RLock()
        # One worker: an older analysis ends at its next step, and two never share the memory.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audionome")
        self._sounds = SoundDesk(
            send=self.send,
            submit=self._worker.submit,
            busy=lambda: self._running is not None and not self._running.done(),
            limit=limit,
            longest=longest,
            examples=self._files,
        )
        self._running: Future[None] | None = None
        self._warm: Future[None] | None = None
        self.on_msg(self._receive)

    # -- what the browser is told ---------------------------------------------------------

    def tell(self, job: int, state: str, sentence: str = "", fraction: float = 0.0) -> None:
        """Show the state of a job, unless a newer one has taken its place.

        Parameters
        ----------
        job : int
            Number of the recording.
        state : {"idle", "analysing", "done", "error"}
        sentence : str
            What is shown beside it.
        fraction : float
            Share of the work that is done, in [0, 1].
        """
        with self._lock:
            if job == self._job:
                self.report = {
                    "job": job,
                    "state": state,
                    "sentence": sentence,
                    "fraction": round(fraction, 3),
                }

    def fail(self, sentence: str, *, job: int | None = None) -> None:
        """Show a sentence instead of an answer.

        Parameters
        ----------
        sentence : str
        job : int, optional
            Number of the recording; by default the newest.
        """
        self.tell(self._job if job is None else job, "error", sentence)

    # -- what the browser says ------------------------------------------------------------

    @_guarded
    def _receive(self, _: Any, message: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        if message.get("purpose") == "sound":
            self._sounds.receive(message, buffers)
            return
        kind, job = message.get("type"), int(message.get("job", 0))
        if self._warm is None and self._classify is None:
            # Not earlier: it would keep the page itself waiting.
            self._warm = self._worker.submit(self._warm_up)
        if kind == "ping":
            self._send_pong()
        elif kind == "again":
            self._send_again(job)
        elif kind == "plotly":
            self._send_plotly()
        elif kind == "chunk":
            if job == self._job:
                self._append(job, buffers[0])
        elif kind in {"begin", "example", "cancel"}:
            self._take(job, str(message.get("name", "")))
            if kind == "cancel":
                self.tell(job, "idle")
            elif kind == "example":
                self._play_example(job, str(message["id"]))
            else:
                self._begin(job, int(message["size"]))
        else:
            raise ValueError(f"unknown message: {kind!r}")

    def _take(self, job: int, name: str) -> None:
        with self._lock:
            self._job, self._name, self._newest = job, name, None
            self._size, self._content = 0, bytearray()
        if self._running is not None:
            self._running.cancel()

    def _begin(self, job: int, size: int) -> None:
        if size > self.limit:
            self.fail(payload.too_large(self.limit))
        elif size:
            self._size = size
        else:
            self._analyse(job, b"")

    def _append(self, job: int, piece: memoryview) -> None:
        if not self._size:
            return  # the rest of a file that was refused
        received = len(self._content) + len(piece)
        if received > self._size:
            self._size, self._content = 0, bytearray()
            raise ValueError("more bytes arrived than the browser announced")
        self._content += piece
        self.send({"type": "received", "job": job, "bytes": received})
        if received == self._size:
            content = bytes(self._content)
            self._size, self._content = 0, bytearray()
            self._analyse(job, content)

    def _play_example(self, job: int, identifier: str) -> None:
        # The browser names an entry of the list, never a path.
        path = self._files[identifier]
        try:
            content = path.read_bytes()
        except OSError as error:
            self.fail(payload.unreadable(path.name, error.strerror), job=job)
            return
        self.send({"type": "sound", "job": job, "name": path.name}, buffers=[content])
        self._analyse(job, content)

    def _send_pong(self) -> None:
        with self._lock:
            known = self.report.get("job") == self._job
            state = self.report["state"] if known else "uploading"
            count = len(self._content)
            pong = {"type": "pong", "job": self._job, "state": state, "bytes": count}
            self.send({**pong, "making": self._sounds.making()})

    def _send_again(self, job: int) -> None:
        with self._lock:
            known = self._newest is not None and self._newest[0] == job
            if self._newest is not None and known:
                _, name, prediction = self._newest
                answer = payload.answer_payload(prediction, name=name)
                self.send({"type": "answer", "job": job, **answer})
            self.send({"type": "report", "report": self.report})
            if known and self._running is not None and self._running.done():
                self.send({"type": "details", "job": job, "sentence": payload.LOST_DETAILS})

    def _send_plotly(self) -> None:
        try:
            code = _plotly_js()
        except Exception:
            get_logger().exception("Dashboard: plotly.js cannot be read")
            self.send({"type": "failed", "what": "plotly"})
        else:
            self.send({"type": "plotly"}, buffers=[code])

    # -- the work -------------------------------------------------------------------------

    def _warm_up(self) -> None:
        # The imports and the model take longer than an answer. A failure here is not told: whoever
        # chooses a file meets the same one, with a sentence.
        try:
            model.chosen()
            from audionome import charts  # noqa: F401
            from audionome.app import details  # noqa: F401
        except Exception:
            get_logger().exception("Dashboard: the model could not be loaded")

    def _analyse(self, job: int, content: bytes) -> None:
        waits = self._warm is not None and not self._warm.done()
        self.tell(job, "analysing", payload.LOADING if waits else payload.ANALYSING)
        self._running = self._worker.submit(self._work, job, self._name, content)

    def _work(self, job: int, name: str, content: bytes) -> None:
        """Classify in the worker thread and show the answer, or a sentence."""
        from audionome.errors import AudioError, ModelError

        try:
            classify = self._classify
            if classify is None:
                classify = functools.partial(model.chosen().classify, max_seconds=self.longest)
            prediction = classify(content, progress=self._progress_of(job))
            answer = payload.answer_payload(prediction, name=name)
        except _SupersededError:
            return
        except (AudioError, ModelError) as error:
            self.fail(str(error), job=job)
            return
        except Exception:
            get_logger().exception("Dashboard: the analysis failed")
            self.fail(payload.FAILED, job=job)
            return
        with self._lock:  # between the check and the answer no newer job may begin
            if job != self._job:
                return
            self._newest = job, name, prediction
            self.send({"type": "answer", "job": job, **answer})
            self.tell(job, "done", fraction=1.0)
        self._send_details(job, content, prediction)

    def _send_details(self, job: int, content: bytes, prediction: Prediction) -> None:
        try:
            from audionome.app import details

            measure = self._measure_details or details.measure_details
            told = payload.details_payload(measure(content, prediction))
        except Exception:
            get_logger().exception("Dashboard: the details failed")
            told = {"sentence": payload.NO_DETAILS}
        self.send({"type": "details", "job": job, **told})
        _give_back_memory()

    def _progress_of(self, job: int) -> Callable[[float, str], None]:
        last = 0.0

        def progress(fraction: float, step: str) -> None:
            nonlocal last
            if job != self._job:
                raise _SupersededError
            now = time.monotonic()
            if now - last >= _PROGRESS_EVERY:
                last = now
                self.tell(job, "analysing", f"{step.capitalize()}…", fraction)

        return progress


def page() -> Dashboard:
    """Return the dashboard for a notebook.

    Returns
    -------
    Dashboard
        Under a Voilà without our settings, with a notice that says so.
    """
    foreign = (
        os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
        and SERVER_VARIABLE not in os.environ
    )
    return Dashboard(notice=payload.FOREIGN_SERVER if foreign else "")


def _give_back_memory() -> None:
    """Return to the system what was freed: the C library keeps it, and a class shares it."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _examples(clips: Path | None) -> dict[str, Path]:
    """Return what can be chosen by identifier: recordings, the reader's own clips, pieces."""
    from audionome.datasets.recordings import recordings

    files = {f"recording {recording.name}": recording.path for recording in recordings()}
    folder = clips or os.environ.get(CLIPS_VARIABLE)
    if folder:
        from audionome.files import scan

        files |= {f"clip {k}": path for k, path in enumerate(scan(folder).files)}
    return files | {f"piece {p.stem}": p for p in sorted(data_path("examples").glob("*.ogg"))}


@functools.cache
def _plotly_js() -> bytes:
    """Return plotly.js from the installed package, compressed: nothing comes from another host."""
    from plotly.offline import get_plotlyjs

    return gzip.compress(get_plotlyjs().encode(), compresslevel=1)
