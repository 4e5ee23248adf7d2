"""The prior's `Learner`: steps, evaluations with a preview made from nothing, and the finished prior's folder.

Data flow: `PriorSteps` changes the weights; `judge` scores held-out codes with the averaged weights; `finish` keeps the
weights of the best evaluation, fits the temperature, and writes `prior.safetensors`, `prior.json` and `card.json`.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import torch
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.dsp.limiter import limit
from daemon.prior.calibration import fitted_temperature
from daemon.prior.card import PriorCard, write_card
from daemon.prior.plan import PriorPlan
from daemon.prior.prior import Prior
from daemon.prior.recordings import Recording
from daemon.prior.sampling import sample
from daemon.prior.steps import PriorSteps
from daemon.render.wav import write_wav
from daemon.runs.checkpoint import Checkpoint, Progress, load_step
from daemon.runs.clock import Guess
from daemon.runs.folder import CHECKPOINTS, PREVIEWS, Run
from daemon.runs.learner import Costs, Judgement, Patience, StepOutcome
from daemon.runs.reports import PriorReport, TrainingResult
from daemon.training.tensors import unpack
from daemon.training.threads import ThreadChooser

JUDGED_FRAMES = 2400
"""Frames scored in an evaluation, of held-out and of training codes each."""
PREVIEW_FRAMES = 144
"""Frames of a preview, 3 s."""
PREVIEW_SEED = 1


class PriorLearner:
    """A prior in training; implements `daemon.runs.learner.Learner`."""

    def __init__(
        self,
        run: Run[PriorPlan],
        run_dir: Path,
        codec: Codec,
        train: list[Recording],
        held_out: list[Recording],
        device: torch.device,
    ) -> None:
        self._run, self._dir, self._codec = run, run_dir, codec
        self._train, self._held = train, held_out
        self._steps = PriorSteps(run.plan, codec, train, run.spec.seed, device)
        self._threads = ThreadChooser(is_adaptive=run.spec.steps is None and device.type == "cpu")
        self._device = device

    @property
    def progress(self) -> Progress:
        """Progress of the run so far."""
        return self._steps.progress

    @property
    def plan(self) -> PriorPlan:
        """The plan in effect; its batch may have been halved."""
        return self._steps.plan

    @property
    def judged_by(self) -> str:
        """The codes that the error is measured on: "held-out" or "training"."""
        return "held-out" if self._held else "training"

    @property
    def costs(self) -> Costs:
        """Costs of an evaluation, in steps: its frames, and a preview."""
        return Costs(guess=Guess(evaluation_steps=6), final_ratio=2.0)

    @property
    def patience(self) -> Patience:
        """When to end early."""
        recipe = self.plan.recipe
        return Patience(evaluations=recipe.patience, least_gain=recipe.least_gain)

    @property
    def batch(self) -> int:
        """Number of crops per step."""
        return self.plan.recipe.batch

    @property
    def memory_mib(self) -> float:
        """Memory in use by this process, in MiB."""
        return self._steps.memory_mib

    def step(self, share: float) -> StepOutcome:
        """Take one optimisation step when `share` (0 to 1) of the run is done.

        Raises:
            TrainingError: the gradient has not been finite for twenty steps in a row.
        """
        self._threads.begin()
        outcome = self._steps.step(share)
        self._threads.end()
        return outcome

    def halve_batch(self) -> bool:
        """Halve the number of crops per step; returns False if that is not possible."""
        recipe = self.plan.recipe
        if recipe.batch < 2:
            return False
        self._steps.plan = replace(self.plan, recipe=replace(recipe, batch=recipe.batch // 2))
        return True

    def judge(self) -> Judgement:
        """Score held-out and training codes with the averaged weights, and make three seconds of sound."""
        return self._judged(self._prior(), self.progress.step)

    def _prior(self) -> Prior:
        return Prior(self._steps.averaged, self.plan.codec_id, self._device)

    def _judged(self, prior: Prior, step: int | None) -> Judgement:
        train = _scored(prior, self._train, JUDGED_FRAMES)
        held = _scored(prior, self._held, JUDGED_FRAMES) if self._held else None
        judged = held or train
        report = PriorReport(
            step=self.progress.step,
            elapsed_s=0.0,
            bits=held.bits if held else None,
            network_bits=held.network_bits if held else None,
            unigram_bits=judged.unigram_bits,
            train_bits=train.bits,
            levels=judged.levels,
            is_best=False,
            preview=self._preview(prior, step),
        )
        return Judgement(error=judged.bits, is_held_out=held is not None, report=report)

    def _preview(self, prior: Prior, step: int | None) -> str:
        name = f"{PREVIEWS}/final.wav" if step is None else f"{PREVIEWS}/step-{step:08d}.wav"
        codes = sample(prior, PREVIEW_FRAMES, [PREVIEW_SEED])[0]
        write_wav(self._dir / name, limit(self._codec.decode(codes)).audio, bits=16)
        return name

    def repair(self) -> list[str]:
        """A prior has nothing to repair."""
        return []

    def is_stage_due(self, share: float) -> bool:
        """A prior's training has one stage."""
        return False

    def begin_stage(self, error: float) -> str:
        """A prior's training has one stage, so none begins and there is no message."""
        return ""

    def harm_of(self, error: float) -> str:
        """A prior's training has one stage, which is never ended for harm."""
        return ""

    def checkpoint(self) -> Checkpoint:
        """State for a checkpoint, with everything that a resumed run needs."""
        return self._steps.checkpoint()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore the state of a checkpoint."""
        self._steps.restore(checkpoint)

    def settle(self) -> None:
        """Averaged weights need no settling."""

    def finish(self, ended: str, say: Callable[[str], None], report: Callable[[PriorReport], None]) -> TrainingResult:
        """Keep the weights of the best evaluation, fit the temperature, and write the prior with its card."""
        prior, kept = self._best()
        judged = self._judged(prior, None)
        if kept:
            say(kept)
        assert isinstance(judged.report, PriorReport)
        report(judged.report)
        temperature, rate, wanted = fitted_temperature(prior, [recording.grids[0] for recording in self._train])
        say(f"temperature {temperature:.2f}: level 0 repeats {rate:.0%} of its codes, the recordings {wanted:.0%}")
        prior.save(self._dir)
        card = PriorCard(
            parameters=prior.model.parameter_count,
            steps=self.progress.step,
            seconds=round(self.progress.elapsed_s, 3),
            bits_per_frame=round(judged.report.train_bits, 3),
            held_out_bits_per_frame=None if judged.report.bits is None else round(judged.report.bits, 3),
            network_bits_per_frame=judged.report.network_bits,
            unigram_bits_per_frame=judged.report.unigram_bits,
            temperature=temperature,
            repeat_rate=rate,
            corpus_repeat_rate=wanted,
            ended=ended,
        )
        write_card(self._dir, card)
        return TrainingResult(state="finished", steps=card.steps, seconds=card.seconds, codec_id=self.plan.codec_id)

    def _best(self) -> tuple[Prior, str]:
        """The better of the last weights and the best saved ones; with a message if it is not the last."""
        progress, last = self.progress, self._prior()
        if not self._held or progress.best_error is None or progress.best_step == progress.step:
            return last, ""
        bits = _scored(last, self._held, JUDGED_FRAMES).bits
        best = load_step(self._dir / CHECKPOINTS, progress.best_step)
        if best is None or bits <= progress.best_error:
            return last, ""
        self._steps.averaged.load_state_dict(unpack(best.groups["averaged"]))
        kept = f"kept step {progress.best_step} ({progress.best_error:.1f} bits a frame); the last one had {bits:.1f}"
        return self._prior(), kept

    def close(self) -> None:
        """Give the process its number of threads back."""
        self._threads.restore()


class _Scored(msgspec.Struct, frozen=True):
    """Bits a frame of some recordings."""

    bits: float
    network_bits: float
    unigram_bits: float
    levels: list[float]


def _scored(prior: Prior, recordings: list[Recording], most: int) -> _Scored:
    """Score at most `most` frames of recordings, spread over as many of them as hold them."""
    share = min(1.0, most / max(1, sum(recording.frames for recording in recordings)))
    grids = [recording.grids[0][:, : max(8, round(share * recording.frames))] for recording in recordings]
    pairs = [prior.bits(grid) for grid in grids]
    frames = sum(grid.shape[1] for grid in grids)
    levels = np.sum([whole.sum(1) for whole, _ in pairs], 0) / frames
    network = sum(float(alone.sum()) for _, alone in pairs) / frames
    use = prior.unigram_bits
    unigram = sum(float(use[np.arange(len(grid))[:, None], grid].sum()) for grid in grids) / frames
    return _Scored(float(levels.sum()), network, unigram, [round(float(one), 3) for one in levels])
