"""Choose the number of threads per step on a machine that other programs use too.

Two OpenMP threads on two busy cores wait for each other actively: a toy step took 20 times as long as
on one thread (measured). A run on a budget therefore times a step with each number of threads now and
then and keeps the faster. A run of a fixed number of steps keeps its threads, so that it is repeatable.
"""

import time

import torch

RETRY_S = 20.0


class ThreadChooser:
    """Chooser of the number of threads: call `begin` before and `end` after every step."""

    def __init__(self, *, is_adaptive: bool) -> None:
        self._full = torch.get_num_threads()
        self._choices = sorted({self._full, max(1, self._full // 2)}, reverse=True)
        self._is_adaptive = is_adaptive and len(self._choices) > 1
        self._times: list[float] = []
        self._began = 0.0
        self._next_trial = 0.0

    def begin(self) -> None:
        """Set the next number of threads to try if a trial is due."""
        if self._is_adaptive and time.monotonic() >= self._next_trial:
            torch.set_num_threads(self._choices[len(self._times)])
        self._began = time.monotonic()

    def end(self) -> None:
        """Record the step's duration; after the last trial set the fastest number of threads."""
        now = time.monotonic()
        if not self._is_adaptive or self._began < self._next_trial:
            return
        self._times.append(now - self._began)
        if len(self._times) == len(self._choices):
            best = min(range(len(self._times)), key=self._times.__getitem__)
            torch.set_num_threads(self._choices[best])
            self._times = []
            self._next_trial = now + RETRY_S

    def restore(self) -> None:
        """Restore the process's original number of threads."""
        if self._is_adaptive:
            torch.set_num_threads(self._full)
