"""A model of one's own: that its test is fair, its sentences clear, and its answers right."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from mutagen.flac import FLAC
from typer.testing import CliRunner

from audionome import load_classifier
from audionome.charts import own_model
from audionome.cli import app
from audionome.collection.store import Store
from audionome.files import OutputError
from audionome.lab.ear.heads import Heard
from audionome.lab.own import (
    TrainingError,
    cards,
    duplicates,
    fitting,
    folder,
    grouping,
    judging,
    measuring,
    train,
    training,
)
from audionome.lab.training.calibration import fit_temperature

RATE = 22_050
EAR = 20  # made-up columns of the ear; as many are classic features


# -- who made it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stem", "artist"),
    [
        ("Nina Simone - Sinnerman", "Nina Simone"),
        ("07 - Nina Simone - Sinnerman", "Nina Simone"),
        ("07. Nina Simone – Sinnerman", "Nina Simone"),
        ("2-03 - Björk - Jóga (live)", "Björk"),
        ("10cc - Donna", "10cc"),
        ("50 Cent - In da club", "50 Cent"),
        ("112 - Peaches", "112"),
        ("07 50 Cent - In da club", "50 Cent"),
        ("Track 01 - Intro", ""),
        ("CD1 - 03 - Song", ""),
        ("CD1 - 03 - Björk - Song", "Björk"),
        ("Disc 2 - Foo", ""),
        ("07 - Sinnerman", ""),
        ("loop - 012", ""),
        ("Various Artists - Song", ""),
        ("Sinnerman", ""),
        ("a-b", ""),
    ],
)
def test_an_artist_in_a_name(stem: str, artist: str) -> None:
    assert grouping.artist_of_name(stem) == artist


def test_a_number_is_that_of_a_track_where_others_have_others() -> None:
    names = ["11 - Intro", "12 Björk - Jóga", "13 50 Cent - Song"]
    assert [grouping.artist_of_name(n, numbered=True) for n in names] == ["", "Björk", "50 Cent"]


def silent_file(path: Path, artist: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(RATE, np.float32), RATE)
    if artist:
        tagged = FLAC(path)
        tagged["artist"] = artist
        tagged.save()
    return path


def test_groups_are_taken_from_the_best_that_is_known(tmp_path: Path) -> None:
    paths = [
        silent_file(tmp_path / "jazz" / "a.flac", "Miles Davis"),
        silent_file(tmp_path / "jazz" / "Album" / "b.flac", "MILES DAVIS feat. Someone"),
        silent_file(tmp_path / "jazz" / "Miles Davis" / "c.flac"),
        silent_file(tmp_path / "jazz" / "CD 1" / "d.flac"),
        silent_file(tmp_path / "jazz" / "CD 1" / "deep" / "e.flac", "Various Artists"),
        silent_file(tmp_path / "rock" / "CD 1" / "f.flac"),
        silent_file(tmp_path / "rock" / "Queen - One.flac"),
        silent_file(tmp_path / "rock" / "02 - queen - Two.flac"),
        silent_file(tmp_path / "rock" / "g.flac"),
        silent_file(tmp_path / "rock" / "h.flac"),
    ]
    genres = [path.relative_to(tmp_path).parts[0] for path in paths]
    found = grouping.group(tmp_path, genres, paths)
    assert found.sources == ["tag"] * 2 + ["folder"] * 4 + ["name"] * 2 + ["file"] * 2
    # One artist, however written and wherever told; folders of one name in two genres are two.
    assert found.numbers == [0, 0, 0, 1, 1, 2, 3, 3, 4, 5]
    assert (found.unit, found.counts) == ("artist", {"tag": 2, "folder": 4, "name": 2, "file": 2})
    for by in ("file", ["file"]):
        alone = grouping.group(tmp_path, genres, paths, by=by)
        assert len(set(alone.numbers)) == len(paths)
    assert alone.ignored == {"tag": 1, "folder": 3, "name": 1}
    with pytest.raises(TrainingError, match="cannot be grouped by 'foo'; give one of auto, tag"):
        train(tmp_path, tmp_path / "my.model", by=("tag", "foo"))


def test_an_artist_is_one_wherever_the_name_stands(tmp_path: Path) -> None:
    one = [
        "jazz/Miles Davis/a.flac",
        "jazz/Miles Davis - So What.flac",
        "funk/Miles Davis/b.flac",
        "funk/Miles Davis - On the Corner/c.flac",
        "funk/Live/Miles Davis - Right Off.flac",
        "funk/Tutu/01 - Miles Davis - Tutu.flac",
        "funk/Tutu/02 - Miles Davis - Tomaas.flac",
        "funk/U2/d.flac",
        "jazz/U2/e.flac",
        "jazz/1990s/f.flac",
        "funk/1990s/g.flac",
    ]
    paths = [silent_file(tmp_path / name) for name in one]
    # An album one file of which says whose it is.
    paths += [silent_file(tmp_path / "jazz" / "Nefertiti" / "h.flac", "Miles Davis")]
    paths += [silent_file(tmp_path / "jazz" / "Nefertiti" / "i.flac")]
    genres = [path.relative_to(tmp_path).parts[0] for path in paths]
    found = grouping.group(tmp_path, genres, paths)
    assert found.numbers == [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 0, 0]


# -- what is refused ----------------------------------------------------------------------


def make(top: Path, *names: str) -> Path:
    for name in names:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return top


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "There is no folder"),
        (["a.wav", "b.mp3"], "holds 2\N{NO-BREAK SPACE}recordings, but no folders of them; make"),
        (["jazz/notes.txt"], "holds no recordings; make one folder per genre"),
        (["jazz/a.wav", "rock/notes.txt"], r'holds one genre, "jazz".* no recordings in "rock"'),
        (["Jazz/a.wav", "jazz/b.wav"], 'a reader cannot tell apart: "Jazz" and "jazz"'),
        (["jazz/a.wav", "rock/b.wav", "rock/c.wav"], '"jazz" has 1.recording and "rock" has 2'),
        (
            ["jazz/X/a.wav", "jazz/X/b.wav", "rock/Y/c.wav", "rock/Z/d.wav"],
            'all of "jazz" is of "X".* Add recordings of other artists',
        ),
    ],
)
def test_what_is_missing_is_said_before_any_work(
    tmp_path: Path, names: list[str], sentence: str
) -> None:
    top = make(tmp_path / "music", *names)
    with pytest.raises(TrainingError, match=sentence):
        train(top, tmp_path / "my.model", jobs=1)
    assert not list(tmp_path.glob("my*"))


def test_names_of_genres_and_what_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "Cafe\u0301 del mar/a.wav", "drum & bass/b.wav", ".hidden/c.wav", "loose.wav")
    make(tmp_path, "empty/readme.txt")
    found = folder.find(tmp_path)
    assert list(found.genres) == ["Café del mar", "drum & bass"]
    assert found.notes == [
        "1\N{NO-BREAK SPACE}recording lies in no genre folder: left out.",
        'The folder "empty" holds no recording: left out.',
    ]


def test_copies_in_two_genres_are_named() -> None:
    names, genres = ["jazz/a", "jazz/b", "rock/c"], ["jazz", "jazz", "rock"]
    duplicates.refuse_copies(names, genres, ["x", "x", "y"])  # in one genre: counted once
    duplicates.refuse_copies(names, genres, ["", "", ""])
    with pytest.raises(TrainingError, match='"jazz/b" and "rock/c" are the same recording'):
        duplicates.refuse_copies(names, genres, ["x", "y", "y"])


def test_what_sounds_alike_is_found_between_labels_only() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, 40))
    rows[500] = rows[3] + 0.05 * rng.normal(size=40)
    rows[501] = rows[4] + 0.05 * rng.normal(size=40)
    labels = ["a"] * 500 + ["b"] + ["a"] * 99
    found = duplicates.alike(rows, labels)
    assert [(a, b) for a, b, _ in found] == [(3, 500)]
    assert found[0][2] > duplicates.SAME


# -- the test is fair ---------------------------------------------------------------------


def made_up(
    rng: np.random.Generator,
    *,
    genres: int = 3,
    groups: int = 8,
    files: int = 5,
    genre: float = 0.0,
    artist: float = 0.0,
    features_tell: bool = True,
) -> Heard:
    """Files whose columns say as much of genre and artist as is asked for."""
    size = 2 * EAR
    rows, means = [], []
    for g in range(genres):
        of_genre = genre * rng.normal(size=size)
        for a in range(groups):
            of_artist = artist * rng.normal(size=size)
            for f in range(files):
                value = of_genre + of_artist + rng.normal(size=size)
                if not features_tell:
                    value[EAR:] = rng.normal(size=EAR)
                number = 100 * g + a
                for excerpt, windows in ((0, 10), (10, 3), (3, 1)):
                    rows.append(
                        {
                            "clip": f"{g}/{a}/{f}",
                            "genre": f"genre {g:02d}",
                            "source": str(number),
                            "trust": "A",
                            "artist": number,
                            "excerpt": excerpt,
                            "start": 0.0,
                            "seconds": 3.0 * windows,
                            "windows": windows,
                        }
                    )
                    means.append(value + 0.1 * rng.normal(size=size))
    mean = np.array(means)
    return Heard(pd.DataFrame(rows), mean, np.abs(rng.normal(size=mean.shape)))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The made-up columns are few: none is held against those of the ear."""
    if "whole" not in request.fixturenames:
        monkeypatch.setattr(fitting, "_least", lambda size: np.full(2 * size, 1e-3))
        nothing = (np.zeros(2 * EAR), -1.0)
        monkeypatch.setattr(fitting, "not_music", lambda head, vectors: nothing)
        monkeypatch.setattr(judging, "_FOLDS_OF_FEW", 4)


