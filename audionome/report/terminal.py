"""Commands that a chapter runs, and what a terminal shows of them.

>>> here = Terminal()
>>> here.run("audionome --version")  # doctest: +SKIP
"""

from __future__ import annotations

import html
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from audionome._paths import data_path
from audionome.datasets.recordings import recordings
from audionome.report.render import Shown

__all__ = ["Terminal"]

#: A notebook asks the programs that it starts for colours and movement.
_COLOURFUL = {"CLICOLOR_FORCE", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}
#: What the terminal of the page can show.
_PLAIN = {"COLUMNS": "88", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
_MADE = "made by a program"
_PLAYED = "played by people"


class Terminal:
    """A home folder with some music in it, and a terminal that works there.

    Its folder ``Music`` holds copies of the example files: ten pieces that a program made, and
    openly licensed recordings by people.

    Parameters
    ----------
    n_recordings : int
        How many of the recordings.

    Attributes
    ----------
    home : Path
    """

    def __init__(self, *, n_recordings: int = 6) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="audionome-")
        self.home = Path(self._folder.name).resolve()
        pieces = sorted(data_path("examples").glob("*.ogg"))
        for name, paths in {
            _MADE: pieces,
            _PLAYED: [one.path for one in recordings()[:n_recordings]],
        }.items():
            place = self.home / "Music" / name
            place.mkdir(parents=True)
            for path in paths:
                shutil.copy(path, place)

    def write(self, name: str, text: str) -> None:
        """Write a file into the home folder.

        Parameters
        ----------
        name : str
            Its path, seen from there.
        text : str
        """
        (self.home / name).write_text(text, encoding="utf-8")

    def run(self, line: str, *, errors: bool = False, last: int | None = None) -> Shown:
        """Run a command, and show it with what it prints.

        Parameters
        ----------
        line : str
            Begins with ``audionome``; its paths are seen from the home folder.
        errors : bool
            Whether a command that ends with an error is what is to be shown.
        last : int, optional
            How many lines at the end of what it prints. Default: all.

        Returns
        -------
        Shown
            To be the last expression of a notebook cell: it displays itself.

        Raises
        ------
        RuntimeError
            If the command fails and should not.
        """
        program, *words = shlex.split(line)
        if program != "audionome":
            raise ValueError(f"{line!r} is no command of Audionome")
        done = subprocess.run(
            [sys.executable, "-m", "audionome", *words],
            cwd=self.home,
            env={k: v for k, v in os.environ.items() if k not in _COLOURFUL} | _PLAIN,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors else subprocess.PIPE,
            encoding="utf-8",
        )
        if bool(done.returncode) != errors:
            raise RuntimeError(f"{line}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        told = self._told(done.stdout)
        if last is not None:
            told = "\n".join(["…", *told.splitlines()[-last:]])
        marked = f"<strong>$ {html.escape(line)}</strong>\n{html.escape(told)}"
        return _shown(marked, f"$ {line}\n{told}")

    def show(self, name: str, *, lines: int = 8) -> Shown:
        """Show the first lines of a text file.

        Parameters
        ----------
        name : str
            Its path, seen from the home folder.
        lines : int

        Returns
        -------
        Shown
        """
        every = self._told((self.home / name).read_text(encoding="utf-8")).splitlines()
        text = "\n".join([*every[:lines], *(["…"] if len(every) > lines else [])])
        return _shown(html.escape(text), text)

    def _told(self, text: str) -> str:
        return text.replace(str(self.home), "~").strip("\n")


def _shown(marked: str, text: str) -> Shown:
    inside = f'<pre class="audionome-terminal" tabindex="0">{marked}</pre>'
    return Shown({"text/html": inside, "text/plain": text})
