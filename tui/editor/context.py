"""The context that all parts of the editor screen share: the model, the session, the sound and the screen's lines.

The parts are composed in tui.editor.screen. No part uses another part's widgets; a part receives the parts it needs in
its constructor.
"""

from collections.abc import Coroutine
from shlex import quote
from typing import TYPE_CHECKING, Any

from protocol.ranges import Rect
from tui.actions.press import Press
from tui.model.atlas import CodeAtlas, Colours
from tui.model.completion import Completer
from tui.model.editor import Editor
from tui.model.grid import StrandGrid
from tui.model.job_words import measuring_words
from tui.model.library import missing_words
from tui.model.surprise import SurpriseMap
from tui.session.session import Session
from tui.sound import Sound

if TYPE_CHECKING:
    from tui.app import AlleleApp
    from tui.screens.base import BaseScreen
    from tui.widgets.prompt import Answer, Prompt


class EditorContext:
    """What a part of the editor can use of the application and the screen."""

    def __init__(self, app: "AlleleApp", screen: "BaseScreen") -> None:
        self.app, self._screen = app, screen
        self.editor: Editor = app.editor
        self.session: Session = app.session
        self.sound: Sound = app.sound

    # --- strands on screen -------------------------------------------------------------------------------

    def grid_of(self, index: int) -> StrandGrid | None:
        """Return the grid of a pane, or None while it is empty or not fetched yet."""
        return self.session.grids.get(self.editor.panes[index].strand or "")

    def grids(self) -> list[StrandGrid | None]:
        """Return the grids of both panes."""
        return [self.grid_of(0), self.grid_of(1)]

    @property
    def grid(self) -> StrandGrid | None:
        """The grid of the focused pane, or None."""
        return self.grid_of(self.editor.focus)

    def here(self, count: int | None = None) -> tuple[StrandGrid, Rect] | None:
        """Return the focused strand and the rectangle to change: the selection, or `count` cells from the cursor on."""
        grid = self.grid
        return None if grid is None else (grid, self.editor.pane.rect(grid, count))

    def colours_of(self, grid: StrandGrid) -> Colours:
        """Return the meaning of a strand's colours as far as fetched; an empty one if its model is not installed."""
        model = self.session.model_of(grid.info.meta)
        return Colours() if model is None else self.session.atlases.colours(model.name, self.editor.descriptor)

    def no_prior(self, grid: StrandGrid) -> str:
        """Say why a strand's cells cannot be scored or drawn: its model has no prior; "" if it has one."""
        model = self.session.model_of(grid.info.meta)
        if model is None:
            return missing_words(grid.info.meta)
        train = f"allele train {quote(model.corpus)} --name {quote(model.name)} --resume"
        return "" if model.prior is not None else f"this model has no prior: {train}"

    def surprise_of(self, grid: StrandGrid) -> SurpriseMap | None:
        """Return what colours a strand's cells if it is their surprise, else None."""
        model = self.session.model_of(grid.info.meta)
        is_shown = self.editor.surprise and model is not None and model.prior is not None
        return self.session.surprises.of(grid) if is_shown else None

    def atlas_of(self, grid: StrandGrid) -> CodeAtlas | None:
        """Return the atlas of a strand's model if it was fetched, else None."""
        model = self.session.model_of(grid.info.meta)
        return None if model is None else self.session.atlases.get(model.name)

    def measuring(self, grid: StrandGrid) -> str:
        """Say that the codes of a strand's model are being measured, and for how long; "" when they are not."""
        model = self.session.model_of(grid.info.meta)
        return "" if model is None else measuring_words(self.session.jobs.values(), model.name)

    # --- the screen --------------------------------------------------------------------------------------

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a sentence on the last line."""
        self._screen.say(text, bad=bad)

    @property
    def prompt(self) -> "Prompt":
        """The prompt of the screen. `ask` opens it."""
        return self._screen.prompt

    def ask(
        self,
        label: str,
        answered: "Answer",
        *,
        value: str = "",
        typed: str = "",
        is_path: bool = False,
        completer: Completer | None = None,
        kind: str = "",
        wants: str = "",
    ) -> None:
        """Open the prompt. `answered` is called with the text on Enter; see `Prompt.ask`."""
        self._screen.prompt.ask(
            label, answered, value=value, typed=typed, is_path=is_path, completer=completer, kind=kind, wants=wants
        )

    @property
    def waiting(self) -> str:
        """The keys of a partial command."""
        return self._screen.keys.waiting

    def clear_message(self) -> None:
        """Remove the sentence on the last line."""
        self._screen.lines.clear()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine; an AlleleError becomes a sentence on the last line."""
        self.session.spawn(work)

    def draw(self) -> None:
        """Redraw what changed on the screen."""
        self._screen.draw()

    def remember(self) -> None:
        """Schedule saving the workspace."""
        self.app.remember()

    def moved(self) -> None:
        """Redraw and save the workspace after the cursor, the selection or the playback settings changed."""
        self.draw()
        self.remember()

    def run(self, action_id: str, press: Press | None = None) -> None:
        """Run an action of this screen, or show why it is not possible."""
        self._screen.carry_out(action_id, press or Press())

    def run_visible(self, action_id: str, press: Press) -> None:
        """Run an action on the visible screen, which need not be the editor."""
        (self.app.top_screen or self._screen).carry_out(action_id, press)
