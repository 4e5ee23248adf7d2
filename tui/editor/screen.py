"""The editor screen: two strands, A over B. What its lines say in words is in tui.editor.words.

Data flow: `draw` reads the session's grids and the `Editor` model and hands each widget a view; widgets skip what is
the same. Keys are in tui.editor.motions. Rows are shared by tui.model.viewport.
"""

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Offset

from tui.editor.panes import PaneWidgets, header_parts, ruler_view
from tui.editor.words import EditorWords
from tui.model.colours import bins_of, label_of
from tui.model.grid import StrandGrid
from tui.model.viewport import GUTTER, TALLEST, share_rows
from tui.widgets.code_grid import CodeGrid, GridView
from tui.widgets.strips import WaveView

WAVE_DELAY_S = 0.15
MOST_DRAWN = 8192  # frames of a page whose sound is decoded for the picture, 3 min; beyond, what is known is drawn


class EditorScreen(EditorWords):
    """Home."""

    def __init__(self) -> None:
        super().__init__()
        self.panes = [PaneWidgets(0), PaneWidgets(1)]
        self._wave_timer: Any = None
        self._bins: dict[str, tuple[Any, Any]] = {}

    def compose_body(self) -> ComposeResult:
        for pane in self.panes:
            with Vertical(classes="pane"):
                yield from pane.all()

    # --- what is shown -----------------------------------------------------------------------------------

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
        shares = share_rows(self.size.height, levels[0], levels[1], self.editor.focus, tallest, self.editor.tall)
        for pane, widgets, rows in zip(self.editor.panes, self.panes, shares, strict=True):
            pane.columns = max(1, self.size.width - GUTTER)
            pane.page_levels, pane.wave_rows = rows.levels, rows.wave
            widgets.tall = rows.tall
            for widget, height in ((widgets.wave, rows.wave), (widgets.grid, rows.grid)):
                if widget.styles.height is None or widget.styles.height.value != height:
                    widget.styles.height = height
                    widget.display = height > 0
            parent = widgets.header.parent
            if isinstance(parent, Vertical):
                parent.styles.height = rows.total
        self._turn_pages()

    def _turn_pages(self) -> None:
        """Pages with the cursors on them; with pages that follow, those with the playhead."""
        grids, sound = self.grids(), self.allele.sound
        follows = self.editor.follow and not sound.is_audition
        playheads = [sound.playhead(grid) if grid is not None and follows else None for grid in grids]
        self.editor.settle(grids, (playheads[0], playheads[1]))

    def _follow_playhead(self) -> None:
        """The playhead moved: two cells of the ruler, one of the header, or a page."""
        before = [pane.first_frame for pane in self.editor.panes]
        self._turn_pages()
        for index, (pane, grid) in enumerate(zip(self.editor.panes, self.grids(), strict=True)):
            if pane.first_frame != before[index]:
                self._draw_pane(index)
            elif grid is not None:
                self._draw_ruler(index, grid)
                self._draw_header(index)

    def _draw_ruler(self, index: int, grid: StrandGrid) -> None:
        playhead, other = self.allele.sound.playhead(grid), self.grid_of(1 - index)
        self.panes[index].ruler.show(ruler_view(self.editor, index, grid, playhead, other))

    def _draw_header(self, index: int) -> None:
        grid = self.grid_of(index)
        playhead = None if grid is None else self.allele.sound.playhead(grid)
        label = "" if grid is None else label_of(self.colours_of(grid).words)
        parts = header_parts(self.editor, index, grid, self.size.width, playhead, label)
        self.panes[index].header.show(*parts)

    def _draw_pane(self, index: int) -> None:
        pane, widgets, grid = self.editor.panes[index], self.panes[index], self.grid_of(index)
        focused = index == self.editor.focus
        self._draw_header(index)
        if grid is None:
            widgets.ruler.show(None)
            widgets.wave.show(None)
            widgets.grid.show(None)
            return
        self._draw_ruler(index, grid)
        self._draw_wave(index, grid)
        rect = pane.rect(grid) if pane.selection is not None else None
        colours = self.colours_of(grid)
        bins_key = f"{grid.info.meta.codec_id}/{colours.descriptor}/{id(colours.ranks)}"
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
            zoom=pane.zoom,
            palette=self.editor.palette,
        )
        widgets.grid.show(view)

    def _bins_of(self, grid: StrandGrid) -> Any:
        model, ranks = self.session.model_of(grid.info.meta), self.colours_of(grid).ranks
        if model is not None and (ranks is None or self.session.atlas_now(model.name) is None):
            self.session.learn(model.name, self.editor.descriptor)
        codec = grid.info.meta.codec_id
        kept = self._bins.get(codec)
        if kept is None or kept[0] is not ranks:
            kept = self._bins[codec] = (ranks, bins_of(ranks, grid.levels, grid.codebook))
        return kept[1]

    # --- waveform ----------------------------------------------------------------------------------------

    def _draw_wave(self, index: int, grid: StrandGrid) -> None:
        pane, widgets = self.editor.panes[index], self.panes[index]
        wave = self.session.waves.get(grid.id)
        if wave is None or not widgets.wave.display:
            widgets.wave.show(None)
            return
        first, past = pane.first_frame, min(grid.frames, pane.first_frame + pane.page_frames)
        heights = wave.heights(first, pane.columns, pane.zoom)
        rows, editor = widgets.wave.size.height, self.editor
        shades = wave.shades(first, pane.columns, pane.zoom, max(1, rows)) if editor.spectrogram else None
        key = (
            grid.id,
            wave.version,
            first,
            past,
            pane.zoom,
            editor.palette,
            shades is not None,
            rows,
            self.allele.tier,
        )
        widgets.wave.show(WaveView(heights, key, shades, editor.palette))
        if past - first <= MOST_DRAWN and wave.wanted(first, past) is not None and self._wave_timer is None:
            self._wave_timer = self.set_timer(WAVE_DELAY_S, self._fill_waves)

    def _fill_waves(self) -> None:
        self._wave_timer = None
        for pane, widgets in zip(self.editor.panes, self.panes, strict=True):
            if pane.strand in self.session.grids and widgets.wave.display and pane.page_frames <= MOST_DRAWN:
                work = self.session.fill_wave(pane.strand, pane.first_frame, pane.first_frame + pane.page_frames)
                self.spawn(work)

    def _put_terminal_cursor(self) -> None:
        """The terminal's own cursor sits on the cell: screen magnifiers and Braille lines follow it."""
        pane, widget = self.editor.pane, self.panes[self.editor.focus].grid
        x = widget.region.x + GUTTER + (pane.cursor.frame - pane.first_frame) // pane.zoom
        y = widget.region.y + (pane.cursor.level - pane.first_level) * self.panes[self.editor.focus].tall
        self.app.cursor_position = Offset(x, y)
        self.allele.show_cursor(self.editor.cursor_shown)

    def on_changed(self, topic: str, key: str) -> None:
        if topic == "playhead":
            if self.editor.before and not self.allele.sound.playing:
                self.editor.before = False
                self.draw()
            self._follow_playhead()
        elif topic != "training":
            self.draw()

    def on_code_grid_pressed(self, event: CodeGrid.Pressed) -> None:
        """A click puts the cursor there."""
        self.editor.focus = 0 if event.grid is self.panes[0].grid else 1
        self.editor.place(event.cursor, self.grids())
        self.moved()
