"""What the study reports of its models: accuracies, matrices, gaps, and its choice."""

from __future__ import annotations

from collections.abc import Sequence

from audionome._words import genre_name, listed, points, probability, share
from audionome.lab.bootstrap import ConfidenceInterval
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.ladder import TOLERANCE
from audionome.lab.studies.replay import STUDIED
from audionome.lab.study_claims import places
from audionome.lab.study_claims._base import (
    FAILS,
    HOLDS,
    OPEN,
    PART,
    Answer,
    Claim,
    Judge,
    answered,
    between,
    by_reading,
    holds_if,
    in_words,
    overall,
)
from audionome.lab.study_claims.evidence import Evidence
from audionome.lab.study_claims.genres import WELL, Recalls

__all__ = ["CLAIMS", "COMMENTS", "NAMED", "NAMES", "NEAR"]

_MEASURED = "Results: model evaluation"
_COMPARED = "Results: model comparison"
_CHOSEN = "Results: model selection"
#: Points that "almost as good" may lose.
NEAR = 0.05
#: What a model is called in a sentence.
NAMES = {
    "logistic": "logistic regression",
    "sgd": "SGD",
    "forest": "the random forest",
    "svc": "the support vector classifier",
    "knn": "KNN",
    "tree": "the decision tree",
    "boosting": "gradient boosting",
}


def _accuracy(model: str) -> Judge:
    def judge(e: Evidence) -> Answer:
        row = e.reported[model]
        return holds_if(
            bool(row["possible"]),
            f"{row['right']} of {row['n']} of its test windows are right, {share(row['ours'])}; "
            f"{row['absent']} windows are not here, and {row['theirs']} of all is its figure"
            + (
                ""
                if row["possible"]
                else f": that would need {row['needed']} of them, where "
                f"{row['likely']:.0f} are to be expected ({probability(row['p_value'])})"
            ),
            partly=abs(row["ours"] - row["study"]) <= TOLERANCE,
        )

    return judge


def _settings(model: str) -> Judge:
    def judge(e: Evidence) -> Answer:
        row = e.printed[model]
        if row["possible"]:
            return Answer(HOLDS, "they can give the figure")
        lacks = abs(row["needed"])
        return Answer(
            PART,
            f"with nothing else set {row['right']} of {row['n']} are right, {lacks} away from its "
            f"figure; the {row['absent']} windows that are not here cannot explain that",
        )

    return judge


def _told(found: Recalls, genres: Sequence[str]) -> str:
    recall = found.by_genre("recall")
    text = f"{listed([f'{g} {share(recall[g])}' for g in genres])}, mean {share(found.mean)}"
    return f"{text}; {_below(found)}"


def _below(found: Recalls) -> str:
    missed = listed([genre_name(g) for g in found.missed]) or "none"
    return f"shown to be below the mean: {missed}"


def _struggles(model: str) -> Judge:
    """Judge that a model struggles with the genres that are named."""

    def judge(e: Evidence) -> Answer:
        own, apart, genres = e.own[model], e.apart[model], NAMED[model]
        return Answer(
            overall(own.struggles(genres)),
            _told(own, genres),
            overall(apart.struggles(genres)),
            _told(apart, genres),
        )

    return judge


def _well(model: str) -> Judge:
    """Judge that a model does well on most genres."""

    def judge(e: Evidence) -> Answer:
        parts = []
        for found in (e.own[model], e.apart[model]):
            well, badly = len(found.done_well), int((found.table["high"] < WELL).sum())
            parts += [
                HOLDS if well > 5 else FAILS if badly >= 5 else OPEN,
                f"recall above {100 * WELL:.0f} % in {well} of 10 genres, below in {badly}, open "
                f"in {10 - well - badly}",
            ]
        return Answer(*parts)

    return judge


