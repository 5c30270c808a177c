"""The classifier that ships: what it says, how sure it is, and that it is the committed one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import audionome
from audionome import audio, classifier, evaluation, features, gtzan, models, training
from audionome._paths import data_path


@pytest.fixture(scope="module")
def shipped() -> classifier.Classifier:
    return audionome.load_classifier()


@pytest.fixture(scope="module")
def answer(clips: list[Path]) -> audionome.Prediction:
    return audionome.classify(clips[0])


def test_a_prediction_is_whole(answer: audionome.Prediction, clips: list[Path]) -> None:
    assert set(answer.probabilities) == set(gtzan.GENRES)
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert answer.genre == max(answer.probabilities, key=answer.probabilities.__getitem__)
    assert answer.confidence == answer.probabilities[answer.genre]
    assert answer.duration == pytest.approx(30, abs=0.1)
    assert len(answer.windows) == 10
    assert [w.start for w in answer.windows] == [3.0 * k for k in range(10)]
    assert all(w.end - w.start == pytest.approx(3) for w in answer.windows)
    for genre in gtzan.GENRES:
        mean = np.mean([w.probabilities[genre] for w in answer.windows])
        assert mean == pytest.approx(answer.probabilities[genre])
    assert set(answer.seconds) == {"decode", "features", "model"}
    assert 30 < answer.tempo < 320
    assert answer.message.endswith(".")


def test_its_training_clips_are_named_right(clips: list[Path]) -> None:
    """Not a measure of quality (the model has heard them): it shows that the path is whole."""
    right = [audionome.classify(p).genre == p.name.split(".")[0] for p in clips[::3]]
    assert np.mean(right) > 0.8


def test_same_samples_same_answer(clips: list[Path], answer: audionome.Prediction) -> None:
    import io

    import soundfile as sf

    samples, rate = sf.read(clips[0], dtype="int16")
    buffer = io.BytesIO()
    sf.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    assert audionome.classify(buffer.getvalue()).probabilities == answer.probabilities


def test_a_longer_file_keeps_its_first_windows(
    clips: list[Path], answer: audionome.Prediction
) -> None:
    import io

    import soundfile as sf

    samples = np.concatenate([audio.load(p)[:661500] for p in clips[:2]])
    buffer = io.BytesIO()
    sf.write(buffer, samples, 22050, format="WAV", subtype="PCM_16")
    longer = audionome.classify(buffer.getvalue())
    assert len(longer.windows) == 20
    for a, b in zip(longer.windows[:9], answer.windows[:9], strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-4)


def test_the_model_is_loaded_once(shipped: classifier.Classifier) -> None:
    assert audionome.load_classifier() is shipped
    assert audionome.load_classifier("svc") is shipped


def test_progress_rises_to_one(clips: list[Path]) -> None:
    told: list[tuple[float, str]] = []
    audionome.classify(clips[0], progress=lambda part, step: told.append((part, step)))
    parts = [part for part, _ in told]
    assert parts == sorted(parts)
    assert parts[0] == 0
    assert parts[-1] == 1
    assert len(parts) > 10


def test_predict_proba_wants_named_columns(shipped: classifier.Classifier) -> None:
    rows = gtzan.load_windows().iloc[:20]
    expected = shipped.predict_proba(rows)
    assert expected.shape == (20, 10)
    np.testing.assert_allclose(expected.sum(axis=1), 1)
    shuffled = rows[rows.columns[::-1]]
    np.testing.assert_array_equal(shipped.predict_proba(shuffled), expected)
    with pytest.raises(ValueError, match="tempo"):
        shipped.predict_proba(rows.drop(columns="tempo"))
    with pytest.raises(ValueError, match="infinite"):
        shipped.predict_proba(rows.assign(tempo=np.nan))


def test_unsure_is_said(shipped: classifier.Classifier) -> None:
    flat = np.full((3, 10), 0.1)
    unsure = shipped._prediction(flat, tempo=0.0, duration=9.0, seconds={})
    assert unsure.status == "unsure"
    assert unsure.message.startswith("Not sure")
    sharp = np.full((3, 10), 0.01)
    sharp[:, 4] = 0.91
    sure = shipped._prediction(sharp, tempo=0.0, duration=9.0, seconds={})
    assert (sure.status, sure.genre, sure.message) == ("ok", "hiphop", "Probably hiphop.")


def test_errors_are_audios(tmp_path: Path) -> None:
    with pytest.raises(audio.NotAudioError):
        audionome.classify(b"not music at all" * 100)


# -- the file on disk ---------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(data_path("models"), tmp_path / "models")
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path))
    classifier._load.cache_clear()
    yield tmp_path / "models"
    classifier._load.cache_clear()


def test_an_unknown_model_is_named(copy: Path) -> None:
    with pytest.raises(classifier.ModelError, match=r'"nosuch".*there are: svc'):
        audionome.load_classifier("nosuch")


def test_a_changed_model_is_refused(copy: Path) -> None:
    path = copy / "svc.npz"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(classifier.ModelError, match="not the file"):
        audionome.load_classifier("svc")


def test_a_foreign_type_is_refused(tmp_path: Path) -> None:
    from skops.io import dump

    dump(Path("x"), tmp_path / "m.skops")
    with pytest.raises(models.UntrustedModelError, match="do not use"):
        models.load_estimator(tmp_path / "m.skops")


def test_the_card(shipped: classifier.Classifier) -> None:
    card = shipped.card
    assert card["features"] == list(features.COLUMNS)
    assert data_path("models", "svc.skops").stat().st_size < 10_000_000
    for name in ("random_windows", "artist_grouped"):
        result = card["evaluation"][name]
        assert result["low"] < result["accuracy"] < result["high"]
        assert result["protocol"]
    # The point of the whole project.
    assert (
        card["evaluation"]["random_windows"]["low"] > (card["evaluation"]["artist_grouped"]["high"])
    )


def test_the_shipped_model_was_trained_on_this_table(published: Path) -> None:
    dataset = gtzan.load(complete_with=published)
    card = json.loads(data_path("models", "svc.json").read_text())
    assert training._hash(training._Data(dataset)) == card["data"]["sha256"]


def test_the_shipped_model_recomputes(published: Path, shipped: classifier.Classifier) -> None:
    data = training._Data(gtzan.load(complete_with=published))
    again = models.svc().fit(data.X, data.names(np.arange(len(data.y))))
    rows = data.X[::97]
    np.testing.assert_allclose(
        again.decision_function(rows), shipped.machine.margins(rows), atol=1e-6
    )


def test_the_two_files_of_the_model_agree(shipped: classifier.Classifier) -> None:
    pipeline = models.load_estimator(data_path("models", "svc.skops"))
    rows = gtzan.load_windows().iloc[::101]
    values = rows[shipped.card["features"]].to_numpy(np.float64)
    expected = models.probabilities(pipeline, values, temperature=shipped.card["temperature"])
    np.testing.assert_allclose(shipped.predict_proba(rows), expected, atol=1e-9)


def test_the_random_windows_figure_recomputes(published: Path) -> None:
    data = training._Data(gtzan.load(complete_with=published))
    got = training._random_windows(data, training._Counter(None, total=1))
    card = json.loads(data_path("models", "svc.json").read_text())
    assert got == pytest.approx(card["evaluation"]["random_windows"], abs=1e-6)


def test_training_needs_the_complete_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(gtzan.COMPLETION_VARIABLE, raising=False)
    with pytest.raises(gtzan.DatasetError, match="needs all tracks"):
        training.train(gtzan.load(), tmp_path)


# -- measures -----------------------------------------------------------------------------


def test_soft_votes() -> None:
    """Three classes on a line: the middle one wins between the others."""
    x = np.repeat([[0.0], [1.0], [2.0]], 30, axis=0) + np.linspace(-0.2, 0.2, 90)[:, None]
    fitted = models.svc().fit(x, np.repeat(["a", "b", "c"], 30))
    got = models.scores(fitted, np.array([[0.0], [1.0], [2.0]]))
    assert got.argmax(axis=1).tolist() == [0, 1, 2]
    np.testing.assert_allclose(got.sum(axis=1), 0, atol=1e-12)


def test_accuracy_interval_is_the_binomial_one() -> None:
    correct = np.arange(400) < 300
    got = evaluation.accuracy_interval(correct, n_resamples=20000)
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert got.accuracy == 0.75
    assert got.low == pytest.approx(0.75 - half, abs=0.005)
    assert got.high == pytest.approx(0.75 + half, abs=0.005)
    grouped = evaluation.accuracy_interval(correct, np.arange(400) // 20, n_resamples=20000)
    assert grouped.high - grouped.low > 3 * (got.high - got.low)
    with pytest.raises(ValueError, match="at least one"):
        evaluation.accuracy_interval([])


def test_expected_calibration_error() -> None:
    confidence = np.repeat([0.25, 0.75], 100)
    right = np.tile(np.arange(100) < 25, 2)
    assert evaluation.expected_calibration_error(confidence, right) == pytest.approx(0.25)
    right[100:] = np.arange(100) < 75
    assert evaluation.expected_calibration_error(confidence, right) == pytest.approx(0)


def test_track_probabilities() -> None:
    got = evaluation.track_probabilities(np.array([[1.0, 0], [0, 1], [0.5, 0.5]]), ["b", "b", "a"])
    expected = pd.DataFrame([[0.5, 0.5], [0.5, 0.5]], index=["a", "b"])
    pd.testing.assert_frame_equal(got, expected)
