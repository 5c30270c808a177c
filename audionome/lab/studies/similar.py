"""Which numbers of the ear find the best neighbours: the study behind the index of a collection.

Conventions
-----------
Two sets of clips are looked at, each on its own: GTZAN ("gtzan"), and music from outside it with
labels that can be trusted ("outside"). Scales and axes are set on the other of the two, so that
neither set helps to measure itself. The measure is the share of a clip's ten nearest, by other
artists only, that have its genre, with the 95 % interval over artists.

A *vector* is what an index would hold of each track. Every one is compared with the *reference*,
the one with the largest mean of the two shares, on the same clips; the verdicts of a study are
corrected together (`audionome.lab.compare`). *Chosen* is the shortest vector whose loss against the
reference is `MARGIN` at most on both sets, with 95 % confidence: "cannot be told apart" alone would
reward a wide interval. Indexes that exist already are compared with the chosen one on GTZAN;
their scales were set on the very clips.

``data/results/similar.json`` holds it all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import files
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.lab import model_card
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import Difference, paired_difference, verdicts
from audionome.lab.ear.clips import TABLE
from audionome.lab.store import StaleResultsError, missing
from audionome.models import head
from audionome.models.neighbors import principal_axes

__all__ = [
    "MARGIN",
    "NEAREST",
    "SETS",
    "VECTORS",
    "Vector",
    "load",
    "measure",
    "precision",
    "study",
    "write",
]

#: Share of the neighbours that a shorter vector may lose.
MARGIN = 0.01
#: Neighbours that are counted.
NEAREST = 10
#: Changes when the same clips would give other numbers.
RECIPE = 1
#: The sets, and the trust that the labels of their clips deserve.
SETS = {"gtzan": frozenset("G"), "outside": frozenset("AB")}
_FILE = "similar.json"
_DIGITS = 5
_COMMAND = "audionome lab similar"

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Vector:
    """One way to sum up a track.

    Attributes
    ----------
    words : str
    numbers : int
        Of a track.
    of : callable
        Takes the rows to be summed up and the rows that scales and axes are set on, both of shape
        (n, 2 e): the mean of the embedding, then its spread.
    euclidean : bool
        Near are those of the least distance, not of the largest cosine.
    """

    words: str
    numbers: int
    of: Callable[[Rows, Rows], Rows]
    euclidean: bool = False


def _mean(rows: Rows) -> Rows:
    return rows[:, : rows.shape[1] // 2]


def _scaled(rows: Rows, set_on: Rows) -> Rows:
    return np.asarray((rows - set_on.mean(axis=0)) / np.maximum(set_on.std(axis=0), 1e-12))


def _axes(rows: Rows, set_on: Rows, n: int, *, whiten: bool = False) -> Rows:
    fitted = _scaled(set_on, set_on)
    axes = principal_axes(fitted, n)
    if whiten:
        axes = axes / np.maximum((fitted @ axes).std(axis=0), 1e-12)
    return np.asarray(_scaled(rows, set_on) @ axes)


def _on_axes(n: int, *, mean: bool = False, whiten: bool = False) -> Vector:
    """Return the vector of a track's places on the axes of largest variance."""
    what = "mean" if mean else "mean and spread"
    words = f"{what}, {n} principal axes{', each of variance 1' if whiten else ''}"
    part: Callable[[Rows], Rows] = _mean if mean else np.asarray
    return Vector(words, n, lambda rows, set_on: _axes(part(rows), part(set_on), n, whiten=whiten))


#: By their names in the results.
VECTORS: dict[str, Vector] = {
    "raw mean": Vector("mean", 200, lambda rows, _: _mean(rows)),
    "mean": Vector("mean, standardised", 200, lambda rows, on: _scaled(_mean(rows), _mean(on))),
    "mean and spread": Vector("mean and spread, standardised", 400, _scaled),
    "euclidean": Vector("mean and spread, standardised; by distance", 400, _scaled, euclidean=True),
    "mean 48": _on_axes(48, mean=True),
    **{f"axes {n}": _on_axes(n) for n in (8, 16, 32, 48, 96)},
    "white 48": _on_axes(48, whiten=True),
}


