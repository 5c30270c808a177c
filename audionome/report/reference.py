"""The reference of the hyperparameters as HTML, and what each algorithm scores as a table.

Every row of a reference becomes a card where the page is narrow, and a box above the tables filters
them: ``book/_static/reference.css`` and ``reference.js``. Without either they are plain tables.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import pandas as pd

from audionome._words import listed, points, share, span
from audionome.lab.bootstrap import mean_interval
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.hyperparameters import Hyperparameter, Seen, Statement, estimator
from audionome.lab.names import select
from audionome.lab.studies.replay import Replay
from audionome.report.render import Shown

__all__ = ["claims", "hyperparameters", "scoreboard"]

_PARTS = {
    "train": "Accuracy on training windows",
    "test": "Accuracy on windows of other artists",
    "gap": "Gap between training windows and windows of other artists",
}


def scoreboard(scores: pd.DataFrame, again: Replay, models: Sequence[str]) -> pd.DataFrame:
    """Write what each model scores: the study's figure, and ours by honest protocols.

    Parameters
    ----------
    scores : DataFrame
        See `audionome.lab.store`.
    again : Replay
        From `audionome.lab.studies.replay.load`: the study's own test windows, asked again.
    models : sequence of str

    Returns
    -------
    DataFrame
        One row per model; accuracies of ours with their 95 % intervals.
    """
    columns = {
        "new artists, study's settings": ("artist-grouped", "track", "study"),
        "new artists, tuned": ("artist-grouped", "track", "tuned"),
        "other music, tuned": ("wild", "track", "tuned"),
    }
    test = again.side("test")
    rows = []
    for model in models:
        row = {
            "algorithm": MODELS[model].title,
            "the study": share(MODELS[model].study_accuracy or 0),
        }
        own = mean_interval(test[model] == test["genre"], test["artist"])
        row["ours, the study's split"] = _with_interval(own.estimate, own.low, own.high)
        for name, (protocol, level, variant) in columns.items():
            found = select(
                scores, model=model, split="test", protocol=protocol, level=level, variant=variant
            )
            row[name] = "".join(
                _with_interval(one["accuracy"], one["accuracy_low"], one["accuracy_high"])
                for _, one in found.iterrows()
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _with_interval(value: float, low: float, high: float) -> str:
    return f"{share(value)} ({points(low)} to {points(high)})"


def claims(found: Sequence[Statement]) -> Shown:
    """Write what the study says of the hyperparameters, with verdicts.

    Parameters
    ----------
    found
        From `audionome.lab.hyperparameters.claims`.

    Returns
    -------
    Shown
    """
    rows = []
    for claim in found:
        about = f"<code>{html.escape(claim.about)}</code>" if _is_name(claim) else claim.about
        right = [_inline(claim.right), *map(_seen, claim.seen)]
        if claim.deprecated:
            right.insert(0, f"Deprecated since scikit-learn {claim.deprecated}.")
        if claim.missing:
            right.insert(0, f"Missing: {_codes(claim.missing)}.")
        if claim.gone:
            right.insert(0, f"No longer known: {_codes(claim.gone)}.")
        rows.append(
            _row(
                (
                    ("", f"{MODELS[claim.model].title}<br>{about}", True),
                    ("The study says", _inline(claim.says), False),
                    ("Verdict", _judged(claim), False),
                    ("What is right", " ".join(right), False),
                )
            )
        )
    heads = ("About", "The study says", "Verdict", "What is right, and what we measured")
    return _shown(_table(heads, rows, "claims"), f"{len(rows)} statements of the study.")


def hyperparameters(found: Sequence[Hyperparameter]) -> Shown:
    """Write the hyperparameters of one model, folded.

    Parameters
    ----------
    found
        From `audionome.lab.hyperparameters.reference`.

    Returns
    -------
    Shown
    """
    model = found[0].model
    rows = [
        _row(
            (
                ("", _head(one), True),
                ("What it does", f"{_inline(one.does)} {_allowed(one)}", False),
                ("How it errs", _errs(one), False),
                ("The study, and our search", _used(one), False),
            )
        )
        for one in found
    ]
    named = sum(one.named for one in found)
    title = f"{MODELS[model].title}: {len(found)} hyperparameters, {named} named by the study"
    heads = ("Name", "What it does, and what it may be", "Which way it errs",
             "The study, and our search")  # fmt: skip
    body = _table(heads, rows, "parameters")
    return _shown(
        f'<details class="audionome-fold" id="{model}-hyperparameters">'
        f"<summary>{html.escape(title)}</summary>"
        f"<p><code>sklearn</code>'s <code>{estimator(model).__name__}</code></p>{body}</details>",
        title,
    )


def _shown(body: str, plain: str) -> Shown:
    return Shown({"text/html": body, "text/plain": plain})


def _table(heads: Sequence[str], rows: Sequence[str], kind: str) -> str:
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    return (
        f'<table class="audionome-reference audionome-{kind}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _row(cells: Sequence[tuple[str, str, bool]]) -> str:
    out = []
    for label, body, head in cells:
        tag = 'th scope="row"' if head else f'td data-label="{html.escape(label)}"'
        out.append(f"<{tag}>{body}</{tag.split()[0]}>")
    return f"<tr>{''.join(out)}</tr>"


def _inline(text: str) -> str:
    """Write `code` and *emphasis* as HTML."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)


