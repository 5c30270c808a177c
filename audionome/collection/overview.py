"""One page about a collection: its answers as charts, in one HTML file that works offline."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audionome import files
from audionome._extras import require_extra
from audionome._words import clock, counted, either, genre_name, likelihood, share
from audionome.collection import table as tables

if TYPE_CHECKING:
    from audionome.charts import Chart
    from audionome.charts.page import Part

__all__ = ["MOST_ERRORS", "MOST_ROWS", "Overview", "require", "summed_up", "write"]

#: Rows of the table of files, and of that of errors, that the page holds.
MOST_ROWS, MOST_ERRORS = 5000, 1000

_STATUS = {
    "one": "one genre",
    "few": "two or three genres",
    "many": "many genres",
    "out-of-distribution": "unlike any music it knows",
}
_STEPS = 10  # classes of confidence
_BEAT = 10  # BPM of a class
_LENGTHS = (15, 30, 60, 120, 180, 240, 300, 420, 600, 1200, 3600)  # s
_MOST_TAGS = 20


@dataclass
class Overview:
    """What is counted of a table, in memory that does not grow with it.

    Attributes
    ----------
    n : int
        Files.
    sure, unsure : Counter of str
        Files by genre.
    confidence : dict of str to list of int
        Status to the number of files in each class of confidence.
    tempi, lengths : Counter of int
        Files by class.
    tags : Counter of str
        What is heard, by the number of files.
    seconds : float
        Of music, in all.
    rows : list of dict
        The first `MOST_ROWS` files.
    """

    n: int = 0
    sure: Counter[str] = field(default_factory=Counter)
    unsure: Counter[str] = field(default_factory=Counter)
    confidence: dict[str, list[int]] = field(default_factory=dict)
    tempi: Counter[int] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    rows: list[dict[str, str]] = field(default_factory=list)

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row."""
        self.n += 1
        genre, status = str(row.get("genre") or ""), str(row.get("status") or "")
        is_sure = str(row.get("sure", True)).casefold() not in {"false", "0"}
        (self.sure if is_sure else self.unsure)[genre] += 1
        confidence, tempo, length = (
            _number(row.get(name)) for name in ("confidence", "tempo", "duration")
        )
        if confidence is not None:
            step = min(_STEPS - 1, max(0, int(confidence * _STEPS)))
            self.confidence.setdefault(status, [0] * _STEPS)[step] += 1
        if tempo is not None and tempo > 0:
            self.tempi[int(tempo // _BEAT)] += 1
        if length is not None:
            self.seconds += length
            self.lengths[sum(length >= edge for edge in _LENGTHS)] += 1
        self.tags.update(filter(None, str(row.get("tags") or "").split("|")))
        if len(self.rows) < MOST_ROWS:
            self.rows.append(_shown(row, genre, status, confidence, tempo, length))


def _number(value: object) -> float | None:
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def _shown(
    row: Mapping[str, Any],
    genre: str,
    status: str,
    confidence: float | None,
    tempo: float | None,
    length: float | None,
) -> dict[str, str]:
    genres = [g for g in str(row.get("prediction_set") or "").split("|") if g]
    if status == "out-of-distribution":
        answer = "unlike any music it knows"
    else:
        answer = either([genre_name(g) for g in genres or [genre]])
    return {
        "file": str(row["file"]),
        "answer": answer,
        "likeliest": genre_name(genre),
        "probability": "" if confidence is None else likelihood(confidence),
        "BPM": "" if tempo is None else f"{tempo:.0f}",
        "length": "" if length is None else clock(length),
        "heard": ", ".join(filter(None, str(row.get("tags") or "").split("|"))),
    }


def require(path: Path) -> None:
    """Require, before long work, that an overview can be written.

    Parameters
    ----------
    path : Path

    Raises
    ------
    audionome.files.OutputError
        If it cannot be written.
    audionome._extras.MissingExtraError
        If what draws is not installed.
    """
    files.require_output_file(path, {".html", ".htm"})
    require_extra("collections", "pandas", "plotly", who="An overview")


def summed_up(table: Path) -> Overview:
    """Count what a table holds.

    Parameters
    ----------
    table : Path
        Written by ``audionome classify --out``, or with the columns ``file`` and ``genre``.

    Returns
    -------
    Overview
    """
    found = Overview()
    for row in tables.read(table):
        found.add(row)
    return found


def write(
    path: Path, table: Path, *, errors: Path | None = None, min_confidence: float = 0.0
) -> None:
    """Write the overview of a table.

    Parameters
    ----------
    path : Path
        The page, ``overview.html``.
    table : Path
        Of answers; see `summed_up`.
    errors : Path, optional
        Table of the files without an answer: ``file`` and ``error``.
    min_confidence : float
        From which on answers are called sure.

    Raises
    ------
    audionome.files.OutputError
        If a table cannot be read, or the page cannot be written.
    """
    require(path)
    from audionome.charts.page import write_page

    found = summed_up(table)
    failed, n_failed = _failed(errors)
    lead = f"{counted(found.n, 'recording')} in {table.name}"
    if found.seconds:
        lead += f", {found.seconds / 3600:,.1f} hours of music"
    lead += f"; {counted(n_failed, 'file')} could not be read." if n_failed else "."
    parts: list[Part] = [*_paragraphs(found, min_confidence), *_charts(found)]
    parts += _tables(found, failed, n_failed, table)
    write_page(path, "An overview of the collection", parts, lead=lead)


def _paragraphs(found: Overview, least: float) -> list[str]:
    unsure = found.unsure.total()
    if not unsure:
        return []
    too_little = f", its likeliest genre has less than {least:.0%}" if least else ""
    return [
        f"{share(unsure / found.n)} of the answers are not sure: such an answer names more than "
        f"three genres{too_little}, or the sound is unlike any music that the model knows."
    ]


def _charts(found: Overview) -> list[Chart]:
    from audionome.charts.collection import counted_bars, genre_bars, stacked_bars

    charts = [genre_bars(found.sure, found.unsure)] if found.n else []
    if found.confidence:
        steps = [f"{100 * k // _STEPS}-{100 * (k + 1) // _STEPS}%" for k in range(_STEPS)]
        order = [*_STATUS, *(s for s in found.confidence if s not in _STATUS)]
        counts = {
            _STATUS.get(s, s or "answers"): found.confidence[s]
            for s in order
            if s in found.confidence
        }
        charts.append(
            stacked_bars(
                counts, steps, caption="How sure", axis="Probability of the likeliest genre"
            )
        )
    if found.tempi:
        first, last = min(found.tempi), max(found.tempi)
        beats = {f"{_BEAT * k}-{_BEAT * (k + 1)}": found.tempi[k] for k in range(first, last + 1)}
        charts.append(counted_bars(beats, caption="Tempo", axis="Beats per minute"))
    if found.lengths:
        names = [
            f"under {clock(_LENGTHS[0])}",
            *(f"{clock(a)}-{clock(b)}" for a, b in pairwise(_LENGTHS)),
            f"over {clock(_LENGTHS[-1])}",
        ]
        lengths = {name: found.lengths[k] for k, name in enumerate(names)}
        charts.append(counted_bars(lengths, caption="Length", axis="Minutes and seconds"))
    if found.tags:
        heard = dict(found.tags.most_common(_MOST_TAGS))
        charts.append(counted_bars(heard, caption="What is heard most", axis="Tag", sideways=True))
    return charts


def _tables(
    found: Overview, failed: list[dict[str, str]], n_failed: int, table: Path
) -> list[Part]:
    import pandas as pd

    from audionome.charts.page import Section, Table

    sections: list[Part] = []
    if found.rows:
        rows = pd.DataFrame(found.rows)
        rows = rows.loc[:, (rows != "").any()]
        words = f"The first {len(rows):,} of {found.n:,}; all are in {table.name}."
        more = [words] if found.n > len(rows) else []
        sections.append(Section("Recordings", (*more, Table(rows, searchable=True))))
    if failed:
        more = [f"The first {len(failed):,} of {n_failed:,}."] if n_failed > len(failed) else []
        errors = Table(pd.DataFrame(failed), searchable=True)
        sections.append(Section("Files without an answer", (*more, errors)))
    return sections


def _failed(errors: Path | None) -> tuple[list[dict[str, str]], int]:
    kept: list[dict[str, str]] = []
    n = 0
    if errors is not None:
        for row in tables.read(errors, needed=("file", "error")):
            n += 1
            if len(kept) < MOST_ERRORS:
                kept.append({"file": str(row["file"]), "why": str(row["error"])})
    return kept, n
