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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

if TYPE_CHECKING:
    from audionome.analysis import Confusion, Hardest
    from audionome.classifier import WindowPrediction
    from audionome.features import Feature

__all__ = [
    "PALETTE",
    "PATTERNS",
    "SYMBOLS",
    "Chart",
    "artists_by_genre",
    "comparison_forest",
    "confusion_matrix",
    "faults_by_genre",
    "feature_distribution",
    "hard_tracks",
    "importance_bars",
    "ladder",
    "learning_curve",
    "probability_bars",
    "recall_by_genre",
    "reliability_diagram",
    "split_by_genre",
    "study_and_ours",
    "timeline",
    "train_valid_test",
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


def ladder(levels: Mapping[str, pd.DataFrame], *, selected: str) -> Chart:
    """Draw the accuracy of every model under every protocol, one line per model.

    Parameters
    ----------
    levels
        Name of a way to count (``"per track"``) to a table from `audionome.analysis.ladders`; a
        menu chooses, the first one is shown first.
    selected
        Model that is drawn in colour, with its intervals.

    Returns
    -------
    Chart
        One rung per protocol from top to bottom.
    """
    first = next(iter(levels.values()), pd.DataFrame())
    if first.empty:
        return _nothing("Accuracy on every rung of the ladder")
    rungs = _unique([p for t in levels.values() for p in t["protocol_title"]])
    models = _unique([m for t in levels.values() for m in t["model"]])
    # The last trace lies on top.
    models = [m for m in models if m != selected] + [m for m in models if m == selected]
    names = {m: n for t in levels.values() for m, n in zip(t["model"], t["title"], strict=True)}

    def lines(table: pd.DataFrame) -> dict[str, list[Any]]:
        out: dict[str, list[Any]] = {"x": [], "y": [], "customdata": []}
        plus, minus = [], []
        for model in models:
            rows = table[table["model"] == model].set_index("protocol_title").reindex(rungs)
            rows = rows.dropna(subset="accuracy")
            out["x"].append(_rounded(rows["accuracy"]))
            out["y"].append(rows.index.to_list())
            out["customdata"].append(
                [[_percent(a), _percent(b)] for a, b in rows[["low", "high"]].to_numpy()]
            )
            plus.append(_rounded(rows["high"] - rows["accuracy"]))
            minus.append(_rounded(rows["accuracy"] - rows["low"]))
        return out | {"error_x.array": plus, "error_x.arrayminus": minus}

    shown = lines(first)
    figure = go.Figure()
    for i, model in enumerate(models):
        chosen = model == selected
        symbol = (
            _MARKS[[m for m in names if m != selected].index(model)] if not chosen else "circle"
        )
        figure.add_scatter(
            x=shown["x"][i],
            y=shown["y"][i],
            customdata=shown["customdata"][i],
            name=names[model],
            mode="lines+markers",
            line={"width": 3 if chosen else 1, "color": _PARTS[0][0] if chosen else OTHER},
            marker={"size": 10 if chosen else 7, "symbol": symbol},
            error_x={
                "array": shown["error_x.array"][i],
                "arrayminus": shown["error_x.arrayminus"][i],
                "visible": chosen,
                "thickness": 2,
                "width": 5,
            },
            hovertemplate=f"{names[model]}<br>%{{y}}: %{{x:.1%}} "
            "(%{customdata[0]} to %{customdata[1]})<extra></extra>",
        )
    _chance_line(figure)
    figure.update_layout(
        template=TEMPLATE,
        height=560,
        xaxis={"title": {"text": "Test accuracy"}, "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": rungs},
        legend={"traceorder": "reversed", "y": -0.16},
        **_menu("Count", {name: (lines(table), {}) for name, table in levels.items()}),
    )
    best = first[first["model"] == selected].set_index("protocol_title")["accuracy"]
    best = best.reindex([r for r in rungs if r in best.index])
    told = [f"{rung} {_percent(a)}" for rung, a in best.items()]
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "counted": name,
                    "protocol": t["protocol_title"],
                    "model": t["title"],
                    "variant": t["variant"],
                    "accuracy": [_percent(a) for a in t["accuracy"]],
                    "95 % interval": _spans(t["low"], t["high"]),
                    "answers": t["n"],
                }
            )
            for name, t in levels.items()
        ]
    )
    return Chart(
        figure=figure,
        alt=f"Test accuracy of {len(models)} models under {len(rungs)} protocols, from the most "
        f"forgiving to the hardest. {names.get(selected, selected)}, {next(iter(levels))}: "
        f"{_listed(told) if told else 'no result'}.",
        table=table,
        caption="Accuracy on every rung of the ladder, with 95 % intervals for the coloured line",
    )


