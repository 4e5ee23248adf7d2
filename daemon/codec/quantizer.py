"""A chain of codebooks, each quantising what the levels before it left over.

`ResidualVQ` of vector-quantize-pytorch shares one projection over all levels, drops one depth per
batch and runs k-means on its first forward pass even in eval. So each level here is that library's
`VectorQuantize` with its own two projections around an 8-dimensional search, in a loop of ours.

References: N. Zeghidour et al., "SoundStream", 2021, sections III-C and III-E (residual chain,
quantiser dropout); R. Kumar et al., "High-fidelity audio compression with improved RVQGAN", 2023,
section 3.2 (factorised codes) and 3.3 (dropout with probability 0.5, per sample here). Deviation:
codes are searched by Euclidean distance, not on the unit sphere.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from vector_quantize_pytorch import VectorQuantize

from daemon.codec.kmeans import kmeans

EMA_DECAY = 0.99
FULLEST = 0.85
_REVIVALS = 4


class Quantized(NamedTuple):
    """What one forward pass of the chain gives."""

    latent: Tensor
    """Sum of the kept levels, `[B, T, D]`, with straight-through gradients."""
    codes: Tensor
    """`[B, Q, T]` int64, every level, dropped or not."""
    commitment: Tensor
    """Mean squared distance to the chosen codes in the 8-d spaces, scalar."""
    left_over: Tensor
    """Energy the levels leave over as a share of the latent's, averaged over levels, scalar.

    This teaches the projection back out: without it the sum of levels drifts away from the latent
    (measured: residuals *grew* with every level, and so codebooks emptied)."""
    residual_rms: Tensor
    """What each level left over, `(Q,)`."""


def unquantized(latent: Tensor) -> Quantized:
    """A latent passed on as it is, for the first steps of a training."""
    nothing = latent.new_zeros(())
    return Quantized(latent, latent.new_zeros(0), nothing, nothing, nothing)


class ResidualQuantizer(nn.Module):
    """Q levels of K codes over latents `[B, T, D]`."""

    def __init__(self, latent: int, codebook_dim: int, levels: int, codebook_size: int) -> None:
        super().__init__()
        self.codebook_size = codebook_size
        self.levels = nn.ModuleList(
            VectorQuantize(
                dim=latent,
                codebook_dim=codebook_dim,
                codebook_size=codebook_size,
                decay=EMA_DECAY,
                threshold_ema_dead_code=1,  # > 0 switches expiry on; the relative value is set below
                rotation_trick=False,  # measured: no gain, twice the time
                commitment_weight=1.0,
                kmeans_init=False,  # ours is explicit: `fit`
            )
            for _ in range(levels)
        )

    def _level(self, level: int) -> Any:
        # Any: nn.Module types every attribute as Tensor | Module
        return self.levels[level]

    def book(self, level: int) -> Any:
        """The library's codebook of one level (buffers `embed`, `embed_avg`, `cluster_size`)."""
        return self._level(level)._codebook

    def set_dead_threshold(self, vectors_per_step: int, share: float) -> None:
        """Replace codes whose average use per step falls under `share` of an even share, N / K.

        The absolute value 2 that is commonly advised replaces nearly every code at every step when a
        batch holds fewer vectors than a codebook has codes.
        """
        threshold = share * vectors_per_step / self.codebook_size
        for level in range(len(self.levels)):
            book = self.book(level)
            book.threshold_ema_dead_code = threshold
            # A fresh code starts at an even share, or it would be replaced before it is ever chosen.
            book.reset_cluster_size = vectors_per_step / self.codebook_size

    def forward(self, latent: Tensor, keep: Tensor | None = None) -> Quantized:
        """Quantise.

        Args:
            latent: `[B, T, D]`.
            keep: levels each sample keeps, `[B]` int, 1 to Q; None keeps all. Dropped levels still
                follow their residuals (their codebooks learn), they are only not heard.
        """
        residual, total = latent.float(), torch.zeros_like(latent, dtype=torch.float32)
        codes: list[Tensor] = []
        commitments: list[Tensor] = []
        left_over: list[Tensor] = []
        energy = residual.detach().square().mean().clamp_min(1e-6)
        for level, vq in enumerate(self.levels):
            quantized, indices, commitment = vq(residual)
            left_over.append((residual - quantized).square().mean())
            residual = residual - quantized.detach()
            total = total + (quantized if keep is None else quantized * (keep > level)[:, None, None])
            codes.append(indices)
            commitments.append(commitment.sum())
        energies = torch.stack(left_over)
        return Quantized(
            total,
            torch.stack(codes, 1),
            torch.stack(commitments).mean(),
            energies.mean() / energy,
            energies.detach().sqrt(),
        )

    def vectors(self, level: int) -> Tensor:
        """What each code of a level adds to the latent, `(K, D)`."""
        return self._level(level).project_out(self.book(level).embed[0])

    def dequantize(self, codes: Tensor, levels: Sequence[int] | None = None) -> Tensor:
        """Codes `[B, Q, T]` to latents `[B, T, D]`, hearing only `levels` (all by default)."""
        heard = range(len(self.levels)) if levels is None else levels
        total = torch.zeros(codes.shape[0], codes.shape[2], self._width, device=codes.device)
        for level in heard:
            total = total + self.vectors(level)[codes[:, level]]
        return total

    def search(self, latents: Tensor, levels: Sequence[int]) -> Tensor:
        """Codes of consecutive levels alone, `(len(levels), N)`: what they make of all of `(N, D)` latents."""
        residual = latents.float()
        found: list[Tensor] = []
        for level in levels:
            searched = self._level(level).project_in(residual)
            found.append(torch.cdist(searched, self.book(level).embed[0]).argmin(-1))
            residual = residual - self.vectors(level)[found[-1]]
        return torch.stack(found)

    @property
    def _width(self) -> int:
        return int(self._level(0).project_out.out_features)

    @torch.no_grad()
    def fit(self, latents: Tensor, generator: torch.Generator, counts_sum: float) -> None:
        """Place every level's projections and codes on what the levels before leave of `(N, D)` latents.

        The projections are the residual's eight principal axes, the codes k-means in that space.

        Args:
            counts_sum: vectors per training step, so that the moving counts start where steps keep them.
        """
        residual = latents.float()
        for level in range(len(self.levels)):
            vq, book = self._level(level), self.book(level)
            axes = _principal_axes(residual, vq.project_in.out_features)
            mean = residual.mean(0)
            vq.project_in.weight.copy_(axes)
            vq.project_in.bias.copy_(-axes @ mean)
            vq.project_out.weight.copy_(axes.T)
            vq.project_out.bias.copy_(mean)
            searched = vq.project_in(residual)
            _place(book, *kmeans(searched, self.codebook_size, generator), counts_sum)
            nearest = torch.cdist(searched, book.embed[0]).argmin(-1)
            residual = residual - self.vectors(level)[nearest]

    @torch.no_grad()
    def revive(self, latents: Tensor) -> None:
        """Bring every level to at least `FULLEST` of its codes in use over the `(N, D)` training latents.

        Codes nobody chooses move, as many as are needed, to the vectors that are represented worst. The
        rest stay: they are of use to sounds that are not in the corpus (measured: refitting all of them
        to the corpus costs held-out files 4 %).
        """
        residual = latents.float()
        for level in range(len(self.levels)):
            vq, book = self._level(level), self.book(level)
            searched = vq.project_in(residual)
            for _ in range(_REVIVALS):
                if not _revive_once(book, searched):
                    break
            nearest = torch.cdist(searched, book.embed[0]).argmin(-1)
            residual = residual - self.vectors(level)[nearest]


