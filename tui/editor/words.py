"""What the editor says in words: the top bar, the cell under the cursor, the mode, hints, and why a key cannot act."""

from tui.actions.situation import Situation
from tui.editor.commands import EditorCommands
from tui.model.cursor import Rect
from tui.model.words import describe_cell, describe_rect
from tui.screens.base import NARROW
from tui.widgets.lines import BOLD, DIM, PLAIN, Part


class EditorWords(EditorCommands):
    """The lines around the two panes."""

    NAME = "editor"

    def situation(self) -> Situation:
        grid, other = self.grid, self.grid_of(1 - self.editor.focus)
        app = self.allele
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            strand=grid is not None,
            other=other is not None,
            same_model=grid is None or other is None or grid.info.meta.codec_id == other.info.meta.codec_id,
            selection=self.editor.pane.selection is not None,
            undo=grid.info.undo_depth if grid else 0,
            redo=grid.info.redo_depth if grid else 0,
            repeatable=self.editor.last is not None,
            sound=app.sound.why_not,
            strands=len(self.session.strands),
            sought=self.editor.sought is not None,
        )

    def top_words(self) -> str:
        grid = self.grid
        if grid is None:
            return "Editor"
        meta = grid.info.meta
        model = self.session.model_of(meta)
        name = meta.model if model is None else model.name
        if self.size.width < NARROW:
            return f"{name} · {grid.levels} × {grid.codebook}"
        return f"{name} · {grid.levels} levels × {grid.codebook} · {meta.frame_rate:.1f} frames/s"

    def bottom_words(self) -> list[Part]:
        grid = self.grid
        if grid is None:
            return [(" {file.open} opens a sound here; {go.library} is the library; {app.help} shows every key", PLAIN)]
        cursor = self.editor.pane.cursor.inside(grid.levels, grid.frames)
        atlas = self.atlas_of(grid)
        other = self.grid_of(1 - self.editor.focus)
        words = describe_cell(grid, cursor, atlas, other, self.editor.other_name)
        zoom = self.editor.pane.zoom
        return [(f" {words}" if zoom == 1 else f" first of {zoom}: {words}", PLAIN)]

    def do_view_describe(self, count: int | None, register: str | None) -> None:
        self.say(self.description())

    def description(self) -> str:
        """Everything about the cell: where, what, selected, heard, and how the page stands."""
        grid, editor = self.grid, self.editor
        if grid is None:
            return f"pane {editor.own_name} is empty"
        pane = editor.pane
        cursor = pane.cursor.inside(grid.levels, grid.frames)
        atlas = self.atlas_of(grid)
        other = self.grid_of(1 - editor.focus)
        words = [f"strand {editor.own_name}, {grid.name}", describe_cell(grid, cursor, atlas, other, editor.other_name)]
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

    def mode_words(self) -> list[Part]:
        grid = self.grid
        if self.painting.is_on:
            typed = f"{self.painting.typed}_" if self.painting.typed else "type a code"
            return [(" PAINT ", BOLD), (f" {typed}  Space writes it and goes on, . goes on, Esc ends", PLAIN)]
        if grid is not None and self.editor.pane.selection is not None:
            rect: Rect = self.editor.pane.rect(grid)
            swap = f"  {self.editor.swap_words(rect)}" if self.grid_of(1 - self.editor.focus) else ""
            return [(" VISUAL ", BOLD), (f" {describe_rect(rect, grid)} {swap}", PLAIN)]
        return super().mode_words()

    def mode_right(self) -> list[Part]:
        if self.grid is None or self.editor.pane.selection is None:
            return []
        hints = {
            "edit.copy": "copy",
            "edit.set": "set",
            "play.selection": "hear",
            "select.corner": "corner",
            "select.drop": "drop ",
        }
        return [(f"  {{{action}}} {words}", DIM) for action, words in hints.items()]

    def hints(self) -> list[tuple[str, str]]:
        return [
            ("select.start", "select"),
            ("edit.swap", "swap"),
            ("play.toggle", "play"),
            ("edit.undo", "undo"),
            ("pane.link", f"panes {'linked' if self.editor.linked else 'free'}"),
            ("pane.other", "A/B"),
            ("app.command", "command"),
            ("app.help", "help"),
        ]
