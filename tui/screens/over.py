"""A window over another screen: a list to read or choose from, which Esc closes. The screen below stays in sight."""

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.screens.base import BaseScreen
from tui.screens.lists import ListKeys
from tui.widgets.rows import Rows


class OverScreen(BaseScreen):
    """The base of help and the undo list. List keys move in `rows`, the only widget with a cursor."""

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self.rows = rows
        keys = ListKeys(lambda: self.rows, lambda: None)
        self.handlers = {**keys.handlers(), "over.back": lambda _: self.dismiss()}

    def compose(self) -> ComposeResult:
        with Vertical(id="over"):
            yield from super().compose()

    def on_changed(self, topic: str, key: str) -> None:
        """Redraw after a change of the session, also the screen below, which stays in sight."""
        super().on_changed(topic, key)
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        if isinstance(below, BaseScreen) and below is not self:
            below.on_changed(topic, key)
