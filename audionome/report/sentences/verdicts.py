"""What `audionome.lab.model_card` found, in sentences.

Conventions
-----------
As in `findings`: every function returns Markdown in which all numbers and verdicts are
computed, and calls one thing better than another only when the interval of the difference, paired
and drawn over artists, excludes zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from audionome._words import listed, points, share, span
from audionome.lab.model_card import Shipped, Versus
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
    "repetitions",
    "soul",
    "thresholds",
    "tries",
    "unlike",
    "weak",
    "wild",
    "wild_comparison",
    "wild_genres",
]

_INDEXES = {
    "extended": "the extended model's index",
    "classic": "the classic model's index",
    "plain": "plain standardised features",
}
_UNDER = {
    "track-grouped": "with tracks drawn at random",
    "artist-grouped": "with artists kept apart (ten folds)",
    "nine-genres": "with artists kept apart (five folds, the fault-filtered tracks, no disco)",
    "fault-filtered": "on the test tracks of the fault-filtered split",
    "fault-filtered, nine genres": "on the test tracks of the fault-filtered split that have audio "
    "(no disco)",
    "fault-filtered, nine genres, train and valid": "on the same test tracks, when the validation "
    "tracks are learned from as well",
    "wild": "on music from outside GTZAN",
}


def _by(table: pd.DataFrame, *keys: str) -> dict[Any, dict[str, Any]]:
    """Rows as dictionaries, by the values of one or several columns."""
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    return {tuple(r[k] for k in keys) if len(keys) > 1 else r[keys[0]]: r for r in rows}


def _plural(n: int, word: str) -> str:
    return f"{n:,} {word}" + ("" if n == 1 else "s")


# -- the model card -----------------------------------------------------------------------


def data(found: Shipped) -> str:
    """Say what each model learned from."""
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


def comparison(versus: Versus | None) -> str:
    """Say whether one of the two models is better on identical tracks."""
    if versus is None:
        return "The two models have no answers in common."
    one, other = versus.accuracy_a, versus.accuracy_b
    text = (
        f"On the same {_plural(versus.n, 'track')} by {_plural(versus.artists, 'artist')}, "
        f"{_UNDER.get(versus.protocol, versus.protocol)}, the {versus.a} model names "
        f"**{share(one.accuracy)}** right ({span(one.low, one.high)}) and the {versus.b} model "
        f"**{share(other.accuracy)}** ({span(other.low, other.high)}). "
    )
    facts = f"{span(versus.low, versus.high)}, paired"
    if not versus.differs:
        return (
            f"{text}They cannot be told apart: the difference is {points(versus.difference)} "
            f"points ({facts})."
        )
    better, worse = (versus.a, versus.b) if versus.difference > 0 else (versus.b, versus.a)
    return (
        f"{text}The {better} model is better than the {worse} one by "
        f"{points(abs(versus.difference))} points ({facts}): it alone is right about "
        f"{max(versus.only_a, versus.only_b)} tracks, the other alone about "
        f"{min(versus.only_a, versus.only_b)}."
    )


def disco(counts: pd.DataFrame) -> str:
    """Say how often each model names disco, on the few tracks that both heard."""
    n = int(counts["n"].iloc[0])
    told = listed([f"the {r['model']} model names {r['right']}" for _, r in counts.iterrows()])
    return (
        f"Of the {n} disco tracks with audio, with artists kept apart, {told} right. So few tracks "
        "cannot tell two models apart; they show whether disco is lost, and no more."
    )


def ladder(table: pd.DataFrame, model: str) -> str:
    """Say what a model scores on its rungs."""
    rows = _by(table[table["model"] == model], "protocol")
    told = [
        f"- **{share(r['accuracy'])}** {_UNDER[p]}: {span(r['low'], r['high'])}, "
        f"{_plural(int(r['n']), 'track')}"
        for p, r in rows.items()
        if p in _UNDER
    ]
    return "\n".join([f"Right answers of the {model} model:", "", *told])


def calibration(table: pd.DataFrame) -> str:
    """Say how far the models' confidences are from the truth."""
    parts = []
    for model, rows in table.groupby("model", sort=False):
        by = _by(rows, "protocol")
        row = by["artist-grouped"]
        text = (
            f"With artists kept apart, the confidences of the {model} model are off by "
            f"**{points(row['calibration_error'])} points** on average (expected calibration "
            f"error, ten bins, {_plural(int(row['n']), 'track')}; perfectly honest confidences "
            f"would show {points(row['calibration_luck'])} by luck alone)"
        )
        rest = [
            f"{points(by[p]['calibration_error'])} {_UNDER[p]}"
            for p in ("fault-filtered, nine genres", "fault-filtered", "wild")
            if p in by
        ]
        parts.append(f"{text}; {listed(rest)}." if rest else f"{text}.")
    return " ".join(parts)


