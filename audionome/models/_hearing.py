"""What a model hears of a recording while it is measured, three seconds at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from time import perf_counter
from typing import ParamSpec, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from audionome.features import Extractor
from audionome.models import linear
from audionome.models.attribution import Reason, attribute, lost_without, reasons, shares
from audionome.models.calibration import Calibration, OutOfDistribution, fade, weight_of
from audionome.models.prediction import Tag

__all__ = ["Clock", "Heard", "LinearHeard"]

Item = TypeVar("Item")
P = ParamSpec("P")


class Heard(Protocol):
    """What a model hears of a recording, window by window."""

    windows: int

    def hear_more(self) -> bool:
        """Take the next windows; return whether there were any."""
        ...

    @property
    def mean_row(self) -> NDArray[np.float64]:
        """The recording as the model's index knows its tracks."""
        ...

    @property
    def mean_features(self) -> dict[str, float] | None:
        """Mean of the classic features over the windows; None if it does not keep them."""
        ...

    def distance(self) -> float | None:
        """Return how far the sound is from what the model learned from; None if it cannot tell."""
        ...

    def answer(self, length: float) -> NDArray[np.float64]:
        """Return the probabilities of the recording; ``length`` counts windows of sound."""
        ...

    def probabilities(self, length: float) -> NDArray[np.float64]:
        """Return the probabilities of every window, ``(windows, genres)``."""
        ...

    def reasons(
        self, genre: int, *, length: float, distance: float
    ) -> tuple[tuple[Reason, ...], float]:
        """Return what spoke for and against a genre, and its probability for an average sound."""
        ...

    def tags(self, genres: Mapping[str, float]) -> tuple[Tag, ...]:
        """Return the tags that the model hears, if it knows any, given its answer."""
        ...


class LinearHeard:
    """What a linear model hears of a recording, summed up window by window.

    The rows themselves are kept only where they are few numbers: of a model that has a distance.
    """

    def __init__(
        self,
        extractor: Extractor,
        model: linear.Linear,
        calibration: Calibration,
        out_of_distribution: OutOfDistribution | None,
        measured: Iterator[NDArray[np.floating]],
    ) -> None:
        self._extractor = extractor
        self._model = model
        self._calibration = calibration
        self._known = out_of_distribution
        self.windows = 0
        self._measured = measured
        self._parts: list[NDArray[np.float64]] = []
        self._rows: list[NDArray[np.floating]] = []
        self._sum: NDArray[np.float64] = np.zeros(len(model.mean))

    def hear_more(self) -> bool:
        """Take the next windows; return whether there were any."""
        rows = next(self._measured, None)
        if rows is None:
            return False
        seen = self._model.transformed(rows)
        self._parts.append(shares(self._model, seen, self._extractor.groups))
        self._sum += seen.sum(axis=0)
        if self.keeps_rows:
            self._rows.append(rows)
        self.windows += len(rows)
        return True

    @property
    def keeps_rows(self) -> bool:
        """Whether the model has a distance, for which the rows are kept."""
        return self._known is not None

    def distance(self) -> float | None:
        """Return how far the sound is from what the model learned from; None if it cannot tell."""
        if self._known is None:
            return None
        return self._known.distance(self._model.standardised(self.rows))

    @property
    def parts(self) -> NDArray[np.float64]:
        """What every group added to every genre's score, ``(windows, groups, genres)``."""
        return np.concatenate(self._parts)

    @property
    def rows(self) -> NDArray[np.floating]:
        """The rows as they were measured."""
        return np.concatenate(self._rows)

    @property
    def mean_row(self) -> NDArray[np.float64]:
        """Mean of the windows as the model sees them."""
        return self._sum / self.windows

    @property
    def mean_features(self) -> dict[str, float] | None:
        """Mean of the windows as they were measured; None where the rows are not kept."""
        if not self.keeps_rows:
            return None
        return dict(zip(self._extractor.names, self.rows.mean(axis=0).tolist(), strict=True))

    def answer(self, length: float) -> NDArray[np.float64]:
        """Return the mean of the windows' probabilities."""
        found: NDArray[np.float64] = self.probabilities(length).mean(axis=0)
        return found

    def probabilities(self, length: float) -> NDArray[np.float64]:
        """Return the probabilities of every window."""
        temperature = self._calibration.temperature_for(length)
        return linear.softmax((self.parts.sum(axis=1) + self._model.bias) / temperature)

    def reasons(
        self, genre: int, *, length: float, distance: float
    ) -> tuple[tuple[Reason, ...], float]:
        """Return what spoke for and against a genre, and its probability for an average sound."""
        temperature = self._calibration.temperature_for(length)
        bias = self._model.bias
        added = attribute(self.parts, bias, temperature=temperature, genre=genre)
        average = fade(linear.softmax(bias / temperature), distance)
        lost = lost_without(self.parts, bias, temperature=temperature, genre=genre)
        found = reasons(
            weight_of(distance) * added, self.mean_row, self._extractor.groups, lost=lost
        )
        return found, float(average[genre])

    def tags(self, genres: Mapping[str, float]) -> tuple[Tag, ...]:
        """Return none: it learned genres alone."""
        return ()


class Clock:
    """Seconds spent inside iterators and functions, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, call: Callable[P, Item]) -> Callable[P, Item]:
        """Return the function, so that the time in it is added up."""
        self.seconds.setdefault(name, 0.0)

        def timed(*args: P.args, **options: P.kwargs) -> Item:
            start = perf_counter()
            try:
                return call(*args, **options)
            finally:
                self.seconds[name] += perf_counter() - start

        return timed

    def spent(self, name: str, items: Iterator[Item]) -> Iterator[Item]:
        """Yield the items, and add up the time that they took to come."""
        self.seconds.setdefault(name, 0.0)
        while True:
            start = perf_counter()
            item = next(items, None)
            self.seconds[name] += perf_counter() - start
            if item is None:
                return
            yield item
