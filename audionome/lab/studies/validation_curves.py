"""How one hyperparameter after another changes a model: validation curves on two kinds of split.

``python -m audionome.lab.studies.validation_curves`` fits the source study's models on the windows
of the committed table, with one hyperparameter changed at a time, and writes
``data/research/validation_curves.parquet``; the report reads that file. It takes half an hour of
one core, most of it for gradient boosting, and goes on where it stopped.

Every setting is judged in five folds on windows that were split at random, as the source study
does, and on windows of artists that were not learned from. Support vector machines and forests get
every second window; gradient boosting gets every fifth, three folds, and for each split a random
choice of features.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome._paths import data_path, output_path
from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.files import require_output_folder, written_whole
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import Difference, Verdict, paired_difference, verdicts
from audionome.lab.estimators import MODELS

__all__ = [
    "CURVES",
    "SPLITS",
    "Curve",
    "accuracy",
    "compare",
    "differences",
    "gap",
    "load",
    "measure",
    "summarise",
]

#: How windows are split: what the table calls it, and what a reader does.
SPLITS = {"random": "new windows of the same songs", "artist": "windows of other artists"}
_FILE = "validation_curves.parquet"
_SEED = 0


@dataclass(frozen=True)
class Curve:
    """One hyperparameter of a model and the settings that are tried.

    Attributes
    ----------
    model : str
        A name in `audionome.lab.estimators.MODELS`.
    parameter : str
        Its name in scikit-learn.
    settings : tuple
        In order; the study's is among them.
    also : dict
        What else differs from the study's settings.
    every, folds : int
        Take every so many windows, and so many folds.
    """

    model: str
    parameter: str
    settings: tuple[Any, ...]
    also: Mapping[str, Any] = field(default_factory=dict)
    every: int = 1
    folds: int = 5

    @property
    def name(self) -> str:
        """What tells it from the others."""
        words = "".join(f", {key} {value}" for key, value in self.also.items())
        return f"{self.model} {self.parameter}{words}"

    @property
    def study(self) -> Any:
        """The study's setting, or scikit-learn's default where it names none."""
        return MODELS[self.model].make("study")[-1].get_params()[self.parameter]

    def changes(self, value: Any) -> dict[str, Any]:
        """Return what differs from the study's settings at one value."""
        return {**self.also, self.parameter: value}


# What takes long gets fewer windows: those of a track say nearly the same.
_HALF: dict[str, Any] = {"every": 2}
_FIFTH: dict[str, Any] = {"every": 5, "folds": 3}
# Without it a split looks at all 57 features, and takes six times as long.
_FEW: dict[str, Any] = {"max_features": "sqrt"}

#: Every hyperparameter that the source study names and whose values change the answers.
CURVES: tuple[Curve, ...] = (
    Curve("logistic", "C", (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0)),
    Curve("logistic", "l1_ratio", (0.0, 0.5, 1.0), {"solver": "saga", "C": 0.1}, every=3),
    Curve("sgd", "loss", ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron",
                          "squared_error")),
    Curve("sgd", "penalty", ("l2", "l1", "elasticnet", None)),
    Curve("sgd", "learning_rate", ("constant", "optimal", "invscaling", "adaptive")),
    Curve("sgd", "eta0", (0.0001, 0.001, 0.01, 0.1, 1.0)),
    Curve("sgd", "alpha", (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)),
    Curve("svc", "C", (0.01, 0.1, 1.0, 10, 100.0, 1000.0), **_HALF),
    Curve("svc", "gamma", (0.0001, 0.001, 0.004, "scale", 0.05, 0.2, 1.0), **_HALF),
    Curve("svc", "kernel", ("linear", "poly", "rbf", "sigmoid"), **_HALF),
    Curve("knn", "n_neighbors", (1, 3, 6, 15, 31, 61, 121, 301)),
    Curve("knn", "weights", ("uniform", "distance")),
    Curve("tree", "max_depth", (1, 2, 4, 6, 8, 10, 15, None)),
    Curve("tree", "min_samples_split", (2, 10, 30, 100, 300, 1000)),
    Curve("tree", "criterion", ("gini", "entropy", "log_loss")),
    Curve("forest", "n_estimators", (1, 3, 10, 30, 81, 300), **_HALF),
    Curve("forest", "max_depth", (1, 2, 4, 6, 10, 15, None), **_HALF),
    Curve("forest", "min_samples_split", (2, 10, 30, 100, 300, 1000), **_HALF),
    Curve("boosting", "n_estimators", (1, 10, 30, 100, 300), _FEW, **_FIFTH),
    Curve("boosting", "learning_rate", (0.05, 0.2, 1.0), {"n_estimators": 30, **_FEW}, **_FIFTH),
    Curve("boosting", "learning_rate", (0.05, 0.2, 1.0), _FEW, **_FIFTH),
)  # fmt: skip


