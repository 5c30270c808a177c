"""How the small network is trained: every number that can be chosen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["MODEL", "RECIPE", "WATTS_PER_CORE", "Settings"]

#: Number of the recipe: network, patches and training. It rises when results would change.
RECIPE = 1

#: Name of the network in tables.
MODEL = "small-cnn"

#: Power that one busy core is taken to draw (W), its share of memory and cooling included. An
#: assumption: no meter can be read on the machine that trained.
WATTS_PER_CORE = 10.0


@dataclass(frozen=True)
class Settings:
    """Settings of a training.

    Attributes
    ----------
    epochs : int
        Times that every training patch is seen; chosen on the validation tracks of the
        fault-filtered split.
    batch : int
        Patches per step.
    learning_rate : float
        Largest length of a step; it rises for a fifth of the steps, then falls to nothing.
    weight_decay : float
        How strongly weights are pulled to zero.
    mixup : float
        Parameter of the beta distribution that mixes two patches.
    tilt : float
        Standard deviation of the random tilt of the spectrum, in units of 15 dB.
    seed : int
    """

    epochs: int = 12
    batch: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    mixup: float = 0.3
    tilt: float = 0.2
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary, for JSON."""
        return asdict(self)
