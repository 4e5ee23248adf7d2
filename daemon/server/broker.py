"""The broker, which starts its parts in the order of their dependencies and stops them in reverse order.

events → store → engine → jobs → players → requests. Each part is added to the exit stack as soon as it is started.
The caller must hold the home's lock first, because a second bind on an ipc path silently takes the path over.
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
from daemon.server.handlers import (
    atlases,
    audio_files,
    corpora,
    generation,
    jobs,
    models,
    novelty,
    onsets,
    previews,
    snapshots,
    sounds,
    status,
    strands,
    surprise,
)
from daemon.server.handlers.playback import open_playbacks
from daemon.server.jobnews import JobNews
from daemon.server.library import Library
from daemon.server.services import Services
from daemon.server.strandbook import StrandBook
from daemon.server.wire.audio_socket import AudSocket
from daemon.server.wire.dispatch import DispatchTable
from daemon.server.wire.peers import Peers
from daemon.server.wire.publisher import XPUB_WELCOME, Publisher
from daemon.server.wire.rejected_messages import RejectedMessages
from daemon.server.wire.router import Router
from daemon.server.wire.sockets import OnMessage, Port, bind_publisher, bind_router
from daemon.store.catalogue import Catalogue
from daemon.store.strands import StrandStore
from daemon.store.thread import StoreThread
from daemon.supervision.engine_client import EngineClient
from protocol.messages.events import DaemonStopping, EngineChanged

log = logging.getLogger("allele.broker")

# Each function adds the handlers of its module to the dispatch table.
FEATURES = (
    status.register,
    corpora.register,
    jobs.register,
    generation.register,
    sounds.register,
    models.register,
    atlases.register,
    strands.register,
    snapshots.register,
    onsets.register,
    novelty.register,
    surprise.register,
)

Context = zmq.Context[zmq.Socket[bytes]]


class Broker:
    """One daemon on the running event loop. Call `start`, await `stopped`, then call `stop`."""

    def __init__(self, config: DaemonConfig) -> None:
        self._config, self._places = config, config.places
        self.epoch = uuid.uuid4().hex
        self._stack = AsyncExitStack()
        self._stop_reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._draining: asyncio.Task[None] | None = None
        self._ports: dict[str, Port] = {}
        self._inodes: dict[str, int] = {}
        self._engine_reported = ("", "", "")
        self._publisher: Publisher
        self.services: Services

    async def start(self) -> None:
        """Start all parts and bind the sockets. If a part fails to start, the parts before it are stopped again."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise

    async def stopped(self) -> str:
        """Wait until a stop is requested. Returns the reason."""
        return await self._stop_reason

    def request_stop(self, reason: str) -> None:
        """Let `stopped` return with this reason. Later calls have no effect."""
        if not self._stop_reason.done():
            self._stop_reason.set_result(reason)

    async def stop(self, reason: str) -> None:
        """Publish that the daemon stops, and stop all parts in reverse order."""
        self._publisher.publish(DaemonStopping(reason=reason))
        if self._draining is not None:
            self._draining.cancel()
        await self._stack.aclose()

    def lost_sockets(self) -> list[str]:
        """Names of the sockets whose path no longer leads to the socket that this broker bound."""
        return [name for name, inode in self._inodes.items() if self._inode(name) != inode or not inode]

    def bind_again(self, names: Sequence[str]) -> None:
        """Bind these sockets at their paths again. Existing connections are kept.

        Raises:
            ZMQError: a path cannot be bound.
        """
        for name in names:
            self._ports[name].bind(self._places.endpoint.address(name))
            self._inodes[name] = self._inode(name)

    def sweep(self) -> bool:
        """Remove clients and players that are silent too long. Returns whether any client, player or job remains."""
        self.services.peers.sweep()
        self.services.aud.sweep()
        return bool(len(self.services.peers) or len(self.services.aud) or self.services.jobs.active)

    async def _start(self) -> None:
        context: Context = zmq.Context()
        self._stack.callback(context.term)
        socket = bind_publisher(context, self._places.endpoint.address("evt"), XPUB_WELCOME)
        evt = self._open_port("evt", socket, lambda _: None)
        self._publisher = Publisher(self.epoch, evt.send)
        self._stack.callback(self._publisher.close)
        rejected, peers = RejectedMessages(), Peers(self._config.max_clients)
        library, book, ledger, queue = await self._open_stores()
        engine = EngineClient(self._places.models, self._places.logs, self._engine_changed)
        aud = AudSocket(rejected, self._session)
        self.services = Services(
            config=self._config,
            publisher=self._publisher,
            peers=peers,
            engine=engine,
            aud=aud,
            jobs=ledger,
            queue=queue,
            library=library,
            strands=book,
            started_s=time.monotonic(),
            stop=self._stop_requested,
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
        audio_files.register(table, self.services, playbacks)
        self._serve(context, table, rejected, aud)
        log.info("serving %s, pid %d, epoch %s", self._places.home, os.getpid(), self.epoch[:8])

    async def _open_stores(self) -> tuple[Library, StrandBook, JobLedger, JobQueue]:
        """Open both databases, each on its own thread, which is the last thing to be closed."""
        catalogue_thread, strands_thread = StoreThread("catalogue"), StoreThread("strands")
        for thread in (catalogue_thread, strands_thread):
            self._stack.push_async_callback(thread.close)
        catalogue = await catalogue_thread.call(Catalogue, self._places)
        self._stack.push_async_callback(catalogue_thread.call, catalogue.close)
        store = await strands_thread.call(StrandStore, self._places.strands / "edits.sqlite")
        self._stack.push_async_callback(strands_thread.call, store.close)
        library = Library(catalogue, catalogue_thread, self._publisher, self._places.trash)
        await library.refresh_corpora()
        await library.refresh_models()
        book = StrandBook(store, strands_thread, self._publisher)
        await book.load()
        news = JobNews(self._publisher, library, self._places)
        self._stack.push_async_callback(news.close)
        ledger = JobLedger(catalogue, catalogue_thread, news.changed)
        return library, book, ledger, JobQueue(ledger, self._places.logs, news.reported)

    def _serve(self, context: Context, table: DispatchTable, rejected: RejectedMessages, aud: AudSocket) -> None:
        aud.serve(self._open_port("aud", bind_router(context, self._places.endpoint.address("aud")), aud.on_message))
        router = Router(table, self.services.peers, rejected, self._session)
        port = self._open_port("ctl", bind_router(context, self._places.endpoint.address("ctl")), router.on_message)
        self._stack.push_async_callback(router.close)
        router.serve(port)

    def _open_port(self, name: str, socket: "zmq.Socket[bytes]", on_message: OnMessage) -> Port:
        """Open a port on a bound socket. It is stored by name and closed with the broker."""
        port = self._ports[name] = Port(socket, on_message)
        self._stack.callback(port.close)
        self._inodes[name] = self._inode(name)
        return port

    def _inode(self, name: str) -> int:
        """The inode at a socket's path, or 0 if the path does not exist."""
        try:
            return self._places.endpoint.socket(name).stat().st_ino
        except OSError:
            return 0

    def _session(self) -> tuple[str, int]:
        return self.epoch, self._publisher.seq

    def _stop_requested(self, drain: bool) -> None:
        if not drain:
            # Wait, so that the reply is sent before the sockets are closed.
            asyncio.get_running_loop().call_later(0.05, self.request_stop, "requested by a client")
        elif self._draining is None:
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        await self.services.jobs.drain()
        await asyncio.sleep(0.05)
        self.request_stop("requested by a client, and all jobs are done")

    def _engine_changed(self) -> None:
        state = self.services.engine.state
        reported = (state.engine, state.device, state.detail)
        if reported == self._engine_reported:
            return
        self._engine_reported = reported
        log.info("engine %s %s %s", *reported)
        self._publisher.publish(EngineChanged(engine=state.engine, device=state.device, detail=state.detail))
