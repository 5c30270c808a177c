"""Make a model of one's own: from a folder with one sub-folder per genre to one file.

What is measured of the files lies in a store until all is done, so that a run that was ended goes
on where it stopped (`audionome.collection.work`).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio, batch, files
from audionome._paths import data_path
from audionome._words import counted, listed
from audionome.collection import work as engine
from audionome.collection.store import Store
from audionome.lab.ear.heads import Heard
from audionome.lab.own import cards, duplicates, fitting, folder, grouping, judging
from audionome.lab.own.folder import TrainingError, whole
from audionome.lab.own.measuring import Measured, heard_of, listener, measure
from audionome.models import head as head_files
from audionome.models import neighbors, own

__all__ = ["Trained", "train"]

_AXES = 48
_AXES_OF = 20_000  # files that the axes of the index are found with
_EXCERPTS_OF = 10_000  # files whose excerpts are learned from
_SHOWN = 3  # files in a note

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Trained:
    """A model of one's own, and what is known of it.

    Attributes
    ----------
    path : Path
    card : dict
        As it lies in the file; ``evaluation`` has the figures, ``limits`` what to distrust.
    notes : list of str
        What was left out, and what may be a slip; a sentence each.
    failures : list of (str, str)
        Files that could not be used, and why.
    """

    path: Path
    card: dict[str, Any]
    notes: list[str]
    failures: list[tuple[str, str]] = field(default_factory=list)


def train(
    top: str | Path,
    out: str | Path,
    *,
    by: str | Sequence[str] = (),
    measured: Path | None = None,
    jobs: int = -1,
    progress: Tell | None = None,
) -> Trained:
    """Train a model on a folder of genres, test it, and write it.

    Parameters
    ----------
    top : str or Path
        Holds one folder per genre.
    out : str or Path
        The model, ``my.model``; one of this name is replaced.
    by : str or sequence of str
        By what recordings are kept apart in the test: one or more of
        `audionome.lab.own.grouping.SOURCES`.
    measured : Path, optional
        A file that keeps what was measured, for the next training on some of the same files.
        Default: it is deleted when the model is written.
    jobs : int
        Processes that measure; -1 for one per core.
    progress : callable, optional
        Called with a step, what is done of it and how much it is.

    Returns
    -------
    Trained

    Raises
    ------
    TrainingError
        If no model can be made of the folder; the sentence says what is missing.
    audionome.files.OutputError
        If the model cannot be written.

    Examples
    --------
    >>> train("genres", "my.model").card["evaluation"]["other_groups"]  # doctest: +SKIP
    """
    top, out, by = Path(top), Path(out), grouping.chosen(by)
    require_model_path(out)
    if measured is not None:
        _require_measured_path(measured)
    batch.require_jobs(jobs)
    tell = progress or (lambda step, done, total: None)
    found = folder.find(top)
    clips = _Clips.of(found, by, tell)
    _require_fair(clips.table, chosen=by)
    tell("Looking for copies", 0, 0)
    hashes = duplicates.contents_twice(
        clips.paths, clips.table["genre"].tolist(), hashed=audio.content_hash
    )
    duplicates.refuse_copies(clips.table["file"].tolist(), clips.table["genre"].tolist(), hashes)
    with contextlib.ExitStack() as stack:
        if measured is None:
            parts = files.Parts(out.with_name(f"{out.name}.unfinished"))
            place = parts.folder / "part-measured"
        else:
            place = measured
        store = stack.enter_context(Store(place))
        try:
            clips, failures = _measured(clips, found.top, store, jobs=jobs, tell=tell)
            trained = _trained(clips, found, failures, out, by, tell)
        except TrainingError as error:
            raise TrainingError(
                f'{error} What was measured is kept in "{place if measured else parts.folder}" '
                "for the next run."
            ) from None
    if measured is None:
        parts.remove()
    return trained


def require_model_path(out: Path) -> None:
    """Require, before long work, that a model can be written.

    Parameters
    ----------
    out : Path

    Raises
    ------
    audionome.files.OutputError
        If it has another suffix, its folder is missing, or it is a file that is no model.
    """
    files.require_output_file(out, {own.SUFFIX})
    # One that is damaged or of another version is what `audionome classify` says to make anew.
    if os.path.lexists(out) and not own.replaceable(out):
        raise files.OutputError(
            f'"{out}" is there and is no model of Audionome; move it away, or give another name.'
        )


def _require_measured_path(path: Path) -> None:
    if path.is_dir():
        raise files.OutputError(f'"{path}" is a folder; give the name of a file to keep.')
    if not path.parent.is_dir():
        raise files.OutputError(f'There is no folder "{path.parent}"; make it first.')


# -- the files ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Clips:
    """The files, with what is known before they are heard: ``file``, ``genre`` and ``group``."""

    table: pd.DataFrame
    paths: list[Path]
    groups: grouping.Grouping
    measured: Measured | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, found: folder.Folder, by: Sequence[str], tell: Tell) -> _Clips:
        paths = [path for genre in found.genres.values() for path in genre]
        genres = [genre for genre, own in found.genres.items() for _ in own]
        tell("Reading tags", 0, len(paths))
        groups = grouping.group(found.top, genres, paths, by=by)
        names = _unique([whole(str(path.relative_to(found.top))) for path in paths])
        table = pd.DataFrame(
            {
                "file": names,
                "genre": genres,
                "group": groups.numbers,
                "group_name": groups.names,
                "source": groups.sources,
            }
        )
        return cls(table, paths, groups)


def _unique(names: Sequence[str]) -> list[str]:
    """Number names that a byte tells apart, and no reader."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = number = seen.get(name, 0) + 1
        found.append(name if number == 1 else f"{name} ({number})")
    return found


