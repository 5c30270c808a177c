"""What the chapter on the algorithms says, in sentences.

Conventions
-----------
As in `findings`: every function returns Markdown, and every number and every verdict in
it comes from what `audionome.lab.exploration` or the results hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from audionome._words import listed, points, share, span
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.exploration import DIALS, Regions
from audionome.lab.names import protocol_title

__all__ = [
    "dial",
    "own_results",
    "settings",
    "seven",
    "thin",
]

# Settings that change the speed or the seed, not the idea.
_TECHNICAL = {"cache_size", "decision_function_shape", "random_state"}


def dial(found: Regions) -> str:
    """Write where the dial does best on its own music and on that of other artists."""
    own = max(found.steps, key=lambda step: step.train)
    new = max(found.steps, key=lambda step: step.test)
    name = f"`{found.dial.parameter}`"
    worst = min(found.steps, key=lambda step: step.test)
    text = (
        f"On the tracks that it learned from, {name} = {own.value:g} looks best "
        f"({share(own.train)} right). On tracks by other artists it is {name} = {new.value:g} "
        f"({share(new.test)}, {span(new.low, new.high)}; the worst setting has "
        f"{share(worst.test)})."
    )
    if worst.verdict is not None and not worst.verdict.differs:
        text += f" With so few artists the two {SAME}: the shapes teach more than the scores."
    return text


def own_results(scores: pd.DataFrame, model: str) -> str:
    """Write what a model scores with artists kept apart, beside the study's figure."""
    rows = scores[
        (scores["model"] == model)
        & (scores["split"] == "test")
        & (scores["protocol"] == "artist-grouped")
        & (scores["level"] == "track")
    ]
    found = rows.set_index("variant").to_dict("index")
    spec = MODELS[model]
    text = ""
    if spec.study_accuracy is not None:
        text = (
            f"The study reports {share(spec.study_accuracy)}, per window and with windows split at "
            "random. "
        )
    told = []
    for variant, words in (("study", "with the study's settings"), ("tuned", "tuned")):
        if row := found.get(variant):
            bounds = span(row["accuracy_low"], row["accuracy_high"])
            told.append(f"**{share(row['accuracy'])}** {words} ({bounds})")
    where = protocol_title("artist-grouped")
    if not told:
        return f"{text}Under *{where}* there is no result yet."
    return f"{text}Per track and under *{where}* we get {listed(told)}."


def seven(scores: pd.DataFrame) -> str:
    """Write how far apart the study's models lie in its table, and with artists kept apart."""
    told = {name: MODELS[name].study_accuracy for name in DIALS}
    study = {name: value for name, value in told.items() if value is not None}
    rows = scores[
        scores["model"].isin(list(study))
        & (scores["split"] == "test")
        & (scores["protocol"] == "artist-grouped")
        & (scores["level"] == "track")
        & (scores["variant"] == "tuned")
    ].sort_values("accuracy")
    low, high = min(study, key=study.__getitem__), max(study, key=study.__getitem__)
    text = (
        f"In the study's table they lie {points(study[high] - study[low])} points apart, from "
        f"{MODELS[low].title.lower()} ({share(study[low])}) to {MODELS[high].title.lower()} "
        f"({share(study[high])})."
    )
    if len(rows) < 2:
        return text
    first, last = ({str(k): v for k, v in rows.iloc[i].items()} for i in (0, -1))
    return (
        f"{text} Tuned, per track and with artists kept apart, {len(rows)} of them lie "
        f"{points(last['accuracy'] - first['accuracy'])} points apart, from "
        + " to ".join(
            f"{MODELS[row['model']].title.lower()} ({share(row['accuracy'])}, "
            f"{span(row['accuracy_low'], row['accuracy_high'])})"
            for row in (first, last)
        )
        + "."
    )


def settings(params: pd.DataFrame, model: str) -> str:
    """Write which hyperparameters the study set, which are searched and which one is chosen."""
    spec = MODELS[model]
    classifier: Any = spec.make("study")[-1]
    usual = type(classifier)().get_params()
    # What the study set is told even where it is the default.
    told = {DIALS[model].parameter: classifier.get_params()[DIALS[model].parameter]}
    told |= {
        name: value
        for name, value in classifier.get_params().items()
        if value != usual[name] and name not in _TECHNICAL
    }
    text = f"*Settings.* The study: {_written(told)}."
    searched = {
        name.removeprefix("classify__"): values
        for grid in spec.space
        for name, values in grid.items()
        if len(values) > 1
    }
    parts = [f"`{name}` among {listed([_value(v) for v in vs])}" for name, vs in searched.items()]
    text += f" Our search chooses {listed(parts)}"
    rows = params[
        (params["model"] == model)
        & (params["variant"] == "tuned")
        & (params["protocol"] == "artist-grouped")
    ]
    counts = rows["params"].value_counts()
    if counts.empty:
        return f"{text}."
    best = {k.removeprefix("classify__"): v for k, v in json.loads(counts.index[0]).items()}
    best = {name: value for name, value in best.items() if name in searched}
    where = protocol_title("artist-grouped")
    return (
        f"{text}; under *{where}* it most often took {_written(best)} ({int(counts.iloc[0])} of "
        f"{len(rows)} folds)."
    )


def _written(values: Mapping[str, Any]) -> str:
    return listed([f"`{name} = {_value(value)}`" for name, value in values.items()])


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def thin(tracks: pd.DataFrame, *, full: int = 100) -> str:
    """Name the genres of which much is missing."""
    counts = {str(genre): int(n) for genre, n in tracks["genre"].value_counts().items()}
    few = {genre: n for genre, n in counts.items() if n < 0.9 * full}
    if not few:
        return "No genre is thin."
    parts = [f"{n} of {full} {genre}" for genre, n in few.items()]
    return (
        f"Only {listed(parts)} tracks are here, since the audio of the others cannot be had; what "
        "is said about these genres is less certain."
    )
