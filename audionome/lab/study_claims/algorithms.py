"""What the study says of its seven algorithms and their hyperparameters.

Conventions
-----------
The statements on hyperparameters are judged in `audionome.lab.hyperparameters`, where a list of
options is compared with the installed scikit-learn, and what a setting does is read off stored
validation curves. A list that is incomplete or out of date holds in part. What neither decides is
"from the documentation", right or misleading.
"""

from __future__ import annotations

import inspect

from audionome._words import listed, points, share
from audionome.lab import hyperparameters
from audionome.lab.compare import SAME
from audionome.lab.estimators import MODELS
from audionome.lab.hyperparameters import Seen
from audionome.lab.names import FLOOR
from audionome.lab.studies.replay import STUDIED
from audionome.lab.study_claims import places
from audionome.lab.study_claims._base import (
    FAILS,
    HOLDS,
    OPEN,
    PART,
    READ,
    Answer,
    Claim,
    Judge,
    answered,
    by_reading,
    holds_if,
    unchecked,
)
from audionome.lab.study_claims.evidence import Evidence

__all__ = ["CLAIMS"]

_PARTS = {
    "train": "accuracy on training windows",
    "test": "accuracy on other artists",
    "gap": "gap between training windows and other artists",
}
_SECTION = "Analysis: model selection"
_WORDS = {
    "holds": HOLDS,
    "complete": HOLDS,
    "holds in part": PART,
    "incomplete": PART,
    "out of date": PART,
    "does not hold": FAILS,
    "not seen": OPEN,
    "not measured": OPEN,
}


def _judged(model: str, about: str) -> Judge:
    """Take over the verdict on a statement about a hyperparameter."""

    def judge(e: Evidence) -> Answer:
        claim = e.hyperparameters[model, about]
        if claim.by_reading and not claim.seen:
            return Answer(READ, f"{claim.verdict}: {_sentence(claim)}")
        parts = [_seen(one) for one in claim.seen]
        if claim.deprecated:
            parts.append(f"deprecated since scikit-learn {claim.deprecated}")
        if claim.gone:
            parts.append(f"no longer: {listed([f'`{o}`' for o in claim.gone])}")
        if claim.missing:
            parts.append(f"not named: {listed([f'`{o}`' for o in claim.missing])}")
        seen = "; ".join(parts)
        right = claim.right.removesuffix(".")
        return Answer(_word(claim), f"{seen}. {right}" if seen else right)

    return judge


def _word(claim: hyperparameters.Statement) -> str:
    if claim.by_reading:
        # A statement that turns a hyperparameter round: the curve goes the other way.
        words = {one.word for one in claim.seen}
        return OPEN if SAME in words else FAILS if all(s.holds for s in claim.seen) else HOLDS
    return _WORDS[claim.verdict]


def _sentence(claim: hyperparameters.Statement) -> str:
    text = claim.right.strip()
    return (text[:1].lower() + text[1:] if text[1:2].islower() else text).removesuffix(".")


def _seen(one: Seen) -> str:
    first, second = (_value(one.part, value) for value in one.figures)
    also = f", with `{one.also}`" if one.also else ""
    same = f" ({SAME})" if one.word == SAME else ""
    return (
        f"`{one.parameter}` {one.one} instead of {one.other}{also}: "
        f"{_PARTS.get(one.part, one.part)} {first} instead of {second}{same}"
    )


def _value(part: str, value: float) -> str:
    if part == "gap":
        return f"{points(value)} points"
    if part in _PARTS:
        return share(value)
    return f"{value:.1f} s" if value >= 1 else f"{1000 * value:.0f} ms"


def _linear(e: Evidence) -> str:
    weights = e.trial("sgd").estimator.coef_
    return f"right: {weights.shape[1]} weights for each of {weights.shape[0]} genres"


def _probability(e: Evidence) -> str:
    return f"right: `predict_proba` gives {len(e.trial('logistic').estimator.classes_)} of them"


def _improves(model: str) -> Judge:
    """Judge that many trees do better than one on other artists: see the validation curves."""

    def judge(e: Evidence) -> Answer:
        seen = [s for s in e.hyperparameters[model, "n_estimators"].seen if s.other == "1"]
        if not seen:
            return Answer(OPEN, "not measured")
        word = {"better": HOLDS, "worse": FAILS}.get(seen[0].word, OPEN)
        return Answer(word, _seen(seen[0]))

    return judge


def _one_tree(e: Evidence) -> str:
    fitted = e.trial("tree").estimator
    return f"right: the study's tree has {fitted.get_n_leaves()} leaves, {fitted.get_depth()} deep"


def _one_hyperparameter(_: Evidence) -> Answer:
    names = list(inspect.signature(hyperparameters.estimator("knn")).parameters)
    return holds_if(
        len(names) == 1,
        f"scikit-learn's takes {len(names)}: {listed([f'`{name}`' for name in names])}; the study "
        "itself goes on to list two",
    )


def _seven(e: Evidence) -> Answer:
    judged = [name for name in STUDIED if name in set(e.results.scores["model"])]
    return holds_if(len(judged) == len(STUDIED), f"{len(judged)} of 7 are judged here")


