"""``audionome tag``: genres into the tags of the files themselves, and back again."""

from __future__ import annotations

import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from audionome import files
from audionome._words import counted, likelihood
from audionome.cli._collection import Told
from audionome.cli._common import FAILED, JOBS, console, escape, quiet_libraries
from audionome.errors import AudionomeError

if TYPE_CHECKING:
    from audionome.collection.tags.backup import Backup
    from audionome.collection.tags.deciding import Decision, Rules
    from audionome.collection.tags.tagging import Job

__all__ = ["tag"]


def tag(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Music files, or folders that hold some.", metavar="FILE"),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Take the answers from this table, as `audionome classify --out` writes it, "
            "instead of listening.",
            metavar="TABLE",
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write; without it, show what would be written.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--replace", help="Also replace a genre or a tempo that is there.")
    ] = False,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Least probability of a genre that is written.", show_default="0.5"
        ),
    ] = None,
    unsure: Annotated[
        bool,
        typer.Option(
            "--unsure",
            help="Also write answers that name many genres, are of sounds unlike any music, or are "
            "less likely than --min-confidence.",
        ),
    ] = False,
    tempo: Annotated[
        bool, typer.Option("--tempo", help="Also write the tempo, where there is none.")
    ] = False,
    ear_tags: Annotated[
        bool,
        typer.Option("--ear-tags", help="Also write what it sounds like, into AUDIONOME_TAGS."),
    ] = False,
    backup: Annotated[
        Path | None,
        typer.Option(
            help="The list that undoes it, a new file that ends in .jsonl.",
            metavar="FILE",
            show_default="one in this folder",
        ),
    ] = None,
    undo: Annotated[
        Path | None,
        typer.Option(
            help="Undo the run that wrote this list. If files were moved since, name the folders "
            "where they lie now.",
            metavar="BACKUP",
        ),
    ] = None,
    separate_links: Annotated[
        bool,
        typer.Option(
            "--separate-links",
            help="Also change files with several hard links: this name becomes a file of its own.",
        ),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(help="As for `audionome classify`.", show_default="ear"),
    ] = None,
    jobs: JOBS = -1,
) -> None:
    """Write genres into the tags of music files; by default it only shows what it would write.

    Only files without a genre get one, and the sound of no file changes. A list is kept of what
    was there before: --undo brings it back.

    Exit code 2 if a file could not be tagged; the others are.
    """
    from audionome._extras import require_extra
    from audionome.collection.tags.deciding import Rules

    require_extra("collections", "mutagen", who="Tagging")
    request = _Request(sources or [], table)
    if undo is not None:
        if write or table or backup:
            raise AudionomeError("--undo goes with no other option but --separate-links.")
        _undo(undo, request, separate=separate_links)
        return
    least = 0.0 if unsure and min_confidence is None else min_confidence
    rules = Rules(
        replace=overwrite, min_confidence=least, unsure=unsure, tempo=tempo, ear_tags=ear_tags
    )
    _tag(
        request,
        rules,
        backup=_backup_path(backup) if write else None,
        separate=separate_links,
        model=model,
        jobs=jobs,
    )


def _tag(
    request: _Request,
    rules: Rules,
    *,
    backup: Path | None,
    separate: bool,
    model: str | None,
    jobs: int,
) -> None:
    from contextlib import ExitStack

    from audionome.batch import Failure
    from audionome.collection.tags import tagging
    from audionome.collection.tags.backup import Backup
    from audionome.collection.work import Progress
    from audionome.models.classifier import load_classifier

    if request.table is None:
        load_classifier(model)  # a wrong name is told before any file is read
    elif model is not None:
        raise AudionomeError("--model has no use with --from: the answers are in the table.")
    work = request.jobs()
    total = len(work) if isinstance(work, list) else 0
    told = _Told()
    with ExitStack() as stack:
        kept = None
        if backup is not None:
            kept = stack.enter_context(Backup(backup, begun=lambda: _begun(backup)))
        stack.enter_context(quiet_libraries())
        progress = stack.enter_context(Told())
        done = tagging.tag(work, rules, model=model, backup=kept, separate=separate, jobs=jobs)
        try:
            for name, decision in done:
                if isinstance(decision, Failure):
                    told.failed(name, decision)
                else:
                    told.decided(decision)
                progress(Progress("working", told.done, total, told.failures))
            for name, why in request.refused:
                told.failed(name, why)
        except BaseException:
            if not told.done:
                raise  # it was refused
            told.conclude(request, kept)
            raise
    told.conclude(request, kept)
    if told.failures:
        raise typer.Exit(FAILED)


