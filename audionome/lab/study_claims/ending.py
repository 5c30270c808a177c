"""What the study concludes, what it plans, and with what it was made."""

from __future__ import annotations

import re
import shlex
import sys
from argparse import ArgumentParser
from importlib.metadata import metadata, requires

from audionome._words import duration, genre_name, listed, points, share, span
from audionome.lab.names import select
from audionome.lab.studies.replay import STUDIED
from audionome.lab.study_claims import places
from audionome.lab.study_claims._base import (
    FAILS,
    HOLDS,
    OPEN,
    PART,
    UNCHECKED,
    Answer,
    Claim,
    Judge,
    answered,
    between,
    by_reading,
    holds_if,
    unchecked,
)
from audionome.lab.study_claims.evidence import APART, Evidence

__all__ = ["ACCURATE", "CLAIMS", "ORDINARY", "PIP", "installs"]

_CONCLUSION = "Conclusion"
_FUTURE = "Future work"
_TOOLS = "Tools"
#: Accuracy that is accurate; seconds of training that an ordinary computer may take.
ACCURATE, ORDINARY = 0.9, 3600
#: The command that the study gives.
PIP = "pip install -r requirements.txt requirements.training.txt"


def _capable(e: Evidence) -> Answer:
    apart, wild = (e.accuracy("svc", protocol) for protocol in (APART, "wild"))
    return Answer(
        HOLDS if e.reported["svc"]["ours"] > ACCURATE else FAILS,
        f"{share(e.reported['svc']['ours'])} of windows from clips that it partly knows",
        HOLDS if apart["accuracy_low"] > ACCURATE else FAILS,
        f"{share(apart['accuracy'])} ({span(apart['accuracy_low'], apart['accuracy_high'])}); on "
        f"music from elsewhere {share(wild['accuracy'])}",
    )


def _respectable(e: Evidence) -> Answer:
    lost = e.lost("svc", "random-windows")
    shuffled, apart = (e.accuracy("svc", p)["accuracy"] for p in ("random-windows", APART))
    return Answer(
        PART if lost.word == "worse" else HOLDS,
        f"on new music it is another figure: with windows shuffled {share(shuffled)}, with artists "
        f"kept apart {share(apart)}, a difference of {between(lost.interval)}",
    )


def _potential(e: Evidence) -> Answer:
    row = e.accuracy("svc", APART)
    return Answer(
        HOLDS if row["accuracy_low"] > 0.1 else OPEN,
        f"with artists apart {share(row['accuracy'])} "
        f"({span(row['accuracy_low'], row['accuracy_high'])}), always the same answer "
        f"{share(e.floor)} (less than one in ten: a genre that is frequent among the artists "
        "learned from is rare among the others)",
    )


def _features_help(e: Evidence) -> Answer:
    found = e.features_help
    return Answer(
        HOLDS if found.verdict.word == "better" else OPEN,
        f"the extended model beside the classic one, same {found.accuracy_a.n} tracks, artists "
        f"apart: {between(found.verdict.interval)}",
    )


def _data_help(e: Evidence) -> Answer:
    curve = e.results.learning_curve.sort_values("tracks")
    last = curve.groupby(["model", "variant"], sort=False).tail(1)
    rising = int((last["verdict"] == "better").sum())
    gains = [f"{points(a)}" for a in last["gain"]]
    ear = e.ear_helps.verdict
    return Answer(
        HOLDS if rising == len(last) else PART if rising else OPEN,
        f"{rising} of {len(last)} learning curves still rise at the end ({listed(gains)} points); "
        f"the ear, whose network learned from far more music, differs from the extended model by "
        f"{between(ear.interval)}, but it is another method too",
    )


def _tested(e: Evidence) -> Answer:
    of = e.cards["ear"]["leave-one-source-out"]
    return Answer(
        UNCHECKED,
        f"it gives no number of files and no figure; ours: {of['n']} recordings from elsewhere",
    )


def _small(e: Evidence) -> Answer:
    lost, row = e.lost("svc", "wild"), e.accuracy("svc", APART, level="track")
    return Answer(
        HOLDS if lost.word == "better" else OPEN,
        f"{int(row['artists'])} artists, worth {row['effective_n']:.0f} independent clips for this "
        f"model; beside music from elsewhere {between(lost.interval)}",
    )


