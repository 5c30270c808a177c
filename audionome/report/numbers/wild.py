"""Numbers of the chapter on music from a commercial library, outside GTZAN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from audionome._words import genre_name, listed, points, share
from audionome.datasets.recordings import Recording
from audionome.lab.compare import SAME
from audionome.lab.model_card import ReleasedModels
from audionome.lab.studies.loudness import Shortcut
from audionome.report.numbers.model import counted, interval

if TYPE_CHECKING:
    from audionome.models.classifier import Prediction

__all__ = [
    "genres",
    "held",
    "leaving",
    "levels",
    "loudness",
    "many",
    "music",
    "recordings",
    "tries",
]


def music(found: ReleasedModels) -> dict[str, str]:
    """Count the music of the library that was classified.

    Parameters
    ----------
    found : ReleasedModels

    Returns
    -------
    dict of str to str
        ``tracks``, ``artists``: of the ten genres, with their words ("978 tracks");
        ``soul_tracks``.
    """
    rows = found.of("classic", "wild")
    return {
        "tracks": counted(len(rows), "track"),
        "artists": counted(rows["artist"].nunique(), "artist"),
        "soul_tracks": counted(len(found.of("classic", "wild", known=False)), "track"),
    }


def leaving(table: pd.DataFrame) -> dict[str, str]:
    """Tell what the ladder's models lose outside GTZAN.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.leaving`.

    Returns
    -------
    dict of str to str
        ``every``: "All 10 models" or "9 of 10 models" are right less often outside;
        ``classic_loss`` (points) of the released model; ``least`` and
        ``most`` (points lost), with ``least_model`` and ``most_model``; ``best``: the model that
        is right most often outside, with ``best_right`` and ``best_interval``.
    """
    released = table["released"].to_numpy(dtype=bool)
    rows = table[~released]
    losses = (table["inside"] - table["outside"])[released]
    rows = rows.assign(loss=rows["inside"] - rows["outside"]).sort_values("loss", kind="stable")
    lose = int((rows["loss"] > 0).sum())
    least, most = rows.iloc[0], rows.iloc[-1]
    best = rows.sort_values("outside", kind="stable").iloc[-1]
    return {
        "every": f"All {lose} models" if lose == len(rows) else f"{lose} of {len(rows)} models",
        "least": points(least["loss"]),
        "least_model": _inside(least["title"]),
        "most": points(most["loss"]),
        "most_model": _inside(most["title"]),
        "classic_loss": points(float(losses.iloc[0])) if len(losses) else "not measured",
        "best": _inside(best["title"]),
        "best_right": share(best["outside"]),
        "best_interval": interval(best["low"], best["high"]),
    }


def _inside(title: str) -> str:
    """Write a model's title inside a sentence."""
    return title[:1].lower() + title[1:]


def levels(summary: pd.DataFrame) -> dict[str, str]:
    """Tell how loud the genres of GTZAN are.

    Parameters
    ----------
    summary : DataFrame
        From `audionome.datasets.gtzan.load_summary`.

    Returns
    -------
    dict of str to str
        ``loud`` and ``quiet``: the genres with the highest and the lowest median level, each also
        with ``_level`` (RMS, full scale 1).
    """
    level = summary[summary["feature"] == "rms_mean"].set_index("genre")["p50"].sort_values()
    return {
        "loud": genre_name(str(level.index[-1])),
        "loud_level": f"{level.iloc[-1]:.2f}",
        "quiet": genre_name(str(level.index[0])),
        "quiet_level": f"{level.iloc[0]:.2f}",
    }


def loudness(found: Shortcut) -> dict[str, str]:
    """Tell whether a model does better outside GTZAN without the columns that depend on the level.

    Parameters
    ----------
    found : audionome.lab.studies.loudness.Shortcut

    Returns
    -------
    dict of str to str
        ``n_columns``, ``n_level``: all columns, and those that depend on the level; ``with_level``
        and ``without_level``: accuracies; ``gain``: a clause with the verdict, the difference and
        its interval.
    """
    gap = found.gain.interval
    facts = f"{points(abs(gap.estimate))} points"
    ends = (gap.low, gap.high) if gap.estimate >= 0 else (-gap.high, -gap.low)
    gain = (
        f"is {found.gain.word} by {facts}"
        if found.gain.differs
        else "does neither better nor worse"
    )
    return {
        "n_columns": str(found.n_columns),
        "n_level": str(found.n_columns - found.n_level_free),
        "with_level": share(found.with_level.estimate),
        "without_level": share(found.without_level.estimate),
        "gain": f"{gain} (95\N{NO-BREAK SPACE}% interval {interval(*ends)})",
    }


