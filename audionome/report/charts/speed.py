"""Charts of the measured speed; the conventions are those of `audionome.charts`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from audionome._words import duration, listed
from audionome.charts._base import MARKS, PARTS, TEMPLATE, Chart, pattern
from audionome.lab.store import Benchmark

__all__ = ["ANSWERS", "EXTRACTORS", "PROGRAMS", "answers", "extractors", "formats",
           "memory_by_length", "time_by_length", "workers"]  # fmt: skip

EXTRACTORS = {
    "level_free": "Audionome, the level-free features",
    "extended": "Audionome, what the extended model needs",
    "ear": "Audionome, what the ear hears",
    "audionome": "Audionome, all 57 features",
    "librosa": "librosa, the study's calls",
    "essentia": "essentia MusicExtractor",
}
PROGRAMS = {
    "classify": "Audionome, the whole answer",
    "index": "Audionome, for an index",
    "classify_extended": "Audionome, without the ear",
    "essentia": "essentia MusicExtractor",
}
ANSWERS = {
    "first": "first command in a new environment",
    "second": "the next command",
    "warm": "in a running program, one core",
    "warm_extended": "the same by `--model extended`",
    "ten_minutes": "10 minutes of stereo MP3",
    "two_hours": "2 hours of stereo MP3",
}


def extractors(found: Benchmark) -> Chart:
    """Draw the time that each extractor takes for a 30 s clip on one core."""
    rows = found.extractors.loc[list(EXTRACTORS)]
    seconds = rows["seconds"]
    table = pd.DataFrame(
        {
            "30 s clip, one core": list(EXTRACTORS.values()),
            "time": [duration(v) for v in seconds],
            "peak memory": _megabytes(rows["peak_mb"]),
        }
    )
    for ours, head in (
        ("audionome", "against all 57"),
        ("extended", "against the extended model's"),
    ):
        table[head] = [f"{v / seconds[ours]:.1f} ×" for v in seconds]
    quick, slow = duration(seconds.min()), duration(seconds.max())
    return Chart(
        figure=_bars(list(EXTRACTORS.values()), seconds.to_list()),
        alt=f"Seconds to measure a 30 s clip on one core, between {quick} and {slow}: "
        + listed([f"{EXTRACTORS[str(k)]} {duration(v)}" for k, v in seconds.items()])
        + ".",
        table=table,
        caption="Time to measure a clip of 30 seconds on one core: shorter is better",
    )


def answers(found: Benchmark) -> Chart:
    """Draw how long a person waits for the answer about a 30 s clip; the table has long files."""
    rows = found.answers.loc[list(ANSWERS)]
    short = rows.index[:4]
    table = pd.DataFrame(
        {
            "the answer to a recording": list(ANSWERS.values()),
            "time": [duration(v) for v in rows["seconds"]],
            "peak memory": _megabytes(rows["peak_mb"]),
        }
    )
    names = [ANSWERS[str(k)].replace("`", "") for k in short]  # a chart knows no Markdown
    told = [f"{name} {duration(float(rows.loc[k, 'seconds']))}" for name, k in
            zip(names, short, strict=True)]  # fmt: skip
    return Chart(
        figure=_bars(names, rows.loc[short, "seconds"].to_list()),
        alt=f"Seconds until the answer about a 30 s clip: {listed(told)}.",
        table=table,
        caption="Waiting for the answer about a clip of 30 seconds: the first pays for starting up",
    )


def time_by_length(found: Benchmark) -> Chart:
    """Draw the time to an answer by the length of the recording."""
    rows = found.lengths
    shares = rows["length"] / rows["seconds"]
    return Chart(
        figure=_line(rows["length"], rows["seconds"], y="Time to the answer (s)", log=True),
        alt=f"Time to the answer by length: {duration(rows['seconds'].iloc[0])} for "
        f"{_length(rows['length'].iloc[0])}, {duration(rows['seconds'].iloc[-1])} for "
        f"{_length(rows['length'].iloc[-1])}, which is {shares.iloc[-1]:.0f} times faster than "
        "it plays.",
        table=_length_table(rows),
        caption="Time to the answer, one core: ten times the length "
        "should take no more than ten times as long",
    )


def memory_by_length(found: Benchmark) -> Chart:
    """Draw the peak memory of an answer by the length of the recording."""
    rows = found.lengths
    return Chart(
        figure=_line(rows["length"], rows["peak_mb"], y="Peak memory (MB)", log=False),
        alt=f"Peak memory by length: {rows['peak_mb'].iloc[0]:.0f} MB for "
        f"{_length(rows['length'].iloc[0])}, {rows['peak_mb'].iloc[-1]:.0f} MB for "
        f"{_length(rows['length'].iloc[-1])}.",
        table=_length_table(rows),
        caption="Peak memory by length of the recording: a flat line means that long mixes fit too",
    )


def workers(found: Benchmark) -> Chart:
    """Draw how many clips per second are measured, by the number of clips and processes."""
    rows = found.workers
    figure = go.Figure()
    for i, (n, part) in enumerate(rows.groupby("workers")):
        color, shape = PARTS[i % len(PARTS)]
        figure.add_bar(
            x=[f"{c} clips" for c in part["clips"]],
            y=[round(float(v), 2) for v in part["clips_per_second"]],
            name=_processes(int(str(n))),
            marker={"color": color, "pattern": pattern(shape)},
            hovertemplate="%{x}: %{y:.1f} per second<extra></extra>",
        )
    figure.update_layout(
        template=TEMPLATE,
        height=360,
        bargap=0.25,
        showlegend=True,
        xaxis={"showgrid": False},
        yaxis={"title": {"text": "Clips per second", "standoff": 10}},
    )
    table = rows.pivot_table(index="clips", columns="workers", values="clips_per_second")
    most = table.iloc[-1]
    told = [f"{v:.1f} with {_processes(int(str(n)))}" for n, v in most.items()]
    return Chart(
        figure=figure,
        alt=f"Clips of 30 s measured per second; of {table.index[-1]} clips {listed(told)}.",
        table=table.map(lambda v: f"{v:.1f}")
        .rename(columns=lambda n: _processes(int(n)))
        .rename_axis(columns=None)
        .reset_index(),
        caption="Clips measured per second: with two processes the bar should be twice as high",
    )


def formats(found: Benchmark) -> Chart:
    """Draw how many files per second one core does, by their format; the table has songs too."""
    rows = found.formats.assign(rate=1 / found.formats["seconds"])
    kinds = list(dict.fromkeys(rows["format"]))
    clip = rows["length"].min()
    figure, table, told = go.Figure(), [], []
    for i, (name, words) in enumerate(PROGRAMS.items()):
        mine = rows[rows["program"] == name]
        short = mine[mine["length"] == clip].set_index("format")["rate"]
        song = mine[mine["length"] > clip].iloc[0]
        color, shape = PARTS[i % len(PARTS)]
        figure.add_bar(
            x=[kind.upper() for kind in kinds],
            y=[round(float(short[kind]), 3) for kind in kinds],
            name=words,
            marker={"color": color, "pattern": pattern(shape)},
            hovertemplate="%{x}: %{y:.2f} per second<extra></extra>",
        )
        long = f"{song['format'].upper()} of {_length(song['length'])}"
        table.append(
            {"files per second, one core": words}
            | {f"{kind.upper()} of {_length(clip)}": f"{short[kind]:.2f}" for kind in kinds}
            | {long: f"{song['rate']:.2f}"}
        )
        told.append(f"{words} {short.min():.2f} to {short.max():.2f}")
    figure.update_layout(
        template=TEMPLATE,
        height=380,
        bargap=0.25,
        showlegend=True,
        xaxis={"showgrid": False},
        yaxis={"title": {"text": "Files per second, one core", "standoff": 10}},
    )
    return Chart(
        figure=figure,
        alt=f"Files of {_length(clip)} per second on one core, by format: {'; '.join(told)}.",
        table=pd.DataFrame(table),
        caption=f"Files of {_length(clip)} per second on one core, decoding included: "
        "higher is better",
    )


def _bars(names: Sequence[str], seconds: Sequence[float]) -> go.Figure:
    figure = go.Figure(
        go.Bar(
            x=[round(v, 4) for v in seconds],
            y=list(names),
            orientation="h",
            marker={"color": PARTS[0][0]},
            text=[duration(v) for v in seconds],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=100 + 48 * len(names),
        bargap=0.3,
        showlegend=False,
        # Room for the label beside the longest bar.
        xaxis={"title": {"text": "Seconds"}, "range": [0, 1.35 * max(seconds)]},
        yaxis={"autorange": "reversed", "showgrid": False},
    )
    return figure


def _line(x: pd.Series, y_values: pd.Series, *, y: str, log: bool) -> go.Figure:
    figure = go.Figure(
        go.Scatter(
            x=x.to_list(),
            y=[float(f"{v:.4g}") for v in y_values],
            mode="lines+markers",
            line={"color": PARTS[0][0], "width": 3},
            marker={"symbol": MARKS[0], "size": 9},
            customdata=[_length(v) for v in x],
            hovertemplate="%{customdata}: %{y}<extra></extra>",
        )
    )
    figure.update_layout(
        template=TEMPLATE,
        height=340,
        showlegend=False,
        xaxis={"title": {"text": "Length of the recording (logarithmic)"}, "type": "log",
               "tickvals": x.to_list(), "ticktext": [_length(v) for v in x]},
        yaxis={"title": {"text": y, "standoff": 10}}
        | ({"type": "log", "dtick": 1} if log else {"rangemode": "tozero"}),
    )  # fmt: skip
    return figure


def _length_table(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "length": [_length(v) for v in rows["length"]],
            "time": [duration(v) for v in rows["seconds"]],
            "peak memory": _megabytes(rows["peak_mb"]),
        }
    )


def _length(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 60 else f"{seconds / 60:g} min"


def _processes(n: int) -> str:
    return "1 process" if n == 1 else f"{n} processes"


def _megabytes(values: pd.Series) -> list[str]:
    return [f"{v:.0f} MB" for v in values]
