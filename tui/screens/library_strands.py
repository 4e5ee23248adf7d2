"""The library's strands: closing one, and taking back what was closed, now or another day.

Closing asks nothing, because nothing is lost by it: a closed strand lies in the daemon's trash with its whole history.
"""

import asyncio

from protocol.errors import AlleleError
from protocol.messages.strands import ClosedStrands, CloseStrand, ListClosedStrands, ReopenStrand, StrandInfo
from tui.model.words import plural
from tui.screens.closed_list import ClosedList
from tui.screens.lists import ListScreen
from tui.widgets.rows import Rows

NEWS_S, LOOK_S = 2.0, 0.01  # how long the news of a closing is waited for, and how often it is looked for


class LibraryStrands(ListScreen):
    """Base of the library. `left` lists what there is."""

    def __init__(self) -> None:
        super().__init__()
        self.left = Rows("left")
        self._one_by_one = asyncio.Lock()  # what is closed and at once taken back is the same strand
        self._panes: dict[str, list[int]] = {}  # where strands were shown that were closed here

    @property
    def chosen(self) -> tuple[str, str]:
        """Kind (model, corpus, strand or "") and name or id under the left cursor."""
        key = self.left.current
        return key if isinstance(key, tuple) else ("", "")

    def do_library_close(self, count: int | None, register: str | None) -> None:
        self.spawn(self._close(self.chosen[1]))

    async def _close(self, strand: str) -> None:
        async with self._one_by_one:
            await self._shut(strand)

    async def _shut(self, strand: str) -> None:
        info = self.session.strands.get(strand)
        if self.allele.sound.plays(strand):
            await self.allele.sound.stop()
        self._panes[strand] = [i for i, pane in enumerate(self.allele.editor.panes) if pane.strand == strand]
        await self.session.ask(CloseStrand(strand=strand))
        for _ in range(round(NEWS_S / LOOK_S)):  # on another socket: it must not undo a taking back
            if strand not in self.session.strands:
                break
            await asyncio.sleep(LOOK_S)
        self.say(f"closed {info.meta.name if info else strand}; {{library.reopen}} takes it back")

    def do_library_reopen(self, count: int | None, register: str | None) -> None:
        self.spawn(self._reopen(None))

    def do_library_closed(self, count: int | None, register: str | None) -> None:
        self.spawn(self._list_closed())

    async def _in_trash(self) -> ClosedStrands:
        closed: ClosedStrands = (await self.session.ask(ListClosedStrands())).body
        if not closed.strands:
            raise AlleleError("E_NOT_FOUND", "no strand was closed")
        return closed

    async def _list_closed(self) -> None:
        self.app.push_screen(ClosedList(await self._in_trash()), self._picked)

    def _picked(self, strand: str | None) -> None:
        if strand is not None:
            self.spawn(self._reopen(strand))

    async def _reopen(self, strand: str | None) -> None:
        async with self._one_by_one:
            await self._take_back(strand)

    async def _take_back(self, strand: str | None) -> None:
        """Take back this strand, or the one closed last, to where it was shown if nothing else is there now."""
        strand = strand or (await self._in_trash()).strands[0].id
        info: StrandInfo = (await self.session.ask(ReopenStrand(strand=strand))).body
        self.session.strands[strand] = info  # its event may come later
        for index in self._panes.pop(strand, []):
            if self.allele.editor.panes[index].strand is None:
                await self.allele.show_strand(strand, index)
        edits = plural(info.undo_depth, "edit") if info.undo_depth else "no edits"
        self.draw()
        self.left.go(("strand", strand))
        self.say(f"{info.meta.name} is back, with {edits}")
