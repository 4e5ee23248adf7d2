"""What the editor's keys do: motions and selection. `EditorScreen` draws, edits are in editor_operations."""

from dataclasses import replace
from typing import Any

from tui.actions.action import Action
from tui.editor.painting import EditorPainting
from tui.model.cursor import Cursor, Selection, grown, move


class EditorKeys(EditorPainting):
    """Actions of the editor that are single keys."""

    # --- moving ------------------------------------------------------------------------------------------

    def go_to_frame(self, frame: int) -> None:
        self._move("frame", frame)

    def _move(self, motion: str, count: int | None) -> None:
        if self.grid is not None:
            pane = self.editor.pane
            moved = move(pane.cursor, motion, count, self.grid.codes, pane.page_frames, pane.zoom)
            self.editor.place(moved, self.grids())
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
            "panes linked: they scroll and zoom as one, and swap exchanges the same frames"
            if self.editor.linked
            else f"panes free: swap lands at {self.editor.other_name}'s own cursor"
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
        self.drop_selection()
        self.moved()

    def do_select_last(self, count: int | None, register: str | None) -> None:
        kept = self.editor.last_selection
        if kept is None:
            self.say("nothing was selected before")
            return
        self.editor.pane.selection, cursor = kept
        self.editor.place(cursor, self.grids())
        self.moved()

    def do_select_grow(self, count: int | None, register: str | None) -> None:
        grid, pane = self.grid, self.editor.pane
        if grid is None:
            return
        rect = None if pane.selection is None else pane.rect(grid)
        wider = grown(rect, pane.cursor.inside(grid.levels, grid.frames), grid.codes)
        pane.selection = Selection(Cursor(wider.first_level, wider.first))
        self.editor.place(Cursor(wider.last_level, wider.past - 1), self.grids())
        self.moved()
