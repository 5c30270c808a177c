"""The picture of the home page: of ten windows, how many does one model name right?

It is drawn as SVG, in the colours of the page, out of stored results; each accuracy bears its name
(``data-number``), so that a test can compare it with the files.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from audionome._words import listed, share

__all__ = ["Rung", "ladder_of_ten"]

_ROW, _STEP, _RADIUS, _TEN = 82, 42, 17, 10
_WIDTH = _STEP * _TEN
_TOP, _BOTTOM = 8, 26


@dataclass(frozen=True)
class Rung:
    """One row of the picture.

    Attributes
    ----------
    question : str
        What music is tested, in about forty letters at most.
    accuracy, low, high : float
        Share of right answers, and the ends of its 95 % interval.
    n : int
        Windows that were tested.
    number : str
        Name of the accuracy among the numbers of the prose pages.
    """

    question: str
    accuracy: float
    low: float
    high: float
    n: int
    number: str


def ladder_of_ten(rungs: list[Rung], caption: str, *, chance: float = 0.1) -> str:
    """Draw ten records per question, as many of them full as the model names right.

    Parameters
    ----------
    rungs : list of Rung
        The easiest question first; it is set apart by its colour.
    caption : str
        Stands above the drawing.
    chance : float
        The share that guessing would give.

    Returns
    -------
    str
        HTML in one line, without a script: the drawing, and a table of the accuracies with their
        intervals.

    Examples
    --------
    >>> drawn = ladder_of_ten([Rung("Easy", 0.95, 0.9, 1.0, 20, "easy_accuracy")], "One model")
    >>> drawn.count('class="record right"'), drawn.count('class="record part"')
    (9, 1)
    """
    told = listed([f"{rung.question}: {share(rung.accuracy)}" for rung in rungs])
    height = _TOP + _ROW * len(rungs) + _BOTTOM
    parts = [
        f'<svg class="audionome-hero" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="Of ten windows, how many one model names right. {html.escape(told)}. '
        f'Guessing: {share(chance)}.">'
    ]
    for i, rung in enumerate(rungs):
        parts.append(_row(rung, i, first=i == 0))
    x, foot = _WIDTH * chance, _TOP + _ROW * len(rungs)
    marks = "".join(f"M{x:g} {_TOP + _ROW * i + 28}v44" for i in range(len(rungs)))
    parts.append(
        f'<path class="guess" d="{marks}"/><text class="small" x="2" y="{foot + 16}">'
        f"Dashed: what guessing would get right, {_TEN * chance:.0f} in {_TEN}.</text></svg>"
    )
    return (
        '<figure class="audionome-hero" id="how-often">'
        f"<figcaption>{html.escape(caption)}</figcaption>{''.join(parts)}{_table(rungs)}</figure>"
    )


def _row(rung: Rung, i: int, *, first: bool) -> str:
    top = _TOP + _ROW * i
    middle = top + 22 + 10 + _RADIUS
    records = "".join(
        _record(f"hero-{i}-{k}", _STEP * k + _STEP / 2, middle, _TEN * rung.accuracy - k)
        for k in range(_TEN)
    )
    return (
        f'<g class="{"reported" if first else "asked"}">'
        f'<text class="question" x="2" y="{top + 18}">{html.escape(rung.question)}</text>'
        f'<text class="share" x="{_WIDTH - 2}" y="{top + 20}" text-anchor="end" '
        f'data-number="{rung.number}">{share(rung.accuracy)}</text>{records}</g>'
    )


def _record(name: str, x: float, y: float, full: float) -> str:
    """Draw one record; ``full`` says how much of it is coloured, from the left."""
    full = round(min(max(full, 0.0), 1.0), 2)
    disc = f'cx="{x:g}" cy="{y:g}" r="{_RADIUS}"'
    kind = "right" if full == 1 else "wrong" if full == 0 else "part"
    shapes = [f'<circle class="rim" {disc}/>']
    if kind == "part":
        wide = 2 * _RADIUS * full
        shapes.append(
            f'<clipPath id="{name}"><rect x="{x - _RADIUS:g}" y="{y - _RADIUS:g}" '
            f'width="{wide:g}" height="{2 * _RADIUS}"/></clipPath>'
            f'<circle class="disc" {disc} clip-path="url(#{name})"/>'
        )
    elif kind == "right":
        shapes.append(f'<circle class="disc" {disc}/>')
    if kind != "wrong":
        clip = f' clip-path="url(#{name})"' if kind == "part" else ""
        grooves = "".join(f'<circle cx="{x:g}" cy="{y:g}" r="{r}"/>' for r in (8, 12))
        shapes.append(f'<g class="groove"{clip}>{grooves}</g>')
    shapes.append(f'<circle class="hole" cx="{x:g}" cy="{y:g}" r="2.5"/>')
    return f'<g class="record {kind}">{"".join(shapes)}</g>'


def _table(rungs: list[Rung]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(rung.question)}</td><td>{share(rung.accuracy)}</td>"
        f"<td>{share(rung.low)} to {share(rung.high)}</td><td>{rung.n:,}</td></tr>"
        for rung in rungs
    )
    return (
        "<details><summary>The figures, with 95 % intervals</summary>"
        '<div class="audionome-scroll" tabindex="0"><table class="audionome-table"><thead><tr>'
        "<th>tested on</th><th>right</th><th>95 % interval</th><th>windows</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>"
    )
