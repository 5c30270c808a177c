"""Numbers of the chapter on results: the ladder, its rungs, what is resolved, and which model."""

from __future__ import annotations

import pandas as pd

from audionome._words import counted, listed, points, share, span
from audionome.datasets.gtzan import GENRES
from audionome.lab import ladder as rungs_of
from audionome.lab.choice import NestedChoice
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.metrics import negative_log_likelihood
from audionome.lab.names import FLOOR, model_title, protocol_title, select
from audionome.lab.protocols import LADDER
from audionome.lab.studies import decomposition as study

__all__ = [
    "comparison",
    "decomposition",
    "floor",
    "ladder",
    "missing",
    "nested",
    "published",
    "resolution",
    "two_sided",
]

#: What stands for a number that is not there, while an evaluation is not finished.
UNKNOWN = "not computed"


def _key(name: str) -> str:
    return name.replace("-", "_")


def _costs(cost: float) -> str:
    return f"costs {points(cost)} points" if cost > 0 else f"gains {points(-cost)} points"


def _named(title: str) -> str:
    """Write a model's title within a sentence."""
    return title[:1].lower() + title[1:]


def ladder(steps: pd.DataFrame) -> dict[str, str]:
    """Write a model's accuracy on each rung, and what each step costs.

    Parameters
    ----------
    steps : DataFrame
        From `audionome.lab.ladder.ladder`.

    Returns
    -------
    dict of str to str
        For each protocol (``-`` is written ``_``): its accuracy, and with ``_interval`` that of
        95 %, with ``_n`` the number of predictions; with ``_step`` a clause such as "costs 18.4
        points" or "costs 6.9 points, which may be chance" (with its interval). What is not
        computed, or has no rung above, says so.
    """
    rows = {row["protocol"]: row for row in steps.to_dict("records")}
    names = list(LADDER)
    found = {}
    for i, name in enumerate(names):
        row, key = rows.get(name), _key(name)
        step = f"is {UNKNOWN}"
        if row and i and names[i - 1] in rows:
            step = _costs(row["cost"])
            if row["verdict"] == SAME:
                bounds = sorted((row["cost_low"], row["cost_high"]))
                step += f", which may be chance ({span(*bounds)})"
        found[key] = share(row["accuracy"]) if row else UNKNOWN
        found[f"{key}_interval"] = span(row["low"], row["high"]) if row else UNKNOWN
        found[f"{key}_n"] = f"{int(row['n']):,}" if row else UNKNOWN
        found[f"{key}_step"] = step
    return found


def published(tracks: pd.DataFrame) -> dict[str, str]:
    """Count the tracks of the published fault-filtered split.

    Parameters
    ----------
    tracks : DataFrame
        ``audionome.datasets.gtzan.load().tracks``.

    Returns
    -------
    dict of str to str
        ``n_train``, ``n_valid`` and ``n_test`` tracks, and ``n_listed``, which it leaves out.
    """
    counts = tracks["fault_filtered"].astype(str).value_counts()
    parts = {"n_train": "train", "n_valid": "valid", "n_test": "test", "n_listed": ""}
    return {key: str(int(counts.get(part, 0))) for key, part in parts.items()}


def decomposition(table: pd.DataFrame, *, model: str, variant: str) -> dict[str, str]:
    """Write what the parts of the step to the fault-filtered split cost one model.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.studies.decomposition.summarise`.
    model, variant : str
        Which model is told.

    Returns
    -------
    dict of str to str
        For each of its steps and for ``all`` a clause such as "costs 3.2 points", and with
        ``_interval`` the 95 % interval of the cost; ``n_whole`` and ``n_small`` training tracks;
        ``draws``; of the ``n_parts`` parts of all ``n_models`` models, ``n_told`` are told from
        chance; and ``repetitions``, a clause about what the listed clips explain.
    """
    own = table[(table["model"] == model) & (table["variant"] == variant)].set_index("step")
    found = {}
    for step, row in own.iterrows():
        found[str(step)] = _costs(row["cost"])
        found[f"{step}_interval"] = span(row["low"], row["high"])
    parts = table[table["step"] != "all"]
    listed_cost = own["verdict"].loc["listed"] == "better"
    return found | {
        "n_whole": f"{own['before'].loc['all']:.0f}",
        "n_small": f"{own['after'].loc['all']:.0f}",
        "draws": str(study.DRAWS),
        "n_models": str(len(table.drop_duplicates(["model", "variant"]))),
        "n_parts": str(len(parts)),
        "n_told": str(int((parts["verdict"] != SAME).sum()) or "none"),
        "repetitions": f"the repetitions {'explain a part of' if listed_cost else 'do not explain'}"
        " the fourth rung",
    }


def resolution(table: pd.DataFrame) -> dict[str, str]:
    """Write what each protocol resolves.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.resolution`.

    Returns
    -------
    dict of str to str
        For each protocol (``-`` is written ``_``) with ``_tracks``, ``_artists``, ``_effective``
        (independent tracks), ``_effect`` (the design effect), ``_half_width`` and
        ``_independent`` (points).
    """
    found = {}
    for row in table.to_dict("records"):
        key = _key(str(row["protocol"]))
        found[f"{key}_tracks"] = f"{row['tracks']:,}"
        found[f"{key}_artists"] = f"{row['artists']:,}"
        found[f"{key}_effective"] = f"{row['effective_n']:.0f}"
        found[f"{key}_effect"] = f"{row['design_effect']:.1f}"
        found[f"{key}_half_width"] = points(row["half_width"])
        found[f"{key}_independent"] = points(row["half_width_independent"])
    return found


