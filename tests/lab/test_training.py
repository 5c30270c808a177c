"""Training on a made-up table, and what is committed: recomputed from the stored predictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import mahalanobis

from audionome import features
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.lab import conformal, model_card, training
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.training import calibration, evaluation
from audionome.models import linear

GENRES = np.array(gtzan.GENRES)
COLUMNS = evaluation.PROBABILITY_COLUMNS


# -- calibration --------------------------------------------------------------------------


def overconfident(n: int = 3000) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores of one window per track that are four times too large, and true genres."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n, 10)) * 2
    return 4 * logits[:, None], np.array([rng.choice(10, p=p) for p in linear.softmax(logits)])


def test_the_temperature_makes_claims_true() -> None:
    scores, y_true = overconfident()
    assert training.fit_temperature(scores, y_true) == pytest.approx(4, rel=0.15)
    # A list of tracks, whose windows need not be as many, is the same.
    assert training.fit_temperature(list(scores), y_true) == training.fit_temperature(
        scores, y_true
    )


def test_a_temperature_that_nothing_fits_is_an_end_of_the_range() -> None:
    scores, _ = overconfident(50)
    best = scores[:, 0].argmax(axis=1)
    assert training.fit_temperature(scores, best) == pytest.approx(np.exp(-3))
    assert training.fit_temperature(scores, (best + 1) % 10) == pytest.approx(np.exp(6))


def test_a_genre_that_was_not_trained_on_is_impossible() -> None:
    model = linear.Linear(
        GENRES[1:], np.zeros(2, bool), np.zeros(2), np.ones(2), 3.0, np.ones((2, 9)), np.zeros(9)
    )
    (scores,) = calibration.track_scores(model, [np.ones((3, 2))])
    assert scores.shape == (3, 10)
    probabilities = calibration.mean_probabilities([scores], 2.0)
    np.testing.assert_allclose(probabilities[0], [0] + [1 / 9] * 9)


# -- the whole way, on made-up windows ----------------------------------------------------


@pytest.fixture(scope="module")
def made_up() -> gtzan.Gtzan:
    """One window for each of GTZAN's tracks: its genre and its artist, faintly."""
    tracks = gtzan.load().tracks
    rng = np.random.default_rng(0)
    of_genre = rng.normal(size=(len(GENRES), len(features.COLUMNS)))
    of_artist = rng.normal(size=(tracks["artist"].max() + 1, len(features.COLUMNS)))
    code = pd.Categorical(tracks["genre"], categories=GENRES).codes
    values = np.exp(
        0.5 * of_genre[code] + of_artist[tracks["artist"]] + rng.normal(size=(len(tracks), 57))
    )
    windows = pd.DataFrame(values, columns=list(features.COLUMNS))
    windows.insert(0, "track", tracks["track"])
    windows.insert(1, "window", 0)
    return gtzan.Gtzan(windows.assign(genre=tracks["genre"], source="measured"), tracks, "")


