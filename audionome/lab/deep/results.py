"""The stored results of the small network: how often it is right, and what it costs.

Conventions
-----------
A track's probabilities are the mean of its windows'. Intervals are those of
`audionome.lab.bootstrap`, over artists. The networks *from scratch* learned from GTZAN alone; the
*pretrained* one learned from other music first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from audionome._paths import data_path
from audionome.datasets.gtzan import GENRES
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import paired_difference, verdict, verdicts
from audionome.lab.deep.settings import MODEL, RECIPE, WATTS_PER_CORE
from audionome.lab.model_card import Comparison
from audionome.lab.predictions import PROBABILITY_COLUMNS, judge
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.store import StaleResultsError, missing, sources

__all__ = [
    "OUTSIDE",
    "PRETRAINED",
    "RUNGS",
    "SCRATCH",
    "DeepResults",
    "Rungs",
    "across_families",
    "deep_ladder",
    "from_scratch",
    "fused",
    "judged",
    "load",
    "load_heads",
    "on_rungs",
    "scores",
    "training_cost",
    "watched",
]

SCRATCH, PRETRAINED = "from scratch", "pretrained"
#: The study's best model, whose figure stands on the first rung.
STUDY = "the study's best model"
EAR, EAR_ON_GTZAN = "ear", "ear-gtzan"
TITLES = {MODEL: "small CNN", EAR_ON_GTZAN: "ear, head from GTZAN alone"}
OUTSIDE = "outside"
#: Models that are fused.
FUSED = ((TITLES[MODEL], "extended"), (EAR, "extended"))
#: Rungs of the chapter's ladder, from the easiest to the hardest, by protocol.
RUNGS: dict[str, str] = {
    "random-windows": "Random windows",
    "fault-filtered-nine-genres": "Fault-filtered, nine genres",
    "artist-grouped": "By artist",
    OUTSIDE: "Outside GTZAN",
}

_COMMAND = "python -m audionome.lab.deep.experiment CLIPS"


@dataclass(frozen=True)
class DeepResults:
    """What ``python -m audionome.lab.deep.experiment`` wrote.

    Attributes
    ----------
    runs : DataFrame
        One row per training: ``model``, ``protocol``, ``fold``, ``recipe``, ``data``,
        ``train_tracks``, ``valid_tracks``, ``test_tracks`` and the same of ``_patches``,
        ``parameters``, ``epochs``, ``seconds`` (of one core), ``losses`` (JSON: per epoch, of
        training and of what was watched, or null).
    predictions : DataFrame
        One row per tested patch, as `audionome.lab.store.Results` has them.
    record : dict
        Recipe, settings and data.
    """

    runs: pd.DataFrame
    predictions: pd.DataFrame
    record: dict[str, Any]


def load(*, folder: Path | None = None) -> DeepResults:
    """Load the stored results of the small network.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/results``.

    Returns
    -------
    DeepResults

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If they are missing, or were made from other data or by another recipe.
    """
    folder = folder or data_path("results")
    paths = [folder / name for name in ("deep_runs.parquet", "deep_predictions.parquet")]
    for path in (folder / "deep.json", *paths):
        if not path.is_file():
            raise missing(path, _COMMAND)
    record = json.loads((folder / "deep.json").read_text())
    runs, predictions = (pd.read_parquet(path) for path in paths)
    same = record["recipe"] == RECIPE and record["sources"] == sources()
    same &= set(runs["recipe"]) == {RECIPE} and set(runs["data"]) == {record["data"]}
    if not same:
        raise StaleResultsError(
            f"The results in {folder} are of other data or of another recipe; run `{_COMMAND}` to "
            "renew them."
        )
    numbers = predictions.select_dtypes("float16").columns
    return DeepResults(runs, predictions.astype(dict.fromkeys(numbers, "float32")), record)


def judged(found: DeepResults, protocol: str) -> pd.DataFrame:
    """Return the predictions under a protocol, per window or per track as the protocol counts.

    Parameters
    ----------
    found : DeepResults
    protocol : str

    Returns
    -------
    DataFrame
        See `audionome.lab.predictions.judge`.
    """
    rows = found.predictions[found.predictions["protocol"] == protocol]
    rows = rows.assign(variant="", predicted=_likeliest(rows))
    level = "window" if PROTOCOLS[protocol].level == "window" else "track"
    return judge(rows, level=level)


def _likeliest(rows: pd.DataFrame) -> pd.Series:
    best = rows[PROBABILITY_COLUMNS].to_numpy().argmax(axis=1)
    return pd.Series(np.array(GENRES)[best], index=rows.index)


def scores(found: DeepResults) -> pd.DataFrame:
    """Return the accuracy of the small network under each protocol.

    Parameters
    ----------
    found : DeepResults

    Returns
    -------
    DataFrame
        ``model``, ``protocol``, ``level``, ``accuracy``, ``low``, ``high``, ``n`` (predictions),
        ``tracks``, ``artists``.
    """
    out = []
    for name in dict.fromkeys(found.runs["protocol"]):
        rows = judged(found, name)
        scored = mean_interval(rows["correct"].to_numpy(dtype=bool), rows["artist"].to_numpy())
        out.append(
            {
                "model": str(rows["model"].iloc[0]),
                "protocol": name,
                "level": PROTOCOLS[name].level,
                "accuracy": scored.estimate,
                "low": scored.low,
                "high": scored.high,
                "n": scored.n,
                "tracks": rows["track"].nunique(),
                "artists": scored.clusters,
            }
        )
    order = {name: i for i, name in enumerate(PROTOCOLS)}
    return pd.DataFrame(out).sort_values("protocol", key=lambda p: p.map(order), ignore_index=True)


def watched(found: DeepResults) -> dict[str, list[tuple[float, float]]]:
    """Return the losses of the trainings that were watched on validation patches.

    Parameters
    ----------
    found : DeepResults

    Returns
    -------
    dict of str to list of (float, float)
        Title of the protocol to the losses of training and validation per epoch, from the easiest
        protocol to the hardest.
    """
    runs = found.runs[found.runs["valid_patches"] > 0].set_index("protocol")["losses"]
    return {p.title: json.loads(runs[name]) for name, p in PROTOCOLS.items() if name in runs.index}


def training_cost(found: DeepResults) -> pd.DataFrame:
    """Return what the trainings took, by protocol.

    Parameters
    ----------
    found : DeepResults

    Returns
    -------
    DataFrame
        ``protocol``, ``trainings``, ``parameters``, ``epochs`` (mean), ``seconds`` of one core and
        ``watt_hours`` at `WATTS_PER_CORE`, both of all trainings together.
    """
    by = found.runs.groupby("protocol", sort=False)
    table = by.agg(
        trainings=("fold", "size"),
        parameters=("parameters", "first"),
        epochs=("epochs", "mean"),
        seconds=("seconds", "sum"),
    ).reset_index()
    return table.assign(watt_hours=table["seconds"] * WATTS_PER_CORE / 3600)


#: The predictions of every model on every rung, by title of the rung and of the model.
Rungs = dict[str, dict[str, pd.DataFrame]]


def on_rungs(
    found: DeepResults,
    released: pd.DataFrame,
    study: pd.DataFrame,
    *,
    heads: pd.DataFrame | None = None,
    outside: Sequence[pd.DataFrame] = (),
) -> Rungs:
    """Put models from scratch and pretrained ones on the same rungs, alone and fused.

    Parameters
    ----------
    found : DeepResults
    released : DataFrame
        Predictions of the released models, from `audionome.lab.model_card.load`.
    study : DataFrame
        Predictions of the study's best model under ``random-windows``, per window; see
        `audionome.lab.predictions.judge`.
    heads : DataFrame, optional
        From `load_heads`.
    outside : sequence of DataFrame
        Predictions about music from outside GTZAN: ``model``, ``clip``, ``genre``, ``artist``,
        ``trust``, ``excerpt`` and the probabilities. Whole clips count whose genre is plain or
        plausible (trust A and B).

    Returns
    -------
    dict of str to dict of str to DataFrame
        Rung by rung, the rows of each model with ``right``. On every rung but the first, whose
        windows are drawn anew for each model, the models are asked about the same clips: those
        that all of them classified.
    """
    out: Rungs = {}
    for rung, title in RUNGS.items():
        if rung == "random-windows":
            out[title] = {
                STUDY: study.assign(right=study["correct"].to_numpy(dtype=bool)),
                TITLES[MODEL]: _with_right(judged(found, rung)),
            }
            continue
        if rung == OUTSIDE:
            models = _by_model(
                t[(t["excerpt"] == 0) & t["trust"].isin(["A", "B"])].assign(track=t["clip"])
                for t in outside
            )
        else:
            tables = [t for t in (released, heads) if t is not None]
            models = {TITLES[MODEL]: judged(found, rung)} | _by_model(
                t[(t["protocol"] == rung) & t["genre"].isin(GENRES)] for t in tables
            )
        models = _with_one_list_of_artists(_on_common_tracks(models))
        for one, other in FUSED:
            if one in models and other in models:
                models[f"{one} × {other}"] = fused(models[one], models[other])
        out[title] = {name: _with_right(rows) for name, rows in models.items()}
    return out


def _with_right(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(right=(_likeliest(rows) == rows["genre"]).to_numpy(dtype=bool))


def _on_common_tracks(models: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Keep the tracks that every model classified, in one order."""
    if not models:
        return models
    common = set.intersection(*(set(rows["track"].astype(str)) for rows in models.values()))
    return {
        name: rows[rows["track"].astype(str).isin(common)]
        .sort_values("track", key=lambda t: t.astype(str))
        .reset_index(drop=True)
        for name, rows in models.items()
    }


