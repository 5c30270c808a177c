"""What the step from the artist-grouped folds to the fault-filtered split is made of.

That step changes four things at once: other tracks are tested, the clips that the split leaves out
are not learned from, fewer tracks are learned from, and those are other tracks. Here they change
one after the other. What is measured is stored per track (``decomposition_tracks.parquet``), and
the table of the report follows from it by `summarise`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import files
from audionome.lab import estimators
from audionome.lab.compare import Difference, accuracy_difference, paired_difference, verdicts
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.studies import _fits

__all__ = ["RECIPE", "STEPS", "outcomes", "stamp", "summarise"]

#: Raise it when a change to how the study splits, draws, fits or counts changes its table, and run
#: ``audionome lab analyse --studies decomposition`` again.
RECIPE = 1

MODELS = (("svc", "study"), ("logistic", "study"), ("lda", "tuned"))
#: Random training sets for each fold.
DRAWS = 10
_SEED = 0

#: What changes from step to step; together they are the rung.
STEPS = ("tested", "listed", "size", "choice")


def stamp() -> dict[str, Any]:
    """Return what the study is made of.

    Returns
    -------
    dict
        The number of its recipe, its models and its parameters.
    """
    made: dict[str, Any] = {"recipe": RECIPE, "models": {}, "draws": DRAWS}
    for chosen in MODELS:
        made["models"] |= _fits.settings(*chosen)
    return made


def outcomes(
    rows: pd.DataFrame,
    *,
    models: Sequence[tuple[str, str]] = MODELS,
    draws: int = DRAWS,
    folder: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Train on five kinds of training sets, and classify tracks of other artists.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.crossval.evaluation_rows`.
    models : sequence of (str, str)
        Models and variants; tuned ones are tuned on each training set.
    draws : int
        How often a training set that is drawn at random is drawn.
    folder : Path, optional
        Finished folds are kept there, in ``.unfinished-decomposition``, until all are done.
    progress : callable, optional
        Called with (folds done, folds in all).

    Returns
    -------
    DataFrame
        One row per model, training set and tested track: ``model``, ``variant``, ``training``,
        ``fold`` (-1 for the published split), ``track``, ``artist``, ``right`` (of so many
        ``draws``) and ``n_train``, the number of tracks that were learned from. ``training`` is

        - ``"whole"``: the training part of an artist-grouped fold;
        - ``"thinned"``: as many tracks of it, drawn at random, as the next one has;
        - ``"unlisted"``: those of its tracks that the published split does not leave out;
        - ``"small"``: as many tracks of that, drawn at random, as the next one has;
        - ``"published"``: the training part of the fault-filtered split.

        The first tests every track of its fold, the others the test part of the published split.
    """
    parts = None if folder is None else files.Parts(folder / ".unfinished-decomposition")
    data = _fits.Rows.of(rows)
    grouped = PROTOCOLS[_fits.PROTOCOL]
    genres = rows["genre"].to_numpy(dtype=str)
    folds = [(f.train, f.test) for f in grouped.parts(rows, genres, grouped.groups_of(rows))]
    split = rows["fault_filtered"].to_numpy(dtype=str)
    published = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
    todo = [(m, v, k) for m, v in models for k in range(-1, len(folds))]
    values = hashlib.sha256(data.X.tobytes()).hexdigest()
    tables = []
    for done, (model, variant, k) in enumerate(todo, 1):
        made_of = json.dumps([RECIPE, _fits.settings(model, variant), draws, values])
        digest = hashlib.sha256(made_of.encode()).hexdigest()[:12]
        path = parts and parts.folder / f"part-{digest}-{model}-{variant}-{k}.parquet"
        if path and path.is_file():
            table = pd.read_parquet(path)
        else:
            sets = (
                [("published", *published)]
                if k < 0
                else _training_sets(data, split, *folds[k], fold=k, draws=draws)
            )
            table = _tried(data, model, variant, sets).assign(fold=k)
            if path:
                with files.written_whole(path) as unfinished:
                    table.to_parquet(unfinished, index=False)
        tables.append(table)
        if progress is not None:
            progress(done, len(todo))
    if parts is not None:
        parts.remove()
    table = pd.concat(tables, ignore_index=True)
    table["artist"] = data.artists.loc[table["track"]].to_numpy()
    keys = ["model", "variant", "training", "fold", "track", "artist"]
    found = table.groupby(keys, sort=False, as_index=False).agg(
        right=("correct", "sum"), draws=("correct", "size"), n_train=("n_train", "mean")
    )
    return found.astype({"n_train": int})


_Set = tuple[str, NDArray[np.intp], NDArray[np.intp]]


