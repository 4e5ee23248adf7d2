"""Handlers of requests about open strands and the workspace."""

from itertools import chain
from typing import Any

from msgspec.structs import replace

from daemon.edits.history import newest
from daemon.server.computing import EditsInProgress
from daemon.server.encoding import encode_clip, given_strand, is_strand_file, strand_in_file
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from daemon.store.strand_state import RequestId
from protocol.errors import AlleleError
from protocol.messages.fields import Done
from protocol.messages.strands import (
    ApplyEdit,
    CloseStrand,
    GetHistory,
    GetStrand,
    GetWorkspace,
    ListClosedStrands,
    ListStrands,
    OpenStrand,
    PutWorkspace,
    RedoEdit,
    RenameStrand,
    ReopenStrand,
    StopEdit,
    Strands,
    UndoEdit,
    Workspace,
)


class StrandHandlers:
    """Answers requests about open strands. Edits of a strand are applied in the order of arrival."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._strands, self._in_progress = services.strands, EditsInProgress(services)

    async def open_strand(self, request: Call[OpenStrand]) -> Reply:
        """Open a strand from an audio file, which is encoded first, or from codes sent with the request."""
        body = request.body
        request_id = RequestId(cid=request.cid, id=request.id)
        known = await self._strands.opened_by(request_id)
        if known is not None:
            return Reply(body=known.info)
        if (body.path is None) == (body.meta is None):
            raise AlleleError("E_BAD_REQUEST", "give either an audio file or codes to open a strand")
        if body.path is not None and is_strand_file(body.path):
            strand, notes = await strand_in_file(self._services, body.path), []
        elif body.path is not None:
            if body.model is None:
                raise AlleleError("E_BAD_REQUEST", "no model is named to encode the file", hint="name a model")
            strand, notes = await encode_clip(self._services, body.path, body.model, request)
        else:
            strand, notes = await given_strand(self._services, body.meta, request.buffers), []
        state = await self._strands.open_strand(strand, request_id)
        return Reply(body=replace(state.info, notes=notes))

    async def get_strand(self, request: Call[GetStrand]) -> Reply:
        """Return a strand with its codes and the newest of its edits as text."""
        body = request.body
        state = self._strands.find(body.strand)
        texts = await self._strands.edit_texts(body.strand)
        state, earlier = self._strands.find(body.strand), ()
        if body.with_earlier:
            state, *earlier = await self._strands.earlier(body.strand)
        info = replace(state.info, meta=replace(state.meta, edits=newest(texts)))
        return Reply(body=info, buffers=tuple(chain.from_iterable(one.buffers for one in (state.strand, *earlier))))

    async def list_strands(self, _: Call[ListStrands]) -> Reply:
        """List every open strand. Reads memory; touches no disk."""
        return Reply(body=Strands(strands=self._strands.list_strands()))

    async def close_strand(self, request: Call[CloseStrand]) -> Reply:
        """Move a strand and its history to the trash."""
        body = request.body
        await self._strands.close_strand(body.strand)
        return Reply(body=Done())

    async def rename_strand(self, request: Call[RenameStrand]) -> Reply:
        """Give a strand another name, after the edits that came before."""
        body = request.body
        name = " ".join(body.name.split())
        if not name or not name.isprintable() or "/" in name:
            hint = "use letters, digits, spaces and signs, but no /"
            raise AlleleError("E_BAD_REQUEST", f"a strand cannot be called {body.name[:40]!r}", hint=hint)
        async with self._strands.turn(body.strand):
            request.check_deadline()
            return Reply(body=(await self._strands.rename_strand(body.strand, name)).info)

    async def reopen_strand(self, request: Call[ReopenStrand]) -> Reply:
        """Restore a strand and its history from the trash."""
        body = request.body
        return Reply(body=(await self._strands.reopen_strand(body.strand)).info)

    async def list_closed_strands(self, _: Call[ListClosedStrands]) -> Reply:
        """List the strands in the trash, which are read from the journal."""
        return Reply(body=await self._strands.list_closed_strands())

    async def apply_edit(self, request: Call[ApplyEdit]) -> Reply:
        """Apply an edit. The reply is sent when the edit is on disk."""
        body = request.body
        others = [] if body.edit.other is None else [body.edit.other]
        with self._in_progress.begin(request, body.strand) as begun:
            async with self._strands.turn(body.strand, *others):
                request.check_deadline()
                begun.check()
                request_id = _request_id(request)
                return Reply(body=await self._strands.apply_edit(body.strand, body.edit, request_id, begun.compute))

    async def stop_edit(self, request: Call[StopEdit]) -> Reply:
        """Stop an edit of the same client while the engine computes it."""
        self._in_progress.stop(request.cid, request.body.edit)
        return Reply(body=Done())

    async def undo_edit(self, request: Call[UndoEdit]) -> Reply:
        """Undo the newest edit on every strand that it changed."""
        body = request.body
        async with self._strands.turn(body.strand):
            request.check_deadline()
            return Reply(body=await self._strands.undo_edit(body.strand, _request_id(request)))

    async def redo_edit(self, request: Call[RedoEdit]) -> Reply:
        """Reapply the most recently undone edit on every strand it changed."""
        body = request.body
        async with self._strands.turn(body.strand):
            request.check_deadline()
            return Reply(body=await self._strands.redo_edit(body.strand, _request_id(request)))

    async def get_history(self, request: Call[GetHistory]) -> Reply:
        """List the edits around the current one of a strand's history."""
        body = request.body
        return Reply(body=await self._strands.get_history(body.strand))

    async def put_workspace(self, request: Call[PutWorkspace]) -> Reply:
        """Store a client's workspace. It replaces the stored one, even that of another client."""
        body = request.body
        await self._strands.put_workspace(body.state)
        return Reply(body=Done())

    async def get_workspace(self, _: Call[GetWorkspace]) -> Reply:
        """Return the workspace that was stored last. Reads memory; touches no disk."""
        return Reply(body=Workspace(state=self._strands.workspace))


def _request_id(request: Call[Any]) -> RequestId:
    body: ApplyEdit | UndoEdit | RedoEdit = request.body
    return RequestId(cid=request.cid, id=request.id, if_rev=body.if_rev, after=body.after)


def register(table: DispatchTable, services: Services) -> None:
    """Register the handlers of this module."""
    handlers = StrandHandlers(services)
    table.add(OpenStrand, handlers.open_strand)
    table.add(GetStrand, handlers.get_strand)
    table.add(ListStrands, handlers.list_strands)
    table.add(CloseStrand, handlers.close_strand)
    table.add(RenameStrand, handlers.rename_strand)
    table.add(ReopenStrand, handlers.reopen_strand)
    table.add(ListClosedStrands, handlers.list_closed_strands)
    table.add(ApplyEdit, handlers.apply_edit)
    table.add(StopEdit, handlers.stop_edit)
    table.add(UndoEdit, handlers.undo_edit)
    table.add(RedoEdit, handlers.redo_edit)
    table.add(GetHistory, handlers.get_history)
    table.add(PutWorkspace, handlers.put_workspace)
    table.add(GetWorkspace, handlers.get_workspace)
