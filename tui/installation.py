"""How Allele was installed, and whether the daemon can run in this installation: advice must fit both.

The base installation is the client alone: it draws, edits and plays what a daemon computes. The extra `daemon` adds
torch and what comes with it. Nothing heavy is imported here; packages are only looked for.
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
    """Allele's version; "(not installed)" in a checkout that runs without being installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def missing_packages() -> list[str]:
    """Packages of the extra `daemon` that are not here."""
    return [name for name in DAEMON_PACKAGES if find_spec(name) is None]


def is_client_only() -> bool:
    """Whether this is the thin client: none of the daemon's own packages is here (soundfile may be, for others)."""
    return {"torch", "vector_quantize_pytorch", "safetensors"} <= set(missing_packages())


def require_daemon() -> None:
    """Refuse to start a daemon where it cannot run.

    Raises:
        AlleleError: E_UNAVAILABLE with the command that adds it.
    """
    missing = missing_packages()
    if not missing:
        return
    what = f"the daemon cannot run here: {', '.join(missing)} not installed"
    if is_client_only():
        what = "this is Allele's client, installed without the daemon"
    raise AlleleError("E_UNAVAILABLE", what, hint=how_to_get_a_daemon())


def how_to_get_a_daemon() -> str:
    """What to do in an installation without the daemon."""
    return (
        f"add the daemon with: {install_command()}; or work with one that runs already: "
        "allele --connect ENDPOINT, as allele daemon status there names it"
    )


@cache
def install_command() -> str:
    """The command that completes this installation, in the way it was made."""
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
    """What installed the distribution: pip, uv or another program; "" where it did not say."""
    try:
        return (metadata.distribution(DISTRIBUTION).read_text("INSTALLER") or "").strip()
    except metadata.PackageNotFoundError:
        return ""
