"""Music from outside GTZAN, as sound: what models say of it, source by source.

Conventions
-----------
A *source* is one collection of clips; the clips themselves are not ours to pass on, so they have
numbers instead of titles, and only what was computed from them is kept. Every clip is classified
whole and as short excerpts at fixed places. Temperatures and thresholds that judge the clips of a
source are set on the other sources, on clips of trust A and B.

The table ``outside_predictions.parquet`` has one row per model, protocol and excerpt:

- ``family`` ("from scratch": nothing but GTZAN was learned from; "pretrained"), ``model``,
  ``protocol`` ("released": the model has learned from no source; "leave-one-source-out"),
- ``clip``, ``genre``, ``source``, ``trust`` (A: a plain case; B: plausible; C: doubtful),
  ``artist`` (group), ``in_gtzan`` (GTZAN has other songs by the artist),
- ``excerpt`` (3 or 10 s, 0 for the whole clip), ``start`` (s), ``seconds`` (of sound, without
  silence),
- ``p_blues`` ... ``p_rock``, ``temperature`` (what the scores were divided by), ``distance`` (above
  1: out of the distribution), ``gtzan_confidence`` (the largest probability, had the temperature
  been that of GTZAN's folds; missing for models without one).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from audionome import audio, batch, files
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.datasets.artists import artist_groups
from audionome.errors import AudionomeError
from audionome.lab import conformal
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.lab.store import StaleResultsError, missing
from audionome.lab.training.calibration import fit_temperature, mean_probabilities
from audionome.models.calibration import Calibration
from audionome.models.classifier import load_classifier

__all__ = [
    "COLUMNS",
    "LENGTHS",
    "OUTSIDE_PREDICTIONS",
    "Excerpt",
    "OutsideError",
    "calibrate",
    "clips",
    "excerpts",
    "load",
    "measure",
    "predict",
    "stands_for",
    "trusted",
    "write",
]

#: The table, in the folder of results.
OUTSIDE_PREDICTIONS = "outside_predictions.parquet"

#: Beside it: the recipe, and the hashes of the models that were asked.
OUTSIDE_STAMPS = "outside.json"

#: Changes when the same clips and models would give other rows.
RECIPE = 1

#: What a table of this form holds beside the probabilities.
COLUMNS = (
    "family", "model", "protocol", "clip", "genre", "source", "trust", "artist", "in_gtzan",
    "excerpt", "start", "seconds", "temperature", "distance",
)  # fmt: skip

#: Seconds of an excerpt, and the windows of 3 s for which its temperature and threshold count;
#: whole clips stand for long recordings.
LENGTHS: dict[int, float] = {3: 1.0, 10: 10 / 3, 0: 10.0}

_PLACES = {10: (1 / 3, 2 / 3), 3: (1 / 4, 2 / 4, 3 / 4)}  # share of what an excerpt leaves out
_LEAST_OF_10 = 12.0  # s: what is shorter is nearly the whole clip
_LONG = 20.0  # s: a whole clip from here on stands for long recordings

_LABELS = ("file", "genre", "artist", "source", "trust", "artist_in_gtzan")


class OutsideError(AudionomeError):
    """A folder of clips, or a list of them, that cannot be used."""


# -- the clips ----------------------------------------------------------------------------


def clips(folder: Path, labels: Path) -> pd.DataFrame:
    """Return the clips of a folder with what a list says of them.

    Parameters
    ----------
    folder : Path
        Holds the files that the list names.
    labels : Path
        CSV file: ``file`` (relative to the folder), ``genre``, ``artist``, ``source`` (up to an
        ``@``: the collection), ``trust`` and ``artist_in_gtzan`` (begins with ``yes`` if GTZAN has
        other songs by the artist).

    Returns
    -------
    DataFrame
        ``path``, ``clip``, ``genre``, ``source``, ``trust``, ``artist`` and ``in_gtzan``.

    Raises
    ------
    OutsideError
        If the list or a clip is missing, or the list lacks a column.
    """
    if not labels.is_file():
        raise OutsideError(f'There is no list of clips "{labels}"; give it as --labels.')
    table = pd.read_csv(labels, dtype=str, keep_default_na=False)
    if missing := [name for name in _LABELS if name not in table.columns]:
        raise OutsideError(f'"{labels}" lacks the columns {", ".join(missing)}.')
    strange = table.loc[~table["genre"].isin(gtzan.GENRES), "genre"]
    if len(strange):
        raise OutsideError(f'"{labels}" names the genre "{strange.iloc[0]}", none of the ten.')
    paths = [folder / name for name in table["file"]]
    absent = [path.name for path in paths if not path.is_file()]
    if absent:
        raise OutsideError(
            f"{folder} lacks {len(absent)} of the {len(paths)} clips that {labels.name} lists."
        )
    collections = table["source"].str.split("@").str[0]
    numbers = pd.factorize(collections)[0] + 1
    return pd.DataFrame(
        {
            "path": paths,
            "clip": [str(Path(name).with_suffix("")) for name in table["file"]],
            "genre": table["genre"],
            "source": [f"S{number:02d}" for number in numbers],
            "trust": table["trust"],
            "artist": np.array(artist_groups(table["artist"].tolist()), dtype=np.int32),
            "in_gtzan": table["artist_in_gtzan"].str.startswith("yes"),
        }
    )


@dataclass(frozen=True)
class Excerpt:
    """A part of a clip.

    Attributes
    ----------
    seconds : int
        3 or 10; 0 for the whole clip.
    start : float
        Where it begins (s).
    sound : bytes
        A WAV file.
    """

    seconds: int
    start: float
    sound: bytes


def excerpts(samples: NDArray[np.float32]) -> Iterator[Excerpt]:
    """Yield a clip and its excerpts, at places that depend on nothing but its length.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz.

    Yields
    ------
    Excerpt
        The whole clip, two of 10 s where it is longer than 12 s, three of 3 s.
    """
    yield Excerpt(0, 0.0, _wav(samples))
    for seconds, places in _PLACES.items():
        if seconds == 10 and samples.size < _LEAST_OF_10 * audio.SAMPLE_RATE:
            continue
        n = seconds * audio.SAMPLE_RATE
        for place in places:
            start = int(place * (samples.size - n))
            yield Excerpt(seconds, start / audio.SAMPLE_RATE, _wav(samples[start : start + n]))


def _wav(samples: NDArray[np.float32]) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, samples, audio.SAMPLE_RATE, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


# -- what models say ----------------------------------------------------------------------

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
    chosen = [load_classifier(name) for name in models]
    for excerpt in excerpts(audio.load(path)):
        rows: dict[str, NDArray[np.floating]] = {}
        try:
            for model in {m.name: m for one in chosen for m in (one, one.companion) if m}.values():
                stream = audio.WindowStream(excerpt.sound)
                rows[model.name] = np.concatenate(list(model.extractor.measure(stream.pieces())))
        except audio.SilentError:
            continue
        heard = stream.duration - stream.silence
        for model in chosen:
            judge = model.companion or model
            distance = judge.distance(rows[judge.name])
            scores = model.model.scores(rows[model.name])
            found[model.name].append((excerpt.seconds, excerpt.start, heard, scores, distance))
    return found


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
        If a clip cannot be read.
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
            cards[name] = calibrate(rows, scores)
            before = load_classifier(name).card["calibrations"]["gtzan"]
            confidence = _confidences(rows, scores, before).astype(np.float32)
            parts.append(nested(rows, scores).assign(gtzan_confidence=confidence))
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


def calibrate(
    rows: pd.DataFrame, scores: Sequence[NDArray[np.float64]], *, without: str = ""
) -> dict[str, Any]:
    """Set temperatures and thresholds on scores.

    Parameters
    ----------
    rows : DataFrame
        One per excerpt.
    scores : sequence of ndarray of shape (windows, 10)
        Of each row.
    without : str
        A source that is left out.

    Returns
    -------
    dict
        ``temperature``, ``temperatures`` and ``set_thresholds``, as a model's card has them.
    """
    y_true = _codes(rows)
    used = (rows["source"] != without).to_numpy()
    temperatures, limits = [], []
    for excerpt, windows in LENGTHS.items():
        at = used & stands_for(rows, excerpt)
        chosen = [score for score, use in zip(scores, at, strict=True) if use]
        temperature = fit_temperature(chosen, y_true[at])
        of_truth = conformal.true_probabilities(mean_probabilities(chosen, temperature), y_true[at])
        temperatures.append([windows, temperature])
        limits.append([windows, conformal.threshold(of_truth)])
    return {
        "temperature": temperatures[-1][1],
        "temperatures": temperatures,
        "set_thresholds": limits,
    }


def nested(rows: pd.DataFrame, scores: Sequence[NDArray[np.float64]]) -> pd.DataFrame:
    """Add probabilities; the temperature of a source's clips is set on all other sources."""
    values = np.empty((len(rows), len(gtzan.GENRES)))
    temperatures = np.empty(len(rows))
    lengths = _lengths(rows)
    for source in rows["source"].unique():
        calibration = _calibration(calibrate(rows, scores, without=source))
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


