"""The dashboard's server as `audionome dashboard` starts it, and visitors of its page."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import page_with_watch

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


class Server:
    """A running server; its log must stay free of tracebacks, unless a test injects them."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.url = f"http://localhost:{port}"
        self.log = log

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait(20)

    def end(self, signum: int = signal.SIGINT) -> int:
        """End it as its user does, and return its exit status."""
        self.process.send_signal(signum)
        return self.process.wait(60)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def serve(
    folder: Path,
    notebook: Path | None = None,
    *,
    options: Sequence[str] = (),
    before: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    port: int | None = None,
) -> Iterator[Server]:
    """Start the server, and stop it at the end.

    Parameters
    ----------
    folder
        Takes the log.
    notebook
        To be shown by ``voila`` with the settings of the checkout, in the dashboard's place.
    options
        More of the command.
    before
        A command that runs the command.
    env
        Environment, by default ours without Jupyter's variables.
    cwd
        Folder to start in.
    port
        That of a server that was there before; by default a free one.
    """
    port = port or free_port()
    log = folder / "log"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER_")}
    command = (
        [str(BIN / "audionome"), "dashboard"]
        if notebook is None
        else [str(BIN / "voila"), str(notebook), "--no-browser", "--Voila.port_retries=0"]
    )
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*before, *command, "--port", str(port), *options],
            cwd=cwd,
            env=clean if env is None else dict(env),
            stdout=out,
            stderr=out,
            # A shell's background jobs ignore Ctrl-C, and so would what they start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            deadline = time.monotonic() + 180  # a busy machine takes long
            while not re.search("The dashboard: http|is running at", log.read_text()):
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"The server did not start:\n{log.read_text()}")
                time.sleep(0.2)
            yield Server(process, port, log)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def notebook(path: Path, *lines: str) -> Path:
    """Write a notebook of one cell."""
    cell = {"cell_type": "code", "execution_count": None, "id": "page", "metadata": {},
            "outputs": [], "source": "\n".join(lines)}  # fmt: skip
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    content = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4,
               "nbformat_minor": 5}  # fmt: skip
    path.write_text(json.dumps(content))
    return path


def encode(samples: np.ndarray, rate: int, kind: str) -> bytes:
    """Write samples in one of the formats that the page names."""
    import soundfile
    import soxr

    data = io.BytesIO()
    if kind == "m4a":
        import av

        with av.open(data, "w", format="ipod") as container:
            stream = container.add_stream("aac", rate=rate, layout="mono")
            frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            frame.sample_rate = rate
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    elif kind == "opus":
        soundfile.write(
            data, soxr.resample(samples, rate, 48_000), 48_000, format="OGG", subtype="OPUS"
        )
    else:
        soundfile.write(data, samples, rate, format=kind.upper())
    return data.getvalue()


class Visit:
    """One page of the dashboard with what a visitor does and sees."""

    def __init__(
        self, browser: Any, url: str, *, path: str = "/", before: str = "", **kwargs: Any
    ) -> None:
        self.page, self.problems = page_with_watch(browser, url, **kwargs)
        if before:
            self.page.add_init_script(before)
        self.page.set_default_timeout(120_000)
        self.page.goto(path)
        self.saved = ""  # name of the last download
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector(".an-drop[data-state=idle]")

    def give(self, *paths: Path) -> None:
        self.page.set_input_files(".an-drop input[type=file]", paths)

    def wait(self, state: str) -> None:
        """Wait for the end of the work, and hold its state against the expected one."""
        self.page.wait_for_selector(
            ".an-drop[data-state=done], .an-drop[data-state=error]", state="attached"
        )
        assert self.page.get_attribute(".an-drop", "data-state") == state, self.status()

    def status(self) -> str:
        return self.page.inner_text(".an-status")

    def name(self) -> str:
        return self.page.inner_text(".an-name")

    def section(self, name: str) -> Any:
        """A closed section below the answer, by its identifier."""
        return self.page.locator(f".an-section[data-section={name}]")

    def open(self, name: str) -> Any:
        """Open a section, and return the inside of it."""
        section = self.section(name)
        if section.get_attribute("open") is None:
            section.locator(":scope > summary").click()
        return section.locator(".an-inside")

    def chart(self, caption: str) -> Any:
        """A chart of a section that is open."""
        return self.page.locator(".an-chart").filter(
            has=self.page.locator("summary", has_text=f": {caption}")
        )

    def table(self, caption: str) -> list[list[str]]:
        """The rows of a chart's table."""
        numbers = self.chart(caption).locator("details")
        if numbers.get_attribute("open") is None:
            numbers.locator("summary").click()
        numbers.locator("tbody tr").first.wait_for()  # written once it is open
        rows = numbers.locator("tbody tr").all()
        return [row.locator("td").all_text_contents() for row in rows]

    def session(self) -> list[list[str]]:
        """The rows of the session's table: name, then what stands beside it."""
        return self.page.evaluate(
            """() => [...document.querySelectorAll(".an-session tbody tr")].map((row) => [
                row.querySelector("bdi").textContent,
                ...[...row.querySelectorAll("td[class^=an-c-], .an-told")].map(
                    (cell) => cell.textContent),
            ])"""
        )

    def downloaded(self) -> list[dict[str, str]]:
        """The session's table as a spreadsheet reads it."""
        with self.page.expect_download() as saved:
            self.page.click(".an-session .an-tools button:text-matches('^Download')")
        self.saved = saved.value.suggested_filename
        text = Path(saved.value.path()).read_text(encoding="utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def detailed(self) -> None:
        """Wait for the sections that take longer."""
        self.page.wait_for_selector(".an-later details, .an-later .an-unsure")

    def drawn(self) -> int:
        """Open every section, wait until its charts are drawn, and return how many they are."""
        self.detailed()
        for section in self.page.locator(".an-section").all():
            self.open(str(section.get_attribute("data-section")))
        charts = self.page.locator(".an-section .an-chart")
        for chart in charts.all():
            chart.scroll_into_view_if_needed()
            chart.locator("xpath=self::*[@data-drawn]").wait_for()
        return int(charts.count())

    def close(self) -> None:
        self.page.context.close()