def two_sided(table: pd.DataFrame, tracks: pd.DataFrame) -> dict[str, str]:
    """Count the artists that the published split has on two sides.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.two_sided_artists`.
    tracks : DataFrame
        ``audionome.datasets.gtzan.load().tracks``.

    Returns
    -------
    dict of str to str
        ``two_sided`` groups of artists ("3 groups of artists"), with ``two_sided_tracks`` on all
        sides; ``known_tests`` of ``n_tests`` tested tracks are by artists that are also trained
        on or validated with.
    """
    sides = table[["train", "valid", "test"]]
    tested = int(table.loc[(sides["train"] > 0) | (sides["valid"] > 0), "test"].sum())
    return {
        "two_sided": counted(len(table), "group of artists", "groups of artists"),
        "two_sided_tracks": counted(int(sides.to_numpy().sum()), "track"),
        "known_tests": str(tested),
        "n_tests": f"{int((tracks['fault_filtered'] == 'test').sum()):,}",
    }


def comparison(table: pd.DataFrame) -> dict[str, str]:
    """Count the models that are better and worse than the reference, or the same.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.compare_models`.

    Returns
    -------
    dict of str to str
        ``reference`` and its ``accuracy``; ``n_others`` models and variants, ``n_same`` of which
        cannot be told apart from it; ``worse`` and ``better``, which name the others, or "none";
        ``highest``, the model with the highest accuracy, and ``highest_difference`` from the
        reference in points. The floor is not counted.
    """
    top = table[table["reference"].to_numpy(dtype=bool)].iloc[0]
    others = table[~table["reference"].to_numpy(dtype=bool) & (table["model"] != FLOOR)]
    by = {w: others[(others["verdict"] == w).to_numpy(dtype=bool)] for w in ("better", "worse")}
    highest = table.iloc[0]
    return {
        "reference": _named(str(top["title"])),
        "accuracy": share(top["accuracy"]),
        "n_others": str(len(others)),
        "n_same": str(int((others["verdict"] == SAME).sum())),
        **{w: listed([_named(t) for t in rows["title"]]) or "none" for w, rows in by.items()},
        "highest": _named(str(highest["title"])),
        "highest_difference": points(highest["difference"]),
    }


def nested(found: NestedChoice) -> dict[str, str]:
    """Write what picking a model by validation gives.

    Parameters
    ----------
    found : NestedChoice
        From `audionome.lab.choice.nested`.

    Returns
    -------
    dict of str to str
        ``nested_accuracy`` with ``nested_interval``; ``n_candidates``, ``n_folds``, ``n_picked``
        ("6 different models") and ``n_valid``, the mean number of validation tracks of a fold; how
        far the picks lie from the reference, ``fixed`` ("2.8 points below") and ``fixed_chance``
        ("which may be chance" or "more than chance explains"), and likewise from the model with
        the ``highest`` test accuracy.
    """
    different = found.folds["title"].nunique()
    told = {
        "nested_accuracy": share(found.accuracy.estimate),
        "nested_interval": span(found.accuracy.low, found.accuracy.high),
        "n_candidates": str(found.n_candidates),
        "n_folds": str(len(found.folds)),
        "n_picked": counted(different, "different model") if different > 1 else "the same model",
        "n_valid": f"{found.folds['n_valid'].mean():.0f}",
    }
    for name, verdict in (("fixed", found.fixed), ("highest", found.highest)):
        gap = verdict.interval.estimate
        told[name] = f"{points(abs(gap))} points {'above' if gap > 0 else 'below'}"
        chance = "more than chance explains" if verdict.differs else "which may be chance"
        told[f"{name}_chance"] = chance
    return told


def floor(scores: pd.DataFrame) -> dict[str, str]:
    """Say how often the floor is right, and what a probability of zero costs.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.

    Returns
    -------
    dict of str to str
        ``floor``, its name; its accuracy per track with artists kept apart (``floor_accuracy``)
        and outside GTZAN (``floor_outside``); ``chance``, that of guessing; and ``largest_loss``,
        the log loss of one answer that gave the true genre no probability at all.
    """
    rows = select(scores, model=FLOOR, level="track", split="test")
    right = rows.assign(protocol=rows["protocol"].astype(str)).set_index("protocol")["accuracy"]
    loss = negative_log_likelihood([GENRES[0]], [[0.0] * (len(GENRES) - 1) + [1.0]])
    return {
        "floor": model_title(FLOOR),
        "floor_accuracy": share(float(right["artist-grouped"])),
        "floor_outside": share(float(right["wild"])),
        "chance": share(1 / len(GENRES)),
        "largest_loss": f"{loss[0]:.0f}",
    }


def missing(scores: pd.DataFrame) -> dict[str, str]:
    """Write which results are not there.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.

    Returns
    -------
    dict of str to str
        ``missing``: "Every model has a result under every protocol.", or which lack one.
    """
    lacking = rungs_of.missing(scores)
    if lacking.empty:
        return {"missing": "Every model has a result under every protocol."}
    parts = []
    for protocol, rows in lacking.groupby("protocol", sort=False):
        names = [model_title(*key) for key in rows[["model", "variant"]].to_numpy(dtype=str)]
        whole = len(rows) == sum(len(spec.variants) for spec in MODELS.values())
        told = "every model" if whole else listed(names)
        parts.append(f"under *{protocol_title(str(protocol))}* {told}")
    number = counted(len(lacking), "result")
    verb = "is" if len(lacking) == 1 else "are"
    return {"missing": f"**{number} {verb} not computed yet:** {'; '.join(parts)}."}
