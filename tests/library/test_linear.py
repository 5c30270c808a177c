"""What tracks are alike, and the reasons of an answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import audionome
from audionome import audio, features
from audionome.datasets import gtzan
from audionome.features.groups import grouped
from audionome.models import attribution, linear, neighbors

RNG = np.random.default_rng(0)


# -- alike --------------------------------------------------------------------------------


@pytest.fixture
def index() -> neighbors.Index:
    """Four tracks on a circle; the first two are by one artist."""
    angles = np.radians([0, 10, 30, 180])
    return neighbors.Index(
        np.array(["a1", "a2", "b", "c"]),
        np.array(["jazz", "jazz", "jazz", "pop"]),
        np.array([0, 0, 1, 2]),
        np.eye(2),
        np.stack([np.cos(angles), np.sin(angles)], axis=1),
    )


def test_the_nearest(index: neighbors.Index) -> None:
    near = index.nearest(np.array([5.0, 0.1]), n=3)
    assert [n.track for n in near] == ["a1", "a2", "b"]
    assert near[0].similarity == pytest.approx(1, abs=1e-3)


def test_recommendations_leave_out_the_artist(index: neighbors.Index) -> None:
    assert [n.track for n in index.recommend("a1", n=2)] == ["b", "c"]
    assert [n.track for n in index.recommend("a1", n=1, other_artist=False)] == ["a2"]
    with pytest.raises(KeyError):
        index.recommend("nosuch")


def test_precision(index: neighbors.Index) -> None:
    np.testing.assert_array_equal(index.precision(1), [1, 1, 1, 0])
    np.testing.assert_array_equal(index.precision(2), [0.5, 0.5, 1, 0])
    np.testing.assert_array_equal(index.precision(1, other_artist=False), [1, 1, 1, 0])


def test_principal_axes_are_the_largest() -> None:
    rows = RNG.normal(size=(500, 3)) * [1, 10, 3]
    axes = neighbors.principal_axes(rows, 2)
    assert np.abs(axes).argmax(axis=0).tolist() == [1, 2]
    np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-12)


# -- reasons ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(features.EXTRACTORS))
@pytest.mark.parametrize("some", [False, True])
def test_groups_share_every_column_out(name: str, some: bool) -> None:
    columns = features.load_extractor(name).names
    if some:
        columns = columns[::7]
    groups = features.load_extractor(name, columns).groups
    assert len(groups.words) == len(groups.names)
    assert groups.share.shape == (len(columns), len(groups.names))
    np.testing.assert_allclose(groups.share.sum(axis=1), 1)
    level = groups.level.sum(axis=0)
    assert ((np.abs(level - 1) < 1e-9) | ((level == 0) & some)).all()


@pytest.mark.parametrize("name", ["classic", "extended"])
def test_reasons_add_up(name: str) -> None:
    shipped = audionome.load_classifier(name)
    groups = shipped.extractor.groups
    rows = RNG.normal(size=(4, len(shipped.extractor.names)))
    parts = attribution.shares(shipped.model, rows, groups)
    scores = rows @ shipped.model.weights + shipped.model.bias
    np.testing.assert_allclose(parts.sum(axis=1) + shipped.model.bias, scores, atol=1e-8)
    temperature = shipped.card["temperature"]
    for genre in range(10):
        added = attribution.attribute(
            parts, shipped.model.bias, temperature=temperature, genre=genre
        )
        end = linear.softmax(scores / temperature).mean(axis=0)[genre]
        start = linear.softmax(shipped.model.bias / temperature)[genre]
        assert added.sum() == pytest.approx(end - start, abs=1e-3)
    nothing = attribution.without(
        shipped.model, rows, shipped.extractor.groups, shipped.extractor.groups.names
    )
    np.testing.assert_allclose(nothing, np.tile(shipped.model.bias, (4, 1)))


def test_the_named_reasons_matter_more_than_others() -> None:
    """Deletion: without the three groups that are named, the answer moves most."""
    shipped = audionome.load_classifier("classic")
    table = gtzan.load_windows()
    temperature = shipped.card["temperature"]
    named, others = [], []
    for _, track in list(table.groupby("track"))[::17]:
        rows = shipped.model.transformed(track[list(shipped.extractor.names)].to_numpy(np.float64))
        parts = attribution.shares(shipped.model, rows, shipped.extractor.groups)
        p = linear.softmax((parts.sum(axis=1) + shipped.model.bias) / temperature).mean(axis=0)
        best = int(p.argmax())
        added = attribution.attribute(
            parts, shipped.model.bias, temperature=temperature, genre=best
        )
        order = np.argsort(-np.abs(added))
        for picked, moves in ((order[:3], named), (RNG.permutation(len(added))[:3], others)):
            left = [shipped.extractor.groups.names[i] for i in picked]
            scores = attribution.without(shipped.model, rows, shipped.extractor.groups, left)
            moves.append(abs(linear.softmax(scores / temperature).mean(axis=0)[best] - p[best]))
    assert len(named) > 40
    assert np.mean(named) > 1.5 * np.mean(others)


def test_reasons_of_no_weight_are_not_told() -> None:
    found = [
        attribution.Reason("a", "a dark sound", 0.126),
        attribution.Reason("b", "a slow tempo", -0.02),
        attribution.Reason("c", "few pitches at once", 0.004),
        attribution.Reason(attribution.REST, "everything else", -0.3),
    ]
    assert attribution.sentences(found) == (
        ["A dark sound (13 points)"],
        ["A slow tempo (2 points)"],
    )
    assert attribution.sentences(found[2:]) == ([], [])


def test_what_is_lost_without_a_group_is_what_its_deletion_takes() -> None:
    shipped = audionome.load_classifier("extended")
    groups = shipped.extractor.groups
    rows = RNG.normal(size=(4, len(shipped.extractor.names)))
    parts = attribution.shares(shipped.model, rows, groups)
    whole = linear.softmax((parts.sum(axis=1) + shipped.model.bias) / 2.0).mean(axis=0)
    for genre in (0, 7):
        lost = attribution.lost_without(parts, shipped.model.bias, temperature=2.0, genre=genre)
        for i, name in enumerate(groups.names):
            scores = attribution.without(shipped.model, rows, groups, [name])
            left = linear.softmax(scores / 2.0).mean(axis=0)[genre]
            assert lost[i] == pytest.approx(whole[genre] - left, abs=1e-9)


def test_what_deletion_does_not_bear_out_is_no_reason() -> None:
    columns = ["a", "b", "c", "d"]
    words = {name: (f"much {name}", f"little {name}", f"usual {name}") for name in columns}
    found = grouped(columns, {name: {name: 1.0} for name in columns}, words=words)
    told = attribution.reasons(
        np.array([0.3, -0.2, 0.1, -0.05]),
        np.array([1.0, -1.0, 0.0, 1.0]),
        found,
        lost=np.array([0.2, 0.1, 0.01, -0.01]),  # without b the probability falls as well
    )
    assert told == (
        attribution.Reason("a", "much a", 0.3),
        attribution.Reason("c", "usual c", 0.1),
        attribution.Reason("d", "much d", -0.05),
        attribution.Reason(attribution.REST, "everything else", -0.2),
    )
    assert attribution.sentences(told).opposing == ["Much d (5 points)"]


@pytest.mark.parametrize("name", ["classic", "extended"])
def test_every_reason_that_is_told_holds_when_it_is_deleted(name: str, clips: list[Path]) -> None:
    shipped = audionome.load_classifier(name)
    told = 0
    for clip in clips:
        answer = shipped.classify(clip)
        blocks = list(audio.WindowStream(clip).pieces())
        rows = shipped.model.transformed(np.concatenate(list(shipped.extractor.measure(blocks))))
        temperature = shipped.calibration.temperature_for(len(rows))
        best = shipped.genres.index(answer.genre)

        def probability(names: list[str], rows=rows, best=best, temperature=temperature) -> float:
            scores = attribution.without(shipped.model, rows, shipped.extractor.groups, names)
            return float(linear.softmax(scores / temperature).mean(axis=0)[best])

        for reason in answer.reasons:
            if reason.group != attribution.REST and round(100 * reason.contribution):
                told += 1
                fell = probability([]) > probability([reason.group])
                assert fell == (reason.contribution > 0), (clip.name, reason)
    assert told > 20


# -- words of reasons ---------------------------------------------------------------------


@pytest.mark.parametrize("name", list(features.EXTRACTORS))
def test_words_of_reasons_are_short_and_say_which_way(name: str) -> None:
    words = features.load_extractor(name).groups.words
    flat = [text for group in words for text in group]
    assert all(len(text) <= 80 for text in flat)
    assert not [text for text in flat if ":" in text or text[0].isupper() or text.endswith(".")]
    for more, less, usual in words:
        assert len({more, less, usual}) in (1, 3)


@pytest.mark.parametrize(
    ("group", "more", "less"),
    [
        # Six strokes of noise per second, and the same noise without a break.
        ("tones against drums, quick", "strokes", "noise"),
        ("attack, quick", "strokes", "noise"),
        ("brightness, quick", "bright", "noise"),
        ("attack, beat", "slow strokes", "noise"),
        ("timbre, beat", "slow strokes", "noise"),
        # A chord and a note in turn, and the chord alone.
        ("chords, beat", "chords", "noise"),
    ],
)
def test_more_than_usual_is_heard_where_there_is_more(group: str, more: str, less: str) -> None:
    extractor = features.load_extractor("modulation-covariance")
    level = extractor.groups.level[:, extractor.groups.names.index(group)]
    time = np.arange(10 * audio.SAMPLE_RATE) / audio.SAMPLE_RATE
    noise = np.random.default_rng(0).normal(size=time.size)
    tones = {f: np.sin(2 * np.pi * f * time) for f in (220, 277, 330, 3000)}
    sounds = {
        "noise": noise,
        "strokes": tones[220] + 3 * noise * (time * 6 % 1 < 0.15),
        "slow strokes": tones[220] + 3 * noise * (time * 2 % 1 < 0.1),
        "bright": tones[220] + 3 * tones[3000] * (time * 6 % 1 < 0.3),
        "chords": tones[220] + (tones[277] + tones[330]) * (time * 2 % 1 < 0.5),
    }

    def measured(name: str) -> float:
        blocks = np.split(sounds[name].astype(np.float32)[: 3 * audio.WINDOW_HOP], 3)
        return float((np.concatenate(list(extractor.measure(blocks))) @ level).mean())

    assert measured(more) > measured(less)


def test_more_bass_is_more_low_than_high() -> None:
    extractor = features.load_extractor("gtzan57")
    level = extractor.groups.level[:, extractor.groups.names.index("balance of low and high")]
    noise = np.random.default_rng(0).normal(size=audio.WINDOW_HOP)
    low = np.cumsum(noise - noise.mean())
    dark, bright = (
        (np.concatenate(list(extractor.measure([(s / s.std()).astype(np.float32)]))) @ level).item()
        for s in (low, noise)
    )
    assert dark > bright
