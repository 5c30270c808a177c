"""Numbers of the chapter on prediction sets: what was promised, what was kept, what is claimed.

Conventions
-----------
Tables go by model in one order, the default first. Models from scratch learned from GTZAN alone,
pretrained ones from much more: no sentence compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from audionome._words import duration, genre_name, listed, points, share, span
from audionome.lab.conformal import COVERAGE

__all__ = [
    "by_status",
    "claimed",
    "claims",
    "coverage",
    "groups",
    "music",
    "set_on",
    "sizes",
    "statuses",
]

#: How the lengths of `audionome.lab.outside` are written, the longest first.
_LENGTHS = {0: "whole clips", 10: "10 s", 3: "3 s"}
_NAMED = {"one": "one genre", "few": "two or three", "many": "four or more"}
_BESIDE = {"kept": "in line with", "missed": "less than", "exceeded": "more than"}
_SPACE = "\N{NO-BREAK SPACE}"
_DASH = "\N{EN DASH}"


def music(rows: pd.DataFrame) -> dict[str, str]:
    """Count the music that judges the promise.

    Parameters
    ----------
    rows : DataFrame
        From `audionome.lab.promises.judged`.

    Returns
    -------
    dict of str to str
        ``n_clips`` by ``n_artists`` from ``n_sources`` collections; ``most`` and ``fewest`` genres
        with their counts; ``shortest``, ``median`` and ``longest`` clip; ``n_known``, clips by
        artists that GTZAN holds too.
    """
    clips = rows[(rows["excerpt"] == 0).to_numpy()].drop_duplicates("clip")
    counts = clips["genre"].value_counts()

    def told(part: pd.Series) -> str:
        return listed([f"{n} of {genre_name(str(g))}" for g, n in part.items()])

    return {
        "n_clips": str(len(clips)),
        "n_artists": str(clips["artist"].nunique()),
        "n_sources": str(clips["source"].nunique()),
        "most": told(counts.head(2)),
        "fewest": told(counts.tail(2)),
        "shortest": duration(clips["seconds"].min()),
        "median": duration(clips["seconds"].median()),
        "longest": duration(clips["seconds"].max()),
        "n_known": str(int(clips["in_gtzan"].sum())),
    }


def coverage(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Tell how often the answers of the default model include the right genre.

    Parameters
    ----------
    tables : mapping
        Model to a table of `audionome.lab.promises.kept` by length.

    Returns
    -------
    dict of str to str
        Of the first model and whole clips: ``n_asked`` clips, ``n_refused`` (no genre was named)
        and ``n_answers``, the others, by ``n_artists``, ``kept`` with
        ``kept_span``, ``beside`` (what that is, beside the promise), ``size`` (genres on average),
        ``alone`` (answers of one genre) and ``alone_right``. ``promised``, the promise. ``below``,
        a sentence about the intervals that lie below it.
    """
    first = next(iter(tables.values()))
    row = first[first["excerpt"] == 0].iloc[0]
    asked = round(row["n"] / (1 - row["strange"]))
    missed = [
        f"{model} ({_LENGTHS[int(r['excerpt'])]})"
        for model, table in tables.items()
        for r in table.to_dict("records")
        if r["verdict"] == "missed"
    ]
    return {
        "promised": f"{100 * COVERAGE:.0f}{_SPACE}%",
        "n_asked": str(asked),
        "n_refused": str(asked - int(row["n"])),
        "n_answers": str(int(row["n"])),
        "n_artists": str(int(row["artists"])),
        "kept": share(row["coverage"]),
        "kept_span": span(row["coverage_low"], row["coverage_high"]),
        "beside": _BESIDE[str(row["verdict"])],
        "size": f"{row['size']:.1f}",
        "alone": share(row["one"]),
        "alone_right": share(row["one_right"]) if row["one"] > 0 else "none",
        "below": f"The promise was broken by {listed(missed)}." if missed
        else "No interval lies below the promise, at any length and for any model.",
    }  # fmt: skip


