"""Numbers of the page about collections of a million files and more.

The costs are reckoned from what was measured on one core: see `costs`.
"""

from __future__ import annotations

import pandas as pd

from audionome._words import duration, long_time, share
from audionome.lab.store import Benchmark

__all__ = ["BITRATE", "CORES", "FILES", "costs", "keeping", "passing", "size", "working"]

#: Files of the collections that are reckoned.
FILES = (1_000_000, 10_000_000)
#: Cores that share the work.
CORES = (1, 8, 64, 1000)
#: Of the MP3s whose room is reckoned (bits per second).
BITRATE = 256_000

_SPACE = "\N{NO-BREAK SPACE}"
_KINDS = {"clips": "clips of 30 seconds", "songs": "songs of 4 minutes"}


def size(n_bytes: float) -> str:
    r"""Write how much room something takes.

    Parameters
    ----------
    n_bytes : float

    Returns
    -------
    str

    Examples
    --------
    >>> size(1.62e8), size(8.1e12)
    ('160\xa0MB', '8.1\xa0TB')
    """
    for unit, one in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= 0.995 * one:
            value = n_bytes / one
            return f"{value:.1f}{_SPACE}{unit}" if value < 9.95 else f"{_two(value)}{_SPACE}{unit}"
    return f"{n_bytes / 1e3:.1f}{_SPACE}kB"


def _two(value: float) -> str:
    """Write a number with two digits that count."""
    return f"{float(f'{value:.2g}'):,.0f}"


def costs(found: Benchmark) -> pd.DataFrame:
    """Reckon what it costs to classify collections of MP3 files.

    Parameters
    ----------
    found : Benchmark

    Returns
    -------
    DataFrame
        A row per number of ``files`` and ``kind`` (``clips`` of 30 seconds or ``songs`` of 4
        minutes): ``core_seconds`` in all, ``sound_bytes`` that are read, ``table_bytes`` that are
        written as Parquet.
    """
    rows = found.formats
    mine = rows[(rows["format"] == "mp3") & (rows["program"] == "classify")].sort_values("length")
    found_rows = []
    for files in FILES:
        for kind, row in zip(_KINDS, mine.to_dict("records"), strict=True):
            found_rows.append(
                {
                    "files": files,
                    "kind": kind,
                    "core_seconds": files * row["seconds"],
                    "sound_bytes": files * row["length"] * BITRATE / 8,
                    "table_bytes": files * found.scale["row_bytes"]["parquet"],
                }
            )
    return pd.DataFrame(found_rows)


def working(found: Benchmark) -> dict[str, str]:
    """Tell what a million files cost.

    Returns
    -------
    dict of str to str
        ``clips`` and ``songs``: hours of one core for a million; both also with ``_64`` (time on
        64 cores), ``_ten_64`` (ten million on 64 cores), ``_seconds`` (of one core for one file)
        and ``_sound`` (to be read for a million); ``table`` and ``table_csv``: what a million rows
        take; ``bitrate`` of the sound (kbit/s); ``times``: how many times as much two processes do
        as one.
    """
    told: dict[str, str] = {}
    table = costs(found)
    for kind in _KINDS:
        million, ten = table[table["kind"] == kind].sort_values("files").to_dict("records")
        seconds = million["core_seconds"]
        told |= {
            kind: f"{seconds / 3600:,.0f}",
            f"{kind}_64": long_time(seconds / 64),
            f"{kind}_ten_64": long_time(ten["core_seconds"] / 64),
            f"{kind}_seconds": duration(seconds / FILES[0]),
            f"{kind}_sound": size(million["sound_bytes"]),
        }
    one = found.scale["row_bytes"]
    rows = found.workers
    most = rows[rows["clips"] == rows["clips"].max()].set_index("workers")["clips_per_second"]
    return told | {
        "table": size(one["parquet"] * FILES[0]),
        "table_csv": size(one["csv"] * FILES[0]),
        "bitrate": f"{BITRATE // 1000}",
        "times": f"{most[2] / most[1]:.2f}",
    }


def passing(found: Benchmark) -> dict[str, str]:
    """Tell how many cores a scheduler keeps busy.

    Returns
    -------
    dict of str to str
        ``tasks``: that it passes on per second; ``cores``: that this keeps busy with clips of 30
        seconds, if each were a task of its own.
    """
    rows = found.formats
    mine = rows[(rows["format"] == "mp3") & (rows["program"] == "classify")]
    tasks = float(found.scale["tasks_per_second"])
    return {"tasks": _two(tasks), "cores": _two(tasks * mine["seconds"].min())}


def keeping(searched: pd.DataFrame) -> dict[str, str]:
    """Tell what the index of a collection takes, and how fast it is searched.

    Parameters
    ----------
    searched : DataFrame
        From `audionome.lab.store.load_search`.

    Returns
    -------
    dict of str to str
        ``index`` and ``index_ten``: room for a million and, reckoned from it, ten million tracks;
        ``search`` and ``search_small``: time of a search among a million and a hundred thousand;
        ``first``: of the first search among a million, which loads the index; ``graph``: core time
        to build what a search of a million follows; ``recall``: share of the nearest it finds.
    """
    rows = {row["tracks"]: row for row in searched.to_dict("records")}
    million, small = rows[FILES[0]], rows[FILES[0] // 10]
    room = (million["index_mb"] + million["graph_mb"]) * 1e6
    return {
        "index": size(room),
        "index_ten": size(10 * room),
        "search": duration(million["each_seconds"]),
        "search_small": duration(small["each_seconds"]),
        "first": duration(million["first_seconds"]),
        "graph": long_time(million["graph_core_seconds"]),
        "recall": share(million["recall"]),
    }
