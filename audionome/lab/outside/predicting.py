"""What released models say of clips from outside, with temperatures of other sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio, batch
from audionome.datasets import gtzan
from audionome.lab import conformal
from audionome.lab.outside.collection import OutsideError, excerpts
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.training.calibration import fit_temperature, mean_probabilities
from audionome.models.calibration import Calibration
from audionome.models.classifier import load_classifier
from audionome.models.linear_classifier import LinearClassifier, load_linear

__all__ = [
    "COLUMNS",
    "LENGTHS",
    "calibrate",
    "measure",
    "nested",
    "of_truth",
    "predict",
    "stands_for",
    "thresholds",
    "trusted",
]

#: What a table of this form holds beside the probabilities.
COLUMNS = (
    "family", "model", "protocol", "clip", "genre", "source", "trust", "artist", "in_gtzan",
    "excerpt", "start", "seconds", "temperature", "distance",
)  # fmt: skip

#: Seconds of an excerpt, and the windows of 3 s for which its temperature and threshold count;
#: whole clips stand for long recordings.
LENGTHS: dict[int, float] = {3: 1.0, 10: 10 / 3, 0: 10.0}

_LONG = 20.0  # s: a whole clip from here on stands for long recordings

Progress = Callable[[int, int], None]

#: Of one excerpt: seconds of it, start, seconds of sound, scores of the windows, distance.
Measured = tuple[int, float, float, NDArray[np.float64], float]


def measure(path: Path, *, models: Sequence[str]) -> dict[str, list[Measured]]:
    """Score a clip and its excerpts by released linear models.

    Parameters
    ----------
    path : Path
    models : sequence of str

    Returns
    -------
    dict of str to list
        Per model and excerpt; excerpts of silence are left out.
    """
    found: dict[str, list[Measured]] = {name: [] for name in models}
    chosen = [load_linear(name) for name in models]
    for excerpt in excerpts(audio.load(path)):
        rows: dict[str, NDArray[np.floating]] = {}
        try:
            for model in {m.name: m for one in chosen for m in (one, _judge(one))}.values():
                stream = audio.WindowStream(excerpt.sound)
                rows[model.name] = np.concatenate(list(model.extractor.measure(stream.pieces())))
        except audio.SilentError:
            continue
        heard = stream.duration - stream.silence
        for model in chosen:
            judge = _judge(model)
            distance = judge.distance(rows[judge.name])
            scores = model.model.scores(rows[model.name])
            found[model.name].append((excerpt.seconds, excerpt.start, heard, scores, distance))
    return found


def _judge(model: LinearClassifier) -> LinearClassifier:
    """Return the model that knows how far a sound is from what both learned from."""
    return model.companion if isinstance(model.companion, LinearClassifier) else model


def predict(
    table: pd.DataFrame,
    *,
    models: Sequence[str] = ("extended", "classic"),
    jobs: int = 1,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """Classify clips by released models that have learned from none of them.

    Parameters
    ----------
    table : DataFrame
        From `clips`.
    models : sequence of str
        Linear models that learned from GTZAN alone.
    jobs : int
        Processes.
    progress : callable, optional
        Called with (clips measured, clips in all).

    Returns
    -------
    predictions : DataFrame
        As the conventions of this module say. The temperature of each was set on other sources.
    calibrations : dict of str to dict
        Per model, for its card: ``temperature``, ``temperatures`` and ``set_thresholds``, set on
        all sources.

    Raises
    ------
    OutsideError
        If a clip cannot be read, or a source has no others to set its temperature on.
    """
    measured = []
    with threadpool_limits(1, user_api="blas"):
        for found in batch.for_each(
            partial(measure, models=tuple(models)), table["path"].tolist(), jobs=jobs
        ):
            if isinstance(found, batch.Failure):
                raise OutsideError(f"A clip from outside cannot be used: {found}")
            measured.append(found)
            if progress is not None:
                progress(len(measured), len(table))
        parts, cards = [], {}
        for name in models:
            rows, scores = _rows(table, [found[name] for found in measured], name)
            predictions = nested(rows, scores)
            cards[name] = _temperatures(rows, scores) | {"set_thresholds": thresholds(predictions)}
            before = load_classifier(name).card["calibrations"]["gtzan"]
            confidence = _confidences(rows, scores, before).astype(np.float32)
            parts.append(predictions.assign(gtzan_confidence=confidence))
    return pd.concat(parts, ignore_index=True), cards


def _rows(
    table: pd.DataFrame, measured: Sequence[list[Measured]], model: str
) -> tuple[pd.DataFrame, list[NDArray[np.float64]]]:
    of_clip = np.repeat(np.arange(len(table)), [len(found) for found in measured])
    flat = [excerpt for found in measured for excerpt in found]
    rows = table.drop(columns="path").iloc[of_clip].reset_index(drop=True)
    rows.insert(0, "family", "from scratch")
    rows.insert(1, "model", model)
    rows.insert(2, "protocol", "released")
    rows["excerpt"] = np.array([excerpt for excerpt, *_ in flat], dtype=np.int16)
    rows["start"] = np.array([start for _, start, *_ in flat], dtype=np.float32)
    rows["seconds"] = np.array([seconds for _, _, seconds, *_ in flat], dtype=np.float32)
    rows["distance"] = np.array([distance for *_, distance in flat], dtype=np.float32)
    return rows, [scores for _, _, _, scores, _ in flat]


def trusted(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which clips set and judge thresholds: those of trust A and B.

    Parameters
    ----------
    table : DataFrame
        With the column ``trust``.

    Returns
    -------
    ndarray of bool, shape (rows,)
    """
    return table["trust"].isin(["A", "B"]).to_numpy(dtype=bool)


