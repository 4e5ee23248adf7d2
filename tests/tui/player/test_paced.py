"""The paced device keeps time, and the file device keeps what it was given."""

import time
from pathlib import Path

import numpy as np
import pytest

from tui.player.devices import Device
from tui.player.paced import PacedDevice, WavDevice


def paced(folder: Path) -> Device:
    return PacedDevice()


def wav(folder: Path) -> Device:
    return WavDevice(folder / "out.wav")


@pytest.mark.parametrize("make", [paced, wav])
def test_it_takes_48000_samples_a_second(tmp_path: Path, make: object) -> None:
    """Within 40 ms after 0.8 s, though every fifth callback is late by 25 ms: late blocks are caught up, not lost."""
    device, taken = make(tmp_path), 0

    def fill(out: np.ndarray) -> bool:
        nonlocal taken
        taken += out.shape[0]
        if taken // out.shape[0] % 5 == 0:
            time.sleep(0.025)
        return False

    begun_s = time.monotonic()
    device.start(fill)
    time.sleep(0.8)
    seen, elapsed_s = taken, time.monotonic() - begun_s
    device.close()
    assert seen / 48_000 == pytest.approx(elapsed_s, abs=0.04)
    after = taken
    time.sleep(0.05)
    assert taken == after, "closed means no more callbacks"


def test_a_file_is_readable_while_it_is_written(tmp_path: Path) -> None:
    """The header is right after every block; blocks of silence between playbacks are left out."""
    device, count = WavDevice(tmp_path / "out.wav"), 0

    def fill(out: np.ndarray) -> bool:
        nonlocal count
        count += 1
        out[:] = count / 1000
        return count % 2 == 0

    device.start(fill)
    time.sleep(0.15)
    data = (tmp_path / "out.wav").read_bytes()
    device.close()
    size = int.from_bytes(data[40:44], "little")
    assert len(data) - 44 - 480 * 8 <= size <= len(data) - 44, "at most the block being written is not in the header"
    pcm = np.frombuffer(data[44 : 44 + size], "<f4").reshape(-1, 2)
    assert pcm.size and np.array_equal(pcm[:, 0], pcm[:, 1])
    blocks = pcm.reshape(-1, 480, 2)[:, 0, 0]
    np.testing.assert_allclose(blocks, np.arange(2, 2 * blocks.size + 1, 2) / 1000, atol=1e-7)
