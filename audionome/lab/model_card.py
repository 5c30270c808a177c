"""The two models that ship, judged: what `audionome.lab.training` left behind, as numbers.

Conventions
-----------
Nothing is fitted or drawn here. Every
answer is about a track (or an excerpt of one) whose artist the answering model had not heard,
except under ``track-grouped``. Shares lie in [0, 1]. Intervals are 95 % percentile bootstrap
intervals over *artists*: tracks of one artist are not independent, and new music means new artists.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome._paths import data_path
from audionome.datasets.gtzan import GENRES
from audionome.lab import analysis
from audionome.lab.metrics import Interval, accuracy_interval, expected_calibration_error
from audionome.lab.store import StaleResultsError, missing
from audionome.models.calibration import normalized_entropy
from audionome.models.linear import Linear
from audionome.models.neighbors import Index

__all__ = [
    "COVERAGES",
    "EXCERPTS",
    "PROTOCOLS",
    "Map",
    "Shipped",
    "Versus",
    "compare",
    "coverage",
    "excerpts",
    "indexes",
    "ladder",
    "leaving",
    "load",
    "load_tries",
    "named",
    "neighbour_gains",
    "neighbours",
    "per_genre",
    "reliability",
    "separation",
    "track_map",
    "twins",
    "unsure",
    "unsure_ratios",
    "wild_genres",
]

#: Protocols of ``shipped.parquet`` in the report's order, with their titles.
PROTOCOLS: dict[str, str] = {
    "track-grouped": "By track",
    "artist-grouped": "By artist",
    "nine-genres": "By artist, nine genres",
    "fault-filtered": "Fault-filtered",
    "fault-filtered, nine genres": "Fault-filtered, nine genres",
    "fault-filtered, nine genres, train and valid": "The same, more training",
    "wild": "In the wild",
    "artist-grouped, 10 s alone": "By artist, 10 s alone",
    "artist-grouped, 3 s alone": "By artist, 3 s alone",
}
#: Protocols whose answers are about excerpts: seconds of each.
EXCERPTS: dict[str, int] = {"artist-grouped, 10 s alone": 10, "artist-grouped, 3 s alone": 3}
#: Shares of the answers that a reader may want to keep.
COVERAGES: tuple[float, ...] = (0.5, 0.7, 0.85, 1.0)

_MODELS = ("extended", "classic")
_PROBABILITIES = [f"p_{genre}" for genre in GENRES]
_RESAMPLES = 2000
_WILD = 1_000_000  # artists from outside GTZAN are numbered apart


@dataclass(frozen=True)
class Shipped:
    """What ships: answers, cards and indexes of every model.

    Attributes
    ----------
    answers : DataFrame
        One row per answer: ``model``, ``protocol``, ``track``, ``genre``, ``artist``, ``fold``,
        ``p_blues`` ... ``p_rock``, ``distance``; ``predicted``, ``confidence``, ``spread``,
        ``known`` (the genre is one of the ten), ``correct``; ``variant``, always ``"shipped"``,
        so that `audionome.lab.analysis` reads it too.
    cards : dict of str to dict
        Per model: temperature, thresholds, data, evaluation.
    indexes : dict of str to audionome.models.neighbors.Index
        Per model: its training tracks by their sound.
    """

    answers: pd.DataFrame
    cards: dict[str, dict[str, Any]]
    indexes: dict[str, Index]

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models, the default first."""
        return tuple(self.cards)

    def of(self, model: str, protocol: str, *, known: bool = True) -> pd.DataFrame:
        """Answers of a model under a protocol, about known or about unknown genres."""
        rows = self.answers
        mask = (rows["model"] == model) & (rows["protocol"] == protocol) & (rows["known"] == known)
        return rows[mask.to_numpy(dtype=bool)]


