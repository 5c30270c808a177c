"""Charts as plain Plotly figures, each with a text alternative and its data as a table.

Conventions
-----------
Every builder takes results that are already computed and returns a `Chart`. No builder computes a
statistic; counting rows and sorting is all they do. Backgrounds are transparent and the text is a
grey that can be read on white and on black, so that one figure serves a light page, a dark page and
the dashboard. A genre has one colour, one marker symbol and one fill pattern everywhere: colours
alone are never needed to tell two genres apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

if TYPE_CHECKING:
    from audionome.classifier import WindowPrediction
    from audionome.features import Feature

__all__ = [
    "PALETTE",
    "PATTERNS",
    "SYMBOLS",
    "Chart",
    "artists_by_genre",
    "faults_by_genre",
    "feature_distribution",
    "probability_bars",
    "split_by_genre",
    "timeline",
    "windows_by_genre",
]

# Chosen for a contrast of at least 3:1 on white and on a near-black page, and to stay apart for
# the common kinds of colour blindness; tests/test_charts.py holds both.
PALETTE: dict[str, str] = {
    "blues": "#3f5eb9",
    "classical": "#af7208",
    "country": "#0da580",
    "disco": "#fe48c5",
    "hiphop": "#850eff",
    "jazz": "#039fd8",
    "metal": "#b63424",
    "pop": "#fb5f75",
    "reggae": "#2e7220",
    "rock": "#c5077d",
}
SYMBOLS: dict[str, str] = {
    "blues": "circle",
    "classical": "diamond",
    "country": "square",
    "disco": "star",
    "hiphop": "cross",
    "jazz": "triangle-up",
    "metal": "x",
    "pop": "pentagon",
    "reggae": "triangle-down",
    "rock": "hexagram",
}
# Plotly has eight patterns; two genres that share one differ in lightness.
PATTERNS: dict[str, str] = {
    "blues": "",
    "classical": "\\",
    "country": "/",
    "disco": "x",
    "hiphop": ".",
    "jazz": "",
    "metal": "-",
    "pop": "|",
    "reggae": "+",
    "rock": "/",
}

INK = "#757b84"  # 4.3:1 on white, 4.4:1 on near-black
GRID = "rgba(128,128,128,0.25)"
OTHER = "#8b929c"
_CLEAR = "rgba(0,0,0,0)"

# Plotly's default template is 7 kB in every figure; this one holds only what is used.
TEMPLATE = go.layout.Template(
    layout={
        "font": {"color": INK, "family": "system-ui, sans-serif", "size": 13},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "xaxis": {"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID},
        "yaxis": {"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID, "ticksuffix": " "},
        "legend": {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top"},
        "hoverlabel": {"align": "left"},
    }
)


@dataclass(frozen=True)
class Chart:
    """One chart with what a reader needs who cannot see it.

    Attributes
    ----------
    figure
        The Plotly figure. It has no title: `caption` is for the place that shows it.
    alt
        One or two sentences that say what the chart shows, computed from its data.
    table
        The data behind the chart, ready to print.
    caption
        A short heading.
    """

    figure: go.Figure
    alt: str
    table: pd.DataFrame
    caption: str = ""


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
    values = [round(float(p), 4) for _, p in ranked]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=genres,
            orientation="h",
            marker={
                "color": [PALETTE.get(g, OTHER) for g in genres],
                "pattern": _pattern([PATTERNS.get(g, "") for g in genres]),
            },
            text=[_percent(v) for v in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=360,
        bargap=0.25,
        showlegend=False,
        xaxis={
            "title": {"text": "Probability"},
            # Room for the label beside the longest bar.
            "range": [0, min(1.12, max(values, default=1.0) * 1.2 + 0.02)],
            "tickformat": ".0%",
        },
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    first, *rest = [f"{g} {_percent(v)}" for g, v in zip(genres, values, strict=True)]
    return Chart(
        figure=figure,
        alt=f"Probability of each genre: {first} is the likeliest, then {_listed(rest[:2])}; "
        f"the other {len(rest[2:])} share {_percent(sum(values[3:]))}.",
        table=pd.DataFrame({"genre": genres, "probability": [_percent(v) for v in values]}),
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
        One area per genre; the genre with the largest share lies at the bottom.
    """
    if not windows:
        raise ValueError("A timeline needs at least one window.")
    rows = pd.DataFrame([w.probabilities for w in windows])
    order = rows.sum().sort_values(ascending=False, kind="stable").index
    # A step holds from the start of a window to its end, so the last value is drawn twice.
    times = [round(w.start, 2) for w in windows] + [round(windows[-1].end, 2)]
    figure = go.Figure()
    for genre in order:
        values = [round(float(p), 4) for p in rows[genre]]
        color = PALETTE.get(genre, OTHER)
        figure.add_scatter(
            x=times,
            y=[*values, values[-1]],
            name=genre,
            mode="lines",
            stackgroup="genres",
            line={"shape": "hv", "width": 1, "color": color},
            fillcolor=color,
            fillpattern={**_pattern(PATTERNS.get(genre, "")), "bgcolor": color},
            hovertemplate="%{y:.0%}",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=380,
        hovermode="x unified",
        xaxis={"title": {"text": "Time (s)"}, "range": [times[0], times[-1]], "showgrid": False},
        yaxis={
            "title": {"text": "Probability", "standoff": 14},
            "range": [0, 1],
            "tickformat": ".0%",
        },
        legend={"traceorder": "normal"},
    )
    best = rows.idxmax(axis="columns")
    table = pd.DataFrame(
        {
            "from (s)": [f"{w.start:.0f}" for w in windows],
            "to (s)": [f"{w.end:.0f}" for w in windows],
            "likeliest": best.to_numpy(dtype=str),
            **{genre: [_percent(float(p)) for p in rows[genre]] for genre in order},
        }
    )
    counts = best.value_counts()
    shares = [f"{genre} in {n}" for genre, n in counts.items()]
    plural = "windows" if len(windows) > 1 else "window"
    return Chart(
        figure=figure,
        alt=f"Genre over {times[-1]:.0f} seconds in {len(windows)} {plural}; "
        f"the likeliest genre is {_listed(shares)}.",
        table=table,
        caption="Genre over time",
    )


