"""The actions that move the cursor and select cells."""

from dataclasses import replace
from functools import partial

from tui.actions.press import Handlers, Press
from tui.actions.registry import ACTIONS
from tui.editor.context import EditorContext
from tui.editor.hearing import Hearing
from tui.editor.timing import Timing
from tui.model.cursor import Cursor, Selection, grown, move


class Motions:
    """Carries out the actions that move and select."""

    def __init__(self, context: EditorContext, hearing: Hearing, timing: Timing) -> None:
        self.context, self.hearing, self.timing = context, hearing, timing
        self.editor = context.editor

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        moves = [action.id for action in ACTIONS if action.id.startswith("move.")]
        return {
            **{action_id: partial(self._motion, action_id.removeprefix("move.")) for action_id in moves},
            "pane.other": self.pane_other,
            "pane.link": self.pane_link,
            "select.start": self.select_start,
            "select.levels": self.select_levels,
            "select.corner": self.select_corner,
            "select.drop": self.select_drop,
            "select.last": self.select_last,
            "select.grow": self.select_grow,
        }

    # --- moving ------------------------------------------------------------------------------------------

    def go_to_frame(self, frame: int) -> None:
        self._move("frame", frame)

    def _motion(self, motion: str, press: Press) -> None:
        if not self.timing.snaps(motion, press.count):
            self._move(motion, press.count)

    def _move(self, motion: str, count: int | None) -> None:
        if self.context.grid is not None:
            pane = self.editor.pane
            moved = move(pane.cursor, motion, count, self.context.grid.codes, pane.page_frames, pane.zoom)
            self.editor.place(moved, self.context.grids())
            self.context.moved()
            self.hearing.hear_move()

    def pane_other(self, press: Press) -> None:
        self.editor.focus = 1 - self.editor.focus
        self.context.moved()

    def pane_link(self, press: Press) -> None:
        self.editor.linked = not self.editor.linked
        if self.context.grid is not None:
            self.editor.place(self.editor.pane.cursor, self.context.grids())
        self.context.say(
            "panes linked: they scroll and zoom together, and swap exchanges the same frames"
            if self.editor.linked
            else f"panes unlinked: swap begins at {self.editor.other_name}'s own cursor"
        )
        self.context.moved()

    # --- selecting ---------------------------------------------------------------------------------------

    def select_start(self, press: Press) -> None:
        self._select(all_levels=False)

    def select_levels(self, press: Press) -> None:
        self._select(all_levels=True)

    def _select(self, *, all_levels: bool) -> None:
        pane = self.editor.pane
        if pane.selection is None:
            pane.selection = Selection(pane.cursor, all_levels)
        elif pane.selection.all_levels == all_levels:
            pane.selection = None
        else:
            pane.selection = replace(pane.selection, all_levels=all_levels)
        self.context.moved()

    def select_corner(self, press: Press) -> None:
        pane = self.editor.pane
        if pane.selection is None:
            return
        cursor, anchor = pane.cursor, pane.selection.anchor
        pane.selection = replace(pane.selection, anchor=cursor)
        self.editor.place(anchor, self.context.grids())
        self.context.moved()

    def select_drop(self, press: Press) -> None:
        grid = self.context.grid
        if grid is not None and grid.id in self.context.session.edits.slow:
            self.context.spawn(self.context.session.edits.stop_edit(grid.id))
            return
        self.editor.drop_selection()
        self.context.moved()

    def select_last(self, press: Press) -> None:
        kept = self.editor.last_selection
        if kept is None:
            self.context.say("nothing was selected before")
            return
        self.editor.pane.selection, cursor = kept
        self.editor.place(cursor, self.context.grids())
        self.context.moved()

    def select_grow(self, press: Press) -> None:
        grid, pane = self.context.grid, self.editor.pane
        if grid is None:
            return
        rect = None if pane.selection is None else pane.rect(grid)
        wider = grown(rect, pane.cursor.inside(grid.levels, grid.frames), grid.codes)
        pane.selection = Selection(Cursor(wider.levels.first, wider.frames.first))
        self.editor.place(Cursor(wider.levels.last, wider.frames.past - 1), self.context.grids())
        self.context.moved()
