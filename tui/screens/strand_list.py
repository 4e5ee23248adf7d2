"""The list of open strands: type a few letters to filter it, Enter shows a strand in the pane."""

from protocol.messages.strands import StrandInfo
from tui.model.words import plural
from tui.screens.chooser import Chooser
from tui.widgets.rows import Row


class StrandList(Chooser):
    """Returns the id of a strand, or None. `shown` maps ids of strands on screen to the pane's letter."""

    def __init__(self, strands: list[StrandInfo], shown: dict[str, str], pane: str) -> None:
        super().__init__(f"Which strand for pane {pane}?  Enter shows it")
        self._strands, self._shown = strands, shown

    def found(self, text: str) -> list[Row]:
        words = text.lower().split()
        found = [one for one in self._strands if all(word in one.meta.name.lower() for word in words)]
        return [Row(self._row(one), one.id) for one in found] or [Row("no open strand has this name")]

    def _row(self, one: StrandInfo) -> str:
        meta = one.meta
        edits = plural(one.undo_depth, "edit") if one.undo_depth else "untouched"
        seconds = meta.frames / meta.frame_rate
        return f"{self._shown.get(one.id, ' '):<2} {meta.name:<36} {seconds:8.2f} s  {meta.model:<16} {edits}"
