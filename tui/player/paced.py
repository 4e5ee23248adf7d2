"""A device without a sound card: the same callback pattern on a precise clock, heard by nobody or by a file.

ALSA's own null device takes samples a thousand times too fast; this one is for machines without sound that still
want the playhead to move, and for tests.
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
    """Takes 480 samples every 10 ms of the monotonic clock, late blocks at once: no drift, however busy the machine."""

    name = "paced"
    channels = 2
    latency_s = BLOCK / SAMPLE_RATE_HZ

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, fill: Fill) -> None:
        """Begin to call `fill` from a thread of its own."""
        self._thread = threading.Thread(target=self._run, args=(fill,), name="paced", daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Nothing to do: no more than one block is ever under way."""

    def trouble(self) -> str:
        """A clock does not go away."""
        return ""

    def close(self) -> None:
        """Stop after the block at hand."""
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
        """Told of every block; `active` is False for silence between playbacks."""


class WavDevice(PacedDevice):
    """A paced device that writes what it plays to a stereo float32 WAV; silence between playbacks is left out.

    The header is right after every block, so the file can be read at any time and after any death.

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
        """Stop, then close the file."""
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
    """RIFF header of a stereo float32 file."""
    shape = struct.pack("<HHIIHH", 3, 2, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * 8, 8, 32)
    return (
        b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVEfmt " + struct.pack("<I", 16) + shape
        + b"data" + struct.pack("<I", data_bytes)
    )  # fmt: skip