def precision(
    vectors: Rows, genres: NDArray[Any], artists: NDArray[Any], *, euclidean: bool = False
) -> NDArray[np.float64]:
    """Measure which share of each clip's nearest by other artists has its genre.

    Parameters
    ----------
    vectors : ndarray of shape (n, d)
    genres, artists : ndarray of shape (n,)
    euclidean : bool
        See `Vector`.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1].

    Examples
    --------
    >>> near, far = [1.0, 0.0], [0.0, 1.0]
    >>> precision(np.array([near, near, far] * 10), np.array(["a", "a", "b"] * 10),
    ...           np.arange(30)).tolist()[:3]
    [1.0, 1.0, 0.9]
    """
    if euclidean:
        squares = (vectors**2).sum(axis=1)
        alike = 2 * vectors @ vectors.T - squares[:, None] - squares[None, :]
    else:
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        alike = unit @ unit.T
    alike[artists[:, None] == artists[None, :]] = -np.inf
    near = np.argsort(-alike, axis=1, kind="stable")[:, :NEAREST]
    return np.asarray(np.mean(genres[near] == genres[:, None], axis=1))


def study(*, folder: Path | None = None) -> dict[str, Any]:
    """Judge every vector, choose one, and set the existing indexes beside it.

    Parameters
    ----------
    folder : Path, optional
        Of the data. Default: what ships.

    Returns
    -------
    dict
        ``reference`` and ``chosen``, names of `VECTORS`; ``vectors`` and ``existing``, records: see
        `load`.
    """
    table = _clips(folder)
    each = {
        (name, place): measure(table, vector, place)
        for name, vector in VECTORS.items()
        for place in SETS
    }
    mean = {name: np.mean([each[name, place].mean() for place in SETS]) for name in VECTORS}
    reference = max(mean, key=lambda name: mean[name])
    artists = {place: _of(table, place)["artist"].to_numpy() for place in SETS}
    keys = [key for key in each if key[0] != reference]
    found = [paired_difference(each[key], each[reference, key[1]], artists[key[1]]) for key in keys]
    judged = dict(zip(keys, _told(found), strict=True))
    losing = {name for (name, _), told in judged.items() if told["difference_low"] < -MARGIN}
    chosen = min(
        (name for name in VECTORS if name not in losing),
        key=lambda name: (VECTORS[name].numbers, -mean[name]),
    )
    rows = [
        {
            "vector": name,
            "words": VECTORS[name].words,
            "numbers": VECTORS[name].numbers,
            "set": place,
            **_interval(values, artists[place]),
            "chance": round(_chance(_of(table, place)), _DIGITS),
            **judged.get((name, place), {}),
        }
        for (name, place), values in each.items()
    ]
    own = pd.Series(each[chosen, "gtzan"], index=_of(table, "gtzan")["clip"].to_numpy())
    return {"reference": reference, "chosen": chosen, "vectors": rows, "existing": _existing(own)}


def measure(table: pd.DataFrame, vector: Vector, place: str) -> NDArray[np.float64]:
    """Measure a vector on the clips of a set, with scales and axes of the other.

    Parameters
    ----------
    table : DataFrame
        Clips of all sets, as in ``ear_clips.parquet``.
    vector : Vector
    place : str
        Name of the set.

    Returns
    -------
    ndarray of shape (clips of the set,)
        See `precision`.
    """
    other = next(name for name in SETS if name != place)
    here = _of(table, place)
    vectors = vector.of(_numbers(here), _numbers(_of(table, other)))
    genres, artists = here["genre"].to_numpy(dtype=str), here["artist"].to_numpy()
    return precision(vectors, genres, artists, euclidean=vector.euclidean)


def _clips(folder: Path | None = None) -> pd.DataFrame:
    """Return the whole clips, their spread drawn towards the usual one as the head does."""
    table = pd.read_parquet((folder or data_path()) / "research" / TABLE)
    table = table[(table["excerpt"] == 0).to_numpy(dtype=bool)].reset_index(drop=True)
    spread = [name for name in table.columns if name[0] == "s" and name[1:].isdigit()]
    steady = head.read(data_path("models"), "ear").head.steady(
        table[spread].to_numpy(np.float64), table["windows"].to_numpy()
    )
    return table.astype(dict.fromkeys(spread, np.float64)).assign(
        **dict(zip(spread, steady.T, strict=True))
    )


