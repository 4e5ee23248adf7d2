"""Who answers the questions of edits: the engine, with the model whose codes a strand holds."""

from typing import Any

from daemon.edits.values import Computation, Outcome, Step
from daemon.server.services import Services
from daemon.server.strandbook import Compute
from daemon.server.wire.dispatch import Call
from protocol.arrays import Array
from protocol.strands import StrandMeta


def computer(services: Services, request: Call[Any]) -> Compute:
    """Asks the engine, as long as the request's sender waits."""

    async def compute(asked: Computation, meta: StrandMeta) -> Array:
        model = await services.library.model_of(meta)
        return await services.engine.compute(model.name, model.codec_id, asked, request.deadline_s)

    return compute


async def carry_out(step: Step, meta: StrandMeta, compute: Compute) -> Outcome:
    """The outcome of a step, after whatever has to be asked.

    Raises:
        AlleleError: what the engine says.
    """
    while isinstance(step, Computation):
        step = step.finish(await compute(step, meta))
    return step
