"""What plays: one small interface, and the sound card behind it.

A device calls `fill` from its own thread for every block and never anything else. `sounddevice` (and PortAudio under
it) is imported here and only when a sound card is wanted, so a machine without it can do everything but play.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from protocol.units import SAMPLE_RATE_HZ
from tui.player.ring import Samples

Fill = Callable[[Samples], bool]

LATENCY_S = 0.1  # asked of the sound card: small enough to play with, large enough for a busy laptop
MAX_BLOCK = SAMPLE_RATE_HZ // 2
QUICK_S = 0.025  # a device slower than this is cut off on stop instead of playing out what it holds
INSTALL = "install PortAudio: apt install libportaudio2, or brew install portaudio"


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

    def is_alive(self) -> bool:
        """False once the device is gone."""
        ...

    def close(self) -> None:
        """Stop calling `fill` and let go of the device."""
        ...


class NoDeviceError(Exception):
    """Nothing can play; `mend` says what to do about it."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.reason, self.mend = reason, mend


def load_sounddevice() -> Any:
    """The module, imported now.

    Raises:
        NoDeviceError: PortAudio or the module is missing.
    """
    try:
        import sounddevice
    except OSError:
        raise NoDeviceError("the PortAudio library is not installed", INSTALL) from None
    except ImportError:
        raise NoDeviceError("the Python package sounddevice is not installed", "pip install sounddevice") from None
    return sounddevice


def output_names(sounddevice: Any) -> list[str]:
    """Names of the devices that can play, in PortAudio's order."""
    return [str(found["name"]) for found in sounddevice.query_devices() if found["max_output_channels"] > 0]


class SoundCard:
    """A PortAudio output stream. `name` "" is the system's default.

    Raises:
        NoDeviceError: there is none, it is unknown or ambiguous, taken, or does not run at 48 kHz.
    """

    def __init__(self, name: str = "") -> None:
        sounddevice = load_sounddevice()
        self._fill: Fill | None = None
        try:
            chosen = _find(sounddevice, name)
            self.name = str(chosen["name"])
            self.channels = min(2, int(chosen["max_output_channels"]))  # more would wake every port of an interface
            self._block = np.zeros(MAX_BLOCK if self.channels == 1 else (MAX_BLOCK, 2), np.float32)
            self._stream = self._open(sounddevice, chosen)
        except sounddevice.PortAudioError as problem:
            text = str(problem)
            if "Invalid sample rate" in text:
                raise NoDeviceError(
                    f"{self.name} does not run at {SAMPLE_RATE_HZ} Hz",
                    "set it to 48 kHz in the system's sound settings, or choose another: --device NAME",
                ) from None
            raise NoDeviceError(f"the sound device cannot be opened: {text}", "is another program using it?") from None
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
        """Begin to call `fill` from PortAudio's thread."""
        self._fill = fill
        self._stream.start()

    def cut(self) -> None:
        """Drop what the card still holds. Its cut is hard, but 100 ms of sound after a panic would be worse."""
        if self.latency_s > QUICK_S and self.is_alive():
            self._stream.abort()
            self._stream.start()

    def is_alive(self) -> bool:
        """False once PortAudio has given up on the stream."""
        return bool(self._stream.active)

    def close(self) -> None:
        """Stop and free the stream."""
        self._stream.close(ignore_errors=True)

    def _callback(self, outdata: Samples, frames: int, _time: Any, _status: Any) -> None:
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
        raise NoDeviceError("this machine has no sound device", "plug one in, or decode to a file")
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
