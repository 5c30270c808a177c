"""How often the released models are right: by protocol, by genre, by length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome.lab.bootstrap import (
    ConfidenceInterval,
    design_effect,
    effective_sample_size,
    mean_interval,
)
from audionome.lab.compare import Difference, Verdict, paired_difference, verdicts
from audionome.lab.confusion import genre_measures
from audionome.lab.metrics import expected_calibration_error
from audionome.lab.model_card.released import ELSEWHERE, ReleasedModels
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.protocols import PROTOCOLS

__all__ = [
    "COMPARED",
    "LENGTHS",
    "Comparison",
    "common",
    "comparisons",
    "excerpts",
    "few_clips",
    "ladder",
    "named",
    "on_same_tracks",
    "per_genre",
    "without_few",
]

#: Where the released models are compared, on the tracks that all of them classified.
COMPARED: dict[str, str] = {
    ELSEWHERE[0]: "Music from elsewhere",
    "artist-grouped": "GTZAN, artists apart",
    "fault-filtered-nine-genres": "GTZAN, fault-filtered",
}

#: Protocols by the seconds that are heard, the whole clip first (0), and what music they judge.
LENGTHS: dict[str, dict[int, str]] = {
    COMPARED[ELSEWHERE[0]]: ELSEWHERE,
    COMPARED["artist-grouped"]: {
        p.excerpt_seconds or 0: p.name
        for p in PROTOCOLS.values()
        if p.setting == PROTOCOLS["artist-grouped"].setting
    },
}

_FEWEST = 10  # clips of a genre of which a share is told


def common(found: ReleasedModels, protocol: str) -> dict[str, pd.DataFrame]:
    """Return every model's predictions about the tracks that all of them classified.

    Parameters
    ----------
    found : ReleasedModels
    protocol : str
        One under which a track is one prediction.

    Returns
    -------
    dict of str to DataFrame
        By model, the default first; sorted by track, so that rows belong together, with the groups
        of artists of the first model. Models without any prediction under the protocol are left
        out.
    """
    rows = {m: found.of(m, protocol).sort_values("track", kind="stable") for m in found.models}
    rows = {m: table for m, table in rows.items() if len(table)}
    if not rows:
        return {}
    tracks = set.intersection(*(set(table["track"]) for table in rows.values()))
    rows = {m: table[table["track"].isin(tracks).to_numpy()] for m, table in rows.items()}
    artists = next(iter(rows.values())).groupby("track")["artist"].first()
    return {m: t.assign(artist=t["track"].map(artists).to_numpy()) for m, t in rows.items()}


def on_same_tracks(found: ReleasedModels) -> pd.DataFrame:
    """Return the accuracy of all models on identical tracks, from elsewhere and of GTZAN.

    Parameters
    ----------
    found : ReleasedModels

    Returns
    -------
    DataFrame
        For each of `COMPARED` and each model: ``protocol``, ``protocol_title``, ``model``, and
        what `ladder` tells; ``top3`` is the share of the tracks whose genre is among the three
        most probable.
    """
    out = []
    for protocol, title in COMPARED.items():
        for model, rows in common(found, protocol).items():
            named = {"model": model, "protocol": protocol, "protocol_title": title}
            out.append(named | _scored(rows) | {"top3": _top(rows, 3)})
    return pd.DataFrame(out)


def _top(rows: pd.DataFrame, k: int) -> float:
    values = rows[PROBABILITY_COLUMNS].to_numpy(np.float64)
    own = values[np.arange(len(rows)), [PROBABILITY_COLUMNS.index(f"p_{g}") for g in rows["genre"]]]
    return float(np.mean((values > own[:, None]).sum(axis=1) < k))


def _scored(rows: pd.DataFrame) -> dict[str, Any]:
    correct, artists = rows["correct"].to_numpy(dtype=bool), rows["artist"].to_numpy()
    scored = mean_interval(correct, artists)
    confidence = rows["confidence"].to_numpy()
    return {
        "accuracy": scored.estimate,
        "low": scored.low,
        "high": scored.high,
        "n": scored.n,
        "tracks": rows["track"].nunique(),
        "artists": scored.clusters,
        "design_effect": design_effect(correct, artists),
        "effective_n": effective_sample_size(correct, artists),
        "calibration_error": expected_calibration_error(confidence, correct),
        "calibration_luck": _luck(confidence),
    }


def ladder(found: ReleasedModels) -> pd.DataFrame:
    """Return the accuracy of every model under every protocol.

    Parameters
    ----------
    found : ReleasedModels

    Returns
    -------
    DataFrame
        ``model``, ``protocol``, ``protocol_title``, ``summary`` (how it was judged), ``level``,
        ``accuracy``, ``low``, ``high``, ``n`` (predictions), ``tracks``, ``artists``,
        ``design_effect``, ``effective_n`` (predictions that would tell as much if all were
        independent), ``calibration_error``, and ``calibration_luck``: the error that perfectly
        honest confidences would show in so few predictions.
    """
    out = []
    for model in found.models:
        for protocol in PROTOCOLS.values():
            rows = found.of(model, protocol.name)
            if rows.empty:
                continue
            out.append(
                {
                    "model": model,
                    "protocol": protocol.name,
                    "protocol_title": protocol.title,
                    "summary": protocol.summary,
                    "level": protocol.level,
                }
                | _scored(rows)
            )
    return pd.DataFrame(out)


def _luck(confidence: NDArray[np.float64], *, draws: int = 200) -> float:
    """Return the mean calibration error of predictions that are right as often as they claim."""
    rng = np.random.default_rng(0)
    errors = [
        expected_calibration_error(confidence, rng.random(confidence.size) < confidence)
        for _ in range(draws)
    ]
    return float(np.mean(errors))


@dataclass(frozen=True)
class Comparison:
    """Two models on identical tracks.

    Attributes
    ----------
    a, b : str
        The models, for a reader.
    accuracy_a, accuracy_b : ConfidenceInterval
        On those tracks.
    verdict : Verdict
        Of *a* set beside *b*.
    only_a, only_b : int
        Tracks that only *a* (only *b*) classifies right.
    """

    a: str
    b: str
    accuracy_a: ConfidenceInterval
    accuracy_b: ConfidenceInterval
    verdict: Verdict
    only_a: int
    only_b: int

    @classmethod
    def of(
        cls,
        a: str,
        b: str,
        correct_a: NDArray[np.bool_],
        correct_b: NDArray[np.bool_],
        artists: NDArray[Any],
        verdict: Verdict,
    ) -> Comparison:
        """Return the comparison of two models' predictions about the same tracks."""
        return cls(
            a, b, mean_interval(correct_a, artists), mean_interval(correct_b, artists), verdict,
            only_a=int((correct_a & ~correct_b).sum()), only_b=int((correct_b & ~correct_a).sum()),
        )  # fmt: skip


