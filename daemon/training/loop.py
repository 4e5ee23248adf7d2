"""The training itself, from a corpus folder to a model folder."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import torch
from msgspec.structs import replace

from daemon.codec.codec import Codec
from daemon.corpus.records import Corpus, load_corpus
from daemon.training.checkpoint import load_newest, load_step, save_checkpoint
from daemon.training.clock import Guess, RunClock
from daemon.training.crops import open_parts
from daemon.training.errors import TrainingError
from daemon.training.evaluation import Evaluation, cost_in_steps, evaluate, final_cost_ratio
from daemon.training.learner import Learner, StepOutcome
from daemon.training.preview import SOURCE, Previews
from daemon.training.reports import (
    Control,
    EvaluationReport,
    LogLine,
    Report,
    StepReport,
    TrainingResult,
)
from daemon.training.run_folder import (
    CHECKPOINTS,
    CODEC,
    MODEL_NAME,
    ModelCard,
    Run,
    RunLog,
    prepare_folder,
    read_run,
    write_card,
    write_run,
)
from daemon.training.sizing import make_plan
from daemon.training.spec import TrainingSpec
from daemon.training.split import split_corpus
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
    run, words = _begin(spec, corpus, run_dir, torch.device(device))
    training = _Training(run, corpus, run_dir, torch.device(device), report, control)
    try:
        return training.run(words)
    except BaseException as error:
        message = error.message if isinstance(error, TrainingError) else type(error).__name__
        training.end("failed", message)
        raise


def _begin(spec: TrainingSpec, corpus: Corpus, run_dir: Path, device: torch.device) -> tuple[Run, list[str]]:
    """A new run with its plan, or the one to go on with."""
    earlier = read_run(run_dir)
    if (run_dir / MODEL_NAME).exists():
        raise TrainingError(f"{run_dir.name} is finished: a model keeps its codec.", "Choose another name.")
    if earlier is not None and not spec.resume:
        raise TrainingError(f"{run_dir.name} exists already.", "Resume it, or choose another name.")
    if earlier is None and spec.resume:
        raise TrainingError(f"{run_dir.name} has no run to resume.", "Start it without resume.")
    if earlier is not None:
        wish = earlier.spec
        if spec.budget_s is not None or spec.steps is not None:  # more (or less) time than first asked for
            wish = replace(wish, budget_s=spec.budget_s, steps=spec.steps)
        return replace(earlier, spec=wish, state="running", message=""), []
    split = split_corpus(corpus, spec.seed)
    plan, words = make_plan(spec, split, is_gpu=device.type != "cpu")
    created = datetime.now(UTC).isoformat(timespec="seconds")
    words.append(f"{len(split.held_out)} parts held out {split.kind}, {len(split.train)} to learn from")
    return Run(state="running", corpus=corpus.folder.name, created=created, spec=spec, plan=plan), words


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
        self._previews = Previews(run_dir, self._held_clips)
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
        return RunClock(run.spec, elapsed_s, final_cost_ratio(*clips), guess=guess)

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
            began, was_placed = time.monotonic(), progress.is_quantizing
            self._threads.begin()
            outcome = self._learner.step(share)
            self._threads.end()
            took_s = time.monotonic() - began
            if was_placed == progress.is_quantizing:
                self._clock.stepped(took_s)
            self._tell_step(outcome, took_s)
            if progress.is_quantizing and self._clock.is_evaluation_due(progress.step):
                self._evaluate()
        return self._finish()

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
                memory_mib=_memory_mib(self._device),
                eta_s=self._clock.eta_s(step, is_placed=self._learner.progress.is_quantizing),
                elapsed_s=self._clock.elapsed_s,
                is_skipped=outcome.is_skipped,
            )
        )

    def _codec(self) -> Codec:
        return Codec(self._learner.settled(), self._device)

    def _evaluate(self) -> None:
        began = time.monotonic()
        progress = self._learner.progress
        codec = self._codec()
        evaluation = evaluate(codec, self._held_clips, self._train_clips)
        is_best = progress.best_mel is None or evaluation.held_out.mel < progress.best_mel
        if is_best:
            progress.best_mel, progress.best_step = evaluation.held_out.mel, progress.step
        self._tell_evaluation(evaluation, is_best, self._previews.write(codec, progress.step))
        self._save()
        self._clock.evaluated(progress.step, time.monotonic() - began)

    def _tell_evaluation(self, evaluation: Evaluation, is_best: bool, preview: str) -> None:
        self._say(
            EvaluationReport(
                step=self._learner.progress.step,
                elapsed_s=self._clock.elapsed_s,
                mel=evaluation.held_out.mel,
                stft=evaluation.held_out.stft,
                sisdr_db=evaluation.held_out.sisdr_db,
                train_mel=evaluation.train_mel,
                levels=evaluation.levels,
                is_best=is_best,
                preview=preview,
                source=SOURCE,
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
        """End before the budget is spent; codebooks that were not reached yet are placed now."""
        self._learner.place_codes()
        ended = f"stopped by hand at step {self._learner.progress.step}, {self._share_done():.0%} of the way"
        self._say(LogLine(text=f"{ended}; the model is made of what was learnt", step=self._learner.progress.step))
        return self._finish(ended)

    def _share_done(self) -> float:
        return self._clock.share(self._learner.progress.step)

    def _finish(self, ended: str = "") -> TrainingResult:
        progress = self._learner.progress
        codec = self._codec()
        self._save()
        best = load_step(self._dir / CHECKPOINTS, progress.best_step)
        evaluation = evaluate(codec, self._held_clips, self._train_clips, is_final=True)
        if best is not None and (progress.best_mel or 0.0) < evaluation.held_out.mel:
            self._learner.averaged.model.load_state_dict(best.averaged)
            codec = Codec(self._learner.averaged.model, self._device)
            evaluation = evaluate(codec, self._held_clips, self._train_clips, is_final=True)
        self._tell_evaluation(evaluation, True, self._previews.write(codec, None))
        codec.save(self._dir / CODEC)
        card = self._card(codec, evaluation, ended)
        write_card(self._dir, card)
        self.end("finished")
        return TrainingResult(
            state="finished",
            steps=card.steps,
            seconds=card.seconds,
            codec_id=card.codec_id,
            held_out=card.held_out,
            utilisation=card.utilisation,
        )

    def _card(self, codec: Codec, evaluation: Evaluation, ended: str) -> ModelCard:
        run, config = self._run, codec.config
        return ModelCard(
            model=self._dir.name,
            codec_id=codec.codec_id,
            steps=self._learner.progress.step,
            seconds=round(self._clock.elapsed_s, 3),
            levels=config.levels,
            codebook=config.codebook_size,
            sample_rate=config.sample_rate,
            hop_length=config.hop_length,
            frame_rate=config.frame_rate,
            held_out=evaluation.held_out,
            held_out_kind=run.plan.split.kind,
            utilisation=[round(level.utilisation, 4) for level in evaluation.levels],
            corpus=run.corpus,
            preset=run.plan.preset,
            seed=run.spec.seed,
            parameters=codec.parameter_count,
            kbps=round(config.kbps, 3),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            ended=ended,
        )


def _memory_mib(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    return psutil.Process().memory_info().rss / 2**20
