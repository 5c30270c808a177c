"""What the ear hears, in words: which tags are said, in which order, and what they rule out."""

from __future__ import annotations

import re

import numpy as np
import pytest

from audionome.datasets.gtzan import GENRES
from audionome.features.tempo import Tempo
from audionome.models import tags, telling
from audionome.models.prediction import Tag

EVEN = dict.fromkeys(GENRES, 0.1)


def heard(strengths: dict[str, float], genres: dict[str, float] = EVEN) -> list[Tag]:
    """What is said of two windows in which each tag has this strength, and others none."""
    rows = np.zeros((2, len(tags.MSD_TAGS)))
    for name, strength in strengths.items():
        rows[:, tags.MSD_TAGS.index(name)] = strength
    return list(tags.heard(rows, genres))


def names(strengths: dict[str, float], genres: dict[str, float] = EVEN) -> list[str]:
    return [tag.name for tag in heard(strengths, genres)]


def test_every_tag_has_a_meaning_of_its_kind() -> None:
    assert len(tags.MSD_TAGS) == len(set(tags.MSD_TAGS)) == 50
    kinds: dict[str, set[str]] = {}
    for tag in tags.MSD_TAGS:
        # Likely enough to be said, whatever the genres.
        (said,) = heard({tag: 0.9})
        kinds.setdefault(said.kind, set()).add(said.name)
    assert kinds["era"] == {"2000s", "80s", "90s", "70s", "60s", "oldies"}
    assert kinds["voice"] == {"female voice", "male voice"}
    assert kinds["instrument"] == {"instrumental", "acoustic", "guitar"}
    assert {"beautiful", "chill", "mellow", "happy", "easy listening"} <= kinds["mood"]
    assert {"rock", "hip-hop", "R&B", "house", "electronic"} <= kinds["style"]
    assert sum(map(len, kinds.values())) == 47  # three pairs mean the same


def test_two_tags_of_one_meaning_are_said_once_with_the_stronger() -> None:
    rows = np.array([[0.2, 0.5], [0.4, 0.1]])
    (tag,) = tags.heard(rows, EVEN, names=["female vocalists", "female vocalist"])
    assert (tag.name, tag.kind, tag.over_time) == ("female voice", "voice", (0.5, 0.4))
    assert tag.strength == pytest.approx(0.45)


def test_what_is_weak_or_usual_is_not_said() -> None:
    assert names({"guitar": 0.09}) == []
    assert names({"guitar": 0.11}) == ["guitar"]
    assert names({"rock": 0.16, "pop": 0.14}) == []  # said of nearly everything
    assert names({"rock": 0.18, "pop": 0.16}) == ["rock", "pop"]


def test_feelings_and_years_come_after_what_is_heard() -> None:
    found = heard({"beautiful": 0.9, "80s": 0.8, "guitar": 0.2, "folk": 0.3, "sexy": 0.5})
    assert [tag.name for tag in found] == ["folk", "guitar", "80s", "beautiful"]


def test_of_each_kind_only_the_strongest_are_said() -> None:
    styles = {"jazz": 0.6, "folk": 0.5, "funk": 0.4, "soul": 0.3}
    others = {"female vocalists": 0.45, "male vocalists": 0.4, "80s": 0.4, "90s": 0.3}
    assert names(styles | others) == ["jazz", "folk", "female voice", "funk", "80s"]


def test_a_style_that_the_genres_rule_out_is_not_said() -> None:
    """There is no word for classical music: the network calls some of it jazz."""
    classical = {"classical": 0.97, "jazz": 0.03}
    assert names({"jazz": 0.4, "instrumental": 0.2}, classical) == ["instrumental"]
    assert names({"jazz": 0.4}, {"classical": 0.81, "jazz": 0.19}) == []
    assert names({"jazz": 0.4}, {"classical": 0.79, "jazz": 0.21}) == ["jazz"]
    # A style of two genres may be part of either.
    assert names({"punk": 0.4}, {"jazz": 0.7, "rock": 0.05, "metal": 0.25}) == ["punk"]
    # What is none of the ten is not for them to rule out.
    assert names({"House": 0.4}, {"disco": 1.0}) == ["house"]


@pytest.mark.parametrize(
    ("strengths", "said"),
    [
        ({"electronic": 0.6, "House": 0.4}, "electronic and house"),
        ({"electronic": 0.6, "House": 0.4, "dance": 0.2}, "electronic and house"),
        ({"ambient": 0.5}, "ambient"),
        ({"folk": 0.5, "guitar": 0.9, "beautiful": 0.5}, "folk"),
        ({"electronic": 0.6, "dance": 0.3}, ""),  # dance music may be disco or pop
        ({"electronic": 0.35}, ""),  # too weak to say so
        ({"metal": 0.6}, ""),
        ({"soul": 0.6, "funk": 0.5}, ""),  # of reggae, which has no word of its own
        ({"guitar": 0.9}, ""),
        ({}, ""),
    ],
)
def test_music_that_is_none_of_the_ten_is_told_so(strengths: dict[str, float], said: str) -> None:
    sentence = f"It sounds like {said} music, none of the ten genres; those named are the nearest."
    assert tags.foreign_style(heard(strengths), ["rock", "pop"]) == (sentence if said else "")
    one = sentence.replace("those named are the nearest", "hip-hop is only the nearest")
    assert tags.foreign_style(heard(strengths), ["hiphop"]) == (one if said else "")
    assert tags.foreign_style(heard(strengths), []) == ""


def test_a_genre_without_a_word_is_not_called_another_kind_of_music() -> None:
    """Of quiet orchestral music the network says "ambient"."""
    found = heard({"ambient": 0.5})
    assert tags.foreign_style(found, ["classical"]) == ""
    assert "ambient" in tags.foreign_style(found, ["classical", "pop"])
    assert "ambient" in tags.foreign_style(found, ["pop"])
    words = {genre for tag in tags.MSD_TAGS for genre in tag.lower().replace("-", "").split()}
    assert set(tags.RULES.wordless) == set(GENRES) - words


def test_what_cannot_be_read_as_tags_is_refused() -> None:
    with pytest.raises(ValueError, match="zither"):
        tags.heard(np.zeros((1, 1)), EVEN, names=["zither"])
    for rows in (np.zeros((1, 49)), np.zeros(50)):
        with pytest.raises(ValueError, match="50 tags"):
            tags.heard(rows, EVEN)


# -- how it is told -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((0.0, 0.9, None), "no clear beat"),
        ((120.4, 0.5, None), "about 120 BPM"),
        ((120.4, 0.49, None), "perhaps 120 BPM"),
        ((120.4, 0.5, 60.2), "about 120 BPM (or 60)"),
        ((70.0, 0.5, 140.0), "about 70 BPM (or 140)"),
        ((180.0, 0.4, 60.0), "180 or 60 BPM, hard to tell which"),
    ],
)
def test_a_doubtful_tempo_names_the_other_one(
    found: tuple[float, float, float | None], said: str
) -> None:
    assert telling.tempo(Tempo(*found)) == said
    numbers = [word for word in re.findall(r"\w+", said) if word.isdigit()]
    assert telling.tempo(Tempo(*found), brief=True) == (" or ".join(numbers) or "none")


def test_words_about_no_music_are_only_near() -> None:
    assert telling.hearing(["jazz"]) == "Sounds like"
    assert telling.hearing([]) == "Closest description"


def test_the_two_families_are_told_apart() -> None:
    assert "GTZAN alone" in telling.family({"name": "extended"})
    pretrained = telling.family({"name": "ear", "family": "pretrained"})
    assert "which may include this one" in pretrained
    assert "GTZAN" not in pretrained
