"""Train the head that ships out of the table of what the ear heard, and judge it and others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from numpy.typing import NDArray
from onnx import numpy_helper
from threadpoolctl import threadpool_limits

import audionome
from audionome import files
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.lab import conformal, outside
from audionome.lab.ear import heads, judging, noises
from audionome.lab.ear.clips import TABLE
from audionome.lab.ear.heads import RECIPE, Heard, Recipe
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.store import StaleResultsError, missing
from audionome.models import neighbors
from audionome.models._modelfile import calibration_of
from audionome.models.ear import Ear
from audionome.models.head import Head, Usual

__all__ = [
    "HEADS",
    "HEAD_RECIPES",
    "NAME",
    "NUMBER",
    "PREDICTIONS",
    "arrays_of",
    "far_sounds",
    "load_heard",
    "load_results",
    "tag_logits",
    "train",
    "usual",
]

#: Predictions about GTZAN's clips, and the comparison of heads, in the folder of results.
PREDICTIONS = "ear_predictions.parquet"
HEADS = "ear_heads.parquet"

#: Heads that are compared, each by its name.
HEAD_RECIPES: dict[str, Recipe] = {
    "ear": RECIPE,
    "mean alone": replace(RECIPE, spread=False),
    "logistic regression alone": replace(RECIPE, discriminant=0.0),
    "discriminant alone": replace(RECIPE, regression=0.0, discriminant=1.0),
    "whole clips alone": replace(RECIPE, excerpts=0.0),
    "genres equally heavy": replace(RECIPE, balance=1.0),
    "tags alone": replace(RECIPE, spread=False, discriminant=0.0),
}

#: Changes when the same table would give other results.
NUMBER = 1

#: The model that the ear and its head are.
NAME = "ear"
_COMMAND = "audionome lab ear train"
_AXES = 48
_RIDGE = 0.1  # of the tags' covariance
_FUSED = 0.1  # weight of the model from scratch, in log probabilities

Progress = Callable[[str], None]


# -- what the table says ------------------------------------------------------------------


def load_heard(path: Path | None = None) -> Heard:
    """Load the committed table of what the ear heard.

    Parameters
    ----------
    path : Path, optional
        Default: ``data/research/ear_clips.parquet``.

    Returns
    -------
    Heard
    """
    return Heard.of(pd.read_parquet(path or data_path("research", TABLE)))


def tag_logits(mean: NDArray[np.floating], graph: Path | None = None) -> NDArray[np.float64]:
    """Return the mean strengths of the tags (log odds) that go with mean embeddings.

    Parameters
    ----------
    mean : ndarray of shape (n, e)
    graph : Path, optional
        Of the network; its last layer is linear.

    Returns
    -------
    ndarray of shape (n, tags)
    """
    model = onnx.load(graph or data_path("models", "musicnn.onnx"))
    constants = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    kernel, bias = (constants[f"dense_1/{part}"].astype(np.float64) for part in ("kernel", "bias"))
    return np.asarray(mean @ kernel + bias)


def usual(heard: Heard, head: Head, at: NDArray[np.bool_]) -> Usual:
    """Return what is usual of clips.

    Parameters
    ----------
    heard : Heard
    head : Head
    at : ndarray of bool, shape (rows,)
        Whole clips of music.

    Returns
    -------
    audionome.models.head.Usual
    """
    mean, spread = heard.mean[at], heard.vectors(head, at)[:, head.size :]
    logits = tag_logits(mean)
    away, moved = logits - logits.mean(axis=0), mean - mean.mean(axis=0)
    covariance = away.T @ away / len(away)
    covariance += _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return Usual(
        embedding=mean.mean(axis=0),
        spread=head.linear.mean[head.size :],
        spread_deviation=spread.std(axis=0),
        logits=logits.mean(axis=0),
        logit_deviation=logits.std(axis=0),
        patterns=np.linalg.solve(covariance, away.T @ moved / len(away)),
    )


def arrays_of(heard: Heard, recipe: Recipe = RECIPE) -> tuple[Head, dict[str, NDArray[Any]]]:
    """Fit the head that ships, and return it with all arrays of its file.

    Parameters
    ----------
    heard : Heard
    recipe : Recipe

    Returns
    -------
    head : audionome.models.head.Head
    arrays : dict of str to ndarray
    """
    with threadpool_limits(1, user_api="blas"):
        head = heads.fit(heard, heard.column("trust") != "C", recipe)
        whole = (heard.rows["excerpt"] == 0).to_numpy()
        music = whole & np.isin(heard.column("trust"), ["G", "A", "B"])
        tracks = whole & (heard.column("trust") == "G")
        vectors = head.standardised(heard.vectors(head, tracks))
        axes = neighbors.principal_axes(vectors, _AXES)
        index = {
            "tracks": heard.column("clip")[tracks],
            "genres": heard.column("genre")[tracks],
            "artists": heard.rows["artist"].to_numpy()[tracks],
            "axes": axes.astype(np.float32),
            "vectors": (vectors @ axes).astype(np.float16),
        }
        return head, {**head.arrays(), **usual(heard, head, music).arrays(), **index}


def load_results(folder: Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load what heads said of GTZAN's clips, and the comparison of heads.

    Parameters
    ----------
    folder : Path, optional
        Holds ``models``, ``research`` and ``results``; default: ``data``.

    Returns
    -------
    predictions : DataFrame
        See `audionome.lab.ear.judging.on_gtzan`.
    heads : DataFrame
        One row per head and way to judge it: ``head``, ``protocol``, and what
        `audionome.lab.ear.judging.summarise` returns.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If they are missing, or were made from another table or by another recipe.

    See Also
    --------
    audionome.lab.outside.load : What it said of music from outside.
    """
    places = [data_path(name) if folder is None else folder / name
              for name in ("models", "research", "results")]  # fmt: skip
    models, research, results = places
    paths = [results / PREDICTIONS, results / HEADS, models / f"{NAME}.json", research / TABLE]
    for path in paths:
        if not path.is_file():
            raise missing(path, _COMMAND)
    told = json.loads(paths[2].read_text())["data"]
    same = hashlib.sha256(paths[3].read_bytes()).hexdigest() == told["sha256"]
    if not same or told["recipe"] != NUMBER:
        raise StaleResultsError(
            f"The results in {results} are of another table or of another recipe; run "
            f"`{_COMMAND}` to renew them."
        )
    return pd.read_parquet(paths[0]), pd.read_parquet(paths[1])


