"""The dashboard: choose a sound file, hear it, see what genre it may be.

Bytes come from the browser in pieces (`DropZone`), `audionome.classify` answers in a worker
thread, and the answer is drawn by `Answer`; `Dashboard` joins the three. Nothing is decoded,
computed or classified here, and no sound is written to disk or logged.

Conventions
-----------
A *job* is one chosen file, numbered by the browser. The newest job wins: whatever an older one
still sends or computes is dropped. Every callback is guarded, so that a failure ends in the log of
the server with its traceback and on the screen as one sentence.
"""

from __future__ import annotations

import functools
import gzip
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anywidget
import ipywidgets
import traitlets
from traitlets.log import get_logger

if TYPE_CHECKING:
    from audionome.charts import Chart
    from audionome.classifier import Prediction

__all__ = ["MAX_BYTES", "Answer", "Dashboard", "DropZone", "answer_of"]

#: Largest file that is accepted.
MAX_BYTES = 64 * 1024 * 1024

SORRY = "Something went wrong on our side, not on yours. Try again, or try another file."

_STATIC = Path(__file__).parent / "static"
_PROGRESS_EVERY = 0.1  # s

Callback = TypeVar("Callback", bound=Callable[..., Any])


class _SupersededError(Exception):
    """Raised inside an analysis to end it: another file was chosen."""


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
            self.fail(SORRY)

    return run  # type: ignore[return-value]


