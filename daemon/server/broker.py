"""The broker's parts, started in the order of their dependence and stopped in exactly the reverse.

events → store → engine → jobs → players → requests; each part is put on the exit stack as soon as it is started.
The lock is held by the caller before anything is bound here: a second bind on an ipc path silently steals it.
"""

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack

import zmq

from daemon.config import DaemonConfig
from daemon.jobs.ledger import JobLedger
from daemon.jobs.queue import JobQueue
from daemon.server.handlers import atlases, corpora, jobs, models, previews, snapshots, status, strands
from daemon.server.handlers.playback import open_playbacks
from daemon.server.jobnews import JobNews
from daemon.server.library import Library
from daemon.server.services import Services
from daemon.server.strandbook import StrandBook
from daemon.server.wire.audio_socket import AudSocket
from daemon.server.wire.dispatch import DispatchTable
from daemon.server.wire.peers import Roster
from daemon.server.wire.publisher import XPUB_WELCOME, Publisher
from daemon.server.wire.rejected_messages import GarbageLog
from daemon.server.wire.router import Router
from daemon.server.wire.sockets import OnMessage, Port, bind_publisher, bind_router
from daemon.store.catalogue import Catalogue
from daemon.store.strands import StrandStore
from daemon.store.thread import StoreThread
from daemon.supervision.engine_client import EngineBridge
from protocol.messages.events import DaemonStopping, EngineChanged

log = logging.getLogger("allele.broker")

# Each adds its handlers to the dispatch table; a new feature is a module with a `register`.
FEATURES = (
    status.register,
    corpora.register,
    jobs.register,
    models.register,
    atlases.register,
    strands.register,
    snapshots.register,
)

Context = zmq.Context[zmq.Socket[bytes]]


class Broker:
    """One daemon on the running loop. `start`, await `stopped`, `stop`."""

    def __init__(self, config: DaemonConfig) -> None:
        self._config, self._places = config, config.places
        self.epoch = uuid.uuid4().hex
        self._stack = AsyncExitStack()
        self._stop_reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._draining: asyncio.Task[None] | None = None
        self._ports: dict[str, Port] = {}
        self._inodes: dict[str, int] = {}
        self._engine_said = ("", "", "")
        self._publisher: Publisher
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
        self._publisher.publish(DaemonStopping(reason=reason))
        if self._draining is not None:
            self._draining.cancel()
        await self._stack.aclose()

    def lost_sockets(self) -> list[str]:
        """Names of the sockets whose path does not lead to what is bound here any more."""
        return [name for name, inode in self._inodes.items() if self._inode(name) != inode or not inode]

    def bind_again(self, names: Sequence[str]) -> None:
        """Bind these sockets at their paths once more; existing connections are not touched.

        Raises:
            ZMQError: a path cannot be bound.
        """
        for name in names:
            self._ports[name].bind(self._places.endpoint.address(name))
            self._inodes[name] = self._inode(name)

    def sweep(self) -> bool:
        """Forget clients and players that fell silent; True while somebody or something needs the daemon."""
        self.services.roster.sweep()
        self.services.aud.sweep()
        return bool(len(self.services.roster) or len(self.services.aud) or self.services.jobs.active)

    async def _start(self) -> None:
        context: Context = zmq.Context()
        self._stack.callback(context.term)
        socket = bind_publisher(context, self._places.endpoint.address("evt"), XPUB_WELCOME)
        evt = self._open_port("evt", socket, lambda _: None)
        self._publisher = Publisher(self.epoch, evt.send)
        self._stack.callback(self._publisher.close)
        garbage, roster = GarbageLog(), Roster(self._config.max_clients)
        library, book, ledger, queue = await self._open_stores()
        engine = EngineBridge(self._places.models, self._places.logs, self._engine_changed)
        aud = AudSocket(garbage, self._session)
        self.services = Services(
            config=self._config,
            publisher=self._publisher,
            roster=roster,
            engine=engine,
            aud=aud,
            jobs=ledger,
            queue=queue,
            library=library,
            strands=book,
            started_s=time.monotonic(),
            stop=self._asked_to_stop,
        )
        await engine.start()
        self._stack.push_async_callback(engine.stop)
        await queue.start()
        self._stack.push_async_callback(queue.close)
        table = DispatchTable()
        for register in FEATURES:
            register(table, self.services)
        playbacks = open_playbacks(table, book, library, engine, aud)
        self._stack.push_async_callback(playbacks.close)
        previews.register(table, self.services, playbacks)
        self._serve(context, table, garbage, aud)
        log.info("serving %s, pid %d, epoch %s", self._places.home, os.getpid(), self.epoch[:8])

    async def _open_stores(self) -> tuple[Library, StrandBook, JobLedger, JobQueue]:
        """One thread for each database, opened on it and closed last on it."""
        shelf, desk = StoreThread("catalogue"), StoreThread("strands")
        for thread in (shelf, desk):
            self._stack.push_async_callback(thread.close)
        catalogue = await shelf.call(Catalogue, self._places)
        self._stack.push_async_callback(shelf.call, catalogue.close)
        store = await desk.call(StrandStore, self._places.strands / "edits.sqlite")
        self._stack.push_async_callback(desk.call, store.close)
        library = Library(catalogue, shelf, self._publisher, self._places.trash)
        await library.refresh_corpora()
        await library.refresh_models()
        book = StrandBook(store, desk, self._publisher)
        await book.load()
        news = JobNews(self._publisher, library, self._places)
        self._stack.push_async_callback(news.close)
        ledger = JobLedger(catalogue, shelf, news.changed)
        return library, book, ledger, JobQueue(ledger, self._places.logs, news.reported)

    def _serve(self, context: Context, table: DispatchTable, garbage: GarbageLog, aud: AudSocket) -> None:
        aud.serve(self._open_port("aud", bind_router(context, self._places.endpoint.address("aud")), aud.on_message))
        router = Router(table, self.services.roster, garbage, self._session)
        port = self._open_port("ctl", bind_router(context, self._places.endpoint.address("ctl")), router.on_message)
        self._stack.push_async_callback(router.close)
        router.serve(port)

    def _open_port(self, name: str, socket: "zmq.Socket[bytes]", on_message: OnMessage) -> Port:
        """A port on a bound socket, remembered by name and closed with the broker."""
        port = self._ports[name] = Port(socket, on_message)
        self._stack.callback(port.close)
        self._inodes[name] = self._inode(name)
        return port

    def _inode(self, name: str) -> int:
        """The inode at a socket's path; 0 when nothing is there."""
        try:
            return self._places.endpoint.socket(name).stat().st_ino
        except OSError:
            return 0

    def _session(self) -> tuple[str, int]:
        return self.epoch, self._publisher.seq

    def _asked_to_stop(self, drain: bool) -> None:
        if not drain:
            # A moment, so that the answer leaves before the sockets close.
            asyncio.get_running_loop().call_later(0.05, self.ask_to_stop, "asked to")
        elif self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        await self.services.jobs.drain()
        await asyncio.sleep(0.05)
        self.ask_to_stop("asked to, and all jobs are done")

    def _engine_changed(self) -> None:
        state = self.services.engine.state
        said = (state.engine, state.device, state.detail)
        if said == self._engine_said:
            return
        self._engine_said = said
        log.info("engine %s %s %s", *said)
        self._publisher.publish(EngineChanged(engine=state.engine, device=state.device, detail=state.detail))
