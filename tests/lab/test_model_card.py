"""The released models, judged: truths worked out by hand on small made-up predictions."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from audionome.datasets.gtzan import GENRES
from audionome.lab import model_card
from audionome.lab.model_card import ReleasedModels
from audionome.lab.model_card.released import judged
from audionome.lab.store import StaleResultsError
from audionome.lab.studies import loudness
from audionome.models.linear import Linear
from audionome.models.neighbors import Index
from audionome.report import charts, tables


def rows(
    y_true: list[str],
    y_pred: list[str],
    *,
    model: str = "extended",
    protocol: str = "artist-grouped",
    sure: float | list[float] = 0.91,
    artists: list[int] | None = None,
    distance: float = np.nan,
) -> pd.DataFrame:
    """Predictions about tracks t000, t001, ... that give `y_pred` the probability `sure`."""
    out = []
    for i, (genre, predicted) in enumerate(zip(y_true, y_pred, strict=True)):
        p = sure if isinstance(sure, float) else sure[i]
        row: dict[str, Any] = {"model": model, "protocol": protocol, "track": f"t{i:03d}"}
        row |= {"genre": genre, "artist": artists[i] if artists else i, "fold": 0}
        row |= {f"p_{g}": (1 - p) / 9 for g in GENRES}
        out.append(row | {f"p_{predicted}": p, "distance": distance})
    return pd.DataFrame(out)


def found(
    *tables: pd.DataFrame, indexes: dict[str, Index] | None = None, **card: Any
) -> ReleasedModels:
    predictions = judged(pd.concat(tables, ignore_index=True))
    names = list(dict.fromkeys(predictions["model"]))
    cards = {
        name: {"calibrations": {"gtzan": {"set_thresholds": [[10, 0.05]]}}, **card}
        for name in names
    }
    return ReleasedModels(predictions, cards, indexes or {})


def index(vectors: list[list[float]], genres: list[str], artists: list[int]) -> Index:
    names = np.array([f"t{i:03d}" for i in range(len(genres))])
    values = np.array(vectors)
    return Index(names, np.array(genres), np.array(artists), np.eye(values.shape[1]), values)


# -- loading ------------------------------------------------------------------------------


def write(folder: Path, predictions: pd.DataFrame, **changes: Any) -> None:
    """Write a model, its card and its predictions as training does."""
    model = Linear(
        np.array(GENRES), np.zeros(2, bool), np.zeros(2), np.ones(2), 3.0,
        np.zeros((2, 10)), np.zeros(10),
    )  # fmt: skip
    names = predictions["track"].to_numpy(dtype=str)
    genres = predictions["genre"].to_numpy(dtype=str)
    model.save(
        folder / "extended.npz",
        tracks=names,
        genres=genres,
        artists=np.arange(len(names)),
        axes=np.eye(2),
        vectors=np.ones((len(names), 2)),
    )
    right = float(judged(predictions)["correct"].mean())
    card = {
        "arrays_sha256": hashlib.sha256((folder / "extended.npz").read_bytes()).hexdigest(),
        "evaluation": {"artist-grouped": {"accuracy": right, "n": len(predictions)}},
    }
    (folder / "extended.json").write_text(json.dumps(card | changes))
    predictions.to_parquet(folder / "model_predictions.parquet")


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    def load() -> ReleasedModels:
        return model_card.load(models=tmp_path, results=tmp_path)

    with pytest.raises(StaleResultsError, match="audionome lab train"):
        load()
    predictions = rows(["jazz", "rock"], ["jazz", "jazz"])
    write(tmp_path, predictions)
    got = load()
    assert got.models == ("extended",)
    assert got.predictions["correct"].to_list() == [True, False]
    assert got.indexes["extended"].tracks.tolist() == ["t000", "t001"]

    write(tmp_path, predictions, arrays_sha256="of another model")
    with pytest.raises(StaleResultsError, match="belong together"):
        load()
    write(tmp_path, predictions, evaluation={"artist-grouped": {"accuracy": 0.9, "n": 2}})
    with pytest.raises(StaleResultsError, match="belong together"):
        load()
    (tmp_path / "extended.json").unlink()
    with pytest.raises(StaleResultsError, match="--model extended"):
        load()


# -- how often they are right -------------------------------------------------------------


def test_models_are_compared_on_the_tracks_that_both_answered() -> None:
    y_true = ["jazz"] * 100
    one = rows(y_true, ["jazz"] * 80 + ["rock"] * 20)
    other = rows(y_true, ["jazz"] * 60 + ["rock"] * 40, model="classic")
    both = found(one, other[other["track"] < "t090"])
    compared = model_card.comparisons(both)
    assert list(compared) == [("artist-grouped", "extended", "classic")]
    (versus,) = compared.values()
    gap = versus.verdict.interval
    assert (gap.n, gap.clusters) == (90, 90)
    assert gap.estimate == pytest.approx(20 / 90)
    assert (versus.only_a, versus.only_b) == (20, 0)
    # The paired bootstrap of a share of 20 in 90 is binomial.
    sd = np.sqrt(20 / 90 * 70 / 90 / 90)
    assert gap.low == pytest.approx(20 / 90 - 1.96 * sd, abs=0.02)
    assert versus.verdict.word == "better"
    (same,) = model_card.comparisons(found(one, one.assign(model="classic"))).values()
    assert not same.verdict.differs
    assert not model_card.comparisons(both, protocols=["wild"])


def test_figures_that_stand_side_by_side_are_of_the_same_tracks() -> None:
    """Alone, the classic model would be judged on ten tracks more, which it gets right."""
    ear = rows(["jazz"] * 20, ["jazz"] * 16 + ["rock"] * 4, model="ear")
    more = rows(["jazz"] * 30, ["rock"] * 10 + ["jazz"] * 20, model="classic")
    both = found(more, ear)
    table = model_card.on_same_tracks(both).set_index("model")
    assert table["n"].to_dict() == {"classic": 20, "ear": 20}
    assert table.loc["classic", "accuracy"] == pytest.approx(0.5)
    assert table.loc["ear", "accuracy"] == pytest.approx(0.8)
    by_protocol = model_card.ladder(both).set_index("model")
    assert by_protocol.loc["classic", "accuracy"] == pytest.approx(20 / 30)
    one, other = model_card.common(both, "artist-grouped").values()
    assert one["track"].to_list() == other["track"].to_list()


def test_three_guesses_count_as_one_in_top3() -> None:
    some = rows(["jazz", "jazz"], ["rock", "rock"], sure=0.5)
    some.loc[0, ["p_jazz", "p_pop"]] = 0.3, 0.2  # the third most probable is below jazz
    some.loc[1, ["p_pop", "p_metal", "p_blues"]] = 0.2, 0.15, 0.1
    (row,) = model_card.on_same_tracks(found(some)).to_dict("records")
    assert row["accuracy"] == 0
    assert row["top3"] == 0.5


def test_comparisons_are_judged_as_one_family() -> None:
    """Eight tracks of 100 are enough for one comparison alone, and not for one of three."""
    y_true = ["jazz"] * 100
    better, worse = ["jazz"] * 80 + ["rock"] * 20, ["jazz"] * 73 + ["rock"] * 25 + ["jazz"] * 2
    tables = [rows(y_true, p, model=m, protocol=protocol)
              for protocol in model_card.COMPARED
              for m, p in (("extended", better), ("classic", worse))]  # fmt: skip
    first = (next(iter(model_card.COMPARED)), "extended", "classic")
    alone = model_card.comparisons(found(*tables), protocols=first[:1])
    three = model_card.comparisons(found(*tables))
    assert 0 < alone[first].verdict.p_value < three[first].verdict.p_value
    assert three[first].verdict.p_value == pytest.approx(min(1, 3 * alone[first].verdict.p_value))


def test_intervals_draw_whole_artists() -> None:
    # One artist is always right, the other never: a resample has 0, 1 or 2 of them.
    y_true, y_pred = ["jazz"] * 100, ["jazz"] * 50 + ["rock"] * 50
    table = model_card.ladder(found(rows(y_true, y_pred, artists=[0] * 50 + [1] * 50)))
    row = table.iloc[0]
    assert (row["accuracy"], row["low"], row["high"]) == (0.5, 0, 1)
    assert (row["tracks"], row["artists"]) == (100, 2)
    # Two artists tell as much as two tracks would, or less.
    assert row["effective_n"] < 2
    assert row["design_effect"] == pytest.approx(100 / row["effective_n"])


def test_calibration_error_beside_what_luck_would_give() -> None:
    # Claims 75 % and keeps it exactly; honest confidences stray by about |N(0, 1)| sd.
    honest = found(rows(["jazz"] * 400, ["jazz"] * 300 + ["rock"] * 100, sure=0.75))
    row = model_card.ladder(honest).iloc[0]
    assert row["calibration_error"] == pytest.approx(0, abs=1e-9)
    sd = np.sqrt(0.75 * 0.25 / 400)
    assert row["calibration_luck"] == pytest.approx(sd * np.sqrt(2 / np.pi), rel=0.15)


def test_excerpts_are_paired_with_their_clip() -> None:
    whole = rows(["jazz"] * 4, ["jazz"] * 3 + ["rock"])
    halves = rows(["jazz"] * 4, ["jazz", "jazz", "rock", "rock"])
    parts = [whole, *[halves.assign(protocol="artist-grouped-10s")] * 3]
    names = model_card.LENGTHS["GTZAN, artists apart"]
    assert names == {0: "artist-grouped", 10: "artist-grouped-10s", 3: "artist-grouped-3s"}
    table = model_card.excerpts(found(*parts), "extended", names).set_index("seconds")
    assert table.index.to_list() == [0, 10]
    assert table.loc[10, "n"] == 12
    assert table.loc[10, "cost"] == pytest.approx(0.25)
    assert table.loc[0, "cost"] == 0
    assert table.loc[0, "verdict"] == "cannot be told apart"
    assert model_card.excerpts(found(rows(["jazz"], ["jazz"])), "classic", names).empty


def test_genres_are_drawn_by_artist() -> None:
    both = found(rows(["jazz"] * 4 + ["rock"], ["jazz", "jazz", "rock", "rock", "rock"],
                      artists=[0, 0, 1, 1, 2]))  # fmt: skip
    table = model_card.per_genre(both.of("extended", "artist-grouped"))
    assert set(model_card.few_clips(table)["genre"]) == set(table["genre"])
    # Of jazz there are four clips here, of rock made thirty: only its shares are told.
    many = table.assign(n=[30 if g == "rock" else n for g, n in table[["genre", "n"]].to_numpy()])
    hidden = model_card.without_few(many).set_index("genre")
    assert hidden["recall"].dropna().index.to_list() == ["rock"]
    assert hidden.loc["jazz", "n"] == 4
    table = table.set_index("genre")
    assert table.loc["jazz", ["n", "artists", "recall"]].to_list() == [4, 2, 0.5]
    assert table.loc["jazz", ["recall_low", "recall_high"]].to_list() == [0, 1]
    counts = model_card.named(both, "jazz")
    assert counts.to_numpy().tolist() == [["extended", 2, 4]]


# -- how well they know it ----------------------------------------------------------------


def test_coverage_keeps_the_surest_first() -> None:
    sure = [0.95] * 5 + [0.5] * 5
    some = found(rows(["jazz"] * 10, ["jazz"] * 5 + ["rock"] * 5, sure=sure))
    table = model_card.coverage(some.of("extended", "artist-grouped"), shares=[0.5, 0.8, 1.0])
    assert table["n"].to_list() == [5, 8, 10]
    assert table["accuracy"].to_list() == pytest.approx([1, 5 / 8, 0.5])
    assert table["entropy"].is_monotonic_increasing


@pytest.fixture
def strangers() -> ReleasedModels:
    """Many genres for 1 in 10 of GTZAN, 2 in 10 of known wild music, 6 in 10 of soul, far away."""

    def part(genre: str, many: int, far: float, protocol: str) -> pd.DataFrame:
        sure = [0.2] * many + [0.95] * (100 - many)
        y_pred = ["rock"] * many + ["jazz"] * (100 - many)
        return rows([genre] * 100, y_pred, model="classic", protocol=protocol, sure=sure,
                    distance=far)  # fmt: skip

    soul = part("soul", 60, 9.0, "wild").assign(track=[f"s{i}" for i in range(100)])
    soul["artist"] += 500
    wild = part("jazz", 20, 1.0, "wild")
    wild["artist"] += 200
    inside = part("jazz", 10, 1.0, "artist-grouped")
    return found(inside, wild, soul, out_of_distribution_threshold=5.0)


def test_soul_gets_many_genres_more_often(strangers: ReleasedModels) -> None:
    table = model_card.held_back(strangers, "classic").set_index(["group", "sign"])["share"]
    far = "out-of-distribution"
    assert table.to_dict() == pytest.approx(
        {("GTZAN", "many"): 0.1, ("GTZAN", far): 0.0, ("wild", "many"): 0.2,
         ("wild", far): 0.0, ("soul", "many"): 0.6, ("soul", far): 1.0}
    )  # fmt: skip
    ratios = model_card.many_ratios(strangers, "classic").set_index("against")
    assert ratios.loc["GTZAN", "ratio"] == pytest.approx(6)
    assert ratios.loc["wild", "ratio"] == pytest.approx(3)
    # The logarithm of a ratio of shares of 60 and 20 in 100.
    sd = np.sqrt(0.4 / 60 + 0.8 / 20)
    assert ratios.loc["wild", "low"] == pytest.approx(3 * np.exp(-1.96 * sd), rel=0.1)
    assert ratios.loc["wild", "high"] == pytest.approx(3 * np.exp(1.96 * sd), rel=0.15)


def test_soul_has_no_right_answer(strangers: ReleasedModels) -> None:
    """It is none of the ten genres: a share of 0 % right would blame the model for the question."""
    table = model_card.held_back(strangers, "classic")
    assert table.set_index("group")["right"].groupby("group").first().to_dict() == pytest.approx(
        {"GTZAN": 0.9, "wild": 0.8, "soul": np.nan}, nan_ok=True
    )
    drawn = charts.held_back_shares(table).table.set_index("music")["right"]
    assert set(drawn["the library, soul"]) == {"not among the ten: no right answer"}
    assert set(drawn["GTZAN, ten genres"]) == {"90.0%"}
    assert set(strangers.of("classic", "wild")["genre"]) == {"jazz"}


def test_signs_are_judged_by_pairs(strangers: ReleasedModels) -> None:
    table = model_card.separation(strangers, "classic").set_index(["task", "sign"])["auc"]
    # Every wrong prediction is less sure than every right one; distance is the same for all.
    assert table["errors, GTZAN", "entropy"] == 1
    assert table["errors, GTZAN", "distance"] == 0.5
    assert table["soul, wild", "distance"] == 1
    # 60 of 100 with many genres against 20 of 100, ties as one half.
    assert table["soul, wild", "entropy"] == pytest.approx(0.6 * 0.8 + 0.5 * (0.12 + 0.32))
    outside = strangers.of("classic", "wild").assign(protocol="elsewhere")
    both = ReleasedModels(
        pd.concat([strangers.predictions, outside]), strangers.cards, strangers.indexes
    )
    table = model_card.separation(both, "classic").set_index(["task", "sign"])["auc"]
    assert table["errors, elsewhere", "entropy"] == table["errors, wild", "entropy"]


# -- repetitions and doubts ---------------------------------------------------------------


@pytest.fixture
def repeated() -> tuple[ReleasedModels, pd.DataFrame]:
    """60 tracks: t000 and t001 are one recording, t002 sits in the wrong folder.

    t003 and t004 are one song in two versions that sound unlike; of t005 nothing is known.
    """
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((60, 20))
    vectors[1] = vectors[0]
    genres = ["jazz"] * 60
    y_pred = ["jazz"] * 2 + ["rock"] + ["jazz"] * 57
    alike = index(vectors.tolist(), genres, [0, 0, *range(2, 60)])
    predictions = rows(genres, y_pred, sure=[0.9, 0.9, 0.99, *np.linspace(0.5, 0.95, 57)])
    songs = pd.DataFrame({"track": alike.tracks, "song": [0, 0, 2, 3, 3, *range(5, 60)]})
    return found(predictions, indexes={"extended": alike}), songs.drop(index=5)


def test_the_nearest_track_is_held_against_artist_and_title(
    repeated: tuple[ReleasedModels, pd.DataFrame],
) -> None:
    table = model_card.twins(*repeated)
    assert set(table["track"][:2]) == {"t000", "t001"}
    by = table.set_index("track")
    assert by.loc["t000", "twin"] == "t001"
    assert by.loc["t000", "cosine"] == pytest.approx(1)
    assert by["same_song"].sum() == 2
    assert set(by.index[by["repeated"]]) == {"t000", "t001", "t003", "t004"}
    assert not by.loc["t005", "known"]
    assert not by.loc["t005", "same_song"]
    pairs = tables.nearest_pairs(table, first=60)
    # Each pair once, whichever side it is seen from.
    assert pairs["same artist and title"].to_list().count("yes") == 1
    assert "not known" in set(pairs["same artist and title"])
    chart = charts.nearest_repeated(table)
    assert list(chart.figure.data[0].y[:4]) == [0, 1, 2, 2]


def test_doubted_tracks_are_listed_without_a_verdict(
    repeated: tuple[ReleasedModels, pd.DataFrame],
) -> None:
    table = model_card.twins(*repeated)
    cases = tables.doubted(table, first=1)
    assert cases["track"].to_list() == ["t002"]
    assert cases.iloc[0]["the model says"] == "rock (99%)"


# -- neighbours ---------------------------------------------------------------------------


def test_neighbours_with_and_without_the_same_artist() -> None:
    # Each artist has two tracks side by side; other artists nearby are of the other genre.
    vectors = [[1, 0.0], [1, 0.1], [1, 0.3], [1, 0.4], [-1, 0.0], [-1, 0.1]]
    genres = ["jazz", "jazz", "rock", "rock", "jazz", "jazz"]
    alike = index(vectors, genres, [0, 0, 1, 1, 2, 2])
    table = model_card.neighbours({"extended": alike}, nearest=[1])
    by = table.set_index("other_artist")
    assert by.loc[False, "precision"] == 1
    assert by.loc[True, "precision"] == 0
    # Others of the same genre: 2 of 4 for jazz, none for rock; with any artist 3 and 1 of 5.
    assert by.loc[True, "chance"] == pytest.approx((4 * 0.5) / 6)
    assert by.loc[False, "chance"] == pytest.approx((4 * 3 + 2 * 1) / 5 / 6)


def test_indexes_are_over_common_tracks_and_gains_are_paired() -> None:
    rng = np.random.default_rng(0)
    genres = ["jazz", "rock"] * 10
    good = index([[1, 0] if g == "jazz" else [0, 1] for g in genres], genres, list(range(20)))
    small = index(rng.standard_normal((12, 2)).tolist(), genres[:12], list(range(12)))
    names = [f"t{i:03d}" for i in range(20)]
    windows = pd.DataFrame(
        {
            "track": names * 2,
            "window": 0,
            "genre": "jazz",
            "source": "measured",
            "f": rng.standard_normal(40),
            "g": rng.standard_normal(40),
        }
    )
    both = found(rows(["jazz"], ["jazz"]), indexes={"extended": good, "classic": small})
    got = model_card.indexes(both, windows)
    assert list(got) == ["extended", "classic", "plain"]
    assert {len(i.tracks) for i in got.values()} == {12}
    np.testing.assert_allclose(got["plain"].vectors.mean(axis=0), 0, atol=1e-12)
    gains = model_card.neighbour_gains(got, nearest=[5])
    assert gains["against"].to_list() == ["classic", "plain"]
    assert (gains["verdict"] == "better").all()


def test_the_map_has_the_neighbours_of_the_index() -> None:
    rng = np.random.default_rng(1)
    alike = index((rng.standard_normal((30, 4)) * [4, 2, 1, 1]).tolist(), ["jazz"] * 30,
                  [i // 3 for i in range(30)])  # fmt: skip
    place = model_card.track_map(alike, n=3)
    for i in (0, 7, 29):
        expected = [n.track for n in alike.recommend(f"t{i:03d}", n=3)]
        assert [f"t{k:03d}" for k in place.tracks.loc[i, "near"]] == expected
    assert 0.7 < place.shown < 1
    chart = charts.track_map(place)
    told = chart.figure.layout.meta["neighbours"]
    assert told["near"][7] == place.tracks.loc[7, "near"]
    assert told["similarity"][7] == [round(s, 2) for s in place.tracks.loc[7, "similarity"]]
    assert len(chart.table) == 30
    # Lines lead from the first track to its three nearest, and a ring marks it.
    *_, lines, ring = chart.figure.data
    assert lines.x.count(None) == 3
    assert [lines.x[1], lines.x[4]] == [chart.figure.data[0].x[i] for i in told["near"][0][:2]]
    assert list(ring.x) == [chart.figure.data[0].x[0]]


def test_tracks_on_the_map_are_numbered_as_they_are_drawn() -> None:
    """The index mixes genres; the points of a genre stand together."""
    rng = np.random.default_rng(2)
    genres = ["rock", "jazz"] * 6
    alike = index(rng.standard_normal((12, 3)).tolist(), genres, list(range(12)))
    chart = charts.track_map(model_card.track_map(alike, n=2))
    points = [trace for trace in chart.figure.data if trace.text]
    names = [name for trace in points for name in trace.text]
    assert [trace.name for trace in points] == ["jazz", "rock"]
    for name, near in zip(names, chart.figure.layout.meta["neighbours"]["near"], strict=True):
        assert [names[i] for i in near] == [n.track for n in alike.recommend(name, n=2)]
    # A person's own list adds artist and title, to those that it knows.
    place = model_card.track_map(alike, n=2)
    named = charts.track_map(place, titles={names[2]: "Bob & Ann: A Song"})
    titles = named.figure.layout.meta["neighbours"]["titles"]
    assert [i for i, title in enumerate(titles) if title] == [2]
    assert named.figure.data[0].hovertext[2] == f"{names[2]}<br>Bob & Ann: A Song"
    assert named.table.loc[2, "artist and title"] == "Bob & Ann: A Song"
    assert "titles" not in chart.figure.layout.meta["neighbours"]


# -- outside GTZAN ------------------------------------------------------------------------


def test_genres_inside_and_outside(strangers: ReleasedModels) -> None:
    (row,) = model_card.wild_genres(strangers).to_dict("records")
    assert row["genre"] == "jazz"
    assert (row["inside"], row["outside"]) == pytest.approx((0.9, 0.8))
    sd = np.sqrt(0.09 / 100 + 0.16 / 100)
    assert row["loss_low"] == pytest.approx(0.1 - 1.96 * sd, abs=0.02)
    assert row["loss_high"] == pytest.approx(0.1 + 1.96 * sd, abs=0.02)
    assert row["instead"] == "rock"
    assert row["verdict"] == "cannot be told apart"


def test_leaving_gtzan_needs_both_rungs(strangers: ReleasedModels) -> None:
    def rung(model: str, protocol: str, accuracy: float) -> dict[str, Any]:
        return {"model": model, "title": model.upper(), "protocol": protocol, "low": 0.1,
                "high": 0.9, "accuracy": accuracy}  # fmt: skip

    ladders = pd.DataFrame([rung("svc", "artist-grouped", 0.6), rung("svc", "wild", 0.4),
                            rung("knn", "wild", 0.3), rung("dummy", "wild", 0.1),
                            rung("dummy", "artist-grouped", 0.1)])  # fmt: skip
    table = model_card.leaving(ladders, strangers)
    assert table["model"].to_list() == ["svc", "classic"]
    assert table.loc[1, ["inside", "outside"]].to_list() == pytest.approx([0.9, 0.8])
    assert table.loc[0, ["inside_low", "inside_high"]].to_list() == [0.1, 0.9]
    assert "SVC 60% and 40%" in charts.leaving_gtzan(table).alt


def test_models_meet_on_the_same_wild_tracks(strangers: ReleasedModels) -> None:
    ours = strangers.of("classic", "wild")
    theirs = ours.assign(correct=False)
    compared = model_card.compare_outside(strangers, theirs, "the other")
    assert compared.verdict.interval.estimate == pytest.approx(0.8)
    assert compared.verdict.word == "better"
    assert not model_card.compare_outside(strangers, ours, "the other").verdict.differs


def test_the_level_is_a_shortcut_only_if_the_interval_says_so() -> None:
    predictions = pd.DataFrame({"genre": ["jazz"] * 100, "artist": range(100)})
    predictions["all"] = ["jazz"] * 30 + ["rock"] * 70
    predictions["level_free"] = ["jazz"] * 45 + ["rock"] * 55
    got = loudness.shortcut(predictions)
    assert got.gain.interval.estimate == pytest.approx(0.15)
    assert got.gain.word == "better"
    # The same predictions from four artists are too little.
    few = loudness.shortcut(predictions.assign(artist=np.arange(100) // 25))
    assert not few.gain.differs


# -- the committed ones -------------------------------------------------------------------


def test_the_committed_predictions_belong_to_the_committed_models() -> None:
    got = model_card.load()
    assert got.models == ("ear", "extended", "classic")
    table = model_card.ladder(got)
    told = {(m, p): got.cards[m]["evaluation"][p]["accuracy"]
            for m, p in table[["model", "protocol"]].to_numpy()}  # fmt: skip
    assert table["accuracy"].to_list() == pytest.approx(list(told.values()))
    assert set(model_card.load_tries()["model"]) == {"classic", "extended"}
    # Clips from elsewhere count as the ear's own card counts them.
    table = model_card.on_same_tracks(got).set_index(["protocol", "model"])
    card = got.cards["ear"]["evaluation"]["leave-one-source-out"]
    for name in ("accuracy", "low", "high", "n", "artists", "top3"):
        assert table.loc[("elsewhere", "ear"), name] == pytest.approx(card[name]), name
    assert table.groupby("protocol")["n"].nunique().max() == 1
    assert loudness.load()["genre"].isin(GENRES).all()


def test_every_chart_says_what_it_draws(
    strangers: ReleasedModels, repeated: tuple[ReleasedModels, pd.DataFrame]
) -> None:
    whole = found(
        rows(["jazz"] * 4, ["jazz"] * 4),
        rows(["jazz"] * 4, ["jazz"] * 4, protocol="artist-grouped-3s"),
    )
    near = model_card.neighbours({"extended": repeated[0].indexes["extended"]})
    drawn = [
        charts.released_ladder(model_card.on_same_tracks(strangers)),
        charts.excerpt_lengths(
            {
                "GTZAN": model_card.excerpts(
                    whole, "extended", {0: "artist-grouped", 3: "artist-grouped-3s"}
                )
            }
        ),
        charts.accuracy_by_coverage(
            {"classic": model_card.coverage(strangers.of("classic", "artist-grouped"))}
        ),
        charts.held_back_shares(model_card.held_back(strangers, "classic")),
        charts.inside_and_outside(model_card.wild_genres(strangers)),
        charts.neighbour_precision(near),
        charts.nearest_repeated(model_card.twins(*repeated)),
    ]
    for chart in drawn:
        assert len(chart.alt) > 40
        assert chart.caption
        assert len(chart.table)
        assert len(chart.figure.data)
    # The gaps between rows keep markers of several models apart, and the menu counts neighbours.
    assert [b.label for b in drawn[5].figure.layout.updatemenus[0].buttons] == [
        "the nearest 5", "the nearest 10",
    ]  # fmt: skip
    empty = pd.DataFrame()
    for build in (
        charts.released_ladder,
        charts.held_back_shares,
        charts.inside_and_outside,
        charts.leaving_gtzan,
        charts.neighbour_precision,
    ):
        assert "no results" in build(empty).alt  # fmt: skip
