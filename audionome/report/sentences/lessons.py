"""What the chapters on correlation, principal components and the algorithms say, in sentences.

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
from audionome.datasets import gtzan
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.exploration import DIALS, Correlations, Maps, Principal, Regions, Tested
from audionome.lab.exploration.projection import ALL_FEATURES, LDA_MAP, LDA_OWN, PCA_MAP, TSNE_MAP
from audionome.lab.names import protocol_title

__all__ = [
    "between_genres",
    "claim",
    "claims",
    "components",
    "dial",
    "heaviest",
    "left_out",
    "maps",
    "on_its_way",
    "own_results",
    "preparation",
    "settings",
    "seven",
    "strongest",
    "thin",
    "two_sided",
    "unscaled",
]

# Settings that change the speed or the seed, not the idea.
_TECHNICAL = {"cache_size", "decision_function_shape", "random_state"}
_INTERVAL = "95\N{NO-BREAK SPACE}% interval"


def r(value: float) -> str:
    """Write a correlation with a true minus."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def left_out(tracks: pd.DataFrame, songs: pd.DataFrame) -> str:
    """Write what the fault filter leaves out, and which songs return all the same.

    Parameters
    ----------
    tracks : DataFrame
        ``audionome.datasets.gtzan.load().tracks``.
    songs : DataFrame
        ``audionome.datasets.gtzan.load_songs()``.
    """
    repeats, other, unheard = gtzan.REASONS
    reasons = gtzan.left_out(tracks, songs)["reason"].value_counts()
    n = {reason: int(reasons.get(reason, 0)) for reason in gtzan.REASONS}
    song = songs.set_index("track")["song"].reindex(tracks["track"])
    kept = song[tracks["fault_filtered"].to_numpy(dtype=str) != ""].dropna().value_counts()
    return (
        f"Of the {n[repeats] + n[other]} clips that it leaves out, **{n[repeats]}** share artist "
        f"and title with another clip: they are the same recording, another part of it or another "
        f"version. Of the other {n[other]} our lists do not say why. Nor does it leave out all "
        f"such clips: {int((kept > 1).sum())} songs still have more than one. For {n[unheard]} "
        "more clip the audio is corrupt in every copy that can be had."
    )


def two_sided(table: pd.DataFrame, tracks: pd.DataFrame) -> str:
    """Write how far the published split keeps artists apart, by our list of them."""
    if table.empty:
        return "By our list of artists, none is on two sides of the published split."
    sides = table[["train", "valid", "test"]]
    tested = table.loc[(sides["train"] > 0) | (sides["valid"] > 0), "test"].sum()
    parts = tracks["fault_filtered"].to_numpy(dtype=str)
    many = "groups of artists are" if len(table) > 1 else "group of artists is"
    return (
        f"By our list of artists, {len(table)} {many} on two sides of the published split, with "
        f"{int(sides.to_numpy().sum())} of its {int((parts != '').sum()):,} tracks; of its "
        f"{int((parts == 'test').sum()):,} tested tracks, {int(tested)} are by artists who are "
        "also learned from or validated with."
    )


def _pair(row: pd.Series) -> str:
    return (
        f"`{row['one']}` and `{row['other']}` (r = {r(row['r'])}, {_INTERVAL} {r(row['low'])} to "
        f"{r(row['high'])})"
    )


def strongest(found: Correlations, *, bound: float = 0.9) -> str:
    """Write how many pairs are nearly the same feature twice, and which is first."""
    pairs = found.pairs()
    strong = int((pairs["r"].abs() > bound).sum())
    weak = float((pairs["r"].abs() < 0.1).mean())
    return (
        f"Of {len(pairs):,} pairs, **{strong}** lie beyond ±{bound:g}; the strongest is "
        f"{_pair(pairs.iloc[0])}. {share(weak)} of the pairs have almost nothing in common "
        "(within ±0.1)."
    )


def claim(tested: Tested) -> str:
    """Write whether something that is often said holds, and where it does not."""
    n, table = len(tested.table), tested.table
    holds, fails, still_open = (tested.count(v) for v in ("holds", "fails", "open"))
    if holds == n:
        verdict = f"**It holds**, for {'all ' if n > 1 else ''}{n} pair{'s' * (n > 1)}"
    elif fails == n:
        verdict = f"**It does not hold** for any of {n} pairs"
    elif fails:
        verdict = f"**It does not hold in full**: it does for {holds} of {n} pairs and fails for " \
                  f"{fails}"  # fmt: skip
    else:
        verdict = f"**It holds for {holds} of {n} pairs**, and no pair contradicts it"
    if still_open:
        verdict += (
            f"; for {still_open} the interval leaves it open" if fails or holds
            else "; the interval leaves all open"
        )  # fmt: skip
    far = table[table["verdict"] != "holds"].head(3)
    words = "Farthest from it" if len(far) else "Weakest"
    rows = far if len(far) else table.head(1)
    return (
        f"**{tested.claim.title}.** *Often said:* {tested.claim.words} {verdict}. {words}: "
        f"{listed([_pair(row) for _, row in rows.iterrows()])}."
    )


