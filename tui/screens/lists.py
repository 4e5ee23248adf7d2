"""Screens made of lists: one list has the cursor, and the same actions walk in it everywhere."""

from tui.screens.base import BaseScreen
from tui.widgets.rows import Rows

FAR = 10_000


class ListScreen(BaseScreen):
    """A screen on which `list.…` moves a cursor. Subclasses say in which list, and what follows from a move."""

    @property
    def list_in_use(self) -> Rows:
        """The list that has the cursor."""
        raise NotImplementedError

    def list_moved(self) -> None:
        """The cursor moved."""
        self.draw()

    def _step(self, by: int) -> None:
        self.list_in_use.step(by)
        self.list_moved()

    def do_list_down(self, count: int | None, register: str | None) -> None:
        self._step(count or 1)

    def do_list_up(self, count: int | None, register: str | None) -> None:
        self._step(-(count or 1))

    def do_list_page_down(self, count: int | None, register: str | None) -> None:
        self._step(self.list_in_use.size.height)

    def do_list_page_up(self, count: int | None, register: str | None) -> None:
        self._step(-self.list_in_use.size.height)

    def do_list_first(self, count: int | None, register: str | None) -> None:
        self._step(-FAR)

    def do_list_last(self, count: int | None, register: str | None) -> None:
        self._step(FAR)
