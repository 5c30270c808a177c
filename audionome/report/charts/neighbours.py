"""Charts of tracks that sound alike: a map to walk on, and how often the genre is the same."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    HIGHLIGHT,
    OTHER,
    PARTS,
    TEMPLATE,
    Chart,
    chance_line,
    digits,
    error_bars,
    genre_highlights,
    genre_marks,
    menu,
    nothing,
    percent,
    points,
    rounded,
    spans,
    tenths,
    unique,
)

if TYPE_CHECKING:
    from audionome.lab.model_card import Map

__all__ = ["nearest_repeated", "neighbour_precision", "track_map", "vector_precision"]

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
            "highlight": HIGHLIGHT,
            "neighbours": {
                "near": near,
                "similarity": [[round(s, 2) for s in row] for row in tracks["similarity"]],
                **({"titles": known} if any(known) else {}),
            },
        },
        xaxis={"title": {"text": "First axis (no unit)"}, "zeroline": False},
        yaxis={"title": {"text": "Second axis (no unit)", "standoff": 8}, "zeroline": False},
        **menu(HIGHLIGHT, genre_highlights(unique(tracks["genre"]), beside=2)),
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


_SETS = {"gtzan": "GTZAN", "outside": "other music"}


def vector_precision(table: pd.DataFrame, *, nearest: int) -> Chart:
    """Draw how many of the nearest tracks have the same genre, by what an index holds of each.

    Parameters
    ----------
    table
        ``vectors`` of `audionome.lab.studies.similar.load`.
    nearest
        How many neighbours were counted.
    """
    caption = (
        f"How many of the {nearest} nearest by other artists have the same genre, by what an index "
        "holds of each track, with 95 % intervals"
    )
    if table.empty:
        return nothing(caption)
    table = table.assign(
        label=[
            "<br>".join(textwrap.wrap(f"{words} ({n})", 26))
            for words, n in zip(table["words"], table["numbers"], strict=True)
        ]
    )
    names = unique(table["label"])
    figure = go.Figure()
    for i, (place, name) in enumerate(_SETS.items()):
        rows = table[table["set"] == place]
        figure.add_scatter(
            x=rounded(rows["precision"]),
            y=rows["label"].to_list(),
            name=name,
            mode="markers",
            marker={"size": 11, "symbol": ("circle", "diamond")[i], "color": PARTS[i][0]},
            error_x=error_bars(rows["precision"], rows["low"], rows["high"]),
            hovertemplate="%{y}, " + name + ": %{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=170 + 44 * len(names),
        showlegend=True,
        xaxis={"title": {"text": "Same genre"}, "range": [0, 1.02],
               "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )  # fmt: skip
    told = []
    for place, name in _SETS.items():
        values = table.loc[table["set"] == place, "precision"]
        told.append(f"between {percent(values.min())} and {percent(values.max())} on {name}")
    return Chart(
        figure=figure,
        alt=f"Share of the {nearest} nearest tracks by other artists that have the same genre, for "
        f"{len(names)} ways to sum up a track: {' and '.join(told)}.",
        table=pd.DataFrame(
            {
                "a track is": table["words"],
                "numbers": table["numbers"],
                "music": [_SETS[place] for place in table["set"]],
                "same genre": [tenths(v) for v in table["precision"]],
                "95 % interval": spans(table["low"], table["high"]),
                "difference to the best (points)": [
                    points(v) for v in table["difference"].astype(float)
                ],
                "95 % interval of that": [
                    "" if pd.isna(low) else f"{points(low)} to {points(high)}"
                    for low, high in table[["difference_low", "difference_high"]].to_numpy(float)
                ],
                "by chance": [tenths(v) for v in table["chance"]],
                "tracks": table["n"],
            }
        ),
        caption=caption,
    )
