"""Charts of the released models: how often right, how sure, what sounds alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    INK,
    MARKS,
    OTHER,
    PARTS,
    TEMPLATE,
    Chart,
    bars_x,
    chance_line,
    digits,
    error_bars,
    genre_marks,
    joined,
    menu,
    nothing,
    pattern,
    percent,
    points,
    rounded,
    spans,
    tenths,
    unique,
)

if TYPE_CHECKING:
    from audionome.lab.model_card import Map

__all__ = [
    "accuracy_by_coverage",
    "excerpt_lengths",
    "held_back_shares",
    "inside_and_outside",
    "leaving_gtzan",
    "nearest_repeated",
    "neighbour_precision",
    "released_ladder",
    "track_map",
]


def released_ladder(table: pd.DataFrame) -> Chart:
    """Draw the accuracy of each released model on the same clips.

    Parameters
    ----------
    table
        From `audionome.lab.model_card.on_same_tracks`.

    Returns
    -------
    Chart
        One row per collection, one marker with its interval per model.
    """
    caption = "How often each model is right, on the same clips, with 95 % intervals over artists"
    if table.empty:
        return nothing(caption)
    rungs = unique(table["protocol_title"])
    figure = go.Figure()
    told = []
    for i, (model, rows) in enumerate(table.groupby("model", sort=False)):
        figure.add_scatter(
            x=rounded(rows["accuracy"]),
            y=rows["protocol_title"].to_list(),
            customdata=[[percent(a), percent(b), n] for a, b, n in
                        zip(rows["low"], rows["high"], rows["n"], strict=True)],
            name=str(model),
            mode="markers",
            orientation="h",  # so that the markers of a row stand below one another
            marker={"size": 11, "symbol": MARKS[i], "color": PARTS[i][0]},
            hovertemplate=f"{model}, %{{y}}: %{{x:.1%}} (%{{customdata[0]}} to %{{customdata[1]}} "
            "of %{customdata[2]})<extra></extra>",
            **bars_x(rows["accuracy"], rows["low"], rows["high"]),
        )  # fmt: skip
        scores = [f"{p} {percent(a)}" for p, a in
                  zip(rows["protocol_title"], rows["accuracy"], strict=True)]  # fmt: skip
        told.append(f"{model}: {listed(scores)}")
    chance_line(figure)
    figure.update_layout(
        template=TEMPLATE,
        height=140 + 70 * len(rungs),
        # A marker of the one model must not hide that of the other.
        scattermode="group",
        scattergap=0.6,
        xaxis={"title": {"text": "Accuracy"}, "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": rungs},
    )
    return Chart(
        figure=figure,
        alt=f"Accuracy on the same clips. {'; '.join(told)}.",
        table=pd.DataFrame(
            {
                "music": table["protocol_title"],
                "model": table["model"],
                "accuracy": [tenths(v) for v in table["accuracy"]],
                "95 % interval": spans(table["low"], table["high"]),
                "among the first three": [tenths(v) for v in table["top3"]],
                "clips": table["n"],
                "artists": table["artists"],
            }
        ),
        caption=caption,
    )


def excerpt_lengths(heard: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw accuracy by the length of the excerpt that is heard.

    Parameters
    ----------
    heard
        Name of the music to a table from `audionome.lab.model_card.excerpts`.
    """
    caption = "What a shorter excerpt costs, with 95 % intervals over artists"
    heard = {name: rows for name, rows in heard.items() if len(rows)}
    if not heard:
        return nothing(caption)
    figure = go.Figure()
    told, tables = [], []
    for i, (name, table) in enumerate(heard.items()):
        rows = table.iloc[::-1]  # the shortest excerpt to the left
        lengths = ["whole clip" if s == 0 else f"{s:.0f} s" for s in rows["seconds"]]
        colour = PARTS[i][0]
        figure.add_scatter(
            x=lengths,
            y=rounded(rows["accuracy"]),
            customdata=[[percent(a), percent(b), int(n)] for a, b, n in
                        zip(rows["low"], rows["high"], rows["n"], strict=True)],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 10, "symbol": MARKS[i]},
            error_y=error_bars(rows["accuracy"], rows["low"], rows["high"], thickness=1.5, width=3)
            | {"color": colour},
            hovertemplate=f"{name}, %{{x}}: %{{y:.1%}} (%{{customdata[0]}} to %{{customdata[1]}} "
            "of %{customdata[2]:,})<extra></extra>",
        )  # fmt: skip
        scores = [f"{s} {percent(a)}" for s, a in zip(lengths, rows["accuracy"], strict=True)]
        told.append(f"{name}: {listed(scores)}")
        tables.append(
            pd.DataFrame(
                {
                    "music": name,
                    "heard": lengths,
                    "accuracy": [tenths(v) for v in rows["accuracy"]],
                    "95 % interval": spans(rows["low"], rows["high"]),
                    "predictions": rows["n"].to_list(),
                    "lost against the clip (points)": [points(v) for v in rows["cost"]],
                    "interval of the loss": spans(rows["cost_low"], rows["cost_high"]),
                    "calibration error": [f"{v:.3f}" for v in rows["calibration_error"]],
                }
            )
        )
    figure.update_layout(
        template=TEMPLATE,
        height=380,
        showlegend=True,
        xaxis={"title": {"text": "What the model hears"}},
        yaxis={"title": {"text": "Accuracy", "standoff": 10}, "range": [0, 1.02],
               "tickformat": ".0%"},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Accuracy by the length of what is heard. {'; '.join(told)}.",
        table=pd.concat(tables),
        caption=caption,
    )


