"""Finds the devices that can play, in a separate process so that ALSA's messages stay out of the terminal."""

import subprocess
from pathlib import Path

import msgspec

from protocol import children
from tui.player.portaudio import advice

PROBE_S = 10.0


class SoundProbe(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that can play. If `problem` is "", `default` opens at 48 kHz; otherwise it and `hint` explain why not."""

    devices: list[str] = []
    default: str = ""
    latency_ms: float = 0.0
    problem: str = ""
    hint: str = ""


def probe_line(probe: SoundProbe) -> str:
    """Return a probe as a JSON line."""
    return msgspec.json.encode(probe).decode() + "\n"


def probe_sound(log: Path, timeout_s: float = PROBE_S) -> SoundProbe:
    """Find the devices in a new process, which opens the default device briefly. Never raises."""
    command = children.command("tui.player", "--list", "--log", str(log))
    try:
        answer = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=timeout_s, check=True, env=children.environment(),
        )  # fmt: skip
        return msgspec.json.decode(answer.stdout, type=SoundProbe)
    except subprocess.TimeoutExpired:
        return SoundProbe(problem=f"the sound system did not answer in {timeout_s:.0f} s", hint="restart it")
    except subprocess.CalledProcessError as death:
        how = f"status {death.returncode}" if death.returncode >= 0 else f"signal {-death.returncode}"
        problem = f"the sound library ended the player with {how} ({_last_line(log)})"
        return SoundProbe(problem=problem, hint=advice("restart the sound system"))
    except (OSError, msgspec.DecodeError) as problem:
        return SoundProbe(problem=f"the player does not start: {problem}", hint="check the sound system")


def _last_line(log: Path) -> str:
    """Return the last line that the player or an audio library wrote."""
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1][:200] if lines else "it wrote nothing"
