"""Where things are, computed from a home folder alone. No file is touched here.

`$ALLELE_HOME` (or the platform's data folder) holds everything that lasts; the sockets lie in `run/` under it,
or, because a unix socket's path has at most 107 bytes, in a folder named after it under the temporary folder.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import platformdirs

from protocol.errors import AlleleError

MAX_SOCKET_PATH = 100  # sun_path holds 107 bytes and a NUL on Linux, 103 on macOS


def default_home() -> Path:
    """$ALLELE_HOME, or the platform's data folder."""
    named = os.environ.get("ALLELE_HOME")
    return Path(named).expanduser().absolute() if named else Path(platformdirs.user_data_dir("allele", False))


class Places(NamedTuple):
    """Folders and sockets of one home."""

    home: Path
    run: Path

    @property
    def catalogue(self) -> Path:
        return self.home / "catalogue.sqlite"

    @property
    def corpora(self) -> Path:
        return self.home / "corpora"

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def strands(self) -> Path:
        return self.home / "strands"

    @property
    def history(self) -> Path:
        return self.home / "history"

    @property
    def trash(self) -> Path:
        return self.home / "trash"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def daemon_lock(self) -> Path:
        """Held by the daemon as long as it lives: the truth of whether one runs."""
        return self.run / "daemon.lock"

    @property
    def start_lock(self) -> Path:
        """Held by a client while it starts a daemon, so that twenty cold starts yield one."""
        return self.run / "start.lock"

    @property
    def pid_file(self) -> Path:
        """Informative only."""
        return self.run / "daemon.pid"

    def socket(self, name: str) -> Path:
        """The unix socket `ctl`, `evt` or `aud`."""
        return self.run / f"{name}.sock"

    def endpoint(self, name: str) -> str:
        """The same as ZeroMQ writes it."""
        return f"ipc://{self.socket(name)}"


def places_of(home: Path) -> Places:
    """The places of a home folder (absolute, symlinks as given).

    Raises:
        AlleleError: E_IO for a path that is not UTF-8: neither messages nor SQLite nor sockets can name it.
    """
    home = home.expanduser().absolute()
    check_name(home)
    run = home / "run"
    if len(os.fsencode(run / "ctl.sock")) > MAX_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        run = Path(tempfile.gettempdir()) / f"allele-{os.getuid()}-{digest}"
    return Places(home=home, run=run)


def check_name(folder: Path) -> None:
    """Refuse a folder whose name is not UTF-8 before anything is made or started in it.

    Raises:
        AlleleError: E_IO.
    """
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        name = os.fsencode(folder).decode(errors="backslashreplace")
        raise AlleleError(
            "E_IO", f"{name}: the folder's name is not UTF-8", hint="rename it, or choose another with --home DIR"
        ) from None
