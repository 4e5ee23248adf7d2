"""A prior's network for one frame and one level at a time, in numpy float64.

Sampling calls the network once for every cell, on a handful of numbers, so its time is the overhead of calls: numpy's
is a fifth of PyTorch's. And in float64 a sequence does not depend on how many others are sampled beside it, as sums of
float32 would. The result equals `PriorNetwork` within rounding, which a test compares.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.prior.network import PriorNetwork
from daemon.prior.trunk import ROTARY_BASE

Real = NDArray[np.float64]

_GELU = float(np.sqrt(2 / np.pi))
_EPSILON = 1e-5  # of PyTorch's LayerNorm


class UnrolledTrunk:
    """The trunk with the keys and values of the last frames."""

    def __init__(self, network: PriorNetwork) -> None:
        config = network.config
        self._heads, self._context = config.heads, config.context
        self._layers = [_LayerWeights(layer) for layer in network.trunk.layers]
        self._last = _norm_of(network.trunk.last)
        half = config.width // config.heads // 2
        self._rates = ROTARY_BASE ** (-np.arange(half) / half)

    def begin(self, batch: int) -> "TrunkState":
        """State of sequences that have not begun."""
        heads, layers = self._heads, len(self._layers)
        width = 2 * len(self._rates)
        return TrunkState(np.zeros((layers, 2, batch, heads, self._context, width)))

    def step(self, x: Real, state: "TrunkState") -> Real:
        """Transform the next frame of each sequence, `(B, D)`, and remember it."""
        angles = state.position * self._rates
        cos, sin = np.cos(angles), np.sin(angles)
        at = state.position % self._context
        count = min(state.position + 1, self._context)
        for layer, (keys, values) in zip(self._layers, state.memory, strict=True):
            query, key, value = layer.project(x, self._heads)
            keys[:, :, at] = _rotated(key, cos, sin)
            values[:, :, at] = value
            # The order of remembered frames does not matter: keys hold their positions.
            likeness = np.matmul(keys[:, :, :count], _rotated(query, cos, sin)[..., None])[..., 0]
            weight = np.exp(likeness * query.shape[-1] ** -0.5 - likeness.max(-1, keepdims=True))
            weight /= weight.sum(-1, keepdims=True)
            mixed = np.matmul(weight[:, :, None], values[:, :, :count])[:, :, 0]
            x = layer.rest(x, mixed.reshape(len(x), -1))
        state.position += 1
        return _normalised(x, self._last)


class TrunkState:
    """Keys and values of the last frames of a batch, as a ring."""

    def __init__(self, memory: Real) -> None:
        """`memory`: `(layers, 2, B, heads, context, d)`."""
        self.memory, self.position = memory, 0

    def branched(self, count: int) -> "TrunkState":
        """State of `count` sequences that all went like this single one."""
        other = TrunkState(np.repeat(self.memory, count, 2))
        other.position = self.position
        return other


class UnrolledNetwork:
    """Everything of the network but the trunk's memory."""

    def __init__(self, network: PriorNetwork) -> None:
        config = network.config
        Q, D = config.levels, config.width
        self.levels, self.codebook_size, self.width = Q, config.codebook_size, D
        self.trunk = UnrolledTrunk(network)
        self.vectors = _array(network.vectors)
        inward = _array(network.inward.weight).reshape(D, Q, -1)
        self._inward = np.einsum("qkw,dqw->qkd", self.vectors, inward)
        self._inward_bias = _array(network.inward.bias)
        self._start, self._norm = _array(network.start), _norm_of(network.norm)
        first, _, second = network.conditioned
        self._conditions = (_array(first.weight).T, _array(first.bias), _array(second.weight).T, _array(second.bias))
        self._from_trunk = _array(network.from_trunk.weight).T, _array(network.from_trunk.bias)
        self._level = _array(network.level)
        self._coarse = np.einsum("qkw,qwd->qkd", self.vectors, _array(network.coarse))
        norm, widen, _ = network.widen
        self._widen = _norm_of(norm), _array(widen.weight).T.copy(), _array(widen.bias)
        self._narrow = _array(network.narrow.weight).T.copy(), _array(network.narrow.bias)
        self._own = _array(network.own)
        described = np.concatenate([self.vectors, self.vectors**2 - 1], -1)
        self._head = np.einsum("qdw,qkw->qdk", _array(network.tied), described)
        self._head += np.einsum("qdr,qrk->qdk", _array(network.free_in), _array(network.free_out))
        self._head_bias = _array(network.log_use) + _array(network.bias)

    def start(self, batch: int) -> Real:
        """The frame before a recording begins, `(B, D)`."""
        return np.tile(self._start, (batch, 1))

    def frame(self, codes: NDArray[np.integer]) -> Real:
        """Frames of codes `(B, Q)` as the trunk takes them, `(B, D)`."""
        return self._inward[np.arange(self.levels), codes].sum(1) + self._inward_bias

    def context(self, frame: Real, conditions: Real | None, state: TrunkState) -> Real:
        """The sum that level 0 begins with, given the frame before: `(B, D)`.

        `conditions`: `(B, C)` ranks from 0 to 1, NaN where absent.
        """
        if conditions is not None:
            is_absent = np.isnan(conditions)
            known = np.where(is_absent, 0.0, 2 * conditions - 1)
            w1, b1, w2, b2 = self._conditions
            frame = frame + _gelu(np.concatenate([known, 1.0 - is_absent], -1) @ w1 + b1) @ w2 + b2
        weight, bias = self._from_trunk
        return self.trunk.step(_normalised(frame, self._norm), state) @ weight + bias

    def coarse_part(self, codes: NDArray[np.integer], level: int) -> Real:
        """What the codes `(B,)` of one level add for the finer levels, `(B, D)`."""
        return self._coarse[level, codes]

    def guess(self, g: Real, level: int) -> Real:
        """Log-probabilities of the codes of a level, from its sum: `(B, D)` to `(B, K)`."""
        g = g + self._level[level]
        norm, widen, bias = self._widen
        narrow, narrow_bias = self._narrow
        g = g + _gelu(_normalised(g, norm) @ widen + bias) @ narrow + narrow_bias
        logits = _gelu(g @ self._own[level]) @ self._head[level] + self._head_bias[level]
        logits -= logits.max(-1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


class _LayerWeights:
    def __init__(self, layer: Any) -> None:  # Any: nn.Module types every attribute as Tensor | Module
        self._before, self._after = _norm_of(layer.before), _norm_of(layer.after)
        self._mix_in, self._mix_out = _array(layer.mix_in.weight).T.copy(), _array(layer.mix_out.weight).T.copy()
        self._widen, self._widen_bias = _array(layer.widen.weight).T.copy(), _array(layer.widen.bias)
        self._narrow, self._narrow_bias = _array(layer.narrow.weight).T.copy(), _array(layer.narrow.bias)

    def project(self, x: Real, heads: int) -> Real:
        """Query, key and value, `(3, B, heads, d)`."""
        made = _normalised(x, self._before) @ self._mix_in
        return made.reshape(len(x), 3, heads, -1).transpose(1, 0, 2, 3)

    def rest(self, x: Real, mixed: Real) -> Real:
        """Add what attention found, and the perceptron."""
        x = x + mixed @ self._mix_out
        return (
            x + _gelu(_normalised(x, self._after) @ self._widen + self._widen_bias) @ self._narrow + self._narrow_bias
        )


def _array(tensor: Any) -> Real:
    return tensor.detach().cpu().double().numpy()


def _norm_of(norm: Any) -> tuple[Real, Real]:
    return _array(norm.weight), _array(norm.bias)


def _normalised(x: Real, norm: tuple[Real, Real]) -> Real:
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + _EPSILON) * norm[0] + norm[1]


def _gelu(x: Real) -> Real:
    return 0.5 * x * (1 + np.tanh(_GELU * (x + 0.044715 * x * x * x)))


def _rotated(x: Real, cos: Real, sin: Real) -> Real:
    half = x.shape[-1] // 2
    first, second = x[..., :half], x[..., half:]
    return np.concatenate([first * cos - second * sin, first * sin + second * cos], -1)