def _supported(_: Evidence) -> Answer:
    homes = {type(MODELS[name].make("study")[-1]).__module__.split(".")[0] for name in STUDIED}
    return holds_if(homes == {"sklearn"}, f"all {len(STUDIED)} come from scikit-learn")


def _easy(e: Evidence) -> str:
    rows = e.best_apart[["model", "variant", "accuracy"]].to_dict("records")
    found = {(row["model"], row["variant"]): row["accuracy"] for row in rows}
    ahead = sum(found[name, "tuned"] > found[name, "study"] for name in STUDIED)
    return f"tuned with artists apart, {ahead} of {len(STUDIED)} do better than as printed"


def _experiment(e: Evidence) -> str:
    rows = e.best_apart
    others = rows[~rows["reference"].to_numpy(dtype=bool) & (rows["model"] != FLOOR).to_numpy()]
    same = int((others["verdict"] == SAME).sum())
    return (
        f"with artists apart, {same} of {len(others)} others cannot be told from the one that it "
        "chose"
    )


#: Model, what the statement is about (as in `audionome.lab.hyperparameters`), and its words.
_STATEMENTS = (
    ("logistic", "two genres or ten", "Logistic regression is made for two classes and takes more"),
    ("logistic", "penalty", "Logistic regression: `penalty` is l1 or l2"),
    ("logistic", "C", "Logistic regression: a smaller `C` regularises more"),
    ("logistic", "solver", "Logistic regression: `solver` is one of five"),
    ("sgd", "large data", "SGD suits large problems, with two classes or more"),
    ("sgd", "loss", "SGD: `loss` is one of six"),
    ("sgd", "penalty", "SGD: `penalty` is l1, l2 or elasticnet"),
    ("sgd", "learning_rate", "SGD: `learning_rate` is one of four schedules"),
    ("forest", "large data", "A random forest handles large data with many features"),
    ("forest", "n_estimators", "Random forest: more trees can do better and take longer"),
    ("forest", "max_depth", "Random forest: deeper trees can overfit"),
    ("forest", "min_samples_split", "Random forest: a smaller `min_samples_split` can overfit"),
    ("svc", "two classes or more", "A support vector classifier takes two classes or more"),
    ("svc", "large data", "A support vector classifier handles large data with many features"),
    ("svc", "C", "Support vector classifier: a smaller `C` regularises more"),
    ("svc", "kernel", "Support vector classifier: `kernel` is one of five"),
    ("svc", "gamma", "Support vector classifier: a smaller `gamma` gives the training samples "
     "more influence"),
    ("knn", "how it decides", "KNN takes the majority of the nearest"),
    ("knn", "n_neighbors", "KNN: more neighbours can do better"),
    ("knn", "cost of more neighbours", "KNN: more neighbours cost more computing"),
    ("knn", "weights", "KNN: `weights` is uniform or distance"),
    ("tree", "criterion", "Decision tree: `criterion` is gini or entropy"),
    ("tree", "max_depth", "Decision tree: a greater depth can overfit"),
    ("tree", "min_samples_split", "Decision tree: a smaller `min_samples_split` can overfit"),
    ("boosting", "regression", "Gradient boosting does regression as well"),
    ("boosting", "large data", "Gradient boosting handles large data with many features"),
    ("boosting", "n_estimators", "Gradient boosting: more stages can do better and take longer"),
    ("boosting", "learning_rate", "Gradient boosting: a smaller `learning_rate` can generalise "
     "better"),
)  # fmt: skip

CLAIMS: tuple[Claim, ...] = (
    Claim("seven algorithms", _SECTION, "Seven algorithms are considered", places.WHICH, _seven),
    Claim("supported", _SECTION, "scikit-learn supports them", places.STACK, _supported),
    Claim("common", _SECTION, "They were chosen because they are commonly used", places.WHICH,
          unchecked("we counted no uses")),
    Claim("easy", _SECTION, "They are fairly easy to build and to tune", places.BEST,
          answered(_easy)),
    Claim("experiment", _SECTION, "Experiments show which does best on GTZAN", places.BEST,
          answered(_experiment)),
    Claim("logistic probability", _SECTION, "Logistic regression gives the probability of a "
          "class", places.LOGISTIC, by_reading(_probability)),
    Claim("sgd linear", _SECTION, "SGD trains a linear classifier", places.SGD,
          by_reading(_linear)),
    Claim("forest trees", _SECTION, "A random forest combines many decision trees to do better",
          places.FOREST, _improves("forest")),
    Claim("tree structure", _SECTION, "A decision tree decides step by step", places.TREE,
          by_reading(_one_tree)),
    Claim("boosting stages", _SECTION, "Gradient boosting combines many weak learners to do better",
          places.BOOSTING, _improves("boosting")),
    Claim("knn number of hyperparameters", _SECTION, "KNN has one hyperparameter", places.JUDGED,
          _one_hyperparameter),
    *(Claim(f"{model} {about}", _SECTION, words, places.JUDGED, _judged(model, about))
      for model, about, words in _STATEMENTS),
)  # fmt: skip
