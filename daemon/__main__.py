"""`alleled`, the daemon: composition root.

Data flow: arguments → DaemonConfig → folders → lock → log → Broker until a signal, a request, idleness or a stolen
socket ends it. What can go wrong is said in one line on the ready pipe (or stderr), with exit code 3 when another
daemon holds the lock and 1 otherwise.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from daemon.config import DEFAULT_IDLE_EXIT_S, EXIT_LOCKED, WANTED_OPEN_FILES, DaemonConfig
from daemon.home import HomeLocked, lock_home, prepare_home
from daemon.logs import open_log
from daemon.server.broker import Broker
from protocol.errors import AlleleError
from protocol.logs import DAEMON_LOG
from protocol.places import default_home

log = logging.getLogger("allele.main")

SOCKET_CHECK_S = 30.0
SWEEP_S = 2.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the daemon until it is told to stop; returns the exit code."""
    config = _parse(sys.argv[1:] if argv is None else argv)
    os.umask(0o077)
    try:
        prepare_home(config.places)
        lock = lock_home(config.places)
    except HomeLocked as held:
        return _give_up(config, str(held), EXIT_LOCKED)
    except AlleleError as problem:
        return _give_up(config, str(problem), 1)
    try:
        open_log(config.places.logs / DAEMON_LOG, to_terminal=config.foreground)
        _raise_open_files()
        return asyncio.run(_serve(config))
    except Exception as problem:  # whatever it was, whoever started us gets one line and the log the rest
        log.exception("the daemon ended")
        why = str(problem) if isinstance(problem, (AlleleError, OSError)) else f"{type(problem).__name__}: {problem}"
        return _give_up(config, why, 1)
    finally:
        os.close(lock)


async def _serve(config: DaemonConfig) -> int:
    broker = Broker(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, broker.ask_to_stop, f"signal {number.name}")
    if config.foreground:
        loop.add_signal_handler(signal.SIGHUP, broker.ask_to_stop, "the terminal hung up")
    else:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    await broker.start()
    config.places.pid_file.write_text(f"{os.getpid()}\n")
    _say(config, "ready")
    watching = asyncio.create_task(_watch(broker, config))
    try:
        reason = await broker.stopped()
        log.info("stopping: %s", reason)
    finally:
        watching.cancel()
        await broker.stop(reason="stopping")
        config.places.pid_file.unlink(missing_ok=True)
    log.info("stopped")
    return 0


async def _watch(broker: Broker, config: DaemonConfig) -> None:
    """Forget silent clients, and end a daemon that nobody uses or nobody can reach."""
    busy_s = checked_s = time.monotonic()
    while True:
        await asyncio.sleep(SWEEP_S)
        now_s = time.monotonic()
        if broker.sweep():
            busy_s = now_s
        if config.idle_exit_s and now_s - busy_s > config.idle_exit_s:
            broker.ask_to_stop("nobody needs it")
        if now_s - checked_s > SOCKET_CHECK_S:
            checked_s = now_s
            if not broker.owns_sockets():
                log.error("the sockets in %s were removed or taken over", config.places.run)
                broker.ask_to_stop("its sockets are gone")


def _parse(argv: Sequence[str]) -> DaemonConfig:
    parser = argparse.ArgumentParser(
        prog="alleled",
        description="The Allele daemon: trains codecs, keeps strands, serves the TUI and the command line. "
        "The allele command starts it by itself; nothing needs to be configured.",
    )
    parser.add_argument(
        "--home", type=Path, default=None, help="data folder (default: $ALLELE_HOME, or the platform's)"
    )
    parser.add_argument("--foreground", action="store_true", help="log to this terminal too, stop with Ctrl-C")
    parser.add_argument(
        "--idle-exit",
        type=float,
        default=DEFAULT_IDLE_EXIT_S,
        metavar="SECONDS",
        help="stop after so long without clients and jobs; 0 never (default: %(default).0f)",
    )
    parser.add_argument("--ready-fd", type=int, default=None, metavar="N", help='descriptor to write "ready" to')
    args = parser.parse_args(argv)
    if args.idle_exit < 0:
        parser.error("--idle-exit: seconds, 0 or more")
    home = (args.home or default_home()).expanduser().absolute()
    return DaemonConfig(home=home, ready_fd=args.ready_fd, foreground=args.foreground, idle_exit_s=args.idle_exit)


def _say(config: DaemonConfig, line: str) -> None:
    """Tell whoever started the daemon, once."""
    if config.ready_fd is None:
        return
    with contextlib.suppress(OSError):  # a starter that went away does not matter
        os.write(config.ready_fd, f"{line}\n".encode())
    with contextlib.suppress(OSError):
        os.close(config.ready_fd)


def _give_up(config: DaemonConfig, why: str, code: int) -> int:
    line = " ".join(why.split())
    _say(config, f"error: {line}")
    print(f"alleled: {line}", file=sys.stderr)
    return code


def _raise_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_OPEN_FILES if hard == resource.RLIM_INFINITY else min(WANTED_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
