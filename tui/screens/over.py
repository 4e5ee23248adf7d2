"""A screen laid over another one: a list to read or choose from, left with Esc."""

from tui.screens.base import BaseScreen
from tui.widgets.rows import Rows


class OverScreen(BaseScreen):
    """Help, the undo list, the terminal's keys. `rows` is what the list keys move in."""

    rows: Rows

    def do_over_back(self, count: int | None, register: str | None) -> None:
        self.dismiss()

    def do_list_down(self, count: int | None, register: str | None) -> None:
        self.rows.step(count or 1)

    def do_list_up(self, count: int | None, register: str | None) -> None:
        self.rows.step(-(count or 1))

    def do_list_page_down(self, count: int | None, register: str | None) -> None:
        self.rows.step(self.rows.size.height)

    def do_list_page_up(self, count: int | None, register: str | None) -> None:
        self.rows.step(-self.rows.size.height)

    def do_list_first(self, count: int | None, register: str | None) -> None:
        self.rows.step(-10_000)

    def do_list_last(self, count: int | None, register: str | None) -> None:
        self.rows.step(10_000)
