"""What the study sets out to do, for whom, and what it builds on."""

from __future__ import annotations

from importlib.metadata import metadata, requires

from audionome._words import listed, points, share, span
from audionome.datasets.gtzan import GENRES, N_TRACKS
from audionome.features import COLUMNS
from audionome.lab.estimators import MODELS
from audionome.lab.literature import amount
from audionome.lab.study_claims import places
from audionome.lab.study_claims._base import (
    HOLDS,
    OPEN,
    PART,
    Answer,
    Claim,
    Judge,
    answered,
    holds_if,
    unchecked,
)
from audionome.lab.study_claims.data import counts, two_tables
from audionome.lab.study_claims.evidence import Evidence

__all__ = ["AGREED", "CLAIMS", "HIGH", "SEVERAL", "USES", "WORKS"]

_MAIN = "Objectives: main objective"
_SUB = "Objectives: sub-objectives"
_PROBLEM = "Problem statement"
_EARLIER = "Analysis: preliminary research"


def _outside(e: Evidence) -> str:
    of = e.cards["ear"]["leave-one-source-out"]
    return (
        f"{share(of['accuracy'])} of {of['n']} recordings from elsewhere "
        f"({span(of['low'], of['high'])})"
    )


def _families(wanted: tuple[str, ...]) -> Judge:
    def judge(_: Evidence) -> Answer:
        have = [name for name in wanted if any(c.startswith(name) for c in COLUMNS)]
        return holds_if(
            len(have) == len(wanted), f"{len(have)} of {len(wanted)} are among the 57 columns"
        )

    return judge


#: Works from which a subject is well researched, or a dataset popular; an accuracy that is high;
#: reports of that kind that are "several"; agreement of listeners from which they are of one mind.
WORKS, USES, HIGH, SEVERAL, AGREED = 10, 100, 0.8, 3, 0.9


def _built_on(_: Evidence) -> Answer:
    parts = ("scipy", "numpy", "joblib", "threadpoolctl")
    needs = {r.split(">")[0].split(" ")[0].lower() for r in requires("scikit-learn") or []
             if "extra ==" not in r}  # fmt: skip
    also = sorted(needs - set(parts))
    text = f"{len(needs & set(parts))} of 4 are what it requires"
    return holds_if(
        set(parts) <= needs, f"{text}; today also {listed(also)}" if also else text, partly=True
    )


def _free(_: Evidence) -> Answer:
    licence = metadata("scikit-learn")["License-Expression"] or metadata("scikit-learn")["License"]
    return holds_if("BSD" in str(licence), f"licence {licence}")


def _pipelines(_: Evidence) -> Answer:
    from sklearn.pipeline import Pipeline

    made = [spec.make(v) for spec in MODELS.values() for v in spec.variants]
    whole = sum(isinstance(pipeline, Pipeline) for pipeline in made)
    return holds_if(
        whole == len(made),
        f"scaling, fitting and choosing of all {whole} pipelines of the ladder are scikit-learn's",
    )


def _hard(e: Evidence) -> Answer:
    wrong, clips, models = e.hard
    return holds_if(wrong > 0, f"all {models} models get {wrong} of {clips:,} clips wrong")


def _overlap(e: Evidence) -> Answer:
    alike = e.spread.alike["middle", "all"]
    word = HOLDS if alike.high < 0.5 else OPEN if alike.low < 0.5 else PART
    return Answer(
        word,
        f"in the middle of the plot {share(alike.estimate)} of a clip's nearest neighbours by "
        f"other artists have its genre ({span(alike.low, alike.high)})",
    )


def _representation(e: Evidence) -> Answer:
    found = e.features_help
    return Answer(
        HOLDS if found.verdict.word == "better" else OPEN,
        f"other features of the same {found.accuracy_a.n} tracks: "
        f"{share(found.accuracy_a.estimate)} instead of {share(found.accuracy_b.estimate)} right",
    )


def _important(e: Evidence) -> str:
    top = e.results.importance.sort_values("drop", ascending=False).iloc[0]
    return (
        f"most is lost without {str(top['group']).split(',')[0]} and its like: "
        f"{points(top['drop'])} points ({span(top['low'], top['high'])})"
    )


