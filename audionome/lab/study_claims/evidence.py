"""What the claims are judged by: loaded and computed once, when a claim first asks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from audionome._paths import data_path
from audionome.datasets import gtzan
from audionome.datasets.gtzan import Gtzan
from audionome.lab import exploration, hyperparameters, ladder, literature, store
from audionome.lab.compare import (
    Difference,
    Verdict,
    accuracy_difference,
    difference,
    paired_difference,
    verdict,
    verdicts,
)
from audionome.lab.estimators import MODELS
from audionome.lab.exploration.projection import features_of
from audionome.lab.model_card import released
from audionome.lab.model_card.accuracy import Comparison, comparisons
from audionome.lab.names import FLOOR, select
from audionome.lab.studies import replay, validation_curves
from audionome.lab.studies.replay import STUDIED, Replay, judged
from audionome.lab.study_claims.genres import Recalls, recalls

__all__ = ["APART", "Evidence", "Rows", "Trial"]

#: A table by model: one row of it is what its columns are called, and their values.
Rows = dict[str, dict[str, Any]]

#: The protocol that stands beside the study's own.
APART = "artist-grouped"


@dataclass(frozen=True)
class Trial:
    """A model of the study, fitted on half of the artists.

    Attributes
    ----------
    train : float
        Accuracy on the tracks that it learned from.
    right : ndarray of bool
        Right answers about the tracks of the other artists.
    estimator : Any
        The fitted classifier.
    """

    train: float
    right: NDArray[np.bool_]
    estimator: Any

    @property
    def test(self) -> float:
        """Accuracy on the tracks of the other artists."""
        return float(self.right.mean())


def _by_model(table: pd.DataFrame) -> Rows:
    return {str(row["model"]): row for row in _records(table)}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _tallies() -> pd.DataFrame:
    names = ["model", "variant", "protocol", "split", "level", "track", "track_right", "track_n"]
    return pd.read_parquet(data_path("results", "tallies.parquet"), columns=names)


@dataclass(frozen=True)
class Evidence:
    """The tables that decide, and what follows from them.

    Attributes
    ----------
    data : Gtzan
    results : audionome.lab.store.Results
    replay : audionome.lab.studies.replay.Replay
    tallies : DataFrame
        Right answers about each training track, see `audionome.lab.crossval`.
    """

    data: Gtzan = field(default_factory=gtzan.load)
    results: store.Results = field(default_factory=store.load)
    replay: Replay = field(default_factory=replay.load)
    tallies: pd.DataFrame = field(default_factory=_tallies)

    # -- the study's own shuffle ----------------------------------------------------------

    @cached_property
    def reported(self) -> Rows:
        """See `Replay.reported`; the settings that were run, by model."""
        return _by_model(self.replay.reported().drop_duplicates("model"))

    @cached_property
    def printed(self) -> Rows:
        """The same with the settings that the report prints."""
        table = self.replay.reported()
        return _by_model(table[table["as_printed"].to_numpy(dtype=bool)])

    @cached_property
    def gaps(self) -> Rows:
        """See `Replay.gaps`; by model."""
        return _by_model(self.replay.gaps())

    @cached_property
    def own(self) -> dict[str, Recalls]:
        """Recalls of each model on the study's own test windows."""
        test = self.replay.side("test")
        return {name: recalls(test["genre"], test[name], test["artist"]) for name in STUDIED}

    def against(self, one: str, other: str) -> Verdict:
        """Compare two models on the study's own test windows."""
        test = self.replay.side("test")
        first, second = (test[name] == test["genre"] for name in (one, other))
        return verdict(paired_difference(first, second, test["artist"]))

    def within(self, one: str, other: str, genres: Sequence[str]) -> dict[str, Verdict]:
        """Compare what two models find of some genres on the study's own test windows."""
        test = self.replay.side("test")
        first, second = (test[name] == test["genre"] for name in (one, other))
        return _by_genre(first, second, test["genre"], test["artist"], genres)

    # -- the same models with artists kept apart ------------------------------------------

    @cached_property
    def _apart(self) -> dict[str, pd.DataFrame]:
        rows = select(self.results.predictions, protocol=APART, variant="study")
        rows = rows[["model", "track", "window", "genre", "predicted", "artist"]]
        return {name: select(rows, model=name).sort_values(["track", "window"]) for name in STUDIED}

    @cached_property
    def apart(self) -> dict[str, Recalls]:
        """Recalls of each model on windows by artists that it had not met."""
        return {
            name: recalls(rows["genre"], rows["predicted"], rows["artist"])
            for name, rows in self._apart.items()
        }

    def against_apart(self, one: str, other: str) -> Verdict:
        """Compare two models on windows by artists that they had not met."""
        first, second = (self._apart[name] for name in (one, other))
        a, b = ((r["genre"] == r["predicted"]).to_numpy() for r in (first, second))
        return verdict(paired_difference(a, b, first["artist"]))

    def within_apart(self, one: str, other: str, genres: Sequence[str]) -> dict[str, Verdict]:
        """As `within`, on windows by artists that they had not met."""
        rows = self._apart[one]
        pair = (self._apart[name] for name in (one, other))
        first, second = ((r["genre"] == r["predicted"]).to_numpy() for r in pair)
        return _by_genre(first, second, rows["genre"], rows["artist"], genres)

    @cached_property
    def gaps_apart(self) -> Rows:
        """As `gaps`, with artists kept apart."""
        out, found = [], []
        for name in STUDIED:
            rows = self._apart[name]
            artist = rows.drop_duplicates("track").set_index("track")["artist"]
            test = (rows["genre"] == rows["predicted"]).groupby(rows["artist"]).agg(["sum", "size"])
            train = self._learned(name, artist).reindex(test.index, fill_value=0)
            found.append(_ratios_apart(train.to_numpy(np.float64), test.to_numpy(np.float64)))
            shares = {
                part: float(table["sum"].sum() / table["size"].sum())
                for part, table in (("train", train), ("test", test))
            }
            out.append({"model": name, "title": MODELS[name].title, **shares})
        return _by_model(pd.DataFrame(out).assign(**judged(found)))

    def _learned(self, model: str, artist: pd.Series) -> pd.DataFrame:
        """Right answers about training windows and their number, by artist."""
        rows = select(self.tallies, model=model, variant="study", protocol=APART, split="train",
                      level="window")  # fmt: skip
        each = pd.DataFrame(
            {
                "track": np.concatenate(rows["track"].to_list()),
                "sum": np.concatenate(rows["track_right"].to_list()),
                "size": np.concatenate(rows["track_n"].to_list()),
            }
        )
        return each.groupby(each["track"].map(artist))[["sum", "size"]].sum()

    def accuracy(self, model: str, protocol: str, *, level: str = "window") -> dict[str, Any]:
        """The stored test score of a model with the study's settings."""
        rows = select(self.results.scores, model=model, variant="study", protocol=protocol,
                      level=level, split="test")  # fmt: skip
        return _records(rows)[0]

    def lost(self, model: str, protocol: str) -> Verdict:
        """What artists that are kept apart are, set beside another protocol, per window."""
        rows = [select(self.results.predictions, model=model, variant="study", protocol=p)
                for p in (APART, protocol)]  # fmt: skip
        rows = [r[r["genre"].isin(gtzan.GENRES)] for r in rows]
        one, other = ((r["genre"] == r["predicted"], r["artist"]) for r in rows)
        return verdict(accuracy_difference(*one, *other))

    @cached_property
    def hard(self) -> tuple[int, int, int]:
        """Clips that every model gets wrong, clips, and models."""
        from audionome.lab.confusion import hardest_tracks

        found = hardest_tracks(self.results.predictions)
        return found.n_all_wrong, len(found.tracks), found.n_models

    @cached_property
    def floor(self) -> float:
        """Accuracy of always naming the same genre, artists kept apart."""
        rows = select(self.results.scores, model=FLOOR, protocol=APART, level="window",
                      split="test")  # fmt: skip
        return float(rows["accuracy"].iloc[0])

    @cached_property
    def best_apart(self) -> pd.DataFrame:
        """Every model beside the study's choice, artists kept apart, per track."""
        return ladder.compare_models(self.results.predictions, reference=("svc", "study"))

    # -- the features ---------------------------------------------------------------------

    @cached_property
    def observed(self) -> dict[str, exploration.Observed]:
        """The five observations on correlations, by key."""
        found = exploration.correlations(self.data)
        return {o.key: exploration.observe(found, o) for o in exploration.STUDY_CLAIMS}

    @cached_property
    def tracks(self) -> pd.DataFrame:
        """See `audionome.lab.exploration.track_means`."""
        return exploration.track_means(self.data)

    @cached_property
    def principal(self) -> exploration.Principal:
        """Principal components of the tracks."""
        return exploration.principal(self.tracks)

    @cached_property
    def spread(self) -> exploration.Spread:
        """What the plot of the first two components shows."""
        return exploration.spread(self.principal)

    @cached_property
    def _halves(self) -> tuple[Any, ...]:
        train, test = exploration.halves(self.tracks)
        X = self.tracks[features_of(self.tracks)].to_numpy(np.float64)
        y, artists = (self.tracks[c].to_numpy() for c in ("genre", "artist"))
        return X[train], y[train].astype(str), X[test], y[test].astype(str), artists[test]

    @cached_property
    def _trials(self) -> dict[tuple[Any, ...], Trial]:
        return {}

    def trial(self, model: str, *, scaled: bool = True, **parameters: Any) -> Trial:
        """Fit a model of the study with other settings on half of the artists.

        Parameters
        ----------
        model : str
            One of the study's seven.
        scaled : bool
            Whether features are standardised first.
        **parameters
            Of its classifier, in place of the study's.
        """
        key = (model, scaled, *sorted(parameters.items()))
        if key not in self._trials:
            X, y, X_test, y_test, _ = self._halves
            pipeline = (
                MODELS[model]
                .make("study")
                .set_params(**{f"classify__{name}": value for name, value in parameters.items()})
            )
            if not scaled:
                pipeline = pipeline[1:]
            pipeline.fit(X, y)
            right = pipeline.predict(X_test) == y_test
            train = float((pipeline.predict(X) == y).mean())
            self._trials[key] = Trial(train, right, pipeline[-1])
        return self._trials[key]

    def trials(self, one: Trial, other: Trial) -> Verdict:
        """Compare two trials on the tracks of the other artists."""
        return verdict(paired_difference(one.right, other.right, self._halves[-1]))

    @cached_property
    def hyperparameters(self) -> dict[tuple[str, str], hyperparameters.Statement]:
        """What becomes of the statements on hyperparameters, by model and subject."""
        found = hyperparameters.claims(validation_curves.load())
        return {(claim.model, claim.about): claim for claim in found}

    # -- what others report, and what ships -----------------------------------------------

    @cached_property
    def literature(self) -> pd.DataFrame:
        """See `audionome.lab.literature`."""
        return literature.load()

    @cached_property
    def features_help(self) -> Comparison:
        """The extended model beside the classic one, on the same tracks, artists kept apart."""
        return self._compared[APART, "extended", "classic"]

    @cached_property
    def ear_helps(self) -> Comparison:
        """The ear beside the extended model, on the same tracks, artists kept apart."""
        return self._compared[APART, "ear", "extended"]

    @cached_property
    def _compared(self) -> dict[tuple[str, str, str], Comparison]:
        return comparisons(released.load())

    @cached_property
    def cards(self) -> dict[str, dict[str, Any]]:
        """What the cards of the released models tell of their evaluation."""
        return {
            name: json.loads(data_path("models", f"{name}.json").read_text())["evaluation"]
            for name in ("ear", "extended", "classic")
        }


def _by_genre(
    one: ArrayLike, other: ArrayLike, genre: ArrayLike, artist: ArrayLike, genres: Sequence[str]
) -> dict[str, Verdict]:
    """Compare two arrays of right answers within each of some genres, as one family."""
    first, second, kinds, artists = map(np.asarray, (one, other, genre, artist))
    parts = [kinds == g for g in genres]
    family = verdicts([paired_difference(first[p], second[p], artists[p]) for p in parts])
    return dict(zip(genres, family, strict=True))


def _ratios_apart(train: NDArray[np.float64], test: NDArray[np.float64]) -> Difference:
    """Compare two accuracies from right answers and their number, by artist."""

    def statistic(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        one, other = (weights @ part for part in (train, test))
        return np.asarray(one[:, 0] / one[:, 1] - other[:, 0] / other[:, 1])

    return difference(statistic, np.arange(len(test)))
