"""Music from outside: which clips, which excerpts, and what the released models say of them."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

import audionome
from audionome import audio
from audionome._paths import data_path
from audionome.datasets.gtzan import GENRES
from audionome.lab import outside, promises, store
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.models import linear

LABELS = """file,genre,artist,title,source,trust,artist_in_gtzan
blues/1.ogg,blues,Ann,One,them/music@abc:x.mp3,A,no
blues/2.ogg,jazz,Bob,Two,us/songs@def:y.mp3,B,yes: jazz.00001
jazz/3.ogg,jazz,Ann and Bob,Three,them/music@abc:z.mp3,C,unknown
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("blues/1.ogg", "blues/2.ogg", "jazz/3.ogg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(data_path("examples", "blues.ogg"), tmp_path / name)
    (tmp_path / "labels.csv").write_text(LABELS)
    return tmp_path


def test_clips_have_numbers_and_no_titles(folder: Path) -> None:
    table = outside.clips(folder, folder / "labels.csv")
    assert table["source"].tolist() == ["S01", "S02", "S01"]
    assert table["clip"].tolist() == ["blues/1", "blues/2", "jazz/3"]
    assert table["in_gtzan"].tolist() == [False, True, False]
    assert table["artist"].nunique() == 1  # the duet joins the two
    assert outside.trusted(table).tolist() == [True, True, False]
    assert not set(table.columns) & {"title", "licence"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("jazz/3.ogg", "jazz/4.ogg"), "lacks 1 of the 3 clips"),
        (("jazz/3.ogg,jazz", "jazz/3.ogg,soul"), 'the genre "soul"'),
        (("trust,", "faith,"), "lacks the columns trust"),
    ],
)
def test_a_wrong_list_is_told(folder: Path, change: tuple[str, str], told: str) -> None:
    (folder / "labels.csv").write_text(LABELS.replace(*change))
    with pytest.raises(outside.OutsideError, match=told):
        outside.clips(folder, folder / "labels.csv")
    with pytest.raises(outside.OutsideError, match="no list of clips"):
        outside.clips(folder, folder / "nosuch.csv")


def test_excerpts_lie_at_fixed_places() -> None:
    samples = np.arange(40 * audio.SAMPLE_RATE, dtype=np.float32) / 1e7
    found = list(outside.excerpts(samples))
    assert [(e.seconds, round(e.start, 3)) for e in found] == [
        (0, 0), (10, 10), (10, 20), (3, 9.25), (3, 18.5), (3, 27.75),
    ]  # fmt: skip
    for excerpt in found:
        got, rate = sf.read(io.BytesIO(excerpt.sound), dtype="float32")
        start = round(excerpt.start * audio.SAMPLE_RATE)
        n = excerpt.seconds * audio.SAMPLE_RATE or samples.size
        assert rate == audio.SAMPLE_RATE
        np.testing.assert_array_equal(got, samples[start : start + n])
    short = outside.excerpts(samples[: 11 * audio.SAMPLE_RATE])
    assert [e.seconds for e in short] == [0, 3, 3, 3]


def test_scores_are_those_of_the_product() -> None:
    path = data_path("examples", "rock.ogg")
    found = outside.measure(path, models=("extended", "classic"))
    sounds = list(outside.excerpts(audio.load(path)))
    for name, measured in found.items():
        model = audionome.load_classifier(name)
        assert len(measured) == len(sounds)
        for (seconds, start, heard, scores, distance), excerpt in zip(
            measured, sounds, strict=True
        ):
            answer = model.classify(excerpt.sound)
            assert (seconds, start) == (excerpt.seconds, excerpt.start)
            assert distance == pytest.approx(answer.distance)
            assert heard == pytest.approx(answer.duration - answer.silence)
            if distance <= 1:
                temperature = model.calibration.temperature_for(heard / 3)
                p = linear.softmax(scores / temperature).mean(axis=0)
                assert dict(zip(GENRES, p, strict=True)) == pytest.approx(answer.probabilities)


