"""The sounds of the chapters on features: ten pieces by a program, and openly licensed recordings.

The pieces are to look at: the model never heard such sounds, and is often wrong about them. The
recordings are of real music.
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
import soundfile
from numpy.typing import NDArray

from audionome import audio
from audionome._paths import data_path
from audionome._words import genre_name, likelihood, share
from audionome.charts import PALETTE
from audionome.datasets.recordings import Recording, recordings
from audionome.features.frames import Frames, frame_features
from audionome.features.tempo import estimate_tempo
from audionome.report import synth
from audionome.report.render import Shown

if TYPE_CHECKING:
    from audionome.models.classifier import Prediction

__all__ = [
    "MADE",
    "RECORDED",
    "Example",
    "answers",
    "credited",
    "examples",
    "heard",
    "load",
    "measure",
    "most_moved",
    "padding",
    "players",
    "recording_answers",
    "recording_players",
    "tempi",
]

_STATIC = "../_static/examples"  # seen from a notebook's page

#: The two kinds of sound.
MADE = "Made by a program"
RECORDED = "Real recording"


@dataclass(frozen=True)
class Example:
    """A sound to play and to draw.

    Attributes
    ----------
    name : str
        What menus call it: the genre that a piece imitates, the title of a recording.
    kind : str
        `MADE` or `RECORDED`.
    path : Path
        Where its file lies.
    origin : str
        Who made it, and the licence, in a sentence.
    caption : str
        The same for its player, as HTML.
    """

    name: str
    kind: str
    path: Path
    origin: str
    caption: str


def examples() -> dict[str, Example]:
    """List every sound by its name: the pieces, then the recordings by title."""
    pieces = [
        Example(
            genre,
            MADE,
            data_path("examples", f"{genre}.ogg"),
            f"{MADE}, in the style of {genre_name(genre)} (CC0).",
            f'<span style="--genre: {PALETTE[genre]}">{genre_name(genre)}</span> '
            f"{escape(synth.describe(genre))} <small>{MADE} (CC0).</small>",
        )
        for genre in synth.GENRES
    ]
    recorded = [
        Example(
            r.title,
            RECORDED,
            r.path,
            f"{RECORDED}: {r.name}.",
            f"{credited(r.title, r.artist, game=r.game, source=r.source)}. <small>{RECORDED} "
            f'(<a href="{r.licence_url}">{escape(r.licence)}</a>).</small>',
        )
        for r in recordings()
    ]
    return {one.name: one for one in (*pieces, *recorded)}


def credited(title: str, artist: str, *, game: str, source: str) -> str:
    """Return a recording's title and artist as HTML, with a link to where it was published.

    Parameters
    ----------
    title, artist : str
    game : str
        What the source is of, where that is a whole game; else "".
    source : str
        An address.

    Returns
    -------
    str
    """

    def link(text: str) -> str:
        return f'<a href="{escape(source)}">{escape(text)}</a>'

    if game:
        return f"{escape(title)}, {escape(artist)}, from the game {link(game)}"
    return f"{link(title)}, {escape(artist)}"


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
    """Measure every piece and every recording frame by frame.

    Returns
    -------
    dict of str to Frames
        Name to what `audionome.features.frames.frame_features` measures; the names are those of
        `examples`, in their order.
    """
    sounds = load() | {r.title: audio.load(r.path) for r in recordings()}
    return {name: frame_features(samples) for name, samples in sounds.items()}


def answers() -> dict[str, Prediction]:
    """Ask the classifier for the genre of every piece, as `audionome.classify` does for any file.

    Returns
    -------
    dict of str to Prediction
        Genre that a piece imitates to the answer.
    """
    from audionome.models.classifier import classify

    return {genre: classify(data_path("examples", f"{genre}.ogg")) for genre in synth.GENRES}


def players(*kinds: str) -> Any:
    """Show a player for each sound.

    Parameters
    ----------
    *kinds
        `MADE`, `RECORDED` or both; the pieces alone, unless given.

    Returns
    -------
    object
        To be the last expression of a notebook cell. On the site the sound comes from the site's
        own files.
    """
    shown = [one for one in examples().values() if one.kind in (kinds or (MADE,))]
    if "AUDIONOME_BOOK" not in os.environ:
        from IPython.display import HTML, Audio

        parts = [f"<p>{one.caption}</p>{Audio(filename=one.path)._repr_html_()}" for one in shown]
        return HTML("".join(parts))
    rows = []
    for one in shown:
        seconds = soundfile.info(one.path).duration
        name = escape(genre_name(one.name))
        rows.append(
            f'<figure class="audionome-player" data-piece="{name}" '
            f'data-seconds="{seconds:.2f}">'
            # Not every browser plays Vorbis: the site's build makes an MP3 of it.
            f'<figcaption>{one.caption}</figcaption><audio controls preload="none" '
            f'src="{_STATIC}/{one.path.stem}.mp3" '
            f'aria-label="{one.kind}: {name}"></audio></figure>'
        )
    return Shown({"text/html": f'<div class="audionome-players">{"".join(rows)}</div>'})


def recording_players() -> Any:
    """Show a player for each recording, with its author, source and licence; see `players`."""
    return players(RECORDED)


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


def tempi(
    sounds: Mapping[str, NDArray[np.float32]], measured: Mapping[str, Frames]
) -> pd.DataFrame:
    """Set the tempi of every piece beside the written one, ready to print.

    Parameters
    ----------
    sounds
        Genre to samples.
    measured
        Genre to the frames of its piece.

    Returns
    -------
    DataFrame
        ``piece``, ``written``, the number of the ``tempo column`` and what ``Audionome`` tells:
        beats per minute and, in brackets, "right", "half", "double" or "neither".
    """
    rows = [
        {
            "piece": genre,
            "written": f"{synth.TEMPI[genre]:.0f}",
            "tempo column": _beside(measured[genre].tempo, synth.TEMPI[genre]),
            "Audionome": _beside(estimate_tempo(samples).bpm, synth.TEMPI[genre]),
        }
        for genre, samples in sounds.items()
    ]
    return pd.DataFrame(rows)


def _beside(bpm: float, written: float) -> str:
    """Write a tempo and how it lies to the written one, within four per cent."""
    octaves = (("right", 1.0), ("half", 0.5), ("double", 2.0))
    near = (word for word, factor in octaves if abs(bpm / (factor * written) - 1) <= 0.04)
    return f"{bpm:.0f} ({next(near, 'neither')})"
