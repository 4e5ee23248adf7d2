"""The broker's parts, started in the order of their dependence and stopped in exactly the reverse.

events → engine → players → requests; whoever is registered on the exit stack is closed before what it needs.
The lock is held by the caller before anything is bound here: a second bind on an ipc path silently steals it.
"""

import asyncio
import logging
import os
import time
import uuid
from contextlib import AsyncExitStack
from pathlib import Path

import zmq

from daemon.config import DaemonConfig
from daemon.engine.bridge import EngineBridge
from daemon.server import status
from daemon.server.aud import AudSocket
from daemon.server.dispatch import DispatchTable
from daemon.server.garbage import GarbageLog
from daemon.server.publisher import XPUB_WELCOME, Publisher
from daemon.server.roster import Roster
from daemon.server.router import Router
from daemon.server.services import Services
from daemon.server.sockets import Port, bind_publisher, bind_router
from protocol.messages import DaemonStopping, EngineChanged

log = logging.getLogger("allele.broker")

FEATURES = (status.register,)  # each adds its handlers to the table


class Broker:
    """One daemon on the running loop. `start`, await `stopped`, `stop`."""

    def __init__(self, config: DaemonConfig) -> None:
        self._config, self._places = config, config.places
        self.epoch = uuid.uuid4().hex
        self._stack = AsyncExitStack()
        self._stop_reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._inodes: dict[Path, int] = {}
        self._engine_said = ("", "", "")
        self.services: Services

    async def start(self) -> None:
        """Bind and serve; what was started is stopped again when a later part fails."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise

    async def stopped(self) -> str:
        """Wait until somebody asks for the end; gives the reason."""
        return await self._stop_reason

    def ask_to_stop(self, reason: str) -> None:
        """End `stopped`; the first reason stands."""
        if not self._stop_reason.done():
            self._stop_reason.set_result(reason)

    async def stop(self, reason: str) -> None:
        """Say goodbye and stop all parts in reverse order."""
        self.services.publisher.publish(DaemonStopping(reason=reason))
        await self._stack.aclose()

    async def _start(self) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._stack.callback(context.term)
        evt = Port(bind_publisher(context, self._places.endpoint("evt"), XPUB_WELCOME), lambda _: None)
        self._stack.callback(evt.close)
        publisher = Publisher(self.epoch, evt.send)
        self._stack.callback(publisher.close)
        garbage, roster = GarbageLog(), Roster(self._config.max_clients)
        engine = EngineBridge(self._places.models, self._places.logs, self._engine_changed)
        aud = AudSocket(garbage, self._session)
        self.services = Services(
            config=self._config,
            publisher=publisher,
            roster=roster,
            engine=engine,
            aud=aud,
            started_s=time.monotonic(),
            stop=self.ask_to_stop,
        )
        await engine.start()
        self._stack.push_async_callback(engine.stop)
        table = DispatchTable()
        for register in FEATURES:
            register(table, self.services)
        port = Port(bind_router(context, self._places.endpoint("aud")), aud.on_message)
        self._stack.callback(port.close)
        aud.serve(port)
        router = Router(table, roster, garbage, self._session)
        port = Port(bind_router(context, self._places.endpoint("ctl")), router.on_message)
        self._stack.callback(port.close)
        self._stack.push_async_callback(router.close)
        router.serve(port)
        self._inodes = {path: path.stat().st_ino for path in map(self._places.socket, ("ctl", "evt", "aud"))}
        log.info("serving %s, pid %d, epoch %s", self._places.home, os.getpid(), self.epoch[:8])

    def sweep(self) -> bool:
        """Forget clients and players that fell silent; True while somebody or something needs the daemon."""
        self.services.roster.sweep()
        self.services.aud.sweep()
        return len(self.services.roster) > 0 or len(self.services.aud) > 0

    def owns_sockets(self) -> bool:
        """Whether the sockets on disk are still those bound here."""
        try:
            return all(path.stat().st_ino == inode for path, inode in self._inodes.items())
        except OSError:
            return False

    def _session(self) -> tuple[str, int]:
        return self.epoch, self.services.publisher.seq

    def _engine_changed(self) -> None:
        state = self.services.engine.state
        said = (state.engine, state.device, state.detail)
        if said == self._engine_said:
            return
        self._engine_said = said
        log.info("engine %s %s %s", state.engine, state.device, state.detail)
        self.services.publisher.publish(EngineChanged(engine=state.engine, device=state.device, detail=state.detail))
