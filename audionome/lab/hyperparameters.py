"""Every hyperparameter of the source study's seven algorithms: what it does, and what was chosen.

The words stand in ``data/research/hyperparameters.toml``. Defaults come from the installed
scikit-learn, the study's settings and the searched ones from `audionome.lab.estimators`, what the
search took from the stored results, effects from `audionome.lab.studies.validation_curves` and
times from `audionome.lab.studies.times`. A setting overfits more than another if the gap between
training windows and windows of other artists is wider.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import pandas as pd

from audionome._paths import data_path
from audionome._words import either
from audionome.lab.compare import SAME, Difference, Verdict, verdicts
from audionome.lab.estimators import MODELS
from audionome.lab.exploration.regions import DIALS
from audionome.lab.names import select
from audionome.lab.studies import times, validation_curves

__all__ = [
    "Hyperparameter",
    "Seen",
    "Statement",
    "claims",
    "estimator",
    "named",
    "options",
    "reference",
]

Way = Literal["large", "small", ""]
_MORE_LESS = {
    "train": ("better", "worse"),
    "test": ("better", "worse"),
    "gap": ("wider", "narrower"),
}
# Set by us for the speed or the seed; the study does not tell.
_TECHNICAL = {"cache_size", "decision_function_shape", "random_state"}


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter of one model.

    Attributes
    ----------
    model, name : str
    does : str
        What it does.
    default : str
        Of the installed scikit-learn.
    options : tuple of str
        Words that it may be.
    allowed : str
        What else it may be.
    overfits, costs : {"large", "small", ""}
        Which way it learns the training music by heart, and which way it takes more time.
    errs : str
        What else is to be said of which way it errs.
    deprecated : str
        The version of scikit-learn since which it should not be used; else empty.
    named : bool
        Whether the study names it.
    study : str
        What the study set; empty where it left the default.
    searched : tuple of str
        What our search tries; one value where it is fixed.
    chosen : tuple of (str, int)
        What the search took with artists kept apart, and in how many folds, most often first.
    """

    model: str
    name: str
    does: str
    default: str
    options: tuple[str, ...] = ()
    allowed: str = ""
    overfits: Way = ""
    costs: Way = ""
    errs: str = ""
    deprecated: str = ""
    named: bool = False
    study: str = ""
    searched: tuple[str, ...] = ()
    chosen: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Seen:
    """Two settings beside each other, along a validation curve or on the clock.

    Attributes
    ----------
    parameter, also : str
        What was changed, and what else differed from the study's settings.
    one, other : str
        The settings; the claim promises that ``one`` is as ``expected``.
    part : {"train", "test", "gap", "time to train", "time to answer"}
        What was compared: accuracy on training windows, accuracy on other artists, the gap between
        the two, or seconds.
    figures : (float, float)
        Of the two settings.
    verdict : Verdict or None
        Of ``one`` set beside ``other``; None for training windows and seconds, which are compared
        as they are.
    expected : str
        What the claim promises; empty if this is only told beside it.
    """

    parameter: str
    also: str
    one: str
    other: str
    part: str
    figures: tuple[float, float]
    verdict: Verdict | None
    expected: str

    @property
    def word(self) -> str:
        """Return what ``one`` is, beside ``other``."""
        more, less = _MORE_LESS.get(self.part, ("longer", "shorter"))
        if self.verdict is not None:
            return {"better": more, "worse": less}.get(self.verdict.word, SAME)
        first, second = self.figures
        return more if first > second else less if first < second else SAME

    @property
    def holds(self) -> bool:
        """True if ``one`` is what the claim promises."""
        return self.word == self.expected


@dataclass(frozen=True)
class Statement:
    """What the source study says of a hyperparameter, and whether it is so.

    Attributes
    ----------
    model : str
    about : str
        The hyperparameter, or a few words.
    says, right : str
        What the study says, in our words; the right statement.
    verdict : str
        "right", "misleading" or "wrong"; "complete", "incomplete" or "out of date" for a list of
        options; "holds", "holds in part", "does not hold" or "not seen" for what can be measured.
    missing, gone : tuple of str
        Options of the installed scikit-learn that the study does not name, and the reverse. Second
        names of an option that it names are not missing, nor are functions of one's own.
    seen : tuple of Seen
    by_reading : bool
        Whether the verdict was given by a person who read the statement; else it is computed.
    deprecated : str
        The version of scikit-learn since which a listed parameter should not be used; else empty.
    """

    model: str
    about: str
    says: str
    right: str
    verdict: str
    missing: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = field(default=())
    by_reading: bool = False
    deprecated: str = ""


