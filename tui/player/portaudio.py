"""Loading PortAudio, and what to do where it does not load or finds no device.

A library that is missing, one that cannot be loaded and one that stumbles over the machine's sound configuration fail
in different ways and need different advice.
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
    """Nothing can play; `hint` says what to do about it."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def load_sounddevice() -> Any:
    """The module `sounddevice`, imported now, which loads and initialises PortAudio.

    Raises:
        NoDeviceError: PortAudio or the module is missing, or PortAudio does not come up on this machine.
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
        why = str(problem).split(" [")[0]  # what follows are numbers of its own
        reason = f"PortAudio is there and cannot use this machine's sound configuration ({why})"
        hint = f"check ALSA's configuration: {', '.join(configuration() or ['alsa.conf'])}"
        raise NoDeviceError(reason, hint if sys.platform == "linux" else "restart the sound system") from None
    return sounddevice


def output_names(sounddevice: Any) -> list[str]:
    """Names of the devices that can play, in PortAudio's order."""
    return [str(found["name"]) for found in sounddevice.query_devices() if found["max_output_channels"] > 0]


def advice(first: str) -> str:
    """What to do, and which files of somebody's own decide what ALSA finds on this machine, if there are any."""
    files = configuration()
    return f"{first}, or check ALSA's configuration: {', '.join(files)}" if files else first


def configuration() -> list[str]:
    """Where ALSA's configuration differs from the system's own."""
    named = os.environ.get("ALSA_CONFIG_PATH")
    found = [name for name in ALSA_FILES if Path(os.path.expanduser(name)).is_file()]  # noqa: PTH111 - never raises
    return [*([f"ALSA_CONFIG_PATH={named}"] if named else []), *found]
