"""Reasons in words: what each concept of tags added to an answer."""

from __future__ import annotations

import numpy as np
import pytest

from audionome.datasets.gtzan import GENRES
from audionome.models.concepts import CONCEPTS, REST, Patterns, concept_reasons
from audionome.models.linear import softmax

TAGS = tuple(tag for concept in CONCEPTS.values() for tag in concept.tags)
SIZE = 64


@pytest.fixture
def patterns() -> Patterns:
    rng = np.random.default_rng(5)
    return Patterns(
        TAGS,
        rng.normal(size=SIZE),
        rng.normal(size=len(TAGS)),
        rng.uniform(0.5, 2, size=len(TAGS)),
        rng.normal(size=(len(TAGS), SIZE)) / 8,
    )


def test_every_tag_is_in_one_concept() -> None:
    assert len(TAGS) == len(set(TAGS)) == 50


def test_the_parts_sum_to_the_sound(patterns: Patterns) -> None:
    rng = np.random.default_rng(0)
    embedding, logits = rng.normal(size=SIZE), rng.normal(size=len(TAGS))
    parts = patterns.parts(embedding, logits)
    assert parts.shape == (len(CONCEPTS) + 1, SIZE)
    np.testing.assert_allclose(patterns.embedding + parts.sum(axis=0), embedding)


def test_tags_of_usual_strength_add_nothing(patterns: Patterns) -> None:
    logits = patterns.logits.copy()
    jazz = TAGS.index("jazz")
    logits[jazz] += 3
    parts = patterns.parts(patterns.embedding + 3 * patterns.change[jazz], logits)
    expected = np.zeros_like(parts)
    expected[list(CONCEPTS).index("jazz")] = 3 * patterns.change[jazz]
    np.testing.assert_allclose(parts, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("away", "strength", "said"),
    [
        (2.0, 0.3, 0),
        (-2.0, 0.02, 1),
        (0.1, 0.3, None),  # as much as usual
        (-2.0, 0.3, None),  # less than usual, and still there
        (2.0, 0.02, None),  # more than usual, and still not there
    ],
)
def test_the_words_say_what_can_be_heard(
    patterns: Patterns, away: float, strength: float, said: int | None
) -> None:
    logits, strengths = patterns.logits.copy(), np.zeros(len(TAGS))
    for tag in CONCEPTS["soul and funk"].tags:
        k = TAGS.index(tag)
        logits[k] += away * patterns.spread[k]
    strengths[TAGS.index("funk")] = strength
    found = patterns.words(logits, strengths, genre="country")[
        list(CONCEPTS).index("soul and funk")
    ]
    words = CONCEPTS["soul and funk"].words
    # Its absence speaks for country, and is no argument against it.
    assert found == {0: (words[0], words[0]), 1: (words[1], None), None: (None, None)}[said]


@pytest.mark.parametrize(
    ("concept", "genre", "present", "speaks_for", "speaks_against"),
    [
        ("jazz", "jazz", True, True, False),
        ("jazz", "metal", True, True, True),
        ("distorted guitars", "classical", False, True, False),
        ("distorted guitars", "metal", False, False, True),
        ("female voice", "metal", False, False, False),  # usual nowhere, odd nowhere
    ],
)
def test_nobody_is_told_a_reason_against_all_sense(
    concept: str, genre: str, *, present: bool, speaks_for: bool, speaks_against: bool
) -> None:
    sides = CONCEPTS[concept].sides(genre, present=present)
    assert [side is not None for side in sides] == [speaks_for, speaks_against]


def test_concepts_are_usual_in_genres_that_there_are() -> None:
    named = {genre for concept in CONCEPTS.values() for genre in concept.genres.split()}
    assert named == set(GENRES)


def test_words_against_a_genre_are_not_said_for_it() -> None:
    parts = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    words = [("for a", None), ("for b", None), (None, None)]
    found = concept_reasons(
        _probability(np.eye(2)), np.zeros(2), parts, names=["a", "b", REST], words=words
    )
    assert [(r.group, r.words) for r in found] == [("a", "for a"), (REST, REST)]


def test_what_has_no_words_goes_to_the_rest() -> None:
    probability = _probability(np.eye(2))
    parts = np.array([[1.0, 0.0], [0.5, 0.0], [0.0, 0.0]])
    found = concept_reasons(
        probability,
        np.zeros(2),
        parts,
        names=["a", "b", REST],
        words=[("A", "A"), (None, None), (None, None)],
    )
    assert [reason.group for reason in found] == ["a", REST]
    assert found[1].contribution == pytest.approx(found[0].contribution / 2, rel=1e-6)


def _probability(weights: np.ndarray):
    return lambda rows: softmax(rows @ weights)[:, 0]


def test_contributions_sum_to_the_answer() -> None:
    rng = np.random.default_rng(1)
    average, parts = rng.normal(size=12), rng.normal(size=(6, 12))
    probability = _probability(rng.normal(size=(12, 3)))
    found = concept_reasons(
        probability,
        average,
        parts,
        names=[*"abcde", REST],
        words=[*((w, w) for w in "ABCDE"), (None, None)],
    )
    assert found[-1].group == REST
    sizes = [abs(reason.contribution) for reason in found[:-1]]
    assert sizes == sorted(sizes, reverse=True)
    whole, base = probability(np.stack([average + parts.sum(axis=0), average]))
    assert sum(r.contribution for r in found) == pytest.approx(whole - base, abs=1e-12)


def test_two_equal_parts_share_equally_and_one_that_does_nothing_is_not_named() -> None:
    weights = np.array([[1.0, -1.0], [0.0, 0.0]])
    parts = np.array([[0.5, 0.0], [0.5, 0.0], [0.0, 3.0], [0.0, 0.0]])
    probability = _probability(weights)
    found = concept_reasons(
        probability,
        np.zeros(2),
        parts,
        names=["a", "b", "c", REST],
        words=[("A", "A"), ("B", "B"), ("C", "C"), (None, None)],
    )
    assert [reason.group for reason in found] == ["a", "b", REST]
    whole = probability(np.array([[1.0, 0.0]]))[0]
    for reason in found[:2]:
        assert reason.contribution == pytest.approx((whole - 0.5) / 2, abs=1e-7)


def test_a_part_whose_absence_says_the_contrary_is_not_named() -> None:
    # Alone, "a" speaks against the genre; beside "b" its absence would cost probability.
    def probability(rows: np.ndarray) -> np.ndarray:
        a, b = rows.T
        return 0.5 - 0.2 * a + 0.3 * a * b**4 + 0.1 * b

    parts = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    found = concept_reasons(
        probability,
        np.zeros(2),
        parts,
        names=["a", "b", REST],
        words=[("A", "A"), ("B", "B"), (None, None)],
    )
    along = -0.2 + 0.3 / 5  # the mean slope in direction of "a" on the way
    assert along < 0 < -0.2 + 0.3
    assert [reason.group for reason in found] == ["b", REST]
    assert found[-1].contribution == pytest.approx(along, abs=1e-6)
