"""How the released models fare outside GTZAN."""

from __future__ import annotations

import pandas as pd

from audionome.datasets.gtzan import GENRES
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import accuracy_difference, paired_difference, verdict, verdicts
from audionome.lab.model_card.accuracy import Comparison
from audionome.lab.model_card.released import ReleasedModels
from audionome.lab.names import FLOOR

__all__ = ["compare_outside", "leaving", "wild_genres"]

_INSIDE, _OUTSIDE = "artist-grouped", "wild"


def leaving(ladders: pd.DataFrame, found: ReleasedModels) -> pd.DataFrame:
    """Return the accuracy of the ladder's models and of the classic one, inside and outside GTZAN.

    Parameters
    ----------
    ladders : DataFrame
        From `audionome.lab.ladder.ladders`, per track.
    found : ReleasedModels

    Returns
    -------
    DataFrame
        ``model``, ``title``, ``inside`` (by artist) with ``inside_low`` and ``inside_high``,
        ``outside`` with ``low`` and ``high``, ``released`` (not one of the ladder's). Models
        without both are left out, and so is the floor.
    """
    out = []
    for model, rows in ladders[ladders["model"] != FLOOR].groupby("model", sort=False):
        by = {str(r["protocol"]): r for _, r in rows.iterrows()}
        if {_INSIDE, _OUTSIDE} <= set(by):
            ends = [
                float(by[p][c]) for p in (_INSIDE, _OUTSIDE) for c in ("accuracy", "low", "high")
            ]
            out.append((str(model), str(by[_OUTSIDE]["title"]), *ends, False))
    if "classic" in found.models and len(found.of("classic", _OUTSIDE)):
        home, away = (
            mean_interval(rows["correct"].to_numpy(dtype=bool), rows["artist"].to_numpy())
            for rows in (found.of("classic", p) for p in (_INSIDE, _OUTSIDE))
        )
        ends = [v for i in (home, away) for v in (i.estimate, i.low, i.high)]
        out.append(("classic", "Classic model, released", *ends, True))
    columns = ["model", "title", "inside", "inside_low", "inside_high", "outside", "low", "high",
               "released"]  # fmt: skip
    return pd.DataFrame(out, columns=columns)


def compare_outside(found: ReleasedModels, other: pd.DataFrame, name: str) -> Comparison:
    """Compare the classic model with one of the ladder's, on the same music from outside.

    Parameters
    ----------
    found : ReleasedModels
    other : DataFrame
        Predictions of the other per track: ``track``, ``correct``.
    name : str
        Of the other.

    Returns
    -------
    Comparison
    """
    right = other.set_index("track")["correct"]
    rows = found.of("classic", _OUTSIDE)
    rows = rows[rows["track"].isin(right.index)]
    artists = rows["artist"].to_numpy()
    ours = rows["correct"].to_numpy(dtype=bool)
    theirs = right.loc[rows["track"]].to_numpy(dtype=bool)
    found_difference = paired_difference(ours, theirs, artists)
    return Comparison.of("classic", name, ours, theirs, artists, verdict(found_difference))


def wild_genres(found: ReleasedModels, model: str = "classic") -> pd.DataFrame:
    """Return the recall of each genre inside and outside GTZAN, by artists unknown to the model.

    Parameters
    ----------
    found : ReleasedModels
    model : str

    Returns
    -------
    DataFrame
        ``genre``, ``inside``, ``outside``, ``loss`` with ``loss_low`` and ``loss_high``,
        ``verdict`` (what the recall inside is beside that outside), ``instead`` (the commonest
        wrong prediction outside).
    """
    sides = [found.of(model, p) for p in (_INSIDE, _OUTSIDE)]
    out, losses = [], []
    for genre in GENRES:
        here, there = (rows[rows["genre"] == genre] for rows in sides)
        if here.empty or there.empty:
            continue
        loss = accuracy_difference(
            here["correct"], here["artist"], there["correct"], there["artist"]
        )
        losses.append(loss)
        wrong = there.loc[~there["correct"].to_numpy(dtype=bool), "predicted"].value_counts()
        shares = (float(rows["correct"].mean()) for rows in (here, there))
        i = loss.interval
        instead = str(wrong.index[0]) if len(wrong) else ""
        out.append((genre, *shares, i.estimate, i.low, i.high, instead))
    columns = ["genre", "inside", "outside", "loss", "loss_low", "loss_high", "instead"]
    words = [v.word for v in verdicts(losses)] if losses else []
    return pd.DataFrame(out, columns=columns).assign(verdict=words)