def _beats(model: str, others: Sequence[str], *, wanted: str = "better") -> Judge:
    """Judge that a model is better (or worse) than each of some others."""

    def judge(e: Evidence) -> Answer:
        parts = []
        for compare in (e.against, e.against_apart):
            found = {o: compare(model, o) for o in others}
            told = list(found)
            if len(told) > 2:
                # Of many, the one that decides: the nearest.
                sign = 1 if wanted == "better" else -1
                told = [min(found, key=lambda o: sign * found[o].interval.estimate)]
            parts += [
                overall({o: in_words(v, wanted=wanted) for o, v in found.items()}),
                "; ".join(f"beside {NAMES[o]} {between(found[o].interval)}" for o in told),
            ]
        return Answer(*parts)

    return judge


def _near(model: str, other: str) -> Judge:
    """Judge that a model is almost as good as another: that it surely loses less than `NEAR`."""

    def judge(e: Evidence) -> Answer:
        parts = []
        for compare in (e.against, e.against_apart):
            i = compare(model, other).interval
            lost = i.high < 0 and i.estimate < -NEAR
            parts += [HOLDS if i.low > -NEAR else FAILS if lost else OPEN,
                      f"beside {NAMES[other]} {between(i)}"]  # fmt: skip
        return Answer(*parts)

    return judge


def _fewer_hits(e: Evidence) -> Answer:
    """Does SGD find fewer windows of the three genres than logistic regression?"""
    parts = []
    for family in (e.within("sgd", "logistic", _THREE), e.within_apart("sgd", "logistic", _THREE)):
        told = listed([f"{genre_name(g)} {between(v.interval)}" for g, v in family.items()])
        words = {g: in_words(v, wanted="worse") for g, v in family.items()}
        parts += [overall(words), f"beside logistic regression: {told}"]
    return Answer(*parts)


def _lowest_hits(e: Evidence) -> Answer:
    """Are country, disco and rock found less than each of the other genres?"""
    parts = []
    for found in (e.own, e.apart):
        recall = found["logistic"].by_genre("recall")
        low = sorted(recall, key=lambda g: recall[g])[:3]
        lowest = listed([f"{genre_name(g)} {share(recall[g])}" for g in low])
        parts += [overall(found["logistic"].struggles(_THREE)), f"least found: {lowest}; "
                  + _below(found["logistic"])]  # fmt: skip
    return Answer(*parts)


def _metric_accuracy(e: Evidence) -> Answer:
    found = e.own["svc"].counts.to_numpy()
    return holds_if(
        int(found.trace()) == e.reported["svc"]["right"],
        f"the diagonal of the matrix sums to {found.trace()} of {found.sum()}",
    )


def _metric_matrix(e: Evidence) -> str:
    n = e.own["svc"].counts.to_numpy().size
    return (
        f"right for two classes; with ten genres it has {n} cells, and the four counts exist for "
        "each genre against the rest"
    )


def _two_best(e: Evidence) -> Answer:
    """Are the support vector classifier and KNN ahead of every other model?"""
    parts = []
    for compare in (e.against, e.against_apart):
        words = {
            f"{m} {o}": in_words(compare(m, o))
            for m in ("svc", "knn")
            for o in STUDIED
            if o not in ("svc", "knn")
        }
        next_best = compare("knn", "boosting").interval
        parts += [overall(words), f"KNN beside gradient boosting {between(next_best)}"]
    return Answer(*parts)


def _most_overfit(e: Evidence) -> Answer:
    parts = []
    for rows in (e.gaps, e.gaps_apart):
        n = sum(row["verdict"] == "better" for row in rows.values())
        widest = max(row["gap"] for row in rows.values())
        parts += [
            HOLDS if n > len(rows) / 2 else FAILS,
            f"{n} of {len(rows)} know their training music better; the widest gap is "
            f"{points(widest)} points",
        ]
    return Answer(*parts)


def _only_two(e: Evidence) -> Answer:
    parts, two = [], {"logistic", "sgd"}
    for rows in (e.gaps, e.gaps_apart):
        free = [m for m, row in rows.items() if row["verdict"] != "better"]
        word = HOLDS if set(free) == two else PART if set(free) & two else FAILS
        shown = [f"{NAMES[m]} {points(rows[m]['gap'])} points" for m in ("logistic", "sgd")]
        told = listed([NAMES[m] for m in free]) if free else "none"
        parts += [word, f"no gap can be shown for: {told}; gaps: {listed(shown)}"]
    return Answer(*parts)


