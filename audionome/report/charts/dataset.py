"""Charts of the dataset: windows, repetitions, artists, the split and the features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from audionome._words import genre_name, listed
from audionome.charts._base import (
    OTHER,
    PALETTE,
    PARTS,
    TEMPLATE,
    Chart,
    axis_title,
    digits,
    menu,
    pattern,
)

if TYPE_CHECKING:
    from audionome.features import Feature

__all__ = [
    "artists_by_genre",
    "feature_distribution",
    "left_out_by_genre",
    "split_by_genre",
    "windows_by_genre",
]


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
        caption="Windows per genre: measured here, or known from the published table alone",
        alt=f"{measured:,} of {total:,} windows are measured from audio. "
        + (f"The published table fills in {listed(lacking)}." if lacking else "None is missing."),
    )


def left_out_by_genre(rows: pd.DataFrame) -> Chart:
    """Draw how many clips of each genre the published split leaves out, and what we know of them.

    Parameters
    ----------
    rows
        From `audionome.gtzan.left_out`: columns ``genre`` and ``reason``.

    Returns
    -------
    Chart
        One bar per genre, one part per reason.
    """
    counts = _count(rows, rows["reason"].to_numpy(dtype=str))
    counts = counts[counts.sum().sort_values(ascending=False, kind="stable").index]
    per_genre = {str(genre): int(n) for genre, n in counts.sum(axis="columns").items()}
    most = max(per_genre, key=per_genre.__getitem__)
    reasons = [f"{int(n)}: {reason}" for reason, n in counts.sum().items()]
    return _stacked(
        counts,
        unit="Clips",
        caption="Clips that are not in the published split, by what our lists say of them",
        alt=f"{len(rows)} clips are not in the split ({'; '.join(reasons)}). {most} has the most, "
        f"{per_genre[most]}.",
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
        caption="The published split: tracks per genre in each part",
        alt=f"The fault-filtered split has {listed(sizes)}; "
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
        caption="Tracks per genre by its most frequent artists",
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
    # A feature that is newer than the summary has no box yet.
    measured = set(summary["feature"].to_numpy(dtype=str))
    registry = {name: feature for name, feature in registry.items() if name in measured}

    def boxes(feature: str) -> dict[str, list[list[float]]]:
        # One list per trace.
        return {
            key: [digits([rows.loc[(feature, g), column]]) for g in genres]
            for key, column in quantiles.items()
        }

    shown = boxes(first)
    figure = go.Figure()
    for i, genre in enumerate(genres):
        color = PALETTE.get(genre, OTHER)
        figure.add_box(
            y=[genre_name(genre)],
            name=genre_name(genre),
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
        # The site shows the sentence of the chosen feature beside its menu.
        meta={"notes": {name: feature.meaning for name, feature in registry.items()}},
        boxgap=0.35,
        xaxis={"title": {"text": axis_title(registry[first])}},
        yaxis={"autorange": "reversed", "showgrid": False},
        **menu(
            "Feature",
            {
                name: (boxes(name), {"xaxis.title.text": axis_title(feature)})
                for name, feature in registry.items()
            },
            active=list(registry).index(first),
        ),
    )
    medians = rows["p50"].unstack("genre").loc[list(registry)]  # noqa: PD010
    table = medians.map(lambda value: f"{value:.4g}")
    table.insert(0, "unit", [registry[name].unit for name in table.index])
    now = rows.loc[first]["p50"].rename(genre_name)
    told = first
    if len(registry) > 1:
        told = f"one of {len(registry)} features, chosen from a menu (at first {first}),"
    return Chart(
        figure=figure,
        alt=f"Distribution of {told} in each of the {len(genres)} genres: the median is "
        f"lowest for {now.idxmin()} and highest for {now.idxmax()}.",
        table=table.rename_axis(columns=None).reset_index(),
        caption="One feature by genre (the table lists the medians)",
    )


def _stacked(counts: pd.DataFrame, *, unit: str, caption: str, alt: str) -> Chart:
    """Draw a table of counts (a row per genre, a column per part) as stacked bars."""
    genres = [str(genre) for genre in counts.index]
    figure = go.Figure()
    for i, part in enumerate(counts.columns):
        color, shape = PARTS[i % len(PARTS)]
        figure.add_bar(
            x=[int(n) for n in counts[part]],
            y=genres,
            name=part,
            orientation="h",
            marker={"color": color, "pattern": pattern(shape)},
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
