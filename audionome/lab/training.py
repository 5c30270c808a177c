"""Fit, calibrate and judge the models that ship.

Two models, one shape: a linear score per genre and window, a softmax with one temperature, and a
track's probabilities as the mean over its windows. ``classic`` hears the level-free classic
columns and learns from all 1 000 tracks; ``extended`` needs audio and learns from the 856 that
have it. Everything that is said about them (temperature, when to be unsure, how often they are
right) comes from tracks by artists that the fitted model never heard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import audionome
from audionome import audio, batch, features, files
from audionome.datasets import gtzan
from audionome.features import modulation
from audionome.lab.metrics import accuracy_interval, expected_calibration_error
from audionome.models import linear, neighbors
from audionome.models.calibration import normalized_entropy

__all__ = ["MODELS", "extended_rows", "judge", "train"]

#: What can be trained.
MODELS = ("classic", "extended")
_EXTRACTORS = {"classic": "gtzan57", "extended": "modulation-covariance"}

_SEED = 0
_FOLDS = 10
_NINE_FOLDS = 5
_UNSURE_SHARE = 0.1  # of the answers about known genres by unknown artists
_STRANGE_SHARE = 0.005  # of GTZAN's tracks
_AXES = 64
_LENGTHS = (1, 3, 10)  # a clip as a whole, in thirds and in tenths
_TEN_SECONDS = "artist-grouped, 10 s alone"
_THREE_SECONDS = "artist-grouped, 3 s alone"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Material:
    """Rows to fit on and rows to answer about, track by track.

    Attributes
    ----------
    tracks, genres : ndarray of shape (n,)
    artists : ndarray of shape (n,)
    fit_rows : ndarray of shape (rows, features)
    fit_tracks : ndarray of shape (rows,)
        Number of the track of each row.
    fit_weights : ndarray of shape (rows,)
    rows : list of ndarray of shape (windows, features)
        Per track: what the classifier sees of it.
    excerpts : dict of str to list of ndarray of shape (excerpts, features)
        Per length and track: excerpts that are answered about one by one.
    """

    tracks: NDArray[np.str_]
    genres: NDArray[np.str_]
    artists: NDArray[np.integer]
    fit_rows: NDArray[np.floating]
    fit_tracks: NDArray[np.integer]
    fit_weights: NDArray[np.floating]
    rows: list[NDArray[np.floating]]
    excerpts: dict[str, list[NDArray[np.floating]]] = field(default_factory=dict)

    @property
    def truth(self) -> NDArray[np.integer]:
        """Number of each track's genre; -1 for a genre that GTZAN lacks."""
        return pd.Categorical(self.genres, categories=list(gtzan.GENRES)).codes.astype(int)


Fit = Callable[[Material, NDArray[np.integer]], linear.Linear]


# -- material -----------------------------------------------------------------------------


def _classic_material(
    windows: pd.DataFrame, tracks: pd.DataFrame, columns: Sequence[str]
) -> Material:
    """Windows of a table as they are, all weighing the same."""
    names, number = np.unique(windows["track"].to_numpy(dtype=str), return_inverse=True)
    values = windows[list(columns)].to_numpy(np.float64)
    order = np.argsort(number, kind="stable")
    cuts = np.searchsorted(number[order], np.arange(1, names.size))
    info = tracks.set_index("track").loc[names]
    return Material(
        names,
        info["genre"].to_numpy(dtype=str),
        info["artist"].to_numpy(),
        values[order],
        number[order],
        np.ones(len(values)),
        np.split(values[order], cuts),
    )