def comparisons(
    found: ReleasedModels,
    *,
    protocols: Sequence[str] = tuple(COMPARED),
    pairs: Sequence[tuple[str, str]] = (("ear", "extended"), ("extended", "classic")),
) -> dict[tuple[str, str, str], Comparison]:
    """Compare models two by two, under each protocol on the tracks that all have classified.

    Parameters
    ----------
    found : ReleasedModels
    protocols : sequence of str
    pairs : sequence of (str, str)
        With the protocols, the family of comparisons that are told together.

    Returns
    -------
    dict of (str, str, str) to Comparison
        By protocol and models; without those that have no track in common.
    """
    correct: dict[
        tuple[str, str, str], tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[Any]]
    ] = {}
    for protocol in protocols:
        rows = common(found, protocol)
        for a, b in pairs:
            if {a, b} <= set(rows) and len(rows[a]):
                of_a, of_b = (rows[m]["correct"].to_numpy(dtype=bool) for m in (a, b))
                correct[protocol, a, b] = of_a, of_b, rows[a]["artist"].to_numpy()
    judged = verdicts([paired_difference(*each) for each in correct.values()]) if correct else []
    return {
        (protocol, a, b): Comparison.of(a, b, *correct[protocol, a, b], verdict)
        for (protocol, a, b), verdict in zip(correct, judged, strict=True)
    }


