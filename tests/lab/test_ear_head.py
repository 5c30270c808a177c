"""The head of the ear: how it is fitted, and that what is committed follows from the table."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from audionome import audio
from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.errors import AudionomeError
from audionome.lab import outside, store
from audionome.lab.ear import clips, heads, judging, noises, training
from audionome.lab.ear.heads import Heard, Recipe
from audionome.lab.predictions import PROBABILITY_COLUMNS
from audionome.models import head as released
from audionome.models.calibration import Calibration

GENRES = list(gtzan.GENRES)


def made_up(*, per_genre: int = 8, size: int = 12, others: int = 12) -> pd.DataFrame:
    """Clips of ten genres that lie apart, half of them from outside, and sounds that are none."""
    rng = np.random.default_rng(0)
    centres = 2 * rng.normal(size=(10, size))
    rows = []
    for i in range(10 * per_genre + others):
        music = i < 10 * per_genre
        k = i % 10
        centre = centres[k] if music else -4 * np.abs(centres[k])
        from_gtzan = i < 5 * per_genre
        for excerpt, windows in ((0, 10), (10, 4), (10, 4), (3, 1), (3, 1)):
            mean = centre + rng.normal(size=size) / np.sqrt(windows)
            spread = np.abs(rng.normal(size=size)) if windows > 1 else np.zeros(size)
            keys = {
                "clip": f"{i}",
                "genre": GENRES[k] if music else "",
                "source": "GTZAN" if from_gtzan else (f"S{i % 7}" if music else "noise"),
                "trust": "G" if from_gtzan else ("A" if music else "N"),
                "artist": i // 2 if from_gtzan else 10_000 + i,
                "excerpt": excerpt,
                "start": 0.0,
                "seconds": 3.0 * windows,
                "windows": windows,
            }
            numbers = {f"m{j}": v for j, v in enumerate(mean)}
            rows.append(keys | numbers | {f"s{j}": v for j, v in enumerate(spread)})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def heard() -> Heard:
    return Heard.of(made_up())


# -- fitting ------------------------------------------------------------------------------


def test_genres_that_lie_apart_are_told_apart(heard: Heard) -> None:
    head = heads.fit(heard, np.ones(len(heard.rows), dtype=bool))
    music = heard.music
    found = head.classes[head.scores(heard.vectors(head, music)).argmax(axis=1)]
    whole = heard.rows["excerpt"].to_numpy()[music] == 0
    assert (found == heard.column("genre")[music])[whole].all()
    distance = head.distances(heard.vectors(head, np.ones(len(heard.rows), dtype=bool)))
    assert (distance[~music] > 1).all()
    assert (distance[music] < 1).all()


def test_a_genre_that_was_not_learned_scores_below_all(heard: Heard) -> None:
    head = heads.fit(heard, heard.column("genre") != "disco")
    scores = head.scores(heard.vectors(head, heard.music))
    assert (scores[:, GENRES.index("disco")] == -np.inf).all()
    assert np.isfinite(np.delete(scores, GENRES.index("disco"), axis=1)).all()


def test_clips_weigh_as_their_sources_and_genres_do() -> None:
    rows = pd.DataFrame(
        {
            "genre": ["jazz"] * 4 + ["rock"] * 12,
            "source": ["GTZAN"] * 4 + ["GTZAN"] * 2 + ["S1"] * 10,
            "trust": ["G"] * 6 + ["A"] * 10,
        }
    )
    plain = heads.clip_weights(rows, Recipe(balance=0.0))
    np.testing.assert_allclose(plain, [1.0] * 6 + [2.0] * 10)
    equal = heads.clip_weights(rows, Recipe(balance=1.0))
    assert equal[:4].sum() == pytest.approx(equal[4:].sum())
    rooted = heads.clip_weights(rows, Recipe(balance=0.5))
    assert rooted[4:].sum() / rooted[:4].sum() == pytest.approx(np.sqrt(22 / 4))


def test_no_row_weighs_less_for_having_more_excerpts(heard: Heard) -> None:
    """A clip weighs the same however many excerpts of it there are."""
    _, weights = heads._standard(heard, np.flatnonzero(heard.music), heads.RECIPE)
    total = pd.Series(weights).groupby(heard.column("clip")[heard.music]).sum()
    rows = heard.rows[(heard.rows["excerpt"] == 0) & heard.music]
    expected = pd.Series(heads.clip_weights(rows), index=rows["clip"])
    np.testing.assert_allclose(total[expected.index], expected)


# -- judging ------------------------------------------------------------------------------


def test_nothing_of_a_tested_source_or_artist_is_learned() -> None:
    table = made_up()
    table.loc[table["source"] == "S3", "artist"] = 0  # who is in GTZAN, too
    heard = Heard.of(table)
    test = heard.column("source") == "S3"
    learned = judging._learned(heard, test)
    assert not (learned & test).any()
    assert not (learned & (heard.rows["artist"] == 0).to_numpy()).any()
    assert learned.sum() == (heard.rows["artist"] != 0).sum()
    alone = judging._learned(heard, test, outside=False)
    assert set(heard.column("trust")[alone]) == {"G", "N"}


def test_every_source_is_left_out_once() -> None:
    rows = pd.DataFrame({"source": ["big"] * 5 + list("abcdefgh") + ["GTZAN"], "trust": "A"})
    rows.loc[rows["source"] == "GTZAN", "trust"] = "G"
    found = judging.sources_left_out(rows)
    assert found[0] == ["big"]
    assert sorted(name for names in found[1:] for name in names) == list("abcdefgh")
    assert max(map(len, found)) == 2


def test_doubtful_clips_are_judged_and_not_learned_from() -> None:
    table = made_up()
    table.loc[table["source"] == "S1", "trust"] = "C"
    heard = Heard.of(table)
    scores, distance = judging.leave_sources_out(heard, heads.RECIPE)
    from_outside = heard.music & (heard.column("source") != "GTZAN")
    assert np.isfinite(scores[from_outside]).all()
    assert np.isfinite(distance[from_outside]).all()
    assert np.isnan(scores[~from_outside]).all()
    learned = judging._learned(heard, heard.column("source") == "S2")
    assert "C" not in set(heard.column("trust")[learned])


def test_summary_of_known_predictions() -> None:
    rows = pd.DataFrame({"genre": ["blues", "blues", "rock"], "artist": [0, 1, 2]})
    values = np.full((3, 10), 0.02)
    values[:, 0] = 0.6  # blues: right, right, wrong
    values[2, 9] = 0.3  # but the second
    rows[PROBABILITY_COLUMNS] = values / values.sum(axis=1, keepdims=True)
    found = judging.summarise(rows)
    assert found["top1"] == pytest.approx(2 / 3)
    assert found["top3"] == 1
    assert found["balanced"] == pytest.approx(0.5)
    assert (found["n"], found["artists"]) == (3, 3)


# -- what the ear hears -------------------------------------------------------------------


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Clips of two sources, and a sound that is no music."""
    rng = np.random.default_rng(0)
    t = np.arange(13 * 22_050) / 22_050
    tones = 0.3 * np.sin(2 * np.pi * 330 * t) * (1 + np.sin(2 * np.pi * 2 * t))
    for name, samples in (
        ("rock/001.wav", tones),
        ("jazz/001.wav", tones[: 4 * 22_050]),
        ("others/noise/hiss.wav", 0.1 * rng.normal(size=5 * 22_050)),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, samples, 22_050)
    known = gtzan.load().tracks["track"].iloc[0]
    (tmp_path / "labels.csv").write_text(
        "file,genre,artist,source,trust,artist_in_gtzan\n"
        f"rock/001.wav,rock,Some One,a/b@1:x,A,yes: {known}\n"
        "jazz/001.wav,jazz,Another,c/d@1:y,B,no\n"
    )
    return tmp_path