def _revive_once(book: Any, searched: Tensor) -> bool:
    """Move unused codes of one level; whether any had to move."""
    centres = book.embed[0]
    nearest, which = torch.cdist(searched, centres).min(-1)
    counts = torch.bincount(which, minlength=len(centres))
    unused = (counts == 0).nonzero()[:, 0]
    wanted = math.ceil(FULLEST * min(len(centres), len(searched))) - (len(centres) - len(unused))
    if wanted <= 0:
        return False
    worst = nearest.argsort(descending=True)[: min(wanted, len(unused))]
    centres[unused[: len(worst)]] = searched[worst]
    return True


def _place(book: Any, centres: Tensor, counts: Tensor, counts_sum: float) -> None:
    """Write centres into a codebook, with moving counts as if it had been used so for long."""
    share = counts.clamp_min(0.1) / counts.clamp_min(0.1).sum() * counts_sum
    book.embed[0].copy_(centres)
    book.cluster_size[0].copy_(share)
    book.embed_avg[0].copy_(centres * share[:, None])


def _principal_axes(vectors: Tensor, count: int) -> Tensor:
    """The `count` directions of largest variance of `(N, D)` vectors, orthonormal rows `(count, D)`."""
    centred = (vectors - vectors.mean(0)).cpu().double()  # MPS has no double
    return torch.linalg.eigh(centred.T @ centred).eigenvectors[:, -count:].T.flip(0).to(vectors)