def coverage(table: pd.DataFrame, model: str) -> str:
    """Say how right the most certain answers are; of `audionome.lab.model_card.coverage`."""
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
    """Say what a shorter excerpt costs; of `audionome.lab.model_card.excerpts`."""
    if table.empty:
        return "There are no results for excerpts."
    whole = table.iloc[0]
    parts = []
    for _, row in table.iloc[1:].iterrows():
        text = f"{share(row['accuracy'])} of excerpts of {row['seconds']:.0f} s"
        if row["cost_low"] <= 0 <= row["cost_high"]:
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
    """Say how often known and unknown music is called unsure; of the classic model."""
    by = _by(shares[shares["sign"] == "unsure"], "group")
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
        sure = "" if row["low"] > 1 else ", so the difference may be luck"
        verdicts.append(
            f"{row['ratio']:.1f} times as often as {names[row['against']]} ({facts}{sure})"
        )
    twice = ratios["low"].min() >= 2
    return (
        f"It calls unsure {listed(told)}. That is soul {listed(verdicts)}. "
        + ("By every interval it is at least twice as often." if twice else
           "That it is twice as often is not proven: the intervals reach below two.")
    )  # fmt: skip


def unlike(shares: pd.DataFrame) -> str:
    """Say how often the distance calls music unlike anything that was learned."""
    by = _by(shares[shares["sign"] == "out-of-distribution"], "group")
    names = {"GTZAN": "GTZAN", "wild": "known genres from outside it", "soul": "soul"}
    told = [f"{share(by[g]['share'])} of {w}" for g, w in names.items() if g in by]
    return (
        f"The distance calls unlike anything learned {listed(told)}. It is there for noise and "
        "tones, not for new genres."
        if told
        else "There is no distance for this model."
    )


def errors(table: pd.DataFrame, model: str) -> str:
    """Say what spread and distance are good for; of `audionome.lab.model_card.separation`."""
    tasks = {
        "errors, GTZAN": "a wrong answer about GTZAN",
        "errors, wild": "a wrong answer outside GTZAN",
        "soul, GTZAN": "soul among GTZAN's tracks",
        "soul, wild": "soul among other music from outside",
    }
    lines = []
    for task, rows in table.groupby("task", sort=False):
        told = []
        for _, r in rows.iterrows():
            blind = r["low"] <= 0.5 <= r["high"]
            against = r["high"] < 0.5
            note = ", no better than blind" if blind else ", the wrong way round" if against else ""
            told.append(f"{r['sign']} {r['auc']:.2f} ({r['low']:.2f} to {r['high']:.2f}{note})")
        lines.append(f"- {tasks[str(task)]}: {listed(told)}")
    head = (
        f"How well the signs of the {model} model tell trouble (1 always, 0.5 blind, with "
        "95\N{NO-BREAK SPACE}% intervals):"
    )
    return "\n".join([head, "", *lines])


