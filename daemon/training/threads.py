"""How many threads a step takes on a machine that others use too.

Two OpenMP threads on two busy cores wait for each other actively: a toy step took 20 times as long as
on one thread (measured). So a run on a budget times a step each way now and then and keeps the
quicker. A run of exactly N steps leaves the number alone: it is part of what makes it repeatable.
"""

import time

import torch

RETRY_S = 20.0


class ThreadChooser:
    """Call `begin` before and `end` after every step."""

    def __init__(self, *, is_adaptive: bool) -> None:
        self._full = torch.get_num_threads()
        self._choices = sorted({self._full, max(1, self._full // 2)}, reverse=True)
        self._is_adaptive = is_adaptive and len(self._choices) > 1
        self._times: list[float] = []
        self._began = 0.0
        self._next_trial = 0.0

    def begin(self) -> None:
        """Take the next choice to be tried, when a trial is due."""
        if self._is_adaptive and time.monotonic() >= self._next_trial:
            torch.set_num_threads(self._choices[len(self._times)])
        self._began = time.monotonic()

    def end(self) -> None:
        """Note how long the step took; after the last choice keep the quickest."""
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
        """Leave the process as it was."""
        if self._is_adaptive:
            torch.set_num_threads(self._full)
