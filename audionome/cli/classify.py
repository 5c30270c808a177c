"""``audionome classify``: the genre of recordings, as text, JSON or a table."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audionome import batch, files
from audionome._words import clock, genre_name, likelihood
from audionome.cli import _collection
from audionome.cli._common import FAILED, console, escape, quiet_libraries
from audionome.collection.sources import is_url
from audionome.errors import AudionomeError

if TYPE_CHECKING:
    from audionome.models.classifier import Prediction

__all__ = ["classify"]

_STANDARD_INPUT = "standard input"  # how sentences and predictions call it
_MAX_INPUT = 4 << 30  # bytes
_MOST_GENRES = 12  # that are told, if no more are named
_LEVELS = "▁▂▃▄▅▆▇█"


def classify(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Recordings, or folders that hold some; with --out also URLs. - reads standard "
            "input.",
            metavar="FILE",
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per file and line.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="ear, extended or classic (the last two know the music of GTZAN alone), or a "
            "file of your own, my.model.",
            metavar="NAME|FILE",
            show_default="ear",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            callback=lambda jobs: None if jobs is None else batch.require_jobs(jobs),
            help="Parallel processes; -1 for all cores.",
            show_default="1; with --out all cores",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Write a table: .parquet, .csv or .jsonl. What it holds already is not done "
            "again. What has no answer stands in a second table beside it.",
            show_default=False,
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            help="With --out: an answer is sure that names one to three genres and has this "
            "confidence, 0 to 1.",
            show_default="0.5",
        ),
    ] = None,
    save_plot: Annotated[
        Path | None,
        typer.Option(
            help="With --out: write an overview, one HTML file that needs no network.",
            show_default=False,
        ),
    ] = None,
    forget: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FOLDER",
            help="With --out: drop the rows of a folder or file that you moved or gave away; may "
            "be given again.",
            show_default=False,
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="With --out: let the workers of a Dask scheduler do it.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Classify recordings: the genres it may be, what it sounds like, the tempo, and why.

    An answer names one genre, or as many as it takes to include the right one nine times in ten.

    With --out a whole collection is classified into a table, on all cores. It can be stopped at
    any moment, and goes on with the same command.

    Exit code 2 if a file could not be read; the others are still answered.
    """
    from audionome.models.classifier import load_classifier

    if out is not None:
        if as_json:
            raise AudionomeError("--out writes a file; leave out --json, or write to a .jsonl.")
        _collection.classify_all(
            sources,
            out,
            model=model,
            jobs=jobs,
            dask=dask,
            min_confidence=min_confidence,
            save_plot=save_plot,
            forget=forget,
        )
        return
    given = {
        "--min-confidence": min_confidence,
        "--save-plot": save_plot,
        "--forget": forget,
        "--dask": dask,
    }
    for option in (name for name, value in given.items() if value is not None):
        raise AudionomeError(f"{option} needs --out TABLE.")
    classifier = load_classifier(model)  # a wrong name is told before any file is read
    failed = False
    with contextlib.ExitStack() as stack:
        request = _request(sources, stack)
        stack.enter_context(quiet_libraries())
        predictions = batch.for_each(
            partial(_predict, model=model, known=classifier.id), request.paths, jobs=jobs or 1
        )
        for name, source in request.sources:
            prediction = next(predictions) if isinstance(source, Path) else source
            if isinstance(prediction, str):
                failed = True
                _report_error(name, prediction, as_json=as_json)
            elif as_json:
                print(json.dumps(_record(name, prediction), allow_nan=False), flush=True)
            else:
                console().print(_told(name, prediction, classifier.card))
    if left_out := files.describe_skipped(request.skipped):
        console(stderr=True).print(left_out)
    if failed:
        raise typer.Exit(FAILED)


