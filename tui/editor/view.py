"""What the editor's keys do to see: zoom, following pages, finding, marks, onsets, other strands. No strand changes."""

import asyncio
from dataclasses import replace
from shlex import quote
from typing import Any

from protocol.errors import AlleleError
from tui.actions.situation import TAKE_BACK
from tui.editor.hearing import EditorHearing
from tui.model.colours import PALETTES
from tui.model.editor import NAMES
from tui.model.library import missing_words
from tui.model.search import Sought, onsets, places, read_sought, sought_in, step
from tui.model.waveform import Waveform
from tui.model.words import plural
from tui.model.zoom import whole, zoomed_in, zoomed_out
from tui.screens.strand_list import StrandList

LONGEST_WAIT = 200  # times 50 ms
ONSET_FRAMES = 256  # of sound looked at in one go
TALLEST = 3


class EditorView(EditorHearing):
    """Actions of the groups View and Find."""

    # --- zoom --------------------------------------------------------------------------------------------

    def do_view_zoom_in(self, count: int | None, register: str | None) -> None:
        self._zoom(zoomed_in(self.editor.pane.zoom))

    def do_view_zoom_out(self, count: int | None, register: str | None) -> None:
        grid, pane = self.grid, self.editor.pane
        if grid is not None:
            self._zoom(zoomed_out(pane.zoom, grid.frames, pane.columns))

    def do_view_zoom_whole(self, count: int | None, register: str | None) -> None:
        grid, pane = self.grid, self.editor.pane
        if grid is not None:
            all_of_it = whole(grid.frames, pane.columns)
            self._zoom(1 if pane.zoom == all_of_it else all_of_it)

    def _zoom(self, zoom: int) -> None:
        pane = self.editor.pane
        if zoom == pane.zoom:
            self.say("one frame in a cell already" if zoom == 1 else "the whole strand is on the page already")
            return
        pane.zoom = zoom
        self.say("one frame in a cell" if zoom == 1 else f"{zoom} frames in a cell, which shows the most frequent code")
        self.moved()

    def do_view_follow(self, count: int | None, register: str | None) -> None:
        self.editor.follow = not self.editor.follow
        self.say("pages turn with the playhead" if self.editor.follow else "the page stays at the cursor")
        self.moved()

    def do_view_spectrogram(self, count: int | None, register: str | None) -> None:
        self.editor.spectrogram = not self.editor.spectrogram
        words = "spectrogram, 60 Hz to 16 kHz from the bottom up" if self.editor.spectrogram else "waveform"
        self.say(words if self.editor.pane.wave_rows else f"{words}; a higher window has room for it")
        self.moved()

    def do_view_palette(self, count: int | None, register: str | None) -> None:
        names = list(PALETTES)
        self.editor.palette = names[(names.index(self.editor.palette) + 1) % len(names)]
        more = "; letters are shown, {view.letters} shows colours" if self.allele.tier.glyphs else ""
        self.say(f"colours: {self.editor.palette}{more}")
        self.moved()

    def do_view_letters(self, count: int | None, register: str | None) -> None:
        if self.allele.terminal_tier.glyphs:
            self.say(f"letters are all that a terminal with {self.allele.terminal_tier.words} can show")
            return
        self.editor.letters = not self.editor.letters
        self.say("letters: a lowest to l highest, capitals changed" if self.editor.letters else "colours")
        self.moved()

    def do_view_cursor(self, count: int | None, register: str | None) -> None:
        self.editor.cursor_shown = not self.editor.cursor_shown
        self.say("the terminal's cursor is shown" if self.editor.cursor_shown else "the terminal's cursor is hidden")
        self.moved()

    def do_view_taller(self, count: int | None, register: str | None) -> None:
        self.editor.tall = (self.editor.tall + 1) % (TALLEST + 1)
        rows = plural(self.editor.tall, "row")
        self.say(f"levels are {rows} high where there is room" if self.editor.tall else "levels are as high as fits")
        self.moved()

    def do_view_descriptor(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        model = None if grid is None else self.session.model_of(grid.info.meta)
        choice = "" if grid is None else self.colours_of(grid).next_choice()
        if choice or model is None:
            self.colour_by(choice)
        else:
            again = f"allele model atlas {quote(model.name)}"
            self.say(f"model {model.name} has no atlas: {again} measures what its codes do")

    def colour_by(self, descriptor: str) -> None:
        """Colour and order codes by a descriptor; every client of this home keeps its own."""
        grid = self.grid
        model = None if grid is None else self.session.model_of(grid.info.meta)
        if model is not None:
            self.spawn(self._colour_by(model.name, descriptor))
        elif grid is not None:
            self.say(f"{missing_words(grid.info.meta)}; {TAKE_BACK}", bad=True)

    async def _colour_by(self, model: str, descriptor: str) -> None:
        colours = await self.session.colours(model, descriptor)
        if descriptor and colours.descriptor != descriptor:
            known = ", ".join(colours.choices) or f"none: allele model atlas {quote(model)}"
            raise AlleleError("E_NOT_FOUND", f"{descriptor!r} was not measured of model {model}", hint=known)
        self.editor.descriptor = descriptor
        self.say(f"colour and order by {colours.words}")
        self.draw()
        self.allele.remember()

    # --- finding -----------------------------------------------------------------------------------------

    def do_find_code(self, count: int | None, register: str | None) -> None:
        level = self.editor.pane.cursor.level
        self.prompt.ask(f"find on q{level}: ", lambda text: self.find_text(text, level))

    def find_text(self, text: str, level: int) -> None:
        """Find a run of codes on a level."""
        grid = self.grid
        if grid is None or not text.strip():
            return
        try:
            self._find(read_sought(text, level, grid.codebook), 1)
        except AlleleError as error:
            self.say(str(error), bad=True)

    def do_find_here(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is not None:
            self._find(sought_in(grid.codes, self.editor.pane.rect(grid)), count or 1)

    def do_find_next(self, count: int | None, register: str | None) -> None:
        if self.editor.sought is not None:
            self._find(self.editor.sought, count or 1)

    def do_find_prev(self, count: int | None, register: str | None) -> None:
        if self.editor.sought is not None:
            self._find(self.editor.sought, -(count or 1))

    def _find(self, sought: Sought, count: int) -> None:
        grid = self.grid
        self.editor.sought = sought
        if grid is None:
            return
        found = places(sought, grid.codes)
        place = step(found, self.editor.pane.cursor.frame, count)
        if place is None:
            self.say(f"{sought.words}: nowhere in {grid.name}", bad=True)
            return
        frame, which = place
        self._go(frame, sought.level)
        self.say(f"{sought.words}: {which + 1} of {len(found)}")

    def _go(self, frame: int, level: int | None = None) -> None:
        cursor = self.editor.pane.cursor
        level = cursor.level if level is None else level
        self.editor.place(replace(cursor, level=level, frame=frame), self.grids())
        self.moved()
        self.hear_move()

    # --- marks -------------------------------------------------------------------------------------------

    def do_mark_set(self, count: int | None, register: str | None) -> None:
        strand, cursor = self.editor.pane.strand, self.editor.pane.cursor
        if strand is not None and register:
            self.editor.marks.setdefault(strand, {})[register] = (cursor.level, cursor.frame)
            self.say(f"mark {register} is here; {{mark.go}}{register} comes back")
            self.moved()

    def do_mark_go(self, count: int | None, register: str | None) -> None:
        marks = self.editor.marks.get(self.editor.pane.strand or "", {})
        if register in marks:
            level, frame = marks[register]
            self._go(frame, level)
        else:
            known = f"; there are {', '.join(sorted(marks))}" if marks else ""
            self.say(f"no mark is called {register}{known}: {{mark.set}} and a letter sets one", bad=True)

    # --- onsets ------------------------------------------------------------------------------------------

    def do_find_onset(self, count: int | None, register: str | None) -> None:
        self.spawn(self._to_onset(forward=True))

    def do_find_onset_before(self, count: int | None, register: str | None) -> None:
        self.spawn(self._to_onset(forward=False))

    async def _to_onset(self, *, forward: bool) -> None:
        """Look at the sound in pieces from the cursor on; the piece nearest to it decides."""
        grid, cursor = self.grid, self.editor.pane.cursor
        if grid is None:
            return
        first, past = (cursor.frame, cursor.frame) if forward else (cursor.frame + 1, cursor.frame + 1)
        while (past < grid.frames) if forward else (first > 0):
            low = past if forward else max(0, first - ONSET_FRAMES)
            first, past = low, min(grid.frames, low + ONSET_FRAMES)
            wave = await self._sound_of(grid.id, max(0, first - 3), past)
            if wave is None or self.editor.pane.strand != grid.id:
                return
            frames = onsets(wave.peaks)
            inside = frames[(frames >= first) & (frames < past)]
            inside = inside[inside > cursor.frame] if forward else inside[inside < cursor.frame]
            if len(inside):
                self._go(int(inside[0] if forward else inside[-1]))
                return
        self.say(f"no onset {'after' if forward else 'before'} frame {cursor.frame}")

    async def _sound_of(self, strand: str, first: int, past: int) -> Waveform | None:
        """The waveform once these frames of it are known; None where they cannot be had."""
        for _ in range(LONGEST_WAIT):
            await self.session.fill_wave(strand, first, past)  # at once back while the page's own picture is made
            wave = self.session.waves.get(strand)
            if wave is None or wave.wanted(first, past) is None:
                return wave
            await asyncio.sleep(0.05)
        self.say("the sound could not be looked at: the engine is busy; try again", bad=True)
        return None

    # --- strands -----------------------------------------------------------------------------------------

    def do_pane_next_strand(self, count: int | None, register: str | None) -> None:
        self._step_strand(count or 1)

    def do_pane_prev_strand(self, count: int | None, register: str | None) -> None:
        self._step_strand(-(count or 1))

    def _step_strand(self, by: int) -> None:
        names = list(self.session.strands)
        now = self.editor.pane.strand
        if names and names != [now]:
            at = (names.index(now) if now in names else -1) + by
            self.show_in_pane(names[at % len(names)])
        else:
            self.say("no other strand is open: {file.open} opens a sound")

    def do_pane_strands(self, count: int | None, register: str | None) -> None:
        panes = [(pane.strand, name) for pane, name in zip(self.editor.panes, NAMES, strict=True)]
        shown = {strand: "".join(n for s, n in panes if s == strand) for strand, _ in panes if strand}
        infos = list(self.session.strands.values())
        self.app.push_screen(StrandList(infos, shown, NAMES[self.editor.focus]), self._chosen)

    def _chosen(self, strand: str | None) -> None:
        if strand is not None:
            self.show_in_pane(strand)

    def show_in_pane(self, strand: str) -> None:
        """Show a living strand in the focused pane, where one left it."""
        self.spawn(self._show(strand, self.editor.focus))

    async def _show(self, strand: str, index: int) -> None:
        await self.allele.show_strand(strand, index)
        info: Any = self.session.strands.get(strand)
        if info is not None:
            count = len(self.session.strands)
            which = list(self.session.strands).index(strand) + 1
            self.say(
                f"{info.meta.name} is strand {NAMES[index]} ({which} of {count} open; {{pane.strands}} lists them)"
            )
