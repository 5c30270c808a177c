"""What the chapter on the study draws: its figures and its two comparisons, for each split."""

from __future__ import annotations

import pandas as pd

from audionome.lab import ladder
from audionome.lab.bootstrap import mean_interval
from audionome.lab.estimators import MODELS
from audionome.lab.metrics import confusion_matrix, precision_recall_f1
from audionome.lab.protocols import LADDER
from audionome.lab.studies.replay import STUDIED
from audionome.lab.study_claims.evidence import Evidence

__all__ = ["OWN", "figures", "splits"]

#: What the study's own split is called beside the protocols.
OWN = "Its own shuffle"


def figures(e: Evidence) -> pd.DataFrame:
    """Return the reported accuracies beside ours.

    Parameters
    ----------
    e : Evidence

    Returns
    -------
    DataFrame
        See `audionome.lab.ladder.study_table`; ``again`` with ``again_low`` and ``again_high`` is
        the accuracy on the study's own shuffle.
    """
    table = ladder.study_table(e.results.scores).set_index("model")
    test = e.replay.side("test")
    for name in table.index:
        i = mean_interval(test[name] == test["genre"], test["artist"])
        table.loc[name, ["again", "again_low", "again_high"]] = i.estimate, i.low, i.high
    return table.reset_index()


def splits(e: Evidence) -> dict[str, pd.DataFrame]:
    """Return what the study compares, for its own shuffle and for the protocols of the ladder.

    Parameters
    ----------
    e : Evidence

    Returns
    -------
    dict of str to DataFrame
        Title of a split to one row per model: ``model``, ``title``, accuracies ``train``,
        ``valid`` and ``test``, ``gap`` (train minus test), ``accuracy`` (that of the test),
        ``macro_f1``, ``ece`` and ``log_loss`` (missing where there are no probabilities). Per
        window, with the study's settings; the first split is its own.
    """
    own = e.replay.gaps()
    test = e.replay.side("test")
    f1 = [
        precision_recall_f1(confusion_matrix(test["genre"], test[name]))["f1"].mean()
        for name in own["model"]
    ]
    found = {OWN: own.assign(accuracy=own["test"], macro_f1=f1, ece=float("nan"),
                             log_loss=float("nan"))}  # fmt: skip
    for name, protocol in LADDER.items():
        settings = {"protocol": name, "level": "window", "variant": "study"}
        gaps = ladder.gaps(e.results.scores, **settings).set_index("model")
        measured = ladder.measures(e.results.scores, **settings).set_index("model")
        rows = gaps.join(measured.drop(columns=["title", "variant"]))
        rows = rows.loc[[m for m in MODELS if m in STUDIED and m in rows.index]].reset_index()
        # The study's own shuffle is one of random windows; two of them would say the same.
        if len(rows) and name != "random-windows":
            found[protocol.title] = rows
    return found
