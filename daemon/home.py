"""Prepares the home folder before anything runs in it: creates it, checks it, and locks it for one daemon."""

import os
import stat
import time

from protocol.errors import AlleleError
from protocol.homelock import HomeLock
from protocol.places import NAME_A_HOME, Places

LOCK_WAIT_S = 10.0  # a stopping daemon keeps the lock a little longer than its sockets


class HomeLocked(Exception):  # noqa: N818 - a state, not a failure
    """Another daemon serves this home."""


def prepare_home(places: Places) -> None:
    """Create the folders of the home that store data.

    Raises:
        AlleleError: E_IO. It names the folder and the fix.
    """
    try:
        places.home.mkdir(parents=True, exist_ok=True)
        for folder in (places.corpora, places.models, places.strands, places.history, places.trash, places.logs):
            folder.mkdir(exist_ok=True)
    except OSError as problem:
        raise _cannot_make(problem, places) from None


def prepare_run(places: Places) -> None:
    """Create the run folder. Only this user may access it, because a connection gives as much access as a shell.

    Raises:
        AlleleError: E_IO. It names the folder and the fix.
    """
    try:
        places.run.mkdir(mode=0o700, exist_ok=True)
        status = places.run.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise AlleleError("E_IO", f"{places.run} belongs to another user", hint="remove it or use --home DIR")
        if status.st_mode & 0o077:
            places.run.chmod(0o700)
    except OSError as problem:
        raise _cannot_make(problem, places) from None


def lock_home(places: Places) -> HomeLock:
    """Take the lock of the home. It is held until the process ends or releases it.

    A daemon that is stopping no longer accepts connections; this function waits for its lock. Older versions of Allele
    hold another lock, so the socket is checked too.

    Raises:
        HomeLocked: a daemon serves this home.
        AlleleError: E_IO if the file system supports no locks.
    """
    lock = HomeLock(places)
    give_up_s = time.monotonic() + LOCK_WAIT_S
    while True:
        is_ours = lock.try_to_take()
        accepts = places.endpoint.answers()
        if is_ours and not accepts:
            return lock
        if (accepts and not is_ours) or time.monotonic() > give_up_s:
            lock.release()
            raise HomeLocked(f"another daemon serves {places.home}")
        time.sleep(0.02)


def _cannot_make(problem: OSError, places: Places) -> AlleleError:
    return AlleleError("E_IO", f"{problem.filename or places.home}: {problem.strerror}", hint=NAME_A_HOME)