def _training_sets(
    data: _fits.Rows,
    split: NDArray[np.str_],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    *,
    fold: int,
    draws: int,
) -> Iterator[_Set]:
    """Yield the name of each training set of a fold, its rows, and the rows that are tested."""
    rng = np.random.default_rng([_SEED, fold])

    def some(pool: NDArray[np.intp], n: int) -> NDArray[np.intp]:
        names = rng.choice(np.unique(data.tracks[pool]), n, replace=False)
        return pool[np.isin(data.tracks[pool], names)]

    def size(pool: NDArray[np.intp]) -> int:
        return int(np.unique(data.tracks[pool]).size)

    kept = train[split[train] != ""]
    tested = test[split[test] == "test"]
    fewest = size(np.flatnonzero(split == "train"))
    yield "whole", train, test
    yield "unlisted", kept, tested
    for _ in range(draws):
        yield "thinned", some(train, size(kept)), tested
        yield "small", some(kept, fewest), tested


def _tried(
    data: _fits.Rows, model: str, variant: str, sets: Iterator[_Set] | Sequence[_Set]
) -> pd.DataFrame:
    """Fit a model on each training set, and return which tracks it gets right."""
    spec = estimators.MODELS[model]
    tables = []
    for name, train, test in sets:
        if not test.size:
            continue  # a fold without any track of the published test part
        X, y = data.X[train], data.genres[train]
        chosen = {}
        if variant == "tuned":
            artists = data.artists.loc[pd.Index(data.tracks[train])].to_numpy()
            chosen = estimators.tune(spec, X, y, artists)
        fitted = spec.make(variant).set_params(**chosen).fit(X, y)
        right = _fits.correct(fitted, data.X[test], data.genres[test], data.tracks[test])
        table = {"model": model, "variant": variant, "training": name, "track": right.index}
        table |= {"correct": right.to_numpy()}
        tables.append(pd.DataFrame(table).assign(n_train=np.unique(data.tracks[train]).size))
    return pd.concat(tables, ignore_index=True)


def summarise(found: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy per track that each step costs.

    Parameters
    ----------
    found : DataFrame
        From `outcomes`.

    Returns
    -------
    DataFrame
        One row per model and step: ``model``, ``variant``, ``step``, ``before`` and ``after``
        (numbers of training tracks, means over folds), ``cost`` (share of tracks) with its 95 %
        interval ``low`` and ``high`` over artists, and ``verdict``: what the model is before the
        step, set beside itself after it; all rows are one family. The steps of `STEPS` add up to
        the last one, ``"all"``.

        - ``"tested"``: the same models are asked about the test tracks of the published split
          alone;
        - ``"listed"``: the clips that the split leaves out are not learned from, other tracks
          being left out in exchange before;
        - ``"size"``: as many tracks are learned from as the published split has, drawn at random;
        - ``"choice"``: the training tracks of the published split are learned from.
    """
    out: list[dict[str, Any]] = []
    steps: list[Difference] = []
    for (model, variant), rows in found.groupby(["model", "variant"], sort=False, observed=True):
        tables = {
            str(name): part.set_index("track").sort_index()
            for name, part in rows.groupby("training", observed=True)
        }
        share = {name: part["right"] / part["draws"] for name, part in tables.items()}
        size = {name: float(part["n_train"].mean()) for name, part in tables.items()}
        whole, last = tables["whole"], tables["published"]
        same = share["whole"].loc[last.index]
        shorter = {
            "listed": share["thinned"] - share["unlisted"],
            "size": same - share["thinned"] + share["unlisted"] - share["small"],
            "choice": share["small"] - share["published"],
        }
        paired = {
            step: paired_difference(cost, np.zeros(len(cost)), last["artist"])
            for step, cost in shorter.items()
        }
        unpaired = {
            step: accuracy_difference(share["whole"], whole["artist"], after, last["artist"])
            for step, after in (("tested", same), ("all", share["published"]))
        }
        sizes = {
            "tested": ("whole", "whole"),
            "listed": ("thinned", "unlisted"),
            "size": ("whole", "small"),
            "choice": ("small", "published"),
            "all": ("whole", "published"),
        }
        for step, (before, after) in sizes.items():
            steps.append((paired | unpaired)[step])
            out.append({"model": str(model), "variant": str(variant), "step": step,
                        "before": size[before], "after": size[after]})  # fmt: skip
    for row, v in zip(out, verdicts(steps), strict=True):
        row |= {"cost": v.interval.estimate, "low": v.interval.low, "high": v.interval.high,
                "n": v.interval.n, "artists": v.interval.clusters, "verdict": v.word}  # fmt: skip
    return pd.DataFrame(out)