def windows_by_genre(summary: pd.DataFrame) -> Chart:
    """Draw how many windows of each genre were measured here and how many come from elsewhere.

    Parameters
    ----------
    summary
        From `audionome.gtzan.load_summary`: columns ``genre``, ``n_windows``, ``n_measured``.

    Returns
    -------
    Chart
        One bar per genre in two parts.
    """
    per_genre = summary.drop_duplicates("genre").set_index("genre")
    counts = pd.DataFrame(
        {
            "measured": per_genre["n_measured"],
            "published": per_genre["n_windows"] - per_genre["n_measured"],
        }
    )
    lacking = [f"{g} ({n})" for g, n in counts["published"].items() if n > 0]
    total, measured = int(counts.to_numpy().sum()), int(counts["measured"].sum())
    return _stacked(
        counts,
        unit="Windows of 3 s",
        caption="Windows per genre, by where their numbers come from",
        alt=f"{measured:,} of {total:,} windows are measured from audio. "
        + (f"The published table fills in {_listed(lacking)}." if lacking else "None is missing."),
    )


def faults_by_genre(tracks: pd.DataFrame) -> Chart:
    """Draw how many tracks of each genre have a known fault, by kind.

    Parameters
    ----------
    tracks
        ``audionome.gtzan.load().tracks``: columns ``genre`` and ``known_fault`` ("" for none).

    Returns
    -------
    Chart
        One bar per genre, one part per kind of fault.
    """
    faults = tracks["known_fault"].to_numpy(dtype=str)
    counts = _count(tracks, faults).drop(columns="", errors="ignore")
    counts = counts[counts.sum().sort_values(ascending=False, kind="stable").index]
    per_genre = {str(genre): int(n) for genre, n in counts.sum(axis="columns").items()}
    worst = max(per_genre, key=per_genre.__getitem__)
    return _stacked(
        counts,
        unit="Tracks",
        caption="Tracks with a known fault, per genre",
        alt=f"{sum(per_genre.values())} of {len(tracks):,} tracks have a known fault; "
        f"{worst} has the most, {per_genre[worst]}.",
    )


