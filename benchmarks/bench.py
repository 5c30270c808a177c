"""Side by side in one run: our extractor, the study's calls in librosa, and essentia.

    make bench
    make bench PARTS="extractors answers"   # these alone; the others keep their figures

Every measurement is a process of its own on one core (peak memory is that of the process), in
interleaved rounds, so that a busy machine slows all of them alike. Writes
``data/results/benchmark.json``, which the book's page on speed shows, and the table in README.md.
Timings never fail anything.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RATE = 22050
ROUNDS = 3
CLIP, SONG = 30, 240  # s
TASKS = 3000
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


# -- tasks, each run in a process of its own ----------------------------------------------


def task_audionome(path: Path) -> Any:
    """Our 57 features of every window."""
    from audionome import audio, features

    samples = audio.load(path)
    return lambda: features.extract_array(samples)


def task_level_free(path: Path) -> Any:
    """Our features that a louder copy of the same music leaves as they are."""
    from audionome import audio, features

    samples = audio.load(path)
    return lambda: features.extract_array(samples, columns=features.LEVEL_FREE)


def task_extended(path: Path) -> Any:
    """All that an answer of the extended model needs: the level-free features and its own."""
    from audionome import audio, features

    samples = audio.load(path)
    blocks = _blocks(samples)

    def work() -> None:
        features.extract_array(samples, columns=features.LEVEL_FREE)
        for _ in features.ModulationCovariance().measure(blocks):
            pass

    return work


def task_ear(path: Path) -> Any:
    """What the ear hears: tags and an embedding of every window."""
    from audionome import audio
    from audionome.models.ear import Ear

    ear, blocks = Ear.load(), _blocks(audio.load(path))
    return lambda: list(ear.measure(blocks))


def _blocks(samples: Any) -> list[Any]:
    from audionome import audio

    return [samples[i : i + audio.WINDOW_HOP] for i in range(0, samples.size, audio.WINDOW_HOP)]


def task_librosa(path: Path) -> Any:
    """The same by librosa's functions, as the study called them."""
    sys.path.insert(0, str(ROOT / "tests"))
    import reference

    from audionome import audio

    cut = audio.windows(audio.load(path))
    return lambda: [reference.window_features(window) for window in cut]


def task_essentia(path: Path) -> Any:
    """Essentia's MusicExtractor (it decodes the file itself)."""
    import essentia

    essentia.log.infoActive = essentia.log.warningActive = False
    import essentia.standard as es

    return lambda: es.MusicExtractor()(str(path))


def task_classify(path: Path) -> Any:
    """A whole answer in a warm process, decoding included."""
    import audionome

    audionome.load_classifier()
    return lambda: audionome.classify(path)


def task_classify_extended(path: Path) -> Any:
    """The same by the model that needs no network."""
    import audionome

    model = audionome.load_classifier("extended")
    return lambda: audionome.classify(path, classifier=model)


def task_index(path: Path) -> Any:
    """What an index hears of a recording, decoding included."""
    from audionome.collection import listening

    listening.identity()  # loads what it needs
    return lambda: listening.listen(path, str(path))


def run_task(name: str, path: Path, repeats: int) -> None:
    """Time a task and print seconds and peak memory."""
    import resource

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    work = globals()[f"task_{name}"](path)
    work()  # warm: caches, and librosa's compilation
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": min(seconds), "peak_mb": peak}))