@cache
def _words() -> dict[str, Any]:
    path = data_path("research", "hyperparameters.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def estimator(model: str) -> type[Any]:
    """Return scikit-learn's class of a model.

    Parameters
    ----------
    model : str
        A name in `audionome.lab.estimators.MODELS`.

    Returns
    -------
    type

    Examples
    --------
    >>> estimator("knn").__name__
    'KNeighborsClassifier'
    """
    return type(MODELS[model].make("study")[-1])


def options(model: str, name: str) -> tuple[str, ...]:
    """Return the words that the installed scikit-learn allows for a hyperparameter.

    Parameters
    ----------
    model, name : str

    Returns
    -------
    tuple of str
        In alphabetical order; empty for one that is not set by a word.
    """
    from sklearn.utils._param_validation import StrOptions

    rules = estimator(model)._parameter_constraints.get(name, [])
    found = [rule.options for rule in rules if isinstance(rule, StrOptions)]
    return tuple(sorted(set().union(*found)))


def named(model: str) -> set[str]:
    """Return the hyperparameters of a model that the study names."""
    about = {c["parameter"] for c in _words()["claims"] if c["model"] == model and "parameter" in c}
    return about | set(_changed(model, "study"))


def _changed(model: str, variant: str) -> dict[str, Any]:
    classifier: Any = MODELS[model].make(variant)[-1]
    usual = type(classifier)().get_params()
    found = {
        name: value
        for name, value in classifier.get_params().items()
        if value != usual[name] and not (variant == "study" and name in _TECHNICAL)
    }
    if variant == "study":
        # What the study names of its own run is told even where it is the default.
        return {**_told(model, classifier), **found}
    return found


def _told(model: str, classifier: Any) -> dict[str, Any]:
    told = {"logistic": ("solver", "max_iter"), "svc": ("C", "kernel", "gamma"),
            "sgd": ("penalty", "learning_rate", "eta0", "max_iter"),
            "boosting": ("loss",)}.get(model, ())  # fmt: skip
    return {name: classifier.get_params()[name] for name in told}


def written(value: Any) -> str:
    """Write a setting as Python does, numbers without needless digits."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def reference(model: str, params: pd.DataFrame) -> list[Hyperparameter]:
    """Return every hyperparameter that the installed scikit-learn knows, the study's first.

    Parameters
    ----------
    model : str
        A name in `audionome.lab.exploration.DIALS`.
    params : DataFrame
        What the search took: see `audionome.lab.store`.

    Returns
    -------
    list of Hyperparameter
        Without those that a newer scikit-learn has removed.

    Raises
    ------
    KeyError
        If one is not described.
    """
    words = _words()["parameters"]
    signature = inspect.signature(estimator(model)).parameters
    described = [name for name in words[model] if name in signature]
    if missing := set(signature) - set(described):
        raise KeyError(f"{model}: not described: {', '.join(sorted(missing))}")
    study, fixed = _changed(model, "study"), _changed(model, "tuned")
    searched = {name: (written(value),) for name, value in fixed.items()} | _space(model)
    chosen = _chosen(model, params)
    mine = named(model)
    found = []
    for name in described:
        text = {**words["common"].get(name, {}), **words[model][name]}
        # A marker stands where an old parameter should not be set.
        default = signature[name].default
        text.pop("removed", None)
        text["options"] = tuple(text.get("options", ()))
        found.append(
            Hyperparameter(
                model,
                name,
                default="none" if default == "deprecated" else written(default),
                named=name in mine,
                study=written(study[name]) if name in study else "",
                searched=searched.get(name, ()),
                chosen=chosen.get(name, ()),
                **text,
            )
        )
    return sorted(found, key=lambda one: (not one.named, bool(one.deprecated)))


def _space(model: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for grid in MODELS[model].space:
        for name, values in grid.items():
            found.setdefault(name.removeprefix("classify__"), []).extend(map(written, values))
    return {name: tuple(dict.fromkeys(values)) for name, values in found.items()}


def _chosen(model: str, params: pd.DataFrame) -> dict[str, tuple[tuple[str, int], ...]]:
    rows = select(params, model=model, variant="tuned", protocol="artist-grouped")
    taken = pd.DataFrame([json.loads(text) for text in rows["params"]])
    counted = {
        str(name).removeprefix("classify__"): column.map(written).value_counts()
        for name, column in taken.items()
    }
    return {
        name: tuple((str(value), int(n)) for value, n in counts.items())
        for name, counts in counted.items()
    }


def claims(
    found: pd.DataFrame,
    models: Sequence[str] | None = None,
    *,
    timed: Sequence[Mapping[str, Any]] = (),
) -> list[Statement]:
    """Judge what the study says of the hyperparameters.

    Parameters
    ----------
    found : DataFrame
        From `audionome.lab.studies.validation_curves.load`.
    models : sequence of str, optional
        Default: all seven.
    timed : sequence of dict
        The ``times`` of `audionome.lab.studies.times.load`; by default the stored ones.

    Returns
    -------
    list of Statement
        In the order of the models. All comparisons on other artists are one family.
    """
    wanted = list(DIALS) if models is None else list(models)
    rows = [c for model in DIALS for c in _words()["claims"] if c["model"] == model]
    pairs = [(i, seen) for i, row in enumerate(rows) for seen in row.get("seen", ())]
    judged = _compared(found, [seen for _, seen in pairs])
    known = timed or times.load()["times"]
    out = []
    for i, row in enumerate(rows):
        seen = tuple(s for (k, _), s in zip(pairs, judged, strict=True) if k == i and s is not None)
        seen += tuple(_clocked(row, one, known) for one in row.get("timed", ()))
        missing, gone = _lists(row)
        old = _deprecated(row)
        out.append(
            Statement(
                row["model"],
                row.get("about", row.get("parameter", "")),
                row.get("says") or f"It can be {either([f'`{o}`' for o in row['listed']])}.",
                row["right"],
                row.get("verdict") or _verdict(row, missing, bool(gone or old), seen),
                missing,
                gone,
                seen,
                "verdict" in row,
                old,
            )
        )
    return [claim for claim in out if claim.model in wanted]


def _lists(row: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "listed" not in row:
        return (), ()
    known = options(row["model"], row["parameter"])
    rules = estimator(row["model"])._parameter_constraints[row["parameter"]]
    same = row.get("same", {})
    missing = [
        o for o in (*known, *["None"] * (None in rules)) if same.get(o, o) not in row["listed"]
    ]
    return tuple(missing), tuple(o for o in row["listed"] if o not in known)


def _deprecated(row: Mapping[str, Any]) -> str:
    if "listed" not in row:
        return ""
    default = inspect.signature(estimator(row["model"])).parameters[row["parameter"]].default
    text = _words()["parameters"][row["model"]][row["parameter"]]
    return str(text["deprecated"]) if default == "deprecated" else ""


def _verdict(
    row: Mapping[str, Any], missing: Sequence[str], old: bool, seen: Sequence[Seen]
) -> str:
    if "listed" in row:
        return "out of date" if old else "incomplete" if missing else "complete"
    judged = [one for one in seen if one.expected]
    if not judged:
        return "not measured"
    # 1: as promised; 0: cannot be told; -1: the opposite.
    found = [(1 if one.holds else 0 if one.word == SAME else -1, one.part) for one in judged]
    timed = [mark for mark, part in found if part.startswith("time")]
    effects = [mark for mark, part in found if not part.startswith("time")]
    # What can happen holds once it has been seen.
    marks = [*([max(effects)] if effects and row.get("can") else effects), *timed]
    if min(marks) == 1:
        return "holds"
    if max(marks) == 1:
        return "holds in part"
    return "does not hold" if max(marks) == -1 else "not seen"


def _clocked(
    row: Mapping[str, Any], seen: Mapping[str, Any], known: Sequence[Mapping[str, Any]]
) -> Seen:
    model, parameter, part = row["model"], seen["parameter"], seen["of"]
    taken = {
        str(one["setting"]): float(one[part])
        for one in known
        if (one["model"], one["parameter"]) == (model, parameter)
    }
    one, other = seen["settings"]
    return Seen(parameter, "", one, other, f"time to {part}", (taken[one], taken[other]), None,
                seen.get("expect", ""))  # fmt: skip


def _compared(found: pd.DataFrame, wanted: Sequence[Mapping[str, Any]]) -> list[Seen | None]:
    curves = {curve.name: curve for curve in validation_curves.CURVES}
    measured = set(found["curve"])
    asked = {
        (part, seen["curve"], *seen["settings"])
        for seen in wanted
        if seen["curve"] in measured and (part := seen.get("of", "test")) != "train"
    }
    keys = sorted(asked)
    judged = dict(zip(keys, verdicts([_difference(found, *key) for key in keys]), strict=True))
    out: list[Seen | None] = []
    for seen in wanted:
        if seen["curve"] not in measured:
            out.append(None)
            continue
        curve, (one, other), part = curves[seen["curve"]], seen["settings"], seen.get("of", "test")
        values = [_value(found, curve.name, setting, part) for setting in (one, other)]
        also = ", ".join(f"{key} = {written(value)}" for key, value in curve.also.items())
        out.append(
            Seen(
                curve.parameter,
                also,
                one,
                other,
                part,
                (values[0], values[1]),
                judged.get((part, curve.name, one, other)),
                seen.get("expect", ""),
            )
        )
    return out


def _difference(found: pd.DataFrame, part: Any, curve: str, one: str, other: str) -> Difference:
    return validation_curves.differences(found, [(curve, one, other)], of=part)[0]


def _value(found: pd.DataFrame, curve: str, setting: str, part: str) -> float:
    if part == "gap":
        return validation_curves.gap(found, curve, setting)
    return validation_curves.accuracy(found, curve, setting, part=part)
