"""The ear in a page: where its network takes the level, and its head as a graph.

A page runs two graphs, from samples to rows and from rows to the answer. The first is the network
as it ships. The second is the head: all rules by which `audionome.models.ear_classifier` answers
(how windows are summed up, the calibration, what is unlike any music, the prediction set, which
tags are worth a word) as nodes, made of the arrays and the numbers that Python reads. So a
head that learns anew changes both.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx
from onnx import TensorProto, helper

from audionome.lab.ear.graph import LEVEL_INPUT
from audionome.lab.ear.nodes import Nodes
from audionome.models.calibration import FADE_POWER, Calibration, Curve
from audionome.models.ear_classifier import EarClassifier
from audionome.models.head import FARTHEST, STEEPNESS, Head
from audionome.models.tags import RULES, Meaning, meanings

__all__ = ["answering", "place_of_level"]


def place_of_level(graph: bytes) -> int:
    """Return where the file of the network holds the level.

    The network takes the level as an input that may be left out. Not every runtime can feed such an
    input; but the number that stands for it can be written into the file.

    Parameters
    ----------
    graph : bytes

    Returns
    -------
    int
        Of the first of four bytes, a little-endian float32.
    """
    model = onnx.load_from_string(graph)
    level = next(one for one in model.graph.initializer if one.name == LEVEL_INPUT)
    content = level.SerializeToString()
    return int(graph.index(content) + content.index(level.raw_data))


def answering(model: EarClassifier) -> onnx.ModelProto:
    """Build the graph from what the ear hears to the answer.

    Parameters
    ----------
    model : EarClassifier

    Returns
    -------
    onnx.ModelProto
        Inputs: ``rows``, float32 of shape (windows, embedding + tags), as `Ear.measure` gives them;
        ``length``, float32 without axes, the sound in windows of three seconds. Outputs:
        ``probabilities`` (genres,), ``windows`` (windows, genres), ``distance`` and ``threshold``
        without axes, ``named`` (genres,) whether a genre is in the prediction set, ``strengths``
        (meanings,) and ``curves`` (windows, meanings) of the tags by their meaning, ``told`` the
        numbers of the meanings that are worth a word, in order, and ``foreign`` (meanings,) whether
        one is a style of music that is none of the genres and has to be told.
    """
    g = Nodes()
    head, calibration = model.head, model.calibration
    size, known = head.size, meanings(model.ear.tags)
    g.add("Slice", ["rows", g.whole("e/0", [0]), g.whole("e/1", [size]), g.whole("e/axis", [1])],
          "embedding")  # fmt: skip
    g.add("Slice", ["rows", "e/1", g.whole("t/1", [size + len(model.ear.tags)]), "e/axis"], "tags")
    _sums(g, head)
    temperature = _at(g, "temperature", calibration.temperatures or _flat(calibration))
    clip = _probabilities(g, "clip", "values", head, temperature)
    windows = _probabilities(g, "window", "window/values", head, temperature)
    distance = _distance(g, head)
    _faded(g, clip, "faded", head)
    g.add("Squeeze", ["faded", g.whole("zero", [0])], "probabilities")
    _faded(g, windows, "windows", head)
    _named(g, calibration, distance)
    _told(g, list(known), list(known.values()), clip, [str(c) for c in head.classes])
    return _model(g, len(head.classes), len(known), size + len(model.ear.tags))


def _model(g: Nodes, genres: int, known: int, columns: int) -> onnx.ModelProto:
    def value(name: str, kind: int, *shape: str | int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)

    number, truth, whole = TensorProto.FLOAT, TensorProto.BOOL, TensorProto.INT64
    return g.model(
        "answer",
        [value("rows", number, "windows", columns), value("length", number)],
        [
            value("probabilities", number, genres),
            value("windows", number, "windows", genres),
            value("distance", number),
            value("threshold", number),
            value("named", truth, genres),
            value("strengths", number, known),
            value("curves", number, "windows", known),
            value("told", whole, "told"),
            value("foreign", truth, known),
        ],
    )


def _flat(calibration: Calibration) -> Curve:
    return ((1.0, calibration.temperature),)


def _sums(g: Nodes, head: Head) -> None:
    """Add the vector of the recording and those of its windows, standardised and shortened."""
    axis = g.whole("axis/0", [0])
    g.add("ReduceMean", ["embedding", axis], "mean", keepdims=1)
    g.add("Sub", ["embedding", "mean"], "departures")
    g.add("Mul", ["departures", "departures"], "departures/squared")
    g.add("ReduceMean", ["departures/squared", axis], "variance", keepdims=1)
    g.add("Sqrt", ["variance"], "deviation")
    # The fewer windows, the nearer to the usual spread.
    g.add("Shape", ["rows"], "n/whole", start=0, end=1)
    g.add("Cast", ["n/whole"], "n", to=TensorProto.FLOAT)
    g.add("Sub", ["n", g.number("one", 1)], "more")
    g.add("Add", ["more", g.number("steadiness", head.steadiness)], "more/steady")
    g.add("Div", ["more", "more/steady"], "steady")
    g.add("Sub", ["deviation", g.number("usual", head.linear.mean[head.size :])], "unusual")
    g.add("Mul", ["unusual", "steady"], "unusual/steady")
    g.add("Add", ["unusual/steady", "usual"], "spread")
    g.add("Concat", ["mean", "spread"], "vector", axis=1)
    g.number("middle", head.linear.mean)
    g.number("scale", head.linear.scale)
    g.number("least", -head.linear.limit)
    g.number("most", head.linear.limit)
    _standardised(g, "vector", "standardised")
    g.add("Mul", ["standardised", "standardised"], "squares")
    g.add("ReduceMean", ["squares", g.whole("axis/1", [1])], "power", keepdims=1)
    g.add("Add", ["power", "one"], "power/more")
    g.add("Div", ["power/more", g.number("two", 2)], "power/half")
    g.add("Sqrt", ["power/half"], "shortening")
    g.add("Div", ["standardised", "shortening"], "values")
    # A window has its own embedding and the recording's spread.
    g.add("Shape", ["embedding"], "embedding/shape")
    g.add("Expand", ["spread", "embedding/shape"], "window/spread")
    g.add("Concat", ["embedding", "window/spread"], "window/vector", axis=1)
    _standardised(g, "window/vector", "window/standardised")
    g.add("Div", ["window/standardised", "shortening"], "window/values")
    g.number("weights", head.linear.weights)
    g.number("bias", head.linear.bias)


def _standardised(g: Nodes, vector: str, output: str) -> None:
    g.add("Sub", [vector, "middle"], f"{output}/moved")
    g.add("Div", [f"{output}/moved", "scale"], f"{output}/whole")
    g.add("Clip", [f"{output}/whole", "least", "most"], output)


def _at(g: Nodes, name: str, curve: Curve) -> str:
    """Add the value of a curve at the length: straight over the logarithm, flat outside."""
    if "length/log" not in {node.name for node in g.nodes}:
        g.add("Log", ["length"], "length/log")
    lengths, values = np.log([x for x, _ in curve]), [y for _, y in curve]
    total = g.number(f"{name}/first", values[0])
    for k, (left, right) in enumerate(pairwise(lengths)):
        own = f"{name}/{k}"
        slope = (values[k + 1] - values[k]) / (right - left)
        g.add("Sub", ["length/log", g.number(f"{own}/left", left)], f"{own}/beyond")
        bounds = [g.number(f"{own}/none", 0), g.number(f"{own}/all", right - left)]
        g.add("Clip", [f"{own}/beyond", *bounds], f"{own}/way")
        g.add("Mul", [f"{own}/way", g.number(f"{own}/slope", slope)], f"{own}/risen")
        total = g.add("Add", [total, f"{own}/risen"], f"{own}/total")
    return g.add("Identity", [total], name)


def _probabilities(g: Nodes, name: str, values: str, head: Head, temperature: str) -> str:
    g.add("MatMul", [values, "weights"], f"{name}/weighted")
    g.add("Add", [f"{name}/weighted", "bias"], f"{name}/scores")
    g.add("Div", [f"{name}/scores", temperature], f"{name}/cooled")
    return g.add("Softmax", [f"{name}/cooled"], f"{name}/probabilities", axis=1)


def _distance(g: Nodes, head: Head) -> str:
    """Add how far the sound is from music, and what of the answer is left there."""
    g.add("Slice", ["standardised", "e/0", "e/1", "e/axis"], "standardised/mean")
    weights = np.asarray(head.other)[:, None] / STEEPNESS
    g.add("MatMul", ["standardised/mean", g.number("other", weights)], "strange/weighted")
    bias = g.number("other/bias", head.other_bias / STEEPNESS)
    g.add("Add", ["strange/weighted", bias], "strange/whole")
    bounds = [g.number("farthest/least", -FARTHEST), g.number("farthest", FARTHEST)]
    g.add("Clip", ["strange/whole", *bounds], "strange")
    g.add("Exp", ["strange"], "distance/row")
    g.add("Squeeze", ["distance/row"], "distance")
    # exp(-power * strange) is distance ** -power, and does not overflow.
    g.add("Mul", ["strange", g.number("fade", -FADE_POWER)], "left/log")
    g.add("Min", ["left/log", g.number("left/all", 0)], "left/most")
    g.add("Exp", ["left/most"], "left")
    return "distance"


def _faded(g: Nodes, probabilities: str, output: str, head: Head) -> None:
    genres = len(head.classes)
    g.add("Sub", ["one", "left"], f"{output}/lost")
    g.add("Div", [f"{output}/lost", g.number(f"{output}/genres", genres)], f"{output}/equal")
    g.add("Mul", [probabilities, "left"], f"{output}/kept")
    g.add("Add", [f"{output}/kept", f"{output}/equal"], output)


def _named(g: Nodes, calibration: Calibration, distance: str) -> None:
    _at(g, "threshold", calibration.set_thresholds)
    g.add("ReduceMax", ["probabilities"], "likeliest", keepdims=0)
    g.add("Mul", ["likeliest", "threshold"], "nearly")
    g.add("GreaterOrEqual", ["probabilities", "nearly"], "near")
    g.add("LessOrEqual", [distance, "one"], "music")
    g.add("And", ["near", "music"], "named")


# -- tags ---------------------------------------------------------------------------------


def _told(
    g: Nodes, known: list[Meaning], members: list[list[int]], clip: str, genres: list[str]
) -> None:
    """Add the tags by meaning, which of them are told, and whether they are of other music."""
    n = len(known)
    # A meaning of fewer tags than another names its first one twice.
    deepest = max(map(len, members))
    columns = [[own[min(k, len(own) - 1)] for own in members] for k in range(deepest)]
    parts = [
        g.add("Gather", ["tags", g.whole(f"meaning/{k}", own)], f"meaning/{k}/curves", axis=1)
        for k, own in enumerate(columns)
    ]
    g.add("Max", parts, "curves")
    g.add("ReduceMean", ["curves", "zero"], "strengths", keepdims=0)
    enough = g.number("enough", [RULES.least(one) for one in known])
    g.add("GreaterOrEqual", ["strengths", enough], "strong")
    _possible(g, known, clip, genres)
    g.add("And", ["strong", "possible"], "worth")
    g.add("Cast", ["worth"], "worth/number", to=TensorProto.FLOAT)

    # By strength, and of each kind no more than its share.
    g.add("Mul", ["strengths", "worth/number"], "strengths/worth")
    g.add("TopK", ["strengths/worth", g.whole("n_meanings", [n])], "sorted", axis=0)
    g.nodes[-1].output.append("order")
    kinds = list(RULES.most)
    own = np.array([[one.kind == kind for kind in kinds] for one in known], float)
    g.add("Mul", [g.number("kinds", own), _column(g, "worth/number")], "kinds/worth")
    g.add("Gather", ["kinds/worth", "order"], "kinds/sorted", axis=0)
    g.add("CumSum", ["kinds/sorted", g.whole("down", 0)], "kinds/counted")
    most = g.number("kinds/most", [RULES.most[kind] for kind in kinds])
    g.add("LessOrEqual", ["kinds/counted", most], "kinds/within")
    g.add("Cast", ["kinds/within"], "kinds/within/number", to=TensorProto.FLOAT)
    g.add("Mul", ["kinds/sorted", "kinds/within/number"], "kinds/told")
    g.add("ReduceSum", ["kinds/told", "axis/1"], "told/sorted", keepdims=0)

    # What is heard first, then the era, then the mood.
    turn = {kind: turn for turn, group in enumerate(RULES.order) for kind in group}
    g.add("Gather", [g.number("turns", [turn[one.kind] * n for one in known]), "order"], "turn")
    g.add("Add", ["turn", g.number("places", np.arange(n))], "told/place")
    g.add("Sub", ["one", "told/sorted"], "told/not")
    last = g.number("told/last", n * (len(RULES.order) + 1))
    g.add("Mul", ["told/not", last], "told/behind")
    g.add("Add", ["told/place", "told/behind"], "told/key")
    g.add("TopK", ["told/key", "n_meanings"], "told/keys", axis=0, largest=0)
    g.nodes[-1].output.append("told/order")
    g.add("Less", ["told/keys", "told/last"], "told/kept")
    g.add("Compress", ["told/order", "told/kept"], "told/ranks", axis=0)
    g.add("Gather", ["order", "told/ranks"], "told", axis=0)
    _foreign(g, known, genres)


def _column(g: Nodes, row: str) -> str:
    return g.add("Unsqueeze", [row, "axis/1"], f"{row}/column")


def _possible(g: Nodes, known: list[Meaning], clip: str, genres: list[str]) -> None:
    """Add whether a tag may be told of these genres."""
    own = np.array([[genre in one.genres for genre in genres] for one in known], float)
    g.add("Mul", [g.number("styles", own), clip], "styles/likely")
    g.add("ReduceMax", ["styles/likely", "axis/1"], "styles/likeliest", keepdims=0)
    g.add("ReduceMax", [clip], "clip/likeliest", keepdims=0)
    g.add("Mul", ["clip/likeliest", g.number("unlikely", RULES.unlikely)], "clip/least")
    g.add("GreaterOrEqual", ["styles/likeliest", "clip/least"], "styles/possible")
    free = _truths(g, "free", [not one.genres for one in known])
    g.add("Or", ["styles/possible", free], "possible")


def _foreign(g: Nodes, known: list[Meaning], genres: list[str]) -> None:
    """Add the styles that are none of the genres, if they are all that is heard."""
    g.add("Mul", ["told/sorted", "sorted"], "told/strength")
    for name, of_genres in (("foreign", False), ("own", True)):
        mask = [one.kind == "style" and bool(one.genres) is of_genres for one in known]
        g.add("Gather", [g.number(f"{name}/mask", np.array(mask, float)), "order"], f"{name}/is")
        g.add("Mul", ["told/strength", f"{name}/is"], f"{name}/strengths")
        g.add("ReduceMax", [f"{name}/strengths"], f"{name}/strongest", keepdims=0)
    strong = g.number("foreign/strong", RULES.strong)
    g.add("GreaterOrEqual", ["foreign/strongest", strong], "foreign/loud")
    g.add("Div", ["foreign/strongest", "two"], "foreign/half")
    g.add("Less", ["own/strongest", "foreign/half"], "own/faint")
    g.add("Cast", ["named"], "named/number", to=TensorProto.FLOAT)
    wordless = np.array([genre in RULES.wordless for genre in genres], float)
    g.add("Mul", ["named/number", g.number("wordless", wordless)], "wordless/named")
    g.add("ReduceSum", ["wordless/named", "zero"], "wordless/count", keepdims=0)
    g.add("ReduceSum", ["named/number", "zero"], "named/count", keepdims=0)
    g.add("Sub", ["named/count", "wordless/count"], "worded/count")
    g.add("Sub", ["named/count", "one"], "named/others")
    g.add("Abs", ["named/others"], "named/far")
    g.add("Add", ["named/far", "worded/count"], "explained")  # 0: one genre, without a word
    g.add("Greater", ["explained", g.number("none", 0)], "open")
    g.add("And", ["foreign/loud", "own/faint"], "foreign/heard")
    g.add("And", ["foreign/heard", "open"], "foreign/told")
    # In the order of the meanings.
    g.add("Greater", ["foreign/strengths", "none"], "foreign/sorted")
    g.add("And", ["foreign/sorted", "foreign/told"], "foreign/which")
    g.add("Cast", ["foreign/which"], "foreign/which/number", to=TensorProto.FLOAT)
    zeros = g.number("foreign/zeros", np.zeros(len(known)))
    g.add("ScatterElements", [zeros, "order", "foreign/which/number"], "foreign/placed", axis=0)
    g.add("Greater", ["foreign/placed", "none"], "foreign")


def _truths(g: Nodes, name: str, values: list[bool]) -> str:
    number = g.number(f"{name}/number", np.array(values, float))
    return g.add("Greater", [number, g.number(f"{name}/none", 0)], name)
