"""Charts of the released models: how often right, how sure, what sounds alike."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from audionome._words import genre_name, listed
from audionome.charts._base import (
    INK,
    MARKS,
    OTHER,
    PARTS,
    TEMPLATE,
    Chart,
    bars_x,
    chance_line,
    error_bars,
    highlighting,
    interval_note,
    joined,
    nothing,
    pattern,
    percent,
    points,
    rounded,
    spans,
    tenths,
    unique,
)

__all__ = [
    "accuracy_by_coverage",
    "excerpt_lengths",
    "held_back_shares",
    "inside_and_outside",
    "leaving_gtzan",
    "released_ladder",
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
    told, notes = [], {}
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
        notes[str(model)] = interval_note(
            rows["protocol_title"], rows["accuracy"].map(tenths), spans(rows["low"], rows["high"])
        )
    chance_line(figure)
    figure.update_layout(
        template=TEMPLATE,
        height=140 + 70 * len(rungs),
        # A marker of the one model must not hide that of the other.
        scattermode="group",
        scattergap=0.6,
        xaxis={"title": {"text": "Accuracy"}, "range": [0, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": rungs},
        **highlighting(figure, notes=notes),
    )
    return Chart(
        figure=figure,
        alt=f"Accuracy on the same clips. {'; '.join(told)}. A menu highlights a model.",
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
            error_y=error_bars(rows["accuracy"], rows["low"], rows["high"], thickness=1, width=0),
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
        **highlighting(figure, everything="all lines"),
    )  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Accuracy of the surest predictions by how many are kept: {'; '.join(told)}. "
        "A menu highlights a line.",
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


#: What a verdict on the recall inside, beside that outside, says of the library.
_CHANGES = {"better": "found less often", "worse": "found more often"}


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
    genres = [genre_name(str(g)) for g in table["genre"]]
    figure = _two_ends(
        genres,
        {
            "new artists of GTZAN": (table["inside"], None, None),
            "the commercial library": (table["outside"], None, None),
        },
        axis="Tracks found (recall)",
    )
    told = [f"{g} {percent(a)} and {percent(b)}" for g, a, b in
            zip(genres, table["inside"], table["outside"], strict=True)]  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Share of each genre that is found on new artists of GTZAN and outside: "
        f"{listed(told)}.",
        table=pd.DataFrame(
            {
                "genre": genres,
                "inside": [tenths(v) for v in table["inside"]],
                "outside": [tenths(v) for v in table["outside"]],
                "lost (points)": [points(v) for v in table["loss"]],
                "95 % interval": [
                    f"{points(a)} to {points(b)}"
                    for a, b in table[["loss_low", "loss_high"]].to_numpy()
                ],
                "after Holm's correction": [
                    _CHANGES.get(str(v), "not shown") for v in table["verdict"]
                ],
                "mostly taken for": [genre_name(str(g)) for g in table["instead"]],
            }
        ),
        caption=caption,
    )