def _deep(e: Evidence) -> str:
    of = e.cards["ear"]["artist-grouped"]
    return (
        f"two networks measured; with the pretrained one {share(of['accuracy'])} "
        f"({span(of['low'], of['high'])}) with artists apart"
    )


def _high(e: Evidence) -> Answer:
    known = e.literature[e.literature["unit"].isin(("per cent", "share"))]
    known = known[known["family"].isin(("from scratch", "pretrained"))]
    shares = [amount(v, u) for v, u in known[["value", "unit"]].to_numpy(dtype=str)]
    fair = known["comparable with"] == "fault-filtered"
    kept = [value for value, here in zip(shares, fair, strict=True) if here]
    high = sum(value > HIGH for value in shares)
    return holds_if(
        high >= SEVERAL,
        f"{high} of {len(shares)} published accuracies are above {100 * HIGH:.0f} %, of the "
        f"{len(kept)} on the fault-filtered split {sum(value > HIGH for value in kept)}: those go "
        f"from {share(min(kept))} to {share(max(kept))}",
        partly=high > 0,
    )


def _count(e: Evidence, key: str) -> int:
    row = e.literature.set_index("key").loc[key, ["value", "unit"]].to_numpy(dtype=str)
    return int(amount(*row))


def _researched(e: Evidence) -> Answer:
    works = e.literature["work"].nunique()
    return holds_if(works >= WORKS, f"{works} works are cited in this report alone")


def _popular(e: Evidence) -> Answer:
    n = _count(e, "gtzan_works")
    return holds_if(n >= USES, f"at least {n} published works use it, as Sturm counted")


def _truth(e: Evidence) -> Answer:
    wrong, open_ = (_count(e, f"gtzan_{kind}") for kind in ("conspicuous", "contentious"))
    return holds_if(
        wrong + open_ > 0,
        f"Sturm found {wrong} labels of GTZAN plainly wrong and {open_} open to dispute",
    )


def _disagree(e: Evidence) -> Answer:
    row = e.literature.set_index("key").loc["listeners_accuracy", ["value", "unit"]]
    agree = amount(*row.to_numpy(dtype=str))
    return holds_if(
        agree < AGREED, f"students of one experiment gave the label in {100 * agree:.0f} %"
    )


def _labelled(e: Evidence) -> Answer:
    tracks = e.data.tracks
    one = int(tracks["genre"].isin(GENRES).sum())
    return holds_if(one == len(tracks) == N_TRACKS, f"{one:,} tracks with one of ten genres")


_AUDIENCES = {
    "streaming": "Streaming services want better recommendations",
    "researchers": "Music researchers must process large libraries",
    "listeners": "Single listeners want to sort their own music",
    "creators": "Creators want to file their music under the right genre",
    "educators": "Teachers can show with it what makes a genre",
}
_PROJECTS = (
    "Work w/ Audio Data: Visualise, Classify, Recommend",
    "Music Genre Classification using Machine Learning",
    "Let's tune the music with CNN XGBoost",
    "Music Genre Classification: Training an AI model",
    "Music Genre Classification",
)