def study_and_ours(table: pd.DataFrame) -> Chart:
    """Draw the published accuracies of the source study beside ours.

    Parameters
    ----------
    table
        From `audionome.analysis.study_table`.

    Returns
    -------
    Chart
        One row per model: a diamond for the study, a circle with its interval for ours.
    """
    names = table["title"].to_list()
    figure = go.Figure()
    for _, row in table.dropna(subset="ours").iterrows():
        figure.add_scatter(
            x=_rounded([row["study"], row["ours"]]), y=[row["title"]] * 2, mode="lines",
            line={"color": OTHER, "width": 2}, hoverinfo="skip", showlegend=False,
        )  # fmt: skip
    for name, column, color, symbol in (
        ("the study", "study", _PARTS[1][0], "diamond"),
        ("ours", "ours", _PARTS[0][0], "circle"),
    ):
        rows = table.dropna(subset=column)
        bounds = {} if column == "study" else _bars_x(rows["ours"], rows["low"], rows["high"])
        figure.add_scatter(
            x=_rounded(rows[column]),
            y=rows["title"].to_list(),
            name=name,
            mode="markers",
            marker={"size": 11, "symbol": symbol, "color": color},
            hovertemplate="%{y}, " + name + ": %{x:.1%}<extra></extra>",
            **bounds,
        )
    figure.update_layout(
        template=TEMPLATE,
        height=400,
        xaxis={"title": {"text": "Accuracy per window, random windows"}, "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )
    have = table.dropna(subset="ours")
    far = have["difference"].abs().max() if len(have) else 0.0
    within = ["" if pd.isna(w) else ("yes" if w else "no") for w in table["within"]]
    printed = pd.DataFrame(
        {
            "model": names,
            "the study": [_tenths(v) for v in table["study"]],
            "ours": [_tenths(v) for v in table["ours"]],
            "95 % interval": _spans(table["low"], table["high"]),
            "difference (points)": [_points(v) for v in table["difference"]],
            "within 2 points": within,
        }
    )
    return Chart(
        figure=figure,
        alt=f"Accuracy of {len(table)} models in the source study and here, both with windows "
        f"split at random; {within.count('yes')} of {len(have)} agree within 2 points, the largest "
        f"difference is {100 * far:.1f} points.",
        table=printed,
        caption="The study's figures and ours, by its own rule",
    )


def train_valid_test(protocols: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw how well each model knows its training music, held-out music and test music.

    Parameters
    ----------
    protocols
        Title of a protocol to a table from `audionome.analysis.gaps`; a menu chooses.

    Returns
    -------
    Chart
        One row per model with three markers; the length of the line is the gap.
    """
    tables = {name: t for name, t in protocols.items() if len(t)}
    if not tables:
        return _nothing("Accuracy on training, validation and test music")
    names = _unique([n for t in tables.values() for n in t["title"]])
    marks = {
        "train": ("training", _PARTS[1][0], "triangle-up"),
        "valid": ("validation", _PARTS[2][0], "square"),
        "test": ("test", _PARTS[0][0], "circle"),
    }

    def values(table: pd.DataFrame) -> dict[str, list[Any]]:
        rows = table.set_index("title").reindex(names)
        line_x: list[float | None] = []
        line_y: list[str | None] = []
        for name, one, other in zip(names, rows["train"], rows["test"], strict=True):
            line_x += [*_rounded([one, other]), None]
            line_y += [name, name, None]
        return {
            "x": [line_x, *(_rounded(rows[part]) for part in marks)],
            "y": [line_y, *([names] * len(marks))],
        }

    first = values(next(iter(tables.values())))
    figure = go.Figure()
    figure.add_scatter(
        x=first["x"][0], y=first["y"][0], mode="lines", line={"color": OTHER, "width": 2},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    for i, (name, color, symbol) in enumerate(marks.values(), 1):
        figure.add_scatter(
            x=first["x"][i],
            y=first["y"][i],
            name=name,
            mode="markers",
            marker={"size": 10, "symbol": symbol, "color": color},
            hovertemplate="%{y}, " + name + ": %{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=480,
        xaxis={"title": {"text": "Accuracy"}, "range": [0, 1.03], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
        **_menu("Protocol", {name: (values(t), {}) for name, t in tables.items()}),
    )
    name, table = next(iter(tables.items()))
    widest = table.dropna(subset="gap").sort_values("gap", kind="stable")
    told = "there are no training scores"
    if len(widest):
        last = widest.iloc[-1]
        told = f"the gap is widest for {last['title']}, {100 * last['gap']:.1f} points"
    printed = pd.concat(
        [
            pd.DataFrame(
                {
                    "protocol": protocol,
                    "model": t["title"],
                    "training": [_tenths(v) for v in t["train"]],
                    "validation": [_tenths(v) for v in t["valid"]],
                    "test": [_tenths(v) for v in t["test"]],
                    "gap (points)": [_points(v) for v in t["gap"]],
                }
            )
            for protocol, t in tables.items()
        ]
    )
    return Chart(
        figure=figure,
        alt=f"Accuracy of {len(table)} models on training, validation and test music, protocol "
        f"{name}: {told}. A menu chooses the protocol.",
        table=printed,
        caption="What a model knows of its training music, and of new music",
    )


def confusion_matrix(protocols: Mapping[str, Confusion]) -> Chart:
    """Draw which genre is taken for which, as a heat map with a menu of protocols.

    Parameters
    ----------
    protocols
        Title of a protocol to a result of `audionome.analysis.confusion`.

    Returns
    -------
    Chart
        True genre in rows, answer in columns, in per cent of the row.
    """
    found = {name: c for name, c in protocols.items() if c.counts.to_numpy().sum()}
    if not found:
        return _nothing("Which genre is taken for which")
    genres = [str(g) for g in next(iter(found.values())).counts.index]

    def cells(result: Confusion) -> dict[str, list[Any]]:
        shares = result.shares.to_numpy()
        # Cells of less than one per cent stay empty: the eye should find the rest.
        text = [[f"{100 * v:.0f}" if v >= 0.005 else "" for v in row] for row in shares]
        z = [[None if np.isnan(v) else round(float(v), 3) for v in row] for row in shares]
        return {"z": [z], "text": [text], "customdata": [result.counts.to_numpy().tolist()]}

    shown = cells(next(iter(found.values())))
    figure = go.Figure(
        go.Heatmap(
            z=shown["z"][0],
            text=shown["text"][0],
            customdata=shown["customdata"][0],
            x=genres,
            y=genres,
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            texttemplate="%{text}",
            xgap=1,
            ygap=1,
            showscale=False,
            hovertemplate="%{y} heard as %{x}: %{z:.0%} (%{customdata})<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=480,
        xaxis={"title": {"text": "Answer"}, "tickangle": -60, "showgrid": False},
        yaxis={
            "title": {"text": "True genre", "standoff": 16},
            "autorange": "reversed",
            "showgrid": False,
        },
        **_menu("Protocol", {name: (cells(c), {}) for name, c in found.items()}),
    )
    notes = {
        name: f"Most often: {c.pairs['genre'].iloc[0]} taken for {c.pairs['predicted'].iloc[0]}, "
        f"{c.pairs['count'].iloc[0]} of {c.counts.loc[c.pairs['genre'].iloc[0]].sum()}."
        for name, c in found.items()
        if len(c.pairs)
    }
    figure.update_layout(meta={"notes": notes})
    name, result = next(iter(found.items()))
    hits = int(np.trace(result.counts.to_numpy()))
    table = pd.concat(
        [
            c.counts.rename_axis(columns=None).reset_index().assign(protocol=n)
            for n, c in found.items()
        ]
    )
    table.insert(0, "protocol", table.pop("protocol"))
    return Chart(
        figure=figure,
        alt=f"Confusion matrix of ten genres, protocol {name}: {hits:,} of "
        f"{int(result.counts.to_numpy().sum()):,} answers are right. {notes.get(name, '')} "
        "A menu chooses the protocol.",
        table=table.rename(columns={"genre": "true genre"}),
        caption="Which genre is taken for which (per cent of the true genre)",
    )


def recall_by_genre(protocols: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw how much of each genre is found, with intervals and a menu of protocols.

    Parameters
    ----------
    protocols
        Title of a protocol to a table from `audionome.analysis.per_genre`.

    Returns
    -------
    Chart
        One bar per genre; the table holds precision and F1 as well.
    """
    found = {name: t for name, t in protocols.items() if len(t)}
    if not found:
        return _nothing("How much of each genre is found")

    def bars(table: pd.DataFrame) -> dict[str, list[Any]]:
        recall = table["recall"]
        return {
            "x": [_rounded(recall)],
            "error_x.array": [_rounded(table["recall_high"] - recall)],
            "error_x.arrayminus": [_rounded(recall - table["recall_low"])],
        }

    name, first = next(iter(found.items()))
    genres = [str(g) for g in first["genre"]]
    figure = go.Figure(
        go.Bar(
            y=genres,
            orientation="h",
            marker={
                "color": [PALETTE.get(g, OTHER) for g in genres],
                "pattern": _pattern([PATTERNS.get(g, "") for g in genres]),
            },
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
            x=bars(first)["x"][0],
            error_x={
                "array": bars(first)["error_x.array"][0],
                "arrayminus": bars(first)["error_x.arrayminus"][0],
                "color": INK,
                "thickness": 2,
            },
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=420,
        bargap=0.25,
        showlegend=False,
        xaxis={"title": {"text": "Tracks found (recall)"},
               "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "showgrid": False},
        **_menu("Protocol", {n: (bars(t), {}) for n, t in found.items()}),
    )  # fmt: skip
    order = first.dropna(subset="recall").sort_values("recall", kind="stable")
    low, high = order.iloc[0], order.iloc[-1]
    table = pd.concat(
        [
            pd.DataFrame(
                {"protocol": n, "genre": t["genre"], "tracks": t["n"]}
                | {
                    f"{words}{extra}": column
                    for measure, words in (("recall", "recall"), ("precision", "precision"),
                                           ("f1", "F1"))
                    for extra, column in (
                        ("", [_tenths(v) for v in t[measure]]),
                        (" interval", _spans(t[f"{measure}_low"], t[f"{measure}_high"])),
                    )
                }
            )
            for n, t in found.items()
        ]
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Share of each genre's tracks that are found, protocol {name}: from "
        f"{_percent(low['recall'])} of {low['genre']} to {_percent(high['recall'])} of "
        f"{high['genre']}. A menu chooses the protocol.",
        table=table,
        caption="How much of each genre is found, with 95 % intervals",
    )


def reliability_diagram(protocols: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw how often answers of a given confidence are right, with a menu of protocols.

    Parameters
    ----------
    protocols
        Title of a protocol to a table from `audionome.analysis.reliability`.

    Returns
    -------
    Chart
        One point per step of confidence; on the diagonal the model tells the truth.
    """
    found = {name: t for name, t in protocols.items() if len(t)}
    if not found:
        return _nothing("Confidence and truth")

    def dots(table: pd.DataFrame) -> dict[str, list[Any]]:
        right = table["accuracy"]
        diagonal = [0, 1]
        return {
            "x": [diagonal, _rounded(table["confidence"])],
            "y": [diagonal, _rounded(right)],
            "customdata": [None, [int(n) for n in table["n"]]],
            "error_y.array": [None, _rounded(table["high"] - right)],
            "error_y.arrayminus": [None, _rounded(right - table["low"])],
        }

    name, first = next(iter(found.items()))
    shown = dots(first)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": OTHER, "width": 2, "dash": "dash"},
        name="as right as it claims", hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=shown["x"][1],
        y=shown["y"][1],
        customdata=shown["customdata"][1],
        name="the model",
        mode="lines+markers",
        line={"color": _PARTS[0][0], "width": 2},
        marker={"size": 9},
        error_y={
            "array": shown["error_y.array"][1],
            "arrayminus": shown["error_y.arrayminus"][1],
            "thickness": 2,
            "width": 4,
        },
        hovertemplate="claims %{x:.0%}, right in %{y:.0%} of %{customdata}<extra></extra>",
    )
    figure.update_layout(
        template=TEMPLATE,
        height=440,
        xaxis={"title": {"text": "Confidence"}, "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"title": {"text": "Share that is right", "standoff": 10}, "range": [0, 1.04],
               "tickformat": ".0%"},
        **_menu("Protocol", {n: (dots(t), {}) for n, t in found.items()}),
    )  # fmt: skip
    last = first.iloc[-1]
    table = pd.concat(
        [
            pd.DataFrame(
                {
                    "protocol": n,
                    "confidence from": [_percent(v) if v else "0%" for v in t["from"]],
                    "to": [_percent(v) for v in t["to"]],
                    "answers": t["n"],
                    "mean confidence": [_tenths(v) for v in t["confidence"]],
                    "right": [_tenths(v) for v in t["accuracy"]],
                    "95 % interval": _spans(t["low"], t["high"]),
                }
            )
            for n, t in found.items()
        ]
    )
    return Chart(
        figure=figure,
        alt=f"Confidence of answers against the share that is right, protocol {name}: where the "
        f"model claims {_percent(last['confidence'])} it is right in "
        f"{_percent(last['accuracy'])} of {int(last['n']):,}. A menu chooses the protocol.",
        table=table,
        caption="Does the confidence keep its word?",
    )


def learning_curve(curve: pd.DataFrame) -> Chart:
    """Draw accuracy by the number of tracks that a model learns from.

    Parameters
    ----------
    curve
        From `audionome.results`, with ``title``: one row per model and number of ``tracks``.

    Returns
    -------
    Chart
        One line with intervals per model.
    """
    if curve.empty:
        return _nothing("Accuracy by number of training tracks")
    figure = go.Figure()
    told = []
    for i, (name, rows) in enumerate(curve.groupby("title", sort=False)):
        rows = rows.sort_values("tracks")
        figure.add_scatter(
            x=[int(n) for n in rows["tracks"]],
            y=_rounded(rows["accuracy"]),
            name=str(name),
            mode="lines+markers",
            line={"color": _PARTS[i % len(_PARTS)][0], "width": 2},
            marker={"size": 9, "symbol": _MARKS[i % len(_MARKS)]},
            error_y={
                "array": _rounded(rows["high"] - rows["accuracy"]),
                "arrayminus": _rounded(rows["accuracy"] - rows["low"]),
                "thickness": 1.5,
                "width": 3,
            },
            hovertemplate=f"{name}<br>%{{x}} tracks: %{{y:.1%}}<extra></extra>",
        )
        told.append(
            f"{name} from {_percent(rows['accuracy'].iloc[0])} to "
            f"{_percent(rows['accuracy'].iloc[-1])}"
        )
    sizes = sorted({int(n) for n in curve["tracks"]})
    figure.update_layout(
        template=TEMPLATE,
        height=440,
        xaxis={"title": {"text": "Tracks learned from (logarithmic)"}, "type": "log",
               "tickvals": sizes, "ticktext": [f"{n:,}" for n in sizes]},
        yaxis={"title": {"text": "Accuracy per track", "standoff": 10}, "tickformat": ".0%"},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Accuracy with {sizes[0]:,} to {sizes[-1]:,} training tracks: {_listed(told)}.",
        table=pd.DataFrame(
            {
                "model": curve["title"],
                "tracks": curve["tracks"],
                "accuracy": [_tenths(v) for v in curve["accuracy"]],
                "95 % interval": _spans(curve["low"], curve["high"]),
            }
        ),
        caption="Accuracy by number of training tracks, with 95 % intervals",
    )


def importance_bars(table: pd.DataFrame, *, most: int = 15) -> Chart:
    """Draw how much accuracy is lost when a group of features is scrambled.

    Parameters
    ----------
    table
        From `audionome.results`, with ``label``: one row per ``group`` of features.
    most
        Groups that are drawn; the table holds them all.

    Returns
    -------
    Chart
        One bar per group, the most important first.
    """
    if table.empty:
        return _nothing("What the model listens to")
    table = table.sort_values("drop", ascending=False, kind="stable")
    rows = table.head(most)
    figure = go.Figure(
        go.Bar(
            x=_rounded(rows["drop"]),
            y=rows["label"].to_list(),
            customdata=["<br>".join(_wrapped(g.split(","))) for g in rows["group"]],
            orientation="h",
            marker={"color": _PARTS[0][0]},
            hovertemplate="%{x:.1%} lost<br>%{customdata}<extra></extra>",
            error_x=_bars_x(rows["drop"], rows["low"], rows["high"])["error_x"] | {"color": INK},
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=120 + 26 * len(rows),
        bargap=0.25,
        showlegend=False,
        xaxis={"title": {"text": "Accuracy lost"}, "tickformat": ".1~%"},
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    top = [f"{r['label']} {_points(r['drop'])}" for _, r in rows.head(3).iterrows()]
    return Chart(
        figure=figure,
        alt=f"Accuracy lost, in points, when a group of features is scrambled; the first "
        f"{len(rows)} of {len(table)} groups. Most is lost by {_listed(top)}.",
        table=pd.DataFrame(
            {
                "features": [g.replace(",", ", ") for g in table["group"]],
                "lost (points)": [_points(v) for v in table["drop"]],
                "95 % interval": [
                    f"{_points(a)} to {_points(b)}" for a, b in table[["low", "high"]].to_numpy()
                ],
            }
        ),
        caption="Accuracy lost without a group of features, with 95 % intervals",
    )


def hard_tracks(result: Hardest) -> Chart:
    """Draw how many models get a track wrong, for tracks with and without a known fault.

    Parameters
    ----------
    result
        From `audionome.analysis.hardest_tracks`.

    Returns
    -------
    Chart
        Two bars per number of models: shares of the tracks left out and of those kept.
    """
    tracks = result.tracks
    caption = "How many models get a clip wrong, by the fault filter"
    if tracks.empty:
        return _nothing(caption)
    steps = list(range(result.n_models + 1))
    groups = {"kept": tracks[~tracks["left_out"]], "left out as faulty": tracks[tracks["left_out"]]}
    figure = go.Figure()
    counted: dict[str, list[int]] = {}
    for (name, rows), (color, shape) in zip(groups.items(), _PARTS, strict=False):
        counts = rows["wrong"].value_counts().reindex(steps, fill_value=0)
        counted[name] = [int(n) for n in counts]
        figure.add_bar(
            x=steps,
            y=_rounded(counts / max(len(rows), 1)),
            customdata=counted[name],
            name=f"{name} ({len(rows)})",
            marker={"color": color, "pattern": _pattern(shape)},
            hovertemplate=f"{name}: %{{y:.1%}} (%{{customdata}}) are wrong for %{{x}} models"
            "<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=400,
        bargap=0.2,
        showlegend=True,
        xaxis={"title": {"text": f"Models that get it wrong, of {result.n_models}"}, "dtick": 1,
               "showgrid": False},
        yaxis={"title": {"text": "Share of clips", "standoff": 10}, "tickformat": ".0%"},
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Number of {result.n_models} models that get a clip wrong. All of them fail on "
        f"{counted['left out as faulty'][-1]} of {sum(counted['left out as faulty'])} clips that "
        f"the fault filter leaves out and on {counted['kept'][-1]} of {sum(counted['kept'])} "
        "others.",
        table=pd.DataFrame({"models that get it wrong": steps, **counted}),
        caption=caption,
    )


def comparison_forest(table: pd.DataFrame) -> Chart:
    """Draw the difference of every model from the reference, with intervals.

    Parameters
    ----------
    table
        From `audionome.analysis.compare_all`.

    Returns
    -------
    Chart
        A filled marker differs from the reference, a hollow one cannot be told from it.
    """
    nothing = _nothing("Each model against the chosen one")
    if table.empty:
        return nothing
    # The floor lies so far away that it would press all others together.
    others = table[~table["reference"].to_numpy(dtype=bool) & (table["model"] != "dummy")]
    if others.empty:
        return nothing
    best = table[table["reference"].to_numpy(dtype=bool)].iloc[0]["title"]
    names = others["title"].to_list()
    figure = go.Figure()
    for name, differs, color, symbol in (
        ("differs", True, _PARTS[6][0], "circle"),
        ("cannot be told apart", False, _PARTS[0][0], "circle-open"),
    ):
        rows = others[others["differs"].to_numpy(dtype=bool) == differs]
        figure.add_scatter(
            x=_rounded(rows["difference"]),
            y=rows["title"].to_list(),
            customdata=[_p_value(p) for p in rows["p_holm"]],
            name=name,
            mode="markers",
            marker={
                "size": 10,
                "symbol": symbol,
                "color": color,
                "line": {"width": 2, "color": color},
            },
            hovertemplate="%{y}: %{x:.1%}, %{customdata}<extra></extra>",
            **_bars_x(rows["difference"], rows["low"], rows["high"]),
        )
    figure.add_vline(x=0, line={"color": INK, "width": 1.5})
    figure.update_layout(
        template=TEMPLATE,
        height=140 + 26 * len(names),
        showlegend=True,
        xaxis={"title": {"text": "Difference in accuracy"}, "tickformat": "+.0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )
    same = int((~others["differs"].to_numpy(dtype=bool)).sum())
    return Chart(
        figure=figure,
        alt=f"Difference in accuracy of {len(others)} models from {best}, with 95 % intervals: "
        f"{same} of them cannot be told apart from it.",
        table=pd.DataFrame(
            {
                "model": table["title"],
                "accuracy": [_tenths(v) for v in table["accuracy"]],
                "difference (points)": [_points(v) for v in table["difference"]],
                "95 % interval": [
                    f"{_points(a)} to {_points(b)}" for a, b in table[["low", "high"]].to_numpy()
                ],
                "p after Holm": ["" if pd.isna(p) else _p_value(p) for p in table["p_holm"]],
            }
        ),
        caption=f"Each model against {best}, on the same tracks",
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


# Symbols for lines that are told apart by more than their colour.
_MARKS = (
    "square", "diamond", "triangle-up", "x", "star", "cross", "triangle-down", "pentagon",
    "hexagram", "bowtie", "hourglass", "circle",
)  # fmt: skip


def _nothing(caption: str) -> Chart:
    """Stand in for a chart whose results do not exist yet."""
    words = "There are no results for this chart yet."
    figure = go.Figure()
    figure.add_annotation(text=words, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    figure.update_layout(
        template=TEMPLATE, height=160, xaxis={"visible": False}, yaxis={"visible": False}
    )
    return Chart(figure, f"{caption}: {words}", pd.DataFrame({"results": ["none yet"]}), caption)


def _menu(name: str, choices: Mapping[str, tuple[dict, dict]]) -> dict[str, Any]:
    """Layout of a menu that updates traces and layout; none where there is nothing to choose."""
    if len(choices) < 2:
        return {}
    buttons = [
        {"label": label, "method": "update", "args": [traces, layout]}
        for label, (traces, layout) in choices.items()
    ]
    menu = {"type": "dropdown", "name": name, "active": 0, "buttons": buttons, "x": 0,
            "xanchor": "left", "y": 1.02, "yanchor": "bottom"}  # fmt: skip
    return {"updatemenus": [menu], "margin": {"t": 56}}


def _chance_line(figure: go.Figure) -> None:
    figure.add_vline(
        x=1 / len(PALETTE),
        line={"color": INK, "width": 1, "dash": "dot"},
        annotation={"text": "guessing", "font": {"size": 11}},
        annotation_position="bottom right",
    )


def _bars_x(values: pd.Series, low: pd.Series, high: pd.Series) -> dict[str, Any]:
    return {
        "error_x": {
            "array": _rounded(high - values),
            "arrayminus": _rounded(values - low),
            "thickness": 2,
            "width": 4,
        }
    }


def _rounded(values: Iterable[float]) -> list[float | None]:
    # Four digits are finer than a pixel; a missing value is a gap.
    return [None if pd.isna(v) else round(float(v), 4) for v in values]


def _unique(names: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(n) for n in names))


def _wrapped(words: Sequence[str], per_line: int = 4) -> list[str]:
    return [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]


def _tenths(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.1%}"


def _points(value: float) -> str:
    return "" if pd.isna(value) else f"{100 * value:+.1f}".replace("-", "−")


def _p_value(value: float) -> str:
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def _spans(low: Iterable[float], high: Iterable[float]) -> list[str]:
    return [
        "" if pd.isna(a) or pd.isna(b) else f"{100 * a:.1f} to {b:.1%}"
        for a, b in zip(low, high, strict=True)
    ]


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