def test_clips_are_heard_whole_and_in_excerpts(sounds: Path) -> None:
    dataset = gtzan.load()
    table = clips.music_clips(dataset, sounds, sounds / "labels.csv")
    artists = table.set_index("clip")["artist"]
    assert artists["rock/001"] == dataset.tracks["artist"].iloc[0]
    assert artists["jazz/001"] >= clips.FIRST_OUTSIDE
    others = clips.other_sounds(sounds / "others")
    assert others[["clip", "genre", "source", "trust"]].to_numpy().tolist() == [
        ["noise/001", "", "noise", "N"]
    ]
    table = pd.concat([table, others], ignore_index=True)
    done: list[tuple[int, int]] = []
    rows = clips.measure(table, progress=lambda *step: done.append(step))
    assert done == [(1, 3), (2, 3), (3, 3)]
    counts = pd.crosstab(rows["clip"], rows["excerpt"])
    assert counts.loc["rock/001"].to_dict() == {0: 1, 3: 3, 10: 2}
    assert counts.loc["jazz/001"].to_dict() == {0: 1, 3: 3, 10: 0}  # shorter than 12 s
    heard = Heard.of(rows)
    assert heard.mean.shape == heard.spread.shape == (len(rows), 200)
    one = (rows["windows"] == 1).to_numpy()
    assert one.any()
    assert (heard.spread[one] == 0).all()
    assert (heard.spread[~one].max(axis=1) > 0).all()


