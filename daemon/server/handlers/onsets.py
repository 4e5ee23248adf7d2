"""The handler of FindOnsets: what begins in a strand's sound, and its likely tempos."""

from daemon.server.encoding import given_strand
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from protocol.columns import gains_db
from protocol.errors import AlleleError
from protocol.messages.snapshots import FindOnsets, Onsets
from protocol.strands import Strand


class OnsetHandlers:
    """Lets the engine analyse strands. Nothing is stored."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def find_onsets(self, request: Call[FindOnsets]) -> Reply:
        """Find onsets and tempos of an open strand, as it is at this moment, or of a snapshot."""
        body = request.body
        if (body.strand is None) == (body.meta is None):
            raise AlleleError("E_BAD_REQUEST", "give either a strand's id or codes to find onsets in")
        if body.strand is not None:
            state = self._services.strands.find(body.strand)
            strand, rev = state.strand, state.rev
        else:
            strand, rev = await given_strand(self._services, body.meta, request.buffers), 0
        return await self._found(strand, rev, request)

    async def _found(self, strand: Strand, rev: int, request: Call[FindOnsets]) -> Reply:
        meta, codes, columns = strand
        model = await self._services.library.model_of(meta)
        moments, tempos = await self._services.engine.onsets(
            model.name,
            model.codec_id,
            codes,
            samples=min(meta.samples, codes.shape[1] * meta.hop_length),
            gains_db=gains_db(columns),
            deadline_s=request.deadline_s,
        )
        return Reply(body=Onsets(tempos=tempos, rev=rev), buffers=(moments,))


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    table.add(FindOnsets, OnsetHandlers(services).find_onsets)
