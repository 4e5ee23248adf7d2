"""The list of open strands: type a few letters, Enter shows the strand in the pane."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from protocol.messages import StrandInfo
from tui.model.words import plural
from tui.widgets.lines import BOLD, TextLine
from tui.widgets.rows import Row, Rows


class StrandList(ModalScreen[str | None], inherit_bindings=False):
    """Gives back the id of a strand, or None. shown: where strands are on screen, id to the pane's letter."""

    def __init__(self, strands: list[StrandInfo], shown: dict[str, str], pane: str) -> None:
        super().__init__()
        self._strands, self._shown, self._pane = strands, shown, pane
        self.rows = Rows("palette-rows")

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield TextLine("palette-title")
            yield Input(id="palette-input", compact=True)
            yield self.rows

    def on_mount(self) -> None:
        title = f" Which strand for pane {self._pane}?  Enter shows it, Esc leaves"
        self.query_one("#palette-title", TextLine).show([(title, BOLD)])
        self._fill("")
        self.query_one("#palette-input").focus()

    def _fill(self, text: str) -> None:
        words = text.lower().split()
        found = [one for one in self._strands if all(word in one.meta.name.lower() for word in words)]
        self.rows.fill([Row(self._row(one), one.id) for one in found] or [Row("no open strand is called so")])

    def _row(self, one: StrandInfo) -> str:
        meta = one.meta
        edits = plural(one.undo_depth, "edit") if one.undo_depth else "untouched"
        seconds = meta.frames / meta.frame_rate
        return f"{self._shown.get(one.id, ' '):<2} {meta.name:<36} {seconds:8.2f} s  {meta.model:<16} {edits}"

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another letter."""
        event.stop()
        self._fill(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        chosen = self.rows.current
        self.dismiss(chosen if isinstance(chosen, str) else None)

    def on_key(self, event: events.Key) -> None:
        """Keys that the input left."""
        if event.key in ("escape", "ctrl+c"):
            self.dismiss(None)
        elif event.key in ("down", "ctrl+n", "tab"):
            self.rows.step(1)
        elif event.key in ("up", "shift+tab"):
            self.rows.step(-1)
        else:
            return
        event.stop()
        event.prevent_default()