class DropZone(anywidget.AnyWidget):
    """Takes one sound file by drag and drop or by choice, plays it, and reports on its analysis.

    Parameters
    ----------
    on_start
        Called with the job when a file was chosen, before its first byte.
    on_file
        Called with the job and the whole content.
    limit
        Largest file (bytes). The browser checks it first; it is checked again here.
    """

    _esm = _STATIC / "dropzone.js"
    _css = _STATIC / "dropzone.css"

    limit = traitlets.Int(MAX_BYTES).tag(sync=True)
    #: What the browser shows: ``job``, ``state`` ("idle", "analysing", "done" or "error"),
    #: ``sentence`` and ``fraction``.
    report = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        on_start: Callable[[int], None] = lambda job: None,
        on_file: Callable[[int, bytes], None],
        limit: int = MAX_BYTES,
    ) -> None:
        super().__init__(limit=limit)
        self._on_start = on_start
        self._on_file = on_file
        self._job = 0
        self._size = 0  # bytes that are announced; 0 while none are expected
        self._content = bytearray()
        self._lock = threading.RLock()
        self.on_msg(self._receive)

    def is_current(self, job: int) -> bool:
        """Whether this job is still the newest one."""
        return job == self._job

    def tell(self, job: int, state: str, sentence: str = "", fraction: float = 0.0) -> None:
        """Show the state of a job, unless a newer one has taken its place."""
        with self._lock:
            if self.is_current(job):
                self.report = {
                    "job": job,
                    "state": state,
                    "sentence": sentence,
                    "fraction": round(fraction, 3),
                }

    def fail(self, sentence: str, *, job: int | None = None) -> None:
        """Show a sentence instead of an answer; by default for the newest job."""
        self.tell(self._job if job is None else job, "error", sentence)

    @_guarded
    def _receive(self, _: Any, message: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        kind, job = message.get("type"), int(message.get("job", 0))
        if kind in {"begin", "cancel"}:
            with self._lock:
                self._job, self._content = job, bytearray()
            self._on_start(job)
            if kind == "cancel":
                self.tell(job, "idle")
            else:
                self._begin(job, int(message["size"]))
        elif kind == "chunk" and self.is_current(job):
            self._append(job, buffers[0])

    def _begin(self, job: int, size: int) -> None:
        self._size = size if size <= self.limit else 0
        if size > self.limit:
            self.fail(
                f"This file has {size / 2**20:.0f} MiB; at most {self.limit // 2**20} MiB can be "
                "sent. Cut it, or save it as MP3, and try again."
            )
        elif not size:
            self._complete(job)

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
            self._complete(job)

    def _complete(self, job: int) -> None:
        content = bytes(self._content)
        self._size, self._content = 0, bytearray()
        self._on_file(job, content)


class Answer(anywidget.AnyWidget):
    """Draws an answer: the sentence, the genre, the charts with text alternatives and tables."""

    _esm = _STATIC / "answer.js"
    _css = _STATIC / "answer.css"

    #: From `answer_of`; empty for nothing.
    result = traitlets.Dict().tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.on_msg(self._receive)

    def fail(self, sentence: str) -> None:
        """Tell the browser that charts cannot be drawn; their tables stay."""
        self.send({"type": "failed", "sentence": sentence})

    @_guarded
    def _receive(self, _: Any, message: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        if message.get("type") == "plotly":
            self.send({"type": "plotly"}, buffers=[_plotly_js()])


class Dashboard(ipywidgets.VBox):
    """The whole page.

    Parameters
    ----------
    classify
        From bytes and a ``progress`` callback to a prediction; by default `audionome.classify`.
    limit
        Largest file (bytes).

    Examples
    --------
    >>> Dashboard()  # doctest: +SKIP
    """

    def __init__(
        self, *, classify: Callable[..., Prediction] | None = None, limit: int = MAX_BYTES
    ) -> None:
        self.drop = DropZone(on_start=self._start, on_file=self._analyse, limit=limit)
        self.answer = Answer()
        super().__init__([self.drop, self.answer])
        self._classify = classify
        # One worker: an older analysis ends at its next step, and two never share the memory.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audionome")
        self._running: Future[None] | None = None
        self._warm = self._worker.submit(self._warm_up) if classify is None else None

    def fail(self, sentence: str, *, job: int | None = None) -> None:
        """Show a sentence instead of an answer; by default for the newest job."""
        self.drop.fail(sentence, job=job)

    def _warm_up(self) -> None:
        # The imports and the model take longer than an answer. A failure here is not told: whoever
        # chooses a file meets the same one, with a sentence.
        try:
            import audionome

            audionome.load_classifier()
            from audionome import charts  # noqa: F401
        except Exception:
            get_logger().exception("Dashboard: the model could not be loaded")

    def _start(self, job: int) -> None:
        if self._running is not None:
            self._running.cancel()
        self.answer.result = {}

    def _analyse(self, job: int, content: bytes) -> None:
        waits = self._warm is not None and not self._warm.done()
        sentence = "Loading the model; only the first answer waits for it…"
        self.drop.tell(job, "analysing", sentence if waits else "Listening to the sound…")
        self._running = self._worker.submit(self._work, job, content)

    def _work(self, job: int, content: bytes) -> None:
        """Classify in the worker thread and show the answer, or a sentence."""
        from audionome.audio import AudioError

        try:
            classify = self._classify
            if classify is None:
                import audionome

                classify = audionome.classify
            prediction = classify(content, progress=self._progress_of(job))
            self._show(job, answer_of(prediction))
        except _SupersededError:
            pass
        except AudioError as error:
            self.fail(str(error), job=job)
        except Exception:
            get_logger().exception("Dashboard: the analysis failed")
            self.fail(SORRY, job=job)

    def _show(self, job: int, result: dict[str, Any]) -> None:
        with self.drop._lock:  # between the check and the answer no newer file may begin
            if self.drop.is_current(job):
                self.answer.result = {"job": job, **result}
                self.drop.tell(job, "done", "Done. The answer is below.", 1.0)

    def _progress_of(self, job: int) -> Callable[[float, str], None]:
        last = 0.0

        def progress(fraction: float, step: str) -> None:
            nonlocal last
            if not self.drop.is_current(job):
                raise _SupersededError
            now = time.monotonic()
            if now - last >= _PROGRESS_EVERY:
                last = now
                self.drop.tell(job, "analysing", f"{step.capitalize()}…", fraction)

        return progress


def answer_of(prediction: Prediction) -> dict[str, Any]:
    """Turn a prediction into what `Answer` draws, in words and plain JSON.

    Parameters
    ----------
    prediction
        From `audionome.classify`.

    Returns
    -------
    dict
        ``status``, ``genre``, ``sentence``, ``confidence``, ``color``, ``facts`` (pairs of name
        and value) and ``charts``.
    """
    from audionome import charts

    minutes, seconds = divmod(round(prediction.duration), 60)
    count = len(prediction.windows)
    return {
        "status": prediction.status,
        "genre": prediction.genre,
        "sentence": prediction.message,
        "confidence": f"{prediction.confidence:.0%}",
        "color": charts.PALETTE.get(prediction.genre, charts.OTHER),
        "facts": [
            ["Tempo", f"{prediction.tempo:.0f} beats/min" if prediction.tempo else "no clear beat"],
            ["Length", f"{minutes}:{seconds:02d} min"],
            ["Listened to", f"{count} window{'s' if count != 1 else ''} of 3 s"],
            ["Sounds most like", ", ".join(n.track for n in prediction.neighbours[:3])],
            ["Computed in", f"{sum(prediction.seconds.values()):.1f} s"],
        ],
        "charts": [
            _chart(charts.probability_bars(prediction.probabilities)),
            _chart(charts.reason_bars(prediction.reasons, prediction.genre)),
            _chart(charts.timeline(prediction.windows)),
        ],
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "caption": chart.caption,
        "alt": chart.alt,
        "figure": chart.figure.to_json(),
        "height": int(chart.figure.layout.height or 400),
        "columns": [str(name) for name in chart.table.columns],
        "rows": [[str(value) for value in row] for row in chart.table.itertuples(index=False)],
    }


@functools.cache
def _plotly_js() -> bytes:
    """Return plotly.js from the installed package, compressed: nothing comes from another host."""
    from plotly.offline import get_plotlyjs

    return gzip.compress(get_plotlyjs().encode(), compresslevel=1)
