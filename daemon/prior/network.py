"""The network of a prior: a trunk over frames, and a chain over the levels of a frame.

For the cell of level q at frame t, with h the trunk's output for the frames before t:

    g      = P h + sum over coarser levels of their code's vector, projected + a vector of the level
    g'     = a perceptron shared by all levels, then a layer of the level's own
    logits = log of how often each code is used + (W_q g') . [e, e^2 - 1] + a free part of low rank

where e are the code vectors of the codec's search space, standardised. So a code that the network has hardly seen is
likely where its neighbours are. A free output layer costs five bits a frame.

References: D. Lee et al., "Autoregressive image generation using residual quantization", 2022, for a trunk over
positions and a small net over levels; A. Caillon, MSPrior, 2022, for a perceptron as that net. Deviations: logits are
tied to the codec's vectors, and the input can be a rank of how the sound should be (`conditions`).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from daemon.prior.config import PriorConfig
from daemon.prior.trunk import Trunk


class PriorNetwork(nn.Module):
    """The network alone; `daemon.prior.copies` adds what a sequence's own past says.

    Its buffers are the codec's vectors, standardised, and how often each code is used.
    """

    vectors: Tensor
    log_use: Tensor

    def __init__(self, config: PriorConfig, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        Q, K, W, D = config.levels, config.codebook_size, config.code_width, config.width
        self.register_buffer("vectors", torch.zeros(Q, K, W))
        self.register_buffer("log_use", torch.full((Q, K), -math.log(K)))
        self.inward = nn.Linear(Q * W, D)
        self.masked = nn.Parameter(torch.zeros(Q, W))
        self.start = nn.Parameter(torch.zeros(D))
        self.conditioned = nn.Sequential(nn.Linear(2 * max(1, config.conditions), D), nn.GELU("tanh"), nn.Linear(D, D))
        self.norm, self.dropout = nn.LayerNorm(D), nn.Dropout(dropout)
        self.trunk = Trunk(D, config.layers, config.heads, config.expansion, config.context, dropout)
        self.from_trunk = nn.Linear(D, D)
        self.level = nn.Parameter(torch.randn(Q, D) * 0.02)
        self.coarse = nn.Parameter(torch.randn(Q, W, D) * W**-0.5)
        self.widen = nn.Sequential(nn.LayerNorm(D), nn.Linear(D, config.chain_width), nn.GELU("tanh"))
        self.narrow = nn.Linear(config.chain_width, D)
        self.own = nn.Parameter(torch.randn(Q, D, D) * D**-0.5)
        self.tied = nn.Parameter(torch.zeros(Q, D, 2 * W))
        self.free_in = nn.Parameter(torch.randn(Q, D, config.rank) * D**-0.5)
        self.free_out = nn.Parameter(torch.zeros(Q, config.rank, K))
        self.bias = nn.Parameter(torch.zeros(Q, K))

    def vectors_of(self, codes: Tensor) -> Tensor:
        """Standardised vectors of codes: `[B, Q, T]` to `[B, Q, T, W]`."""
        return self.vectors[torch.arange(self.config.levels, device=codes.device)[:, None], codes]

    def frames(self, codes: Tensor, masked: Tensor | None = None) -> Tensor:
        """Frames as the trunk takes them, `[B, Q, T]` to `[B, T, D]`; `masked` cells, `[B, Q, T]`, are hidden."""
        vectors = self.vectors_of(codes)
        if masked is not None:
            vectors = torch.where(masked[..., None], self.masked[:, None], vectors)
        return self.inward(vectors.transpose(1, 2).flatten(2))

    def contexts(
        self, codes: Tensor, begins: Tensor, conditions: Tensor | None = None, masked: Tensor | None = None
    ) -> Tensor:
        """What the trunk makes of the frames before each frame.

        Args:
            codes: `[B, Q, T]`.
            begins: whether a recording begins at the frame, `[B, T]`; the frame before is then not seen.
            conditions: `[B, T, C]` ranks from 0 to 1, NaN where absent.
            masked: cells to hide, `[B, Q, T]`.

        Returns:
            `[B, T, D]`.
        """
        shifted = F.pad(self.frames(codes, masked), (0, 0, 1, 0))[:, :-1]
        return self.trunk(self.prepared(torch.where(begins[..., None], self.start, shifted), conditions))

    def prepared(self, x: Tensor, conditions: Tensor | None) -> Tensor:
        """Add the conditions to frames `[B, T, D]`, and normalise."""
        if conditions is not None:
            is_absent = conditions.isnan()
            known = torch.where(is_absent, 0.0, 2 * conditions.nan_to_num() - 1)
            x = x + self.conditioned(torch.cat([known, 1.0 - is_absent.float()], -1))
        return self.dropout(self.norm(x))

    def forward(self, context: Tensor, codes: Tensor) -> Tensor:
        """Log-probabilities of all codes given the coarser codes: `[B, T, D]`, `[B, Q, T]` to `[B, Q, T, K]`."""
        added = torch.einsum("bqtw,qwd->bqtd", self.vectors_of(codes), self.coarse).cumsum(1)
        above = F.pad(added, (0, 0, 0, 0, 1, 0))[:, :-1]
        return self.guess(self.from_trunk(context)[:, None] + above, 0)

    def coarse_part(self, codes: Tensor, level: int) -> Tensor:
        """What the codes `[B]` of one level add for the finer levels, `[B, D]`."""
        return self.vectors[level, codes] @ self.coarse[level]

    def guess(self, g: Tensor, first: int) -> Tensor:
        """Log-probabilities of consecutive levels from their sums: `[B, q, T, D]` to `[B, q, T, K]`."""
        at = slice(first, first + g.shape[1])
        g = g + self.level[at][:, None]
        g = g + self.dropout(self.narrow(self.widen(g)))
        g = F.gelu(torch.einsum("bqtd,qde->bqte", g, self.own[at]), approximate="tanh")
        vectors = self.vectors[at]
        described = torch.cat([vectors, vectors.square() - 1], -1)
        tied = torch.einsum("bqtw,qkw->bqtk", torch.einsum("bqtd,qdw->bqtw", g, self.tied[at]), described)
        free = torch.einsum("bqtr,qrk->bqtk", torch.einsum("bqtd,qdr->bqtr", g, self.free_in[at]), self.free_out[at])
        return ((self.log_use[at] + self.bias[at])[:, None] + tied + free).log_softmax(-1)
