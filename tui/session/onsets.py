"""The onsets and likely tempos of open strands, as the daemon found them. They are requested once for each revision."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from protocol.messages.snapshots import FindOnsets
from tui.session.connection import Connection

LONGEST_S = 120.0


@dataclass(frozen=True)
class Found:
    """What was found in a strand: samples at 48 kHz at which something begins, and tempos in beats a minute."""

    samples: npt.NDArray[np.int32]
    tempos: tuple[float, ...]


class StrandOnsets:
    """Asks the daemon for onsets, and keeps those of the last revision of each strand."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[str, tuple[int, Found]] = {}

    def known(self, strand: str, rev: int) -> Found | None:
        """Return what was found in this revision, or None before it was requested."""
        found = self._found.get(strand)
        return None if found is None or found[0] != rev else found[1]

    async def find(self, strand: str, rev: int) -> Found:
        """Return what begins in a strand, and its tempos. The daemon decodes it if this revision is not known.

        Raises:
            AlleleError: the strand could not be decoded.
        """
        found = self.known(strand, rev)
        if found is None:
            answer = await self._connection.ask(FindOnsets(strand=strand), timeout_s=LONGEST_S)
            found = Found(answer.buffers[0], tuple(answer.body.tempos))
            self._found[strand] = (answer.body.rev, found)
        return found
