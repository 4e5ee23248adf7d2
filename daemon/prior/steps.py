"""Optimisation steps of a prior: its network on most recordings, its copies on those set aside.

The network learns from crops of the training recordings. How much a sequence's own past weighs against it must not be
learned there: after a minute the network knows those recordings too well, and copies would seem useless. So some
recordings are set aside, the network never learns from them, and each step also takes a few crops of them for the
weights of the copies alone.
"""

import copy
import math
from collections.abc import Callable

import psutil
import torch
from torch import Tensor

from daemon.codec.codec import Codec
from daemon.prior.config import PriorConfig
from daemon.prior.crops import Cropper, Crops
from daemon.prior.plan import PriorPlan, PriorRecipe, set_aside
from daemon.prior.prior import PriorModel, prepare
from daemon.prior.recordings import Recording
from daemon.runs.checkpoint import Checkpoint, Progress
from daemon.runs.errors import TrainingError
from daemon.runs.learner import StepOutcome
from daemon.training.tensors import pack, pack_optimizer, pack_random, unpack, unpack_optimizer, unpack_random

MOST_SKIPPED = 20


class PriorSteps:
    """State of a prior in training, and the step that changes it."""

    def __init__(
        self,
        plan: PriorPlan,
        codec: Codec,
        recordings: list[Recording],
        seed: int,
        device: torch.device,
        *,
        make: Callable[[PriorConfig, float], PriorModel] = PriorModel,
    ) -> None:
        """Begin with random weights. `make` builds the model from its configuration and dropout."""
        torch.manual_seed(seed)
        self.plan, self._device = plan, device
        learned, aside = _divided(recordings)
        model = make(plan.prior, plan.recipe.dropout)
        prepare(model, codec, [grid for recording in learned for grid in recording.grids])
        self.model = model.to(device)
        self.averaged = copy.deepcopy(self.model).eval().requires_grad_(False)
        self._crops, self._aside = Cropper(learned, seed), Cropper(aside, seed + 1)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": list(self.model.network.parameters()), "weight_decay": plan.recipe.weight_decay},
                {"params": list(self.model.copies.parameters()), "weight_decay": 0.0},
            ],
            lr=plan.recipe.learning_rate,
            betas=plan.recipe.betas,
        )
        self.progress = Progress(is_ready=True)

    def step(self, share: float) -> StepOutcome:
        """Take one step when `share` (0 to 1) of the run is done.

        Raises:
            TrainingError: the gradient has not been finite for twenty steps in a row.
        """
        recipe, step = self.plan.recipe, self.progress.step
        fall = min(1.0, (step + 1) / recipe.warmup_steps) * (1 - (1 - recipe.final_rate) * share)
        for group, rate in zip(self.optimizer.param_groups, (recipe.learning_rate, recipe.copies_rate), strict=True):
            group["lr"] = rate * fall
        self.optimizer.zero_grad(set_to_none=True)
        network = self._learn(self._crops.draw(step, recipe.batch, recipe.crop_frames).to(self._device))
        whole = self._weigh(self._aside.draw(step, recipe.set_aside_batch, recipe.crop_frames).to(self._device))
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.network.parameters(), recipe.clip_norm))
        is_finite = math.isfinite(norm) and math.isfinite(network) and math.isfinite(whole)
        self._count_skipped(is_finite)
        if is_finite:
            self.optimizer.step()
            self._average()
        self.progress.step += 1
        levels = self.plan.prior.levels
        bits = {"total": levels * network / math.log(2), "with_copies": levels * whole / math.log(2)}
        return StepOutcome(
            terms=bits if is_finite else dict.fromkeys(bits, 0.0),
            learning_rate=recipe.learning_rate * fall,
            grad_norm=norm if math.isfinite(norm) else 0.0,
            is_skipped=not is_finite,
        )

    def _learn(self, crops: Crops) -> float:
        """Gradient of the network's own loss on a batch; returns it, in nats a cell."""
        recipe, network = self.plan.recipe, self.model.network.train()
        frames = crops.segments.shape[1]
        context = network.contexts(
            crops.codes, crops.begins, _conditions(crops.conditions, recipe), _masked(crops.codes, recipe)
        )
        scored = torch.randperm(frames, device=self._device)[: max(1, round(recipe.scored_share * frames))]
        codes = crops.codes[..., scored]
        loss = -network(context[:, scored], codes).gather(-1, codes[..., None])[..., 0]
        loss = _mean(loss, _known(crops)[:, scored])
        loss.backward()
        return loss.item()

    def _weigh(self, crops: Crops) -> float:
        """Gradient of the copies' weights on a batch set aside; returns the loss of the mixture, in nats a cell."""
        network = self.model.network.eval()
        with torch.no_grad():
            guess = network(network.contexts(crops.codes, crops.begins), crops.codes)
        likelihood = self.model.copies(guess, crops.codes, crops.segments, network.vectors_of(crops.codes))
        loss = _mean(-likelihood.log(), _known(crops))
        loss.backward()
        return loss.item()

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.plan.recipe.ema_decay, (1 + self.progress.step) / (10 + self.progress.step))
        for own, other in zip(self.averaged.parameters(), self.model.parameters(), strict=True):
            own.lerp_(other, 1 - decay)

    def _count_skipped(self, is_finite: bool) -> None:
        self.progress.skipped_in_a_row = 0 if is_finite else self.progress.skipped_in_a_row + 1
        if self.progress.skipped_in_a_row >= MOST_SKIPPED:
            raise TrainingError(
                f"The training of the prior does not converge: {MOST_SKIPPED} steps in a row had no finite gradient.",
                "Resume it from its last checkpoint, or train without a prior: --no-prior.",
            )

    @property
    def memory_mib(self) -> float:
        """Memory in use by this process, in MiB."""
        return psutil.Process().memory_info().rss / 2**20

    def checkpoint(self) -> Checkpoint:
        """State with everything that a resumed run needs."""
        return Checkpoint(
            progress=self.progress,
            groups={
                "weights": pack(self.model.state_dict()),
                "averaged": pack(self.averaged.state_dict()),
                "optimizer": pack(pack_optimizer(self.optimizer)),
                "random": pack(pack_random(self._device)),
            },
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore the state of a checkpoint."""
        self.progress = checkpoint.progress
        self.model.load_state_dict(unpack(checkpoint.groups["weights"]))
        self.averaged.load_state_dict(unpack(checkpoint.groups["averaged"]))
        unpack_optimizer(self.optimizer, unpack(checkpoint.groups["optimizer"]))
        unpack_random(self._device, unpack(checkpoint.groups["random"]))


def _divided(recordings: list[Recording]) -> tuple[list[Recording], list[Recording]]:
    """Recordings that the network learns from, and those set aside for the weights of copies.

    With few recordings the last part of each is set aside. A single short one serves both.
    """
    chosen = set_aside([recording.frames for recording in recordings])
    if chosen:
        learned = [recording for index, recording in enumerate(recordings) if index not in chosen]
        return learned, [recordings[index] for index in chosen]
    pairs = [recording.divided() for recording in recordings]
    learned = [first for first, _ in pairs]
    aside = [second for _, second in pairs if second is not None]
    return learned, aside or learned


def _conditions(given: Tensor, recipe: PriorRecipe) -> Tensor | None:
    """Conditions of a batch, `[B, T, C]`, some of them absent for the whole of a crop."""
    batch, _, count = given.shape
    if not count:
        return None
    absent = torch.rand(batch, 1, count, device=given.device) < recipe.condition_absent
    absent = absent | (torch.rand(batch, 1, 1, device=given.device) < recipe.unconditioned)
    return given.masked_fill(absent, math.nan)


def _masked(codes: Tensor, recipe: PriorRecipe) -> Tensor:
    """Input cells to hide: single ones, and half as often whole frames."""
    batch, _, frames = codes.shape
    rate = torch.rand(batch, 1, 1, device=codes.device) * recipe.masked_share
    cells = torch.rand(codes.shape, device=codes.device) < rate
    return cells | (torch.rand(batch, 1, frames, device=codes.device) < rate / 2)


def _known(crops: Crops) -> Tensor:
    """Frames to learn from, `[B, T]`: all but the first of a crop whose recording began before it."""
    known = torch.ones_like(crops.begins)
    known[:, 0] = crops.begins[:, 0]
    return known


def _mean(values: Tensor, frames: Tensor) -> Tensor:
    """Mean of `[B, Q, T]` values over all levels and the chosen frames, `[B, T]`."""
    return (values * frames[:, None]).sum() / (frames.sum().clamp_min(1) * values.shape[1])
