"""Operations that usually ask, applied by one key with the answer that was given last.

Each is a key of its own, so that a prompt never applies anything by itself: pressing the key is the answer.
"""

from functools import partial

from tui.actions.editing import DIRECT
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.editor.operations import Operations


class Direct:
    """Carries out the actions that apply an operation as last time."""

    def __init__(self, context: EditorContext, operations: Operations) -> None:
        self.context, self.operations = context, operations

    def handlers(self) -> Handlers:
        """Return the handlers of the actions."""
        return {f"edit.{op}_last": partial(self._apply, op) for op in DIRECT}

    def _apply(self, op: str, press: Press) -> None:
        here = self.operations.place_of(op, press.count)
        if here is not None:
            self.context.spawn(self.operations.answered(op, *here, self.operations.offer(op)))
