"""Side by side in one run: our extractor, the study's calls in librosa, and essentia.

    make bench

Every measurement is a process of its own on one core (peak memory is that of the process), in
interleaved rounds, so that a busy machine slows all of them alike. Writes
``data/results/benchmark.json`` and the table in README.md. Timings never fail anything.
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
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


# -- tasks, each run in a process of its own ----------------------------------------------


def task_audionome(path: Path) -> Any:
    """Our 57 features of every window."""
    from audionome import audio, features

    samples = audio.load(path)
    return lambda: features.extract_array(samples)


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


def write_clip(path: Path, seconds: float, *, rate: int = RATE, channels: int = 1) -> Path:
    """A made-up piece: chords, a bass, drums on every half second, a little noise."""
    import numpy as np
    import soundfile as sf

    rng = np.random.default_rng(0)
    t = np.arange(int(seconds * rate)) / rate
    chord = np.floor(t / 2).astype(int) % 4
    root = np.array([220.0, 174.6, 261.6, 196.0])[chord]
    music = sum(0.1 * np.sin(2 * np.pi * root * k * t) for k in (0.5, 1, 1.25, 1.5, 2))
    drum = np.exp(-25 * (t % 0.5)) * rng.normal(size=t.size)
    mono = (0.7 * music + 0.2 * drum + 0.005 * rng.normal(size=t.size)).astype(np.float32)
    sf.write(path, np.stack([mono] * channels, axis=1), rate)
    return path


# -- measurements -------------------------------------------------------------------------


def side_by_side(folder: Path) -> dict[str, Any]:
    """Seconds per 30 s clip and peak memory of the three extractors."""
    clip = write_clip(folder / "clip.wav", 30)
    rounds: dict[str, list[dict[str, float]]] = {}
    for _ in range(ROUNDS):
        for name in ("audionome", "librosa", "essentia"):
            rounds.setdefault(name, []).append(measure(name, clip))
    table = {}
    for name, got in rounds.items():
        table[name] = {
            "seconds": min(g["seconds"] for g in got),
            "peak_mb": min(g["peak_mb"] for g in got),
        }
    for row in table.values():
        row["ratio"] = row["seconds"] / table["audionome"]["seconds"]
    return table


def by_length(folder: Path) -> list[dict[str, float]]:
    """A whole answer in a warm process, by the length of the recording."""
    rows = []
    for seconds in (3.5, 10, 30, 120, 600):
        got = measure("classify", write_clip(folder / "length.wav", seconds), repeats=2)
        rows.append({"length": seconds, **got})
    return rows


def by_workers(folder: Path) -> list[dict[str, float]]:
    """Clips per second of ``audionome features`` by the number of clips and processes."""
    from audionome.features.collection import measure_folder

    music = folder / "music"
    music.mkdir()
    clip = write_clip(folder / "one.wav", 30).read_bytes()
    rows = []
    for clips in (16, 64):
        for i in range(clips):
            (music / f"{i:03d}.wav").write_bytes(clip)
        for workers in sorted({1, 2, os.cpu_count() or 1}):
            measure_folder(music, folder / "warm.parquet", jobs=workers)  # starts the workers
            start = time.perf_counter()
            measure_folder(music, folder / "table.parquet", jobs=workers)
            seconds = time.perf_counter() - start
            rows.append({"clips": clips, "workers": workers, "clips_per_second": clips / seconds})
    return rows


def timed(command: list[str]) -> dict[str, float]:
    """Wall seconds and peak memory of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{command[-1]}: the command failed")
    return {"seconds": time.perf_counter() - start, "peak_mb": usage.ru_maxrss / 1024}


def first_answers(folder: Path) -> dict[str, Any]:
    """``audionome classify`` in an environment that was just made, and again; a long MP3."""
    clip = write_clip(folder / "first.wav", 30)
    bin_folder = folder / "env" / "bin"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True)
    install = ["uv", "pip", "install", "--quiet", "--python", str(bin_folder / "python")]
    constraints = ["-c", str(ROOT / "constraints.txt"), "-b", str(ROOT / "constraints.txt")]
    subprocess.run([*install, *constraints, str(ROOT)], check=True)
    classify = [str(bin_folder / "audionome"), "classify", "--json"]
    first = timed([*classify, str(clip)])
    again = min((timed([*classify, str(clip)]) for _ in range(3)), key=lambda g: g["seconds"])
    warm = measure("classify", clip)
    long = write_clip(folder / "long.mp3", 600, rate=44100, channels=2)
    return {
        "first": first,
        "second": again,
        "warm": warm,
        "ten_minute_mp3": timed([*classify, str(long)]),
    }


def machine() -> dict[str, Any]:
    """The machine, in words."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def write_readme(result: dict[str, Any]) -> None:
    """Put the table between the markers of README.md."""
    names = {
        "audionome": "Audionome",
        "librosa": "librosa, the study's calls",
        "essentia": "essentia MusicExtractor",
    }
    lines = ["## How fast", ""]
    lines += ["| 30 s clip, one core | seconds | times ours | peak memory |", "|---|---|---|---|"]
    for name, row in result["extractors"].items():
        lines.append(
            f"| {names[name]} | {row['seconds']:.2f} | {row['ratio']:.1f} | "
            f"{row['peak_mb']:.0f} MB |"
        )
    where = result["machine"]
    lines.append("")
    lines.append(
        f"Measured by `make bench` on {where['processor']}, {where['cores']} cores, "
        f"Python {where['python']}."
    )
    path = ROOT / "README.md"
    text = path.read_text()
    start, end = "<!-- benchmark -->\n", "<!-- /benchmark -->"
    before, rest = text.split(start)
    path.write_text(before + start + "\n".join(lines) + "\n" + end + rest.split(end)[1])


def main() -> None:
    """Run everything, or one task."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--clip", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--repeats", type=int, default=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        run_task(options.task, options.clip, options.repeats)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = {
            "machine": machine(),
            "extractors": side_by_side(folder),
            "lengths": by_length(folder),
            "workers": by_workers(folder),
            "answers": first_answers(folder),
        }
    (ROOT / "data" / "results" / "benchmark.json").write_text(json.dumps(result, indent=1) + "\n")
    write_readme(result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
