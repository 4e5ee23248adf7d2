"""What could play here, asked in a process of its own so that ALSA's chatter reaches nobody. For `doctor` and TUI."""

import subprocess
from pathlib import Path

import msgspec

from protocol import children

PROBE_S = 10.0


class SoundProbe(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that can play. problem "": `default` opens at 48 kHz; otherwise what is wrong, and the mend."""

    devices: list[str] = []
    default: str = ""
    latency_ms: float = 0.0
    problem: str = ""
    mend: str = ""


def probe_line(probe: SoundProbe) -> str:
    """The answer as a JSON line."""
    return msgspec.json.encode(probe).decode() + "\n"


def probe_sound(log: Path, timeout_s: float = PROBE_S) -> SoundProbe:
    """Ask a fresh process what could play; opens the default device for a moment. Never raises."""
    command = children.command("tui.player", "--list", "--log", str(log))
    try:
        answer = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=timeout_s, check=True, env=children.environment(),
        )  # fmt: skip
        return msgspec.json.decode(answer.stdout, type=SoundProbe)
    except subprocess.TimeoutExpired:
        return SoundProbe(problem=f"the sound system did not answer in {timeout_s:.0f} s", mend="restart it")
    except (subprocess.CalledProcessError, OSError, msgspec.DecodeError):
        return SoundProbe(problem="the player does not start", mend=f"see {log}")
