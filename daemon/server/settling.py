"""The loop that computes the cells of an edit: compute, let the engine compute what is missing, compute again.

Open strands and snapshots that are sent in a message use the same loop (`settle_edit`). They differ only in where the
edit is computed.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from daemon.edits.values import Computation
from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.strands import StrandMeta

Compute = Callable[[Computation, StrandMeta], Awaitable[Array]]
Answers = Mapping[bytes, Array]
Settled = TypeVar("Settled")

MAX_COMPUTATIONS = 12  # an edit needs one or two; more means that another strand keeps changing


async def settle_edit(
    begin: Callable[[Answers], Awaitable[Settled | Computation]], meta: Callable[[], StrandMeta], compute: Compute
) -> Settled:
    """Compute an edit, including every computation by a model that it needs.

    Args:
        begin: computes the edit from the start, with the answers received so far (by `Computation.key`). It returns
            the result, or the next computation that is needed.
        meta: returns the strand's current description, for the model's computation.

    Raises:
        AlleleError: what `begin` and the engine raise; E_CONFLICT if cells change faster than they can be computed.
    """
    answers: dict[bytes, Array] = {}
    for _ in range(MAX_COMPUTATIONS):
        step = await begin(dict(answers))
        if not isinstance(step, Computation):
            return step
        answers[step.key] = await compute(step, meta())
    raise AlleleError("E_CONFLICT", "the strands changed faster than they could be read", hint="try again")
