"""Charts of the source study: what it reported, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from audionome._words import genre_name, listed
from audionome.charts._base import (
    OTHER,
    PARTS,
    TEMPLATE,
    Chart,
    answer_map,
    bars_x,
    joined,
    menu,
    nothing,
    points,
    rounded,
    spans,
    tenths,
    unique,
)

if TYPE_CHECKING:
    from audionome.lab.study_claims.genres import Recalls

__all__ = ["metric_comparison", "study_and_ours", "study_matrices", "train_valid_test"]

#: Whose figures stand beside ours.
STUDY = "Stijnen and Delaere"


def study_and_ours(table: pd.DataFrame) -> Chart:
    """Draw the accuracies that Stijnen and Delaere report beside ours.

    Parameters
    ----------
    table
        From `audionome.lab.ladder.study_table`. A column ``again`` with ``again_low`` and
        ``again_high`` (accuracy on the study's own shuffle, see `audionome.lab.studies.replay`)
        is drawn too.

    Returns
    -------
    Chart
        One row per model: a diamond for the study, a square and a circle with their intervals for
        ours.
    """
    names = table["title"].to_list()
    figure = go.Figure()
    have = table.dropna(subset="ours")
    figure.add_scatter(
        **joined(have["title"], have["study"], have["ours"]), mode="lines",
        line={"color": OTHER, "width": 2}, hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    marks = {
        "ours": ("another shuffle", PARTS[0][0], "circle", ("low", "high")),
        "again": ("its own shuffle again", PARTS[2][0], "square", ("again_low", "again_high")),
        "study": (f"reported by {STUDY}", PARTS[1][0], "diamond", None),
    }
    for column, (name, color, symbol, ends) in marks.items():
        if column not in table:
            continue
        rows = table.dropna(subset=column)
        spread = [percent_span(a, b) for a, b in rows[list(ends)].to_numpy()] if ends else None
        figure.add_scatter(
            x=rounded(rows[column]),
            y=rows["title"].to_list(),
            name=name,
            mode="markers",
            marker={"size": 11, "symbol": symbol, "color": color},
            customdata=spread,
            hovertemplate="%{y}, "
            + name
            + ": %{x:.1%}"
            + (" (%{customdata})" if ends else "")
            + "<extra></extra>",
            **(bars_x(rows[column], *(rows[end] for end in ends)) if ends else {}),
        )
    figure.update_layout(
        template=TEMPLATE,
        height=400,
        showlegend=True,
        xaxis={"title": {"text": "Accuracy per window, windows shuffled"}, "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )
    far = have["difference"].abs().max() if len(have) else 0.0
    within = ["" if pd.isna(w) else ("yes" if w else "no") for w in table["within"]]
    printed = pd.DataFrame({"model": names, STUDY: [tenths(v) for v in table["study"]]})
    told = ""
    if "again" in table:
        printed["its own shuffle again"] = [tenths(v) for v in table["again"]]
        printed["95 % interval"] = spans(table["again_low"], table["again_high"])
        apart = (table["again"] - table["study"]).abs().max()
        told = f" On its own shuffle the largest difference is {100 * apart:.1f} points."
    printed["another shuffle"] = [tenths(v) for v in table["ours"]]
    printed["95 % interval of that"] = spans(table["low"], table["high"])
    printed["difference (points)"] = [points(v) for v in table["difference"]]
    printed["within 2 points"] = within
    return Chart(
        figure=figure,
        alt=f"Accuracy of {len(table)} models as reported by {STUDY} and here, with windows "
        f"split at random; {within.count('yes')} of {len(have)} agree within 2 points, the largest "
        f"difference is {100 * far:.1f} points.{told}",
        table=printed,
        caption=f"The figures of {STUDY} and ours, by their rule: marks that "
        "meet say that a figure can be repeated",
    )


def percent_span(low: float, high: float) -> str:
    """Write an interval of shares for a hover."""
    return f"{100 * low:.1f} to {high:.1%}"


def train_valid_test(protocols: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw how well each model knows its training music, held-out music and test music.

    Parameters
    ----------
    protocols
        Title of a split to a table from `audionome.lab.ladder.gaps`; a menu chooses.

    Returns
    -------
    Chart
        One row per model with three markers; the length of the line is the gap.
    """
    tables = {name: t for name, t in protocols.items() if len(t)}
    if not tables:
        return nothing("Accuracy on training, validation and test music")
    names = unique([n for t in tables.values() for n in t["title"]])
    marks = {
        "train": ("training", PARTS[1][0], "triangle-up"),
        "valid": ("validation", PARTS[2][0], "square"),
        "test": ("test", PARTS[0][0], "circle"),
    }

    def values(table: pd.DataFrame) -> dict[str, list[Any]]:
        rows = table.set_index("title").reindex(names)
        lines = joined(names, rows["train"], rows["test"])
        return {
            "x": [lines["x"], *(rounded(rows[part]) for part in marks)],
            "y": [lines["y"], *([names] * len(marks))],
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
        **menu("Split", {name: (values(t), {}) for name, t in tables.items()}),
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
                    "split": protocol,
                    "model": t["title"],
                    "training": [tenths(v) for v in t["train"]],
                    "validation": [tenths(v) for v in t["valid"]],
                    "test": [tenths(v) for v in t["test"]],
                    "gap (points)": [points(v) for v in t["gap"]],
                }
            )
            for protocol, t in tables.items()
        ]
    )
    return Chart(
        figure=figure,
        alt=f"Accuracy of {len(table)} models on training, validation and test music, split "
        f"{name}: {told}. A menu chooses the split.",
        table=printed,
        caption="Accuracy on training, validation and test music: the line is the gap",
    )


