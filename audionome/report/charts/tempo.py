"""The charts of tempo: where its candidates come from, and how often it is right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import listed
from audionome.charts._base import OTHER, PARTS, TEMPLATE, Chart, nothing, rounded
from audionome.features.onsets import Rhythm
from audionome.features.tempo import load_ranker

__all__ = ["tempo_candidates", "tempo_methods"]

_MEASURES = (
    ("accuracy1", "within 4 %", "circle"),
    ("accuracy2", "or two or three times off", "diamond"),
)


def tempo_candidates(rhythm: Rhythm, name: str) -> Chart:
    """Draw how well a recording fits a comb of beats at each tempo, and what is made of it.

    Parameters
    ----------
    rhythm
        Of the recording.
    name
        What to call it.

    Returns
    -------
    Chart
        The comb against the tempo, and a circle on each candidate, as large as it is probable.
    """
    caption = f"The candidates for “{name}”: every level of the beat is a peak"
    if not rhythm.bpm.size:
        return nothing(caption)
    tempi, probability = rhythm.tempi, load_ranker().probabilities(rhythm.describe())
    height = np.interp(np.log(rhythm.bpm), np.log(tempi), rhythm.comb)
    figure = go.Figure()
    figure.add_scatter(
        x=rounded(tempi), y=rounded(rhythm.comb), mode="lines", name="fit of the comb",
        line={"color": OTHER, "width": 2}, hovertemplate="%{x:.0f} BPM: %{y:.2f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=rounded(rhythm.bpm), y=rounded(height), mode="markers", name="candidate (by probability)",
        marker={"size": rounded(8 + 22 * np.sqrt(probability)), "color": PARTS[0][0],
                "opacity": 0.8},
        customdata=rounded(probability),
        hovertemplate="%{x:.0f} BPM: probability %{customdata:.0%}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=340,
        xaxis={"type": "log", "title": {"text": "Tempo (BPM)"}, "tickvals": [30, 60, 120, 240]},
        yaxis={"title": {"text": "Mean autocorrelation"}},
    )
    order = np.argsort(-probability)
    told = [f"{rhythm.bpm[k]:.0f} BPM ({probability[k]:.0%})" for k in order[:3]]
    return Chart(
        figure=figure,
        alt=f"Mean autocorrelation of the onset strength after one to four beats, by tempo, with "
        f"{len(rhythm.bpm)} candidates at its peaks; the most probable: {listed(told)}.",
        table=pd.DataFrame(
            {
                "candidate (BPM)": [f"{rhythm.bpm[k]:.1f}" for k in order],
                "fit of the comb": [f"{height[k]:.2f}" for k in order],
                "probability": [f"{probability[k]:.1%}" for k in order],
            }
        ),
        caption=caption,
    )


def tempo_methods(accuracies: pd.DataFrame) -> Chart:
    """Draw how often the tempo of each program is right, with intervals over artists.

    Parameters
    ----------
    accuracies
        From `audionome.lab.studies.beside.tempo_accuracies`.

    Returns
    -------
    Chart
        A row per program: a circle for accuracy 1, a diamond for accuracy 2.
    """
    caption = "How often the tempo of each program is right"
    if accuracies.empty:
        return nothing(caption)
    names = accuracies["name"].to_list()
    figure = go.Figure()
    for (measure, words, symbol), (color, _) in zip(_MEASURES, PARTS, strict=False):
        value, low, high = (accuracies[f"{measure}{end}"] for end in ("", "_low", "_high"))
        figure.add_scatter(
            x=rounded(value), y=names, mode="markers", name=words,
            marker={"size": 11, "symbol": symbol, "color": color},
            error_x={"type": "data", "symmetric": False, "array": rounded(high - value),
                     "arrayminus": rounded(value - low), "color": color},
            hovertemplate="%{y}, " + words + ": %{x:.1%}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(
        template=TEMPLATE,
        height=120 + 50 * len(names),
        xaxis={"title": {"text": "Share of the clips"}, "tickformat": ".0%"},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names},
    )
    told = [f"{r.name} {r.accuracy1:.1%} and {r.accuracy2:.1%}" for r in accuracies.itertuples()]
    return Chart(
        figure=figure,
        alt="Share of the clips whose estimated tempo lies within 4 % of the annotated one, and "
        f"share of those where it may be two or three times off: {listed(told)}.",
        table=pd.DataFrame(
            {
                "program": names,
                "clips": accuracies["n"],
                "artists": accuracies["artists"],
                **{
                    f"{words} (%)": [
                        f"{100 * row[measure]:.1f} ({100 * row[f'{measure}_low']:.1f} to "
                        f"{100 * row[f'{measure}_high']:.1f})"
                        for row in accuracies.to_dict("records")
                    ]
                    for measure, words, _ in _MEASURES
                },
            }
        ),
        caption=caption,
    )
