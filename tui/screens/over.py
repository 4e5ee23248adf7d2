"""A screen laid over another one: a list to read or choose from, left with Esc."""

from tui.screens.lists import ListScreen
from tui.widgets.rows import Rows


class OverScreen(ListScreen):
    """Help, the undo list, the terminal's keys. `rows` is what the list keys move in."""

    rows: Rows

    def do_over_back(self, count: int | None, register: str | None) -> None:
        self.dismiss()

    @property
    def list_in_use(self) -> Rows:
        return self.rows

    def list_moved(self) -> None:
        """Nothing but the list shows it."""
