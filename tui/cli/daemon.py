"""The handlers of the commands `allele daemon start|stop|status|restart`."""

import time
from argparse import Namespace
from typing import Any

import msgspec

from protocol.errors import AlleleError
from protocol.messages.session import GetStatus, Status, StopDaemon
from tui.cli.output import Output, duration
from tui.cli.session import locate, say_waiting, with_running_daemon
from tui.transport.client import Client
from tui.transport.daemon_target import DaemonTarget

STOP_S = 20.0


def start(arguments: Namespace, output: Output) -> int:
    """Start the daemon, or find it running."""
    target = _own_target(arguments)
    ran = target.holds()
    target.find(say_waiting)
    return _started(target, output, started=not ran)


def restart(arguments: Namespace, output: Output) -> int:
    """Stop the daemon if one runs, and start one."""
    target = _own_target(arguments)
    _stop(target)
    target.find()
    return _started(target, output, started=True)


def stop(arguments: Namespace, output: Output) -> int:
    """Stop the daemon. Succeeds if none runs."""
    target = locate(arguments)
    pid = _stop(target)
    where = target.places.home if target.places else target.endpoint.folder
    text = f"no daemon ran for {where}" if pid is None else f"stopped (it was process {pid})"
    output.result({"stopped": pid is not None, "pid": pid}, text)
    return 0


def status(arguments: Namespace, output: Output) -> int:
    """Show the status of the daemon."""
    found = _status(locate(arguments))
    output.result(_facts(found), describe(found))
    return 0


def describe(found: Status) -> list[str]:
    """Return a status as a few lines of text."""
    engine = found.engine if not found.engine_detail else f"{found.engine}: {found.engine_detail}"
    return [
        f"running for {duration(found.uptime_s)} as process {found.pid}, version {found.version}",
        f"home      {found.home}",
        f"endpoint  {found.endpoint}",
        f"engine    {engine}" + (f" on {found.device}" if found.device else ""),
        f"jobs      {found.jobs}",
        f"clients   {found.clients}",
        *(f"{name:<9} {value}" for name, value in found.facts.items()),
    ]


def _own_target(arguments: Namespace) -> DaemonTarget:
    if arguments.connect is not None:
        raise AlleleError("E_BAD_REQUEST", "--connect only finds a running daemon", hint="start one with --home DIR")
    return locate(arguments)


def _started(target: DaemonTarget, output: Output, *, started: bool) -> int:
    found = _status(target)
    first = "started" if started else "it was already running"
    output.result({"started": started} | _facts(found), [first, *describe(found)])
    return 0


def _status(target: DaemonTarget) -> Status:
    async def ask(client: Client) -> Status:
        return await client.ask(GetStatus(), timeout_s=10.0)

    return with_running_daemon(target, ask)


def _facts(found: Status) -> dict[str, Any]:
    return msgspec.to_builtins(found)


def _stop(target: DaemonTarget) -> int | None:
    """Stop the daemon and wait until it has ended. Returns its pid, or None when none ran."""
    if not target.is_running(say_waiting):
        return None

    async def ask(client: Client) -> int:
        found = await client.ask(GetStatus(), timeout_s=10.0)
        try:
            await client.ask(StopDaemon(), timeout_s=10.0)
        except AlleleError as error:
            if error.code != "E_UNAVAILABLE":
                raise  # it may have ended before it answered, which is a success; the lock shows whether it did
        return found.pid

    pid = with_running_daemon(target, ask)
    deadline_s = time.monotonic() + STOP_S
    while target.holds() or not _is_gone(pid):
        if time.monotonic() > deadline_s:
            raise AlleleError("E_BUSY", f"process {pid} is still stopping after {STOP_S:.0f} s", hint=f"kill {pid}")
        time.sleep(0.02)
    return pid


def _is_gone(pid: int) -> bool:
    """Return whether a process ended. A zombie counts as ended."""
    import psutil

    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
