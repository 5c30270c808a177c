"""The command line: ``audionome classify song.mp3``."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audionome import batch, files
from audionome._words import likelihood, printable
from audionome.errors import AudionomeError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.progress import Progress

    from audionome.datasets.gtzan import Gtzan
    from audionome.models.classifier import Prediction

__all__ = ["app", "main"]

app = typer.Typer(
    help="The honest, interactive reference on music genre classification.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
_UNREADABLE = 2
_STANDARD_INPUT = "standard input"  # how sentences and answers call it
_MOST_INPUT = 4 << 30  # bytes


def main() -> None:
    """Run the command line; failures end in one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # closed, or not a terminal's
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    for name in ("SIGTERM", "SIGHUP"):  # end as an exception does, which cleans up
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_DFL:
            signal.signal(getattr(signal, name), lambda number, _: sys.exit(128 + number))
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:  # `audionome ... | head`: nobody reads on
        _drop_output()
        raise SystemExit(1) from None
    except AudionomeError as error:
        _fail(str(error))
    except OSError as error:
        _drop_output()
        what = f'"{error.filename}" cannot be used' if error.filename else "nothing can be written"
        _fail(f"{what}: {files.reason_of(error)}.")
    except MemoryError:
        _fail("this needs more memory than is free.")
    except BrokenExecutor:
        _fail("a process was ended from outside or for lack of memory; try again with --jobs 1.")
    except Exception as error:
        _fail(batch.unexpected(error))


def _fail(sentence: str) -> None:
    print(f"audionome: {printable(sentence)}", file=sys.stderr)
    raise SystemExit(_UNREADABLE)


def _drop_output() -> None:
    """Write what is left to nowhere, or Python complains when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> None:
    if wanted:
        import audionome

        print(audionome.__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None: ...


_JOBS = Annotated[
    int, typer.Option(callback=batch.require_jobs, help="Parallel processes; -1 for all cores.")
]


@app.command()
def classify(
    given: Annotated[
        list[str],
        typer.Argument(
            help="Recordings, or folders that hold some; - reads standard input.", metavar="FILE"
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per file and line.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="Name of the model.")] = None,
    jobs: _JOBS = 1,
) -> None:
    """Tell the genre of recordings, how sure the answer is, and how it changes over time.

    Exit code 2 if a file could not be read; the others are still answered.
    """
    from audionome.models.classifier import load_classifier

    load_classifier(model)  # a wrong name is told before any file is read
    failed = False
    with contextlib.ExitStack() as stack:
        request = _request(given, stack)
        stack.enter_context(_quiet_libraries())
        answers = batch.for_each(partial(_answer, model=model), request.paths, jobs=jobs)
        for name, source in request.sources:
            answer = next(answers) if isinstance(source, Path) else source
            if isinstance(answer, str):
                failed = True
                _report_error(name, answer, as_json=as_json)
            elif as_json:
                print(json.dumps(_record(name, answer), allow_nan=False), flush=True)
            else:
                _console().print(_table(name, answer))
    if left_out := files.told(request.skipped):
        _console(stderr=True).print(left_out)
    if failed:
        raise typer.Exit(_UNREADABLE)


@dataclass
class _Request:
    """What was asked about: each name with its file, or why there is none."""

    sources: list[tuple[str, Path | str]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def paths(self) -> list[Path]:
        return [source for _, source in self.sources if isinstance(source, Path)]


def _request(given: Sequence[str], stack: contextlib.ExitStack) -> _Request:
    request = _Request()
    piped: Path | str | None = None
    for name in given:
        if name == "-":
            piped = piped or _standard_input(stack)
            request.sources.append((_STANDARD_INPUT, piped))
        elif not os.path.isdir(name) or not name:
            request.sources.append((name, files.no_file(name) or Path(name)))
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
            if file.tell() > _MOST_INPUT:
                return f"Standard input is longer than {_MOST_INPUT >> 30} GB."
    return path


@contextlib.contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep from the terminal what C libraries write to it; what Python writes still comes."""
    try:
        if os.environ.get(batch.DEBUG_VARIABLE) or sys.stderr.fileno() != 2:
            raise OSError
        terminal = os.dup(2)
    except (OSError, AttributeError, ValueError):
        yield
        return
    before = sys.stderr
    before.flush()
    with open(
        terminal, "w", encoding=before.encoding, errors=before.errors, buffering=1
    ) as sys.stderr:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            sys.stderr = before