def _codes(names: Sequence[str]) -> str:
    return listed([f"<code>{html.escape(name)}</code>" for name in names])


def _judged(claim: Statement) -> str:
    return f"<strong>{claim.verdict}</strong>" + ", from the documentation" * claim.by_reading


def _is_name(claim: Statement) -> bool:
    return " " not in claim.about


def _seen(one: Seen) -> str:
    also = f" (with <code>{html.escape(one.also)}</code>)" if one.also else ""
    both = zip((one.one, one.other), one.figures, strict=True)
    told = [f"{_codes([setting])} {_value(one.part, value)}" for setting, value in both]
    text = f"{_PARTS.get(one.part, one.part.capitalize())}{also}: {told[0]}, {told[1]}"
    if one.verdict is None:
        return f"{text}."
    interval = span(one.verdict.interval.low, one.verdict.interval.high)
    word = "the two cannot be told apart" if one.word == SAME else f"the first is {one.word}"
    return f"{text}; {word} (difference: {interval})."


def _value(part: str, value: float) -> str:
    if part == "gap":
        return f"{points(value)} points"
    if part in _PARTS:
        return share(value)
    return f"{value:.1f} s" if value >= 1 else f"{1000 * value:.0f} ms"


def _head(one: Hyperparameter) -> str:
    star = ' <span class="audionome-named">in the study</span>' if one.named else ""
    old = " <em>deprecated</em>" if one.deprecated else ""
    default = (
        "leave it alone" if one.deprecated else f"default <code>{html.escape(one.default)}</code>"
    )
    return f"<code>{one.name}</code>{star}{old}<br><small>{default}</small>"


def _allowed(one: Hyperparameter) -> str:
    parts = [_codes(one.options)] if one.options else []
    parts += [_inline(one.allowed)] if one.allowed else []
    old = f" Do not set it from scikit-learn {one.deprecated} on." if one.deprecated else ""
    return f"<small>Allowed: {'; '.join(parts)}.{old}</small>" if parts else f"<small>{old}</small>"


def _errs(one: Hyperparameter) -> str:
    opposite = {"large": "small", "small": "large"}
    told = []
    if one.overfits:
        told.append(f"{one.overfits.capitalize()} overfits, {opposite[one.overfits]} underfits.")
    if one.costs:
        told.append(f"{one.costs.capitalize()} takes more time.")
    return _inline(" ".join([*told, one.errs])).strip()


def _used(one: Hyperparameter) -> str:
    told = [f"Study: {_codes([one.study])}."] if one.study else []
    if len(one.searched) == 1:
        told.append(f"We set {_codes(one.searched)}.")
    elif one.searched:
        told.append(f"We tried {_codes(one.searched)}.")
        taken = [f"<code>{html.escape(v)}</code> in {n}" for v, n in one.chosen]
        if taken:
            told.append(f"Chosen: {listed(taken)} of {sum(n for _, n in one.chosen)} folds.")
    return " ".join(told) or "Both left the default."