def _require_fair(table: pd.DataFrame, *, chosen: Sequence[str]) -> None:
    """Require two genres that can be tested on other groups than those that were learned."""
    by_genre = table.groupby("genre", sort=False)
    counts = by_genre["group"].nunique()
    if (counts > 1).sum() > 1:
        return
    sizes = by_genre.size()
    if table["source"].eq("file").all():
        told = [f'"{genre}" has {counted(int(n), "recording")}' for genre, n in sizes.items()]
        raise TrainingError(
            f"There is too little to learn from and to test with: {_some(told)}. At least two "
            "genres need two recordings each, better ten and more, by different artists."
        )
    first = by_genre["group_name"].first()
    told = [
        f'all of "{genre}" is of "{first[genre]}"' for genre in counts.index if counts[genre] == 1
    ]
    hint = (
        "or, if that is not who made them, say what to go by with --groups"
        if not chosen
        else "or give another --groups"
    )
    raise TrainingError(
        "A model could learn the artists or albums and not the genres, and no test would show it: "
        f"{_some(told)}. Add recordings of other artists or albums to at least two genres, {hint}."
    )


def _some(told: Sequence[str]) -> str:
    more = len(told) - _SHOWN
    return listed([*told[:_SHOWN], f"{more} more"] if more > 0 else told)


def _lost(every: pd.DataFrame, kept: pd.DataFrame, failures: dict[str, str]) -> list[str]:
    """Return a sentence about each genre none of whose recordings can be used."""
    told = []
    for genre, rows in every.groupby("genre", sort=False):
        if genre in set(kept["genre"]):
            continue
        why = next(
            (f" ({name}: {failures[name]})" for name in rows["file"] if name in failures), ""
        )
        n = counted(len(rows), "recording")
        none = f"The only recording of “{genre}” cannot" if len(rows) == 1 else (
            f"None of the {n} of “{genre}” can"
        )  # fmt: skip
        told.append(f"{none} be used{why.replace('.)', ')')}.")
    return told


def _work() -> engine.Work:
    ear = listener().ear
    return engine.Work(f"own-1-{ear.card['graph_sha256'][:12]}", measure)


def _measured(
    clips: _Clips, top: Path, store: Store, *, jobs: int, tell: Tell
) -> tuple[_Clips, list[tuple[str, str]]]:
    """Measure the files; return those that could be, and why the others could not."""
    steps = {"looking": "Looking", "comparing": "Comparing", "working": "Measuring"}
    job = _work()
    engine.process(
        sorted({top / path.relative_to(top).parts[0] for path in clips.paths}),
        store,
        job,
        jobs=jobs,
        progress=lambda state: tell(steps[state.step], state.done, state.total),
    )
    place = {engine.named(path): k for k, path in enumerate(clips.paths)}
    order = clips.table.groupby("genre").cumcount().sort_values(kind="stable").index
    with_excerpts = set(order[:_EXCERPTS_OF].tolist())
    rows: dict[int, dict[str, Any]] = {}
    contents = {}
    for row in store.rows(job.id):
        k = place.get(row.name)
        if k is None:
            continue
        values = dict(row.values)
        if k not in with_excerpts:
            values["values"] = values["values"][: 4 * listener().size]
        rows[k], contents[k] = values, row.content
    every = [str(name) for name in clips.table["file"]]
    failures = [
        (every[k], sentence)
        for name, sentence in store.failures()
        if (k := place.get(name)) is not None
    ]
    kept = sorted(rows)
    table = clips.table.loc[kept].reset_index(drop=True)
    table["content"] = [contents[k] for k in kept]
    names, genres = table["file"].tolist(), table["genre"].tolist()
    duplicates.refuse_copies(names, genres, table["content"].tolist())
    first = np.array(duplicates.repeated(table["content"].tolist())) == np.arange(len(table))
    found = [rows[k] for k in np.array(kept, dtype=int)[first]]
    table = table[first].reset_index(drop=True)
    paths = [clips.paths[k] for k in np.array(kept, dtype=int)[first]]
    lost = _lost(clips.table, table, dict(failures))
    if table["genre"].nunique() < 2:
        raise TrainingError(f"Fewer than two genres are left. {' '.join(lost)}")
    notes = [f"{sentence} The model does not know this genre." for sentence in lost]
    if n := int((~first).sum()):
        verb = "is a copy of another" if n == 1 else "are copies of others"
        notes.append(f"{counted(n, 'file')} {verb} of its genre: each recording counts once.")
    return _Clips(table, paths, clips.groups, heard_of(table, found), tuple(notes)), failures