def measure(
    curve: Curve, data: gtzan.Gtzan, known: dict[str, pd.DataFrame] | None = None
) -> pd.DataFrame:
    """Fit a model at every value of a curve, on both kinds of split.

    Parameters
    ----------
    curve : Curve
    data : audionome.datasets.gtzan.Gtzan
        The windows.
    known : dict, optional
        What was measured before, which is not measured again; it grows.

    Returns
    -------
    DataFrame
        ``curve``, ``value`` (as JSON), ``split``, ``part`` ("train" or "test"), ``artist`` (-1:
        all together), ``right`` and ``n``: how many of the windows were classified rightly, in all
        folds together.
    """
    known = {} if known is None else known
    found = []
    for value in curve.settings:
        whole = {**_study(curve.model), **curve.changes(value)}
        key = json.dumps([curve.model, curve.every, curve.folds, whole], sort_keys=True)
        if key not in known:
            known[key] = pd.concat(_judged(curve, value, data))
        found.append(known[key].assign(curve=curve.name, value=json.dumps(value)))
    columns = ["curve", "value", "split", "part", "artist", "right", "n"]
    return pd.concat(found, ignore_index=True)[columns]


def _study(model: str) -> dict[str, Any]:
    parameters: dict[str, Any] = MODELS[model].make("study")[-1].get_params()
    return parameters


def _judged(curve: Curve, value: Any, data: gtzan.Gtzan) -> Iterator[pd.DataFrame]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_validate

    rows = data.windows.iloc[:: curve.every]
    X = rows[list(COLUMNS)].to_numpy(np.float64)
    y = rows["genre"].to_numpy(dtype=str)
    artist = data.tracks.set_index("track")["artist"].loc[rows["track"]].to_numpy(np.int64)
    model = MODELS[curve.model].make("study")
    model.set_params(**{f"classify__{k}": v for k, v in curve.changes(value).items()})
    options = {"n_splits": curve.folds, "shuffle": True, "random_state": _SEED}
    splitters = {"random": StratifiedKFold(**options), "artist": StratifiedGroupKFold(**options)}
    for split, splitter in splitters.items():
        with warnings.catch_warnings():
            # A learning rate that never settles is part of what a curve shows.
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = cross_validate(
                model,
                X,
                y,
                groups=artist if split == "artist" else None,
                cv=splitter,
                return_estimator=True,
                return_indices=True,
            )
        for part in ("train", "test"):
            folds = list(fitted["indices"][part])
            right = np.concatenate(
                [e.predict(X[i]) == y[i] for e, i in zip(fitted["estimator"], folds, strict=True)]
            )
            table = pd.DataFrame({"artist": artist[np.concatenate(folds)], "right": right})
            if part == "train":
                table["artist"] = -1
            counts = table.groupby("artist")["right"].agg(right="sum", n="size").reset_index()
            yield counts.assign(split=split, part=part)


def summarise(found: pd.DataFrame, curves: Sequence[Curve] = CURVES) -> pd.DataFrame:
    """Return the accuracy at every value of every curve, with intervals over artists.

    Parameters
    ----------
    found : DataFrame
        From `measure`.
    curves : sequence of Curve
        Those that are wanted; one that was not measured is left out.

    Returns
    -------
    DataFrame
        One row per curve, value and split, in order: ``curve``, ``model``, ``parameter``,
        ``value``, ``split``, ``train`` and ``test`` (accuracy per window), ``low`` and ``high``
        (95 % interval of ``test``), ``is_study`` (whether it is the study's setting), ``verdict``
        of ``test`` set beside the study's setting; the values of a curve are one family.
    """
    out = []
    for curve in curves:
        mine = found[found["curve"] == curve.name]
        if mine.empty:
            continue
        for split in SPLITS:
            rows = mine[mine["split"] == split]
            out += _along(curve, split, rows)
    return pd.DataFrame(out)


def _along(curve: Curve, split: str, rows: pd.DataFrame) -> list[dict[str, Any]]:
    right, names = {}, {}
    out = []
    for value in curve.settings:
        part = rows[rows["value"] == json.dumps(value)]
        train = part[part["part"] == "train"]
        right[value], names[value] = _hits(part)
        i = mean_interval(right[value], names[value])
        out.append({"curve": curve.name, "model": curve.model, "parameter": curve.parameter,
                    "value": value, "split": split,
                    "train": float(train["right"].sum() / train["n"].sum()),
                    "test": i.estimate, "low": i.low, "high": i.high,
                    "is_study": value == curve.study, "verdict": ""})  # fmt: skip
    others = [row for row in out if not row["is_study"]]
    study = curve.study
    family = verdicts(
        [paired_difference(right[row["value"]], right[study], names[study]) for row in others]
    )
    for row, judged in zip(others, family, strict=True):
        row["verdict"] = judged.word
    return out


