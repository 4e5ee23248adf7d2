"""The codec's `Learner`: training steps, evaluations with previews, the adversarial stage, and the finished model.

Data flow: `CodecSteps` changes the weights; `judge` evaluates the averaged weights through their public encode and
decode and writes a preview; `finish` writes the best weights to the model's folder.
"""

from collections.abc import Callable
from pathlib import Path

import torch

from daemon.codec.codec import Codec
from daemon.corpus.clips import open_parts
from daemon.corpus.records import Corpus
from daemon.runs.checkpoint import Checkpoint, Progress
from daemon.runs.clock import Guess
from daemon.runs.folder import CODEC, PREVIEW_SOURCE, Run, write_card
from daemon.runs.learner import Costs, Judgement, Patience, StepOutcome
from daemon.runs.reports import EvaluationReport, PriorReport, TrainingResult
from daemon.runs.spec import Plan
from daemon.training.adversarial import is_due, is_harmful
from daemon.training.codec_steps import CodecSteps
from daemon.training.evaluation import Evaluation, cost_in_steps, evaluate, final_cost_ratio
from daemon.training.finishing import card_of, take_best
from daemon.training.memorisation import memorisation, write_report
from daemon.training.preview import Previews
from daemon.training.shards import one_thread
from daemon.training.threads import ThreadChooser


class CodecLearner:
    """A codec in training; implements `daemon.runs.learner.Learner`."""

    def __init__(self, run: Run[Plan], corpus: Corpus, run_dir: Path, device: torch.device) -> None:
        self._run, self._dir, self._device = run, run_dir, device
        plan = run.plan
        self._train_clips = open_parts(corpus, plan.split.train, plan.codec)
        self._held_clips = open_parts(corpus, plan.split.held_out, plan.codec)
        self._steps = CodecSteps(plan, self._train_clips, run.spec.seed, device)
        self._previews = Previews(run_dir, self._held_clips or self._train_clips)
        self._settled: Codec | None = None
        is_budgeted = run.spec.steps is None and device.type == "cpu"
        self._threads = ThreadChooser(is_adaptive=is_budgeted)

    @property
    def progress(self) -> Progress:
        """Progress of the run so far."""
        return self._steps.progress

    @property
    def plan(self) -> Plan:
        """The plan in effect; its batch may have been halved."""
        return self._steps.plan

    @property
    def judged_by(self) -> str:
        """The audio that the error is measured on: "held-out" or "training"."""
        return "held-out" if self._held_clips else "training"

    @property
    def costs(self) -> Costs:
        """Costs of an evaluation, by its audio, and of initialising codebooks, a third of a step per batch."""
        clips, recipe = (self._held_clips, self._train_clips), self.plan.recipe
        step_s = recipe.batch * recipe.crop_frames / self.plan.codec.frame_rate
        guess = Guess(evaluation_steps=cost_in_steps(*clips, step_s), placing_steps=self._steps.placing_batches / 3)
        return Costs(guess=guess, final_ratio=final_cost_ratio(*clips))

    @property
    def patience(self) -> Patience:
        """When to end early. Never before an adversarial stage, which would begin at too high a learning rate."""
        recipe = self.plan.recipe
        may_end = recipe.adversarial_share == 0
        return Patience(evaluations=recipe.patience, least_gain=recipe.least_gain, may_end=may_end)

    @property
    def batch(self) -> int:
        """Number of crops per step."""
        return self.plan.recipe.batch

    @property
    def memory_mib(self) -> float:
        """Memory in use on the accelerator or by this process, in MiB."""
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
        return self._steps.halve_batch()

    def judge(self) -> Judgement:
        """Evaluate the averaged weights on held-out and training audio, and decode the preview with them."""
        with one_thread(self._device):
            codec = Codec(self._steps.settled(), self._device)
            live = self._steps.live_utilisation
            evaluation = evaluate(codec, self._held_clips, self._train_clips, live_utilisation=live)
            preview = self._previews.write(codec, self.progress.step)
        is_held_out = evaluation.held_out is not None
        return Judgement(error=evaluation.error, is_held_out=is_held_out, report=self._report(evaluation, preview))

    def _report(self, evaluation: Evaluation, preview: str) -> EvaluationReport:
        return evaluation.report(step=self.progress.step, preview=preview, source=PREVIEW_SOURCE)

    def repair(self) -> list[str]:
        """Copy the codes that were revived for the evaluation into collapsed levels; returns a message for each."""
        return self._steps.repair_codebooks() if self.progress.stage_from is None else []

    def is_stage_due(self, share: float) -> bool:
        """Whether the adversarial stage should begin now."""
        return is_due(share, self.progress, self.plan.recipe)

    def begin_stage(self, error: float) -> str:
        """Begin the adversarial stage; returns a message about it."""
        self._steps.begin_adversarial(error)
        return "adversarial stage: from here on only the decoder learns; codes keep their meaning"

    def harm_of(self, error: float) -> str:
        """Why the adversarial stage must end, in a sentence; "" if it does no harm."""
        if not is_harmful(error, self.progress, self.plan.recipe):
            return ""
        before = self.progress.stage_error or error
        return f"the adversarial stage raised the {self.judged_by} error from {before:.3f} to {error:.3f}: discarded"

    def checkpoint(self) -> Checkpoint:
        """State for a checkpoint, with everything that a resumed run needs."""
        return self._steps.checkpoint()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore the state of a checkpoint."""
        self._steps.restore(checkpoint)

    def settle(self) -> None:
        """Initialise the codebooks if no step has done so (few steps, or resumed with less time), and fill them."""
        with one_thread(self._device):
            self._steps.place_codes()
            self._settled = Codec(self._steps.settled(), self._device)

    def finish(
        self, ended: str, say: Callable[[str], None], report: Callable[[EvaluationReport | PriorReport], None]
    ) -> TrainingResult:
        """Keep the best weights, evaluate them on more audio, and write codec, card and memorisation report."""
        with one_thread(self._device):
            return self._made_model(ended, say, report)

    def _made_model(
        self, ended: str, say: Callable[[str], None], report: Callable[[EvaluationReport | PriorReport], None]
    ) -> TrainingResult:
        held, train = self._held_clips, self._train_clips
        settled = self._settled or Codec(self._steps.settled(), self._device)
        codec, kept = take_best(self._steps, settled, self._dir, held)
        live = self._steps.live_utilisation
        evaluation = evaluate(codec, held, train, live_utilisation=live, is_final=True)
        report(self._report(evaluation, self._previews.write(codec, None)))
        memorised = memorisation(codec, evaluation, held, train)
        for sentence in filter(None, (kept, memorised.text)):
            say(sentence)
        write_report(self._dir, memorised)
        codec.save(self._dir / CODEC)
        card = card_of(self._run, self._dir, codec, evaluation, memorised, self.progress, ended)
        write_card(self._dir, card)
        known = {name: getattr(card, name) for name in ("steps", "seconds", "codec_id", "held_out", "utilisation")}
        return TrainingResult(state="finished", **known)

    def close(self) -> None:
        """Give the process its number of threads back."""
        self._threads.restore()
