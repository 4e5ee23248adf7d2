"""A chain of codebooks, each quantising what the levels before it left over.

`ResidualVQ` of vector-quantize-pytorch shares one projection over all levels, drops one depth per
batch and runs k-means on its first forward pass even in eval. So each level here is that library's
`VectorQuantize` with its own two projections around an 8-dimensional search, in a loop of ours.

References: N. Zeghidour et al., "SoundStream", 2021, sections III-C and III-E (residual chain,
quantiser dropout); R. Kumar et al., "High-fidelity audio compression with improved RVQGAN", 2023,
section 3.2 (factorised codes) and 3.3 (dropout with probability 0.5, per sample here). Deviation:
codes are searched by Euclidean distance, not on the unit sphere.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from vector_quantize_pytorch import VectorQuantize

from daemon.codec.kmeans import kmeans

EMA_DECAY = 0.99


class Quantized(NamedTuple):
    """What one forward pass of the chain gives."""

    latent: Tensor
    """Sum of the kept levels, `[B, T, D]`, with straight-through gradients."""
    codes: Tensor
    """`[B, Q, T]` int64, every level, dropped or not."""
    commitment: Tensor
    """Mean squared distance to the chosen codes in the 8-d spaces, scalar."""
    residual_rms: Tensor
    """What each level left over, `(Q,)`."""


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
                threshold_ema_dead_code=1e-9,  # > 0 switches expiry on; the relative value is set below
                rotation_trick=False,  # measured: no gain, twice the time
                commitment_weight=1.0,
                kmeans_init=False,  # ours is explicit: `fit`
            )
            for _ in range(levels)
        )

    def book(self, level: int) -> Any:
        """The library's codebook of one level (buffers `embed`, `embed_avg`, `cluster_size`)."""
        return self.levels[level]._codebook

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
        for level, vq in enumerate(self.levels):
            quantized, indices, commitment = vq(residual)
            residual = residual - quantized.detach()
            total = total + (quantized if keep is None else quantized * (keep > level)[:, None, None])
            codes.append(indices)
            commitments.append(commitment.sum())
            left_over.append(residual.detach().square().mean().sqrt())
        return Quantized(total, torch.stack(codes, 1), torch.stack(commitments).mean(), torch.stack(left_over))

    def vectors(self, level: int) -> Tensor:
        """What each code of a level adds to the latent, `(K, D)`."""
        return self.levels[level].project_out(self.book(level).embed[0])

    def dequantize(self, codes: Tensor, levels: Sequence[int] | None = None) -> Tensor:
        """Codes `[B, Q, T]` to latents `[B, T, D]`, hearing only `levels` (all by default)."""
        heard = range(len(self.levels)) if levels is None else levels
        total = torch.zeros(codes.shape[0], codes.shape[2], self._width, device=codes.device)
        for level in heard:
            total = total + self.vectors(level)[codes[:, level]]
        return total

    @property
    def _width(self) -> int:
        return self.levels[0].project_out.out_features

    @torch.no_grad()
    def fit(self, latents: Tensor, generator: torch.Generator, counts_sum: float) -> None:
        """Place every level's codes by k-means on what the levels before leave of `latents` `(N, D)`.

        Args:
            counts_sum: vectors per training step, so that the moving counts start where steps keep them.
        """
        residual = latents.float()
        for level in range(len(self.levels)):
            vq, book = self.levels[level], self.book(level)
            searched = vq.project_in(residual)
            centres, counts = kmeans(searched, self.codebook_size, generator)
            share = counts.clamp_min(0.1) / counts.clamp_min(0.1).sum() * counts_sum
            book.embed[0].copy_(centres)
            book.cluster_size[0].copy_(share)
            book.embed_avg[0].copy_(centres * share[:, None])
            nearest = torch.cdist(searched, centres).argmin(-1)
            residual = residual - self.vectors(level)[nearest]
