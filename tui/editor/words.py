"""The editor's lines of text: the top bar, the cell under the cursor, the mode, and the state that checks read."""

from protocol.ranges import Rect
from tui.actions.press import Handlers, Press
from tui.actions.situation import Situation
from tui.editor.context import EditorContext
from tui.model.editor import NAMES
from tui.model.grid import StrandGrid
from tui.model.words import describe_cell, describe_rect
from tui.screens.base import NARROW
from tui.widgets.lines import BOLD, DIM, PLAIN, Part


class EditorWords:
    """The text of the lines around the two panes."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context
        self.editor, self.session, self.sound = context.editor, context.session, context.sound

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {"view.describe": self._describe}

    def situation(self) -> Situation:
        """Return the state that decides which actions are possible now."""
        grid, other = self.context.grid, self.context.grid_of(1 - self.editor.focus)
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            strand=grid is not None,
            other=other is not None,
            same_model=grid is None or other is None or grid.info.meta.codec_id == other.info.meta.codec_id,
            selection=self.editor.pane.selection is not None,
            undo=grid.info.undo_depth if grid else 0,
            redo=grid.info.redo_depth if grid else 0,
            tempo=grid is not None and grid.tempo is not None,
            no_prior="" if grid is None else self.context.no_prior(grid),
            repeatable=self.editor.last is not None,
            sound=self.sound.why_not,
            strands=len(self.session.strands),
            sought=self.editor.sought is not None,
        )

    def top(self, width: int) -> str:
        """Return the transport, and the model and size of the focused strand, in `width` columns."""
        grid = self.context.grid
        if grid is None:
            return "Editor"
        meta = grid.info.meta
        model = self.session.model_of(meta)
        name = meta.model if model is None else model.name
        transport = self.transport(grid)
        if width < NARROW:
            return f"{transport}  {name} · {grid.levels} × {grid.codebook}"
        return f"{transport}   {name} · {grid.levels} levels × {grid.codebook} · {meta.frame_rate:.1f} frames/s"

    def transport(self, grid: StrandGrid) -> str:
        """Return what is heard and where, as in `▶ 1.42 / 9.98 s, bar 2.3`; the cursor's time while nothing plays."""
        playing = next(
            (one for one in self.context.grids() if one is not None and self.sound.played(one) is not None), None
        )
        heard = playing or grid
        cursor = self.editor.pane.cursor.inside(grid.levels, grid.frames)
        frame = cursor.frame if playing is None else self.sound.playhead(playing) or 0
        mark = " " if playing is None else ">" if self.context.app.tier.glyphs else "▶"
        name = f"{NAMES[self.context.grids().index(playing)]} " if playing is not None and playing is not grid else ""
        tempo = heard.tempo  # a beat may begin in the first half of a frame: the middle of a frame is in its beat
        bar = "" if tempo is None else f", bar {tempo.place_at(heard.seconds(frame + 0.5))}"
        return f"{mark} {name}{heard.seconds(frame):.2f} / {heard.seconds(heard.frames):.2f} s{bar}"

    def bottom(self) -> list[Part]:
        """Return a description of the cell under the cursor."""
        grid = self.context.grid
        if grid is None:
            return [(" {file.open} opens a sound here; {go.library} is the library; {app.help} shows every key", PLAIN)]
        words = self._cell(grid)
        zoom = self.editor.pane.zoom
        return [(f" {words}" if zoom == 1 else f" first of {zoom}: {words}", PLAIN)]

    def _cell(self, grid: StrandGrid) -> str:
        cursor = self.editor.pane.cursor.inside(grid.levels, grid.frames)
        other = self.context.grid_of(1 - self.editor.focus)
        known = self.context.surprise_of(grid)
        surprise = "" if known is None else known.words(cursor.level, cursor.frame) or "? bits"
        words = describe_cell(grid, cursor, self.context.atlas_of(grid), other, self.editor.other_name, surprise)
        return " · ".join(filter(None, (words, self.context.measuring(grid))))

    def _describe(self, press: Press) -> None:
        self.context.say(self.description())

    def description(self) -> str:
        """Return everything about the cell: position, code, selection, playback, and the frames on the page."""
        grid, editor = self.context.grid, self.editor
        if grid is None:
            return f"pane {editor.own_name} is empty"
        pane = editor.pane
        cursor = pane.cursor.inside(grid.levels, grid.frames)
        words = [f"strand {editor.own_name}, {grid.name}", self._cell(grid)]
        if pane.selection is not None:
            words.append(f"selected {describe_rect(pane.rect(grid), grid)}")
        if cursor.level in editor.silent_levels(grid.levels):
            words.append("this level is not heard")
        marks = [letter for letter, place in editor.marks.get(grid.id, {}).items() if place[1] == cursor.frame]
        if marks:
            words.append(f"mark {', '.join(marks)}")
        last = min(grid.frames, pane.first_frame + pane.page_frames) - 1
        words.append(f"the page shows frames {pane.first_frame} to {last} of {grid.frames}, {pane.zoom} in a cell")
        return "; ".join(words)

    def mode(self) -> list[Part] | None:
        """Return the last line while an edit is computed, in paint mode or with a selection; None otherwise."""
        grid, painting = self.context.grid, self.editor.painting
        if grid is not None and grid.id in self.session.edits.slow:
            drawn = self.session.edits.drawn.get(grid.id)
            words = "please wait" if drawn is None else drawn.words()
            return [
                (" COMPUTING ", BOLD),
                (f" {words}; {{select.drop}} stops it and leaves the strand as it is", PLAIN),
            ]
        if painting.is_on:
            typed = f"{painting.typed}_" if painting.typed else "type a code"
            return [(" PAINT ", BOLD), (f" {typed}  Space writes it, . skips a frame, Esc ends", PLAIN)]
        if grid is not None and self.editor.pane.selection is not None:
            rect: Rect = self.editor.pane.rect(grid)
            swap = f"  {self.editor.swap_words(rect)}" if self.context.grid_of(1 - self.editor.focus) else ""
            return [(" VISUAL ", BOLD), (f" {describe_rect(rect, grid)} {swap}", PLAIN)]
        return None

    def mode_right(self) -> list[Part]:
        """Return the keys that change a selection."""
        grid = self.context.grid
        if grid is None or self.editor.pane.selection is None or grid.id in self.session.edits.slow:
            return []
        hints = {
            "edit.copy": "copy",
            "edit.set": "set",
            "play.selection": "hear",
            "select.corner": "corner",
            "select.drop": "clear ",
        }
        return [(f"  {{{action}}} {words}", DIM) for action, words in hints.items()]

    def hints(self) -> list[tuple[str, str]]:
        """Return the most important keys with their function."""
        return [
            ("select.start", "select"),
            ("edit.swap", "swap"),
            ("play.toggle", "play"),
            ("edit.undo", "undo"),
            ("pane.link", f"panes {'linked' if self.editor.linked else 'unlinked'}"),
            ("pane.other", "A/B"),
            ("app.command", "command"),
            ("app.help", "help"),
        ]
