"""Charts of correlations: the matrix, two features at a time, and the study's observations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import coefficient
from audionome.charts._base import (
    HIGHLIGHT,
    INK,
    PARTS,
    TEMPLATE,
    Chart,
    Choices,
    axis_title,
    by_genre,
    digits,
    genre_highlights,
    genre_marks,
    menus,
    rounded,
)
from audionome.charts.clip import DIVERGING
from audionome.lab.exploration import FIRST_GROUP

if TYPE_CHECKING:
    from audionome.features import Feature
    from audionome.lab.exploration import Correlations, Observed, Tested

__all__ = ["correlation_matrix", "feature_pair", "study_observations"]


def correlation_matrix(found: Correlations) -> Chart:
    """Draw the correlation of every pair of features, with a menu for what to look at.

    Parameters
    ----------
    found
        From `audionome.lab.exploration.correlations`.

    Returns
    -------
    Chart
        A heat map, first the means, then the variances; the table lists the strongest partner of
        each feature.
    """
    listed_order = [str(name) for name in found.r.columns]
    order, groups = _in_groups(listed_order)
    similar = found.clustered()
    figure = go.Figure([_cells(found, order, ""), _cells(found, similar, "2")])
    figure.data[1].visible = False
    n_means = sum(len(names) for kind, _, names in groups if kind == "mean")
    n = len(order)
    lines = _borders([len(names) for _, _, names in groups], n_means)
    views = {
        "means, then variances": _view(order, groups, 0, n),
        "the means alone": _view(order, groups, 0, n_means),
        "the variances alone": _view(order, groups, n_means, n),
        "similar features side by side": _view(similar, [], 0, n, "2"),
    }
    for shown, look in views.values():
        look |= {f"shapes[{i}].visible": shown[0] for i in range(len(lines))}
    axis = {"showgrid": False, "ticksuffix": "", "tickangle": 0}
    figure.update_layout(
        template=TEMPLATE,
        height=780,
        xaxis={**axis, "tickangle": -90},
        yaxis=axis,
        xaxis2={**axis, "tickangle": -90, "overlaying": "x", "anchor": "y2"},
        yaxis2={**axis, "overlaying": "y", "anchor": "x2"},
        shapes=lines,
        **menus({"Show": {name: ({"visible": shown}, look) for name, (shown, look)
                          in views.items()}}),
    )  # fmt: skip
    for key, value in next(iter(views.values()))[1].items():
        figure.layout[key] = value
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
        f"{strong} of {len(pairs):,} pairs lie beyond ±0.9. The strongest is {top['one']} with "
        f"{top['other']}, r = {coefficient(top['r'])}. A menu shows the means, the variances, or "
        "similar features side by side.",
        table=table,
        caption="The correlation matrix: brown features rise together, teal ones move in opposite "
        "directions",
    )


def _in_groups(names: list[str]) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    """Order features: means first, then variances; each the first group, MFCCs, the others."""
    found = []
    for kind in ("mean", "var"):
        of_kind = [name for name in names if name.endswith("_var") == (kind == "var")]
        first = [name for name in of_kind if name.rpartition("_")[0] in _FIRST]
        mfcc = [name for name in of_kind if name.startswith("mfcc")]
        rest = [name for name in of_kind if name not in first and name not in mfcc]
        found += [(kind, "first six", first), (kind, "MFCC", mfcc), (kind, "others", rest)]
    groups = [group for group in found if group[2]]
    return [name for _, _, group in groups for name in group], groups


def _cells(found: Correlations, order: list[str], axis: str) -> go.Heatmap:
    def hundredths(frame: pd.DataFrame) -> np.ndarray:
        # Adding zero turns -0.0 into 0.
        return frame.loc[order, order].to_numpy().round(2) + 0.0

    more = np.stack([hundredths(part) for part in (found.low, found.high, found.within)], axis=-1)
    return go.Heatmap(
        z=hundredths(found.r).tolist(),
        customdata=more.tolist(),
        x=order,
        y=order,
        xaxis=f"x{axis}",
        yaxis=f"y{axis}",
        zmin=-1,
        zmax=1,
        colorscale=DIVERGING,
        colorbar={
            "orientation": "h",
            "thickness": 10,
            "len": 0.7,
            "y": 1.01,
            "yanchor": "bottom",
            "tickvals": [-1, -0.5, 0, 0.5, 1],
            "tickangle": 0,
        },
        hovertemplate="%{y}<br>%{x}<br>r = %{z:.2f} (95 % interval %{customdata[0]:.2f} to "
        "%{customdata[1]:.2f})<br>inside genres %{customdata[2]:.2f}<extra></extra>",
    )


def _view(
    order: list[str],
    groups: list[tuple[str, str, list[str]]],
    start: int,
    end: int,
    axis: str = "",
) -> tuple[list[bool], dict[str, Any]]:
    """Return what a choice of the menu shows: which trace, and the layout."""
    names = [_short(name) for name in order[start:end]]
    whole = end - start == len(order)
    if whole and not groups:
        names = [_short(name, kind=True) for name in order]
    every: dict[str, list[Any]] = {"tickvals": order[start:end], "ticktext": names}
    few = every
    if whole:
        # On a phone there is no room for all the names; a tap on a cell says them.
        middles, at = [], 0
        for _, _, members in groups:
            middles.append(at + (len(members) - 1) / 2)
            at += len(members)
        few = {"tickvals": middles, "ticktext": [f"{name}, {kind}" for kind, name, _ in groups]}

    def ticks(chosen: dict[str, Any], size: int, height: int) -> dict[str, Any]:
        look = {f"{letter}axis{axis}.{key}": value for letter in "xy"
                for key, value in chosen.items()}  # fmt: skip
        look |= {f"{letter}axis{axis}.tickfont.size": size for letter in "xy"}
        return look | {"height": height}

    layout: dict[str, Any] = {
        f"{letter}axis{other}.visible": other == axis for letter in "xy" for other in ("", "2")
    }
    layout |= {
        f"xaxis{axis}.range": [start - 0.5, end - 0.5],
        f"yaxis{axis}.range": [end - 0.5, start - 0.5],
        "meta": {
            "narrow": ticks(few, 9, 400),
            "wide": ticks(every, 9 if whole else 12, 780),
        },
    }
    return [axis == "", axis == "2"], layout


def _borders(sizes: list[int], n_means: int) -> list[dict[str, Any]]:
    """Return the lines between the groups; the one between means and variances is thicker."""
    shapes = []
    ends = np.cumsum(sizes)[:-1].tolist()
    for end in ends:
        look = {"line": {"color": INK, "width": 2 if end == n_means else 0.75}, "layer": "above"}
        at, far = end - 0.5, sum(sizes) - 0.5
        shapes += [
            {"type": "line", "x0": at, "x1": at, "y0": -0.5, "y1": far, **look},
            {"type": "line", "y0": at, "y1": at, "x0": -0.5, "x1": far, **look},
        ]
    return shapes


_FIRST = {name.rpartition("_")[0] for name in FIRST_GROUP}
_SHORT = {
    "chroma_stft": "chroma",
    "rms": "RMS",
    "spectral_centroid": "centroid",
    "spectral_bandwidth": "bandwidth",
    "rolloff": "roll-off",
    "zero_crossing_rate": "zero cross.",
    "harmony": "harmonic",
    "perceptr": "percussive",
    "tempo": "tempo",
}


def _short(name: str, *, kind: bool = False) -> str:
    """Write a column briefly: "MFCC 2", or with its kind "MFCC 2 var"."""
    family, _, part = name.rpartition("_") if name != "tempo" else (name, "", "")
    text = _SHORT.get(family) or family.replace("mfcc", "MFCC ")
    return f"{text} {part}".strip() if kind else text


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
    groups = by_genre(tracks)
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
                coefficient(float(getattr(found, part).loc[one, other]))
                for part in ("r", "low", "high", "within")
            )
            notes[f"{one} | {other}"] = (
                f"Over windows r = {r} (95 % interval {low} to {high}); inside genres {within}."
            )
    figure.update_layout(
        template=TEMPLATE,
        height=520,
        showlegend=True,
        meta={"highlight": HIGHLIGHT, "notes": notes},
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
                HIGHLIGHT: genre_highlights(groups),
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
        caption="Two features against each other, a point per track "
        "(the table lists the means of the genres)",
    )


def study_observations(seen: Mapping[str, Sequence[Observed]]) -> Chart:
    """Draw the correlation of every pair that the study's observations are about.

    Parameters
    ----------
    seen
        What one row of the data is ("windows", "tracks") to what
        `audionome.lab.exploration.observe` found; observations that hold by definition are left
        out.

    Returns
    -------
    Chart
        A row per group of pairs, a mark per pair; the table counts the verdicts.
    """
    groups = {rows: _groups(observed) for rows, observed in seen.items()}
    first = next(iter(groups.values()))
    titles = [tested.claim.title for tested in first]
    names = {"holds": "as said", "open": "open", "fails": "not as said"}
    looks = {
        "holds": {"symbol": "circle", "color": PARTS[0][0], "size": 8},
        "open": {"symbol": "circle-open", "color": INK, "size": 8},
        "fails": {"symbol": "x", "color": PARTS[1][0], "size": 8},
    }
    shown = {rows: {word: _marks(some, word) for word in names} for rows, some in groups.items()}
    figure = go.Figure()
    for word, marks in next(iter(shown.values())).items():
        figure.add_scatter(
            **marks,
            mode="markers",
            name=names[word],
            marker=looks[word],
            hovertemplate="%{text}<br>r = %{x:.2f} (95 % interval %{customdata[0]:.2f} to "
            "%{customdata[1]:.2f})<extra></extra>",
        )
    bands = [
        {"type": "rect", "x0": tested.claim.at_least, "x1": tested.claim.at_most,
         "y0": i - 0.4, "y1": i + 0.4, "line": {"width": 0}, "layer": "below",
         "fillcolor": "rgba(128,128,128,0.16)"}
        for i, tested in enumerate(first)
    ]  # fmt: skip
    choices: Choices = {
        rows: ({key: [one[key] for one in marks.values()] for key in _KEYS}, {})
        for rows, marks in shown.items()
    }
    figure.update_layout(
        template=TEMPLATE,
        height=90 + 70 * len(titles),
        showlegend=True,
        shapes=bands,
        xaxis={"title": {"text": "Correlation r"}, "range": [-1.03, 1.03], "zeroline": True},
        yaxis={
            "range": [len(titles) - 0.5, -0.5],
            "tickvals": list(range(len(titles))),
            "ticktext": [re.sub(r",? (?=means|variances|and)", "<br>", title) for title in titles],
            "showgrid": False,
            "zeroline": False,
        },
        **menus({"Over": choices}),
    )
    told = [f"{t.claim.title}: {coefficient(t.table['r'].min())} to "
            f"{coefficient(t.table['r'].max())}" for t in first]  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Correlations of the pairs that the study's observations are about, over "
        f"{next(iter(groups))}. {'; '.join(told)}.",
        table=pd.DataFrame([_counted(rows, one) for rows, some in groups.items() for one in some]),
        caption="The study's observations: a mark per pair, and a grey band where it should lie",
    )


_KEYS = ("x", "y", "text", "customdata")


def _groups(observed: Sequence[Observed]) -> list[Tested]:
    """Return the groups of pairs of what does not hold by definition, each group once."""
    found: dict[tuple[tuple[str, str], ...], Tested] = {}
    for one in observed:
        if not one.observation.by_definition:
            for tested in (*one.tested, *one.beside):
                found.setdefault(tested.claim.pairs, tested)
    return list(found.values())


def _marks(groups: Sequence[Tested], word: str) -> dict[str, list[Any]]:
    """Return the pairs with a verdict; marks of a group lie a little above each other."""
    marks: dict[str, list[Any]] = {key: [] for key in _KEYS}
    for i, tested in enumerate(groups):
        rank = tested.table["r"].rank(method="first").to_numpy()
        aside = (rank % 5 - 2) * 0.13
        for (_, row), up in zip(tested.table.iterrows(), aside, strict=True):
            if row["verdict"] == word:
                marks["x"].append(round(float(row["r"]), 3))
                marks["y"].append(round(i + float(up), 2))
                marks["text"].append(f"{row['one']}, {row['other']}")
                marks["customdata"].append(rounded([row["low"], row["high"]]))
    return marks


def _counted(rows: str, tested: Tested) -> dict[str, Any]:
    r = tested.table["r"]
    return {
        "pairs": tested.claim.title,
        "over": rows,
        "said": tested.claim.words,
        "lowest r": coefficient(r.min()),
        "highest r": coefficient(r.max()),
        "as said": tested.count("holds"),
        "open": tested.count("open"),
        "not as said": tested.count("fails"),
    }


def _partner(pairs: pd.DataFrame, name: str) -> tuple[str, str, str, str, str]:
    row = pairs[(pairs["one"] == name) | (pairs["other"] == name)].iloc[0]
    other = str(row["other"] if row["one"] == name else row["one"])
    between = f"{coefficient(row['low'])} to {coefficient(row['high'])}"
    return name, other, coefficient(row["r"]), between, coefficient(row["within"])
