"""How often answers of each kind are right: the file follows from the stored predictions."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from audionome._paths import data_path
from audionome.datasets.recordings import expected_answers, recordings
from audionome.lab import answers, conformal
from audionome.lab.store import StaleResultsError
from audionome.models import telling
from audionome.models.prediction import FEW, promise
from audionome.models.reliability import ANSWERS, reliability


@pytest.fixture(scope="module")
def measured() -> pd.DataFrame:
    return answers.measure()


def test_the_file_follows_from_the_predictions(measured: pd.DataFrame, tmp_path: Path) -> None:
    assert FEW == 3  # the sentences say "two or three"
    pd.testing.assert_frame_equal(answers.load(), measured.round(4), check_dtype=False)
    with pytest.raises(StaleResultsError, match="audionome lab answers"):
        answers.load(folder=tmp_path)
    (tmp_path / ANSWERS).write_text(json.dumps([{"n": 1}]))
    assert answers.load(folder=tmp_path)["n"].to_list() == [1]


def test_the_examples_are_answered_as_is_said() -> None:
    told = expected_answers()
    pieces = {path.name for path in data_path("examples").glob("*.ogg")}
    assert set(told) == {r.file for r in recordings()} | pieces
    some = ["john-michel-ave-maria.ogg", "muldjord-armygeddon.ogg", "metal.ogg"]
    assert answers.answer_examples(some) == {name: told[name] for name in some}


def test_no_more_is_promised_than_was_kept(measured: pd.DataFrame) -> None:
    """It says "about nine in ten": outside, and on GTZAN with the artists apart."""
    assert "nine in ten" in promise(["jazz"], coverage=conformal.COVERAGE)
    for place in ("outside", "gtzan"):
        for _, rows in measured[measured["place"] == place].groupby(["model", "excerpt"]):
            kept = (rows["held"] * rows["share"]).sum()
            assert kept > conformal.COVERAGE - 0.02, rows


def test_a_short_recording_is_told_the_figures_of_excerpts() -> None:
    rows = answers.load().set_index(["model", "place", "status", "excerpt"])["held"]
    for seconds, excerpt in ((3, 3), (10, 10), (30, 0), (600, 0)):
        found = reliability("ear", "one", seconds=seconds)
        assert found is not None
        assert found.held == rows["ear", "outside", "one", excerpt]
    assert reliability("ear", "out-of-distribution", seconds=30) is None
    assert reliability("mine", "one", seconds=30) is None


def test_an_older_folder_of_data_promises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIONOME_DATA", str(tmp_path))
    assert reliability("ear", "one", seconds=30) is None
    assert expected_answers() == {}


@pytest.mark.parametrize("model", ["ear", "extended", "classic"])
def test_what_is_said_of_answers_is_short(model: str) -> None:
    for kind, seconds in ((k, s) for k in ("one", "few", "many") for s in (3, 10, 30)):
        found = reliability(model, kind, seconds=seconds)
        assert found is not None
        told = telling.right(kind, found)
        assert f"{100 * found.held:.0f}" in told
        assert f"{100 * found.low:.0f} to {100 * found.high:.0f}" in told
        assert len(told) <= 120, told


def test_noise_is_refused_more_often_than_music() -> None:
    card = json.loads(data_path("models", "ear.json").read_text())["out_of_distribution"]
    told = telling.refused(card["music from outside"])
    assert "Noise and speech get it far more often." in told
    others = [k for k in card if k.startswith(("speech", "noise")) and "," not in k]
    assert min(card[k]["share"] for k in others) > 10 * card["music from outside"]["share"]
