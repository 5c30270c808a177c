"""Details of a recording that was classified: its outline, and thirty seconds frame by frame.

`audionome.classify` works window by window and keeps no sound; here the recording is decoded once
more, and again only the outline and one stretch stay in memory. The library measures all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from audionome import audio
from audionome.features.frames import Frames, frame_features
from audionome.features.key import Key, estimate_key
from audionome.features.outline import Outline
from audionome.models.context import likeliest_stretch

if TYPE_CHECKING:
    from audionome.models.prediction import Prediction

__all__ = ["Details", "measure_details"]


@dataclass(frozen=True)
class Details:
    """What the page shows below an answer.

    Attributes
    ----------
    outline : ndarray of shape (points, 2), float32
        Lowest and highest sample of equal parts of the recording (full scale).
    start : float
        Where the stretch begins (s): the one in which the genre is likeliest.
    frames : Frames
        The features of the stretch, frame by frame; its times begin at 0.
    key : Key
        The key of the stretch.
    whole : bool
        Whether the stretch is all that was heard.
    leading : bool
        Whether a genre stands out, so that there is a stretch in which it is likeliest.
    """

    outline: NDArray[np.float32]
    start: float
    frames: Frames
    key: Key
    whole: bool
    leading: bool


def measure_details(
    source: str | Path | bytes | BinaryIO, prediction: Prediction, *, points: int = 800
) -> Details:
    """Measure the details of a recording that was classified.

    Parameters
    ----------
    source : str, Path, bytes or binary file
        As for `audionome.classify`.
    prediction : Prediction
        The answer about this source.
    points : int
        Most points of the outline.

    Returns
    -------
    Details

    Raises
    ------
    AudioError
        As `audionome.audio.load`.

    See Also
    --------
    audionome.app.payload.details_payload : What the page is told of them.
    """
    first, last = likeliest_stretch(prediction.windows, prediction.genre)
    outline = Outline()
    # The sound that the windows are made of: silence is in the outline alone.
    pieces = enumerate(audio.WindowStream(source, on_block=outline.add).pieces())
    samples = np.concatenate([piece for k, piece in pieces if first <= k < last])
    return Details(
        outline=outline.points(points),
        start=prediction.windows[first].start,
        frames=frame_features(samples),
        key=estimate_key(samples),
        whole=last - first == len(prediction.windows),
        leading=bool(prediction.leading),
    )