def _backup_path(given: Path | None) -> Path:
    if given is not None:
        return given
    now = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    for number in range(1, 1000):
        path = Path(f"audionome-tags-{now}{f'-{number}' if number > 1 else ''}.jsonl")
        if not os.path.lexists(path):
            break
    return path


# -- what is asked about ------------------------------------------------------------------


@dataclass
class _Request:
    """The files that were named, and the table of their answers."""

    sources: Sequence[str]
    table: Path | None
    refused: list[tuple[str, str]] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    elsewhere: int = 0

    def jobs(self) -> Iterable[Job]:
        """Return the files to tag, with their answers if they come from a table."""
        from audionome.collection.tags.tagging import Job

        if self.table is not None:
            return self._of_table(self.table)
        found = [Job.of(str(path)) for path in self.found()]
        if not found and not self.refused:
            if not self.sources:
                raise AudionomeError(
                    "Name files or folders, or a table of answers: --from genres.parquet."
                )
            raise AudionomeError(f'"{self.sources[0]}" holds no audio file.')
        return found

    def found(self) -> list[Path]:
        """Return the files that were named, each once."""
        found: dict[str, Path] = {}
        for name in self.sources:
            if not os.path.isdir(name) or not name:
                why = files.refuse_source(name)
                if not why and not os.path.lexists(name):
                    why = f'"{name}" does not exist.'
                if why:
                    self.refused.append((name, why))
                else:
                    found.setdefault(os.path.realpath(name), Path(name))
                continue
            scan = files.scan(name)
            self.skipped += scan.skipped
            self.refused += [(str(path), why) for path, why in scan.unreadable.items()]
            for path in scan.files:
                found.setdefault(os.path.realpath(path), path)
        return list(found.values())

    def _of_table(self, path: Path) -> Iterator[Job]:
        from audionome.collection import table
        from audionome.collection.sources import is_url
        from audionome.collection.tags.tagging import Job

        for name in self.sources:
            if not os.path.lexists(name):
                raise AudionomeError(f'"{name}" does not exist.')
        wanted = [os.path.realpath(name) for name in self.sources]
        seen: set[str] = set()
        for row in table.read(path):
            name = str(row["file"])
            if is_url(name):
                self.refused.append(
                    (name, "It lies elsewhere; tags are written on this machine alone.")
                )
                continue
            place = table.name_of(name)
            if not os.path.lexists(place):  # relative to the table, perhaps
                place = os.path.join(os.path.dirname(path), place)
            real = os.path.realpath(place)
            if real in seen:
                continue
            seen.add(real)
            if wanted and not any(
                _within(one, folder) for one in (real, place) for folder in wanted
            ):
                self.elsewhere += 1
                continue
            yield Job.of(place, row)


def _within(name: str, folder: str) -> bool:
    return name == folder or name.startswith(folder.rstrip(os.sep) + os.sep)


# -- what is told -------------------------------------------------------------------------