def test_a_folder_without_sounds_is_refused(sounds: Path) -> None:
    (sounds / "empty").mkdir()
    with pytest.raises(AudionomeError, match="empty holds no folders of sounds"):
        clips.other_sounds(sounds / "others", sounds / "empty")
    with pytest.raises(gtzan.DatasetError, match="lacks 856 of the 856 clips"):
        clips.gtzan_clips(gtzan.load(), sounds)


def test_noises_have_the_frequencies_that_they_should() -> None:
    powers = [np.abs(np.fft.rfft(noises.make(k))) ** 2 for k in range(6)]
    hertz = np.linspace(0, audio.SAMPLE_RATE / 2, powers[0].size)

    def share(power: np.ndarray, low: float, high: float) -> float:
        return float(power[(hertz >= low) & (hertz <= high)].sum() / power.sum())

    for whole, band, high in (powers[:3], powers[3:]):
        assert (whole[hertz > 20] > 0).mean() > 0.99
        strong = hertz[band > 1e-3 * band.max()]
        assert share(band, strong.min(), strong.max()) > 0.99
        assert strong.max() < audio.SAMPLE_RATE / 2 - 100
        assert share(high, 0, 1000) < 1e-6
    assert [np.abs(noises.make(k)).max() for k in range(3)] == [0.5, 0.5, 0.5]
    assert not np.array_equal(noises.make(0), noises.make(3))


# -- what is committed --------------------------------------------------------------------


@cache
def committed() -> Heard:
    return training.load_heard()


def test_the_table_holds_every_clip_once() -> None:
    rows = committed().rows
    whole = rows[rows["excerpt"] == 0]
    assert not whole["clip"].duplicated().any()
    assert (whole["trust"] == "G").sum() == gtzan.load().tracks["measured"].sum()
    assert whole["trust"].isin(["A", "B"]).sum() == 441
    # No title and no name: clips from outside are numbers.
    from_outside = whole.loc[whole["trust"].isin(["A", "B", "C"]), "clip"]
    assert from_outside.str.fullmatch(r"[a-z]+/\d{3}").all()
    others = whole.loc[whole["trust"] == "N", "clip"]
    assert others.str.fullmatch(r"[a-z-]+/\d{3}").all()
    tracks = gtzan.load().tracks.set_index("track")["artist"]
    own = whole[whole["trust"] == "G"].set_index("clip")["artist"]
    np.testing.assert_array_equal(own, tracks.loc[own.index])