def accuracy_by_coverage(curves: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw how right the most certain predictions are, by how many of them are kept.

    Parameters
    ----------
    curves
        Name to a table from `audionome.lab.model_card.coverage`.
    """
    caption = (
        "Accuracy of the surest predictions, with 95 % intervals: on the "
        "left only those are kept, on the right all"
    )
    found = {name: rows for name, rows in curves.items() if len(rows)}
    if not found:
        return nothing(caption)
    figure = go.Figure()
    told, tables = [], []
    for i, (name, rows) in enumerate(found.items()):
        colour = PARTS[i][0]
        figure.add_scatter(
            x=rounded(rows["coverage"]),
            y=rounded(rows["accuracy"]),
            customdata=[int(n) for n in rows["n"]],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 7, "symbol": MARKS[i]},
            error_y=error_bars(rows["accuracy"], rows["low"], rows["high"], thickness=1, width=0)
            | {"color": colour},
            hovertemplate=f"{name}<br>the surest %{{x:.0%}} (%{{customdata:,}}): "
            "%{y:.1%} right<extra></extra>",
        )
        first, last = rows.iloc[0], rows.iloc[-1]
        told.append(
            f"{name} from {percent(last['accuracy'])} of all to {percent(first['accuracy'])} of "
            f"the surest {percent(first['coverage'])}"
        )
        tables.append(
            pd.DataFrame(
                {
                    "predictions of": name,
                    "kept": [percent(c) for c in rows["coverage"]],
                    "predictions": rows["n"],
                    "accuracy": [tenths(v) for v in rows["accuracy"]],
                    "95 % interval": spans(rows["low"], rows["high"]),
                }
            )
        )
    figure.update_layout(
        template=TEMPLATE,
        height=440,
        showlegend=True,
        xaxis={"title": {"text": "Share of the predictions that is kept"}, "range": [-0.02, 1.03],
               "tickformat": ".0%"},
        yaxis={"title": {"text": "Share that is right", "standoff": 10}, "range": [0, 1.04],
               "tickformat": ".0%"},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Accuracy of the surest predictions by how many are kept: {'; '.join(told)}.",
        table=pd.concat(tables),
        caption=caption,
    )


_GROUPS = {
    "GTZAN": "GTZAN, ten genres",
    "wild": "the library, the same ten",
    "soul": "the library, soul",
}


def held_back_shares(table: pd.DataFrame) -> Chart:
    """Draw how often predictions are held back, by what the music is.

    Parameters
    ----------
    table
        From `audionome.lab.model_card.held_back`.
    """
    caption = (
        "How often an answer is in doubt, with 95 % intervals: for soul, "
        "which is none of the ten genres, it should be more often"
    )
    if table.empty:
        return nothing(caption)
    names = [_GROUPS[g] for g in unique(table["group"])]
    figure = go.Figure()
    told = []
    words = {
        "many": "names more than three genres",
        "out-of-distribution": "too far from what was learned",
    }
    for (sign, rows), (colour, shape) in zip(
        table.groupby("sign", sort=False), PARTS, strict=False
    ):
        figure.add_bar(
            x=rounded(rows["share"]),
            y=[_GROUPS[g] for g in rows["group"]],
            name=words[str(sign)],
            orientation="h",
            marker={"color": colour, "pattern": pattern(shape)},
            hovertemplate=f"%{{y}}: %{{x:.1%}} {words[str(sign)]}<extra></extra>",
            error_x=error_bars(rows["share"], rows["low"], rows["high"]) | {"color": INK},
        )
        scores = [f"{_GROUPS[g]} {percent(v)}" for g, v in
                  zip(rows["group"], rows["share"], strict=True)]  # fmt: skip
        told.append(f"{words[str(sign)]}: {listed(scores)}")
    figure.update_layout(
        template=TEMPLATE,
        height=130 + 70 * len(names),
        bargap=0.25,
        showlegend=True,
        xaxis={"title": {"text": "Share of the tracks"}, "rangemode": "tozero",
               "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "showgrid": False, "categoryorder": "array",
               "categoryarray": names},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Share of the answers that are in doubt. {'; '.join(told)}.",
        table=pd.DataFrame(
            {
                "music": [_GROUPS[g] for g in table["group"]],
                "answer": [words[str(sign)] for sign in table["sign"]],
                "share": [tenths(v) for v in table["share"]],
                "95 % interval": spans(table["low"], table["high"]),
                "tracks": table["n"],
                "artists": table["artists"],
                "right": [
                    "not among the ten: no right answer" if pd.isna(v) else tenths(v)
                    for v in table["right"]
                ],
            }
        ),
        caption=caption,
    )


# -- outside GTZAN ------------------------------------------------------------------------


def _two_ends(
    names: list[str],
    ends: Mapping[str, tuple[pd.Series, pd.Series | None, pd.Series | None]],
    *,
    axis: str,
) -> go.Figure:
    """One row per name with two markers and a line between them."""
    first, second = (values[0] for values in ends.values())
    figure = go.Figure()
    figure.add_scatter(
        **joined(names, first, second), mode="lines", line={"color": OTHER, "width": 2},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for i, (name, (values, low, high)) in enumerate(ends.items()):
        error = {} if low is None or high is None else bars_x(values, low, high)
        figure.add_scatter(
            x=rounded(values),
            y=names,
            name=name,
            mode="markers",
            marker={"size": 11, "symbol": ("circle", "diamond")[i], "color": PARTS[i][0]},
            hovertemplate="%{y}, " + name + ": %{x:.1%}<extra></extra>",
            **error,
        )
    chance_line(figure)
    figure.update_layout(
        template=TEMPLATE,
        height=150 + 30 * len(names),
        showlegend=True,
        xaxis={"title": {"text": axis}, "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )
    return figure


def leaving_gtzan(table: pd.DataFrame) -> Chart:
    """Draw what each model scores inside and outside GTZAN.

    Parameters
    ----------
    table
        From `audionome.lab.model_card.leaving`.
    """
    caption = (
        "What every model loses when it leaves GTZAN: the length "
        "of the line, with 95 % intervals over artists"
    )
    if table.empty:
        return nothing(caption)
    table = table.sort_values("outside", ascending=False, kind="stable")
    figure = _two_ends(
        table["title"].to_list(),
        {
            "new artists of GTZAN": (table["inside"], table["inside_low"], table["inside_high"]),
            "the commercial library": (table["outside"], table["low"], table["high"]),
        },
        axis="Accuracy per track",
    )
    told = [f"{t} {percent(a)} and {percent(b)}" for t, a, b in
            table[["title", "inside", "outside"]].to_numpy()]  # fmt: skip
    return Chart(
        figure=figure,
        alt="Accuracy by model on new artists of GTZAN and on the commercial library: "
        f"{listed(told)}.",
        table=pd.DataFrame(
            {
                "model": table["title"],
                "new artists of GTZAN": [tenths(v) for v in table["inside"]],
                "95 % interval": spans(table["inside_low"], table["inside_high"]),
                "the library": [tenths(v) for v in table["outside"]],
                "95 % interval, library": spans(table["low"], table["high"]),
            }
        ),
        caption=caption,
    )


def inside_and_outside(table: pd.DataFrame) -> Chart:
    """Draw how much of each genre is found inside and outside GTZAN.

    Parameters
    ----------
    table
        From `audionome.lab.model_card.wild_genres`.
    """
    caption = "How much of each genre is found: the longer the line, the more changes outside GTZAN"
    if table.empty:
        return nothing(caption)
    table = table.sort_values("loss", ascending=False, kind="stable")
    figure = _two_ends(
        table["genre"].to_list(),
        {
            "new artists of GTZAN": (table["inside"], None, None),
            "the commercial library": (table["outside"], None, None),
        },
        axis="Tracks found (recall)",
    )
    told = [f"{g} {percent(a)} and {percent(b)}" for g, a, b in
            table[["genre", "inside", "outside"]].to_numpy()]  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Share of each genre that is found on new artists of GTZAN and outside: "
        f"{listed(told)}.",
        table=pd.DataFrame(
            {
                "genre": table["genre"],
                "inside": [tenths(v) for v in table["inside"]],
                "outside": [tenths(v) for v in table["outside"]],
                "lost (points)": [points(v) for v in table["loss"]],
                "95 % interval": [
                    f"{points(a)} to {points(b)}"
                    for a, b in table[["loss_low", "loss_high"]].to_numpy()
                ],
                "mostly taken for": table["instead"],
            }
        ),
        caption=caption,
    )


# -- neighbours and repetitions -----------------------------------------------------------

_INDEXES = {
    "ear": "ear (pretrained)",
    "extended": "extended model",
    "classic": "classic model",
    "plain": "57 plain features",
}


def neighbour_precision(table: pd.DataFrame) -> Chart:
    """Draw how many of the nearest tracks have the same genre, with a menu for how many.

    Parameters
    ----------
    table
        From `audionome.lab.model_card.neighbours`.
    """
    caption = (
        "How many of the nearest tracks have the same genre, with 95 % "
        "intervals: with the artist's own tracks among them, and without"
    )
    if table.empty:
        return nothing(caption)
    names = [_INDEXES.get(n, n) for n in unique(table["index"])]
    sides = {"other artists only": True, "the same artist allowed": False}

    def marks(k: int) -> dict[str, list[Any]]:
        out: dict[str, list[Any]] = {"x": [], "error_x.array": [], "error_x.arrayminus": []}
        for other in sides.values():
            rows = table[(table["k"] == k) & (table["other_artist"] == other)]
            out["x"].append(rounded(rows["precision"]))
            for key, values in error_bars(rows["precision"], rows["low"], rows["high"]).items():
                if key.startswith("array"):
                    out[f"error_x.{key}"].append(values)
        return out

    counts = sorted({int(k) for k in table["k"]})
    shown = marks(counts[0])
    figure = go.Figure()
    for i, name in enumerate(sides):
        figure.add_scatter(
            x=shown["x"][i],
            y=names,
            name=name,
            mode="markers",
            marker={"size": 11, "symbol": ("circle", "diamond")[i], "color": PARTS[i][0]},
            error_x={"array": shown["error_x.array"][i], "thickness": 2, "width": 4,
                     "arrayminus": shown["error_x.arrayminus"][i]},
            hovertemplate="%{y}, " + name + ": %{x:.1%}<extra></extra>",
        )  # fmt: skip
    chance_line(figure)
    figure.update_layout(
        template=TEMPLATE,
        height=320,
        showlegend=True,
        xaxis={"title": {"text": "Neighbours of the same genre"}, "range": [0, 1.02],
               "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
        **menu("Neighbours", {f"the nearest {k}": (marks(k), {}) for k in counts}),
    )  # fmt: skip
    first = table[(table["k"] == counts[0]) & table["other_artist"]]
    told = [f"{_INDEXES.get(n, n)} {percent(p)}" for n, p in
            zip(first["index"], first["precision"], strict=True)]  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Share of the {counts[0]} nearest tracks by other artists that have the same genre: "
        f"{listed(told)}. A menu chooses how many neighbours are counted.",
        table=pd.DataFrame(
            {
                "index": [_INDEXES.get(n, n) for n in table["index"]],
                "nearest": table["k"],
                "artists": ["others" if o else "any" for o in table["other_artist"]],
                "same genre": [tenths(v) for v in table["precision"]],
                "95 % interval": spans(table["low"], table["high"]),
                "by chance": [tenths(v) for v in table["chance"]],
                "tracks": table["n"],
            }
        ),
        caption=caption,
    )


_CHOSEN = "#e0531f"  # seen on white, on black and among the genres


def track_map(found: Map, *, titles: Mapping[str, str] | None = None) -> Chart:
    """Draw the tracks by their sound, to choose one and see its neighbours.

    Parameters
    ----------
    found
        From `audionome.lab.model_card.track_map`.
    titles
        Track to its artist and title, where they are known.

    Returns
    -------
    Chart
        The site's script offers the choice, by lists and by a click; it reads ``meta.neighbours``
        of the layout, where tracks have numbers: those of the first genre's points first.
    """
    caption = "The tracks by their sound: choose one to see its nearest, by other artists"
    tracks = found.tracks
    if tracks.empty:
        return nothing(caption)
    order = tracks["genre"].argsort(kind="stable").to_numpy()
    number = np.empty(len(order), dtype=int)
    number[order] = np.arange(len(order))
    tracks = tracks.iloc[order].reset_index(drop=True)
    near = [[int(number[i]) for i in places] for places in tracks["near"]]
    known = [(titles or {}).get(name, "") for name in tracks["track"]]
    shown = [f"{n}<br>{t}" if t else n for n, t in zip(tracks["track"], known, strict=True)]
    figure = go.Figure()
    for genre, rows in tracks.groupby("genre", sort=False):
        figure.add_scatter(
            x=digits(rows["x"], 3),
            y=digits(rows["y"], 3),
            text=rows["track"].to_list(),
            hovertext=[shown[i] for i in rows.index] if any(known) else None,
            hovertemplate=f"%{{{'hovertext' if any(known) else 'text'}}}<extra></extra>",
            **genre_marks(str(genre), size=6),
        )
    names, x, y = tracks["track"].to_list(), digits(tracks["x"], 3), digits(tracks["y"], 3)
    lines: dict[str, list[float | None]] = {"x": [], "y": []}
    for i in near[0]:
        lines["x"] += [x[0], x[i], None]
        lines["y"] += [y[0], y[i], None]
    figure.add_scatter(
        **lines, mode="lines", line={"color": _CHOSEN, "width": 2.5},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    figure.add_scatter(
        x=[x[0]], y=[y[0]], mode="markers", hoverinfo="skip", showlegend=False,
        marker={"symbol": "circle-open", "size": 16, "color": _CHOSEN, "line": {"width": 3}},
    )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=560,
        showlegend=True,
        meta={
            "neighbours": {
                "near": near,
                "similarity": [[round(s, 2) for s in row] for row in tracks["similarity"]],
                **({"titles": known} if any(known) else {}),
            }
        },
        xaxis={"title": {"text": "First axis (no unit)"}, "zeroline": False},
        yaxis={"title": {"text": "Second axis (no unit)", "standoff": 8}, "zeroline": False},
    )
    told = [
        ", ".join(f"{names[i]} ({s:.2f})" for i, s in zip(places, alike, strict=True))
        for places, alike in zip(near, tracks["similarity"], strict=True)
    ]
    return Chart(
        figure=figure,
        alt=f"{len(tracks)} tracks on the two axes along which they differ most, which hold "
        f"{percent(found.shown)} of the variance. Lines lead from a chosen track to the "
        f"{len(near[0])} that sound most like it; at first from {names[0]} to {told[0]}.",
        table=pd.DataFrame(
            {"track": names}
            | ({"artist and title": known} if any(known) else {})
            | {"nearest by other artists (cosine)": told}
        ),
        caption=caption,
    )


def nearest_repeated(tracks: pd.DataFrame, *, most: int = 100) -> Chart:
    """Draw for how many of the tracks most like another it is the same song.

    Parameters
    ----------
    tracks
        From `audionome.lab.model_card.twins`.
    most
        Tracks that are drawn.
    """
    caption = (
        "Tracks most like their nearest: while the line is steep, both clips have the same artist "
        "and title"
    )
    if tracks.empty:
        return nothing(caption)
    most = min(most, len(tracks))
    counts = np.cumsum([0, *tracks["same_song"].to_numpy(dtype=int)])
    steps = list(range(most + 1))
    figure = go.Figure()
    figure.add_scatter(
        x=steps,
        y=[int(n) for n in counts[: most + 1]],
        name="by similarity",
        mode="lines",
        line={"color": PARTS[0][0], "width": 2.5},
        hovertemplate="%{y} in the first %{x}<extra></extra>",
    )
    figure.add_scatter(
        x=[0, most],
        y=rounded([0, most * counts[-1] / len(tracks)]),
        name="in any order", mode="lines", hoverinfo="skip",
        line={"color": OTHER, "width": 2, "dash": "dot"},
    )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=420,
        showlegend=True,
        xaxis={"title": {"text": "Tracks looked at, the most alike first"},
               "range": [0, 1.02 * most]},
        yaxis={"title": {"text": "Same artist and title", "standoff": 8}, "rangemode": "tozero"},
    )  # fmt: skip
    looked = sorted({n for n in (10, 25, 50, most) if n <= most})
    return Chart(
        figure=figure,
        alt=f"Of the {most} tracks that are most like their nearest, {counts[most]} share artist "
        f"and title with it; of all {len(tracks):,}, {counts[-1]} do.",
        table=pd.DataFrame(
            {"tracks looked at": looked, "same artist and title": [int(counts[n]) for n in looked]}
        ),
        caption=caption,
    )
