"""What the page needs to hear as Python does: two graphs and one card.

The card holds all that the scripts of the page say or draw and that Python knows: the genres with
their names and colours, the tags and their meanings, the rule for silence, and the sentences.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from audionome._paths import data_path
from audionome.audio.cutting import RULE, SENTENCES
from audionome.audio.decoding import CUT, LEAST_BITRATE, MIXING
from audionome.datasets.recordings import recordings
from audionome.lab.ear import page
from audionome.models.classifier import load_classifier
from audionome.models.ear_classifier import EarClassifier
from audionome.models.prediction import FEW, HEADLINES, NEAREST, NO_LEADER, promise
from audionome.models.tags import FOREIGN, FOREIGN_ONE, meanings
from audionome.models.telling import hearing
from audionome.report import listening

__all__ = ["LIMITS", "card", "lowpass", "write"]

#: The network, under the name that it has among the models.
NETWORK = "musicnn.onnx"

WASM = "ort-wasm.wasm.gz"

_FAINT = 1e-7  # of the filter: 140 dB below

#: What a page takes: a longer recording needs more memory than a phone has.
LIMITS = {
    "seconds_min": RULE.seconds,
    "seconds_max": 30 * 60,
    "bytes_max": 400_000_000,
    "files_max": 20,
    "bitrate_min": LEAST_BITRATE,
    "cut": CUT,
}

#: Scripts of the site that the engine loads by itself.
SCRIPTS = ("words.js", "worker.js")


def card(model: EarClassifier, files: dict[str, bytes]) -> dict[str, Any]:
    """Return what the scripts of the page read.

    Parameters
    ----------
    model : EarClassifier
    files : dict of str to bytes
        What is fetched when somebody asks, by name: their sizes tell the progress, and their
        digests that no browser shows a file from before.

    Returns
    -------
    dict
        Ready for JSON.
    """
    coverage = model.calibration.coverage
    return {
        "model": model.name,
        "genres": listening.genres_told(model.genres),
        "tags": [{"name": one.name, "kind": one.kind} for one in meanings(model.ear.tags)],
        "sample_rate": model.ear.sample_rate,
        "window": model.ear.patch_samples,
        "level": {"value": model.ear.level, "place": page.place_of_level(files[NETWORK])},
        "columns": len(model.ear.names),
        "coverage": coverage,
        "few": FEW,
        "limits": LIMITS,
        "sound": asdict(RULE),
        "mixing": asdict(MIXING),
        "lowpass": lowpass(),
        "words": {
            **SENTENCES,
            "cancelling": MIXING.note,
            "headlines": HEADLINES,
            "promise": promise(["any"], coverage=coverage),
            "no_promise": promise([], coverage=coverage),
            "foreign": FOREIGN,
            "foreign_one": FOREIGN_ONE,
            "nearest": NEAREST,
            "no_leader": NO_LEADER,
            "hearing": hearing(["any"]),
            "hearing_other": hearing([]),
        },
        "files": {
            name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
        "examples": [
            {"url": f"../examples/{one['file']}", **one}
            for one in map(listening.facts, recordings())
        ],
    }


def lowpass() -> list[float]:
    """Return the filter by which soxr halves a sample rate.

    Returns
    -------
    list of float
        Its response to an impulse from the middle on; it is symmetric.
    """
    size = 4096
    found = np.zeros(size)
    for phase in (0, 1):  # the samples that are kept see every second number of it
        impulse = np.zeros(2 * size)
        impulse[size + phase] = 1
        response = soxr.resample(impulse, 2, 1)
        at = 2 * np.arange(len(response)) - size - phase
        found[at[at >= 0]] = response[at >= 0]
    last = int(np.flatnonzero(np.abs(found) > _FAINT)[-1])
    return [round(float(value), 9) for value in found[: last + 1]]


def write(folder: Path, runtime: Path, scripts: Path) -> None:
    """Write the graphs, the runtime and the card into the site.

    Parameters
    ----------
    folder : Path
        Of the site, for them alone and the scripts.
    runtime : Path
        Where the runtime lies.
    scripts : Path
        Where the scripts of the site lie; others write them into it.
    """
    model = load_classifier("ear")
    assert isinstance(model, EarClassifier)
    files = {
        NETWORK: data_path("models", NETWORK).read_bytes(),
        "head.onnx": page.answering(model).SerializeToString(),
        **{
            path.stem: gzip.decompress(path.read_bytes())
            for path in sorted(runtime.glob("*.js.gz"))
        },
        # The page unpacks it: it is four times as large.
        WASM: (runtime / WASM).read_bytes(),
    }
    notices = {
        "musicnn.LICENSE.txt": data_path("models", "musicnn.LICENSE").read_bytes(),
        "runtime.LICENSE.txt": (runtime / "LICENSE").read_bytes(),
        "runtime.ThirdPartyNotices.txt": (runtime / "ThirdPartyNotices.txt").read_bytes(),
    }
    loaded = {name: (scripts / name).read_bytes() for name in SCRIPTS}
    text = json.dumps(card(model, files | loaded), ensure_ascii=False)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (files | notices | {"card.json": text.encode()}).items():
        (folder / name).write_bytes(content)