def split_by_genre(tracks: pd.DataFrame) -> Chart:
    """Draw how the fault-filtered split divides the tracks of each genre.

    Parameters
    ----------
    tracks
        ``audionome.gtzan.load().tracks``: columns ``genre`` and ``fault_filtered`` ("" for left
        out).

    Returns
    -------
    Chart
        One bar per genre in four parts.
    """
    parts = {"train": "train", "valid": "validation", "test": "test", "": "left out"}
    member = tracks["fault_filtered"].to_numpy(dtype=str)
    counts = _count(tracks, member).reindex(columns=list(parts), fill_value=0).rename(columns=parts)
    sizes = [f"{int(n)} {part}" for part, n in counts.sum().items()]
    low, high = counts["test"].min(), counts["test"].max()
    return _stacked(
        counts,
        unit="Tracks",
        caption="The fault-filtered split, per genre",
        alt=f"The fault-filtered split has {_listed(sizes)}; "
        f"between {low} and {high} test tracks per genre.",
    )


def artists_by_genre(tracks: pd.DataFrame) -> Chart:
    """Draw how much of each genre is by its most frequent artists.

    Parameters
    ----------
    tracks
        ``audionome.gtzan.load().tracks``: columns ``genre`` and ``artist`` (a group number).

    Returns
    -------
    Chart
        One bar per genre: the tracks of the first, second and third artist, and of all others.
    """
    names = ["first artist", "second artist", "third artist", "all others"]
    rows: dict[str, list[int]] = {}
    artists: dict[str, int] = {}
    for genre, group in tracks.groupby("genre", observed=True, sort=True)["artist"]:
        sizes = group.value_counts().to_list()
        head = [*sizes, 0, 0, 0][:3]
        rows[str(genre)] = [*head, sum(sizes) - sum(head)]
        artists[str(genre)] = len(sizes)
    counts = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    top = max(rows, key=lambda genre: rows[genre][0])
    few, many = min(artists, key=artists.__getitem__), max(artists, key=artists.__getitem__)
    chart = _stacked(
        counts,
        unit="Tracks",
        caption="Tracks by the most frequent artists of each genre",
        alt=f"One artist made {rows[top][0]} of the {sum(rows[top])} {top} tracks. "
        f"{few} has {artists[few]} artists, the fewest; {many} has {artists[many]}, the most.",
    )
    chart.table.insert(1, "artists", [artists[g] for g in chart.table["genre"]])
    return chart


