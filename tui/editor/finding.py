"""The search in a strand: sequences of codes, marks and onsets."""

import asyncio
from dataclasses import replace

from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.editor.hearing import Hearing
from tui.model.search import Sought, onsets, places, read_sought, sought_in, step
from tui.model.waveform import Waveform

LONGEST_WAIT = 200  # times 50 ms
ONSET_FRAMES = 256  # of sound that are examined at once


class Finding:
    """Carries out the actions that search, mark and jump."""

    def __init__(self, context: EditorContext, hearing: Hearing) -> None:
        self.context, self.hearing = context, hearing
        self.editor, self.session = context.editor, context.session

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "find.code": self.find_code,
            "find.here": self.find_here,
            "find.next": self.find_next,
            "find.prev": self.find_prev,
            "mark.set": self.mark_set,
            "mark.go": self.mark_go,
            "find.onset": self.find_onset,
            "find.onset_before": self.find_onset_before,
        }

    # --- finding -----------------------------------------------------------------------------------------

    def find_code(self, press: Press) -> None:
        level = self.editor.pane.cursor.level
        self.context.ask(f"find on q{level}: ", lambda text: self.find_text(text, level), kind="find")

    def find_text(self, text: str, level: int) -> None:
        """Find a sequence of codes on a level.

        Raises:
            AlleleError: the text is not a sequence of codes.
        """
        grid = self.context.grid
        if grid is not None and text.strip():
            self._find(read_sought(text, level, grid.codebook), 1)

    def find_here(self, press: Press) -> None:
        grid = self.context.grid
        if grid is not None:
            self._find(sought_in(grid.codes, self.editor.pane.rect(grid)), press.count or 1)

    def find_next(self, press: Press) -> None:
        if self.editor.sought is not None:
            self._find(self.editor.sought, press.count or 1)

    def find_prev(self, press: Press) -> None:
        if self.editor.sought is not None:
            self._find(self.editor.sought, -(press.count or 1))

    def _find(self, sought: Sought, count: int) -> None:
        grid = self.context.grid
        self.editor.sought = sought
        if grid is None:
            return
        found = places(sought, grid.codes)
        place = step(found, self.editor.pane.cursor.frame, count)
        if place is None:
            self.context.say(f"{sought.words}: not found in {grid.name}", bad=True)
            return
        frame, which = place
        self._go(frame, sought.level)
        self.context.say(f"{sought.words}: {which + 1} of {len(found)}")

    def _go(self, frame: int, level: int | None = None) -> None:
        cursor = self.editor.pane.cursor
        level = cursor.level if level is None else level
        self.editor.place(replace(cursor, level=level, frame=frame), self.context.grids())
        self.context.moved()
        self.hearing.hear_move()

    # --- marks -------------------------------------------------------------------------------------------

    def mark_set(self, press: Press) -> None:
        strand, cursor = self.editor.pane.strand, self.editor.pane.cursor
        if strand is not None and press.register:
            self.editor.marks.setdefault(strand, {})[press.register] = (cursor.level, cursor.frame)
            self.context.say(f"mark {press.register} is here; {{mark.go}}{press.register} returns to it")
            self.context.moved()

    def mark_go(self, press: Press) -> None:
        marks = self.editor.marks.get(self.editor.pane.strand or "", {})
        if press.register in marks:
            level, frame = marks[press.register]
            self._go(frame, level)
        else:
            known = f"; there are {', '.join(sorted(marks))}" if marks else ""
            self.context.say(f"no mark is called {press.register}{known}: {{mark.set}} and a letter sets one", bad=True)

    # --- onsets ------------------------------------------------------------------------------------------

    def find_onset(self, press: Press) -> None:
        self.context.spawn(self._to_onset(forward=True))

    def find_onset_before(self, press: Press) -> None:
        self.context.spawn(self._to_onset(forward=False))

    async def _to_onset(self, *, forward: bool) -> None:
        """Search for the nearest onset, in pieces of ONSET_FRAMES from the cursor on."""
        grid, cursor = self.context.grid, self.editor.pane.cursor
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
        self.context.say(f"no onset {'after' if forward else 'before'} frame {cursor.frame}")

    async def _sound_of(self, strand: str, first: int, past: int) -> Waveform | None:
        """Wait until these frames of the waveform are decoded and return it; None when that fails."""
        for _ in range(LONGEST_WAIT):
            await self.session.grids.fill_wave(
                strand, first, past
            )  # returns at once while the page itself is being decoded
            wave = self.session.grids.waves.get(strand)
            if wave is None or wave.wanted(first, past) is None:
                return wave
            await asyncio.sleep(0.05)
        self.context.say("the sound could not be decoded: the engine is busy; try again", bad=True)
        return None
