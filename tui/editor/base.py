"""What every part of the editor screen builds on: the panes' grids, and the one way by which edits are sent.

An edit is sent at once and drawn when the daemon says so (under a millisecond over ipc). Notes that come back
("cropped to …") are said on the last line. The parts are one screen: this, hearing, view, operations, painting, keys,
commands, words, and tui.editor.screen, which draws; each builds on those before it.
"""

from protocol.edits import Edit, format_edit
from protocol.messages.strands import EditApplied
from tui.model.atlas import CodeAtlas, Colours
from tui.model.editor import Editor
from tui.model.grid import StrandGrid
from tui.model.painting import Painting
from tui.screens.base import BaseScreen


class EditorBase(BaseScreen):
    """Panes, grids, and edits on their way."""

    @property
    def painting(self) -> Painting:
        return self.editor.painting

    @property
    def editor(self) -> Editor:
        return self.allele.editor

    def grid_of(self, index: int) -> StrandGrid | None:
        """The grid of a pane, None while it is empty or not fetched yet."""
        return self.session.grids.get(self.editor.panes[index].strand or "")

    def grids(self) -> list[StrandGrid | None]:
        return [self.grid_of(0), self.grid_of(1)]

    @property
    def grid(self) -> StrandGrid | None:
        """The focused pane's grid."""
        return self.grid_of(self.editor.focus)

    def submit(self, strand: str, edit: Edit) -> None:
        """Send an edit; what the daemon notes about it is said."""
        self.spawn(self._submit(strand, edit))

    async def _submit(self, strand: str, edit: Edit) -> None:
        applied = await self.session.edit(strand, edit)
        self._applied(applied, self.session.readable(format_edit(edit)))

    def _applied(self, applied: EditApplied | None, done: str) -> None:
        if applied is not None:
            notes = "; ".join(applied.notes)
            if notes or not self.painting.is_on:  # what is painted is seen; its line says what to type
                self.say(f"{done}{' - ' + notes if notes else ''}")
            self.draw()

    def colours_of(self, grid: StrandGrid) -> Colours:
        """What this strand's colours mean, as far as it is known by now; nothing where its model is not here."""
        model = self.session.model_of(grid.info.meta)
        return Colours() if model is None else self.session.colours_now(model.name, self.editor.descriptor)

    def atlas_of(self, grid: StrandGrid) -> CodeAtlas | None:
        """What this strand's codes do, likewise."""
        model = self.session.model_of(grid.info.meta)
        return None if model is None else self.session.atlas_now(model.name)
