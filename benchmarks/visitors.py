"""A class on the dashboard: visitors who come at once, what they wait for and what they take.

    make visitors            # 1, 5 and 15 visitors

Starts the server as `make dashboard` does. Every visitor is a page in one headless Chromium on the
same machine, which takes its share of the processor: real visitors bring their own. Writes
``data/results/visitors.json`` and the table in README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CROWDS = (1, 5, 15)
CLASS = 30
_PATIENCE = 240_000  # ms
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@dataclass(frozen=True)
class Stay:
    """What one visitor saw: seconds until the page could be used and from upload to answer."""

    usable: float
    answer: float
    genre: str


async def _visit(browser: Any, url: str, clip: Path, together: asyncio.Barrier) -> Stay:
    context = await browser.new_context()
    page = await context.new_page()
    page.set_default_timeout(_PATIENCE)
    start = time.perf_counter()
    await page.goto(url)
    await page.wait_for_selector(".an-drop[data-state=idle]")
    usable = time.perf_counter() - start
    await together.wait()
    start = time.perf_counter()
    await page.set_input_files(".an-drop input[type=file]", clip)
    await page.wait_for_selector(".an-drop[data-state=done]")
    answer = time.perf_counter() - start
    genre = await page.inner_text(".an-genre")
    await page.wait_for_selector(".an-look h2")
    await together.wait()  # nobody leaves before all are answered and measured
    await context.close()
    return Stay(usable, answer, genre)


async def _crowd(
    url: str, visitors: int, clip: Path, chromium: str, server: int
) -> tuple[list[Stay], list[float]]:
    from playwright.async_api import async_playwright

    memory: list[float] = []

    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
        together = asyncio.Barrier(visitors + 1)
        stays = [asyncio.create_task(_visit(browser, url, clip, together)) for _ in range(visitors)]
        await together.wait()  # all have a page: the crowd uploads at once
        while together.n_waiting < visitors:
            await asyncio.sleep(0.1)
            for stay in stays:
                if stay.done():
                    stay.result()
        memory += kernel_memory(server)
        await together.wait()
        found = await asyncio.gather(*stays)
        await browser.close()
    return list(found), memory


def crowd(
    url: str, visitors: int, clip: Path, *, chromium: str, server: int
) -> tuple[list[Stay], list[float]]:
    """Let visitors come at once, and each ask about a clip.

    Parameters
    ----------
    url
        Of the dashboard.
    visitors
        How many.
    clip
        What they upload.
    chromium
        Path of the browser.
    server
        Process number of the server.

    Returns
    -------
    stays, memory
        Of every visitor, and the memory of every kernel (MB) when all are answered.
    """
    return asyncio.run(_crowd(url, visitors, clip, chromium, server))


def kernel_memory(server: int) -> list[float]:
    """Memory of the server's kernels (MB); pages that several share are divided among them."""
    import psutil

    kernels = [
        child
        for child in psutil.Process(server).children(recursive=True)
        if "ipykernel_launcher" in " ".join(child.cmdline())
    ]
    return [child.memory_full_info().pss / 1e6 for child in kernels]


def _measured(visitors: int, clip: Path, chromium: str) -> dict[str, Any]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("voila")),
                *("notebooks/dashboard.ipynb", "--port", str(port), "--no-browser"),
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
            url = f"http://localhost:{port}/"
            stays, memory = crowd(url, visitors, clip, chromium=chromium, server=server.pid)
        finally:
            server.terminate()
            server.wait(20)
    print(visitors, [asdict(stay) for stay in stays], memory, flush=True)
    return {
        "visitors": visitors,
        "answered": len(stays),
        "kernels": len(memory),
        "usable": max(stay.usable for stay in stays),
        "answer": max(stay.answer for stay in stays),
        "kernel_mb": max(memory),
    }


def write_readme(record: dict[str, Any]) -> None:
    """Put the table between the markers of README.md."""
    lines = [
        "| visitors at once | slowest page usable after | slowest answer after | memory each |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['visitors']} | {row['usable']:.1f} s | {row['answer']:.1f} s "
        f"| {row['kernel_mb']:.0f} MB |"
        for row in record["crowds"]
    ]
    most = max(row["kernel_mb"] for row in record["crowds"])
    memory = -(-CLASS * most // 500) / 2  # up to the next half gigabyte
    lines += [
        "",
        f"For a class of {CLASS}, give the machine {memory:g} GB of free memory for the pages "
        "alone. A 30-second clip, from its choice to its answer; the browsers ran on the same "
        f"{record['cores']} cores ({record['processor']}). Measured by `make visitors`.",
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
    chromium = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if chromium is None:
        sys.exit("Chromium is not installed.")
    from audionome import synth

    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.wav"
        _write_clip(clip, synth.compose("rock"))
        rows = [_measured(n, clip, chromium) for n in crowds]
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
