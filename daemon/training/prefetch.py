"""Make batches ahead of time, so that a step does not wait for its crops.

Data flow: step number → `CropSampler.batch` on separate threads, a few steps ahead → the learner. A batch is a pure
function of seed and step, so the order in which threads finish does not matter. A batch that was not made ahead (the
first, or one after a resume) is made at once. An error while making a batch is raised where the batch is taken.

Threads suffice, because most of a batch is numpy's transforms and copies, which release the interpreter lock.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from daemon.dsp.audio import Audio

MOST_THREADS = 8
"""Several threads are needed because an accelerator's step takes less time than one core needs to make its crops."""


class Prefetch:
    """A queue of batches made ahead by calling `make` for the coming steps."""

    def __init__(self, make: Callable[[int], Audio], *, threads: int) -> None:
        """Make up to twice as many batches ahead as there are threads; a single one with one thread."""
        self._make = make
        self._ahead = 1 if threads == 1 else 2 * threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="crops")
        self._coming: dict[int, Future[Audio]] = {}

    def take(self, step: int) -> Audio:
        """Return the batch of a step, and start making the next ones."""
        made = self._coming.pop(step, None)
        for other in [other for other in self._coming if not step < other <= step + self._ahead]:
            self._coming.pop(other).cancel()
        for coming in range(step + 1, step + 1 + self._ahead):
            if coming not in self._coming:
                self._coming[coming] = self._pool.submit(self._make, coming)
        return self._make(step) if made is None else made.result()


def threads_for(device: torch.device) -> int:
    """Number of threads: one if the steps run on the CPU, otherwise all cores but one, at most `MOST_THREADS`."""
    return 1 if device.type == "cpu" else max(1, min(MOST_THREADS, (os.cpu_count() or 2) - 1))
