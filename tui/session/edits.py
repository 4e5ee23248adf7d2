"""Requests that edit, undo and redo, and the registers that they fill.

Every change goes through `_chained`, so that the edits of a held key do not conflict with one another.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from protocol.arrays import Array
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.messages.events import CellsDrawn, StrandChanged
from protocol.messages.fields import Request
from protocol.messages.strands import ApplyEdit, EditApplied, RedoEdit, StopEdit, UndoEdit
from protocol.operations import OPS
from protocol.ranges import FrameRange, LevelRange
from tui.model.drawn import DrawnCells, drawn_by
from tui.model.pending import EditChain
from tui.model.registers import Register, Registers
from tui.session.connection import Changed, Connection
from tui.session.grids import StrandGrids

USUAL_S, SLOW_S = 30.0, 180.0
"""How long an answer may take."""


class StrandEdits:
    """Applies, undoes and redoes edits of strands whose grids are fetched."""

    def __init__(self, connection: Connection, grids: StrandGrids, changed: Changed) -> None:
        self._connection, self._grids, self._changed = connection, grids, changed
        self.registers = Registers()
        self.chains: dict[str, EditChain] = {}
        self.slow: dict[str, bytes] = {}
        """The request of the edit that each strand waits for, if it may take seconds."""
        self.drawn: dict[str, DrawnCells] = {}
        """The cells that the engine draws for it, by strand."""

    def is_waiting(self, strand: str) -> bool:
        """Whether an edit of a strand is not answered yet."""
        chain = self.chains.get(strand)
        return chain is not None and bool(chain.waiting)

    async def apply_edit(self, strand: str, edit: Edit) -> EditApplied | None:
        """Apply an edit. Returns None when it failed after an earlier, reported edit of its burst."""
        spec = OPS.get(edit.op)
        other = edit.other if spec is not None and spec.changes_other and edit.other in self._grids else None
        filled = self._filled(strand, edit)
        applied = await self._chained(
            strand,
            other,
            lambda rev, after: ApplyEdit(strand=strand, edit=edit, if_rev=rev, after=after),
            is_slow=spec is not None and spec.may_wait(edit.options),
        )
        if applied is not None and filled is not None:
            self.registers.keep(*filled)
        return applied

    def take_drawn(self, event: CellsDrawn, buffers: Sequence[Array]) -> bool:
        """Take cells that the engine drew. Returns False for an edit of another client, which is shown when made."""
        if event.cause not in self.slow.values():
            return False
        drawn = drawn_by(event, buffers, self.drawn.get(event.strand))
        if drawn is not None:
            self.drawn[event.strand] = drawn
        return drawn is not None

    def take_change(self, event: StrandChanged) -> None:
        """Drop the cells that were drawn for an edit that is made now."""
        drawn = self.drawn.get(event.strand.id)
        if drawn is not None and drawn.cause == event.cause:
            del self.drawn[event.strand.id]

    async def stop_edit(self, strand: str) -> None:
        """Stop the slow edit of a strand, which then fails; nothing if it was answered meanwhile."""
        request_id = self.slow.get(strand)
        if request_id is not None:
            with contextlib.suppress(AlleleError):  # it was made before it could be stopped
                await self._connection.ask(StopEdit(edit=request_id))

    def _filled(self, strand: str, edit: Edit) -> tuple[str, Register] | None:
        """The register that an edit fills, and what it will contain, from the grid as it is before the edit."""
        spec, grid = OPS.get(edit.op), self._grids.get(strand)
        name = edit.args[0] if spec is not None and spec.fills_register else edit.options.get("into")
        if grid is None or name is None:
            return None
        levels = LevelRange(0, grid.levels - 1) if edit.levels is None else edit.levels
        frames = FrameRange() if edit.frames is None else edit.frames
        return name, Register(levels, len(frames.until(grid.frames)), grid.name)

    async def undo_edit(self, strand: str) -> EditApplied | None:
        """Undo the newest edit of a strand."""
        return await self._chained(strand, None, lambda rev, after: UndoEdit(strand=strand, if_rev=rev, after=after))

    async def redo_edit(self, strand: str) -> EditApplied | None:
        """Reapply the most recently undone edit."""
        return await self._chained(strand, None, lambda rev, after: RedoEdit(strand=strand, if_rev=rev, after=after))

    async def go_to(self, strand: str, moves: int) -> int:
        """Undo (moves < 0) or redo several edits. Returns how many succeeded before a refusal, with the same sign.

        Raises:
            AlleleError: the first one was refused.
        """
        ask = self.undo_edit if moves < 0 else self.redo_edit
        done = await asyncio.gather(*(ask(strand) for _ in range(abs(moves))), return_exceptions=True)
        refused = [answer for answer in done if isinstance(answer, BaseException)]
        applied = sum(isinstance(answer, EditApplied) for answer in done)
        if refused and not applied:
            raise refused[0]
        return applied if moves > 0 else -applied

    async def _chained(
        self,
        strand: str,
        other: str | None,
        body: Callable[[int | None, bytes | None], Request[EditApplied]],
        *,
        is_slow: bool = False,
    ) -> EditApplied | None:
        touched = [strand] if other is None or other == strand else [strand, other]
        chains = [self.chains.setdefault(name, EditChain()) for name in touched]
        ticket = chains[0].next(self._grids[strand].rev)
        for chain in chains[1:]:
            chain.joined(ticket.request_id)
        if is_slow:
            self.slow[strand] = ticket.request_id
            self._changed("drawn", strand)
        try:
            answer = await self._connection.ask(
                body(ticket.if_rev, ticket.after),
                request_id=ticket.request_id,
                timeout_s=SLOW_S if is_slow else USUAL_S,
            )
        except AlleleError as error:
            self.drawn.pop(strand, None)
            refused = [chain.failed(ticket.request_id) for chain in chains]
            if error.code == "E_CONFLICT":
                for name in touched:
                    await self._grids.fetch(name)
            if not refused[0]:
                return None
            if error.code == "E_CONFLICT" and error.retryable:
                raise AlleleError(
                    "E_CONFLICT", self._grids.fetched_again_words(strand), hint="press the key again"
                ) from None
            raise
        finally:
            if self.slow.get(strand) == ticket.request_id:
                del self.slow[strand]
                self._changed("drawn", strand)
        revs = {info.id: info.rev for info in answer.body.strands}
        for name, chain in zip(touched, chains, strict=True):
            chain.done(ticket.request_id, revs.get(name, -1))
        return answer.body
