"""Optimisation steps of a codec: its model, optimiser, averaged weights and codebooks."""

import math
from collections.abc import Iterator

import numpy as np
import psutil
import torch
from msgspec.structs import replace
from torch import Tensor

from daemon.codec.model import CodecModel, Reconstruction
from daemon.codec.quantizer import unquantized
from daemon.corpus.clips import Clip
from daemon.dsp.audio import Audio
from daemon.runs.checkpoint import Checkpoint, Progress
from daemon.runs.errors import TrainingError
from daemon.runs.learner import StepOutcome
from daemon.runs.spec import Plan
from daemon.training.adversarial import AdversarialStage
from daemon.training.averaging import AveragedModel
from daemon.training.crops import CropSampler
from daemon.training.excerpts import beginnings
from daemon.training.health import COLLAPSED
from daemon.training.losses import losses, scales_of
from daemon.training.prefetch import Prefetch, threads_for
from daemon.training.schedule import learning_rate
from daemon.training.shards import ShardedPass, one_thread, shards_for
from daemon.training.tensors import pack, pack_optimizer, pack_random, unpack, unpack_optimizer, unpack_random

MOST_SKIPPED = 20
STATISTICS_S = 120.0


class CodecSteps:
    """State of a codec in training, and the optimisation step that changes it."""

    def __init__(self, plan: Plan, clips: list[Clip], seed: int, device: torch.device) -> None:
        torch.manual_seed(seed)
        self._plan, self._clips, self._seed, self._device = plan, clips, seed, device
        self.model = CodecModel(plan.codec).to(device)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(),
            lr=plan.recipe.learning_rate,
            betas=plan.recipe.betas,
            weight_decay=plan.recipe.weight_decay,
            fused=device.type in ("cpu", "cuda"),
        )
        self._stage: AdversarialStage | None = None
        self._sample_crops()
        self.live_utilisation: list[float] = []
        self._fit_statistics()
        self._sharded = ShardedPass(self.model, plan.recipe)
        self.averaged = AveragedModel(self.model, plan.recipe.ema_decay)
        self.progress = Progress()

    def _sample_crops(self) -> None:
        recipe = self._plan.recipe
        self._sampler = CropSampler(self._clips, recipe, self._plan.codec.hop_length, self._seed)
        self._batches = Prefetch(self._sampler.batch, threads=threads_for(self._device))
        self._vectors_per_step = recipe.batch * recipe.crop_frames
        self.model.quantizer.set_dead_threshold(self._vectors_per_step, recipe.dead_share)

    def _fit_statistics(self) -> None:
        """Fit the model's mean and deviation per frequency to the training audio."""
        with torch.no_grad():
            self.model.spectra.fit([torch.from_numpy(a).to(self._device) for a in self._training_audio()])

    def step(self, share: float) -> StepOutcome:
        """Take one step when `share` (0 to 1) of the run is done, on a CPU with as many cores as PyTorch has threads.

        Raises:
            TrainingError: the gradient has not been finite for twenty steps in a row.
        """
        shards = shards_for(self._plan.recipe.batch, self._device)
        with one_thread(self._device):
            return self._step(share, shards)

    def _step(self, share: float, shards: int) -> StepOutcome:
        recipe = self._plan.recipe
        if share >= recipe.continuous_share:
            self.place_codes()
        rate = self._rate(share)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        audio = torch.from_numpy(self._batches.take(self.progress.step)).to(self._device)
        books = self.model.quantizer.books()
        self.optimizer.zero_grad(set_to_none=True)
        terms = self._backward(audio, share, shards)
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip_norm)
        numbers = dict(zip(terms, torch.stack([t.detach() for t in terms.values()]).tolist(), strict=True))
        is_finite = math.isfinite(float(norm)) and math.isfinite(numbers["total"])
        self._count_skipped(is_finite)
        if is_finite:
            self.optimizer.step()
            self.averaged.update(self.model, self.progress.step - (self.progress.stage_from or 0))
        else:
            self.model.quantizer.restore_books(books)
        self.progress.step += 1
        # JSON has no NaN: a skipped step reports zeros and `is_skipped`.
        kept = {name: value if math.isfinite(value) else 0.0 for name, value in numbers.items()}
        reported = self._of_two_steps(kept) if is_finite and self._stage is None else kept
        return StepOutcome(
            terms=reported,
            learning_rate=rate,
            grad_norm=float(norm) if math.isfinite(float(norm)) else 0.0,
            is_skipped=not is_finite,
        )

    def _of_two_steps(self, numbers: dict[str, float]) -> dict[str, float]:
        """Average terms with those of the step before, which used the other scales; single steps would alternate."""
        before, self.progress.terms = self.progress.terms, numbers
        return {name: (value + before.get(name, value)) / 2 for name, value in numbers.items()}

    def _rate(self, share: float) -> float:
        if self._stage is not None:
            return self._stage.rate(share)
        recipe = self._plan.recipe
        return learning_rate(recipe, self.progress.step, min(1.0, share / (1 - recipe.adversarial_share)))

    def _backward(self, audio: Tensor, share: float, shards: int) -> dict[str, Tensor]:
        recipe, began = self._plan.recipe, self.progress.stage_from
        if self._stage is not None and began is not None:
            is_warm = self.progress.step - began >= recipe.adversarial_warmup
            return self._stage.backward(audio, self._kept_levels(share), is_warm=is_warm)
        scales, is_ready = scales_of(self.progress.step), self.progress.is_ready
        if shards > 1:
            kept = self._kept_levels(share) if is_ready else None
            return self._sharded.backward(audio, scales, shards, is_quantizing=is_ready, kept=kept)
        made = self._reconstruct(audio, share)
        terms = losses(audio, made, recipe, self._plan.codec.sample_rate, scales)
        terms["total"].backward()
        return terms

    def _count_skipped(self, is_finite: bool) -> None:
        self.progress.skipped_in_a_row = 0 if is_finite else self.progress.skipped_in_a_row + 1
        if self.progress.skipped_in_a_row >= MOST_SKIPPED:
            raise TrainingError(
                f"The gradient has not been a number for {MOST_SKIPPED} steps in a row.",
                "Look for damaged recordings in the corpus, or try another seed.",
                can_resume=False,  # a run keeps its seed and its audio: resumed, it would end the same way
            )

    def _reconstruct(self, audio: Tensor, share: float) -> Reconstruction:
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            if self.progress.is_ready:
                return self.model(audio, self._kept_levels(share))
            latent = self.model.encode(audio)
            return Reconstruction(self.model.decode(latent), unquantized(latent))

    def _kept_levels(self, share: float) -> Tensor | None:
        recipe, levels = self._plan.recipe, self._plan.codec.levels
        if share < recipe.dropout_share or levels == 1:
            return None
        random = np.random.default_rng([self._seed, self.progress.step, 1])
        kept = random.integers(1, levels + 1, recipe.batch)
        kept[random.random(recipe.batch) >= recipe.dropout_probability] = levels
        return torch.from_numpy(kept).to(self._device)

    @property
    def placing_batches(self) -> int:
        """Number of batches that initialise the codebooks: at least eight vectors per code."""
        return max(4, -(-8 * self._plan.codec.codebook_size // self._vectors_per_step))

    @torch.no_grad()
    def place_codes(self) -> None:
        """Initialise the codebooks, once, by k-means over crops that training does not use."""
        if self.progress.is_ready:
            return
        # Step numbers beyond any run, so that these crops are not those of the first steps.
        audio = (torch.from_numpy(self._sampler.batch(2**40 + i)).to(self._device) for i in range(self.placing_batches))
        latents = torch.cat([self.model.encode(batch).flatten(0, 1) for batch in audio])
        generator = torch.Generator().manual_seed(self._seed)
        self.model.quantizer.fit(latents, generator, float(self._vectors_per_step), self.model.level_parts())
        self.averaged.take_quantizer(self.model)
        self.progress.is_ready = True

    def begin_adversarial(self, error: float) -> None:
        """Begin the adversarial stage from the averaged weights of the evaluation just made.

        Args:
            error: the held-out error of that evaluation.
        """
        self.model.load_state_dict(self.averaged.model.state_dict())
        self.progress.stage_from, self.progress.stage_error = self.progress.step, error
        self._open_stage()

    def _open_stage(self) -> AdversarialStage:
        stage = AdversarialStage(self.model, self._plan.recipe, self._seed, self._device)
        self._stage, self.optimizer = stage, stage.optimizer
        return stage

    @property
    def device(self) -> torch.device:
        """The device of the training."""
        return self._device

    @property
    def memory_mib(self) -> float:
        """Peak memory of the accelerator, or the current memory of this process, in MiB."""
        if self._device.type == "cuda":
            return torch.cuda.max_memory_allocated(self._device) / 2**20
        return psutil.Process().memory_info().rss / 2**20

    @property
    def plan(self) -> Plan:
        """The plan in effect; its batch may have been halved."""
        return self._plan

    @torch.no_grad()
    def settled(self) -> CodecModel:
        """The averaged model, with unused codes revived from its own encoder's latents (frozen in the last stage)."""
        if self._stage is not None:
            return self.averaged.model
        self.averaged.take_buffers(self.model)
        model = self.averaged.model
        latents = [model.encode(torch.from_numpy(a).to(self._device)[None])[0] for a in self._training_audio()]
        self.live_utilisation = model.quantizer.revive(torch.cat(latents))
        return model

    def repair_codebooks(self) -> list[str]:
        """Copy the codes that `settled` revived into levels that had collapsed.

        Returns:
            A message for each repaired level.
        """
        messages: list[str] = []
        if self._stage is not None:
            return messages
        for level, used in enumerate(self.live_utilisation):
            if used < COLLAPSED:
                moved = self.model.quantizer.copy_level(level, self.averaged.model.quantizer)
                messages.append(f"level {level} used {used:.0%} of its codes: {moved} moved to sounds it coded worst")
        return messages

    def halve_batch(self) -> bool:
        """Halve the number of crops per step; returns whether that was possible."""
        batch = self._plan.recipe.batch // 2
        if batch < 1:
            return False
        self._plan = replace(self._plan, recipe=replace(self._plan.recipe, batch=batch))
        self.optimizer.zero_grad(set_to_none=True)
        self._sample_crops()
        return True

    def _training_audio(self) -> Iterator[Audio]:
        """Yield `beginnings` of the training parts, `STATISTICS_S` in all, at the reference loudness."""
        config = self._plan.codec
        for clip, sound in beginnings(self._clips, int(STATISTICS_S * config.sample_rate), config.hop_length):
            yield sound * np.float32(10 ** (clip.gain_db / 20))

    def checkpoint(self) -> Checkpoint:
        """State for a checkpoint, with everything that a resumed run needs."""
        tensors = {
            "model": self.model.state_dict(),
            "averaged": self.averaged.model.state_dict(),
            "optimizer": pack_optimizer(self.optimizer),
            "random": pack_random(self._device),
        }
        if self._stage is not None:
            tensors["adversary"] = self._stage.adversary.pack()
        groups = {name: pack(group) for name, group in tensors.items()}
        return Checkpoint(progress=self.progress, groups=groups)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore the state of a checkpoint."""
        tensors = {name: unpack(content) for name, content in checkpoint.groups.items()}
        self.model.load_state_dict(tensors["model"])
        self.averaged.model.load_state_dict(tensors["averaged"])
        if "adversary" in tensors:
            self._open_stage().adversary.unpack(tensors["adversary"])
        unpack_optimizer(self.optimizer, tensors["optimizer"])
        unpack_random(self._device, tensors["random"])
        self.progress = checkpoint.progress
