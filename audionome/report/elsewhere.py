"""Complete a notebook that lies outside of the repository: packages to install, data to fetch.

The first cell of a notebook that was downloaded from the site fetches the code of this package from
there, and calls `prepare`. What is already there is not fetched again.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from audionome.errors import AudionomeError

__all__ = ["FILES", "REQUIREMENTS", "Hint", "prepare"]

#: Beside the package: where the site has each file of data, and what has to be installed.
FILES = "files.json"
REQUIREMENTS = "requirements.txt"


class Hint(AudionomeError):
    """What the reader of a notebook has to do, shown as a sentence without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def prepare(site: str, folder: str | Path) -> None:
    """Install what the notebooks need, and fetch the data that they read.

    Parameters
    ----------
    site
        Address of the site, ending with a slash. It may be empty if nothing has to be fetched.
    folder
        Where the code lies, with the lists of files and of requirements.

    Raises
    ------
    Hint
        If something cannot be installed or fetched: what the reader can do about it.
    """
    folder = Path(folder)
    wanted = (folder / REQUIREMENTS).read_text(encoding="utf-8").splitlines()
    if unmet := _unmet(wanted):
        _install(unmet)
    files = json.loads((folder / FILES).read_text(encoding="utf-8"))
    data = folder / "data"
    missing = {name: entry for name, entry in files.items() if not (data / name).exists()}
    if missing:
        size = sum(entry["size"] for entry in missing.values()) / 1e6
        print(f'Fetching {len(missing)} files of data ({size:.1f} MB) into "{folder}" ...')
        for name, entry in missing.items():
            _fetch(site, data / name, **entry)
    print("Ready. Run the other cells.")


def _fetch(
    site: str,
    place: Path,
    *,
    path: str,
    sha256: str,
    size: int,
) -> None:
    """Fetch a file, and let it appear only when it is whole."""
    if not site:
        raise Hint(
            "The data are not all here. Write the address of the site between the quotation marks "
            f"after SITE, and run this cell again. (Missing: {place.name}.)"
        )
    try:
        with urllib.request.urlopen(site + quote(path), timeout=60) as answer:
            content = answer.read()
    except (OSError, ValueError) as problem:
        raise Hint(f"{site}{path} cannot be read ({problem}). Run this cell again later.") from None
    if len(content) != size or hashlib.sha256(content).hexdigest() != sha256:
        raise Hint(
            f"{site}{path} is not the file that this notebook was made with: the site is newer. "
            "Download the notebook again."
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}")  # two notebooks may start at once
    part.write_bytes(content)
    part.replace(place)


def _unmet(wanted: list[str]) -> list[str]:
    """Return the requirements that are not installed, or not in a version that will do."""
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:
        return wanted
    unmet = []
    for line in wanted:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            version = ""
        if not version or not requirement.specifier.contains(version, prereleases=True):
            unmet.append(line)
    return unmet


def _install(unmet: list[str]) -> None:
    """Install requirements where this kernel finds them, with pip or uv."""
    quoted = " ".join(f'"{line}"' for line in unmet)
    loaded = _loaded(unmet)
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    elif uv := shutil.which("uv"):
        command = [uv, "pip", "install", "-q", "--python", sys.executable]
    else:
        raise Hint(
            f"Install these packages for {sys.executable}, then run this cell again: {quoted}"
        )
    print(f"Installing {len(unmet)} packages ...")
    done = subprocess.run([*command, *unmet], capture_output=True, text=True)
    if done.returncode:
        told = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise Hint(
            f"These packages could not be installed: {quoted}. The reason: {' '.join(told)} "
            "Install them yourself, then run this cell again."
        )
    importlib.invalidate_caches()
    if loaded:
        raise Hint(
            f"This kernel has loaded an older {loaded}. Restart it, and run this cell again."
        )


def _loaded(unmet: list[str]) -> str:
    """Name a package that this process uses in a version that will not do."""
    from re import match

    names = {found[0].lower() for line in unmet if (found := match(r"[\w.-]+", line))}
    for module, packages in metadata.packages_distributions().items():
        if module in sys.modules and names & {package.lower() for package in packages}:
            return module
    return ""
