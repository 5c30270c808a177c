"""Tables of the report, as they are printed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pandas as pd

from audionome._words import coefficient, genre_name, points
from audionome.lab.exploration import Tested
from audionome.lab.model_card import COMPARED, Comparison
from audionome.lab.names import FLOOR, in_order, select, titled

__all__ = [
    "card_table",
    "claim_table",
    "doubted",
    "nearest_pairs",
    "pair_table",
    "parameter_table",
    "score_table",
    "search_table",
    "separation_table",
    "standardised_table",
    "tries",
]

_SPACE = "\N{NO-BREAK SPACE}"


def score_table(scores: pd.DataFrame, *, level: str = "track") -> pd.DataFrame:
    """Return the test results of every model and protocol for printing, the best first.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    level : {"track", "window"}
        What counts as one prediction.

    Returns
    -------
    DataFrame
        The floor names one genre with a probability of 1, whatever it hears; measures of its
        probabilities would say nothing, and are left empty.
    """
    rows = select(scores, level=level, split="test").sort_values("accuracy", ascending=False)
    # Sorting by protocol keeps the order within: the best first.
    order = {name: i for i, name in enumerate(in_order(rows[["protocol"]])["protocol"].unique())}
    rows = titled(rows.sort_values("protocol", key=lambda p: p.map(order), kind="stable"))

    for name in ("log_loss", "ece"):
        rows[name] = rows[name].mask(rows["model"] == FLOOR)

    def column(name: str, digits: int) -> list[str]:
        return ["" if pd.isna(v) else f"{v:.{digits}f}" for v in rows[name]]

    interval = [
        f"{points(low)} to {points(high)}".replace(" ", "\N{NO-BREAK SPACE}")
        for low, high in rows[["accuracy_low", "accuracy_high"]].to_numpy()
    ]
    models = [
        title if model == FLOOR else f"{title}, {variant}"
        for title, model, variant in rows[["title", "model", "variant"]].to_numpy(dtype=str)
    ]
    return pd.DataFrame(
        {
            "protocol": rows["protocol_title"],
            "model": models,
            "accuracy (%)": [f"{100 * a:.1f}" for a in rows["accuracy"]],
            "95 % interval": interval,
            "macro F1": column("macro_f1", 3),
            "log loss": column("log_loss", 2),
            "calibration error": column("ece", 3),
            f"{level}s": rows["n"],
            "artists": rows["artists"],
            "fit, predict (s)": [
                f"{fit}, {predict}" if fit and predict else fit or predict
                for fit, predict in zip(
                    column("fit_seconds", 1), column("predict_seconds", 2), strict=True
                )
            ],
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


# -- the released models ------------------------------------------------------------------


def card_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the results of every released model and protocol for printing.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.ladder`.
    """
    return pd.DataFrame(
        {
            "model": table["model"],
            "protocol": table["protocol_title"],
            "accuracy (%)": [f"{100 * a:.1f}" for a in table["accuracy"]],
            "95 % interval": _spans(table),
            "predictions": table["n"],
            "artists": table["artists"],
            "effective sample size": [f"{n:.0f}" for n in table["effective_n"]],
            "calibration error": [f"{v:.3f}" for v in table["calibration_error"]],
            "how it was judged": table["summary"],
        }
    )


def pair_table(found: Mapping[tuple[str, str, str], Comparison]) -> pd.DataFrame:
    """Return comparisons of two models on the same clips for printing.

    Parameters
    ----------
    found : mapping of (str, str, str) to Comparison
        From `audionome.lab.model_card.comparisons`.
    """
    return pd.DataFrame(
        [
            {
                "music": COMPARED.get(protocol, protocol),
                "models": f"{a} against {b}",
                "difference (points)": points(c.verdict.interval.estimate),
                "95 % interval": _span(c.verdict.interval.low, c.verdict.interval.high),
                "verdict": f"{a} is {c.verdict.word}" if c.verdict.differs else c.verdict.word,
                "clips": c.verdict.interval.n,
                "artists": c.verdict.interval.clusters,
            }
            for (protocol, a, b), c in found.items()
        ]
    )