def metric_comparison(protocols: Mapping[str, pd.DataFrame]) -> Chart:
    """Draw measures of the same answers and the gap to the training music, with a menu of splits.

    Parameters
    ----------
    protocols
        Title of a split to a table from `audionome.lab.ladder.measures`. A column ``gap``
        (training accuracy minus test accuracy) is drawn too.

    Returns
    -------
    Chart
        One row per model with a marker for each measure; the table adds the log loss.
    """
    caption = "The same answers by several measures: accuracy and F1 high, gap and error low"
    tables = {name: t for name, t in protocols.items() if len(t)}
    if not tables:
        return nothing(caption)
    names = unique([n for t in tables.values() for n in t["title"]])
    marks = {
        "accuracy": ("accuracy", PARTS[0][0], "circle-open"),
        "macro_f1": ("macro F1", PARTS[1][0], "diamond"),
        "gap": ("gap to training (less is better)", PARTS[4][0], "triangle-up"),
        "ece": ("calibration error (less is better)", PARTS[2][0], "x"),
    }
    marks = {m: look for m, look in marks.items() if any(m in t for t in tables.values())}

    def values(table: pd.DataFrame) -> dict[str, list[Any]]:
        rows = table.set_index("title").reindex(names)
        return {
            "x": [rounded(rows[measure]) for measure in marks],
            "showlegend": [bool(rows[measure].notna().any()) for measure in marks],
        }

    name, first = next(iter(tables.items()))
    figure = go.Figure()
    opening = values(first)
    for x, named, (words, color, symbol) in zip(
        opening["x"], opening["showlegend"], marks.values(), strict=True
    ):
        figure.add_scatter(
            x=x,
            y=names,
            name=words,
            mode="markers",
            showlegend=named,
            # Accuracy and F1 often lie on each other: one is a ring around the other.
            marker={
                "size": 15 if symbol.endswith("open") else 9,
                "symbol": symbol,
                "color": color,
                "line": {"width": 2 if symbol.endswith("open") else 0},
            },
            hovertemplate="%{y}, " + words + ": %{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=150 + 30 * len(names),
        showlegend=True,
        xaxis={"title": {"text": "Share"}, "range": [-0.02, 1.02], "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
        meta={
            "notes": {
                n: "No probabilities are stored for this split, so there is no calibration error."
                for n, t in tables.items()
                if t["ece"].isna().all()
            }
        },
        **menu("Split", {n: (values(t), {}) for n, t in tables.items()}),
    )
    best = first.sort_values("accuracy", kind="stable").iloc[-1]
    return Chart(
        figure=figure,
        alt=f"{listed([words for words, *_ in marks.values()])} of {len(first)} models, split "
        f"{name}. {best['title']} is right most often: accuracy {tenths(best['accuracy'])}, macro "
        f"F1 {tenths(best['macro_f1'])}. A menu chooses the split.",
        table=pd.concat(
            [
                pd.DataFrame(
                    {
                        "split": protocol,
                        "model": t["title"],
                        "accuracy": [tenths(v) for v in t["accuracy"]],
                        "macro F1": [tenths(v) for v in t["macro_f1"]],
                        **({"gap (points)": [points(v) for v in t["gap"]]} if "gap" in t else {}),
                        "calibration error": [tenths(v) for v in t["ece"]],
                        "log loss": ["" if pd.isna(v) else f"{v:.2f}" for v in t["log_loss"]],
                    }
                )
                for protocol, t in tables.items()
            ]
        ),
        caption=caption,
    )


#: Stands beside the diagonal of a genre that the model struggles with.
_STRUGGLES = "\N{BLACK DOWN-POINTING SMALL TRIANGLE}"


def study_matrices(
    models: Mapping[str, tuple[Recalls, Recalls]], *, splits: tuple[str, str]
) -> Chart:
    """Draw the confusion matrix of a model for two splits, with a menu of models.

    Parameters
    ----------
    models
        Title of a model to what it finds of each genre, for both splits.
    splits
        Their titles.

    Returns
    -------
    Chart
        Two heat maps, in per cent of the true genre; a triangle marks a genre that the model
        struggles with.
    """
    first = next(iter(models.values()))
    genres = [str(g) for g in first[0].counts.index]

    def cells(found: tuple[Recalls, Recalls]) -> dict[str, list[Any]]:
        out: dict[str, list[Any]] = {"z": [], "text": [], "customdata": []}
        for one in found:
            counts = one.counts.to_numpy()
            shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
            text = [[f"{100 * v:.0f}" if v >= 0.005 else "" for v in row] for row in shares]
            for genre in one.missed:
                i = genres.index(genre)
                text[i][i] += _STRUGGLES
            out["z"].append([rounded(row) for row in shares])
            out["text"].append(text)
            out["customdata"].append(counts.tolist())
        return out

    figure = make_subplots(rows=2, cols=1, vertical_spacing=0.2)
    shown = cells(first)
    for i, split in enumerate(splits):
        one = answer_map(
            {key: values[i] for key, values in shown.items()},
            answers=genres,
            rows=genres,
            side=f"{split}: true genre",
            hover="%{y} heard as %{x}: %{z:.0%} (%{customdata})",
        )
        figure.add_trace(one.data[0], row=i + 1, col=1)
        figure.update_xaxes(one.layout.xaxis, row=i + 1, col=1)
        figure.update_yaxes(one.layout.yaxis, row=i + 1, col=1)
    notes = {
        title: "; ".join(
            f"{split}: struggles with {listed(list(map(genre_name, one.missed))) or 'no genre'}"
            for split, one in zip(splits, found, strict=True)
        )
        for title, found in models.items()
    }
    figure.update_layout(
        template=TEMPLATE,
        height=960,
        meta={
            "notes": notes,
            **{
                width: {f"{axis}axis2.title.font.size": size for axis in "xy"}
                for width, size in (("narrow", 11), ("wide", 13))
            },
        },
        **menu("Model", {title: (cells(found), {}) for title, found in models.items()}),
    )
    name = next(iter(models))
    return Chart(
        figure=figure,
        alt=f"Confusion matrices of {name} for two splits. {notes[name]}. A menu chooses one of "
        f"{len(models)} models.",
        table=pd.concat(
            [
                pd.DataFrame(
                    {
                        "model": title,
                        "split": split,
                        "genre": one.table["genre"],
                        "windows": one.table["n"],
                        "recall": [tenths(v) for v in one.table["recall"]],
                        "95 % interval": spans(one.table["low"], one.table["high"]),
                        "beside the mean (points)": [points(v) for v in one.table["beside"]],
                        "struggles": ["yes" if g in one.missed else "" for g in one.table["genre"]],
                    }
                )
                for title, found in models.items()
                for split, one in zip(splits, found, strict=True)
            ]
        ),
        caption="Which genre is taken for which, in per cent of the genre; "
        f"{_STRUGGLES} marks a genre that the model struggles with",
    )