CLAIMS: tuple[Claim, ...] = (
    Claim("credit", "Title", "A student project by Simon Stijnen and Lynn Delaere at VIVES "
          "University of Applied Sciences", places.DID,
          answered(f"credited as the source; {len([m for m in MODELS.values() if m.study])} of "
                   f"our {len(MODELS)} models are theirs")),
    Claim("aim", _MAIN, "Build a model that tells the genre of music", places.SHIPPED,
          answered(_outside)),
    Claim("counts", _MAIN, "GTZAN has ten genres with 100 clips each", places.WINDOWS, counts),
    Claim("tables", _MAIN, "Two tables of features come with it", places.TABLES, two_tables),
    Claim("structure", _MAIN, "A ready dataset lets one study its structure", places.WINDOWS,
          answered(lambda e: f"windows, artists and repetitions of {len(e.data.tracks):,} tracks "
                   "are counted")),
    Claim("own data", _MAIN, "That would help to build a dataset of one's own", places.BEHIND,
          answered(lambda e: "done: "
                   f"{e.cards['ear']['leave-one-source-out']['n']} recordings with artist and "
                   "source")),
    Claim("scikit-learn", _MAIN, "scikit-learn serves for preparing, fitting and choosing",
          places.STACK, _pipelines),
    Claim("built on", _MAIN, "scikit-learn rests on SciPy, NumPy, joblib and threadpoolctl",
          places.STACK, _built_on),
    Claim("open source", _MAIN, "scikit-learn is open source", places.STACK, _free),
    Claim("simple", _MAIN, "scikit-learn is simple and efficient", places.STACK,
          unchecked("simple for whom, and efficient beside what, is not said")),
    Claim("community", _MAIN, "scikit-learn's large community makes help easy to find",
          places.STACK, unchecked("we hold no figures about its users")),
    Claim("goal data", _SUB, "Analyse GTZAN and its structure", places.GOALS,
          answered(lambda e: f"{len(e.data.windows):,} windows of "
                   f"{e.data.windows['track'].nunique()} clips measured again")),
    Claim("goal interface", _SUB, "Give people an interface that takes an audio file", places.GOALS,
          answered("a dashboard, a command line and a library take any file")),
    Claim("goal test", _SUB, "Test the model with other audio files", places.GOALS,
          answered(_outside)),
    Claim("goal deep", _SUB, "Look into deep learning", places.GOALS, answered(_deep)),
    Claim("difficult", _PROBLEM, "To name the genre is not always easy", places.HARD, _hard),
    Claim("overlap", _PROBLEM, "Pieces of different genres share characteristics", places.SEEN,
          _overlap),
    Claim("subjective", _PROBLEM, "Listeners judge the same piece differently", places.WHY_HARD,
          _disagree),
    Claim("relevant features", _PROBLEM, "Find out which features matter", places.LISTENS,
          answered(_important)),
    Claim("hand-made features", _PROBLEM, "The usual features: centroid, MFCCs, chroma, zero "
          "crossings", places.FRAMES,
          _families(("spectral_centroid", "mfcc", "chroma", "zero_crossing"))),
    Claim("representation", _PROBLEM, "How features are combined and represented matters",
          places.SHIPPED, _representation),
    Claim("fuzzy", _PROBLEM, "Borders between genres are fuzzy, as between rock, pop and "
          "alternative", places.WHY_HARD, unchecked("no clip here has more than one label")),
    Claim("ground truth", _PROBLEM, "So a reliable ground truth is hard to make", places.FAULTS,
          _truth),
    Claim("moving target", _PROBLEM, "Genres change over time", places.WHY_HARD,
          unchecked("GTZAN's clips bear no year")),
    Claim("discovery", _PROBLEM, "Genres help services and libraries to organise music",
          places.RECOMMEND, unchecked("we asked no users; how well it recommends is measured")),
    Claim("musicology", _PROBLEM, "Researchers can have large collections analysed",
          places.COLLECTION, answered("clips per second are measured")),
    Claim("tagging", _PROBLEM, "Creators can tag their music with it", places.MANY,
          answered("many files at once, as CSV or JSON")),
    *(Claim(f"audience: {key}", _PROBLEM, words, places.AUDIENCES,
            answered("what we have for them, and what they lack"))
      for key, words in _AUDIENCES.items()),
    Claim("well researched", _EARLIER, "Genre classification is well researched", places.OTHERS,
          _researched),
    Claim("high accuracy", _EARLIER, "Several studies reach high accuracy from audio features",
          places.OTHERS, _high),
    Claim("popular", _EARLIER, "GTZAN is popular", places.FAULTS,
          _popular),
    Claim("labelled", _EARLIER, "1,000 tracks, each with a genre", places.WINDOWS, _labelled),
    *(Claim(f"project {i}", _EARLIER, f"Builds on “{title}”", places.PROJECTS,
            answered("what it did, and what we take from it"))
      for i, title in enumerate(_PROJECTS, 1)),
)  # fmt: skip