def tries(table: pd.DataFrame) -> dict[str, str]:
    """Tell where the best of many tries stands among all that were scored on the library.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.load_tries`.

    Returns
    -------
    dict of str to str
        ``n_tries``, ``best_try``, ``median_try``, ``middle_tries`` (the middle half).
    """
    scores = table.loc[table["wild"] != "", "wild"].astype(float) / 100
    return {
        "n_tries": str(len(scores)),
        "best_try": share(float(scores.max())),
        "median_try": share(float(scores.median())),
        "middle_tries": interval(float(scores.quantile(0.25)), float(scores.quantile(0.75))),
    }


def genres(table: pd.DataFrame) -> dict[str, str]:
    """Tell which genres are found less or more often outside GTZAN.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.wild_genres`.

    Returns
    -------
    dict of str to str
        ``found``: the three genres that are found most often outside; ``lost``: those found less
        often, with what they are taken for, or "none"; ``won``: a sentence with those found more
        often; ``unsure``: how many genres cannot be told apart.
    """
    top = table.sort_values("outside", ascending=False, kind="stable").head(3)
    lost = table[table["verdict"] == "better"].sort_values("loss", ascending=False, kind="stable")
    won = table[table["verdict"] == "worse"]

    def named(rows: pd.DataFrame, more: str = "") -> str:
        found = [
            f"{genre_name(r['genre'])}{more.format(genre_name(r['instead']))}"
            for r in rows.to_dict("records")
        ]
        return listed(found) if found else "none"

    return {
        "found": named(top),
        "lost": named(lost, " (mostly taken for {})"),
        "won": f"More often: {named(won)}."
        if len(won)
        else "No genre is shown to be found more often.",
        "unsure": str(len(table) - len(lost) - len(won)),
    }


def many(ratios: pd.DataFrame) -> dict[str, str]:
    """Compare how often soul and known music get answers of many genres.

    Parameters
    ----------
    ratios : DataFrame
        From `audionome.lab.model_card.many_ratios`.

    Returns
    -------
    dict of str to str
        ``times_gtzan``, ``times_wild``: how many times as often soul gets one, with the interval,
        and a remark where the difference may be chance; ``twice``: a clause on whether it is at
        least twice as often.
    """
    told = {}
    for row in ratios.to_dict("records"):
        luck = "; that may be chance" if row["verdict"] == SAME else ""
        told[f"times_{row['against'].lower()}"] = (
            f"{row['ratio']:.1f} times as often "
            f"(95\N{NO-BREAK SPACE}% interval {row['low']:.1f} to {row['high']:.1f}{luck})"
        )
    proven = bool(ratios["twice"].all())
    told["twice"] = (
        "Both intervals lie above twice as often."
        if proven
        else "It is not shown to be twice as often."
    )
    return told


def held(shares: pd.DataFrame) -> dict[str, str]:
    """Tell how often answers name many genres, and how often the distance is too large.

    Parameters
    ----------
    shares : DataFrame
        From `audionome.lab.model_card.held_back`.

    Returns
    -------
    dict of str to str
        ``many_gtzan``, ``many_wild``, ``many_soul``, ``far_gtzan``, ``far_wild``, ``far_soul``.
    """
    signs = {"many": "many", "out-of-distribution": "far"}
    return {
        f"{signs[row['sign']]}_{row['group'].lower()}": share(row["share"])
        for row in shares.to_dict("records")
    }


def recordings(answers: Sequence[tuple[Recording, Prediction]]) -> dict[str, str]:
    """Count how often the answer agrees with the genre that the source of a recording names.

    Parameters
    ----------
    answers : sequence of (Recording, Prediction)
        From `audionome.report.examples.recording_answers`.

    Returns
    -------
    dict of str to str
        ``n_recordings``; ``n_labelled``: those whose source names one of the ten genres;
        ``n_first``: how often that is the most probable genre; ``n_within``: how often the answer
        includes it.
    """
    labelled = [(r, p) for r, p in answers if r.genre]
    return {
        "n_recordings": str(len(answers)),
        "n_labelled": str(len(labelled)),
        "n_first": str(sum(r.genre == p.genre for r, p in labelled)),
        "n_within": str(sum(r.genre in p.prediction_set for r, p in labelled)),
    }
