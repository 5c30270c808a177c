"""How alike the page and Python answer, on recordings of your own.

    python benchmarks/page_equality.py FOLDER_OR_FILE ... --site SITE

SITE is the built site. Headless Chromium opens it, and every recording is answered four times: the
page and Python hear the same samples at the ear's rate (what differs then is arithmetic), and each
hears the file in its own way (then decoders and resamplers differ as well). Prints a line for each
recording and a summary, and writes nothing.
"""

from __future__ import annotations

import argparse
import base64
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import browser  # noqa: E402  # of the tests

from audionome import audio, files  # noqa: E402
from audionome.models.classifier import Prediction, load_classifier  # noqa: E402

SCRIPTS = ("words", "engine", "decode")

#: The page answers about samples (32-bit floats) or about a file, both as base64.
ASK = """async ({content, name, decode}) => {
  const engine = await Audionome.load({});
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const samples = decode
    ? await Audionome.decode(new Blob([bytes]), {name})
    : new Float32Array(bytes.buffer);
  return engine.classify(samples, {name});
}"""


def asked(page: Page, content: bytes, name: str, *, decode: bool) -> dict[str, Any]:
    """Return what the page answers, or its sentence as ``problem``."""
    values = {"content": base64.b64encode(content).decode(), "name": name, "decode": decode}
    try:
        found: dict[str, Any] = page.evaluate(ASK, values)
    except Exception as error:
        return {"problem": str(error).splitlines()[0]}
    return found


def compared(page: dict[str, Any], python: Prediction) -> dict[str, Any]:
    """Return the largest differences between two answers, and what is equal in them."""
    apart = [page["probabilities"][genre] - p for genre, p in python.probabilities.items()]
    return {
        "apart": float(np.abs(apart).max()),
        "distance": abs(page["distance"] - python.distance),
        "top1": page["genre"] == python.genre,
        "set": page["prediction_set"] == list(python.prediction_set),
        "tags": [tag["name"] for tag in page["tags"]] == [tag.name for tag in python.tags],
        "windows": len(page["windows"]) - len(python.windows),
    }


def line(found: dict[str, Any]) -> str:
    """Return a comparison in words."""
    if "problem" in found:
        return str(found["problem"])
    differs = [name for name in ("top1", "set", "tags") if not found[name]]
    if found["windows"]:
        differs.append(f"windows {found['windows']:+d}")
    told = f", differ: {', '.join(differs)}" if differs else ""
    return f"{found['apart']:.1e} (distance {found['distance']:.1e}){told}"


def summary(name: str, found: list[dict[str, Any]]) -> str:
    """Return many comparisons in words."""
    good = [one for one in found if "problem" not in one]
    if not good:
        return f"{name}: none could be compared"
    apart, distance = (np.array([one[key] for one in good]) for key in ("apart", "distance"))
    equal = ", ".join(f"{key} {sum(one[key] for one in good)}" for key in ("top1", "set", "tags"))
    return (
        f"{name}: of {len(found)}, {len(good)} answered by both; equal: {equal}; probabilities "
        f"differ by {np.median(apart):.1e} in the median and {apart.max():.1e} at most, distances "
        f"by {distance.max():.1e} at most"
    )


def main() -> None:
    """Compare, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--site", type=Path, required=True)
    options = parser.parse_args()
    model = load_classifier("ear")
    paths = [p for one in options.paths for p in (files.scan(one).files if one.is_dir() else [one])]
    same, own = [], []
    with browser.served(options.site) as url, sync_playwright() as playwright:
        page = browser.launch(playwright).new_page()
        page.goto(url + "search.html")
        for name in SCRIPTS:
            page.add_script_tag(url=f"{url}_static/listen/{name}.js")
        for path in paths:
            try:
                samples = soxr.resample(audio.load(path), audio.SAMPLE_RATE, model.ear.sample_rate)
                answers = model.classify_samples(samples), model.classify(path)
            except audio.AudioError as error:
                print(f"{path.name}: Python: {error}")
                continue
            for content, decode, answer, into in (
                (samples.astype("<f4").tobytes(), False, answers[0], same),
                (path.read_bytes(), True, answers[1], own),
            ):
                found = asked(page, content, path.name, decode=decode)
                into.append(found if "problem" in found else compared(found, answer))
            print(f"{path.name}: {line(same[-1])} | {line(own[-1])}", flush=True)
    print(summary("the same samples", same))
    print(summary("the file, each in its own way", own))


if __name__ == "__main__":
    main()
