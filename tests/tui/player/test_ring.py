"""The ring under random use, against a plain list; and one writer beside one reader, in real threads."""

import threading
import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.player.ring import Ring

steps = st.lists(st.tuples(st.sampled_from(["write", "read", "peek"]), st.integers(0, 40)), max_size=60)


@given(capacity=st.integers(1, 32), steps=steps)
def test_it_behaves_like_a_bounded_list(capacity: int, steps: list[tuple[str, int]]) -> None:
    """First in first out, never more than capacity, never fewer than nothing, whatever the order of use."""
    ring, model, value = Ring(capacity), list[float](), 0.0
    for what, count in steps:
        if what == "write":
            pcm = np.arange(value, value + count, dtype=np.float32)
            value += count
            accepted = ring.write(pcm)
            assert accepted == min(count, capacity - len(model))
            model += pcm[:accepted].tolist()
        else:
            out = np.full(count, -1, np.float32)
            got = ring.copy_to(out)
            assert out[:got].tolist() == model[:got]
            assert (out[got:] == -1).all()
            if what == "read":
                ring.advance(got)
                del model[:got]
        assert 0 <= ring.written - ring.read == len(model) <= capacity


@settings(max_examples=4)
@given(block=st.integers(1, 97), chunk=st.integers(1, 83))
def test_a_writer_and_a_reader_in_threads_lose_nothing(block: int, chunk: int) -> None:
    """20 000 numbers through a ring of 128, in order, with both sides spinning freely."""
    ring, total = Ring(128), 20_000
    numbers = np.arange(total, dtype=np.float32)
    received: list[np.ndarray] = []

    def read() -> None:
        out, count = np.zeros(block, np.float32), 0
        while count < total:
            got = ring.copy_to(out)
            received.append(out[:got].copy())
            ring.advance(got)
            count += got
            if not got:
                time.sleep(0)

    reader = threading.Thread(target=read)
    reader.start()
    sent = 0
    while sent < total:
        accepted = ring.write(numbers[sent : sent + chunk])
        sent += accepted
        if not accepted:
            time.sleep(0)
    reader.join(20)
    assert not reader.is_alive()
    np.testing.assert_array_equal(np.concatenate(received), numbers)
