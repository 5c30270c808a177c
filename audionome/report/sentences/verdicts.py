"""What `audionome.lab.model_card` found, in sentences.

Conventions
-----------
As in `findings`: every function returns Markdown in which all numbers and verdicts are
computed. What is better than what was decided by `audionome.lab.compare`; nothing is decided here.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from audionome._words import listed, points, share, span
from audionome.lab.compare import SAME
from audionome.lab.model_card import Comparison, ReleasedModels
from audionome.lab.protocols import PROTOCOLS
from audionome.lab.studies.loudness import Shortcut

__all__ = [
    "calibration",
    "card_table",
    "comparison",
    "coverage",
    "data",
    "disco",
    "doubted",
    "doubted_genres",
    "errors",
    "filed",
    "ladder",
    "largest_artists",
    "length",
    "levels",
    "loudness",
    "nearest_pairs",
    "neighbours",
    "optimism",
    "out_of_distribution",
    "repetitions",
    "soul",
    "thresholds",
    "tries",
    "weak",
    "wild",
    "wild_comparison",
    "wild_genres",
]

_INDEXES = {
    "ear": "the ear's index",
    "extended": "the extended model's index",
    "classic": "the classic model's index",
    "plain": "plain standardised features",
}


def _by(table: pd.DataFrame, *keys: str) -> dict[Any, dict[str, Any]]:
    """Rows as dictionaries, by the values of one or several columns."""
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    return {tuple(r[k] for k in keys) if len(keys) > 1 else r[keys[0]]: r for r in rows}


def _plural(n: int, word: str) -> str:
    return f"{n:,} {word}" + ("" if n == 1 else "s")


# -- the model card -----------------------------------------------------------------------


def data(found: ReleasedModels) -> str:
    """Write what each model learned from."""
    parts = []
    for model in found.models:
        index = found.indexes[model]
        genres = pd.Series(index.genres).value_counts()
        few = genres[genres < genres.max() / 2]
        text = (
            f"The **{model}** model learned from {len(index.tracks):,} tracks by "
            f"{len(set(index.artists.tolist())):,} artists"
        )
        if len(few):
            counts = [f"{n} of {g}" for g, n in few.items()]
            text += f", but from only {listed(counts)}, because no more audio can be had"
        parts.append(f"{text}.")
    return " ".join(parts)


def comparison(found: Comparison | None, protocol: str) -> str:
    """Write whether one of the two models is better on identical tracks."""
    if found is None:
        return "The two models have no predictions in common."
    one, other, gap = found.accuracy_a, found.accuracy_b, found.verdict.interval
    text = (
        f"On the same {_plural(gap.n, 'track')} by {_plural(gap.clusters, 'artist')}, "
        f"{PROTOCOLS[protocol].summary}, the {found.a} model classifies "
        f"**{share(one.estimate)}** right ({span(one.low, one.high)}) and the {found.b} model "
        f"**{share(other.estimate)}** ({span(other.low, other.high)}). "
    )
    facts = f"{span(gap.low, gap.high)}, paired"
    if not found.verdict.differs:
        return (
            f"{text}They cannot be told apart: the difference is {points(gap.estimate)} "
            f"points ({facts})."
        )
    pair = (found.a, found.b) if found.verdict.word == "better" else (found.b, found.a)
    return (
        f"{text}The {pair[0]} model is better than the {pair[1]} one by "
        f"{points(abs(gap.estimate))} points ({facts}): it alone is right about "
        f"{max(found.only_a, found.only_b)} tracks, the other alone about "
        f"{min(found.only_a, found.only_b)}."
    )


def disco(counts: pd.DataFrame) -> str:
    """Write how often each model names disco, on the few tracks that both heard."""
    n = int(counts["n"].iloc[0])
    told = listed([f"the {r['model']} model names {r['right']}" for _, r in counts.iterrows()])
    return (
        f"Of the {n} disco tracks with audio, with artists kept apart, {told} right. So few tracks "
        "cannot tell the models apart; they show whether disco is lost, and no more."
    )


def ladder(table: pd.DataFrame, model: str) -> str:
    """Write how often a model is right; of `audionome.lab.model_card.ladder`."""
    rows = table[(table["model"] == model) & (table["level"] == "track")]
    told = [
        f"- **{share(r['accuracy'])}** {r['summary']}: {span(r['low'], r['high'])}, "
        f"{_plural(int(r['n']), 'track')}"
        for _, r in rows.iterrows()
    ]
    return "\n".join([f"Right predictions of the {model} model:", "", *told])


def calibration(table: pd.DataFrame) -> str:
    """Write how far the models' confidences are from the truth; of the table of `ladder`."""
    parts = []
    for model, rows in table.groupby("model", sort=False):
        by = _by(rows, "protocol")
        row = by.pop("artist-grouped")
        text = (
            f"With artists kept apart, the confidences of the {model} model are off by "
            f"**{points(row['calibration_error'])} points** on average (expected calibration "
            f"error, ten bins, {_plural(int(row['n']), 'track')}; perfectly honest confidences "
            f"would show {points(row['calibration_luck'])} by luck alone)"
        )
        rest = [
            f"{points(r['calibration_error'])} {r['summary']}"
            for name, r in by.items()
            if PROTOCOLS[name].n_folds == 1
        ]
        parts.append(f"{text}; {listed(rest)}." if rest else f"{text}.")
    return " ".join(parts)


