"""Charts of correlations and principal components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    INK,
    PARTS,
    TEMPLATE,
    Chart,
    axis_title,
    digits,
    genre_marks,
    menus,
    percent,
    rounded,
    spans,
    tenths,
)

if TYPE_CHECKING:
    from audionome.features import Feature
    from audionome.lab.exploration import Correlations, Maps, Principal

__all__ = [
    "correlation_matrix",
    "explained_variance",
    "feature_pair",
    "loadings",
    "music_maps",
    "principal_space",
    "track_scatter",
]

# Nothing is transparent, so that the page shows through; blue and red differ in lightness too.
_DIVERGING = [[0, PARTS[0][0]], [0.5, "rgba(128,128,128,0.06)"], [1, PARTS[1][0]]]
# Three dimensions know fewer symbols; genres that share one differ in lightness. The "x" is a
# letter of a font that is not everywhere.
SOLIDS = {
    "blues": "circle",
    "classical": "diamond",
    "country": "square",
    "disco": "square-open",
    "hiphop": "cross",
    "jazz": "diamond-open",
    "metal": "circle-open",
    "pop": "circle-open",
    "reggae": "square-open",
    "rock": "square",
}
_CAMERAS = {
    "from a corner": {"x": 1.5, "y": 1.5, "z": 1.1},
    "PC1 and PC2": {"x": 0.01, "y": 0, "z": 2.2},
    "PC1 and PC3": {"x": 0, "y": -2.2, "z": 0.01},
    "PC2 and PC3": {"x": 2.2, "y": 0, "z": 0.01},
}
# A little below the middle: the names of the axes hang from the lower edges.
_CENTRE = {"x": 0, "y": 0, "z": -0.12}


def correlation_matrix(found: Correlations) -> Chart:
    """Draw the correlation of every pair of features, with a menu for their order.

    Parameters
    ----------
    found
        From `audionome.lab.exploration.correlations`.

    Returns
    -------
    Chart
        A heat map; the table lists the strongest partner of each feature.
    """
    listed_order = [str(name) for name in found.r.columns]

    def cells(order: list[str]) -> dict[str, list[Any]]:
        def hundredths(frame: pd.DataFrame) -> np.ndarray:
            # Adding zero turns -0.0 into 0.
            return frame.loc[order, order].to_numpy().round(2) + 0.0

        more = np.stack(
            [hundredths(part) for part in (found.low, found.high, found.within)], axis=-1
        )
        return {
            "z": [hundredths(found.r).tolist()],
            "customdata": [more.tolist()],
            "x": [order],
            "y": [order],
        }

    orders = {"similar side by side": found.clustered(), "as listed": listed_order}
    shown = {name: cells(order) for name, order in orders.items()}
    first = next(iter(shown.values()))
    figure = go.Figure(
        go.Heatmap(
            z=first["z"][0],
            customdata=first["customdata"][0],
            x=first["x"][0],
            y=first["y"][0],
            zmin=-1,
            zmax=1,
            colorscale=_DIVERGING,
            colorbar={
                "orientation": "h",
                "thickness": 10,
                "len": 0.6,
                "y": 1.01,
                "yanchor": "bottom",
                "tickvals": [-1, -0.5, 0, 0.5, 1],
            },
            hovertemplate="%{y}<br>%{x}<br>r = %{z:.2f} (95 % interval %{customdata[0]:.2f} to "
            "%{customdata[1]:.2f})<br>inside genres %{customdata[2]:.2f}<extra></extra>",
        )
    )
    axis = {"showgrid": False, "tickfont": {"size": 9}, "ticksuffix": ""}
    # On a phone the names would leave no room for the cells; pointing at one names it.
    sizes = {"narrow": (False, 420), "wide": (True, 760)}
    figure.update_layout(
        template=TEMPLATE,
        height=760,
        meta={
            screen: {
                "xaxis.showticklabels": names,
                "yaxis.showticklabels": names,
                "height": height,
            }
            for screen, (names, height) in sizes.items()
        },
        xaxis={**axis, "tickangle": -90},
        yaxis={**axis, "autorange": "reversed"},
        **menus({"Order": {name: (values, {}) for name, values in shown.items()}}),
    )
    pairs = found.pairs()
    top = pairs.iloc[0]
    strong = int((pairs["r"].abs() > 0.9).sum())
    table = pd.DataFrame(
        [_partner(pairs, name) for name in listed_order],
        columns=["feature", "strongest partner", "r", "95 % interval", "inside genres"],
    )
    return Chart(
        figure=figure,
        alt=f"Correlation of {len(found.r)} features over {found.n_rows:,} windows: "
        f"{strong} of {len(pairs):,} pairs lie beyond ±0.9, the strongest is {top['one']} with "
        f"{top['other']}, r = {_r(top['r'])}. A menu orders them as listed or by similarity.",
        table=table,
        caption="Correlation r of every pair of features, over windows: blocks "
        "of strong colour are features that say the same",
    )


def feature_pair(
    tracks: pd.DataFrame,
    found: Correlations,
    registry: Mapping[str, Feature],
    *,
    names: Sequence[str],
) -> Chart:
    """Draw two features against each other by genre, with a menu for each.

    Parameters
    ----------
    tracks
        From `audionome.lab.exploration.track_means`.
    found
        The correlations that are told for the chosen pair.
    registry
        Feature name to its description.
    names
        Features to choose from; the first two are shown at first.

    Returns
    -------
    Chart
        One point per track; the table lists the means of the genres.
    """
    groups = _by_genre(tracks)
    values = {n: [digits(rows[n]) for rows in groups.values()] for n in names}
    across, up = names[0], names[1]
    figure = go.Figure()
    for i, (genre, rows) in enumerate(groups.items()):
        figure.add_scatter(
            x=values[across][i],
            y=values[up][i],
            text=rows["track"].to_list(),
            hovertemplate="%{text}<br>%{x:.4~g}, %{y:.4~g}<extra></extra>",
            **genre_marks(genre),
        )
    notes = {}
    for one in names:
        for other in names:
            if one == other:
                notes[f"{one} | {other}"] = "The same feature twice: a straight line, r = 1."
                continue
            r, low, high, within = (
                float(getattr(found, part).loc[one, other])
                for part in ("r", "low", "high", "within")
            )
            notes[f"{one} | {other}"] = (
                f"Over windows r = {_r(r)} (95 % interval {_r(low)} to {_r(high)}); "
                f"inside genres {_r(within)}."
            )
    figure.update_layout(
        template=TEMPLATE,
        height=520,
        showlegend=True,
        meta={"notes": notes},
        xaxis={"title": {"text": axis_title(registry[across])}},
        yaxis={"title": {"text": axis_title(registry[up]), "standoff": 8}},
        **menus(
            {
                "Across": {
                    n: ({"x": values[n]}, {"xaxis.title.text": axis_title(registry[n])})
                    for n in names
                },
                "Up": {
                    n: ({"y": values[n]}, {"yaxis.title.text": axis_title(registry[n])})
                    for n in names
                },
            },
            active={"Up": 1},
        ),
    )
    means = tracks.groupby("genre")[list(names)].mean().map(lambda v: f"{v:.4g}")
    return Chart(
        figure=figure,
        alt=f"Two of {len(names)} features, chosen from menus, for {len(tracks)} tracks in "
        f"{len(groups)} genres. At first {across} and {up}: {notes[f'{across} | {up}']}",
        table=means.rename_axis(columns=None).reset_index(),
        caption="Two features against each other: one point per track "
        "(the table lists the means of the genres)",
    )


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
        caption="How much each component holds (a scree chart): the first hold the most",
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
        caption="What a component is made of: its heaviest features",
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
    groups = _by_genre(scaled.points)
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
        **menus({"Highlight": _highlights(list(groups))}),
    )
    centres = _centres(scaled.points, ["PC1", "PC2"])
    low, high = centres["PC1"].idxmin(), centres["PC1"].idxmax()
    return Chart(
        figure=figure,
        alt=f"{len(scaled.points)} tracks on the first two principal components, which hold "
        f"{percent(float(scaled.explained[:2].sum()))} of the variance. Along the first, {low} "
        f"lies at one end and {high} at the other; the genres overlap.",
        table=_printed(centres),
        caption="Every track on two components: clouds that lie apart are genres that "
        "two numbers can tell (the table lists their centres)",
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
        One point per track in a space that can be turned.
    """
    axes = ["PC1", "PC2", "PC3"]
    groups = _by_genre(scaled.points)
    figure = go.Figure()
    for genre, rows in groups.items():
        look = genre_marks(genre, size=3.5)
        symbol = SOLIDS.get(genre, "circle")
        figure.add_scatter3d(
            x=digits(rows["PC1"], 3),
            y=digits(rows["PC2"], 3),
            z=digits(rows["PC3"], 3),
            text=rows["track"].to_list(),
            hovertemplate="%{text}<br>%{x:.1f}, %{y:.1f}, %{z:.1f}<extra></extra>",
            **look | {"marker": look["marker"] | {"symbol": symbol}},
        )
    plain = {"color": INK, "gridcolor": "#8b929c", "zerolinecolor": "#8b929c",
             "showbackground": False, "showspikes": False}  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=560,
        showlegend=True,
        legend={"itemsizing": "constant", "y": 0},
        scene={
            **{
                f"{letter}axis": {**plain, "title": {"text": name}}
                for letter, name in zip("xyz", axes, strict=True)
            },
            "aspectmode": "cube",
            "camera": {"eye": next(iter(_CAMERAS.values())), "center": _CENTRE},
        },
        **menus(
            {
                "View": {
                    name: (
                        {},
                        {"scene.camera": {"eye": eye, "up": _up(eye), "center": _CENTRE}},
                    )
                    for name, eye in _CAMERAS.items()
                },
                "Highlight": _highlights(list(groups)),
            }
        ),
    )
    centres = _centres(scaled.points, axes)
    low, high = centres["PC3"].idxmin(), centres["PC3"].idxmax()
    return Chart(
        figure=figure,
        alt=f"{len(scaled.points)} tracks in the space of the first three principal components, "
        f"which hold {percent(float(scaled.explained[:3].sum()))} of the variance. Along the "
        f"third, {low} and {high} lie farthest apart. A menu chooses the view.",
        table=_printed(centres),
        caption="Every track on three components: turn it (the table lists the centres of the "
        "genres)",
    )


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
        meta={"notes": notes},
        xaxis={"title": {"text": "first direction (no unit)"}, **blank},
        yaxis={"title": {"text": "second direction (no unit)"}, **blank},
        **menus(
            {
                "Map": {title: (places(title), {}) for title in found.points},
                "Highlight": _highlights(genres),
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
        caption="Other maps of the same music: look for clouds of one "
        "colour, on music that the map did not learn from",
    )


# -- helpers ------------------------------------------------------------------------------


def _highlights(genres: list[str]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    # The legend filters too, but not from the keyboard.
    faint = 0.07
    choices = {"all genres": [1.0] * len(genres)}
    choices |= {g: [1.0 if g == other else faint for other in genres] for g in genres}
    return {name: ({"marker.opacity": list(values)}, {}) for name, values in choices.items()}


def _by_genre(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(genre): group for genre, group in rows.groupby("genre", sort=True)}


def _centres(points: pd.DataFrame, axes: list[str]) -> pd.DataFrame:
    return points.groupby("genre")[axes].mean()


def _printed(centres: pd.DataFrame) -> pd.DataFrame:
    printed = centres.map(lambda v: f"{v:.2f}".replace("-", "−"))
    return printed.rename_axis(columns=None).reset_index()


def _partner(pairs: pd.DataFrame, name: str) -> tuple[str, str, str, str, str]:
    row = pairs[(pairs["one"] == name) | (pairs["other"] == name)].iloc[0]
    other = str(row["other"] if row["one"] == name else row["one"])
    between = f"{_r(row['low'])} to {_r(row['high'])}"
    return name, other, _r(row["r"]), between, _r(row["within"])


def _component(scaled: Principal, k: int) -> str:
    return f"PC{k + 1} ({percent(float(scaled.explained[k]))} of the variance)"


def _up(eye: Mapping[str, float]) -> dict[str, float]:
    # Seen from above, "up" cannot be the line of sight.
    return {"x": 0, "y": 1, "z": 0} if eye["z"] > 2 else {"x": 0, "y": 0, "z": 1}


def _r(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")
