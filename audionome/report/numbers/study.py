"""Numbers of the chapter on the source study: what it reported, and what becomes of it."""

from __future__ import annotations

import pandas as pd

from audionome._words import listed, points, share
from audionome.lab.ladder import TOLERANCE
from audionome.lab.names import FLOOR

__all__ = ["gaps", "measures", "reported"]


def reported(table: pd.DataFrame) -> dict[str, str]:
    """Count the study's figures that come out again.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.study_table`.

    Returns
    -------
    dict of str to str
        ``n_reported``, ``n_recomputed`` and ``n_repeated`` figures; ``tolerance`` in points;
        ``largest``, the largest difference in points; ``exceptions``, a clause that names the
        figures that do not come out again, or says that there are none.
    """
    have = table[table["ours"].notna()]
    far = have[~have["within"].to_numpy(dtype=bool)]
    named = [
        f"{row['title']} ({share(row['ours'])} instead of {share(row['study'])})"
        for _, row in far.iterrows()
    ]
    largest = have["difference"].abs().max() if len(have) else float("nan")
    return {
        "n_reported": str(len(table)),
        "n_recomputed": str(len(have)),
        "n_repeated": str(len(have) - len(far)),
        "tolerance": f"{100 * TOLERANCE:.0f}",
        "largest": points(largest),
        "exceptions": f"The exceptions: {listed(named)}." if named else "There is no exception.",
    }


def gaps(table: pd.DataFrame) -> dict[str, str]:
    """Name the models with the widest and the narrowest gap between training and test.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.gaps`.

    Returns
    -------
    dict of str to str
        ``widest`` and ``narrowest`` model, each with ``_train``, ``_test`` and ``_gap`` (in
        points); ``n_perfect`` of ``n_models`` answer more than 99 % of their training music
        correctly. Without training scores, every text is "not measured".
    """
    keys = [f"{m}{part}" for m in ("widest", "narrowest") for part in ("", *_PARTS)]
    have = table[table["gap"].notna() & (table["model"] != FLOOR)]
    if have.empty:
        return dict.fromkeys([*keys, "n_perfect", "n_models"], "not measured")
    order = have.sort_values("gap", ascending=False, kind="stable")
    found = {}
    for name, row in (("widest", order.iloc[0]), ("narrowest", order.iloc[-1])):
        found[name] = str(row["title"])
        found |= {f"{name}_{part}": share(row[part]) for part in ("train", "test")}
        found[f"{name}_gap"] = points(row["gap"])
    perfect = int((have["train"] > 0.99).sum())
    return found | {"n_perfect": str(perfect), "n_models": str(len(have))}


_PARTS = ("_train", "_test", "_gap")


def measures(table: pd.DataFrame) -> dict[str, str]:
    """Say how far accuracy and macro F1 are apart, and whose confidence is nearest the truth.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.measures`.

    Returns
    -------
    dict of str to str
        ``apart`` (points between accuracy and macro F1, at most) and ``apart_model``;
        ``calibrated`` and ``miscalibrated``, the models with the smallest and the largest
        calibration error, each with ``_error`` in points. Without scores, every text is "not
        measured".
    """
    have = table[table["model"] != FLOOR]
    order = have.dropna(subset="ece").sort_values("ece", kind="stable")
    if have.empty or order.empty:
        names = ["apart", "apart_model", "calibrated", "miscalibrated"]
        errors = ["calibrated_error", "miscalibrated_error"]
        return dict.fromkeys([*names, *errors], "not measured")
    apart = (have["accuracy"] - have["macro_f1"]).abs()
    far = have.iloc[int(apart.to_numpy().argmax())]
    found = {"apart": points(apart.max()), "apart_model": str(far["title"])}
    for name, row in (("calibrated", order.iloc[0]), ("miscalibrated", order.iloc[-1])):
        found |= {name: str(row["title"]), f"{name}_error": points(row["ece"])}
    return found
