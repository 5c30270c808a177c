"""The dashboard: give it music, hear it, see what genre it may be and why.

One widget holds the page. The browser keeps the files, sends one after the other in pieces, plays
them, and keeps the answers; `audionome.classify` and `audionome.app.details` work in a thread here.
Nothing is decoded, computed or classified by this module, and no sound is written to disk or
logged: the bytes of a file are gone when its answer is there.

Conventions
-----------
A *job* is one recording, numbered by the browser. The newest job wins: whatever an older one still
sends or is classified for is dropped. Every callback is guarded, so that a failure ends in the log
of the server with its traceback and on the screen as one sentence.

Messages from the browser: ``begin`` and ``chunk`` (a file), ``example``, ``cancel``, ``compare``,
``forget``, ``plotly``, ``ping``, ``again``. Messages to it: ``received``, ``sound`` (an example, to
be played), ``answer``, ``look``, ``report``, ``compared``, ``plotly``, ``failed``, ``pong``.

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
from audionome._words import likelihood
from audionome.app.server import CLIPS_VARIABLE

if TYPE_CHECKING:
    from audionome.app.details import Look
    from audionome.charts import Chart
    from audionome.models.classifier import Prediction

__all__ = [
    "CLIPS_VARIABLE",
    "MAX_BYTES",
    "MAX_SECONDS",
    "Dashboard",
    "answer_of",
    "comparison_of",
    "look_of",
    "page",
]

#: Largest file that is accepted.
MAX_BYTES = 64 * 1024 * 1024
#: Longest recording that is accepted (seconds): one visitor must not keep a class waiting.
MAX_SECONDS = 3600.0

SORRY = "Something went wrong on our side, not on yours. Try again, or try another file."
_FOREIGN = (
    "This server was started without the dashboard's settings, so charts and large files may fail "
    "without a word: stop it, and start it with the command: audionome dashboard"
)
_LOST_LOOK = "The connection was interrupted; choose the file again for the closer look."
_NO_LOOK = "The closer look failed on our side; the answer above is not touched by it."

_STATIC = Path(__file__).parent / "static" / "dashboard"
_PROGRESS_EVERY = 0.1  # s
_VIEWS = ("spectrogram", "mfcc", "chroma")

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
            self.fail(SORRY)

    return run  # type: ignore[return-value]


def _source(kind: str, *names: str) -> str:
    """One module of the browser from several files: no build step, no requests."""
    return "\n".join((_STATIC / f"{name}.{kind}").read_text("utf-8") for name in names)


class Dashboard(anywidget.AnyWidget):
    """The whole page.

    Parameters
    ----------
    classify
        From bytes and a ``progress`` callback to a prediction; by default `audionome.classify`.
    look
        From bytes and the prediction to a closer look; by default `audionome.app.details.look`.
    limit
        Largest file (bytes). The browser checks it first; it is checked again here.
    longest
        Longest recording (seconds).
    clips
        Folder of the reader's own music to choose examples from; by default what the environment
        variable ``AUDIONOME_GTZAN_CLIPS`` names, if anything.
    notice
        A sentence to show above everything.

    Examples
    --------
    >>> Dashboard()  # doctest: +SKIP
    """

    _esm = _source(
        "js", "page", "plots", "player", "answer", "session", "recorder", "watch", "intake"
    )
    _css = _source("css", "page", "answer", "session")

    limit = traitlets.Int(MAX_BYTES).tag(sync=True)
    longest = traitlets.Float(MAX_SECONDS).tag(sync=True)
    notice = traitlets.Unicode().tag(sync=True)
    #: Groups of examples: pairs of a heading and of pairs of identifier and name.
    examples = traitlets.List().tag(sync=True)
    #: What the browser shows: ``job``, ``state`` ("idle", "analysing", "done" or "error"),
    #: ``sentence`` and ``fraction``.
    report = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        *,
        classify: Callable[..., Prediction] | None = None,
        look: Callable[[bytes, Prediction], Look] | None = None,
        limit: int = MAX_BYTES,
        longest: float = MAX_SECONDS,
        clips: Path | None = None,
        notice: str = "",
    ) -> None:
        self._files = _examples(clips)
        super().__init__(limit=limit, longest=longest, notice=notice, examples=_listed(self._files))
        self._classify = classify
        self._look = look
        self._job = 0
        self._name = ""
        self._size = 0  # bytes that are announced; 0 while none are expected
        self._content = bytearray()
        self._answers: dict[int, tuple[str, Prediction]] = {}
        self._lock = threading.RLock()
        # One worker: an older analysis ends at its next step, and two never share the memory.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audionome")
        self._running: Future[None] | None = None
        self._warm: Future[None] | None = None
        self.on_msg(self._receive)

    # -- what the browser is told ---------------------------------------------------------

    def tell(self, job: int, state: str, sentence: str = "", fraction: float = 0.0) -> None:
        """Show the state of a job, unless a newer one has taken its place."""
        with self._lock:
            if job == self._job:
                self.report = {
                    "job": job,
                    "state": state,
                    "sentence": sentence,
                    "fraction": round(fraction, 3),
                }

    def fail(self, sentence: str, *, job: int | None = None) -> None:
        """Show a sentence instead of an answer; by default for the newest job."""
        self.tell(self._job if job is None else job, "error", sentence)

    # -- what the browser says ------------------------------------------------------------

    @_guarded
    def _receive(self, _: Any, message: dict[str, Any], buffers: Sequence[memoryview]) -> None:
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
        elif kind == "forget":
            self._answers.clear()
        elif kind == "compare":
            self._send_comparison([int(other) for other in message["jobs"]])
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
            self._job, self._name = job, name
            self._size, self._content = 0, bytearray()
        if self._running is not None:
            self._running.cancel()

    def _begin(self, job: int, size: int) -> None:
        if size > self.limit:
            self.fail(
                f"This file has more than {self.limit // 2**20} MiB, the most that can be sent. "
                "Cut it, or save it as MP3, and try again."
            )
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
            self.fail(f'"{path.name}" cannot be opened: {error.strerror}.', job=job)
            return
        self.send({"type": "sound", "job": job, "name": path.name}, buffers=[content])
        self._analyse(job, content)

    def _send_pong(self) -> None:
        with self._lock:
            known = self.report.get("job") == self._job
            state = self.report["state"] if known else "uploading"
            count = len(self._content)
            self.send({"type": "pong", "job": self._job, "state": state, "bytes": count})

    def _send_again(self, job: int) -> None:
        with self._lock:
            if job in self._answers:
                name, prediction = self._answers[job]
                self.send({"type": "answer", "job": job, **answer_of(prediction, name=name)})
            self.send({"type": "report", "report": self.report})
            if job in self._answers and self._running is not None and self._running.done():
                self.send({"type": "look", "job": job, "sentence": _LOST_LOOK})

    def _send_plotly(self) -> None:
        try:
            code = _plotly_js()
        except Exception:
            get_logger().exception("Dashboard: plotly.js cannot be read")
            self.send({"type": "failed", "what": "plotly"})
        else:
            self.send({"type": "plotly"}, buffers=[code])

    def _send_comparison(self, jobs: Sequence[int]) -> None:
        try:
            chosen = [self._answers[job] for job in jobs]
            self.send({"type": "compared", "jobs": list(jobs), **comparison_of(chosen)})
        except Exception:
            get_logger().exception("Dashboard: the comparison failed")
            self.send({"type": "failed", "what": "compared", "sentence": SORRY})

    # -- the work -------------------------------------------------------------------------

    def _warm_up(self) -> None:
        # The imports and the model take longer than an answer. A failure here is not told: whoever
        # chooses a file meets the same one, with a sentence.
        try:
            import audionome

            audionome.load_classifier()
            from audionome import charts, closer  # noqa: F401
        except Exception:
            get_logger().exception("Dashboard: the model could not be loaded")

    def _analyse(self, job: int, content: bytes) -> None:
        waits = self._warm is not None and not self._warm.done()
        sentence = "Loading the model; only the first answer waits for it…"
        self.tell(job, "analysing", sentence if waits else "Listening to the sound…")
        self._running = self._worker.submit(self._work, job, self._name, content)

    def _work(self, job: int, name: str, content: bytes) -> None:
        """Classify in the worker thread and show the answer, or a sentence."""
        from audionome.audio import AudioError

        try:
            classify = self._classify
            if classify is None:
                import audionome

                classify = functools.partial(audionome.classify, max_seconds=self.longest)
            prediction = classify(content, progress=self._progress_of(job))
            answer = answer_of(prediction, name=name)
        except _SupersededError:
            return
        except AudioError as error:
            self.fail(str(error), job=job)
            return
        except Exception:
            get_logger().exception("Dashboard: the analysis failed")
            self.fail(SORRY, job=job)
            return
        with self._lock:  # between the check and the answer no newer job may begin
            if job != self._job:
                return
            self._answers[job] = name, prediction
            self.send({"type": "answer", "job": job, **answer})
            self.tell(job, "done", "Done. The answer is below.", 1.0)
        self._look_closer(job, content, prediction)

    def _look_closer(self, job: int, content: bytes, prediction: Prediction) -> None:
        try:
            from audionome.app import details

            look = self._look or details.look
            self.send({"type": "look", "job": job, **look_of(look(content, prediction))})
        except Exception:
            get_logger().exception("Dashboard: the closer look failed")
            self.send({"type": "look", "job": job, "sentence": _NO_LOOK})
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
    """Return the dashboard for a notebook; under a Voilà without our settings it says so."""
    from audionome.app import server

    voila = os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
    return Dashboard(notice=_FOREIGN if voila and server.VARIABLE not in os.environ else "")


def _give_back_memory() -> None:
    """Return to the system what was freed: the C library keeps it, and a class shares it."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


