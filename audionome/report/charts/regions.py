"""Charts of the algorithms: decision regions, validation curves, and the results of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import (
    OTHER,
    PALETTE,
    PARTS,
    TEMPLATE,
    Chart,
    digits,
    genre_marks,
    menu,
    nothing,
    percent,
    rounded,
    spans,
    tenths,
    unique,
)
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.studies.validation_curves import SPLITS

if TYPE_CHECKING:
    from audionome.lab.exploration import Regions

__all__ = ["decision_regions", "model_results", "validation_curves"]


def decision_regions(found: Regions) -> Chart:
    """Draw which answer a model gives at every point of two features, with a slider.

    Parameters
    ----------
    found
        From `audionome.lab.exploration.regions`.

    Returns
    -------
    Chart
        A coloured plane with the tracks that the model learned from.
    """
    colors = [PALETTE.get(genre, OTHER) for genre in found.genres]
    n = len(colors)
    scale = [[(i + side) / n, color] for i, color in enumerate(colors) for side in (0, 1)]
    x0, dx = float(found.x[0]), float(found.x[1] - found.x[0])
    y0, dy = float(found.y[0]), float(found.y[1] - found.y[0])
    figure = go.Figure()
    for k, step in enumerate(found.steps):
        shown = k == found.dial.start
        figure.add_heatmap(
            z=step.cells, x0=x0, dx=dx, y0=y0, dy=dy, zmin=-0.5, zmax=n - 0.5, colorscale=scale,
            showscale=False, opacity=0.35, hoverinfo="skip", visible=shown,
        )  # fmt: skip
    one, other = found.features
    for genre, points in found.points.groupby("genre", sort=True):
        figure.add_scatter(
            x=digits(points[one]),
            y=digits(points[other]),
            text=points["track"].to_list(),
            hovertemplate="%{text}<extra></extra>",
            **genre_marks(str(genre)),
        )
    # The names lie on top of the points.
    for k, step in enumerate(found.steps):
        rows, columns, names = _labels(step.cells, found.genres)
        figure.add_scatter(
            x=digits(found.x[columns]), y=digits(found.y[rows]), text=names, mode="text",
            textfont={"size": 15, "weight": 700, "shadow": "auto"}, hoverinfo="skip",
            showlegend=False, visible=k == found.dial.start,
        )  # fmt: skip
    labels = [f"{step.value:g}" for step in found.steps]
    n_steps = len(labels)
    always = [True] * (len(figure.data) - 2 * n_steps)
    steps = [
        {
            "label": label,
            "method": "update",
            "args": [{"visible": [*_only(k, n_steps), *always, *_only(k, n_steps)]}, {}],
        }
        for k, label in enumerate(labels)
    ]
    notes = {
        label: f"Right on {percent(step.train)} of the {len(found.points)} tracks that it learned "
        f"from, on {percent(step.valid)} of them with their artists held out (validation), and on "
        f"{percent(step.test)} of {found.n_test} tracks by other artists (test; 95 % interval "
        f"{spans([step.low], [step.high])[0]})."
        for label, step in zip(labels, found.steps, strict=True)
    }
    figure.update_layout(
        template=TEMPLATE,
        height=500,
        showlegend=True,
        meta={"notes": notes},
        sliders=[
            {
                "name": found.dial.words,
                "active": found.dial.start,
                "currentvalue": {"prefix": f"{found.dial.words}: "},
                "steps": steps,
                "pad": {"t": 60},
            }
        ],
        xaxis={"title": {"text": one}, "range": [x0, x0 + dx * (len(found.x) - 1)]},
        yaxis={"title": {"text": other, "standoff": 8},
               "range": [y0, y0 + dy * (len(found.y) - 1)]},
    )  # fmt: skip
    chosen = found.steps[found.chosen]
    words = found.dial.words if len(found.dial.words) == 1 else found.dial.words.lower()
    return Chart(
        figure=figure,
        alt=f"Regions of the plane of {one} and {other} where {found.title.lower()} answers "
        f"{listed(list(found.genres))}, for {len(labels)} values of {found.dial.words}, chosen "
        f"with a slider. Validation chooses {labels[found.chosen]}: right on "
        f"{percent(chosen.test)} of the test tracks.",
        table=pd.DataFrame(
            {
                found.dial.words: labels,
                "training": [tenths(s.train) for s in found.steps],
                "validation": [tenths(s.valid) for s in found.steps],
                "test": [tenths(s.test) for s in found.steps],
                "95 % interval": spans([s.low for s in found.steps], [s.high for s in found.steps]),
            }
        ),
        caption=f"{found.title}: the genre that it answers, by {words}",
    )


def validation_curves(table: pd.DataFrame) -> Chart:
    """Draw accuracy against one hyperparameter after another, with a menu to choose it.

    Parameters
    ----------
    table
        From `audionome.lab.studies.validation_curves.summarise`.

    Returns
    -------
    Chart
        A line for the training windows and one for each way to split.
    """
    curves = {_curve_title(rows): rows for _, rows in table.groupby("curve", sort=False)}

    def lines(rows: pd.DataFrame) -> dict[str, list[Any]]:
        same, others = (rows[rows["split"] == split] for split in ("random", "artist"))
        names = [
            f"{_setting(v)} (study)" if study else _setting(v)
            for v, study in zip(others["value"], others["is_study"], strict=True)
        ]
        empty: list[float] = []
        return {
            "x": [names] * 3,
            "y": [rounded(others["train"]), rounded(same["test"]), rounded(others["test"])],
            "error_y.array": [empty, empty, rounded(others["high"] - others["test"])],
            "error_y.arrayminus": [empty, empty, rounded(others["test"] - others["low"])],
        }

    first = lines(next(iter(curves.values())))
    looks = (
        ("training windows", OTHER, "diamond", "dot"),
        (f"{SPLITS['random']} (random split)", PARTS[1][0], "square", "dash"),
        (SPLITS["artist"], PARTS[0][0], "circle", "solid"),
    )
    figure = go.Figure()
    for i, (name, color, symbol, dash) in enumerate(looks):
        bars = {k: first[f"error_y.{k}"][i] for k in ("array", "arrayminus")}
        figure.add_scatter(
            x=first["x"][i],
            y=first["y"][i],
            name=name,
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": dash},
            marker={"size": 9, "symbol": symbol, "color": color},
            error_y={**bars, "type": "data", "thickness": 1.5, "width": 4},
            hovertemplate="%{x}<br>" + name + ": %{y:.1%}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=480,
        showlegend=True,
        meta={"notes": {title: _beside_the_study(rows) for title, rows in curves.items()}},
        xaxis={"type": "category", "title": {"text": "Setting"}},
        yaxis={"title": {"text": "Accuracy per window", "standoff": 8}, "range": [0, 1.02],
               "tickformat": ".0%"},
        **menu("Hyperparameter", {title: (lines(rows), {}) for title, rows in curves.items()}),
    )  # fmt: skip
    wide = [
        [title, _setting(other["value"]), tenths(other["train"]), tenths(same["test"]),
         tenths(other["test"]), spans([other["low"]], [other["high"]])[0]]
        for title, rows in curves.items()
        for (_, same), (_, other) in zip(
            rows[rows["split"] == "random"].iterrows(),
            rows[rows["split"] == "artist"].iterrows(), strict=True)
    ]  # fmt: skip
    return Chart(
        figure=figure,
        alt=f"Accuracy per window against {len(curves)} hyperparameters, chosen from a menu, on "
        "training windows, on new windows of the same songs and on windows of other artists. "
        f"At first {next(iter(curves))}.",
        table=pd.DataFrame(
            wide,
            columns=["hyperparameter", "setting", "training", "same songs", "other artists",
                     "95 % interval"],
        ),
        caption="One hyperparameter at a time, all others as the study set them unless the menu "
        "names them too: accuracy on three kinds of windows (95 % intervals over artists)",
    )  # fmt: skip


def _setting(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _curve_title(rows: pd.DataFrame) -> str:
    model, name = str(rows["model"].iloc[0]), str(rows["curve"].iloc[0])
    return f"{MODELS[model].title}: {name.removeprefix(model).strip()}"


def _beside_the_study(rows: pd.DataFrame) -> str:
    """Say which settings differ from the study's, on other artists."""
    mine = rows[rows["split"] == "artist"]
    study = _setting(mine.loc[mine["is_study"], "value"].iloc[0])
    text = f"On other artists, set beside the study's {study}:"
    told = []
    for word in ("better", "worse"):
        named = [_setting(v) for v in mine.loc[mine["verdict"] == word, "value"]]
        told += [f"{listed(named)} {'is' if len(named) == 1 else 'are'} {word}"] if named else []
    same = int((mine["verdict"] == SAME).sum())
    if not told:
        return f"{text} no other setting can be told apart."
    rest = "the other" if same == 1 else f"the other {same}"
    return f"{text} {'; '.join(told)}" + (f"; {rest} cannot be told apart." if same else ".")


