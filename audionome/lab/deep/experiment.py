"""Train the small network under three protocols, and store what it predicts and what it costs.

``python -m audionome.lab.deep.experiment CLIPS`` needs the extra ``deep``; its log says how far it
is. Finished trainings are kept: an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import files
from audionome._extras import require_extra
from audionome._paths import output_path
from audionome.lab.deep.patches import Patches, load_patches
from audionome.lab.deep.settings import MODEL, RECIPE, Settings
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.protocols import PROTOCOLS, Parts, Protocol
from audionome.lab.store import sources

__all__ = ["SHOWN", "TRAINED", "folds", "main", "run"]

#: Protocols under which it is trained; the last trains as many networks as there are folds.
TRAINED: tuple[str, ...] = ("random-windows", "fault-filtered-nine-genres", "artist-grouped")
#: The training whose network the chapter opens: its protocol and fold.
SHOWN = ("artist-grouped", 0)

_KEYS = ["model", "protocol", "fold"]
_SIDES = ("train", "valid", "test")


def folds(protocol: Protocol, patches: Patches) -> list[Parts]:
    """Return the patches to learn from, to watch and to test, for each fold.

    Where there are several folds, all but the tested one are learned from, as the released models
    learn; otherwise the part that validates is only watched.

    Parameters
    ----------
    protocol : Protocol
        Its folds are made of tracks, or of patches where its level is ``"window"``.
    patches : Patches

    Returns
    -------
    list of Parts
        Numbers of patches.
    """
    by_window = protocol.level == "window"
    rows = patches.rows if by_window else patches.tracks
    chosen = protocol.eligible(rows)
    there = rows.iloc[chosen].reset_index(drop=True)
    protocol.check(there)
    parts = protocol.parts(there, there["genre"].to_numpy(dtype=str), protocol.groups_of(there))

    def of(side: NDArray[np.intp]) -> NDArray[np.intp]:
        numbers = chosen[side]
        return numbers if by_window else np.flatnonzero(np.isin(patches.track, numbers))

    if protocol.n_folds == 1:
        return [Parts(of(part.train), of(part.valid), of(part.test)) for part in parts]
    none = np.empty(0, dtype=np.intp)
    return [
        Parts(np.sort(np.concatenate([of(part.train), of(part.valid)])), none, of(part.test))
        for part in parts
    ]


def run(
    patches: Patches,
    results: Path,
    research: Path,
    *,
    settings: Settings | None = None,
    protocols: Sequence[str] = TRAINED,
    progress: Callable[[str], None] | None = None,
) -> None:
    """Do all trainings that are not done yet, and write the tables and the network to show.

    Parameters
    ----------
    patches : Patches
    results : Path
        Folder for ``deep_runs.parquet`` (a row per training), ``deep_predictions.parquet`` (a row
        per tested patch) and ``deep.json`` (recipe, settings, data).
    research : Path
        Folder for ``small_cnn.npz``: the weights of the network of the first fold by artist.
    settings : Settings, optional
    protocols : sequence of str
    progress : callable, optional
        Called with a line after each training.

    Raises
    ------
    audionome._extras.MissingExtraError
        If PyTorch is not installed.
    audionome.files.OutputError
        If the folders cannot be written to, or hold other files of these names.
    """
    require_extra("deep", "torch", who="The small network")
    settings = settings or Settings()
    for folder in (results, research):
        files.require_output_folder(folder)
    for name in ("runs", "predictions"):
        files.own_table(results / f"deep_{name}.parquet", _KEYS)
    data = patches.sha256()
    kept = files.Parts(results / ".deep.unfinished")
    stamp = {"recipe": RECIPE, "data": data, "settings": json.dumps(settings.as_dict())}
    for name in protocols:
        for number, part in enumerate(folds(PROTOCOLS[name], patches)):
            told = _train(patches, name, number, part, settings, stamp, kept.folder)
            if progress is not None:
                progress(told)
    _merge(kept.folder, results, research, settings, data)
    kept.remove()


def _train(
    patches: Patches,
    protocol: str,
    fold: int,
    part: Parts,
    settings: Settings,
    stamp: dict[str, Any],
    folder: Path,
) -> str:
    """Train one network, unless that is done, and say how it did."""
    import torch

    from audionome.lab.deep import network

    path = folder / f"part-{protocol}-{fold}.json"
    if path.is_file() and stamp.items() <= (note := json.loads(path.read_text())).items():
        return f"{protocol} {fold}: done before, {note['accuracy']:.1%}"
    torch.set_num_threads(1)
    fitted = network.fit(patches.log_mel, patches.genres, part.train, part.valid, settings)
    likely = network.predict_proba(fitted.network, patches.log_mel[part.test])
    table = patches.rows.iloc[part.test][["track", "window", "genre", "artist"]]
    table = table.reset_index(drop=True)
    table[PROBABILITY_COLUMNS] = likely.astype(np.float16).astype(np.float32)
    keys: dict[str, Any] = dict(zip(_KEYS, (MODEL, protocol, fold), strict=True))
    table = table.assign(**keys)[[*_KEYS, *table.columns]]
    with files.written_whole(path.with_suffix(".parquet")) as unfinished:
        table.to_parquet(unfinished, index=False)
    weights = {key: value.numpy() for key, value in fitted.network.state_dict().items()}
    with files.written_whole(path.with_suffix(".npz")) as unfinished, open(unfinished, "wb") as out:
        np.savez(out, **weights)
    accuracy = float((likely.argmax(axis=1) == patches.genres[part.test]).mean())
    tracks = {side: len(np.unique(patches.track[getattr(part, side)])) for side in _SIDES}
    record = {
        **keys,
        **stamp,
        **{f"{side}_tracks": n for side, n in tracks.items()},
        **{f"{side}_patches": len(getattr(part, side)) for side in _SIDES},
        "parameters": sum(p.numel() for p in fitted.network.parameters()),
        "epochs": len(fitted.losses),
        "seconds": fitted.seconds,
        "losses": json.dumps(fitted.losses),
        "accuracy": accuracy,
    }
    files.write_text(path, json.dumps(record))
    return f"{protocol} {fold}: {accuracy:.1%} of patches, {fitted.seconds:.0f} s"


def _merge(folder: Path, results: Path, research: Path, settings: Settings, data: str) -> None:
    """Write the tables of all trainings, the network to show, and what they are made from."""
    notes = [json.loads(path.read_text()) for path in sorted(folder.glob("part-*.json"))]
    runs = pd.DataFrame(notes).drop(columns=["settings", "accuracy"])
    runs = runs.sort_values(_KEYS, ignore_index=True)
    tables = [pd.read_parquet(path) for path in sorted(folder.glob("part-*.parquet"))]
    predictions = pd.concat(tables).sort_values([*_KEYS, "track", "window"], ignore_index=True)
    predictions[PROBABILITY_COLUMNS] = predictions[PROBABILITY_COLUMNS].astype(np.float16)
    files.write_table(runs, results / "deep_runs.parquet")
    files.write_table(predictions, results / "deep_predictions.parquet")
    shown = folder / f"part-{SHOWN[0]}-{SHOWN[1]}.npz"
    if shown.is_file():
        with np.load(shown) as arrays, files.written_whole(research / "small_cnn.npz") as path:
            short = {
                key: arrays[key].astype(np.float32) for key in arrays.files if "num_b" not in key
            }
            with open(path, "wb") as out:
                np.savez_compressed(out, **short)
    record = {
        "recipe": RECIPE,
        "settings": settings.as_dict(),
        "sources": sources(),
        "data": data,
        "shown": list(SHOWN),
    }
    files.write_text(results / "deep.json", json.dumps(record, indent=1) + "\n")


def main(clips: str) -> None:
    """Train under every protocol on GTZAN's audio in a folder, and write the results."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    run(
        load_patches(Path(clips)),
        output_path("results"),
        output_path("research"),
        progress=logging.getLogger(__name__).info,
    )


if __name__ == "__main__":
    main(sys.argv[1])
