"""Variations of a random edit: several takes with other seeds, heard in a list before one is applied.

Data flow: an edit with N seeds → N snapshots by the daemon → the list of takes (tui.screens.takes). The strand does not
change before a take is applied.
"""

from msgspec.structs import replace

from protocol.edits import Edit, parse_edit
from protocol.errors import AlleleError
from protocol.messages.snapshots import EditSnapshot
from protocol.messages.strands import GetStrand
from protocol.ranges import FrameRange
from protocol.strands import StrandMeta
from tui.actions.press import Handlers
from tui.editor.context import EditorContext
from tui.model.changes import at_rect
from tui.model.grid import StrandGrid
from tui.model.variations import MOST_TAKES, is_random, take_name, variation
from tui.screens.takes import Take, TakeList

USUAL_TAKES = 8
USUAL = "mutate 0.3"


class Varying:
    """Carries out `edit.vary` and the `:vary` command."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context
        self.editor, self.session = context.editor, context.session

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {"edit.vary": lambda press: self.vary(press.count or USUAL_TAKES)}

    def vary(self, count: int, edit: Edit | None = None) -> None:
        """Make takes of an edit and list them; by default of the last random edit, at the selection if there is one."""
        is_placed = edit is not None and (edit.levels is not None or edit.frames is not None)
        self.context.spawn(self._vary(count, edit or self._usual(), is_placed=is_placed))

    def _usual(self) -> Edit:
        """Return the last edit if it was random, without its seed, else a usual one."""
        last = None if self.editor.last is None else self.editor.last.edit
        if last is None or not is_random(last):
            return parse_edit(USUAL)
        return replace(last, options={key: value for key, value in last.options.items() if key != "seed"})

    def _edits(self, grid: StrandGrid, count: int, edit: Edit, *, is_placed: bool) -> list[Edit]:
        """Return the edit with the seed of each take, at the selection unless it has a place of its own.

        Raises:
            AlleleError: E_BAD_EDIT for too many takes or an edit that is not random.
        """
        if not 1 <= count <= MOST_TAKES:
            raise AlleleError("E_BAD_EDIT", f"{count} takes cannot be made", hint=f"1 to {MOST_TAKES} at once")
        if not is_placed and self.editor.pane.selection is not None:
            edit = at_rect(edit, self.editor.pane.rect(grid))
        return [variation([edit], take)[0] for take in range(count)]

    async def _vary(self, count: int, edit: Edit, *, is_placed: bool) -> None:
        grid = self.context.grid
        if grid is None:
            raise AlleleError("E_NOT_FOUND", "this pane is empty", hint=":open FILE")
        edits = self._edits(grid, count, edit, is_placed=is_placed)
        self.context.say(f"making {count} takes ...")
        strand = await self.session.ask(GetStrand(strand=grid.id))
        buffers = list(strand.buffers)
        others: list[StrandMeta] = []
        names: dict[str, int] = {}
        if (name := edits[0].other) is not None:
            other = await self.session.ask(GetStrand(strand=name))
            buffers, others, names = [*buffers, *other.buffers], [other.body.meta], {name: 0}
        takes: list[Take] = []
        for number, edit in enumerate(edits, start=1):
            request = EditSnapshot(meta=strand.body.meta, edits=[edit], others=others, names=names)
            made = await self.session.ask(request, buffers=buffers, timeout_s=120.0)
            takes.append(Take(take_name(number), edit, made.body.meta, made.buffers))
        heard = FrameRange() if edits[0].frames is None else edits[0].frames
        self.context.app.show_takes(TakeList(grid, heard.until(grid.frames), takes, self.editor))
