"""Numbers of the prose pages: the home page, the problem, the conclusion, tools and usage.

Their pages name them in double braces; `book/_ext/audionome_book.py` gathers and substitutes them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from audionome._words import points, share
from audionome.lab.compare import SAME

if TYPE_CHECKING:
    import pandas as pd

    from audionome.lab.model_card import Comparison
    from audionome.lab.store import Benchmark
    from audionome.lab.studies.loudness import Shortcut

__all__ = [
    "beside",
    "dataset",
    "gathered",
    "importance",
    "ladder_scores",
    "level",
    "neighbours",
    "promise",
    "released",
    "resolution",
    "speed",
    "study",
]


def _result(key: str, row: Mapping[Any, Any]) -> dict[str, str]:
    """Write one accuracy with its interval and the number of answers."""
    return {
        f"{key}_accuracy": share(row["accuracy"]),
        f"{key}_interval": _interval(row["low"], row["high"]),
        f"{key}_n": f"{int(row['n']):,}",
    }


def _interval(low: float, high: float) -> str:
    return f"{points(low)} to {share(high)}"


def _name(*parts: str) -> str:
    return re.sub(r"\W+", "_", "_".join(parts))


def dataset(tracks: pd.DataFrame) -> dict[str, str]:
    """Count tracks and artists.

    Parameters
    ----------
    tracks : DataFrame
        See `audionome.datasets.gtzan.Gtzan`.

    Returns
    -------
    dict of str to str
        ``n_tracks``, ``n_artists``; with audio: ``n_measured``, ``n_disco`` and ``n_reggae``;
        without: ``n_unmeasured``.
    """
    measured = tracks[tracks["measured"].to_numpy(dtype=bool)]
    by_genre = measured["genre"].value_counts()
    return {
        "n_tracks": f"{len(tracks):,}",
        "n_artists": f"{tracks['artist'].nunique():,}",
        "n_measured": f"{len(measured):,}",
        "n_unmeasured": f"{len(tracks) - len(measured):,}",
        "n_disco": f"{by_genre.get('disco', 0)}",
        "n_reggae": f"{by_genre.get('reggae', 0)}",
    }


def ladder_scores(scores: pd.DataFrame) -> dict[str, str]:
    """Write every test accuracy of the ladder.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.

    Returns
    -------
    dict of str to str
        ``{model}_{variant}_{level}_{protocol}_accuracy``, ``_interval`` and ``_n``; ``-`` is
        written ``_``.
    """
    tests = scores[scores["split"] == "test"].rename(
        columns={"accuracy_low": "low", "accuracy_high": "high"}
    )
    found: dict[str, str] = {}
    for row in tests.to_dict("records"):
        key = _name(row["model"], row["variant"], row["level"], row["protocol"])
        found |= _result(key, row)
    return found


def resolution(table: pd.DataFrame) -> dict[str, str]:
    """Write what the tracks of each protocol resolve.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.resolution`.

    Returns
    -------
    dict of str to str
        ``resolution_{protocol}_tracks``, ``_artists``, ``_effective`` (independent clips) and
        ``_half_width`` (points).
    """
    found = {}
    for row in table.to_dict("records"):
        key = _name("resolution", row["protocol"])
        found[f"{key}_tracks"] = f"{int(row['tracks']):,}"
        found[f"{key}_artists"] = f"{int(row['artists']):,}"
        found[f"{key}_effective"] = f"{row['effective_n']:.0f}"
        found[f"{key}_half_width"] = f"{100 * row['half_width']:.0f}"
    return found


def released(model: str, evaluation: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Write how often a released model is right.

    Parameters
    ----------
    model : str
    evaluation : mapping
        Of its card: a result for each protocol.

    Returns
    -------
    dict of str to str
        ``{model}_{protocol}_accuracy``, ``_interval`` and ``_n``.
    """
    found: dict[str, str] = {}
    for protocol, row in evaluation.items():
        found |= _result(_name(model, protocol), row)
    return found


def beside(key: str, compared: Comparison) -> dict[str, str]:
    """Write two models on the same tracks.

    Parameters
    ----------
    key : str
        Begins every name.
    compared : Comparison

    Returns
    -------
    dict of str to str
        ``{key}_one`` and ``{key}_other`` (accuracies), ``{key}_n``, ``{key}_gap`` (points, how far
        the two are apart), ``{key}_gap_interval`` (of the first minus the second) and
        ``{key}_verdict`` ("is better than", "is worse than" or "cannot be told apart from").
    """
    verdict = compared.verdict
    gap = verdict.interval
    word = f"{SAME} from" if verdict.word == SAME else f"is {verdict.word} than"
    return {
        f"{key}_one": share(compared.accuracy_a.estimate),
        f"{key}_other": share(compared.accuracy_b.estimate),
        f"{key}_n": f"{compared.accuracy_a.n:,}",
        f"{key}_gap": points(abs(gap.estimate)),
        f"{key}_gap_interval": f"{points(gap.low)} to {points(gap.high)}",
        f"{key}_verdict": word,
    }


def study(table: pd.DataFrame) -> dict[str, str]:
    """Write the figures that Stijnen and Delaere report, and how far ours are from them.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.study_table`.

    Returns
    -------
    dict of str to str
        ``{model}_reported``, and ``study_widest``: the largest distance (points).
    """
    reported = {
        f"{row['model']}_reported": f"{100 * row['study']:.2f}\N{NO-BREAK SPACE}%"
        for row in table.to_dict("records")
    }
    return reported | {"study_widest": points(table["difference"].abs().max())}


def importance(table: pd.DataFrame, level_free: Collection[str]) -> dict[str, str]:
    """Name the group of features that a model relies on most.

    Parameters
    ----------
    table : DataFrame
        Importances with ``label``, see `audionome.lab.names.titled`.
    level_free : collection of str
        The columns that do not depend on loudness.

    Returns
    -------
    dict of str to str
        ``importance_group`` ("loudness" where all of its columns depend on that) and
        ``importance_points``.
    """
    top = table.sort_values("drop", ascending=False, kind="stable").iloc[0]
    loud = not set(str(top["group"]).split(",")) & set(level_free)
    group = f"loudness ({top['label']})" if loud else str(top["label"])
    return {"importance_group": group, "importance_points": points(top["drop"])}


def level(found: Shortcut) -> dict[str, str]:
    """Write what dropping the level changes on music from elsewhere.

    Parameters
    ----------
    found : Shortcut

    Returns
    -------
    dict of str to str
        ``level_with`` and ``level_without`` (accuracies), ``level_n`` (tracks), ``level_columns``
        and ``level_verdict`` ("does better", "does worse" or "does neither better nor worse") of
        the model without the level.
    """
    word = found.gain.word
    return {
        "level_with": share(found.with_level.estimate),
        "level_without": share(found.without_level.estimate),
        "level_n": f"{found.with_level.n:,}",
        "level_columns": f"{found.n_columns - found.n_level_free}",
        "level_verdict": f"does {'neither better nor worse' if word == SAME else word}",
    }


def promise(kept: pd.DataFrame) -> dict[str, str]:
    """Write how many sets held the right genre, for whole recordings.

    Parameters
    ----------
    kept : DataFrame
        From `audionome.lab.promises.kept`, of one model.

    Returns
    -------
    dict of str to str
        ``promise_coverage``, ``promise_interval`` and ``promise_n``.
    """
    whole = kept[kept["excerpt"] == 0].iloc[0]
    return {
        "promise_coverage": share(whole["coverage"]),
        "promise_interval": _interval(whole["coverage_low"], whole["coverage_high"]),
        "promise_n": f"{int(whole['n']):,}",
    }


def neighbours(table: pd.DataFrame, *, index: str = "ear", k: int = 5) -> dict[str, str]:
    """Write how often a recommended track by another artist has the same genre.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.model_card.neighbours`.
    index : str
        Whose neighbours.
    k : int
        How many of them.

    Returns
    -------
    dict of str to str
        ``neighbours_k``, ``neighbours_same``, ``neighbours_chance`` and ``neighbours_n``.
    """
    rows = table[(table["index"] == index) & (table["k"] == k) & table["other_artist"]]
    row = rows.iloc[0]
    return {
        "neighbours_k": f"{k}",
        "neighbours_same": share(row["precision"]),
        "neighbours_chance": share(row["chance"]),
        "neighbours_n": f"{int(row['n']):,}",
    }


def speed(found: Benchmark) -> dict[str, str]:
    """Write how long answers take.

    Parameters
    ----------
    found : Benchmark

    Returns
    -------
    dict of str to str
        ``seconds_warm`` (a clip of 30 seconds in a running program, on one core) and ``machine``.
    """
    return {
        "seconds_warm": f"{float(found.answers['seconds']['warm']):.1f} seconds",
        "machine": str(found.machine["processor"]),
    }


def gathered(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Put dictionaries together, and refuse two meanings of one name."""
    found: dict[str, str] = {}
    for part in parts:
        for name, text in part.items():
            if found.setdefault(name, text) != text:
                raise KeyError(f"{name!r} is both {found[name]!r} and {text!r}.")
    return found
