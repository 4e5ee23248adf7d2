"""Averaged weights, which are evaluated, previewed and kept as the model.

References: B. Polyak and A. Juditsky, "Acceleration of stochastic approximation by averaging", 1992.
Deviation: exponential, with a decay that starts low, so that the initial weights do not dominate early averages.
"""

import copy

import torch

from daemon.codec.model import CodecModel


class AveragedModel:
    """An exponential moving average of a model's parameters; buffers are copied."""

    def __init__(self, model: CodecModel, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, model: CodecModel, step: int) -> None:
        """Average in the weights after step number `step` (from 0)."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for own, other in zip(self.model.parameters(), model.parameters(), strict=True):
            own.lerp_(other, 1 - decay)

    @torch.no_grad()
    def take_quantizer(self, model: CodecModel) -> None:
        """Copy a quantiser that was just initialised; averaged with earlier projections, its codes would not fit."""
        self.model.quantizer.load_state_dict(model.quantizer.state_dict())

    @torch.no_grad()
    def take_buffers(self, model: CodecModel) -> None:
        """Copy codebooks and statistics; codebooks are moving averages already."""
        for own, other in zip(self.model.buffers(), model.buffers(), strict=True):
            own.copy_(other)
