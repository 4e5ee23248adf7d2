"""The training itself, from a corpus folder to a model folder."""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.corpus.records import Corpus, load_corpus
from daemon.runs.clock import Guess, LastEvaluation, RunClock
from daemon.runs.errors import TrainingError, TrainingMemoryError, is_out_of_memory
from daemon.runs.folder import (
    CHECKPOINTS,
    CODEC,
    PREVIEW_SOURCE,
    Run,
    RunLog,
    prepare_folder,
    write_card,
    write_run,
)
from daemon.runs.reports import Control, LogLine, Report, StepReport, TrainingResult
from daemon.runs.spec import TrainingSpec
from daemon.training.adversarial import is_due, is_harmful
from daemon.training.beginning import begin
from daemon.training.checkpoint import load_newest, save_checkpoint
from daemon.training.crops import open_parts
from daemon.training.evaluation import Evaluation, cost_in_steps, evaluate, final_cost_ratio
from daemon.training.finishing import card_of, take_best
from daemon.training.learner import Learner, StepOutcome
from daemon.training.memorisation import memorisation, write_report
from daemon.training.patience import end_early, note_held_out, take_up_end
from daemon.training.preview import Previews
from daemon.training.shards import one_thread
from daemon.training.threads import ThreadChooser


def train(
    spec: TrainingSpec,
    corpus_dir: Path,
    run_dir: Path,
    *,
    device: torch.device | str = "cpu",
    report: Callable[[Report], None] = lambda _: None,
    control: Callable[[], Control] = lambda: Control.GO,
) -> TrainingResult:
    """Train a codec; `run_dir` becomes the model's folder.

    Args:
        report: called from this thread after every step and evaluation; must not block for long.
        control: asked between steps. STOP keeps a checkpoint, so that `resume` goes on from there; KEEP ends the
            run after at least one step with a model of what was learnt.

    Raises:
        TrainingError: too little audio, the name is taken, nothing to resume, the disk is full, or
            the numbers do not converge.
        CorpusError: the corpus cannot be read.
    """
    corpus = load_corpus(corpus_dir)
    run, words = begin(spec, corpus, run_dir, is_gpu=torch.device(device).type != "cpu")
    training: _Training | None = None
    try:
        training = _Training(run, corpus, run_dir, torch.device(device), report, control)
        return training.run(words)
    except TrainingError as error:
        _end(training, error.message)
        raise
    except BaseException as error:
        if not is_out_of_memory(error):
            _end(training, type(error).__name__)
            raise
        when = "before the first step" if training is None else "between two steps"
        told = TrainingMemoryError(f"Memory ran out {when}.", "Close other programs, then resume.")
        _end(training, told.message)
        raise told from error


def _end(training: "_Training | None", message: str) -> None:
    if training is not None:
        training.end("failed", message)