def _answer(path: Path, *, model: str | None) -> Prediction | str:
    from audionome.models.classifier import load_classifier

    prediction = load_classifier(model).classify(path)
    try:
        json.dumps(prediction.as_dict(), allow_nan=False)
    except ValueError:
        return f'"{path.name}" could not be analysed: the result is not a finite number.'
    return prediction


def _record(name: str, prediction: Prediction) -> dict[str, Any]:
    return {"file": _whole(name), **prediction.as_dict()}


def _whole(name: str) -> str:
    """A name that every reader of JSON can read; bytes that are no UTF-8 as their codes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _report_error(name: str, message: str, *, as_json: bool) -> None:
    if as_json:
        from dataclasses import fields

        from audionome.models.classifier import Prediction

        record: dict[str, Any] = {"file": _whole(name)}
        record |= dict.fromkeys(key.name for key in fields(Prediction))
        record |= {key: {} for key in ("probabilities", "features", "seconds")}
        record |= {key: [] for key in ("windows", "reasons", "neighbours", "notes")}
        print(json.dumps(record | {"status": "error", "message": message}), flush=True)
    else:
        # A sentence calls a file by its name; two folders may have one of that name.
        where = "" if name in (Path(name).name, _STANDARD_INPUT) else f"{_escape(name)}: "
        _console(stderr=True).print(f"[bold red]no answer:[/] {where}{_escape(message)}")


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text))


def _table(name: str, prediction: Prediction) -> Any:
    from rich.console import Group
    from rich.table import Table

    from audionome.models.attribution import sentences

    minutes, seconds = divmod(round(prediction.duration), 60)
    tempo = f"{prediction.tempo:.0f} BPM" if prediction.tempo else "no beat"
    heading = f"[bold]{_escape(name)}[/]  {minutes}:{seconds:02d}, {tempo}"
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("genre")
    table.add_column("probability", justify="right")
    table.add_column("", min_width=20)
    bar = "█" if _can_write("█") else "#"
    shown = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    for genre, p in shown:
        if p >= 0.005 or genre == prediction.genre:
            table.add_row(genre, likelihood(p), bar * round(20 * p))
    why = [f"[dim]{_escape(line)}[/]" for line in sentences(prediction.reasons, prediction.genre)]
    notes = [f"[yellow]{_escape(note.text)}[/]" for note in prediction.notes]
    return Group("", heading, f"[italic]{_escape(prediction.message)}[/]", *notes, table, *why)


def _can_write(text: str) -> bool:
    """Whether the terminal, or the file that takes its place, knows these characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


@app.command()
def dashboard(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets the network in.")
    ] = "localhost",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8866,
    base_url: Annotated[
        str, typer.Option(help="Path below which a proxy shows the page.", metavar="PATH")
    ] = "/",
) -> None:
    """Start the dashboard, and serve it to browsers until Ctrl-C."""
    from audionome.app import server

    server.run(host=host, port=port, base_url=base_url)


@app.command(name="features")
def features_(
    folder: Annotated[Path, typer.Argument(help="Folder of recordings, one subfolder a genre.")],
    out: Annotated[Path, typer.Option(help="Table to write: .parquet or .csv.", metavar="TABLE")],
    jobs: _JOBS = -1,
) -> None:
    """Measure the 57 classic features of every 3-second window of a folder's recordings.

    An interrupted run goes on where it stopped. Exit code 2 if a file could not be read; the
    others are still measured.
    """
    from audionome.features.folder import measure_folder

    with _quiet_libraries(), _progress() as bar:
        task = bar.add_task("Measuring", total=None)
        measured = measure_folder(
            folder,
            out,
            jobs=jobs,
            progress=partial(_advance, bar, task),
        )
    for message in measured.failed.values():
        _console(stderr=True).print(f"[bold red]left out:[/] {_escape(message)}")
    if left_out := files.told(measured.skipped):
        _console(stderr=True).print(left_out)
    if measured.table.empty:
        _fail(f'no recording could be measured; "{out}" was not written.')
    _console().print(
        f"{len(measured.table)} windows of {measured.table['track'].nunique()} recordings "
        f"written to {_escape(str(out))}."
    )
    if measured.failed:
        raise typer.Exit(_UNREADABLE)


_COMPLETION = Annotated[
    Path | None,
    typer.Option(
        help="Copy of Kaggle's features_3_sec.csv for the tracks without audio.",
        show_default="$AUDIONOME_GTZAN_TABLE",
    ),
]


