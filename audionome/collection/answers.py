"""The genres of a whole collection, in a table that grows with it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from audionome import files
from audionome.collection import table
from audionome.collection.store import Row, Store
from audionome.collection.work import (
    BEGUN,
    Done,
    Progress,
    Work,
    inside,
    named,
    process,
    require_sources,
)
from audionome.errors import AudionomeError
from audionome.files import OutputError

__all__ = [
    "MIN_CONFIDENCE",
    "Answered",
    "classify",
    "errors_beside",
    "is_sure",
    "kinds",
    "require",
    "work_of",
]

#: From which confidence on an answer is sure, if nothing else is said.
MIN_CONFIDENCE = 0.5
_ERRORS = {"file": str, "error": str}
_BEFORE: dict[str, type] = {
    "status": str, "genre": str, "prediction_set": str, "coverage": float, "confidence": float,
}  # fmt: skip
_AFTER: dict[str, type] = {
    "second_opinion": str, "distance": float, "tempo": float, "tempo_probability": float,
    "tempo_alternative": float, "duration": float, "learned_from": str, "message": str,
    "tags": str, "notes": str,
}  # fmt: skip
_OURS: dict[str, type] = {"sure": bool, "content": str, "model": str, "bytes": int, "modified": int}
_BATCH = 10_000
_TAKEN = "taken over"


@dataclass(frozen=True)
class Answered:
    """What `classify` did.

    Attributes
    ----------
    done : audionome.collection.work.Done
    table : Path
    errors : Path or None
        The table of what has no answer; None if all have one.
    n_answers, n_errors : int
        Rows of the tables.
    sure, unsure : Counter of str
        Files by their likeliest genre: those that are sure, and the others.
    """

    done: Done
    table: Path
    errors: Path | None
    n_answers: int
    n_errors: int
    sure: Counter[str] = field(default_factory=Counter)
    unsure: Counter[str] = field(default_factory=Counter)


def kinds(genres: Iterable[str]) -> dict[str, type]:
    """Return the columns of a table of answers, and what is in them.

    Parameters
    ----------
    genres : iterable of str
        That the model can name.

    Returns
    -------
    dict of str to type
    """
    shares = {f"p_{genre}": float for genre in genres}
    return {"file": str, **_BEFORE, **shares, **_AFTER, **_OURS}


def is_sure(values: Mapping[str, Any], min_confidence: float = MIN_CONFIDENCE) -> bool:
    """Return whether an answer is sure: it names one to three genres, with enough confidence.

    Parameters
    ----------
    values : mapping
        A row of a table of answers: ``status`` and ``confidence``.
    min_confidence : float

    Returns
    -------
    bool

    Examples
    --------
    >>> is_sure({"status": "few", "confidence": 0.7})
    True
    >>> is_sure({"status": "many", "confidence": 0.7})
    False
    """
    return values["status"] in ("one", "few") and values["confidence"] >= min_confidence


def errors_beside(out: Path) -> Path:
    """Return where the errors of a table are written: ``X.errors.csv`` beside ``X.csv``.

    Parameters
    ----------
    out : Path

    Returns
    -------
    Path
    """
    return out.with_suffix(f".errors{out.suffix}")


def work_of(model: str | None) -> Work:
    """Return the work of classifying with a model.

    Parameters
    ----------
    model : str, optional
        As for `audionome.load_classifier`.

    Returns
    -------
    Work

    Raises
    ------
    audionome.errors.ModelError
        If there is no such model.
    """
    from audionome.models.own import is_own

    if model is not None and is_own(model):
        model = os.path.abspath(model)  # another process may stand in another folder
    known = _model_id(model)
    return Work(known, partial(_answer, model=model, known=known), same=partial(_model_id, model))


def _model_id(model: str | None) -> str:
    from audionome.models.classifier import load_classifier

    return load_classifier(model).id


def _answer(path: Path, name: str, *, model: str | None, known: str) -> dict[str, Any]:
    from audionome.models.classifier import load_same

    return dict(load_same(model, known).classify(path).as_row())


def require(out: Path) -> None:
    """Require, before long work, that tables of answers can be written.

    Parameters
    ----------
    out : Path

    Raises
    ------
    audionome.files.OutputError
        If one of them cannot be written, or would replace a file that is not ours.
    audionome._extras.MissingExtraError
        If what writes Parquet is not installed.
    """
    table.require_suffix(out, who="A table")
    files.require_output_file(out, table.SUFFIXES)
    _require_ours(out, ["file", "genre", "confidence", *_OURS])
    errors = errors_beside(out)
    files.require_output_file(errors, table.SUFFIXES)
    _require_ours(errors, list(_ERRORS), only=True)


def _require_ours(path: Path, needed: Sequence[str], *, only: bool = False) -> None:
    if not os.path.lexists(path):
        return
    try:
        found = table.columns(path)
    except OutputError as error:
        raise OutputError(f'"{path}" cannot be read; move it away.') from error
    # JSON lines without a line have no columns.
    mine = set(found) == set(needed) if only else set(needed) <= set(found)
    if not mine and (found or path.suffix != ".jsonl" or path.stat().st_size):
        raise OutputError(f'"{path}" is not what this command writes; move it away.')
    added = [name for name in found if name not in kinds(()) and not name.startswith("p_")]
    if added and not only:
        raise OutputError(
            f'"{path}" has a column "{added[0]}", which would be lost; write to another table.'
        )


def classify(
    sources: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    model: str | None = None,
    jobs: int = -1,
    cluster: str | None = None,
    min_confidence: float = MIN_CONFIDENCE,
    progress: Callable[[Progress], None] | None = None,
    forget: Iterable[str | Path] = (),
) -> Answered:
    """Classify every recording of a collection and write a table of the answers.

    What the table holds already is not done again: it goes on where an earlier run stopped or was
    stopped, and adds what is new. Unfinished work lies in ``<out>.unfinished``.

    Parameters
    ----------
    sources : str, Path or iterable of these
        Files, folders and URLs.
    out : str or Path
        The table: ``.parquet``, ``.csv`` or ``.jsonl``. What has no answer stands in a second
        one beside it, see `errors_beside`.
    model : str, optional
        As for `audionome.load_classifier`.
    jobs, cluster, progress, forget
        As for `audionome.collection.work.process`.
    min_confidence : float
        From which confidence on an answer may be marked as ``sure``, in [0, 1]; see `is_sure`.

    Returns
    -------
    Answered

    Raises
    ------
    AudionomeError
        If a source does not exist or holds no recording, or a table cannot be written or would
        replace a file that is not ours; the text says what to do.

    Examples
    --------
    >>> classify("~/Music", "genres.parquet").sure  # doctest: +SKIP
    Counter({'rock': 812, 'jazz': 97})
    """
    from audionome.models.classifier import load_classifier

    if not 0 <= min_confidence <= 1:
        raise AudionomeError(f"{min_confidence} is no confidence; give a number from 0 to 1.")
    out = Path(os.path.realpath(out))
    require(out)
    given = [named(one) for one in ([sources] if isinstance(sources, str | Path) else sources)]
    forgotten = [named(one) for one in ([forget] if isinstance(forget, str | Path) else forget)]
    unfinished = out.with_name(f"{out.name}.unfinished")
    if not any(map(os.path.lexists, (out, unfinished))):
        require_sources(given)
    work, columns = work_of(model), kinds(load_classifier(model).genres)
    parts = files.Parts(unfinished)
    path = parts.folder / "part-store.sqlite"
    parts.lock()
    worth_keeping = path.exists()

    def tell(state: Progress) -> None:
        nonlocal worth_keeping
        worth_keeping = worth_keeping or (state.step == "working" and state.done > 0)
        if progress is not None:
            progress(state)

    try:
        with Store(path) as store:
            _require_one_model(parts.folder, store, work)
            _take_over(out, store, [*given, *forgotten], work=work, columns=columns)
            done = process(
                given, store, work, jobs=jobs, cluster=cluster, progress=tell, forget=forgotten
            )
            found = _written(
                out, store, done, work=work, columns=columns, min_confidence=min_confidence
            )
        worth_keeping = False
    finally:
        if not worth_keeping:
            parts.remove()
        parts.unlock()
    return found


def _take_over(
    out: Path, store: Store, given: Sequence[str], *, work: Work, columns: Mapping[str, type]
) -> None:
    """Put the rows of an earlier table into a new store, and refuse those that would be lost."""
    known = store.noted(_TAKEN) is not None
    lies_in = inside(given)
    of_file = [name for name in columns if name not in ("file", *_OURS)]
    for k, row in enumerate(table.read(out) if out.exists() else (), 1):
        name = table.name_of(_text(row, "file", out))
        ours = row.get("model") == work.id and row.keys() == columns.keys()
        if ours and not known:
            values = {key: row[key] for key in of_file}
            content = _text(row, "content", out)
            store.put(Row(name, content, work.id, row["bytes"], row["modified"], values))
        elif not ours and lies_in(name):
            if not known:
                store.put(Row(name, "", "", 0, 0, {}))  # is answered anew, or is gone
        elif not ours:
            raise OutputError(
                f'"{out}" has answers of the model {row.get("model")} about files that you did not '
                f'name, such as "{name}". Name them as well, or write to another table.'
            )
        if k % _BATCH == 0:
            store.commit()
    if known:
        return
    errors = errors_beside(out)
    for row in table.read(errors, needed=list(_ERRORS)) if errors.exists() else ():
        store.fail(table.name_of(_text(row, "file", errors)), _text(row, "error", errors))
    store.note(_TAKEN, work.id)
    store.commit()


def _require_one_model(folder: Path, store: Store, work: Work) -> None:
    """Refuse a store that another model has begun to fill: its rows would be lost."""
    begun = store.noted(BEGUN)
    if begun not in (None, work.id):
        raise OutputError(
            f'"{folder}" holds unfinished work of the model {begun}. Finish it with that model, or '
            "delete the folder to begin anew."
        )
    if store.noted(_TAKEN) not in (None, work.id):
        store.clear()


def _text(row: Mapping[str, Any], column: str, path: Path) -> str:
    """Return a cell of a table that a stranger may have changed."""
    if not isinstance(value := row.get(column), str) or not value:
        raise OutputError(f'"{path}" has a row without "{column}"; mend it, or move it away.')
    return value


def _written(
    out: Path,
    store: Store,
    done: Done,
    *,
    work: Work,
    columns: Mapping[str, type],
    min_confidence: float,
) -> Answered:
    """Write both tables; the second one only if it has rows."""
    sure: Counter[str] = Counter()
    unsure: Counter[str] = Counter()

    def answers() -> Iterator[dict[str, Any]]:
        for row in store.rows(work.id):
            values = row.values
            known = is_sure(values, min_confidence)
            (sure if known else unsure)[values["genre"]] += 1
            yield {
                "file": table.text_of(row.name),
                **values,
                "sure": known,
                "content": row.content,
                "model": row.work,
                "bytes": row.bytes,
                "modified": row.modified,
            }

    def failures() -> Iterator[dict[str, str]]:
        for name, sentence in store.failures():
            yield {"file": table.text_of(name), "error": sentence}

    errors: Path | None = errors_beside(out)
    assert errors is not None
    within = store.path.parent
    if any(True for _ in store.failures()):
        n_errors = table.write(errors, _ERRORS, failures(), within=within)
    else:
        errors.unlink(missing_ok=True)
        errors, n_errors = None, 0
    n_answers = table.write(out, columns, answers(), within=within)
    return Answered(done, out, errors, n_answers, n_errors, sure, unsure)