def thresholds(found: Shipped) -> str:
    """Say when an answer is held back; of GTZAN's tracks by unknown artists."""
    parts = []
    for model in found.models:
        card, rows = found.cards[model], found.of(model, "artist-grouped")
        wide = float((rows["spread"] > card["entropy_threshold"]).mean())
        text = (
            f"the {model} model is **unsure** when the spread is above "
            f"{card['entropy_threshold']:.2f}, as it is for {share(wide)} of GTZAN's tracks"
        )
        if "out_of_distribution_threshold" in card and rows["distance"].notna().all():
            near = float((rows["distance"] <= card["out_of_distribution_threshold"]).mean())
            text += (
                f", and calls a sound **unlike** anything it learned beyond the distance within "
                f"which {share(near)} of them lie"
            )
        parts.append(text)
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def levels(summary: pd.DataFrame) -> str:
    """Say how loud the genres are filed; of ``gtzan.load_summary()``."""
    level = summary[summary["feature"] == "rms_mean"].set_index("genre")["p50"].sort_values()
    quiet, loud = str(level.index[0]), str(level.index[-1])
    return (
        f"In GTZAN, half of the windows of {loud} have a level above {level.iloc[-1]:.2f} (RMS, "
        f"full scale 1), half of those of {quiet} one below {level.iloc[0]:.2f}."
    )


def optimism(table: pd.DataFrame) -> str:
    """Say where the chosen model stands among all that were scored outside; of the tries."""
    scores = table.loc[table["wild"] != "", "wild"].astype(float) / 100
    low, middle, high = (float(scores.quantile(q)) for q in (0.25, 0.5, 0.75))
    return (
        f"Of {len(scores)} tries that were scored on this music, the best reached "
        f"{share(float(scores.max()))}; the middle half lies between {share(low)} and "
        f"{share(high)}, with a median of {share(middle)}."
    )


def largest_artists(tracks: pd.DataFrame) -> str:
    """Say how much of each genre one artist makes up; of ``gtzan.load().tracks``."""
    largest = tracks.groupby("genre")["artist"].agg(lambda a: a.value_counts(normalize=True).max())
    top = largest.sort_values(ascending=False, kind="stable").head(4)
    artists = tracks.groupby("genre")["artist"].nunique().sort_values(kind="stable")
    parts = [f"{share(v)} of {g}" for g, v in top.items()]
    return (
        f"One artist makes up {listed(parts)} (by our list of artists). {artists.index[0]} comes "
        f"from {artists.iloc[0]} artists in all, {artists.index[-1]} from {artists.iloc[-1]}."
    ).replace(f". {artists.index[0]}", f". {str(artists.index[0]).capitalize()}")


def filed(found: Shipped) -> str:
    """Say how much wild music the models were judged on."""
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
    """Say how the ladder's models fare outside; of `audionome.lab.model_card.leaving`."""
    rows = table[~table["shipped"]]
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
        f"outside, {best['title']}, names {share(best['outside'])} right "
        f"({span(best['low'], best['high'])}, over artists)."
    )


def wild_comparison(rows: pd.DataFrame, other: pd.DataFrame, name: str) -> str:
    """Hold the classic model against one of the ladder's, on the same wild tracks.

    Parameters
    ----------
    rows : DataFrame
        Answers of the classic model: ``track``, ``artist``, ``correct``.
    other : DataFrame
        Answers of the other: ``track``, ``correct``.
    name : str
        Of the other.
    """
    from audionome.lab.metrics import accuracy_interval

    right = other.set_index("track")["correct"]
    rows = rows[rows["track"].isin(right.index)]
    artists = rows["artist"].to_numpy()
    ours = accuracy_interval(rows["correct"].to_numpy(), artists)
    theirs = right.loc[rows["track"]].to_numpy(dtype=float)
    them = accuracy_interval(theirs, artists)
    gap = accuracy_interval(rows["correct"].to_numpy(dtype=float) - theirs, artists)
    text = (
        f"The classic model that ships names **{share(ours.accuracy)}** right "
        f"({span(ours.low, ours.high)}, over artists), {name} {share(them.accuracy)} "
        f"({span(them.low, them.high)}) of the same {_plural(len(rows), 'track')}: "
    )
    facts = f"{points(gap.accuracy)} points ({span(gap.low, gap.high)}, paired)"
    if gap.low <= 0 <= gap.high:
        return f"{text}a difference that cannot be told from luck, {facts}."
    better = gap.accuracy > 0
    return f"{text}{'better' if better else 'worse'} by {facts}."


