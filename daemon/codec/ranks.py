"""Rank the codes of each level from dark to bright, for models that have no atlas yet."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.codec.model import CodecModel

_PROBES = 8  # codes decoded at each end to find which end is the bright one
_CONTEXT_FRAMES = 5


@torch.no_grad()
def codebook_ranks(model: CodecModel) -> NDArray[np.uint16]:
    """Rank of every code on the first principal component of its codebook, `(Q, K)`.

    The sign of the component is chosen so that higher ranks decode brighter. Brightness is the spectral
    centroid of a code held for five frames, with the other levels at their average.
    """
    quantizer = model.quantizer
    vectors = [quantizer.vectors(level) for level in range(model.config.levels)]
    usage = [quantizer.book(level).cluster_size[0] for level in range(model.config.levels)]
    averages = [(v * (u / u.sum())[:, None]).sum(0) for v, u in zip(vectors, usage, strict=True)]
    everything = torch.stack(averages).sum(0)
    ranks = np.empty((model.config.levels, model.config.codebook_size), np.uint16)
    for level, (book, average) in enumerate(zip(vectors, averages, strict=True)):
        order = _principal(book).argsort(stable=True)
        count = min(_PROBES, len(order) // 2)
        ends = torch.cat([order[:count], order[-count:]])
        brightness = _brightness(model, everything - average + book[ends])
        if brightness[:count].mean() > brightness[count:].mean():
            order = order.flip(0)
        ranks[level, order.cpu().numpy()] = np.arange(len(order), dtype=np.uint16)
    return ranks


def _principal(book: Tensor) -> Tensor:
    # double on the CPU: eigenvectors of near-equal values differ between devices otherwise
    centred = (book - book.mean(0)).cpu().double()
    component = torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -1]
    return centred @ component


def _brightness(model: CodecModel, latents: Tensor) -> Tensor:
    """Spectral centroid in bins of each of `(N, D)` latents held for a few frames."""
    audio = model.decode_mid(latents[:, None].expand(-1, _CONTEXT_FRAMES, -1))
    power = torch.fft.rfft(audio).abs().square()
    bins = torch.arange(power.shape[-1], device=power.device)
    return (power * bins).sum(-1) / power.sum(-1).clamp_min(1e-12)