def _of(table: pd.DataFrame, place: str) -> pd.DataFrame:
    return table[table["trust"].isin(SETS[place]).to_numpy(dtype=bool)]


def _numbers(table: pd.DataFrame) -> Rows:
    names = [name for name in table.columns if name[0] in "ms" and name[1:].isdigit()]
    return table[names].to_numpy(np.float64)


def _interval(values: NDArray[np.float64], artists: NDArray[Any]) -> dict[str, Any]:
    found = mean_interval(values, artists)
    return {
        "precision": round(found.estimate, _DIGITS),
        "low": round(found.low, _DIGITS),
        "high": round(found.high, _DIGITS),
        "n": found.n,
        "artists": found.clusters,
    }


def _told(found: list[Difference]) -> list[dict[str, Any]]:
    return [
        {
            "difference": round(verdict.interval.estimate, _DIGITS),
            "difference_low": round(verdict.interval.low, _DIGITS),
            "difference_high": round(verdict.interval.high, _DIGITS),
            "verdict": verdict.word,
        }
        for verdict in verdicts(found)
    ]


def _chance(rows: pd.DataFrame) -> float:
    """Return the share of the genre among clips that are drawn blindly from other artists."""
    genres, artists = rows["genre"].to_numpy(dtype=str), rows["artist"].to_numpy()
    allowed = artists[:, None] != artists[None, :]
    same = (genres[:, None] == genres[None, :]) & allowed
    return float(np.mean(same.sum(axis=1) / allowed.sum(axis=1)))


def _existing(own: pd.Series) -> list[dict[str, Any]]:
    """Set the indexes of the released models, and of plain features, beside the chosen vector."""
    indexes = model_card.indexes(model_card.load(), gtzan.load().windows)
    each = {name: index.precision(NEAREST) for name, index in indexes.items()}
    artists = {name: index.artists for name, index in indexes.items()}
    found = [
        paired_difference(
            own.loc[indexes[name].tracks.astype(str)].to_numpy(), values, artists[name]
        )
        for name, values in each.items()
    ]
    return [
        {
            "index": name,
            "numbers": indexes[name].vectors.shape[1],
            **_interval(values, artists[name]),
            **told,
        }
        for (name, values), told in zip(each.items(), _told(found), strict=True)
    ]


def write(folder: Path) -> dict[str, Any]:
    """Study, and write ``similar.json``.

    Parameters
    ----------
    folder : Path
        Of the results.

    Returns
    -------
    dict
        As from `study`.
    """
    found = study()
    record = {
        "recipe": RECIPE,
        "sources": _sources(),
        "nearest": NEAREST,
        "margin": MARGIN,
        **found,
    }
    files.write_text(folder / _FILE, json.dumps(record, indent=1) + "\n")
    return found


def load(*, folder: Path | None = None) -> dict[str, Any]:
    """Load what was found.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/results``.

    Returns
    -------
    dict
        ``nearest``, ``margin``; ``reference`` and ``chosen``, names of `VECTORS`; two tables.
        ``vectors``: a row per vector and set: ``vector``, ``words``, ``numbers`` of a track,
        ``set``, ``precision``, ``low``, ``high``, ``n``, ``artists``, ``chance``, and beside the
        reference ``difference``, ``difference_low``, ``difference_high`` and ``verdict`` (missing
        for the reference). ``existing``: the same of indexes on GTZAN, ``index`` instead of
        ``vector``; the difference is that of the chosen vector to each.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If it is missing, or of other clips or another recipe.
    """
    path = (folder or data_path("results")) / _FILE
    if not path.is_file():
        raise missing(path, _COMMAND)
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if (record.get("recipe"), record.get("sources")) != (RECIPE, _sources()):
        raise StaleResultsError(
            f"{path} is of other clips or of another recipe; run `{_COMMAND}` to renew it."
        )
    return record | {key: pd.DataFrame(record[key]) for key in ("vectors", "existing")}


def _sources() -> dict[str, str]:
    paths = [data_path("research", TABLE), data_path("models", "ear.npz")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in paths}
