"""Edits that were sent but not answered yet, so that held keys neither wait nor conflict with each other.

The first edit of a burst names the revision that the screen shows (`if_rev`). Each further edit names the request
before it (`after`), which the daemon accepts whether or not that request was answered. An answer may arrive before the
event with the cells, so `after` is used until the screen has reached the revision of the last answer. When an edit is
refused, so is the rest of its burst: `failed` clears the chain, and only the first refusal is shown.
"""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ticket:
    """The predecessor that the next edit names: a revision, or the request before it."""

    request_id: bytes
    if_rev: int | None
    after: bytes | None


@dataclass
class EditChain:
    """The unanswered edits of one strand, oldest first, and the cells that they will write."""

    waiting: list[bytes] = field(default_factory=list[bytes])
    last: bytes | None = None
    answered_rev: int = -1
    expected: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    _broken: bool = False

    def next(self, rev: int) -> Ticket:
        """Return the ticket for an edit sent now, while the screen shows revision `rev`."""
        after = self.last if self.waiting or rev < self.answered_rev else None
        ticket = Ticket(os.urandom(16), rev if after is None else None, after)
        self.joined(ticket.request_id)
        return ticket

    def joined(self, request_id: bytes) -> None:
        """Record an edit of another strand that also changes this one (a swap from the other pane)."""
        self.waiting.append(request_id)
        self.last = request_id

    def expect(self, level: int, frame: int, code: int) -> None:
        """Store the future code of a cell, so that the next key of a burst steps from it."""
        self.expected[level, frame] = code

    def done(self, request_id: bytes, rev: int = -1) -> None:
        """Record the answer to an edit, after which the strand is at revision `rev`."""
        self.answered_rev = max(self.answered_rev, rev)
        if request_id in self.waiting:
            self.waiting.remove(request_id)
        if not self.waiting:
            self.expected.clear()
            self._broken = False

    def failed(self, request_id: bytes) -> bool:
        """Record a refused edit. Returns True for the first refusal of a burst, which is the one to show."""
        first = not self._broken
        self._broken = True
        self.expected.clear()
        self.answered_rev = -1
        self.done(request_id)
        return first
