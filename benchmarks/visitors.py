"""A class on the dashboard: visitors who come at once, what they wait for and what they take.

    make visitors            # 1, 5 and 15 visitors

Starts the server as `make dashboard` does. A visitor here does what the page does with the server,
but draws nothing: real visitors bring a computer of their own for that. Writes
``data/results/visitors.json`` and the table in README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CROWDS = (1, 5, 15)
CLASS = 30
_PATIENCE = 120  # s
_PIECE = 1 << 20  # bytes


@dataclass(frozen=True)
class Stay:
    """What one visitor got: seconds until the page was there, and from upload to answer."""

    page: float
    answer: float
    headline: str


async def _stay(url: str, clip: bytes, together: asyncio.Event, count: list[int]) -> Stay:
    """Do what the page does: fetch it, connect to its kernel, send the clip, hear the answer."""
    from jupyter_client.session import Session
    from jupyter_server.services.kernels.connection.base import (
        deserialize_binary_message,
        serialize_binary_message,
    )
    from tornado.httpclient import AsyncHTTPClient
    from tornado.websocket import websocket_connect

    start = time.perf_counter()
    client = AsyncHTTPClient(force_instance=True)
    response = await client.fetch(url, request_timeout=_PATIENCE)
    html = response.body.decode()
    kernel = re.search(r'"kernelId": "([^"]+)"', html)[1]
    widget = re.search(r'"model_id": "([^"]+)"', html)[1]
    address = f"{url.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
    socket = await websocket_connect(address, max_message_size=2**26)
    page = time.perf_counter() - start
    session = Session()

    async def send(content: dict[str, Any], *pieces: bytes) -> None:
        data = {"method": "custom", "content": content}
        message = session.msg("comm_msg", {"comm_id": widget, "data": data})
        message |= {"channel": "shell", "buffers": list(pieces)}
        await socket.write_message(serialize_binary_message(message), binary=True)

    async def hear(*kinds: str) -> dict[str, Any]:
        while (raw := await socket.read_message()) is not None:
            message = deserialize_binary_message(raw) if isinstance(raw, bytes) else json.loads(raw)
            data = message["content"].get("data", {})
            said = data.get("content", {}) if data.get("method") == "custom" else {}
            report = data.get("state", {}).get("report", {})
            if report.get("state") == "error":
                raise RuntimeError(report["sentence"])
            if said.get("type") in kinds:
                return said
        raise ConnectionError("the server hung up")

    await send({"type": "ping"})
    await hear("pong")
    count[0] -= 1
    if not count[0]:
        together.set()
    await together.wait()  # the crowd uploads at once
    start = time.perf_counter()
    await send({"type": "begin", "job": 1, "name": "clip.wav", "size": len(clip)})
    for at in range(0, len(clip), _PIECE):
        await send({"type": "chunk", "job": 1}, clip[at : at + _PIECE])
    answer = await hear("answer")
    seconds = time.perf_counter() - start
    await hear("details")
    return Stay(page, seconds, answer["row"]["headline"])


async def _crowd(url: str, visitors: int, clip: bytes) -> list[Stay]:
    together, count = asyncio.Event(), [visitors]
    stays = (_stay(url, clip, together, count) for _ in range(visitors))
    async with asyncio.timeout(_PATIENCE):
        return list(await asyncio.gather(*stays))


def crowd(url: str, visitors: int, clip: Path, *, server: int) -> tuple[list[Stay], list[float]]:
    """Let visitors come at once, and ask about a clip at once.

    Parameters
    ----------
    url
        Of the dashboard, without a slash at its end.
    visitors
        How many.
    clip
        What they upload.
    server
        Process number of the server.

    Returns
    -------
    stays, memory
        Of every visitor, and the memory of every kernel (MB) when all are answered.
    """
    stays = asyncio.run(_crowd(url, visitors, clip.read_bytes()))
    return stays, kernel_memory(server)


class _Peak:
    """The largest sum of the kernels' memory (MB) while something runs."""

    def __init__(self, server: int) -> None:
        self.value = 0.0
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._over.wait(0.3):
            self.value = max(self.value, sum(kernel_memory(self._server)))

    def __enter__(self) -> _Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def kernel_memory(server: int) -> list[float]:
    """Memory of the server's kernels (MB); pages that several share are divided among them."""
    import psutil

    (fork_server,) = psutil.Process(server).children()
    return [kernel.memory_full_info().pss / 1e6 for kernel in fork_server.children()]


def _measured(visitors: int, clip: Path) -> dict[str, Any]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("audionome")),
                *("dashboard", "--port", str(port)),
            ],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            while True:
                try:
                    socket.create_connection(("localhost", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            url = f"http://localhost:{port}"
            urllib.request.urlopen(url).close()  # one more page, once the fork server is ready
            with _Peak(server.pid) as peak:
                stays, memory = crowd(url, visitors, clip, server=server.pid)
        finally:
            server.terminate()
            server.wait(20)
    print(f"{visitors} visitors: {len(stays)} answered", flush=True)
    return {
        "visitors": visitors,
        "answered": len(stays),
        "kernels": len(memory) - 1,  # without that of the first page
        "page": max(stay.page for stay in stays),
        "answer": max(stay.answer for stay in stays),
        "kernel_mb": max(memory),
        "peak_mb": peak.value / (visitors + 1),
    }


def write_readme(record: dict[str, Any]) -> None:
    """Put the table between the markers of README.md."""
    lines = [
        "| visitors at once | slowest page | slowest answer | memory each | at the peak |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['visitors']} | {row['page']:.1f} s | {row['answer']:.1f} s "
        f"| {row['kernel_mb']:.0f} MB | {row['peak_mb']:.0f} MB |"
        for row in record["crowds"]
    ]
    most = max(row["peak_mb"] for row in record["crowds"])
    memory = -(-CLASS * most // 500) / 2  # up to the next half gigabyte
    lines += [
        "",
        f"For a class of {CLASS}, give the machine {memory:g} GB of free memory for the pages "
        "alone. A 30-second WAV file, from its choice to its answer, on "
        f"{record['cores']} cores ({record['processor']}); drawing takes the visitor's own. "
        "Measured by `make visitors`.",
    ]
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    start, end = "<!-- visitors -->\n", "<!-- /visitors -->"
    before, rest = text.split(start)
    body = "\n".join(lines)
    path.write_text(f"{before}{start}{body}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("crowds", nargs="*", type=int, default=CROWDS)
    crowds = parser.parse_args().crowds
    from audionome.report import synth

    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        _write_clip(clip, synth.compose("rock"))
        rows = [_measured(n, clip) for n in crowds]
    record = {"processor": _processor(), "cores": os.cpu_count(), "crowds": rows}
    path = ROOT / "data" / "results" / "visitors.json"
    path.write_text(json.dumps(record, indent=1) + "\n")
    write_readme(record)


def _write_clip(path: Path, samples: Any) -> None:
    """Thirty seconds of one of our pieces."""
    import numpy as np
    import soundfile

    soundfile.write(path, np.resize(samples, 30 * 22050), 22050)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