def extended_rows(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Extended features of a clip, to fit on and to answer about.

    Parameters
    ----------
    path : Path
        A recording of at most 30 s; what is longer is left out.

    Returns
    -------
    fit : ndarray of shape (14, 3900), float32
        The whole clip, its thirds and its tenths.
    windows : ndarray of shape (windows, 3900), float32
        One row per 3-second window, as `audionome.features.modulation.ModulationCovariance`.
    """
    samples = audio.load(path)[: modulation.BLOCK * audio.WINDOW_HOP]
    edges = [np.linspace(0, samples.size, n + 1).astype(int) for n in _LENGTHS]
    cuts = np.concatenate([np.stack([e[:-1], e[1:]], axis=1) for e in edges])
    windows = modulation.extract_extended(samples).to_numpy(np.float32)
    return modulation.excerpt_rows(samples, cuts), windows


def _extended_material(
    folder: Path, tracks: pd.DataFrame, *, jobs: int, progress: Progress | None
) -> Material:
    if not folder.is_dir():
        raise gtzan.DatasetError(f'"{folder}" is not a folder; give the one with GTZAN\'s audio.')
    paths = {p.stem: p for p in files.scan(folder).files}
    measured = tracks.loc[tracks["measured"], "track"].tolist()
    missing = [name for name in measured if name not in paths]
    if missing:
        raise gtzan.DatasetError(
            f"{folder} lacks {len(missing)} of the {len(measured)} clips that the model learns "
            f"from ({', '.join(missing[:3])}); give the folder that holds GTZAN's audio."
        )
    pairs = []
    for pair in batch.for_each(extended_rows, [paths[name] for name in measured], jobs=jobs):
        if isinstance(pair, batch.Failure):
            raise gtzan.DatasetError(f"A clip to learn from cannot be used: {pair}")
        pairs.append(pair)
        if progress is not None:
            progress(len(pairs), len(measured))
    info = tracks.set_index("track").loc[measured]
    per_clip = np.concatenate([np.full(n, 1 / n) for n in _LENGTHS])
    _, thirds, tenths = np.split(np.arange(per_clip.size), np.cumsum(_LENGTHS)[:-1])
    return Material(
        np.array(measured),
        info["genre"].to_numpy(dtype=str),
        info["artist"].to_numpy(),
        np.concatenate([fit for fit, _ in pairs]),
        np.repeat(np.arange(len(measured)), per_clip.size),
        np.tile(per_clip, len(measured)),
        [windows for _, windows in pairs],
        {
            _TEN_SECONDS: [fit[thirds] for fit, _ in pairs],
            _THREE_SECONDS: [fit[tenths] for fit, _ in pairs],
        },
    )


# -- fitting ------------------------------------------------------------------------------


def _fit_classic(data: Material, tracks: NDArray[np.integer]) -> linear.Linear:
    rows = np.isin(data.fit_tracks, tracks)
    return linear.fit_classic(
        data.fit_rows[rows],
        data.genres[data.fit_tracks[rows]],
        list(features.COLUMNS),
        use=list(features.LEVEL_FREE),
        seed=_SEED,
    )


def _fit_extended(data: Material, tracks: NDArray[np.integer]) -> linear.Linear:
    rows = np.isin(data.fit_tracks, tracks)
    return linear.fit_extended(
        data.fit_rows[rows],
        data.genres[data.fit_tracks[rows]],
        data.fit_weights[rows],
        data.fit_tracks[rows],
    )


def _classic_columns(data: Material) -> Material:
    """The columns that the fitted model sees."""
    keep = [features.COLUMNS.index(c) for c in features.LEVEL_FREE]
    return replace(data, rows=[rows[:, keep] for rows in data.rows])


# -- judging ------------------------------------------------------------------------------


def _scores(model: linear.Linear, rows: Sequence[NDArray[np.floating]]) -> list[NDArray]:
    """Scores of tracks' windows over all ten genres; a genre not trained on is impossible."""
    at = [gtzan.GENRES.index(str(c)) for c in model.classes]
    result = []
    for windows in rows:
        scores = np.full((len(windows), len(gtzan.GENRES)), -np.inf)
        scores[:, at] = model.scores(windows)
        result.append(scores)
    return result


def _means(scores: Sequence[NDArray], temperature: float) -> NDArray[np.float64]:
    return np.stack([linear.softmax(s / temperature).mean(axis=0) for s in scores])


def _temperature(scores: Sequence[NDArray], truth: NDArray[np.integer]) -> float:
    """Temperature at which the answers are right as often as they claim on average.

    The smallest log loss lies higher: a few confident errors outweigh that most answers become
    too modest.
    """
    from scipy.optimize import brentq

    def surplus(log_temperature: float) -> float:
        means = _means(scores, float(np.exp(log_temperature)))
        return float(means.max(axis=1).mean() - np.mean(means.argmax(axis=1) == truth))

    return float(np.exp(brentq(surplus, -3.0, 6.0, xtol=1e-3)))


def _artist_folds(data: Material, chosen: NDArray[np.integer], n: int) -> list[tuple]:
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(n, shuffle=True, random_state=_SEED)
    folds = splitter.split(chosen, data.genres[chosen], data.artists[chosen])
    return [(chosen[a], chosen[b]) for a, b in folds]


def _random_folds(data: Material, chosen: NDArray[np.integer], n: int) -> list[tuple]:
    from sklearn.model_selection import StratifiedKFold

    splitter = StratifiedKFold(n, shuffle=True, random_state=_SEED)
    return [(chosen[a], chosen[b]) for a, b in splitter.split(chosen, data.genres[chosen])]


def judge(data: Material, fit: Fit, folds: Sequence[tuple], answers: Material) -> dict[str, Any]:
    """Answer about every fold's test tracks by a model of its training tracks.

    Each fold's temperature is chosen on the out-of-fold answers of the *other* folds.

    Parameters
    ----------
    data : Material
        To fit on.
    fit : callable
    folds : sequence of (train, test)
        Numbers of tracks.
    answers : Material
        The same tracks with the columns that the fitted model sees.

    Returns
    -------
    dict
        ``tracks`` and ``folds`` (numbers), ``probabilities`` of shape (tracks, 10),
        ``excerpts`` (per length: numbers of tracks, and probabilities of each excerpt),
        ``temperature`` over all answers, and ``temperatures`` of the excerpts' lengths.
    """
    tests = [test for _, test in folds]
    models = [fit(data, train) for train, _ in folds]
    truth = data.truth
    whole = [_scores(m, [answers.rows[i] for i in t]) for m, t in zip(models, tests, strict=True)]
    fold_temperatures = _of_others(whole, truth, tests)
    probabilities = [_means(s, t) for s, t in zip(whole, fold_temperatures, strict=True)]
    excerpts: dict[str, tuple] = {}
    temperatures: dict[str, float] = {}
    for length, rows in answers.excerpts.items():
        # Each excerpt is answered about alone, with the temperature of its length.
        parts = [
            [score[None] for i in t for score in _scores(m, [rows[i]])[0]]
            for m, t in zip(models, tests, strict=True)
        ]
        of = [np.repeat(t, [len(rows[i]) for i in t]) for t in tests]
        given = [_means(s, t) for s, t in zip(parts, _of_others(parts, truth, of), strict=True)]
        excerpts[length] = np.concatenate(of), np.concatenate(given)
        temperatures[length] = _temperature(_flat(parts), truth[np.concatenate(of)])
    return {
        "tracks": np.concatenate(tests),
        "folds": np.repeat(np.arange(len(tests)), [len(t) for t in tests]),
        "probabilities": np.concatenate(probabilities),
        "excerpts": excerpts,
        "temperature": _temperature(_flat(whole), truth[np.concatenate(tests)]),
        "temperatures": temperatures,
    }


def _flat(parts: Sequence[list[NDArray]]) -> list[NDArray]:
    return [scores for part in parts for scores in part]


def _of_others(
    parts: Sequence[list[NDArray]], truth: NDArray[np.integer], of: Sequence[NDArray[np.integer]]
) -> Iterator[float]:
    """For each fold, the temperature of the answers of all other folds."""
    for k in range(len(parts)):
        others = [j for j in range(len(parts)) if j != k]
        labels = truth[np.concatenate([of[j] for j in others])]
        yield _temperature(_flat([parts[j] for j in others]), labels)


def _judge_once(
    data: Material,
    fit: Fit,
    train: NDArray[np.integer],
    answers: Material,
    test: NDArray[np.integer],
) -> NDArray[np.float64]:
    """Probabilities of test tracks; model and temperature come from the training tracks alone."""
    inner = judge(data, fit, _artist_folds(data, train, _NINE_FOLDS), answers)
    model = fit(data, train)
    return _means(_scores(model, [answers.rows[i] for i in test]), inner["temperature"])


def _table(
    model: str,
    protocol: str,
    data: Material,
    judged: dict[str, Any],
    distance: NDArray[np.float64] | None = None,
) -> pd.DataFrame:
    """Answers as rows of ``shipped.parquet``."""
    tracks = judged["tracks"]
    folds = judged.get("folds", np.zeros(len(tracks)))
    table = pd.DataFrame(
        {
            "model": model,
            "protocol": protocol,
            "track": data.tracks[tracks],
            "genre": data.genres[tracks],
            "artist": data.artists[tracks].astype(np.int32),
            "fold": folds.astype(np.int8),
        }
    )
    for k, genre in enumerate(gtzan.GENRES):
        table[f"p_{genre}"] = judged["probabilities"][:, k].astype(np.float32)
    table["distance"] = np.float32(np.nan)
    if distance is not None:
        table["distance"] = distance[tracks].astype(np.float32)
    return table


# -- the two models -----------------------------------------------------------------------


def train(
    dataset: gtzan.Gtzan,
    folder: Path,
    results: Path,
    *,
    name: str = "classic",
    clips: Path | None = None,
    wild: pd.DataFrame | None = None,
    jobs: int = -1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a model, judge it, and write it with its card.

    Parameters
    ----------
    dataset : audionome.datasets.gtzan.Gtzan
        The complete dataset (1 000 tracks).
    folder : Path
        Where ``<name>.npz`` and ``<name>.json`` are written.
    results : Path
        Where ``shipped.parquet`` is written: every answer that the evaluation is made of. Those
        of the other model are kept.
    name : {"classic", "extended"}
        Which model.
    clips : Path, optional
        Folder with GTZAN's audio; ``extended`` needs it.
    wild : DataFrame, optional
        Windows from outside GTZAN: ``label``, ``track``, ``artist`` and the classic columns.
    jobs : int
        Processes that measure audio.
    progress : callable, optional
        Called with (clips measured, clips in all).

    Returns
    -------
    dict
        The card.

    Raises
    ------
    audionome.datasets.gtzan.DatasetError
        If the dataset is not complete, or audio is missing.
    audionome.files.OutputError
        If the folders cannot be written to, or hold another ``shipped.parquet``.
    """
    if not dataset.complete:
        raise gtzan.DatasetError(f"Training needs all tracks. {dataset.note}")
    for place in (folder, results):
        files.require_output_folder(place)
    _answers_so_far(results / "shipped.parquet")
    if name == "classic":
        data = _classic_material(dataset.windows, dataset.tracks, features.COLUMNS)
        answers, fit = _classic_columns(data), _fit_classic
        columns = list(features.LEVEL_FREE)
    elif clips is None:
        raise gtzan.DatasetError("The extended model learns from audio: give --clips FOLDER.")
    else:
        data = _extended_material(clips, dataset.tracks, jobs=jobs, progress=progress)
        answers, fit = data, _fit_extended
        columns = list(modulation.EXTENDED_COLUMNS)

    everything = np.arange(len(data.tracks))
    model = fit(data, everything)
    more: dict[str, NDArray] = {}
    if name == "classic":
        more["whitening"] = _whitening(model, answers)
    distance = _distances(model, more, answers)
    judged = judge(data, fit, _artist_folds(data, everything, _FOLDS), answers)
    tables = [_table(name, "artist-grouped", data, judged, distance)]
    tables += [
        _table(name, length, data, {"tracks": of, "probabilities": got})
        for length, (of, got) in judged["excerpts"].items()
    ]
    tables += _other_protocols(name, data, fit, answers, dataset.tracks)
    if name == "classic" and wild is not None:
        other = _wild_material(wild)
        got = _means(_scores(model, other.rows), judged["temperature"])
        everywhere = {"tracks": np.arange(len(other.rows)), "probabilities": got}
        tables.append(_table(name, "wild", other, everywhere, _distances(model, more, other)))
    shipped = pd.concat(tables, ignore_index=True)

    vectors = np.stack([model.transformed(rows).mean(axis=0) for rows in answers.rows])
    axes = neighbors.principal_axes(vectors, _AXES)
    more |= {"tracks": data.tracks, "genres": data.genres, "artists": data.artists}
    more |= {"axes": axes.astype(np.float32), "vectors": (vectors @ axes).astype(np.float16)}
    arrays = folder / f"{name}.npz"
    with files.written_whole(arrays) as unfinished:
        _slim(model).save(unfinished, **more)
    entropy_threshold = np.quantile(normalized_entropy(judged["probabilities"]), 1 - _UNSURE_SHARE)
    card: dict[str, Any] = {
        "name": name,
        "arrays_sha256": hashlib.sha256(arrays.read_bytes()).hexdigest(),
        "audionome": audionome.__version__,
        "estimator": _ESTIMATORS[name],
        "extractor": _EXTRACTORS[name],
        **({"features": columns} if name == "classic" else {}),
        "genres": list(gtzan.GENRES),
        "temperature": judged["temperature"],
        "entropy_threshold": float(entropy_threshold),
        "data": {
            "tracks": len(data.tracks),
            "rows": len(data.fit_rows),
            "measured_tracks": int(dataset.tracks["measured"].sum()),
            "sha256": _hash(data),
        },
        "evaluation": _evaluation(shipped),
    }
    if distance is not None:
        card["out_of_distribution_threshold"] = float(np.quantile(distance, 1 - _STRANGE_SHARE))
    if name == "extended":
        card["companion"] = "classic"
        # A short recording tells less than its score claims: less than ten windows, more doubt.
        card["temperatures"] = [
            [1, judged["temperatures"][_THREE_SECONDS]],
            [3, judged["temperatures"][_TEN_SECONDS]],
            [modulation.BLOCK, judged["temperature"]],
        ]
    files.write_text(folder / f"{name}.json", json.dumps(card, indent=1) + "\n")
    _merge(shipped, name, results / "shipped.parquet")
    return card


def _other_protocols(
    name: str, data: Material, fit: Fit, answers: Material, tracks: pd.DataFrame
) -> list[pd.DataFrame]:
    """Answers under every protocol but the one that the model is calibrated by."""
    answers = replace(answers, excerpts={})
    everything = np.arange(len(data.tracks))
    with_audio = _with_audio_and_no_fault(data, tracks)
    nine = _artist_folds(data, np.flatnonzero(with_audio), _NINE_FOLDS)
    random = _random_folds(data, everything, _FOLDS)
    tables = [
        _table(name, "track-grouped", data, judge(data, fit, random, answers)),
        _table(name, "nine-genres", data, judge(data, fit, nine, answers)),
    ]
    member = tracks.set_index("track").loc[data.tracks.tolist()]
    part = member["fault_filtered"].to_numpy(dtype=str)
    # The published split holds a clip whose audio is corrupt.
    part[member["known_fault"].str.startswith("audio").to_numpy(dtype=bool)] = ""
    splits = {
        "fault-filtered, nine genres": (["train"], with_audio),
        "fault-filtered, nine genres, train and valid": (["train", "valid"], with_audio),
    }
    if name == "classic":  # the extended model has one disco clip there to learn from
        splits["fault-filtered"] = (["train"], np.ones(len(part), dtype=bool))
    for protocol, (parts, eligible) in splits.items():
        learnt = np.flatnonzero(np.isin(part, parts) & eligible)
        test = np.flatnonzero((part == "test") & eligible)
        got = _judge_once(data, fit, learnt, answers, test)
        tables.append(_table(name, protocol, data, {"tracks": test, "probabilities": got}))
    return tables


_ESTIMATORS = {
    "classic": "Mean of Fisher's discriminant and multinomial logistic regression on windows, both "
    "with a simulated roll-off of the top end as nuisance",
    "extended": "Fisher's discriminant with shrinkage and corrected bias on log-covariances per "
    "modulation band",
}

_PROTOCOL_WORDS = {
    "artist-grouped": f"{_FOLDS} folds in which no artist is both trained on and tested",
    _TEN_SECONDS: "the same folds, each third of a clip on its own",
    _THREE_SECONDS: "the same folds, each tenth of a clip on its own",
    "track-grouped": f"{_FOLDS} folds of tracks drawn at random: artists are on both sides",
    "nine-genres": f"{_NINE_FOLDS} artist-grouped folds of the fault-filtered tracks that have "
    "audio, without disco",
    "fault-filtered": "trained on the published training tracks, tested on the test tracks",
    "fault-filtered, nine genres": "as fault-filtered, only tracks that have audio, without disco",
    "fault-filtered, nine genres, train and valid": "the same, trained on the validation "
    "tracks too",
    "wild": "trained on all of GTZAN, tested on music from elsewhere in the same ten genres",
}


def _evaluation(table: pd.DataFrame) -> dict[str, Any]:
    """Accuracy of tracks with its interval, and calibration error, per protocol."""
    evaluation = {}
    for protocol, rows in table.groupby("protocol", sort=False):
        known = rows[rows["genre"].isin(gtzan.GENRES)]
        values = known[[f"p_{g}" for g in gtzan.GENRES]].to_numpy(np.float64)
        given = np.array(gtzan.GENRES)[values.argmax(axis=1)]
        right = given == known["genre"].to_numpy(dtype=str)
        evaluation[str(protocol)] = {
            **accuracy_interval(right, known["artist"].to_numpy()).as_dict(),
            "level": "excerpt" if str(protocol).endswith("alone") else "track",
            "calibration_error": expected_calibration_error(values.max(axis=1), right),
            "protocol": f"{_PROTOCOL_WORDS[str(protocol)]}; mean probability over a track's "
            "windows; interval by bootstrap over artists",
        }
    return evaluation


def _with_audio_and_no_fault(data: Material, tracks: pd.DataFrame) -> NDArray[np.bool_]:
    info = tracks.set_index("track").loc[data.tracks.tolist()]
    faultless = info["fault_filtered"].to_numpy(dtype=str) != ""
    return info["measured"].to_numpy(dtype=bool) & faultless & (data.genres != "disco")


def _wild_material(wild: pd.DataFrame) -> Material:
    tracks = wild.groupby("track", sort=True)[["label", "artist"]].first().reset_index()
    tracks["artist"] = pd.factorize(tracks["artist"])[0]
    tracks = tracks.rename(columns={"label": "genre"})
    return _classic_material(wild, tracks, features.LEVEL_FREE)


def _whitening(model: linear.Linear, answers: Material) -> NDArray[np.float64]:
    """Matrix that turns standardised rows into independent ones of variance 1."""
    rows = np.concatenate([model.standardised(r) for r in answers.rows])
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    return np.asarray(vectors / np.sqrt(values))


def _distances(
    model: linear.Linear, more: dict[str, NDArray], data: Material
) -> NDArray[np.float64] | None:
    """Median squared distance of each track's windows to the training windows' centre."""
    if "whitening" not in more:
        return None
    return np.array(
        [
            np.median(np.sum((model.standardised(rows) @ more["whitening"]) ** 2, axis=1))
            for rows in data.rows
        ]
    )


def _slim(model: linear.Linear) -> linear.Linear:
    """The same numbers with half the digits where there are thousands."""
    if len(model.mean) < 1000:
        return model
    short = {n: getattr(model, n).astype(np.float32) for n in ("mean", "scale", "weights")}
    return linear.Linear(**{**vars(model), **short})


def _merge(table: pd.DataFrame, name: str, path: Path) -> None:
    """Replace a model's answers in the file of all."""
    old = _answers_so_far(path)
    if old is not None:
        table = pd.concat([old[old["model"] != name], table], ignore_index=True)
    table = table.sort_values(["model", "protocol", "track"], ignore_index=True)
    with files.written_whole(path) as unfinished:
        table.to_parquet(unfinished, index=False, compression="zstd")


def _answers_so_far(path: Path) -> pd.DataFrame | None:
    return files.own_table(path, ["model", "protocol", "track"])


def _hash(data: Material) -> str:
    digest = hashlib.sha256()
    for rows in data.rows:
        digest.update(np.ascontiguousarray(rows, dtype="<f4").tobytes())
    digest.update(np.ascontiguousarray(data.artists, dtype="<i2").tobytes())
    digest.update(" ".join(data.genres).encode())
    return digest.hexdigest()