def measure(name: str, path: Path, *, repeats: int = 3) -> dict[str, float]:
    """Run a task in a new process."""
    command = [sys.executable, __file__, "--task", name, "--clip", str(path)]
    done = subprocess.run(
        [*command, "--repeats", str(repeats)],
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


# -- material -----------------------------------------------------------------------------


def made_clip(path: Path, seconds: int, *, rate: int = RATE, channels: int = 1) -> Path:
    """Write a clip in a process of its own.

    The peak memory that a system reports of a process is at least that of its parent when it
    started, so this one has to stay small.
    """
    numbers = [str(n) for n in (seconds, rate, channels)]
    subprocess.run([sys.executable, __file__, "--clip", str(path), "--write", *numbers], check=True)
    return path


def write_clip(path: Path, seconds: int, rate: int, channels: int) -> None:
    """A made-up piece: chords, a bass, drums on every half second, a little noise.

    After a minute it starts again.
    """
    import numpy as np
    import soundfile as sf

    rng = np.random.default_rng(0)
    left = seconds * rate
    t = np.arange(min(left, 60 * rate)) / rate
    chord = np.floor(t / 2).astype(int) % 4
    root = np.array([220.0, 174.6, 261.6, 196.0])[chord]
    music = sum(0.1 * np.sin(2 * np.pi * root * k * t) for k in (0.5, 1, 1.25, 1.5, 2))
    drum = np.exp(-25 * (t % 0.5)) * rng.normal(size=t.size)
    mono = (0.7 * music + 0.2 * drum + 0.005 * rng.normal(size=t.size)).astype(np.float32)
    minute = np.stack([mono] * channels, axis=1)
    with sf.SoundFile(path, "w", rate, channels) as file:
        while left > 0:
            file.write(minute[:left])
            left -= len(minute)


# -- measurements -------------------------------------------------------------------------


def extractors(folder: Path) -> dict[str, dict[str, float]]:
    """Seconds per 30 s clip and peak memory of each extractor."""
    clip = made_clip(folder / "clip.wav", 30)
    rounds: dict[str, list[dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for name in ("audionome", "level_free", "extended", "ear", "librosa", "essentia"):
            rounds.setdefault(name, []).append(measure(name, clip))
    return {
        name: {key: min(g[key] for g in got) for key in ("seconds", "peak_mb")}
        for name, got in rounds.items()
    }


def lengths(folder: Path) -> list[dict[str, float]]:
    """A whole answer in a warm process, by the length of the recording."""
    rows = []
    for seconds in (3, 10, 30, 120, 600):
        clip = made_clip(folder / "length.wav", seconds)
        rows.append({"length": seconds, **measure("classify", clip, repeats=2)})
    return rows


def timed(command: list[str]) -> dict[str, float]:
    """Wall seconds and peak memory of a command."""
    # As a person's Python, which keeps what it compiled for the second time.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command[-1]}: the command failed")
    return {"seconds": time.perf_counter() - start, "peak_mb": usage.ru_maxrss / 1024}


def answers(folder: Path) -> dict[str, dict[str, float]]:
    """``audionome classify`` in an environment that was just made, and again; long MP3s."""
    clip = made_clip(folder / "first.wav", 30)
    bin_folder = folder / "env" / "bin"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    install = ["uv", "pip", "install", "--quiet", "--python", str(bin_folder / "python")]
    constraints = ["-c", str(ROOT / "constraints.txt"), "-b", str(ROOT / "constraints.txt")]
    subprocess.run([*install, *constraints, str(ROOT)], check=True)
    classify = [str(bin_folder / "audionome"), "classify", "--json"]
    got = {
        "first": timed([*classify, str(clip)]),
        "second": min((timed([*classify, str(clip)]) for _ in range(3)), key=_seconds),
        "warm": measure("classify", clip),
        "warm_extended": measure("classify_extended", clip),
    }
    for name, minutes in (("ten_minutes", 10), ("two_hours", 120)):
        mix = made_clip(folder / f"{name}.mp3", 60 * minutes, rate=44100, channels=2)
        got[name] = timed([*classify, str(mix)])
    return got


def _seconds(row: dict[str, float]) -> float:
    return row["seconds"]


def workers(folder: Path) -> list[dict[str, float]]:
    """Clips per second of ``audionome features`` by the number of clips and processes."""
    from audionome.features.folder import measure_folder

    music = folder / "music"
    music.mkdir()
    clip = made_clip(folder / "one.wav", 30).read_bytes()
    rows = []
    for clips in (4, 16, 64):
        for i in range(clips):
            (music / f"{i:03d}.wav").write_bytes(clip)
        best: dict[int, float] = {}
        # The first round starts the worker processes; it is seldom the fastest.
        for _ in range(ROUNDS):
            for n in sorted({1, 2, os.cpu_count() or 1}):
                start = time.perf_counter()
                measure_folder(music, folder / "table.parquet", jobs=n)
                best[n] = min(best.get(n, float("inf")), time.perf_counter() - start)
        rows += [
            {"clips": clips, "workers": n, "clips_per_second": clips / seconds}
            for n, seconds in best.items()
        ]
    return rows


def formats(folder: Path) -> list[dict[str, Any]]:
    """Seconds per file on one core by its format, decoding included; and for a song."""
    programs = ("classify", "classify_extended", "index", "essentia")
    best: dict[tuple[str, str], dict[str, float]] = {}
    clips = {
        kind: made_clip(folder / f"clip.{kind}", CLIP, rate=44100, channels=2)
        for kind in ("wav", "flac", "mp3")
    }
    for _ in range(ROUNDS):
        for kind, clip in clips.items():
            for name in programs:
                got = measure(name, clip, repeats=2)
                best[kind, name] = min(best.get((kind, name), got), got, key=_seconds)
    rows = [
        {"format": kind, "length": CLIP, "program": name, **got}
        for (kind, name), got in best.items()
    ]
    song = made_clip(folder / "song.mp3", SONG, rate=44100, channels=2)
    return rows + [
        {"format": "mp3", "length": SONG, "program": name, **measure(name, song, repeats=1)}
        for name in programs
    ]


def scale(folder: Path) -> dict[str, Any]:
    """Bytes per row of the tables of a collection, and tasks per second through a scheduler."""
    return {"row_bytes": row_bytes(folder), "tasks_per_second": tasks_per_second()}


def row_bytes(folder: Path) -> dict[str, float]:
    """What a further row takes, of answers about pieces of our recordings."""
    import soundfile as sf

    from audionome.collection import answers, table

    music = folder / "music" / "An artist" / "An album of theirs"
    music.mkdir(parents=True)
    for path in sorted((ROOT / "data" / "examples" / "recordings").glob("*.ogg")):
        samples, rate = sf.read(path, dtype="float32")
        for start in range(0, len(samples) - 6 * rate, rate):
            piece = samples[start : start + 6 * rate]
            sf.write(music / f"{path.stem} {start // rate:02d}.wav", piece, rate)
    whole = folder / "whole.jsonl"
    found = answers.classify([folder / "music"], whole)
    rows = list(table.read(whole))
    kinds = {name: type(value) for name, value in rows[0].items()}
    kinds |= {name: float for name, value in rows[0].items() if value is None}
    sizes = {}
    for suffix in (".parquet", ".csv", ".jsonl"):
        some, all_of_them = folder / f"some{suffix}", folder / f"all{suffix}"
        half = len(rows) // 2
        table.write(some, kinds, rows[:half])
        table.write(all_of_them, kinds, rows)
        more = all_of_them.stat().st_size - some.stat().st_size
        sizes[suffix[1:]] = more / (found.n_answers - half)
    return sizes


def tasks_per_second() -> float:
    """Pass tasks that do nothing to two workers of a Dask cluster."""
    import socket

    from distributed import Client

    from audionome.collection.cluster import for_each_on

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    kinds = {
        "scheduler": ["--port", address.rpartition(":")[2]],
        "worker": [address, "--nworkers", "2", "--nthreads", "1"],
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--host", "127.0.0.1",
             "--no-dashboard", *options],
            stderr=subprocess.DEVNULL,
        )
        for kind, options in kinds.items()
    ]  # fmt: skip
    try:
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        names = (f"memory://{k}" for k in range(TASKS))
        results = for_each_on(os.path.basename, names, address=address)
        next(results)
        start = time.perf_counter()
        n = sum(1 for _ in results)
        return n / (time.perf_counter() - start)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def machine() -> dict[str, Any]:
    """The machine, in words."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
    }


# -- what comes of it ---------------------------------------------------------------------

# The last two measure no memory: they are free to fill their own.
PARTS = {part.__name__: part for part in (extractors, lengths, answers, formats, workers, scale)}


WHERE = (
    "One process measures **{one} clips** of 30 seconds per second, two processes {two}. "
    "Measured by `make bench` on {processor}, {cores} cores, {memory} of memory, {system}, "
    "Python {python}."
)


def write_readme() -> None:
    """Put the tables between the markers of README.md."""
    from audionome.lab import store
    from audionome.report.charts import speed
    from audionome.report.numbers import speed as numbers

    found = store.load_benchmark()
    parts = ["## How fast"]
    for chart in (speed.extractors(found), speed.answers(found)):
        head, *rows = [chart.table.columns, *chart.table.to_numpy()]
        lines = [head, ["---"] * len(head), *rows]
        parts.append("\n".join(f"| {' | '.join(map(str, line))} |" for line in lines))
    parts.append(WHERE.format_map(numbers.workers(found) | numbers.machine(found)))
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    start, end = "<!-- benchmark -->\n", "<!-- /benchmark -->"
    before, rest = text.split(start)
    body = "\n\n".join(parts)
    path.write_text(f"{before}{start}{body}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def main() -> None:
    """Run everything, some parts, or one task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--clip", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=int, nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--repeats", type=int, default=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        run_task(options.task, options.clip, options.repeats)
        return
    if options.write:
        write_clip(options.clip, *options.write)
        return
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    out = ROOT / "data" / "results" / "benchmark.json"
    result: dict[str, Any] = {"machine": machine()}
    if options.parts:
        kept = json.loads(out.read_text()) if out.is_file() else {}
        # Figures of two machines cannot stand side by side.
        if kept.get("machine", result["machine"]) != result["machine"]:
            parser.error(f"{out.name} is of another machine; run all parts")
        result |= kept
    for name in (p for p in PARTS if p in (options.parts or PARTS)):
        with tempfile.TemporaryDirectory() as folder:
            result[name] = PARTS[name](Path(folder))
        print(name, json.dumps(result[name]), flush=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    if set(PARTS) <= set(result):
        write_readme()


if __name__ == "__main__":
    main()
