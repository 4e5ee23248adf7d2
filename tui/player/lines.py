"""The JSON lines between a client and its player, as values. Pure; `PlayerChild` and the player share it."""

from typing import Literal

import msgspec

DeviceKind = Literal["sound", "paced", "wav", "none"]
EndReason = Literal["end", "stopped", "lost", "failed"]


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="stop"):
    """Silence at once. The client also sends StopPlayback, so that the broker stops sending."""


class Quit(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", tag="quit"):
    """Fade out and end the process."""


Command = Stop | Quit


class DeviceOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="device"):
    """What plays. kind "none": nothing does, `reason` says why and `hint` what to do about it."""

    device: str
    kind: DeviceKind
    latency_ms: float = 0.0
    reason: str = ""
    hint: str = ""


class PlayerStatus(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="status"):
    """How it goes. sample: what is heard now, as a place in the strand (-1: nothing is).

    underruns: times since the start that a callback found too little. peak_db: loudest sample since the last status,
    dBFS, -120 for silence. detail: why the daemon refuses this player, "" when it does not.
    """

    device: str
    latency_ms: float
    connected: bool = False
    playing: bool = False
    playback: int = 0
    sample: int = -1
    underruns: int = 0
    peak_db: float = -120.0
    detail: str = ""


class PlaybackEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="ended"):
    """A playback is over. reason: end, stopped, lost (the daemon went away) or failed; `detail` in words."""

    playback: int
    reason: EndReason
    detail: str = ""


Report = DeviceOpened | PlayerStatus | PlaybackEnded

_commands = msgspec.json.Decoder(Command)
_reports = msgspec.json.Decoder(Report)
_encoder = msgspec.json.Encoder()


def line_of(value: Command | Report) -> bytes:
    """One line, newline included. Always shorter than a pipe's atomic write (4096 bytes)."""
    return _encoder.encode(value) + b"\n"


def command_of(line: bytes) -> Command | None:
    """The command in a line from the client; None when it is not one (a newer client's)."""
    try:
        return _commands.decode(line)
    except msgspec.DecodeError:
        return None


def report_of(line: bytes) -> Report | None:
    """The report in a line from the player; None when it is not one."""
    try:
        return _reports.decode(line)
    except msgspec.DecodeError:
        return None