def judged(heard: Heard) -> judging.Judged:
    names = sorted(set(heard.column("genre")))
    return judging.judge(heard, genres=names, embedding=EAR)


def test_no_group_is_on_both_sides() -> None:
    heard = made_up(np.random.default_rng(0), groups=4)
    data = judging._Data.of(heard, ["genre 00", "genre 01", "genre 02"], EAR)
    fold = data.folds(data.group[data.whole])
    assert (fold >= 0).all()
    for k in np.unique(fold):
        assert not set(data.group[fold == k]) & set(data.group[fold != k])
        # Every genre is learned from in every fold.
        assert set(data.code[fold != k]) == {0, 1, 2}


def test_two_groups_of_a_genre_lie_in_two_folds() -> None:
    fold = np.array([0, 0, 0, 1, 2])
    genres = np.array(["a", "a", "a", "b", "b"])
    found = judging._apart(fold, genres, np.array([1, 1, 2, 3, 4]), 3)
    assert found[0] == found[1] != found[2]


def test_artists_without_a_genre_are_seen_through() -> None:
    """Nothing but the artist can be recognised: random files flatter, other artists do not."""
    found = [judged(made_up(np.random.default_rng(k), groups=6, artist=3.0)) for k in range(2)]
    assert min(one.random_files.estimate for one in found) > 0.8
    assert np.mean([one.other_groups.estimate for one in found]) == pytest.approx(1 / 3, abs=0.2)
    assert {one.flattery.word for one in found} == {"better"}
    assert found[0].other_groups.clusters == 18


