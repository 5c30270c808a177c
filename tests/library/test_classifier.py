"""The classifier that ships: what it says, how sure it is, and that it is the committed one."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import audionome
from audionome import audio, features
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.features import modulation
from audionome.lab import metrics, predictions
from audionome.models import classifier
from audionome.models.calibration import normalized_entropy, prediction_set
from audionome.models.ear_classifier import EarClassifier
from audionome.models.prediction import headline, message, status_of


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
    for window in answer.windows:
        assert sum(window.probabilities.values()) == pytest.approx(1)
    assert set(answer.seconds) == {"decode", "features", "model"}
    assert answer.tempo.bpm == pytest.approx(126, rel=0.04)
    assert 0.2 < answer.tempo.probability < 1
    assert answer.message.endswith(".")


def test_a_linear_model_answers_with_the_mean_of_its_windows(clips: list[Path]) -> None:
    answer = audionome.load_classifier("extended").classify(clips[0])
    for genre in gtzan.GENRES:
        mean = np.mean([w.probabilities[genre] for w in answer.windows])
        assert mean == pytest.approx(answer.probabilities[genre])


def test_same_samples_same_answer(clips: list[Path]) -> None:
    import soundfile as sf

    samples = np.round(audio.load(clips[0]) * 32767).astype(np.int16)
    answers = []
    for kind in ("WAV", "FLAC"):
        buffer = io.BytesIO()
        sf.write(buffer, samples, 22050, format=kind, subtype="PCM_16")
        answers.append(audionome.classify(buffer.getvalue()).probabilities)
    assert answers[0] == answers[1]


def test_a_longer_file_keeps_its_first_windows(clips: list[Path]) -> None:
    parts = [np.round(audio.load(p)[:661500] * 32767).astype(np.int16) for p in clips[:2]]
    model = audionome.load_classifier("extended")
    first, longer = (model.classify(wav(x)) for x in (parts[0], np.concatenate(parts)))
    assert (len(first.windows), len(longer.windows)) == (10, 20)
    for a, b in zip(longer.windows[:10], first.windows, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-4)


@pytest.mark.parametrize("gain", [0.1, 0.5])
def test_loudness_does_not_matter(
    clips: list[Path], answer: audionome.Prediction, gain: float
) -> None:
    import soundfile as sf

    buffer = io.BytesIO()
    sf.write(buffer, gain * audio.load(clips[0]), 22050, format="WAV", subtype="FLOAT")
    quieter = audionome.classify(buffer.getvalue())
    assert quieter.genre == answer.genre
    assert quieter.probabilities == pytest.approx(answer.probabilities, abs=0.02)


@pytest.mark.parametrize(("kind", "subtype"), [("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")])
def test_a_codec_changes_little(clips: list[Path], kind: str, subtype: str) -> None:
    import soundfile as sf

    same = []
    for clip in clips[::5]:
        samples = audio.load(clip)
        buffer = io.BytesIO()
        sf.write(buffer, samples, 22050, format=kind, subtype=subtype)
        coded, plain = audionome.classify(buffer.getvalue()), audionome.classify(clip)
        same.append(coded.genre == plain.genre)
        assert coded.probabilities[plain.genre] > plain.confidence - 0.35
    assert np.mean(same) > 0.8


def noises() -> dict[str, np.ndarray]:
    """Sounds that are no music, 20 s each."""
    rng = np.random.default_rng(0)
    n = 20 * audio.SAMPLE_RATE
    t = np.arange(n) / audio.SAMPLE_RATE
    white = rng.normal(size=n)
    shape = 1 / np.sqrt(np.maximum(1, np.arange(n // 2 + 1)))
    pink = np.fft.irfft(np.fft.rfft(white) * shape, n=n)
    clicks = np.zeros(n)
    clicks[:: audio.SAMPLE_RATE // 2] = 0.9
    claps = np.zeros(n)
    for start in rng.integers(0, n - 1500, 3000):
        claps[start : start + 1500] += rng.normal(size=1500) * np.exp(-np.arange(1500) / 200)
    syllables = np.maximum(0, np.sin(2 * np.pi * 4 * t)) * (np.sin(2 * np.pi * 0.4 * t) > -0.5)
    spectrum, frequencies = np.fft.rfft(white), np.fft.rfftfreq(n, 1 / audio.SAMPLE_RATE)
    sounds = {
        "white noise": white,
        "pink noise": pink,
        "violet noise": np.fft.irfft(spectrum * frequencies, n=n),
        "hiss": np.fft.irfft(spectrum * (frequencies > 4000), n=n),
        "silence with clicks": clicks,
        "a sine": np.sin(2 * np.pi * 440 * t),
        "applause": claps,
        "noise like speech": syllables * pink,
        "a siren": np.sin(2 * np.pi * (600 * t + 80 * np.sin(2 * np.pi * 0.5 * t))),
        "mains hum": np.sign(np.sin(2 * np.pi * 50 * t)),
    }
    return {name: (0.5 * x / np.abs(x).max()).astype(np.float32) for name, x in sounds.items()}


@pytest.mark.parametrize("name", list(noises()))
def test_what_is_no_music_gets_no_confident_answer(name: str) -> None:
    import soundfile as sf

    sound = noises()[name]
    for samples in (sound, sound[: 10 * audio.SAMPLE_RATE], sound[: 3 * audio.SAMPLE_RATE]):
        buffer = io.BytesIO()
        sf.write(buffer, samples, audio.SAMPLE_RATE, format="WAV", subtype="FLOAT")
        for model in ("ear", "classic", "extended"):
            got = audionome.load_classifier(model).classify(buffer.getvalue())
            assert got.status in {"many", "out-of-distribution"}, (model, len(samples))
            assert got.confidence < 0.6
            assert sum(got.probabilities.values()) == pytest.approx(1)


def test_the_ear_alone_tells_what_is_no_music(shipped: classifier.Classifier) -> None:
    """The classic model, from far less music, finds these drums twice as strange."""
    assert isinstance(shipped, EarClassifier)
    path = data_path("examples", "reggae.ogg")
    rows = np.concatenate(list(shipped.ear.measure(audio.WindowStream(path).pieces())))
    found, classic = (m.classify(path) for m in (shipped, audionome.load_classifier("classic")))
    assert found.distance == pytest.approx(shipped.head.distance(rows))
    assert found.distance < 0.5 * classic.distance


def test_the_model_is_loaded_once(shipped: classifier.Classifier) -> None:
    assert audionome.load_classifier() is shipped
    assert audionome.load_classifier("ear") is shipped
    assert audionome.load_classifier("extended") is shipped.companion
    assert audionome.load_classifier("classic") is shipped.companion.companion


def test_progress_rises_to_one(clips: list[Path]) -> None:
    told: list[tuple[float, str]] = []
    audionome.classify(clips[0], progress=lambda part, step: told.append((part, step)))
    parts = [part for part, _ in told]
    assert min(np.diff(parts)) > -1e-9
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


def test_a_table_is_answered_by_the_model_of_its_columns(
    shipped: classifier.Classifier, clips: list[Path]
) -> None:
    samples = audio.load(clips[0])
    classic = audionome.load_classifier("classic")
    table = features.extract(samples)
    np.testing.assert_array_equal(shipped.predict_proba(table), classic.predict_proba(table))
    wide = modulation.extract_extended(samples)
    rows = shipped.predict_proba(wide)
    answer = audionome.load_classifier("extended").classify(clips[0])
    np.testing.assert_allclose(rows.mean(axis=0), list(answer.probabilities.values()), atol=1e-6)
    with pytest.raises(ValueError, match="lacks"):
        classic.predict_proba(wide)


def test_the_set_holds_what_is_probable_enough(answer: audionome.Prediction) -> None:
    limit = audionome.load_classifier().calibration.threshold_for(10)
    least = limit * answer.confidence
    expected = {genre for genre, p in answer.probabilities.items() if p >= least}
    assert set(answer.prediction_set) == expected | {answer.genre}
    ranked = [answer.probabilities[genre] for genre in answer.prediction_set]
    assert ranked == sorted(ranked, reverse=True)
    assert answer.genre == answer.prediction_set[0]
    assert answer.coverage == 0.9
    assert prediction_set(answer.probabilities, 1.0) == (answer.genre,)
    assert len(prediction_set(answer.probabilities, 0.0)) == 10


def test_the_promise_of_an_answer() -> None:
    assert normalized_entropy(np.full(10, 0.1)) == pytest.approx(1)
    assert normalized_entropy(np.eye(10)[0]) == pytest.approx(0, abs=1e-9)
    told = message(["metal"], coverage=0.9)
    assert (
        told
        == "Metal. About nine in ten answers include the right genre, on music it has never heard."
    )
    assert "80% of answers include the right genre" in message(["rock", "metal"], coverage=0.8)
    strange = message([], coverage=0.9)
    assert strange == ("Unlike anything it knows. No genre is promised for such a sound.")


def test_errors_are_audios(tmp_path: Path) -> None:
    with pytest.raises(audio.NotAudioError):
        audionome.classify(b"not music at all" * 100)


# -- what is said -------------------------------------------------------------------------


def wav(samples: np.ndarray, rate: int = 22050) -> bytes:
    import soundfile as sf

    buffer = io.BytesIO()
    sf.write(buffer, samples, rate, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("named", "status", "said"),
    [
        (["metal"], "one", "Metal"),
        (["hiphop"], "one", "Hip-hop"),
        (["rock", "metal"], "few", "Rock or metal"),
        (["rock", "pop", "metal"], "few", "Rock, pop or metal"),
        (["pop", "disco", "hiphop", "reggae"], "many", "Not sure: pop, disco, hip-hop or reggae"),
        ([], "out-of-distribution", "Unlike anything it knows"),
    ],
)
def test_the_headline_names_the_set(
    answer: audionome.Prediction, named: list[str], status: str, said: str
) -> None:
    got = dataclasses.replace(answer, prediction_set=tuple(named))
    assert got.headline == headline(named) == said
    assert status_of(named) == status
    assert got.as_dict()["prediction_set"] == named
    assert got.as_row()["prediction_set"] == "|".join(named)


def test_tags_are_plain_in_json_and_in_a_table(answer: audionome.Prediction) -> None:
    tags = tuple(
        classifier.Tag(name, "instrument", p, (p, p))
        for name, p in (("guitar", 0.5), ("bass", 0.2))
    )
    got = dataclasses.replace(answer, tags=tags)
    first = got.as_dict()["tags"][0]
    assert first == {
        "name": "guitar", "kind": "instrument", "strength": 0.5, "over_time": [0.5, 0.5],
    }  # fmt: skip
    assert got.as_row()["tags"] == "guitar|bass"


def test_a_recording_of_the_index_is_known_again(shipped: classifier.Classifier) -> None:
    index = shipped.index
    for i in (3, 300, 700):
        vector = np.linalg.pinv(index.axes.T) @ index.vectors[i].astype(np.float64)
        found = index.same(vector)
        (at,) = np.flatnonzero(index.tracks == found)
        assert index.artists[at] == index.artists[i]  # itself, or a repetition of it
        assert index.nearest(vector, n=1)[0].similarity == pytest.approx(1)
        assert index.same(-vector) is None


def test_other_music_was_not_learned_from(clips: list[Path]) -> None:
    for path in clips:
        assert audionome.classify(path).learned_from is None


def test_no_two_recordings_of_the_index_are_taken_for_one() -> None:
    """What is as near as one recording has the same artist group: it is repeated in GTZAN."""
    from audionome.models import neighbors

    index = audionome.load_classifier("extended").index
    first, second = np.nonzero(np.triu(index._cosines() >= neighbors._SAME, 1))
    assert first.size
    assert (index.artists[first] == index.artists[second]).all()


# -- silence ------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [3, 6, 10])
@pytest.mark.parametrize("side", ["before", "after"])
def test_silence_changes_no_answer(clips: list[Path], seconds: int, side: str) -> None:

    for clip in clips[::5]:
        samples = np.round(audio.load(clip) * 32767).astype(np.int16)
        silent = np.zeros(seconds * 22050, np.int16)
        alone = audionome.classify(wav(samples))
        parts = [silent, samples] if side == "before" else [samples, silent]
        padded = audionome.classify(wav(np.concatenate(parts)))
        assert (padded.genre, padded.status) == (alone.genre, alone.status)
        assert padded.probabilities == pytest.approx(alone.probabilities, abs=0.01)
        assert padded.silence == pytest.approx(seconds + alone.silence, abs=0.02)
        assert [note.kind for note in padded.notes] == ["silence"]


def test_a_hidden_track_after_a_gap_is_heard(clips: list[Path]) -> None:

    samples = np.round(audio.load(clips[0]) * 32767).astype(np.int16)
    song = np.tile(samples, 6)
    silent = np.zeros(60 * 22050, np.int16)
    alone = audionome.classify(wav(song))
    found = audionome.classify(wav(np.concatenate([song, silent, samples])))
    assert (found.genre, found.status) == (alone.genre, alone.status)
    assert found.confidence == pytest.approx(alone.confidence, abs=0.05)
    assert found.windows[-1].end == pytest.approx(found.duration, abs=0.1)


def test_the_end_of_a_short_recording_is_heard(clips: list[Path]) -> None:
    samples = audio.load(clips[0])[: 5 * 22050]
    found = audionome.classify(wav(samples))
    assert [(w.start, w.end) for w in found.windows] == [
        (0, pytest.approx(3)),
        pytest.approx((2, 5)),
    ]


def test_one_odd_window_does_not_make_a_recording_strange(clips: list[Path]) -> None:
    samples = audio.load(clips[0]).copy()
    alone = audionome.classify(wav(samples))
    samples[66150:132300] = 0.3 * np.sign(np.sin(np.arange(66150) * 0.02))
    found = audionome.classify(wav(samples))
    assert found.status == alone.status != "out-of-distribution"
    assert found.distance < 2 * alone.distance


# -- the file on disk ---------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(data_path("models"), tmp_path / "models")
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path))
    classifier._load.cache_clear()
    yield tmp_path / "models"
    classifier._load.cache_clear()


def test_an_unknown_model_is_named(copy: Path) -> None:
    with pytest.raises(
        classifier.ModelError, match=r'"nosuch".*there are: classic, ear, extended\.'
    ):
        audionome.load_classifier("nosuch")


def test_a_changed_model_is_refused(copy: Path) -> None:
    path = copy / "classic.npz"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(classifier.ModelError, match="not the file"):
        audionome.load_classifier("classic")


def test_a_short_recording_is_believed_less(shipped: classifier.Classifier) -> None:
    one, two, three, ten, many = map(shipped.calibration.temperature_for, (1, 2, 3, 10, 1000))
    assert one > two > three > ten == many == shipped.card["temperature"]
    middle = np.log(2) / np.log(3)
    assert two == pytest.approx((1 - middle) * one + middle * three)


# -- measures -----------------------------------------------------------------------------


def test_expected_calibration_error() -> None:
    confidence = np.repeat([0.25, 0.75], 100)
    right = np.tile(np.arange(100) < 25, 2)
    assert metrics.expected_calibration_error(confidence, right) == pytest.approx(0.25)
    right[100:] = np.arange(100) < 75
    assert metrics.expected_calibration_error(confidence, right) == pytest.approx(0)


def test_track_probabilities() -> None:
    got = predictions.track_probabilities(np.array([[1.0, 0], [0, 1], [0.5, 0.5]]), ["b", "b", "a"])
    expected = pd.DataFrame([[0.5, 0.5], [0.5, 0.5]], index=["a", "b"])
    pd.testing.assert_frame_equal(got, expected)


# -- the ear ------------------------------------------------------------------------------


def test_a_head_of_another_network_is_refused(copy: Path) -> None:
    card = json.loads((copy / "ear.json").read_text())
    (copy / "ear.json").write_text(json.dumps(card | {"network_sha256": "0" * 64}))
    with pytest.raises(classifier.ModelError, match="learned from another network"):
        audionome.load_classifier("ear")


def test_the_ear_is_no_companion_of_its_own(copy: Path) -> None:
    card = json.loads((copy / "ear.json").read_text())
    (copy / "ear.json").write_text(json.dumps(card | {"companion": "ear"}))
    with pytest.raises(classifier.ModelError, match="should name its companion"):
        audionome.load_classifier("ear")


def test_a_pickled_classifier_answers_the_same() -> None:
    path = data_path("examples", "jazz.ogg")
    again = pickle.loads(pickle.dumps(audionome.load_classifier()))
    expected = audionome.classify(path).probabilities
    assert again.classify(path).probabilities == expected


@pytest.mark.parametrize("source", [None, 3, np.zeros(5), io.StringIO("la")])
def test_what_is_no_recording_is_told(source: Any) -> None:
    with pytest.raises(TypeError, match="a path, bytes or a file opened in binary mode"):
        audionome.classify(source)
