"""Edits on their way to the daemon.

An edit is sent at once and drawn when the daemon acknowledges it (under a millisecond over ipc). Held keys are
pipelined, see tui.model.pending. Notes that come back ("cropped to …") are shown on the last line.
"""

from protocol.edits import Edit, format_edit
from protocol.messages.strands import EditApplied
from tui.editor.context import EditorContext


class EditSender:
    """Sends edits and shows what the daemon answers."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context

    def submit(self, strand: str, edit: Edit) -> None:
        """Send an edit of a strand; the daemon's notes about it are shown."""
        self.context.spawn(self._submit(strand, edit))

    async def _submit(self, strand: str, edit: Edit) -> None:
        applied = await self.context.session.edits.apply_edit(strand, edit)
        self.applied(applied, self.context.session.readable(format_edit(edit)))

    def applied(self, applied: EditApplied | None, done: str) -> None:
        """Show what was done; nothing when the edit fell with an earlier one of its burst, which was reported."""
        if applied is None:
            return
        notes = "; ".join(applied.notes)
        if notes or not self.context.editor.painting.is_on:  # painted cells are seen; the line says what to type
            self.context.say(f"{done}{' - ' + notes if notes else ''}")
        self.context.draw()
