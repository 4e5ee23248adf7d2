"""The home folder before anything runs in it: made, checked, and locked by exactly one daemon."""

import os
import stat
import time

from protocol.errors import AlleleError
from protocol.homelock import HomeLock
from protocol.places import NAME_A_HOME, Places

LOCK_WAIT_S = 10.0  # a daemon that is stopping holds the lock a little longer than its sockets


class HomeLocked(Exception):  # noqa: N818 - a state, not a failure
    """Another daemon serves this home."""


def prepare_home(places: Places) -> None:
    """Make the folders that last.

    Raises:
        AlleleError: E_IO naming the folder and the fix.
    """
    try:
        places.home.mkdir(parents=True, exist_ok=True)
        for folder in (places.corpora, places.models, places.strands, places.history, places.trash, places.logs):
            folder.mkdir(exist_ok=True)
    except OSError as problem:
        raise _cannot_make(problem, places) from None


def prepare_run(places: Places) -> None:
    """Make the run folder. It must be ours alone, because a connection is as good as a shell.

    Raises:
        AlleleError: E_IO naming the folder and the fix.
    """
    try:
        places.run.mkdir(mode=0o700, exist_ok=True)
        status = places.run.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise AlleleError("E_IO", f"{places.run} belongs to somebody else", hint="remove it or use --home DIR")
        if status.st_mode & 0o077:
            places.run.chmod(0o700)
    except OSError as problem:
        raise _cannot_make(problem, places) from None


def lock_home(places: Places) -> HomeLock:
    """Take the home's lock; it is held until the process ends or releases it.

    A daemon that is just stopping no longer accepts on its socket; its lock is waited for. An Allele from before this
    lock holds another one, so its socket is asked as well.

    Raises:
        HomeLocked: a daemon serves this home.
        AlleleError: E_IO where nothing can be locked.
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
