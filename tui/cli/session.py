"""From --home and --connect to a client that talks to a running daemon.

Data flow: arguments → DaemonTarget → (start the daemon of a home) → Client → the command's coroutine. What can go
wrong: no daemon answers, the home cannot be used, or --connect names an endpoint that this version cannot reach. Each
is an AlleleError with a hint.
"""

import asyncio
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from protocol.endpoint import Endpoint, parse_endpoint
from protocol.errors import AlleleError
from protocol.places import Places, default_home, places_of
from tui.transport.daemon_target import DaemonTarget

if TYPE_CHECKING:
    from tui.transport.client import Client

T = TypeVar("T")


def say_waiting(line: str) -> None:
    """Print one line on stderr about what the command waits for."""
    print(line, file=sys.stderr, flush=True)


def own_places(arguments: Namespace) -> Places:
    """Return the folders of the home given by --home or the environment. --connect does not change them.

    Raises:
        AlleleError: E_IO when the environment names no folder of this user.
    """
    return places_of(Path(arguments.home)) if arguments.home is not None else places_of(default_home())


def locate(arguments: Namespace) -> DaemonTarget:
    """Return the daemon that --connect, --home or the environment name.

    Raises:
        AlleleError: E_UNAVAILABLE for an endpoint that this version cannot reach.
    """
    if arguments.connect is not None:
        return DaemonTarget(parse_endpoint(arguments.connect))
    places = own_places(arguments)
    return DaemonTarget(places.endpoint, places)


def with_daemon(arguments: Namespace, work: Callable[["Client"], Awaitable[T]]) -> T:
    """Run `work(client)` against the daemon, which is started if none runs (but not with --connect)."""
    target = locate(arguments)
    return _with_client(target.find(say_waiting), work) if target.places else with_running_daemon(target, work)


def with_running_daemon(target: DaemonTarget, work: Callable[["Client"], Awaitable[T]]) -> T:
    """Run `work(client)` against a daemon that must be running already.

    Raises:
        AlleleError: E_UNAVAILABLE when none runs there.
    """
    if not target.is_running(say_waiting):
        where = target.endpoint.folder
        raise AlleleError("E_UNAVAILABLE", f"no daemon runs at {where}", hint="start it: allele daemon start")
    return _with_client(target.endpoint, work)


def _with_client(endpoint: Endpoint, work: Callable[["Client"], Awaitable[T]]) -> T:
    from tui.transport.client import Client

    async def session() -> T:
        async with Client(endpoint, "cli") as client:
            return await work(client)

    return asyncio.run(session())


def home_behind(target: DaemonTarget) -> Path:
    """Return the home of the daemon at an endpoint, as it reports it. Its run folder may be elsewhere."""
    from protocol.messages.session import GetStatus, Status

    async def ask(client: "Client") -> Status:
        return await client.ask(GetStatus(), timeout_s=10.0)

    return Path(with_running_daemon(target, ask).home)
