"""The small network on music from outside GTZAN, clip by clip.

``python -m audionome.lab.deep.outside CLIPS LABELS`` asks the network of
`audionome.lab.deep.opened.load_network`, which learned from nine tenths of GTZAN's clips with audio
and from nothing else, and writes ``data/results/deep_outside.parquet``.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from audionome import batch, files
from audionome._paths import data_path, output_path
from audionome.lab import outside
from audionome.lab.deep.opened import load_network
from audionome.lab.deep.patches import clip_patches
from audionome.lab.deep.results import SCRATCH
from audionome.lab.deep.settings import MODEL
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.store import StaleResultsError, missing

__all__ = ["load_outside", "main", "predict"]

_COMMAND = "python -m audionome.lab.deep.outside CLIPS LABELS"
_NAME = "deep_outside.parquet"


def predict(table: pd.DataFrame, *, jobs: int = 1) -> pd.DataFrame:
    """Classify clips by the mean of their windows' probabilities.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.outside.clips`.
    jobs : int
        Processes.

    Returns
    -------
    DataFrame
        ``family``, ``model``, ``clip``, ``genre``, ``source``, ``trust``, ``artist``, ``excerpt``
        (always 0: whole clips), ``p_blues`` ... ``p_rock``, ``network`` (hash of its weights).

    Raises
    ------
    audionome.lab.outside.OutsideError
        If a clip cannot be read.
    """
    network, likely = load_network(), []
    for seen in batch.for_each(clip_patches, table["path"].tolist(), jobs=jobs):
        if isinstance(seen, batch.Failure):
            raise outside.OutsideError(f"A clip from outside cannot be used: {seen}")
        likely.append(network.predict_proba(seen).mean(axis=0))
    found = table[["clip", "genre", "source", "trust", "artist"]].reset_index(drop=True)
    found = found.assign(family=SCRATCH, model=MODEL, excerpt=0, network=_digest())
    found[PROBABILITY_COLUMNS] = np.array(likely, dtype=np.float32)
    return found


def _digest() -> str:
    path = data_path("research", "small_cnn.npz")
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def load_outside(*, folder: Path | None = None) -> pd.DataFrame:
    """Load what the small network says of music from outside.

    Parameters
    ----------
    folder : Path, optional
        Default: ``data/results``.

    Returns
    -------
    DataFrame
        See `predict`.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If it is missing, or was made by another network.
    """
    path = (folder or data_path("results")) / _NAME
    if not path.is_file():
        raise missing(path, _COMMAND)
    table = pd.read_parquet(path)
    if set(table["network"]) != {_digest()}:
        raise StaleResultsError(f"{path} was made by another network; run `{_COMMAND}`.")
    return table


def main(clips: str, labels: str) -> None:
    """Classify the clips of a folder and write the table."""
    path = output_path("results") / _NAME
    files.require_output_folder(path.parent)
    files.own_table(path, ["clip", "network"])
    files.write_table(predict(outside.clips(Path(clips), Path(labels))), path)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