@dataclass
class _Request:
    """What was asked about: each name with its file, or why there is none."""

    sources: list[tuple[str, Path | str]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def paths(self) -> list[Path]:
        return [source for _, source in self.sources if isinstance(source, Path)]


def _request(names: Sequence[str], stack: contextlib.ExitStack) -> _Request:
    request = _Request()
    piped: Path | str | None = None
    for name in names:
        if name == "-":
            piped = piped or _standard_input(stack)
            request.sources.append((_STANDARD_INPUT, piped))
        elif is_url(name) and not os.path.lexists(name):
            raise AudionomeError(f'"{name}" is a URL, which needs --out TABLE.')
        elif not os.path.isdir(name) or not name:
            request.sources.append((name, files.refuse_source(name) or Path(name)))
        else:
            found = files.scan(name)
            request.skipped += found.skipped
            request.sources += [(str(path), path) for path in found.files]
            request.sources += [(str(path), why) for path, why in found.unreadable.items()]
            if not (found.files or found.unreadable):
                request.sources.append((name, f'"{name}" holds no audio file.'))
    return request


def _standard_input(stack: contextlib.ExitStack) -> Path | str:
    """Keep what is piped in as a file, so that any process can read it as any other."""
    if sys.stdin is None:
        return "Standard input is closed."
    path = Path(stack.enter_context(tempfile.TemporaryDirectory()), _STANDARD_INPUT)
    with path.open("wb") as file:
        for block in iter(lambda: sys.stdin.buffer.read(1 << 20), b""):
            file.write(block)
            if file.tell() > _MAX_INPUT:
                return f"Standard input is longer than {_MAX_INPUT >> 30} GB."
    return path


def _predict(path: Path, *, model: str | None, known: str) -> Prediction | str:
    from audionome.models.classifier import load_same

    prediction = load_same(model, known).classify(path)
    try:
        json.dumps(prediction.as_dict(), allow_nan=False)
    except ValueError:
        return f'"{path.name}" could not be analysed: the result is not a finite number.'
    return prediction


def _record(name: str, prediction: Prediction) -> dict[str, Any]:
    return {"file": _whole(name), **prediction.as_dict()}


def _whole(name: str) -> str:
    """Return a name that every reader of JSON can read; bytes that are no UTF-8 as their codes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _report_error(name: str, message: str, *, as_json: bool) -> None:
    if as_json:
        from dataclasses import fields

        from audionome.models.classifier import Prediction

        record: dict[str, Any] = {"file": _whole(name)}
        record |= dict.fromkeys(key.name for key in fields(Prediction))
        record |= {key: {} for key in ("probabilities", "features", "seconds")}
        record |= {
            key: []
            for key in ("prediction_set", "windows", "reasons", "neighbours", "notes", "tags")
        }
        print(json.dumps(record | {"status": "error", "message": message}), flush=True)
    else:
        # A sentence calls a file by its name; two folders may have one of that name.
        where = "" if name in (Path(name).name, _STANDARD_INPUT) else f"{escape(name)}: "
        console(stderr=True).print(f"[bold red]no answer:[/] {where}{escape(message)}")


def _told(name: str, prediction: Prediction, card: Mapping[str, Any]) -> Any:
    """Return an answer as the terminal shows it: the set, what is heard, and why."""
    from rich.console import Group

    from audionome.models import telling
    from audionome.models.attribution import sentences

    tempo = telling.tempo(telling.tempo_of(prediction))
    foreign = telling.foreign(prediction, card)
    # Where none of the ten genres is right, or the model knows the recording, nothing is promised.
    unpromised = foreign or prediction.learned_from is not None
    message = f"{prediction.headline}." if unpromised else prediction.message
    lines = ["", f"[bold]{escape(name)}[/]  {clock(prediction.duration)}, {tempo}", escape(message)]
    if prediction.tags:
        lines.append(_tags(prediction))
    if foreign:
        lines.append(foreign)
    lines += [f"[yellow]{escape(note.text)}[/]" for note in prediction.notes]
    lines.append(_probabilities(prediction))
    sides = sentences(prediction.reasons)
    for side, reasons in zip(("For", "Against"), sides, strict=True):
        if reasons and prediction.leading:
            lines.append(f"{side} {escape(genre_name(prediction.leading))}:")
            lines += [f"  [dim]{escape(reason)}[/]" for reason in reasons]
    return Group(*lines, f"[dim]{escape(telling.family(card))}[/]")


def _probabilities(prediction: Prediction) -> Any:
    table = _plain_table("genre", "probability", "")
    bar = "█" if _can_write("█") else "#"
    shown = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    named = (prediction.genre, *prediction.prediction_set)
    for k, (genre, p) in enumerate(shown):
        if (p >= 0.005 and k < _MOST_GENRES) or genre in named:
            table.add_row(escape(genre_name(genre)), likelihood(p), bar * round(20 * p))
    return table


def _tags(prediction: Prediction) -> Any:
    from audionome.models import telling

    heading = telling.hearing(prediction.prediction_set).lower()
    table = _plain_table(heading, "strength", "over time" if _can_write(_LEVELS) else "")
    for tag in prediction.tags:
        table.add_row(tag.name, f"{tag.strength:.2f}", _spark(tag.over_time))
    return table


def _plain_table(first: str, second: str, third: str) -> Any:
    from rich.table import Table

    table = Table(show_edge=False, pad_edge=False)
    table.add_column(first, overflow="fold")
    table.add_column(second, justify="right")
    table.add_column(third, min_width=20)
    return table


def _spark(values: Sequence[float], *, width: int = 40) -> str:
    """Return a line of blocks, one per window or per equal part of a long recording."""
    if not _can_write(_LEVELS):
        return ""
    n = min(width, len(values))
    edges = [k * len(values) // n for k in range(n + 1)]
    means = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    return "".join(_LEVELS[min(int(8 * v), 7)] for v in means)


def _can_write(text: str) -> bool:
    """Return whether the terminal, or the file that takes its place, knows these characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