def _with_one_list_of_artists(models: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Give every model the list with the fewest artists: two names of one artist are one there."""
    if not models:
        return models
    artists = min((rows["artist"] for rows in models.values()), key=lambda a: a.nunique())
    return {name: rows.assign(artist=artists.to_numpy()) for name, rows in models.items()}


def deep_ladder(rungs: Rungs) -> pd.DataFrame:
    """Return how often each model is right on each rung.

    Parameters
    ----------
    rungs : dict
        From `on_rungs`.

    Returns
    -------
    DataFrame
        ``family``, ``model``, ``rung``, ``accuracy``, ``low``, ``high``, ``n``, ``unit``,
        ``artists``: rung by rung, from scratch first.
    """
    out = []
    for place, (rung, models) in enumerate(rungs.items()):
        for model, rows in models.items():
            scored = mean_interval(rows["right"].to_numpy(dtype=bool), rows["artist"].to_numpy())
            pretrained = model.startswith(EAR)
            out.append(
                {
                    "place": place + 0.5 * pretrained,
                    "family": PRETRAINED if pretrained else SCRATCH,
                    "model": model,
                    "rung": rung,
                    "accuracy": scored.estimate,
                    "low": scored.low,
                    "high": scored.high,
                    "n": scored.n,
                    "unit": "windows" if rung == RUNGS["random-windows"] else "clips",
                    "artists": scored.clusters,
                }
            )
    table = pd.DataFrame(out).sort_values("place", kind="stable", ignore_index=True)
    return table.drop(columns="place")


def across_families(rungs: Rungs, *, a: str = EAR, b: str = "extended") -> dict[str, Comparison]:
    """Compare a pretrained model with one from scratch, clip by clip.

    Parameters
    ----------
    rungs : dict
        From `on_rungs`.
    a, b : str
        Titles of the models.

    Returns
    -------
    dict of str to audionome.lab.model_card.Comparison
        By title of the rung, where there are both; the p values are corrected for their number.
    """
    both = {rung: (m[a], m[b]) for rung, m in rungs.items() if a in m and b in m}
    rights = {
        rung: (one["right"].to_numpy(dtype=bool), other["right"].to_numpy(dtype=bool))
        for rung, (one, other) in both.items()
    }
    artists = {rung: other["artist"].to_numpy() for rung, (_, other) in both.items()}
    found = verdicts([paired_difference(*rights[rung], artists[rung]) for rung in both])
    return {
        rung: Comparison.of(a, b, *rights[rung], artists[rung], word)
        for rung, word in zip(both, found, strict=True)
    }


def load_heads(*, models: Path | None = None, results: Path | None = None) -> pd.DataFrame:
    """Load the predictions of the pretrained ear's heads about GTZAN.

    Parameters
    ----------
    models, results : Path, optional
        Default: ``data/models`` and ``data/results``.

    Returns
    -------
    DataFrame
        Of ``ear``, which also learned from music from outside, and of ``ear-gtzan``, which learned
        its last step from GTZAN alone.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If they are missing, or are not those that the ear's card tells of.
    """
    models, results = models or data_path("models"), results or data_path("results")
    path, command = results / "ear_predictions.parquet", "audionome lab ear train"
    if not path.is_file():
        raise missing(path, command)
    table = pd.read_parquet(path)
    told = json.loads((models / "ear.json").read_text())["evaluation"]["artist-grouped"]
    rows = table[(table["model"] == EAR) & (table["protocol"] == "artist-grouped")]
    right = float((_likeliest(rows) == rows["genre"]).mean())
    if abs(right - told["accuracy"]) > 1e-9:
        raise StaleResultsError(f"{path} is not of the ear that ships; run `{command}`.")
    return table[table["model"].isin([EAR, EAR_ON_GTZAN])]


def _by_model(tables: Iterable[pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the rows of each model by its title."""
    return {
        TITLES.get(str(model), str(model)): rows
        for table in tables
        for model, rows in table.groupby("model", sort=False, observed=True)
    }


def fused(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Multiply the probabilities of two models about the same tracks.

    Parameters
    ----------
    one, other : DataFrame
        ``track``, ``genre``, ``artist`` and the probabilities, one row per track.

    Returns
    -------
    DataFrame
        Of the tracks that both classified: the geometric mean of the probabilities, which sum to 1
        again.

    Examples
    --------
    >>> sure = np.full((1, 10), 0.02) + 0.8 * np.eye(10)[[5]]
    >>> table = pd.DataFrame(sure, columns=PROBABILITY_COLUMNS)
    >>> table = table.assign(track="a", genre="jazz", artist=1)
    >>> open_minded = table.assign(**dict.fromkeys(PROBABILITY_COLUMNS, 0.1))
    >>> fused(table, open_minded)["p_jazz"].round(2).to_list()
    [0.42]
    """
    a, b = (t.set_index("track") for t in (one, other))
    common = a.index.intersection(b.index).sort_values()
    likely = [t.loc[common, PROBABILITY_COLUMNS].to_numpy(np.float64) for t in (a, b)]
    mean = np.sqrt(np.maximum(likely[0], 1e-6) * np.maximum(likely[1], 1e-6))
    table = a.loc[common, ["genre", "artist"]].reset_index()
    table[PROBABILITY_COLUMNS] = mean / mean.sum(axis=1, keepdims=True)
    return table


def from_scratch(found: DeepResults, extended: pd.DataFrame, protocol: str) -> Comparison:
    """Compare the small network with the extended model, on the tracks that both classified.

    Parameters
    ----------
    found : DeepResults
    extended : DataFrame
        Predictions of the extended model under the protocol.
    protocol : str

    Returns
    -------
    audionome.lab.model_card.Comparison
    """
    ours, theirs = judged(found, protocol).set_index("track"), extended.set_index("track")
    common = ours.index.intersection(theirs.index).sort_values()
    a, b = (t.loc[common, "correct"].to_numpy(dtype=bool) for t in (ours, theirs))
    artists = ours.loc[common, "artist"].to_numpy()
    word = verdict(paired_difference(a, b, artists))
    return Comparison.of(TITLES[MODEL], "extended", a, b, artists, word)