# -- examples -----------------------------------------------------------------------------

_RECORDINGS = "Recordings, openly licensed"
_OWN = "Your own clips"
_SYNTHETIC = "Made by a program: the model never heard such sounds and is often wrong"


def _examples(clips: Path | None) -> dict[str, Path]:
    """Identifiers of what can be chosen: recordings, the reader's own clips, synthetic pieces."""
    from audionome.datasets.recordings import recordings

    files = {f"recording {recording.name}": recording.path for recording in recordings()}
    folder = clips or os.environ.get(CLIPS_VARIABLE)
    if folder:
        from audionome.files import scan

        files |= {f"clip {k}": path for k, path in enumerate(scan(folder).files)}
    return files | {f"piece {p.stem}": p for p in sorted(data_path("examples").glob("*.ogg"))}


def _listed(files: dict[str, Path]) -> list[Any]:
    groups: dict[str, list[list[str]]] = {}
    for identifier, path in files.items():
        kind, _, rest = identifier.partition(" ")
        group, name = {
            "recording": (_RECORDINGS, rest),
            "clip": (_OWN, path.name),
            "piece": (_SYNTHETIC, f"{path.stem} (synthetic)"),
        }[kind]
        groups.setdefault(group, []).append([identifier, name])
    return [[group, entries] for group, entries in groups.items()]