def model_results(table: pd.DataFrame) -> Chart:
    """Draw the accuracy of a model under every protocol, with a menu to choose the model.

    Parameters
    ----------
    table
        From `audionome.lab.exploration.own_scores`.

    Returns
    -------
    Chart
        One row per protocol, and a mark for each variant of the model.
    """
    caption = "Accuracy per track under every protocol, with 95 % intervals over artists"
    if table.empty:
        return nothing(caption)
    rungs = unique(table["protocol_title"])
    looks = {
        "study": ("the study's settings", PARTS[1][0], "diamond", -0.14),
        "tuned": ("tuned", PARTS[0][0], "circle", 0.14),
    }

    def marks(rows: pd.DataFrame) -> dict[str, list[Any]]:
        parts = [rows[rows["variant"] == variant] for variant in looks]
        return {
            "x": [rounded(part["accuracy"]) for part in parts],
            "error_x.array": [rounded(p["accuracy_high"] - p["accuracy"]) for p in parts],
            "error_x.arrayminus": [rounded(p["accuracy"] - p["accuracy_low"]) for p in parts],
            # A little apart, so that one does not hide the other.
            "y": [
                [rungs.index(rung) + look[3] for rung in part["protocol_title"]]
                for part, look in zip(parts, looks.values(), strict=True)
            ],
            "customdata": [part["protocol_title"].to_list() for part in parts],
        }

    models = {str(title): rows for title, rows in table.groupby("title", sort=False)}
    shown = marks(next(iter(models.values())))
    figure = go.Figure()
    for i, (name, color, symbol, _) in enumerate(looks.values()):
        bars = {k: shown[f"error_x.{k}"][i] for k in ("array", "arrayminus")}
        figure.add_scatter(
            x=shown["x"][i],
            y=shown["y"][i],
            customdata=shown["customdata"][i],
            name=name,
            mode="markers",
            marker={"size": 10, "symbol": symbol, "color": color},
            error_x={**bars, "type": "data", "thickness": 2, "width": 4},
            hovertemplate="%{customdata}, " + name + ": %{x:.1%}<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=350,
        showlegend=True,
        xaxis={"title": {"text": "Test accuracy per track"}, "range": [0, 1.02],
               "tickformat": ".0%"},
        yaxis={"range": [len(rungs) - 0.5, -0.5], "tickvals": list(range(len(rungs))),
               "ticktext": rungs, "zeroline": False},
        **menu("Model", {title: (marks(rows), {}) for title, rows in models.items()}),
    )  # fmt: skip
    told = []
    for title, rows in models.items():
        part = rows[rows["variant"] == "tuned"]
        first, last = part.iloc[0], part.iloc[-1]
        told.append(
            f"{title} from {tenths(first['accuracy'])} ({first['protocol_title']}) to "
            f"{tenths(last['accuracy'])} ({last['protocol_title']})"
        )
    return Chart(
        figure=figure,
        alt=f"Accuracy under {len(rungs)} protocols, tuned: {listed(told)}.",
        table=pd.DataFrame(
            {
                "model": table["title"],
                "protocol": table["protocol_title"],
                "settings": [looks[str(v)][0] for v in table["variant"]],
                "accuracy": [tenths(v) for v in table["accuracy"]],
                "95 % interval": spans(table["accuracy_low"], table["accuracy_high"]),
                "tracks": table["n"],
            }
        ),
        caption=caption,
    )


# -- helpers ------------------------------------------------------------------------------


def _only(k: int, n: int) -> list[bool]:
    return [j == k for j in range(n)]


def _labels(
    cells: np.ndarray, genres: Sequence[str], *, least: float = 0.02
) -> tuple[list[int], list[int], list[str]]:
    """Where to write the name of each genre: as deep inside its region as can be."""
    from scipy.ndimage import distance_transform_edt

    rows, columns, names = [], [], []
    for i, genre in enumerate(genres):
        inside = cells == i
        if inside.mean() < least:
            continue
        # The frame counts as a border, or a name at the edge would be cut off; and a name is wide,
        # so it needs more room to its sides than above.
        depth = distance_transform_edt(np.pad(inside, 1), sampling=(1, 0.4))[1:-1, 1:-1]
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        rows.append(int(row))
        columns.append(int(column))
        names.append(genre)
    return rows, columns, names
