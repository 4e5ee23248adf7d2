"""`allele doctor`: what works on this machine, what does not, and what to do about it.

Every check is a function that returns a Check and never raises. torch and PortAudio are asked in processes of their
own: the client never imports torch, and a sound library may write to the terminal or crash. No daemon is started.
"""

import json
import os
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from protocol.errors import AlleleError
from protocol.homelock import is_held
from protocol.messages import GetStatus, Status
from protocol.places import NAME_A_HOME, Places
from tui.cli.output import Output, one_line
from tui.cli.session import locate, with_running_daemon
from tui.client import Client
from tui.embedded import is_running

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}
LOW_SPACE_BYTES = 2 * 1024**3
ASK_S = 120.0  # a first import of torch from a slow disk

# One interpreter for all three: each import of torch takes seconds. A failing one does not hide the others.
ASK_ENGINE = """
import json

def attempt(name, look):
    try:
        said[name] = [look(), ""]
    except Exception as problem:
        said[name] = [None, (str(problem) or type(problem).__name__).splitlines()[0]]

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

said = {}
for look in (torch, torchaudio, codec, formats):
    attempt(look.__name__, look)
print(json.dumps(said))
"""
ENGINE_MENDS = {
    "torch": "run scripts/setup (the client alone needs no torch: use --connect)",
    "torchaudio": "run scripts/setup: it puts aside the CUDA extension (torchaudio/lib/*.so) where there is no CUDA",
    "codec": "run scripts/setup",
    "formats": "without PyAV m4a, mp4, aac, wv, wma and mka are not read, all else is: pip install av",
}
OPTIONAL = frozenset({"formats"})  # missing, they are a warning
ASK_SOUND = """
import json, sounddevice
try:
    name = sounddevice.query_devices(kind="output")["name"]
except sounddevice.PortAudioError:
    name = ""
print(json.dumps({"portaudio": sounddevice.get_portaudio_version()[1], "output": name}))
"""


@dataclass(frozen=True)
class Check:
    """One thing looked at. status: ok, warn (something will not work) or fail (nothing will)."""

    name: str
    status: str
    detail: str
    mend: str = ""


def doctor(arguments: Namespace, output: Output) -> int:
    """Look at everything; exit 1 when something essential fails."""
    checks: list[Check] = []
    for look in _looks(arguments):
        found = look()
        checks += found
        for check in [] if output.as_json else found:
            mend = f"\n      {check.mend}" if check.mend else ""
            print(f"{MARKS[check.status]}  {check.name:<11} {one_line(check.detail)}{mend}", flush=True)
    is_sound = all(check.status != "fail" for check in checks)
    if output.as_json:
        output.result({"ok": is_sound, "checks": [asdict(check) for check in checks]}, "")
    if not is_sound:
        failing = ", ".join(check.name for check in checks if check.status == "fail")
        raise AlleleError("E_INTERNAL", f"not fit to run: {failing}", hint="the lines above say how to mend it")
    return 0


def _looks(arguments: Namespace) -> list[Callable[[], list[Check]]]:
    return [
        lambda: [check_python()],
        check_engine,
        lambda: [check_sound(), check_terminal()],
        lambda: check_places(arguments),
    ]


def check_places(arguments: Namespace) -> list[Check]:
    """The home and what lies in it; where no home can be named, that is all there is to say."""
    try:
        places = locate(arguments)
    except AlleleError as problem:
        return [Check("home", "fail", problem.message, problem.hint)]
    return [check_home(places), check_space(places), check_daemon(places)]