def feature_distribution(
    summary: pd.DataFrame,
    registry: Mapping[str, Feature],
    *,
    first: str = "spectral_centroid_mean",
) -> Chart:
    """Draw the distribution of one feature by genre, with a menu to choose another.

    Parameters
    ----------
    summary
        From `audionome.gtzan.load_summary`: one row per genre and feature with its quantiles.
    registry
        Feature name to its description, in the order of the menu.
    first
        The feature that is shown at first.

    Returns
    -------
    Chart
        One box per genre: quartiles, mean, and whiskers from the 5th to the 95th percentile.
    """
    quantiles = {"lowerfence": "p05", "q1": "p25", "median": "p50", "q3": "p75",
                 "upperfence": "p95", "mean": "mean"}  # fmt: skip
    genres = sorted(set(summary["genre"].to_numpy(dtype=str)))
    rows = summary.set_index(["feature", "genre"]).sort_index()

    def boxes(feature: str) -> dict[str, list[list[float]]]:
        # One list per trace. Four digits are finer than a pixel and keep the page small.
        return {
            key: [[float(f"{rows.loc[(feature, g), column]:.4g}")] for g in genres]
            for key, column in quantiles.items()
        }

    shown = boxes(first)
    figure = go.Figure()
    for i, genre in enumerate(genres):
        color = PALETTE.get(genre, OTHER)
        figure.add_box(
            y=[genre],
            name=genre,
            orientation="h",
            boxmean=True,
            line={"color": color, "width": 2},
            hoverinfo="x+name",
            **{key: values[i] for key, values in shown.items()},
        )
    figure.update_layout(
        template=TEMPLATE,
        height=500,
        showlegend=False,
        margin={"t": 56},
        # The site shows the sentence of the chosen feature beside its menu.
        meta={"notes": {name: feature.meaning for name, feature in registry.items()}},
        boxgap=0.35,
        xaxis={"title": {"text": _axis(registry[first])}},
        yaxis={"autorange": "reversed", "showgrid": False},
        updatemenus=[
            {
                "type": "dropdown",
                "name": "Feature",
                "active": list(registry).index(first),
                "x": 0,
                "xanchor": "left",
                "y": 1.02,
                "yanchor": "bottom",
                "buttons": [
                    {
                        "label": name,
                        "method": "update",
                        "args": [boxes(name), {"xaxis.title.text": _axis(feature)}],
                    }
                    for name, feature in registry.items()
                ],
            }
        ],
    )
    medians = rows["p50"].unstack("genre").loc[list(registry)]  # noqa: PD010
    table = medians.map(lambda value: f"{value:.4g}")
    table.insert(0, "unit", [registry[name].unit for name in table.index])
    now = rows.loc[first]["p50"]
    return Chart(
        figure=figure,
        alt=f"Distribution of one of {len(registry)} features in each of the {len(genres)} genres, "
        f"chosen from a menu. At first {first}: the median is lowest for {now.idxmin()} and "
        f"highest for {now.idxmax()}.",
        table=table.rename_axis(columns=None).reset_index(),
        caption="Distribution of a chosen feature by genre (the table lists the medians)",
    )


# Shades for the parts of a bar, told apart by pattern as well.
_PARTS = (
    ("#3f5eb9", ""),
    ("#af7208", "/"),
    ("#0da580", "."),
    ("#8b929c", "x"),
    ("#c5077d", "-"),
    ("#039fd8", "+"),
    ("#b63424", "|"),
    ("#850eff", "\\"),
)


def _stacked(counts: pd.DataFrame, *, unit: str, caption: str, alt: str) -> Chart:
    """Draw a table of counts (a row per genre, a column per part) as stacked bars."""
    genres = [str(genre) for genre in counts.index]
    figure = go.Figure()
    for i, part in enumerate(counts.columns):
        color, shape = _PARTS[i % len(_PARTS)]
        figure.add_bar(
            x=[int(n) for n in counts[part]],
            y=genres,
            name=part,
            orientation="h",
            marker={"color": color, "pattern": _pattern(shape)},
            hovertemplate="%{y}, " + str(part) + ": %{x:,}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=420,
        barmode="stack",
        bargap=0.25,
        showlegend=True,
        xaxis={"title": {"text": unit}},
        yaxis={"autorange": "reversed", "showgrid": False},
        legend={"traceorder": "normal"},
    )
    table = counts.rename_axis(index="genre", columns=None).reset_index()
    return Chart(figure=figure, alt=alt, table=table, caption=caption)


def _count(tracks: pd.DataFrame, parts: np.ndarray) -> pd.DataFrame:
    genres = tracks["genre"].to_numpy(dtype=str)
    return pd.crosstab(genres, parts).rename_axis(index="genre", columns=None)


def _axis(feature: Feature) -> str:
    return feature.name if feature.unit in {"", "1"} else f"{feature.name} ({feature.unit})"


def _pattern(shape: str | list[str]) -> dict[str, object]:
    # White lines over the full colour: the fill keeps its contrast with the page.
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.55)",
            "size": 7, "solidity": 0.2}  # fmt: skip


def _percent(value: float) -> str:
    return f"{value:.0%}" if value >= 0.095 else f"{value:.1%}"


def _listed(items: Sequence[str]) -> str:
    """Join words as in a sentence: 'a', 'a and b', 'a, b and c'."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
