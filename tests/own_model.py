"""Small models of one's own for the tests, fitted in closed form on a few made-up sounds."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from audionome import audio
from audionome._paths import data_path
from audionome.models import head as heads
from audionome.models import own
from audionome.models.concepts import tag_logits
from audionome.models.ear import Ear
from audionome.models.head import Head
from audionome.models.linear import Linear
from audionome.models.neighbors import principal_axes
from audionome.models.own_ear import FEATURES, OwnEar, not_music

RATE = audio.SAMPLE_RATE
KINDS = 3
_SECONDS = 7


def sound(kind: int, seed: int) -> NDArray[np.float32]:
    """Return seven seconds of one of three kinds: held chords, drum strokes, a sweeping noise."""
    rng = np.random.default_rng([kind, seed])
    t = np.arange(_SECONDS * RATE) / RATE
    if kind == 0:
        root = rng.uniform(150, 250)
        wave = sum(np.sin(2 * np.pi * root * k * t) / k for k in (1, 1.25, 1.5, 2, 3))
    elif kind == 1:
        beat = np.exp(-30 * (t % rng.uniform(0.4, 0.6)))
        wave = beat * rng.normal(size=t.size)
    else:
        noise = np.cumsum(rng.normal(size=t.size))
        wave = (noise - np.linspace(noise[0], noise[-1], t.size)) * np.sin(
            2 * np.pi * rng.uniform(1, 2) * t
        )
    wave = wave / np.abs(wave).max() + rng.normal(0, 1e-3, t.size)
    return (0.5 * wave).astype(np.float32)


def as_file(samples: NDArray[np.float32]) -> bytes:
    """Return a sound as a file."""
    content = io.BytesIO()
    soundfile.write(content, samples, RATE, format="WAV", subtype="FLOAT")
    return content.getvalue()


@cache
def _measured() -> tuple[OwnEar, list[NDArray[np.float64]]]:
    """Return what is measured of four sounds of each kind."""
    of = OwnEar(Ear.load())
    clips = [sound(kind, seed) for kind in range(KINDS) for seed in range(4)]
    streams = [audio.WindowStream(as_file(clip)) for clip in clips]
    return of, [np.concatenate(list(of.measure(stream.pieces()))) for stream in streams]


def parts(genres: Sequence[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return card and arrays of a model; the k-th genre is the kind k modulo three.

    Genres of one kind are told apart by chance alone.
    """
    of, rows = _measured()
    g, e = len(genres), of.size
    kinds = np.repeat(np.arange(KINDS), 4)
    blank = Linear(np.array(genres), np.zeros(2 * e, bool), np.zeros(2 * e), np.ones(2 * e), 10.0,
                   np.zeros((2 * e, g)), np.zeros(g))  # fmt: skip
    raw = np.stack([
        np.concatenate([r[:, :e].mean(axis=0), r[:, :e].std(axis=0)]) for r in rows
    ])  # fmt: skip
    scale = raw.std(axis=0) + 1e-3
    blank = Linear(blank.classes, blank.logged, raw.mean(axis=0), scale, 10.0, blank.weights,
                   blank.bias)  # fmt: skip
    head = Head(blank, 2.0, np.zeros(e), -1.0)
    vectors = np.stack([head.clip_vector(r) for r in rows])
    centres = np.stack([head.seen(vectors)[kinds == k].mean(axis=0) for k in range(KINDS)])
    # One thing that no sound changes makes the first genre of a kind the likeliest.
    weights = np.stack([centres[k % KINDS] * 0.9 ** (k // KINDS) for k in range(g)], axis=1) / e
    linear = Linear(blank.classes, blank.logged, blank.mean, scale, 10.0, 4 * weights, blank.bias)
    other, bias = not_music(head, vectors)
    head = Head(linear, 2.0, other, bias)
    logits = np.stack([tag_logits(r[:, e:]) for r in rows])
    standard = head.standardised(vectors)
    axes = principal_axes(standard, 11)
    arrays = {
        **head.arrays(),
        "usual_logits": logits.mean(axis=0),
        "logit_deviation": logits.std(axis=0) + 1e-6,
        "genre_logits": np.stack([logits[kinds == k % KINDS].mean(axis=0) for k in range(g)]),
        "patterns": heads.read(data_path("models"), "ear").usual.patterns,
        "tracks": np.array([f"Somebody {i % 2}: piece {i}" for i in range(len(rows))]),
        "genres": np.array([genres[k % g] for k in kinds]),
        "artists": np.arange(len(rows)) // 2,
        "axes": axes.astype(np.float32),
        "vectors": (standard @ axes).astype(np.float16),
    }
    network = Ear.load().card
    card = {
        "name": "mine",
        "genres": list(genres),
        "features": list(FEATURES),
        "network": network["name"],
        "network_sha256": network["graph_sha256"],
        "embedding_size": of.ear.embedding_size,
        "n_tags": len(of.ear.tags),
        "temperature": 1.0,
        "temperatures": [[1.0, 1.5], [10.0, 1.0]],
        "set_thresholds": [[1.0, 0.3], [10.0, 0.3]],
        "coverage": 0.9,
        "data": {"recordings": len(rows), "groups": len(rows) // 2, "grouped_by": "artist"},
        "answers": {
            "one": {"held": 0.8, "low": 0.6, "high": 0.9, "right": 0.8, "n": 40, "groups": 9}
        },
        "refused": {"share": 0.05, "n": 40},
        "limits": ["Its sounds were made by a program."],
    }
    return card, arrays


def write(path: Path, genres: Sequence[str], change: Mapping[str, Any] | None = None) -> Path:
    """Write a model of these genres, with a changed card if asked for."""
    card, arrays = parts(genres)
    own.write(path, card | dict(change or {}), arrays)
    return path
