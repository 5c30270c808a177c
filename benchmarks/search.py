"""Measure the search of large indexes: size, time and memory, and what the graph misses.

    python benchmarks/search.py
    python benchmarks/search.py 1000 10000   # other numbers of tracks

The tracks are made up: places between and around those of the clips in
``data/research/ear_clips.parquet``, so that they crowd together as music does. Writes
``data/results/search.json``, which the book shows. Timings never fail anything.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "data" / "results" / "search.json"
SIZES = (10_000, 100_000, 1_000_000)
ASKED = 200  # searches
ROUNDS = 3
BLOCK = 50_000  # tracks made at a time
_LEAST, _MOST = 0.0, 0.5  # of the way to another clip
_AROUND = 0.5  # standard deviations around that place


def clips() -> np.ndarray:
    """The places of real clips as an index holds them, before they get length 1."""
    from audionome.collection.listening import AXES
    from audionome.models.classifier import load_classifier

    ear = load_classifier("ear")
    table = pd.read_parquet(ROOT / "data" / "research" / "ear_clips.parquet")
    table = table[(table["excerpt"] == 0) & (table["trust"] != "N")]
    size = ear.ear.embedding_size
    mean, spread = (table[[f"{p}{k}" for k in range(size)]].to_numpy(float) for p in "ms")
    spread = ear.head.steady(spread, table["windows"].to_numpy())
    rows = ear.head.standardised(np.concatenate([mean, spread], axis=1))
    return np.asarray(rows @ ear.index.axes[:, :AXES])


def made(n: int, *, seed: int = 0) -> Iterator[np.ndarray]:
    """Vectors of made-up tracks, some at a time."""
    random, real = np.random.default_rng(seed), clips()
    for first in range(0, n, BLOCK):
        k = min(BLOCK, n - first)
        here, there = real[random.integers(len(real), size=(2, k))]
        way = random.uniform(_LEAST, _MOST, size=(k, 1))
        found = (
            here
            + way * (there - here)
            + _AROUND * real.std(axis=0) * random.normal(size=(k, real.shape[1]))
        )
        yield (found / np.linalg.norm(found, axis=1, keepdims=True)).astype("<f4")


def name_of(k: int) -> str:
    return f"/music/An artist of {k // 20:06d}/An album of theirs {k // 10:06d}/{k:07d} Title.mp3"


def write(path: Path, n: int) -> None:
    """Write an index of made-up tracks, ten an album and twenty an artist."""
    from audionome.collection import listening
    from audionome.collection.store import Row
    from audionome.collection.vectors import VectorStore

    work, k = listening.identity(), 0
    with VectorStore(path) as store:
        store.note("kind", "index")
        for vectors in made(n):
            for vector in vectors:
                values = {"vector": vector.tobytes(), "seconds": 240.0, "named": [name_of(k), k]}
                values |= {"artist": f"An artist of {k // 20:06d}", "title": f"Title {k}"}
                store.put(Row(name_of(k), f"{k:032x}", work, 8_000_000, k, values))
                k += 1
            store.commit()


def measure(n: int, folder: Path) -> dict[str, Any]:
    """Measure an index of n tracks."""
    from audionome.collection import listening, near
    from audionome.collection.vectors import VectorStore

    path = folder / f"{n}.index"
    write(path, n)
    row: dict[str, Any] = {"tracks": n, "index_mb": path.stat().st_size / 1e6}
    with VectorStore(path) as store:
        start = time.process_time()
        row["graph"] = near.arrange(store, listening.identity(), listening.AXES)
        if row["graph"]:
            row["graph_core_seconds"] = time.process_time() - start
            row["graph_mb"] = near.graph_of(path).stat().st_size / 1e6
            row["recall"] = recall(store)
    command = [sys.executable, __file__, "--ask", str(path), str(n)]
    # The best of some rounds, as another program may use the machine meanwhile.
    rounds = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(ROUNDS)
    ]
    return row | {name: min(found[name] for found in rounds) for name in rounds[0]}


def recall(store: Any, *, nearest: int = 10) -> float:
    """Return which share of the nearest the graph finds, among what a search looks at first."""
    from audionome.collection import listening, near
    from audionome.collection.searching import FIRST

    work = listening.identity()
    exact, graph = near.Exact(store, work, listening.AXES), near.finder(store, work, listening.AXES)
    assert isinstance(graph, near.Graph)
    vectors = next(made(ASKED, seed=1))
    shares = [
        len(set(exact.nearest(v, nearest)) & set(graph.nearest(v, FIRST))) / nearest
        for v in vectors
    ]
    return float(np.mean(shares))


def ask(path: Path, n: int) -> None:
    """Search, in a process of its own, and print how long it took and the peak of memory."""
    import resource

    from audionome.collection.index import Index

    names = [name_of(int(k)) for k in np.random.default_rng(2).integers(n, size=ASKED)]
    start = time.perf_counter()
    with Index(path) as mine:
        mine.similar(names[:1])
        first = time.perf_counter() - start
        times = []
        for name in names[1:]:
            start = time.perf_counter()
            mine.similar([name])
            times.append(time.perf_counter() - start)
        each = float(np.median(times))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"first_seconds": first, "each_seconds": each, "peak_mb": peak}))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, help="Numbers of tracks.")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    if given.ask:
        ask(given.ask, given.sizes[0])
        return
    from bench import machine  # of this folder

    rows = []
    for n in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(n, Path(folder)))
        print(rows[-1], flush=True)
    record = {"machine": machine(), "rows": rows}
    given.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
