"""A chain of codebooks, each quantising what the levels before it left over.

`ResidualVQ` of vector-quantize-pytorch shares one projection over all levels, drops one depth per
batch and runs k-means on its first forward pass even in eval. So each level here is that library's
`VectorQuantize` with its own two projections around an 8-dimensional search, in a loop of ours.

References: N. Zeghidour et al., "SoundStream", 2021, sections III-C and III-E (residual chain,
quantiser dropout); R. Kumar et al., "High-fidelity audio compression with improved RVQGAN", 2023,
section 3.2 (factorised codes) and 3.3 (dropout with probability 0.5, per sample here). Deviation:
codes are searched by Euclidean distance, not on the unit sphere; and outside
training by what they add to the whole latent, not by their place in the 8 dimensions. The nearest code there may lie
farther from the residual than silence does, and then a level makes things worse (measured on kicks: held-out mel with
level 0 alone .461 by the 8 dimensions, .426 by the whole; all 8 levels .356 and .352, and then every level helps).
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from daemon.codec.kmeans import kmeans, nearest_centres
from daemon.codec.vector_quantize import VectorQuantize

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
        if not self.training:
            return self._closest(latent.float())
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

    def _closest(self, latent: Tensor) -> Quantized:
        """Every level takes the code that leaves least over: `(B, T, D)`."""
        residual, codes = latent, list[Tensor]()
        left_over: list[Tensor] = []
        for level in range(len(self.levels)):
            codes.append(nearest(residual, self._level(level)))
            residual = residual - self.vectors(level)[codes[-1]]
            left_over.append(residual.square().mean())
        energies = torch.stack(left_over)
        share = energies.mean() / latent.square().mean().clamp_min(1e-6)
        return Quantized(
            latent - residual, torch.stack(codes, 1), latent.new_zeros(()), share, energies.detach().sqrt()
        )

    def vectors(self, level: int) -> Tensor:
        """What each code of a level adds to the latent, `(K, D)`."""
        return self._level(level).project_out(self.book(level).embed[0])

    def dequantize(self, codes: Tensor, levels: Sequence[int] | None = None, *, keep: Tensor | None = None) -> Tensor:
        """Codes `[B, Q, T]` to latents `[B, T, D]`, hearing only `levels` (all by default); `keep` as in `forward`."""
        heard = range(len(self.levels)) if levels is None else levels
        total = torch.zeros(codes.shape[0], codes.shape[2], self._width, device=codes.device)
        for level in heard:
            vectors = self.vectors(level)[codes[:, level]]
            total = total + (vectors if keep is None else vectors * (keep > level)[:, None, None])
        return total

    def search(self, latents: Tensor, levels: Sequence[int]) -> Tensor:
        """Codes of consecutive levels alone, `(len(levels), N)`: what they make of all of `(N, D)` latents."""
        residual = latents.float()
        found: list[Tensor] = []
        for level in levels:
            found.append(nearest(residual, self._level(level)))
            residual = residual - self.vectors(level)[found[-1]]
        return torch.stack(found)

    @property
    def _width(self) -> int:
        return int(self._level(0).project_out.out_features)

    @torch.no_grad()
    def fit(self, latents: Tensor, generator: torch.Generator, counts_sum: float, parts: Tensor) -> None:
        """Place every level's projections and codes on what the levels before leave of `(N, D)` latents.

        The projections are the residual's eight principal axes, the codes k-means in that space.

        Args:
            parts: the dimensions each level begins in, `(Q, D)` of 0 and 1; training may widen them.
            counts_sum: vectors per training step, so that the moving counts start where steps keep them.
        """
        residual = latents.float()
        for level in range(len(self.levels)):
            vq, book = self._level(level), self.book(level)
            part = residual * parts[level]
            axes = _principal_axes(part, vq.project_in.out_features)
            mean = part.mean(0)
            vq.project_in.weight.copy_(axes)
            vq.project_in.bias.copy_(-axes @ mean)
            vq.project_out.weight.copy_(axes.T)
            vq.project_out.bias.copy_(mean)
            searched = vq.project_in(residual)
            _place(book, *kmeans(searched, self.codebook_size, generator), counts_sum)
            _, chosen = nearest_centres(searched, book.embed[0])
            residual = residual - self.vectors(level)[chosen]

    def books(self) -> dict[str, Tensor]:
        """Copies of every codebook and its moving counts, by buffer name: what a forward pass in training changes."""
        return {name: buffer.detach().clone() for name, buffer in self.named_buffers()}

    @torch.no_grad()
    def put_back(self, books: dict[str, Tensor]) -> None:
        """Undo what happened to the codebooks since `books`: a batch that was not finite must not stay in them."""
        for name, buffer in self.named_buffers():
            buffer.copy_(books[name])

    @torch.no_grad()
    def take_level(self, level: int, other: "ResidualQuantizer") -> int:
        """Move the codes of a level to where another chain of the same shape has them; how many moved.

        Moved ones begin with an even share of the counts, or they would be replaced before they are ever chosen.
        """
        book, wanted = self.book(level), other.book(level).embed[0]
        moved = (book.embed[0] != wanted).any(-1)
        book.embed[0].copy_(wanted)
        book.cluster_size[0][moved] = float(book.reset_cluster_size)
        book.embed_avg[0].copy_(wanted * book.cluster_size[0][:, None])
        return int(moved.sum())

    @torch.no_grad()
    def revive(self, latents: Tensor) -> list[float]:
        """Bring every level to at least `FULLEST` of its codes in use over the `(N, D)` training latents.

        Codes nobody chooses move, as many as are needed, to the vectors that are represented worst. The
        rest stay: they are of use to sounds that are not in the corpus (measured: refitting all of them
        to the corpus costs held-out files 4 %).

        Returns:
            Share of each level's codes that were in use before, of as many as the latents could use.
        """
        residual = latents.float()
        before: list[float] = []
        for level in range(len(self.levels)):
            vq = self._level(level)
            searched = vq.project_in(residual)
            used = len(nearest(residual, vq).unique())
            before.append(used / min(self.codebook_size, len(searched)))
            for _ in range(_REVIVALS):
                if not _revive_once(vq, searched, residual):
                    break
            residual = residual - self.vectors(level)[nearest(residual, vq)]
        return before


def nearest(residual: Tensor, vq: Any) -> Tensor:
    """Which code of a level leaves least of each residual of the whole latent, `(..., D)` to `(...)` int64.

    A level writes to eight dimensions only, v = W c + b: of ||r - v||² just ||v||² - 2 (W'r)·c differs between codes,
    about a tenth of the work that the whole latent is.
    """
    codes, out = vq._codebook.embed[0], vq.project_out
    return (out(codes).square().sum(-1) - 2 * (residual @ out.weight) @ codes.T).argmin(-1)


def _revive_once(vq: Any, searched: Tensor, residual: Tensor) -> bool:
    """Move unused codes of one level to the residuals served worst (`searched` in its space); whether any had to."""
    centres = vq._codebook.embed[0]
    which = nearest(residual, vq)
    distances = (residual - vq.project_out(centres)[which]).square().sum(-1)
    counts = torch.bincount(which, minlength=len(centres))
    unused = (counts == 0).nonzero()[:, 0]
    wanted = math.ceil(FULLEST * min(len(centres), len(searched))) - (len(centres) - len(unused))
    if wanted <= 0:
        return False
    moved = min(wanted, len(unused))
    worst = distances.argsort(descending=True)
    if len(unused) > len(centres) / 2:
        # The very worst are neighbours: a level that collapsed needs codes all over what it serves badly.
        worst = worst[: -(-len(worst) // 2)]
        worst = worst[:: max(1, len(worst) // moved)]
    worst = worst[:moved]
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
