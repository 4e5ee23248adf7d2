"""End a run early when more time stops helping, but still let the learning rate fall.

The held-out error falls further when the learning rate does. So a run that stalls is not cut off: its remaining time
shrinks to a short end phase. Only runs on a budget end early; the budget is an upper bound. If nothing is held out, the
training error decides.
"""

from daemon.runs.checkpoint import Progress
from daemon.runs.clock import RunClock
from daemon.runs.learner import Patience

END_SHARE = 0.15
"""Length of the end phase, as a share of the time spent so far."""


def note_error(error: float, progress: Progress, patience: Patience) -> None:
    """Count evaluations since the error last fell by the share `least_gain`."""
    if progress.level_error is None or error < progress.level_error * (1 - patience.least_gain):
        progress.level_error, progress.stalled = error, 0
    else:
        progress.stalled += 1


def end_early(progress: Progress, patience: Patience, clock: RunClock, *, judged_by: str = "held-out") -> str:
    """Shorten the run if its error has stalled for too long; returns a message about it, or ""."""
    if not clock.is_budgeted or progress.ends_at_s is not None or not patience.may_end:
        return ""
    if progress.stalled < patience.evaluations:
        return ""
    spent_s = clock.elapsed_s
    if clock.left_s < 2 * END_SHARE * spent_s:
        return ""
    saved_s = clock.left_s - END_SHARE * spent_s
    progress.ends_at_s, progress.cut_budget_s = spent_s + END_SHARE * spent_s, clock.budget_s
    clock.end_at(progress.ends_at_s)
    progress.ended_early = (
        f"ended {_duration(saved_s)} early: the {judged_by} error has not fallen by {patience.least_gain:.1%} for "
        f"{progress.stalled} evaluations"
    )
    return progress.ended_early


def restore_early_end(progress: Progress, clock: RunClock) -> None:
    """Restore the early end of a resumed run; a run that was given another budget starts counting again."""
    if progress.ends_at_s is None:
        return
    if clock.is_budgeted and clock.budget_s == progress.cut_budget_s:
        clock.end_at(progress.ends_at_s)
        return
    progress.ends_at_s, progress.cut_budget_s, progress.ended_early, progress.stalled = None, None, "", 0


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
