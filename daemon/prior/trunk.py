"""The trunk: a causal transformer over frames.

References: A. Vaswani et al., "Attention is all you need", 2017; R. Xiong et al., "On layer normalization in the
transformer architecture", 2020, for normalisation before each block; J. Su et al., "RoFormer", 2021, for rotary
positions. Deviations: the rotary base is 1000, because the context has 192 frames and not thousands; attention reaches
back a fixed number of frames, so that a cache of that many frames continues a sequence of any length exactly.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROTARY_BASE = 1000.0


class _Layer(nn.Module):
    def __init__(self, width: int, heads: int, expansion: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix_in, self.mix_out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.widen, self.narrow = nn.Linear(width, expansion * width), nn.Linear(expansion * width, width)
        self.dropout = nn.Dropout(dropout)

    def project(self, x: Tensor, turn: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys (both rotated) and values of `[B, T, D]`, each `[B, heads, T, D / heads]`."""
        query, key, value = self.mix_in(self.before(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return _rotate(query, turn), _rotate(key, turn), value

    def rest(self, x: Tensor, mixed: Tensor) -> Tensor:
        """Add what attention found, and the perceptron."""
        x = x + self.dropout(self.mix_out(mixed.transpose(1, 2).flatten(2)))
        return x + self.dropout(self.narrow(F.gelu(self.widen(self.after(x)), approximate="tanh")))


class Trunk(nn.Module):
    """Transform frames `[B, T, D]` such that each sees itself and the `context - 1` frames before it."""

    def __init__(self, width: int, layers: int, heads: int, expansion: int, context: int, dropout: float) -> None:
        super().__init__()
        self._context, self._half = context, width // heads // 2
        made = [_Layer(width, heads, expansion, dropout) for _ in range(layers)]
        self.layers = nn.ModuleList(made)
        self._typed = tuple(made)  # nn.ModuleList types its elements as Module
        self.last = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Transform whole sequences at once."""
        count = x.shape[1]
        turn = self._turns(torch.arange(count, device=x.device))
        age = torch.arange(count, device=x.device)[:, None] - torch.arange(count, device=x.device)
        seen = (age >= 0) & (age < self._context)
        for layer in self._typed:
            query, key, value = layer.project(x, turn)
            x = layer.rest(x, F.scaled_dot_product_attention(query, key, value, attn_mask=seen))
        return self.last(x)

    def _turns(self, positions: Tensor) -> Tensor:
        """Cosines and sines of the rotations of frames at these positions: `(2, T, d / 2)`."""
        rates = ROTARY_BASE ** (-torch.arange(self._half, device=positions.device) / self._half)
        angles = positions[:, None].double() * rates
        return torch.stack([angles.cos(), angles.sin()]).to(self.last.weight.dtype)


def _rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Rotate pairs of `[B, heads, T, d]`, the first half with the second, by the angles of their positions."""
    first, second = x.chunk(2, -1)
    cos, sin = turn
    return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)