def load(*, models: Path | None = None, results: Path | None = None) -> Shipped:
    """Load what ``audionome lab train`` wrote.

    Parameters
    ----------
    models, results : Path, optional
        Folders of the models and of ``shipped.parquet``; default: ``data/models`` and
        ``data/results``.

    Returns
    -------
    Shipped

    Raises
    ------
    StaleResultsError
        If a file is missing, or the answers are not those that the cards tell of.
    """
    models, results = models or data_path("models"), results or data_path("results")
    path = results / "shipped.parquet"
    if not path.is_file():
        raise missing(path, "audionome lab train")
    answers = _judged(pd.read_parquet(path))
    names = sorted(set(answers["model"]), key=lambda m: (m not in _MODELS, _place(m, _MODELS)))
    cards, found = {}, {}
    for name in names:
        card, arrays = models / f"{name}.json", models / f"{name}.npz"
        if not (card.is_file() and arrays.is_file()):
            raise StaleResultsError(
                f"The model {name} is missing in {models}; "
                f"run `audionome lab train --model {name}`."
            )
        cards[name] = json.loads(card.read_text())
        _require_same(name, cards[name], answers[answers["model"] == name], arrays)
        more = Linear.load(arrays)[1]
        parts = ("tracks", "genres", "artists", "axes", "vectors")
        found[name] = Index(**{part: more[part] for part in parts})
    return Shipped(answers, cards, found)


def load_tries() -> pd.DataFrame:
    """Notes of the exploratory runs behind the two models, as text: see ``data/README.md``."""
    path = data_path("research", "tries.csv")
    if not path.is_file():
        raise missing(path, "git restore data/research/tries.csv")
    return pd.read_csv(path, dtype=str).fillna("")


def _place(name: str, order: Sequence[str]) -> int:
    return list(order).index(name) if name in order else len(order)


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    values = table[_PROBABILITIES].to_numpy(np.float64)
    genre = table["genre"].to_numpy(dtype=str)
    predicted = np.array(GENRES)[values.argmax(axis=1)]
    outside = (table["protocol"] == "wild").to_numpy(dtype=bool)
    return table.assign(
        variant="shipped",
        artist=table["artist"].to_numpy(np.int64) + np.where(outside, _WILD, 0),
        predicted=predicted,
        confidence=values.max(axis=1),
        spread=normalized_entropy(values),
        known=np.isin(genre, GENRES),
        correct=predicted == genre,
    )


def _require_same(name: str, card: dict[str, Any], answers: pd.DataFrame, arrays: Path) -> None:
    """Refuse a card that tells of another model or of other answers."""
    same = card["arrays_sha256"] == hashlib.sha256(arrays.read_bytes()).hexdigest()
    told = card["evaluation"]
    rows = answers[answers["known"].to_numpy(dtype=bool)]
    counted = rows.groupby("protocol")["correct"].agg(["mean", "size"])
    same &= set(told) == set(counted.index)
    same = same and all(
        told[p]["n"] == size and abs(told[p]["accuracy"] - mean) < 1e-9
        for p, mean, size in counted.itertuples()
    )
    if not same:
        raise StaleResultsError(
            f"The card, the arrays and the answers of the model {name} do not belong together; "
            f"run `audionome lab train --model {name}`."
        )


# -- how often they are right -------------------------------------------------------------


def ladder(found: Shipped) -> pd.DataFrame:
    """Accuracy of every model under every protocol.

    Returns
    -------
    DataFrame
        ``model``, ``protocol``, ``protocol_title``, ``accuracy``, ``low``, ``high``, ``n``
        (answers), ``tracks``, ``artists``, ``calibration_error``, and ``calibration_luck``: the
        error that perfectly honest confidences would show in so few answers.
    """
    out = []
    for model in found.models:
        for protocol, title in PROTOCOLS.items():
            rows = found.of(model, protocol)
            if rows.empty:
                continue
            scored = _interval(rows)
            error = expected_calibration_error(rows["confidence"], rows["correct"])
            sizes = (rows["track"].nunique(), rows["artist"].nunique())
            out.append((model, protocol, title, scored.accuracy, scored.low, scored.high,
                        scored.n, *sizes, error, _luck(rows["confidence"].to_numpy())))  # fmt: skip
    names = ["model", "protocol", "protocol_title", "accuracy", "low", "high", "n", "tracks",
             "artists", "calibration_error", "calibration_luck"]  # fmt: skip
    return pd.DataFrame(out, columns=names)


def _interval(rows: pd.DataFrame) -> Interval:
    return accuracy_interval(rows["correct"].to_numpy(), rows["artist"].to_numpy())


def _luck(confidence: NDArray[np.float64], *, draws: int = 200) -> float:
    """Mean calibration error when answers are right exactly as often as they claim."""
    rng = np.random.default_rng(0)
    errors = [
        expected_calibration_error(confidence, rng.random(confidence.size) < confidence)
        for _ in range(draws)
    ]
    return float(np.mean(errors))