def named(found: ReleasedModels, genre: str, *, protocol: str = "artist-grouped") -> pd.DataFrame:
    """Count how often each model classifies a genre right, on the tracks that all have in common.

    Parameters
    ----------
    found : ReleasedModels
    genre, protocol : str

    Returns
    -------
    DataFrame
        ``model``, ``right``, ``n``.
    """
    counts = []
    for model, rows in common(found, protocol).items():
        of_genre = rows[(rows["genre"] == genre).to_numpy(dtype=bool)]
        counts.append((model, int(of_genre["correct"].sum()), len(of_genre)))
    return pd.DataFrame(counts, columns=["model", "right", "n"])


def per_genre(rows: pd.DataFrame) -> pd.DataFrame:
    """Return precision, recall and F1 of each genre.

    Parameters
    ----------
    rows : DataFrame
        Predictions of one model, as `common` returns them.

    Returns
    -------
    DataFrame
        See `audionome.lab.confusion.genre_measures`. A genre with few artists has an interval
        that cannot be trusted.
    """
    return genre_measures(rows["genre"], rows["predicted"], rows["artist"])


def few_clips(genres: pd.DataFrame) -> pd.DataFrame:
    """Return the genres with so few clips that a share of them tells nothing.

    Parameters
    ----------
    genres : DataFrame
        From `per_genre`.

    Returns
    -------
    DataFrame
        Rows of it, the fewest clips first.
    """
    return genres[genres["n"] < _FEWEST].sort_values("n", kind="stable")


def without_few(genres: pd.DataFrame) -> pd.DataFrame:
    """Leave out the shares of genres with so few clips that they tell nothing.

    Parameters
    ----------
    genres : DataFrame
        From `per_genre`.

    Returns
    -------
    DataFrame
        The same rows; measures of such genres are missing.
    """
    measures = genres.columns.difference(["genre", "n", "artists"], sort=False)
    few = (genres["n"] < _FEWEST).to_numpy()
    return genres.assign(**{c: genres[c].mask(few) for c in measures})


def excerpts(found: ReleasedModels, model: str, protocols: Mapping[int, str]) -> pd.DataFrame:
    """Return what is lost when a model hears only part of a clip.

    Parameters
    ----------
    found : ReleasedModels
    model : str
    protocols : mapping of int to str
        One of `LENGTHS`.

    Returns
    -------
    DataFrame
        ``seconds`` (0: the whole clip), ``accuracy``, ``low``, ``high``, ``n`` (excerpts),
        ``calibration_error``; ``cost`` (accuracy on whole clips minus that on their excerpts,
        paired by track) with ``cost_low`` and ``cost_high``, and ``verdict``, what the whole clips
        are beside the excerpts. The longest first; empty without excerpts.
    """
    lengths = {s: rows for s, name in protocols.items() if len(rows := found.of(model, name))}
    order = sorted(lengths, key=lambda seconds: -(seconds or np.inf))
    whole = found.of(model, protocols[0]).set_index("track")["correct"]
    losses: list[Difference] = []
    out = []
    for seconds in order:
        rows = lengths[seconds]
        correct, artists = rows["correct"].to_numpy(dtype=bool), rows["artist"].to_numpy()
        loss = paired_difference(whole.loc[rows["track"]], correct, artists)
        losses.append(loss)
        scored = mean_interval(correct, artists)
        out.append(
            {
                "seconds": seconds,
                "accuracy": scored.estimate,
                "low": scored.low,
                "high": scored.high,
                "n": scored.n,
                "calibration_error": expected_calibration_error(rows["confidence"], correct),
                "cost": loss.interval.estimate,
                "cost_low": loss.interval.low,
                "cost_high": loss.interval.high,
            }
        )
    # The first is the whole clip against itself.
    words = [verdicts(losses[:1]), verdicts(losses[1:])] if losses else []
    return pd.DataFrame(out).assign(verdict=[v.word for part in words for v in part])
