"""Numbers of the chapter on the source study: what it reported, and what becomes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from audionome._words import genre_name, listed, points, probability, share, span
from audionome.lab.compare import SAME
from audionome.lab.ladder import TOLERANCE
from audionome.lab.names import FLOOR
from audionome.lab.studies.replay import SHORT
from audionome.lab.study_claims import TESTED, VERDICTS, Evidence, aims, data, ending
from audionome.lab.study_claims.evidence import APART
from audionome.lab.study_claims.genres import WELL, Recalls
from audionome.lab.study_claims.results import NAMED, NAMES, NEAR

__all__ = [
    "claims",
    "comments",
    "dealt",
    "gaps",
    "kept",
    "measures",
    "named",
    "printed",
    "reasons",
    "reported",
    "rules",
    "tally",
]  # fmt: skip

#: A sign beside each verdict, so that a table can be read at a glance.
_SIGNS = dict(zip(VERDICTS, "✓◐✗?§–→", strict=True))


def tally(table: pd.DataFrame) -> dict[str, str]:
    """Count the claims by their verdict.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.study_claims.check`.

    Returns
    -------
    dict of str to str
        ``n_claims``; ``n_tested`` (those with a result), of which ``n_hold``, ``n_part``,
        ``n_fail`` and ``n_open``; ``n_read``, ``n_unchecked`` and ``n_answered``; ``n_twice``, the
        claims about models that hold on the study's own shuffle, of which ``n_still`` hold with
        artists apart.
    """
    count = table["verdict"].value_counts().reindex(VERDICTS, fill_value=0)
    holds = (table["verdict"] == VERDICTS[0]) & (table["apart"] != "")
    still = holds & (table["apart"] == VERDICTS[0])
    names = ("n_hold", "n_part", "n_fail", "n_open", "n_read", "n_unchecked", "n_answered")
    return {
        "n_claims": str(len(table)),
        "n_tested": str(int(count[list(TESTED)].sum())),
        **{name: str(int(n)) for name, n in zip(names, count, strict=True)},
        "n_twice": str(int(holds.sum())),
        "n_still": str(int(still.sum())),
    }


def dealt(sides: pd.DataFrame) -> dict[str, str]:
    """Say how the study's split deals out the windows of a clip.

    Parameters
    ----------
    sides : DataFrame
        From `audionome.lab.studies.replay.sides`.

    Returns
    -------
    dict of str to str
        ``n_rows``, ``n_train``, ``n_valid`` and ``n_test`` windows; ``n_known`` test windows from
        clips that are learned from, and ``siblings``, windows of the same clip that are learned
        from, on average; ``n_short``, clips whose tenth window is missing.
    """
    count = sides["side"].value_counts()
    learned = sides.loc[sides["side"] == "train", "track"].value_counts()
    tested = sides.loc[sides["side"] == "test", "track"]
    siblings = learned.reindex(tested, fill_value=0)
    return {
        "n_rows": f"{len(sides):,}",
        **{f"n_{name}": f"{count[name]:,}" for name in ("train", "valid", "test")},
        "n_known": str(int((siblings > 0).sum())),
        "siblings": f"{siblings.mean():.1f}",
        "n_short": str(len(SHORT)),
    }


def printed(table: pd.DataFrame) -> dict[str, str]:
    """Say what comes out on the study's own test windows, and what KNN gives as printed.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.studies.replay.Replay.reported`.

    Returns
    -------
    dict of str to str
        ``n_possible`` of ``n_models`` figures can come out as the study ran them; ``largest``
        difference in points; ``n_test`` windows and ``n_absent``; right answers of KNN as reported
        (``knn_theirs``), as run (``knn_run``) and as printed (``knn_printed``); ``close``, a
        sentence for each figure that cannot come out, or nothing.
    """
    records = table.to_dict("records")
    printed = {row["model"]: row for row in records if row["as_printed"]}
    run = {row["model"]: row for row in reversed(records)}
    one = records[0]
    found = {
        "n_possible": str(sum(row["possible"] for row in run.values())),
        "n_models": str(len(run)),
        "largest": points(max(abs(row["ours"] - row["study"]) for row in run.values())),
        "n_test": str(one["n"]),
        "n_absent": str(one["absent"]),
    }
    found |= {
        "knn_theirs": str(run["knn"]["theirs"]),
        "knn_run": str(run["knn"]["right"]),
        "knn_printed": str(printed["knn"]["right"]),
    }
    found["close"] = "".join(
        f" {_capital(_called(row))} comes close: {row['right']} of {row['n']} windows are right "
        f"here. The missing windows would have to add {row['needed']}; if the model finds as much "
        f"of their genres as of the others, they add about {row['likely']:.0f} "
        f"({probability(row['p_value'])})."
        for row in run.values()
        if not row["possible"]
    )
    return found


def reported(table: pd.DataFrame) -> dict[str, str]:
    """Count the study's figures that come out again on another shuffle.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.study_table`.

    Returns
    -------
    dict of str to str
        ``n_reported``, ``n_recomputed`` and ``n_repeated`` figures; ``tolerance`` in points;
        ``exceptions``, a sentence that names the figures that do not come out again, or nothing.
    """
    have = table[table["ours"].notna()]
    far = have[~have["within"].to_numpy(dtype=bool)]
    named = [
        f"{row['title']} ({share(row['ours'])} instead of {share(row['study'])})"
        for _, row in far.iterrows()
    ]
    return {
        "n_reported": str(len(table)),
        "n_recomputed": str(len(have)),
        "n_repeated": str(len(have) - len(far)),
        "tolerance": f"{100 * TOLERANCE:.0f}",
        "exceptions": f" The exceptions: {listed(named)}." if named else "",
    }


def gaps(table: pd.DataFrame) -> dict[str, str]:
    """Name the models with the widest and the narrowest gap between training and test.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.gaps`.

    Returns
    -------
    dict of str to str
        ``widest`` and ``narrowest`` model, each with ``_train``, ``_test`` and ``_gap`` (in
        points); ``n_perfect`` of ``n_models`` answer more than 99 % of their training music
        correctly. Without training scores, every text is "not measured".
    """
    keys = [f"{m}{part}" for m in ("widest", "narrowest") for part in ("", *_PARTS)]
    have = table[table["gap"].notna() & (table["model"] != FLOOR)]
    if have.empty:
        return dict.fromkeys([*keys, "n_perfect", "n_models"], "not measured")
    order = have.sort_values("gap", ascending=False, kind="stable")
    found = {}
    for name, row in (("widest", order.iloc[0]), ("narrowest", order.iloc[-1])):
        found[name] = _called(row)
        found |= {f"{name}_{part}": share(row[part]) for part in ("train", "test")}
        found[f"{name}_gap"] = points(row["gap"])
    perfect = int((have["train"] > 0.99).sum())
    return found | {"n_perfect": str(perfect), "n_models": str(len(have))}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _called(row: Mapping[str, Any] | pd.Series) -> str:
    """Return what a model is called in a sentence."""
    return NAMES.get(str(row["model"]), str(row["title"]))


_PARTS = ("_train", "_test", "_gap")


def measures(table: pd.DataFrame) -> dict[str, str]:
    """Say how far accuracy and macro F1 are apart, and whose confidence is nearest the truth.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.ladder.measures`.

    Returns
    -------
    dict of str to str
        ``apart`` (points between accuracy and macro F1, at most) and ``apart_model``;
        ``calibrated`` and ``miscalibrated``, the models with the smallest and the largest
        calibration error, each with ``_error`` in points. Without scores, every text is "not
        measured".
    """
    have = table[table["model"] != FLOOR]
    order = have.dropna(subset="ece").sort_values("ece", kind="stable")
    if have.empty or order.empty:
        names = ["apart", "apart_model", "calibrated", "miscalibrated"]
        errors = ["calibrated_error", "miscalibrated_error"]
        return dict.fromkeys([*names, *errors], "not measured")
    apart = (have["accuracy"] - have["macro_f1"]).abs()
    far = have.iloc[int(apart.to_numpy().argmax())]
    found = {"apart": points(apart.max()), "apart_model": _called(far)}
    for name, row in (("calibrated", order.iloc[0]), ("miscalibrated", order.iloc[-1])):
        found |= {name: _called(row), f"{name}_error": points(row["ece"])}
    return found


def reasons(e: Evidence) -> dict[str, str]:
    """Weigh the study's reasons for choosing the support vector classifier.

    Parameters
    ----------
    e : Evidence

    Returns
    -------
    dict of str to str
        ``svc`` and ``knn`` (accuracy on the study's test windows), their ``difference`` in points
        with ``interval`` and ``verdict``; its ``gap`` in points and ``place`` from the smallest,
        ``train``; ``n_well`` genres that it does well on; ``apart`` and ``gap_apart``,
        ``place_apart`` and ``n_well_apart`` with artists apart, and ``rivals``, the models that
        cannot be told from it there.
    """
    v = e.against("svc", "knn")
    own, other = e.gaps["svc"], e.gaps_apart["svc"]
    rivals = [
        NAMES[m] for m in e.gaps_apart if m != "svc" and e.against_apart("svc", m).word == SAME
    ]
    place, place_apart = (sum(row["gap"] < rows["svc"]["gap"] for row in rows.values())
                          for rows in (e.gaps, e.gaps_apart))  # fmt: skip
    apart = e.accuracy("svc", APART)
    return {
        "svc": share(own["test"]),
        "knn": share(e.gaps["knn"]["test"]),
        "difference": points(v.interval.estimate),
        "interval": span(v.interval.low, v.interval.high),
        "verdict": SAME if v.word == SAME else "are told apart",
        "train": share(own["train"]),
        "gap": points(own["gap"]),
        "place": _ORDINALS[place],
        "n_well": str(len(e.own["svc"].done_well)),
        "apart": share(apart["accuracy"]),
        "apart_interval": span(apart["accuracy_low"], apart["accuracy_high"]),
        "gap_apart": points(other["gap"]),
        "place_apart": _ORDINALS[place_apart],
        "n_well_apart": str(len(e.apart["svc"].done_well)),
        "rivals": listed(rivals) or "none",
        "wild": share(e.accuracy("svc", "wild")["accuracy"]),
    }


_ORDINALS = ("smallest", "second smallest", "third smallest", "fourth smallest", "fifth smallest",
             "sixth smallest", "largest")  # fmt: skip


#: The four reasons for the choice, by the key of their claim.
_REASONS = {
    "highest": "“it has the highest accuracy”",
    "relatively small": "“its gap is relatively small”",
    "no overfit": "“it does not overfit”",
    "most genres": "“it does well on most genres”",
}


def kept(table: pd.DataFrame) -> dict[str, str]:
    """Say which of the reasons for the choice stand with artists kept apart.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.study_claims.check`.

    Returns
    -------
    dict of str to str
        ``kept``: a clause for each verdict, as "“its gap is relatively small” holds".
    """
    words = table.set_index("key").loc[list(_REASONS), "apart"]
    parts = []
    for word in TESTED:
        keys = words.index[words == word]
        if len(keys):
            verb = word.replace("does not", "do not").replace("holds", "hold")
            parts.append(f"{listed([_REASONS[k] for k in keys])} {verb if len(keys) > 1 else word}")
    return {"kept": "; ".join(parts)}


def rules() -> dict[str, str]:
    """Write the thresholds of the rules that are ours.

    Returns
    -------
    dict of str to str
        ``well``, ``accurate`` and ``high`` shares in per cent, ``agreed`` too; ``near`` in points;
        ``works``, ``uses`` and ``several`` works; ``strong``, a rank correlation; ``ordinary``
        minutes.
    """
    shares = {"well": WELL, "accurate": ending.ACCURATE, "high": aims.HIGH, "agreed": aims.AGREED}
    return {
        **{name: f"{100 * value:.0f} %" for name, value in shares.items()},
        "near": f"{100 * NEAR:.0f}",
        "works": str(aims.WORKS),
        "uses": str(aims.USES),
        "several": str(aims.SEVERAL),
        "strong": str(data.STRONG),
        "ordinary": str(ending.ORDINARY // 60),
    }


def named(own: Mapping[str, Recalls], apart: Mapping[str, Recalls]) -> dict[str, str]:
    """Count the genres that the study names for a model and that lie below its mean recall.

    Parameters
    ----------
    own, apart : mapping
        Model to what it finds of each genre: on the study's own split, and with artists kept apart.

    Returns
    -------
    dict of str to str
        ``n_named`` genres over all models, of which ``n_below`` lie below the mean of their model
        on its own split, and for ``n_shown`` the interval shows it; ``n_shown_apart``, the same
        with artists kept apart; ``hard_apart``, the genres that most models struggle with there.
    """
    pairs = [(model, genre) for model, genres in NAMED.items() for genre in genres]
    below = [own[m].by_genre("beside")[g] < 0 for m, g in pairs]
    shown = {where: sum(g in found[m].missed for m, g in pairs)
             for where, found in (("own", own), ("apart", apart))}  # fmt: skip
    missed = Counter(genre for found in apart.values() for genre in found.missed)
    return {
        "n_named": str(len(pairs)),
        "n_below": str(sum(below)),
        "n_shown": str(shown["own"]),
        "n_shown_apart": str(shown["apart"]),
        "hard_apart": listed(
            [genre_name(g) for g, n in missed.most_common() if n > len(apart) / 2]
        ),
    }


def comments(table: pd.DataFrame) -> dict[str, str]:
    """Write the claims about models as a table of two splits.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.study_claims.check`.

    Returns
    -------
    dict of str to str
        ``comments``: Markdown, one row per claim.
    """
    rows = [
        f"| {row['claim']} | {_judged(row['verdict'], row['numbers'])} | "
        f"{_judged(row['apart'], row['numbers_apart'])} |"
        for _, row in table.iterrows()
    ]
    head = ["| What it says | On its own shuffle | With artists apart |", "| --- | --- | --- |"]
    return {"comments": "\n".join([*head, *rows])}


def claims(table: pd.DataFrame) -> dict[str, str]:
    """Write every claim with its verdict and where it is answered, folded by section.

    Parameters
    ----------
    table : DataFrame
        From `audionome.lab.study_claims.check`.

    Returns
    -------
    dict of str to str
        ``claims``: Markdown with a table for each section, for a page in ``notebooks``.
    """
    parts = []
    for section, rows in table.groupby("section", sort=False):
        twice = bool((rows["apart"] != "").any())
        columns = ["Claim", "Verdict", *(["With artists apart"] if twice else []), "Where"]
        lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
        for _, row in rows.iterrows():
            cells = [row["claim"], _judged(row["verdict"], row["numbers"])]
            cells += [_judged(row["apart"], row["numbers_apart"])] if twice else []
            lines.append(f"| {' | '.join([*cells, _link(row['page'], row['heading'])])} |")
        count = rows["verdict"].value_counts()
        said = ", ".join(f"{_SIGNS[word]} {count[word]}" for word in VERDICTS if word in count)
        inside = "\n".join(lines)
        parts.append(f"<details><summary>{section} ({said})</summary>\n\n{inside}\n\n</details>")
    return {"claims": "\n\n".join(parts)}


def _judged(verdict: str, numbers: str) -> str:
    return f"{_SIGNS[verdict]} **{verdict}**: {numbers}" if verdict else ""


def _link(page: str, heading: str) -> str:
    """Link a heading from a page in ``notebooks``."""
    folder, name = page.split("/")
    path = f"{name}.ipynb" if folder == "notebooks" else f"../{folder}/{name}.md"
    return f"[{heading}]({path}#{slug(heading)})"


def slug(heading: str) -> str:
    """Return the anchor of a heading.

    Examples
    --------
    >>> slug("Which is the default, and why")
    'which-is-the-default-and-why'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