# -- the model ----------------------------------------------------------------------------


def _trained(
    clips: _Clips,
    found: folder.Folder,
    failures: list[tuple[str, str]],
    out: Path,
    by: Sequence[str],
    tell: Tell,
) -> Trained:
    _require_fair(clips.table, chosen=by)
    assert clips.measured is not None
    heard, genres = clips.measured.heard, sorted(clips.table["genre"].unique().tolist())
    embedding = listener().ear.embedding_size
    judged = judging.judge(
        heard,
        genres=genres,
        embedding=embedding,
        progress=lambda done, total: tell("Testing", done, total),
    )
    tell("Learning", 0, 1)
    with threadpool_limits(1, user_api="blas"):
        everything = np.ones(len(heard.rows), dtype=bool)
        head = fitting.fit(
            heard, everything, genres=genres, inputs=judged.inputs, embedding=embedding
        )
        whole_files = np.flatnonzero(heard.rows["excerpt"] == 0)
        head = fitting.with_limit(heard, head, whole_files)
        vectors = heard.vectors(head, whole_files)
        strange = _strange(heard)
        standardised = head.standardised(vectors)
        arrays = {
            **head.arrays(),
            **_tags(clips.measured.tags, clips.table["genre"].to_numpy(dtype=str), genres),
            **_index(clips.table, standardised),
        }
        right = float(np.mean(head.classes[head.scores(vectors).argmax(axis=1)]
                              == clips.table["genre"].to_numpy(dtype=str)))  # fmt: skip
        notes = [*found.notes, *clips.notes, *_alike(clips.table, standardised)]
    tell("Learning", 1, 1)
    card = cards.card(
        name=whole(out.stem)[:100].strip() or "own",
        genres=genres,
        table=clips.table,
        judged=judged,
        learned=right,
        strange=strange,
        groups=clips.groups,
        by=by,
        ear=listener(),
    )
    own.write(out, card, arrays)
    return Trained(out, card, notes, failures)


def _strange(heard: Heard) -> float:
    """Return the share of files that sound like no music to the head that ships."""
    known = head_files.read(data_path("models"), "ear").head
    means = heard.mean[(heard.rows["excerpt"] == 0).to_numpy(), : known.size]
    vectors = np.concatenate([means, np.zeros_like(means)], axis=1)
    return float(np.mean(known.distances(vectors) > 1))


def _tags(
    logits: NDArray[np.float64], genre: NDArray[np.str_], genres: Sequence[str]
) -> dict[str, NDArray[Any]]:
    deviation = logits.std(axis=0)
    return {
        "usual_logits": logits.mean(axis=0),
        "logit_deviation": np.where(deviation > 0, deviation, 1.0),
        "genre_logits": np.stack([logits[genre == name].mean(axis=0) for name in genres]),
        "patterns": head_files.read(data_path("models"), "ear").usual.patterns,
    }


def _index(table: pd.DataFrame, vectors: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    n = len(vectors)
    some = np.random.default_rng(0).permutation(n)[:_AXES_OF]
    axes = neighbors.principal_axes(vectors[np.sort(some)], max(2, min(_AXES, n - 1)))
    return {
        "tracks": table["file"].to_numpy(dtype=str),
        "genres": table["genre"].to_numpy(dtype=str),
        "artists": table["group"].to_numpy(np.int64),
        "axes": axes.astype(np.float32),
        "vectors": (vectors @ axes).astype(np.float16),
    }


def _alike(table: pd.DataFrame, vectors: NDArray[np.float64]) -> list[str]:
    """Return what is said of recordings that may be one."""
    genre, group = table["genre"].to_numpy(dtype=str), table["group"].to_numpy()
    names, notes = table["file"].tolist(), []
    across = duplicates.alike(vectors, genre)
    for a, b, _ in across[:_SHOWN]:
        notes.append(
            f'"{names[a]}" and "{names[b]}" sound nearly alike and lie in two genres; if they are '
            "one recording, keep it in one of them."
        )
    if more := len(across) - _SHOWN if len(across) > _SHOWN else 0:
        notes.append(f"So do {counted(more, 'more pair')}.")
    within = [pair for pair in duplicates.alike(vectors, group) if genre[pair[0]] == genre[pair[1]]]
    if within:
        a, b, _ = within[0]
        notes.append(
            f"{counted(len(within), 'pair')} of files in one genre sound nearly alike, first "
            f'"{names[a]}" and "{names[b]}". If they are the same recordings, the figures flatter.'
        )
    return notes
