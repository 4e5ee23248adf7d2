"""Averaged weights: what is evaluated, previewed and kept.

References: B. Polyak and A. Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
Deviation: exponential, with a decay that grows from 0 so that early evaluations are not of noise.
"""

import copy

import torch

from daemon.codec.model import CodecModel


class AveragedModel:
    """An exponential moving average of a model's parameters; buffers are taken as they are."""

    def __init__(self, model: CodecModel, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, model: CodecModel, step: int) -> None:
        """Take in the weights after step number `step` (from 0)."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for own, other in zip(self.model.parameters(), model.parameters(), strict=True):
            own.lerp_(other, 1 - decay)

    @torch.no_grad()
    def take_quantizer(self, model: CodecModel) -> None:
        """Copy projections and codebooks that were just placed: with the mean of those before, codes would not fit."""
        self.model.quantizer.load_state_dict(model.quantizer.state_dict())

    @torch.no_grad()
    def take_buffers(self, model: CodecModel) -> None:
        """Copy codebooks and statistics: codebooks are moving averages already."""
        for own, other in zip(self.model.buffers(), model.buffers(), strict=True):
            own.copy_(other)