def _unequal(e: Evidence) -> Answer:
    parts = []
    for found in (e.own, e.apart):
        n = sum(bool(found[m].missed) for m in STUDIED)
        worst = found["svc"].table.sort_values("recall").iloc[0]
        parts += [
            HOLDS if n else OPEN,
            f"{n} of {len(STUDIED)} models struggle with some genre; the support vector "
            f"classifier finds least of {worst['genre']} ({share(worst['recall'])})",
        ]
    return Answer(*parts)


def _interface(_: Evidence) -> Answer:
    return Answer("answered by us", "its app gives one answer for a whole file; ours goes window "
                  "by window, with probabilities")  # fmt: skip


def _used(package: str, instead: str) -> Judge:
    """Judge that a library is part of the work: is it among our requirements?"""

    def judge(_: Evidence) -> Answer:
        needs = {re.split(r"[^\w-]", r)[0].lower(): r for r in requires("audionome") or []}
        if package in needs:
            test = "extra == 'test'" in needs[package]
            return Answer("answered by us", "to test against" if test else "used here too")
        return Answer("answered by us", instead)

    return judge


def _hardware(e: Evidence) -> Answer:
    rows = select(e.results.scores, variant="study", protocol="random-windows", level="window",
                  split="test")  # fmt: skip
    rows = rows[rows["model"].isin(STUDIED)]
    seconds = rows["fit_seconds"]
    return holds_if(
        bool(seconds.sum() < ORDINARY),
        f"on one core all seven are fitted in {seconds.sum() / 60:.0f} minutes; without gradient "
        f"boosting in {duration(seconds.sum() - seconds.max())}",
    )


def _python(e: Evidence) -> Answer:
    allowed = metadata("audionome")["Requires-Python"]
    again = sum(row["possible"] for row in e.reported.values())
    return Answer(
        FAILS if again > len(e.reported) / 2 else OPEN,
        f"{again} of {len(e.reported)} figures can come out again with other versions; ours takes "
        f"Python {allowed}",
    )


def _pickle(_: Evidence) -> Answer:
    return holds_if(
        "pickle" not in sys.stdlib_module_names,
        "pickle is part of Python; the other eight are libraries",
        partly=True,
    )


def installs(command: str) -> tuple[list[str], list[str]]:
    """Return what pip takes for requirement files, and what for names of packages.

    Parameters
    ----------
    command : str
        ``pip install ...``

    Returns
    -------
    files, packages : list of str

    Examples
    --------
    >>> installs("pip install -r one.txt two.txt")
    (['one.txt'], ['two.txt'])
    """
    parser = ArgumentParser(add_help=False)
    # As in pip: the option takes one value, and may be given again.
    parser.add_argument("-r", "--requirement", action="append", default=[])
    parser.add_argument("packages", nargs="*")
    found = parser.parse_args(shlex.split(command)[2:])
    return found.requirement, found.packages


def _pip(_: Evidence) -> Answer:
    files, packages = installs(PIP)
    return holds_if(
        not packages,
        f"pip reads {listed(files)} and looks for a package named {listed(packages)}; -r must be "
        "given twice",
    )


def _further(e: Evidence) -> str:
    of = e.cards["ear"]["leave-one-source-out"]
    return f"this report goes on: {share(of['accuracy'])} of {of['n']} recordings from elsewhere"


def _missed(e: Evidence) -> str:
    found = e.apart["svc"].missed
    return f"with artists apart its model struggles with {listed([genre_name(g) for g in found])}"


