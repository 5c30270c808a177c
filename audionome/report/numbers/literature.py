"""Figures of the literature, by name, as a page writes them."""

from __future__ import annotations

import pandas as pd

from audionome._words import points
from audionome.lab.literature import amount
from audionome.lab.protocols import PROTOCOLS

__all__ = ["cited", "highest", "printed", "uncertainty"]

_SPACE = "\N{NO-BREAK SPACE}"


def cited(table: pd.DataFrame) -> dict[str, str]:
    """Write every figure of the literature as it is printed in its source.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.literature.load`.

    Returns
    -------
    dict of str to str
        ``lit_`` and the key of a figure: "61 %" with as many decimals as its source prints, or a
        count such as "200,000". The sentence around it names the work.

    Examples
    --------
    >>> from audionome.lab.literature import load
    >>> figures = cited(load())
    >>> figures["lit_msd_songs"], figures["lit_gtzan_replicas"]
    ('200,000', '50')
    """
    written = zip(table["key"], table["value"], table["unit"], strict=True)
    return {f"lit_{key}": _figure(value, unit) for key, value, unit in written}


def _figure(value: str, unit: str) -> str:
    if unit == "count":
        return f"{amount(value, unit):,.0f}"
    return f"{value if unit == 'per cent' else f'{100 * float(value):.1f}'}{_SPACE}%"


def printed(rows: pd.DataFrame) -> pd.DataFrame:
    """Put the accuracies of others into a table, with what they may be compared with.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.literature.accuracies`.

    Returns
    -------
    DataFrame
        By protocol, then by accuracy. The interval is ours, and holds only if clips were
        independent.
    """
    order = rows.assign(place=rows["protocol"].map({"fault-filtered": 0}).fillna(1))
    order = order.sort_values(["place", "accuracy"], kind="stable")
    titles = {name: protocol.title for name, protocol in PROTOCOLS.items()} | {
        "": "nothing of ours"
    }
    return pd.DataFrame(
        {
            "model": order["model"],
            "family": order["family"],
            "learned from": order["learned from"],
            "protocol": order["protocol"],
            "clips": [f"{n:,}" for n in order["n"]],
            "accuracy (%)": order["value"].where(
                order["unit"] == "per cent", order["accuracy"] * 100
            ),
            "our interval, if clips were independent": [
                f"{points(low)} to {points(high)}"
                for low, high in zip(order["low"], order["high"], strict=True)
            ],
            "may be compared with": order["comparable with"].map(titles),
            "reported by": order["by"],
            "read": order["checked"],
        }
    )


def highest(rows: pd.DataFrame) -> dict[str, str]:
    """Name the highest figures of others on the fault-filtered split, by what they learned from.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.literature.accuracies`.

    Returns
    -------
    dict of str to str
        ``pretrained_best`` and ``scratch_best``, models, each with ``_figure``.
    """
    split = rows[rows["protocol"] == "fault-filtered"].sort_values("accuracy", kind="stable")
    out = {}
    for name, family in (("pretrained", "pretrained"), ("scratch", "from scratch")):
        best = split[split["family"] == family].iloc[-1]
        out[f"{name}_best"] = str(best["model"])
        out[f"{name}_best_figure"] = _figure(str(best["value"]), str(best["unit"]))
    return out


def uncertainty(resolution: pd.DataFrame) -> dict[str, str]:
    """Tell how uncertain an accuracy on the fault-filtered split is.

    Parameters
    ----------
    resolution : DataFrame
        From `audionome.lab.ladder.resolution`.

    Returns
    -------
    dict of str to str
        ``split_clips`` by ``split_artists``; half of the 95 % interval in points,
        ``if_independent`` and ``over_artists``; ``effective_clips``, the independent clips that
        would tell as much.
    """
    row = resolution.set_index("protocol").loc["fault-filtered"]
    return {
        "split_clips": f"{row['n']:.0f}",
        "split_artists": f"{row['artists']:.0f}",
        "if_independent": f"{100 * row['half_width_independent']:.0f}",
        "over_artists": f"{100 * row['half_width']:.0f}",
        "effective_clips": f"{row['effective_n']:.0f}",
    }
