"""What the networks of the chapter on deep learning answer while our pieces play.

The small network is opened layer by layer (`audionome.lab.deep.opened`); the ear is asked as the
product asks it, three seconds at a time.
"""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import audionome.lab.deep as room
from audionome import audio
from audionome._paths import data_path
from audionome.datasets.gtzan import GENRES
from audionome.lab.deep.opened import CELL, OpenedCNN, occlusion
from audionome.lab.deep.patches import (
    BAND_FREQUENCIES,
    FRAME_SECONDS,
    log_mel_patches,
)
from audionome.models.ear import Ear
from audionome.report import synth
from audionome.report.charts.deep import Playing

__all__ = [
    "OCCLUDED",
    "Answers",
    "centres",
    "filters_at_work",
    "hear_tags",
    "network_source",
    "occlusions",
    "ordered_filters",
    "patches",
]

Array32 = NDArray[np.float32]

_SHOWN = 16  # filters of the first layer whose answers are drawn
_THIN = 4  # frames per point: 93 ms, a few pixels
_TAGS = 14
#: The window of a piece whose parts are hidden, counted from 0: from 6 to 9 s.
OCCLUDED = 2

#: Answers over time by piece, and the names of their rows.
Answers = tuple[dict[str, Playing], list[str]]


def _blocks(genre: str) -> list[Array32]:
    return list(audio.WindowStream(data_path("examples", f"{genre}.ogg")).pieces())


def network_source(name: str = "SmallCNN") -> str:
    """Return the source of a class or function of `audionome.lab.deep.network`, as it runs.

    Parameters
    ----------
    name : str
        The module is read, not imported, for it needs PyTorch.
    """
    text = (Path(room.__path__[0]) / "network.py").read_text(encoding="utf-8")
    (node,) = [
        n
        for n in ast.parse(text).body
        if isinstance(n, (ast.ClassDef, ast.FunctionDef)) and n.name == name
    ]
    return ast.get_source_segment(text, node) or ""


def patches() -> dict[str, Array32]:
    """Measure every piece as the small network sees it.

    Returns
    -------
    dict of str to ndarray of shape (windows, 64, 130)
        By the genre that the piece imitates.
    """
    return {genre: log_mel_patches(_blocks(genre)) for genre in synth.GENRES}


def ordered_filters(network: OpenedCNN) -> tuple[Array32, NDArray[np.intp]]:
    """Return the filters of the first layer by their heaviest band, and their numbers.

    Parameters
    ----------
    network : OpenedCNN

    Returns
    -------
    filters : ndarray of shape (64, 64 bands, 5 frames)
    numbers : ndarray of shape (64,)
        Of each in the network.
    """
    numbers = np.argsort(_heaviest(network), kind="stable")
    return network.filters[numbers], numbers


def _heaviest(network: OpenedCNN) -> NDArray[np.intp]:
    """Return the band in which each filter of the first layer weighs most."""
    return np.asarray(np.abs(network.filters).sum(axis=2).argmax(axis=1))


def filters_at_work(network: OpenedCNN, seen: dict[str, Array32]) -> Answers:
    """Return the answers of filters of the first layer while each piece plays.

    Parameters
    ----------
    network : OpenedCNN
    seen : dict of str to ndarray
        From `patches`.

    Returns
    -------
    dict of str to Playing
    list of str
        The filters whose answers change most, by their heaviest band, from low to high.
    """
    first = {genre: _joined(network.activations(values)[0]) for genre, values in seen.items()}
    spread = np.concatenate(list(first.values()), axis=1).std(axis=1)
    _, numbers = ordered_filters(network)
    busiest = set(np.argsort(-spread, kind="stable")[:_SHOWN].tolist())
    chosen = [int(n) for n in numbers if int(n) in busiest]
    heaviest = _heaviest(network)
    places = np.argsort(numbers)
    names = [f"filter {places[n] + 1}, {BAND_FREQUENCIES[heaviest[n]]:.0f} Hz" for n in chosen]
    return {
        genre: Playing(_thinned(values[chosen]), _THIN * FRAME_SECONDS)
        for genre, values in first.items()
    }, names


def _joined(activations: Array32) -> Array32:
    """Put windows one after the other."""
    return np.concatenate(list(activations), axis=1)


def _thinned(values: Array32) -> Array32:
    n = values.shape[1] // _THIN * _THIN
    found: Array32 = values[:, :n].reshape(len(values), -1, _THIN).max(axis=2)
    return found


def occlusions(
    network: OpenedCNN, seen: dict[str, Array32]
) -> dict[str, tuple[str, float, NDArray[np.float64]]]:
    """Hide parts of one window of each piece.

    Parameters
    ----------
    network : OpenedCNN
    seen : dict of str to ndarray
        From `patches`.

    Returns
    -------
    dict of str to (str, float, ndarray)
        By piece: the answer about the window, its probability, and what each part changes.
    """
    found = {}
    for genre, values in seen.items():
        patch = values[min(OCCLUDED, len(values) - 1)]
        answer, change = occlusion(network, patch)
        likely = float(network.predict_proba(patch[None])[0, answer])
        found[genre] = (GENRES[answer], likely, change)
    return found


def centres() -> list[float]:
    """Return the middle frequency of each row of an occlusion map (Hz)."""
    return [float(f) for f in BAND_FREQUENCIES.reshape(-1, CELL[0]).mean(axis=1)]


def hear_tags(ear: Ear) -> Answers:
    """Return the strength of the ear's tags while each piece plays.

    Parameters
    ----------
    ear : audionome.models.ear.Ear

    Returns
    -------
    dict of str to Playing
        One column per window of 3 s.
    list of str
        The tags that are strongest somewhere, the strongest last.
    """
    heard = {
        genre: np.concatenate(list(ear.measure(_blocks(genre))))[:, ear.embedding_size :].T
        for genre in synth.GENRES
    }
    strongest = np.max([values.mean(axis=1) for values in heard.values()], axis=0)
    chosen = np.argsort(-strongest, kind="stable")[:_TAGS][::-1]
    seconds = audio.WINDOW_HOP / audio.SAMPLE_RATE
    names = [ear.tags[i] for i in chosen]
    return {genre: Playing(values[chosen], seconds) for genre, values in heard.items()}, names
