"""The editor screen: two strands, A over B, and two lines that say in words what the colours show.

Data flow: `draw` reads the session's grids and the `Editor` model and hands each widget a view; widgets skip what is
the same. Keys are in tui.screens.editor_keys. Rows are shared by tui.model.viewport.
"""

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Offset

from tui.actions.situation import Situation
from tui.model.colours import bins_of, label_of
from tui.model.cursor import Rect
from tui.model.editor import NAMES
from tui.model.grid import StrandGrid
from tui.model.viewport import GUTTER, TALLEST, share_rows
from tui.model.words import describe_cell, describe_rect, plural
from tui.screens.editor_keys import EditorKeys
from tui.widgets.code_grid import CodeGrid, GridView
from tui.widgets.lines import BOLD, DIM, PLAIN, Part, TextLine
from tui.widgets.strips import Ruler, RulerView, Wave, WaveView

WAVE_DELAY_S = 0.15


class PaneWidgets:
    """The four widgets of one pane. tall: rows a level is drawn with."""

    def __init__(self, index: int) -> None:
        self.tall = 1
        name = NAMES[index].lower()
        self.header = TextLine(f"header-{name}")
        self.ruler = Ruler(f"ruler-{name}")
        self.wave = Wave(f"wave-{name}")
        self.grid = CodeGrid(f"grid-{name}")

    def all(self) -> list[Any]:
        return [self.header, self.ruler, self.wave, self.grid]


