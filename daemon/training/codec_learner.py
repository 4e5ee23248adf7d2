"""A codec in training, as the loop takes it: steps, evaluations with previews, the adversarial stage, the model.

Data flow: `CodecSteps` changes the weights; `judge` measures the averaged ones through their public encode and decode,
and writes a preview; `finish` keeps the best weights as the model's folder.
"""

from collections.abc import Callable
from pathlib import Path

import torch

from daemon.codec.codec import Codec
from daemon.corpus.clips import open_parts
from daemon.corpus.records import Corpus
from daemon.runs.clock import Guess
from daemon.runs.folder import CODEC, PREVIEW_SOURCE, Run, write_card
from daemon.runs.reports import EvaluationReport, TrainingResult
from daemon.runs.spec import Plan
from daemon.training.adversarial import is_due, is_harmful
from daemon.training.checkpoint import Checkpoint, Progress
from daemon.training.codec_steps import CodecSteps
from daemon.training.evaluation import Evaluation, cost_in_steps, evaluate, final_cost_ratio
from daemon.training.finishing import card_of, take_best
from daemon.training.learner import Costs, Judgement, Patience, StepOutcome
from daemon.training.memorisation import memorisation, write_report
from daemon.training.preview import Previews
from daemon.training.shards import one_thread


class CodecLearner:
    """Implements `daemon.training.learner.Learner` for a codec."""

    def __init__(self, run: Run, corpus: Corpus, run_dir: Path, device: torch.device) -> None:
        self._run, self._dir, self._device = run, run_dir, device
        plan = run.plan
        self._train_clips = open_parts(corpus, plan.split.train, plan.codec)
        self._held_clips = open_parts(corpus, plan.split.held_out, plan.codec)
        self._steps = CodecSteps(plan, self._train_clips, run.spec.seed, device)
        self._previews = Previews(run_dir, self._held_clips or self._train_clips)
        self._settled: Codec | None = None

    @property
    def progress(self) -> Progress:
        """Where the run stands."""
        return self._steps.progress

    @property
    def plan(self) -> Plan:
        """What is followed: the batch may have been halved."""
        return self._steps.plan

    @property
    def judged_by(self) -> str:
        """What the error is measured on."""
        return "held-out" if self._held_clips else "training"

    @property
    def costs(self) -> Costs:
        """What an evaluation takes, as the audio that it looks at; placing codes does not train, hence a third."""
        clips, recipe = (self._held_clips, self._train_clips), self.plan.recipe
        step_s = recipe.batch * recipe.crop_frames / self.plan.codec.frame_rate
        guess = Guess(evaluation_steps=cost_in_steps(*clips, step_s), placing_steps=self._steps.placing_batches / 3)
        return Costs(guess=guess, final_ratio=final_cost_ratio(*clips))

    @property
    def patience(self) -> Patience:
        """No early end where an adversary is to come: it would begin with a learning rate that had not fallen."""
        recipe = self.plan.recipe
        may_end = recipe.adversarial_share == 0
        return Patience(evaluations=recipe.patience, least_gain=recipe.least_gain, may_end=may_end)

    @property
    def batch(self) -> int:
        """Crops in a step."""
        return self.plan.recipe.batch

    @property
    def memory_mib(self) -> float:
        """Memory in use, of the accelerator or of this process."""
        return self._steps.memory_mib

    def step(self, share: float) -> StepOutcome:
        """One optimisation step; `share` (0 to 1) of the run is done.

        Raises:
            TrainingError: the numbers have not been finite for twenty steps in a row.
        """
        return self._steps.step(share)

    def halve_batch(self) -> bool:
        """Take half as many crops a step from now on; False where that is not possible."""
        return self._steps.halve_batch()

    def judge(self) -> Judgement:
        """Measure the averaged weights on held-out and training audio, and decode the preview with them."""
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
        """Give levels that had collapsed the codes that were revived for the evaluation."""
        return self._steps.repair_codebooks() if self.progress.stage_from is None else []

    def is_stage_due(self, share: float) -> bool:
        """Whether the adversary begins now."""
        return is_due(share, self.progress, self.plan.recipe)

    def begin_stage(self, error: float) -> str:
        """Let the decoder alone learn on, against an adversary."""
        self._steps.begin_adversarial(error)
        return "the decoder learns against an adversary from here on; codes stay as they are"

    def harm_of(self, error: float) -> str:
        """Why the adversary has to go, in a sentence; nothing where it does no harm."""
        if not is_harmful(error, self.progress, self.plan.recipe):
            return ""
        before = self.progress.stage_error or error
        return f"the adversary raised the {self.judged_by} error from {before:.3f} to {error:.3f} and was dropped"

    def checkpoint(self) -> Checkpoint:
        """Everything a resumed run needs."""
        return self._steps.checkpoint()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a checkpoint."""
        self._steps.restore(checkpoint)

    def settle(self) -> None:
        """Place the codes if no step came to it (few steps, or resumed with less time), and fill the codebooks."""
        with one_thread(self._device):
            self._steps.place_codes()
            self._settled = Codec(self._steps.settled(), self._device)

    def finish(
        self, ended: str, say: Callable[[str], None], report: Callable[[EvaluationReport], None]
    ) -> TrainingResult:
        """Keep the best weights, judge them on more audio, and write codec, card and memorisation report."""
        with one_thread(self._device):
            return self._made_model(ended, say, report)

    def _made_model(
        self, ended: str, say: Callable[[str], None], report: Callable[[EvaluationReport], None]
    ) -> TrainingResult:
        held, train = self._held_clips, self._train_clips
        settled = self._settled or Codec(self._steps.settled(), self._device)
        codec, kept = take_best(self._steps, settled, self._dir, held)
        live = self._steps.live_utilisation
        evaluation = evaluate(codec, held, train, live_utilisation=live, is_final=True)
        report(self._report(evaluation, self._previews.write(codec, None)))
        leaning = memorisation(codec, evaluation, held, train)
        for sentence in filter(None, (kept, leaning.text)):
            say(sentence)
        write_report(self._dir, leaning)
        codec.save(self._dir / CODEC)
        card = card_of(self._run, self._dir, codec, evaluation, leaning, self.progress, ended)
        write_card(self._dir, card)
        known = {name: getattr(card, name) for name in ("steps", "seconds", "codec_id", "held_out", "utilisation")}
        return TrainingResult(state="finished", **known)
