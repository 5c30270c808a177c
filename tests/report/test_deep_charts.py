"""The chapter on deep learning: its charts and sentences say what they were given."""

from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.lab import bootstrap, compare, literature, model_card
from audionome.lab.deep import cost, opened, results, settings
from audionome.lab.deep.patches import BAND_FREQUENCIES
from audionome.lab.model_card import Comparison
from audionome.lab.store import StaleResultsError
from audionome.report import hearing, render
from audionome.report.charts import deep as charts
from audionome.report.numbers.literature import printed
from audionome.report.sentences import deep as words

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


# -- sentences ----------------------------------------------------------------------------


def test_the_code_that_is_shown_is_the_code_that_runs() -> None:
    shown = words.code("SmallCNN")
    text = (ROOT / "audionome" / "lab" / "deep" / "network.py").read_text()
    assert shown in text
    assert isinstance(ast.parse(shown).body[0], ast.ClassDef)
    assert len(shown.splitlines()) <= 45  # on one screen
    drawn = render.code(shown)._repr_mimebundle_()
    assert BeautifulSoup(drawn["text/html"], "html.parser").get_text().strip() == shown


def test_the_best_of_each_family_is_told_with_its_interval() -> None:
    said = words.families(rungs())
    assert said.count("\n") == 0  # only one rung has both
    assert "extended **78.0\N{NO-BREAK SPACE}%**" in said
    assert "ear **85.0\N{NO-BREAK SPACE}%**" in said
    assert "small CNN" not in said
    assert said.endswith(", which may know some of these songs.")
    away = rungs().replace({"By artist": results.RUNGS[results.OUTSIDE]})
    assert "may know" not in words.families(away)
    assert words.families(rungs().query("family == @SCRATCH")).startswith("The pretrained ear has")


def compared(right: list[bool]) -> Comparison:
    theirs, ours = np.array([True, True, False, True] * 20), np.array(right * 20)
    artists = np.arange(80)
    word = compare.verdict(compare.paired_difference(ours, theirs, artists))
    return Comparison.of("small CNN", "extended", ours, theirs, artists, word)


@pytest.mark.parametrize(
    ("right", "said", "still"),
    [
        (
            [True, False, False, False],
            "The extended model is better than the small network by 50.0 points",
            True,
        ),
        ([True, True, False, True], "They cannot be told apart", True),
        (
            [True, True, True, True],
            "The small network is better than the extended model by 25.0 points",
            False,
        ),
    ],
)
def test_the_comparison_says_what_the_interval_says(
    right: list[bool], said: str, still: bool
) -> None:
    text = words.best_from_scratch({"artist-grouped": compared(right)})
    assert said in text
    assert ("still the [extended model]" in text) == still


def test_figures_of_others_stand_with_their_protocol_and_works() -> None:
    rows = literature.accuracies(literature.load())
    table = printed(rows)
    assert (table != "").all(axis=None)
    assert len(table) == len(rows)
    ours = table.set_index("model")["may be compared with"]
    assert ours["VGGish + SVM"] == "Fault-filtered"
    assert ours["PANNs, fine-tuned"] == "nothing of ours"
    split = table[table["protocol"] == "fault-filtered"]
    assert split["accuracy (%)"].astype(float).is_monotonic_increasing
    notebook = json.loads((ROOT / "notebooks" / "deep_learning.ipynb").read_text())
    text = "".join("".join(cell["source"]) for cell in notebook["cells"])
    cites = set(re.findall(r"\w+", " ".join(re.findall(r"\{cite:[tp]\}`([^`]+)`", text))))
    assert set(rows["work"]) - {"tzanetakis2002"} <= cites


def test_cost_is_told_with_its_assumption() -> None:
    table = cost.load_cost()
    assert set(table["family"]) == {SCRATCH, PRETRAINED}
    assert table["parameters"].min() > 10_000
    np.testing.assert_allclose(
        table["milliwatt_hours"], table["seconds"] * settings.WATTS_PER_CORE / 3.6
    )
    assert f"{settings.WATTS_PER_CORE:.0f} W" in words.cost_told(table)
    assert words.cost(table)["model"].to_list() == table["model"].to_list()


def test_what_the_chapter_says_of_the_trainings_adds_up() -> None:
    found = results.load()
    said = words.clips(found)
    assert f"{int(gtzan.load().tracks['measured'].sum())} have audio" in said
    assert f"{len(found.runs)} trainings" in words.trained(found)
    network = opened.load_network()
    assert f"{network.parameters:,} numbers" in words.layers(network)


def test_the_small_network_stays_behind_the_extended_model_as_the_conclusion_says() -> None:
    found, released = results.load(), model_card.load()
    for name in ("fault-filtered-nine-genres", "artist-grouped"):
        one = results.from_scratch(found, released.of("extended", name), name)
        assert one.verdict.word == "worse"


def test_validation_ends_lower_with_random_windows() -> None:
    said = words.learned(results.load())
    ends = [float(number) for number in re.findall(r"\*\*([\d.]+)\*\*", said)]
    assert len(ends) == 2
    assert ends[0] < ends[1]


# -- what the networks answer -------------------------------------------------------------


def test_the_ladder_of_the_chapter_counts_hits_and_artists() -> None:
    found = results.load()
    made = results.judged(found, "artist-grouped")
    perfect = made.assign(model="ear", protocol="artist-grouped")
    columns = [f"p_{genre}" for genre in gtzan.GENRES]
    perfect[columns] = np.eye(10)[[gtzan.GENRES.index(g) for g in perfect["genre"]]]
    study = results.judged(found, "random-windows")
    table = results.deep_ladder(found, perfect[:0], study, heads=perfect)
    ear = table[(table["model"] == "ear") & (table["rung"] == "By artist")].iloc[0]
    assert (ear["family"], ear["accuracy"], ear["n"]) == (PRETRAINED, 1.0, len(made))
    ours = table[(table["model"] == "small CNN") & (table["rung"] == "By artist")].iloc[0]
    wanted = bootstrap.mean_interval(made["correct"], made["artist"])
    assert (ours["accuracy"], ours["low"]) == pytest.approx((wanted.estimate, wanted.low))
    assert table["rung"].is_monotonic_increasing is False
    assert table["rung"].iloc[0] == "Random windows"


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
