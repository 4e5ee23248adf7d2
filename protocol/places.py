"""Where things are, computed from a home folder. Symbolic links are followed; nothing is made here.

`$ALLELE_HOME` (or the platform's data folder) holds everything that lasts. A home has one name here, its real path, so
that a symbolic link, a relative path and the full path are the same home. The sockets lie in `run/` under it, or,
because a unix socket's path has at most 107 bytes, in a folder named after the user and the home under `/tmp`. Nothing
of that depends on the environment: two terminals with different `TMPDIR` find the same sockets.
"""

import hashlib
import os
import pwd
import sys
from pathlib import Path
from typing import NamedTuple

import platformdirs

from protocol.endpoint import Endpoint
from protocol.errors import AlleleError
from protocol.naming import check_name, expanded

MAX_SOCKET_PATH = 100  # sun_path holds 107 bytes and a NUL on Linux, 103 on macOS
SHORT_FOLDER = Path("/tmp")
NAME_A_HOME = "choose a folder with --home DIR or ALLELE_HOME"


def default_home() -> Path:
    """$ALLELE_HOME, or the platform's data folder.

    Raises:
        AlleleError: E_IO where the environment names no folder that is this user's.
    """
    named = os.environ.get("ALLELE_HOME")
    if named:
        return expanded(Path(named)).absolute()
    _check_owner(*_base_folder())
    return Path(platformdirs.user_data_dir("allele", False))


def _base_folder() -> tuple[str, Path]:
    """The folder that the platform's data folder lies in, and what named it."""
    data = os.environ.get("XDG_DATA_HOME", "").strip()
    if sys.platform != "darwin" and Path(data).is_absolute():
        return "XDG_DATA_HOME", Path(data)
    named = os.environ.get("HOME")
    if named is None:
        try:
            return "the home folder", Path(pwd.getpwuid(os.getuid()).pw_dir)
        except KeyError:
            raise AlleleError(
                "E_IO", f"HOME is not set, and user {os.getuid()} has no entry in the passwd database", hint=NAME_A_HOME
            ) from None
    if not Path(named).is_absolute():
        raise AlleleError("E_IO", f"HOME is {named!r}, which is not a full path", hint=NAME_A_HOME)
    return "HOME", Path(named)


def _check_owner(name: str, folder: Path) -> None:
    """Refuse the home folder of another user, as `su` and `sudo` may leave it in HOME.

    The superuser could write there, but would leave files that their owner cannot change.
    """
    uid = os.getuid()
    try:
        owner = folder.stat().st_uid
    except OSError:
        return  # whoever makes folders there says why that fails
    if owner == uid or (os.access(folder, os.W_OK | os.X_OK) and (uid != 0 or _is_own_home(folder))):
        return
    problem = f"{name} is {folder}, which belongs to user {owner}; this is user {uid}"
    raise AlleleError("E_IO", problem, hint=NAME_A_HOME)


def _is_own_home(folder: Path) -> bool:
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir) == folder
    except KeyError:
        return False


class Places(NamedTuple):
    """The folders of one home, and the one that its sockets lie in."""

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
        """Locked by the daemon as long as it lives, beside the home folder itself (`protocol.homelock`)."""
        return self.home / "daemon.lock"

    @property
    def start_lock(self) -> Path:
        """Locked by a client while it starts a daemon, so that twenty cold starts spawn one."""
        return self.home / "start.lock"

    @property
    def pid_file(self) -> Path:
        """Informative only."""
        return self.run / "daemon.pid"

    @property
    def endpoint(self) -> Endpoint:
        """What a client is given."""
        return Endpoint(self.run)


def places_of(home: Path) -> Places:
    """The places of a home folder, by its real path: every name of one home gives the same places.

    Raises:
        AlleleError: E_IO for a path that is not UTF-8: neither messages nor SQLite nor sockets can name it.
    """
    home = Path(os.path.realpath(expanded(home)))
    check_name(home)
    run = home / "run"
    if len(os.fsencode(run / "ctl.sock")) > MAX_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        run = SHORT_FOLDER / f"allele-{os.getuid()}-{digest}"
    return Places(home=home, run=run)
