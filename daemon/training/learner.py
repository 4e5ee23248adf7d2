"""What the training loop needs of a network, whatever kind of network it is.

`daemon.training.loop` owns what is the same for every kind: the budget, stop and resume, checkpoints, the cadence of
evaluations, the log, the early end, and what happens when memory runs out. A `Learner` owns one kind of network: how a
step changes it, how it is judged, and what the finished model's folder holds. The codec's is
`daemon.training.codec_learner`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from daemon.runs.clock import Guess
from daemon.runs.reports import EvaluationReport, TrainingResult
from daemon.runs.spec import Plan
from daemon.training.checkpoint import Checkpoint, Progress


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """Numbers of one step."""

    terms: dict[str, float]
    """Of the loss, unweighted, and `total`."""
    learning_rate: float
    grad_norm: float
    is_skipped: bool
    """The gradient was not finite, and the weights were left alone."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What takes time besides steps, before any of it was measured."""

    guess: Guess
    final_ratio: float
    """How many times an evaluation's time the last one takes."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """When more time stops helping."""

    evaluations: int
    """So many without gain, and a run on a budget begins to end."""
    least_gain: float
    """What counts as gain: the error falls by this share."""
    may_end: bool = True
    """False where another stage is to come: it begins at a share of the run, and would begin at once."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What an evaluation found."""

    error: float
    """Lower is better: on held-out material, or on training material where nothing is held out."""
    is_held_out: bool
    report: EvaluationReport
    """With `elapsed_s` and `is_best` left to the loop."""


class Learner(Protocol):
    """A network in training."""

    @property
    def progress(self) -> Progress:
        """Where the run stands; the loop counts its evaluations and its time in it, the learner its steps."""
        ...

    @property
    def plan(self) -> Plan:
        """What is followed; `halve_batch` changes it."""
        ...

    @property
    def judged_by(self) -> str:
        """What the error is measured on, as an adjective: "held-out" or "training"."""
        ...

    @property
    def costs(self) -> Costs:
        """What evaluations and the end will take."""
        ...

    @property
    def patience(self) -> Patience:
        """When to begin to end."""
        ...

    @property
    def batch(self) -> int:
        """Examples in a step."""
        ...

    @property
    def memory_mib(self) -> float:
        """Memory in use, of the accelerator or of this process."""
        ...

    def step(self, share: float) -> StepOutcome:
        """One optimisation step; `share` (0 to 1) of the run is done.

        Raises:
            TrainingError: the numbers do not converge.
        """
        ...

    def halve_batch(self) -> bool:
        """Take half as many examples a step from now on; False where that is not possible."""
        ...

    def judge(self) -> Judgement:
        """Measure what has been learnt, with something to listen to."""
        ...

    def repair(self) -> list[str]:
        """Put right what the judgement just made showed; a sentence for each repair."""
        ...

    def is_stage_due(self, share: float) -> bool:
        """Whether the next stage of the training begins now."""
        ...

    def begin_stage(self, error: float) -> str:
        """Begin it, from the weights just judged; a sentence that says so."""
        ...

    def harm_of(self, error: float) -> str:
        """Why the present stage has to end now, in a sentence; nothing where it need not."""
        ...

    def checkpoint(self) -> Checkpoint:
        """Everything a resumed run needs."""
        ...

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a checkpoint."""
        ...

    def settle(self) -> None:
        """Bring the weights into the state in which they are kept: a checkpoint follows, then `finish`."""
        ...

    def finish(
        self, ended: str, say: Callable[[str], None], report: Callable[[EvaluationReport], None]
    ) -> TrainingResult:
        """Choose the best weights, judge them, and write the model's folder.

        Args:
            ended: why the run ends before its time; empty where it does not.
            say: takes a sentence for the log.
            report: takes the last evaluation.
        """
        ...
