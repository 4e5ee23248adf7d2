"""The adversarial stage at the end of a training: only the decoder learns, so that all codes keep their meaning.

The stage begins with the averaged weights and the codebooks of an evaluation, whose checkpoint is kept. Three measures
limit its harm: gradients of the discriminators are scaled to shares of the reconstruction's (`adversary.balanced`),
discriminators that are too good pause, and a held-out error that rises too far ends the stage with the weights from
before it (`is_harmful`). Measurements, and when the stage pays off: docs/adr/0008-adversarial.md.
"""

import numpy as np
import torch
from torch import Tensor

from daemon.codec.model import CodecModel, Reconstruction
from daemon.codec.quantizer import unquantized
from daemon.runs.checkpoint import Progress
from daemon.runs.spec import Recipe
from daemon.training.adversary import Adversary, balanced
from daemon.training.losses import losses


class AdversarialStage:
    """The decoder's optimiser and the discriminators of the adversarial stage."""

    def __init__(self, model: CodecModel, recipe: Recipe, seed: int, device: torch.device) -> None:
        self._model, self._recipe = model, recipe
        model.eval().requires_grad_(False)
        model.decoder.requires_grad_(True)
        self.optimizer = torch.optim.AdamW(
            model.decoder.parameters(),
            lr=recipe.adversarial_rate,
            betas=recipe.betas,
            weight_decay=recipe.weight_decay,
        )
        self.adversary = Adversary(recipe.adversarial_rate, seed, device)

    def rate(self, share: float) -> float:
        """Learning rate: a cosine from the beginning of the stage to the end of the run."""
        begins = 1 - self._recipe.adversarial_share
        done = min(1.0, max(0.0, (share - begins) / self._recipe.adversarial_share))
        floor = self._recipe.final_rate
        return self._recipe.adversarial_rate * (floor + (1 - floor) * 0.5 * (1 + float(np.cos(np.pi * done))))

    def backward(self, audio: Tensor, kept: Tensor | None, *, is_warm: bool) -> dict[str, Tensor]:
        """Train on `[B, L]` or `[B, 2, L]`: the discriminators take a step, and the decoder receives its gradient.

        Args:
            kept: number of levels each sample keeps, as in `ResidualQuantizer`.
            is_warm: whether the discriminators are trained enough to contribute to the gradient.

        Returns:
            The terms of `losses`, and `adversary`: the discriminators' hinge loss, 2 at chance, 0 if never fooled.
        """
        model, recipe = self._model, self._recipe
        with torch.no_grad():
            latent = model.quantizer.dequantize(model.quantizer(model.encode(audio)).codes, keep=kept)
        made = model.decode(latent)
        terms = losses(
            audio, Reconstruction(made, unquantized(audio.new_zeros(1, 1, 1))), recipe, model.config.sample_rate
        )
        (gradient,) = torch.autograd.grad(terms["total"], made)
        recorded, decoded = _as_mono(audio), _as_mono(made)
        if is_warm:
            fooled, distance = self.adversary.judge(recorded, decoded)
            (of_score,) = torch.autograd.grad(fooled, made, retain_graph=True)
            (of_features,) = torch.autograd.grad(distance, made)
            shares = (recipe.adversarial_weight, of_score), (recipe.feature_weight, of_features)
            gradient = balanced(gradient, *shares)
        hinge = self.adversary.learn(recorded, decoded)
        made.backward(gradient)
        return {**terms, "adversary": audio.new_tensor(hinge)}


def _as_mono(audio: Tensor) -> Tensor:
    """Treat channels as separate sounds: `[B, 2, L]` to `[2B, L]`."""
    return audio if audio.ndim == 2 else audio.flatten(0, 1)


def is_due(share: float, progress: Progress, recipe: Recipe) -> bool:
    """Whether the adversarial stage should begin now."""
    return (
        recipe.adversarial_share > 0
        and progress.is_ready
        and progress.stage_from is None
        and share >= 1 - recipe.adversarial_share
    )


def is_harmful(error: float, progress: Progress, recipe: Recipe) -> bool:
    """Whether the held-out error has risen too far since the adversarial stage began."""
    return progress.stage_error is not None and error > progress.stage_error * (1 + recipe.adversarial_harm)


def is_worth_it(error: float, progress: Progress, recipe: Recipe) -> bool:
    """Whether to keep the weights of an adversarial stage: more detail is worth a small rise of the held-out error."""
    return progress.stage_error is not None and not is_harmful(error, progress, recipe)
