"""Batches made before they are asked for, so that a step does not wait for its crops.

Data flow: step number → `CropSampler.batch` on threads of their own, a few steps ahead → the learner. A batch is a pure
function of seed and step, so what is made ahead is what would have been made, in whatever order the threads finish;
a step that nobody foresaw (the first, one after a resume) is made on the spot. A batch that cannot be made raises
where it is taken, not where it was made.

Threads, not processes: most of a batch is numpy's transforms and copies, which run without the interpreter's lock.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from daemon.dsp.audio import Audio

MOST_THREADS = 8
"""An accelerator takes a step in less time than one core takes to make its crops."""


class Prefetch:
    """Calls `make` for the steps to come."""

    def __init__(self, make: Callable[[int], Audio], *, threads: int) -> None:
        """Make up to twice as many batches ahead as there are threads, with one thread a single one."""
        self._make = make
        self._ahead = 1 if threads == 1 else 2 * threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="crops")
        self._coming: dict[int, Future[Audio]] = {}

    def take(self, step: int) -> Audio:
        """The batch of one step; the next ones are begun."""
        made = self._coming.pop(step, None)
        for other in [other for other in self._coming if not step < other <= step + self._ahead]:
            self._coming.pop(other).cancel()
        for coming in range(step + 1, step + 1 + self._ahead):
            if coming not in self._coming:
                self._coming[coming] = self._pool.submit(self._make, coming)
        return self._make(step) if made is None else made.result()


def threads_for(device: torch.device) -> int:
    """One where the step itself takes the cores, all but one where an accelerator does."""
    return 1 if device.type == "cpu" else max(1, min(MOST_THREADS, (os.cpu_count() or 2) - 1))
