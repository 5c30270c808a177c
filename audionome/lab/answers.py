"""How often answers of each kind are right: what the dashboard says below an answer.

Conventions
-----------
``data/results/answers.json`` holds the table of `audionome.lab.promises.by_status` for every model
that ships, as records: about music from outside GTZAN (``place`` "outside", each source judged by a
threshold from the others), and for the default model about GTZAN with the artists apart ("gtzan").
It is computed from stored predictions; no sound is needed. ``examples.json`` beside it holds what
the default model answers about each of the examples.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from audionome import files
from audionome._paths import data_path
from audionome.datasets.recordings import EXAMPLES, recordings
from audionome.lab import outside, promises
from audionome.lab.ear import training
from audionome.lab.store import missing
from audionome.models.classifier import load_classifier
from audionome.models.reliability import ANSWERS

__all__ = ["answer_examples", "load", "measure", "write"]

_DIGITS = 4
_PARTS = ("model", "place", "excerpt", "status", "n", "artists", "share", "held", "held_low",
          "held_high", "right", "right_low", "right_high")  # fmt: skip


def measure() -> pd.DataFrame:
    """Measure how often the stored answers of each kind are right.

    Returns
    -------
    DataFrame
        As from `audionome.lab.promises.by_status`, with the column ``place``; a row per model,
        place, length and status.
    """
    models = promises.by_model(promises.judged(outside.load()))
    tables = [promises.by_status(rows).assign(place="outside") for rows in models.values()]
    tables.append(promises.by_status(_of_gtzan(training.NAME)).assign(place="gtzan"))
    return pd.concat(tables, ignore_index=True)[list(_PARTS)]


def _of_gtzan(model: str) -> pd.DataFrame:
    predictions = pd.read_parquet(data_path("results", training.PREDICTIONS))
    card: dict[str, Any] = outside.load_cards([model])[model]
    rows = predictions[(predictions["model"] == model).to_numpy(dtype=bool)]
    return promises.in_gtzan(rows, card["set_thresholds"], family=card["family"])


def write(folder: Path) -> pd.DataFrame:
    """Measure, and write ``answers.json`` and ``examples.json``.

    Parameters
    ----------
    folder : Path
        Of the results.

    Returns
    -------
    DataFrame
        As from `measure`.
    """
    found = measure()
    records = found.round(_DIGITS).to_dict("records")
    text = "[\n" + ",\n".join(json.dumps(record) for record in records) + "\n]\n"
    files.write_text(folder / ANSWERS, text)
    told = json.dumps(answer_examples(), indent=1, ensure_ascii=False)
    files.write_text(folder / EXAMPLES, told + "\n")
    return found


def answer_examples(names: Iterable[str] | None = None) -> dict[str, str]:
    """Return what the default model answers about the examples of the dashboard.

    Parameters
    ----------
    names : iterable of str, optional
        Of files; default: all recordings and all pieces.

    Returns
    -------
    dict of str to str
        Name of a file to the headline of its answer.
    """
    pieces = sorted(data_path("examples").glob("*.ogg"))
    paths = {path.name: path for path in [*(r.path for r in recordings()), *pieces]}
    model = load_classifier()
    return {name: model.classify(paths[name]).headline for name in names or sorted(paths)}


def load(*, folder: Path | None = None) -> pd.DataFrame:
    """Load what was measured.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/results``.

    Returns
    -------
    DataFrame
        As from `measure`, rounded.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If it is missing.
    """
    path = (folder or data_path("results")) / ANSWERS
    if not path.is_file():
        raise missing(path, "audionome lab answers")
    return pd.DataFrame(json.loads(path.read_text(encoding="utf-8")))
