"""A whole collection, as unkindly treated as it may be: what is lost, and what it costs.

    make collection          # 2 000 files, killed three times; about 20 minutes on two cores

Generates files of all formats out of the synthetic pieces, damages one in a hundred, and lets
``audionome classify --out`` work on them. The run is killed (SIGKILL) at random moments and started
again. Then one process and two take turns on the same files, and a folder of very many tiny files
shows what the walk and the store take. Writes ``data/results/collection.json``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import soundfile as sf
from numpy.typing import NDArray

from audionome import audio
from audionome.collection import answers, table
from audionome.collection.store import Store
from audionome.collection.work import Progress, Work, process

ROOT = Path(__file__).resolve().parents[1]
RATE = 44_100
SECONDS = 6.0
BIT_RATE = 128_000
#: Suffix and codec of FFmpeg; libsndfile writes those without.
FORMATS = (
    ("wav", ""), ("flac", ""), ("mp3", "libmp3lame"), ("ogg", ""), ("opus", "libopus"),
    ("m4a", "aac"), ("aiff", ""), ("wma", "wmav2"),
)  # fmt: skip
#: Files that one process and two take turns on.
ENOUGH = 200
_KILLS = 3
_FIRST = 10  # results until a pace is measured
_EVERY = 0.25  # s between looks at the memory
_MIB = 1 << 20


# -- files --------------------------------------------------------------------------------


def pieces() -> list[NDArray[np.float32]]:
    """Return the synthetic pieces at the rate of the files."""
    paths = sorted((ROOT / "data" / "examples").glob("*.ogg"))
    return [
        np.concatenate([block[:, 0] for block in audio.decode(path, rate=RATE)]) for path in paths
    ]


def encode(samples: NDArray[np.float32], path: Path, codec: str) -> None:
    """Write mono samples with a codec."""
    if not codec:
        sf.write(path, samples, RATE)
        return
    with av.open(str(path), "w") as container:
        rate = 48_000 if codec == "libopus" else RATE
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=rate, frame_size=stream.frame_size or 0
        )
        for part in (frame, None):
            for resampled in resampler.resample(part):
                container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))


def damage(path: Path, chance: random.Random) -> None:
    """Leave nothing of a file that can be answered."""
    content = path.read_bytes()
    kind = chance.randrange(3)
    if kind == 0:
        path.write_bytes(chance.randbytes(len(content)))
    elif kind == 1:
        path.write_bytes(content[: len(content) // 20])
    else:
        path.write_text("404 Not Found\n" * 99)


def generate(folder: Path, n: int, *, share: float, chance: random.Random) -> set[Path]:
    """Write files, each with a sound of its own, and return those that were damaged."""
    sources = pieces()
    paths = []
    for k in range(n):
        suffix, codec = FORMATS[k % len(FORMATS)]
        path = folder / f"artist {k % 40:02}" / f"track {k:04}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = sources[k % len(sources)]
        length = int(SECONDS * RATE)
        at = chance.randrange(len(samples) - length)
        encode(samples[at : at + length] * chance.uniform(0.3, 0.9), path, codec)
        paths.append(path)
    damaged = set(chance.sample(paths, round(share * n)))
    for path in sorted(damaged):
        damage(path, chance)
    return damaged


# -- killed and resumed -------------------------------------------------------------------


@dataclass
class Watched:
    """What a run took: seconds and resident memory (MiB); the most that one worker took."""

    main: list[tuple[float, float]] = field(default_factory=list)
    worker: float = 0.0

    def look(self, process: psutil.Process, seconds: float) -> None:
        """Look at the memory once."""
        with contextlib.suppress(psutil.Error):
            self.main.append((round(seconds, 1), round(process.memory_info().rss / _MIB, 1)))
            sizes = [child.memory_info().rss / _MIB for child in process.children()]
            self.worker = round(max([self.worker, *sizes]), 1)


def killed_and_resumed(
    music: Path, out: Path, damaged: set[Path], chance: random.Random, *, moments: float
) -> dict[str, Any]:
    """Kill a run three times at random moments, let it end, and look at what it wrote."""
    command = [sys.executable, "-m", "audionome", "classify", str(music), "--out", str(out)]
    begun = time.perf_counter()
    killed, watched = [], Watched()
    for k in range(_KILLS + 1):
        moment = chance.uniform(0.2, 1.0) * moments if k < _KILLS else float("inf")
        watched = Watched()
        start = time.perf_counter()
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            known = psutil.Process(process.pid)
            while process.poll() is None and time.perf_counter() - start < moment:
                time.sleep(_EVERY)
                watched.look(known, time.perf_counter() - start)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed.append(round(time.perf_counter() - start, 1))
        print(f"  ended after {time.perf_counter() - start:.0f} s with {process.returncode}")
    found = [row["file"] for row in table.read(out)]
    errors = [
        row["file"] for row in table.read(answers.errors_beside(out), needed=["file", "error"])
    ]
    all_files = {str(path) for path in music.rglob("*.*") if path.is_file()}
    bad = {str(path) for path in damaged}
    assert Counter(found) == Counter(all_files - bad), "a file was lost or doubled"
    assert Counter(errors) == Counter(bad), "an error was lost or doubled"
    assert not out.with_name(f"{out.name}.unfinished").exists()
    return {
        "files": len(all_files),
        "damaged": len(bad),
        "killed_after_s": killed,
        "rows": len(found),
        "errors": len(errors),
        "seconds": round(time.perf_counter() - begun),
        "memory_mib": thinned(watched.main),
        "largest_worker_mib": watched.worker,
    }


def thinned(values: list[tuple[float, float]], most: int = 60) -> list[tuple[float, float]]:
    """Return values evenly spread over all of them."""
    return values[:: max(1, len(values) // most)]


# -- one process and two ------------------------------------------------------------------


@dataclass
class Pace:
    """Files per second, and seconds of processor time per file in all processes."""

    files_per_s: float
    cpu_s_per_file: float


def pace(music: list[Path], jobs: int, folder: Path) -> Pace:
    """Measure from an early result to the last: the first ones wait for the model to be read."""
    times: list[float] = []
    cpu: list[float] = []
    me = psutil.Process()

    def note(state: Progress) -> None:
        if state.step == "working" and state.done:
            times.append(time.perf_counter())
            if state.done in (_FIRST, state.total):
                everyone = [me, *me.children(recursive=True)]
                cpu.append(sum(sum(one.cpu_times()[:2]) for one in everyone))

    answers.classify(music, folder / "t.jsonl", jobs=jobs, progress=note)
    (folder / "t.jsonl").unlink()
    n = len(times) - _FIRST
    return Pace(round(n / (times[-1] - times[_FIRST - 1]), 3), round((cpu[-1] - cpu[0]) / n, 4))


def side_by_side(music: list[Path], *, rounds: int) -> dict[str, Any]:
    """Let one process and two take turns, so that what else the machine does meets both.

    Where the machine is busy, two processes also get twice the share of one: then the processor
    time per file tells more than the clock.
    """
    found: dict[int, list[Pace]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for jobs, paces in found.items():
                paces.append(pace(music, jobs, Path(folder)))
                print(f"  {jobs}: {paces[-1]}, load {os.getloadavg()[0]:.1f}", flush=True)
    one, two = found[1], found[2]
    ratios = [b.files_per_s / a.files_per_s for a, b in zip(one, two, strict=True)]
    more = [b.cpu_s_per_file / a.cpu_s_per_file for a, b in zip(one, two, strict=True)]
    return {
        "files": len(music),
        "seconds_each": SECONDS,
        "one": [asdict(one) for one in one],
        "two": [asdict(one) for one in two],
        "two_beside_one": round(float(np.median(ratios)), 3),
        "cpu_of_two_beside_one": round(float(np.median(more)), 3),
    }


# -- very many files ----------------------------------------------------------------------


def _size(path: Path, name: str) -> dict[str, Any]:
    return {"bytes": path.stat().st_size}


def very_many(n: int) -> dict[str, Any]:
    """Measure what the walk, the store and the table take for very many files."""
    with tempfile.TemporaryDirectory() as top:
        music, out = Path(top, "music"), Path(top, "out")
        for k in range(n):
            folder = music / f"{k // 1000:04}"
            if k % 1000 == 0:
                folder.mkdir(parents=True)
            (folder / f"{k:07}.mp3").write_bytes(k.to_bytes(8, "big"))
        me = psutil.Process()
        memory: dict[str, list[tuple[int, float]]] = {"looking": [], "working": []}

        def note(state: Progress) -> None:
            if state.done and state.done % (n // 20) == 0:
                rss = round(me.memory_info().rss / _MIB, 1)
                memory[state.step].append((state.done, rss))

        start = time.perf_counter()
        steps: dict[str, float] = {}
        with Store(out) as store:
            process([music], store, Work("size", _size), jobs=1, progress=note)
            steps["first"] = time.perf_counter() - start
            size = out.stat().st_size + out.with_name("out-wal").stat().st_size
            start = time.perf_counter()
            done = process([music], store, Work("size", _size), jobs=1, progress=note)
            steps["again"] = time.perf_counter() - start
            assert (done.files, done.kept) == (n, n)
            start = time.perf_counter()
            rows = ({"file": row.name, **row.values} for row in store.rows())
            table.write(Path(top, "t.parquet"), {"file": str, "bytes": int}, rows)
            steps["table"] = time.perf_counter() - start
    return {
        "files": n,
        "looking_mib": memory["looking"],
        "working_mib": memory["working"],
        "with_table_mib": round(me.memory_info().rss / _MIB, 1),
        "store_mib": round(size / _MIB, 1),
        "seconds": {name: round(seconds, 1) for name, seconds in steps.items()},
    }


@contextlib.contextmanager
def _load(into: dict[str, Any]) -> Iterator[None]:
    before = os.getloadavg()[0]
    yield
    into["load_average"] = [round(before, 2), round(os.getloadavg()[0], 2)]


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--moments", type=float, default=90.0, help="Longest time to a kill (s).")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "results" / "collection.json")
    parser.add_argument("parts", nargs="*", default=["many", "killed", "turns"])
    options = parser.parse_args()
    chance = random.Random(options.seed)
    result = json.loads(options.out.read_text()) if options.out.exists() else {}

    def keep() -> None:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    result["machine"] = {
        "cores": os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
    }
    if "many" in options.parts:
        print(f"{options.many:,} tiny files")
        part: dict[str, Any] = {}
        with _load(part):
            part |= very_many(options.many)
        result["many"] = part
        keep()
        print(f"  {part['seconds']}, memory {part['working_mib'][0]} to {part['working_mib'][-1]}")
    if {"killed", "turns"} & set(options.parts):
        with tempfile.TemporaryDirectory() as top:
            music = Path(top, "music")
            print(f"Writing {options.files:,} files", flush=True)
            damaged = generate(music, options.files, share=0.01, chance=chance)
            if "killed" in options.parts:
                print("Killed and resumed", flush=True)
                part = {"formats": [suffix for suffix, _ in FORMATS]}
                with _load(part):
                    part |= killed_and_resumed(
                        music, Path(top, "t.parquet"), damaged, chance, moments=options.moments
                    )
                result["killed"] = part
                keep()
                print(f"  {part['rows']:,} rows, {part['errors']} errors")
            if "turns" in options.parts:
                print("One process and two", flush=True)
                whole = sorted(path for path in music.rglob("*.*") if path.is_file())
                some = [path for path in whole if path not in damaged][:ENOUGH]
                part = {}
                with _load(part):
                    part |= side_by_side(some, rounds=options.rounds)
                result["turns"] = part
                keep()


if __name__ == "__main__":
    main()
