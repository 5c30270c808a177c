"""Numbers of a run over a collection that is killed, goes on, and grows."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from audionome._paths import data_path
from audionome._words import counted, duration, listed

__all__ = ["load", "memory", "unkind"]


def load() -> dict[str, Any]:
    """Return what ``make collection`` measured.

    Returns
    -------
    dict
    """
    found: dict[str, Any] = json.loads(data_path("results", "collection.json").read_bytes())
    return found


def memory(found: dict[str, Any]) -> pd.DataFrame:
    """Return how much memory a run takes that works on very many tiny files.

    Parameters
    ----------
    found : dict
        From `load`.

    Returns
    -------
    DataFrame
        A row per point in time of the working step: ``files`` done, ``mib`` of resident memory.
    """
    points = found["many"]["working_mib"]
    return pd.DataFrame(points, columns=["files", "mib"])


def unkind(found: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a run that was killed again and again.

    Parameters
    ----------
    found : dict
        From `load`.

    Returns
    -------
    dict
    """
    run, many = found["killed"], memory(found)
    return {
        "files": counted(run["files"], "file"),
        "formats": len(run["formats"]),
        "damaged": f"{run['damaged']:,}",
        "times": len(run["killed_after_s"]),
        "moments": listed([duration(seconds) for seconds in run["killed_after_s"]]),
        "rows": counted(run["rows"], "row"),
        "errors": f"{run['errors']:,}",
        "many": counted(found["many"]["files"], "file"),
        "least": f"{many['mib'].min():.0f}",
        "most": f"{many['mib'].max():.0f}",
    }
