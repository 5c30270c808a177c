"""Numbers of the chapter on the dataset: clips, repetitions, artists and what one feature tells."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from audionome import audio
from audionome._words import genre_name, listed
from audionome.datasets import gtzan
from audionome.lab.names import select
from audionome.lab.studies import replay

__all__ = ["columns", "left_out", "rows", "separation", "size", "thin", "windows"]


def size(tracks: pd.DataFrame) -> dict[str, str]:
    """Count the tracks.

    Parameters
    ----------
    tracks : DataFrame
        ``audionome.datasets.gtzan.load().tracks``.

    Returns
    -------
    dict of str to str
        ``n_tracks``, ``n_measured``, ``n_genres``, ``genres`` by name, ``per_genre`` (the fewest
        tracks of a genre) and ``n_artists``.
    """
    counts = tracks["genre"].value_counts()
    return {
        "n_tracks": f"{len(tracks):,}",
        "n_measured": f"{int(tracks['measured'].sum()):,}",
        "n_genres": str(len(counts)),
        "genres": listed([genre_name(str(genre)) for genre in sorted(counts.index)]),
        "per_genre": str(int(counts.min())),
        "n_artists": str(tracks["artist"].nunique()),
    }


def rows(scores: pd.DataFrame) -> dict[str, str]:
    """Count the windows of the published table, and those that are tested.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.

    Returns
    -------
    dict of str to str
        ``published`` windows; ``short``, the clips that lack their last; ``used``, the windows
        that are tested with artists kept apart.
    """
    tested = select(scores, protocol="artist-grouped", level="window", split="test")
    return {
        "published": f"{len(replay.sides()):,}",
        "short": str(len(replay.SHORT)),
        "used": f"{int(tested['n'].max()):,}",
    }


def windows() -> dict[str, str]:
    """Tell how a clip is cut.

    Returns
    -------
    dict of str to str
        ``length`` and ``hop`` in samples, ``seconds``, ``rate`` in Hz, and ``per_clip``, the whole
        windows of 30 seconds.
    """
    return {
        "length": f"{audio.WINDOW_LENGTH:,}",
        "hop": f"{audio.WINDOW_HOP:,}",
        "seconds": f"{audio.WINDOW_LENGTH / audio.SAMPLE_RATE:.3f}",
        "rate": f"{audio.SAMPLE_RATE:,}",
        "per_clip": str(int(30 * audio.SAMPLE_RATE // audio.WINDOW_HOP)),
    }


#: What the study says that the tables hold, and how the columns of it would be called.
_NAMED = {
    "MFCCs": "mfcc",
    "chroma": "chroma",
    "spectral contrast": "contrast",
    "tonnetz": "tonnetz",
}


def columns(names: Sequence[str]) -> dict[str, str]:
    """Tell which of the features that the study names are columns of the tables.

    Parameters
    ----------
    names : sequence of str
        The columns.

    Returns
    -------
    dict of str to str
        ``n_columns``, ``n_curves`` (of which mean and variance are columns), ``present`` and
        ``absent``: of the four kinds that the study names, or "none of them".
    """
    have = {kind: any(word in name for name in names) for kind, word in _NAMED.items()}
    present = [kind for kind, there in have.items() if there]
    absent = [kind for kind, there in have.items() if not there]
    return {
        "n_columns": str(len(names)),
        "n_curves": str(sum(name.endswith("_var") for name in names)),
        "present": listed(present) or "none of them",
        "absent": listed(absent) or "none of them",
    }


def left_out(tracks: pd.DataFrame, songs: pd.DataFrame) -> dict[str, str]:
    """Count what the fault filter leaves out, and which songs return all the same.

    Parameters
    ----------
    tracks : DataFrame
        ``audionome.datasets.gtzan.load().tracks``.
    songs : DataFrame
        ``audionome.datasets.gtzan.load_songs()``.

    Returns
    -------
    dict of str to str
        ``n_left_out`` clips; ``n_repeated`` of them share artist and title with another clip and
        ``n_other`` do not; ``n_songs`` still have more than one clip; ``n_unheard`` clips have no
        sound.
    """
    repeats, other, unheard = gtzan.REASONS
    reasons = gtzan.left_out(tracks, songs)["reason"].value_counts()
    n = {reason: int(reasons.get(reason, 0)) for reason in gtzan.REASONS}
    song = songs.set_index("track")["song"].reindex(tracks["track"])
    kept = song[tracks["fault_filtered"].to_numpy(dtype=str) != ""].dropna().value_counts()
    return {
        "n_left_out": str(n[repeats] + n[other]),
        "n_repeated": str(n[repeats]),
        "n_other": str(n[other]),
        "n_unheard": str(n[unheard]),
        "n_songs": str(int((kept > 1).sum())),
    }


def separation(summary: pd.DataFrame, *, feature: str) -> dict[str, str]:
    """Tell which genres the boxes of a feature keep apart, and whether any feature parts all.

    Parameters
    ----------
    summary : DataFrame
        ``audionome.datasets.gtzan.load_summary()``.
    feature : str
        Of which the genres with the lowest and the highest median are named.

    Returns
    -------
    dict of str to str
        ``lowest`` and ``highest`` genre, ``apart`` ("do not overlap" or "overlap", their boxes);
        ``n_features``, ``n_pairs`` of genres, ``best`` (the feature that parts most pairs) with
        ``n_best``, and ``n_whole``: features that part all pairs ("no" for none).
    """
    boxes = summary.set_index(["feature", "genre"])[["p25", "p50", "p75"]]
    parted = {str(name): _parted(rows) for name, rows in boxes.groupby("feature", sort=False)}
    one = summary[summary["feature"] == feature].set_index("genre").sort_values("p50")
    low, high = one.iloc[0], one.iloc[-1]
    n_pairs = len(one) * (len(one) - 1) // 2
    best = max(parted, key=parted.__getitem__)
    whole = sum(n == n_pairs for n in parted.values())
    return {
        "lowest": genre_name(str(one.index[0])),
        "highest": genre_name(str(one.index[-1])),
        "apart": "do not overlap" if low["p75"] < high["p25"] else "overlap",
        "n_features": str(len(parted)),
        "n_pairs": str(n_pairs),
        "best": f"`{best}`",
        "n_best": str(parted[best]),
        "n_whole": str(whole) if whole else "no",
    }


def _parted(boxes: pd.DataFrame) -> int:
    """Count the pairs of genres whose boxes do not overlap."""
    ends = boxes[["p25", "p75"]].to_numpy()
    return sum(bool(a[1] < b[0] or b[1] < a[0]) for a, b in combinations(ends, 2))


def thin(tracks: pd.DataFrame, *, full: int = 100) -> dict[str, str]:
    """Name the genres of which much is missing.

    Parameters
    ----------
    tracks : DataFrame
        One row per track, with its ``genre``.
    full : int
        Tracks of a complete genre.

    Returns
    -------
    dict of str to str
        ``thin``, a sentence or two.
    """
    counts = {str(genre): int(n) for genre, n in tracks["genre"].value_counts().items()}
    few = {genre: n for genre, n in counts.items() if n < 0.9 * full}
    if not few:
        return {"thin": "Every genre is complete or nearly so."}
    parts = [f"{n} of {full} {genre_name(genre)} tracks" for genre, n in few.items()]
    return {
        "thin": f"They include only {listed(parts)}, so what they say about "
        f"{'these genres' if len(few) > 1 else 'this genre'} is less certain."
    }