def stands_for(table: pd.DataFrame, excerpt: int) -> NDArray[np.bool_]:
    """Return which rows set temperature and threshold of a length.

    Parameters
    ----------
    table : DataFrame
    excerpt : int
        One of `LENGTHS`; of whole clips, those of at least 20 s of sound. What is out of the
        distribution counts in none: nothing is promised of it.

    Returns
    -------
    ndarray of bool, shape (rows,)
    """
    rows = trusted(table) & ((table["excerpt"] == excerpt) & (table["distance"] <= 1)).to_numpy()
    return rows if excerpt else rows & (table["seconds"] >= _LONG).to_numpy()


def thresholds(table: pd.DataFrame, *, without: str = "") -> list[list[float]]:
    """Return the thresholds of a model's prediction sets by length, for its card.

    The probabilities have the temperatures of other sources, as those of new music will have.

    Parameters
    ----------
    table : DataFrame
        Predictions of one model.
    without : str
        A source that is left out.

    Returns
    -------
    list of [float, float]
        Length in windows of 3 s, and the share of the largest probability that lets a genre into
        the set.
    """
    others = table[(table["source"] != without).to_numpy()]
    found = []
    for excerpt, windows in LENGTHS.items():
        rows = others[stands_for(others, excerpt)]
        found.append([windows, conformal.threshold(of_truth(rows))])
    return found


def of_truth(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the probability of each true genre as a share of the largest one.

    Parameters
    ----------
    rows : DataFrame
        Predictions.

    Returns
    -------
    ndarray of shape (rows,)
        See `audionome.lab.conformal.truth_shares`.
    """
    return conformal.truth_shares(rows[PROBABILITY_COLUMNS].to_numpy(np.float64), _codes(rows))


def calibrate(rows: pd.DataFrame, scores: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    """Set temperatures and thresholds on scores.

    Parameters
    ----------
    rows : DataFrame
        One per excerpt.
    scores : sequence of ndarray of shape (windows, 10)
        Of each row.

    Returns
    -------
    dict
        ``temperature``, ``temperatures`` and ``set_thresholds``, as a model's card has them. The
        temperatures are those of all sources.
    """
    return _temperatures(rows, scores) | {"set_thresholds": thresholds(nested(rows, scores))}


def _temperatures(
    rows: pd.DataFrame, scores: Sequence[NDArray[np.float64]], *, without: str = ""
) -> dict[str, Any]:
    y_true = _codes(rows)
    used = (rows["source"] != without).to_numpy()
    found = []
    for excerpt, windows in LENGTHS.items():
        at = used & stands_for(rows, excerpt)
        if not at.any():
            left = f" without the source {without}" if without else ""
            raise OutsideError(
                f"There are no clips of trust A or B{left} to set a temperature on, for "
                f"{f'excerpts of {excerpt} s' if excerpt else 'whole clips of 20 s and more'}; "
                "give clips of several sources."
            )
        chosen = [score for score, use in zip(scores, at, strict=True) if use]
        found.append([windows, fit_temperature(chosen, y_true[at])])
    return {"temperature": found[-1][1], "temperatures": found}


def nested(rows: pd.DataFrame, scores: Sequence[NDArray[np.float64]]) -> pd.DataFrame:
    """Add probabilities; the temperature of a source's clips is set on all other sources.

    Parameters
    ----------
    rows : DataFrame
        One per excerpt.
    scores : sequence of ndarray of shape (windows, 10)
        Of each row.

    Returns
    -------
    DataFrame
        As the conventions of this module say.
    """
    values = np.empty((len(rows), len(gtzan.GENRES)))
    temperatures = np.empty(len(rows))
    lengths = _lengths(rows)
    for source in rows["source"].unique():
        calibration = _calibration(_temperatures(rows, scores, without=source))
        for i in np.flatnonzero((rows["source"] == source).to_numpy()).tolist():
            temperatures[i] = calibration.temperature_for(lengths[i])
            values[i] = mean_probabilities([scores[i]], temperatures[i])[0]
    out = rows.assign(temperature=temperatures.astype(np.float32))
    out[PROBABILITY_COLUMNS] = values.astype(np.float32)
    return out[[*COLUMNS[:-2], *PROBABILITY_COLUMNS, *COLUMNS[-2:]]]


def _confidences(
    rows: pd.DataFrame, scores: Sequence[NDArray[np.float64]], card: Mapping[str, Any]
) -> NDArray[np.float64]:
    """Return the largest probability of each row with the temperatures of a card."""
    temperatures = map(_calibration(card).temperature_for, _lengths(rows))
    pairs = zip(scores, temperatures, strict=True)
    return np.array([mean_probabilities([score], t).max() for score, t in pairs])


def _lengths(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return lengths in windows of 3 s."""
    return rows["seconds"].to_numpy(np.float64) / conformal.WINDOW_SECONDS


def _calibration(card: Mapping[str, Any]) -> Calibration:
    curve = tuple((float(n), float(t)) for n, t in card.get("temperatures", ()))
    return Calibration(float(card["temperature"]), (), conformal.COVERAGE, curve)


def _codes(rows: pd.DataFrame) -> NDArray[np.integer]:
    return pd.Categorical(rows["genre"], categories=list(gtzan.GENRES)).codes.astype(int)
