"""What more neighbours, more trees and more stages cost in time.

``python -m audionome.lab.studies.times`` fits models of the source study on seven eighths of the
committed windows, lets them answer about the others, and writes ``data/research/times.json``; the
report reads that file. It takes a few minutes of one core. A time belongs to the machine that took
it: what counts is which setting takes longer.
"""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from audionome._paths import data_path, output_path
from audionome.datasets import gtzan
from audionome.features import COLUMNS
from audionome.files import require_output_folder, written_whole
from audionome.lab.estimators import MODELS
from audionome.lab.store import missing

__all__ = ["SETTINGS", "load", "measure"]

#: Model and hyperparameter to the settings that are timed.
SETTINGS: dict[tuple[str, str], tuple[int, ...]] = {
    ("knn", "n_neighbors"): (1, 6, 31, 121, 301),
    ("forest", "n_estimators"): (1, 30, 81, 300),
    ("boosting", "n_estimators"): (1, 10, 30, 100),
}
_FILE = "times.json"
#: As in the validation curves: what takes long gets fewer windows and fewer features a question.
_ALSO: dict[str, dict[str, Any]] = {"boosting": {"max_features": "sqrt"}}
_EVERY = {"boosting": 5}
_ROUNDS = 5


def measure(data: gtzan.Gtzan, *, rounds: int = _ROUNDS) -> list[dict[str, Any]]:
    """Time training and answering at every setting.

    Parameters
    ----------
    data : audionome.datasets.gtzan.Gtzan
        The windows.
    rounds : int
        The fastest of so many is taken, in turns, so that a busy machine harms none more.

    Returns
    -------
    list of dict
        ``model``, ``parameter``, ``setting``, ``n_train`` and ``n_asked`` windows, and seconds to
        ``train`` and to ``answer``.
    """
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for _ in range(rounds):
        for (model, parameter), settings in SETTINGS.items():
            rows = data.windows.iloc[:: _EVERY.get(model, 1)]
            X, y = rows[list(COLUMNS)].to_numpy(np.float64), rows["genre"].to_numpy(dtype=str)
            asked = np.arange(len(X)) % 8 == 0
            for setting in settings:
                pipeline = MODELS[model].make("study")
                changes = {**_ALSO.get(model, {}), parameter: setting}
                pipeline.set_params(**{f"classify__{k}": v for k, v in changes.items()})
                start = perf_counter()
                pipeline.fit(X[~asked], y[~asked])
                middle = perf_counter()
                pipeline.predict(X[asked])
                end = perf_counter()
                one = found.setdefault(
                    (model, parameter, setting),
                    {"model": model, "parameter": parameter, "setting": setting,
                     "n_train": int((~asked).sum()), "n_asked": int(asked.sum()),
                     "train": np.inf, "answer": np.inf},
                )  # fmt: skip
                one["train"] = min(one["train"], middle - start)
                one["answer"] = min(one["answer"], end - middle)
    return [
        {**one, **{part: round(one[part], 4) for part in ("train", "answer")}}
        for one in found.values()
    ]


def load() -> dict[str, Any]:
    """Read what `measure` found.

    Returns
    -------
    dict
        ``processor``, the number of its ``threads`` that worked, and ``times`` from `measure`.

    Raises
    ------
    StaleResultsError
        If there is none.
    """
    path = data_path("research", _FILE)
    if not path.is_file():
        raise missing(path, "python -m audionome.lab.studies.times")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    for line in listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def main(folder: Path | None = None) -> None:
    """Measure and write the file; set ``OMP_NUM_THREADS=1`` for one core."""
    out = output_path("research", out=folder)
    require_output_folder(out)
    record = {
        "processor": _processor(),
        "threads": int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count(),
        "times": measure(gtzan.load()),
    }
    with written_whole(out / _FILE) as unfinished:
        unfinished.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
