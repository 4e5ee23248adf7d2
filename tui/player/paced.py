"""A device without a sound card: the same callbacks on a precise clock, with the output discarded or written to a file.

ALSA's own null device takes samples far too fast. This device is for tests, and for machines without sound, on which
the playhead should still move.
"""

import struct
import threading
import time
from pathlib import Path
from typing import BinaryIO

import numpy as np

from protocol.units import SAMPLE_RATE_HZ
from tui.player.devices import Fill
from tui.player.portaudio import NoDeviceError
from tui.player.ring import Samples

BLOCK = 480  # 10 ms


class PacedDevice:
    """Takes 480 samples every 10 ms of the monotonic clock. Late blocks follow at once, so that there is no drift."""

    name = "paced"
    channels = 2
    latency_s = BLOCK / SAMPLE_RATE_HZ

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, fill: Fill) -> None:
        """Start to call `fill` from a separate thread."""
        self._thread = threading.Thread(target=self._run, args=(fill,), name="paced", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Do nothing, because at most one block is buffered."""

    def trouble(self) -> str:
        """Return "", because a clock does not go away."""
        return ""

    def close(self) -> None:
        """Stop after the current block."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def _run(self, fill: Fill) -> None:
        block = np.zeros((BLOCK, self.channels), np.float32)
        begun_s, blocks = time.monotonic(), 0
        while not self._stop.is_set():
            self._heard(block, fill(block))
            blocks += 1
            ahead_s = begun_s + blocks * BLOCK / SAMPLE_RATE_HZ - time.monotonic()
            if ahead_s > 0:
                self._stop.wait(ahead_s)

    def _heard(self, block: Samples, active: bool) -> None:
        """Receive every block. `active` is False for silence between playbacks."""


class WavDevice(PacedDevice):
    """A paced device that writes what it plays to a stereo float32 WAV, without the silence between playbacks.

    The header is updated after every block, so the file is valid at any time, even after a crash.

    Raises:
        NoDeviceError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.name = f"wav:{path}"
        try:
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as problem:
            raise NoDeviceError(f"{path} cannot be written: {problem.strerror}", "choose another file") from None
        self._bytes = 0
        self._file.write(_header(0))

    def close(self) -> None:
        """Stop the clock, then close the file."""
        super().close()
        self._file.close()

    def _heard(self, block: Samples, active: bool) -> None:
        if not active:
            return
        self._file.write(block.tobytes())
        self._bytes += block.nbytes
        self._file.seek(0)
        self._file.write(_header(self._bytes))
        self._file.seek(0, 2)


def _header(data_bytes: int) -> bytes:
    """Return the RIFF header of a stereo float32 file."""
    shape = struct.pack("<HHIIHH", 3, 2, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * 8, 8, 32)
    return (
        b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVEfmt " + struct.pack("<I", 16) + shape
        + b"data" + struct.pack("<I", data_bytes)
    )  # fmt: skip
