"""How much of a run is done, in seconds or in steps, when to evaluate next, and how long the rest will take.

What is left is made of what was measured in this run: the time of a step, of an evaluation with its checkpoint, and of
the end, which is an evaluation of more audio. Until the first evaluation its time is guessed in steps (`Guess`).
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from daemon.runs.errors import TrainingError
from daemon.runs.spec import TrainingSpec

EVALUATIONS = 12
LONGEST_INTERVAL_S = 60.0
LONGEST_INTERVAL_STEPS = 500
SHORTEST_INTERVAL_STEPS = 20
DEFAULT_BUDGET_S = 600.0
# Evaluations may take this share of the time between them.
MOST_EVALUATION_SHARE = 0.08
# The end evaluates the last weights, and the best ones too when the last are worse: between one and two evaluations.
LIKELY_EVALUATIONS_AT_END = 1.5
REMEMBERED_STEPS = 50  # the time of a step is a mean that forgets: other programs come and go


@dataclass(frozen=True, kw_only=True)
class Guess:
    """What takes time and has not happened yet, in steps."""

    evaluation_steps: float = 0.0
    placing_steps: float = 0.0
    """Placing the codebooks, once, by k-means."""


class LastEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """When a run last looked at itself, and for how long: the end of a budget is planned by it."""

    step: int
    at_s: float
    took_s: float


class RunClock:
    """Wall clock of the optimisation, carried over a resume; while a run is paused no process counts."""

    def __init__(
        self,
        spec: TrainingSpec,
        elapsed_s: float,
        final_cost_ratio: float,
        *,
        guess: Guess | None = None,
        last: LastEvaluation | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start counting at `elapsed_s`; the end needs this many times an evaluation's time.

        Args:
            last: the evaluation before a run was stopped, when it is resumed.
        """
        if spec.steps is not None and spec.steps < 1:
            raise TrainingError(f"{spec.steps} steps are none.", "Ask for at least one.")
        if spec.steps is None and spec.budget_s is not None and spec.budget_s <= 0:
            raise TrainingError(f"A budget of {spec.budget_s:g} s is none.", "Ask for a minute or more.")
        self._steps = spec.steps
        self._budget_s = DEFAULT_BUDGET_S if spec.budget_s is None else spec.budget_s
        self._now = now
        self._origin = now() - elapsed_s
        self._final_cost_ratio = final_cost_ratio
        self._guess = guess or Guess()
        self._step_s, self._steps_timed = 0.0, 0
        last = last or LastEvaluation(step=-1, at_s=elapsed_s, took_s=0.0)
        self._last_s, self._last_step, self._evaluation_s = last.at_s, last.step, last.took_s
        self._reserve_s = self._reserved_s() if last.took_s else 0.02 * self._budget_s

    @property
    def elapsed_s(self) -> float:
        """Seconds spent by this run, in all the processes it had."""
        return self._now() - self._origin

    def stepped(self, took_s: float) -> None:
        """Note what a step took, without an evaluation and without placing the codebooks."""
        self._steps_timed += 1
        self._step_s += (took_s - self._step_s) / min(self._steps_timed, REMEMBERED_STEPS)

    def share(self, step: int) -> float:
        """0 to 1: how much of the optimisation is done after `step` steps."""
        if self._steps is not None:
            return min(1.0, step / self._steps)
        return min(1.0, self.elapsed_s / max(1e-3, self._budget_s - self._reserve_s))

    def eta_s(self, step: int, *, is_placed: bool = True) -> float:
        """Seconds until the model is finished: steps, evaluations, placing the codebooks if need be, the end."""
        evaluation_s = self._evaluation_s or self._guess.evaluation_steps * self._step_s
        end_s = LIKELY_EVALUATIONS_AT_END * evaluation_s * self._final_cost_ratio
        if self._steps is None:
            return max(0.0, self._budget_s - self._reserve_s - self.elapsed_s) + end_s
        left = max(0, self._steps - step)
        placing_s = 0.0 if is_placed else self._guess.placing_steps * self._step_s
        return left * self._step_s + self._evaluations_left(step) * evaluation_s + placing_s + end_s

    def _interval_steps(self, steps: int) -> int:
        return min(LONGEST_INTERVAL_STEPS, max(SHORTEST_INTERVAL_STEPS, steps // 10))

    def _evaluations_left(self, step: int) -> int:
        """Evaluations still to come in a run of so many steps; the one at the end is counted apart."""
        if self._steps is None:
            return 0
        interval = self._interval_steps(self._steps)
        first = max(max(self._last_step, 0) + interval, step)
        return max(0, math.ceil((self._steps - first + 1) / interval))

    @property
    def is_budgeted(self) -> bool:
        """Whether seconds end the run, not a number of steps."""
        return self._steps is None

    @property
    def budget_s(self) -> float:
        """Seconds of the budget; fewer once an early end was decided on."""
        return self._budget_s

    @property
    def left_s(self) -> float:
        """Seconds of the budget that are left."""
        return max(0.0, self._budget_s - self.elapsed_s)

    def end_at(self, seconds: float) -> None:
        """End the run when it has taken so many seconds, if that is earlier than its budget."""
        self._budget_s = min(self._budget_s, seconds)
        self._reserve_s = min(self._reserve_s, 0.5 * self._budget_s)

    def is_evaluation_due(self, step: int) -> bool:
        """Whether enough time or steps have passed since the last evaluation."""
        if self._steps is not None:
            return step - max(self._last_step, 0) >= self._interval_steps(self._steps)
        interval_s = min(LONGEST_INTERVAL_S, self._budget_s / EVALUATIONS)
        interval_s = max(interval_s, self._evaluation_s / MOST_EVALUATION_SHARE)
        return self.elapsed_s - self._last_s >= interval_s

    def evaluated(self, step: int, took_s: float) -> None:
        """Note what an evaluation with its checkpoint cost; the end may need two, of final size."""
        self._evaluation_s = took_s
        self._reserve_s = self._reserved_s()
        self.kept(step)

    def kept(self, step: int) -> None:
        """Note that there is a checkpoint of this step: the next evaluation is due an interval later."""
        self._last_s, self._last_step = self.elapsed_s, step

    def _reserved_s(self) -> float:
        return min(0.5 * self._budget_s, 2.0 * self._evaluation_s * self._final_cost_ratio)