def made_up() -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Ninety clips of six sources at three lengths; the true genre scores about two more."""
    rng = np.random.default_rng(0)
    rows, scores = [], []
    for k in range(90):
        for excerpt, seconds in ((0, 30.0), (10, 10.0), (3, 3.0)):
            genre = GENRES[k % 10]
            rows.append(
                {"family": "from scratch", "model": "m", "protocol": "released", "clip": f"{k}",
                 "genre": genre, "source": f"S{k % 6}", "trust": "A", "artist": k,
                 "in_gtzan": False, "excerpt": excerpt, "start": 0.0, "seconds": seconds,
                 "distance": 0.5}
            )  # fmt: skip
            score = rng.normal(size=10) + rng.normal(0, 0.2, (round(seconds / 3), 10))
            score[:, k % 10] += 2
            scores.append(score)
    return pd.DataFrame(rows), scores


def test_no_source_sets_its_own_temperature() -> None:
    rows, scores = made_up()
    before = outside.nested(rows, scores)
    mine = (rows["source"] == "S2").to_numpy()
    louder = [s * 5 if m else s for s, m in zip(scores, mine, strict=True)]
    after = outside.nested(rows, louder)
    assert (after["temperature"] == before["temperature"])[mine].all()
    assert (after["temperature"] != before["temperature"])[~mine].all()
    np.testing.assert_allclose(before[PROBABILITY_COLUMNS].sum(axis=1), 1, atol=1e-6)
    card = outside.calibrate(rows, scores)
    assert [n for n, _ in card["temperatures"]] == [1, pytest.approx(10 / 3), 10]
    assert card["temperature"] == card["temperatures"][-1][1]
    # Right as often as claimed, at the temperature of all.
    whole = [s for s, e in zip(scores, rows["excerpt"], strict=True) if e == 0]
    p = np.stack([linear.softmax(s / card["temperature"]).mean(axis=0) for s in whole])
    right = p.argmax(axis=1) == np.arange(90) % 10
    assert p.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.002)


def test_a_single_source_cannot_be_judged() -> None:
    rows, scores = made_up()
    with pytest.raises(outside.OutsideError, match=r"without the source S0 .* several sources"):
        outside.nested(rows.assign(source="S0"), scores)
    with pytest.raises(outside.OutsideError, match=r"trust A or B to set .* excerpts of 3 s"):
        outside.calibrate(rows.assign(trust="C"), scores)


def test_predictions_are_written_and_stale_ones_refused(tmp_path: Path) -> None:
    rows, scores = made_up()
    table = outside.nested(rows, scores)
    (tmp_path / "m.json").write_text(json.dumps({"name": "m", "calibrations": {"gtzan": {}}}))
    (tmp_path / "m.npz").write_bytes(b"arrays")
    card = outside.calibrate(rows, scores)
    outside.write(table, {"m": card}, models=tmp_path, results=tmp_path)
    other = table.assign(model="n")
    outside.write(other, {}, models=tmp_path, results=tmp_path)
    outside.write(table, {"m": card}, models=tmp_path, results=tmp_path)
    got = outside.load(models=tmp_path, results=tmp_path)
    assert got["model"].value_counts().to_dict() == {"m": len(table), "n": len(table)}
    told = json.loads((tmp_path / "m.json").read_text())
    assert told["temperature"] == card["temperature"]
    assert told["calibrations"] == {"gtzan": {}, "outside": card}
    (tmp_path / "m.npz").write_bytes(b"other arrays")
    with pytest.raises(store.StaleResultsError, match="audionome lab outside"):
        outside.load(models=tmp_path, results=tmp_path)


# -- what is committed --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ear", "extended", "classic"])
def test_the_cards_follow_from_the_stored_predictions(name: str) -> None:
    table = outside.load()
    rows = table[table["model"] == name]
    card = json.loads(data_path("models", f"{name}.json").read_text())
    set_outside = card["calibrations"]["outside"]
    assert {key: card[key] for key in set_outside} == set_outside
    # What fits all sources lies among what fits all but one, at lengths that were measured.
    for excerpt, (windows, temperature) in zip(
        outside.LENGTHS, set_outside["temperatures"], strict=True
    ):
        at = rows[outside.stands_for(rows, excerpt)]["temperature"]
        assert at.min() * 0.999 <= temperature <= at.max() * 1.001, windows
    np.testing.assert_allclose(set_outside["set_thresholds"], outside.thresholds(rows), rtol=1e-5)
    np.testing.assert_allclose(rows[PROBABILITY_COLUMNS].sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["ear", "extended", "classic"])
def test_the_promise_is_kept_on_sources_that_did_not_set_it(name: str) -> None:
    table = outside.load()
    found = promises.kept(promises.judged(table[table["model"] == name])).set_index("excerpt")
    assert 0.88 <= found.loc[0, "coverage"] <= 0.92
    assert 0.87 <= found.loc[10, "coverage"] <= 0.93
    assert 0.87 <= found.loc[3, "coverage"] <= 0.93
