"""Requests about strands that live in the daemon, and their replies."""

from typing import Annotated

from msgspec import Meta

from protocol.edits import Edit
from protocol.messages.fields import Done, Id, Name, Path, Request, Struct
from protocol.strands import StrandMeta


class StrandInfo(Struct, frozen=True, kw_only=True):
    """A strand with an edit history. rev grows by one with every edit, undo, redo, lock and unlock.

    locked: the levels that operations leave alone. notes: in the answer to OpenStrand alone, words for the person
    about the recording (that stereo was averaged, that it is unlike the corpus).
    """

    id: Id
    meta: StrandMeta
    rev: int
    undo_depth: int = 0
    redo_depth: int = 0
    locked: list[int] = []
    notes: list[str] = []


class OpenStrand(Request[StrandInfo], frozen=True, kw_only=True):
    """Make a living strand of an audio file (path and model) or of an `.alle` (meta and buffer 0: codes)."""

    path: Path | None = None
    model: Name | None = None
    meta: StrandMeta | None = None


class GetStrand(Request[StrandInfo], frozen=True, kw_only=True):
    """One strand, by id. The reply's buffer 0: codes (Q, T) uint16.

    with_earlier: also as it was opened (buffer 1) and before its last edit (buffer 2), of lengths of their own.
    """

    strand: Id
    with_earlier: bool = False


class Strands(Struct, frozen=True, kw_only=True):
    """Answer to ListStrands."""

    strands: list[StrandInfo]


class ListStrands(Request[Strands], frozen=True, kw_only=True):
    """All living strands."""


class CloseStrand(Request[Done], frozen=True, kw_only=True):
    """Put a strand and its history in the trash; ReopenStrand takes it back."""

    strand: Id


class ReopenStrand(Request[StrandInfo], frozen=True, kw_only=True):
    """Take a closed strand back: its id, history, revision and locks are as they were. No error when it is open."""

    strand: Id


class ClosedStrands(Struct, frozen=True, kw_only=True):
    """Answer to ListClosedStrands: at most 100, the one that was closed last first.

    meta is as each was opened, before its edits. closed_s: when each was closed, Unix time, in the same order.
    """

    strands: list[StrandInfo]
    closed_s: list[float]


class ListClosedStrands(Request[ClosedStrands], frozen=True, kw_only=True):
    """The strands that were closed and can be taken back."""


class EditApplied(Struct, frozen=True, kw_only=True):
    """What changed. strands: every strand touched, as it is now. notes: words for the person (what was cropped)."""

    edit: str
    strands: list[StrandInfo]
    notes: list[str] = []


class ApplyEdit(Request[EditApplied], frozen=True, kw_only=True):
    """Apply one edit to a living strand; OTHER is a strand's id.

    if_rev: refuse with E_CONFLICT unless this is the strand's rev. after: instead of a rev, the request id of the
    sender's own previous edit, acknowledged or not, so that held keys do not conflict with themselves.
    """

    strand: Id
    edit: Edit
    if_rev: int | None = None
    after: bytes | None = None


class UndoEdit(Request[EditApplied], frozen=True, kw_only=True):
    """Undo the newest edit (a swap on both its strands, or E_CONFLICT when either changed since)."""

    strand: Id
    if_rev: int | None = None
    after: bytes | None = None


class RedoEdit(Request[EditApplied], frozen=True, kw_only=True):
    """Redo what was undone last."""

    strand: Id
    if_rev: int | None = None
    after: bytes | None = None


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """An edit at a place of a history, 1 for the first. made_s: Unix time. strands: how many it changed."""

    place: int
    edit: str
    made_s: float
    strands: int = 1


class History(Struct, frozen=True, kw_only=True):
    """Edits oldest first, at most 1000 around where the strand stands; texts are cut at 200 characters.

    head: how many edits are in effect, so undoing or redoing to place p takes |head - p| requests. depth: how many
    there are. rev: the strand's revision, as `if_rev` takes it.
    """

    head: int
    depth: int
    rev: int
    entries: list[HistoryEntry]


class GetHistory(Request[History], frozen=True, kw_only=True):
    """What was done to a strand since it was opened here, undone edits included."""

    strand: Id


class PutWorkspace(Request[Done], frozen=True, kw_only=True):
    """Keep what the client would show again after it is gone (JSON ≤ 64 KiB): strands, cursor, selection."""

    state: Annotated[str, Meta(max_length=65_536)]


class Workspace(Struct, frozen=True, kw_only=True):
    """JSON, "" when nothing was kept."""

    state: str


class GetWorkspace(Request[Workspace], frozen=True, kw_only=True):
    """What PutWorkspace kept last."""
