"""Tables of the report, as they are printed."""

from __future__ import annotations

import json

import pandas as pd

from audionome._words import points
from audionome.lab.names import in_order, select, titled

__all__ = ["parameter_table", "score_table"]


def score_table(scores: pd.DataFrame, *, level: str = "track") -> pd.DataFrame:
    """Return the test results of every model and protocol for printing, the best first.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    level : {"track", "window"}
        What counts as one prediction.
    """
    rows = select(scores, level=level, split="test").sort_values("accuracy", ascending=False)
    # Sorting by protocol keeps the order within: the best first.
    order = {name: i for i, name in enumerate(in_order(rows[["protocol"]])["protocol"].unique())}
    rows = titled(rows.sort_values("protocol", key=lambda p: p.map(order), kind="stable"))

    def column(name: str, digits: int) -> list[str]:
        if name not in rows:  # results from before this measure
            return [""] * len(rows)
        return ["" if pd.isna(v) else f"{v:.{digits}f}" for v in rows[name]]

    interval = [
        f"{points(low)} to {points(high)}".replace(" ", "\N{NO-BREAK SPACE}")
        for low, high in rows[["accuracy_low", "accuracy_high"]].to_numpy()
    ]
    return pd.DataFrame(
        {
            "protocol": rows["protocol_title"],
            "model": rows["title"],
            "settings": rows["variant"].to_numpy(dtype=str),
            "accuracy (%)": [f"{100 * a:.1f}" for a in rows["accuracy"]],
            "95 % interval": interval,
            "macro F1": column("macro_f1", 3),
            "log loss": column("log_loss", 2),
            "calibration error": column("ece", 3),
            "predictions": rows["n"],
            "artists": rows["artists"],
            "fit (s)": column("fit_seconds", 1),
            "predict (s)": column("predict_seconds", 2),
        }
    )


def parameter_table(params: pd.DataFrame) -> pd.DataFrame:
    """Return the hyperparameters that tuning chose, and in how many folds, for printing.

    Parameters
    ----------
    params : DataFrame
        From `audionome.lab.store`: ``model``, ``variant``, ``protocol``, ``fold`` and ``params``,
        the chosen hyperparameters as JSON.
    """
    rows = in_order(titled(params[~params["params"].isin(["", "{}"])]))
    rows["chosen"] = [_settings(str(text)) for text in rows["params"]]
    keys = ["protocol_title", "title", "chosen"]
    counts = rows.groupby(keys, sort=False).size().rename("folds").reset_index()
    names = {"protocol_title": "protocol", "title": "model"}
    return counts.rename(columns=names)[["model", "protocol", "chosen", "folds"]]


def _settings(text: str) -> str:
    values = json.loads(text)
    return ", ".join(f"{name.split('__')[-1]} = {value}" for name, value in sorted(values.items()))