# -- training -----------------------------------------------------------------------------


def train(
    dataset: gtzan.Gtzan,
    folder: Path,
    *,
    table: Path | None = None,
    compare: bool = True,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train the head that ships, judge it, and write it with its card and all results.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
    folder : Path
        Holds ``models``, ``research`` and ``results``.
    table : Path, optional
        What the ear heard; default: ``ear_clips.parquet`` in ``research``.
    compare : bool
        Whether other heads are judged as well.
    progress : callable, optional
        Called with what is being done.

    Returns
    -------
    dict
        The card.
    """
    tell = progress or (lambda _: None)
    path = table or folder / "research" / TABLE
    heard = load_heard(path)
    with threadpool_limits(1, user_api="blas"):
        tell("fitting")
        _, arrays = arrays_of(heard)
        place = folder / "models" / f"{NAME}.npz"
        with files.written_whole(place) as unfinished:
            np.savez_compressed(unfinished, **arrays)  # type: ignore[arg-type]
        tell("leaving sources out")
        scored = judging.leave_sources_out(heard, RECIPE)
        left = judging.outside_rows(heard, scored, model=NAME, protocol=judging.LEAVE_ONE_OUT)
        outer, calibrated = outside.nested(*left), outside.calibrate(*left)
        card = _card(heard, place, path, calibrated)
        calibration = calibration_of(card)
        tell("folds of GTZAN")
        inner = judging.on_gtzan(
            heard, dataset, RECIPE, model=NAME, outside=True, calibration=calibration
        )
        alone, released = _gtzan_alone(heard, dataset, calibration)
        fused = _fused(inner, folder / "results")
        card["evaluation"] = {
            name: _evaluation(rows) for name, rows in inner.groupby("protocol", sort=False)
        }
        trusted = outer[outer["trust"].isin(["A", "B"])]
        for excerpt in outside.LENGTHS:
            rows = trusted[trusted["excerpt"] == excerpt]
            name = judging.LEAVE_ONE_OUT + (f"-{excerpt}s" if excerpt else "")
            card["evaluation"][name] = _evaluation(rows)
        tell("sounds that are no music")
        card["out_of_distribution"] = far_sounds(heard, scored[1], inner)
        files.write_text(folder / "models" / f"{NAME}.json", json.dumps(card, indent=1) + "\n")
        predictions = pd.concat([inner, alone, fused], ignore_index=True)
        files.write_table(predictions, folder / "results" / PREDICTIONS)
        outside.write(
            pd.concat([outer, released], ignore_index=True),
            {NAME: calibrated},
            models=folder / "models",
            results=folder / "results",
        )
        if compare:
            compared = _compared(heard, dataset, calibration, predictions, outer, released, tell)
            files.write_table(compared, folder / "results" / HEADS)
    return card


def _evaluation(rows: pd.DataFrame) -> dict[str, Any]:
    """Return how good predictions are, as the cards of the other models have it."""
    found = judging.summarise(rows)
    return {"level": "track", "accuracy": found.pop("top1"), **found}


def _card(heard: Heard, place: Path, table: Path, calibrated: dict[str, Any]) -> dict[str, Any]:
    whole = heard.rows[heard.rows["excerpt"] == 0]
    music = whole[whole["trust"].isin(["G", "A", "B"])]
    ear = Ear.load()
    return {
        "name": NAME,
        "arrays_sha256": hashlib.sha256(place.read_bytes()).hexdigest(),
        "audionome": audionome.__version__,
        "estimator": "Sum of multinomial logistic regression and Fisher's discriminant with "
        "shrinkage, on mean and standard deviation of the ear's embedding over the windows",
        "extractor": "ear",
        "companion": "extended",
        "family": "pretrained",
        "network": ear.card["name"],
        "network_sha256": ear.card["graph_sha256"],
        "embedding_size": heard.mean.shape[1],
        "n_tags": len(ear.tags),
        "genres": list(gtzan.GENRES),
        "coverage": conformal.COVERAGE,
        **calibrated,
        "data": {
            "clips": len(music),
            "gtzan": int((music["trust"] == "G").sum()),
            "outside": int((music["trust"] != "G").sum()),
            "sources": int(music.loc[music["trust"] != "G", "source"].nunique()),
            "other_sounds": int((whole["trust"] == "N").sum()),
            "recipe": NUMBER,
            "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
        },
    }


def _gtzan_alone(
    heard: Heard, dataset: gtzan.Gtzan, calibration: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Judge the head that learns from GTZAN alone."""
    name = f"{NAME}-gtzan"
    inner = judging.on_gtzan(
        heard, dataset, RECIPE, model=name, outside=False, calibration=calibration
    )
    head = heads.fit(heard, np.isin(heard.column("trust"), ["G", "N"]), RECIPE)
    vectors = heard.vectors(head, np.ones(len(heard.rows), dtype=bool))
    scored = head.scores(vectors), head.distances(vectors)
    rows = judging.outside_rows(heard, scored, model=name, protocol="released")
    return inner, outside.nested(*rows)


def _fused(inner: pd.DataFrame, results: Path) -> pd.DataFrame:
    """Add a little of the best model from scratch, where it was judged by the same folds."""
    stored = pd.read_parquet(results / "model_predictions.parquet")
    chosen = (stored["model"] == "extended") & (stored["protocol"] == "artist-grouped")
    other = stored[chosen].set_index("track")[PROBABILITY_COLUMNS]
    rows = inner[inner["protocol"] == "artist-grouped"].reset_index(drop=True)
    own = rows[PROBABILITY_COLUMNS].to_numpy(np.float64)
    logs = np.log(own) + _FUSED * np.log(other.loc[rows["track"]].to_numpy(np.float64) + 1e-6)
    values = np.exp(logs - logs.max(axis=1, keepdims=True))
    out = rows.assign(model=f"{NAME}+extended")
    out[PROBABILITY_COLUMNS] = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
    return out


def far_sounds(
    heard: Heard, outer: NDArray[np.float64], inner: pd.DataFrame
) -> dict[str, dict[str, float]]:
    """Return how often sounds are called out of the distribution by heads that had not met them.

    Parameters
    ----------
    heard : Heard
    outer : ndarray of shape (rows,)
        Distances of music from outside, its source left out.
    inner : DataFrame
        Predictions about GTZAN's clips, artists left out.

    Returns
    -------
    dict of str to dict
        ``share`` and ``n`` of whole sounds, by kind. A kind of sound that is no music is judged by
        a head that has met no sound of that kind, nor of one made of it: speech with noise or
        reverberation for speech, any noise for noise.
    """
    found = {}
    trust, kinds, excerpt = (heard.rows[n].to_numpy() for n in ("trust", "source", "excerpt"))
    for length in (0, 10, 3):
        rows = np.isin(trust.astype(str), ["A", "B"]) & (excerpt == length)
        name = "music from outside" + (f", {length} s" if length else "")
        found[name] = _share(outer[rows] > 1)
    for protocol, name in (("artist-grouped", ""), ("artist-grouped-3s", ", 3 s")):
        far = inner.loc[inner["protocol"] == protocol, "distance"].to_numpy() > 1
        found[f"GTZAN{name}"] = _share(far)
    related = {"speech": {"speech-noise", "speech-reverb"}, "noise": {"noise", noises.KIND}}
    for kind in sorted(set(kinds[trust == "N"])):
        family = "noise" if kind in related["noise"] else str(kind).partition("-")[0]
        alike = {kind, *related.get(family, ())}
        left = (trust == "N") & np.isin(kinds.astype(str), list(alike))
        head = heads.fit(
            heard, (trust != "C") & ~left, replace(RECIPE, regression=0.0, discriminant=0.0)
        )
        for length, end in ((0, ""), (3, ", 3 s")):
            rows = (kinds == kind) & (trust == "N") & (excerpt == length)
            found[f"{kind}{end}"] = _share(head.distances(heard.vectors(head, rows)) > 1)
    return found


def _share(far: NDArray[np.bool_]) -> dict[str, float]:
    return {"share": float(far.mean()), "n": int(far.size)}


# -- other heads --------------------------------------------------------------------------


def _compared(
    heard: Heard,
    dataset: gtzan.Gtzan,
    calibration: Any,
    predictions: pd.DataFrame,
    outer: pd.DataFrame,
    released: pd.DataFrame,
    tell: Progress,
) -> pd.DataFrame:
    """Judge every head by artists of GTZAN and by sources from outside."""
    rows = []

    def add(head: str, protocol: str, table: pd.DataFrame) -> None:
        found = judging.summarise(table)
        del found["log_loss"]  # their temperatures are not their own under every protocol
        rows.append({"head": head, "protocol": protocol, **found})

    def whole(table: pd.DataFrame) -> pd.DataFrame:
        return table[(table["excerpt"] == 0) & table["trust"].isin(["A", "B"])]

    grouped = predictions[predictions["protocol"] == "artist-grouped"]
    for name, table in grouped.groupby("model", sort=False):
        add(str(name), "artist-grouped", table)
    add(NAME, judging.LEAVE_ONE_OUT, whole(outer))
    add(f"{NAME}-gtzan", judging.LEAVE_ONE_OUT, whole(released))
    for name, recipe in HEAD_RECIPES.items():
        if name == NAME:
            continue
        tell(name)
        seen = heard
        if name == "tags alone":
            logits = tag_logits(heard.mean)
            seen = Heard(heard.rows, logits, np.ones_like(logits))
        table = judging.on_gtzan(
            seen, dataset, recipe, model=name, outside=True, calibration=calibration,
            protocols=["artist-grouped"],
        )  # fmt: skip
        add(name, "artist-grouped", table)
        scored = judging.leave_sources_out(seen, recipe)
        judged = judging.outside_rows(seen, scored, model=name, protocol=judging.LEAVE_ONE_OUT)
        add(name, judging.LEAVE_ONE_OUT, whole(outside.nested(*judged)))
    return pd.DataFrame(rows)
