"""The actions that cut: crop, cut, split at the cursor, and saving the selection to a file.

The other operations of `protocol.cutting` are carried out by tui.editor.operations, as their rows state. After a cut
the old selection would lie on other frames, so it is dropped and the cursor moves to where frames are missing.
"""

from dataclasses import replace
from pathlib import Path

from msgspec.structs import replace as replaced

from protocol.edits import Edit, format_edit
from protocol.errors import AlleleError
from protocol.messages.snapshots import EditSnapshot
from protocol.messages.strands import GetStrand, OpenStrand
from protocol.ranges import FrameRange
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.editor.saving import Files
from tui.editor.sending import EditSender
from tui.model.editor import NAMES
from tui.model.grid import StrandGrid
from tui.model.save_names import offered_name
from tui.model.timing import part_of


class Cutting:
    """Carries out the actions that cut strands into parts."""

    def __init__(self, context: EditorContext, sender: EditSender, files: Files) -> None:
        self.context, self.sender, self.files = context, sender, files
        self.editor, self.session = context.editor, context.session

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "edit.crop": self.edit_crop,
            "edit.cut": self.edit_cut,
            "edit.split": self.edit_split,
            "file.save_selection": self.ask_to_save_selection,
        }

    def edit_crop(self, press: Press) -> None:
        """Keep only the selected frames."""
        here = self.context.here()
        if here is not None:
            self.context.spawn(self._cut(here[0], self.editor.make(Edit(op="crop"), here[1]), 0))

    def edit_cut(self, press: Press) -> None:
        """Remove the selected frames, or as many as the count, and keep them in a register."""
        here = self.context.here(press.count)
        if here is not None:
            register = press.register or self.session.edits.registers.unnamed
            edit = self.editor.make(Edit(op="cut", options={"into": register}), here[1])
            self.context.spawn(self._cut(here[0], edit, here[1].frames.first))

    async def _cut(self, grid: StrandGrid, edit: Edit, at: int) -> None:
        applied = await self.session.edits.apply_edit(grid.id, edit)
        self.sender.applied(applied, self.session.readable(format_edit(edit)))
        if applied is not None:
            self._move_to(grid.id, at)

    def _move_to(self, strand: str, frame: int) -> None:
        """Drop the selection in the pane of a strand that lost frames, and set its cursor."""
        if self.editor.pane.strand == strand:
            self.editor.pane.selection = None
            self.editor.place(replace(self.editor.pane.cursor, frame=frame), self.context.grids())
            self.context.moved()

    # --- splitting ---------------------------------------------------------------------------------------

    def edit_split(self, press: Press) -> None:
        """Split the strand before the cursor's frame."""
        if self.context.grid is not None:
            self.split(self.context.grid, self.editor.pane.cursor.frame)

    def split(self, grid: StrandGrid, at: int) -> None:
        """Split a strand: frames from `at` on become a new strand, and are removed from this one."""
        self.context.spawn(self._split(grid, at))

    async def _split(self, grid: StrandGrid, at: int) -> None:
        if not 0 < at < grid.frames:
            problem = f"{grid.name} cannot be split at frame {at}: one part would be empty"
            raise AlleleError("E_RANGE", problem, hint=f"choose a frame from 1 to {grid.frames - 1}")
        whole = await self.session.ask(GetStrand(strand=grid.id))
        rest = Edit(op="crop", frames=FrameRange(at))
        made = await self.session.ask(EditSnapshot(meta=whole.body.meta, edits=[rest]), buffers=whole.buffers)
        applied = await self.session.edits.apply_edit(grid.id, Edit(op="crop", frames=FrameRange(0, at)))
        if applied is None:
            return
        names = {info.meta.name for info in self.session.strands.values()}
        meta = replaced(made.body.meta, name=next_name(grid.name, names))
        opened = (await self.session.ask(OpenStrand(meta=meta), buffers=made.buffers)).body
        self.session.strands[opened.id] = opened
        self._move_to(grid.id, at - 1)
        where = "{pane.strands} lists it"
        if self.editor.other.strand is None:
            index = 1 - self.editor.focus
            await self.context.app.files.show_strand(opened.id, index)
            where = f"in pane {NAMES[index]}"
        self.context.say(
            f"split before frame {at} ({grid.seconds(at):.2f} s): what follows is {meta.name}, {where}; "
            f"{{edit.undo}} puts it back here too"
        )

    # --- saving the selection ----------------------------------------------------------------------------

    def ask_to_save_selection(self, press: Press) -> None:
        """Ask for the file to which the selected frames are written."""
        here = self.context.here()
        if here is None:
            return
        grid, rect = here
        frames = rect.frames
        stem, meta = f"{Path(grid.name).stem}-{frames.first}-{frames.past}", grid.info.meta
        part = part_of(frames, meta)
        cut = part.samples(meta.samples, meta.hop_length)
        what = f"save {frames} ({(cut.past - cut.first) / meta.sample_rate:.2f} s)"
        self.files.ask_for_file(what, offered_name(stem, self.files.folder), part)


def next_name(name: str, taken: set[str]) -> str:
    """Return the first of `NAME-2`, `NAME-3` and so on that no strand has."""
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"
