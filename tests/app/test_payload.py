"""What the page is told: sentences, and menus of what is there."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

pytest.importorskip("plotly", reason="Not installed: pip install -e .[dashboard]")

from audionome.app import answer, payload
from audionome.features.key import Key, reliable_key_accuracy


def test_a_key_is_named_only_when_it_can_be_relied_on() -> None:
    sure = Key(tonic=9, mode="minor", strength=0.95, margin=0.2, classes=7.0, seconds=30.0)
    told = answer.key_words(sure)
    assert told.startswith("The key is probably A minor: ")
    assert f"{100 * reliable_key_accuracy().share:.1f}" in told
    assert "95" in told
    assert "minor" not in answer.key_words(dataclasses.replace(sure, margin=0.0))


def test_the_menu_has_only_groups_with_examples() -> None:
    files = {"piece jazz": Path("jazz.ogg"), "clip 0": Path("folder/my song.wav")}
    synthetic, own = payload.examples_payload(files)
    assert synthetic[0].startswith("Made by a program")
    assert synthetic[1] == [["piece jazz", "jazz (synthetic)"]]
    assert own == ["Your own clips", [["clip 0", "my song.wav"]]]
    assert payload.examples_payload({}) == []


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3599, "59:59")]
)
def test_times_are_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert answer.minutes(seconds) == shown
