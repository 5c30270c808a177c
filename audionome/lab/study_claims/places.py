"""Where the report answers: pages and headings, each named once."""

from __future__ import annotations

from audionome.lab.study_claims._base import Place

_CORRELATION = "notebooks/correlation"
_STUDY = "notebooks/study"

AIMS = Place("book/problem", "What the study set out to do")
WHY_HARD = Place("book/problem", "Why genre is hard")
WHO = Place("book/problem", "Who needs it")
PROJECTS = Place("book/problem", "The five projects behind the study")
DID = Place("book/problem", "What the study did")
FAULTS = Place("book/problem", "The dataset and its faults")

WINDOWS = Place("notebooks/dataset", "Clips and windows")
TABLES = Place("notebooks/dataset", "What the tables hold")
MEASURED = Place("notebooks/dataset", "Which clips we measured")

FRAMES = Place("notebooks/features", "From sound to frames")
TRAP = Place("notebooks/features", "A trap: what comes before the first sample?")
COLUMNS = Place("notebooks/features", "From frames to 57 columns")
MFCC = Place("notebooks/timbre", "MFCC: the shape of the spectrum")
CHROMA = Place("notebooks/rhythm", "Chroma: which notes")
BRIGHTNESS = Place("notebooks/timbre", "Centroid, bandwidth and roll-off: how bright")
CONTRAST = Place("notebooks/timbre", "Spectral contrast: tones or noise")
TONNETZ = Place("notebooks/rhythm", "Tonnetz: where the harmony is")

OBSERVATIONS = Place(_CORRELATION, "Five observations of the study")
FOLLOWS = Place(_CORRELATION, "What follows")
STANDARD = Place("notebooks/pca", "First, one scale for all features")
STEPS = Place("notebooks/pca", "PCA step by step")
SEEN = Place("notebooks/pca", "Three things the study saw")
HIDES = Place("notebooks/pca", "What PCA hides")

LOGISTIC = Place("notebooks/algorithms", "Logistic regression")
SGD = Place("notebooks/algorithms", "Stochastic gradient descent")
SVC = Place("notebooks/algorithms", "Support vector machine")
FOREST = Place("notebooks/trees", "Random forest")
KNN = Place("notebooks/trees", "k-nearest neighbours")
TREE = Place("notebooks/trees", "Decision tree")
BOOSTING = Place("notebooks/trees", "Gradient boosting")
WHICH = Place("notebooks/trees", "Which of the seven?")
JUDGED = Place("notebooks/hyperparameters", "What the study says, and what is right")

SPLIT = Place(_STUDY, "Its split, drawn again")
FIGURES = Place(_STUDY, "Seven accuracies")
MATRICES = Place(_STUDY, "Seven comments on seven matrices")
TWO_CHARTS = Place(_STUDY, "Two comparison charts")
REASONS = Place(_STUDY, "Why the support vector classifier?")
EVERY = Place(_STUDY, "Every claim")

LADDER = Place("notebooks/results", "Down the ladder")
BEST = Place("notebooks/results", "Which model is best?")
HARD = Place("notebooks/errors", "Which clips does every model get wrong?")
CONFUSED = Place("notebooks/errors", "Which genres are confused?")
FOUND = Place("notebooks/errors", "Which genres are found?")
MORE_MUSIC = Place("notebooks/errors", "Would more music help?")
LISTENS = Place("notebooks/errors", "What does it listen to?")

LOST = Place("notebooks/wild", "What is lost")
BEHIND = Place("notebooks/promises", "The music behind it")
DEEP = Place("notebooks/deep_learning", "All models, same clips")
OTHERS = Place("notebooks/deep_learning", "What others report")
SHIPPED = Place("notebooks/model", "How often they are right")
GENRES = Place("notebooks/model", "Which genres it finds")
RECOMMEND = Place("notebooks/recommend", "Does it work?")
COLLECTION = Place("notebooks/speed", "A whole collection")
CLIP = Place("notebooks/speed", "Measuring a clip")

NEXT = Place("book/conclusion", "Future work")
GOALS = Place("book/conclusion", "The four goals")
AUDIENCES = Place("book/conclusion", "The five audiences")
LIMITS = Place("book/conclusion", "What we cannot say")
QUESTIONS = Place("book/conclusion", "The questions behind them")
USE = Place("book/usage", "Three commands")
MANY = Place("book/usage", "Many files")
STACK = Place("book/tools", "The study's tools, and ours")
COMMANDS = Place("book/tools", "Commands")
PUBLISHING = Place("book/tools", "Publishing")
REFERENCES = Place("book/references", "References")
