"""The library's actions on strands: close one, and reopen closed ones.

Closing needs no confirmation, because nothing is lost: the daemon's trash keeps a closed strand with its history.
"""

import asyncio
from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from protocol.messages.strands import ClosedStrands, CloseStrand, ListClosedStrands, ReopenStrand, StrandInfo
from tui.actions.press import Handlers
from tui.model.words import plural
from tui.screens.closed_list import ClosedList

if TYPE_CHECKING:
    from tui.screens.library import LibraryScreen

NEWS_S, LOOK_S = 2.0, 0.01  # timeout and interval of the wait for the event of a closing


class LibraryStrands:
    """Runs the actions on the chosen strand."""

    def __init__(self, screen: "LibraryScreen") -> None:
        self._screen = screen
        self._one_by_one = asyncio.Lock()  # closing and reopening at once must act on the same strand
        self._panes: dict[str, list[int]] = {}  # the panes that showed the strands closed here

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on strands."""
        return {
            "library.close": lambda _: self._screen.spawn(self._close(self._screen.chosen[1])),
            "library.reopen": lambda _: self._screen.spawn(self._reopen(None)),
            "library.closed": lambda _: self._screen.spawn(self._list_closed()),
        }

    async def _close(self, strand: str) -> None:
        async with self._one_by_one:
            await self._close_strand(strand)

    async def _close_strand(self, strand: str) -> None:
        info = self._screen.session.strands.get(strand)
        if self._screen.allele.sound.plays(strand):
            await self._screen.allele.sound.stop()
        self._panes[strand] = [i for i, pane in enumerate(self._screen.allele.editor.panes) if pane.strand == strand]
        await self._screen.session.ask(CloseStrand(strand=strand))
        for _ in range(round(NEWS_S / LOOK_S)):  # the event arrives on another socket: it must not undo a reopening
            if strand not in self._screen.session.strands:
                break
            await asyncio.sleep(LOOK_S)
        self._screen.say(f"closed {info.meta.name if info else strand}; {{library.reopen}} reopens it")

    async def _in_trash(self) -> ClosedStrands:
        closed: ClosedStrands = (await self._screen.session.ask(ListClosedStrands())).body
        if not closed.strands:
            raise AlleleError("E_NOT_FOUND", "no strand was closed")
        return closed

    async def _list_closed(self) -> None:
        self._screen.app.push_screen(ClosedList(await self._in_trash()), self._picked)

    def _picked(self, strand: str | None) -> None:
        if strand is not None:
            self._screen.spawn(self._reopen(strand))

    async def _reopen(self, strand: str | None) -> None:
        async with self._one_by_one:
            await self._reopen_strand(strand)

    async def _reopen_strand(self, strand: str | None) -> None:
        """Reopen a strand, or the one closed last, in the pane that showed it if that is free."""
        strand = strand or (await self._in_trash()).strands[0].id
        info: StrandInfo = (await self._screen.session.ask(ReopenStrand(strand=strand))).body
        self._screen.session.strands[strand] = info  # its event may arrive later
        for index in self._panes.pop(strand, []):
            if self._screen.allele.editor.panes[index].strand is None:
                await self._screen.allele.files.show_strand(strand, index)
        edits = plural(info.undo_depth, "edit") if info.undo_depth else "no edits"
        self._screen.draw()
        self._screen.left.go(("strand", strand))
        self._screen.say(f"{info.meta.name} is open again, with {edits}")
