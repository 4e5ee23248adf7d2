"""Loads PortAudio, with hints for when it does not load or finds no device.

A missing library, one that cannot be loaded and one that fails on the machine's sound configuration raise different
errors and need different hints.
"""

import ctypes.util
import os
import sys
from pathlib import Path
from shlex import quote
from typing import Any

INSTALL = "install PortAudio: apt install libportaudio2 · dnf install portaudio · brew install portaudio"
ALSA_FILES = ("~/.asoundrc", "~/.config/alsa/asoundrc", "/etc/asound.conf")


class NoDeviceError(Exception):
    """No device can play. `hint` says what to do."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def load_sounddevice() -> Any:
    """Import the module `sounddevice`, which loads and initialises PortAudio, and return it.

    Raises:
        NoDeviceError: PortAudio or the module is missing, or PortAudio cannot be initialised on this machine.
    """
    try:
        import sounddevice
    except OSError as problem:
        if ctypes.util.find_library("portaudio") is None:
            raise NoDeviceError("the PortAudio library is not installed", INSTALL) from None
        reason = f"the PortAudio library is there and cannot be loaded: {problem}"
        raise NoDeviceError(reason, "install it again") from None
    except ImportError:
        hint = f"{quote(sys.executable)} -m pip install sounddevice"
        raise NoDeviceError("the Python package sounddevice is not installed", hint) from None
    except Exception as problem:  # noqa: BLE001 - sounddevice.PortAudioError: the module that defines it did not load
        why = str(problem).split(" [")[0]  # internal numbers follow
        reason = f"PortAudio is there and cannot use this machine's sound configuration ({why})"
        hint = f"check ALSA's configuration: {', '.join(configuration() or ['alsa.conf'])}"
        raise NoDeviceError(reason, hint if sys.platform == "linux" else "restart the sound system") from None
    return sounddevice


def output_names(sounddevice: Any) -> list[str]:
    """Return the names of the devices that can play, in PortAudio's order."""
    return [str(found["name"]) for found in sounddevice.query_devices() if found["max_output_channels"] > 0]


def advice(first: str) -> str:
    """Return a hint, extended by the user's own ALSA configuration files if there are any."""
    files = configuration()
    return f"{first}, or check ALSA's configuration: {', '.join(files)}" if files else first


def configuration() -> list[str]:
    """Return existing files that change ALSA's default configuration."""
    named = os.environ.get("ALSA_CONFIG_PATH")
    found = [name for name in ALSA_FILES if Path(os.path.expanduser(name)).is_file()]  # noqa: PTH111 - never raises
    return [*([f"ALSA_CONFIG_PATH={named}"] if named else []), *found]
