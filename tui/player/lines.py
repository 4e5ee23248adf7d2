"""The JSON lines between a client and its player, as values. Used by `PlayerChild` and the player; does no I/O."""

from pathlib import PurePath
from typing import Literal

import msgspec

DeviceKind = Literal["sound", "paced", "wav", "none"]
EndReason = Literal["end", "stopped", "lost", "failed"]


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="stop"):
    """Stops the sound at once. The client also sends StopPlayback, so that the broker stops sending."""


class Quit(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="quit"):
    """Fades out the sound and ends the process."""


Command = Stop | Quit


class DeviceOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="device"):
    """The device that plays. With kind "none" there is none: `reason` says why, and `hint` what to do."""

    device: str
    kind: DeviceKind
    latency_ms: float = 0.0
    reason: str = ""
    hint: str = ""


class PlayerStatus(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="status"):
    """The state of the playback.

    Attributes:
        sample: the strand's sample that is audible now; -1 for none.
        underruns: how often a callback found too few samples since the start.
        peak_db: the loudest sample since the last status, in dBFS; -120 for silence.
        lufs: the momentary loudness (400 ms); -70 for silence.
        reduced_db: the largest reduction by the limiter since the last status.
        detail: why the daemon refuses this player, or "".
    """

    device: str
    latency_ms: float
    connected: bool = False
    playing: bool = False
    playback: int = 0
    sample: int = -1
    underruns: int = 0
    peak_db: float = -120.0
    lufs: float = -70.0
    reduced_db: float = 0.0
    detail: str = ""


class PlaybackEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="ended"):
    """The end of a playback. `reason` is end, stopped, lost (the daemon went away) or failed; `detail` explains it."""

    playback: int
    reason: EndReason
    detail: str = ""


def device_words(device: DeviceOpened, status: PlayerStatus) -> str:
    """Describe the device for the top bar, as in `sound Speakers 12 ms, 2 dropouts`."""
    if device.kind == "none":
        return "no sound"
    drops = f", {status.underruns} dropouts" if status.underruns else ""
    name = PurePath(device.device).name if device.kind == "wav" else device.device
    return f"sound {name[:16]} {status.latency_ms or device.latency_ms:.0f} ms{drops}"


Report = DeviceOpened | PlayerStatus | PlaybackEnded

_commands = msgspec.json.Decoder(Command)
_reports = msgspec.json.Decoder(Report)
_encoder = msgspec.json.Encoder()


def line_of(value: Command | Report) -> bytes:
    """Return a value as one line with its newline, always shorter than a pipe's atomic write (4096 bytes)."""
    return _encoder.encode(value) + b"\n"


def command_of(line: bytes) -> Command | None:
    """Parse a command from the client; None when it is unknown (from a newer client)."""
    try:
        return _commands.decode(line)
    except msgspec.DecodeError:
        return None


def report_of(line: bytes) -> Report | None:
    """Parse a report from the player; None when it is unknown."""
    try:
        return _reports.decode(line)
    except msgspec.DecodeError:
        return None