def test_the_noises_of_the_table_are_those_that_are_made(tmp_path: Path) -> None:
    heard = committed()
    whole = (heard.rows["source"] == noises.KIND) & (heard.rows["excerpt"] == 0)
    rows = np.flatnonzero(whole)
    assert len(rows) == noises.NUMBER
    for number in (0, 16, 59):
        path = tmp_path / "noise.wav"
        soundfile.write(path, noises.make(number), audio.SAMPLE_RATE)
        excerpt, *_, mean, spread = clips.heard(path)[0]
        assert excerpt == 0
        # The table keeps three digits.
        np.testing.assert_allclose(heard.mean[rows[number]], mean, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(heard.spread[rows[number]], spread, rtol=2e-3, atol=2e-3)


def test_the_head_that_ships_follows_from_the_table() -> None:
    _, again = training.arrays_of(committed())
    with np.load(data_path("models", "ear.npz")) as file:
        assert set(file.files) == set(again)
        for name in file.files:
            if file[name].dtype.kind == "f":
                np.testing.assert_allclose(again[name], file[name], rtol=1e-4, atol=2e-3)
            else:
                np.testing.assert_array_equal(again[name], file[name])


def test_a_fold_of_artists_recomputes() -> None:
    heard, stored = committed(), training.load_results()[0]
    stored = stored[(stored["model"] == "ear") & (stored["protocol"] == "artist-grouped")]
    fold = stored[stored["fold"] == 3].set_index("track")
    tested = np.isin(heard.column("clip"), fold.index)
    head = heads.fit(heard, judging._learned(heard, tested))
    rows = tested & (heard.rows["excerpt"] == 0).to_numpy()
    scores = pd.DataFrame(head.scores(heard.vectors(head, rows)), heard.column("clip")[rows])
    temperature = fold["temperature"].iloc[0]
    values = np.exp(scores.loc[fold.index] / temperature)
    values = values.div(values.sum(axis=1), axis=0)
    np.testing.assert_allclose(values, fold[PROBABILITY_COLUMNS], atol=2e-3)


def test_the_card_tells_what_the_predictions_say() -> None:
    card = json.loads(data_path("models", "ear.json").read_text())
    inner, compared = training.load_results()
    table = outside.load()
    table = table[(table["model"] == "ear") & table["trust"].isin(["A", "B"])]
    tables = dict(list(inner[inner["model"] == "ear"].groupby("protocol"))) | {
        judging.LEAVE_ONE_OUT + (f"-{n}s" if n else ""): table[table["excerpt"] == n]
        for n in outside.LENGTHS
    }
    assert set(card["evaluation"]) == set(tables)
    for name, rows in tables.items():
        told = card["evaluation"][name]
        for key, value in judging.summarise(rows).items():
            own = told["accuracy" if key == "top1" else key]
            assert own == pytest.approx(value, abs=1e-6), (name, key)
    table = compared.set_index(["head", "protocol"])
    for name in ("artist-grouped", judging.LEAVE_ONE_OUT):
        assert table.loc[("ear", name), "top1"] == pytest.approx(
            card["evaluation"][name]["accuracy"]
        )


def test_it_is_as_good_as_it_must_be() -> None:
    found = released.read(data_path("models"), "ear").card["evaluation"]
    assert found["artist-grouped"]["accuracy"] >= 0.86
    assert found["artist-grouped"]["top3"] >= 0.97
    assert found[judging.LEAVE_ONE_OUT]["top3"] >= 0.92
    assert found[judging.LEAVE_ONE_OUT]["balanced"] >= 0.69


def test_music_is_music_and_speech_is_not() -> None:
    """Judged by heads that had met neither the source nor the kind of sound."""
    card = json.loads(data_path("models", "ear.json").read_text())
    far = {name: found["share"] for name, found in card["out_of_distribution"].items()}
    for name in ("GTZAN", "GTZAN, 3 s", "music from outside", "music from outside, 3 s"):
        assert far[name] <= 0.04, name
    for name in ("noise", "click", "speech-real", "speech-prompts", "speech-libri"):
        assert far[name] >= 0.95, name


def test_results_of_another_table_are_refused(tmp_path: Path) -> None:
    for name in ("models/ear.json", "research/ear_clips.parquet", "results/ear_predictions.parquet",
                 "results/ear_heads.parquet"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(data_path(*name.split("/")), tmp_path / name)
    assert len(training.load_results(tmp_path)[1])
    table = tmp_path / "research" / clips.TABLE
    content = table.read_bytes()
    table.write_bytes(content[::-1])
    with pytest.raises(store.StaleResultsError, match="audionome lab ear train"):
        training.load_results(tmp_path)
    table.write_bytes(content)
    (tmp_path / "results" / "ear_heads.parquet").unlink()
    with pytest.raises(store.StaleResultsError, match="audionome lab ear train"):
        training.load_results(tmp_path)


def test_the_calibration_is_of_music_from_outside() -> None:
    found = released.read(data_path("models"), "ear").calibration
    assert isinstance(found, Calibration)
    one, *_, long = found.temperatures
    assert one[0] == 1
    assert one[1] > long[1]  # three seconds tell less
