"""Computations for edits by the engine, with the model whose codes a strand holds."""

from typing import Any

from daemon.edits.values import Computation
from daemon.server.services import Services
from daemon.server.settling import Compute
from daemon.server.wire.dispatch import Call
from protocol.arrays import Array
from protocol.strands import StrandMeta


def engine_for(services: Services, request: Call[Any]) -> Compute:
    """Return a function that has the engine compute, for as long as the request's sender waits."""

    async def compute(computation: Computation, meta: StrandMeta) -> Array:
        model = await services.library.model_of(meta)
        return await services.engine.compute(model.name, model.codec_id, computation, request.deadline_s)

    return compute
