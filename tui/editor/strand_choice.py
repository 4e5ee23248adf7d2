"""The actions that choose a pane's strand: the next one, the previous one, or one from a list."""

from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.model.editor import NAMES
from tui.screens.strand_list import StrandList


class StrandChoice:
    """Carries out the actions that show another open strand."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context
        self.editor, self.session = context.editor, context.session

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "pane.next_strand": self.pane_next_strand,
            "pane.prev_strand": self.pane_prev_strand,
            "pane.strands": self.pane_strands,
        }

    def pane_next_strand(self, press: Press) -> None:
        self._step_strand(press.count or 1)

    def pane_prev_strand(self, press: Press) -> None:
        self._step_strand(-(press.count or 1))

    def _step_strand(self, by: int) -> None:
        names = list(self.session.strands)
        now = self.editor.pane.strand
        if names and names != [now]:
            at = (names.index(now) if now in names else -1) + by
            self.show_in_pane(names[at % len(names)])
        else:
            self.context.say("no other strand is open: {file.open} opens a sound")

    def pane_strands(self, press: Press) -> None:
        panes = [(pane.strand, name) for pane, name in zip(self.editor.panes, NAMES, strict=True)]
        shown = {strand: "".join(n for s, n in panes if s == strand) for strand, _ in panes if strand}
        infos = list(self.session.strands.values())
        self.context.app.push_screen(StrandList(infos, shown, NAMES[self.editor.focus]), self._chosen)

    def _chosen(self, strand: str | None) -> None:
        if strand is not None:
            self.show_in_pane(strand)

    def show_in_pane(self, strand: str) -> None:
        """Show an open strand in the focused pane, at its last position."""
        self.context.spawn(self._show(strand, self.editor.focus))

    async def _show(self, strand: str, index: int) -> None:
        await self.context.app.files.show_strand(strand, index)
        info = self.session.strands.get(strand)
        if info is not None:
            count = len(self.session.strands)
            which = list(self.session.strands).index(strand) + 1
            self.context.say(
                f"{info.meta.name} is strand {NAMES[index]} ({which} of {count} open; {{pane.strands}} lists them)"
            )