# -- what the browser draws ---------------------------------------------------------------


def answer_of(prediction: Prediction, *, name: str = "") -> dict[str, Any]:
    """Turn a prediction into what the page shows, in words and plain JSON.

    Parameters
    ----------
    prediction
        From `audionome.classify`.
    name
        Of the recording.

    Returns
    -------
    dict
        ``status``, ``genre``, ``headline``, ``sentence``, ``notes``, ``second``, ``confidence``,
        ``color``, ``duration``, ``facts`` (pairs of name and value), ``why`` (sentences),
        ``windows``, ``charts``, ``cells`` (of the session's table) and ``record`` (of its CSV file,
        with all digits).
    """
    from audionome import charts, load_classifier
    from audionome.app import details
    from audionome.models import attribution

    count = len(prediction.windows)
    tempo = f"{prediction.tempo:.0f} beats/min" if prediction.tempo else "no clear beat"
    rows = details.typical(prediction)
    ranked = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    around = details.tracks_around(load_classifier().index)
    return {
        "status": prediction.status,
        "genre": prediction.genre,
        "headline": prediction.headline,
        "sentence": prediction.message,
        "notes": [note.text for note in prediction.notes],
        "second": _second(prediction),
        "confidence": likelihood(prediction.confidence),
        "color": charts.PALETTE.get(prediction.genre, charts.OTHER),
        "duration": prediction.duration,
        "facts": [
            ["Tempo", tempo],
            ["Length", f"{_minutes(prediction.duration)} min"],
            ["Listened to", f"{count} window{'s' if count != 1 else ''} of 3 s"],
            ["Computed in", f"{sum(prediction.seconds.values()):.1f} s"],
        ],
        "why": attribution.sentences(prediction.reasons, prediction.genre),
        "windows": [_window(w.start, w.end, w.probabilities) for w in prediction.windows],
        "charts": {
            "probabilities": _chart(charts.probability_bars(prediction.probabilities)),
            "timeline": _chart(charts.timeline(prediction.windows)),
            "reasons": _chart(charts.reason_bars(prediction.reasons, prediction.genre)),
            "typical": _chart(charts.typical_ranges(rows, prediction.genre)),
            "place": _chart(charts.place_on_map(around, prediction.place, prediction.neighbours)),
        },
        "cells": {
            "status": prediction.status,
            "genre": prediction.genre,
            "probability": likelihood(prediction.confidence),
            "next": f"{ranked[1][0]} {likelihood(ranked[1][1])}",
            "tempo": f"{prediction.tempo:.0f}" if prediction.tempo else "none",
            "length": _minutes(prediction.duration),
        },
        "record": prediction.as_row(file=name),
    }


