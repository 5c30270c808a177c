"""The 3 900 *extended* columns: how the sound's qualities move together, at five speeds.

A clip becomes 39 curves over time: timbre, brightness, attack, contrast, tone against noise, and
chords (`audionome.features.curves`). Each curve is split into five modulation bands
(`modulation_bands`), from changes slower than one second to roughness above 10 Hz. Per band, the
covariance of the curves over an excerpt says which qualities move, how much and with which others.
Its matrix logarithm is a point of a flat space (the log-Euclidean metric), so that a linear
classifier can be used.

Conventions
-----------
There is one row per 3-second window, as for the classic columns. A row describes the window with
its neighbours, `CONTEXT` windows in all, inside a stretch of at most `BLOCK` windows that is
brought to the same loudness: a louder copy gives the same numbers, and so does, nearly, a copy
with another equaliser, for covariances forget the curves' means.

References
----------
.. [1] Arsigny, Fillard, Pennec and Ayache, Log-Euclidean metrics for fast and simple calculus on
       diffusion tensors (2006).
.. [2] McKinney and Breebaart, Features for audio and music classification (ISMIR 2003), for
       energies in modulation bands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from threadpoolctl import threadpool_limits

from audionome import audio
from audionome._extras import require_extra
from audionome.features import stft
from audionome.features.curves import CURVES, FAMILIES, curves
from audionome.features.groups import Groups, grouped
from audionome.features.registry import Feature

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BANDS",
    "BLOCK",
    "CONTEXT",
    "EXTENDED_COLUMNS",
    "ModulationCovariance",
    "describe",
    "excerpt_rows",
    "extract_extended",
    "log_covariances",
    "modulation_bands",
]

Array32 = NDArray[np.float32]

#: Windows that are brought to one loudness and filtered together (30 s).
BLOCK = 10
#: Windows that a row describes: the window, the one before and the one after.
CONTEXT = 3

#: Modulation bands: name, lowest and highest rate of change (Hz).
BANDS: tuple[tuple[str, float, float], ...] = (
    ("below 1 Hz", 0.0, 1.0),
    ("1-2.5 Hz", 1.0, 2.5),
    ("2.5-5 Hz", 2.5, 5.0),
    ("5-10 Hz", 5.0, 10.0),
    ("above 10 Hz", 10.0, float("inf")),
)

_FIRST, _SECOND = np.triu_indices(len(CURVES))
EXTENDED_COLUMNS: tuple[str, ...] = tuple(
    f"{band}: {CURVES[i]}, {CURVES[j]}"
    for band, _, _ in BANDS
    for i, j in zip(_FIRST, _SECOND, strict=True)
)

_FRAME_RATE = audio.SAMPLE_RATE / stft.HOP_LENGTH  # 43.07 frames per second
_SCALED = 5.0  # mean deviation of a row, in standard deviations; music and noise reach 1.4
_FLOOR = 0.1  # added to the variances: what moves less is taken as still
_PAD = 2 * round(_FRAME_RATE)  # frames mirrored at each end before filtering


# -- modulation ---------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _gains(n: int) -> NDArray[np.float64]:
    """Return the gain of every band at the frequencies of a transform of ``n`` frames."""
    f = fft.rfftfreq(n, 1 / _FRAME_RATE)
    with np.errstate(divide="ignore"):
        gains = []
        for _, low, high in BANDS:
            if low == 0:
                ratio = f / high
            elif np.isinf(high):
                ratio = low / f
            else:
                ratio = (f**2 - low * high) / (f * (high - low))
            gains.append(1 / (1 + ratio**4))
    return np.stack(gains)


def modulation_bands(values: Array32) -> Array32:
    """Split curves by how fast they move.

    Parameters
    ----------
    values : ndarray of shape (curves, frames), float32

    Returns
    -------
    ndarray of shape (5, curves, frames), float32
        Band by band (`BANDS`). The filters shift nothing in time: their gain is that of a
        Butterworth filter of order 2 run forwards and backwards.
    """
    n = values.shape[1]
    pad = min(_PAD, n - 1)
    padded = np.pad(values, ((0, 0), (pad, pad)), mode="reflect")
    size = fft.next_fast_len(padded.shape[1], real=True)
    spectrum = fft.rfft(padded, n=size, axis=1)
    gains = _gains(size).astype(np.float32)
    parts = fft.irfft(spectrum * gains[:, None, :], n=size, axis=2)[..., pad : pad + n]
    return np.asarray(parts, dtype=np.float32)


def log_covariances(bands: Array32) -> Array32:
    """Return the logarithm of the curves' covariance in every band.

    Parameters
    ----------
    bands : ndarray of shape (5, curves, frames), float32
        An excerpt of `modulation_bands`.

    Returns
    -------
    ndarray of shape (5 * curves * (curves + 1) / 2,), float32
        Upper triangles, band by band; entries off the diagonal times the square root of two, so
        that Euclidean distances are those of the matrices.
    """
    centred = bands - bands.mean(axis=2, keepdims=True)
    covariance = (centred @ centred.transpose(0, 2, 1)).astype(np.float64) / bands.shape[2]
    covariance += _FLOOR * np.eye(covariance.shape[1])
    values, vectors = np.linalg.eigh(covariance)
    # Rounding can bring an eigenvalue below the floor; none is in truth.
    logs = np.log(np.maximum(values, _FLOOR))[:, None, :]
    matrix = (vectors * logs) @ vectors.transpose(0, 2, 1)
    i, j = np.triu_indices(covariance.shape[1])
    found: Array32 = (matrix[:, i, j] * np.where(i == j, 1, np.sqrt(2))).astype(np.float32).ravel()
    return found


# -- rows ---------------------------------------------------------------------------------


def excerpt_rows(samples: Array32, edges: NDArray[np.integer]) -> Array32:
    """Measure several excerpts of one stretch of sound.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
    edges : ndarray of shape (excerpts, 2)
        First and past-the-last sample of each excerpt.

    Returns
    -------
    ndarray of shape (excerpts, 3900), float32
    """
    bands = modulation_bands(curves(samples))
    frames = np.asarray(edges) // stft.HOP_LENGTH
    return np.stack([log_covariances(bands[:, :, a:b]) for a, b in frames])


def _stretch_rows(blocks: list[Array32]) -> Array32:
    """Return one row per window of a stretch, each with its neighbours."""
    samples = np.concatenate(blocks)
    n = samples.size
    starts = audio.WINDOW_HOP * np.arange(len(blocks))
    if len(blocks) > 1 and blocks[-1].size < audio.WINDOW_LENGTH:
        starts[-1] = n - audio.WINDOW_HOP  # the last window ends with the recording
    width = min(CONTEXT * audio.WINDOW_HOP, n)
    first = np.clip(starts - CONTEXT // 2 * audio.WINDOW_HOP, 0, n - width)
    return excerpt_rows(samples, np.stack([first, first + width], axis=1))


class ModulationCovariance:
    """Measure the extended features of 3-second windows.

    Parameters
    ----------
    columns : sequence of str, optional
        Which features, in which order. Default: all 3 900 of `EXTENDED_COLUMNS`.

    Attributes
    ----------
    names : tuple of str
        The columns.

    Raises
    ------
    ValueError
        If there is no feature of a given name.

    See Also
    --------
    audionome.features.gtzan57.Gtzan57 : The extractor of the classic model.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=66_150).astype(np.float32)
    >>> [rows.shape for rows in ModulationCovariance().measure([noise, noise])]
    [(2, 3900)]
    """

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self.names: tuple[str, ...] = EXTENDED_COLUMNS if columns is None else tuple(columns)
        place = {name: k for k, name in enumerate(EXTENDED_COLUMNS)}
        unknown = [name for name in self.names if name not in place]
        if unknown:
            raise ValueError(
                f"There is no feature {unknown[0]!r} among the modulation covariances."
            )
        self._picked = None if columns is None else np.array([place[name] for name in self.names])

    def measure(self, blocks: Iterable[Array32]) -> Iterator[Array32]:
        """Measure a recording three seconds at a time, as it comes.

        Parameters
        ----------
        blocks : iterable of ndarray, float32
            As `audionome.audio.WindowStream.pieces` gives them: 66 150 samples each; the last one
            may be shorter, and its window then overlaps the one before.

        Yields
        ------
        ndarray of shape (windows, columns), float32
            Rows of the next windows, ten at a time. A last stretch of fewer goes back in time, so
            that a long recording has no short one.
        """
        with threadpool_limits(1, user_api="blas"):
            recent: list[Array32] = []
            new = 0
            for block in blocks:
                recent = [*recent[-BLOCK + 1 :], block]
                new += 1
                if new == BLOCK:
                    yield self._pick(_stretch_rows(recent))
                    new = 0
            if new:
                yield self._pick(_stretch_rows(recent)[-new:])

    def describe(self, name: str) -> Feature:
        """Return what a column is.

        Parameters
        ----------
        name : str
            One of `EXTENDED_COLUMNS`.

        Returns
        -------
        Feature

        Raises
        ------
        KeyError
            If there is no such column.
        """
        return describe(name)

    def require_possible(
        self, values: NDArray[np.floating], deviations: NDArray[np.float64]
    ) -> None:
        """Refuse rows that are far from those of any sound: they were scaled.

        Parameters
        ----------
        values : ndarray of shape (rows, columns)
        deviations : ndarray of shape (rows, columns)
            Of the values from those that a model learned from, in standard deviations.

        Raises
        ------
        ValueError
            If a row is.
        """
        far = np.abs(deviations).mean(axis=1) > _SCALED
        if far.any():
            raise ValueError(
                f"{far.sum()} of {len(far)} rows are like no sound's, as if the table had been "
                "scaled; pass the values as audionome.features.modulation.extract_extended "
                "makes them"
            )

    @cached_property
    def groups(self) -> Groups:
        """The columns by family and speed; a column of two families belongs half to each."""
        family_of = {curve: name for name, own in FAMILIES.items() for curve in own}
        speed_of = {band: name for name, own in _SPEEDS.items() for band in own}
        names = {(f, s): f"{f}, {s}" for s in _SPEEDS for f in FAMILIES}
        shares: dict[str, dict[str, float]] = {name: {} for name in names.values()}
        levels: dict[str, list[str]] = {name: [] for name in names.values()}
        for column in EXTENDED_COLUMNS:
            band, first, second = _parts(column)
            for curve in (first, second):
                own = shares[names[family_of[curve], speed_of[band]]]
                own[column] = own.get(column, 0) + 0.5
            if first == second:
                levels[names[family_of[first], speed_of[band]]].append(column)
        words = {name: _WORDS[family][speed] for (family, speed), name in names.items()}
        return grouped(self.names, shares, words=words, levels=levels)

    def _pick(self, rows: Array32) -> Array32:
        return rows if self._picked is None else rows[:, self._picked]


def extract_extended(samples: Array32) -> pd.DataFrame:
    """Measure the extended features of every window of a clip.

    Parameters
    ----------
    samples : ndarray of shape (n,), float32
        Mono samples at 22 050 Hz, full scale [-1, 1] (see `audionome.audio.load`).

    Returns
    -------
    DataFrame of shape (windows, 3900), float32
        One row per complete 3-second window, index ``window`` from 0.

    Raises
    ------
    audionome.audio.TooShortError
        If not even one window fits.
    audionome.audio.NotFiniteError
        If a sample is NaN or infinite.
    audionome._extras.MissingExtraError
        If pandas is not installed.

    See Also
    --------
    audionome.features.extract : The classic features.
    """
    require_extra("lab", "pandas", who="audionome.features.modulation.extract_extended")
    import pandas as pd

    audio.check(samples)
    cuts = np.arange(audio.WINDOW_HOP, samples.size, audio.WINDOW_HOP)
    blocks = [block for block in np.split(samples, cuts) if block.size >= audio.WINDOW_LENGTH]
    rows = np.concatenate(list(ModulationCovariance().measure(blocks)))
    index = pd.RangeIndex(len(rows), name="window")
    return pd.DataFrame(rows, columns=list(EXTENDED_COLUMNS), index=index)


# -- words --------------------------------------------------------------------------------

_MOVES = {
    "below 1 Hz": "slowly, over a second and more",
    "1-2.5 Hz": "once or twice a second, as a slow beat does",
    "2.5-5 Hz": "three to five times a second, as a fast beat does",
    "5-10 Hz": "five to ten times a second, as quick notes and vibrato do",
    "above 10 Hz": "more than ten times a second: rattle and roughness",
}
_SPEEDS = {
    "slow": ("below 1 Hz",),
    "beat": ("1-2.5 Hz", "2.5-5 Hz"),
    "quick": ("5-10 Hz", "above 10 Hz"),
}
# By family and speed, as in the names of the groups: more movement than usual, less, about as
# much. With as much, what counts is how the family's curves move with each other and with others.
_WORDS: dict[str, dict[str, tuple[str, str, str]]] = {
    "timbre": {
        "slow": (
            "volume and tone colour that change a lot from one second to the next",
            "volume and tone colour that stay the same for seconds",
            "the way volume and tone colour drift over seconds",
        ),
        "beat": (
            "a strong pulse of volume and tone colour at the speed of a beat",
            "little pulse of volume and tone colour at the speed of a beat",
            "the way volume and tone colour pulse at the speed of a beat",
        ),
        "quick": (
            "fast or sharp notes, with quick jumps of volume and tone colour",
            "few fast or sharp notes; volume and tone colour change smoothly",
            "the way volume and tone colour move in fast notes, more than five a second",
        ),
    },
    "brightness": {
        "slow": (
            "bright and dark passages in turn, over seconds",
            "treble that stays the same for seconds",
            "the way bright and dark sounds come and go over seconds",
        ),
        "beat": (
            "bright sounds that come and go at the speed of a beat, as snare and hi-hat do",
            "treble that hardly changes at the speed of a beat",
            "the way bright and dark sounds take turns at the speed of a beat",
        ),
        "quick": (
            "short bright sounds in quick succession, as fast hi-hats or strumming make",
            "few short bright sounds, such as hi-hats or sharp consonants",
            "the way short bright sounds flicker, more than five times a second",
        ),
    },
    "attack": {
        "slow": (
            "passages of hard and of soft attacks in turn",
            "attacks that are as hard or as soft all along",
            "the way attacks grow harder and softer over seconds",
        ),
        "beat": (
            "hard attacks at the speed of a beat, as drums or a strummed guitar make",
            "soft attacks, with little of a beat in them",
            "the way attacks come at the speed of a beat",
        ),
        "quick": (
            "sharp or fast attacks, as picking, drum rolls or sixteenth notes make",
            "few sharp or fast attacks; notes begin softly",
            "the way attacks come in fast notes, more than five a second",
        ),
    },
    "contrast": {
        "slow": (
            "passages of clear notes and of noisy sound in turn",
            "notes that stand out from the noise equally clearly for seconds",
            "the way clear notes and noisy sound take turns over seconds",
        ),
        "beat": (
            "clear notes and noisy sounds, such as drums, in turn at the speed of a beat",
            "clear notes and noise in a mix that hardly changes at the speed of a beat",
            "the way clear notes and noise take turns at the speed of a beat",
        ),
        "quick": (
            "clear notes that are cut by noise more than five times a second",
            "clear notes and noise in a smooth mix, without quick cuts",
            "the way clear notes and noise take turns in fast notes",
        ),
    },
    "tones against drums": {
        "slow": (
            "held notes and drum strokes that take turns over seconds",
            "the same mix of held notes and drum strokes for seconds",
            "the way held notes and drum strokes take turns over seconds",
        ),
        "beat": (
            "strokes of drums or plucked strings between held notes, at the speed of a beat",
            "few strokes of drums or plucked strings at the speed of a beat",
            "the way strokes and held notes take turns at the speed of a beat",
        ),
        "quick": (
            "fast strokes of drums or plucked strings, more than five a second",
            "few fast strokes of drums or plucked strings",
            "the way fast strokes break into held notes",
        ),
    },
    "chords": {
        "slow": (
            "single notes and full chords in turn, over seconds",
            "harmony that is as full or as thin for seconds",
            "the way harmony fills and thins over seconds",
        ),
        "beat": (
            "single notes and full chords in turn, at the speed of a beat",
            "harmony that hardly fills or thins at the speed of a beat",
            "the way single notes and chords take turns at the speed of a beat",
        ),
        "quick": (
            "harmony that fills and thins in fast notes, more than five a second",
            "harmony without fast notes in it",
            "the way harmony moves in fast notes, more than five a second",
        ),
    },
}


def _parts(column: str) -> tuple[str, str, str]:
    """Return the band and the two curves of a column."""
    band, _, pair = column.partition(": ")
    first, _, second = pair.partition(", ")
    return band, first, second


def describe(column: str) -> Feature:
    """Return what an extended column is.

    Parameters
    ----------
    column : str
        One of `EXTENDED_COLUMNS`.

    Returns
    -------
    Feature

    Raises
    ------
    KeyError
        If there is no such column.
    """
    band, first, second = _parts(column)
    if band not in _MOVES or first not in CURVES or second not in CURVES:
        raise KeyError(column)
    alone = first == second
    what = f"How much {first} moves" if alone else f"How {first} and {second} move together"
    inf = float("inf")
    return Feature(
        column,
        "1",
        -inf,
        inf,
        f"{what} {_MOVES[band]} (logarithm of a covariance).",
        "Arsigny et al. (2006), log-Euclidean covariances",
    )