def accuracy(
    found: pd.DataFrame, curve: str, setting: str, *, part: str = "test", split: str = "artist"
) -> float:
    """Return the accuracy per window of one setting.

    Parameters
    ----------
    found : DataFrame
        From `measure`.
    curve, setting : str
        Name of a curve, and the setting as a text.
    part : {"train", "test"}
    split : str
        A name in `SPLITS`.

    Returns
    -------
    float
    """
    rows = _rows(found, curve, setting, split)
    rows = rows[rows["part"] == part]
    return float(rows["right"].sum() / rows["n"].sum())


def gap(found: pd.DataFrame, curve: str, setting: str, *, split: str = "artist") -> float:
    """Return by how much accuracy on training windows exceeds that on tested ones.

    Parameters
    ----------
    found : DataFrame
        From `measure`.
    curve, setting : str
        Name of a curve, and the setting as a text.
    split : str
        A name in `SPLITS`.

    Returns
    -------
    float
    """
    train, test = (
        accuracy(found, curve, setting, part=part, split=split) for part in ("train", "test")
    )
    return train - test


def differences(
    found: pd.DataFrame,
    pairs: Sequence[tuple[str, str, str]],
    *,
    of: Literal["test", "gap"] = "test",
    split: str = "artist",
) -> list[Difference]:
    """Set one setting beside another on the same windows.

    Parameters
    ----------
    found : DataFrame
        From `measure`.
    pairs : sequence of (str, str, str)
        Name of a curve, and two of its settings as texts.
    of : {"test", "gap"}
        Accuracy on the tested windows, or the gap between that on training windows, which is taken
        as it is, and that on the tested ones.
    split : str
        A name in `SPLITS`.

    Returns
    -------
    list of Difference
        First setting minus second, in the order given.
    """
    out = []
    for curve, *settings in pairs:
        (a, artists), (b, _) = (_hits(_rows(found, curve, s, split)) for s in settings)
        if of == "test":
            out.append(paired_difference(a, b, artists))
            continue
        known = [accuracy(found, curve, s, part="train", split=split) for s in settings]
        out.append(paired_difference(known[0] - a, known[1] - b, artists))
    return out


def compare(
    found: pd.DataFrame, pairs: Sequence[tuple[str, str, str]], *, split: str = "artist"
) -> list[Verdict]:
    """Judge one setting beside another on the same windows, all pairs as one family.

    Parameters
    ----------
    found : DataFrame
        From `measure`.
    pairs : sequence of (str, str, str)
        Name of a curve, and two of its settings as texts.
    split : str
        A name in `SPLITS`.

    Returns
    -------
    list of Verdict
        Of the first setting, in the order given.
    """
    return verdicts(differences(found, pairs, split=split))


def _rows(found: pd.DataFrame, curve: str, setting: str, split: str) -> pd.DataFrame:
    values = {json.dumps(v) for one in CURVES for v in one.settings if str(v) == setting}
    chosen = (found["curve"] == curve) & (found["split"] == split) & found["value"].isin(values)
    if not chosen.any():
        raise KeyError(f"{curve}: no setting {setting}")
    return found[chosen]


def _hits(rows: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return one entry per tested window again, as the intervals want it, and its artist."""
    test = rows[rows["part"] == "test"].sort_values("artist")
    n = test["n"].to_numpy()
    hits = [np.arange(m) < k for k, m in zip(test["right"], n, strict=True)]
    return np.concatenate(hits), np.repeat(test["artist"].to_numpy(), n)


def load() -> pd.DataFrame:
    """Read what `measure` found.

    Returns
    -------
    DataFrame
    """
    table = pd.read_parquet(data_path("research", _FILE))
    return table.astype(dict.fromkeys(table.select_dtypes("category"), str))


def main(folder: Path | None = None) -> None:
    """Measure every curve that is not stored yet, and store each."""
    out = output_path("research", out=folder)
    require_output_folder(out)
    path = out / _FILE
    stored = [pd.read_parquet(path)] if path.is_file() else []
    done = set(stored[0]["curve"]) if stored else set()
    known: dict[str, pd.DataFrame] = {}
    data = gtzan.load()
    for curve in CURVES:
        if curve.name in done:
            continue
        stored.append(measure(curve, data, known))
        table = pd.concat([one.astype({"curve": str}) for one in stored], ignore_index=True)
        words = ["curve", "value", "split", "part"]
        table[words] = table[words].astype("category")
        numbers = dict.fromkeys(("artist", "right", "n"), "int32")
        with written_whole(path) as unfinished:
            table.astype(numbers).to_parquet(unfinished, index=False, compression="zstd")


if __name__ == "__main__":
    main()