@dataclass(frozen=True)
class Versus:
    """Two models on identical tracks.

    Attributes
    ----------
    a, b : str
        The models.
    protocol : str
        How they were judged.
    n, artists : int
        Tracks that both answered, and artists of those.
    accuracy_a, accuracy_b : Interval
        On those tracks.
    difference, low, high : float
        accuracy(a) - accuracy(b) with its paired interval.
    only_a, only_b : int
        Tracks that only a (only b) names right.
    """

    a: str
    b: str
    protocol: str
    n: int
    artists: int
    accuracy_a: Interval
    accuracy_b: Interval
    difference: float
    low: float
    high: float
    only_a: int
    only_b: int

    @property
    def differs(self) -> bool:
        """True when the interval of the difference excludes 0."""
        return self.low > 0 or self.high < 0


def compare(
    found: Shipped,
    protocol: str,
    *,
    a: str = "extended",
    b: str = "classic",
    without: Sequence[str] = (),
) -> Versus | None:
    """Compare two models on the tracks that both have answered.

    Parameters
    ----------
    found : Shipped
    protocol, a, b : str
    without : sequence of str
        Genres whose tracks are left out.

    Returns
    -------
    Versus or None
        None when they have no track in common.
    """
    one, other = (found.of(m, protocol).set_index("track") for m in (a, b))
    common = one.index[~one["genre"].isin(list(without))]
    common = common.intersection(other.index).sort_values()
    if common.empty:
        return None
    one, other = one.loc[common], other.loc[common]
    right, also = (rows["correct"].to_numpy(dtype=bool) for rows in (one, other))
    paired = accuracy_interval(right.astype(float) - also, one["artist"].to_numpy())
    return Versus(
        a=a, b=b, protocol=protocol, n=len(common), artists=one["artist"].nunique(),
        accuracy_a=_interval(one), accuracy_b=_interval(other),
        difference=paired.accuracy, low=paired.low, high=paired.high,
        only_a=int((right & ~also).sum()), only_b=int((also & ~right).sum()),
    )  # fmt: skip


def named(found: Shipped, genre: str, *, protocol: str = "artist-grouped") -> pd.DataFrame:
    """Count how often each model names a genre right, on the tracks that all of them answered.

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


def per_genre(found: Shipped, model: str, protocol: str = "artist-grouped") -> pd.DataFrame:
    """Precision, recall and F1 of each genre, as `audionome.lab.analysis.per_genre`, over artists.

    Returns
    -------
    DataFrame
        Also ``artists``: a genre with few of them has an interval that cannot be trusted.
    """
    rows = found.of(model, protocol)
    table = analysis.genre_measures(
        rows["genre"].to_numpy(dtype=str),
        rows["predicted"].to_numpy(dtype=str),
        rows["artist"].to_numpy(),
    )
    artists = rows.groupby("genre")["artist"].nunique().reindex(list(GENRES), fill_value=0)
    return table.assign(artists=artists.to_numpy())


def excerpts(found: Shipped, model: str = "extended") -> pd.DataFrame:
    """What is lost when a model hears only part of a clip.

    Returns
    -------
    DataFrame
        ``seconds``, ``accuracy``, ``low``, ``high``, ``n`` (excerpts), ``calibration_error``;
        ``cost`` (accuracy on whole clips minus that on their excerpts) with ``cost_low`` and
        ``cost_high``, paired by track. The longest first; empty without excerpts.
    """
    whole = found.of(model, "artist-grouped").set_index("track")["correct"].astype(float)
    every = {30: "artist-grouped"} | {seconds: p for p, seconds in EXCERPTS.items()}
    out = []
    for seconds, protocol in every.items():
        rows = found.of(model, protocol)
        if rows.empty:
            continue
        scored = _interval(rows)
        missed = whole.loc[rows["track"]].to_numpy() - rows["correct"].to_numpy(dtype=float)
        cost = accuracy_interval(missed, rows["artist"].to_numpy())
        error = expected_calibration_error(rows["confidence"], rows["correct"])
        out.append((seconds, scored.accuracy, scored.low, scored.high, scored.n, error,
                    cost.accuracy, cost.low, cost.high))  # fmt: skip
    columns = ["seconds", "accuracy", "low", "high", "n", "calibration_error", "cost", "cost_low",
               "cost_high"]  # fmt: skip
    return pd.DataFrame(out, columns=columns)


# -- how well they know it ----------------------------------------------------------------


def reliability(found: Shipped, model: str, protocol: str) -> pd.DataFrame:
    """Confidence against truth, as `audionome.lab.analysis.reliability`."""
    return analysis.reliability(found.answers, model=model, variant="shipped", protocol=protocol)


def coverage(
    found: Shipped,
    model: str,
    protocol: str = "artist-grouped",
    *,
    shares: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Accuracy of the answers that a model is most certain of.

    Parameters
    ----------
    found : Shipped
    model, protocol : str
    shares : sequence of float, optional
        Shares of the answers that are kept, those with the smallest spread first; default: from
        0.1 to 1 in steps of 0.05.

    Returns
    -------
    DataFrame
        ``coverage``, ``accuracy``, ``low``, ``high``, ``n`` (answers kept), ``spread`` (of the
        least certain answer that is kept).

    References
    ----------
    .. [1] Geifman and El-Yaniv, Selective classification for deep neural networks (2017).
    """
    rows = found.of(model, protocol).sort_values(["spread", "track"], kind="stable")
    out = []
    for kept in shares if shares is not None else np.linspace(0.1, 1, 19):
        n = round(float(kept) * len(rows))
        if not n:
            continue
        scored = _interval(rows.head(n))
        widest = float(rows["spread"].iloc[n - 1])
        out.append((float(kept), scored.accuracy, scored.low, scored.high, n, widest))
    return pd.DataFrame(out, columns=["coverage", "accuracy", "low", "high", "n", "spread"])


