"""Draws the two panes: header, ruler, waveform and grid of each.

Data flow: `draw` reads the session's grids and the `Editor` model and passes a view to each widget; widgets skip what
did not change. tui.model.viewport shares the rows between the panes.
"""

from collections.abc import Callable
from typing import Any

from textual.containers import Vertical
from textual.geometry import Offset, Size

from tui.editor.context import EditorContext
from tui.editor.panes import PaneWidgets, header_parts, ruler_view, surprise_legend
from tui.model.colours import bins_of, label_of
from tui.model.editor import Pane
from tui.model.grid import StrandGrid
from tui.model.surprise import SurpriseMap
from tui.model.viewport import GUTTER, TALLEST, divide_rows
from tui.widgets.grid_view import GridView
from tui.widgets.lines import DIM, Part
from tui.widgets.strips import WaveView

WAVE_DELAY_S = 0.15
SURPRISE_DELAY_S = 0.1
MOST_DRAWN = 8192  # frames of a page whose sound is decoded for the picture, 3 min; beyond, what is known is drawn


class PaneView:
    """The widgets of both panes. `after` starts a timer with a time in seconds and a callback."""

    def __init__(self, context: EditorContext, after: Callable[[float, Callable[[], None]], Any]) -> None:
        self.context, self._after = context, after
        self.editor, self.session, self.sound = context.editor, context.session, context.sound
        self.widgets = [PaneWidgets(0), PaneWidgets(1)]
        self._wave_timer: Any = None
        self._surprise_timer: Any = None
        self._bins: dict[str, tuple[Any, Any]] = {}

    def draw(self, size: Size) -> None:
        """Lay out both panes for a screen of this size and redraw what changed."""
        self._lay_out(size)
        for index in (0, 1):
            self._draw_pane(index, size.width)

    def _lay_out(self, size: Size) -> None:
        levels = [grid.levels if grid else 4 for grid in self.context.grids()]
        tallest = 1 if self.context.app.is_remote else TALLEST
        editor = self.editor
        shares = divide_rows(size.height, (levels[0], levels[1]), editor.focus, editor.split, tallest, editor.tall)
        for pane, widgets, rows in zip(self.editor.panes, self.widgets, shares, strict=True):
            pane.columns = max(1, size.width - GUTTER)
            pane.page_levels, pane.wave_rows, pane.rows = rows.levels, rows.wave, rows.total
            widgets.tall = rows.tall
            for widget, height in ((widgets.wave, rows.wave), (widgets.grid, rows.grid)):
                if widget.styles.height is None or widget.styles.height.value != height:
                    widget.styles.height = height
                    widget.display = height > 0
            parent = widgets.header.parent
            if isinstance(parent, Vertical):
                parent.styles.height = rows.total
                parent.display = not rows.is_hidden
        self._turn_pages()

    def _turn_pages(self) -> None:
        """Turn pages so that the cursors are visible, and the playhead too if pages follow it."""
        grids = self.context.grids()
        follows = self.editor.follow and not self.editor.is_away and not self.sound.is_audition
        playheads = [self.sound.playhead(grid) if grid is not None and follows else None for grid in grids]
        self.editor.settle(grids, (playheads[0], playheads[1]))

    def follow_playhead(self, width: int) -> None:
        """Draw a moved playhead: two cells of the ruler, one of the header, or a new page."""
        before = [pane.first_frame for pane in self.editor.panes]
        self._turn_pages()
        for index, (pane, grid) in enumerate(zip(self.editor.panes, self.context.grids(), strict=True)):
            if pane.first_frame != before[index]:
                self._draw_pane(index, width)
            elif grid is not None:
                self._draw_ruler(index, grid)
                self._draw_header(index, width)

    def _draw_ruler(self, index: int, grid: StrandGrid) -> None:
        other = self.context.grid_of(1 - index)
        view = ruler_view(self.editor, index, grid, self.sound.playhead(grid), other, self.sound.played(grid))
        self.widgets[index].ruler.show(view)

    def _draw_header(self, index: int, width: int) -> None:
        grid = self.context.grid_of(index)
        playhead = None if grid is None else self.sound.playhead(grid)
        parts = header_parts(self.editor, index, grid, width, playhead, self._label(grid))
        self.widgets[index].header.show(*parts)

    def _label(self, grid: StrandGrid | None) -> list[Part]:
        """Return what the colours mean, in the header."""
        if grid is None:
            return []
        if self.context.surprise_of(grid) is not None:
            return surprise_legend(self.editor.palette, self.context.app.tier)
        return [(self.context.measuring(grid) or label_of(self.context.colours_of(grid).words), DIM)]

    def _draw_pane(self, index: int, width: int) -> None:
        pane, widgets, grid = self.editor.panes[index], self.widgets[index], self.context.grid_of(index)
        self._draw_header(index, width)
        if grid is None:
            widgets.ruler.show(None)
            widgets.wave.show(None)
            widgets.grid.show(None)
            return
        self._draw_ruler(index, grid)
        self._draw_wave(index, grid)
        colours = self.context.colours_of(grid)
        view = GridView(
            grid=grid,
            bins=self._bins_of(grid),
            bins_key=f"{grid.info.meta.codec_id}/{colours.descriptor}/{id(colours.ranks)}",
            first_frame=pane.first_frame,
            first_level=pane.first_level,
            cursor=pane.cursor,
            rect=pane.rect(grid) if pane.selection is not None else None,
            focused=index == self.editor.focus,
            muted=self.editor.silent_levels(grid.levels),
            tall=widgets.tall,
            zoom=pane.zoom,
            palette=self.editor.palette,
            surprise=self._surprise_of(pane, grid),
            drawn=self.session.edits.drawn.get(grid.id),
        )
        widgets.grid.show(view)

    # --- surprise ----------------------------------------------------------------------------------------

    def _surprise_of(self, pane: Pane, grid: StrandGrid) -> SurpriseMap | None:
        known = self.context.surprise_of(grid)
        past = pane.first_frame + pane.page_frames
        is_wanted = known is not None and self.session.surprises.is_wanted(grid, pane.first_frame, past)
        if is_wanted and self._surprise_timer is None and self.session.engine == "ready":
            self._surprise_timer = self._after(SURPRISE_DELAY_S, self._fill_surprises)
        return known

    def _fill_surprises(self) -> None:
        self._surprise_timer = None
        for pane in self.editor.panes:
            grid = self.session.grids.get(pane.strand or "")
            if grid is not None and self.context.surprise_of(grid) is not None:
                self.context.spawn(self._fill_surprise(grid.id))

    async def _fill_surprise(self, strand: str) -> None:
        await self.session.surprises.fill(strand)
        self.context.draw()  # which asks again if edits are still arriving

    def _bins_of(self, grid: StrandGrid) -> Any:
        model, ranks = self.session.model_of(grid.info.meta), self.context.colours_of(grid).ranks
        if model is not None and (ranks is None or self.session.atlases.get(model.name) is None):
            self.session.atlases.learn(model.name, self.editor.descriptor)
        codec = grid.info.meta.codec_id
        kept = self._bins.get(codec)
        if kept is None or kept[0] is not ranks:
            kept = self._bins[codec] = (ranks, bins_of(ranks, grid.levels, grid.codebook))
        return kept[1]

    def cursor_place(self) -> Offset:
        """Return the screen position of the focused pane's cursor, which screen magnifiers and Braille lines follow."""
        pane, widgets = self.editor.pane, self.widgets[self.editor.focus]
        x = widgets.grid.region.x + GUTTER + (pane.cursor.frame - pane.first_frame) // pane.zoom
        y = widgets.grid.region.y + (pane.cursor.level - pane.first_level) * widgets.tall
        return Offset(x, y)

    # --- waveform ----------------------------------------------------------------------------------------

    def _draw_wave(self, index: int, grid: StrandGrid) -> None:
        pane, widgets = self.editor.panes[index], self.widgets[index]
        wave = self.session.grids.waves.get(grid.id)
        if wave is None or not widgets.wave.display:
            widgets.wave.show(None)
            return
        first, past = pane.first_frame, min(grid.frames, pane.first_frame + pane.page_frames)
        heights = wave.heights(first, pane.columns, pane.zoom)
        rows, editor, tier = widgets.wave.size.height, self.editor, self.context.app.tier
        shades = wave.shades(first, pane.columns, pane.zoom, max(1, rows)) if editor.spectrogram else None
        key = (grid.id, wave.version, first, past, pane.zoom, editor.palette, shades is not None, rows, tier)
        widgets.wave.show(WaveView(heights, key, shades, editor.palette))
        if past - first <= MOST_DRAWN and wave.wanted(first, past) is not None and self._wave_timer is None:
            self._wave_timer = self._after(WAVE_DELAY_S, self._fill_waves)

    def _fill_waves(self) -> None:
        self._wave_timer = None
        for pane, widgets in zip(self.editor.panes, self.widgets, strict=True):
            grid = self.session.grids.get(pane.strand or "")
            if grid is not None and widgets.wave.display and pane.page_frames <= MOST_DRAWN:
                work = self.session.grids.fill_wave(grid.id, pane.first_frame, pane.first_frame + pane.page_frames)
                self.context.spawn(work)