def look_of(look: Look) -> dict[str, Any]:
    """Turn a closer look into what the page shows: outline, heading, key and charts."""
    from audionome import charts
    from audionome.app import details

    end = look.start + float(look.frames.times[-1])
    drawn = [charts.feature_of_clip(look.frames, view, start=look.start) for view in _VIEWS]
    return {
        "outline": [[round(float(v), 3) for v in pair] for pair in look.outline],
        "heading": f"A closer look at {_minutes(look.start)} to {_minutes(end)}",
        "key": details.key_words(look.key),
        "charts": [_chart(chart) for chart in drawn],
    }


def comparison_of(chosen: Sequence[tuple[str, Prediction]]) -> dict[str, Any]:
    """Turn several predictions with their names into what the page shows beside each other."""
    from audionome import charts

    # A legend has no room for long names.
    names = [n if len(n) <= 30 else f"{n[:16]}…{n[-12:]}" for n, _ in chosen]
    # Two files may have one name.
    labels = [n if names.count(n) == 1 else f"{n} ({k + 1})" for k, n in enumerate(names)]
    beside = {label: p.probabilities for label, (_, p) in zip(labels, chosen, strict=True)}
    return {"names": labels, "chart": _chart(charts.probabilities_beside(beside))}


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _second(prediction: Prediction) -> str:
    """What the other model says, in a sentence."""
    if prediction.second_opinion is None:
        return ""
    genre, p = max(prediction.second_opinion.items(), key=lambda item: item[1])
    agrees = "agrees" if genre == prediction.genre else "does not agree"
    said = f"{agrees}: {genre}, {likelihood(p)}"
    return f"A second model, which hears the classic features alone, {said}."


def _window(start: float, end: float, probabilities: dict[str, float]) -> dict[str, Any]:
    from audionome import charts

    first, second = sorted(probabilities.items(), key=lambda item: -item[1])[:2]
    return {
        "start": start,
        "end": end,
        "said": ", ".join(f"{genre} {likelihood(p)}" for genre, p in (first, second)),
        "color": charts.PALETTE.get(first[0], charts.OTHER),
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
