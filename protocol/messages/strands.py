"""Requests about strands that are open in the daemon, and their replies."""

from typing import Annotated

from msgspec import Meta

from protocol.edits import Edit
from protocol.messages.fields import Done, Id, Name, Path, Request, Struct
from protocol.strands import StrandMeta


class StrandInfo(Struct, frozen=True, kw_only=True):
    """An open strand. rev: its revision, which grows by one with every edit, undo, redo, lock, unlock and tempo.

    locked: the levels that operations do not change. notes: only in the reply to OpenStrand, texts to show to the user
    about the recording (that stereo was averaged, or that it is unlike the corpus).
    """

    id: Id
    meta: StrandMeta
    rev: int
    undo_depth: int = 0
    redo_depth: int = 0
    locked: list[int] = []
    notes: list[str] = []


class OpenStrand(Request[StrandInfo], frozen=True, kw_only=True):
    """Open a strand from a file on the daemon's machine, or from a message (meta; as buffers codes and columns).

    path: an audio file, which `model` encodes, or an `.alle` file, which names its own model.
    """

    path: Path | None = None
    model: Name | None = None
    meta: StrandMeta | None = None


class GetStrand(Request[StrandInfo], frozen=True, kw_only=True):
    """Get one open strand by id. Buffers of the reply: codes (Q, T) uint16 and columns (4, T) int32.

    with_earlier: also codes and columns when it was opened (buffers 2, 3) and before its last edit (4, 5).
    Their T may differ.
    """

    strand: Id
    with_earlier: bool = False


class Strands(Struct, frozen=True, kw_only=True):
    """The reply to ListStrands."""

    strands: list[StrandInfo]


class ListStrands(Request[Strands], frozen=True, kw_only=True):
    """List all open strands, oldest first."""


class CloseStrand(Request[Done], frozen=True, kw_only=True):
    """Close a strand and move it and its history to the trash, from which ReopenStrand restores it."""

    strand: Id


class RenameStrand(Request[StrandInfo], frozen=True, kw_only=True):
    """Give an open strand another name. It is no edit: the revision stays, and it cannot be undone."""

    strand: Id
    name: Annotated[str, Meta(min_length=1, max_length=255)]


class ReopenStrand(Request[StrandInfo], frozen=True, kw_only=True):
    """Restore a closed strand with its id, history, revision and locks. It is not an error if it is open."""

    strand: Id


class ClosedStrands(Struct, frozen=True, kw_only=True):
    """The reply to ListClosedStrands: at most 100 strands, the most recently closed first.

    The meta of each is as it was opened, before its edits. closed_s: when each was closed, in Unix time.
    """

    strands: list[StrandInfo]
    closed_s: list[float]


class ListClosedStrands(Request[ClosedStrands], frozen=True, kw_only=True):
    """List the closed strands that can be restored."""


class EditApplied(Struct, frozen=True, kw_only=True):
    """The result of an edit, undo or redo. strands: every strand that it changed. notes: texts to show to the user."""

    edit: str
    strands: list[StrandInfo]
    notes: list[str] = []


class ApplyEdit(Request[EditApplied], frozen=True, kw_only=True):
    """Apply one edit to an open strand. An edit names another strand by its id.

    if_rev: refuse the edit with E_CONFLICT unless this is the strand's rev. after: in place of a rev, the request id of
    the client's previous edit, even if it is not acknowledged yet, so that the edits of a held key do not conflict.
    """

    strand: Id
    edit: Edit
    if_rev: int | None = None
    after: bytes | None = None


class StopEdit(Request[Done], frozen=True, kw_only=True):
    """Stop an edit of this client while it is computed: it fails with E_CANCELLED, and the strand stays as it was.

    edit: the id of its request. E_NOT_FOUND if it is answered already.
    """

    edit: Annotated[bytes, Meta(min_length=16, max_length=16)]


class UndoEdit(Request[EditApplied], frozen=True, kw_only=True):
    """Undo the newest edit. A swap is undone on both strands; E_CONFLICT if either has changed since."""

    strand: Id
    if_rev: int | None = None
    after: bytes | None = None


class RedoEdit(Request[EditApplied], frozen=True, kw_only=True):
    """Reapply the most recently undone edit on every strand that it changed."""

    strand: Id
    if_rev: int | None = None
    after: bytes | None = None


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """One edit of a history. place: 1 for the first. made_s: Unix time. strands: the number of strands changed."""

    place: int
    edit: str
    made_s: float
    strands: int = 1


class History(Struct, frozen=True, kw_only=True):
    """Edits of a strand, oldest first: at most 1000 around its current one. Texts are cut at 200 characters.

    head: the number of edits in effect, so undoing or redoing to place p takes |head - p| requests. depth: the number
    of all edits. rev: the strand's revision, for `if_rev`.
    """

    head: int
    depth: int
    rev: int
    entries: list[HistoryEntry]


class GetHistory(Request[History], frozen=True, kw_only=True):
    """Get the edits of a strand since it was opened, including undone ones."""

    strand: Id


class PutWorkspace(Request[Done], frozen=True, kw_only=True):
    """Store what a client restores at its next start: strands, cursor, selection. state: JSON of at most 64 KiB."""

    state: Annotated[str, Meta(max_length=65_536)]


class Workspace(Struct, frozen=True, kw_only=True):
    """The stored workspace. state: JSON, or "" if none was stored."""

    state: str


class GetWorkspace(Request[Workspace], frozen=True, kw_only=True):
    """Get the workspace that PutWorkspace stored last."""