def _smallest(e: Evidence) -> Answer:
    parts = []
    for rows in (e.gaps, e.gaps_apart):
        order = sorted(rows, key=lambda m: rows[m]["gap"])
        word = HOLDS if set(order[:2]) == {"logistic", "sgd"} else PART
        shown = [f"{NAMES[m]} {points(rows[m]['gap'])} points" for m in order[:3]]
        parts += [word, f"the three smallest: {listed(shown)}"]
    return Answer(*parts)


def _relatively_small(e: Evidence) -> Answer:
    parts = []
    for rows in (e.gaps, e.gaps_apart):
        place = 1 + sum(row["gap"] < rows["svc"]["gap"] for row in rows.values())
        word = FAILS if place > len(rows) / 2 else HOLDS
        parts += [word, f"{points(rows['svc']['gap'])} points, place {place} of {len(rows)} from "
                  "the smallest"]  # fmt: skip
    return Answer(*parts)


def _no_overfit(e: Evidence) -> Answer:
    parts = []
    for rows in (e.gaps, e.gaps_apart):
        row = rows["svc"]
        interval = ConfidenceInterval(row["gap"], row["low"], row["high"], 0, 0)
        parts += [
            FAILS if row["verdict"] == "better" else OPEN,
            f"{share(row['train'])} of its training music, {share(row['test'])} of other: "
            f"{between(interval)}",
        ]
    return Answer(*parts)


def _highest(e: Evidence) -> Answer:
    """Is the chosen model ahead of every other, so that the choice is safe?"""
    parts = []
    for compare in (e.against, e.against_apart):
        found = {o: compare("svc", o) for o in STUDIED if o != "svc"}
        nearest = min(found, key=lambda o: found[o].interval.estimate)
        same = [NAMES[o] for o, v in found.items() if v.word == SAME]
        parts += [
            overall({o: in_words(v) for o, v in found.items()}),
            f"beside {NAMES[nearest]} {between(found[nearest].interval)}; "
            f"{SAME} from: {listed(same) if same else 'none'}",
        ]
    return Answer(*parts)


#: Title and settings as the study prints them.
_PRINTED = {
    "logistic": "max_iter 200, lbfgs, l2",
    "sgd": "max_iter 200, constant rate 0.01, l2",
    "forest": "81 trees, depth 10",
    "svc": "C 10, RBF kernel, gamma scale",
    "knn": "6 neighbours",
    "tree": "depth 15, entropy, balanced",
    "boosting": "300 stages, rate 0.2, log loss",
}
_THREE = ("country", "disco", "rock")
#: The genres that each model is said to struggle with.
NAMED = {
    "logistic": _THREE,
    "sgd": _THREE,
    "forest": ("country", "disco"),
    "svc": ("country",),
    "knn": ("country",),
    "tree": _THREE,
    "boosting": ("country", "rock"),
}

