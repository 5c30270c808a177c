"""The picture of the app that the README and the home page show, light and dark.

``make pictures`` starts the app as a reader would, gives it one of the recordings of the
repository, and takes what it answers. ``card.json`` beside this file says what is in the picture,
in words for whoever does not see it; a test holds it to what the model answers today.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from printing import ROOT, browser_page

from audionome.app import payload
from audionome.datasets.recordings import Recording, recordings

RECORDING = "kevin-macleod-vibe-ace"
OUT = ROOT / "book" / "_static"
WORDS = ROOT / "book" / "card.json"
PORT = 8899
#: A picture as WebP, which takes a third of the room.
PACK = """async (png) => {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d").drawImage(image, 0, 0);
  const packed = await canvas.convertToBlob({ type: "image/webp", quality: 0.85 });
  return btoa(String.fromCharCode(...new Uint8Array(await packed.arrayBuffer())));
}"""
#: Without the marks of the focus, which follows the answer.
CALM = ".an-name { outline: none !important; } .an-acts { visibility: hidden; }"


def shown() -> Recording:
    """Return the recording that the app is asked about."""
    (found,) = [one for one in recordings() if one.path.stem == RECORDING]
    return found


def words() -> dict[str, str]:
    """Return what the picture shows: the recording, and the answer in a sentence."""
    import audionome

    recording = shown()
    answer = audionome.classify(recording.path)
    told = payload.answer_payload(answer, name=recording.name)
    return {"recording": recording.name, "announce": told["announce"]}


@contextmanager
def app(log: Path) -> Iterator[str]:
    """Start the app, and give its address."""
    command = [sys.executable, "-m", "audionome", "dashboard", "--port", str(PORT)]
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=log.parent, stdout=out, stderr=out)
    try:
        for _ in range(600):
            if found := re.search(r"The dashboard: (\S+)", log.read_text()):
                yield found[1]
                return
            if server.poll() is not None:
                break
            time.sleep(0.2)
        raise SystemExit(f"The app did not start:\n{log.read_text()}")
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Take both pictures, and write what they show."""
    with tempfile.TemporaryDirectory() as folder, app(Path(folder) / "log") as address:
        for scheme in ("light", "dark"):
            size = {"width": 1280, "height": 800}
            with browser_page(viewport=size, color_scheme=scheme) as page:
                page.goto(address)
                page.wait_for_selector(".an-drop[data-state=idle]")
                page.select_option(".an-example select", f"recording {shown().name}")
                page.click("text=Try it")
                page.wait_for_selector(".an-drop[data-state=done]", state="attached")
                page.wait_for_selector(".an-later details")
                page.add_style_tag(content=CALM)
                page.wait_for_timeout(500)
                picture = page.locator(".an-card").screenshot(animations="disabled")
                packed = page.evaluate(PACK, base64.b64encode(picture).decode())
                path = OUT / f"card-{scheme}.webp"
                path.write_bytes(base64.b64decode(packed))
                print(f"Wrote {path}")
    WORDS.write_text(json.dumps(words(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"Wrote {WORDS}")


if __name__ == "__main__":
    main()