@pytest.fixture(scope="module")
def trained(made_up: gtzan.Gtzan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    windows = made_up.windows.iloc[::20]
    names = ["Soul Man", "The Wild Ones", "Wild Ones", "Bob & Ann", "Ann"]
    wild = windows.assign(
        label=np.where(np.arange(len(windows)) < 5, "soul", windows["genre"]),
        artist=[names[i % 5] for i in range(len(windows))],
    )
    training.train(made_up, folder, folder, wild=wild, jobs=1)
    return folder


def test_a_trained_model_is_whole(trained: Path) -> None:
    found = model_card.load(models=trained, results=trained)
    card = found.cards["classic"]
    assert card["extractor"] == "gtzan57"
    assert card["features"] == list(features.LEVEL_FREE)
    judged_by = [name for name, protocol in PROTOCOLS.items() if protocol.level == "track"]
    assert sorted(card["evaluation"]) == sorted(judged_by)
    assert not broken(card, found.predictions)
    by_artist = card["evaluation"]["artist-grouped"]
    assert (by_artist["n"], by_artist["level"]) == (1000, "track")
    assert by_artist["artists"] == gtzan.load().tracks["artist"].nunique()
    # The made-up artists are easier to hear than the made-up genres.
    assert card["evaluation"]["track-grouped"]["accuracy"] > by_artist["accuracy"] + 0.05
    rows = found.of("classic", "artist-grouped")
    # In nine in ten of the predictions that set the threshold the true genre is near enough.
    of_truth = conformal.truth_shares(
        rows[COLUMNS].to_numpy(), pd.Categorical(rows["genre"], categories=GENRES).codes
    )
    ((windows, limit),) = card["set_thresholds"]
    assert windows == 10
    assert (of_truth >= limit).mean() == pytest.approx(card["coverage"], abs=0.002)
    far = rows["distance_learned"] > card["out_of_distribution_threshold"]
    assert far.mean() == pytest.approx(0.005, abs=0.001)
    # Music by artists that were left out lies further off than music that was learned from.
    assert rows["distance"].median() > 1.02 * rows["distance_learned"].median()
    assert (rows.groupby("artist")["fold"].nunique() == 1).all()


def test_music_from_outside_has_artists_of_its_own(trained: Path) -> None:
    found = model_card.load(models=trained, results=trained)
    known, soul = found.of("classic", "wild"), found.of("classic", "wild", known=False)
    assert (len(known), len(soul)) == (45, 5)
    artists = set(known["artist"]) | set(soul["artist"])
    assert not artists & set(found.of("classic", "artist-grouped")["artist"])
    # "The Wild Ones" and "Wild Ones" are one, and so are Ann and the duet she sings in.
    assert len(artists) == 3
    calibration = found.cards["classic"]["calibrations"]["gtzan"]
    np.testing.assert_allclose(
        found.of("classic", "wild")["temperature"], calibration["temperature"], rtol=1e-6
    )


def test_distances_are_to_what_other_artists_made(made_up: gtzan.Gtzan, trained: Path) -> None:
    """The stored distance is Mahalanobis's, to the mean and covariance of the other folds."""
    data = training.classic_data(made_up)
    model = linear.Linear.load(trained / "classic.npz")[0]
    train, test = PROTOCOLS[training.CALIBRATED_BY].splits(data.tracks)[3]
    learned = np.concatenate([model.standardised(data.windows[i]) for i in train])
    inverse = np.linalg.inv(np.cov(learned, rowvar=False))
    found = model_card.load(models=trained, results=trained).of("classic", "artist-grouped")
    stored = found.set_index("track")["distance"]
    for i in test[::20]:
        (row,) = model.standardised(data.windows[i])  # one window a track
        expected = mahalanobis(row, learned.mean(axis=0), inverse) ** 2
        assert stored[data.tracks["track"].iloc[i]] == pytest.approx(expected, rel=1e-4)


def test_a_second_model_leaves_the_first_alone(
    made_up: gtzan.Gtzan, trained: Path, tmp_path: Path
) -> None:
    table = pd.read_parquet(trained / training.PREDICTIONS)
    other = table.assign(model="other")
    other.to_parquet(tmp_path / training.PREDICTIONS)
    training._merge(table, "classic", tmp_path / training.PREDICTIONS)
    training._merge(table, "classic", tmp_path / training.PREDICTIONS)
    both = pd.read_parquet(tmp_path / training.PREDICTIONS)
    assert both["model"].value_counts().to_dict() == {"classic": len(table), "other": len(table)}


def test_the_models_judge_what_their_data_allow(made_up: gtzan.Gtzan) -> None:
    """One disco clip of the split has audio: too few to learn disco from."""
    data = training.classic_data(made_up)
    measured = data.tracks["measured"].to_numpy()
    tracks = data.tracks[measured].reset_index(drop=True)
    heard = training.TrainingData(tracks, np.empty((0, 1)), np.empty(0, int), np.empty(0), [])
    assert evaluation._can_judge(PROTOCOLS["fault-filtered"], data)
    assert not evaluation._can_judge(PROTOCOLS["fault-filtered"], heard)
    assert evaluation._can_judge(PROTOCOLS["artist-grouped"], heard)
    assert not evaluation._can_judge(PROTOCOLS["artist-grouped-3s"], heard)
    assert not evaluation._can_judge(PROTOCOLS["random-windows"], data)


def test_training_needs_the_complete_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(gtzan.COMPLETION_VARIABLE, raising=False)
    with pytest.raises(gtzan.DatasetError, match="needs all tracks"):
        training.train(gtzan.load(), tmp_path, tmp_path)


def test_the_extended_model_needs_audio(tmp_path: Path, made_up: gtzan.Gtzan) -> None:
    with pytest.raises(gtzan.DatasetError, match="--clips"):
        training.train(made_up, tmp_path, tmp_path, name="extended")
    (tmp_path / "empty").mkdir()
    with pytest.raises(gtzan.DatasetError, match="lacks 856 of the 856 clips"):
        training.train(
            made_up, tmp_path, tmp_path, name="extended", clips=tmp_path / "empty", jobs=1
        )


# -- what is committed --------------------------------------------------------------------


def broken(card: dict[str, Any], table: pd.DataFrame) -> list[str]:
    """Return what of a card does not follow from the model's stored predictions."""
    wrong = []
    if training.card_results(table) != card["evaluation"]:
        wrong.append("evaluation")
    rows = table[table["protocol"] == training.CALIBRATED_BY]
    calibration = card["calibrations"]["gtzan"]
    limits = np.array(training.set_thresholds(table))
    if not np.allclose(limits, calibration["set_thresholds"], rtol=1e-5, atol=0):
        wrong.append("set_thresholds")
    if "out_of_distribution_threshold" in card:
        far = np.quantile(rows["distance_learned"].to_numpy(np.float64), 0.995)
        if abs(far / card["out_of_distribution_threshold"] - 1) > 1e-5:
            wrong.append("out_of_distribution_threshold")
    # What fits all folds lies among what fits all but one.
    temperature = calibration["temperature"]
    if not rows["temperature"].min() <= temperature <= rows["temperature"].max():
        wrong.append("temperature")
    # An excerpt is one row of features: its score is the logarithm of what it became.
    by_windows = {10: 3, 3: 1}
    told = dict(calibration.get("temperatures", []))
    if told and told.pop(10) != temperature:
        wrong.append("temperature of whole clips")
    for protocol in PROTOCOLS.values():
        part = table[table["protocol"] == protocol.name]
        if protocol.excerpt_seconds is None or part.empty:
            continue
        with np.errstate(divide="ignore"):
            scores = np.log(part[COLUMNS].to_numpy(np.float64))
        scores *= part["temperature"].to_numpy(np.float64)[:, None]
        y_true = pd.Categorical(part["genre"], categories=GENRES).codes
        again = training.fit_temperature(scores[:, None], y_true)
        if abs(again / told.pop(by_windows[protocol.excerpt_seconds], np.nan) - 1) > 2e-3:
            wrong.append(f"temperature of {protocol.name}")
    return wrong + [f"temperature of {windows} windows" for windows in told]


def committed(name: str) -> tuple[dict[str, Any], pd.DataFrame]:
    table = pd.read_parquet(data_path("results", training.PREDICTIONS))
    card = json.loads(data_path("models", f"{name}.json").read_text())
    return card, table[table["model"] == name].reset_index(drop=True)


@pytest.mark.parametrize("name", training.MODELS)
def test_the_cards_follow_from_the_stored_predictions(name: str) -> None:
    card, table = committed(name)
    assert not broken(card, table)
    assert set(table["protocol"]) == set(card["evaluation"]) <= set(PROTOCOLS)
    np.testing.assert_allclose(table[COLUMNS].sum(axis=1), 1, atol=1e-5)
    for result in card["evaluation"].values():
        assert result["low"] < result["accuracy"] < result["high"]
    # The point of the whole project: knowing the artist is worth much.
    of = card["evaluation"]
    assert of["track-grouped"]["accuracy"] > of["artist-grouped"]["accuracy"] + 0.05
    assert of["artist-grouped"]["calibration_error"] <= 0.05


def _shift(*keys: Any, by: float = 0.0, times: float = 1.0) -> Callable[[dict[str, Any]], None]:
    def change(card: dict[str, Any]) -> None:
        *path, last = keys
        for key in path:
            card = card[key]
        card[last] = card[last] * times + by

    return change


_ARTIST = ("evaluation", "artist-grouped")
_GTZAN = ("calibrations", "gtzan")


@pytest.mark.parametrize(
    "change",
    [
        _shift(*_ARTIST, "low", by=-0.005),
        _shift(*_ARTIST, "high", by=0.005),
        _shift(*_ARTIST, "accuracy", by=0.002),
        _shift(*_ARTIST, "calibration_error", by=0.002),
        _shift(*_ARTIST, "artists", by=1),
        _shift(*_GTZAN, "temperature", times=1.1),
        _shift(*_GTZAN, "temperatures", 0, 1, times=1.1),
        _shift(*_GTZAN, "temperatures", 1, 1, times=0.9),
        _shift(*_GTZAN, "temperatures", 2, 1, times=1.1),
        _shift(*_GTZAN, "set_thresholds", 0, 1, times=1.01),
        _shift(*_GTZAN, "set_thresholds", 2, 1, times=0.99),
    ],
)
def test_a_wrong_card_is_noticed(change: Callable[[dict[str, Any]], None]) -> None:
    card, table = committed("extended")
    wrong = deepcopy(card)
    change(wrong)
    assert broken(wrong, table)


def test_wrong_predictions_are_noticed() -> None:
    card, table = committed("classic")
    assert broken(card | {"out_of_distribution_threshold": 150.0}, table)
    flipped = table.copy()
    flipped.loc[flipped["protocol"] == "wild", COLUMNS] = table[COLUMNS].to_numpy()[::-1][
        : (table["protocol"] == "wild").sum()
    ]
    assert broken(card, flipped) == ["evaluation"]


def test_distances_and_places_recompute_from_the_committed_features() -> None:
    _, table = committed("classic")
    rows = table[table["protocol"] == training.CALIBRATED_BY].set_index("track")
    model, arrays = linear.Linear.load(data_path("models", "classic.npz"))
    windows = gtzan.load_windows().set_index("track")
    for track in ("blues.00003", "disco.00347", "jazz.00021", "rock.00099"):
        if track not in windows.index:
            continue
        of_track = windows.loc[[track], list(features.LEVEL_FREE)].to_numpy(np.float64)
        squares = np.sum((model.standardised(of_track) @ arrays["whitening"]) ** 2, axis=1)
        assert rows.loc[track, "distance_learned"] == pytest.approx(np.median(squares), rel=1e-5)
        place = model.transformed(of_track).mean(axis=0) @ arrays["axes"]
        (at,) = np.flatnonzero(arrays["tracks"] == track)
        np.testing.assert_allclose(arrays["vectors"][at], place, rtol=2e-3, atol=2e-3)


def test_the_extended_model_is_the_better_one_on_the_same_tracks() -> None:
    """And it names disco right at least as often, though it heard twelve clips of it."""
    found = model_card.load()
    protocols = ("artist-grouped", "nine-genres", "fault-filtered-nine-genres")
    compared_by = model_card.comparisons(
        found, protocols=protocols, pairs=[("extended", "classic")]
    )
    assert len(compared_by) == 3
    for compared in compared_by.values():
        assert compared.verdict.word == "better"
        assert compared.verdict.interval.estimate > 0.1
        assert compared.accuracy_a.estimate >= 0.75
    disco = model_card.named(found, "disco").set_index("model")
    assert set(disco["n"]) == {12}
    assert disco.loc["extended", "right"] >= disco.loc["classic", "right"]


def test_excerpts_are_right_as_often_as_they_claim() -> None:
    names = model_card.LENGTHS["GTZAN, artists apart"]
    lengths = model_card.excerpts(model_card.load(), "extended", names)
    assert lengths["seconds"].to_list() == [0, 10, 3]
    assert (lengths["calibration_error"] < 0.05).all()
