"""The colours of the whole screen: one of Textual's themes, or the terminal's own.

A theme can be shown at any time. Widgets draw their own pixels, so they take the theme's two colours from
`AlleleApp.base_style`; the style sheet takes them by name. A theme that the user keeps is written to `config.toml`.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.style import Style
from textual.theme import BUILTIN_THEMES

from protocol.errors import AlleleError
from tui.actions.press import Press
from tui.screens.theme_list import ThemeList
from tui.settings import TERMINAL, keep_setting, settings_file

if TYPE_CHECKING:
    from tui.app import AlleleApp


class Themes:
    """Shows themes on the screen of the application `app`, and keeps the chosen one."""

    def __init__(self, app: "AlleleApp") -> None:
        self._app = app
        app.register_theme(replace(BUILTIN_THEMES["ansi-dark"], name=TERMINAL))

    @property
    def names(self) -> list[str]:
        """The terminal's own colours, then the themes that have colours of their own."""
        return [TERMINAL, *sorted(name for name, theme in self._app.available_themes.items() if not theme.ansi)]

    def begin(self, name: str) -> str:
        """Use a theme from the start. Returns why it is not used, or ""."""
        is_known = name in self._app.available_themes
        self.show(name if is_known else TERMINAL)
        path = settings_file(self._app.home)
        return "" if is_known else f"{path}: theme: there is no {name[:40]!r}; there are {', '.join(self.names)}"

    def show(self, name: str) -> None:
        """Draw everything in the colours of a theme."""
        app = self._app
        if name == app.theme and app.is_running:
            return
        app.theme = name
        theme = app.available_themes[name]
        app.base_style = None
        if not theme.ansi:
            colours = theme.to_color_system().generate()
            app.base_style = Style(color=colours["foreground"], bgcolor=colours["background"])
        if app.is_running:
            for screen in app.screen_stack:
                screen.refresh(layout=True)
                for widget in screen.walk_children():
                    widget.refresh()

    def choose(self, press: Press) -> None:
        """Open the list of themes."""
        before = self._app.theme

        def chosen(name: str | None) -> None:
            self.show(name or before)
            if name is not None:
                self._keep(name)

        self._app.push_screen(ThemeList(self.names, before, self.show), chosen)

    def _keep(self, name: str) -> None:
        """Write a theme to the settings, for the next start."""
        try:
            keep_setting(self._app.home, "theme", name)
        except AlleleError as error:
            self._app.say(str(error), bad=True)
        else:
            self._app.say(f"theme {name}: kept in {settings_file(self._app.home)}")
