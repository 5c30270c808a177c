"""The source study's own shuffle and fits, done again: its very test windows, its very models.

The study's public notebook names its seed. `train_test_split` depends on that and on the number of
rows alone, so the 9 990 rows of the published table fall on the same sides again.
``python -m audionome.lab.studies.replay TABLE`` fits the seven models (minutes) and writes
``data/research/study_replay.parquet``; the report reads that file.

Conventions
-----------
Features are scaled on all rows before the split, as the study did. A copy of the table may lack
rows: then the sides are those of the whole table, less the rows that are not there.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from audionome._paths import data_path, output_path
from audionome.datasets import gtzan
from audionome.datasets.gtzan import GENRES
from audionome.features import COLUMNS
from audionome.files import require_output_folder, written_whole
from audionome.lab.compare import SIGNIFICANT, Difference, accuracy_difference, verdicts
from audionome.lab.estimators import MODELS
from audionome.lab.store import missing

__all__ = ["PRINTED", "SHORT", "STUDIED", "Replay", "load", "replay", "sides", "two_sided"]

#: Seed of the study's split and of its models.
SEED = 42
#: The seven models of the study, in its order.
STUDIED = ("logistic", "sgd", "forest", "svc", "knn", "tree", "boosting")
#: Two of them again with the settings that the report prints; its notebook shows others.
PRINTED = {"sgd": "sgd_printed", "knn": "knn_printed"}
REPLAYED = (*STUDIED, *PRINTED.values())
#: Tracks whose tenth window the published table does not have.
SHORT = (
    "classical.00049", "classical.00051", "country.00003", "country.00004", "country.00007",
    "disco.00014", "hiphop.00031", "hiphop.00032", "rock.00027", "rock.00038",
)  # fmt: skip
_EPOCHS = 200


def sides() -> pd.DataFrame:
    """Return on which side of the study's split each row of the published table falls.

    Returns
    -------
    DataFrame
        ``track``, ``window`` and ``side`` ("train", "valid" or "test"), in the table's order.
    """
    from sklearn.model_selection import train_test_split

    rows = [
        (f"{genre}.{number:05d}", window)
        for genre in GENRES
        for number in range(100)
        for window in range(10)
        if window < 9 or f"{genre}.{number:05d}" not in SHORT
    ]
    table = pd.DataFrame(rows, columns=["track", "window"])
    train, rest = train_test_split(np.arange(len(table)), test_size=0.2, random_state=SEED)
    # The first half of the rest was the study's test, the second its validation.
    test, valid = train_test_split(rest, test_size=0.5, random_state=SEED)
    for name, part in (("train", train), ("valid", valid), ("test", test)):
        table.loc[part, "side"] = name
    return table


def replay(published: pd.DataFrame, *, models: Sequence[str] = REPLAYED) -> pd.DataFrame:
    """Fit the study's models on its side of the table and let them answer about every row.

    Parameters
    ----------
    published : DataFrame
        From `audionome.datasets.gtzan.read_published`.
    models : sequence of str
        Names in `STUDIED` and values of `PRINTED`.

    Returns
    -------
    DataFrame
        ``track``, ``window``, ``genre``, ``side``, and one column of answers for each model.
    """
    from sklearn.preprocessing import StandardScaler

    rows = published.merge(sides(), on=["track", "window"], validate="one_to_one")
    X = StandardScaler().fit_transform(rows[list(COLUMNS)].to_numpy(np.float64))
    y = rows["genre"].to_numpy(dtype=str)
    train = (rows["side"] == "train").to_numpy()
    out = rows[["track", "window", "genre", "side"]].copy()
    for name in models:
        out[name] = _fitted(name, X[train], y[train]).predict(X)
    return out


def _fitted(name: str, X: Any, y: Any) -> Any:
    """Fit a model as the notebook of the study does, or as its report says."""
    model = MODELS[name.removesuffix("_printed")].make("study")[-1]
    if "random_state" in model.get_params():
        model.set_params(random_state=SEED)
    if name == "knn":
        model.set_params(weights="distance")
    if name != "sgd":
        return model.fit(X, y)
    for _ in range(_EPOCHS):
        model.partial_fit(X, y, classes=np.unique(y))
    return model


@dataclass(frozen=True)
class Replay:
    """The study's split and models, done again.

    Attributes
    ----------
    rows : DataFrame
        From `replay`, with ``artist``, the number of the track's group.
    """

    rows: pd.DataFrame

    def side(self, name: str) -> pd.DataFrame:
        """Rows of one side: "train", "valid" or "test"."""
        return self.rows[(self.rows["side"] == name).to_numpy(dtype=bool)]

    def reported(self) -> pd.DataFrame:
        """Hold the reported accuracies against the replay.

        Returns
        -------
        DataFrame
            One row for each model, and a second one for those in `PRINTED`: ``model``, ``title``,
            ``as_printed``, ``study`` (reported accuracy), ``ours``, ``n`` (test windows that are
            there), ``right``, ``theirs`` (right answers that the study's accuracy means among all
            its test windows), ``absent`` (test windows that are not there), ``needed`` (how many of
            these the model must get right to reach its figure), ``likely`` (how many it gets right
            if it finds of each genre what it finds among the windows that are there), ``p_value``
            of a number as far off as that, and ``possible``: whether it is above `SIGNIFICANT`,
            divided by the number of models.
        """
        test = self.side("test")
        planned = sides()
        whole = planned[planned["side"] == "test"]
        gone = (genre_counts(whole["track"].str.split(".").str[0])
                - genre_counts(test["genre"])).clip(lower=0)  # fmt: skip
        out = []
        for name in STUDIED:
            for column in (name, PRINTED.get(name)):
                if column is None:
                    continue
                hits = test[column] == test["genre"]
                right = int(hits.sum())
                recall = hits.groupby(test["genre"]).mean().reindex(GENRES, fill_value=0.0)
                study = float(MODELS[name].study_accuracy or np.nan)
                theirs, absent = round(study * len(whole)), len(whole) - len(test)
                chances = np.repeat(np.asarray(recall, dtype=np.float64), gone.to_numpy())
                p_value = two_sided(theirs - right, chances)
                out.append(
                    {
                        "model": name,
                        "title": MODELS[name].title,
                        "as_printed": column != name or name not in PRINTED,
                        "study": study,
                        "ours": right / len(test),
                        "n": len(test),
                        "right": right,
                        "theirs": theirs,
                        "absent": absent,
                        "needed": theirs - right,
                        "likely": float(chances.sum()),
                        "p_value": p_value,
                        "possible": p_value >= SIGNIFICANT / len(STUDIED),
                    }
                )
        return pd.DataFrame(out)

    def gaps(self) -> pd.DataFrame:
        """Return how well each model knows its training windows, and others.

        Returns
        -------
        DataFrame
            ``model``, ``title``, ``train``, ``valid``, ``test``, ``gap`` (train minus test) with
            ``low``, ``high`` and ``verdict``: what training accuracy is, set beside test accuracy,
            all models being one family.
        """
        parts = {name: self.side(name) for name in ("train", "valid", "test")}
        out, found = [], []
        for name in STUDIED:
            right = {side: (rows[name] == rows["genre"]) for side, rows in parts.items()}
            found.append(
                accuracy_difference(
                    right["train"], parts["train"]["artist"], right["test"], parts["test"]["artist"]
                )
            )
            shares = {side: float(answers.mean()) for side, answers in right.items()}
            out.append({"model": name, "title": MODELS[name].title, **shares})
        return pd.DataFrame(out).assign(**judged(found))


def genre_counts(genres: pd.Series) -> pd.Series:
    """Count the rows of each genre."""
    return genres.astype(str).value_counts().reindex(GENRES, fill_value=0)


def two_sided(n: int, chances: NDArray[np.float64]) -> float:
    """Return how likely a number of right answers as far off as this is.

    Parameters
    ----------
    n : int
        Right answers.
    chances : ndarray
        Chance of each answer to be right, independent of the others.

    Returns
    -------
    float
        Twice the smaller tail of the Poisson-binomial distribution, at most 1; 0 for a number that
        is negative or larger than the number of answers.

    Examples
    --------
    >>> two_sided(2, np.array([0.5, 0.5]))
    0.5
    """
    if not 0 <= n <= len(chances):
        return 0.0
    exactly = np.ones(1)
    for p in chances:
        exactly = np.convolve(exactly, [1 - p, p])
    return float(min(1.0, 2 * min(exactly[: n + 1].sum(), exactly[n:].sum())))


def judged(found: list[Difference]) -> dict[str, list[Any]]:
    """Return the columns ``gap``, ``low``, ``high`` and ``verdict`` of a family of differences."""
    family = verdicts(found)
    return {
        "gap": [v.interval.estimate for v in family],
        "low": [v.interval.low for v in family],
        "high": [v.interval.high for v in family],
        "verdict": [v.word for v in family],
    }


def load() -> Replay:
    """Return the committed replay.

    Returns
    -------
    Replay

    Raises
    ------
    StaleResultsError
        If there is none.
    """
    path = data_path("research", "study_replay.parquet")
    if not path.is_file():
        raise missing(path, "python -m audionome.lab.studies.replay TABLE")
    rows = pd.read_parquet(path)
    for column in rows.select_dtypes("category"):
        rows[column] = rows[column].astype(str)
    artists = gtzan.load().tracks.set_index("track")["artist"]
    return Replay(rows.assign(artist=artists.loc[rows["track"]].to_numpy()))


def main(table: str) -> None:
    """Fit on a copy of the published table and write the file."""
    path = output_path("research") / "study_replay.parquet"
    require_output_folder(path.parent)
    rows = replay(gtzan.read_published(table, list(COLUMNS)))
    words = rows.columns.difference(["window"])
    with written_whole(path) as unfinished:
        rows.astype(dict.fromkeys(words, "category")).to_parquet(
            unfinished, index=False, compression="zstd"
        )


if __name__ == "__main__":
    main(sys.argv[1])
