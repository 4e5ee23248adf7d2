"""The parts of the broker that request handlers use."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.config import DaemonConfig
from daemon.jobs.ledger import JobLedger
from daemon.jobs.queue import JobQueue
from daemon.server.library import Library
from daemon.server.strandbook import StrandBook
from daemon.server.wire.audio_socket import AudSocket
from daemon.server.wire.peers import Peers
from daemon.server.wire.publisher import Publisher
from daemon.supervision.engine_client import EngineClient


@dataclass(frozen=True, kw_only=True)
class Services:
    """The broker's parts, as handlers receive them. Use them on the loop's thread. `stop(drain)` stops the daemon."""

    config: DaemonConfig
    publisher: Publisher
    peers: Peers
    engine: EngineClient
    aud: AudSocket
    jobs: JobLedger
    queue: JobQueue
    library: Library
    strands: StrandBook
    started_s: float
    stop: Callable[[bool], None]
