"""What plays: one small interface, and the sound card behind it.

A device calls `fill` from its own thread for every block and never anything else. `tui.player.portaudio` loads the
library behind a sound card, only when one is wanted, so a machine without it can do everything but play.

What can go wrong: the device is unplugged or its sound server ends (PortAudio gives up on the stream), or the server
hangs (no block is asked for any more, and whoever calls PortAudio then may never come back). `trouble` tells of both.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from protocol.units import SAMPLE_RATE_HZ
from tui.player.portaudio import NoDeviceError, advice, load_sounddevice, output_names
from tui.player.ring import Samples

Fill = Callable[[Samples], bool]

LATENCY_S = 0.1  # asked of the sound card: small enough to play with, large enough for a busy laptop
MAX_BLOCK = SAMPLE_RATE_HZ // 2
QUICK_S = 0.025  # a device slower than this is cut off on stop instead of playing out what it holds
STALLED_S = 3.0  # without a block asked for: thirty times what a card holds
LONGEST_TICK_S = 0.1  # counted between two looks: a process that was stopped itself blames no device
INVALID_SAMPLE_RATE = -9997  # paInvalidSampleRate of PortAudio
LET_GO_S = 0.5  # for a call that a hanging sound server may never answer


class Device(Protocol):
    """Something that takes samples at 48 kHz on its own clock."""

    name: str
    latency_s: float
    channels: int

    def start(self, fill: Fill) -> None:
        """Begin to call `fill` with blocks float32, `(L,)` for one channel and `(L, 2)` for two."""
        ...

    def cut(self) -> None:
        """Forget what was handed over and is not heard yet, where that is more than a moment."""
        ...

    def trouble(self) -> str:
        """What became of the device, as in "went away"; "" while it plays. Asked many times a second."""
        ...

    def close(self) -> None:
        """Stop calling `fill` and let go of the device."""
        ...


class SoundCard:
    """A PortAudio output stream. `name` "" is the system's default.

    Raises:
        NoDeviceError: there is none, it is unknown or ambiguous, taken, or does not run at 48 kHz.
    """

    def __init__(self, name: str = "") -> None:
        sounddevice = load_sounddevice()
        self._fill: Fill | None = None
        self._error: type[Exception] = sounddevice.PortAudioError
        self._blocks = self._seen_blocks = 0
        self._seen_s = self._still_s = 0.0
        self._is_lost = False
        try:
            chosen = _find(sounddevice, name)
            self.name = str(chosen["name"])
            self.channels = min(2, int(chosen["max_output_channels"]))  # more would wake every port of an interface
            self._block = np.zeros(MAX_BLOCK if self.channels == 1 else (MAX_BLOCK, 2), np.float32)
            self._stream = self._open(sounddevice, chosen)
        except sounddevice.PortAudioError as problem:
            if INVALID_SAMPLE_RATE in problem.args:
                raise NoDeviceError(
                    f"{self.name} does not run at {SAMPLE_RATE_HZ} Hz",
                    "set it to 48 kHz in the system's sound settings, or choose another: --device NAME",
                ) from None
            hint = advice("end other programs that may use it, or choose another: --device NAME")
            raise NoDeviceError(f"the sound device cannot be opened: {problem}", hint) from None
        self.latency_s = float(self._stream.latency)

    def _open(self, sounddevice: Any, chosen: Any) -> Any:
        return sounddevice.OutputStream(
            samplerate=SAMPLE_RATE_HZ,
            blocksize=0,
            device=int(chosen["index"]),
            channels=self.channels,
            dtype="float32",
            latency=LATENCY_S,
            callback=self._callback,
        )

    def start(self, fill: Fill) -> None:
        """Begin to call `fill` from PortAudio's thread; one that went away meanwhile is in trouble at once."""
        self._fill = fill
        self._seen_s = time.monotonic()
        self._try(self._stream.start)

    def cut(self) -> None:
        """Drop what the card still holds. Its cut is hard, but 100 ms of sound after a panic would be worse."""
        if self.latency_s > QUICK_S and not self.trouble():
            self._try(self._restart)

    def trouble(self) -> str:
        """PortAudio has given up on the stream, or nobody has asked for a block for STALLED_S."""
        now_s = time.monotonic()
        tick_s, self._seen_s = min(LONGEST_TICK_S, now_s - self._seen_s), now_s
        self._still_s = self._still_s + tick_s if self._blocks == self._seen_blocks else 0.0
        self._seen_blocks = self._blocks
        if self._still_s > STALLED_S:
            return "takes no more sound"
        try:
            return "" if self._stream.active and not self._is_lost else "went away"
        except self._error:
            return "went away"

    def close(self) -> None:
        """Stop and free the stream; one that hangs ends with the process."""
        self._try(lambda: self._stream.close(ignore_errors=True))

    def _restart(self) -> None:
        self._stream.abort()
        self._stream.start()

    def _try(self, act: Callable[[], None]) -> None:
        """Do something to the stream that fails or never returns once the device is gone."""
        is_done = threading.Event()

        def run() -> None:
            try:
                act()
            except self._error:
                self._is_lost = True
            finally:
                is_done.set()

        threading.Thread(target=run, name="portaudio", daemon=True).start()
        if not is_done.wait(LET_GO_S):
            self._is_lost = True

    def _callback(self, outdata: Samples, frames: int, _time: Any, _status: Any) -> None:
        self._blocks += 1
        fill = self._fill
        if fill is None:
            outdata[:] = 0.0
            return
        for start in range(0, frames, MAX_BLOCK):
            block = self._block[: min(MAX_BLOCK, frames - start)]
            fill(block)
            outdata[start : start + block.shape[0]] = block.reshape(block.shape[0], -1)


def _find(sounddevice: Any, name: str) -> Any:
    names = output_names(sounddevice)
    if not names:
        raise NoDeviceError("this machine has no sound device", advice("plug one in, or decode to a file"))
    if not name:
        if int(sounddevice.default.device[1]) < 0:
            raise NoDeviceError("no default sound device is set", f"choose one: {', '.join(names)}")
        return sounddevice.query_devices(kind="output")
    devices = [found for found in sounddevice.query_devices() if found["max_output_channels"] > 0]
    hits = [found for found in devices if found["name"] == name] or [
        found for found in devices if name.casefold() in str(found["name"]).casefold()
    ]
    if not hits:
        raise NoDeviceError(f"no sound device is called {name!r}", f"there are: {', '.join(names)}")
    return hits[0]