def check_python() -> Check:
    """Python's and Allele's versions; an older Python could not have got here."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    detail = f"Allele {metadata.version('allele')}, Python {version}, {sys.executable}"
    return Check("python", "ok", detail)


def check_engine() -> list[Check]:
    """Whether models can be trained and run here, and on what: torch, torchaudio and the rest."""
    printed, problem = _ask(ASK_ENGINE)
    said: dict[str, list[str | None]] = {} if printed is None else json.loads(printed.splitlines()[-1])
    checks: list[Check] = []
    for name, mend in ENGINE_MENDS.items():
        detail, why = said.get(name, (None, problem))
        missing = "warn" if name in OPTIONAL else "fail"
        checks.append(Check(name, missing, why or "", mend) if detail is None else Check(name, "ok", detail))
    return checks


def check_sound() -> Check:
    """PortAudio and the device that sound goes to."""
    said, problem = _ask(ASK_SOUND)
    if said is None:
        mend = "apt install libportaudio2 · dnf install portaudio · brew install portaudio"
        return Check("sound", "warn", f"nothing can be heard: {problem}", mend)
    facts = json.loads(said.splitlines()[-1])
    if not facts["output"]:
        mend = "plug one in, or start a sound server; everything else works, decode writes files"
        return Check("sound", "warn", f"{facts['portaudio']}; there is no output device", mend)
    return Check("sound", "ok", f"{facts['output']} ({facts['portaudio']})")


def check_terminal() -> Check:
    """What the editor has to draw with."""
    term, colours = os.environ.get("TERM", ""), _colours()
    columns, rows = shutil.get_terminal_size((0, 0))
    where = " in tmux" if os.environ.get("TMUX") else " over SSH" if os.environ.get("SSH_CONNECTION") else ""
    detail = f"{term or 'no TERM'}, {colours}, {columns} × {rows}{where}"
    if not sys.stdout.isatty():
        return Check("terminal", "ok", f"{term or 'no TERM'}, {colours}{where}; the output goes elsewhere just now")
    if term in {"", "dumb"}:
        return Check("terminal", "warn", detail, "the editor needs a terminal that can move its cursor; set TERM")
    if columns < 80 or rows < 24:
        return Check("terminal", "warn", detail, "make it 80 × 24 or larger")
    return Check("terminal", "ok", detail)


def check_home(places: Places) -> Check:
    """Whether the home can be written and its sockets bound."""
    folder = _nearest(places.home)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Check("home", "fail", f"{places.home}: {folder} may not be written", NAME_A_HOME)
    new = "" if folder == places.home else " (not there yet)"
    return Check("home", "ok", f"{places.home}{new}, sockets in {places.run}")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there and may be looked at."""
    while not os.path.exists(folder) and folder != folder.parent:  # noqa: PTH110 - Path.exists raises for a closed folder
        folder = folder.parent
    return folder


def check_space(places: Places) -> Check:
    """Free disk space where everything is kept."""
    folder = _nearest(places.home)
    try:
        free = shutil.disk_usage(folder).free
    except OSError as problem:
        return Check("disk", "warn", f"{folder}: {problem.strerror}")
    detail = f"{free / 1024**3:.1f} GiB free"
    if free < LOW_SPACE_BYTES:
        return Check("disk", "warn", detail, "a model and its checkpoints take some hundred MiB: free some space")
    return Check("disk", "ok", detail)


def check_daemon(places: Places) -> Check:
    """Whether a daemon runs, and what it says of itself."""
    if not is_running(places) and not is_held(places):
        return Check("daemon", "ok", "none runs; commands start it by themselves")

    async def ask(client: Client) -> Status:
        return await client.ask(GetStatus(), Status, timeout_s=5.0)

    try:
        found = with_running_daemon(places, ask)
    except AlleleError as error:
        return Check("daemon", "warn", str(error), "allele daemon restart")
    name = found.facts.get("device_name", "")
    device = f" on {found.device}{f' ({name})' if name else ''}" if found.device else ""
    detail = f"process {found.pid}, version {found.version}, engine {found.engine}{device}, {found.endpoint}"
    if found.version != metadata.version("allele"):
        return Check("daemon", "warn", f"{detail}: another version than this one", "allele daemon restart")
    if found.engine == "failed":
        return Check("daemon", "warn", f"{detail}: {found.engine_detail}", "allele daemon logs says why")
    return Check("daemon", "ok", detail)


def _ask(code: str) -> tuple[str | None, str]:
    """What code prints in an interpreter of its own, or None and the last line of why not."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code],
            capture_output=True,
            text=True,
            timeout=ASK_S,
            stdin=subprocess.DEVNULL,
            cwd=Path(sys.executable).anchor,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return None, str(problem)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return None, lines[-1] if lines else f"it ended with status {done.returncode}"
    return done.stdout.strip(), ""


def _colours() -> str:
    environment: dict[str, Any] = dict(os.environ)
    if environment.get("NO_COLOR"):
        return "no colour (NO_COLOR)"
    if environment.get("COLORTERM") in {"truecolor", "24bit"}:
        return "16 million colours"
    return "256 colours" if "256" in environment.get("TERM", "") else "16 colours"