CLAIMS: tuple[Claim, ...] = (
    Claim("capable", _CONCLUSION, "The model tells genres accurately", places.LADDER, _capable),
    Claim("achieved", _CONCLUSION, "The main aim is largely reached, with good accuracy",
          places.LADDER, _capable),
    Claim("respectable", _CONCLUSION, "91.99 % is respectable, given GTZAN's known limits",
          places.LADDER, _respectable),
    Claim("potential", _CONCLUSION, "It shows what machine learning can do here", places.LADDER,
          _potential),
    Claim("better features", _CONCLUSION, "Better features would improve it", places.SHIPPED,
          _features_help),
    Claim("more data", _CONCLUSION, "Larger datasets would improve it", places.MORE_MUSIC,
          _data_help),
    Claim("reached data", _CONCLUSION, "Sub-goal reached: the dataset was analysed",
          places.WINDOWS, answered("analysed again, with artists and repetitions")),
    Claim("reached interface", _CONCLUSION, "Sub-goal reached: an interface takes a file",
          places.USE, _interface),
    Claim("reached test", _CONCLUSION, "Sub-goal reached: tested with different audio files",
          places.BEHIND, _tested),
    Claim("reached deep", _CONCLUSION, "Deep learning was looked into, but not implemented",
          places.DEEP, answered("implemented here: a small network, and a pretrained one")),
    Claim("small", _CONCLUSION, "GTZAN is small and may not stand for all music", places.LOST,
          _small),
    Claim("generalise", _CONCLUSION, "So the model may not carry over to other data",
          places.LOST, _small),
    Claim("unequal", _CONCLUSION, "Some genres are harder than others", places.FOUND,
          _unequal),
    Claim("satisfied", _CONCLUSION, "The authors are satisfied and learned much", places.EVERY,
          unchecked("theirs to say")),
    Claim("future genres", _FUTURE, "Further research on the harder genres is needed",
          places.FOUND, answered(_missed)),
    Claim("future choice", _FUTURE, "The work can be developed further", places.NEXT,
          answered(_further)),
    Claim("future app", _FUTURE, "Deploy it as a web application with Streamlit", places.USE,
          _used("streamlit", "a dashboard with Voilà instead")),
    Claim("future choose", _FUTURE, "People upload a file or choose a prepared one", places.USE,
          answered("both, and a microphone")),
    Claim("future pages", _FUTURE, "A page shows research, analysis, results and conclusions",
          places.COMMANDS, answered("this book")),
    Claim("future docker", _FUTURE, "Docker makes it consistent and reproducible",
          places.STACK, answered("no container: exact versions are pinned, and one command "
                                    "builds everything")),
    Claim("future compose", _FUTURE, "`docker compose up -d` builds the image and starts it",
          places.STACK, by_reading("misleading: it builds only where there is no image yet; "
                                   "`--build` builds it again")),
    Claim("future port", _FUTURE, "It then answers on localhost:8501", places.USE,
          unchecked("its container is not ours to run; our dashboard answers on port 8866")),
    Claim("python", _TOOLS, "Python is the language", places.STACK,
          answered("of the library, the lab and the report")),
    Claim("jupyter", _TOOLS, "Jupyter notebooks serve for analysis and training", places.STACK,
          answered("for the chapters; training is a command, so that it can be repeated")),
    Claim("tool scikit-learn", _TOOLS, "scikit-learn builds and trains the models", places.STACK,
          _used("scikit-learn", "not used")),
    Claim("tool pandas", _TOOLS, "pandas handles the tables", places.STACK,
          _used("pandas", "not used")),
    Claim("tool numpy", _TOOLS, "NumPy handles the arrays", places.STACK,
          _used("numpy", "not used")),
    Claim("tool matplotlib", _TOOLS, "Matplotlib draws", places.STACK,
          _used("matplotlib", "Plotly instead")),
    Claim("tool seaborn", _TOOLS, "Seaborn draws statistics", places.STACK,
          _used("seaborn", "Plotly instead")),
    Claim("tool librosa", _TOOLS, "librosa measures the features", places.CLIP,
          _used("librosa", "not used")),
    Claim("tool ipython", _TOOLS, "IPython serves for interactive computing", places.STACK,
          _used("ipykernel", "not used")),
    Claim("tool pickle", _TOOLS, "pickle stores the model", places.STACK,
          _used("pickle", "plain arrays and JSON: loading a pickle runs code")),
    Claim("tool streamlit", _TOOLS, "Streamlit makes the interface", places.STACK,
          _used("streamlit", "Voilà and anywidget instead")),
    Claim("hardware", _TOOLS, "An ordinary computer is enough", places.STACK, _hardware),
    Claim("python version", _TOOLS, "Python 3.12.9 is needed", places.STACK, _python),
    Claim("libraries", _TOOLS, "Nine libraries are to be installed, pickle among them",
          places.STACK, _pickle),
    Claim("pip", _TOOLS, f"They are installed by `{PIP}`", places.STACK, _pip),
    Claim("references", "References", "Its contents list references; what it links are the "
          "dataset and five projects", places.REFERENCES,
          answered("every figure of others is cited")),
)  # fmt: skip