def test_genres_that_lie_apart_are_told_apart() -> None:
    """Thirty of them, and a choice that finds where they lie."""
    found = judged(made_up(np.random.default_rng(2), genres=30, groups=3, files=2, genre=3.0,
                           features_tell=False))  # fmt: skip
    assert found.other_groups.estimate > 0.8
    assert found.inputs in ("ear", "both")
    assert found.compared["ear"] > 0.8 > 0.1 > found.compared["features"]
    assert found.genres["groups"].tolist() == [3] * 30
    assert found.confusion.sum() == 180
    assert found.calibration["temperatures"][0][0] == 1.0
    assert all(0 < share <= 0.5 for _, share in found.calibration["set_thresholds"])


def test_the_choice_of_inputs_does_not_flatter() -> None:
    """Of columns that tell nothing, the best looks better than chance; the figure does not."""
    shares, best = [], []
    for seed in range(3):
        found = judged(made_up(np.random.default_rng(seed), genres=2, groups=15, files=2))
        shares.append(found.other_groups.estimate)
        best.append(max(found.compared.values()))
    assert np.mean(shares) < np.mean(best)
    assert abs(np.mean(shares) - 0.5) < 0.1


def test_a_genre_with_one_group_is_learned_and_not_judged() -> None:
    heard = made_up(np.random.default_rng(3), groups=4, genre=3.0)
    alone = (heard.rows["genre"] == "genre 02").to_numpy()
    heard.rows.loc[alone, "artist"] = 999
    found = judged(heard)
    assert found.genres["genre"].tolist() == ["genre 00", "genre 01"]
    assert (found.fold[alone] == -1).all()
    assert found.confusion.shape == (3, 3)


