"""Sends edits to the daemon.

An edit is sent at once and drawn when the daemon acknowledges it (under a millisecond over ipc). Held keys are
pipelined, see tui.model.pending. Notes of the daemon ("cropped to …") are shown on the last line.
"""

from protocol.edits import Edit, format_edit
from protocol.errors import AlleleError
from protocol.messages.strands import EditApplied
from tui.editor.context import EditorContext
from tui.model.changes import Repeatable


class EditSender:
    """Sends edits and shows the daemon's answers."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context

    def submit(self, strand: str, edit: Edit) -> None:
        """Send an edit of a strand and show the daemon's notes about it."""
        self.context.spawn(self.send(strand, edit))

    async def send(self, strand: str, edit: Edit) -> None:
        """Send an edit of a strand, wait for the daemon, and show its notes.

        Raises:
            AlleleError: the daemon refuses the edit.
        """
        applied = await self.context.session.edits.apply_edit(strand, edit)
        text = format_edit(edit) if applied is None else applied.edit  # which has the seed that was drawn
        self.applied(applied, self.context.session.readable(text))

    async def send_answer(self, op: str, strand: str, edit: Edit, before: tuple[str | None, Repeatable | None]) -> None:
        """Send the edit of a prompt's answer. If it is refused, the prompt offers and `.` repeats what worked before.

        Args:
            before: the answer that the prompt offered for `op`, and the edit that `.` repeated.
        """
        editor = self.context.editor
        offered, last = editor.remembered.get(op), editor.last
        try:
            await self.send(strand, edit)
        except AlleleError:
            if editor.remembered.get(op) == offered:
                editor.remembered.pop(op)
                editor.remembered |= {} if before[0] is None else {op: before[0]}
            editor.last = before[1] if editor.last is last else editor.last
            raise

    def applied(self, applied: EditApplied | None, done: str) -> None:
        """Show the result of an edit; nothing when it failed after an earlier, reported edit of its burst."""
        if applied is None:
            return
        notes = "; ".join(applied.notes)
        if (
            notes or not self.context.editor.painting.is_on
        ):  # in paint mode the cells show the result, and the line shows what to type
            self.context.say(f"{done}{' - ' + notes if notes else ''}")
        self.context.draw()
