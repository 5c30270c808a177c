"""Former names of what is now in `audionome.lab.confusion` and `audionome.lab.calibration`."""

from __future__ import annotations

from audionome.lab.calibration import reliability
from audionome.lab.confusion import confusion, genre_measures
from audionome.lab.ladder import ladders
from audionome.lab.names import FLOOR
from audionome.lab.predictions import finished

__all__ = ["FLOOR", "confusion", "finished", "genre_measures", "ladders", "reliability"]