# -- on disk ------------------------------------------------------------------------------


def write(
    predictions: pd.DataFrame,
    cards: Mapping[str, Mapping[str, Any]],
    *,
    models: Path,
    results: Path,
) -> None:
    """Write predictions, and what was set on them into the models' cards.

    Parameters
    ----------
    predictions : DataFrame
        Of one or more models; those of other models that are there are kept.
    cards : mapping of str to mapping
        Per model: entries of its card, see `calibrate`. An entry ``calibrations`` of the card
        keeps what was set on GTZAN beside them.
    models, results : Path
        Folders of the cards and of ``outside_predictions.parquet``.

    Raises
    ------
    audionome.files.OutputError
        If the folders cannot be written to, or hold another table of that name.
    """
    path = results / OUTSIDE_PREDICTIONS
    old = files.own_table(path, ["model", "protocol", "source", "excerpt"])
    if old is not None:
        predictions = pd.concat(
            [old[~old["model"].isin(predictions["model"].unique())], predictions]
        )
    order = ["model", "protocol", "clip", "excerpt", "start"]
    predictions = predictions.sort_values(order, ignore_index=True, kind="stable")
    with files.written_whole(path) as unfinished:
        predictions.to_parquet(unfinished, index=False, compression="zstd")
    for name, found in cards.items():
        place = models / f"{name}.json"
        card = json.loads(place.read_text())
        card |= found
        card["calibrations"] = card.get("calibrations", {}) | {"outside": dict(found)}
        files.write_text(place, json.dumps(card, indent=1) + "\n")
    stamps = results / OUTSIDE_STAMPS
    record = json.loads(stamps.read_text()) if stamps.is_file() else {}
    of_models = record.get("models", {}) | {
        name: hashlib.sha256((models / f"{name}.npz").read_bytes()).hexdigest()[:16]
        for name in predictions["model"].unique()
        if (models / f"{name}.npz").is_file()
    }
    record = {"recipe": RECIPE, "models": of_models}
    files.write_text(stamps, json.dumps(record, indent=1) + "\n")


def load(*, models: Path | None = None, results: Path | None = None) -> pd.DataFrame:
    """Load the stored predictions.

    Parameters
    ----------
    models, results : Path, optional
        Default: ``data/models`` and ``data/results``.

    Returns
    -------
    DataFrame
        As the conventions of this module say.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If they are missing, or were made by another recipe or by other models.
    """
    models, results = models or data_path("models"), results or data_path("results")
    path, stamps = results / OUTSIDE_PREDICTIONS, results / OUTSIDE_STAMPS
    if not (path.is_file() and stamps.is_file()):
        raise missing(path, "audionome lab outside")
    record = json.loads(stamps.read_text())
    same = record.get("recipe") == RECIPE
    for name, digest in record.get("models", {}).items():
        arrays = models / f"{name}.npz"
        same &= arrays.is_file() and (
            hashlib.sha256(arrays.read_bytes()).hexdigest()[:16] == digest
        )
    if not same:
        raise StaleResultsError(
            f"The predictions in {path} are of other models or of another recipe; run "
            "`audionome lab outside` to renew them."
        )
    return pd.read_parquet(path)