def coverage(table: pd.DataFrame, model: str) -> str:
    """Write how right the most certain answers are; of `audionome.lab.model_card.coverage`."""
    parts = [
        f"{share(r['accuracy'])} of the surest {round(100 * r['coverage'])}\N{NO-BREAK SPACE}% "
        f"({span(r['low'], r['high'])})"
        for _, r in table[table["coverage"] < 1].iterrows()
    ]
    whole = table[table["coverage"] == 1].iloc[0]
    return (
        f"The {model} model is right about {listed(parts)}, and about {share(whole['accuracy'])} "
        f"of all ({span(whole['low'], whole['high'])})."
    )


def length(table: pd.DataFrame) -> str:
    """Write what a shorter excerpt costs; of `audionome.lab.model_card.excerpts`."""
    if table.empty:
        return "There are no results for excerpts."
    whole = table.iloc[0]
    parts = []
    for _, row in table.iloc[1:].iterrows():
        text = f"{share(row['accuracy'])} of excerpts of {row['seconds']:.0f} s"
        if row["verdict"] == SAME:
            parts.append(f"{text}, which cannot be told from that")
        else:
            parts.append(
                f"{text}, {points(row['cost'])} points less "
                f"({span(row['cost_low'], row['cost_high'])}, paired)"
            )
    errors = [f"{points(r['calibration_error'])} for {r['seconds']:.0f} s"
              for _, r in table.iterrows()]  # fmt: skip
    return (
        f"With artists kept apart, {share(whole['accuracy'])} of whole clips are named right, "
        f"{listed(parts)}. The calibration error by length, in "
        f"points: {listed(errors)}."
    )


def weak(table: pd.DataFrame, model: str, *, below: float = 0.6) -> str:
    """Name the genres that a model misses; of `audionome.lab.model_card.per_genre`."""
    rows = table[table["recall"] < below].sort_values("recall", kind="stable")
    if rows.empty:
        return f"The {model} model finds at least {below:.0%} of every genre."
    parts = [
        f"{r['genre']} ({share(r['recall'])}, {span(r['recall_low'], r['recall_high'])}; "
        f"{_plural(int(r['n']), 'track')} by {_plural(int(r['artists']), 'artist')})"
        for _, r in rows.iterrows()
    ]
    return f"With artists kept apart, the {model} model finds least of {listed(parts)}."


def soul(shares: pd.DataFrame, ratios: pd.DataFrame) -> str:
    """Write how often the answer names many genres, for known and unknown music; classic model."""
    by = _by(shares[shares["sign"] == "many"], "group")
    if ratios.empty or "soul" not in by:
        return "There is no music of an unknown genre to ask about."
    names = {"GTZAN": "GTZAN's tracks", "wild": "known genres from outside GTZAN", "soul": "soul"}
    told = [
        f"{share(by[g]['share'])} of {words} ({span(by[g]['low'], by[g]['high'])}, "
        f"{_plural(int(by[g]['n']), 'track')})"
        for g, words in names.items()
        if g in by
    ]
    verdicts = []
    for _, row in ratios.iterrows():
        facts = f"95\N{NO-BREAK SPACE}% interval {row['low']:.1f} to {row['high']:.1f}"
        sure = "" if row["verdict"] != SAME else ", so the difference may be luck"
        verdicts.append(
            f"{row['ratio']:.1f} times as often as {names[row['against']]} ({facts}{sure})"
        )
    return (
        f"With the threshold that GTZAN asks for, it names more than three genres for "
        f"{listed(told)}. That is soul {listed(verdicts)}. "
        + ("By every interval it is at least twice as often." if ratios["twice"].all() else
           "That it is twice as often is not proven: the intervals reach below two.")
    )  # fmt: skip


