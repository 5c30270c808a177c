"""Tag many files: read, listen, decide, and replace one file after the other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from audionome import batch
from audionome.batch import Failure
from audionome.collection.tags import rewriting, tagfile
from audionome.collection.tags.backup import Backup, Entry
from audionome.collection.tags.deciding import Decision, Rules, decide, to_number
from audionome.collection.tags.values import TagError
from audionome.errors import AudionomeError
from audionome.files import OutputError

__all__ = ["Job", "classified", "tag"]

_CHUNK = 2000  # files whose answers are in memory at once


class Job(str):
    """A file to tag: its name, and the row of its answer, if there is one already."""

    row: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The last part of its path."""
        return os.path.basename(self)

    @classmethod
    def of(cls, name: str, row: Mapping[str, Any] | None = None) -> Job:
        """Return the job of a file.

        Parameters
        ----------
        name : str
        row : mapping, optional
            As `audionome.collection.tags.deciding.decide` takes it.

        Returns
        -------
        Job
        """
        job = cls(name)
        job.row = row
        return job


def tag(
    work: Iterable[Job],
    rules: Rules,
    *,
    model: str | None = None,
    backup: Backup | None = None,
    separate: bool = False,
    jobs: int = 1,
) -> Iterator[tuple[str, Decision | Failure]]:
    """Tag files, or say what would be written.

    Parameters
    ----------
    work : iterable of Job
        A job without a row is classified, if its file can change at all.
    rules : audionome.collection.tags.deciding.Rules
    model : str, optional
        As for `audionome.load_classifier`.
    backup : Backup, optional
        Where it is written how to undo it. Without one, no file is changed.
    separate : bool
        Whether files with several hard links are replaced under this name alone.
    jobs : int
        As for `audionome.batch.for_each`.

    Yields
    ------
    file : str
    decision : Decision or Failure
        What was done, or would be; or why nothing can be.

    Raises
    ------
    audionome.files.OutputError
        If the backup cannot be written; no further file is changed.
    """
    do = partial(_decided, rules=rules, model=model, separate=separate)
    waiting = iter(work)
    while chunk := list(islice(waiting, _CHUNK)):
        paths: Sequence[Any] = chunk
        found = batch.for_each(do, paths, jobs=jobs if len(chunk) > 1 else 1)
        for job, decision in zip(chunk, found, strict=True):
            if isinstance(decision, Failure) or backup is None or not decision.changes:
                yield str(job), decision
            else:
                # Here and not in the other processes: there is never more than one copy.
                yield str(job), _written(Path(job), decision, backup, separate=separate)


def _decided(job: Job, *, rules: Rules, model: str | None, separate: bool) -> Decision:
    path = Path(job)
    was = tagfile.read(path)
    if was.genres and not (rules.replace or rules.tempo or rules.ear_tags):
        return Decision(str(job), was, was, "kept")  # no answer would change it
    # Told before it takes long, and when nothing is to be written yet.
    rewriting.require_replaceable(Path(os.path.realpath(path)), separate=separate)
    if job.row is None:
        row = classified(path, model=model)
    else:
        row = job.row
        _require_unchanged(path, row)
    decision = replace(decide(was, row, rules), file=str(job))
    if decision.changes:
        tagfile.require_writable(path, decision.now)
    return decision


def _written(
    path: Path, decision: Decision, backup: Backup, *, separate: bool
) -> Decision | Failure:
    def make(source: Path, target: Path) -> None:
        if tagfile.read(source) != decision.was:
            raise TagError(f'"{path.name}" got other tags meanwhile; it is left as it is.')
        tagfile.write(source, target, decision.now, name=path.name)

    try:
        prepared = rewriting.prepare(path, make, separate=separate)
        try:
            backup.add(Entry.of(prepared, decision.was, decision.now))
            prepared.replace()
        finally:
            prepared.drop()
    except OutputError:  # of the backup: nothing more may be changed
        raise
    except AudionomeError as error:
        return Failure(error)
    except MemoryError:
        return Failure(f'"{path.name}" is left as it is: it needs more memory than is free.')
    except Exception as error:
        return Failure(f'"{path.name}" is left as it is: {batch.unexpected(error)}')
    return decision


def classified(path: Path, *, model: str | None = None) -> Mapping[str, Any]:
    """Listen to a file.

    Parameters
    ----------
    path : Path
    model : str, optional
        As for `audionome.load_classifier`.

    Returns
    -------
    mapping
        The answer, as `audionome.collection.tags.deciding.decide` takes it.
    """
    from audionome.models.classifier import load_classifier

    return load_classifier(model).classify(path).as_row()


def _require_unchanged(path: Path, row: Mapping[str, Any]) -> None:
    """Require that an answer from a table is about the sound that the file has now."""
    content, modified = row.get("content"), row.get("modified")
    if not content or not isinstance(content, str):
        return
    status = path.stat()
    if to_number(row.get("bytes")) == status.st_size and str(modified) == str(status.st_mtime_ns):
        return
    from audionome.audio import content_hash

    if content_hash(path) != content:
        raise TagError(
            f'"{path.name}" has another sound than when it was classified; classify it again.'
        )
