"""The open strands in memory, and the events about them.

Data flow: a handler awaits the store's thread. When the result arrives, memory is changed and the event is published in
the same turn of the loop. A snapshot and its sequence number therefore always match, and the events of a strand are in
the order of its revisions. An edit that needs a model alternates between the store and the engine; other edits of the
strand wait for it.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import ParamSpec, Protocol, TypeVar

from daemon.edits.arguments import with_seed
from daemon.edits.values import Change, Computation
from daemon.server.settling import Answers, Compute, settle_edit
from daemon.server.turns import Turns
from daemon.server.wire.publisher import Publisher
from daemon.store.strand_state import Edited, RequestId, StrandState, SupersededError
from daemon.store.strands import StrandStore
from daemon.store.thread import StoreThread
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.messages.events import StrandChanged, StrandClosed, StrandOpened
from protocol.messages.strands import ClosedStrands, EditApplied, History, StrandInfo
from protocol.ranges import FrameRange, LevelRange
from protocol.strands import Strand

P = ParamSpec("P")
R = TypeVar("R")


class Watcher(Protocol):
    """Receives changes of strands before the next turn of the loop. Its methods must not block."""

    def resized(self, strand: str, lo: int, before: int, after: int) -> None:
        """Called after `before` frames from `lo` on were replaced by `after` frames."""
        ...

    def edited(self, strand: str) -> None:
        """Called after a strand received a new revision."""
        ...


class StrandBook:
    """All open strands. Use it on the loop's thread."""

    def __init__(self, store: StrandStore, thread: StoreThread, publisher: Publisher) -> None:
        self._store, self._thread, self._publisher = store, thread, publisher
        self._open: dict[str, StrandState] = {}
        self._turns = Turns()
        self._watcher: Watcher | None = None
        self.workspace = ""

    def watch(self, watcher: Watcher) -> None:
        """Report every later change to a watcher."""
        self._watcher = watcher

    async def load(self) -> None:
        """Read all open strands and the workspace from the store."""
        self._open = {state.id: state for state in await self._thread.call(self._store.list_strands)}
        self.workspace = await self._thread.call(self._store.get_workspace)

    def list_strands(self) -> list[StrandInfo]:
        """List all open strands, oldest first."""
        return [state.info for state in self._open.values()]

    def find(self, strand: str) -> StrandState:
        """Find an open strand by id.

        Raises:
            AlleleError: E_NOT_FOUND. It lists the open strands.
        """
        state = self._open.get(strand)
        if state is None:
            known = ", ".join(f"{known.id} ({known.meta.name})" for known in self._open.values()) or "none"
            raise AlleleError("E_NOT_FOUND", f"no strand is called {strand}", hint=f"open strands: {known}")
        return state

    async def edit_texts(self, strand: str) -> list[str]:
        """Read the text of a strand's edits, oldest first."""
        return await self._thread.call(self._store.edit_texts, strand)

    async def earlier(self, strand: str) -> tuple[StrandState, Strand, Strand]:
        """Return a strand, what it was when it was opened, and what it was before the last edit."""
        return await self._thread.call(self._store.earlier, strand)

    async def get_history(self, strand: str) -> History:
        """List the edits of a strand since it was opened, including undone ones."""
        return await self._thread.call(self._store.get_history, strand)

    async def opened_by(self, request: RequestId) -> StrandState | None:
        """Return the strand that the same request opened earlier, or None."""
        return await self._thread.call(self._store.opened_by, request)

    async def open_strand(self, strand: Strand, request: RequestId) -> StrandState:
        """Open a new strand and publish it."""
        return self._welcome(await self._thread.call(self._store.open_strand, strand, request))

    async def reopen_strand(self, strand: str) -> StrandState:
        """Restore a strand from the trash."""
        return self._welcome(await self._ask(self._store.reopen_strand, strand))

    async def rename_strand(self, strand: str, name: str) -> StrandState:
        """Give a strand another name, and publish it."""
        state = await self._ask(self._store.rename_strand, strand, name)
        self._open[strand] = state
        self._publisher.publish(StrandOpened(strand=state.info))
        return state

    async def list_closed_strands(self) -> ClosedStrands:
        """List the strands in the trash, the most recently closed first."""
        return await self._thread.call(self._store.list_closed_strands)

    async def close_strand(self, strand: str) -> None:
        """Close a strand and move it to the trash."""
        await self._ask(self._store.close_strand, strand)
        if self._open.pop(strand, None) is not None:
            self._publisher.publish(StrandClosed(strand=strand))

    def turn(self, *strands: str) -> AbstractAsyncContextManager[None]:
        """Wait until earlier requests have changed these strands. Make changes inside the returned context."""
        return self._turns.take(*strands)

    async def apply_edit(self, strand: str, edit: Edit, request: RequestId, compute: Compute) -> EditApplied:
        """Apply an edit. It is stored on disk when this returns.

        Raises:
            AlleleError: what the store and the engine raise; E_CONFLICT if the other strand keeps changing.
        """
        edit = with_seed(edit)

        def begin(answers: Answers) -> Awaitable[Edited | Computation]:
            return self._ask(self._store.apply_edit, strand, edit, request, answers)

        edited = await settle_edit(begin, lambda: self.find(strand).meta, compute)
        return self._publish(edited, "edit", request)

    async def undo_edit(self, strand: str, request: RequestId) -> EditApplied:
        """Undo the newest edit of a strand."""
        return self._publish(await self._ask(self._store.undo_edit, strand, request), "undo", request)

    async def redo_edit(self, strand: str, request: RequestId) -> EditApplied:
        """Reapply the most recently undone edit."""
        return self._publish(await self._ask(self._store.redo_edit, strand, request), "redo", request)

    async def put_workspace(self, state: str) -> None:
        """Store a client's workspace on disk."""
        await self._thread.call(self._store.put_workspace, state)
        self.workspace = state

    async def _ask(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the store on its thread. If another process changed a strand, it is read again before the error."""
        try:
            return await self._thread.call(work, *args, **kwargs)
        except SupersededError as refusal:
            for strand in refusal.strands:
                self._take_over(strand, await self._thread.call(self._store.find, strand))
            raise

    def _take_over(self, strand: str, state: StrandState | None) -> None:
        """Replace a strand in memory by the state that another process stored. Clients then fetch it as a whole."""
        before = self._open.get(strand)
        if state is None:
            if self._open.pop(strand, None) is not None:
                self._publisher.publish(StrandClosed(strand=strand))
            return
        if before is None:
            self._welcome(state)
            return
        self._open[strand] = state
        lengths = before.codes.shape[1], state.codes.shape[1]
        if self._watcher is not None:
            if lengths[0] != lengths[1]:
                self._watcher.resized(strand, 0, *lengths)
            self._watcher.edited(strand)
        levels, frames = LevelRange(0, state.codes.shape[0] - 1), FrameRange(0, 0)
        event = StrandChanged(strand=state.info, kind="edit", edit="", levels=levels, frames=frames, resized=True)
        self._publisher.publish(event, [state.codes[:, :0], state.columns[:, :0]])

    def _welcome(self, state: StrandState) -> StrandState:
        if state.id not in self._open:
            self._open[state.id] = state
            self._publisher.publish(StrandOpened(strand=state.info))
        return state

    def _publish(self, edited: Edited, kind: str, request: RequestId) -> EditApplied:
        for state in edited.strands:
            if state.id in self._open:
                self._open[state.id] = state
        for state, change in zip(edited.strands, edited.changes, strict=True):
            if self._watcher is not None:
                if change.is_resized:
                    before, after = change.before.shape[1], change.after.shape[1]
                    self._watcher.resized(state.id, change.frame_lo, before, after)
                self._watcher.edited(state.id)
            columns = state.columns[:, change.frames.index]
            event = _news(state, change, kind, edited.answer.edit, request.id)
            self._publisher.publish(event, [change.after, columns])
        return edited.answer


def _news(state: StrandState, change: Change, kind: str, text: str, cause: bytes) -> StrandChanged:
    return StrandChanged(
        strand=state.info,
        kind=kind,
        edit=text,
        levels=change.levels,
        frames=change.frames,
        cause=cause,
        resized=change.is_resized,
    )
