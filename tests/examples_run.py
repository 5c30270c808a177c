"""The examples in docstrings, run as doctests: by wing, so that each tier runs its own."""

from __future__ import annotations

import doctest
import importlib.util
import pkgutil

from needs import unmet

import audionome

#: Rooms of the package that have a tier of their own; all others are the library's.
WINGS = ("app", "lab", "report")
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules(tier: str) -> list[str]:
    """Names of the modules whose tier this is."""
    found = [m.name for m in pkgutil.walk_packages(audionome.__path__, "audionome.")]
    found.remove("audionome.__main__")
    rooms = {name: name.split(".")[1] for name in found}
    own = {name: room if room in WINGS else "library" for name, room in rooms.items()}
    return [name for name in found if own[name] == tier] + ["audionome"] * (tier == "library")


def run(name: str) -> int:
    """Run the examples of a module and return how many there were; a wrong one fails the test."""
    if name == "audionome.lab.deep.network" and importlib.util.find_spec("torch") is None:
        unmet("torch", "PyTorch is not installed: pip install 'audionome[deep]'")
    module = importlib.import_module(name)
    printed: list[str] = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        runner.run(test, out=printed.append)
    assert runner.failures == 0, "".join(printed)
    return runner.tries