@dataclass
class _Told:
    """What is printed of every file, and counted for the end."""

    fates: Counter[str] = field(default_factory=Counter)
    unsure: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    failures: int = 0

    @property
    def done(self) -> int:
        return sum(self.fates.values()) + self.failures

    def decided(self, decision: Decision) -> None:
        self.fates[decision.genre] += 1
        if decision.why:
            self.unsure[decision.why] += 1
        if decision.changes:
            self.changed += 1
            console().print(f"[bold]{escape(decision.file)}[/]: {_change(decision)}")

    def failed(self, name: str, why: str) -> None:
        self.failures += 1
        where = "" if name == os.path.basename(name) else f"{escape(name)}: "
        console(stderr=True).print(f"[bold red]not tagged:[/] {where}{escape(why)}")

    def conclude(self, request: _Request, kept: Backup | None) -> None:
        fates = self.fates
        lines = []
        if fates["kept"]:
            lines.append(f"{_files(fates['kept'])} with a genre already; --replace replaces it")
        if fates["same"]:
            lines.append(f"{_files(fates['same'])} with this very genre")
        for why, n in self.unsure.items():
            lines.append(
                f"{counted(n, 'answer')} {why}; --unsure writes {'it' if n == 1 else 'them'}"
            )
        if fates["none"]:
            lines.append(f"{_files(fates['none'])} without a genre in the table")
        if request.elsewhere:
            lines.append(f"{counted(request.elsewhere, 'row')} of the table of other files")
        if self.failures:
            lines.append(f"{_files(self.failures)} that cannot be tagged, as said above")
        total = self.done
        verb = "would change" if kept is None else "changed"
        out = console()
        out.print(f"{_files(self.changed)} of {total:,} {verb}.")
        if lines:
            out.print("Without a new genre:")
            for line in lines:
                out.print(f"  {escape(line)}")
        if left_out := files.describe_skipped(request.skipped):
            out.print(left_out)
        if kept is not None and kept.entries:
            out.print(f"To undo it: {escape(_undoing(kept.path))}")
        elif kept is None and self.changed and "--write" not in sys.argv:
            words = [os.path.basename(sys.argv[0]).replace("__main__.py", "audionome")]
            line = shlex.join([*words, *sys.argv[1:], "--write"])
            out.print(f"Nothing was written. To write it: {escape(line)}")


def _begun(backup: Path) -> None:
    """Print how to undo the run while it still goes on: it may be killed."""
    told = f"Writing. To undo it, also if it is stopped: {escape(_undoing(backup))}"
    console(stderr=True).print(told)


def _undoing(backup: Path) -> str:
    return f"audionome tag --undo {shlex.quote(str(backup))}"


def _files(n: int) -> str:
    return counted(n, "file")


def _change(decision: Decision) -> str:
    """Return what changes: the old value, an arrow, the new one."""
    was, now = decision.was, decision.now
    parts = []
    if was.genres != now.genres:
        sure = f" ({likelihood(decision.confidence)})" if decision.confidence is not None else ""
        old = "; ".join(was.genres) or "no genre"
        parts.append(f"{escape(old)} → [bold]{escape('; '.join(now.genres))}[/]{sure}")
    if was.tempo != now.tempo:
        parts.append(f"{was.tempo or 'no'} → {now.tempo} BPM" if was.tempo else f"{now.tempo} BPM")
    if was.ear != now.ear:
        parts.append(f"sounds like {escape(', '.join(now.ear)) or 'nothing in particular'}")
    return "; ".join(parts)


# -- undoing ------------------------------------------------------------------------------


def _undo(path: Path, request: _Request, *, separate: bool) -> None:
    from audionome.collection.tags import backup

    counts: Counter[str] = Counter()
    for one in backup.undo(path, request.found(), separate=separate):
        counts[one.how] += 1
        if one.how == "refused":
            where = escape(one.entry.file)
            console(stderr=True).print(f"[bold red]not undone:[/] {where}: {escape(one.why)}")
    said = {
        "bytes": "as before, to the last byte",
        "values": "with the old genre again; their other bytes are not as before",
        "before": "as before already",
        "refused": "not undone, as said above",
    }
    for how, words in said.items():
        if counts[how]:
            console().print(f"{_files(counts[how])} {words}.")
    if not counts:
        console().print("The list names no file: there is nothing to undo.")
    for name, why in request.refused:
        console(stderr=True).print(f"[bold red]not found:[/] {escape(name)}: {escape(why)}")
    if counts["refused"] or request.refused:
        raise typer.Exit(FAILED)