def _groups(found: Shipped, model: str) -> dict[str, pd.DataFrame]:
    """Answers by what the music is to the model."""
    groups = {
        "GTZAN": found.of(model, "artist-grouped"),
        "wild": found.of(model, "wild"),
        "soul": found.of(model, "wild", known=False),
    }
    return {name: rows for name, rows in groups.items() if len(rows)}


def unsure(found: Shipped, model: str) -> pd.DataFrame:
    """Share of the answers that a model calls unsure, and unlike anything it learned.

    Returns
    -------
    DataFrame
        One row per ``group`` (known genres of GTZAN; known genres and soul, which is unknown,
        from outside it) and ``sign`` (``"unsure"`` by the spread of the probabilities,
        ``"out-of-distribution"`` by the distance): ``share``, ``low``, ``high``, ``n``,
        ``artists``.
    """
    out = []
    for group, rows in _groups(found, model).items():
        for sign, flags in _signs(rows, found.cards[model]).items():
            got = accuracy_interval(flags, rows["artist"].to_numpy())
            out.append((group, sign, got.accuracy, got.low, got.high, got.n,
                        rows["artist"].nunique()))  # fmt: skip
    return pd.DataFrame(out, columns=["group", "sign", "share", "low", "high", "n", "artists"])


def _signs(rows: pd.DataFrame, card: Mapping[str, Any]) -> dict[str, NDArray[np.bool_]]:
    signs = {"unsure": (rows["spread"] > card["entropy_threshold"]).to_numpy(dtype=bool)}
    if "out_of_distribution_threshold" in card and rows["distance"].notna().all():
        far = rows["distance"] > card["out_of_distribution_threshold"]
        signs["out-of-distribution"] = far.to_numpy(dtype=bool)
    return signs


def unsure_ratios(found: Shipped, model: str) -> pd.DataFrame:
    """How many times as often soul is called unsure as music of known genres.

    Returns
    -------
    DataFrame
        ``against`` (``"GTZAN"`` or ``"wild"``), ``ratio``, ``low``, ``high``; empty without soul.
    """
    groups = _groups(found, model)
    soul = groups.pop("soul", pd.DataFrame())
    out = []
    for name, known in groups.items() if len(soul) else ():
        rows = pd.concat([soul, known])
        flags = _signs(rows, found.cards[model])["unsure"].astype(float)
        strange = np.arange(len(rows)) < len(soul)
        weights = _artist_weights(rows["artist"].to_numpy(), _RESAMPLES)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = [
                (weights[:, side] @ flags[side]) / weights[:, side].sum(axis=1)
                for side in (strange, ~strange)
            ]
            low, high = np.nanquantile(shares[0] / shares[1], [0.025, 0.975])
            ratio = flags[strange].mean() / flags[~strange].mean()
        out.append((name, float(ratio), float(low), float(high)))
    return pd.DataFrame(out, columns=["against", "ratio", "low", "high"])


