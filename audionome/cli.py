"""The command line: ``audionome classify song.mp3``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audionome._words import likelihood
from audionome.errors import AudionomeError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from audionome.classifier import Prediction

__all__ = ["app", "main"]

app = typer.Typer(
    help="The honest, interactive reference on music genre classification.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
_UNREADABLE = 2


def main() -> None:
    """Run the command line; expected failures end in one sentence and exit code 2."""
    try:
        app()
    except AudionomeError as error:
        _fail(str(error))


def _fail(sentence: str) -> None:
    print(f"audionome: {sentence}", file=sys.stderr)
    raise SystemExit(_UNREADABLE)


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


@app.command()
def classify(
    files: Annotated[
        list[Path], typer.Argument(help="Recordings, or folders that hold some.", metavar="FILE…")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per file and line.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="Name of the model.")] = None,
    jobs: Annotated[int, typer.Option(help="Parallel processes; -1 for all cores.")] = 1,
) -> None:
    """Tell the genre of recordings, how sure the answer is, and how it changes over time.

    Exit code 2 if a file could not be read; the others are still answered.
    """
    from audionome.audio import find
    from audionome.classifier import load_classifier

    load_classifier(model)  # a wrong name is told before any file is read
    paths = [p for f in files for p in (find(f) if f.is_dir() else [f])]
    if not paths:
        _fail("the folder holds no audio file.")
    failed = False
    for path, answer in zip(paths, _answers(paths, model, jobs), strict=True):
        if isinstance(answer, str):
            failed = True
            _report_error(path, answer, as_json=as_json)
        elif as_json:
            print(json.dumps(_record(path, answer), allow_nan=False), flush=True)
        else:
            _console().print(_table(path, answer))
    if failed:
        raise typer.Exit(_UNREADABLE)


def _answers(paths: list[Path], model: str | None, jobs: int) -> Iterator[Prediction | str]:
    """Yield predictions, or why there is none, in the order of the files."""
    if jobs == 1 or len(paths) == 1:
        yield from (_answer(path, model) for path in paths)
        return
    from joblib import Parallel, delayed

    tasks = (delayed(_answer)(path, model) for path in paths)
    yield from Parallel(n_jobs=jobs, return_as="generator")(tasks)


def _answer(path: Path, model: str | None) -> Prediction | str:
    from audionome.audio import AudioError
    from audionome.classifier import load_classifier

    try:
        return load_classifier(model).classify(path)
    except AudioError as error:
        return str(error)


def _record(path: Path, prediction: Prediction) -> dict[str, Any]:
    return {"file": str(path), **prediction.as_dict()}


def _report_error(path: Path, message: str, *, as_json: bool) -> None:
    if as_json:
        record: dict[str, Any] = {"file": str(path), "status": "error", "message": message}
        nothing = ("genre", "confidence", "tempo", "duration", "baseline", "distance")
        record |= dict.fromkeys((*nothing, "second_opinion", "place"))
        record |= {"probabilities": {}, "features": {}, "seconds": {}}
        record |= {"windows": [], "reasons": [], "neighbours": []}
        print(json.dumps(record), flush=True)
    else:
        _console(stderr=True).print(f"[bold red]cannot be read:[/] {_escape(message)}")


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _table(path: Path, prediction: Prediction) -> Any:
    from rich.console import Group
    from rich.table import Table

    from audionome.reasons import sentences

    minutes, seconds = divmod(round(prediction.duration), 60)
    tempo = f"{prediction.tempo:.0f} BPM" if prediction.tempo else "no beat"
    heading = f"[bold]{_escape(path.name)}[/]  {minutes}:{seconds:02d}, {tempo}"
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("genre")
    table.add_column("probability", justify="right")
    table.add_column("", min_width=20)
    shown = sorted(prediction.probabilities.items(), key=lambda item: -item[1])
    for genre, p in shown:
        if p >= 0.005 or genre == prediction.genre:
            table.add_row(genre, likelihood(p), "█" * round(20 * p))
    why = [f"[dim]{_escape(line)}[/]" for line in sentences(prediction.reasons, prediction.genre)]
    return Group("", heading, f"[italic]{prediction.message}[/]", table, *why)


@app.command(name="features")
def features_(
    folder: Annotated[Path, typer.Argument(help="Folder of recordings, one subfolder a genre.")],
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    jobs: Annotated[int, typer.Option(help="Parallel processes; -1 for all cores.")] = -1,
) -> None:
    """Measure the 57 classic features of every 3-second window of a folder's recordings.

    An interrupted run goes on where it stopped.
    """
    from audionome.features.collection import measure_folder

    with _progress() as bar:
        task = bar.add_task("Measuring", total=None)
        measured = measure_folder(
            folder,
            out,
            jobs=jobs,
            progress=partial(_advance, bar, task),
        )
    console = _console()
    console.print(
        f"{len(measured.table)} windows of {measured.table['track'].nunique()} recordings "
        f"written to {_escape(str(out))}."
    )
    for message in measured.failed.values():
        _console(stderr=True).print(f"[bold red]left out:[/] {_escape(message)}")
    if measured.failed:
        raise typer.Exit(_UNREADABLE)


_COMPLETION = Annotated[
    Path | None,
    typer.Option(
        help="Copy of Kaggle's features_3_sec.csv for the tracks without audio "
        "[default: $AUDIONOME_GTZAN_TABLE]."
    ),
]


@app.command()
def tracks(
    lists: Annotated[Path, typer.Argument(help="Folder with artists.csv, splits/, …")],
    complete_with: _COMPLETION = None,
) -> None:
    """Write data/gtzan/tracks.parquet: genre, artist group, fault and split of each track."""
    from audionome import gtzan
    from audionome._paths import data_path

    windows = gtzan.load_windows(complete_with=complete_with)
    table = gtzan.build_tracks(lists, windows)
    out = data_path("gtzan", "tracks.parquet")
    table.to_parquet(out, index=False)
    _console().print(f"{len(table)} tracks, {table['artist'].nunique()} artist groups: {out}")


@app.command()
def summarise(complete_with: _COMPLETION = None) -> None:
    """Write data/results/gtzan_summary.parquet: the spread of every feature in every genre."""
    from audionome import gtzan
    from audionome._paths import data_path

    dataset = gtzan.load(complete_with=complete_with)
    if not dataset.complete:
        raise gtzan.DatasetError(f"The summary needs all tracks. {dataset.note}")
    table = gtzan.summarise(dataset)
    out = data_path("results", "gtzan_summary.parquet")
    table.to_parquet(out, index=False)
    _console().print(f"{len(table)} rows: {out}")


@app.command()
def train(
    model: Annotated[str, typer.Option(help="Which: classic or extended.")] = "classic",
    clips: Annotated[
        Path | None, typer.Option(help="Folder of GTZAN's audio; the extended model needs it.")
    ] = None,
    wild: Annotated[
        Path | None, typer.Option(help="Parquet table of windows from outside GTZAN, to judge.")
    ] = None,
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, typer.Option(help="Folder [default: data].")] = None,
    jobs: Annotated[int, typer.Option(help="Parallel processes; -1 for all cores.")] = -1,
) -> None:
    """Fit, calibrate and judge a model that ships; write models/ and results/shipped.parquet."""
    import pandas as pd

    from audionome import gtzan, training
    from audionome._paths import data_path

    if model not in training.MODELS:
        _fail(f'there is no model "{model}"; there are: {", ".join(training.MODELS)}.')
    dataset = gtzan.load(complete_with=complete_with)
    with _progress() as bar:
        task = bar.add_task("Measuring" if clips else "Training", total=None)
        card = training.train(
            dataset,
            out / "models" if out else data_path("models"),
            out / "results" if out else data_path("results"),
            name=model,
            clips=clips,
            wild=None if wild is None else pd.read_parquet(wild),
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
        list[str] | None, typer.Option("--models", help="Models [default: all].")
    ] = None,
    rungs: Annotated[
        list[str] | None, typer.Option("--protocols", help="Protocols [default: all].")
    ] = None,
    wild: Annotated[
        Path | None, typer.Option(help="Parquet table of windows from outside GTZAN.")
    ] = None,
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, typer.Option(help="Folder [default: data/results].")] = None,
    jobs: Annotated[int, typer.Option(help="Parallel processes; -1 for all cores.")] = -1,
) -> None:
    """Fit every model under every protocol and write data/results/.

    Finished fits are kept: an interrupted run goes on where it stopped.
    """
    import pandas as pd

    from audionome import gtzan, models, protocols, results, runs
    from audionome._paths import data_path

    chosen = _known(only, models.MODELS, "model")
    ladder = _known(rungs, protocols.PROTOCOLS, "protocol")
    dataset = gtzan.load(complete_with=complete_with)
    if not dataset.complete:
        raise gtzan.DatasetError(f"The evaluation needs all tracks. {dataset.note}")
    if "wild" in ladder and wild is None:
        if rungs:
            _fail("the protocol wild needs --wild TABLE, windows from outside GTZAN.")
        ladder.remove("wild")
    with _progress() as bar:
        task = bar.add_task("Evaluating", total=None)
        scores = runs.evaluate(
            runs.evaluation_rows(dataset, None if wild is None else pd.read_parquet(wild)),
            out or data_path("results"),
            runs=runs.planned_runs(chosen, ladder),
            jobs=jobs,
            sources=results.sources(),
            progress=partial(_advance, bar, task),
        )
    _console().print(_score_table(scores, chosen, ladder))


@app.command()
def analyse(complete_with: _COMPLETION = None) -> None:
    """Write importance.parquet and learning_curve.parquet in data/results/."""
    from audionome import gtzan, results, runs, studies
    from audionome._paths import data_path

    record = studies.stamps() | {"sources": results.sources()}
    dataset = gtzan.load(complete_with=complete_with)
    if not dataset.complete:
        raise gtzan.DatasetError(f"The analyses need all tracks. {dataset.note}")
    rows = runs.evaluation_rows(dataset)
    folder = data_path("results")
    with _progress() as bar:
        for name, study in (
            ("importance", studies.importance),
            ("learning_curve", studies.learning_curve),
        ):
            task = bar.add_task(name.replace("_", " ").capitalize(), total=None)
            table = study(rows, progress=partial(_advance, bar, task))
            table.to_parquet(folder / f"{name}.parquet", index=False)
    (folder / "studies.json").write_text(json.dumps(record, indent=1) + "\n")


@app.command()
def examples(
    out: Annotated[Path | None, typer.Option(help="Folder [default: data/examples].")] = None,
) -> None:
    """Write the ten example pieces of the report, one per genre, composed in code."""
    from audionome._paths import data_path
    from audionome.synth import write_examples

    paths = write_examples(out or data_path("examples"))
    _console().print(f"{len(paths)} pieces: {_escape(str(paths[0].parent))}")


def _advance(bar: Progress, task: Any, done: int, total: int) -> None:
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


def _progress() -> Progress:
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
    return Progress(*columns, console=_console(stderr=True))
