"""The paths of all files and folders of a home. Symbolic links are followed; nothing is created.

`$ALLELE_HOME` (or the platform's data folder) contains all stored data. The name of a home is its real path, so a
symbolic link, a relative path and the full path name the same home. The sockets are in `run/` under it. If that path is
too long for a Unix socket (107 bytes), they are in a folder under `/tmp` named after the user and the home. The paths
do not depend on the environment: two terminals with different `TMPDIR` find the same sockets.
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
    """The home to use if none is given: $ALLELE_HOME, or a folder in the platform's data folder.

    Raises:
        AlleleError: E_IO if the environment names no folder that belongs to this user.
    """
    named = os.environ.get("ALLELE_HOME")
    if named:
        return expanded(Path(named)).absolute()
    _check_owner(*_base_folder())
    return Path(platformdirs.user_data_dir("allele", False))


def _base_folder() -> tuple[str, Path]:
    """The folder that contains the platform's data folder, and the name of the variable that gave it."""
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
    """Refuse the home folder of another user, which `su` and `sudo` may leave in HOME.

    The superuser could write there, but would create files that the folder's owner cannot change.
    """
    uid = os.getuid()
    try:
        owner = folder.stat().st_uid
    except OSError:
        return  # creating a folder there reports the reason
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
    """The folders of one home, and the folder of its sockets."""

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
    def generated(self) -> Path:
        """A folder for each model, which contains a folder for each generation that named none."""
        return self.history / "generated"

    @property
    def presets(self) -> Path:
        return self.home / "presets"

    @property
    def trash(self) -> Path:
        return self.home / "trash"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def daemon_lock(self) -> Path:
        """The file that the daemon locks while it runs, in addition to the home folder (`protocol.homelock`)."""
        return self.home / "daemon.lock"

    @property
    def start_lock(self) -> Path:
        """The file that a client locks while it starts a daemon, so that clients starting together start only one."""
        return self.home / "start.lock"

    @property
    def pid_file(self) -> Path:
        """The file with the daemon's process id. It is only informative."""
        return self.run / "daemon.pid"

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint at which clients connect to this home's daemon."""
        return Endpoint(self.run)


def places_of(home: Path) -> Places:
    """The paths of a home folder. Every name of the same home gives the same paths.

    Raises:
        AlleleError: E_IO for a path that is not UTF-8, because messages, SQLite and sockets cannot name it.
    """
    home = Path(os.path.realpath(expanded(home)))
    check_name(home)
    run = home / "run"
    if len(os.fsencode(run / "ctl.sock")) > MAX_SOCKET_PATH:
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
        run = SHORT_FOLDER / f"allele-{os.getuid()}-{digest}"
    return Places(home=home, run=run)
