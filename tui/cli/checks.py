"""The checks of `allele doctor` in this process: the installation, the terminal, the home, the disk and the daemon.

Each function returns one Check. tui.cli.doctor catches unexpected exceptions.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import allele
from protocol.errors import AlleleError
from protocol.messages.session import GetStatus, Status
from protocol.places import NAME_A_HOME, Places
from tui.cli.session import with_running_daemon
from tui.installation import how_to_get_a_daemon, missing_packages, version
from tui.transport.client import Client
from tui.transport.daemon_target import DaemonTarget

LOW_SPACE_BYTES = 2 * 1024**3
SHADOWS = ("allele", "daemon", "protocol", "tui", "numpy", "msgspec", "msgpack", "zmq", "textual", "rich", "torch")


@dataclass(frozen=True)
class Check:
    """The result of one check. `status` is ok, warn (something will not work) or fail (nothing will)."""

    name: str
    status: str
    detail: str
    hint: str = ""


def check_python() -> Check:
    """Report the versions of Python and Allele, and modules in PYTHONPATH that would hide theirs."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    detail = f"Allele {version()}, Python {python}, {sys.executable}"
    shadow = shadowing_file(allele.pythonpath())
    if shadow is not None:
        return Check("python", "ok", f"{detail}; {shadow} in PYTHONPATH is ignored", "unset PYTHONPATH to be sure")
    return Check("python", "ok", detail)


def shadowing_file(folders: list[str]) -> Path | None:
    """Return the first module in these folders with the name of a module of Allele, its dependencies or Python."""
    for folder in map(Path, folders):
        try:
            entries = sorted(folder.iterdir())
        except OSError:  # the folder is missing or unreadable, so nothing is imported from it
            continue
        for entry in entries:
            is_module = entry.suffix == ".py" or (entry / "__init__.py").is_file()
            if is_module and entry.stem in {*SHADOWS, *sys.stdlib_module_names}:
                return entry
    return None


def check_terminal() -> Check:
    """Check the terminal: its type, colours and size."""
    term, colours = os.environ.get("TERM", ""), _colours()
    columns, rows = shutil.get_terminal_size((0, 0))
    where = " in tmux" if os.environ.get("TMUX") else " over SSH" if os.environ.get("SSH_CONNECTION") else ""
    detail = f"{term or 'no TERM'}, {colours}, {columns} × {rows}{where}"
    if not sys.stdout.isatty():
        return Check("terminal", "ok", f"{term or 'no TERM'}, {colours}{where}; the output does not go to it now")
    if term in {"", "dumb"}:
        return Check("terminal", "warn", detail, "the editor needs a terminal that can move its cursor; set TERM")
    if columns < 80 or rows < 24:
        return Check("terminal", "warn", detail, "make it 80 × 24 or larger")
    return Check("terminal", "ok", detail)


def check_home(places: Places) -> Check:
    """Check that the home is writable and its sockets can be bound."""
    folder = _existing(places.home)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Check("home", "fail", f"{places.home}: {folder} may not be written", NAME_A_HOME)
    new = "" if os.path.lexists(places.home) else " (not there yet)"
    return Check("home", "ok", f"{places.home}{new}, sockets in {places.run}")


def check_space(places: Places) -> Check:
    """Check the free disk space in the home."""
    folder = _existing(places.home)
    try:
        free = shutil.disk_usage(folder).free
    except OSError as problem:
        return Check("disk", "warn", f"{folder}: {problem.strerror}")
    detail = f"{free / 1024**3:.1f} GiB free"
    if free < LOW_SPACE_BYTES:
        return Check("disk", "warn", detail, "a model and its checkpoints take some hundred MiB: free some space")
    return Check("disk", "ok", detail)


def check_daemon(target: DaemonTarget) -> Check:
    """Check whether a daemon runs, and report its status."""
    if not target.holds():
        if missing_packages():
            return Check("daemon", "warn", "none runs, and none can be started here", how_to_get_a_daemon())
        return Check("daemon", "ok", "none runs; commands start it automatically")

    async def ask(client: Client) -> Status:
        return await client.ask(GetStatus(), timeout_s=5.0)

    try:
        found = with_running_daemon(target, ask)
    except AlleleError as error:
        return Check("daemon", "warn", str(error), "allele daemon restart")
    name = found.facts.get("device_name", "")
    device = f" on {found.device}{f' ({name})' if name else ''}" if found.device else ""
    detail = f"process {found.pid}, version {found.version}, engine {found.engine}{device}, {found.endpoint}"
    if found.version != version():
        return Check("daemon", "warn", f"{detail}: another version than this one", "allele daemon restart")
    if found.engine == "failed":
        return Check("daemon", "warn", f"{detail}: {found.engine_detail}", "allele daemon logs says why")
    return Check("daemon", "ok", detail)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest existing one above it. An inaccessible folder counts as missing."""
    while not os.path.exists(folder) and folder != folder.parent:  # noqa: PTH110 - never raises, as Path.exists does
        folder = folder.parent
    return folder


def _colours() -> str:
    if os.environ.get("NO_COLOR"):
        return "no colour (NO_COLOR)"
    if os.environ.get("COLORTERM") in {"truecolor", "24bit"}:
        return "16 million colours"
    return "256 colours" if "256" in os.environ.get("TERM", "") else "16 colours"
