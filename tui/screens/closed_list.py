"""The list of closed strands: type a few letters to filter it, Enter reopens a strand."""

from datetime import datetime

from protocol.messages.strands import ClosedStrands, StrandInfo
from tui.model.words import plural
from tui.screens.chooser import Chooser
from tui.widgets.rows import Row


class ClosedList(Chooser):
    """Returns the id of a closed strand, or None."""

    def __init__(self, closed: ClosedStrands) -> None:
        super().__init__("Which closed strand?  Enter reopens it with its edits")
        self._trash = list(zip(closed.strands, closed.closed_s, strict=True))

    def found(self, text: str) -> list[Row]:
        words = text.lower().split()
        found = [(one, closed_s) for one, closed_s in self._trash if all(word in _named(one) for word in words)]
        return [Row(_row(one, closed_s), one.id) for one, closed_s in found] or [Row("no closed strand has this name")]


def _named(one: StrandInfo) -> str:
    return f"{one.meta.name} {one.meta.model}".lower()


def _row(one: StrandInfo, closed_s: float) -> str:
    """Return a row of at most 80 columns: name, time of closing, number of edits, model."""
    when = datetime.fromtimestamp(closed_s).strftime("%Y-%m-%d %H:%M")
    edits = plural(one.undo_depth, "edit") if one.undo_depth else "untouched"
    return f"{one.meta.name[:30]:<30} {when}  {edits:<11} {one.meta.model[:20]}"
