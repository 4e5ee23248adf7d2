"""The editor's paint mode: codes typed along time, each an edit of its own, all of them one change for `.`."""

from dataclasses import replace

from protocol.edits import Edit
from tui.editor.operations import EditorOperations
from tui.model.cursor import Cursor
from tui.model.grid import StrandGrid
from tui.model.painting import WRITES


class EditorPainting(EditorOperations):
    """Reads keys before the keymap does, while it is on."""

    def do_edit_paint(self, count: int | None, register: str | None) -> None:
        here = self.here()
        if here is not None:
            rect = here[1]
            self.drop_selection()
            self.painting.begin((rect.first_level, rect.last_level), rect.first)
            self.editor.place(Cursor(rect.first_level, rect.first), self.grids())
            self.moved()

    def takes(self, token: str) -> bool:
        """Paint mode reads digits, Space and what ends it; moving is the keymap's still."""
        grid, painting = self.grid, self.painting
        if not painting.is_on or self.reader.waiting:
            return False
        self._said = []
        if grid is None or token == "escape" or token in self.keymap.keys_for("edit.paint"):
            painting.end()
        elif painting.type(token):
            pass
        elif token in WRITES:
            self._paint(grid, painting.typed or painting.code)
        elif token == ".":
            self._painted(grid, ".")
        else:
            return False
        self.moved()
        return True

    def _paint(self, grid: StrandGrid, text: str) -> None:
        code = self.read_code(grid, text)
        if code is None:
            self.painting.typed = ""
            return
        frame, levels = self.editor.pane.cursor.frame, self.painting.levels
        self.submit(grid.id, Edit(op="set", args=[str(code)], levels=levels, frames=(frame, frame + 1)))
        self._painted(grid, str(code))

    def _painted(self, grid: StrandGrid, stroke: str) -> None:
        cursor = self.editor.pane.cursor
        whole = self.painting.stroke(cursor.frame, stroke)
        if whole is not None:
            self.editor.remember(whole)
        if cursor.frame + 1 < grid.frames:
            self.editor.place(replace(cursor, frame=cursor.frame + 1), self.grids())
        else:
            self.painting.end()
            self.say("that was the last frame; paint mode ends")
