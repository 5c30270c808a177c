"""The bootstrap, the measures and the verdicts: known truths on made-up arrays."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as reference

from audionome.datasets.gtzan import GENRES
from audionome.lab import bootstrap, compare, metrics

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(7)


# -- bootstrap ----------------------------------------------------------------------------


def test_clusters_of_one_row_are_the_plain_bootstrap() -> None:
    values = RNG.normal(size=80)
    rng = np.random.default_rng(5)
    means = values[rng.integers(0, 80, (20_000, 80))].mean(axis=1)
    found = bootstrap.mean_interval(values, np.arange(80), n_resamples=20_000)
    assert found.estimate == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(
        tuple(np.quantile(means, [0.025, 0.975])), abs=0.01
    )
    assert (found.n, found.clusters) == (80, 80)


def test_a_row_repeated_inside_its_cluster_changes_nothing() -> None:
    values, clusters = RNG.normal(size=60), np.arange(60) // 3
    once = bootstrap.mean_interval(values, clusters)
    twice = bootstrap.mean_interval(np.repeat(values, 2), np.repeat(clusters, 2))
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))
    assert (twice.n, twice.clusters) == (120, 20)
    # The order of the rows does not matter either.
    order = RNG.permutation(60)
    again = bootstrap.mean_interval(values[order], clusters[order])
    assert (again.low, again.high) == pytest.approx((once.low, once.high))


def test_a_constant_has_no_width() -> None:
    found = bootstrap.mean_interval(np.full(30, 0.7), np.arange(30) // 4)
    assert (found.low, found.high) == pytest.approx((0.7, 0.7))
    assert found.half_width == pytest.approx(0)
    assert np.isnan(bootstrap.design_effect(np.full(30, 0.7), np.arange(30) // 4))


def test_a_mean_is_a_statistic_like_any_other() -> None:
    values, clusters = RNG.normal(size=50), RNG.integers(0, 12, 50)
    one = bootstrap.mean_interval(values, clusters)
    other = bootstrap.cluster_bootstrap(lambda w: w @ values / w.sum(axis=1), clusters)
    assert one.as_dict() == pytest.approx(other.as_dict())


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    covered, plain = 0, 0
    for trial in range(300):
        effect = rng.normal(size=40)
        clusters = np.repeat(np.arange(40), rng.integers(1, 8, 40))
        values = effect[clusters] + rng.normal(scale=0.5, size=clusters.size)
        found = bootstrap.mean_interval(values, clusters, n_resamples=400, seed=trial)
        covered += found.low <= 0 <= found.high
        rows = bootstrap.mean_interval(values, np.arange(values.size), n_resamples=400, seed=trial)
        plain += rows.low <= 0 <= rows.high
    assert covered / 300 == pytest.approx(0.95, abs=0.04)
    # Drawing rows would promise far too much.
    assert plain / 300 < 0.75


def test_the_design_effect_of_known_clusters() -> None:
    values = RNG.normal(size=500)
    assert bootstrap.design_effect(values, np.arange(500)) == pytest.approx(1)
    repeated = bootstrap.design_effect(np.repeat(values, 6), np.repeat(np.arange(500), 6))
    assert repeated == pytest.approx(6, rel=0.01)
    size = bootstrap.effective_sample_size(np.repeat(values, 6), np.repeat(np.arange(500), 6))
    assert size == pytest.approx(500, rel=0.01)
    # It is what the bootstrap finds.
    clusters = np.repeat(np.arange(125), 4)
    mixed = values + np.repeat(RNG.normal(size=125), 4)
    wide = bootstrap.mean_interval(mixed, clusters, n_resamples=8000).half_width
    narrow = bootstrap.mean_interval(mixed, np.arange(500), n_resamples=8000).half_width
    assert (wide / narrow) ** 2 == pytest.approx(bootstrap.design_effect(mixed, clusters), rel=0.1)


def test_memory_stays_small() -> None:
    values, clusters = RNG.normal(size=10_000), np.arange(10_000) // 10
    bootstrap.cluster_bootstrap(lambda w: w @ values / w.sum(axis=1), clusters, n_resamples=10)
    tracemalloc.start()
    bootstrap.cluster_bootstrap(lambda w: w @ values / w.sum(axis=1), clusters, n_resamples=2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # all weights at once would be 160 MB


def test_bad_arrays_are_named() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        bootstrap.mean_interval([], [])
    with pytest.raises(ValueError, match="3 rows, but 2 clusters"):
        bootstrap.mean_interval([1, 0, 1], ["a", "b"])


def test_a_share_has_its_binomial_interval() -> None:
    correct = np.arange(400) < 300
    got = bootstrap.mean_interval(correct, np.arange(400), n_resamples=20_000)
    half = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert got.estimate == 0.75
    assert (got.low, got.high) == pytest.approx((0.75 - half, 0.75 + half), abs=0.005)
    grouped = bootstrap.mean_interval(correct, np.arange(400) // 20, n_resamples=20_000)
    assert grouped.half_width > 3 * got.half_width


def test_there_is_one_bootstrap_in_the_tree() -> None:
    drawn = re.compile(r"\.multinomial\(|\.choice\([^)]*replace=True|def _?wilson|method=.wilson")
    found = [
        path.name
        for folder in ("audionome", "benchmarks", "book", "notebooks")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".ipynb", ".md"} and "_build" not in path.parts
        for _ in drawn.findall(path.read_text(encoding="utf-8"))
    ]
    # Of what others report there are no clips to draw: SciPy's interval of a share.
    assert found == ["bootstrap.py", "literature.py"]


# -- measures -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    genres = np.array(GENRES)
    probabilities = rng.dirichlet(np.ones(10), 400)
    return genres[rng.integers(0, 9, 400)], genres[probabilities.argmax(axis=1)], probabilities


def test_measures_are_scikit_learns(judged: tuple[np.ndarray, ...]) -> None:
    y_true, y_pred, probabilities = judged
    assert metrics.accuracy(y_true, y_pred) == pytest.approx(
        reference.accuracy_score(y_true, y_pred)
    )
    assert metrics.macro_f1(y_true, y_pred) == pytest.approx(
        reference.f1_score(y_true, y_pred, average="macro")
    )
    assert metrics.log_loss(y_true, probabilities) == pytest.approx(
        reference.log_loss(y_true, probabilities, labels=list(GENRES))
    )
    each = reference.precision_recall_fscore_support(
        y_true, y_pred, labels=list(GENRES), zero_division=np.nan
    )
    for name, wanted in zip(("precision", "recall", "f1"), each, strict=False):
        got = metrics.precision_recall_f1(metrics.confusion_matrix(y_true, y_pred))[name]
        some = np.isfinite(got)
        np.testing.assert_allclose(got[some], wanted[some])


@pytest.mark.parametrize("name", list(metrics.METRICS))
def test_a_weight_is_a_count(name: str, judged: tuple[np.ndarray, ...]) -> None:
    y_true, y_pred, probabilities = judged
    measure = metrics.METRICS[name]
    counts = np.random.default_rng(1).integers(0, 4, (3, 400))
    got = measure(y_true, y_pred, probabilities, counts.astype(float))
    for value, count in zip(got, counts, strict=True):
        rows = np.repeat(np.arange(400), count)
        wanted = measure(y_true[rows], y_pred[rows], probabilities[rows], None)
        assert value == pytest.approx(float(wanted))


def test_what_cannot_be_judged_is_named() -> None:
    with pytest.raises(ValueError, match="at least one prediction"):
        metrics.accuracy([], [])
    with pytest.raises(ValueError, match="'soul', which is none of the genres"):
        metrics.macro_f1(["jazz"], ["soul"])
    with pytest.raises(ValueError, match="shape"):
        metrics.accuracy(["jazz", "pop"], ["jazz"])
    with pytest.raises(ValueError, match="shape"):
        metrics.log_loss(["jazz"], [[0.5, 0.5]])
    with pytest.raises(ValueError, match="outside"):
        metrics.log_loss(["a"], [[1.5, -0.5]], labels="ab")
    with pytest.raises(ValueError, match="outside"):
        metrics.expected_calibration_error([1.5], [True])


# -- comparisons --------------------------------------------------------------------------


def test_a_paired_difference_is_binomial_where_it_must_be() -> None:
    # The second loses exactly 20 of 100 rows, one cluster each.
    a, b = np.ones(100), np.r_[np.ones(80), np.zeros(20)]
    found = compare.paired_difference(a, b, np.arange(100))
    sd = np.sqrt(0.2 * 0.8 / 100)
    assert found.interval.estimate == pytest.approx(0.2)
    assert found.interval.low == pytest.approx(0.2 - 1.96 * sd, abs=0.015)
    assert compare.verdict(found).word == "better"
    assert compare.verdict(compare.paired_difference(b, a, np.arange(100))).word == "worse"
    # The same evidence from four clusters is none.
    few = compare.verdict(compare.paired_difference(a, b, np.arange(100) // 25))
    assert few.word == "cannot be told apart"
    assert not few.differs


def test_the_same_rows_are_a_pair_for_either_function() -> None:
    a, b = (RNG.random(60) < p for p in (0.8, 0.6))
    clusters = np.arange(60) // 3
    one = compare.paired_difference(a, b, clusters)
    other = compare.accuracy_difference(a, clusters, b, clusters)
    assert other.interval.low == pytest.approx(one.interval.low)
    assert other.p_value == pytest.approx(one.p_value)
    assert (one.interval.n, other.interval.n) == (60, 120)
    # Other clusters on the other side: the difference varies more.
    apart = compare.accuracy_difference(a, clusters, b, clusters + 20)
    assert apart.interval.clusters == 40


@pytest.mark.parametrize("shift", np.linspace(-0.3, 0.5, 9))
def test_p_is_small_exactly_where_the_interval_excludes_zero(shift: float) -> None:
    rng = np.random.default_rng(3)
    for seed in range(12):
        values = rng.choice([-1.0, 0.0, 1.0], size=90) + shift
        found = compare.paired_difference(values, np.zeros(90), np.arange(90) // 2, seed=seed)
        assert (found.p_value < 0.05) == found.interval.excludes_zero


def test_p_of_no_difference_is_one() -> None:
    found = compare.paired_difference(np.ones(20), np.ones(20), np.arange(20))
    assert found.p_value == 1
    assert compare.verdict(found).word == "cannot be told apart"
    # And it is never smaller than the resamples can show.
    sure = compare.paired_difference(np.ones(20), np.zeros(20), np.arange(20), n_resamples=999)
    assert sure.p_value == pytest.approx(2 / 1000)


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.8 times 4, 3, 2, 1, never falling, never above 1.
    assert compare.holm([0.03, 0.01, 0.8, 0.02]) == pytest.approx([0.06, 0.04, 0.8, 0.06])
    assert compare.holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])
    assert compare.holm([]).size == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        compare.holm([1.5])


def test_holm_is_statsmodels() -> None:
    # The example in statsmodels' tests of multipletests, computed there with R's multtest.
    p = [0.838541367553, 0.642193923795, 0.680845947633, 0.967833824309, 0.71626938238]
    p += [0.177096952723, 5.23656777208e-05, 0.0202732688798, 0.00028140506198, 0.0149877310796]
    wanted = [1.0] * 10
    wanted[6], wanted[8] = 5.2365677720800005e-04, 2.5326455578199999e-03
    wanted[9], wanted[7] = 1.1990184863680001e-01, 1.4191288215860001e-01
    np.testing.assert_allclose(compare.holm(p), wanted, rtol=1e-12)


def test_a_family_is_judged_together() -> None:
    clusters = np.arange(100)
    a, b = np.ones(100), np.r_[np.ones(94), np.zeros(6)]
    alone = compare.paired_difference(a, b, clusters)
    assert compare.verdict(alone).word == "better"
    same = compare.paired_difference(a, a, clusters)
    weak = compare.Difference(alone.interval, 0.03)
    assert [v.word for v in compare.verdicts([weak, same])] == ["cannot be told apart"] * 2
    assert compare.verdict(weak).word == "better"
