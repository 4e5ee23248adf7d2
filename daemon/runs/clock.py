"""The clock of a run: how much of it is done, when the next evaluation is due, and how long the rest will take.

The remaining time is estimated from measurements in this run: the time of a step, of an evaluation with its checkpoint,
and of the end, which is an evaluation of more audio. Before the first evaluation its time is estimated in steps
(`Guess`).
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
# The largest share of the time that evaluations may take.
MOST_EVALUATION_SHARE = 0.08
# The end evaluates the last weights, and the best ones too if the last are worse: between one and two evaluations.
LIKELY_EVALUATIONS_AT_END = 1.5
REMEMBERED_STEPS = 50  # the time of a step is a moving average, because the load of the machine changes


@dataclass(frozen=True, kw_only=True)
class Guess:
    """Estimates, in steps, of the time of work that has not been measured yet."""

    evaluation_steps: float = 0.0
    placing_steps: float = 0.0
    """The initialisation of the codebooks by k-means, which happens once."""


class LastEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The time and the duration of a run's last evaluation, from which the end of a budget is planned."""

    step: int
    at_s: float
    took_s: float


class RunClock:
    """The wall-clock time of the optimisation, continued when a run is resumed. Pauses are not counted."""

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
        """Start counting at `elapsed_s`.

        Args:
            final_cost_ratio: the time of the end as a multiple of an evaluation's time.
            last: for a resumed run, the last evaluation before it was stopped.
        """
        if spec.steps is not None and spec.steps < 1:
            raise TrainingError(f"A training cannot have {spec.steps} steps.", "Choose at least one step.")
        if spec.steps is None and spec.budget_s is not None and spec.budget_s <= 0:
            raise TrainingError(f"A budget of {spec.budget_s:g} s is too short.", "Choose a minute or more.")
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
        """The seconds that this run has taken, in all its processes."""
        return self._now() - self._origin

    def stepped(self, took_s: float) -> None:
        """Record the time of a step, without evaluations and the initialisation of the codebooks."""
        self._steps_timed += 1
        self._step_s += (took_s - self._step_s) / min(self._steps_timed, REMEMBERED_STEPS)

    def share(self, step: int) -> float:
        """The share of the optimisation that is done after `step` steps, 0 to 1."""
        if self._steps is not None:
            return min(1.0, step / self._steps)
        return min(1.0, self.elapsed_s / max(1e-3, self._budget_s - self._reserve_s))

    def eta_s(self, step: int, *, is_placed: bool = True) -> float:
        """The seconds until the model is finished: steps, evaluations, the end, and the codebooks' initialisation."""
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
        """The number of evaluations left in a run of a number of steps, without the one at the end."""
        if self._steps is None:
            return 0
        interval = self._interval_steps(self._steps)
        first = max(max(self._last_step, 0) + interval, step)
        return max(0, math.ceil((self._steps - first + 1) / interval))

    @property
    def is_budgeted(self) -> bool:
        """Whether the run ends after a time, and not after a number of steps."""
        return self._steps is None

    @property
    def budget_s(self) -> float:
        """The budget in seconds. It becomes smaller when an early end is decided."""
        return self._budget_s

    @property
    def left_s(self) -> float:
        """The remaining seconds of the budget."""
        return max(0.0, self._budget_s - self.elapsed_s)

    def end_at(self, seconds: float) -> None:
        """End the run after this many seconds, if that is earlier than its budget."""
        self._budget_s = min(self._budget_s, seconds)
        self._reserve_s = min(self._reserve_s, 0.5 * self._budget_s)

    def is_evaluation_due(self, step: int) -> bool:
        """Whether enough time or enough steps have passed since the last evaluation."""
        if self._steps is not None:
            return step - max(self._last_step, 0) >= self._interval_steps(self._steps)
        interval_s = min(LONGEST_INTERVAL_S, self._budget_s / EVALUATIONS)
        interval_s = max(interval_s, self._evaluation_s / MOST_EVALUATION_SHARE)
        return self.elapsed_s - self._last_s >= interval_s

    def evaluated(self, step: int, took_s: float) -> None:
        """Record the time of an evaluation with its checkpoint. The end may need two evaluations of the final size."""
        self._evaluation_s = took_s
        self._reserve_s = self._reserved_s()
        self.kept(step)

    def kept(self, step: int) -> None:
        """Record a checkpoint at this step. The next evaluation is due one interval later."""
        self._last_s, self._last_step = self.elapsed_s, step

    def _reserved_s(self) -> float:
        return min(0.5 * self._budget_s, 2.0 * self._evaluation_s * self._final_cost_ratio)