def _artist_weights(artists: NDArray[Any], resamples: int) -> NDArray[np.float64]:
    """How often each row comes in each resample of whole artists."""
    code = np.unique(artists, return_inverse=True)[1]
    n = int(code.max()) + 1
    draws = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=resamples)
    return draws[:, code].astype(np.float64)


def separation(found: Shipped, model: str, *, resamples: int = 500) -> pd.DataFrame:
    """How well the spread of the probabilities and the distance tell trouble.

    Returns
    -------
    DataFrame
        One row per ``task`` (``"errors, GTZAN"``: wrong against right answers; ``"soul, wild"``:
        soul against known music) and ``sign`` (``"spread"``, ``"distance"``): ``auc``, the
        probability that the sign is larger for trouble (0.5: blind), with ``low`` and ``high``.
    """
    groups = _groups(found, model)
    tasks = {}
    for name in ("GTZAN", "wild"):
        if name in groups:
            rows = groups[name]
            tasks[f"errors, {name}"] = rows, ~rows["correct"].to_numpy(dtype=bool)
    for name in ("GTZAN", "wild"):
        if name in groups and "soul" in groups:
            rows = pd.concat([groups["soul"], groups[name]])
            tasks[f"soul, {name}"] = rows, ~rows["known"].to_numpy(dtype=bool)
    out = []
    for task, (rows, trouble) in tasks.items():
        for sign in ("spread", "distance"):
            score = rows[sign].to_numpy(np.float64)
            if np.isnan(score).any() or not 0 < trouble.sum() < len(rows):
                continue
            out.append((task, sign, *_auc(score, trouble, rows["artist"].to_numpy(), resamples)))
    return pd.DataFrame(out, columns=["task", "sign", "auc", "low", "high"])


def _auc(
    score: NDArray[np.float64], positive: NDArray[np.bool_], artists: NDArray[Any], resamples: int
) -> tuple[float, float, float]:
    """Share of pairs in which the positive scores higher, ties as one half."""
    high, low = score[positive][:, None], score[~positive]
    above = (high > low) + 0.5 * (high == low)
    weights = _artist_weights(artists, resamples)
    first, second = weights[:, positive], weights[:, ~positive]
    pairs = first.sum(axis=1) * second.sum(axis=1)
    drawn = ((first @ above) * second).sum(axis=1)[pairs > 0] / pairs[pairs > 0]
    bounds = np.quantile(drawn, [0.025, 0.975])
    return float(above.mean()), float(bounds[0]), float(bounds[1])


# -- repetitions and doubts ---------------------------------------------------------------


def twins(found: Shipped, songs: pd.DataFrame, *, model: str = "extended") -> pd.DataFrame:
    """Find each track's nearest and hold it against the list of artists and titles.

    Parameters
    ----------
    found : Shipped
    songs : DataFrame
        From `audionome.datasets.gtzan.load_songs`.
    model : str
        Whose answers and index.

    Returns
    -------
    DataFrame
        One row per track: ``track``, ``genre``, ``said`` (the model's answer), ``p_given``
        (probability of the filed genre), ``p_said``, ``twin`` (the nearest track, by any artist),
        ``cosine``, ``repeated`` (some other track of the index has its artist and title),
        ``same_song`` (the nearest has) and ``known`` (artist and title of both are); the largest
        ``cosine`` comes first.
    """
    rows = found.of(model, "artist-grouped").set_index("track")
    index = found.indexes[model]
    rows = rows.loc[index.tracks.astype(str)]
    values = rows[_PROBABILITIES].to_numpy(np.float64)
    given = np.array([GENRES.index(g) for g in rows["genre"]])
    cosine = _cosines(index)
    twin = cosine.argmax(axis=1)
    song = songs.set_index("track")["song"].reindex(rows.index)
    known = song.notna().to_numpy()
    number = song.to_numpy(np.float64, na_value=np.nan)  # no number equals a missing one
    table = pd.DataFrame(
        {
            "track": rows.index.to_numpy(dtype=str),
            "genre": rows["genre"].to_numpy(dtype=str),
            "said": rows["predicted"].to_numpy(dtype=str),
            "p_given": values[np.arange(len(values)), given],
            "p_said": values.max(axis=1),
            "twin": index.tracks.astype(str)[twin],
            "cosine": cosine.max(axis=1),
            "repeated": (song.duplicated(keep=False) & song.notna()).to_numpy(),
            "same_song": number == number[twin],
            "known": known & known[twin],
        }
    )
    return table.sort_values("cosine", ascending=False, kind="stable", ignore_index=True)


