"""Operations that usually ask or change all of a selection, applied by one key with the answer that was given last.

Each is a key of its own, so that a prompt never applies anything by itself: pressing the key is the answer.
"""

from functools import partial

from protocol.edits import parse_edit
from tui.actions.editing import DIRECT, PARTLY
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.editor.operations import Operations


class Direct:
    """Carries out the actions that apply an operation as last time, or only to dull or odd cells."""

    def __init__(self, context: EditorContext, operations: Operations) -> None:
        self.context, self.operations = context, operations

    def handlers(self) -> Handlers:
        """Return the handlers of the actions."""
        as_last = {f"edit.{op}_last": partial(self._apply, op) for op in DIRECT}
        return as_last | {f"edit.{op}_{only}": partial(self._apply_to, op, only) for op, only in PARTLY}

    def _apply(self, op: str, press: Press) -> None:
        here = self.operations.place_of(op, press.count)
        if here is not None:
            self.context.spawn(self.operations.answered(op, *here, self.operations.offer(op)))

    def _apply_to(self, op: str, only: str, press: Press) -> None:
        """Apply an operation to the dull or the odd cells of the selection, with a new seed."""
        here = self.context.here()
        if here is not None:
            grid, rect = here
            kept = [word for word in self.operations.offer(op).split() if not word.startswith(("seed=", "only="))]
            edit = parse_edit(" ".join([op, *kept, f"only={only}"]), grid.frame_rate, grid.tempo)
            self.operations.sender.submit(grid.id, self.context.editor.make(edit, rect))
