"""The actions that give a pane more or fewer rows of the screen, or all of them."""

from dataclasses import replace

from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.model.viewport import AUTOMATIC


class PaneSizes:
    """Carries out the actions on the heights of the panes."""

    def __init__(self, context: EditorContext) -> None:
        self.context, self.editor = context, context.editor

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "pane.higher": lambda press: self._resize(press.times),
            "pane.lower": lambda press: self._resize(-press.times),
            "pane.equal": self.pane_equal,
            "pane.zoom": self.pane_zoom,
        }

    def _resize(self, rows: int) -> None:
        """Give the focused pane so many rows more, which the other one loses."""
        editor = self.editor
        if editor.split.zoomed:
            self.context.say("the pane has the whole screen: {pane.zoom} shows both", bad=True)
            return
        by = rows if editor.focus == 0 else -rows
        moved = editor.split.moved(self.context.app.size.height, editor.panes[0].rows + by)
        if moved == editor.split:
            self.context.say("one pane is as low as it can be")
            return
        editor.split = moved
        self.context.moved()

    def pane_equal(self, press: Press) -> None:
        self.editor.split = AUTOMATIC
        self.context.say("both panes are as high as their levels need")
        self.context.moved()

    def pane_zoom(self, press: Press) -> None:
        split = self.editor.split
        self.editor.split = replace(split, zoomed=not split.zoomed)
        self.context.say(
            "both panes are shown" if split.zoomed else "one pane: {pane.other} shows the other, {pane.zoom} both"
        )
        self.context.moved()
