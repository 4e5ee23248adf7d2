"""What handlers work with: the broker's parts, handed over at the composition root."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.config import DaemonConfig
from daemon.engine.bridge import EngineBridge
from daemon.engine.jobs import JobQueue
from daemon.server.aud import AudSocket
from daemon.server.library import Library
from daemon.server.publisher import Publisher
from daemon.server.roster import Roster
from daemon.server.strandbook import StrandBook


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything a feature may need. Used on the loop's thread only. `stop(drain)` ends the daemon."""

    config: DaemonConfig
    publisher: Publisher
    roster: Roster
    engine: EngineBridge
    aud: AudSocket
    jobs: JobQueue
    library: Library
    strands: StrandBook
    started_s: float
    stop: Callable[[bool], None]
