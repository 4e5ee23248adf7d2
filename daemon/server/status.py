"""How the daemon is, and stopping it."""

import os
import time
from importlib import metadata

from daemon.server.dispatch import DispatchTable, Reply, Request
from daemon.server.services import Services
from daemon.server.session import package_version
from protocol.messages import Done, GetStatus, Status, StopDaemon


class StatusHandlers:
    """GetStatus and StopDaemon."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def get_status(self, _: Request) -> Reply:
        """Answered from memory, whatever else goes on."""
        return Reply(body=status_of(self._services))

    async def stop_daemon(self, request: Request) -> Reply:
        """Answered first; the daemon stops right after."""
        body: StopDaemon = request.body
        self._services.stop("drain" if body.drain else "asked to")
        return Reply(body=Done(detail="stopping"))


def status_of(services: Services) -> Status:
    """The daemon in a few lines; costs no I/O."""
    engine = services.engine.state
    return Status(
        pid=os.getpid(),
        uptime_s=round(time.monotonic() - services.started_s, 3),
        device=engine.device,
        jobs=0,
        clients=len(services.roster),
        endpoint=services.config.places.endpoint("ctl"),
        version=package_version(),
        engine=engine.engine,
        engine_detail=engine.detail,
        home=str(services.config.home),
        facts={**engine.facts, "pyzmq": metadata.version("pyzmq")},
    )


def register(table: DispatchTable, services: Services) -> None:
    """Answer the requests of this module."""
    handlers = StatusHandlers(services)
    table.add(GetStatus, handlers.get_status)
    table.add(StopDaemon, handlers.stop_daemon)
