"""The command `alleled`, which runs the daemon: its composition root.

Data flow: arguments → DaemonConfig → folders → lock → log → Broker, until a signal, a request, idleness or the loss of
its home stops it. Sockets that are removed or taken over are bound again within `WATCH_S`, without stopping any work.
A failure to start is reported in one line on the ready pipe and on stderr. The exit code is 3 if another daemon holds
the lock, and 1 otherwise.
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

import zmq

from daemon.config import DEFAULT_IDLE_EXIT_S, WANTED_OPEN_FILES, DaemonConfig
from daemon.home import HomeLocked, lock_home, prepare_home, prepare_run
from daemon.logs import open_log
from daemon.server.broker import Broker
from protocol.errors import AlleleError
from protocol.homelock import EXIT_LOCKED, HomeLock
from protocol.logs import DAEMON_LOG
from protocol.places import default_home

log = logging.getLogger("allele.main")

WATCH_S = 1.0  # a client that finds no sockets waits about this long


def main(argv: Sequence[str] | None = None) -> int:
    """Run the daemon until it is stopped. Returns the exit code."""
    arguments = _parse(sys.argv[1:] if argv is None else argv)
    os.umask(0o077)
    try:
        config = _configure(arguments)
        prepare_home(config.places)
        lock = lock_home(config.places)
    except HomeLocked as held:
        return _give_up(arguments.ready_fd, str(held), EXIT_LOCKED)
    except AlleleError as problem:
        return _give_up(arguments.ready_fd, str(problem), 1)
    try:
        prepare_run(config.places)
        open_log(config.places.logs / DAEMON_LOG, to_terminal=config.foreground)
        _raise_open_files()
        return asyncio.run(_serve(config, lock))
    except Exception as problem:  # the process that started the daemon gets one line, and the log the traceback
        log.exception("the daemon ended")
        why = str(problem) if isinstance(problem, (AlleleError, OSError)) else f"{type(problem).__name__}: {problem}"
        return _give_up(config.ready_fd, why, 1)
    finally:
        lock.release()


async def _serve(config: DaemonConfig, lock: HomeLock) -> int:
    broker = Broker(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, broker.request_stop, f"signal {number.name}")
    if config.foreground:
        loop.add_signal_handler(signal.SIGHUP, broker.request_stop, "the terminal hung up")
    else:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    await broker.start()
    config.places.pid_file.write_text(f"{os.getpid()}\n")
    _say(config.ready_fd, "ready")
    watching = asyncio.create_task(_watch(broker, config, lock))
    try:
        reason = await broker.stopped()
        log.info("stopping: %s", reason)
    finally:
        watching.cancel()
        await broker.stop(reason="stopping")
        _remove_pid_file(config.places.pid_file)
    log.info("stopped")
    return 0


def _remove_pid_file(path: Path) -> None:
    """Remove the file if it has this process's id. If the home was moved, another daemon may have written it."""
    with contextlib.suppress(OSError, ValueError):
        if int(path.read_text(encoding="ascii")) == os.getpid():
            path.unlink()


async def _watch(broker: Broker, config: DaemonConfig, lock: HomeLock) -> None:
    """Remove silent clients, bind lost sockets again, and stop the daemon if it is idle or its home is gone."""
    busy_s = time.monotonic()
    said = ""
    while True:
        await asyncio.sleep(WATCH_S)
        now_s = time.monotonic()
        if broker.sweep():
            busy_s = now_s
        if config.idle_exit_s and now_s - busy_s > config.idle_exit_s:
            broker.request_stop("it was idle")
        if not lock.still_counts():
            log.error("%s was moved or removed, or another daemon locked it", config.places.home)
            broker.request_stop("its home is gone")
            continue
        problem = _keep_reachable(broker, config)
        if problem and problem != said:
            log.error("the sockets in %s cannot be bound again: %s", config.places.run, problem)
        said = problem


def _keep_reachable(broker: Broker, config: DaemonConfig) -> str:
    """Bind the sockets again whose paths were removed or taken over. Returns the error, or "" if there was none."""
    lost = broker.lost_sockets()
    if not lost:
        return ""
    try:
        prepare_run(config.places)
        broker.bind_again(lost)
        config.places.pid_file.write_text(f"{os.getpid()}\n")
    except (AlleleError, OSError, zmq.ZMQError) as problem:
        return str(problem)
    log.warning("sockets in %s were removed or taken over: %s bound again", config.places.run, ", ".join(lost))
    return ""


def _parse(argv: Sequence[str]) -> argparse.Namespace:
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
        help="stop after this many seconds without clients and jobs; 0 never (default: %(default).0f)",
    )
    parser.add_argument("--ready-fd", type=int, default=None, metavar="N", help='descriptor to write "ready" to')
    args = parser.parse_args(argv)
    if args.idle_exit < 0:
        parser.error("--idle-exit: seconds, 0 or more")
    return args


def _configure(args: argparse.Namespace) -> DaemonConfig:
    """Build the configuration from the arguments and the environment.

    Raises:
        AlleleError: E_IO if no home is named, or its name cannot be used.
    """
    config = DaemonConfig(
        home=args.home or default_home(),
        ready_fd=args.ready_fd,
        foreground=args.foreground,
        idle_exit_s=args.idle_exit,
    )
    _ = config.places  # a name that cannot be used is refused here
    return config


def _say(ready_fd: int | None, line: str) -> None:
    """Write one line to the process that started the daemon, and close the pipe."""
    if ready_fd is None:
        return
    with contextlib.suppress(OSError):  # the process that started the daemon may have ended
        os.write(ready_fd, f"{line}\n".encode())
    with contextlib.suppress(OSError):
        os.close(ready_fd)


def _give_up(ready_fd: int | None, why: str, code: int) -> int:
    line = " ".join(why.split())
    _say(ready_fd, f"error: {line}")
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
