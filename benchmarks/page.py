"""How fast the page listens, beside Python on the same machine.

    make page-speed          # about a minute; needs Chromium

Opens the built site in a fresh headless Chromium and asks it for answers, as a reader does: the
first one, for which everything is fetched, the next one, a song of four minutes, and single windows
as live listening hears them. Prints a table.
"""

from __future__ import annotations

import argparse
import base64
import io
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile as sf
from playwright.sync_api import Page, sync_playwright

import audionome
from audionome import audio
from audionome.datasets.recordings import recordings

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from browser import launch, served  # noqa: E402

SONG = 240  # s
STEPS = 60
_ANSWER = """async (bytes) => {
  const blob = new Blob([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))]);
  let worst = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    worst = Math.max(worst, performance.now() - last - 20);
    last = performance.now();
  }, 20);
  const began = performance.now();
  const [engine, samples] = await Promise.all([Audionome.load(), Audionome.decode(blob)]);
  const answer = await engine.classify(samples);
  const seconds = (performance.now() - began) / 1000;
  clearInterval(watch);
  return { seconds, blocked: worst / 1000, genre: answer.genre };
}"""
_STEPS = """async (n) => {
  const engine = await Audionome.load();
  const noise = Float32Array.from({ length: engine.card.window }, () => Math.random() - 0.5);
  const times = [];
  for (let k = 0; k < n; k += 1) {
    const began = performance.now();
    await engine.hear(noise);
    times.push((performance.now() - began) / 1000);
  }
  return times;
}"""


def _song(path: Path, seconds: float) -> bytes:
    """Return a long song: the recording again and again, as WAV."""
    samples = audio.load(path)
    whole = np.resize(samples, round(seconds * audio.SAMPLE_RATE))
    file = io.BytesIO()
    sf.write(file, whole, audio.SAMPLE_RATE, format="WAV")
    return file.getvalue()


def _asked(page: Page, content: bytes) -> dict[str, Any]:
    return page.evaluate(_ANSWER, base64.b64encode(content).decode())


def _python(content: bytes) -> float:
    start = time.perf_counter()
    audionome.classify(content)
    return time.perf_counter() - start


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=ROOT / "book" / "_build" / "html")
    site = parser.parse_args().site
    clip, other = (one.path for one in recordings()[:2])
    song = _song(clip, SONG)
    audionome.classify(other)  # so that Python has loaded its models
    rows = [("", "page", "Python", "page blocked for at most")]
    with served(site) as address, sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(base_url=address)
        page.goto("book/try.html")
        for name, content in (
            ("first answer, 30 s", clip.read_bytes()),
            ("next answer, 30 s", other.read_bytes()),
            (f"song of {SONG // 60} minutes", song),
        ):
            found = _asked(page, content)
            row = (f"{found['seconds']:.2f} s", f"{_python(content):.2f} s")
            rows.append((name, *row, f"{1000 * found['blocked']:.0f} ms"))
        steps = page.evaluate(_STEPS, STEPS)
        rows.append(("one window, live", f"{median(steps):.3f} s", "", ""))
        rows.append(("the slowest of them", f"{max(steps):.3f} s", "", ""))
        browser.close()
    for row in rows:
        print("{:24}{:>10}{:>10}{:>28}".format(*row))
    return 0


if __name__ == "__main__":
    sys.exit(main())
