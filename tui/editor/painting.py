"""The editor's paint mode: codes typed along time. Each is its own edit; the repeat key repeats all of them."""

from dataclasses import replace

from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.ranges import FrameRange
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.editor.operations import Operations
from tui.editor.sending import EditSender
from tui.model.cursor import Cursor
from tui.model.grid import StrandGrid
from tui.model.painting import WRITES


class PaintMode:
    """Handles keys before the keymap while paint mode is on."""

    def __init__(self, context: EditorContext, operations: Operations, sender: EditSender) -> None:
        self.context, self.operations, self.sender = context, operations, sender
        self.editor = context.editor

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "edit.paint": self.edit_paint,
        }

    def edit_paint(self, press: Press) -> None:
        here = self.context.here()
        if here is not None:
            rect = here[1]
            self.editor.drop_selection()
            self.editor.painting.begin(rect.levels, rect.frames.first)
            self.editor.place(Cursor(rect.levels.first, rect.frames.first), self.context.grids())
            self.context.moved()

    def takes(self, token: str) -> bool:
        """Handle a key in paint mode: digits, Space, and keys that end the mode. Other keys go to the keymap."""
        grid, painting = self.context.grid, self.editor.painting
        if not painting.is_on or self.context.waiting:
            return False
        self.context.clear_message()
        if grid is None or token == "escape" or token in self.context.app.keymap.keys_for("edit.paint"):
            painting.end()
        elif painting.type(token):
            pass
        elif token in WRITES:
            self._paint(grid, painting.typed or painting.code)
        elif token == ".":
            self._painted(grid, ".")
        else:
            return False
        self.context.moved()
        return True

    def _paint(self, grid: StrandGrid, text: str) -> None:
        try:
            code = self.operations.read_code(grid, text)
        except AlleleError as error:
            self.editor.painting.typed = ""
            if text:
                self.context.say(str(error), bad=True)
            return
        frame, levels = self.editor.pane.cursor.frame, self.editor.painting.levels
        self.sender.submit(
            grid.id, Edit(op="set", args=[str(code)], levels=levels, frames=FrameRange(frame, frame + 1))
        )
        self._painted(grid, str(code))

    def _painted(self, grid: StrandGrid, stroke: str) -> None:
        cursor = self.editor.pane.cursor
        whole = self.editor.painting.stroke(cursor.frame, stroke)
        if whole is not None:
            self.editor.remember(whole)
        if cursor.frame + 1 < grid.frames:
            self.editor.place(replace(cursor, frame=cursor.frame + 1), self.context.grids())
        else:
            self.editor.painting.end()
            self.context.say("that was the last frame; paint mode ends")