class _Training:
    def __init__(
        self,
        run: Run,
        corpus: Corpus,
        run_dir: Path,
        device: torch.device,
        report: Callable[[Report], None],
        control: Callable[[], Control],
    ) -> None:
        self._run, self._dir, self._device = run, run_dir, device
        self._report, self._control = report, control
        prepare_folder(run_dir)
        write_run(run_dir, run)
        config = run.plan.codec
        self._train_clips = open_parts(corpus, run.plan.split.train, config)
        self._held_clips = open_parts(corpus, run.plan.split.held_out, config)
        self._learner = Learner(run.plan, self._train_clips, run.spec.seed, device)
        self._judged_by = "held-out" if self._held_clips else "training"
        self._is_halved = False
        self._previews = Previews(run_dir, self._held_clips or self._train_clips)
        checkpoint = load_newest(run_dir / CHECKPOINTS)
        if checkpoint is not None:
            self._learner.restore(checkpoint)
        self._clock = self._open_clock(run, checkpoint.progress.elapsed_s if checkpoint else 0.0)
        is_budgeted = run.spec.steps is None and device.type == "cpu"
        self._threads = ThreadChooser(is_adaptive=is_budgeted)
        self._log = RunLog(run_dir, checkpoint.progress.step if checkpoint else None)

    def _open_clock(self, run: Run, elapsed_s: float) -> RunClock:
        clips, recipe, config = (self._held_clips, self._train_clips), run.plan.recipe, run.plan.codec
        step_s = recipe.batch * recipe.crop_frames / config.frame_rate
        guess = Guess(evaluation_steps=cost_in_steps(*clips, step_s), placing_steps=self._learner.placing_batches / 3)
        progress = self._learner.progress
        clock = RunClock(run.spec, elapsed_s, final_cost_ratio(*clips), guess=guess, last=progress.evaluated)
        take_up_end(progress, clock)
        return clock

    def end(self, state: str, message: str = "") -> None:
        """Say in `run.json` how it ended; a full disk must not hide the error that came first."""
        self._log.close()
        self._threads.restore()
        try:
            write_run(self._dir, replace(self._run, state=state, message=message))
        except OSError:
            return

    def run(self, words: list[str]) -> TrainingResult:
        for text in words:
            self._say(LogLine(text=text))
        progress = self._learner.progress
        if progress.step:
            self._say(LogLine(text=f"resumed at step {progress.step}", step=progress.step))
        while (share := self._clock.share(progress.step)) < 1.0:
            wish = self._control()
            if wish is Control.STOP:
                return self._stop()
            if wish is Control.KEEP and progress.step:
                return self._keep()
            if is_due(share, progress, self._run.plan.recipe):
                self._begin_adversarial()
            began, was_placed = time.monotonic(), progress.is_quantizing
            self._threads.begin()
            outcome = self._step(share)
            self._threads.end()
            took_s = time.monotonic() - began
            if was_placed == progress.is_quantizing:
                self._clock.stepped(took_s)
            self._tell_step(outcome, took_s)
            if not self._clock.is_evaluation_due(progress.step):
                continue
            if not progress.is_quantizing:  # there are no codes to judge yet, but an hour's work to lose
                self._save()
                self._clock.kept(progress.step)
            elif is_harmful(mel := self._evaluate(), progress, self._run.plan.recipe):
                return self._give_up_adversarial(mel)
        return self._finish()

    def _begin_adversarial(self) -> None:
        """Judge what there is, keep its checkpoint, and go on from it."""
        self._learner.begin_adversarial(self._evaluate())
        self._tell("the decoder learns against an adversary from here on; codes stay as they are")

    def _give_up_adversarial(self, mel: float) -> TrainingResult:
        before = self._learner.progress.adversarial_mel or mel
        return self._finish(
            f"the adversary raised the {self._judged_by} error from {before:.3f} to {mel:.3f} and was dropped"
        )

    def _step(self, share: float) -> StepOutcome:
        """One step; when memory runs out, once with half the crops."""
        while True:
            try:
                return self._learner.step(share)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve(error)

    def _halve(self, error: Exception) -> None:
        crops = self._run.plan.recipe.batch
        if self._is_halved or not self._learner.halve_batch():
            raise TrainingMemoryError(
                f"Memory ran out in a step of {crops} crops.",
                "Close other programs or choose a smaller --preset, then resume.",
            ) from error
        self._is_halved = True
        self._run = replace(self._run, plan=self._learner.plan)
        write_run(self._dir, self._run)
        self._tell(f"memory ran out in a step of {crops} crops: going on with {self._run.plan.recipe.batch}")

    def _say(self, what: Report) -> None:
        self._log.add(what)
        self._report(what)

    def _tell_step(self, outcome: StepOutcome, took_s: float) -> None:
        step = self._learner.progress.step
        if outcome.is_skipped:
            self._say(LogLine(text="a gradient was not finite: step skipped", step=step))
        self._say(
            StepReport(
                step=step,
                losses=outcome.terms,
                learning_rate=outcome.learning_rate,
                grad_norm=outcome.grad_norm,
                examples_per_s=self._run.plan.recipe.batch / max(1e-6, took_s),
                memory_mib=self._learner.memory_mib,
                eta_s=self._clock.eta_s(step, is_placed=self._learner.progress.is_quantizing),
                elapsed_s=self._clock.elapsed_s,
                is_skipped=outcome.is_skipped,
            )
        )

    def _evaluate(self) -> float:
        """Measure, report, keep a checkpoint; the held-out error, or the training error where nothing is held out."""
        began = time.monotonic()
        progress, recipe = self._learner.progress, self._run.plan.recipe
        with one_thread(self._device):
            codec = Codec(self._learner.settled(), self._device)
            live = self._learner.live_utilisation
            evaluation = evaluate(codec, self._held_clips, self._train_clips, live_utilisation=live)
            preview = self._previews.write(codec, progress.step)
        mel = evaluation.error
        is_best = evaluation.held_out is not None and (progress.best_mel is None or mel < progress.best_mel)
        if is_best:
            progress.best_mel, progress.best_step = mel, progress.step
        self._tell_evaluation(evaluation, is_best, preview)
        if progress.adversarial_from is None:
            note_held_out(mel, progress, recipe)
            ends = end_early(progress, recipe, self._clock, judged_by=self._judged_by)
            self._tell(*self._learner.repair_codebooks(), ends)
        now_s, took_s = self._clock.elapsed_s, time.monotonic() - began
        progress.evaluated = LastEvaluation(step=progress.step, at_s=now_s, took_s=took_s)
        self._save()
        self._clock.evaluated(progress.step, time.monotonic() - began)
        return mel

    def _tell(self, *sentences: str) -> None:
        for text in filter(None, sentences):
            self._say(LogLine(text=text, step=self._learner.progress.step))

    def _tell_evaluation(self, evaluation: Evaluation, is_best: bool, preview: str) -> None:
        self._say(
            evaluation.report(
                step=self._learner.progress.step,
                elapsed_s=self._clock.elapsed_s,
                is_best=is_best,
                preview=preview,
                source=PREVIEW_SOURCE,
            )
        )

    def _save(self) -> None:
        self._learner.progress.elapsed_s = self._clock.elapsed_s
        save_checkpoint(self._dir / CHECKPOINTS, self._learner.checkpoint())

    def _stop(self) -> TrainingResult:
        self._save()
        progress = self._learner.progress
        self._say(LogLine(text="stopped; resume goes on from here", step=progress.step))
        self.end("stopped")
        return TrainingResult(state="stopped", steps=progress.step, seconds=self._clock.elapsed_s)

    def _keep(self) -> TrainingResult:
        """End before the budget is spent."""
        step = self._learner.progress.step
        ended = f"stopped by hand at step {step}, {self._clock.share(step):.0%} of the way"
        self._say(LogLine(text=f"{ended}; the model is made of what was learnt", step=step))
        return self._finish(ended)

    def _finish(self, ended: str = "") -> TrainingResult:
        with one_thread(self._device):
            return self._made_model(ended)

    def _made_model(self, ended: str) -> TrainingResult:
        progress = self._learner.progress
        self._learner.place_codes()  # a run of few steps, or one resumed with less time, may not have come to it
        codec = Codec(self._learner.settled(), self._device)
        self._save()
        held, train = self._held_clips, self._train_clips
        codec, said = take_best(self._learner, codec, self._dir, held)
        live = self._learner.live_utilisation
        evaluation = evaluate(codec, held, train, live_utilisation=live, is_final=True)
        self._tell_evaluation(evaluation, True, self._previews.write(codec, None))
        leaning = memorisation(codec, evaluation, held, train)
        self._tell(said, leaning.text)
        write_report(self._dir, leaning)
        codec.save(self._dir / CODEC)
        progress.elapsed_s = self._clock.elapsed_s
        card = card_of(self._run, self._dir, codec, evaluation, leaning, progress, ended or progress.ended_early)
        write_card(self._dir, card)
        self.end("finished")
        known = {name: getattr(card, name) for name in ("steps", "seconds", "codec_id", "held_out", "utilisation")}
        return TrainingResult(state="finished", **known)
