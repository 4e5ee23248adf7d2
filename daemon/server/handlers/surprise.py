"""The handler of GetSurprise: how much the cells of a window of a strand surprise the prior of its model."""

from daemon.edits.surprising import scores_of, scoring
from daemon.edits.values import Outcome
from daemon.prior.windows import SCORED_FRAMES
from daemon.server.computing import engine_for
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from protocol.errors import AlleleError
from protocol.messages.snapshots import GetSurprise, Surprise
from protocol.ranges import FrameRange


class SurpriseHandlers:
    """Lets the engine score strands, a window at a time. Nothing is stored."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def get_surprise(self, request: Call[GetSurprise]) -> Reply:
        """Score the window of a frame, with the strand as it is at this moment."""
        body = request.body
        state = self._services.strands.find(body.strand)
        frames = state.codes.shape[1]
        if body.first >= frames:
            raise AlleleError("E_RANGE", f"frame {body.first} does not exist", hint=f"frames are 0 to {frames - 1}")
        begins = body.first // SCORED_FRAMES * SCORED_FRAMES
        window = FrameRange(begins, min(frames, begins + SCORED_FRAMES))
        computation = scoring(state.codes, window, lambda _: Outcome())
        answer = await engine_for(self._services, request)(computation, state.meta)
        scores = scores_of(answer, state.codes.shape[0], window)
        return Reply(body=Surprise(strand=state.id, rev=state.rev, frames=window), buffers=(scores,))


def register(table: DispatchTable, services: Services) -> None:
    """Register the handler of this module."""
    table.add(GetSurprise, SurpriseHandlers(services).get_surprise)
