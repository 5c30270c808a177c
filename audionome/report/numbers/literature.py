"""Figures of the literature, by name, as a page writes them."""

from __future__ import annotations

import pandas as pd

from audionome._words import points
from audionome.lab.literature import amount
from audionome.lab.protocols import PROTOCOLS

__all__ = ["cited", "printed"]

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
