"""The actions that move the cursor of a list, the same in every list of every screen."""

from collections.abc import Callable

from tui.actions.press import Handlers
from tui.widgets.rows import Rows

FAR = 10_000


class ListKeys:
    """Runs the `list.…` actions in one of a screen's lists.

    Args:
        current: returns the list that has the cursor.
        moved: called after the cursor moved.
    """

    def __init__(self, current: Callable[[], Rows], moved: Callable[[], None]) -> None:
        self._current, self._moved = current, moved

    def handlers(self) -> Handlers:
        """Return the handlers of the actions on lists."""
        return {
            "list.down": lambda press: self._step(press.times),
            "list.up": lambda press: self._step(-press.times),
            "list.page_down": lambda _: self._step(self._current().size.height),
            "list.page_up": lambda _: self._step(-self._current().size.height),
            "list.first": lambda _: self._step(-FAR),
            "list.last": lambda _: self._step(FAR),
        }

    def _step(self, by: int) -> None:
        self._current().step(by)
        self._moved()