def out_of_distribution(shares: pd.DataFrame) -> str:
    """Write how often the distance calls music out of distribution."""
    by = _by(shares[shares["sign"] == "out-of-distribution"], "group")
    names = {"GTZAN": "GTZAN", "wild": "known genres from outside it", "soul": "soul"}
    told = [f"{share(by[g]['share'])} of {w}" for g, w in names.items() if g in by]
    return (
        f"The distance calls out of distribution {listed(told)}. It is there for noise and tones, "
        "not for new genres."
        if told
        else "There is no distance for this model."
    )


def errors(table: pd.DataFrame, model: str) -> str:
    """Write what entropy and distance are good for; of `audionome.lab.model_card.separation`."""
    tasks = {
        "errors, GTZAN": "a wrong prediction about GTZAN",
        "errors, wild": "a wrong prediction outside GTZAN",
        "soul, GTZAN": "soul among GTZAN's tracks",
        "soul, wild": "soul among other music from outside",
    }
    lines = []
    for task, rows in table.groupby("task", sort=False):
        told = []
        for _, r in rows.iterrows():
            note = {SAME: ", no better than blind", "worse": ", the wrong way round"}
            told.append(
                f"{r['sign']} {r['auc']:.2f} ({r['low']:.2f} to {r['high']:.2f}"
                f"{note.get(r['verdict'], '')})"
            )
        lines.append(f"- {tasks[str(task)]}: {listed(told)}")
    head = (
        f"How well the signs of the {model} model tell trouble (1 always, 0.5 blind, with "
        "95\N{NO-BREAK SPACE}% intervals):"
    )
    return "\n".join([head, "", *lines])


def thresholds(found: ReleasedModels) -> str:
    """Write which genres an answer names, and how far a sound must be to get none."""
    parts = []
    for model in found.models:
        card, rows = found.cards[model], found.of(model, "artist-grouped")
        *shorter, (_, limit) = card["set_thresholds"]
        text = (
            f"the {model} model names every genre that is at least {share(limit)} as probable as "
            f"the most probable one"
        )
        if shorter:
            told = [f"{share(value)} for {3 * n:.0f}\N{NO-BREAK SPACE}s" for n, value in shorter]
            text += f" ({listed(told)})"
        if "out_of_distribution_threshold" in card and rows["distance"].notna().all():
            near = float((rows["distance"] <= card["out_of_distribution_threshold"]).mean())
            text += (
                f", and calls a sound **out of distribution** beyond the distance within which "
                f"{share(near)} of GTZAN's tracks lie"
            )
        parts.append(text)
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def levels(summary: pd.DataFrame) -> str:
    """Write how loud the genres are filed; of ``gtzan.load_summary()``."""
    level = summary[summary["feature"] == "rms_mean"].set_index("genre")["p50"].sort_values()
    quiet, loud = str(level.index[0]), str(level.index[-1])
    return (
        f"In GTZAN, half of the windows of {loud} have a level above {level.iloc[-1]:.2f} (RMS, "
        f"full scale 1), half of those of {quiet} one below {level.iloc[0]:.2f}."
    )


def optimism(table: pd.DataFrame) -> str:
    """Write where the chosen model stands among all that were scored outside; of the tries."""
    scores = table.loc[table["wild"] != "", "wild"].astype(float) / 100
    low, middle, high = (float(scores.quantile(q)) for q in (0.25, 0.5, 0.75))
    return (
        f"Of {len(scores)} tries that were scored on this music, the best reached "
        f"{share(float(scores.max()))}; the middle half lies between {share(low)} and "
        f"{share(high)}, with a median of {share(middle)}."
    )


def largest_artists(tracks: pd.DataFrame) -> str:
    """Write how much of each genre one artist makes up; of ``gtzan.load().tracks``."""
    largest = tracks.groupby("genre")["artist"].agg(lambda a: a.value_counts(normalize=True).max())
    top = largest.sort_values(ascending=False, kind="stable").head(4)
    artists = tracks.groupby("genre")["artist"].nunique().sort_values(kind="stable")
    parts = [f"{share(v)} of {g}" for g, v in top.items()]
    return (
        f"One artist makes up {listed(parts)} (by our list of artists). {artists.index[0]} comes "
        f"from {artists.iloc[0]} artists in all, {artists.index[-1]} from {artists.iloc[-1]}."
    ).replace(f". {artists.index[0]}", f". {str(artists.index[0]).capitalize()}")


