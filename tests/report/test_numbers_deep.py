"""Numbers of the chapter on deep learning, and of the literature."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from audionome.datasets import gtzan
from audionome.lab import compare, ladder, literature, model_card, store
from audionome.lab.deep import cost, opened, results, settings
from audionome.lab.model_card import Comparison
from audionome.report import hearing, render
from audionome.report.numbers import deep
from audionome.report.numbers import literature as theirs

ROOT = Path(__file__).parents[2]
BY_ARTIST = results.RUNGS["artist-grouped"]
OUTSIDE = results.RUNGS[results.OUTSIDE]


def made(right: list[bool]) -> Comparison:
    """A model that is right about these of four clips, beside one that is right about three."""
    theirs_, ours = np.array([True, True, False, True] * 20), np.array(right * 20)
    artists = np.arange(80)
    word = compare.verdict(compare.paired_difference(ours, theirs_, artists))
    return Comparison.of("small CNN", "extended", ours, theirs_, artists, word)


WORSE, SAME, BETTER = ([True, False, False, False], [True, True, False, True], [True] * 4)


@pytest.mark.parametrize(
    ("right", "answer", "told"),
    [
        (WORSE, "no", "the small network is worse by 50.0 points (95\N{NO-BREAK SPACE}% interval "),
        (SAME, "not that we can tell", "the two cannot be told apart (difference 0.0 points"),
        (BETTER, "yes", "the small network is better by 25.0 points"),
    ],
)
def test_the_comparison_says_what_the_interval_says(
    right: list[bool], answer: str, told: str
) -> None:
    said = deep.compared({"artist-grouped": made(right)})
    assert said["answer"] == answer
    assert said["told"].startswith(told)
    assert said["n"] == said["artists"] == "80"
    low, high = re.findall(r"[\d.]+", said["told"].split("interval")[1])
    assert float(low) <= float(high)


def test_another_split_agrees_or_does_not() -> None:
    both = {"artist-grouped": made(WORSE), "fault-filtered-nine-genres": made(WORSE)}
    assert "the same" in deep.compared(both)["everywhere"]
    both["fault-filtered-nine-genres"] = made(BETTER)
    assert "disagrees" in deep.compared(both)["everywhere"]


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        ({BY_ARTIST: made(BETTER), OUTSIDE: made(BETTER)}, "yes"),
        ({BY_ARTIST: made(BETTER), OUTSIDE: made(SAME)}, "in part"),
        ({BY_ARTIST: made(WORSE), OUTSIDE: made(SAME)}, "not that we see"),
    ],
)
def test_pretraining_helps_where_the_intervals_say_so(
    found: dict[str, Comparison], answer: str
) -> None:
    said = deep.families(found)
    assert said["pretrained_answer"] == answer
    assert said["split_told"] == "not measured"
    assert said["outside_n"] == "80"


def test_the_small_network_stays_behind_the_extended_model_as_the_conclusion_says() -> None:
    found, released = results.load(), model_card.load()
    for name in ("fault-filtered-nine-genres", "artist-grouped"):
        one = results.from_scratch(found, released.of("extended", name), name)
        assert one.verdict.word == "worse"


def test_validation_ends_lower_with_random_windows() -> None:
    said = {key: float(value) for key, value in deep.learned(results.load()).items()}
    assert said["windows_valid"] < said["windows_train"] < said["split_valid"]


def test_what_the_chapter_says_of_the_trainings_adds_up() -> None:
    found = results.load()
    said = deep.trained(found)
    assert said["n_measured"] == str(int(gtzan.load().tracks["measured"].sum()))
    assert said["n_trainings"] == str(len(found.runs))
    assert float(said["minutes"]) == pytest.approx(found.runs["seconds"].sum() / 60, abs=0.05)
    network = opened.load_network()
    assert deep.layers(network) == {
        "filters": "64, 96 and 128", "parameters": f"{network.parameters:,}"
    }  # fmt: skip
    table = deep.clips(found).set_index("protocol")
    assert table["trainings"].sum() == len(found.runs)
    assert table.loc["By artist", "tested on"] == f"{said['n_measured']} clips"


def test_pieces_are_counted_by_what_they_are_called() -> None:
    said = deep.answers({"jazz": ("jazz", 0.5), "rock": ("metal", 0.9)})
    assert said == {"n_pieces": "2", "n_named": "1", "named": " (jazz)"}
    assert deep.answers({"rock": ("metal", 0.9)})["named"] == ""


def test_cost_is_told_with_its_assumption() -> None:
    table = cost.load_cost()
    assert set(table["family"]) == {"from scratch", "pretrained"}
    assert table["parameters"].min() > 10_000
    np.testing.assert_allclose(
        table["milliwatt_hours"], table["seconds"] * settings.WATTS_PER_CORE / 3.6
    )
    assert deep.cost_apart(table)["watts"] == f"{settings.WATTS_PER_CORE:.0f}"
    assert deep.cost(table)["model"].to_list() == table["model"].to_list()


def test_the_code_that_is_shown_is_the_code_that_runs() -> None:
    shown = hearing.network_source()
    text = (ROOT / "audionome" / "lab" / "deep" / "network.py").read_text(encoding="utf-8")
    assert shown in text
    assert isinstance(ast.parse(shown).body[0], ast.ClassDef)
    assert len(shown.splitlines()) <= 45  # on one screen
    drawn = render.code(shown)._repr_mimebundle_()
    assert BeautifulSoup(drawn["text/html"], "html.parser").get_text().strip() == shown


# -- what others report -----------------------------------------------------------------------


def test_figures_are_written_as_they_are_printed() -> None:
    table = pd.DataFrame(
        {"key": ["a", "b", "c", "d"], "value": ["61", "53.40", "200k", "0.890"],
         "unit": ["per cent", "per cent", "count", "share"]}
    )  # fmt: skip
    space = "\N{NO-BREAK SPACE}"
    assert theirs.cited(table) == {
        "lit_a": f"61{space}%", "lit_b": f"53.40{space}%", "lit_c": "200,000",
        "lit_d": f"89.0{space}%",
    }  # fmt: skip


def test_figures_of_others_stand_with_their_protocol_and_works() -> None:
    rows = literature.accuracies(literature.load())
    table = theirs.printed(rows)
    assert (table != "").all(axis=None)
    assert len(table) == len(rows)
    ours = table.set_index("model")["may be compared with"]
    assert ours["VGGish + SVM"] == "Fault-filtered"
    assert ours["PANNs, fine-tuned"] == "nothing of ours"
    split = table[table["protocol"] == "fault-filtered"]
    assert split["accuracy (%)"].astype(float).is_monotonic_increasing
    notebook = json.loads((ROOT / "notebooks" / "deep_learning.ipynb").read_text(encoding="utf-8"))
    text = "".join("".join(cell["source"]) for cell in notebook["cells"])
    cites = set(re.findall(r"\w+", " ".join(re.findall(r"\{cite:[tp]\}`([^`]+)`", text))))
    assert set(rows["work"]) <= cites


def test_the_highest_figure_is_of_a_pretrained_network_as_the_page_says() -> None:
    rows = literature.accuracies(literature.load())
    said = theirs.highest(rows)
    split = rows[rows["protocol"] == "fault-filtered"].set_index("model")["accuracy"]
    assert split.idxmax() == said["pretrained_best"]
    assert split[said["scratch_best"]] < split[said["pretrained_best"]]


def test_the_split_tells_less_than_its_clips() -> None:
    said = theirs.uncertainty(ladder.resolution(store.load().scores))
    assert said["split_clips"] == "290"
    assert int(said["effective_clips"]) < int(said["split_artists"]) < 290
    assert int(said["if_independent"]) < int(said["over_artists"])


def test_the_split_is_told_with_disco_and_without() -> None:
    table = pd.DataFrame(
        {"model": [results.STUDY, results.STUDY, "extended"], "accuracy": [0.5, 0.6, 0.8],
         "protocol": ["fault-filtered", *["fault-filtered-nine-genres"] * 2]}
    )  # fmt: skip
    space = "\N{NO-BREAK SPACE}"
    assert deep.on_the_split(table) == {
        "our_extended": f"80.0{space}%", "study_nine": f"60.0{space}%",
        "study_all": f"50.0{space}%", "study_reported": f"91.99{space}%",
    }  # fmt: skip


def test_the_ear_that_ships_has_figures_of_its_own() -> None:
    table = pd.DataFrame(
        {"model": ["ear", "ear", results.TITLES[results.EAR_ON_GTZAN]], "accuracy": [0.8, 0.7, 0.9],
         "rung": [BY_ARTIST, OUTSIDE, BY_ARTIST]}
    )  # fmt: skip
    space = "\N{NO-BREAK SPACE}"
    told = {"shipped_artist": f"80.0{space}%", "shipped_outside": f"70.0{space}%"}
    assert deep.shipped(table) == told
