"""``audionome lab``: what the report is made from, and the models that ship."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audionome import files
from audionome._extras import require_extra
from audionome.cli import lab_ear, lab_music
from audionome.cli._common import JOBS, advance, console, escape, fail, progress, quiet_libraries

if TYPE_CHECKING:
    import pandas as pd

    from audionome.datasets.gtzan import Gtzan

__all__ = ["app"]

app = typer.Typer(
    help="Train, evaluate and analyse models on GTZAN; needs audionome\\[lab].",
    no_args_is_help=True,
)
app.add_typer(lab_ear.app, name="ear")
for _command in (lab_music.peers, lab_music.tempo, lab_music.key, lab_music.similar):
    app.command()(_command)

_COMPLETION = Annotated[
    Path | None,
    typer.Option(
        help="Copy of Kaggle's features_3_sec.csv for the tracks without audio.",
        show_default="$AUDIONOME_GTZAN_TABLE",
    ),
]


@app.callback()
def _root() -> None:
    require_extra("lab", "pandas", "psutil", "pyarrow", "sklearn", who="The lab")


def _out(default: str) -> Any:
    """Return an option for the folder to write into."""
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
    console().print(f"{len(table)} tracks, {table['artist'].nunique()} artist groups.")


@app.command()
def seal() -> None:
    """Write data/SHA256SUMS anew, after a command has changed what ships."""
    from audionome.lab import store

    new = store.changed()
    store.seal()
    console().print("\n".join(["New, changed or gone:", *new]) if new else "Nothing has changed.")


@app.command()
def summarise(
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, _out("data/results")] = None,
) -> None:
    """Write gtzan_summary.csv: the distribution of every feature in every genre of GTZAN."""
    from audionome.datasets import gtzan

    folder = _output_folder(out, "results")
    files.own_table(folder / "gtzan_summary.csv", ["genre", "feature", "n_measured"])
    dataset = _complete_dataset(complete_with, "The summary needs")
    _write_table(gtzan.summarise(dataset), folder / "gtzan_summary.csv")


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
    jobs: JOBS = -1,
) -> None:
    """Train, calibrate and judge a model; write models/ and results/model_predictions.parquet."""
    from audionome.datasets import gtzan
    from audionome.lab import training

    if model not in training.MODELS:
        fail(f'there is no model "{model}"; there are: {", ".join(training.MODELS)}.')
    folder = _output_folder(out)
    outside = None if wild is None else gtzan.read_wild(wild)
    dataset = gtzan.load(complete_with=complete_with)
    with quiet_libraries(), progress() as bar:
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
            progress=partial(advance, bar, task),
        )
    for name, result in card["evaluation"].items():
        console().print(
            f"{name}: {result['accuracy']:.1%} of {result['n']} "
            f"{result['level']}s [{result['low']:.1%}, {result['high']:.1%}]",
            markup=False,
        )


@app.command()
def evaluate(
    models: Annotated[
        list[str] | None, typer.Option("--models", help="Models.", show_default="all")
    ] = None,
    protocols: Annotated[
        list[str] | None, typer.Option("--protocols", help="Protocols.", show_default="all")
    ] = None,
    wild: Annotated[Path | None, typer.Option(help="Table of windows from outside GTZAN.")] = None,
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, _out("data/results")] = None,
    jobs: JOBS = -1,
) -> None:
    """Fit every model under every protocol and write the results.

    Finished fits are kept: an interrupted run goes on where it stopped.
    """
    from audionome.datasets import gtzan
    from audionome.lab import crossval, estimators, store
    from audionome.lab.protocols import LADDER

    chosen_models = _known(models, estimators.MODELS, "model")
    chosen_protocols = _known(protocols, LADDER, "protocol")
    outside_only = [name for name in chosen_protocols if LADDER[name].needs_other_music]
    if outside_only and wild is None:
        if protocols:
            fail(f"the protocol {outside_only[0]} needs --wild TABLE, windows from outside GTZAN.")
        chosen_protocols = [name for name in chosen_protocols if name not in outside_only]
    folder = _output_folder(out, "results")
    outside = None if wild is None else gtzan.read_wild(wild)
    dataset = _complete_dataset(complete_with, "The evaluation needs")
    with progress() as bar:
        task = bar.add_task("Evaluating", total=None)
        scores = crossval.evaluate(
            crossval.evaluation_rows(dataset, outside),
            folder,
            runs=crossval.planned_runs(chosen_models, chosen_protocols),
            jobs=jobs,
            sources=store.sources(),
            progress=partial(advance, bar, task),
        )
    console().print(_score_table(scores, chosen_models, chosen_protocols))


@app.command()
def outside(
    clips: Annotated[Path, typer.Argument(help="Folder of clips from outside GTZAN.")],
    labels: Annotated[
        Path, typer.Option(help="CSV file: file, genre, artist, source, trust, artist_in_gtzan.")
    ],
    out: Annotated[Path | None, _out("data")] = None,
    jobs: JOBS = -1,
) -> None:
    """Classify music from outside GTZAN and calibrate the models of GTZAN on it.

    Writes results/outside_predictions.parquet and the calibration in the cards of models/.
    """
    from audionome.lab import outside as room

    folder = _output_folder(out)
    table = room.clips(clips, labels)
    with quiet_libraries(), progress() as bar:
        task = bar.add_task("Listening", total=None)
        predictions, cards = room.predict(table, jobs=jobs, progress=partial(advance, bar, task))
    room.write(predictions, cards, models=folder / "models", results=folder / "results")
    console().print(
        f"{len(predictions)} predictions about {len(table)} clips of "
        f"{table['source'].nunique()} sources."
    )


@app.command()
def score(out: Annotated[Path | None, _out("data/results")] = None) -> None:
    """Measure the stored predictions again and write scores.parquet: for a new metric."""
    from audionome.lab import scores

    table = scores.renew(_output_folder(out, "results"))
    console().print(f"{len(table)} scores of {table['model'].nunique()} models.")


@app.command()
def answers(out: Annotated[Path | None, _out("data/results")] = None) -> None:
    """Count from the stored predictions how often answers of each kind are right: answers.json."""
    from audionome.lab import answers as room

    table = room.write(_output_folder(out, "results"))
    console().print(f"{len(table)} kinds of answers by {table['model'].nunique()} models.")


@app.command()
def analyse(
    studies: Annotated[
        list[str] | None, typer.Option("--studies", help="Studies.", show_default="all")
    ] = None,
    complete_with: _COMPLETION = None,
    out: Annotated[Path | None, _out("data/results")] = None,
) -> None:
    """Write importance, learning_curve and decomposition.parquet, and what they sum up per track.

    Finished folds of the decomposition are kept: an interrupted run goes on where it stopped.
    """
    from audionome.lab import crossval, store
    from audionome.lab import studies as room
    from audionome.lab.studies import decomposition, importance, learning_curve

    folder = _output_folder(out, "results")
    # What each study measures per track, and how that is summed up.
    known: dict[str, tuple[Any, Any]] = {
        "importance": (importance.losses, importance.summarise),
        "learning_curve": (learning_curve.outcomes, learning_curve.summarise),
        "decomposition": (partial(decomposition.outcomes, folder=folder), decomposition.summarise),
    }
    chosen = _known(studies, known, "study")
    for name in chosen:
        files.own_table(folder / f"{name}.parquet", ["model", "variant"])
        files.own_table(folder / f"{name}_tracks.parquet", ["track", "artist"])
    stamps, sources = room.stamps(), store.sources()
    path = folder / "studies.json"
    # What other studies found in other data is of no use beside what is found now.
    old = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    record = old if old.get("sources") == sources else {}
    rows = crossval.evaluation_rows(_complete_dataset(complete_with, "The analyses need"))
    with progress() as bar:
        for name in chosen:
            task = bar.add_task(name.replace("_", " ").capitalize(), total=None)
            measure, summarise = known[name]
            tracks = measure(rows, progress=partial(advance, bar, task))
            _write_table(tracks, folder / f"{name}_tracks.parquet")
            _write_table(summarise(tracks), folder / f"{name}.parquet")
            record |= {name: stamps[name], "sources": sources}
            files.write_text(path, json.dumps(record, indent=1) + "\n")


def _output_folder(out: Path | None, *parts: str) -> Path:
    """Return the folder to write into, made or refused before the long work."""
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
    files.write_table(table, path)
    console().print(f"{len(table)} rows: {escape(str(path))}")


def _known(names: list[str] | None, table: dict[str, Any], what: str) -> list[str]:
    chosen = [n for value in names or table for n in value.split(",")]
    for name in chosen:
        if name not in table:
            fail(f'there is no {what} "{name}"; there are: {", ".join(table)}.')
    return chosen


def _score_table(scores: Any, models: list[str], protocols: list[str]) -> Any:
    from rich.table import Table

    table = Table(title="Test accuracy per track (random windows: per window)")
    for column in ("model", "variant", *protocols):
        table.add_column(column)
    level = scores["protocol"].eq("random-windows").map({True: "window", False: "track"})
    shown = scores[(scores["split"] == "test") & (scores["level"] == level)]
    shown = shown.set_index(["model", "variant", "protocol"])
    for name, variant in shown.index.droplevel("protocol").unique():
        if name in models:
            cells = (
                shown.loc[key] if (key := (name, variant, p)) in shown.index else None
                for p in protocols
            )
            table.add_row(name, variant, *map(_score_cell, cells))
    return table


def _score_cell(row: Any) -> str:
    if row is None:
        return ""
    low, high = 100 * row["accuracy_low"], 100 * row["accuracy_high"]
    return f"{100 * row['accuracy']:.1f} ({low:.1f}-{high:.1f})"
