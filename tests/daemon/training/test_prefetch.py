"""Batches are there before they are asked for, and are the ones that would have been made."""

import threading
import time

import numpy as np
import pytest
import torch

from daemon.training.prefetch import MOST_THREADS, Prefetch, threads_for


def batch_of(step: int) -> np.ndarray:
    return np.random.default_rng(step).standard_normal((2, 8)).astype(np.float32)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_step_gets_its_own_batch_also_after_a_leap(threads: int) -> None:
    batches = Prefetch(batch_of, threads=threads)
    for step in [0, 1, 2, 3, 40, 41, 5, 6, 6, 7]:
        assert np.array_equal(batches.take(step), batch_of(step)), step


def test_the_next_one_is_made_while_this_one_is_worked_on_and_not_many_more() -> None:
    made, enough = list[int](), threading.Event()

    def make(step: int) -> np.ndarray:
        made.append(step)
        if step == 1:
            enough.set()
        return batch_of(step)

    batches = Prefetch(make, threads=1)
    batches.take(0)
    assert enough.wait(10)
    time.sleep(0.05)
    assert sorted(made) == [0, 1]
    batches.take(1)
    assert made.count(1) == 1


def test_what_cannot_be_made_is_said_where_it_is_taken() -> None:
    def make(step: int) -> np.ndarray:
        if step == 2:
            raise MemoryError("out of memory")
        return batch_of(step)

    batches = Prefetch(make, threads=1)
    batches.take(0)
    batches.take(1)
    with pytest.raises(MemoryError):
        batches.take(2)
    assert np.array_equal(batches.take(3), batch_of(3))


def test_an_accelerator_has_several_at_work_on_its_crops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    assert threads_for(torch.device("cpu")) == 1
    assert threads_for(torch.device("cuda")) == MOST_THREADS
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert threads_for(torch.device("cuda")) == 1
