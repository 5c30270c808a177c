"""How often the released models are right: by protocol, by genre, by length."""

from __future__ import annotations

from collections.abc import Sequence
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
from audionome.lab.model_card.released import ReleasedModels
from audionome.lab.protocols import PROTOCOLS

__all__ = [
    "COMPARED",
    "Comparison",
    "comparisons",
    "excerpts",
    "ladder",
    "named",
    "per_genre",
]

#: Protocols under which the two models are compared, on the tracks that both classified.
COMPARED = ("artist-grouped", "nine-genres", "fault-filtered-nine-genres")

_WHOLE = "artist-grouped"
_CLIP_SECONDS = 30


def _accuracy(rows: pd.DataFrame) -> ConfidenceInterval:
    return mean_interval(rows["correct"].to_numpy(dtype=bool), rows["artist"].to_numpy())


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
            correct, artists = rows["correct"].to_numpy(dtype=bool), rows["artist"].to_numpy()
            scored = mean_interval(correct, artists)
            confidence = rows["confidence"].to_numpy()
            out.append(
                {
                    "model": model,
                    "protocol": protocol.name,
                    "protocol_title": protocol.title,
                    "summary": protocol.summary,
                    "level": protocol.level,
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
    protocols: Sequence[str] = COMPARED,
    a: str = "extended",
    b: str = "classic",
) -> dict[str, Comparison]:
    """Compare two models, under each protocol on the tracks that both have classified.

    Parameters
    ----------
    found : ReleasedModels
    protocols : sequence of str
        The family of comparisons that are told together.
    a, b : str

    Returns
    -------
    dict of str to Comparison
        By protocol; without those under which they have no track in common.
    """
    pairs: dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[Any]]] = {}
    for protocol in protocols:
        one, other = (found.of(m, protocol).set_index("track") for m in (a, b))
        common = one.index.intersection(other.index).sort_values()
        if len(common):
            of_a, of_b = (t.loc[common, "correct"].to_numpy(dtype=bool) for t in (one, other))
            pairs[protocol] = of_a, of_b, one.loc[common, "artist"].to_numpy()
    judged = verdicts([paired_difference(*pair) for pair in pairs.values()])
    return {
        protocol: Comparison.of(a, b, *pair, verdict)
        for (protocol, pair), verdict in zip(pairs.items(), judged, strict=True)
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
    rows = {m: found.of(m, protocol).set_index("track") for m in found.models}
    rows = {m: t[t["genre"] == genre] for m, t in rows.items()}
    common = sorted(set.intersection(*(set(t.index) for t in rows.values())))
    counts = [(m, int(t.loc[common, "correct"].sum()), len(common)) for m, t in rows.items()]
    return pd.DataFrame(counts, columns=["model", "right", "n"])


def per_genre(found: ReleasedModels, model: str, protocol: str = "artist-grouped") -> pd.DataFrame:
    """Return precision, recall and F1 of each genre.

    Parameters
    ----------
    found : ReleasedModels
    model, protocol : str

    Returns
    -------
    DataFrame
        See `audionome.lab.confusion.genre_measures`. A genre with few artists has an interval
        that cannot be trusted.
    """
    rows = found.of(model, protocol)
    return genre_measures(rows["genre"], rows["predicted"], rows["artist"])


def excerpts(found: ReleasedModels, model: str = "extended") -> pd.DataFrame:
    """Return what is lost when a model hears only part of a clip.

    Parameters
    ----------
    found : ReleasedModels
    model : str

    Returns
    -------
    DataFrame
        ``seconds``, ``accuracy``, ``low``, ``high``, ``n`` (excerpts), ``calibration_error``;
        ``cost`` (accuracy on whole clips minus that on their excerpts, paired by track) with
        ``cost_low`` and ``cost_high``, and ``verdict``, what the whole clips are beside the
        excerpts. The longest first; empty without excerpts.
    """
    setting = PROTOCOLS[_WHOLE].setting
    lengths = {p.excerpt_seconds or _CLIP_SECONDS: found.of(model, p.name)
               for p in PROTOCOLS.values() if p.setting == setting}  # fmt: skip
    lengths = {s: rows for s, rows in sorted(lengths.items(), reverse=True) if len(rows)}
    whole = found.of(model, _WHOLE).set_index("track")["correct"]
    losses: list[Difference] = []
    out = []
    for seconds, rows in lengths.items():
        correct = rows["correct"].to_numpy(dtype=bool)
        loss = paired_difference(whole.loc[rows["track"]], correct, rows["artist"].to_numpy())
        losses.append(loss)
        scored = _accuracy(rows)
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