def claims(tested: list[Tested]) -> str:
    """Write how many of the claims hold for every pair."""
    whole = sum(t.count("holds") == len(t.table) for t in tested)
    broken = sum(t.count("fails") > 0 for t in tested)
    rest = len(tested) - whole - broken
    text = (
        f"**{whole} of {len(tested)}** hold for every pair that they are about, {broken} fail for "
        "at least one"
    )
    return f"{text}, {rest} cannot be settled for every pair." if rest else f"{text}."


def between_genres(found: Correlations) -> str:
    """Name the pair whose correlation comes most from the differences between genres."""
    pairs = found.pairs()
    row = pairs.iloc[int((pairs["r"].abs() - pairs["within"].abs()).to_numpy().argmax())]
    return (
        f"`{row['one']}` and `{row['other']}` show it best: r = {r(row['r'])} over all windows, "
        f"but only {r(row['within'])} inside the genres."
    )


def unscaled(raw: Principal) -> str:
    """Write what principal components are when nothing is scaled."""
    weights = raw.loadings["PC1"].abs().sort_values(ascending=False)
    return (
        f"Without it the first component holds **{share(float(raw.explained[0]))}** of the "
        f"variance, and it is almost one feature alone: `{weights.index[0]}` has a weight of "
        f"{weights.iloc[0]:.2f} where 1 would be all. It is not the most important feature, only "
        "the one with the largest unit."
    )


def components(scaled: Principal) -> str:
    """Write how many components hold how much."""
    first, second = (share(float(v)) for v in scaled.explained[:2])
    needed = [f"{scaled.needed(s)} for {100 * s:.0f}\N{NO-BREAK SPACE}%" for s in (0.5, 0.8, 0.95)]
    return (
        f"The first component holds {first} of the variance, the second {second}. Of "
        f"{len(scaled.explained)} components one needs {listed(needed)}. So a flat picture shows "
        f"{share(float(scaled.explained[:2].sum()))} of what is there."
    )


def heaviest(scaled: Principal, *, most: int = 4) -> str:
    """Name the heaviest features of the first two components."""
    parts = []
    for name in ("PC1", "PC2"):
        weights = scaled.loadings[name]
        top = weights.reindex(weights.abs().sort_values(ascending=False).index).head(most)
        told = [f"`{feature}` ({r(float(weight))})" for feature, weight in top.items()]
        kinds = (
            (weights**2)
            .groupby(["variances" if str(n).endswith("_var") else "means" for n in weights.index])
            .sum()
        )
        kind = str(kinds.idxmax())
        parts.append(
            f"{name} weighs {listed(told)} most, and {kind} make up {share(float(kinds[kind]))} "
            "of it (in squared weights)"
        )
    return f"{'; '.join(parts)}."


def maps(found: Maps) -> str:
    """Write how much of the genres each map keeps, and how much LDA flatters itself."""
    rows = found.alike.set_index("map").to_dict("index")

    def told(title: str) -> str:
        row = rows[title]
        return f"{share(row['alike'])} ({span(row['low'], row['high'])})"

    text = (
        f"Look at the {found.k} nearest tracks by *other* artists: how many have the same genre? "
        f"With all features {told(ALL_FEATURES)}; on the PCA map {told(PCA_MAP)}; on the LDA map "
        f"{told(LDA_MAP)}; on the t-SNE map {told(TSNE_MAP)}. On the music that LDA learned from, "
        f"its map shows {told(LDA_OWN)}"
    )
    judged = found.lda_own
    if judged.interval.estimate <= 0:
        return f"{text}."
    text += f", {points(judged.interval.estimate)} points more"
    if judged.word != "better":
        return f"{text}; the two {SAME}, so that may be luck."
    return f"{text}: a map that has seen the genres looks tidier than it is."


def preparation(table: pd.DataFrame) -> str:
    """Write what it costs in honesty to prepare the features before the split."""
    parts = []
    for _, row in table.iterrows():
        low, high = float(row["low"]), float(row["high"])
        text = (
            f"*{row['way']}*: {share(row['outside'])} when learned from all tracks, "
            f"{share(row['inside'])} inside each fold, a difference of "
            f"{points(row['difference'])} points ({span(low, high)})"
        )
        if row["verdict"] == SAME:
            text += f": the two {SAME}"
        parts.append(text)
    return "; ".join(parts) + "."


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


def on_its_way(table: pd.DataFrame) -> pd.DataFrame:
    """Print what `audionome.lab.exploration.standardised` computed."""
    named = {"feature": "feature", "mean": "mean of all tracks", "spread": "spread",
             "value": "this track", "standardised": "standardised"}  # fmt: skip
    numbers = table.drop(columns="feature")
    printed = numbers.map(lambda v: f"{v:,.4g}".replace("-", "−") if abs(v) < 1e4 else f"{v:,.0f}")
    printed["standardised"] = [f"{v:+.2f}".replace("-", "−") for v in table["standardised"]]
    printed.insert(0, "feature", table["feature"])
    return printed.rename(columns=named)[list(named.values())]