# -- neighbours ---------------------------------------------------------------------------


def _cosines(index: Index) -> NDArray[np.float64]:
    """Cosine of every two tracks; a track is no neighbour of itself."""
    vectors = index.vectors.astype(np.float64)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosine = np.asarray(unit @ unit.T)
    np.fill_diagonal(cosine, -np.inf)
    return cosine


@dataclass(frozen=True)
class Map:
    """The tracks on the two axes along which they differ most.

    Attributes
    ----------
    tracks : DataFrame
        ``track``, ``genre``, ``x``, ``y`` and ``near``: numbers of the rows of the nearest tracks
        by other artists, the nearest first; ``similarity``: their cosines.
    shown : float
        Share of the index's variance that lies on the two axes.
    """

    tracks: pd.DataFrame
    shown: float


def track_map(index: Index, *, n: int = 5) -> Map:
    """Lay out the tracks of an index and find each one's neighbours.

    Parameters
    ----------
    index : audionome.models.neighbors.Index
        Its axes are sorted by variance.
    n : int
        Neighbours by other artists.

    Returns
    -------
    Map
    """
    cosine = _cosines(index)
    cosine[index.artists[:, None] == index.artists[None, :]] = -np.inf
    near = np.argsort(-cosine, axis=1, kind="stable")[:, :n]
    vectors = index.vectors.astype(np.float64)
    spreads = vectors.var(axis=0)
    table = pd.DataFrame(
        {
            "track": index.tracks.astype(str),
            "genre": index.genres.astype(str),
            "x": vectors[:, 0],
            "y": vectors[:, 1],
            "near": near.tolist(),
            "similarity": np.take_along_axis(cosine, near, axis=1).tolist(),
        }
    )
    return Map(table, float(spreads[:2].sum() / spreads.sum()))


def indexes(found: Shipped, windows: pd.DataFrame) -> dict[str, Index]:
    """Indexes over the tracks that every model has, and over plain features.

    Parameters
    ----------
    found : Shipped
    windows : DataFrame
        From `audionome.datasets.gtzan.load`.

    Returns
    -------
    dict of str to Index
        Per model, and ``"plain"``: means of the 57 classic columns over a track, standardised,
        as recommenders built on the published table use them.
    """
    common = set(windows["track"])
    for index in found.indexes.values():
        common &= set(index.tracks.astype(str))
    out = {}
    for name, index in found.indexes.items():
        keep = np.isin(index.tracks.astype(str), sorted(common))
        out[name] = Index(
            index.tracks[keep], index.genres[keep], index.artists[keep],
            index.axes, index.vectors[keep],
        )  # fmt: skip
    keys = ["track", "window", "genre", "source"]
    means = windows.drop(columns=keys[1:]).groupby("track").mean()
    first = next(iter(out.values()))
    values = means.loc[first.tracks.astype(str)].to_numpy(np.float64)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    out["plain"] = Index(first.tracks, first.genres, first.artists, np.eye(values.shape[1]), values)
    return out


def neighbours(found: Mapping[str, Index], *, nearest: Sequence[int] = (5, 10)) -> pd.DataFrame:
    """Share of the nearest tracks that have the same genre.

    Parameters
    ----------
    found : mapping
        From `indexes`.
    nearest : sequence of int
        How many neighbours are counted.

    Returns
    -------
    DataFrame
        ``index``, ``k``, ``other_artist`` (the track's own artist is left out), ``precision``,
        ``low``, ``high``, ``n`` (tracks), ``chance`` (tracks drawn blindly from those allowed).
    """
    out = []
    for name, index in found.items():
        for other in (True, False):
            chance = _chance(index, other_artist=other)
            for k in nearest:
                each = accuracy_interval(index.precision(k, other_artist=other), index.artists)
                out.append((name, k, other, each.accuracy, each.low, each.high, each.n, chance))
    columns = ["index", "k", "other_artist", "precision", "low", "high", "n", "chance"]
    return pd.DataFrame(out, columns=columns)


