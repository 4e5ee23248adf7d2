"""The time that is left, told by a clock that the test turns: steps, evaluations, k-means and the end all count."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from daemon.runs.clock import Guess, LastEvaluation, RunClock
from daemon.runs.spec import TrainingSpec

GUESS = Guess(evaluation_steps=20, placing_steps=15)


@dataclass
class Machine:
    """How long things take here; a run on it, without the run."""

    step_s: float = 0.1
    evaluation_s: float = 2.0
    placing_s: float = 1.5
    ratio: float = 2.0
    at_end: float = 1.5
    now_s: float = 1000.0
    told: list[tuple[int, float, float]] = field(default_factory=list[tuple[int, float, float]])

    def run(
        self, spec: TrainingSpec, guess: Guess, pace: Callable[[int], float] = lambda _: 1.0, elapsed_s: float = 0.0
    ) -> float:
        """Every (step, elapsed, left) goes to `told`; gives when the model was finished."""
        clock = RunClock(spec, elapsed_s, self.ratio, guess=guess, now=lambda: self.now_s)
        began_s, step, is_placed = self.now_s - elapsed_s, 0, False
        while clock.share(step) < 1.0:
            if not is_placed and clock.share(step) >= 0.05:
                self.now_s += self.placing_s + self.step_s
                is_placed = True
            else:
                took_s = self.step_s * pace(step)
                self.now_s += took_s
                clock.stepped(took_s)
            step += 1
            self.told.append((step, self.now_s - began_s, clock.eta_s(step, is_placed=is_placed)))
            if is_placed and clock.is_evaluation_due(step):
                self.now_s += self.evaluation_s
                clock.evaluated(step, self.evaluation_s)
        self.now_s += self.evaluation_s * self.ratio * self.at_end
        return self.now_s - began_s


@pytest.mark.parametrize(
    "spec",
    [TrainingSpec(steps=400), TrainingSpec(steps=2000), TrainingSpec(budget_s=120.0), TrainingSpec(budget_s=600.0)],
    ids=["400 steps", "2000 steps", "2 min", "10 min"],
)
def test_what_is_left_is_what_it_then_takes(spec: TrainingSpec) -> None:
    machine = Machine()
    whole_s = machine.run(spec, GUESS)
    for step, elapsed_s, left_s in machine.told[5:]:
        assert elapsed_s + left_s == pytest.approx(whole_s, rel=0.05), step


def test_a_wrong_first_guess_is_corrected_by_the_first_evaluation() -> None:
    machine = Machine()
    whole_s = machine.run(TrainingSpec(steps=400), Guess(evaluation_steps=2, placing_steps=0))
    early = [elapsed_s + left_s for step, elapsed_s, left_s in machine.told if step <= 20]
    later = [elapsed_s + left_s for step, elapsed_s, left_s in machine.told if step > 41]
    assert max(early) < 0.8 * whole_s  # so the test can tell
    assert later == pytest.approx([whole_s] * len(later), rel=0.01)


def test_steps_that_become_slower_are_followed() -> None:
    machine = Machine()
    whole_s = machine.run(TrainingSpec(steps=2000), GUESS, pace=lambda step: 1.0 if step < 1000 else 3.0)
    left = {step: elapsed_s + left_s for step, elapsed_s, left_s in machine.told}
    assert left[900] < 0.7 * whole_s
    assert left[1200] == pytest.approx(whole_s, rel=0.02)


def test_what_an_earlier_process_spent_is_neither_forgotten_nor_counted_twice() -> None:
    fresh, resumed = Machine(), Machine()
    assert fresh.run(TrainingSpec(budget_s=120.0), GUESS) == pytest.approx(
        resumed.run(TrainingSpec(budget_s=120.0), GUESS, elapsed_s=60.0), rel=0.05
    )
    assert len(resumed.told) < 0.6 * len(fresh.told)


def test_left_falls_and_ends_with_the_last_measure() -> None:
    machine = Machine()
    machine.run(TrainingSpec(steps=200), GUESS)
    step, _, left_s = machine.told[-1]
    assert (step, left_s) == (200, pytest.approx(machine.evaluation_s * machine.ratio * 1.5 + machine.evaluation_s))


def test_a_resumed_run_looks_at_itself_when_it_would_have() -> None:
    """And plans the end of its budget by what an evaluation took: the share done must not fall back."""
    now_s = 500.0
    steps = RunClock(TrainingSpec(steps=400), 9.0, 1.0, last=LastEvaluation(step=80, at_s=8.0, took_s=2.0))
    assert [steps.is_evaluation_due(step) for step in (90, 119, 120)] == [False, False, True]
    budget, last = TrainingSpec(budget_s=120.0), LastEvaluation(step=300, at_s=55.0, took_s=2.0)
    whole = RunClock(budget, 58.0, 4.0, now=lambda: now_s)
    whole.evaluated(300, 2.0)
    resumed = RunClock(budget, 58.0, 4.0, last=last, now=lambda: now_s)
    assert resumed.share(0) == whole.share(0) > RunClock(budget, 58.0, 4.0, now=lambda: now_s).share(0)
    assert not resumed.is_evaluation_due(301)
    now_s = 500.0 + 55.0 + max(10.0, 2.0 / 0.08) - 58.0  # an interval after the last one, not after the resume
    assert resumed.is_evaluation_due(301)


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_wall_clock_that_jumps_neither_ends_a_budget_nor_prolongs_it(
    monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    clock = RunClock(TrainingSpec(budget_s=60.0), 6.0, 2.0)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump_s)
    assert 6.0 <= clock.elapsed_s < 16.0 and 0.0 < clock.share(10) < 0.5
    assert 30.0 < clock.left_s < 55.0
