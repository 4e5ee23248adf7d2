"""What every part of the editor screen works with: the model, the session, the sound, and the screen's lines.

The parts are composed in tui.editor.screen. None of them knows another part's widgets; what one needs of another is
handed to its constructor.
"""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from protocol.ranges import Rect
from tui.actions.press import Press
from tui.model.atlas import CodeAtlas, Colours
from tui.model.editor import Editor
from tui.model.grid import StrandGrid
from tui.session.session import Session
from tui.sound import Sound

if TYPE_CHECKING:
    from tui.app import AlleleApp
    from tui.screens.base import BaseScreen


class EditorContext:
    """The surroundings of a part of the editor."""

    def __init__(self, app: "AlleleApp", screen: "BaseScreen") -> None:
        self.app, self._screen = app, screen
        self.editor: Editor = app.editor
        self.session: Session = app.session
        self.sound: Sound = app.sound

    # --- strands on screen -------------------------------------------------------------------------------

    def grid_of(self, index: int) -> StrandGrid | None:
        """The grid of a pane; None while it is empty or not fetched yet."""
        return self.session.grids.get(self.editor.panes[index].strand or "")

    def grids(self) -> list[StrandGrid | None]:
        """The grids of both panes."""
        return [self.grid_of(0), self.grid_of(1)]

    @property
    def grid(self) -> StrandGrid | None:
        """The focused pane's grid."""
        return self.grid_of(self.editor.focus)

    def here(self, count: int | None = None) -> tuple[StrandGrid, Rect] | None:
        """The focused strand and what an operation acts on: the selection, or `count` cells from the cursor on."""
        grid = self.grid
        return None if grid is None else (grid, self.editor.pane.rect(grid, count))

    def colours_of(self, grid: StrandGrid) -> Colours:
        """What this strand's colours mean, as far as it is known by now; nothing where its model is not here."""
        model = self.session.model_of(grid.info.meta)
        return Colours() if model is None else self.session.atlases.colours(model.name, self.editor.descriptor)

    def atlas_of(self, grid: StrandGrid) -> CodeAtlas | None:
        """What this strand's codes do, as far as it is known by now; None where its model is not here."""
        model = self.session.model_of(grid.info.meta)
        return None if model is None else self.session.atlases.get(model.name)

    # --- the screen --------------------------------------------------------------------------------------

    def say(self, text: str, *, bad: bool = False) -> None:
        """Show a sentence on the last line."""
        self._screen.say(text, bad=bad)

    def hint(self, text: str) -> None:
        """Show a sentence on the line above the prompt until the next key."""
        self._screen.words.show(text)

    def ask(
        self,
        label: str,
        answered: Callable[[str], None],
        *,
        value: str = "",
        is_path: bool = False,
        is_offer: bool = False,
    ) -> None:
        """Open the prompt. `answered` is called with the text on Enter; see `Prompt.ask`."""
        self._screen.prompt.ask(label, answered, value=value, is_path=is_path, is_offer=is_offer)

    @property
    def waiting(self) -> str:
        """Keys that were typed and wait for more."""
        return self._screen.keys.waiting

    def clear_message(self) -> None:
        """Forget the sentence on the last line."""
        self._screen.lines.clear()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine; an AlleleError becomes a sentence on the last line."""
        self.session.spawn(work)

    def draw(self) -> None:
        """Bring the screen up to date."""
        self._screen.draw()

    def remember(self) -> None:
        """Keep the workspace soon."""
        self.app.remember()

    def moved(self) -> None:
        """Draw and keep the workspace: the cursor, the selection or what is heard changed."""
        self.draw()
        self.remember()

    def run(self, action_id: str, press: Press | None = None) -> None:
        """Carry an action of this screen out, or say why it cannot be."""
        self._screen.carry_out(action_id, press or Press())

    def run_visible(self, action_id: str, press: Press) -> None:
        """Carry an action out on the screen that is visible, which need not be the editor."""
        (self.app.top_screen or self._screen).carry_out(action_id, press)
