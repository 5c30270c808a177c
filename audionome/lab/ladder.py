"""The ladder of results: accuracies rung by rung, comparisons of models, and what they resolve.

Conventions
-----------
Every function takes the frames of `audionome.lab.store.load` and returns numbers; nothing is fitted
or drawn here. Shares and differences lie in [0, 1]. Intervals are over artists, see
`audionome.lab.bootstrap`; verdicts are those of `audionome.lab.compare`.

Results may be incomplete: a model or protocol that is missing is missing from what is returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from audionome.lab.compare import accuracy_difference, paired_difference, verdicts
from audionome.lab.estimators import MODELS
from audionome.lab.names import (
    FLOOR,
    KEYS,
    in_order,
    model_title,
    one_variant,
    select,
    titled,
)
from audionome.lab.predictions import judge
from audionome.lab.protocols import LADDER

__all__ = [
    "TOLERANCE",
    "compare_models",
    "gaps",
    "ladder",
    "ladders",
    "measures",
    "missing",
    "resolution",
    "study_table",
    "two_sided_artists",
]

#: How far apart two figures may be to count as the same figure.
TOLERANCE = 0.02


def ladders(scores: pd.DataFrame, *, level: str = "track", variant: str = "tuned") -> pd.DataFrame:
    """Return the test accuracy of every model under every protocol, one variant of each model.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    level : {"track", "window"}
        What counts as one prediction.
    variant : {"tuned", "study"}
        The wanted settings; a model that has none such is shown with the others it has.

    Returns
    -------
    DataFrame
        ``model``, ``title``, ``variant``, ``protocol``, ``protocol_title``, ``accuracy``,
        ``low``, ``high``, ``n``.
    """
    rows = one_variant(select(scores, level=level, split="test"), variant)
    rows = rows.rename(columns={"accuracy_low": "low", "accuracy_high": "high"})
    columns = ["model", "title", "variant", "protocol", "protocol_title"]
    return in_order(titled(rows))[[*columns, "accuracy", "low", "high", "n"]]


def ladder(
    scores: pd.DataFrame,
    predictions: pd.DataFrame | None = None,
    *,
    model: str,
    variant: str = "tuned",
    level: str = "track",
) -> pd.DataFrame:
    """Return the accuracy of one model on each rung of the ladder, and what the rung costs.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    predictions : DataFrame, optional
        For the intervals and verdicts of the costs; without it they are missing.
    model, variant : str
        Which model.
    level : {"track", "window"}
        What counts as one prediction.

    Returns
    -------
    DataFrame
        One row per protocol that has a result, in ladder order: ``protocol``,
        ``protocol_title``, ``accuracy``, ``low``, ``high``, ``n``; ``cost`` (accuracy of the
        rung before minus this one) with ``cost_low``, ``cost_high`` and ``verdict``: what the rung
        before is, set beside this one, all steps of the ladder being one family; ``shared``, the
        number of tracks that both rungs test. An artist on both rungs is drawn for both at once:
        where they test the same tracks, it is a paired interval.

    See Also
    --------
    ladders : All models.
    """
    rows = select(scores, model=model, variant=variant, level=level, split="test")
    rows = rows.rename(columns={"accuracy_low": "low", "accuracy_high": "high"})
    steps = in_order(titled(rows))[
        ["protocol", "protocol_title", "accuracy", "low", "high", "n"]
    ].copy()
    steps["cost"] = -steps["accuracy"].diff()
    steps[["cost_low", "cost_high"]] = np.nan
    steps["verdict"] = ""
    steps["shared"] = 0
    if predictions is None:
        return steps
    judged = judge(select(predictions, model=model, variant=variant), level=level)
    by_rung = {str(p): select(judged, protocol=str(p)) for p in steps["protocol"]}
    found = {}
    for i in range(1, len(steps)):
        above, here = (by_rung[str(steps.loc[j, "protocol"])] for j in (i - 1, i))
        if above.empty or here.empty:
            continue
        found[i] = accuracy_difference(
            above["correct"], above["artist"], here["correct"], here["artist"]
        )
        steps.loc[i, "shared"] = len(set(above["track"]) & set(here["track"]))
    for i, judgement in zip(found, verdicts(list(found.values())), strict=True):
        steps.loc[i, ["cost_low", "cost_high"]] = judgement.interval.low, judgement.interval.high
        steps.loc[i, "verdict"] = judgement.word
    return steps


def study_table(
    scores: pd.DataFrame, *, models: Mapping[str, Any] | None = None, tolerance: float = TOLERANCE
) -> pd.DataFrame:
    """Compare the figures that Stijnen and Delaere report with ours.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`; ours are the windows of ``random-windows``, study variant.
    models : mapping, optional
        Name to a specification with ``title`` and ``study_accuracy``; default: ours.
    tolerance : float
        How far apart two figures may be to count as the same.

    Returns
    -------
    DataFrame
        One row per published figure: ``model``, ``title``, ``study``, ``ours``, ``low``,
        ``high``, ``difference`` (ours minus the study's) and ``within`` (missing where ours is).
    """
    models = MODELS if models is None else models
    ours = select(
        scores, variant="study", protocol="random-windows", level="window", split="test"
    ).set_index("model")
    published = {name: m for name, m in models.items() if m.study_accuracy is not None}
    table = pd.DataFrame(
        {
            "model": list(published),
            "title": [m.title for m in published.values()],
            "study": [m.study_accuracy for m in published.values()],
        }
    )
    for column, name in (("ours", "accuracy"), ("low", "accuracy_low"), ("high", "accuracy_high")):
        table[column] = ours[name].reindex(list(published)).to_numpy(np.float64)
    table["difference"] = table["ours"] - table["study"]
    # A difference of exactly the tolerance counts as within, whatever the rounding.
    within = table["difference"].abs() <= tolerance + 1e-9
    table["within"] = within.astype("boolean").mask(table["ours"].isna())
    return table


def gaps(
    scores: pd.DataFrame,
    *,
    protocol: str = "artist-grouped",
    level: str = "track",
    variant: str = "tuned",
) -> pd.DataFrame:
    """Return the accuracy on the rows a model learned from, on those held out, and the gap.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    protocol, level : str
        Which results.
    variant : {"tuned", "study"}
        The wanted settings; a model that has none such is shown with the others it has.

    Returns
    -------
    DataFrame
        One row per model: ``model``, ``title``, ``variant``, ``train``, ``valid``, ``test``
        (missing where the protocol has none) and ``gap`` (train minus test).
    """
    rows = one_variant(select(scores, protocol=protocol, level=level), variant)
    table = rows.pivot_table(
        index=["model", "variant"], columns="split", values="accuracy", observed=True
    )
    table = table.reindex(columns=["train", "valid", "test"]).reset_index()
    table["gap"] = table["train"] - table["test"]
    table = in_order(titled(table.rename_axis(columns=None)))
    return table[["model", "title", "variant", "train", "valid", "test", "gap"]]


def measures(
    scores: pd.DataFrame,
    *,
    protocol: str = "artist-grouped",
    level: str = "track",
    variant: str = "tuned",
) -> pd.DataFrame:
    """Return several measures of the same predictions, for each model.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    protocol, level : str
        Which results.
    variant : {"tuned", "study"}
        As for `gaps`.

    Returns
    -------
    DataFrame
        One row per model: ``model``, ``title``, ``variant``, ``accuracy``, ``macro_f1``, ``ece``
        and ``log_loss``.
    """
    rows = select(scores, protocol=protocol, level=level, split="test")
    table = in_order(titled(one_variant(rows, variant)))
    return table[["model", "title", "variant", "accuracy", "macro_f1", "ece", "log_loss"]]


def compare_models(
    predictions: pd.DataFrame,
    *,
    protocol: str = "artist-grouped",
    reference: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Compare every model and variant with one of them, at track level.

    Parameters
    ----------
    predictions : DataFrame
        See `audionome.lab.store`.
    protocol : str
        Which predictions.
    reference : (str, str), optional
        Model and variant to compare with; default: the one with the highest accuracy.

    Returns
    -------
    DataFrame
        Highest accuracy first: ``model``, ``variant``, ``title``, ``accuracy``, ``reference``
        (true in its own row), ``n`` (tracks that both have), and against the reference
        ``difference``, ``low``, ``high``, ``p_value`` (alone), ``p_holm`` (all comparisons being
        one family) and ``verdict``: "better", "worse" or "cannot be told apart" (empty in the
        reference's row).

    Raises
    ------
    ValueError
        If a model has no track in common with the reference.

    See Also
    --------
    audionome.lab.compare.paired_difference
    """
    columns = ["model", "variant", "title", "accuracy", "reference", "n", "difference", "low",
               "high", "p_value", "p_holm", "verdict"]  # fmt: skip
    judged = judge(select(predictions, protocol=protocol))
    groups = {
        (str(m), str(v)): rows.set_index("track")
        for (m, v), rows in judged.groupby(["model", "variant"], sort=True)
    }
    if not groups:
        return pd.DataFrame(columns=columns)
    accuracy = {key: float(rows["correct"].mean()) for key, rows in groups.items()}
    if reference is None:
        reference = max(accuracy, key=accuracy.__getitem__)
    fixed = groups[reference]
    found = {}
    for key, rows in groups.items():
        if key == reference:
            continue
        common = rows.index.intersection(fixed.index).sort_values()
        if common.empty:
            raise ValueError(
                f"{model_title(*key)} and {model_title(*reference)} have no track in common"
            )
        found[key] = paired_difference(
            rows.loc[common, "correct"], fixed.loc[common, "correct"], rows.loc[common, "artist"]
        )
    out: list[list[Any]] = [
        [*reference, model_title(*reference), accuracy[reference], True, len(fixed), 0.0, 0.0, 0.0,
         np.nan, np.nan, ""]
    ]  # fmt: skip
    for (key, alone), v in zip(found.items(), verdicts(list(found.values())), strict=True):
        i = v.interval
        out.append([*key, model_title(*key), accuracy[key], False, i.n, i.estimate, i.low, i.high,
                    alone.p_value, v.p_value, v.word])  # fmt: skip
    table = pd.DataFrame(out, columns=columns)
    return table.sort_values("accuracy", ascending=False, kind="stable", ignore_index=True)


def resolution(
    scores: pd.DataFrame, *, level: str = "track", variant: str = "tuned"
) -> pd.DataFrame:
    """Return what each protocol can tell apart: its sample, and how wide an interval is.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    level : {"track", "window"}
        What counts as one prediction.
    variant : {"tuned", "study"}
        The wanted settings; a model that has none such counts with the others it has. The floor
        does not count.

    Returns
    -------
    DataFrame
        One row per protocol in ladder order: ``protocol``, ``protocol_title``, ``n``
        (predictions), ``tracks``, ``artists``, and the medians over the models of
        ``design_effect``, ``effective_n``, ``half_width`` (half the 95 % interval over artists)
        and ``half_width_independent`` (what it would be if every prediction were independent).

    See Also
    --------
    audionome.lab.bootstrap.design_effect
    """
    rows = one_variant(select(scores, level=level, split="test"), variant)
    rows = rows[rows["model"] != FLOOR]
    rows = rows.assign(half_width=(rows["accuracy_high"] - rows["accuracy_low"]) / 2)
    binomial = np.sqrt(rows["accuracy"] * (1 - rows["accuracy"]) / rows["n"])
    rows = rows.assign(half_width_independent=1.959964 * binomial)
    names = ["n", "tracks", "artists", "design_effect", "effective_n", "half_width",
             "half_width_independent"]  # fmt: skip
    table = rows.groupby("protocol", observed=True)[names].median().reset_index()
    table = in_order(titled(table))
    table[["n", "tracks", "artists"]] = table[["n", "tracks", "artists"]].astype(int)
    return table[["protocol", "protocol_title", *names]]


def two_sided_artists(tracks: pd.DataFrame) -> pd.DataFrame:
    """Return the artists that the published fault-filtered split has on two sides.

    Parameters
    ----------
    tracks : DataFrame
        ``audionome.datasets.gtzan.load().tracks``.

    Returns
    -------
    DataFrame
        One row per group of artists on more than one side: ``artist``, ``genres`` (joined by
        commas), and the number of tracks in ``train``, ``valid`` and ``test``.
    """
    sides = ["train", "valid", "test"]
    rows = tracks[tracks["fault_filtered"].isin(sides)]
    # A clip whose audio is corrupt is in no part of ours.
    rows = rows[~rows["known_fault"].str.startswith("audio")]
    counts = pd.crosstab(rows["artist"], rows["fault_filtered"].astype(str))
    counts = counts.reindex(columns=sides, fill_value=0)
    counts = counts[(counts > 0).sum(axis="columns") > 1].rename_axis(columns=None).reset_index()
    genres = rows.groupby("artist")["genre"].agg(lambda g: ", ".join(sorted(set(g.astype(str)))))
    counts.insert(1, "genres", genres.reindex(counts["artist"]).to_numpy())
    return counts


def missing(
    scores: pd.DataFrame,
    *,
    models: Mapping[str, Any] | None = None,
    protocols: Sequence[str] | None = None,
) -> pd.DataFrame:
    """List the test results that should exist and do not.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    models : mapping, optional
        Name to a specification with ``variants``; default: ours.
    protocols : sequence of str, optional
        Default: ours.

    Returns
    -------
    DataFrame
        ``model``, ``variant``, ``protocol``.
    """
    models = MODELS if models is None else models
    protocols = list(LADDER) if protocols is None else protocols
    tested = scores.loc[scores["split"] == "test", KEYS].astype(str)
    have = {tuple(key) for key in tested.to_numpy()}
    wanted = [(m, v, p) for m, spec in models.items() for v in spec.variants for p in protocols]
    return pd.DataFrame([key for key in wanted if key not in have], columns=KEYS)