def filed(found: ReleasedModels) -> str:
    """Write how much wild music the models were judged on."""
    rows = found.of("classic", "wild")
    soul_rows = found.of("classic", "wild", known=False)
    return (
        f"{_plural(len(rows), 'track')} by {_plural(rows['artist'].nunique(), 'artist')} in the "
        f"ten genres, and {_plural(len(soul_rows), 'track')} of soul."
    )


def tries(table: pd.DataFrame) -> pd.DataFrame:
    """Format the notes of what was tried for printing."""
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


# -- outside GTZAN ------------------------------------------------------------------------


def wild(table: pd.DataFrame) -> str:
    """Write how the ladder's models fare outside; of `audionome.lab.model_card.leaving`."""
    rows = table[~table["released"]]
    if rows.empty:
        return "There are no results from outside GTZAN yet."
    rows = rows.assign(loss=rows["inside"] - rows["outside"])
    rows = rows.sort_values("loss", kind="stable")
    least, most = rows.iloc[0], rows.iloc[-1]
    best = rows.sort_values("outside", kind="stable").iloc[-1]
    all_lose = float(least["loss"]) > 0
    return (
        f"{'Each' if all_lose else 'Not each'} of the ladder's {len(rows)} models scores less "
        f"outside than on new artists of GTZAN, by {points(least['loss'])} points "
        f"({least['title']}) to {points(most['loss'])} ({most['title']}). The highest of them "
        f"outside, {best['title']}, classifies {share(best['outside'])} right "
        f"({span(best['low'], best['high'])})."
    )


def wild_comparison(found: Comparison) -> str:
    """Compare the classic model with one of the ladder's, on the same music from outside."""
    one, other, gap = found.accuracy_a, found.accuracy_b, found.verdict.interval
    text = (
        f"The classic model classifies **{share(one.estimate)}** right "
        f"({span(one.low, one.high)}), {found.b} {share(other.estimate)} "
        f"({span(other.low, other.high)}) of the same {_plural(gap.n, 'track')} by "
        f"{_plural(gap.clusters, 'artist')}: "
    )
    facts = f"{points(gap.estimate)} points ({span(gap.low, gap.high)}, paired)"
    if not found.verdict.differs:
        return f"{text}a difference that cannot be told from luck, {facts}."
    return f"{text}{found.verdict.word} by {facts}."


def wild_genres(table: pd.DataFrame) -> str:
    """Write which genres break outside GTZAN; of `audionome.lab.model_card.wild_genres`."""
    lost = table[table["verdict"] == "better"].sort_values("loss", ascending=False, kind="stable")
    won = table[table["verdict"] == "worse"]
    if lost.empty:
        return "Of no genre can it be said that less of it is found outside."
    top = table.sort_values("outside", ascending=False, kind="stable").head(3)
    best = [f"{r['genre']} ({share(r['outside'])})" for _, r in top.iterrows()]
    lines = [
        f"Found most often outside: {listed(best)}. Found less often outside than inside (all ten "
        "genres asked about together):",
        "",
        *(
            f"- **{r['genre']}**: {share(r['inside'])} inside, {share(r['outside'])} outside, "
            f"where it is mostly taken for {r['instead']} ({points(r['loss'])} points lost, "
            f"{span(r['loss_low'], r['loss_high'])})"
            for _, r in lost.iterrows()
        ),
    ]
    ends = []
    if len(won):
        parts = [f"{r['genre']} ({share(r['inside'])} inside, {share(r['outside'])} outside)"
                 for _, r in won.iterrows()]  # fmt: skip
        ends.append(f"Found more often outside: {listed(parts)}.")
    if rest := len(table) - len(lost) - len(won):
        ends.append(f"For the other {rest} the two cannot be told apart.")
    return "\n".join([*lines, "", " ".join(ends)]).strip()


