"""The checks of `allele doctor` that run in separate processes: torch with its dependents, and sound.

The client never imports torch, and a sound library may write to the terminal or crash.
"""

import json
import subprocess
import tempfile
from pathlib import Path

from protocol import children
from tui.cli.checks import Check
from tui.installation import how_to_get_a_daemon, install_command, is_client_only
from tui.player.probe import probe_sound

ASK_S = 120.0  # seconds; enough for a first import of torch from a slow disk

# One interpreter for all checks, because each import of torch takes seconds. A failing check does not hide the others.
ASK_ENGINE = """
import json

def attempt(name, look):
    try:
        found[name] = [look(), ""]
    except Exception as problem:
        found[name] = [None, (str(problem) or type(problem).__name__).splitlines()[0]]

def torch():
    import torch
    devices = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    devices += ["an Apple GPU"] if torch.backends.mps.is_available() else []
    return f"{torch.__version__} on " + (", ".join(devices) or "the CPU (there is no accelerator that it can use)")

def torchaudio():
    import torchaudio
    return torchaudio.__version__

def codec():
    import vector_quantize_pytorch, safetensors, soundfile
    return f"vector-quantize-pytorch, safetensors, libsndfile {soundfile.__libsndfile_version__}"

def formats():
    import av
    return f"AAC, WavPack and others are read by FFmpeg (PyAV {av.__version__})"

found = {}
for look in (torch, torchaudio, codec, formats):
    attempt(look.__name__, look)
print(json.dumps(found))
"""
ENGINE = ("torch", "torchaudio", "codec", "formats")
NO_PYAV = "without PyAV m4a, mp4, aac, wv, wma and mka are not read, all else is: pip install av"
EXTRA_HINTS = {
    "torchaudio": "; with a torch without CUDA its extension (torchaudio/lib/*.so) must be removed, "
    "as scripts/setup of a checkout does",
}


def check_engine() -> list[Check]:
    """Check whether models can be trained and run here, and on which device: torch, torchaudio and others."""
    if is_client_only():
        detail = "not installed: this is only the client, which edits and plays what a daemon computes"
        others = [Check(name, "ok", "not installed: a part of the daemon") for name in ENGINE[1:]]
        return [Check("torch", "ok", detail, how_to_get_a_daemon()), *others]
    printed, problem = _ask(ASK_ENGINE)
    found: dict[str, list[str | None]] = {} if printed is None else json.loads(printed.splitlines()[-1])
    checks: list[Check] = []
    for name in ENGINE:
        detail, why = found.get(name, (None, problem))
        hint = f"install it again: {install_command()}{EXTRA_HINTS.get(name, '')}"
        missing = Check(name, "warn", why or "", NO_PYAV) if name == "formats" else Check(name, "fail", why or "", hint)
        checks.append(missing if detail is None else Check(name, "ok", detail))
    return checks


def check_sound() -> Check:
    """Check the sound device, or report why nothing can be heard."""
    with tempfile.TemporaryDirectory(prefix="allele-doctor-") as folder:
        probe = probe_sound(Path(folder) / "player.log")
    if probe.problem:
        hint = f"{probe.hint}; everything else works, decode writes files"
        return Check("sound", "warn", f"nothing can be heard: {probe.problem}", hint)
    return Check("sound", "ok", f"{probe.default}, {probe.latency_ms:.0f} ms")


def _ask(code: str) -> tuple[str | None, str]:
    """Run code in a separate interpreter. Returns its output, or None and the last line of the error."""
    try:
        done = subprocess.run(
            [*children.interpreter(), "-c", code],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ASK_S,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=children.environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return None, str(problem)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return None, lines[-1] if lines else f"it ended with status {done.returncode}"
    return done.stdout.strip(), ""
