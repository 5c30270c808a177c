"""Hundreds of files in one session of the dashboard: how quick its page stays, what it takes.

    make dashboard-load      # 300 files; about 5 minutes; needs Chromium

Starts the server as `make dashboard` does, drops a folder of short files on its page, and works
with the table while they are heard: sorts, filters, finds, marks, opens answers, and scrolls until
every row is in the page. Prints a row for every fifty answers: the slowest interaction (from the
input to the next frame, as the browser's Event Timing counts it), on this machine and on one that
is four times slower; the longest task between them; with all rows in the page, its nodes, its
memory after garbage collection (what JavaScript holds, and the whole process of the browser that
draws it), and the kernel's.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILES = 300
EVERY = 50
SECONDS = 4  # of a file
SLOWER = 4  # times, as a phone is
_PATIENCE = 600_000  # ms
_WATCH = """
window.slow = { event: [0, ""], longtask: 1, step: "" };
new PerformanceObserver((list) => {
  for (const { duration, interactionId } of list.getEntries()) {
    if (interactionId && duration > slow.event[0]) slow.event = [duration, slow.step];
  }
}).observe({ type: "event", durationThreshold: 16 });
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) slow.longtask = Math.max(slow.longtask, duration);
}).observe({ type: "longtask" });
"""
_SETTLED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 150)))"
_ANSWERED = """(n) => [...document.querySelectorAll(".an-session .an-chip")].some((chip) => {
  const [, name, count] = chip.textContent.match(/^(.*) ([\\d,]+)$/);
  return name === "Answered" && Number(count.replace(",", "")) >= n;
})"""
_HEADS = ("answered", "slowest interaction", f"{SLOWER} x slower", "longest task", "rows", "nodes",
          "JavaScript", "process", "kernel")  # fmt: skip
_WIDTHS = "{:10}{:>34}{:>34}{:>14}{:>7}{:>8}{:>12}{:>10}{:>10}"
#: Scrolls on; tells whether nothing is left to come.
_AT_END = """() => {
  const box = document.querySelector(".an-session .an-scroll");
  box.scrollTo(0, box.scrollHeight);
  return box.querySelector(":scope > button").hidden;
}"""


def write_files(folder: Path, count: int) -> None:
    """Write short pieces of the repository's recordings.

    Parameters
    ----------
    folder
        New; takes them in subfolders of fifty.
    count
        How many.
    """
    import soundfile

    from audionome import audio
    from audionome.datasets.recordings import recordings

    songs = [audio.load(one.path) for one in recordings()]
    length = SECONDS * audio.SAMPLE_RATE
    for k in range(count):
        samples = songs[k % len(songs)]
        start = (k // len(songs)) * audio.SAMPLE_RATE // 2 % (samples.size - length)
        path = folder / f"disc {k // EVERY + 1}" / f"piece {k + 1}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples[start : start + length], audio.SAMPLE_RATE)


def interact(page: Any) -> tuple[float, str]:
    """Work with the table, and return the slowest interaction (ms) and its name."""
    session = page.locator(".an-session")
    find = session.locator("input[type=search]")
    steps = {
        "sort by file": lambda: session.locator(".an-sort", has_text="File").click(),
        "sort by probability": lambda: session.locator(".an-sort", has_text="Prob").click(),
        "filter": lambda: session.locator(".an-chip", has_text="Answered").click(),
        "all": lambda: session.locator(".an-chip", has_text="All ").first.click(),
        "find": lambda: find.press_sequentially("disc 1"),
        "find nothing": lambda: find.press("Control+A") or find.press("Delete"),
        "scroll": lambda: scroll(page),  # what follows has all rows in the page
        "mark": lambda: session.locator("tbody input[type=checkbox]:enabled").first.click(),
        "open": lambda: session.locator("button.an-link").nth(2).click(),
        "newest first": lambda: session.locator("select").select_option(""),
    }
    page.evaluate("() => { slow.event = [0, 'less than a frame']; }")
    for name, step in steps.items():
        page.evaluate("(name) => { slow.step = name; }", name)
        step()
        page.evaluate(_SETTLED)
    duration, name = page.evaluate("() => slow.event")
    return duration, name


def scroll(page: Any) -> int:
    """Scroll the table to its end, and return how many rows the page then has."""
    while not page.evaluate(_AT_END):
        page.evaluate(_SETTLED)
    return int(page.locator(".an-session tbody tr").count())


def renderer_memory() -> float:
    """Return the memory of the largest process that draws a page for us, in MB.

    Shared pages are counted in part, by how many processes share them.
    """
    import psutil

    sizes = [0]
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "--type=renderer" in process.cmdline():
                sizes.append(process.memory_full_info().pss)
    return max(sizes) / 1e6


def measure(page: Any, server: int) -> dict[str, Any]:
    """Return one row: what the page is asked now, and what it and the kernel hold."""
    from visitors import kernel_memory

    cdp = page.context.new_cdp_session(page)
    longtask = page.evaluate("() => slow.longtask")
    plain = interact(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    slower = interact(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    rows = scroll(page)
    cdp.send("HeapProfiler.collectGarbage")
    row = {
        "rows": rows,
        "plain": plain,
        "slower": slower,
        "longtask": longtask,
        "heap_mb": cdp.send("Runtime.getHeapUsage")["usedSize"] / 1e6,
        "process_mb": renderer_memory(),
        "nodes": cdp.send("Memory.getDOMCounters")["nodes"],
        "kernel_mb": max(kernel_memory(server)),
    }
    page.evaluate("() => { slow.longtask = 0; }")
    cdp.detach()
    return row


def _printed(name: str, row: dict[str, Any]) -> str:
    asked = [f"{row[key][0]:.0f} ms ({row[key][1]})" for key in ("plain", "slower")]
    cells = (name, *asked, f"{row['longtask']:.0f} ms", row["rows"], row["nodes"],
             f"{row['heap_mb']:.1f} MB", f"{row['process_mb']:.0f} MB",
             f"{row['kernel_mb']:.0f} MB")  # fmt: skip
    return _WIDTHS.format(*cells)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=FILES)
    count = parser.parse_args().files
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import launch
    from playwright.sync_api import sync_playwright
    from voila_server import serve

    print(f"{count} files of {SECONDS} seconds.")
    print(_WIDTHS.format(*_HEADS))
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        music = Path(name) / "Music"
        write_files(music, count)
        with serve(Path(name)) as server:
            browser = launch(playwright)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.set_default_timeout(_PATIENCE)
            page.add_init_script(_WATCH)
            page.goto(server.url)
            page.wait_for_selector(".an-drop[data-state=idle]")
            # The page itself has come, with all that it draws with.
            while page.evaluate("() => { const t = slow.longtask; slow.longtask = 0; return t; }"):
                page.wait_for_timeout(3000)
            page.set_input_files("input[webkitdirectory]", music)
            for answered in range(min(EVERY, count), count + 1, EVERY):
                page.wait_for_function(_ANSWERED, arg=answered)
                row = measure(page, server.process.pid)
                print(_printed(str(answered), row), flush=True)
            page.wait_for_selector(".an-drop[data-state=done]")
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
