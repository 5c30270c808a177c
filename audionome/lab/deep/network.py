"""The small network itself, in PyTorch: what it computes, and how it learns.

It needs PyTorch (``pip install 'audionome[deep]'``), and no other module does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from audionome.datasets.gtzan import GENRES
from audionome.lab.deep.settings import Settings

__all__ = ["Fitted", "SmallCNN", "fit", "predict_proba"]


class SmallCNN(nn.Module):
    """Return ten scores for each log-mel patch.

    Three layers of filters that slide along time. A filter of the first layer is a picture of all
    64 mel bands and five frames (0.12 s); those of the next two look at what came before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *self.layer(64, 64, width=5),
            nn.MaxPool1d(4),
            *self.layer(64, 96, width=3),
            nn.MaxPool1d(2),
            *self.layer(96, 128, width=3),
        )
        self.head = nn.Sequential(nn.Dropout(0.4), nn.Linear(2 * 128, len(GENRES)))

    @staticmethod
    def layer(n_inputs: int, n_filters: int, *, width: int) -> list[nn.Module]:
        """Return a convolution along time, batch normalisation, and the cut at zero."""
        slide = nn.Conv1d(n_inputs, n_filters, width, padding=width // 2, bias=False)
        return [slide, nn.BatchNorm1d(n_filters), nn.ReLU()]

    def forward(self, patches: Tensor) -> Tensor:
        """Return scores of shape (patches, 10) of patches of shape (patches, 64, frames)."""
        found = self.layers(patches)
        return self.head(torch.cat([found.mean(dim=2), found.amax(dim=2)], dim=1))


@dataclass(frozen=True)
class Fitted:
    """A network that has learned, and what that cost.

    Attributes
    ----------
    network : SmallCNN
    losses : list of (float, float or None)
        Per epoch: the loss on the training patches, changed and mixed, and on the validation ones,
        where there are any.
    seconds : float
        Seconds of one core that the training took.
    """

    network: SmallCNN
    losses: list[tuple[float, float | None]]
    seconds: float


def fit(
    patches: NDArray[np.floating],
    genres: NDArray[np.integer],
    train: NDArray[np.integer],
    valid: NDArray[np.integer],
    settings: Settings,
) -> Fitted:
    """Train a network by gradient descent, with steps that grow shorter and shorter.

    Parameters
    ----------
    patches : ndarray of shape (n, 64, frames)
        From `audionome.lab.deep.patches.log_mel_patches`.
    genres : ndarray of shape (n,)
        Number of each patch's genre.
    train, valid : ndarray of int
        Numbers of the patches to learn from, and of those to watch: nothing is decided on them.
    settings : Settings

    Returns
    -------
    Fitted
    """
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    network = SmallCNN()
    n_steps = max(1, len(train) // settings.batch)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=settings.epochs * n_steps, pct_start=0.2
    )
    losses, started = [], time.process_time()
    for _ in range(settings.epochs):
        network.train()
        total = 0.0
        order = rng.permutation(train)
        for step in range(n_steps):
            chosen = order[step * settings.batch : (step + 1) * settings.batch]
            mixed, shares = _mixed(patches[chosen], genres[chosen], settings, rng)
            likely = torch.log_softmax(network(torch.from_numpy(mixed)), dim=1)
            loss = -(torch.from_numpy(shares) * likely).sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        watched = _loss(network, patches[valid], genres[valid]) if len(valid) else None
        losses.append((total / n_steps, watched))
    return Fitted(network.eval(), losses, time.process_time() - started)


def _loss(network: SmallCNN, patches: NDArray[np.floating], genres: NDArray[np.integer]) -> float:
    """Return the mean of minus the logarithm of the probability of the right genre."""
    right = predict_proba(network, patches)[np.arange(len(genres)), genres]
    return -float(np.log(np.maximum(right, 1e-9)).mean())


def predict_proba(network: SmallCNN, patches: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the probability of each genre per patch.

    Parameters
    ----------
    network : SmallCNN
    patches : ndarray of shape (n, 64, frames)

    Returns
    -------
    ndarray of shape (n, 10), float32
    """
    network.eval()
    found = np.empty((len(patches), len(GENRES)), dtype=np.float32)
    with torch.no_grad():
        for start in range(0, len(patches), 256):
            part = torch.from_numpy(np.asarray(patches[start : start + 256], dtype=np.float32))
            found[start : start + 256] = torch.softmax(network(part), dim=1).numpy()
    return found


def _mixed(
    patches: NDArray[np.floating],
    genres: NDArray[np.integer],
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Change the patches a little, and mix each with another one; the genres are mixed alike."""
    patches = np.array(patches, dtype=np.float32)
    n, n_mels, n_frames = patches.shape
    for patch in patches:
        patch[:] = np.roll(patch, int(rng.integers(n_frames)), axis=1)
        # SpecAugment: a stripe of bands and one of frames are hidden.
        bands, frames = (int(rng.integers(most)) for most in (n_mels // 6, n_frames // 5))
        low, first = int(rng.integers(n_mels - bands)), int(rng.integers(n_frames - frames))
        patch[low : low + bands] = 0
        patch[:, first : first + frames] = 0
    # Another equaliser: the whole spectrum tilts.
    tilt = rng.normal(0, settings.tilt, size=(n, 1, 1)) * np.linspace(-1, 1, n_mels)[:, None]
    patches += tilt.astype(np.float32)
    one_hot = np.eye(len(GENRES), dtype=np.float32)[genres]
    share, other = np.float32(rng.beta(settings.mixup, settings.mixup)), rng.permutation(n)
    return (
        share * patches + (1 - share) * patches[other],
        share * one_hot + (1 - share) * one_hot[other],
    )