def _out(default: str) -> Any:
    """An option for the folder to write into."""
    return typer.Option(
        "--out", metavar="FOLDER", help="Where to write.", show_default=f"{default} in a checkout"
    )


@app.command()
def tracks(
    lists: Annotated[Path, typer.Argument(help="Folder with artists.csv, splits/, …")],
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, _out("data/gtzan")] = None,
) -> None:
    """Write tracks.parquet and songs.parquet: artist, split and song of each track of GTZAN."""
    from audionome.datasets import gtzan

    folder = _output_folder(out, "gtzan")
    files.own_table(folder / "tracks.parquet", gtzan.TRACK_COLUMNS)
    table = gtzan.build_tracks(lists, gtzan.load_windows(complete_with=complete_with))
    _write_table(table, folder / "tracks.parquet")
    _write_table(gtzan.build_songs(lists), folder / "songs.parquet")
    _console().print(f"{len(table)} tracks, {table['artist'].nunique()} artist groups.")


@app.command()
def summarise(
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, _out("data/results")] = None,
) -> None:
    """Write gtzan_summary.parquet: the spread of every feature in every genre of GTZAN."""
    from audionome.datasets import gtzan

    folder = _output_folder(out, "results")
    files.own_table(folder / "gtzan_summary.parquet", ["genre", "feature", "n_measured"])
    dataset = _complete_dataset(complete_with, "The summary needs")
    _write_table(gtzan.summarise(dataset), folder / "gtzan_summary.parquet")


@app.command()
def train(
    model: Annotated[str, typer.Option(help="Which: classic or extended.")] = "classic",
    clips: Annotated[
        Path | None, typer.Option(help="Folder of GTZAN's audio; the extended model needs it.")
    ] = None,
    wild: Annotated[
        Path | None, typer.Option(help="Table of windows from outside GTZAN, to judge.")
    ] = None,
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, _out("data")] = None,
    jobs: _JOBS = -1,
) -> None:
    """Fit, calibrate and judge a model that ships; write models/ and results/shipped.parquet."""
    from audionome.datasets import gtzan
    from audionome.lab import training

    if model not in training.MODELS:
        _fail(f'there is no model "{model}"; there are: {", ".join(training.MODELS)}.')
    folder = _output_folder(out)
    outside = None if wild is None else gtzan.read_wild(wild)
    dataset = gtzan.load(complete_with=complete_with)
    with _quiet_libraries(), _progress() as bar:
        task = bar.add_task("Measuring" if clips else "Training", total=None)
        if model == "classic":  # which is fitted without a step that could be counted
            bar.start()
        card = training.train(
            dataset,
            folder / "models",
            folder / "results",
            name=model,
            clips=clips,
            wild=outside,
            jobs=jobs,
            progress=partial(_advance, bar, task),
        )
    for name, result in card["evaluation"].items():
        _console().print(
            f"{name}: {result['accuracy']:.1%} of {result['n']} "
            f"{result['level']}s [{result['low']:.1%}, {result['high']:.1%}]",
            markup=False,
        )


@app.command()
def evaluate(
    only: Annotated[
        list[str] | None, typer.Option("--models", help="Models.", show_default="all")
    ] = None,
    rungs: Annotated[
        list[str] | None, typer.Option("--protocols", help="Protocols.", show_default="all")
    ] = None,
    wild: Annotated[Path | None, typer.Option(help="Table of windows from outside GTZAN.")] = None,
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, _out("data/results")] = None,
    jobs: _JOBS = -1,
) -> None:
    """Fit every model under every protocol and write the results.

    Finished fits are kept: an interrupted run goes on where it stopped.
    """
    from audionome.datasets import gtzan
    from audionome.lab import crossval, estimators, protocols, store

    chosen = _known(only, estimators.MODELS, "model")
    ladder = _known(rungs, protocols.LADDER, "protocol")
    other = [name for name in ladder if protocols.LADDER[name].needs_other_music]
    if other and wild is None:
        if rungs:
            _fail(f"the protocol {other[0]} needs --wild TABLE, windows from outside GTZAN.")
        ladder = [name for name in ladder if name not in other]
    folder = _output_folder(out, "results")
    outside = None if wild is None else gtzan.read_wild(wild)
    dataset = _complete_dataset(complete_with, "The evaluation needs")
    with _progress() as bar:
        task = bar.add_task("Evaluating", total=None)
        scores = crossval.evaluate(
            crossval.evaluation_rows(dataset, outside),
            folder,
            runs=crossval.planned_runs(chosen, ladder),
            jobs=jobs,
            sources=store.sources(),
            progress=partial(_advance, bar, task),
        )
    _console().print(_score_table(scores, chosen, ladder))


