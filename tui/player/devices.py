"""The devices that play: one small interface, and the sound card.

A device calls only `fill`, from its own thread, for every block. `tui.player.portaudio` loads the library for a sound
card only when one is opened, so a machine without it can do everything except play.

What can go wrong: the device is unplugged or its sound server ends (PortAudio gives up on the stream), or the server
hangs (no block is requested any more, and calls of PortAudio may never return). `trouble` reports both.
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

LATENCY_S = 0.1  # requested from the sound card: small enough to play with, large enough for a busy laptop
MAX_BLOCK = SAMPLE_RATE_HZ // 2
QUICK_S = 0.025  # on stop, a device with more latency is cut off; others play what they have buffered
STALLED_S = 3.0  # without a requested block: thirty times what a card buffers
LONGEST_TICK_S = (
    0.1  # the most time counted between two checks, so that a suspended process does not report a stalled device
)
INVALID_SAMPLE_RATE = -9997  # paInvalidSampleRate of PortAudio
LET_GO_S = 0.5  # for a call that a hanging sound server may never answer


class Device(Protocol):
    """An output that requests samples at 48 kHz on its own clock."""

    name: str
    latency_s: float
    channels: int

    def start(self, fill: Fill) -> None:
        """Start to call `fill` with float32 blocks, `(L,)` for one channel and `(L, 2)` for two."""
        ...

    def cut(self) -> None:
        """Discard buffered samples that are not audible yet, if there are more than a few milliseconds of them."""
        ...

    def trouble(self) -> str:
        """Return what is wrong with the device, such as "went away"; "" while it plays. Called many times a second."""
        ...

    def close(self) -> None:
        """Stop calling `fill` and release the device."""
        ...


class SoundCard:
    """A PortAudio output stream. An empty `name` means the system's default device.

    Raises:
        NoDeviceError: the device does not exist, is unknown, ambiguous or in use, or does not run at 48 kHz.
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
            self.channels = min(2, int(chosen["max_output_channels"]))  # more would open every port of an interface
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
        """Start to call `fill` from PortAudio's thread. `trouble` reports a device that went away meanwhile."""
        self._fill = fill
        self._seen_s = time.monotonic()
        self._try(self._stream.start)

    def cut(self) -> None:
        """Discard what the card has buffered. This may click, but 100 ms of sound after a panic would be worse."""
        if self.latency_s > QUICK_S and not self.trouble():
            self._try(self._restart)

    def trouble(self) -> str:
        """Report a stream that PortAudio ended, or that requested no block for STALLED_S."""
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
        """Stop and free the stream. A stream that hangs ends with the process."""
        self._try(lambda: self._stream.close(ignore_errors=True))

    def _restart(self) -> None:
        self._stream.abort()
        self._stream.start()

    def _try(self, act: Callable[[], None]) -> None:
        """Call a function of the stream that may fail or never return if the device is gone."""
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