#: What it says of the matrices: model, words, judge.
COMMENTS: tuple[Claim, ...] = (
    Claim("logistic struggles", _MEASURED, "Logistic regression struggles with country, disco and "
          "rock", places.MATRICES, _struggles("logistic")),
    Claim("logistic hits", _MEASURED, "It finds far less of those three than of the rest",
          places.MATRICES, _lowest_hits),
    Claim("sgd struggles", _MEASURED, "SGD struggles with the same three", places.MATRICES,
          _struggles("sgd")),
    Claim("sgd hits", _MEASURED, "SGD finds even less of those than logistic regression",
          places.MATRICES, _fewer_hits),
    Claim("forest better", _MEASURED, "The random forest beats these two", places.MATRICES,
          _beats("forest", ("logistic", "sgd"))),
    Claim("forest struggles", _MEASURED, "The random forest struggles with country and disco",
          places.MATRICES, _struggles("forest")),
    Claim("svc well", _MEASURED, "The support vector classifier does well on most genres",
          places.MATRICES, _well("svc")),
    Claim("svc struggles", _MEASURED,
          "The support vector classifier struggles a little with country", places.MATRICES,
          _struggles("svc")),
    Claim("svc better", _MEASURED, "The support vector classifier beats the three before it",
          places.MATRICES,
          _beats("svc", ("logistic", "sgd", "forest"))),
    Claim("knn well", _MEASURED, "KNN does well on most genres", places.MATRICES, _well("knn")),
    Claim("knn struggles", _MEASURED, "KNN struggles with country", places.MATRICES,
          _struggles("knn")),
    Claim("knn near", _MEASURED, "KNN is almost as good as the support vector classifier",
          places.MATRICES, _near("knn", "svc")),
    Claim("tree struggles", _MEASURED, "The decision tree struggles a lot with country, disco and "
          "rock", places.MATRICES, _struggles("tree")),
    Claim("tree worst", _MEASURED, "The decision tree is the worst so far", places.MATRICES,
          _beats("tree", ("logistic", "sgd", "forest", "svc", "knn"), wanted="worse")),
    Claim("boosting well", _MEASURED, "Gradient boosting does well on most genres",
          places.MATRICES, _well("boosting")),
    Claim("boosting struggles", _MEASURED, "Gradient boosting struggles with country and rock",
          places.MATRICES, _struggles("boosting")),
    Claim("boosting better", _MEASURED, "Gradient boosting beats the decision tree",
          places.MATRICES,
          _beats("boosting", ("tree",))),
    Claim("boosting behind", _MEASURED,
          "Gradient boosting is behind the support vector classifier and KNN",
          places.MATRICES, _beats("boosting", ("svc", "knn"), wanted="worse")),
)  # fmt: skip

CLAIMS: tuple[Claim, ...] = (
    Claim("metric accuracy", _MEASURED, "Accuracy is the share of right answers", places.FIGURES,
          _metric_accuracy),
    Claim("metric matrix", _MEASURED, "A confusion matrix shows true and false positives and "
          "negatives", places.MATRICES, by_reading(_metric_matrix)),
    *(Claim(f"{name} accuracy", _MEASURED,
            f"{MODELS[name].title}: {share(MODELS[name].study_accuracy or 0)} on the test set",
            places.FIGURES, _accuracy(name)) for name in STUDIED),
    *(Claim(f"{name} settings", _MEASURED, f"{MODELS[name].title}: {_PRINTED[name]}",
            places.FIGURES, _settings(name)) for name in STUDIED),
    *COMMENTS,
    Claim("two best", _COMPARED, "The support vector classifier and KNN do best on the test",
          places.TWO_CHARTS, _two_best),
    Claim("most overfit", _COMPARED, "Most models overfit", places.TWO_CHARTS, _most_overfit),
    Claim("only two", _COMPARED, "Only logistic regression and SGD do not overfit",
          places.TWO_CHARTS, _only_two),
    Claim("tree worst of all", _COMPARED, "The decision tree does worst on the test",
          places.TWO_CHARTS,
          _beats("tree", tuple(m for m in STUDIED if m != "tree"), wanted="worse")),
    Claim("overview", _COMPARED, "A chart of three sets gives the overview", places.TWO_CHARTS,
          answered("drawn again, for its split and for ours")),
    Claim("smallest gap", _COMPARED, "Logistic regression and SGD have the smallest gap",
          places.TWO_CHARTS, _smallest),
    Claim("highest", _CHOSEN, "The support vector classifier has the highest accuracy",
          places.REASONS, _highest),
    Claim("relatively small", _CHOSEN, "Its gap is relatively small", places.REASONS,
          _relatively_small),
    Claim("no overfit", _CHOSEN, "So it does not overfit", places.REASONS, _no_overfit),
    Claim("most genres", _CHOSEN, "It does well on most genres", places.REASONS, _well("svc")),
    Claim("best overall", _CHOSEN, "Overall it is the best model", places.REASONS, _highest),
)  # fmt: skip
