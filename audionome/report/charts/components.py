"""Charts of principal components: how much each holds, what it is made of, and maps of music."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import genre_name, listed
from audionome.charts._base import (
    HIGHLIGHT,
    INK,
    PARTS,
    TEMPLATE,
    Chart,
    bars_x,
    by_genre,
    digits,
    genre_highlights,
    genre_marks,
    menus,
    percent,
    rounded,
    spans,
    tenths,
)
from audionome.lab.exploration.spread import TOO_FEW

if TYPE_CHECKING:
    from audionome.lab.exploration import Maps, Principal, Spread

__all__ = [
    "explained_variance",
    "genre_spread",
    "loadings",
    "music_maps",
    "principal_space",
    "track_scatter",
]

# Plotly's markers in space have few shapes: these letters have the shapes of `SYMBOLS`.
GLYPHS = {
    "circle": "\N{BLACK CIRCLE}",
    "diamond": "\N{BLACK DIAMOND}",
    "square": "\N{BLACK SQUARE}",
    "star": "\N{BLACK STAR}",
    "cross": "\N{HEAVY GREEK CROSS}",
    "triangle-up": "\N{BLACK UP-POINTING TRIANGLE}",
    "x": "\N{HEAVY MULTIPLICATION X}",
    "pentagon": "\N{BLACK PENTAGON}",
    "triangle-down": "\N{BLACK DOWN-POINTING TRIANGLE}",
    "hexagram": "\N{SIX POINTED BLACK STAR}",
}
_CAMERAS = {
    "from a corner": {"x": 1.2, "y": 1.2, "z": 0.85},
    "PC1 and PC2": {"x": 0.01, "y": 0, "z": 1.6},
    "PC1 and PC3": {"x": 0, "y": -1.6, "z": 0.01},
    "PC2 and PC3": {"x": 1.6, "y": 0, "z": 0.01},
}
# A little below the middle: the names of the axes hang from the lower edges.
_CENTRE = {"x": 0, "y": 0, "z": -0.08}
#: A few tracks lie so far out that showing them would leave the box nearly empty.
_SHOWN = (0.003, 0.997)


def explained_variance(scaled: Principal, *, most: int = 20) -> Chart:
    """Draw the share of the variance on each principal component, and their sum.

    Parameters
    ----------
    scaled
        From `audionome.lab.exploration.principal`.
    most
        Components that are drawn; the table holds them all.

    Returns
    -------
    Chart
        Bars for single components, a line for the first so many together.
    """
    share = scaled.explained
    total = np.cumsum(share)
    number = list(range(1, len(share) + 1))
    figure = go.Figure()
    figure.add_bar(
        x=number[:most], y=rounded(share[:most]), name="this component",
        marker={"color": PARTS[0][0]}, hovertemplate="PC%{x}: %{y:.1%}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=number[:most],
        y=rounded(total[:most]),
        name="all up to it",
        mode="lines+markers",
        line={"color": PARTS[1][0], "width": 2},
        marker={"size": 7, "symbol": "diamond"},
        hovertemplate="the first %{x}: %{y:.1%}<extra></extra>",
    )
    figure.update_layout(
        template=TEMPLATE,
        height=420,
        showlegend=True,
        xaxis={"title": {"text": "Principal component"}, "dtick": 2, "tick0": 1, "showgrid": False,
               "range": [0.3, min(most, len(share)) + 0.7]},
        yaxis={"title": {"text": "Share of the variance", "standoff": 8}, "range": [0, 1.02],
               "tickformat": ".0%"},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Share of the variance on each of {len(share)} principal components: "
        f"{listed([tenths(v) for v in share[:3]])} on the first three; "
        f"{scaled.needed(0.9)} are needed for 90 %.",
        table=pd.DataFrame(
            {
                "component": [f"PC{n}" for n in number],
                "share": [tenths(v) for v in share],
                "all up to it": [tenths(v) for v in total],
            }
        ),
        caption="Share of the variance on each component, and on all up to it",
    )


def loadings(scaled: Principal, *, components: int = 4, most: int = 12) -> Chart:
    """Draw the features with the largest weights in a component, with a menu of components.

    Parameters
    ----------
    scaled
        From `audionome.lab.exploration.principal`.
    components
        Components in the menu.
    most
        Features that are drawn for each; the table holds them all.

    Returns
    -------
    Chart
        One bar per feature, the heaviest first.
    """
    names = [str(c) for c in scaled.loadings.columns[:components]]

    def bars(component: str) -> dict[str, list[Any]]:
        weights = scaled.loadings[component]
        top = weights.reindex(weights.abs().sort_values(ascending=False, kind="stable").index)
        top = top.head(most)
        color = [PARTS[0][0] if v > 0 else PARTS[6][0] for v in top]
        return {"x": [rounded(top)], "y": [top.index.to_list()], "marker.color": [color]}

    shown = bars(names[0])
    figure = go.Figure(
        go.Bar(
            x=shown["x"][0],
            y=shown["y"][0],
            orientation="h",
            marker={"color": shown["marker.color"][0]},
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=120 + 26 * most,
        bargap=0.25,
        xaxis={"title": {"text": "Weight in the component"}, "range": [-0.5, 0.5]},
        yaxis={"autorange": "reversed", "showgrid": False},
        **menus({"Component": {name: (bars(name), {}) for name in names}}),
    )
    # A single feature can be the whole component where nothing is scaled.
    widest = float(scaled.loadings[names].abs().to_numpy().max())
    figure.update_xaxes(range=[-1.08 * widest, 1.08 * widest])
    table = scaled.loadings[names].map(lambda v: f"{v:.3f}".replace("-", "−"))
    return Chart(
        figure=figure,
        alt=f"Weights of the features in the first {len(names)} components, chosen from a menu. "
        f"Heaviest in {names[0]}: {listed(shown['y'][0][:3])}.",
        table=table.rename_axis("feature").reset_index(),
        caption="The heaviest features of a component",
    )


def track_scatter(scaled: Principal) -> Chart:
    """Draw the tracks on the first two principal components, with a menu to highlight a genre.

    Parameters
    ----------
    scaled
        From `audionome.lab.exploration.principal`.

    Returns
    -------
    Chart
        One point per track; the table lists the centre of each genre.
    """
    groups = by_genre(scaled.points)
    figure = go.Figure()
    for genre, rows in groups.items():
        figure.add_scatter(
            x=digits(rows["PC1"], 3),
            y=digits(rows["PC2"], 3),
            text=rows["track"].to_list(),
            hovertemplate="%{text}<br>%{x:.1f}, %{y:.1f}<extra></extra>",
            **genre_marks(genre),
        )
    figure.update_layout(
        template=TEMPLATE,
        height=540,
        showlegend=True,
        xaxis={"title": {"text": _component(scaled, 0)}},
        yaxis={"title": {"text": _component(scaled, 1), "standoff": 8}},
        meta={"highlight": HIGHLIGHT},
        **menus({HIGHLIGHT: genre_highlights(groups)}),
    )
    centres = _centres(scaled.points, ["PC1", "PC2"])
    low, high = centres["PC1"].idxmin(), centres["PC1"].idxmax()
    return Chart(
        figure=figure,
        alt=f"{len(scaled.points)} tracks on the first two principal components, which hold "
        f"{percent(float(scaled.explained[:2].sum()))} of the variance. Along the first, {low} "
        f"lies at one end and {high} at the other; the genres overlap.",
        table=_printed(centres),
        caption="The tracks on two components (the table lists the centres of the genres)",
    )


def principal_space(scaled: Principal) -> Chart:
    """Draw the tracks on the first three principal components, with a menu of views.

    Parameters
    ----------
    scaled
        From `audionome.lab.exploration.principal`.

    Returns
    -------
    Chart
        One point per track in a space that can be turned. Tracks that lie far out are left out,
        and counted in the caption.
    """
    axes = ["PC1", "PC2", "PC3"]
    low, high = (scaled.points[axes].quantile(q) for q in _SHOWN)
    inside = ((scaled.points[axes] >= low) & (scaled.points[axes] <= high)).all(axis="columns")
    outside = int((~inside).sum())
    groups = by_genre(scaled.points[inside.to_numpy()])
    figure = go.Figure()
    for genre, rows in groups.items():
        look = genre_marks(genre, size=9)
        mark = look["marker"]
        figure.add_scatter3d(
            x=digits(rows["PC1"], 3),
            y=digits(rows["PC2"], 3),
            z=digits(rows["PC3"], 3),
            name=look["name"],
            legendgroup=genre,
            showlegend=False,
            mode="text",
            text=GLYPHS[mark["symbol"]],
            textposition="middle center",
            # As letters, the stars are small.
            textfont={
                "color": mark["color"],
                "size": 16 if mark["symbol"] in {"star", "hexagram"} else 12,
            },
            hovertext=rows["track"].to_list(),
            hovertemplate="%{hovertext}<br>%{x:.1f}, %{y:.1f}, %{z:.1f}<extra></extra>",
        )
    # The legend of letters would be a word; flat traces without points show the shapes there.
    for genre in groups:
        figure.add_scatter(x=[None], y=[None], legendgroup=genre, **genre_marks(genre, size=9))
    plain = {"color": INK, "gridcolor": "#8b929c", "zerolinecolor": "#8b929c", "nticks": 5,
             "showbackground": False, "showspikes": False}  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=620,
        showlegend=True,
        legend={"itemsizing": "constant", "y": 0},
        xaxis={"visible": False, "domain": [0, 0.01]},
        yaxis={"visible": False, "domain": [0, 0.01]},
        scene={
            **{
                f"{letter}axis": {**plain, "title": {"text": name},
                                  "range": digits([low[name], high[name]])}
                for letter, name in zip("xyz", axes, strict=True)
            },
            "aspectmode": "cube",
            "camera": {"eye": next(iter(_CAMERAS.values())), "center": _CENTRE},
        },
        meta={"highlight": HIGHLIGHT, "narrow": {"height": 460}, "wide": {"height": 620}},
        **menus(
            {
                "View": {
                    name: (
                        {},
                        {"scene.camera": {"eye": eye, "up": _up(eye), "center": _CENTRE}},
                    )
                    for name, eye in _CAMERAS.items()
                },
                HIGHLIGHT: {
                    # Those in space, then those of the legend.
                    name: ({"opacity": 2 * look["opacity"]}, {})
                    for name, (look, _) in genre_highlights(groups, of="opacity").items()
                },
            }
        ),
    )  # fmt: skip
    centres = _centres(scaled.points, axes)
    first, last = centres["PC3"].idxmin(), centres["PC3"].idxmax()
    return Chart(
        figure=figure,
        alt=f"{len(scaled.points) - outside} tracks in the space of the first three principal "
        f"components, which hold {percent(float(scaled.explained[:3].sum()))} of the variance. "
        f"Along the third, the centres of {first} and {last} lie farthest apart. A menu chooses "
        "the view.",
        table=_printed(centres),
        caption=f"Tracks on three components: drag to turn ({outside} tracks lie outside of the "
        "box; the table lists the centres of the genres)",
    )


def genre_spread(found: Spread) -> Chart:
    """Draw how widely the tracks of each genre lie around their centre.

    Parameters
    ----------
    found
        From `audionome.lab.exploration.spread`.

    Returns
    -------
    Chart
        One row per genre with its interval, the widest first.
    """
    rows = found.genres
    figure = go.Figure()
    for _, row in rows.iterrows():
        one = pd.DataFrame([row])
        figure.add_scatter(
            x=rounded(one["spread"]),
            y=[genre_name(str(row["genre"]))],
            customdata=[[row["verdict"], int(row["tracks"]), int(row["artists"])]],
            hovertemplate="%{y}: %{x:.1f}, %{customdata[0]}<br>%{customdata[1]} tracks by "
            "%{customdata[2]} artists<extra></extra>",
            **genre_marks(str(row["genre"]), size=11),
            **bars_x(one["spread"], one["low"], one["high"]),
        )
    judged = rows[rows["verdict"] != TOO_FEW]
    figure.add_vline(
        x=float(judged["spread"].mean()),
        line={"color": INK, "width": 1, "dash": "dot"},
        annotation={"text": "mean of the judged genres", "font": {"size": 11}},
        annotation_position="bottom right",
    )
    figure.update_layout(
        template=TEMPLATE,
        height=90 + 32 * len(rows),
        showlegend=False,
        xaxis={"title": {"text": "Mean squared distance from the centre of the genre"},
               "rangemode": "tozero"},
        yaxis={"autorange": "reversed"},
    )  # fmt: skip
    wide, narrow = rows.iloc[0], judged.iloc[-1]
    return Chart(
        figure=figure,
        alt=f"Spread of {len(rows)} genres on the plane of two components: from "
        f"{narrow['spread']:.1f} for {narrow['genre']} to {wide['spread']:.1f} for "
        f"{wide['genre']}.",
        table=pd.DataFrame(
            {
                "genre": rows["genre"].map(genre_name),
                "spread on the plane": [f"{v:.1f}" for v in rows["spread"]],
                "95 % interval": [f"{a:.1f} to {b:.1f}" for a, b in
                                  zip(rows["low"], rows["high"], strict=True)],
                "beside the mean genre": rows["verdict"],
                "spread over all features": [f"{v:.1f}" for v in rows["everywhere"]],
                "tracks": rows["tracks"],
                "artists": rows["artists"],
            }
        ),
        caption="How widely each genre spreads on the plane of two components, with 95 % "
        "intervals over artists",
    )  # fmt: skip


def music_maps(found: Maps) -> Chart:
    """Draw the same music on several maps, with a menu to choose one.

    Parameters
    ----------
    found
        From `audionome.lab.exploration.maps`.

    Returns
    -------
    Chart
        One point per track; the table says how alike neighbours are on each map.
    """
    alike = found.alike.set_index("map")
    genres = sorted({str(g) for points in found.points.values() for g in points["genre"]})

    def places(title: str) -> dict[str, list[Any]]:
        points = found.points[title]
        groups = [points[points["genre"] == genre] for genre in genres]
        return {
            "x": [digits(rows["x"], 3) for rows in groups],
            "y": [digits(rows["y"], 3) for rows in groups],
            "text": [rows["track"].to_list() for rows in groups],
        }

    first = next(iter(found.points))
    shown = places(first)
    figure = go.Figure()
    for i, genre in enumerate(genres):
        figure.add_scatter(
            x=shown["x"][i],
            y=shown["y"][i],
            text=shown["text"][i],
            hovertemplate="%{text}<extra></extra>",
            **genre_marks(genre),
        )
    spread = dict(zip(alike.index, spans(alike["low"], alike["high"]), strict=True))
    notes = {
        title: f"{tenths(share)} of the {found.k} nearest tracks by "
        f"other artists share the genre (95 % interval {spread[title]})."
        for title, share in zip(alike.index, alike["alike"], strict=True)
        if title in found.points
    }
    blank = {"showticklabels": False, "zeroline": False}
    figure.update_layout(
        template=TEMPLATE,
        height=560,
        showlegend=True,
        meta={"highlight": HIGHLIGHT, "notes": notes},
        xaxis={"title": {"text": "first direction (no unit)"}, **blank},
        yaxis={"title": {"text": "second direction (no unit)"}, **blank},
        **menus(
            {
                "Map": {title: (places(title), {}) for title in found.points},
                HIGHLIGHT: genre_highlights(genres),
            }
        ),
    )
    return Chart(
        figure=figure,
        alt=f"The same music on {len(found.points)} maps, chosen from a menu. Share of the "
        f"{found.k} nearest tracks by other artists that have the genre: "
        f"{listed([f'{t} {tenths(float(v))}' for t, v in alike['alike'].items()])}.",
        table=pd.DataFrame(
            {
                "map": alike.index,
                "neighbours of the same genre": [tenths(v) for v in alike["alike"]],
                "95 % interval": list(spread.values()),
                "tracks": alike["n"].to_list(),
            }
        ),
        caption="The same music on several maps",
    )


def _centres(points: pd.DataFrame, axes: list[str]) -> pd.DataFrame:
    return points.groupby("genre")[axes].mean().rename(index=genre_name)


def _printed(centres: pd.DataFrame) -> pd.DataFrame:
    printed = centres.map(lambda v: f"{v:.2f}".replace("-", "−"))
    return printed.rename_axis(columns=None).reset_index()


def _component(scaled: Principal, k: int) -> str:
    return f"PC{k + 1} ({percent(float(scaled.explained[k]))} of the variance)"


def _up(eye: Mapping[str, float]) -> dict[str, float]:
    # Seen from above, "up" cannot be the line of sight.
    return {"x": 0, "y": 1, "z": 0} if eye["z"] > 2 else {"x": 0, "y": 0, "z": 1}
