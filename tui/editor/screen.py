"""The editor screen: two strands, A over B, composed of the parts of this folder.

Data flow: a key is an action's handler in one of the parts; a part changes the `Editor` model or sends an edit, and
`draw` brings the panes (tui.editor.pane_view) and the lines (tui.editor.words) up to date.
"""

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical

from tui.actions.situation import Situation
from tui.editor.commands import CommandLine
from tui.editor.context import EditorContext
from tui.editor.continuing import Continuing
from tui.editor.cutting import Cutting
from tui.editor.direct import Direct
from tui.editor.finding import Finding
from tui.editor.hearing import Hearing
from tui.editor.motions import Motions
from tui.editor.mouse import Mouse
from tui.editor.operations import Operations
from tui.editor.painting import PaintMode
from tui.editor.pane_sizes import PaneSizes
from tui.editor.pane_view import PaneView
from tui.editor.saving import Files
from tui.editor.sending import EditSender
from tui.editor.strand_choice import StrandChoice
from tui.editor.timing import Timing
from tui.editor.varying import Varying
from tui.editor.viewing import Viewing
from tui.editor.words import EditorWords
from tui.model.viewport import GUTTER
from tui.screens.base import BaseScreen
from tui.widgets.code_grid import CodeGrid
from tui.widgets.lines import Part
from tui.widgets.strips import TimeStrip

if TYPE_CHECKING:
    from tui.app import AlleleApp


class EditorScreen(BaseScreen):
    """The editor screen with both panes."""

    NAME = "editor"

    def __init__(self, app: "AlleleApp") -> None:
        super().__init__()
        self.context = context = EditorContext(app, self)
        self.editor_words = EditorWords(context)
        self.view = PaneView(context, self.set_timer)
        sender, hearing = EditSender(context), Hearing(context)
        sizing = PaneSizes(context)
        timing = Timing(context, hearing, sender)
        motions, viewing, finding = Motions(context, hearing, timing), Viewing(context), Finding(context, hearing)
        strands, files, operations = StrandChoice(context), Files(context), Operations(context, sender)
        cutting, varying, direct = Cutting(context, sender, files), Varying(context), Direct(context, operations)
        self.paint_mode = PaintMode(context, operations, sender)
        self.command_line = CommandLine(
            context,
            sender=sender,
            motions=motions,
            viewing=viewing,
            finding=finding,
            strands=strands,
            files=files,
            cutting=cutting,
            varying=varying,
            timing=timing,
        )
        self.mouse = Mouse(context)
        parts = (
            hearing,
            motions,
            viewing,
            finding,
            strands,
            files,
            operations,
            cutting,
            varying,
            Continuing(context),
            timing,
            sizing,
            direct,
        )
        for part in (*parts, timing, sizing, direct, self.paint_mode, self.command_line, self.editor_words):
            self.handlers = {**self.handlers, **part.handlers()}

    def compose_body(self) -> ComposeResult:
        for pane in self.view.widgets:
            with Vertical(classes="pane"):
                yield from pane.all()

    def draw(self) -> None:
        """Lay out and redraw both panes and the lines."""
        if not self.is_mounted or self.size.width < GUTTER + 2:
            return
        self.view.draw(self.size)
        super().draw()
        self.app.cursor_position = self.view.cursor_place()
        self.allele.show_cursor(self.context.editor.cursor_shown)

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "playhead":
            editor = self.context.editor
            if editor.before and not self.allele.sound.playing:
                editor.before = False
                self.draw()
            self.view.follow_playhead(self.size.width)
            self.lines.draw_top()
        elif topic != "training":
            self.draw()

    def on_code_grid_pressed(self, event: CodeGrid.Pressed) -> None:
        """Move the cursor to the pressed cell, or select to the cell that the mouse was dragged to."""
        index = 0 if event.grid is self.view.widgets[0].grid else 1
        self.mouse.press(index, event.cursor, is_drag=event.is_drag)

    def on_time_strip_pressed(self, event: TimeStrip.Pressed) -> None:
        """Move the cursor to a time of the ruler or the waveform, or select all levels to it."""
        first = self.view.widgets[0]
        self.mouse.press_time(0 if event.strip in (first.ruler, first.wave) else 1, event.column, is_drag=event.is_drag)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move later in time; with Shift to deeper levels, with Ctrl zoom out."""
        self._wheel(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move earlier in time; with Shift to coarser levels, with Ctrl zoom in."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, way: int) -> None:
        editor = self.context.editor
        index = editor.focus if editor.split.zoomed else int(event.screen_y >= self.view.widgets[1].header.region.y)
        self.mouse.wheel(index, way, levels=event.shift, zooms=event.ctrl)
        event.stop()

    def takes(self, token: str) -> bool:
        """Offer a key to paint mode before the keymap reads it."""
        return self.paint_mode.takes(token)

    # --- content of the lines ----------------------------------------------------------------------------

    def situation(self) -> Situation:
        return self.editor_words.situation()

    def top_words(self) -> str:
        return self.editor_words.top(self.size.width)

    def bottom_words(self) -> list[Part]:
        return self.editor_words.bottom()

    def mode_words(self) -> list[Part]:
        return self.editor_words.mode() or super().mode_words()

    def mode_right(self) -> list[Part]:
        return self.editor_words.mode_right()

    def hints(self) -> list[tuple[str, str]]:
        return self.editor_words.hints()
