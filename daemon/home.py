"""The home folder before anything runs in it: made, checked, and locked by exactly one daemon."""

import fcntl
import os
import socket
import stat
import time

from protocol.errors import AlleleError
from protocol.places import Places

LOCK_WAIT_S = 10.0  # a daemon that is stopping holds the lock a little longer than its sockets


class HomeLocked(Exception):  # noqa: N818 - a state, not a failure
    """Another daemon serves this home."""


def prepare_home(places: Places) -> None:
    """Make the folders; the run folder must be ours alone, because a connection is as good as a shell.

    Raises:
        AlleleError: E_IO naming the folder and the mend.
    """
    try:
        places.home.mkdir(parents=True, exist_ok=True)
        for folder in (places.corpora, places.models, places.strands, places.history, places.trash, places.logs):
            folder.mkdir(exist_ok=True)
        places.run.mkdir(mode=0o700, exist_ok=True)
        status = places.run.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise AlleleError("E_IO", f"{places.run} belongs to somebody else", hint="remove it or use --home DIR")
        if status.st_mode & 0o077:
            places.run.chmod(0o700)
    except OSError as problem:
        where = problem.filename or places.home
        hint = "choose a folder you can write with --home DIR"
        raise AlleleError("E_IO", f"{where}: {problem.strerror}", hint=hint) from None


def lock_home(places: Places) -> int:
    """Take the home's lock and give its descriptor; it is held until the process ends or closes it.

    A daemon that is just stopping no longer accepts on its socket; its lock is waited for.

    Raises:
        HomeLocked: a daemon serves this home.
    """
    handle = os.open(places.daemon_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up_s = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except OSError:
            if _accepts(places) or time.monotonic() > give_up_s:
                os.close(handle)
                raise HomeLocked(f"another daemon serves {places.home}") from None
            time.sleep(0.02)


def _accepts(places: Places) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(places.socket("ctl")))
        except OSError:
            return False
        return True