def card_of(
    heard: Heard, *, sources: dict[str, str], by: tuple[str, ...] = (), ignored: dict[str, int]
) -> dict[str, Any]:
    """The card of a model of made-up files, by the source of each genre's groups."""
    rows = heard.rows[heard.rows["excerpt"] == 0]
    table = pd.DataFrame({"genre": rows["genre"], "group": rows["artist"], "content": rows["clip"]})
    table["source"] = table["genre"].map(sources)
    groups = grouping.Grouping([], [], table["source"].tolist(), ignored)
    ear = SimpleNamespace(
        features=(),
        ear=SimpleNamespace(card={"name": "net", "graph_sha256": "0"}, embedding_size=EAR, tags=()),
    )
    return cards.card(
        name="mine", genres=sorted(sources), table=table, judged=judged(heard), learned=1.0,
        strange=0.0, groups=groups, by=by, ear=ear,  # type: ignore[arg-type]
    )  # fmt: skip


def test_groups_are_called_what_they_are_and_what_is_unknown_is_said(tmp_path: Path) -> None:
    """Two genres of loose files, and one whose files are one album."""
    heard = made_up(np.random.default_rng(3), groups=9, files=1, genre=3.0)
    heard.rows.loc[heard.rows["genre"] == "genre 02", "artist"] = 999
    sources = {"genre 00": "file", "genre 01": "file", "genre 02": "folder"}
    card = card_of(heard, sources=sources, ignored={})
    assert card["untested"] == ["genre 02"]
    told = " ".join(card["limits"])
    assert '"genre 02" has one folder only: it was learned and could not be tested.' in told
    assert '"genre 00" and "genre 01" have fewer than ten files' in told
    assert "no better than always naming" not in told
    own_model.write(tmp_path / "a.html", card)
    page = (tmp_path / "a.html").read_text()
    assert '<th scope="col" class="number">artists or albums</th>' in page
    assert "Of the 18 recordings of its test," in page
    assert "18\N{NO-BREAK SPACE}files" in own_model.summary(card)[1]


def test_a_report_does_not_deny_what_it_was_told_to_ignore(tmp_path: Path) -> None:
    """Labels that say nothing, of files that count as artists of their own because of an option."""
    heard = made_up(np.random.default_rng(7), groups=12, files=1)
    genres = [f"genre {k:02d}" for k in range(3)]
    asked = card_of(heard, sources=dict.fromkeys(genres, "file"), by=("file",),
                    ignored={"folder": 12})  # fmt: skip
    assert asked["limits"][0].startswith(
        "As far as its test can tell, it is no better than always naming"
    )
    assert asked["limits"][1] == (
        "As you asked with --groups file, each counts as an artist of its own; folders name "
        "12\N{NO-BREAK SPACE}albums, and the figures flatter if these are right."
    )
    told = " ".join(own_model.summary(asked))
    assert "As you asked with --groups file" in told
    assert "Nothing names" not in told
    assert "believe the figure above" in told
    known = card_of(heard, sources=dict.fromkeys(genres, "tag"), ignored={})
    own_model.write(tmp_path / "a.html", known)
    page = (tmp_path / "a.html").read_text()
    assert "Each artist has one recording here, so random files and unheard artists are" in page
    assert "No artists or albums are known" not in page


def test_a_small_genre_weighs_as_much_as_a_large_one() -> None:
    rng = np.random.default_rng(4)
    heard = made_up(rng, genres=2, groups=30, files=4, genre=1.0)
    keep = np.ones(len(heard.rows), dtype=bool)
    keep[(heard.rows["artist"] >= 104).to_numpy()] = False  # four groups of the second
    few = Heard(heard.rows[keep].reset_index(drop=True), heard.mean[keep], heard.spread[keep])
    found = judged(few)
    recall = found.genres.set_index("genre")["recall"]
    assert recall["genre 01"] > 0.5
    assert found.measures["guessing"] == pytest.approx(120 / 136)


