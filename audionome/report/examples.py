"""The examples: openly licensed recordings, and ten pieces that a program made.

The recordings are to try the classifier on. The pieces are to look at: the model never heard such
sounds, and is often wrong about them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome import audio
from audionome._paths import data_path
from audionome._words import likelihood, listed, share
from audionome.charts import PALETTE
from audionome.datasets.recordings import Recording, recordings
from audionome.features.frames import Frames, frame_features
from audionome.report import synth
from audionome.report.render import Shown

if TYPE_CHECKING:
    from audionome.models.classifier import Prediction

__all__ = [
    "answered",
    "answers",
    "heard",
    "load",
    "measure",
    "most_moved",
    "padded",
    "padding",
    "players",
    "recording_answers",
    "recording_players",
    "tempi",
    "told",
]

_STATIC = "../_static/examples"  # seen from a notebook's page


def recording_answers() -> list[tuple[Recording, Prediction]]:
    """Ask the classifier for the genre of every recording, as `audionome.classify` does."""
    from audionome.models.classifier import classify

    return [(recording, classify(recording.path)) for recording in recordings()]


def heard(found: list[tuple[Recording, Prediction]]) -> pd.DataFrame:
    """Put what the sources and the model say beside each other, ready to print."""
    return pd.DataFrame(
        {
            "recording": [r.title for r, _ in found],
            "by": [r.artist for r, _ in found],
            "genre by its source": [
                f"{r.genre}, {r.genre_source}" if r.genre else "none" for r, _ in found
            ],
            "the model says": [p.headline for _, p in found],
            "most probable": [f"{p.genre} {likelihood(p.confidence)}" for _, p in found],
            "licence": [r.licence for r, _ in found],
            "changes": [r.changes for r, _ in found],
        }
    )


def told(found: list[tuple[Recording, Prediction]]) -> str:
    """Say how often the model names the genre that the source of a recording names."""
    named = [(r, p) for r, p in found if r.genre]
    right = sum(r.genre == p.genre for r, p in named)
    held = sum(r.genre in p.prediction_set for r, p in named)
    return (
        f"The sources of {len(named)} of these {len(found)} recordings name a genre that is one of "
        f"the ten. The likeliest genre of the model is that one for **{right} of {len(named)}**; "
        f"its answer includes it for {held} of {len(named)}. So few recordings measure nothing."
    )


def load() -> dict[str, NDArray[np.float32]]:
    """Compose every piece.

    Returns
    -------
    dict of str to ndarray, float32
        Genre to mono samples at 22 050 Hz, before the files' compression, which leaves gaps in the
        spectrum that are not the music's.
    """
    return {genre: synth.compose(genre) for genre in synth.GENRES}


def measure() -> dict[str, Frames]:
    """Measure every piece frame by frame; see `audionome.features.frames.frame_features`."""
    return {genre: frame_features(samples) for genre, samples in load().items()}


def answers() -> dict[str, Prediction]:
    """Ask the classifier for the genre of every piece, as `audionome.classify` does for any file.

    Returns
    -------
    dict of str to Prediction
        Genre that a piece imitates to the answer.
    """
    from audionome.models.classifier import classify

    return {genre: classify(data_path("examples", f"{genre}.ogg")) for genre in synth.GENRES}


def players() -> Any:
    """Show a player for each piece, with what to listen for.

    Returns
    -------
    object
        To be the last expression of a notebook cell. On the site the sound comes from the site's
        own files.
    """
    return _players(
        [
            _Player(
                data_path("examples", f"{genre}.ogg"),
                f'<span style="--genre: {PALETTE[genre]}">{genre}</span> '
                f"{escape(synth.describe(genre))}",
                f"Made by a program: {genre}",
                genre,
            )
            for genre in synth.GENRES
        ]
    )


def recording_players() -> Any:
    """Show a player for each recording, with its author, source and licence; see `players`."""
    return _players(
        [
            _Player(
                r.path,
                f'<a href="{r.source}">{escape(r.title)}</a>, {escape(r.artist)} '
                f'(<a href="{r.licence_url}">{escape(r.licence)}</a>)',
                f"Recording: {r.title}, {r.artist}",
            )
            for r in recordings()
        ]
    )


@dataclass(frozen=True)
class _Player:
    """A file, its caption (HTML), its name for a screen reader, and the piece that it plays."""

    path: Path
    caption: str
    label: str
    piece: str = ""


def _players(entries: list[_Player]) -> Any:
    if "AUDIONOME_BOOK" not in os.environ:
        from IPython.display import HTML, Audio

        parts = [f"<p>{one.caption}</p>{Audio(filename=one.path)._repr_html_()}" for one in entries]
        return HTML("".join(parts))
    rows = []
    for one in entries:
        # Browsers that cannot play Vorbis take the MP3 that the site's build makes of it.
        sources = "".join(
            f'<source src="{_STATIC}/{one.path.stem}.{suffix}" type="audio/{kind}">'
            for suffix, kind in (("ogg", "ogg"), ("mp3", "mpeg"))
        )
        piece = f' data-piece="{one.piece}"' if one.piece else ""
        rows.append(
            f'<figure class="audionome-player"{piece}><figcaption>{one.caption}</figcaption>'
            f'<audio controls preload="none" aria-label="{escape(one.label)}">{sources}'
            "</audio></figure>"
        )
    return Shown({"text/html": f'<div class="audionome-players">{"".join(rows)}</div>'})


def padding(pieces: Mapping[str, NDArray[np.float32]]) -> pd.DataFrame:
    """Compare features of mirrored ends with those of ends in silence.

    Parameters
    ----------
    pieces
        Genre to samples; the first window of each is measured.

    Returns
    -------
    DataFrame
        A row per feature: ``feature``, and by how much zeros move it against reflection, in the
        ``median`` piece and in the ``worst`` (shares).
    """
    rows = []
    for samples in pieces.values():
        window = samples[: audio.WINDOW_LENGTH]
        mirrored, silent = (_row(frame_features(window, pad_mode=mode))
                            for mode in ("reflect", "constant"))  # fmt: skip
        rows.append({name: abs(silent[name] / mirrored[name] - 1) for name in mirrored})
    moved = pd.DataFrame(rows)
    table = pd.DataFrame({"median": moved.median(), "worst": moved.max()})
    return table.rename_axis("feature").reset_index()


def most_moved(moved: pd.DataFrame, most: int = 8) -> pd.DataFrame:
    """The features that the padding moves most, ready to print."""
    rows = moved.sort_values("worst", ascending=False).head(most)
    shares = rows[["median", "worst"]].map(lambda value: share(float(value)))
    shares.columns = ["typical piece", "worst piece"]
    return pd.concat([rows[["feature"]], shares], axis="columns")


def _row(frames: Frames) -> dict[str, float]:
    curves: dict[str, NDArray[Any]] = {
        "chroma_stft": frames.chroma,
        "spectral_centroid": frames.centroid,
        "rolloff": frames.rolloff,
        **{f"mfcc{i}": frames.mfcc[:, i - 1] for i in range(1, 21)},
    }
    return {f"{name}_var": float(np.var(curve, dtype=np.float64)) for name, curve in curves.items()}


def padded(moved: pd.DataFrame) -> str:
    """Say how much the padding moves the features, from `padding`."""
    mfcc = moved[moved["feature"].str.startswith("mfcc")]
    far = str(mfcc.sort_values("worst")["feature"].iloc[-1])
    return (
        f"In the first window of our ten pieces, zeros instead of mirrored sound move the variance "
        f"of an MFCC by {share(float(mfcc['median'].median()))} in the typical case and by up to "
        f"{share(float(mfcc['worst'].max()))} (`{far}`)."
    )


def tempi(measured: Mapping[str, float]) -> str:
    """Say for which pieces the measured tempo is the written one, or an octave away."""
    right, octave, wrong = [], [], []
    for genre, bpm in measured.items():
        steps = np.log2(max(bpm, 1.0) / synth.TEMPI[genre])
        if abs(steps) < 0.05:
            right.append(genre)
        elif abs(steps - round(steps)) < 0.05:
            octave.append(f"{genre} ({bpm:.0f} for {synth.TEMPI[genre]:.0f})")
        else:
            wrong.append(f"{genre} ({bpm:.0f} for {synth.TEMPI[genre]:.0f})")
    parts = [f"The measured tempo is the written one in {len(right)} of {len(measured)} pieces."]
    if octave:
        parts.append(f"It is half or double in {listed(octave)}.")
    if wrong:
        parts.append(f"It is neither in {listed(wrong)}.")
    return " ".join(parts)


def answered(found: Mapping[str, Prediction]) -> str:
    """Say how many pieces are heard as what they imitate, and how sure the answers are."""
    hits = [genre for genre, p in found.items() if p.genre == genre]
    many = [genre for genre, p in found.items() if p.status == "many"]
    strange = [genre for genre, p in found.items() if p.status == "out-of-distribution"]
    said = pd.Series([p.genre for p in found.values()]).value_counts()
    counted = [f"{genre} ({n})" for genre, n in said.items()]
    return (
        f"The classifier takes **{len(hits)} of {len(found)}** pieces for the genre that they "
        f"imitate{f' ({listed(hits)})' if hits else ''}. It is not sure about {len(many)} and "
        f"calls {len(strange)} unlike anything it learned from. Its most probable genres: "
        f"{listed(counted)}."
    )
