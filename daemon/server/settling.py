"""The loop by which every edit gets its cells: compute, ask the engine what is missing, compute again.

A strand that lives in the daemon and a snapshot that came in a message go through the same loop (`settle_edit`); they
differ only in where the edit is computed.
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

MOST_QUESTIONS = 12  # an edit asks one or two; more means that another strand is never still


async def settle_edit(
    begin: Callable[[Answers], Awaitable[Settled | Computation]], meta: Callable[[], StrandMeta], compute: Compute
) -> Settled:
    """Compute an edit, together with every computation by a model that it needs.

    Args:
        begin: computes the edit from the start, with the answers known by now (keyed by `Computation.key`).
        meta: gives the strand as it is when a model computes.

    Raises:
        AlleleError: what `begin` and the engine raise; E_CONFLICT when cells change faster than they can be computed.
    """
    answers: dict[bytes, Array] = {}
    for _ in range(MOST_QUESTIONS):
        step = await begin(dict(answers))
        if not isinstance(step, Computation):
            return step
        answers[step.key] = await compute(step, meta())
    raise AlleleError("E_CONFLICT", "the strands changed faster than they could be read", hint="try again")
