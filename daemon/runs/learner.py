"""The interface between the training loop and a network of any kind.

`daemon.runs.loop` handles what is common to all kinds: the budget, stop and resume, checkpoints, the times of
evaluations, the log, the early end, and running out of memory. A `Learner` handles one kind of network: its
optimisation step, its evaluation, and the content of the finished model's folder. The codec's learner is in
`daemon.training.codec_learner`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from daemon.runs.checkpoint import Checkpoint, Progress
from daemon.runs.clock import Guess
from daemon.runs.reports import EvaluationReport, PriorReport, TrainingResult


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """Results of one training step."""

    terms: dict[str, float]
    """Terms of the loss, unweighted, and `total`."""
    learning_rate: float
    grad_norm: float
    is_skipped: bool
    """Whether the weights stayed unchanged because the gradient was not finite."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Estimated costs besides training steps, before they are measured."""

    guess: Guess
    final_ratio: float
    """Duration of the last evaluation relative to the earlier ones."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """When a run on a budget ends early because more time no longer helps."""

    evaluations: int
    """Number of evaluations without improvement after which the run ends early."""
    least_gain: float
    """Share by which the error must fall to count as an improvement."""
    may_end: bool = True
    """False if another stage is to come, since it begins at a share of the run and would begin at once."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Result of an evaluation."""

    error: float
    """Error on held-out audio, or on training audio if nothing is held out; lower is better."""
    is_held_out: bool
    report: EvaluationReport | PriorReport
    """Report for the log; the loop fills in `elapsed_s` and `is_best`."""


class Learner(Protocol):
    """A network in training, as the training loop uses it."""

    @property
    def progress(self) -> Progress:
        """Progress of the run. The loop updates evaluations and time in it, the learner the steps."""
        ...

    @property
    def plan(self) -> Any:
        """The plan in effect; `halve_batch` changes it."""
        ...

    @property
    def judged_by(self) -> str:
        """The audio that the error is measured on, as an adjective: "held-out" or "training"."""
        ...

    @property
    def costs(self) -> Costs:
        """Estimated costs of evaluations and of finishing."""
        ...

    @property
    def patience(self) -> Patience:
        """When the run ends early."""
        ...

    @property
    def batch(self) -> int:
        """Number of examples per step."""
        ...

    @property
    def memory_mib(self) -> float:
        """Memory in use on the accelerator or by this process, in MiB."""
        ...

    def step(self, share: float) -> StepOutcome:
        """Take one optimisation step when `share` (0 to 1) of the run is done.

        Raises:
            TrainingError: the training does not converge.
        """
        ...

    def halve_batch(self) -> bool:
        """Halve the number of examples per step; returns False if that is not possible."""
        ...

    def judge(self) -> Judgement:
        """Evaluate the network, and write a preview to listen to."""
        ...

    def repair(self) -> list[str]:
        """Repair problems that the last evaluation found; returns a message for each repair."""
        ...

    def is_stage_due(self, share: float) -> bool:
        """Whether the next stage of the training should begin now."""
        ...

    def begin_stage(self, error: float) -> str:
        """Begin the next stage from the weights just evaluated; returns a message about it."""
        ...

    def harm_of(self, error: float) -> str:
        """Why the current stage must end now, in a sentence; "" if it need not."""
        ...

    def checkpoint(self) -> Checkpoint:
        """State for a checkpoint, with everything that a resumed run needs."""
        ...

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore the state of a checkpoint."""
        ...

    def settle(self) -> None:
        """Bring the weights into their final state. A checkpoint follows, then `finish`."""
        ...

    def finish(
        self, ended: str, say: Callable[[str], None], report: Callable[[EvaluationReport | PriorReport], None]
    ) -> TrainingResult:
        """Choose the best weights, evaluate them, and write the model's folder.

        Args:
            ended: why the run ends early; "" if it does not.
            say: called with each message for the log.
            report: called with the last evaluation.
        """
        ...

    def close(self) -> None:
        """Give back what the training took from the process, such as its number of threads."""
        ...
