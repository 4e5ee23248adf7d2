"""What the editor's keys do to hear: playing, levels, before and after. Nothing here changes a strand.

Data flow: a key changes the `Editor` (what is wanted), and `Sound.tune` tells the daemon of it while something plays.
"""

import numpy as np

from protocol.strands import Codes
from tui.editor.base import EditorBase
from tui.model.editor import REFERENCES
from tui.model.grid import Reference, StrandGrid

AUDITION_FRAMES = 8  # 0.17 s: less is a click, not a sound


class EditorHearing(EditorBase):
    """Actions of the group Hear."""

    def moved(self) -> None:
        """The cursor, the selection or what is heard changed."""
        self.draw()
        self.allele.remember()

    def do_play_toggle(self, count: int | None, register: str | None) -> None:
        sound = self.allele.sound
        if sound.playing and not sound.is_audition:
            self.spawn(sound.stop())
        elif self.grid is not None:
            self._play(self.grid, (self.editor.pane.cursor.frame, None))

    def do_play_selection(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is not None:
            rect = self.editor.pane.rect(grid, count)
            self._play(grid, (rect.first, rect.past))

    def _play(self, grid: StrandGrid, frames: tuple[int, int | None], *, before: bool = False) -> None:
        self.editor.before = before
        if self.editor.heard_levels(grid.levels) == []:
            self.say("every level is muted: {play.mute} on a level brings it back, {play.all_levels} all of them")
        self.spawn(self.allele.sound.play(grid, frames, self.editor))

    def hear_move(self) -> None:
        """The cursor went somewhere: hear it, where that is wanted."""
        grid = self.grid
        if grid is not None and self.editor.audition:
            first = self.editor.pane.cursor.frame
            self.allele.sound.audition(grid, (first, min(grid.frames, first + AUDITION_FRAMES)), self.editor)

    def do_play_audition(self, count: int | None, register: str | None) -> None:
        self.editor.audition = not self.editor.audition
        self.say("every move is heard" if self.editor.audition else "moves are silent")
        self.moved()
        self.hear_move()

    def do_play_loop(self, count: int | None, register: str | None) -> None:
        self.editor.loop = not self.editor.loop
        self.say("loop on: {play.selection} repeats the selection" if self.editor.loop else "loop off")
        self._heard_otherwise()

    # --- levels ------------------------------------------------------------------------------------------

    def do_play_mute(self, count: int | None, register: str | None) -> None:
        level = self.editor.pane.cursor.level
        self.editor.muted ^= {level}
        self.say(f"level {level} is {'muted' if level in self.editor.muted else 'heard'}; edits and files keep it")
        self._heard_otherwise()

    def do_play_solo(self, count: int | None, register: str | None) -> None:
        level = self.editor.pane.cursor.level
        self.editor.soloed ^= {level}
        chosen = ", ".join(map(str, sorted(self.editor.soloed)))
        self.say(f"only level {chosen} is heard; edits and files keep the others" if chosen else "all levels are heard")
        self._heard_otherwise()

    def do_play_all_levels(self, count: int | None, register: str | None) -> None:
        self.editor.soloed.clear()
        self.editor.muted.clear()
        self.say("all levels are heard")
        self._heard_otherwise()

    def _heard_otherwise(self) -> None:
        self.spawn(self.allele.sound.tune(self.editor))
        self.moved()

    # --- before and after --------------------------------------------------------------------------------

    def do_play_compare(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is None:
            return
        sound, editor = self.allele.sound, self.editor
        goes_on = sound.playing and not sound.is_audition and sound.playhead(grid) is not None
        if goes_on and editor.before:
            editor.before = False
            self.say("after: the strand as it is")
        elif self._comparable(grid, grid.before(editor.reference)):
            editor.before = True
            self.say(f"before: the strand {REFERENCES[editor.reference]}; {{play.compare}} again: after, equally loud")
            if not goes_on:
                rect = editor.pane.rect(grid)
                frames = (rect.first, rect.past) if editor.pane.selection is not None else (rect.first, None)
                self._play(grid, frames, before=True)
        self._heard_otherwise()

    def _comparable(self, grid: StrandGrid, before: Codes | None) -> bool:
        if before is None:
            self.say("nothing was kept yet: {play.keep} keeps the strand as it is, {play.reference} chooses", bad=True)
            return False
        if np.array_equal(before, grid.codes):
            self.say(f"nothing to compare: the strand is {REFERENCES[self.editor.reference]}", bad=True)
            return False
        return True

    def do_play_reference(self, count: int | None, register: str | None) -> None:
        grid = self.grid
        if grid is None:
            return
        order: list[Reference] = [name for name in REFERENCES if grid.before(name) is not None]
        at = order.index(self.editor.reference) if self.editor.reference in order else -1
        self.editor.reference = order[(at + 1) % len(order)]
        self.say(f"{{play.compare}} compares with the strand {REFERENCES[self.editor.reference]}")
        self._heard_otherwise()

    def do_play_keep(self, count: int | None, register: str | None) -> None:
        if self.grid is not None:
            self.grid.keep()
            self.editor.reference = "kept"
            self.say("kept: {play.compare} compares with the strand as it is now")
            self.moved()
