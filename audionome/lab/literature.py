"""Figures that others report, each with its source, its protocol and the words around it.

Conventions
-----------
``data/research/literature.csv`` holds every figure of the literature that a page cites, one a row.
``value`` is the number as it is printed there, and ``fragment`` the few words in which it stands:
a slip of the pen in either is found by holding them against each other. ``checked`` says where the
words were read: in the ``work`` itself, on its ``authors' page`` (their repository, their lists),
``second hand`` (quoted by somebody else), or ``read off a chart``.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from scipy.stats import binomtest

from audionome._paths import data_path
from audionome.lab.bootstrap import LEVEL, mean_interval
from audionome.lab.deep.results import (
    EAR,
    EAR_ON_GTZAN,
    RUNGS,
    SCRATCH,
    STUDY,
    TITLES,
    Rungs,
    deep_ladder,
)
from audionome.lab.deep.settings import MODEL
from audionome.lab.store import missing

__all__ = ["CHECKED", "accuracies", "amount", "load", "ours"]

#: Where the words of a row were read, the best first.
CHECKED = ("work", "authors' page", "second hand", "read off a chart")


def load(path: Path | None = None) -> pd.DataFrame:
    """Load the figures of the literature.

    Parameters
    ----------
    path : Path, optional
        Default: ``data/research/literature.csv``.

    Returns
    -------
    DataFrame
        One row per figure, all of it text, empty where something does not apply: ``key`` (by which
        pages name it), ``value``, ``unit`` (``per cent``, ``share`` or ``count``), ``says``,
        ``model``, ``family``, ``learned from``, ``protocol``, ``comparable with`` (a name in
        `audionome.lab.protocols.PROTOCOLS`), ``n`` (tested clips), ``work`` (key of the
        bibliography), ``place``, ``url``, ``fragment`` and ``checked``.

    Raises
    ------
    audionome.lab.store.StaleResultsError
        If the file is missing.

    Examples
    --------
    >>> table = load().set_index("key")
    >>> table.loc["vggish", ["value", "protocol", "n"]].to_list()
    ['77.58', 'fault-filtered', '290']
    """
    path = path or data_path("research", "literature.csv")
    if not path.is_file():
        raise missing(path, "git restore data/research/literature.csv")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def amount(value: str, unit: str) -> float:
    """Return a printed number as a count, or as a share between 0 and 1.

    Parameters
    ----------
    value : str
        As printed; ``k`` stands for thousands.
    unit : str
        ``per cent``, ``share`` or ``count``.

    Examples
    --------
    >>> amount("200k", "count"), amount("61", "per cent"), amount("0.890", "share")
    (200000.0, 0.61, 0.89)
    """
    number = float(value.removesuffix("k")) * (1000 if value.endswith("k") else 1)
    return number / 100 if unit == "per cent" else number


def accuracies(table: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies whose protocol and number of clips are known, with intervals of ours.

    Parameters
    ----------
    table : DataFrame
        From `load`.

    Returns
    -------
    DataFrame
        The columns of ``table`` with ``n`` as a number, ``accuracy``, and ``low`` and ``high``: the
        95 % interval by Wilson's formula, *as if the clips were independent*. No source gives one.
        Clips of one artist are not independent, so the true interval is wider.
    """
    rows = table[(table["n"] != "") & (table["unit"] != "count")].copy()
    rows["n"] = rows["n"].astype(int)
    rows["accuracy"] = [amount(v, u) for v, u in zip(rows["value"], rows["unit"], strict=True)]
    intervals = [
        binomtest(round(a * n), n).proportion_ci(LEVEL, method="wilson")
        for a, n in zip(rows["accuracy"], rows["n"], strict=True)
    ]
    rows["low"] = [i.low for i in intervals]
    rows["high"] = [i.high for i in intervals]
    return rows.reset_index(drop=True)


#: Our models that stand beside those of others on the fault-filtered split, as a chart names them.
_NAMES = {
    TITLES[MODEL]: "small CNN",
    "extended": "extended",
    TITLES[EAR_ON_GTZAN]: "ear, GTZAN head",
    EAR: "ear",
}
_NO_DISCO = "fault-filtered-nine-genres"


def ours(scores: pd.DataFrame, rungs: Rungs, study: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracies of ours that were measured by a protocol of the literature.

    Parameters
    ----------
    scores : DataFrame
        From `audionome.lab.store.load`.
    rungs : dict
        From `audionome.lab.deep.results.on_rungs`.
    study : DataFrame
        Predictions of the study's best model on the fault-filtered split, per track.

    Returns
    -------
    DataFrame
        ``model``, ``family``, ``protocol`` (as `load` names it), ``n``, ``accuracy``, and ``low``
        and ``high``, over artists. Models that learn from sound were tested without disco, on
        fewer clips: the protocol ``fault-filtered-nine-genres``. The study's model is there too,
        on the same clips.
    """
    protocols = {"fault-filtered": "fault-filtered", "track-grouped": "ten random folds"}
    table = scores.astype(dict.fromkeys(("model", "variant", "protocol", "level", "split"), str))
    rows = table[(table["model"] == "svc") & (table["variant"] == "study")]
    rows = rows[(rows["level"] == "track") & (rows["split"] == "test")]
    rows = rows[rows["protocol"].isin(list(protocols))]
    whole = rows.rename(columns={"accuracy_low": "low", "accuracy_high": "high"}).assign(
        model=STUDY, family=SCRATCH, protocol=rows["protocol"].map(protocols)
    )
    tested = rungs[RUNGS[_NO_DISCO]]
    heard = deep_ladder({RUNGS[_NO_DISCO]: {m: r for m, r in tested.items() if m in _NAMES}})
    heard = heard.assign(model=heard["model"].map(_NAMES), protocol=_NO_DISCO)
    clips = set(next(iter(tested.values()))["track"].astype(str))
    same = study[study["track"].astype(str).isin(clips)]
    right = mean_interval(same["correct"].to_numpy(dtype=bool), same["artist"].to_numpy())
    beside = pd.DataFrame(
        {"model": [STUDY], "family": SCRATCH, "protocol": _NO_DISCO, "n": right.n,
         "accuracy": right.estimate, "low": right.low, "high": right.high}
    )  # fmt: skip
    columns = ["model", "family", "protocol", "n", "accuracy", "low", "high"]
    return pd.concat([whole[columns], beside, heard[columns]], ignore_index=True)
