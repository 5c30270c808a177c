"""The ear: a network that learned from tagged songs, for tags and an embedding.

The network is a file with a card beside it (``musicnn.onnx``, ``musicnn.json``): samples go in, and
per patch of three seconds come the strengths of its tags and an embedding, the numbers in which it
keeps what it heard. Its front end, the spectrogram, is inside the file, so that every runtime
computes the same. The one that ships is MSD_musicnn, which ``audionome lab ear build`` makes
from the published weights; another of the same form can take its place (`Ear.load`).

References
----------
.. [1] Pons and Serra, musicnn: pre-trained convolutional neural networks for music audio tagging
       (ISMIR 2019, late-breaking).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soxr
from numpy.typing import ArrayLike, NDArray

from audionome import audio
from audionome._paths import data_path
from audionome._terminal import quietly
from audionome.models.persistence import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

__all__ = ["Ear", "Listening"]

Array32 = NDArray[np.float32]

_MOST_GRAPH = 512 << 20  # bytes
_MOST_CARD = 1 << 20
_OUTPUTS = ("tags", "embedding")


@dataclass(frozen=True)
class Listening:
    """What the ear hears in a recording, patch by patch.

    Attributes
    ----------
    tags : ndarray of shape (patches, tags), float32
        Strength of every tag, 0 to 1.
    embedding : ndarray of shape (patches, embedding_size), float32
    """

    tags: Array32
    embedding: Array32


class Ear:
    """A network that hears tags, and an extractor: it measures the blocks of a recording.

    Made by `Ear.load`.

    Attributes
    ----------
    tags : tuple of str
        In the order of the network's output.
    embedding_size : int
    sample_rate : int
        Of the samples that it takes (Hz).
    patch_samples : int
        Samples of one patch.
    level : float
        Mean power to which the network is asked to bring the spectrogram of every patch, so that
        copies of different loudness are heard alike; 0 if its card gives none.
    names : tuple of str
        The columns that `measure` gives: ``embedding_0``, …, then ``tag: rock``, ….
    card : dict
        Where the network comes from, what it learned from, and its licence.

    See Also
    --------
    audionome.features.ModulationCovariance : The extractor of the extended model.

    Examples
    --------
    >>> ear = Ear.load()
    >>> ear.sample_rate, len(ear.tags), ear.embedding_size
    (16000, 50, 200)
    >>> ear.listen(np.zeros(96_000, np.float32)).tags.shape
    (2, 50)
    """

    def __init__(self, session: InferenceSession, card: dict[str, Any]) -> None:
        self._session = session
        self._path = data_path("models", "musicnn.onnx")
        self.card = card
        self.tags: tuple[str, ...] = tuple(card["tags"])
        self.embedding_size: int = card["embedding_size"]
        self.sample_rate: int = card["sample_rate"]
        self.patch_samples: int = card["patch"]["samples"]
        self.level: float = card.get("level", 0)
        self.names: tuple[str, ...] = (
            *(f"embedding_{k}" for k in range(self.embedding_size)),
            *(f"tag: {tag}" for tag in self.tags),
        )

    @classmethod
    def load(cls, path: str | Path | None = None) -> Ear:
        """Load a network and its card.

        Parameters
        ----------
        path : str or Path, optional
            Of the graph, ``NAME.onnx``; its card ``NAME.json`` lies beside it. Default: the network
            that ships.

        Returns
        -------
        Ear

        Raises
        ------
        ModelError
            If a file is missing, or is not the network that the card describes.
        """
        graph = data_path("models", "musicnn.onnx") if path is None else Path(path)
        card_path = graph.with_suffix(".json")
        for file in (graph, card_path):
            if not file.is_file():
                raise ModelError(f'There is no file "{file}"; {_mend(graph)}.')
        try:
            card = _read_card(card_path)
            content = _read(graph, _MOST_GRAPH)
            if hashlib.sha256(content).hexdigest() != card["graph_sha256"]:
                raise _Wrong(graph, f"is not the file that {card_path.name} describes")
            ear = cls(_session(content, graph, levels="level" in card), card)
            ear._path = graph
            ear._try(graph)
        except _Wrong as wrong:
            raise ModelError(f"{wrong}; {_mend(graph)}.") from None
        except OSError as error:
            raise ModelError(f'The network "{graph}" cannot be read: {error}.') from error
        return ear

    def __reduce__(self) -> tuple[Callable[[Path], Ear], tuple[Path]]:
        """Pickle the path: another process reads the file again."""
        return Ear.load, (self._path,)

    def listen(self, samples: ArrayLike, *, levelled: bool = True) -> Listening:
        """Hear a recording, patch by patch.

        Parameters
        ----------
        samples : array-like of shape (n,)
            Mono samples at the ear's sample rate, full scale [-1, 1].
        levelled : bool
            False: every patch is as loud as it is, as the network was published. `measure`, and so
            every answer, brings it to `level`.

        Returns
        -------
        Listening
            One row per whole patch of `patch_samples`; what is left over at the end is not heard.

        Raises
        ------
        ValueError
            If it is shorter than one patch, has another shape, or holds values that are not finite.

        See Also
        --------
        measure : The same for blocks at Audionome's sample rate, as they come.
        """
        values = np.asarray(samples, dtype=np.float32)
        if values.ndim != 1 or values.size < self.patch_samples:
            raise ValueError(
                f"the ear needs a row of at least {self.patch_samples} mono samples at "
                f"{self.sample_rate} Hz, and got an array of shape {values.shape}"
            )
        if not np.isfinite(values).all():
            raise ValueError("the samples hold values that are missing or infinite")
        patches = len(values) // self.patch_samples
        rows = values[: patches * self.patch_samples].reshape(patches, 1, -1)
        # One by one: several at once take more memory and no less time.
        heard = [self._run(row, levelled=levelled) for row in rows]
        return Listening(
            np.concatenate([one.tags for one in heard]),
            np.concatenate([one.embedding for one in heard]),
        )

    def measure(self, blocks: Iterable[Array32]) -> Iterator[Array32]:
        """Measure a recording three seconds at a time, as it comes.

        Parameters
        ----------
        blocks : iterable of ndarray, float32
            As `audionome.audio.WindowStream.pieces` gives them: 66 150 samples at 22 050 Hz; the
            last one may be shorter, and its window then overlaps the one before.

        Yields
        ------
        ndarray of shape (1, columns), float32
            Row of the next window: embedding, then strengths of the tags.
        """
        before = np.empty(0, np.float32)
        for block in blocks:
            if block.size < audio.WINDOW_LENGTH:
                block = np.concatenate([before, block])[-audio.WINDOW_HOP :]
            before = block
            yield from self.rows([self._patch(block)])

    def rows(self, patches: Iterable[Array32]) -> Iterator[Array32]:
        """Measure patches at the ear's own sample rate, as they come.

        Parameters
        ----------
        patches : iterable of ndarray, float32
            Of `patch_samples` each, as `audionome.audio.cutting.cut` makes them at `sample_rate`.

        Yields
        ------
        ndarray of shape (1, columns), float32
            As `measure` gives them.
        """
        for patch in patches:
            heard = self._run(patch[None])
            yield np.concatenate([heard.embedding, heard.tags], axis=1)

    def _patch(self, block: Array32) -> Array32:
        """Return a block at the ear's sample rate, as long as a patch."""
        samples = soxr.resample(block, audio.SAMPLE_RATE, self.sample_rate)[: self.patch_samples]
        return np.pad(samples, (0, self.patch_samples - samples.size))

    def _run(self, rows: Array32, *, levelled: bool = True) -> Listening:
        inputs = {"samples": rows}
        if levelled and self.level:
            inputs["level"] = np.array(self.level, np.float32)
        tags, embedding = self._session.run(list(_OUTPUTS), inputs)
        return Listening(tags, embedding)

    def _try(self, graph: Path) -> None:
        """Hear two patches, one silent, to know what the network returns."""
        rows = np.zeros((2, self.patch_samples), np.float32)
        rows[1, ::2] = 0.5
        try:
            heard = self._run(rows)
        except Exception as error:  # a stranger's graph
            raise _Wrong(graph, "cannot hear a patch of the length that its card gives") from error
        found = (heard.tags, heard.embedding)
        for name, values, n in zip(
            _OUTPUTS, found, (len(self.tags), self.embedding_size), strict=True
        ):
            shape = getattr(values, "shape", ())
            if shape != (2, n):
                raise _Wrong(graph, f"gives {name} of shape {shape} for two patches, not (2, {n})")
            if values.dtype != np.float32 or not np.isfinite(values).all():
                raise _Wrong(graph, f"gives {name} that are no finite numbers")
        if heard.tags.min() < 0 or heard.tags.max() > 1:
            raise _Wrong(graph, "gives tags outside of 0 to 1")


