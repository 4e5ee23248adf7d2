"""The list of themes: moving in it shows a theme at once, Enter keeps it, Esc goes back to the one before."""

from collections.abc import Callable, Sequence

from tui.screens.chooser import Chooser
from tui.widgets.rows import Row


class ThemeList(Chooser):
    """Returns the name of a theme, or None. `show` draws the screen in the colours of a theme."""

    def __init__(self, themes: Sequence[str], now: str, show: Callable[[str], None]) -> None:
        super().__init__("Which theme?  Enter keeps it")
        self._themes, self._now, self._show = themes, now, show

    def on_mount(self) -> None:
        super().on_mount()
        self.rows.go(self._now)

    def found(self, text: str) -> list[Row]:
        words = text.lower().split()
        names = [name for name in self._themes if all(word in name for word in words)]
        return [Row(name, name) for name in names] or [Row("no theme has this name")]

    def moved(self) -> None:
        """Draw the screen in the theme under the cursor."""
        if isinstance(self.rows.current, str):
            self._show(self.rows.current)
