"""The GTZAN dataset, under its public name; see `audionome.datasets.gtzan`."""

from audionome.datasets.gtzan import *  # noqa: F403
from audionome.datasets.gtzan import __all__ as __all__
