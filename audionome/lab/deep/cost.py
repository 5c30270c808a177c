"""What an answer of each model costs: parameters, seconds of one core, an estimate of energy.

``python -m audionome.lab.deep.cost`` measures our open recordings and writes
``data/results/deep_cost.json``. Seconds are the processor's own count, not those of a clock on the
wall, so a busy machine changes them little; energy is seconds times an assumed power.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
from threadpoolctl import threadpool_limits

from audionome import audio, files
from audionome._paths import data_path, output_path
from audionome.datasets.recordings import recordings
from audionome.lab.deep.opened import load_network
from audionome.lab.deep.patches import clip_patches
from audionome.lab.deep.results import PRETRAINED, SCRATCH, TITLES
from audionome.lab.deep.settings import MODEL, WATTS_PER_CORE
from audionome.lab.store import missing
from audionome.models.classifier import load_classifier
from audionome.models.ear import Ear
from audionome.models.linear import Linear
from audionome.models.linear_classifier import load_linear

__all__ = ["load_cost", "main", "measure"]

_CLIP_SECONDS = 30


def measure() -> dict[str, dict[str, Any]]:
    """Measure what an answer about 30 seconds of music costs.

    Returns
    -------
    dict of str to dict
        Model to ``family``, ``parameters`` (numbers that were learned; of the ear, by its network)
        and ``seconds`` of one core: the median over the open recordings, decoding included, scaled
        to 30 s.
    """
    network, ear, extended = load_network(), Ear.load(), load_classifier("extended")
    learned = int(ear.card["parameters"])
    asked: dict[str, tuple[str, int, Callable[[Path], object]]] = {
        TITLES[MODEL]: (
            SCRATCH, network.parameters, lambda path: network.predict_proba(clip_patches(path))
        ),
        "extended": (SCRATCH, _size(load_linear("extended").model), extended.classify),
        "ear, its network alone": (
            PRETRAINED, learned, lambda path: list(ear.measure(audio.WindowStream(path).pieces()))
        ),
        "ear, a whole answer": (PRETRAINED, learned, load_classifier("ear").classify),
    }  # fmt: skip
    return {
        model: {"family": family, "parameters": parameters, "seconds": _seconds(answer)}
        for model, (family, parameters, answer) in asked.items()
    }


def _size(model: Linear) -> int:
    """Return how many numbers a linear model learned, means and scales included."""
    return sum(v.size for v in (model.mean, model.scale, model.weights, model.bias))


def _seconds(answer: Callable[[Path], object]) -> float:
    """Return the median processor time of an answer about 30 seconds."""
    found = []
    with threadpool_limits(1):
        paths = [recording.path for recording in recordings()]
        answer(paths[0])  # what is done once in a program is no part of an answer
        for path in paths:
            samples = audio.load(path)
            started = time.process_time()
            answer(path)
            spent = time.process_time() - started
            found.append(spent * _CLIP_SECONDS * audio.SAMPLE_RATE / samples.size)
    return round(median(found), 4)


def load_cost(*, folder: Path | None = None) -> pd.DataFrame:
    """Load what an answer costs, with the estimate of its energy.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/results``.

    Returns
    -------
    DataFrame
        ``model``, ``family``, ``parameters``, ``seconds`` (of one core, for 30 s of music) and
        ``milliwatt_hours`` at `WATTS_PER_CORE`.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If it was not measured.
    """
    path = (folder or data_path("results")) / "deep_cost.json"
    if not path.is_file():
        raise missing(path, "python -m audionome.lab.deep.cost")
    record = json.loads(path.read_text())
    table = pd.DataFrame([{"model": m, **row} for m, row in record["models"].items()])
    return table.assign(milliwatt_hours=table["seconds"] * WATTS_PER_CORE / 3.6)


def main() -> None:
    """Measure, and write the file."""
    folder = output_path("results")
    files.require_output_folder(folder)
    record = {"processor": platform.processor() or platform.machine(), "models": measure()}
    files.write_text(folder / "deep_cost.json", json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
