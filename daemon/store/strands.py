"""The open strands: grids in memory, with every change journalled before it is acknowledged.

Data flow: a request → checks (repeated? stale?) → `daemon.edits` computes → one transaction → memory → reply. All of
this runs on the store's thread, one request after another, so edits of all clients are serialised. An edit that needs a
model returns a `Computation` instead: the caller obtains its result and calls again, and everything is checked and
computed again. The result only counts if the computation is still the same, so nothing is written that was computed
from outdated cells.

Errors: if the disk is full, the transaction is rolled back and memory stays unchanged (E_DISK_FULL). If another client
changed the strand, the request fails (E_CONFLICT); if another process changed it in the journal, the strand is also
read again. A strand whose journalled cells do not fit its grid is not opened, and the log reports it.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import msgspec

from daemon.edits.locks import levels_words
from daemon.edits.operations import apply
from daemon.edits.values import Change, Computation, Grid, Outcome, Register, Retimed, settle, write
from daemon.store.journal import Journal
from daemon.store.journal_rows import Entry, EntryPart, Outdated, StrandRow
from daemon.store.strand_state import Edited, RequestId, StrandState, SupersededError, as_grid, frozen, strand_state
from protocol.arrays import Array
from protocol.edits import Edit, format_edit
from protocol.errors import AlleleError
from protocol.messages.strands import ClosedStrands, EditApplied, History
from protocol.strands import Strand

log = logging.getLogger("allele.store")

CHECKPOINT_EVERY = 200  # largest number of changes to replay when the store is opened: under 10 ms per strand
KEPT_TAIL = 64
KEPT_HISTORY = 1000  # edits in one reply; texts are shortened, so that it fits into a message


Done = TypeVar("Done")


class StrandStore:
    """The open strands and their journal. Used on one thread."""

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path)
        self._rows: dict[str, StrandRow] = {}
        self._registers = self._journal.registers()
        for row in self._journal.list_strands():
            try:
                self._replay(row)
            except ValueError as problem:
                log.error("strand %s (%s) cannot be opened: %s", row.id, row.meta.name, problem)
            else:
                self._rows[row.id] = row

    def close(self) -> None:
        """Close the store's journal."""
        self._journal.close()

    def list_strands(self) -> list[StrandState]:
        """All open strands, oldest first."""
        return [strand_state(row) for row in self._rows.values()]

    def edit_texts(self, strand: str) -> list[str]:
        """Texts of all edits in effect on a strand, oldest first, including those before it was opened here."""
        row = self._row(strand)
        return [*row.meta.edits, *self._journal.edit_texts(strand, row.head)]

    def get_history(self, strand: str) -> History:
        """The edits of a strand since it was opened here, around its current position, including undone ones."""
        row = self._row(strand)
        last = min(row.depth, row.head + KEPT_HISTORY // 2)
        first = max(1, last - KEPT_HISTORY + 1)
        return History(
            head=row.head, depth=row.depth, rev=row.rev, entries=self._journal.get_history(strand, first, last)
        )

    def earlier(self, strand: str) -> tuple[StrandState, Strand, Strand]:
        """A strand, what it was when it was opened, and what it was before the newest edit in effect."""
        row = self._row(strand)
        opened = last = row.strand
        for number, change in enumerate(reversed(self._journal.changes(strand, 1, row.head))):
            opened = write(opened, change.reversed(), in_place=number > 0)
            if number == 0:
                last, opened = opened, frozen(opened)
        return strand_state(row), opened, last

    def find(self, strand: str) -> StrandState | None:
        """An open strand by id; None if it is not open."""
        row = self._rows.get(strand)
        return None if row is None else strand_state(row)

    def opened_by(self, request: RequestId) -> StrandState | None:
        """The strand that the same request opened before, if it is still open."""
        known = self._journal.opened_by(request.cid, request.id)
        row = None if known is None else self._rows.get(known) or self._read(known)
        return None if row is None else strand_state(row)

    def open_strand(self, strand: Strand, request: RequestId) -> StrandState:
        """Open a new strand. The same request again returns the same strand."""
        known = self.opened_by(request)
        if known is not None:
            return known
        meta, codes, columns = frozen(strand)
        row = StrandRow(f"s{secrets.token_hex(4)}", meta, 0, 0, 0, codes, columns, 0)
        with self._journal.transaction():
            self._journal.open_strand(row, request.cid, request.id)
        self._rows[row.id] = row
        return strand_state(row)

    def rename_strand(self, strand: str, name: str) -> StrandState:
        """Give a strand another name.

        Raises:
            AlleleError: E_NOT_FOUND, E_CONFLICT if another process changed it, E_DISK_FULL.
        """
        row = self._row(strand)
        renamed = replace(row, meta=msgspec.structs.replace(row.meta, name=name))
        try:
            with self._journal.transaction():
                self._journal.rename_strand(renamed)
        except Outdated as outdated:
            raise self._read_again(outdated) from None
        self._rows[strand] = renamed
        return strand_state(renamed)

    def close_strand(self, strand: str) -> None:
        """Move a strand with its history to the trash.

        Raises:
            AlleleError: E_NOT_FOUND, E_CONFLICT if another process changed it, E_DISK_FULL.
        """
        row = self._row(strand)
        try:
            with self._journal.transaction():
                self._journal.close_strand(strand, row.rev)
        except Outdated as outdated:
            raise self._read_again(outdated) from None
        del self._rows[strand]

    def list_closed_strands(self) -> ClosedStrands:
        """Strands in the trash, the last closed first."""
        return self._journal.list_closed_strands()

    def reopen_strand(self, strand: str) -> StrandState:
        """Restore a strand from the trash with its history. A strand that is open stays unchanged.

        Raises:
            AlleleError: E_NOT_FOUND, E_BAD_STRAND if its journal is damaged, E_CONFLICT if another process restored it
                meanwhile, E_DISK_FULL.
        """
        if strand not in self._rows and self._read(strand) is None:
            row = self._journal.find_closed_strand(strand)
            if row is None:
                known = (
                    ", ".join(f"{one.id} ({one.meta.name})" for one in self.list_closed_strands().strands[:8]) or "none"
                )
                raise AlleleError("E_NOT_FOUND", f"no closed strand is called {strand}", hint=f"closed: {known}")
            try:
                self._replay(row)
            except ValueError as problem:
                raise AlleleError("E_BAD_STRAND", f"{row.meta.name} cannot be restored: {problem}") from None
            try:
                with self._journal.transaction():
                    self._journal.reopen_strand(strand, row.rev)
            except Outdated as outdated:
                raise self._read_again(outdated) from None
            self._rows[strand] = row
        return strand_state(self._rows[strand])

    def get_workspace(self) -> str:
        """The workspace that a client saved last, or ""."""
        return self._journal.get_workspace()

    def put_workspace(self, state: str) -> None:
        """Save the workspace that a client restores at its next start."""
        with self._journal.transaction():
            self._journal.put_workspace(state)

    @property
    def registers(self) -> dict[str, Register]:
        """Contents of all filled registers by name."""
        return dict(self._registers)

    # --- changes -----------------------------------------------------------------------------------------

    def apply_edit(
        self, strand: str, edit: Edit, request: RequestId, answers: Mapping[bytes, Array] | None = None
    ) -> Edited | Computation:
        """Apply an edit, or return the computation that a model must do first.

        Args:
            answers: results of earlier computations, by key.

        Raises:
            AlleleError: E_NOT_FOUND, E_CONFLICT, an error of the operation, E_DISK_FULL.
        """
        return self._once(strand, request, lambda row: self._edit(row, edit, request, answers or {}))

    def undo_edit(self, strand: str, request: RequestId) -> Edited:
        """Undo the newest edit, on every strand it changed.

        Raises:
            AlleleError: E_NOT_FOUND, E_CONFLICT, E_NOTHING_TO_UNDO, E_DISK_FULL.
        """
        return self._once(strand, request, lambda row: self._undo(row, request))

    def redo_edit(self, strand: str, request: RequestId) -> Edited:
        """Reapply the most recently undone edit, on every strand it changed.

        Raises:
            AlleleError: E_NOT_FOUND, E_CONFLICT, E_NOTHING_TO_UNDO, E_DISK_FULL.
        """
        return self._once(strand, request, lambda row: self._redo(row, request))

    def _once(self, strand: str, request: RequestId, work: Callable[[StrandRow], Done]) -> Done | Edited:
        answered = self._journal.answer(request.cid, request.id)
        if answered is not None:
            return Edited(answer=answered)
        row = self._row(strand)
        _check_fresh(row, request)
        try:
            self._journal.expect({row.id: row.rev})  # the rows read next belong to the history known here
            return work(row)
        except Outdated as outdated:
            raise self._read_again(outdated) from None

    def _edit(
        self, row: StrandRow, edit: Edit, request: RequestId, answers: Mapping[bytes, Array]
    ) -> Edited | Computation:
        others: dict[str, Grid] = {}
        if edit.other is not None:
            others[edit.other] = as_grid(self._row(edit.other))
        revisions = {strand: self._rows[strand].rev for strand in (row.id, *others)}
        outcome = settle(apply(edit, as_grid(row), others, self._registers), answers)
        if isinstance(outcome, Computation):
            return outcome
        text = format_edit(edit)
        if outcome.locked is not None:
            return self._relock(row, text, outcome.locked, outcome.notes, request)
        if outcome.retimed is not None:
            return self._retime(row, text, outcome.retimed, outcome.notes, request)
        if not outcome.changes:
            return self._remember(row, text, outcome, request, revisions)
        text += f"  # {levels_words(row.locked)} locked" if row.locked else ""
        notes = [*outcome.notes]
        if not notes and all(change.is_nothing for change in outcome.changes):
            notes.append("every cell stayed as it was")
        parts = [EntryPart(c.strand, self._rows[c.strand].head + 1, c) for c in outcome.changes]
        rows = [self._moved(part.strand, part.change, part.pos, part.pos, request) for part in parts]
        answer = EditApplied(edit=text, strands=[strand_state(new).info for new in rows], notes=notes)
        with self._journal.transaction():
            self._journal.expect(revisions)
            self._journal.apply_edit(edit, text, parts, request.cid, request.id)
            for name, register in outcome.registers.items():
                self._journal.put_register(name, register)
            self._commit(rows, answer, request, is_new=True)
        self._registers.update(outcome.registers)
        return self._settle(rows, outcome.changes, answer)

    def _remember(
        self, row: StrandRow, text: str, outcome: Outcome, request: RequestId, revisions: Mapping[str, int]
    ) -> Edited:
        """Save an edit that fills registers and changes no cells; the strand's revision stays."""
        tail = [*row.tail, _name(request.cid, request.id)][-KEPT_TAIL:]
        answer = EditApplied(edit=text, strands=[strand_state(row).info], notes=outcome.notes)
        with self._journal.transaction():
            self._journal.expect(revisions)
            for name, register in outcome.registers.items():
                self._journal.put_register(name, register)
            self._journal.add_answer(request.cid, request.id, answer)
        row.tail = tail
        self._registers.update(outcome.registers)
        return Edited(answer=answer)

    def _relock(
        self, row: StrandRow, text: str, locked: frozenset[int], notes: list[str], request: RequestId
    ) -> Edited:
        """Change the locked levels. This makes a new revision, but is not an edit, so redo stays possible."""
        new, nothing = self._unmoved(row, request)
        new.locked = locked
        return self._set(new, nothing, text, notes, request)

    def _retime(self, row: StrandRow, text: str, to: Retimed, notes: list[str], request: RequestId) -> Edited:
        """Change the tempo. This makes a new revision, but is not an edit, so redo stays possible."""
        new, nothing = self._unmoved(row, request)
        new.meta = msgspec.structs.replace(new.meta, tempo=to.tempo)
        return self._set(new, nothing, text, notes, request)

    def _unmoved(self, row: StrandRow, request: RequestId) -> tuple[StrandRow, Change]:
        """A copy of a strand's row, one revision later, and the change of no cells that leads to it."""
        none = row.codes[:, :0]
        nothing = Change(strand=row.id, level_lo=0, frame_lo=0, before=none.copy(), after=none.copy())
        return self._moved(row.id, nothing, row.head, row.depth, request), nothing

    def _set(self, new: StrandRow, nothing: Change, text: str, notes: list[str], request: RequestId) -> Edited:
        """Save a property of a strand that has no history."""
        answer = EditApplied(edit=text, strands=[strand_state(new).info], notes=notes)
        with self._journal.transaction():
            self._journal.update_strand(new, with_checkpoint=False)
            self._journal.put_properties(new)
            self._journal.add_answer(request.cid, request.id, answer)
        return self._settle([new], [nothing], answer)

    def _undo(self, row: StrandRow, request: RequestId) -> Edited:
        if row.head == 0:
            raise AlleleError("E_NOTHING_TO_UNDO", f"{row.meta.name} has nothing to undo")
        entry = self._journal.entry_at(row.id, row.head)
        parts, notes = self._movable(entry, "undone", lambda other: other.head)
        moved = [EntryPart(part.strand, part.pos - 1, part.change.reversed()) for part in parts]
        return self._move(entry, moved, notes, request)

    def _redo(self, row: StrandRow, request: RequestId) -> Edited:
        if row.head == row.depth:
            raise AlleleError("E_NOTHING_TO_UNDO", f"{row.meta.name} has nothing to redo")
        entry = self._journal.entry_at(row.id, row.head + 1)
        parts, notes = self._movable(entry, "redone", lambda other: other.head + 1)
        return self._move(entry, parts, notes, request)

    def _movable(self, entry: Entry, done: str, place: Callable[[StrandRow], int]) -> tuple[list[EntryPart], list[str]]:
        """Parts of an entry to undo or redo, if every open strand is at its position; closed strands are skipped."""
        parts: list[EntryPart] = []
        notes: list[str] = []
        for part in entry.present:
            other = self._rows.get(part.strand)
            if other is None:
                notes.append(f"{entry.text} is {done} here only: the other strand was closed")
            elif place(other) != part.pos:
                raise _changed_since(entry, done, other.meta.name)
            else:
                parts.append(part)
        if len(entry.present) < entry.parts:
            raise _changed_since(entry, done, "the other strand")
        return parts, notes

    def _move(self, entry: Entry, parts: list[EntryPart], notes: list[str], request: RequestId) -> Edited:
        rows = [
            self._moved(part.strand, part.change, part.pos, self._rows[part.strand].depth, request) for part in parts
        ]
        answer = EditApplied(edit=entry.text, strands=[strand_state(new).info for new in rows], notes=notes)
        left = [part.strand for part in entry.present if part.strand not in self._rows]
        with self._journal.transaction():
            self._journal.split_entry(entry.id, left)  # otherwise a restored strand could never undo its part
            self._commit(rows, answer, request, is_new=False)
        return self._settle(rows, [part.change for part in parts], answer)

    def _moved(self, strand: str, change: Change, head: int, depth: int, request: RequestId) -> StrandRow:
        """A copy of a strand's row after a change, one revision later."""
        row = self._rows[strand]
        meta, codes, columns = write(row.strand, change)
        return StrandRow(
            strand, meta, row.rev + 1, head, depth, codes, columns, row.checkpoint_pos,
            [_name(request.cid, request.id)], row.locked,
        )  # fmt: skip

    def _commit(self, rows: list[StrandRow], answer: EditApplied, request: RequestId, *, is_new: bool) -> None:
        for row in rows:
            # A new edit removes the undone edits; a checkpoint among them could no longer be replayed from.
            is_lost = is_new and row.head <= row.checkpoint_pos
            is_due = is_lost or abs(row.head - row.checkpoint_pos) >= CHECKPOINT_EVERY
            self._journal.update_strand(row, with_checkpoint=is_due)
            if is_due:
                row.checkpoint_pos = row.head
        self._journal.add_answer(request.cid, request.id, answer)

    def _settle(self, rows: list[StrandRow], changes: list[Change], answer: EditApplied) -> Edited:
        for row in rows:
            self._rows[row.id] = row
        return Edited(answer=answer, strands=[strand_state(row) for row in rows], changes=changes)

    def _read_again(self, outdated: Outdated) -> SupersededError:
        """Read strands again that another process changed in the journal; returns the error to raise."""
        named: list[str] = []
        for strand in outdated.strands:
            before = self._rows.pop(strand, None)
            after = self._read(strand)
            name = next((row.meta.name for row in (before, after) if row is not None), strand)
            named.append(f"{name} was " + ("closed" if after is None else f"changed (now revision {after.rev})"))
        log.error("another process wrote to the journal: %s", "; ".join(named))
        return SupersededError(outdated.strands, f"{', '.join(named)} by another process")

    def _read(self, strand: str) -> StrandRow | None:
        """Read an open strand from the journal; None if it is not open there, or damaged."""
        row = self._journal.find_open_strand(strand)
        if row is None:
            return None
        try:
            self._replay(row)
        except ValueError as problem:
            log.error("strand %s (%s) cannot be opened: %s", row.id, row.meta.name, problem)
            return None
        self._rows[strand] = row
        return row

    def _replay(self, row: StrandRow) -> None:
        """Replay changes from the checkpoint to the head, forwards or backwards."""
        if row.head >= row.checkpoint_pos:
            changes = self._journal.changes(row.id, row.checkpoint_pos + 1, row.head)
        else:
            changes = [c.reversed() for c in self._journal.changes(row.id, row.head + 1, row.checkpoint_pos)][::-1]
        if len(changes) != abs(row.head - row.checkpoint_pos):
            raise ValueError(f"{abs(row.head - row.checkpoint_pos)} changes were expected, {len(changes)} found")
        for change in changes:
            row.meta, row.codes, row.columns = write(row.strand, change)

    def _row(self, strand: str) -> StrandRow:
        row = self._rows.get(strand)
        if row is None:
            open_ones = ", ".join(f"{r.id} ({r.meta.name})" for r in self._rows.values()) or "none"
            raise AlleleError("E_NOT_FOUND", f"no strand is called {strand}", hint=f"open strands: {open_ones}")
        return row


def _check_fresh(row: StrandRow, request: RequestId) -> None:
    if request.after is not None:
        is_fresh = _name(request.cid, request.after) in row.tail
    else:
        is_fresh = request.if_rev is None or request.if_rev == row.rev
    if not is_fresh:
        raise AlleleError(
            "E_CONFLICT", f"{row.meta.name} was changed meanwhile (now revision {row.rev})", hint="fetch it again"
        )


def _changed_since(entry: Entry, done: str, name: str) -> AlleleError:
    return AlleleError(
        "E_CONFLICT",
        f"{entry.text} cannot be {done}: {name} was changed since",
        hint="undo that strand's later edits first",
        retryable=False,
    )


def _name(cid: bytes, request: bytes) -> str:
    return f"{cid.hex()}{request.hex()}"
