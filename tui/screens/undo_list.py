"""The undo list: every edit of a strand since it was opened, including undone ones; Enter goes to a state.

Going to a state is a series of undo or redo requests, sent without waiting for answers. It stops at a refused request
(a swap whose other strand was changed since) and reports that.
"""

import time
from collections.abc import Callable

from textual.app import ComposeResult

from protocol.messages.strands import GetHistory, History
from tui.actions.press import Press
from tui.model.words import plural
from tui.screens.over import OverScreen
from tui.widgets.rows import Row, Rows


class UndoList(OverScreen):
    """The undo list, shown over the editor."""

    NAME = "undolist"
    TITLE_WORDS = "Undo list"

    def __init__(self, strand: str) -> None:
        super().__init__(Rows("undo-rows"))
        self._strand = strand
        self.handlers = {**self.handlers, "undolist.jump": self._go_to_chosen}
        self._history: History | None = None
        self._loading = self._is_stale = False

    def compose_body(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        self.rows.fill([Row("asking the daemon ...")])
        self._refresh()

    def _refresh(self) -> None:
        """Request the history; if a request is pending, request it again afterwards, as its answer may be outdated."""
        self._is_stale = True
        if not self._loading:
            self._loading = True
            self.spawn(self._load())

    async def _load(self) -> None:
        try:
            while self._is_stale:
                self._is_stale = False
                self._show((await self.session.ask(GetHistory(strand=self._strand))).body)
        finally:
            self._loading = False

    def _show(self, history: History) -> None:
        is_first, self._history = self._history is None, history
        self.rows.fill(history_rows(history, self.session.readable))
        if is_first:
            self.rows.go(history.head)
        self.draw()

    def top_words(self) -> str:
        info = self.session.strands.get(self._strand)
        return f"Undo list of {info.meta.name if info else self._strand}"

    def hints(self) -> list[tuple[str, str]]:
        return [("undolist.jump", "go there"), ("list.down list.up", "choose"), ("over.back", "back")]

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "strand" and key == self._strand and self.is_mounted:
            self._refresh()
        super().on_changed(topic, key)

    def _go_to_chosen(self, press: Press) -> None:
        place = self.rows.current
        if isinstance(place, int) and self._history is not None:
            self.spawn(self._jump(place))

    async def _jump(self, place: int) -> None:
        history = self._history
        if history is None:
            return
        moved = await self.session.edits.go_to(self._strand, place - history.head)
        self._refresh()
        self.say("this is the current state" if not moved else f"{plural(abs(moved), 'edit')} {_done(moved)}")


def _done(moved: int) -> str:
    return "undone" if moved < 0 else "redone"


def history_rows(history: History, readable: Callable[[str], str]) -> list[Row]:
    """Return a row for each state, the newest last, with a mark on the current one."""
    first = history.entries[0].place if history.entries else 1
    rows = (
        [Row(_row("as opened", 0, history.head), 0)] if first == 1 else [Row(f"{first - 1} older edits are not shown")]
    )
    for entry in history.entries:
        both = "  (both strands)" if entry.strands > 1 else ""
        when = time.strftime("%H:%M:%S", time.localtime(entry.made_s))
        rows.append(Row(_row(f"{when}  {readable(entry.edit)}{both}", entry.place, history.head), entry.place))
    last = history.entries[-1].place if history.entries else 0
    if last < history.depth:
        rows.append(Row(f"{history.depth - last} newer edits are not shown"))
    return rows


def _row(text: str, place: int, head: int) -> str:
    mark = "=>" if place == head else "  "
    return f"{mark} {place:>4}  {text}{'  (undone)' if place > head else ''}"
