"""Numbers of the chapters on the algorithms and their hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from audionome._words import listed, points, share, span
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.exploration import DIALS, Regions
from audionome.lab.hyperparameters import Statement
from audionome.lab.names import select
from audionome.lab.studies import validation_curves

__all__ = ["claims", "curve", "dial", "pictures", "reach", "seven", "splits"]


def pictures(found: Regions) -> dict[str, str]:
    """Say what the pictures are made of.

    Parameters
    ----------
    found : Regions

    Returns
    -------
    dict of str to str
        ``genres`` by name, ``one`` and ``other`` feature, ``n_train`` and ``n_test`` tracks.
    """
    one, other = found.features
    return {
        "genres": listed(list(found.genres)),
        "one": f"`{one}`",
        "other": f"`{other}`",
        "n_train": str(len(found.points)),
        "n_test": str(found.n_test),
    }


def dial(found: Regions) -> dict[str, str]:
    """Say which setting validation chooses, and what the test says of it.

    Parameters
    ----------
    found : Regions
        From `audionome.lab.exploration.regions`.

    Returns
    -------
    dict of str to str
        ``parameter``; the ``chosen`` setting with its accuracy in ``train``, ``valid`` and
        ``test`` and the ``interval`` of the last; ``first`` and ``last`` setting of the slider,
        each with ``_train``; ``others``, a clause that sets the other settings beside the chosen
        one in the test.
    """
    step, first, last = found.steps[found.chosen], found.steps[0], found.steps[-1]
    told = []
    for word in ("better", "worse"):
        values = [f"{s.value:g}" for s in found.steps if s.verdict and s.verdict.word == word]
        told += [f"{listed(values)} {'does' if len(values) == 1 else 'do'} {word}"] * bool(values)
    rest = sum(s.verdict is not None and not s.verdict.differs for s in found.steps)
    if not told:
        told = ["no other setting can be told apart from it"]
    elif rest:
        told += [f"{rest} {SAME} from it" if rest > 1 else f"one {SAME} from it"]
    return {
        "parameter": f"`{found.dial.parameter}`",
        "chosen": f"{step.value:g}",
        "train": share(step.train),
        "valid": share(step.valid),
        "test": share(step.test),
        "interval": span(step.low, step.high),
        "first": f"{first.value:g}",
        "first_train": share(first.train),
        "last": f"{last.value:g}",
        "last_train": share(last.train),
        "others": "; ".join(told),
    }


def seven(scores: pd.DataFrame) -> dict[str, str]:
    """Say how far apart the study's models lie in its table, and with artists kept apart.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.

    Returns
    -------
    dict of str to str
        ``study_low`` and ``study_high`` model, each with ``_accuracy``, and ``study_apart`` in
        points; the same for our tuned models on new artists (``low``, ``high``, ``apart``), with
        the ``_interval`` of both ends.
    """
    told = {name: MODELS[name].study_accuracy or 0.0 for name in DIALS}
    rows = select(scores, split="test", protocol="artist-grouped", level="track", variant="tuned")
    rows = rows[rows["model"].isin(list(told))].sort_values("accuracy")
    worst, best = min(told, key=told.__getitem__), max(told, key=told.__getitem__)
    found = {
        "study_low": MODELS[worst].title.lower(),
        "study_low_accuracy": share(told[worst]),
        "study_high": MODELS[best].title.lower(),
        "study_high_accuracy": share(told[best]),
        "study_apart": points(told[best] - told[worst]),
        "apart": points(rows["accuracy"].iloc[-1] - rows["accuracy"].iloc[0]),
    }
    for end, row in (("low", rows.iloc[0]), ("high", rows.iloc[-1])):
        found |= {
            end: MODELS[str(row["model"])].title.lower(),
            f"{end}_accuracy": share(row["accuracy"]),
            f"{end}_interval": span(row["accuracy_low"], row["accuracy_high"]),
        }
    return found


def claims(found: Sequence[Statement]) -> dict[str, str]:
    """Count the verdicts on what the study says of the hyperparameters.

    Parameters
    ----------
    found : sequence of Statement
        From `audionome.lab.hyperparameters.claims`.

    Returns
    -------
    dict of str to str
        ``n`` statements, and ``counts``, a clause with how many are right (right, complete, or
        seen in our data), right in part (an incomplete list, or seen in part), not seen, and
        misleading, out of date or wrong; ``n_reading``, the verdicts given by reading.
    """
    groups = {
        "right": ("right", "complete", "holds"),
        "right in part": ("incomplete", "holds in part"),
        "not seen in our data": ("not seen", "not measured"),
        "misleading, out of date or wrong": ("misleading", "out of date", "wrong", "does not hold"),
    }
    counted = {key: sum(c.verdict in words for c in found) for key, words in groups.items()}
    told = [f"{n} {'is' if n == 1 else 'are'} {key}" for key, n in counted.items() if n]
    n_reading = sum(claim.by_reading for claim in found)
    return {"n": str(len(found)), "counts": listed(told), "n_reading": str(n_reading)}


def splits(found: pd.DataFrame, curve: str, one: str, other: str) -> dict[str, str]:
    """Set two settings of a curve beside each other on both kinds of split.

    Parameters
    ----------
    found : DataFrame
        From `audionome.lab.studies.validation_curves.load`.
    curve, one, other : str
        Name of a curve, and two of its settings as texts.

    Returns
    -------
    dict of str to str
        ``one`` and ``other``; for each kind of split, ``random`` and ``artist``, the accuracy of
        both (``random_one``, ``random_other``, ...), ``_verdict``, a clause that says which is
        better, and the ``_interval`` of the difference.
    """
    told = {"one": one, "other": other}
    for split in validation_curves.SPLITS:
        (judged,) = validation_curves.compare(found, [(curve, one, other)], split=split)
        told |= {
            f"{split}_{key}": share(validation_curves.accuracy(found, curve, value, split=split))
            for key, value in (("one", one), ("other", other))
        }
        told[f"{split}_verdict"] = (
            f"{one} is {judged.word}" if judged.differs else f"the two {SAME}"
        )
        told[f"{split}_interval"] = span(judged.interval.low, judged.interval.high)
    return told


def curve(table: pd.DataFrame, name: str) -> dict[str, str]:
    """Say how training accuracy and accuracy on other artists go along a curve.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.studies.validation_curves.summarise`.
    name : str
        Name of a curve.

    Returns
    -------
    dict of str to str
        ``first`` and ``last`` setting, each with ``_train`` and ``_test``; ``study`` setting with
        ``_train`` and ``_test``; ``better`` and ``worse``, the settings whose accuracy on other
        artists differs from the study's, or "none".
    """
    rows = table[(table["curve"] == name) & (table["split"] == "artist")]
    ends = {"first": rows.iloc[0], "last": rows.iloc[-1], "study": rows[rows["is_study"]].iloc[0]}
    told = {}
    for key, row in ends.items():
        told[key] = _setting(row["value"])
        told |= {f"{key}_{part}": share(row[part]) for part in ("train", "test")}
    for word in ("better", "worse"):
        values = [_setting(v) for v in rows.loc[rows["verdict"] == word, "value"]]
        told[word] = listed(values) or "none"
    return told


def reach(shares: pd.Series) -> dict[str, str]:
    """Say how many windows a support vector reaches.

    Parameters
    ----------
    shares : Series
        By gamma, smallest first: the share of pairs of windows that are more than half similar.

    Returns
    -------
    dict of str to str
        ``smallest`` and ``largest`` gamma, each with ``_share``.
    """
    return {
        "smallest": f"{shares.index[0]:g}",
        "smallest_share": share(shares.iloc[0]),
        "largest": f"{shares.index[-1]:g}",
        "largest_share": share(shares.iloc[-1]),
    }


def _setting(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
