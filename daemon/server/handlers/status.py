"""Handlers of requests for the daemon's status, for the snapshot that clients start from, and to stop the daemon."""

import os
import time
from importlib import metadata

import psutil

from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.server.wire.handshake import package_version
from protocol.messages.fields import Done
from protocol.messages.session import GetSnapshot, GetStatus, Snapshot, Status, StopDaemon


class StatusHandlers:
    """Answers requests about the daemon itself from memory, so that the reply never waits."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def status(self, _: Call[GetStatus]) -> Reply:
        """Return the status of the daemon and its engine."""
        return Reply(body=status_of(self._services))

    async def snapshot(self, _: Call[GetSnapshot]) -> Reply:
        """Return the whole state. It is read in one turn of the loop, so that it matches its sequence number."""
        services = self._services
        body = Snapshot(
            epoch=services.publisher.epoch,
            seq=services.publisher.seq,
            status=status_of(services),
            jobs=services.jobs.all,
            corpora=services.library.corpora,
            models=services.library.models,
            strands=services.strands.list_strands(),
            workspace=services.strands.workspace,
        )
        return Reply(body=body)

    async def stop(self, request: Call[StopDaemon]) -> Reply:
        """Stop the daemon after the reply is sent, or when its jobs are done."""
        body = request.body
        waiting = len(self._services.jobs.active) if body.drain else 0
        self._services.stop(body.drain)
        return Reply(body=Done(detail=f"stopping when {waiting} jobs are done" if waiting else "stopping"))


def status_of(services: Services) -> Status:
    """Collect the daemon's status. It does no I/O except reading this process's memory use."""
    engine = services.engine.state
    memory_mib = psutil.Process().memory_info().rss / 2**20
    return Status(
        pid=os.getpid(),
        uptime_s=round(time.monotonic() - services.started_s, 3),
        device=engine.device,
        jobs=len(services.jobs.active),
        clients=services.peers.present,
        endpoint=services.config.places.endpoint.address("ctl"),
        version=package_version(),
        engine=engine.engine,
        engine_detail=engine.detail,
        home=str(services.config.places.home),
        facts={**engine.facts, "pyzmq": metadata.version("pyzmq"), "broker_memory": f"{memory_mib:.0f} MiB"},
    )


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    handlers = StatusHandlers(services)
    table.add(GetStatus, handlers.status)
    table.add(GetSnapshot, handlers.snapshot)
    table.add(StopDaemon, handlers.stop)