def loudness(found: Shortcut) -> str:
    """Write whether dropping the level helps outside GTZAN."""
    one, other, gap = found.with_level, found.without_level, found.gain.interval
    text = (
        f"Trained on all of GTZAN with all {found.n_columns} columns, the study's support vector "
        f"machine classifies {share(one.estimate)} of the wild tracks right "
        f"({span(one.low, one.high)}); without the {found.n_columns - found.n_level_free} columns "
        f"that depend on the level, {share(other.estimate)} ({span(other.low, other.high)}). "
    )
    facts = f"{points(gap.estimate)} points, {span(gap.low, gap.high)}, paired"
    if not found.gain.differs:
        return f"{text}The two {found.gain.word} ({facts})."
    return f"{text}Without the level it is {found.gain.word} ({facts})."


# -- neighbours and repetitions -----------------------------------------------------------


def neighbours(table: pd.DataFrame, gains: pd.DataFrame) -> str:
    """Write how often a recommended track has the same genre."""
    by = _by(table, "index", "k", "other_artist")
    own, k = "extended", int(table["k"].min())
    text = []
    for n in sorted(set(table["k"])):
        row, leaky = by[own, n, True], by[own, n, False]
        text.append(
            f"Of the **{n}** nearest tracks by other artists, **{share(row['precision'])}** have "
            f"the same genre ({span(row['low'], row['high'])}, {_plural(int(row['n']), 'track')}); "
            f"blind choice would give {share(row['chance'])}. With the same artist allowed it "
            f"would seem to be {share(leaky['precision'])}."
        )
    for _, gain in gains[gains["k"] == k].iterrows():
        name = _INDEXES[gain["against"]]
        theirs = by[gain["against"], k, True]["precision"]
        facts = f"{points(gain['difference'])} points, {span(gain['low'], gain['high'])}, paired"
        if gain["verdict"] == SAME:
            text.append(f"From {name} ({share(theirs)}) it cannot be told apart ({facts}).")
        else:
            text.append(
                f"That is {gain['verdict']} than with {name}, {share(theirs)} of {k} (by {facts})."
            )
    return " ".join(text)


def repetitions(tracks: pd.DataFrame, *, first: int = 50) -> str:
    """Write whether the nearest track is the same song; of `audionome.lab.model_card.twins`."""
    top = tracks.head(first)
    again = tracks[tracks["repeated"]]
    return (
        f"Of {len(tracks):,} tracks with audio, {len(again)} share artist and title with another. "
        f"For **{int(again['same_song'].sum())}** of these, the nearest of all tracks is such a "
        f"one. Of the {len(top)} tracks that are most like their nearest, "
        f"{int(top['same_song'].sum())} share artist and title with it."
    )


def doubted_genres(tracks: pd.DataFrame, *, first: int = 15) -> str:
    """Count the genres of the tracks whose genre the model doubts most."""
    counts = tracks.sort_values("p_genre").head(first)["genre"].value_counts()
    return f"By genre: {listed([f'{n} of {g}' for g, n in counts.sort_index().items()])}."


def doubted(tracks: pd.DataFrame, *, first: int = 15) -> pd.DataFrame:
    """List the tracks whose genre the model doubts most, for printing."""
    rows = tracks.sort_values("p_genre", ignore_index=True).head(first)
    return pd.DataFrame(
        {
            "track": rows["track"],
            "the model says": [
                f"{name} ({p:.0%})" for name, p in rows[["predicted", "p_predicted"]].to_numpy()
            ],
            "chance of its own genre": [
                f"{p:.1%}" if p >= 0.001 else "under 0.1%" for p in rows["p_genre"]
            ],
        }
    )


def nearest_pairs(tracks: pd.DataFrame, *, first: int = 30) -> pd.DataFrame:
    """List the pairs of tracks that are most alike, for printing."""
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


def card_table(table: pd.DataFrame) -> pd.DataFrame:
    """Format the results of every model and protocol for printing."""
    return pd.DataFrame(
        {
            "model": table["model"],
            "protocol": table["protocol_title"],
            "accuracy (%)": [f"{100 * a:.1f}" for a in table["accuracy"]],
            "95 % interval": [
                f"{100 * low:.1f} to {100 * high:.1f}".replace(" ", "\N{NO-BREAK SPACE}")
                for low, high in table[["low", "high"]].to_numpy()
            ],
            "predictions": table["n"],
            "artists": table["artists"],
            "as good as": [f"{n:.0f}" for n in table["effective_n"]],
            "calibration error": [f"{v:.3f}" for v in table["calibration_error"]],
            "how it was judged": table["summary"],
        }
    )
