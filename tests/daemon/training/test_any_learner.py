"""The training loop trains what is no codec: a straight line fitted to points, with everything a run can meet."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from daemon.codec.config import CodecConfig
from daemon.runs.checkpoint import Checkpoint, Progress
from daemon.runs.clock import Guess
from daemon.runs.folder import Run, prepare_folder, read_log, read_run, write_run
from daemon.runs.learner import Costs, Judgement, Learner, Patience, StepOutcome
from daemon.runs.loop import TrainingLoop
from daemon.runs.reports import Control, EvaluationReport, LogLine, Report, StepReport, TrainingResult
from daemon.runs.spec import Plan, Recipe, Split, TrainingSpec
from daemon.training.tensors import pack, unpack

SLOPE = 3.0


class LineLearner:
    """Fits `y = slope x`; its model is one number."""

    judged_by = "held-out"
    memory_mib = 1.0
    costs = Costs(guess=Guess(), final_ratio=1.0)
    patience = Patience(evaluations=3, least_gain=0.01)

    def __init__(self, plan: Plan, run_dir: Path, memory: int = 99) -> None:
        self.plan, self.batch, self.progress = plan, 8, Progress(is_ready=True)
        self._dir, self._memory = run_dir, memory
        self.slope = torch.zeros(1, requires_grad=True)
        self._optimizer = torch.optim.SGD([self.slope], lr=0.05)

    def step(self, share: float) -> StepOutcome:
        if self.batch > self._memory:
            raise MemoryError
        random = torch.Generator().manual_seed(self.progress.step)
        x = torch.randn(self.batch, generator=random)
        loss = (SLOPE * x - self.slope * x).square().mean()
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self.progress.step += 1
        return StepOutcome(terms={"total": loss.item()}, learning_rate=0.05, grad_norm=0.0, is_skipped=False)

    def halve_batch(self) -> bool:
        self.batch //= 2
        return self.batch > 0

    def judge(self) -> Judgement:
        error = abs(SLOPE - self.slope.item())
        return Judgement(error=error, is_held_out=True, report=self._report(error))

    def _report(self, error: float) -> EvaluationReport:
        return EvaluationReport(
            step=self.progress.step, elapsed_s=0.0, train_mel=error, levels=[], is_best=False, preview=""
        )

    def repair(self) -> list[str]:
        return []

    def is_stage_due(self, share: float) -> bool:
        return False

    def begin_stage(self, error: float) -> str:
        raise AssertionError

    def harm_of(self, error: float) -> str:
        return ""

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(progress=self.progress, groups={"line": pack({"slope": self.slope})})

    def restore(self, checkpoint: Checkpoint) -> None:
        self.slope.data = unpack(checkpoint.groups["line"])["slope"]
        self.progress = checkpoint.progress

    def settle(self) -> None:
        self.slope.requires_grad_(False)

    def close(self) -> None:
        pass

    def finish(
        self, ended: str, say: Callable[[str], None], report: Callable[[EvaluationReport], None]
    ) -> TrainingResult:
        report(self._report(abs(SLOPE - self.slope.item())))
        (self._dir / "line.txt").write_text(f"{self.slope.item()} {ended}")
        return TrainingResult(state="finished", steps=self.progress.step, seconds=self.progress.elapsed_s)


def fit(
    folder: Path,
    steps: int,
    control: Callable[[], Control] = lambda: Control.GO,
    report: Callable[[Report], None] = lambda _: None,
    memory: int = 99,
) -> TrainingResult:
    plan = Plan(
        preset="toy", codec=CodecConfig(), recipe=Recipe(), split=Split(kind="none", train=[], held_out=[]),
        train_frames=0,
    )  # fmt: skip
    run = Run(state="running", corpus="points", created="", spec=TrainingSpec(steps=steps), plan=plan)
    prepare_folder(folder)
    write_run(folder, run)
    learner: Learner = LineLearner(plan, folder, memory)
    return TrainingLoop(learner, run, folder, report, control).run(["a line is fitted"])


def test_it_is_trained_judged_and_made_a_model(tmp_path: Path) -> None:
    result = fit(tmp_path, 60)
    assert (result.state, result.steps) == ("finished", 60)
    assert float((tmp_path / "line.txt").read_text()) == pytest.approx(SLOPE, abs=0.1)
    log = read_log(tmp_path)
    errors = [one.train_mel for one in log if isinstance(one, EvaluationReport)]
    assert len(errors) == 4 and errors == sorted(errors, reverse=True)
    assert [one.step for one in log if isinstance(one, StepReport)] == list(range(1, 61))
    run = read_run(tmp_path)
    assert run is not None and run.state == "finished"


def test_a_stopped_run_goes_on_and_ends_as_one_that_was_not(tmp_path: Path) -> None:
    taken: list[Report] = []
    stop = lambda: Control.STOP if sum(isinstance(one, StepReport) for one in taken) == 17 else Control.GO  # noqa: E731
    assert fit(tmp_path / "a", 40, stop, taken.append).state == "stopped"
    assert fit(tmp_path / "a", 40).steps == 40
    fit(tmp_path / "b", 40)
    assert (tmp_path / "a" / "line.txt").read_text() == (tmp_path / "b" / "line.txt").read_text()


def test_memory_that_runs_out_halves_its_batch_once(tmp_path: Path) -> None:
    fit(tmp_path, 10, memory=4)
    said = [one.text for one in read_log(tmp_path) if isinstance(one, LogLine)]
    assert "memory ran out in a step of 8 crops: going on with 4" in said


def test_what_was_learnt_is_kept_when_it_is_ended_by_hand(tmp_path: Path) -> None:
    taken: list[Report] = []
    fit(tmp_path, 400, lambda: Control.KEEP if len(taken) > 30 else Control.GO, taken.append)
    assert "stopped by hand at step" in (tmp_path / "line.txt").read_text()