def separation_table(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how well entropy and distance tell trouble, for printing.

    Parameters
    ----------
    found : mapping of str to DataFrame
        Name of a model to what `audionome.lab.model_card.separation` returns.
    """
    tasks = {
        "errors, elsewhere": "a wrong answer, music from elsewhere",
        "errors, GTZAN": "a wrong answer, GTZAN",
        "errors, wild": "a wrong answer, the commercial library",
        "soul, GTZAN": "soul among tracks of GTZAN",
        "soul, wild": "soul among other tracks of that library",
    }
    signs = {"entropy": "entropy of the probabilities", "distance": "distance to what was learned"}
    words = {"better": "better than chance", "worse": "worse than chance"}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "model": model,
                    "what it should tell": [tasks[t] for t in table["task"]],
                    "by": [signs[s] for s in table["sign"]],
                    "AUC": [f"{v:.2f}" for v in table["auc"]],
                    "95 % interval": [
                        f"{low:.2f} to {high:.2f}".replace(" ", _SPACE)
                        for low, high in table[["low", "high"]].to_numpy()
                    ],
                    "verdict": [words.get(w, "no better than chance") for w in table["verdict"]],
                }
            )
            for model, table in found.items()
        ]
    )


def tries(table: pd.DataFrame) -> pd.DataFrame:
    """Return the notes of what was tried for printing.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.load_tries`.
    """
    names = {
        "model": "for",
        "tried": "tried",
        "artist_grouped": "artists apart, %",
        "artist_grouped_interval": "95 % interval",
        "fault_filtered": "fault-filtered, %",
        "wild": "wild, %",
        "wild_interval": "95 % interval, wild",
    }
    return table[list(names)].rename(columns=names)


def doubted(tracks: pd.DataFrame, *, first: int = 15) -> pd.DataFrame:
    """Return the tracks whose genre the model doubts most for printing.

    Parameters
    ----------
    tracks : DataFrame
        From `audionome.lab.model_card.twins`.
    first : int
        How many.
    """
    rows = tracks.sort_values("p_genre", ignore_index=True).head(first)
    return pd.DataFrame(
        {
            "track": rows["track"],
            "the model says": [
                f"{genre_name(name)} ({p:.0%})"
                for name, p in rows[["predicted", "p_predicted"]].to_numpy()
            ],
            "probability of its own genre": [
                f"{p:.1%}" if p >= 0.001 else "under 0.1%" for p in rows["p_genre"]
            ],
        }
    )


def nearest_pairs(tracks: pd.DataFrame, *, first: int = 30) -> pd.DataFrame:
    """Return the pairs of tracks that are most alike for printing, each pair once.

    Parameters
    ----------
    tracks : DataFrame
        From `audionome.lab.model_card.twins`.
    first : int
        How many.
    """
    pairs = [frozenset(pair) for pair in tracks[["track", "twin"]].to_numpy(dtype=str)]
    rows = tracks[~pd.Series(pairs, index=tracks.index).duplicated()].head(first)
    return pd.DataFrame(
        {
            "track": rows["track"],
            "nearest": rows["twin"],
            "cosine": [f"{c:.3f}" for c in rows["cosine"]],
            "same artist and title": [
                "yes" if same else "no" if known else "not known"
                for same, known in rows[["same_song", "known"]].to_numpy()
            ],
        }
    )


def _spans(table: pd.DataFrame) -> list[str]:
    return [_span(low, high) for low, high in table[["low", "high"]].to_numpy()]


def _span(low: float, high: float) -> str:
    return f"{points(low)} to {points(high)}".replace(" ", _SPACE)


# -- features -----------------------------------------------------------------------------


def standardised_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return what `audionome.lab.exploration.standardised` computed for printing."""
    printed = table.drop(columns="feature").map(_number)
    printed.insert(0, "feature", table["feature"])
    names = {"feature": "feature", "value": "this track", "mean": "1. mean of all tracks",
             "centred": "2. minus the mean", "spread": "3. standard deviation",
             "standardised": "4. divided by it"}  # fmt: skip
    return printed.rename(columns=names)[list(names.values())]


def claim_table(tested: Sequence[Tested]) -> pd.DataFrame:
    """Return claims about correlations with their verdicts for printing.

    Parameters
    ----------
    tested : sequence of Tested
        From `audionome.lab.exploration.check`.
    """
    rows = []
    for one in tested:
        far = one.table.iloc[0]
        rows.append(
            {
                "claim": one.claim.words,
                "verdict": one.verdict,
                "pairs": len(one.table),
                "as said": one.count("holds"),
                "open": one.count("open"),
                "not as said": one.count("fails"),
                "farthest from it": f"{far['one']}, {far['other']}: {coefficient(far['r'])} "
                f"({coefficient(far['low'])} to {coefficient(far['high'])})",
            }
        )
    return pd.DataFrame(rows)


def _number(value: float) -> str:
    """Write a number with about three digits that count, and a true minus."""
    size = abs(value)
    digits = 0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}".replace("-0.000", "0.000").replace("-", "−")


def search_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what the search of large indexes costs, for printing.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.store.load_search`.
    """

    def cells(name: str, digits: int, unit: str) -> list[str]:
        values = rows[name] if name in rows else pd.Series([None] * len(rows))
        return ["" if pd.isna(v) else f"{v:,.{digits}f}{_SPACE}{unit}" for v in values]

    recall = rows["recall"] if "recall" in rows else pd.Series([None] * len(rows))
    return pd.DataFrame(
        {
            "tracks": [f"{n:,}" for n in rows["tracks"]],
            "index": cells("index_mb", 0, "MB"),
            "graph": cells("graph_mb", 0, "MB"),
            "core time to make it": cells("graph_core_seconds", 0, "s"),
            "of the ten nearest, found": ["all" if pd.isna(v) else f"{v:.1%}" for v in recall],
            "first answer": cells("first_seconds", 1, "s"),
            "a further one": cells("each_seconds", 3, "s"),
            "memory": cells("peak_mb", 0, "MB"),
        }
    )
