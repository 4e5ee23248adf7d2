"""The training loop: budget, stop and resume, checkpoints, evaluations and the log, for any kind of network.

Data flow: `Learner.step` until the clock's share is 1. Between steps `control` is called; when an evaluation is due,
the learner is evaluated and a checkpoint is written. The network itself is the learner's (`daemon.runs.learner`).
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from daemon.runs.checkpoint import load_newest, save_checkpoint
from daemon.runs.clock import LastEvaluation, RunClock
from daemon.runs.errors import TrainingMemoryError, is_out_of_memory
from daemon.runs.folder import CHECKPOINTS, Run, RunLog, write_run
from daemon.runs.learner import Learner, StepOutcome
from daemon.runs.patience import end_early, note_error, restore_early_end
from daemon.runs.reports import Control, EvaluationReport, LogLine, PriorReport, Report, StepReport, TrainingResult


class TrainingLoop:
    """One run of a learner, continued from its newest checkpoint."""

    def __init__(
        self,
        learner: Learner,
        run: Run[Any],
        run_dir: Path,
        report: Callable[[Report], None],
        control: Callable[[], Control],
    ) -> None:
        """Restore the newest checkpoint, if there is one.

        Args:
            report: called from this thread after every step and evaluation.
            control: called between steps.
        """
        self._learner, self._run, self._dir = learner, run, run_dir
        self._report, self._control = report, control
        self._is_halved = False
        checkpoint = load_newest(run_dir / CHECKPOINTS)
        if checkpoint is not None:
            learner.restore(checkpoint)
        self._clock = self._open_clock(checkpoint.progress.elapsed_s if checkpoint else 0.0)
        self._log = RunLog(run_dir, checkpoint.progress.step if checkpoint else None)

    def _open_clock(self, elapsed_s: float) -> RunClock:
        costs, progress = self._learner.costs, self._learner.progress
        clock = RunClock(self._run.spec, elapsed_s, costs.final_ratio, guess=costs.guess, last=progress.evaluated)
        restore_early_end(progress, clock)
        return clock

    def end(self, state: str, message: str = "") -> None:
        """Write to `run.json` how the run ended. A full disk must not hide the original error."""
        self._log.close()
        self._learner.close()
        try:
            write_run(self._dir, replace(self._run, state=state, message=message))
        except OSError:
            return

    def run(self, notes: list[str]) -> TrainingResult:
        """Train until the budget is spent or `control` ends the run.

        Args:
            notes: messages for the log about how the run begins.

        Raises:
            TrainingError: the disk is full, memory ran out, or the training does not converge.
        """
        for text in notes:
            self._add(LogLine(text=text))
        progress = self._learner.progress
        if progress.step:
            self._note(f"resumed at step {progress.step}")
        while (share := self._clock.share(progress.step)) < 1.0:
            control = self._control()
            if control is Control.STOP:
                return self._stop()
            if control is Control.KEEP and progress.step:
                return self._keep()
            if self._learner.is_stage_due(share):
                self._note(self._learner.begin_stage(self._evaluate()))
            self._timed_step(share)
            if not self._clock.is_evaluation_due(progress.step):
                continue
            if not progress.is_ready:  # too early to evaluate, but work would be lost without a checkpoint
                self._save()
                self._clock.kept(progress.step)
            elif harm := self._learner.harm_of(self._evaluate()):
                return self._finish(harm)
        return self._finish()

    def _timed_step(self, share: float) -> None:
        progress = self._learner.progress
        began_s, was_ready = time.monotonic(), progress.is_ready
        outcome = self._step(share)
        took_s = time.monotonic() - began_s
        if was_ready == progress.is_ready:
            self._clock.stepped(took_s)
        self._report_step(outcome, took_s)

    def _step(self, share: float) -> StepOutcome:
        """Take one step; if memory runs out, retry once with half the examples."""
        while True:
            try:
                return self._learner.step(share)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve(error)

    def _halve(self, error: Exception) -> None:
        crops = self._learner.batch
        if self._is_halved or not self._learner.halve_batch():
            raise TrainingMemoryError(
                f"Memory ran out in a step of {crops} crops.",
                "Close other programs or choose a smaller --preset, then resume.",
            ) from error
        self._is_halved = True
        self._run = replace(self._run, plan=self._learner.plan)
        write_run(self._dir, self._run)
        self._note(f"memory ran out in a step of {crops} crops: going on with {self._learner.batch}")

    def _add(self, what: Report) -> None:
        self._log.add(what)
        self._report(what)

    def _note(self, *sentences: str) -> None:
        for text in filter(None, sentences):
            self._add(LogLine(text=text, step=self._learner.progress.step))

    def _report_step(self, outcome: StepOutcome, took_s: float) -> None:
        progress = self._learner.progress
        if outcome.is_skipped:
            self._note("a gradient was not finite: step skipped")
        self._add(
            StepReport(
                step=progress.step,
                losses=outcome.terms,
                learning_rate=outcome.learning_rate,
                grad_norm=outcome.grad_norm,
                examples_per_s=self._learner.batch / max(1e-6, took_s),
                memory_mib=self._learner.memory_mib,
                eta_s=self._clock.eta_s(progress.step, is_placed=progress.is_ready),
                elapsed_s=self._clock.elapsed_s,
                is_skipped=outcome.is_skipped,
            )
        )

    def _evaluate(self) -> float:
        """Evaluate, report, and write a checkpoint; returns the error."""
        began_s, progress = time.monotonic(), self._learner.progress
        judged = self._learner.judge()
        is_best = judged.is_held_out and (progress.best_error is None or judged.error < progress.best_error)
        if is_best:
            progress.best_error, progress.best_step = judged.error, progress.step
        self._add(replace(judged.report, elapsed_s=self._clock.elapsed_s, is_best=is_best))
        if progress.stage_from is None:
            patience = self._learner.patience
            note_error(judged.error, progress, patience)
            ends = end_early(progress, patience, self._clock, judged_by=self._learner.judged_by)
            self._note(*self._learner.repair(), ends)
        took_s = time.monotonic() - began_s
        progress.evaluated = LastEvaluation(step=progress.step, at_s=self._clock.elapsed_s, took_s=took_s)
        self._save()
        self._clock.evaluated(progress.step, time.monotonic() - began_s)
        return judged.error

    def _save(self) -> None:
        self._learner.progress.elapsed_s = self._clock.elapsed_s
        save_checkpoint(self._dir / CHECKPOINTS, self._learner.checkpoint())

    def _stop(self) -> TrainingResult:
        self._save()
        self._note("stopped; resume continues from here")
        self.end("stopped")
        return TrainingResult(state="stopped", steps=self._learner.progress.step, seconds=self._clock.elapsed_s)

    def _keep(self) -> TrainingResult:
        """End the run early with a model, because `control` requested it."""
        step = self._learner.progress.step
        ended = f"stopped by hand at step {step}, {self._clock.share(step):.0%} of the way"
        self._note(f"{ended}; the model is made of what was learned so far")
        return self._finish(ended)

    def _finish(self, ended: str = "") -> TrainingResult:
        """Finish the run with a model. `ended`: why it ends early; "" if it does not."""
        self._learner.settle()
        self._save()
        result = self._learner.finish(ended or self._learner.progress.ended_early, self._note, self._add_last)
        self.end("finished")
        return result

    def _add_last(self, report: EvaluationReport | PriorReport) -> None:
        self._learner.progress.elapsed_s = self._clock.elapsed_s
        self._add(replace(report, elapsed_s=self._clock.elapsed_s, is_best=True))