def wild_genres(table: pd.DataFrame) -> str:
    """Say which genres break outside GTZAN; of `audionome.lab.model_card.wild_genres`."""
    lost = table[table["loss_low"] > 0].sort_values("loss", ascending=False, kind="stable")
    won = table[table["loss_high"] < 0]
    if lost.empty:
        return "For no genre does the interval of the loss leave out zero."
    top = table.sort_values("outside", ascending=False, kind="stable").head(3)
    best = [f"{r['genre']} ({share(r['outside'])})" for _, r in top.iterrows()]
    lines = [
        f"Found most often outside: {listed(best)}. Found less often outside than inside, by "
        "intervals that leave out zero:",
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
        ends.append(f"For the other {rest} the intervals leave it open.")
    return "\n".join([*lines, "", " ".join(ends)]).strip()


def loudness(found: Shortcut) -> str:
    """Say whether dropping the level helps outside GTZAN."""
    one, other, gain = found.with_level, found.without_level, found.gain
    text = (
        f"Trained on all of GTZAN with all {found.n_columns} columns, the study's support vector "
        f"machine names {share(one.estimate)} of the wild tracks right "
        f"({span(one.low, one.high)}); without the {found.n_columns - found.n_level_free} columns "
        f"that depend on the level, {share(other.estimate)} ({span(other.low, other.high)}). "
    )
    i = gain.interval
    facts = f"{points(i.estimate)} points, {span(i.low, i.high)}, paired"
    if gain.differs:
        return f"{text}Without the level it is {gain.word} ({facts})."
    return f"{text}The two {gain.word} ({facts})."


# -- neighbours and repetitions -----------------------------------------------------------


def neighbours(table: pd.DataFrame, gains: pd.DataFrame) -> str:
    """Say how often a recommended track has the same genre."""
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
        if gain["low"] <= 0 <= gain["high"]:
            text.append(f"From {name} ({share(theirs)}) it cannot be told apart ({facts}).")
        else:
            word = "better" if gain["difference"] > 0 else "worse"
            text.append(f"That is {word} than with {name}, {share(theirs)} of {k} (by {facts}).")
    return " ".join(text)


def repetitions(tracks: pd.DataFrame, *, first: int = 50) -> str:
    """Say whether the nearest track is the same song; of `audionome.lab.model_card.twins`."""
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
    counts = tracks.sort_values("p_given").head(first)["genre"].value_counts()
    return f"By genre: {listed([f'{n} of {g}' for g, n in counts.sort_index().items()])}."


def doubted(tracks: pd.DataFrame, *, first: int = 15) -> pd.DataFrame:
    """List the tracks whose genre the model doubts most, for printing."""
    rows = tracks.sort_values("p_given", ignore_index=True).head(first)
    return pd.DataFrame(
        {
            "track": rows["track"],
            "the model says": [
                f"{said} ({p:.0%})" for said, p in rows[["said", "p_said"]].to_numpy()
            ],
            "chance of its own genre": [
                f"{p:.1%}" if p >= 0.001 else "under 0.1%" for p in rows["p_given"]
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


def card_table(cards: Mapping[str, Mapping[str, Any]], table: pd.DataFrame) -> pd.DataFrame:
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
            "answers": table["n"],
            "artists": table["artists"],
            "calibration error": [f"{v:.3f}" for v in table["calibration_error"]],
            "what it means": [
                str(cards[m]["evaluation"][p]["protocol"]).split(";")[0]
                for m, p in table[["model", "protocol"]].to_numpy(dtype=str)
            ],
        }
    )
