"""How much of a run is done, in seconds or in steps, and when to evaluate next."""

import time

from daemon.training.errors import TrainingError
from daemon.training.spec import TrainingSpec

EVALUATIONS = 12
LONGEST_INTERVAL_S = 60.0
LONGEST_INTERVAL_STEPS = 500
SHORTEST_INTERVAL_STEPS = 20
DEFAULT_BUDGET_S = 600.0
# Evaluations may take this share of the time between them.
MOST_EVALUATION_SHARE = 0.08


class RunClock:
    """Wall clock of the optimisation without its pauses, carried over a resume."""

    def __init__(self, spec: TrainingSpec, elapsed_s: float, final_cost_ratio: float) -> None:
        """Start counting at `elapsed_s`; the end needs this many times an evaluation's time."""
        if spec.steps is not None and spec.steps < 1:
            raise TrainingError(f"{spec.steps} steps are none.", "Ask for at least one.")
        if spec.steps is None and spec.budget_s is not None and spec.budget_s <= 0:
            raise TrainingError(f"A budget of {spec.budget_s:g} s is none.", "Ask for a minute or more.")
        self._steps = spec.steps
        self._budget_s = DEFAULT_BUDGET_S if spec.budget_s is None else spec.budget_s
        self._origin = time.monotonic() - elapsed_s
        self._paused_at: float | None = None
        self._reserve_s = 0.02 * self._budget_s
        self._evaluation_s = 0.0
        self._final_cost_ratio = final_cost_ratio
        self._last_s, self._last_step = elapsed_s, -1

    @property
    def elapsed_s(self) -> float:
        """Seconds spent, pauses left out."""
        now = time.monotonic() if self._paused_at is None else self._paused_at
        return now - self._origin

    def pause(self) -> None:
        """Stop counting."""
        self._paused_at = self._paused_at or time.monotonic()

    def go_on(self) -> None:
        """Count again."""
        if self._paused_at is not None:
            self._origin += time.monotonic() - self._paused_at
            self._paused_at = None

    def share(self, step: int) -> float:
        """0 to 1: how much of the optimisation is done after `step` steps."""
        if self._steps is not None:
            return min(1.0, step / self._steps)
        return min(1.0, self.elapsed_s / max(1e-3, self._budget_s - self._reserve_s))

    def eta_s(self, step: int) -> float:
        """Seconds that are left."""
        if self._steps is None:
            return max(0.0, self._budget_s - self.elapsed_s)
        return self.elapsed_s / max(1, step) * max(0, self._steps - step)

    def is_evaluation_due(self, step: int) -> bool:
        """Whether enough time or steps have passed since the last evaluation."""
        if self._steps is not None:
            interval = min(LONGEST_INTERVAL_STEPS, max(SHORTEST_INTERVAL_STEPS, self._steps // 10))
            return step - max(self._last_step, 0) >= interval
        interval_s = min(LONGEST_INTERVAL_S, self._budget_s / EVALUATIONS)
        interval_s = max(interval_s, self._evaluation_s / MOST_EVALUATION_SHARE)
        return self.elapsed_s - self._last_s >= interval_s

    def evaluated(self, step: int, took_s: float) -> None:
        """Note what an evaluation with its checkpoint cost; the end may need two, of final size."""
        self._evaluation_s = took_s
        self._reserve_s = min(0.5 * self._budget_s, 2.0 * took_s * self._final_cost_ratio)
        self._last_s, self._last_step = self.elapsed_s, step
