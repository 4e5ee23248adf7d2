"""`allele daemon start|stop|status|restart`."""

import time
from argparse import Namespace
from typing import Any

import msgspec

from protocol.errors import AlleleError
from protocol.homelock import is_held
from protocol.messages.session import GetStatus, Status, StopDaemon
from protocol.places import Places
from tui.cli.output import Output, duration
from tui.cli.session import ANSWER_S, locate, say_waiting, with_running_daemon
from tui.transport.client import Client
from tui.transport.embedded import ensure_daemon, is_running, wait_for_holder

STOP_S = 20.0


def start(arguments: Namespace, output: Output) -> int:
    """Start the daemon, or find it running."""
    places = _own_places(arguments)
    ran = is_running(places) or is_held(places)
    return _started(ensure_daemon(places.home, say=say_waiting), output, started=not ran)


def restart(arguments: Namespace, output: Output) -> int:
    """Stop the daemon if one runs, and start one."""
    places = _own_places(arguments)
    _stop(places)
    return _started(ensure_daemon(places.home), output, started=True)


def stop(arguments: Namespace, output: Output) -> int:
    """Stop the daemon; none running is what was asked for."""
    places = locate(arguments)
    pid = _stop(places)
    text = f"no daemon ran for {places.home}" if pid is None else f"stopped (it was process {pid})"
    output.result({"stopped": pid is not None, "pid": pid}, text)
    return 0


def status(arguments: Namespace, output: Output) -> int:
    """How the daemon is."""
    found = _status(locate(arguments))
    output.result(_facts(found), describe(found))
    return 0


def describe(found: Status) -> list[str]:
    """A status in a few lines."""
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


def _own_places(arguments: Namespace) -> Places:
    if arguments.connect is not None:
        raise AlleleError("E_BAD_REQUEST", "--connect only finds a running daemon", hint="start one with --home DIR")
    return locate(arguments)


def _started(places: Places, output: Output, *, started: bool) -> int:
    found = _status(places)
    first = "started" if started else "it ran already"
    output.result({"started": started} | _facts(found), [first, *describe(found)])
    return 0


def _status(places: Places) -> Status:
    async def ask(client: Client) -> Status:
        return await client.ask(GetStatus(), timeout_s=10.0)

    return with_running_daemon(places, ask)


def _facts(found: Status) -> dict[str, Any]:
    return msgspec.to_builtins(found)


def _stop(places: Places) -> int | None:
    """Stop what runs there and wait until it is gone; its pid, None when none ran."""
    if not wait_for_holder(places, time.monotonic() + ANSWER_S, say_waiting):
        return None

    async def ask(client: Client) -> int:
        found = await client.ask(GetStatus(), timeout_s=10.0)
        try:
            await client.ask(StopDaemon(), timeout_s=10.0)
        except AlleleError as error:
            if error.code != "E_UNAVAILABLE":
                raise  # gone before its answer arrived is what was asked for; the lock tells
        return found.pid

    pid = with_running_daemon(places, ask)
    deadline_s = time.monotonic() + STOP_S
    while is_held(places) or not _is_gone(pid):
        if time.monotonic() > deadline_s:
            raise AlleleError("E_BUSY", f"process {pid} is still stopping after {STOP_S:.0f} s", hint=f"kill {pid}")
        time.sleep(0.02)
    return pid


def _is_gone(pid: int) -> bool:
    """Whether the process ended; one that nobody waited for yet has."""
    import psutil

    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
