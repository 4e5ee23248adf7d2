"""How Allele was installed, and whether the daemon can run in this installation. Hints depend on both.

The base installation is only the client, which edits and plays what a daemon computes. The extra `daemon` adds torch
and its dependencies. Nothing large is imported here; the code only checks which packages exist.
"""

import sys
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

import allele
from protocol.errors import AlleleError

DISTRIBUTION = "allele"
DAEMON_PACKAGES = ("torch", "torchaudio", "vector_quantize_pytorch", "safetensors", "soundfile")
ROOT = Path(allele.__file__).resolve().parent


def version() -> str:
    """Return Allele's version, or "(not installed)" in a checkout that was not installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def missing_packages() -> list[str]:
    """Return the packages of the extra `daemon` that are not installed."""
    return [name for name in DAEMON_PACKAGES if find_spec(name) is None]


def is_client_only() -> bool:
    """Return whether only the client is installed: none of the daemon's packages (except soundfile) is present."""
    return {"torch", "vector_quantize_pytorch", "safetensors"} <= set(missing_packages())


def require_daemon() -> None:
    """Refuse to start a daemon where it cannot run.

    Raises:
        AlleleError: E_UNAVAILABLE with the command that installs the daemon.
    """
    missing = missing_packages()
    if not missing:
        return
    what = f"the daemon cannot run here: {', '.join(missing)} not installed"
    if is_client_only():
        what = "this is Allele's client, installed without the daemon"
    raise AlleleError("E_UNAVAILABLE", what, hint=how_to_get_a_daemon())


def how_to_get_a_daemon() -> str:
    """Return the hint for an installation without the daemon."""
    return (
        f"add the daemon with: {install_command()}; or work with one that runs already: "
        "allele --connect ENDPOINT, as allele daemon status there names it"
    )


@cache
def install_command() -> str:
    """Return the command that adds the daemon, with the tool that installed Allele."""
    python = quote(sys.executable)
    if (ROOT / "scripts" / "setup").is_file():
        if Path(sys.prefix).resolve() == ROOT / ".venv":
            return quote(str(ROOT / "scripts" / "setup"))
        return f"{python} -m pip install --editable {quote(f'{ROOT}[daemon]')}"
    if (Path(sys.prefix) / "pipx_metadata.json").is_file():
        return f"pipx runpip {DISTRIBUTION} install '{DISTRIBUTION}[daemon]'"
    if (Path(sys.prefix) / "uv-receipt.toml").is_file() or _installer() == "uv":
        return f"uv pip install --python {python} '{DISTRIBUTION}[daemon]'"
    return f"{python} -m pip install '{DISTRIBUTION}[daemon]'"


def _installer() -> str:
    """Return the program that installed the distribution, such as pip or uv; "" if unknown."""
    try:
        return (metadata.distribution(DISTRIBUTION).read_text("INSTALLER") or "").strip()
    except metadata.PackageNotFoundError:
        return ""
