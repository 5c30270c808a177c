"""Numbers of the chapter on speed, of `audionome.lab.store.Benchmark`."""

from __future__ import annotations

from audionome._words import duration
from audionome.lab.store import Benchmark

__all__ = ["extraction", "formats", "machine", "memory", "waiting", "workers"]


def machine(found: Benchmark) -> dict[str, str]:
    """Tell where the timings were taken.

    Returns
    -------
    dict of str to str
        ``processor``, ``cores``, ``memory`` (with its unit), ``system``, ``python``.
    """
    where = found.machine
    return {
        "processor": str(where["processor"]),
        "cores": str(where["cores"]),
        "memory": f"{where['memory_gb']}\N{NO-BREAK SPACE}GB",
        "system": str(where["system"]),
        "python": str(where["python"]),
    }


def extraction(found: Benchmark) -> dict[str, str]:
    """Tell how long a clip of 30 seconds takes, and how many times as long elsewhere.

    Returns
    -------
    dict of str to str
        ``all_57``, ``extended``, ``ear``: times; ``librosa_times``, ``essentia_times``: how many
        times as long as `all_57` the other programs take.
    """
    seconds = found.extractors["seconds"]
    return {
        "all_57": duration(seconds["audionome"]),
        "extended": duration(seconds["extended"]),
        "ear": duration(seconds["ear"]),
        "librosa_times": f"{seconds['librosa'] / seconds['audionome']:.0f}",
        "essentia_times": f"{seconds['essentia'] / seconds['audionome']:.0f}",
    }


def waiting(found: Benchmark) -> dict[str, str]:
    """Tell how long a person waits for an answer.

    Returns
    -------
    dict of str to str
        ``first``, ``second``: commands in a new environment; ``warm``, ``warm_extended``: answers
        of a running program.
    """
    seconds = found.answers["seconds"]
    return {k: duration(seconds[k]) for k in ("first", "second", "warm", "warm_extended")}


def memory(found: Benchmark) -> dict[str, str]:
    """Tell what long recordings take.

    Returns
    -------
    dict of str to str
        ``ten_minutes``, ``two_hours``: times; each also with ``_memory``.
    """
    told = {}
    for name in ("ten_minutes", "two_hours"):
        told[name] = duration(found.answers["seconds"][name])
        told[f"{name}_memory"] = f"{found.answers['peak_mb'][name]:.0f}\N{NO-BREAK SPACE}MB"
    return told


def formats(found: Benchmark) -> dict[str, str]:
    """Tell how many files one core does per second, and how many times as many as essentia.

    Returns
    -------
    dict of str to str
        ``clip_wav``, ``clip_flac``, ``clip_mp3``: whole answers per second about clips of 30
        seconds; each also with ``_essentia``: what its MusicExtractor does; ``times_least`` and
        ``times_most``: how many times as many; ``song``: seconds to the answer about a song.
    """
    rows = found.formats
    clips = rows[rows["length"] == rows["length"].min()]
    rates = 1 / clips.pivot_table(index="format", columns="program", values="seconds")
    told = {}
    for kind, row in rates.iterrows():
        told[f"clip_{kind}"] = f"{row['classify']:.1f}"
        told[f"clip_{kind}_essentia"] = f"{row['essentia']:.2g}"
    times = rates["classify"] / rates["essentia"]
    told |= {"times_least": f"{times.min():.1f}", "times_most": f"{times.max():.1f}"}
    song = rows[(rows["length"] == rows["length"].max()) & (rows["program"] == "classify")]
    return told | {"song": duration(float(song["seconds"].iloc[0]))}


def workers(found: Benchmark) -> dict[str, str]:
    """Tell what a second worker process gives, for the most clips that were tried.

    Returns
    -------
    dict of str to str
        ``one``, ``two``: clips per second; ``times``: the second divided by the first.
    """
    rows = found.workers
    most = rows[rows["clips"] == rows["clips"].max()].set_index("workers")["clips_per_second"]
    return {"one": f"{most[1]:.0f}", "two": f"{most[2]:.0f}", "times": f"{most[2] / most[1]:.2f}"}
