"""From --home and --connect to a client that talks to a running daemon.

Data flow: arguments → Places → (start the daemon unless told not to) → Client → the command's coroutine. What can go
wrong: nobody answers, the home cannot be used, or --connect names something this version cannot reach; each is an
AlleleError with its hint.
"""

import asyncio
import sys
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from protocol.errors import AlleleError
from protocol.places import Places, check_name, default_home, expanded, places_of

if TYPE_CHECKING:
    from tui.transport.client import Client

T = TypeVar("T")

ANSWER_S = 10.0  # how long a daemon may take to be reachable again


def say_waiting(line: str) -> None:
    """Print one line about what is being waited for, beside the output of the command."""
    print(line, file=sys.stderr, flush=True)


def locate(arguments: Namespace) -> Places:
    """The places that --connect, --home or the environment name.

    Raises:
        AlleleError: E_UNAVAILABLE for an endpoint that this version cannot reach.
    """
    if arguments.connect is not None:
        return _places_of_endpoint(arguments.connect)
    return places_of(Path(arguments.home)) if arguments.home is not None else places_of(default_home())


def with_daemon(arguments: Namespace, work: Callable[["Client"], Awaitable[T]]) -> T:
    """Run `work(client)` against the daemon, which is started when none runs (never behind --connect)."""
    places = locate(arguments)
    if arguments.connect is None:
        from tui.transport.embedded import ensure_daemon

        places = ensure_daemon(places.home, say=say_waiting)
    return with_running_daemon(places, work)


def with_running_daemon(places: Places, work: Callable[["Client"], Awaitable[T]]) -> T:
    """Run `work(client)` against a daemon that must be running already.

    Raises:
        AlleleError: E_UNAVAILABLE when none runs there.
    """
    from tui.transport.client import Client
    from tui.transport.embedded import wait_for_holder

    if not wait_for_holder(places, time.monotonic() + ANSWER_S, say_waiting):
        raise AlleleError("E_UNAVAILABLE", f"no daemon runs at {places.run}", hint="start it: allele daemon start")

    async def session() -> T:
        async with Client(places, "cli") as client:
            return await work(client)

    return asyncio.run(session())


def home_behind(arguments: Namespace) -> Path:
    """The home of the running daemon that --connect names; its run folder may lie elsewhere."""
    from protocol.messages.session import GetStatus, Status

    async def ask(client: "Client") -> Status:
        return await client.ask(GetStatus(), timeout_s=10.0)

    return Path(with_running_daemon(locate(arguments), ask).home)


def _places_of_endpoint(endpoint: str) -> Places:
    """A run folder, its ctl socket, or that socket as an ipc address."""
    plain = endpoint.removeprefix("ipc://")
    if "://" in plain:
        raise AlleleError(
            "E_UNAVAILABLE",
            f"--connect {endpoint}: this version reaches only daemons of this machine",
            hint="name a run folder or ipc://…/ctl.sock",
        )
    path = expanded(Path(plain)).absolute()
    if path.name == "ctl.sock":
        path = path.parent
    check_name(path)
    if not path.is_dir():
        if "@" in plain and not path.exists():
            raise AlleleError(
                "E_UNAVAILABLE",
                f"--connect {endpoint}: connecting to another machine is not in this version",
                hint=f"run allele there: ssh -t {endpoint} allele",
            )
        raise AlleleError(
            "E_UNAVAILABLE",
            f"--connect {endpoint}: there is no such run folder",
            hint="allele daemon status shows a daemon's endpoint",
        )
    return Places(home=path.parent, run=path)
