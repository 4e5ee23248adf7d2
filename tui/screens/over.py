"""A screen laid over another one: a list to read or choose from, left with Esc."""

from tui.screens.base import BaseScreen
from tui.screens.lists import ListKeys
from tui.widgets.rows import Rows


class OverScreen(BaseScreen):
    """Base of help and the undo list. `rows` is what the list keys move in; nothing but the list shows the cursor."""

    def __init__(self, rows: Rows) -> None:
        super().__init__()
        self.rows = rows
        keys = ListKeys(lambda: self.rows, lambda: None)
        self.handlers = {**keys.handlers(), "over.back": lambda _: self.dismiss()}