def sizes(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put into a table how many genres answers name, and how often single ones are right.

    Parameters
    ----------
    tables : mapping
        Model to a table of `audionome.lab.promises.kept` by length.

    Returns
    -------
    DataFrame
        One row per model and length.
    """
    return pd.DataFrame(
        [
            {
                "model": model,
                "length": _LENGTHS[excerpt],
                "genres on average": f"{r['size']:.1f}",
                "one genre alone": share(r["one"]),
                "of these right (95 % interval)": f"{share(r['one_right'])} "
                f"({_between(r['one_right_low'], r['one_right_high'])})"
                if r["one"] > 0
                else _DASH,
            }
            for model, table in tables.items()
            for excerpt, r in _by_length(table)
        ]
    )


def statuses(table: pd.DataFrame, model: str) -> pd.DataFrame:
    """Put into a table how often answers of one, a few or many genres are right.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.answers.load`.
    model : str

    Returns
    -------
    DataFrame
        One row per length and kind of answer.
    """
    by = {
        (str(r["place"]), int(r["excerpt"]), str(r["status"])): {str(k): v for k, v in r.items()}
        for r in table[table["model"] == model].to_dict("records")
    }

    def told(r: dict[str, Any] | None) -> str:
        if r is None:
            return _DASH
        return f"{share(r['held'])} ({_between(r['held_low'], r['held_high'])})"

    return pd.DataFrame(
        [
            {
                "length": length,
                "the answer names": named,
                "share of the answers": share(r["share"]),
                "right genre included: music from outside": told(r),
                "right genre included: GTZAN, artists apart": told(
                    by.get(("gtzan", excerpt, status))
                ),
                "named first: music from outside": share(r["right"]),
            }
            for excerpt, length in _LENGTHS.items()
            for status, named in _NAMED.items()
            if (r := by.get(("outside", excerpt, status)))
        ]
    )


def by_status(table: pd.DataFrame, model: str) -> dict[str, str]:
    """Tell how often answers about whole clips are right, by how many genres they name.

    Parameters
    ----------
    table, model
        As for `statuses`.

    Returns
    -------
    dict of str to str
        ``one``, ``few`` and ``many``: how often music from outside has the right genre among
        those that are named, each with ``_span``, its interval; ``one_home``, the same about
        GTZAN for one genre.
    """
    rows = table[(table["model"] == model) & (table["excerpt"] == 0)]
    out = {}
    for r in rows.to_dict("records"):
        name = str(r["status"]) + ("_home" if r["place"] == "gtzan" else "")
        out[name] = share(r["held"])
        out[f"{name}_span"] = span(r["held_low"], r["held_high"])
    return out


def groups(tables: Mapping[str, pd.DataFrame], group: str) -> dict[str, str]:
    """Name the genres or sources for which less or more was kept than promised.

    Parameters
    ----------
    tables : mapping
        Model to a table of `audionome.lab.promises.kept` by ``group``.
    group : str
        ``genre`` or ``collection``.

    Returns
    -------
    dict of str to str
        ``missed_sentence``, a clause on the groups with less; ``exceeded``: groups, each with the
        models in brackets, or "none";
        ``n_intervals``, all that were looked at.
    """
    out = {"n_intervals": str(sum(len(table) for table in tables.values()))}
    for verdict in ("missed", "exceeded"):
        models: dict[str, list[str]] = {}
        for model, table in tables.items():
            for name in table.loc[table["verdict"] == verdict, group]:
                models.setdefault(genre_name(str(name)), []).append(model)
        named = [f"{name} ({listed(by)})" for name, by in models.items()]
        out[verdict] = listed(named) or "none"
    missed = out.pop("missed")
    kept = "The promise was broken for no group"
    return out | {
        "missed_sentence": kept if missed == "none" else f"The promise was broken for {missed}"
    }


def claimed(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put into a table what models claim, and how often they are right.

    Parameters
    ----------
    tables : mapping
        Model to a table of `audionome.lab.promises.claims`.

    Returns
    -------
    DataFrame
        One row per model and length; differences in points, with their 95 % intervals.
    """
    return pd.DataFrame(
        [
            {
                "model": model,
                "length": _LENGTHS[excerpt],
                "mean probability": share(r["confidence"]),
                "right": share(r["right"]),
                "too high by (points)": _with_interval(r, "surplus"),
                "with GTZAN's temperature": _with_interval(r, "gtzan_surplus"),
                "calibration error (points)": _with_interval(r, "error"),
            }
            for model, table in tables.items()
            for excerpt, r in _by_length(table)
        ]
    )


def claims(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Tell whose probabilities are too high, with the temperature of GTZAN and with the other one.

    Parameters
    ----------
    tables : mapping
        Model to a table of `audionome.lab.promises.claims`.

    Returns
    -------
    dict of str to str
        Of the first model and whole clips: ``confidence``, ``right``, ``third`` (among the first
        three) and ``error`` in points. ``before``, models and lengths that claim too much with the
        temperature of GTZAN's folds, by the whole interval; ``after``, a sentence about all with
        the other temperature.
    """
    first = next(iter(tables.values()))
    row = first[first["excerpt"] == 0].iloc[0]
    rows = [(model, e, r) for model, table in tables.items() for e, r in _by_length(table)]

    def named(found: Sequence[tuple[str, int]]) -> str:
        models = dict.fromkeys(model for model, _ in found)
        return listed(
            [f"{m} ({listed([_LENGTHS[e] for of, e in found if of == m])})" for m in models]
        )

    before = named([(m, e) for m, e, r in rows if r["gtzan_surplus_low"] > 0])
    much = named([(m, e) for m, e, r in rows if r["surplus_low"] > 0])
    little = named([(m, e) for m, e, r in rows if r["surplus_high"] < 0])
    apart = [f"too high for {much}"] if much else []
    apart += [f"too low for {little}"] if little else []
    return {
        "confidence": share(row["confidence"]),
        "right": share(row["right"]),
        "third": share(row["third"]),
        "error": points(row["error"]),
        "before": before or "none",
        "after": f"It is still {listed(apart)}." if apart
        else "After that, no difference is larger than chance explains.",
    }  # fmt: skip


def set_on(cards: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Put temperatures and thresholds by length and by what music set them into a table.

    Parameters
    ----------
    cards : mapping
        Name of a model to its card.

    Returns
    -------
    DataFrame
        One row per model, music and length.
    """
    names = {"gtzan": "GTZAN, artists apart", "outside": "music from outside"}
    rows = []
    for model, card in cards.items():
        for where, found in card.get("calibrations", {}).items():
            limits = found["set_thresholds"]
            of = dict(found.get("temperatures", []))
            rows += [
                {
                    "model": model,
                    "set on": names.get(where, where),
                    "length": f"{3 * n:.0f} s" if n < 10 else "30 s and more",
                    "temperature": f"{float(of.get(n, found['temperature'])):.2f}",
                    "threshold": share(limit),
                }
                for n, limit in limits
            ]
    return pd.DataFrame(rows)


def _by_length(table: pd.DataFrame) -> list[tuple[int, dict[str, Any]]]:
    by = {int(r["excerpt"]): {str(k): v for k, v in r.items()} for r in table.to_dict("records")}
    return [(excerpt, by[excerpt]) for excerpt in _LENGTHS if excerpt in by]


def _between(low: float, high: float) -> str:
    return f"{points(low)} to {points(high)}"


def _with_interval(row: Mapping[str, Any], name: str) -> str:
    if pd.isna(row[name]):
        return _DASH
    return f"{points(row[name])} ({_between(row[f'{name}_low'], row[f'{name}_high'])})"
