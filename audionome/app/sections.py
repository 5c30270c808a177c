"""What can be opened below an answer: the charts behind it, each with its words.

Plotly and pandas are imported when the first answer is drawn, not when the page opens.

Conventions
-----------
A section is a dictionary: ``id``, ``heading``, ``sentences`` and ``charts``. A chart is one as
well: ``caption``, ``alt`` (text alternative), ``figure`` (Plotly's JSON), ``height`` (px),
``columns`` and ``rows`` (its table, as text), and ``over_time``: whether it is drawn over the time
of the recording, so that a place in it can be heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from audionome._words import clock, genre_name, likelihood
from audionome.app.answer import key_words, known_names
from audionome.app.model import chosen, is_own

if TYPE_CHECKING:
    from audionome.app.details import Details
    from audionome.charts import Chart
    from audionome.models.prediction import Prediction

__all__ = ["answer_sections", "chart_payload", "details_sections"]

#: What is said where neighbours have no artists and titles.
NAMELESS = (
    "To see artists and titles here, set AUDIONOME_GTZAN_ARTISTS to a CSV file with the columns "
    "clip, artist and title, and start the dashboard again."
)


def answer_sections(prediction: Prediction) -> list[dict[str, Any]]:
    """Return the sections that follow from the answer alone.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    list of dict
    """
    from audionome import charts

    names, model = known_names(), chosen()
    own = is_own()
    learned = "recordings that it learned from" if own else "clips of GTZAN"
    chart = charts.place_on_map(
        model.index.places(),
        prediction.place,
        prediction.neighbours,
        titles=names,
        genres=model.genres if own else None,
    )
    place = _section(
        "place",
        f"Map of the {learned}",
        [
            f"The map has two directions, those in which the {learned} differ most. "
            "What sounds most alike is found in all directions, and need not be nearest here.",
            *([] if names else [NAMELESS]),
        ],
        [chart],
    )
    about = _genre_sections(prediction)
    return [*about[:1], *_heard_sections(prediction), *about[1:], place]


def _heard_sections(prediction: Prediction) -> list[dict[str, Any]]:
    from audionome import charts

    if not prediction.tags:
        return []
    heard = charts.tags_over_time(prediction.tags, prediction.windows)
    told = ["The fuller the colour, the more strongly it is heard."]
    return [_section("hears", "What it hears over time", told, [heard])]


def _genre_sections(prediction: Prediction) -> list[dict[str, Any]]:
    """Return what is told of one genre; nothing where none stands out."""
    from audionome import charts
    from audionome.models.context import compare_with_genre

    if not prediction.leading:
        return []
    genre = genre_name(prediction.leading)
    timeline = _section(
        "timeline",
        "Genre over time",
        ["The thicker a colour, the likelier its genre in those three seconds."],
        [charts.timeline(prediction.windows)],
    )
    reasons = _section(
        "reasons",
        f"For and against {genre}, in points",
        [
            "A point is a percentage point of probability. An average sound gets "
            f"{likelihood(prediction.baseline)} for {genre}; with all these points, it is "
            f"{likelihood(prediction.confidence)}."
        ],
        [charts.reason_bars(prediction.reasons, prediction.leading, genres=chosen().genres)],
    )
    found = [timeline, *([reasons] if prediction.reasons else [])]
    if is_own():
        return found  # what is usual of a genre is known of the ten of GTZAN alone
    typical = _section(
        "typical",
        f"Its features beside what is usual in {genre}",
        [f"A bar spans the middle nine tenths of {genre} in GTZAN; the diamond is this recording."],
        [charts.typical_ranges(compare_with_genre(prediction), prediction.leading)],
    )
    return [*found, typical]


def details_sections(details: Details) -> list[dict[str, Any]]:
    """Return the sections that need the sound once more.

    Parameters
    ----------
    details : Details
        From `audionome.app.details.measure_details`.

    Returns
    -------
    list of dict
    """
    from audionome.charts import feature_of_clip

    end = details.start + float(details.frames.times[-1])
    stretch = "The whole recording."
    if not details.whole:
        where = ", where the likeliest genre is clearest" if details.leading else ""
        stretch = f"From {clock(details.start)} to {clock(end)}{where}."
    drawn = {
        view: [feature_of_clip(details.frames, view, start=details.start)]
        for view in ("spectrogram", "mfcc", "chroma")
    }
    return [
        _section("spectrogram", "Spectrogram", [stretch], drawn["spectrogram"]),
        _section("mfcc", "Timbre (MFCC)", [stretch], drawn["mfcc"]),
        _section("key", "Key and notes (chroma)", [key_words(details.key), stretch],
                 drawn["chroma"]),
    ]  # fmt: skip


def chart_payload(chart: Chart) -> dict[str, Any]:
    """Return a chart as the page draws it.

    Parameters
    ----------
    chart : Chart
        From `audionome.charts`.

    Returns
    -------
    dict
        As the conventions of this module say.
    """
    return {
        "caption": chart.caption,
        "alt": chart.alt,
        "figure": chart.figure.to_json(),
        "height": int(chart.figure.layout.height or 400),
        "columns": [str(name) for name in chart.table.columns],
        "rows": [_texts(row) for row in chart.table.itertuples(index=False)],
        "over_time": bool((chart.figure.layout.meta or {}).get("overTime")),
    }


def _section(
    name: str, heading: str, sentences: Sequence[str], charts: Sequence[Chart]
) -> dict[str, Any]:
    return {
        "id": name,
        "heading": heading,
        "sentences": list(sentences),
        "charts": [chart_payload(chart) for chart in charts],
    }


def _texts(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values]
