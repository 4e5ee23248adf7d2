"""The mouse in the editor: a press moves the cursor, a drag selects, the wheel moves in time, over levels, or zooms."""

from dataclasses import replace

from tui.editor.context import EditorContext
from tui.model.cursor import Cursor, Selection

WHEEL_PARTS = 8
"""A turn of the wheel moves by this part of a page."""


class Mouse:
    """Carries out what the mouse does on the panes. It changes no cells."""

    def __init__(self, context: EditorContext) -> None:
        self.context, self.editor = context, context.editor

    def press(self, index: int, cursor: Cursor, *, is_drag: bool) -> None:
        """Move a pane's cursor to a cell. A drag selects from the cell where it began."""
        self._go(index, cursor, is_drag=is_drag, all_levels=False)

    def press_time(self, index: int, column: int, *, is_drag: bool) -> None:
        """Move a pane's cursor to a column of its page. A drag selects all levels from where it began."""
        pane, grid = self.editor.panes[index], self.context.grid_of(index)
        if grid is not None:
            frame = pane.first_frame + column * pane.zoom
            cursor = replace(pane.cursor, frame=frame).inside(grid.levels, grid.frames)
            self._go(index, cursor, is_drag=is_drag, all_levels=True)

    def _go(self, index: int, cursor: Cursor, *, is_drag: bool, all_levels: bool) -> None:
        editor = self.editor
        if is_drag and editor.focus != index:
            return
        editor.focus = index
        pane = editor.pane
        if not is_drag:
            editor.drop_selection()
        elif pane.selection is None and cursor != pane.cursor:
            pane.selection = Selection(pane.cursor, all_levels)
        editor.place(cursor, self.context.grids())
        self.context.moved()

    def wheel(self, index: int, way: int, *, levels: bool, zooms: bool) -> None:
        """Move a pane's cursor one turn of the wheel later or earlier, over levels, or zoom out or in."""
        grid, editor = self.context.grid_of(index), self.editor
        if grid is None:
            return
        editor.focus = index
        if zooms:
            self.context.run("view.zoom_out" if way > 0 else "view.zoom_in")
            return
        cursor = editor.pane.cursor
        by = way * max(1, editor.pane.columns // WHEEL_PARTS) * editor.pane.zoom
        moved = Cursor(cursor.level + way, cursor.frame) if levels else Cursor(cursor.level, cursor.frame + by)
        editor.place(moved.inside(grid.levels, grid.frames), self.context.grids())
        self.context.moved()
