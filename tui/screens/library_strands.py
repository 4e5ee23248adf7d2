"""The library's actions on strands: rename or duplicate one, close one, and reopen closed ones.

Closing needs no confirmation, because nothing is lost: the daemon's trash keeps a closed strand with its history.
"""

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from protocol.errors import AlleleError
from protocol.messages.strands import (
    ClosedStrands,
    CloseStrand,
    GetStrand,
    ListClosedStrands,
    OpenStrand,
    RenameStrand,
    ReopenStrand,
    StrandInfo,
)
from tui.actions.press import Handlers
from tui.model.names import free_name
from tui.model.words import plural
from tui.screens.closed_list import ClosedList
from tui.widgets.prompt import Work

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
            "library.close": lambda _: self.close(self._screen.chosen[1]),
            "library.duplicate": lambda _: self._screen.spawn(self._duplicate(self._screen.chosen[1])),
            "library.reopen": lambda _: self._screen.spawn(self._reopen(None)),
            "library.closed": lambda _: self._screen.spawn(self._list_closed()),
        }

    def rename(self, strand: str) -> None:
        """Ask for a strand's new name."""
        name = self._screen.session.strands[strand].meta.name
        self._screen.prompt.ask("new name: ", lambda text: self._rename(strand, text), value=name)

    def _rename(self, strand: str, text: str) -> Work | None:
        name = self._screen.session.strands[strand].meta.name
        return None if text.strip() in ("", name) else self._renamed(strand, name, text.strip())

    async def _renamed(self, strand: str, before: str, name: str) -> None:
        self._screen.session.strands[strand] = (
            await self._screen.session.ask(RenameStrand(strand=strand, name=name))
        ).body
        self._screen.draw()
        self._screen.say(f"{before} is called {name} now; files that were saved keep their names")

    def close(self, strand: str) -> None:
        """Close a strand, which moves it to the trash."""
        self._screen.spawn(self._close(strand))

    async def _duplicate(self, strand: str) -> None:
        """Open a second strand with the same codes, which has a history of its own."""
        session = self._screen.session
        answer = await session.ask(GetStrand(strand=strand))
        name = free_name(answer.body.meta.name, {one.meta.name for one in session.strands.values()})
        meta = replace(answer.body.meta, name=name)
        info: StrandInfo = (await session.ask(OpenStrand(meta=meta), buffers=answer.buffers)).body
        session.strands[info.id] = info  # its event may arrive later
        self._screen.draw()
        self._screen.left.go(("strand", info.id))
        self._screen.say(f"{name} is a copy of {answer.body.meta.name} with edits of its own")

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
