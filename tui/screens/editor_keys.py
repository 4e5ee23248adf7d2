"""What the editor's keys do: motions, selection and edits. `EditorScreen` draws.

An edit is sent at once and drawn when the daemon says so (under a millisecond over ipc). Held keys are pipelined, see
tui.model.pending. Notes that come back ("cropped to …") are said on the last line.
"""

from dataclasses import replace
from typing import Any

from tui.actions.action import Action
from tui.model.cursor import Rect, Selection, move
from tui.model.grid import StrandGrid
from tui.model.pending import EditChain
from tui.screens.editor_hearing import EditorHearing


class EditorKeys(EditorHearing):
    """Actions of the editor that are single keys."""

    # --- moving ------------------------------------------------------------------------------------------

    def go_to_frame(self, frame: int) -> None:
        self._move("frame", frame)

    def _move(self, motion: str, count: int | None) -> None:
        if self.grid is not None:
            pane = self.editor.pane
            self.editor.place(move(pane.cursor, motion, count, self.grid.codes, pane.page_frames), self.grids())
            self.moved()
            self.hear_move()

    def method_of(self, action: Action) -> Any:
        """A motion is carried out by its name, anything else by its method."""
        if action.group == "Move" and action.id.startswith("move."):
            return lambda count, register: self._move(action.id.removeprefix("move."), count)
        return super().method_of(action)

    def do_pane_other(self, count: int | None, register: str | None) -> None:
        self.editor.focus = 1 - self.editor.focus
        self.moved()

    def do_pane_link(self, count: int | None, register: str | None) -> None:
        self.editor.linked = not self.editor.linked
        if self.grid is not None:
            self.editor.place(self.editor.pane.cursor, self.grids())
        self.say(
            "cursors linked: swap exchanges the same frames"
            if self.editor.linked
            else f"cursors free: swap lands at {self.editor.other_name}'s own cursor"
        )
        self.moved()

    # --- selecting ---------------------------------------------------------------------------------------

    def do_select_start(self, count: int | None, register: str | None) -> None:
        self._select(all_levels=False)

    def do_select_levels(self, count: int | None, register: str | None) -> None:
        self._select(all_levels=True)

    def _select(self, *, all_levels: bool) -> None:
        pane = self.editor.pane
        if pane.selection is None:
            pane.selection = Selection(pane.cursor, all_levels)
        elif pane.selection.all_levels == all_levels:
            pane.selection = None
        else:
            pane.selection = replace(pane.selection, all_levels=all_levels)
        self.moved()

    def do_select_corner(self, count: int | None, register: str | None) -> None:
        pane = self.editor.pane
        if pane.selection is None:
            return
        cursor, anchor = pane.cursor, pane.selection.anchor
        pane.selection = replace(pane.selection, anchor=cursor)
        self.editor.place(anchor, self.grids())
        self.moved()

    def do_select_drop(self, count: int | None, register: str | None) -> None:
        self.editor.pane.selection = None
        self.moved()

    # --- editing -----------------------------------------------------------------------------------------

    def do_edit_swap(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is not None:
            self.submit(grid.id, self.editor.swap(self.editor.pane.rect(grid, count)))

    def do_edit_set(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is None:
            return
        rect = self.editor.pane.rect(grid, count)
        label = f"code for {rect.words}, 0 to {grid.codebook - 1}: "
        self.prompt.ask(label, lambda text: self._set(grid, rect, text))

    def _set(self, grid: StrandGrid, rect: Rect, text: str) -> None:
        text = text.strip()
        if not text:
            return
        if not text.isdecimal() or int(text) >= grid.codebook:
            self.say(f"{text!r} is no code; codes go from 0 to {grid.codebook - 1}", bad=True)
            return
        self.submit(grid.id, self.editor.set(rect, int(text)))

    def do_edit_next_code(self, count: int | None, register: str | None) -> None:
        self._step_code(count or 1)

    def do_edit_prev_code(self, count: int | None, register: str | None) -> None:
        self._step_code(-(count or 1))

    def _step_code(self, by: int) -> None:
        grid = self.grid
        if grid is None:
            return
        cursor = self.editor.pane.cursor
        chain = self.session.chains.setdefault(grid.id, EditChain())
        now = chain.expected.get((cursor.level, cursor.frame), int(grid.codes[cursor.level, cursor.frame]))
        code = min(max(0, now + by), grid.codebook - 1)
        if code == now:
            self.say(f"code {now} is the {'last' if by > 0 else 'first'} of this level")
            return
        chain.expect(cursor.level, cursor.frame, code)
        self.submit(grid.id, self.editor.set(self.editor.pane.rect(grid), code))

    def do_edit_copy(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is None:
            return
        rect = self.editor.pane.rect(grid, count)
        self.submit(grid.id, self.editor.copy(rect, register or self.session.registers.unnamed))
        if self.editor.pane.selection is not None:
            self.editor.pane.selection = None
            self.editor.place(replace(self.editor.pane.cursor, level=rect.first_level, frame=rect.first), self.grids())
            self.moved()

    def do_edit_put(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is None:
            return
        pane = self.editor.pane
        rect = pane.rect(grid) if pane.selection is not None else None
        self.submit(grid.id, self.editor.put(pane.cursor, register or self.session.registers.unnamed, rect))

    def do_edit_again(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        edit = self.editor.repeat(grid, count) if grid is not None else None
        if grid is not None and edit is not None:
            self.submit(grid.id, edit)

    def do_edit_undo(self, count: int | None, register: str | None) -> None:
        self._history(self.session.undo, "undone", count)

    def do_edit_redo(self, count: int | None, register: str | None) -> None:
        self._history(self.session.redo, "redone", count)

    def _history(self, ask: Any, word: str, count: int | None) -> None:
        grid = self.grid
        for _ in range(min(count or 1, 1000)):
            if grid is not None:
                self.spawn(self._back(ask, grid.id, word))

    async def _back(self, ask: Any, strand: str, word: str) -> None:
        applied = await ask(strand)
        if applied is not None:
            self._applied(applied, f"{word}: {self._readable(applied.edit)}")

    def _readable(self, text: str) -> str:
        for strand, info in self.session.strands.items():
            text = text.replace(strand, info.meta.name)
        return text
