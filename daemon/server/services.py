"""What handlers work with: the broker's parts, handed over at the composition root."""

from collections.abc import Callable
from dataclasses import dataclass

from daemon.config import DaemonConfig
from daemon.engine.bridge import EngineBridge
from daemon.server.aud import AudSocket
from daemon.server.publisher import Publisher
from daemon.server.roster import Roster


@dataclass(kw_only=True)
class Services:
    """Everything a feature may need. Used on the loop's thread only."""

    config: DaemonConfig
    publisher: Publisher
    roster: Roster
    engine: EngineBridge
    aud: AudSocket
    started_s: float
    stop: Callable[[str], None]