class _Wrong(Exception):
    """What is wrong with a file; a sentence without its end."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(f"{path} {what}")


def _mend(graph: Path) -> str:
    """Return what to do about it, as the end of a sentence."""
    if graph == data_path("models", "musicnn.onnx"):
        return "restore it with its card from the repository or run `audionome lab ear build`"
    return (
        "a network is two files, NAME.onnx and its card NAME.json, as `audionome lab ear build` "
        "makes them"
    )


# -- the graph ----------------------------------------------------------------------------


def _read(path: Path, most: int) -> bytes:
    if path.stat().st_size > most:
        raise _Wrong(path, "is too large")
    return path.read_bytes()


def _session(content: bytes, path: Path, *, levels: bool) -> InferenceSession:
    # It reads the first when it is imported: later ones would tell its maker of every start, and
    # leave a file in the home folder.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    with quietly():  # some versions warn of graphics cards that they may not ask for their maker
        import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    # One thread is the caller's own: none is started, and a process that has an ear can be forked.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it has many of its own, without a common base
        raise _Wrong(path, "is no ONNX graph that this onnxruntime can run") from error
    inputs = [(one.name, one.type) for one in session.get_inputs()]
    if inputs != [("samples", "tensor(float)")]:
        raise _Wrong(path, "should take one input, samples (float32)")
    optional = {one.name for one in session.get_overridable_initializers()}
    if levels and "level" not in optional:
        raise _Wrong(path, "lacks the optional input level, which its card gives")
    if missing := set(_OUTPUTS) - {one.name for one in session.get_outputs()}:
        raise _Wrong(path, f"lacks the output {' and '.join(sorted(missing))}")
    return session


# -- the card -----------------------------------------------------------------------------


def _read_card(path: Path) -> dict[str, Any]:
    try:
        card = json.loads(_read(path, _MOST_CARD))
    except (ValueError, RecursionError):
        card = None
    if not isinstance(card, dict):
        raise _Wrong(path, "is not a network's card")
    tags, patch = card.get("tags"), card.get("patch")
    samples = patch.get("samples") if isinstance(patch, dict) else None
    names = tags if isinstance(tags, list) else []
    checks = {
        "a positive whole number as sample_rate": _whole(card.get("sample_rate")),
        "a positive whole number as embedding_size": _whole(card.get("embedding_size")),
        "a positive whole number of samples as patch": _whole(samples),
        "a positive number as level, or none": "level" not in card or _positive(card["level"]),
        "different names as tags": all(isinstance(tag, str) and tag for tag in names)
        and len(names) == len(set(names)) > 0,
        "the checksum of its graph as graph_sha256": isinstance(card.get("graph_sha256"), str),
    }
    for what, kept in checks.items():
        if not kept:
            raise _Wrong(path, f"should give {what}")
    seconds, ours = samples / card["sample_rate"], audio.WINDOW_HOP / audio.SAMPLE_RATE
    if seconds != ours:
        raise _Wrong(path, f"has patches of {seconds:.3g} s; Audionome hears {ours:g} s at a time")
    return card


def _whole(value: object) -> bool:
    return isinstance(value, int) and _positive(value)


def _positive(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 < value <= 1 << 30  # type: ignore[operator]
