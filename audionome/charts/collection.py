"""Charts of a whole collection: its genres, how sure the answers are, tempi and lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from audionome._words import genre_name, listed
from audionome.charts._base import PARTS, TEMPLATE, Chart, pattern
from audionome.charts.looks import looks
from audionome.charts.page import label

__all__ = ["counted_bars", "genre_bars", "stacked_bars"]

_MOST = 60  # genres that are drawn


def genre_bars(sure: Mapping[str, int], unsure: Mapping[str, int]) -> Chart:
    """Draw how many files are of each genre, the commonest first.

    Parameters
    ----------
    sure, unsure : mapping of str to int
        Genre to the number of files whose answer is sure, and of the others.

    Returns
    -------
    Chart
        A bar per genre in two parts; of very many genres the commonest.
    """
    total = {g: sure.get(g, 0) + unsure.get(g, 0) for g in {*sure, *unsure}}
    genres = sorted(total, key=lambda g: (-total[g], g))
    drawn = genres[:_MOST]
    names = [label(genre_name(g)) for g in drawn]
    own = looks(sorted(total))
    colors, shapes = [own[g].color for g in drawn], [own[g].pattern for g in drawn]
    figure = go.Figure()
    for title, counts, opacity in (("sure", sure, 1.0), ("not sure", unsure, 0.4)):
        if any(counts.values()):
            figure.add_bar(
                x=[counts.get(g, 0) for g in drawn],
                y=names,
                name=title,
                orientation="h",
                opacity=opacity,
                # One bar has no place for the legend: its colour is the genre's.
                marker={"color": colors, "pattern": pattern(shapes)},
                hovertemplate=f"%{{y}}, {title}: %{{x:,}}<extra></extra>",
            )
    figure.update_layout(
        template=TEMPLATE,
        height=110 + 30 * len(drawn),
        barmode="stack",
        bargap=0.25,
        showlegend=False,
        xaxis={"title": {"text": "Files (pale: not sure)" if any(unsure.values()) else "Files"}},
        yaxis={"autorange": "reversed", "showgrid": False, "type": "category"},
    )
    first = [f"{genre_name(g)} {total[g]:,}" for g in genres[:3]]
    more = (
        f" Of {len(genres)} genres, the {_MOST} commonest are drawn." if len(genres) > _MOST else ""
    )
    return Chart(
        figure=figure,
        alt=f"Files by genre: {listed(first)}{' lead' if len(genres) > 3 else ''}.{more}",
        table=pd.DataFrame(
            {
                "genre": [genre_name(g) for g in genres],
                "files": [total[g] for g in genres],
                "sure": [sure.get(g, 0) for g in genres],
                "not sure": [unsure.get(g, 0) for g in genres],
            }
        ),
        caption="Genres",
    )


def counted_bars(
    counts: Mapping[str, int],
    *,
    caption: str,
    axis: str,
    what: str = "files",
    sideways: bool = False,
) -> Chart:
    """Draw a distribution over classes, in the order in which they come.

    Parameters
    ----------
    counts : mapping of str to int
        Name of a class to the number of files in it.
    caption : str
    axis : str
        What the classes are.
    what : str
        What is counted.
    sideways : bool
        Let the bars lie, for classes with longer names.

    Returns
    -------
    Chart
        A bar per class.
    """
    names, values = list(counts), list(counts.values())
    shown = [label(name) for name in names]
    figure = go.Figure(
        go.Bar(
            x=values if sideways else shown,
            y=shown if sideways else values,
            orientation="h" if sideways else "v",
            marker={"color": PARTS[0][0]},
            hovertemplate=f"%{{{'y' if sideways else 'x'}}}: "
            f"%{{{'x' if sideways else 'y'}:,}}<extra></extra>",
        )
    )
    classes = {"type": "category", "showgrid": False}
    numbers = {"title": {"text": what.capitalize(), "standoff": 12}, "rangemode": "tozero"}
    figure.update_layout(
        template=TEMPLATE,
        height=90 + 26 * len(names) if sideways else 320,
        bargap=0.25 if sideways else 0.1,
        showlegend=False,
        xaxis=numbers if sideways else {**classes, "title": {"text": axis}},
        yaxis={**classes, "autorange": "reversed"} if sideways else numbers,
    )
    total, most = sum(values), max(counts, key=lambda name: counts[name])
    return Chart(
        figure=figure,
        alt=f"{caption} of {total:,} {what}: most, {counts[most]:,}, have {most}.",
        table=pd.DataFrame({axis: names, what: values}),
        caption=caption,
    )


def stacked_bars(
    counts: Mapping[str, Sequence[int]], classes: Sequence[str], *, caption: str, axis: str
) -> Chart:
    """Draw a distribution over classes in parts.

    Parameters
    ----------
    counts : mapping of str to sequence of int
        Name of a part to the number of files in each class.
    classes : sequence of str
    caption : str
    axis : str
        What the classes are.

    Returns
    -------
    Chart
        A bar per class; the first part lies at the bottom.
    """
    figure = go.Figure()
    for (name, values), (color, shape) in zip(counts.items(), PARTS, strict=False):
        figure.add_bar(
            x=list(classes),
            y=list(values),
            name=label(name),
            marker={"color": color, "pattern": pattern(shape)},
            hovertemplate=f"%{{x}}, {label(name)}: %{{y:,}}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=380,
        barmode="stack",
        bargap=0.1,
        showlegend=True,
        margin={"b": 60},
        xaxis={"title": {"text": axis}, "type": "category", "showgrid": False},
        yaxis={"title": {"text": "Files", "standoff": 12}, "rangemode": "tozero"},
    )
    told = [f"{name}: {sum(values):,}" for name, values in counts.items()]
    return Chart(
        figure=figure,
        alt=f"{caption}. Files by kind of answer: {', '.join(told)}.",
        table=pd.DataFrame({axis: list(classes), **{n: list(v) for n, v in counts.items()}}),
        caption=caption,
    )
