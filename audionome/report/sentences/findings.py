"""What the results say, in sentences.

Conventions
-----------
Every function takes what `audionome.lab` computed and returns Markdown. Every number in it and
every verdict ("better", "cannot be told apart") comes from there; only the words around them are
from here.
"""

from __future__ import annotations

from audionome._words import listed, share
from audionome.lab.confusion import Confusion

__all__ = ["confusion"]


def confusion(result: Confusion) -> str:
    """Name the commonest confusions."""
    if result.pairs.empty:
        some = result.counts.to_numpy().sum() > 0
        return "No genre is taken for another." if some else "There are no answers to compare yet."
    parts = [
        f"{row['genre']} heard as {row['predicted']} ({share(row['share'])} of {row['genre']})"
        for _, row in result.pairs.head(3).iterrows()
    ]
    return f"The commonest confusions: {listed(parts)}."