def _chance(index: Index, *, other_artist: bool) -> float:
    alone = ~np.eye(len(index.tracks), dtype=bool)
    allowed = index.artists[:, None] != index.artists[None, :] if other_artist else alone
    same = (index.genres[:, None] == index.genres[None, :]) & allowed
    return float(np.mean(same.sum(axis=1) / np.maximum(allowed.sum(axis=1), 1)))


def neighbour_gains(
    found: Mapping[str, Index], *, a: str = "extended", nearest: Sequence[int] = (5, 10)
) -> pd.DataFrame:
    """Precision of an index minus that of the others, paired by track, other artists only.

    Returns
    -------
    DataFrame
        ``against``, ``k``, ``difference``, ``low``, ``high``.
    """
    out = []
    for name, index in found.items():
        if name == a or a not in found:
            continue
        for k in nearest:
            gap = found[a].precision(k) - index.precision(k)
            each = accuracy_interval(gap, index.artists)
            out.append((name, k, each.accuracy, each.low, each.high))
    return pd.DataFrame(out, columns=["against", "k", "difference", "low", "high"])


# -- outside GTZAN ------------------------------------------------------------------------


def leaving(ladders: pd.DataFrame, found: Shipped) -> pd.DataFrame:
    """Accuracy of the ladder's models and of the classic one, inside and outside GTZAN.

    Parameters
    ----------
    ladders : DataFrame
        From `audionome.lab.analysis.ladders`, per track; its intervals are over tracks.
    found : Shipped

    Returns
    -------
    DataFrame
        ``model``, ``title``, ``inside`` (by artist), ``outside`` with ``low`` and ``high``
        (the shipped model's over artists), ``shipped``. Models without both are left out, and so
        is the floor.
    """
    out = []
    for model, rows in ladders[ladders["model"] != analysis.FLOOR].groupby("model", sort=False):
        by = {str(r["protocol"]): r for _, r in rows.iterrows()}
        if {"artist-grouped", "wild"} <= set(by):
            wild = by["wild"]
            out.append((str(model), str(wild["title"]), float(by["artist-grouped"]["accuracy"]),
                        *(float(wild[c]) for c in ("accuracy", "low", "high")), False))  # fmt: skip
    if "classic" in found.models and len(found.of("classic", "wild")):
        home, away = (_interval(found.of("classic", p)) for p in ("artist-grouped", "wild"))
        out.append(("classic", "Classic model that ships", home.accuracy, away.accuracy, away.low,
                    away.high, True))  # fmt: skip
    columns = ["model", "title", "inside", "outside", "low", "high", "shipped"]
    return pd.DataFrame(out, columns=columns)


def wild_genres(found: Shipped, model: str = "classic") -> pd.DataFrame:
    """Recall of each genre inside and outside GTZAN, by artists that the model had not heard.

    Returns
    -------
    DataFrame
        ``genre``, ``inside``, ``outside``, ``loss`` with ``loss_low`` and ``loss_high`` (the two
        collections are drawn independently), ``instead`` (the commonest wrong answer outside).
    """
    sides = [found.of(model, p) for p in ("artist-grouped", "wild")]
    out = []
    for genre in GENRES:
        here, there = (rows[rows["genre"] == genre] for rows in sides)
        if here.empty or there.empty:
            continue
        both = pd.concat([here, there])
        inside = np.arange(len(both)) < len(here)
        right = both["correct"].to_numpy(dtype=float)
        weights = _artist_weights(both["artist"].to_numpy(), _RESAMPLES)
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = [
                (weights[:, side] @ right[side]) / weights[:, side].sum(axis=1)
                for side in (inside, ~inside)
            ]
        low, high = np.nanquantile(drawn[0] - drawn[1], [0.025, 0.975])
        wrong = there.loc[~there["correct"].to_numpy(dtype=bool), "predicted"].value_counts()
        instead = str(wrong.index[0]) if len(wrong) else ""
        shares = float(right[inside].mean()), float(right[~inside].mean())
        out.append((genre, *shares, shares[0] - shares[1], float(low), float(high), instead))
    columns = ["genre", "inside", "outside", "loss", "loss_low", "loss_high", "instead"]
    return pd.DataFrame(out, columns=columns)