def test_an_interval_of_few_groups_is_no_narrower_than_the_exact_one() -> None:
    found = judging.interval(np.ones(12, dtype=bool), np.arange(12) // 4)
    assert found.low == pytest.approx(0.025 ** (1 / 3))  # three of three
    assert (found.high, found.clusters) == (1.0, 3)
    right = np.arange(400) % 4 > 0
    wide = judging.interval(right, np.arange(400))
    assert wide.high - wide.low == pytest.approx(2 * 1.96 * np.sqrt(0.75 * 0.25 / 400), rel=0.1)


def test_doubt_keeps_a_few_right_answers_from_certainty() -> None:
    scores = np.array([[[9.0, 0.0]]] * 6)
    truth = np.zeros(6, dtype=int)
    sure, unsure = (fit_temperature(scores, truth, doubt=d) for d in (0.0, 2.0))
    assert sure == pytest.approx(np.exp(-3))
    p = 1 / (1 + np.exp(-9 / unsure))
    assert p == pytest.approx(7 / 8, abs=1e-3)  # six right and one of two in doubt


def test_more_rows_than_are_of_use_are_drawn_evenly() -> None:
    heard = made_up(np.random.default_rng(5), groups=6, files=4)
    everything = np.ones(len(heard.rows), dtype=bool)
    assert fitting.learned(heard, everything).all()
    some = fitting.learned(heard, everything, most=48)
    assert some.sum() == 48
    whole = some & (heard.rows["excerpt"] == 0).to_numpy()
    assert heard.rows[whole]["genre"].value_counts().tolist() == [8, 8, 8]
    assert heard.rows[whole]["artist"].nunique() == 18
    assert set(heard.rows[some]["clip"]) == set(heard.rows[whole]["clip"])


# -- from folders to answers --------------------------------------------------------------


def bells(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    x = np.zeros_like(t)
    for at in np.arange(0, t[-1], rng.uniform(0.3, 0.6)):
        past = np.maximum(t - at, 0)
        x += (t >= at) * np.exp(-6 * past) * np.sin(2 * np.pi * rng.uniform(400, 800) * past)
    return x


def drums(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    beat = np.exp(-30 * (t % rng.uniform(0.25, 0.4)))
    return np.asarray(beat * rng.normal(size=t.size))


def drone(rng: np.random.Generator, t: np.ndarray) -> np.ndarray:
    low = rng.uniform(80, 200)
    return np.asarray(sum(np.sin(2 * np.pi * low * k * t) / k for k in range(1, 9)))


KINDS: dict[str, Callable[[np.random.Generator, np.ndarray], np.ndarray]] = {
    "Glöckchen & <b>bells": bells,
    "drum | bass": drums,
    "drone": drone,
}


def play(path: Path, name: str, seed: int, *, seconds: float = 3.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = KINDS[name](np.random.default_rng(seed), np.arange(int(seconds * RATE)) / RATE)
    soundfile.write(path, 0.5 * sound / np.abs(sound).max(), RATE)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three genres, two albums of each; one file that is no sound."""
    top = tmp_path_factory.mktemp("own") / "my music"
    for g, name in enumerate(KINDS):
        for album in range(2):
            for song in range(2):
                seed = 100 * g + 10 * album + song
                play(top / name / f"Album {album}" / f"{song}.wav", name, seed)
    (top / "drone" / "Album 1" / "broken.mp3").write_bytes(b"no sound at all" * 100)
    return top


def test_a_run_that_was_ended_goes_on_and_its_model_is_right(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, done = tmp_path / "my.model", []

    def measure(path: Path, name: str) -> dict[str, object]:
        done.append(name)
        return measuring.measure(path, name)

    def end(step: str, k: int, total: int) -> None:
        if (step, k) == ("Measuring", 5):
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "measure", measure)
    with pytest.raises(KeyboardInterrupt):
        train(whole, out, jobs=1, progress=end)
    with Store(tmp_path / "my.model.unfinished" / "part-measured", writing=False) as store:
        assert store.count() == 5
    trained = train(whole, out, jobs=1)
    measured = sorted(name for name in done if name.endswith(".wav"))
    assert measured == sorted(str(path) for path in whole.rglob("*.wav"))  # each of them once
    assert [name for name, _ in trained.failures] == ["drone/Album 1/broken.mp3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my.model"]
    found = trained.card["evaluation"]
    assert found["other_groups"]["share"] == 1.0
    assert found["other_groups"]["low"] < 0.6  # six albums
    assert trained.card["data"]["groups"] == 6
    model = load_classifier(str(out))
    for k, name in enumerate(KINDS):
        answer = model.classify(play(tmp_path / "new.wav", name, 900 + k))
        assert (answer.genre, answer.learned_from) == (name, None)
        assert answer.status == "one"
        assert answer.confidence < 0.97  # six albums do not make it certain


def test_the_command_tells_and_reports(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.model"
    arguments = ["train", str(whole), "--out", str(out), "--jobs", "1"]
    told = CliRunner().invoke(app, [*arguments, "--measured", str(tmp_path / "kept")])
    assert told.exit_code == 0, told.output
    assert "Right on 100% of recordings from folders (albums, say) it has not heard" in told.output
    assert "1\N{NO-BREAK SPACE}file could not be used and was left out" in told.output
    assert "On random files 100%; here the two cannot be told apart." in told.output
    assert "12\N{NO-BREAK SPACE}recordings are kept together by the folder" in told.output
    assert "What to distrust:" in told.output
    page = (tmp_path / "mine.html").read_text()
    assert "Glöckchen &amp; &lt;b&gt;bells" in page
    assert "<b>bells" not in page
    assert "broken.mp3" in page
    assert "http-equiv" in page
    # One recording in two genres, with other tags: the sound gives it away.
    copy = whole / "drum | bass" / "Album 0" / "copy.wav"
    copy.write_bytes((whole / "drone" / "Album 0" / "0.wav").read_bytes())
    before = out.read_bytes()
    refused = CliRunner().invoke(app, arguments)
    copy.unlink()
    assert '"drone/Album 0/0.wav"' in str(refused.exception)
    assert '"drum | bass/Album 0/copy.wav"' in str(refused.exception)
    assert out.read_bytes() == before
    again = CliRunner().invoke(app, [*arguments, "--measured", str(tmp_path / "kept")])
    assert again.exit_code == 0
    assert out.read_bytes() == before  # the same files, the same model
    said = CliRunner().invoke(
        app,
        ["classify", "--json", "--model", str(out), str(whole / "drone" / "Album 0" / "1.wav")],
    )
    assert json.loads(said.output)["genre"] == "drone"


def test_a_genre_that_drops_out_is_named(whole: Path, tmp_path: Path) -> None:
    top = tmp_path / "music"
    shutil.copytree(whole / "drone", top / "drone")
    for album in ("X", "Y"):
        silent_file(top / "hush" / album / "0.wav")
    with pytest.raises(TrainingError) as refused:
        train(top, tmp_path / "my.model", jobs=1)
    told = str(refused.value)
    assert "None of the 2\N{NO-BREAK SPACE}recordings of “hush” can be used (hush/X/0.wav: " in told
    assert f'kept in "{tmp_path / "my.model.unfinished"}" for the next run' in told


def test_a_damaged_model_is_made_anew(tmp_path: Path) -> None:
    out = tmp_path / "my.model"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("model.json", '{"format": 0}')
        archive.writestr("model.npz", b"")
    training.require_model_path(out)
    out.write_bytes(out.read_bytes()[:-9])
    training.require_model_path(out)
    out.write_bytes(b"PK of somebody else")
    with pytest.raises(OutputError, match="is no model of Audionome; move it away"):
        training.require_model_path(out)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--out", "my.mdl"], "should end in .model"),
        (["--out", "nowhere/my.model"], 'no folder "nowhere"'),
        (["--out", "other.model"], "is no model of Audionome"),
        (["--out", "my.model", "--measured", "nodir/x.store"], 'no folder "nodir"; make it first'),
        (["--out", "my.model", "--report", "other.html"], "is no page of Audionome"),
        (["--out", "my.model", "--groups", "label"], "is not known"),
    ],
)
def test_what_cannot_be_written_is_refused_at_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "other.model", "other.html")
    done = CliRunner().invoke(app, ["train", "nowhere at all", *option])
    assert sentence in f"{done.exception} {done.output}"
    assert (tmp_path / "other.model").read_bytes() == b"other.model"
