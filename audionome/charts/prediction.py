"""Charts of one answer: how likely each genre is, why, where it lies, how it changes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from audionome._words import clock, genre_name, likelihood, listed, sentence_case
from audionome.charts._base import (
    INK,
    OTHER,
    TEMPLATE,
    Chart,
    digits,
    in_minutes,
    length_words,
    pattern,
    time_axis,
    time_columns,
)
from audionome.charts.looks import Look, genre_labels, look_of, looks
from audionome.features import REGISTRY
from audionome.models.attribution import REST
from audionome.models.telling import clip, track_names

if TYPE_CHECKING:
    from audionome.models.classifier import Neighbour, Reason, WindowPrediction

__all__ = [
    "place_on_map",
    "probability_bars",
    "reason_bars",
    "timeline",
    "typical_ranges",
]

_GAP = 0.5  # s between two windows that is drawn as one
#: Most genres that have a colour of their own in one chart; the ten of GTZAN are fewer.
_MOST = 12
_REST = Look(OTHER, "circle-open", "")


def probability_bars(probabilities: Mapping[str, float]) -> Chart:
    """Draw the probability of each genre as horizontal bars, the likeliest first.

    Parameters
    ----------
    probabilities
        Genre to probability, summing to 1.

    Returns
    -------
    Chart
        One bar per genre.
    """
    ranked = sorted(probabilities.items(), key=lambda item: -item[1])
    genres = [genre for genre, _ in ranked]
    labels = [genre_name(genre) for genre in genres]
    values = [round(float(p), 4) for _, p in ranked]
    own = looks(tuple(probabilities))
    figure = go.Figure(
        go.Bar(
            x=values,
            y=genre_labels(genres),
            orientation="h",
            marker={
                "color": [own[g].color for g in genres],
                "pattern": pattern([own[g].pattern for g in genres]),
            },
            text=[likelihood(v) for v in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=max(360, 60 + 24 * len(genres)) if len(genres) > _MOST else 360,
        bargap=0.25,
        showlegend=False,
        xaxis={
            "title": {"text": "Probability"},
            # Room for the label beside the longest bar.
            "range": [0, min(1.2, max(values, default=1.0) * 1.25 + 0.02)],
            "tickformat": ".0%",
        },
        # A name may look like a number.
        yaxis={"autorange": "reversed", "showgrid": False, "type": "category"},
    )
    first, *rest = [f"{g} {likelihood(v)}" for g, v in zip(labels, values, strict=True)]
    others = f"; the other {len(rest[2:])} share {likelihood(sum(values[3:]))}" if rest[2:] else ""
    return Chart(
        figure=figure,
        alt=f"Probability of each genre: {first} is the likeliest, then "
        f"{listed(rest[:2])}{others}.",
        table=pd.DataFrame({"genre": labels, "probability": [likelihood(v) for v in values]}),
        caption="Probability of each genre",
    )


def timeline(windows: Sequence[WindowPrediction]) -> Chart:
    """Draw how the genre probabilities change over a piece, as stacked areas.

    Parameters
    ----------
    windows
        The windows of a prediction in order of time, at least one.

    Returns
    -------
    Chart
        One area per genre; the genre with the largest share lies at the bottom. Of more than
        twelve genres, the smallest shares are one area.
    """
    if not windows:
        raise ValueError("A timeline needs at least one window.")
    rows = pd.DataFrame([w.probabilities for w in windows])
    order = rows.sum().sort_values(ascending=False, kind="stable").index
    # A step holds from the start of a window to the next one, or to its end before silence.
    times: list[float] = []
    shown: list[int | None] = []  # numbers of windows
    for k, (window, following) in enumerate(zip_longest(windows, windows[1:])):
        times.append(round(window.start, 2))
        shown.append(k)
        if following is not None and following.start - window.end > _GAP:
            times.append(round(window.end, 2))
            shown.append(None)
    times.append(round(windows[-1].end, 2))
    shown.append(len(windows) - 1)
    figure = go.Figure()
    own = looks(tuple(windows[0].probabilities))
    drawn = list(order) if len(order) <= _MOST else list(order[: _MOST - 1])
    areas = [
        (label, own[genre], rows[genre])
        for label, genre in zip(genre_labels(drawn), drawn, strict=True)
    ]
    if rest := [genre for genre in order if genre not in drawn]:
        areas.append((f"{len(rest)} others", _REST, rows[rest].sum(axis="columns")))
    for label, look, column in areas:
        values, color = [round(float(p), 4) for p in column], look.color
        figure.add_scatter(
            x=times,
            y=[0.0 if k is None else values[k] for k in shown],
            name=label,
            mode="lines",
            stackgroup="genres",
            line={"shape": "hv", "width": 1, "color": color},
            fillcolor=color,
            fillpattern={**pattern(look.pattern), "bgcolor": color},
            hovertemplate="%{y:.0%}",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=380 + _legend_room(label for label, _, _ in areas),
        meta={"overTime": True},
        hovermode="x unified",
        xaxis=time_axis(times[0], times[-1]),
        yaxis={
            "title": {"text": "Probability", "standoff": 14},
            "range": [0, 1],
            "tickformat": ".0%",
        },
        legend={"traceorder": "normal"},
    )
    if in_minutes(times[-1]):
        # The box of hints would be headed by bare seconds.
        figure.add_scatter(
            x=times,
            y=[0] * len(times),
            text=[clock(at) for at in times],
            name="time",
            mode="markers",
            marker={"opacity": 0},
            showlegend=False,
            hovertemplate="%{text}",
        )
        figure.update_xaxes(unifiedhovertitle={"text": " "})
    best = rows.idxmax(axis="columns")
    columns = {
        **time_columns([(w.start, w.end) for w in windows]),
        "likeliest": [genre_name(str(genre)) for genre in best],
    }
    # Lists, not a dictionary: a genre may be called as another column.
    names = [*columns, *(genre_name(g) for g in drawn), *(a[0] for a in areas[len(drawn) :])]
    told = [[likelihood(float(p)) for p in column] for _, _, column in areas]
    table = pd.DataFrame(dict(enumerate([*columns.values(), *told])))
    table.columns = pd.Index(names)
    counts = best.value_counts()
    shares = [f"{genre_name(str(genre))} in {n}" for genre, n in counts.items()]
    plural = "windows" if len(windows) > 1 else "window"
    return Chart(
        figure=figure,
        alt=f"Genre over {length_words(times[-1])} in {len(windows)} {plural}; "
        f"the likeliest genre is {listed(shares)}.",
        table=table,
        caption="Genre over time",
    )


def reason_bars(
    reasons: Sequence[Reason], genre: str, *, most: int = 6, genres: Sequence[str] | None = None
) -> Chart:
    """Draw what spoke for a genre and what against it.

    Parameters
    ----------
    reasons
        Of a prediction, the weightiest first.
    genre
        The genre that was named.
    most
        Number of reasons that are shown; the rest is one more bar.
    genres
        All that the model knows; by default those of GTZAN.

    Returns
    -------
    Chart
        One bar per reason, in points of probability.
    """
    named = [r for r in reasons if r.group != REST][:most]
    told = [(r.words, r.contribution) for r in named]
    if len(reasons) > len(named):
        rest = sum(r.contribution for r in reasons) - sum(r.contribution for r in named)
        told.append(("everything else", rest))
    told = told or [("nothing that was heard", 0.0)]
    points = [round(100 * value, 1) for _, value in told]
    labels = ["<br>".join(textwrap.wrap(words, 26)) for words, _ in told]
    color, (label,) = look_of(genre, genres).color, genre_labels([genre])
    genre = genre_name(genre)
    figure = go.Figure(
        go.Bar(
            x=points,
            y=labels,
            orientation="h",
            marker={
                "color": [color if p >= 0 else OTHER for p in points],
                "pattern": pattern(["" if p >= 0 else "/" for p in points]),
            },
            text=[f"{100 * value:+.0f}".replace("-", "−") for _, value in told],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:+.1f} points<extra></extra>",
        )
    )
    low, high = min(0.0, *points), max(0.0, *points)
    room = 0.3 * max(high - low, 1)
    figure.update_layout(
        template=TEMPLATE,
        height=110 + 60 * len(told),
        bargap=0.35,
        showlegend=False,
        xaxis={
            "title": {"text": f"Points towards {label}"},
            "range": [low - (room if low else 0), high + room],
        },
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    first = told[0]
    side = "towards" if first[1] >= 0 else "away from"
    return Chart(
        figure=figure,
        alt=f"What spoke for {genre} and against it, in points of probability. Weightiest: "
        f"{first[0]}, {abs(100 * first[1]):.0f} points {side} {genre}.",
        table=pd.DataFrame({"what was heard": [w for w, _ in told], "points": points}),
        caption=f"Why {genre}: what spoke for it and against it",
    )


def typical_ranges(rows: pd.DataFrame, genre: str) -> Chart:
    """Draw features of a recording against the range that is usual in a genre.

    Parameters
    ----------
    rows
        From `audionome.models.context.compare_with_genre`.
    genre
        The genre whose range is drawn.

    Returns
    -------
    Chart
        A row per feature: a bar for the middle nine tenths of the genre's windows with a line at
        their median, and a diamond for the recording. Each row has a scale of its own, from the
        lowest to the highest range of any genre.
    """
    span = rows["most"] - rows["least"]
    place = {c: ((rows[c] - rows["least"]) / span) for c in ("value", "low", "middle", "high")}
    units = [REGISTRY[name].unit for name in rows["feature"]]
    words = ["<br>".join(textwrap.wrap(w, 18)) for w in rows["words"]]
    said = {
        c: [_with_unit(v, u) for v, u in zip(rows[c], units, strict=True)]
        for c in ("value", "low", "middle", "high")
    }
    look, genre = look_of(genre), genre_name(genre)
    color, shape = look.color, look.pattern
    figure = go.Figure()
    figure.add_bar(
        x=digits(place["high"] - place["low"], 3),
        y=words,
        base=digits(place["low"], 3),
        orientation="h",
        width=0.4,
        name=f"usual in {genre}",
        marker={"color": color, "opacity": 0.45, "pattern": pattern(shape)},
        customdata=list(zip(said["low"], said["high"], strict=True)),
        hovertemplate="%{customdata[0]} to %{customdata[1]}",
    )
    figure.add_scatter(
        x=digits(place["middle"], 3),
        y=words,
        name=f"median of {genre}",
        mode="markers",
        marker={"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": color}},
        text=said["middle"],
        hovertemplate="%{text}",
    )
    figure.add_scatter(
        # Far outside every genre's range is drawn at the edge; the table has the number.
        x=digits(place["value"].clip(-0.15, 1.15), 3),
        y=words,
        name="this recording",
        mode="markers",
        marker={"symbol": "diamond", "size": 13, "color": INK,
                "line": {"width": 2, "color": "#ffffff"}},
        text=said["value"],
        hovertemplate="%{text}",
    )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=130 + 46 * len(rows),
        barmode="overlay",
        xaxis={
            "range": [-0.2, 1.2],
            "tickvals": [0, 1],
            "ticktext": ["lowest of<br>any genre", "highest of<br>any genre"],
            "zeroline": False,
        },
        yaxis={"autorange": "reversed", "showgrid": False},
        legend={"traceorder": "normal"},
    )
    return Chart(
        figure=figure,
        alt=f"{len(rows)} features of this recording against the middle nine tenths of {genre}'s "
        f"windows in GTZAN. {_verdict(rows, genre)}",
        table=pd.DataFrame(
            {
                "feature": rows["words"],
                "this recording": said["value"],
                f"usual in {genre}": [
                    f"{a} to {b}" for a, b in zip(said["low"], said["high"], strict=True)
                ],
                "verdict": rows["verdict"],
            }
        ),
        caption=f"How usual that is for {genre}",
    )


def _verdict(rows: pd.DataFrame, genre: str) -> str:
    """Return what is not as usual, in a sentence: all that is higher, then all that is lower."""
    odd = rows[rows["verdict"] != "usual"]
    if odd.empty:
        return f"All {len(rows)} lie where {genre} usually lies."
    told = [
        f"{listed(list(some['words']))} {'is' if len(some) == 1 else 'are'} {verdict}"
        for verdict, some in odd.groupby("verdict")
    ]
    others = len(rows) - len(odd)
    rest = {0: "", 1: "; the other one is as usual"}.get(
        others, f"; the other {others} are as usual"
    )
    return f"For {genre}, {', and '.join(told)}{rest}."


def _with_unit(value: float, unit: str) -> str:
    digits = 2 if abs(value) < 10 else 0
    return f"{value:,.{digits}f}{'' if unit == '1' else f' {unit}'}"


def place_on_map(
    tracks: pd.DataFrame,
    place: tuple[float, float],
    neighbours: Sequence[Neighbour],
    *,
    titles: Mapping[str, str] | None = None,
    genres: Sequence[str] | None = None,
) -> Chart:
    """Draw where a recording lies among the tracks that the model learned from.

    Parameters
    ----------
    tracks
        ``track``, ``genre``, ``x`` and ``y`` of every track, from
        `audionome.models.neighbors.Index.places`.
    place
        Of the recording on the same axes.
    neighbours
        The tracks that sound most alike; lines lead to them.
    titles
        Artist and title of tracks where they are known, from `audionome.datasets.gtzan.load_names`.
        All others are told by genre and number.
    genres
        All that a model of one's own knows, which tells its tracks by their names; by default those
        of GTZAN.

    Returns
    -------
    Chart
        A scatter with a trace per genre; the table lists the neighbours. Of more than twelve
        genres, those of no neighbour and with the fewest tracks are one trace.
    """
    titles = titles or {}
    if genres is not None:
        titles = {name: name for name in tracks["track"]}
    names = track_names([n.track for n in neighbours], titles)
    figure = go.Figure()
    own = looks(tuple(sorted(set(tracks["genre"]))) if genres is None else genres)
    for label, look, rows in _clouds(tracks, own, [n.genre for n in neighbours]):
        figure.add_scatter(
            x=digits(rows["x"], 3),
            y=digits(rows["y"], 3),
            text=[_label(titles.get(track) or clip(track)) for track in rows["track"]],
            hovertemplate="%{text}<extra></extra>",
            opacity=0.7,
            name=label,
            mode="markers",
            marker={"color": look.color, "symbol": look.symbol, "size": 6, "opacity": 1},
        )
    at = dict(zip(tracks["track"], zip(tracks["x"], tracks["y"], strict=True), strict=True))
    x, y = digits(place, 3)
    lines: list[tuple[float | None, float | None]] = []
    for n in neighbours:
        lines += [(x, y), at[n.track], (None, None)]
    figure.add_scatter(
        x=[a for a, _ in lines],
        y=[b for _, b in lines],
        name="to the nearest",
        mode="lines",
        line={"width": 2, "color": INK},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[x],
        y=[y],
        name="this recording",
        mode="markers",
        marker={"symbol": "star-diamond", "size": 20, "color": "#ffffff",
                "line": {"width": 3, "color": INK}},
        hovertemplate="this recording<extra></extra>",
    )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=480 + _legend_room(str(trace.name) for trace in figure.data[:-2]),
        xaxis={"title": {"text": "First axis"}, "zeroline": False},
        yaxis={"title": {"text": "Second axis", "standoff": 8}, "zeroline": False},
    )
    near = [f"{name} ({n.similarity:.2f})" for name, n in zip(names, neighbours, strict=True)]
    among = f"{len(tracks)} clips of GTZAN"
    if genres is not None:
        among = f"{len(tracks)} recordings that the model learned from"
    return Chart(
        figure=figure,
        alt=f"This recording among {among}, on the two axes along which they "
        f"differ most. In all features together it sounds most like {listed(near)}; on a map of "
        "two axes these need not be the closest points.",
        table=pd.DataFrame(
            {
                "recording": [sentence_case(n) for n in names] if genres is None else list(names),
                "genre": [genre_name(n.genre) for n in neighbours],
                "similarity (cosine)": [f"{n.similarity:.2f}" for n in neighbours],
            }
        ),
        caption="Where it lies among the tracks of GTZAN"
        if genres is None
        else "Where it lies among the recordings that the model learned from",
    )


def _clouds(
    tracks: pd.DataFrame, own: Mapping[str, Look], near: Sequence[str]
) -> list[tuple[str, Look, pd.DataFrame]]:
    """Return name, look and tracks of each trace of a map."""
    of_genre = {str(genre): rows for genre, rows in tracks.groupby("genre", sort=True)}
    drawn = list(of_genre)
    if len(drawn) > _MOST:
        # The neighbours' genres first, then those with the most tracks.
        drawn.sort(key=lambda genre: (genre not in near, -len(of_genre[genre])))
        drawn = sorted(drawn[: _MOST - 1])
    labels = zip(genre_labels(drawn), drawn, strict=True)
    found = [(label, own[genre], of_genre[genre]) for label, genre in labels]
    if rest := [rows for genre, rows in of_genre.items() if genre not in drawn]:
        found.insert(0, (f"{len(rest)} other genres", _REST, pd.concat(rest)))
    return found


def _legend_room(labels: Iterable[str]) -> int:
    """Return how much taller a chart is, in pixels, for names that each need a line on a phone."""
    return 16 * sum(len(label) > 14 for label in labels)


def _label(name: str) -> str:
    """Return a name for a hint of Plotly's: no markup, and in lines that fit a phone."""
    return "<br>".join(textwrap.wrap(escape(name, quote=False), 60))