class EditorScreen(EditorKeys):
    """Home."""

    NAME = "editor"

    def __init__(self) -> None:
        super().__init__()
        self.panes = [PaneWidgets(0), PaneWidgets(1)]
        self._wave_timer: Any = None
        self._bins: dict[tuple[str, int], Any] = {}

    def compose_body(self) -> ComposeResult:
        for pane in self.panes:
            with Vertical(classes="pane"):
                yield from pane.all()

    # --- what is shown -----------------------------------------------------------------------------------

    def situation(self) -> Situation:
        grid, other = self.grid, self.grid_of(1 - self.editor.focus)
        app = self.allele
        return Situation(
            connected=self.session.connected,
            engine=self.session.engine,
            screen=self.NAME,
            strand=grid is not None,
            other=other is not None,
            same_model=grid is None or other is None or grid.info.meta.codec_id == other.info.meta.codec_id,
            selection=self.editor.pane.selection is not None,
            undo=grid.info.undo_depth if grid else 0,
            redo=grid.info.redo_depth if grid else 0,
            repeatable=self.editor.last is not None,
            sound=app.sound.why_not,
            playing=app.sound.playing,
        )

    def top_words(self) -> str:
        grid = self.grid
        if grid is None:
            return "Editor"
        meta = grid.info.meta
        return f"{meta.model} · {grid.levels} levels × {grid.codebook} · {meta.frame_rate:.1f} frames/s"

    def draw(self) -> None:
        """Lay out, then bring both panes and the lines up to date."""
        if not self.is_mounted or self.size.width < GUTTER + 2:
            return
        self._layout()
        for index in (0, 1):
            self._draw_pane(index)
        super().draw()
        self._put_terminal_cursor()

    def _layout(self) -> None:
        levels = [grid.levels if grid else 4 for grid in self.grids()]
        tallest = 1 if self.allele.is_remote else TALLEST
        shares = share_rows(self.size.height, levels[0], levels[1], self.editor.focus, tallest)
        for pane, widgets, rows in zip(self.editor.panes, self.panes, shares, strict=True):
            pane.page_frames = max(1, self.size.width - GUTTER)
            pane.page_levels = rows.levels
            widgets.tall = rows.tall
            for widget, height in ((widgets.wave, rows.wave), (widgets.grid, rows.grid)):
                if widget.styles.height is None or widget.styles.height.value != height:
                    widget.styles.height = height
                    widget.display = height > 0
            parent = widgets.header.parent
            if isinstance(parent, Vertical):
                parent.styles.height = rows.total
        for pane, grid in zip(self.editor.panes, self.grids(), strict=True):
            if grid is not None:
                pane.follow(grid)

    def _draw_pane(self, index: int) -> None:
        pane, widgets, grid = self.editor.panes[index], self.panes[index], self.grid_of(index)
        focused = index == self.editor.focus
        widgets.header.show(*self._header(index, grid, focused))
        if grid is None:
            widgets.ruler.show(None)
            widgets.wave.show(None)
            widgets.grid.show(None)
            return
        target = self._target(index, grid)
        playhead = self.allele.sound.playhead(grid)
        view = RulerView(pane.first_frame, grid.frames, grid.frame_rate, playhead, target)
        widgets.ruler.show(view)
        self._draw_wave(index, grid)
        rect = pane.rect(grid) if pane.selection is not None else None
        bins_key = f"{grid.info.meta.model}/{self.session.ranks_now(grid.info.meta.model)[0]}"
        view = GridView(
            grid=grid,
            bins=self._bins_of(grid),
            bins_key=bins_key,
            first_frame=pane.first_frame,
            first_level=pane.first_level,
            cursor=pane.cursor,
            rect=rect,
            focused=focused,
            muted=self.editor.silent_levels(grid.levels),
            tall=widgets.tall,
        )
        widgets.grid.show(view)

    def _header(self, index: int, grid: StrandGrid | None, focused: bool) -> tuple[list[Part], list[Part]]:
        name: Part = (f"{'>' if focused else ' '}{NAMES[index]}  ", BOLD)
        if grid is None:
            waits = "loading" if self.editor.panes[index].strand else "empty"
            return [name, (waits, DIM)], []
        info = grid.info
        depth = plural(info.undo_depth, "edit") if info.undo_depth else "untouched"
        redo = f", {info.redo_depth} to redo" if info.redo_depth else ""
        size = f"  {grid.seconds(grid.frames):.2f} s  {grid.frames} frames  {depth}{redo}"
        right: list[Part] = []
        if info.locked:
            right.append((f"locked {','.join(map(str, info.locked))}  ", BOLD))
        listening = self.editor.listening_words(grid.levels)
        if listening:
            right.append((f"{listening}  ", BOLD))
        if self.editor.loop and focused:
            right.append(("loop  ", BOLD))
        right.append((label_of(self.session.ranks_now(info.meta.model)[0]) + " ", DIM))
        return [name, (grid.name, BOLD if focused else PLAIN), (size, PLAIN)], right

    def _bins_of(self, grid: StrandGrid) -> Any:
        model = grid.info.meta.model
        ranks = self.session.ranks_now(model)[1]
        key = (model, -1 if ranks is None else id(ranks))
        if key not in self._bins:
            self._bins[key] = bins_of(ranks, grid.levels, grid.codebook)
            if ranks is None:
                self.spawn(self._learn_colours(model))
        return self._bins[key]

    async def _learn_colours(self, model: str) -> None:
        await self.session.ranks(model)
        self.draw()

    def _target(self, index: int, grid: StrandGrid) -> tuple[int, int] | None:
        """The frames of this pane that a swap from the other one would touch."""
        source = self.editor.panes[1 - index]
        other = self.grid_of(1 - index)
        if index == self.editor.focus or other is None or source.selection is None:
            return None
        rect = source.rect(other)
        at = self.editor.swap_at(rect)
        return (at, min(grid.frames, at + rect.width)) if at < grid.frames else None

    # --- waveform ----------------------------------------------------------------------------------------

    def _draw_wave(self, index: int, grid: StrandGrid) -> None:
        pane, widgets = self.editor.panes[index], self.panes[index]
        wave = self.session.waves.get(grid.id)
        if wave is None or not widgets.wave.display:
            widgets.wave.show(None)
            return
        first, past = pane.first_frame, min(grid.frames, pane.first_frame + pane.page_frames)
        widgets.wave.show(WaveView(wave.heights(first, past), (grid.id, wave.version, first, past)))
        if wave.wanted(first, past) is not None and self._wave_timer is None:
            self._wave_timer = self.set_timer(WAVE_DELAY_S, self._fill_waves)

    def _fill_waves(self) -> None:
        self._wave_timer = None
        for pane, widgets in zip(self.editor.panes, self.panes, strict=True):
            if pane.strand in self.session.grids and widgets.wave.display:
                work = self.session.fill_wave(pane.strand, pane.first_frame, pane.first_frame + pane.page_frames)
                self.spawn(work)

    # --- lines -------------------------------------------------------------------------------------------

    def bottom_words(self) -> list[Part]:
        grid = self.grid
        if grid is None:
            return [(" {file.open} opens a sound here; {go.library} is the library; {app.help} shows every key", PLAIN)]
        cursor = self.editor.pane.cursor.inside(grid.levels, grid.frames)
        ranks = self.session.ranks_now(grid.info.meta.model)[1]
        other = self.grid_of(1 - self.editor.focus)
        return [(" " + describe_cell(grid, cursor, ranks, other, self.editor.other_name), PLAIN)]

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
            ("pane.link", f"cursors {'linked' if self.editor.linked else 'free'}"),
            ("pane.other", "A/B"),
            ("app.command", "command"),
            ("app.help", "help"),
        ]

    def _put_terminal_cursor(self) -> None:
        """The terminal's own cursor sits on the cell: screen magnifiers and Braille lines follow it."""
        pane, widget = self.editor.pane, self.panes[self.editor.focus].grid
        x = widget.region.x + GUTTER + pane.cursor.frame - pane.first_frame
        y = widget.region.y + (pane.cursor.level - pane.first_level) * self.panes[self.editor.focus].tall
        self.app.cursor_position = Offset(x, y)

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "playhead":
            if self.editor.before and not self.allele.sound.playing:
                self.editor.before = False
                self.draw()
            for index in (0, 1):
                grid, pane = self.grid_of(index), self.editor.panes[index]
                if grid is not None:
                    self.panes[index].ruler.show(
                        RulerView(
                            pane.first_frame,
                            grid.frames,
                            grid.frame_rate,
                            self.allele.sound.playhead(grid),
                            self._target(index, grid),
                        )
                    )
        elif topic != "training":
            self.draw()

    def on_code_grid_pressed(self, event: CodeGrid.Pressed) -> None:
        """A click puts the cursor there."""
        self.editor.focus = 0 if event.grid is self.panes[0].grid else 1
        self.editor.place(event.cursor, self.grids())
        self.moved()