@app.command()
def analyse(
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, _out("data/results")] = None,
) -> None:
    """Write importance.parquet and learning_curve.parquet."""
    from audionome.lab import crossval, store, studies

    record = studies.stamps() | {"sources": store.sources()}
    folder = _output_folder(out, "results")
    for name in ("importance", "learning_curve"):
        files.own_table(folder / f"{name}.parquet", ["model", "variant"])
    rows = crossval.evaluation_rows(_complete_dataset(complete_with, "The analyses need"))
    with _progress() as bar:
        for name, study in (
            ("importance", studies.importance),
            ("learning_curve", studies.learning_curve),
        ):
            task = bar.add_task(name.replace("_", " ").capitalize(), total=None)
            table = study(rows, progress=partial(_advance, bar, task))
            _write_table(table, folder / f"{name}.parquet")
    files.write_text(folder / "studies.json", json.dumps(record, indent=1) + "\n")


@app.command()
def examples(
    out: Annotated[Path | None, _out("data/examples")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over pieces that are there already.")
    ] = False,
) -> None:
    """Write the ten synthetic pieces of the report, one per genre.

    They are made by a program: the model never heard such sounds and is often wrong about them.
    """
    from audionome.report.synth import GENRES, write_examples

    folder = _output_folder(out, "examples")
    there = [name for name in (f"{genre}.ogg" for genre in GENRES) if (folder / name).exists()]
    if there and not force:
        _fail(f'"{folder}" holds {", ".join(there)} already; --force writes over them.')
    paths = write_examples(folder)
    _console().print(f"{len(paths)} pieces: {_escape(str(folder))}")


def _output_folder(out: Path | None, *parts: str) -> Path:
    """The folder to write into; made, or refused, before the long work."""
    from audionome._paths import output_path

    folder = output_path(*parts, out=out)
    files.require_output_folder(folder)
    return folder


def _complete_dataset(complete_with: Path | None, who: str) -> Gtzan:
    from audionome.datasets import gtzan

    dataset = gtzan.load(complete_with=complete_with)
    if not dataset.complete:
        raise gtzan.DatasetError(f"{who} all tracks. {dataset.note}")
    return dataset


def _write_table(table: pd.DataFrame, path: Path) -> None:
    with files.written_whole(path) as unfinished:
        table.to_parquet(unfinished, index=False)
    _console().print(f"{len(table)} rows: {_escape(str(path))}")


def _advance(bar: Progress, task: Any, done: int, total: int) -> None:
    bar.start()
    bar.update(task, completed=done, total=total)


def _known(given: list[str] | None, table: dict[str, Any], what: str) -> list[str]:
    names = [n for value in given or table for n in value.split(",")]
    for name in names:
        if name not in table:
            _fail(f'there is no {what} "{name}"; there are: {", ".join(table)}.')
    return names


def _score_table(scores: Any, chosen: list[str], ladder: list[str]) -> Any:
    from rich.table import Table

    table = Table(title="Test accuracy per track (random windows: per window)")
    for column in ("model", "variant", *ladder):
        table.add_column(column)
    level = scores["protocol"].eq("random-windows").map({True: "window", False: "track"})
    shown = scores[(scores["split"] == "test") & (scores["level"] == level)]
    shown = shown.set_index(["model", "variant", "protocol"])
    for name, variant in shown.index.droplevel("protocol").unique():
        if name in chosen:
            cells = (
                shown.loc[key] if (key := (name, variant, p)) in shown.index else None
                for p in ladder
            )
            table.add_row(name, variant, *map(_score_cell, cells))
    return table


def _score_cell(row: Any) -> str:
    if row is None:
        return ""
    low, high = 100 * row["accuracy_low"], 100 * row["accuracy_high"]
    return f"{100 * row['accuracy']:.1f} ({low:.1f}-{high:.1f})"


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """A bar that shows itself when the work begins: what is refused before needs none."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=_console(stderr=True))
    try:
        yield bar
    finally:
        if bar.live.is_started:
            bar.stop()
