"""What handlers work with: the broker's parts, handed over at the composition root."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.config import DaemonConfig
from daemon.jobs.ledger import JobLedger
from daemon.jobs.queue import JobQueue
from daemon.server.library import Library
from daemon.server.strandbook import StrandBook
from daemon.server.wire.audio_socket import AudSocket
from daemon.server.wire.peers import Roster
from daemon.server.wire.publisher import Publisher
from daemon.supervision.engine_client import EngineBridge


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a feature may need. Used on the loop's thread only. `stop(drain)` ends the daemon."""

    config: DaemonConfig
    publisher: Publisher
    roster: Roster
    engine: EngineBridge
    aud: AudSocket
    jobs: JobLedger
    queue: JobQueue
    library: Library
    strands: StrandBook
    started_s: float
    stop: Callable[[bool], None]
