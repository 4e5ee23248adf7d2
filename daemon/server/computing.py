"""Lets the engine compute cells for edits, with the model that a strand was made with."""

from typing import Any

from daemon.edits.values import Computation
from daemon.server.services import Services
from daemon.server.settling import Compute
from daemon.server.wire.dispatch import Call
from protocol.arrays import Array
from protocol.strands import StrandMeta


def engine_for(services: Services, request: Call[Any]) -> Compute:
    """Return a function that runs a computation in the engine, with the deadline of the request."""

    async def compute(computation: Computation, meta: StrandMeta) -> Array:
        model = await services.library.model_of(meta)
        return await services.engine.compute(model.name, model.codec_id, computation, request.deadline_s)

    return compute
