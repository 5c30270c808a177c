"""What a model of one's own is worth: its charts, its summary, and the page that shows them.

All of it is made of the model's card: nothing is computed here but what is written in words.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from audionome import files
from audionome._words import counted, listed, sentence_case
from audionome.charts._base import INK, PARTS, TEMPLATE, Chart, faded, rounded, spans, tenths
from audionome.charts.page import PAGE_SUFFIXES, Bullets, Section, Table, label, write_page
from audionome.models import telling

__all__ = ["confusion", "genres", "ladder", "reliability", "require", "summary", "write"]

_COLOUR = PARTS[0][0]
_SHADE = "20,122,128"
_MOST_CELLS, _MOST_NUMBERS = 60, 20  # genres of a map, and of one with numbers in it
_LONGEST = 28  # characters of a name in a chart
_LINE = 16  # and of a line of it beside bars
_PAIRS = 20
_SHOWN = 3
_FAILURES = 1000

Card = Mapping[str, Any]

_INPUTS = {
    "both": "the ear and the classic features together",
    "ear": "the ear alone",
    "features": "the classic features alone",
}
# What groups are called, one and several; those of several kinds are groups of artists or albums.
_NOUNS = {
    "artist": ("artist", "artists"),
    "folder": ("folder", "folders"),
    "file": ("file", "files"),
    "group": ("artist or album", "artists or albums"),
}
_STATUS = {"one": "one genre", "few": "two or three", "many": "more, or all it knows"}
_SOURCES = {
    "tag": "the artist of {n} is known from the tags",
    "folder": "{n} are kept together by the folder that they lie in",
    "name": "the artist of {n} is known from the file's name",
}


def _unheard(card: Card) -> str:
    """Return what the tested recordings were kept apart by."""
    if _nameless(card):
        return "it has not heard"
    if _unit(card, card["genres"]) == "group" and card["data"]["grouped_by"] != "file":
        return "by artists or from albums it has not heard"
    return {
        "artist": "by artists it has not heard",
        "folder": "from folders (albums, say) it has not heard",
        "file": "it has not heard, nor others by the artists that are known",
    }[str(card["data"]["grouped_by"])]


def _nameless(card: Card) -> bool:
    """Return whether no artist or album is known, so that every recording counts as its own."""
    return set(card["data"]["sources"]) == {"file"}


def _alone(card: Card) -> bool:
    """Return whether no two recordings are of one group: then random files test the same."""
    return bool(card["data"]["groups"] == card["data"]["recordings"])


def _unit(card: Card, genres: Iterable[str]) -> str:
    """Return what the groups of genres are called: all of one kind, or "group"."""
    units = {str(card["data"]["genres"][genre]["unit"]) for genre in genres}
    return units.pop() if len(units) == 1 else "group"


def _groups(card: Card, n: int) -> str:
    return counted(n, *_NOUNS[_unit(card, card["evaluation"]["genres"]["genre"])])


def _percent(share: float) -> str:
    return f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"


def _interval(found: Mapping[str, Any]) -> str:
    return f"{100 * found['low']:.1f} to {_percent(found['high'])}"


def summary(card: Card) -> list[str]:
    """Return a few sentences that say what a model is worth.

    Parameters
    ----------
    card : mapping
        Of a model that ``audionome train`` made.

    Returns
    -------
    list of str
        Plain text.
    """
    data, found = card["data"], card["evaluation"]
    other, random = found["other_groups"], found["random_files"]
    lines = [
        f"{counted(len(card['genres']), 'genre')}, {counted(data['recordings'], 'recording')}. "
        f"{_by(data)}",
        f"Right on {_percent(other['share'])} of recordings {_unheard(card)} (95 % interval "
        f"{_interval(other)}, over {_groups(card, other['groups'])}); genres equally heavy "
        f"{_percent(found['balanced'])}; always naming the largest genre "
        f"{_percent(found['guessing'])}.",
    ]
    if not _alone(card):
        how = (
            ", which flatters: other songs of the same artist or album were learned"
            if found["flattery"]["word"] == "better"
            else "; here the two cannot be told apart"
        )
        lines.append(f"On random files {_percent(random['share'])}{how}.")
    compared = {name: _percent(share) for name, share in found["compared"].items()}
    lines.append(
        f"It listens with {_INPUTS[card['inputs']]} (genres equally heavy: the ear "
        f"{compared['ear']}, features {compared['features']}, both {compared['both']}). "
        "These three chose it, so they flatter: believe the figure above."
    )
    lines.append(_mixed_up(found))
    return lines


def _by(data: Card) -> str:
    """Return the sentence that says how the artists are known."""
    sources, asked = data["sources"], data["asked"]["by"]
    option = f"--groups {' '.join(asked)}"
    if list(sources) == ["file"]:
        if asked:
            return f"As you asked with {option}, each counts as an artist of its own."
        return "Nothing names their artists, so each counts as an artist of its own."
    told = [
        words.format(n=counted(sources[name], "recording"))
        for name, words in _SOURCES.items()
        if name in sources
    ]
    if others := sources.get("file", 0):
        told.append(
            f"as you asked with {option}, each of the other {others:,} counts as an artist of its "
            "own"
            if asked
            else f"nothing names the artist of the other {others:,}, so each counts as an artist "
            "of its own"
        )
    return sentence_case("; ".join(told)) + "."


def _mixed_up(found: Card) -> str:
    pairs = _pairs(found)[:_SHOWN]
    if not pairs:
        return "It mixed up no two genres."
    times = {1: "once", 2: "twice"}
    told = [f'"{a}" taken for "{b}" ({times.get(n, f"{n} times")})' for a, b, n, _ in pairs]
    return f"Mixed up most: {listed(told)}."


def _pairs(found: Card) -> list[tuple[str, str, int, float]]:
    columns = found["confusions"]
    return list(
        zip(*(columns[name] for name in ("genre", "predicted", "count", "share")), strict=True)
    )


# -- charts -------------------------------------------------------------------------------


def _short(name: str) -> str:
    return label(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")


def _wrapped(name: str) -> str:
    """Return a name for the side of a chart, in lines that leave room for it on a phone."""
    return "<br>".join(map(label, textwrap.wrap(name, _LINE))) or label(name)


def _bars(
    names: Sequence[str],
    values: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    *,
    longest: int = _LONGEST,
) -> go.Figure:
    """Return horizontal bars with intervals; names may be alike when they are cut."""
    places = list(range(len(names)))
    ticks = [_wrapped(n if len(n) <= longest else f"{n[: longest - 1]}…") for n in names]
    lines = max(tick.count("<br>") + 1 for tick in ticks)
    figure = go.Figure(
        go.Bar(
            x=rounded(values),
            y=places,
            orientation="h",
            marker={"color": faded(_COLOUR, 0.4)},  # so that the interval is seen on it
            error_x={
                "array": rounded(h - v for h, v in zip(high, values, strict=True)),
                "arrayminus": rounded(v - w for v, w in zip(values, low, strict=True)),
                "color": INK,
            },
            customdata=[_short(name) for name in names],
            hovertemplate="%{customdata}: %{x:.1%}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=max(200, 70 + max(30, 8 + 16 * lines) * len(names)),
        bargap=0.35,
        showlegend=False,
        xaxis={"range": [0, 1.02], "tickformat": ".0%"},
        yaxis={
            "autorange": "reversed",
            "showgrid": False,
            "tickvals": places,
            "ticktext": ticks,
        },
    )
    return figure


def ladder(card: Card) -> Chart:
    """Draw how often a model is right, by how fair the test is.

    Parameters
    ----------
    card : mapping

    Returns
    -------
    Chart
    """
    found = card["evaluation"]
    other, random, learned = found["other_groups"], found["random_files"], found["learned"]
    rows = [("recordings it learned from", learned, learned, learned)]
    if not _alone(card):
        rows.append(("random files", random["share"], random["low"], random["high"]))
    unheard = f"recordings {_unheard(card)}"
    rows.append((unheard, other["share"], other["low"], other["high"]))
    rows.append(("always naming the largest genre", *[found["guessing"]] * 3))
    names, values, low, high = (list(column) for column in zip(*rows, strict=True))
    intervals = [
        span if a < b else "" for span, a, b in zip(spans(low, high), low, high, strict=True)
    ]
    figure = _bars([str(name) for name in names], values, low, high, longest=100)
    told = listed([f"{name} {_percent(value)}" for name, value, *_ in rows])
    return Chart(
        figure=figure,
        alt=f"Share of recordings that are named rightly: {told}.",
        table=pd.DataFrame(
            {"tested on": names, "right": map(tenths, values), "95 % interval": intervals}
        ),
        caption="How often it is right, by how fair the test is",
    )


def genres(card: Card) -> Chart:
    """Draw how often each genre is recognised.

    Parameters
    ----------
    card : mapping

    Returns
    -------
    Chart
    """
    table = pd.DataFrame(card["evaluation"]["genres"])
    table = table.sort_values("recall", ascending=False, kind="stable", ignore_index=True)
    names = table["genre"].tolist()
    figure = _bars(names, table["recall"].tolist(), table["low"].tolist(), table["high"].tolist())
    first, last = table.iloc[0], table.iloc[-1]
    told = (
        f"Of {first['genre']}, {_percent(first['recall'])} is named rightly, the most of all "
        f"genres; of {last['genre']}, {_percent(last['recall'])}, the least."
        if first["recall"] > last["recall"]
        else f"Of every genre, {_percent(first['recall'])} is named rightly."
    )
    return Chart(
        figure=figure,
        alt=told,
        table=pd.DataFrame(
            {
                "genre": names,
                "recordings": table["n"],
                "groups": table["groups"],
                "named rightly": map(tenths, table["recall"]),
                "95 % interval": spans(table["low"], table["high"]),
                "right where it is named": map(tenths, table["precision"]),
            }
        ),
        caption="How much of each genre it recognises",
    )


def confusion(card: Card) -> Chart:
    """Draw which genre is taken for which.

    Parameters
    ----------
    card : mapping
        With sixty genres at most.

    Returns
    -------
    Chart
    """
    found, names = card["evaluation"], list(card["genres"])
    place = {name: k for k, name in enumerate(names)}
    counts = [[0] * len(names) for _ in names]
    for genre, n, recall in zip(
        *(found["genres"][key] for key in ("genre", "n", "recall")), strict=True
    ):
        counts[place[genre]][place[genre]] = round(n * recall)
    for genre, other, n, _ in _pairs(found):
        counts[place[genre]][place[other]] = n
    shares = [[v / sum(row) if sum(row) else 0 for v in row] for row in counts]
    short, ticks = [_short(name) for name in names], list(range(len(names)))
    few = len(names) <= _MOST_NUMBERS
    figure = go.Figure(
        go.Heatmap(
            z=[rounded(row) for row in shares],
            x=ticks,
            y=ticks,
            zmin=0,
            zmax=1,
            colorscale=[[0, f"rgba({_SHADE},0.04)"], [1, f"rgba({_SHADE},0.65)"]],
            text=[[str(n) if n else "" for n in row] for row in counts],
            texttemplate="%{text}" if few else None,
            customdata=[[(a, b) for b in short] for a in short],
            hovertemplate="%{customdata[0]} named %{customdata[1]}: %{text}<extra></extra>",
            xgap=1,
            ygap=1,
            showscale=False,
        )
    )
    axis = {"tickvals": ticks, "ticktext": short, "showgrid": False, "zeroline": False}
    figure.update_layout(
        template=TEMPLATE,
        height=160 + max(200, 24 * len(names)),
        meta={"min_width": 140 + 24 * len(names)},  # so that no name of a column covers another
        xaxis={"title": {"text": "Answer"}, "tickangle": -60, **axis},
        yaxis={"title": {"text": "Folder"}, "autorange": "reversed", **axis},
    )
    return Chart(
        figure=figure,
        alt=f"Recordings by the genre of their folder and by the answer. {_mixed_up(found)}",
        table=_pair_table(found),
        caption="Which genre it takes for which",
    )


def _pair_table(found: Card) -> pd.DataFrame:
    rows = [(a, b, n, tenths(share)) for a, b, n, share in _pairs(found)[:_PAIRS]]
    return pd.DataFrame(rows, columns=["genre", "taken for", "recordings", "of that genre"])


def reliability(card: Card) -> Chart:
    """Draw how often answers are right, by how sure they are.

    Parameters
    ----------
    card : mapping

    Returns
    -------
    Chart
    """
    table = pd.DataFrame(card["evaluation"]["reliability"])
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": INK, "dash": "dot"}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=rounded(table["confidence"]),
        y=rounded(table["accuracy"]),
        mode="markers",
        marker={"color": _COLOUR, "size": 9},
        error_y={
            "array": rounded(table["high"] - table["accuracy"]),
            "arrayminus": rounded(table["accuracy"] - table["low"]),
            "color": INK,
        },
        customdata=table["n"].tolist(),
        hovertemplate="%{x:.0%} sure, %{y:.0%} right (%{customdata} answers)<extra></extra>",
    )
    figure.update_layout(
        template=TEMPLATE,
        height=360,
        showlegend=False,
        xaxis={"title": {"text": "Probability that it gives"}, "range": [0, 1.02],
               "tickformat": ".0%"},
        yaxis={"title": {"text": "Right"}, "range": [-0.02, 1.04], "tickformat": ".0%"},
    )  # fmt: skip
    sure = table.iloc[-1]
    return Chart(
        figure=figure,
        alt=f"Answers that are {sure['confidence']:.0%} sure on average are right "
        f"{_percent(sure['accuracy'])} of the time ({counted(int(sure['n']), 'answer')}).",
        table=pd.DataFrame(
            {
                "answers": table["n"],
                "sure": map(tenths, table["confidence"]),
                "right": map(tenths, table["accuracy"]),
                "95 % interval": spans(table["low"], table["high"]),
            }
        ),
        caption="Whether its probabilities can be believed",
    )


# -- the page -----------------------------------------------------------------------------


def require(path: Path) -> None:
    """Require, before long work, that the page can be written.

    Parameters
    ----------
    path : Path

    Raises
    ------
    audionome.files.OutputError
        If it has another suffix, its folder is missing, or it is a page that is not ours.
    """
    files.require_output_file(path, PAGE_SUFFIXES)
    if os.path.lexists(path) and b"Made by Audionome" not in path.read_bytes():
        raise files.OutputError(
            f'"{path}" is there and is no page of Audionome; move it away, or give another name '
            "with --report."
        )


def write(
    path: Path,
    card: Card,
    *,
    notes: Sequence[str] = (),
    failures: Sequence[tuple[str, str]] = (),
) -> None:
    """Write the report of a model as one HTML file.

    Parameters
    ----------
    path : Path
    card : mapping
        Of the model.
    notes : sequence of str
        What was left out, and what may be a slip.
    failures : sequence of (str, str)
        Files that could not be used, and why.

    Raises
    ------
    audionome.files.OutputError
        If it cannot be written.
    """
    found = card["evaluation"]
    data_line, lead, *rest = summary(card)
    parts: list[Any] = [
        data_line,
        *rest,
        Section("What to distrust", (Bullets(tuple(card["limits"])),)),
        Section("How often it is right", (ladder(card), *_ladder_words(card))),
        Section("Genre by genre", (genres(card), *_untested(card))),
        Section("Which genres it mixes up", _mixed_parts(card)),
        Section(
            "How sure it may be",
            (
                reliability(card),
                "An answer names one genre, or as many as it takes to include the right one nine "
                f"times in ten. In the test {_percent(found['kept']['share'])} of the answers did "
                f"(95 % interval {_interval(found['kept'])}). The more genres an answer names, the "
                "less it says; one that names all is always right. Right means here that the right "
                "genre is among those named.",
                Table(_answers(card)),
                telling.refused(card["refused"], own=True).replace(
                    "got this answer", "got no genre: too unlike all music that it knows"
                ),
            ),
        ),
        Section("The recordings", (Table(_recordings(card)),)),
    ]
    if notes:
        parts.append(Section("What to look at", (Bullets(tuple(notes)),)))
    if failures:
        rows = pd.DataFrame(list(failures[:_FAILURES]), columns=["file", "why"])
        parts.append(Section("Files that could not be used", (Table(rows, searchable=True),)))
    write_page(path, f"The model “{card['name']}”", parts, lead=lead)


def _ladder_words(card: Card) -> tuple[str, ...]:
    if _nameless(card):
        if card["data"]["asked"]["by"]:
            return ("As you asked, no artists or albums are kept apart: it was tested on random "
                    "files alone.",)  # fmt: skip
        return ("No artists or albums are known, so random files are all that it could be tested "
                "on.",)  # fmt: skip
    if _alone(card):
        one, several = _NOUNS[_unit(card, card["genres"])]
        return (f"Each {one} has one recording here, so random files and unheard {several} are the "
                "same test.",)  # fmt: skip
    gap = card["evaluation"]["flattery"]
    told = (
        "Here the two tests cannot be told apart."
        if gap["word"] != "better"
        else f"The difference is {100 * gap['share']:.1f} points (95 % interval "
        f"{100 * gap['low']:.1f} to {100 * gap['high']:.1f})."
    )
    return (
        "With random files, a model may recognise the artist or the album, and is right for the "
        "wrong reason. New music is by others: believe the figure about recordings "
        f"{_unheard(card)}. {told}",
    )


def _untested(card: Card) -> tuple[str, ...]:
    left = [g for g in card["genres"] if g not in set(card["evaluation"]["genres"]["genre"])]
    return (f"Not tested, for lack of a second group: {listed(left)}.",) if left else ()


def _mixed_parts(card: Card) -> tuple[Any, ...]:
    if len(card["genres"]) <= _MOST_CELLS:
        return (confusion(card), _mixed_up(card["evaluation"]))
    return (_mixed_up(card["evaluation"]), Table(_pair_table(card["evaluation"])))


def _answers(card: Card) -> pd.DataFrame:
    rows = []
    for status, words in _STATUS.items():
        if (found := card["answers"].get(status)) is not None:
            right = tenths(found["held"])
            rows.append((words, found["n"], right, spans([found["low"]], [found["high"]])[0]))
    return pd.DataFrame(rows, columns=["named", "answers", "right", "95 % interval"])


def _recordings(card: Card) -> pd.DataFrame:
    rows = [(genre, n["recordings"], n["groups"]) for genre, n in card["data"]["genres"].items()]
    _, several = _NOUNS[_unit(card, card["genres"])]
    return pd.DataFrame(rows, columns=["genre", "recordings", several])
