"""Edits on their way: held keys neither wait for answers nor conflict with themselves.

The first edit of a burst names the revision that the screen shows (`if_rev`); each further one names the request
before it (`after`), which the daemon accepts whether or not that one has been answered yet. An answer may overtake the
event that brings the cells, so `after` is used until the screen has caught up with the last answer. When one is
refused the rest of the burst is refused too: `failed` starts afresh, and only the first refusal is worth a line.
"""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ticket:
    """How the next edit names what it builds on."""

    request_id: bytes
    if_rev: int | None
    after: bytes | None


@dataclass
class EditChain:
    """The unanswered edits of one strand, oldest first, and the cells they will have written."""

    waiting: list[bytes] = field(default_factory=list[bytes])
    last: bytes | None = None
    answered_rev: int = -1
    expected: dict[tuple[int, int], int] = field(default_factory=dict[tuple[int, int], int])
    _broken: bool = False

    def next(self, rev: int) -> Ticket:
        """A ticket for an edit sent now, while the screen shows revision `rev`."""
        after = self.last if self.waiting or rev < self.answered_rev else None
        ticket = Ticket(os.urandom(16), rev if after is None else None, after)
        self.joined(ticket.request_id)
        return ticket

    def joined(self, request_id: bytes) -> None:
        """An edit that also touches this strand was sent (a swap from the other pane)."""
        self.waiting.append(request_id)
        self.last = request_id

    def expect(self, level: int, frame: int, code: int) -> None:
        """Remember what a cell will be, so that the next key of a burst counts on from it."""
        self.expected[level, frame] = code

    def done(self, request_id: bytes, rev: int = -1) -> None:
        """An edit was answered; the strand is at `rev` since."""
        self.answered_rev = max(self.answered_rev, rev)
        if request_id in self.waiting:
            self.waiting.remove(request_id)
        if not self.waiting:
            self.expected.clear()
            self._broken = False

    def failed(self, request_id: bytes) -> bool:
        """An edit was refused. True when this is the burst's first refusal, the one to show."""
        first = not self._broken
        self._broken = True
        self.expected.clear()
        self.answered_rev = -1
        self.done(request_id)
        return first
