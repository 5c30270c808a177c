"""The chapter on deep learning: its charts show what they were given."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.lab import bootstrap, literature, model_card, store
from audionome.lab.deep import opened, results
from audionome.lab.deep.patches import BAND_FREQUENCIES
from audionome.lab.store import StaleResultsError
from audionome.report import hearing
from audionome.report.charts import deep as charts
from audionome.report.charts.literature import beside_others

ROOT = Path(__file__).parents[2]
SCRATCH, PRETRAINED = "from scratch", "pretrained"


# -- charts -------------------------------------------------------------------------------


def test_filters_are_drawn_where_they_listen() -> None:
    filters = np.zeros((2, 64, 5))
    filters[0, 3] = 1  # one low band
    filters[1, 60, 2:] = -2  # a high one, from the middle on
    chart = charts.filter_gallery(filters, list(BAND_FREQUENCIES), seconds=0.023, caption="Filters")
    places = chart.table["heaviest band"].to_list()
    assert places == [f"{BAND_FREQUENCIES[3]:.0f} Hz", f"{BAND_FREQUENCIES[60] / 1000:.1f} kHz"]
    assert "2 filters" in chart.alt
    assert f"between {places[0]} and {places[1]}" in chart.alt
    # Two pictures of five columns with two columns of ground between.
    assert chart.figure.data[0].z["shape"] == "64, 12"
    assert chart.table["change from frame to frame"].to_list()[0] == "0.00"


def test_an_empty_gallery_says_that_there_is_nothing() -> None:
    empty = charts.filter_gallery(np.zeros((0, 64, 5)), [1.0], seconds=0.1, caption="Filters")
    assert "no results" in empty.alt


def test_rhythm_filters_tell_their_length() -> None:
    rng = np.random.default_rng(0)
    made = {"128×1": rng.normal(size=(8, 1, 128)), "32×1": rng.normal(size=(8, 1, 32))}
    chart = charts.rhythm_filters(made, seconds=0.016)
    assert chart.table["length"].to_list() == ["2.05 s", "0.51 s"]
    assert len(chart.figure.data) == 6
    (picked,) = chart.figure.layout.updatemenus
    assert [button.label for button in picked.buttons] == list(made)
    assert len(picked.buttons[1].args[0]["x"][0]) == 32


def test_activations_follow_the_piece_that_is_chosen() -> None:
    rows = ["low", "high"]
    pieces = {
        "blues": charts.Playing(np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.1]]), 0.5),
        "rock": charts.Playing(np.array([[0.0, 0.2], [3.0, 4.0]]), 0.5),
    }
    chart = charts.activations(pieces, rows, caption="At work", what="filters")
    assert chart.figure.layout.meta["overTime"]
    assert chart.figure.layout.meta["notes"]["rock"] == "Most in rock: high and low."
    assert chart.table["most filters"].to_list() == ["low and high", "high and low"]
    assert chart.figure.layout.xaxis.range == (0, 1.5)
    assert chart.figure.data[0].x0 == 0.25


def test_the_occlusion_map_points_at_the_part_that_matters() -> None:
    change = np.zeros((8, 10))
    change[2, 4] = -0.3
    pieces = {"jazz": ("jazz", 0.8, change), "pop": ("rock", 0.4, np.full((8, 10), 0.01))}
    frequencies = [100.0 * (i + 1) for i in range(8)]
    chart = charts.occlusion_map(pieces, frequencies, start=6, seconds=3)
    notes = chart.figure.layout.meta["notes"]
    assert notes["jazz"] == (
        "Heard as jazz (80%). Most is lost without the sound around 300 Hz from 7.2 to 7.5 s: "
        "50% is left."
    )
    assert notes["pop"] == "Heard as rock (40%). No single part matters."
    assert chart.table["without it"].to_list()[0] == "50%"


def test_learning_tells_where_it_began_and_ended() -> None:
    runs = {"random windows": [(2.0, 1.9), (1.0, 0.5)], "fault-filtered": [(2.1, 2.0), (1.1, 1.5)]}
    chart = charts.learning(runs)
    assert "from 1.90 to 0.50" in chart.alt
    assert chart.table["validation loss"].to_list() == ["0.50", "1.50"]


def rungs() -> pd.DataFrame:
    rows = [(SCRATCH, "small CNN", "By artist", 0.6, 0.55, 0.65),
            (PRETRAINED, "ear", "By artist", 0.85, 0.8, 0.9),
            (SCRATCH, "extended", "By artist", 0.78, 0.75, 0.82),
            (SCRATCH, "small CNN", "Random windows", 0.9, 0.88, 0.92)]  # fmt: skip
    columns = ["family", "model", "rung", "accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=columns).assign(n=100, unit="clips", artists=40)


def test_the_two_families_are_told_apart_by_more_than_colour() -> None:
    chart = charts.deep_ladder(rungs())
    marks = {trace.name: trace.marker.symbol for trace in chart.figure.data}
    assert marks["ear (pretrained)"].endswith("-open") is False
    assert all(m.endswith("-open") for name, m in marks.items() if SCRATCH in name)
    assert len(set(marks.values())) == 3
    assert "small CNN (from scratch): By artist 60% and Random windows 90%" in chart.alt
    assert "100 clips" in chart.table["predictions"].to_list()


# -- what others report ---------------------------------------------------------------------


def test_others_and_ours_stand_apart_by_protocol() -> None:
    others = literature.accuracies(literature.load())
    ours = pd.DataFrame(
        {"model": ["small CNN", "svc"], "family": SCRATCH, "n": [242, 1000],
         "protocol": ["fault-filtered", "ten random folds"], "accuracy": [0.62, 0.78],
         "low": [0.5, 0.7], "high": [0.7, 0.8]}
    )  # fmt: skip
    chart = beside_others(others, ours)
    assert len(chart.table) == len(others) + 2
    marks = {trace.name: trace.marker.symbol for trace in chart.figure.data}
    assert marks["ours, from scratch"] == "diamond-open"
    assert marks["others, pretrained"] == "circle"
    over = chart.table.set_index("whose")["interval over"]
    assert set(over["ours"]) == {"artists"}
    assert set(over["others"]) == {"clips, as if independent"}
    assert "Fault-filtered, ours: small CNN 62%" in chart.alt
    assert "Ten random folds, ours: svc 78%" in chart.alt
    # Every point has a place on the axis, and no two share one.
    places = [y for trace in chart.figure.data for y in trace.y]
    assert len(set(places)) == len(places) == len(chart.table)
    names = chart.figure.layout.yaxis.ticktext
    assert [names[y] for y in chart.figure.data[2].y] == ["ours: small CNN", "ours: svc"]


# -- what the networks answer -------------------------------------------------------------


def outside_rows(model: str, clips: list[str], sure: str) -> pd.DataFrame:
    """Rows about made-up clips of rock, of a model that always answers the same."""
    table = pd.DataFrame({"clip": clips, "model": model, "genre": "rock", "artist": clips,
                          "trust": "A", "excerpt": 0})  # fmt: skip
    table[[f"p_{genre}" for genre in gtzan.GENRES]] = 0.05
    return table.assign(**{f"p_{sure}": 0.55})


def test_the_ladder_of_the_chapter_counts_hits_and_artists() -> None:
    found = results.load()
    made = results.judged(found, "artist-grouped")
    perfect = made.assign(model="ear", protocol="artist-grouped")
    columns = [f"p_{genre}" for genre in gtzan.GENRES]
    perfect[columns] = np.eye(10)[[gtzan.GENRES.index(g) for g in perfect["genre"]]]
    study = results.judged(found, "random-windows")
    table = results.deep_ladder(results.on_rungs(found, perfect[:0], study, heads=perfect))
    ear = table[(table["model"] == "ear") & (table["rung"] == "By artist")].iloc[0]
    assert (ear["family"], ear["accuracy"], ear["n"]) == (PRETRAINED, 1.0, len(made))
    ours = table[(table["model"] == "small CNN") & (table["rung"] == "By artist")].iloc[0]
    wanted = bootstrap.mean_interval(made["correct"], made["artist"])
    assert ours["accuracy"] == pytest.approx(wanted.estimate)
    assert ours["low"] == pytest.approx(wanted.low, abs=0.01)
    assert table["rung"].iloc[0] == "Random windows"


def test_models_on_a_rung_are_asked_about_the_same_clips() -> None:
    found = results.load()
    study = results.judged(found, "random-windows")
    clips = [f"c{i}" for i in range(9)]
    tables = [outside_rows("extended", clips, "rock"), outside_rows("ear", clips[:6], "jazz")]
    rungs = results.on_rungs(found, study[:0].assign(model=""), study, outside=tables)
    models = rungs[results.RUNGS[results.OUTSIDE]]
    assert {len(rows) for rows in models.values()} == {6}
    assert all(rows["track"].to_list() == clips[:6] for rows in models.values())
    # Two names of one artist, told by one table only, are one for every model.
    tables[1]["artist"] = ["c0", "c0", *clips[2:6]]
    again = results.on_rungs(found, study[:0].assign(model=""), study, outside=tables)
    of = again[results.RUNGS[results.OUTSIDE]].values()
    assert {rows["artist"].nunique() for rows in of} == {5}
    (one,) = results.across_families(rungs).values()
    assert (one.accuracy_a.estimate, one.accuracy_b.estimate) == (0.0, 1.0)
    assert (one.only_a, one.only_b) == (0, 6)
    # And so it is with what is stored: a model that knows more clips is not asked about them.
    stored = results.on_rungs(
        found, model_card.load().predictions, study, heads=results.load_heads()
    )
    for rung in ("By artist", "Fault-filtered, nine genres"):
        assert len({len(rows) for rows in stored[rung].values()}) == 1


def test_ours_stand_under_the_protocols_of_the_literature() -> None:
    rows = pd.DataFrame({"track": ["a", "b"], "artist": [1, 2], "right": [True, False]})
    rungs = {results.RUNGS["fault-filtered-nine-genres"]: {"small CNN": rows, "classic": rows}}
    # The study's model is also asked about a third clip, of disco: it does not count there.
    study = pd.DataFrame({"track": ["a", "b", "c"], "artist": [1, 2, 3], "correct": True})
    ours = literature.ours(store.load().scores, rungs, study)
    assert ours["model"].to_list() == ["the study's best model"] * 3 + ["small CNN"]
    assert dict(zip(ours["protocol"], ours["n"], strict=True))["ten random folds"] == 1000
    nine = ours[ours["protocol"] == "fault-filtered-nine-genres"].set_index("model")
    assert nine["n"].to_list() == [2, 2]
    assert nine["accuracy"].to_dict() == {"the study's best model": 1.0, "small CNN": 0.5}
    others = set(ours["protocol"]) - {"fault-filtered-nine-genres"}
    assert others <= set(literature.load()["protocol"])


def test_the_ears_rows_are_those_of_its_card(tmp_path: Path) -> None:
    heads = results.load_heads()
    assert set(heads["model"]) == {"ear", "ear-gtzan"}
    shutil.copy(data_path("results", "ear_predictions.parquet"), tmp_path)
    (tmp_path / "ear.json").write_text('{"evaluation": {"artist-grouped": {"accuracy": 0.5}}}')
    with pytest.raises(StaleResultsError, match="not of the ear that ships"):
        results.load_heads(models=tmp_path, results=tmp_path)


def test_filters_are_ordered_by_the_band_they_listen_to() -> None:
    network = opened.load_network()
    filters, numbers = hearing.ordered_filters(network)
    heaviest = np.abs(filters).sum(axis=2).argmax(axis=1)
    assert (np.diff(heaviest) >= 0).all()
    np.testing.assert_array_equal(filters, network.filters[numbers])
    assert sorted(numbers) == list(range(64))
