"""Playback from the editor: playing, muted levels, before and after. Nothing here changes a strand.

Data flow: a key changes the playback settings of the `Editor`, and `Sound.tune` sends them to the daemon.
"""

import numpy as np

from protocol.ranges import FrameRange
from tui.actions.press import Handlers, Press
from tui.editor.context import EditorContext
from tui.model.editor import REFERENCES
from tui.model.grid import Cells, Reference, StrandGrid

AUDITION_FRAMES = 8  # 0.17 s: less is a click, not a sound


class Hearing:
    """Carries out the actions that play and mute."""

    def __init__(self, context: EditorContext) -> None:
        self.context = context
        self.editor, self.session, self.sound = context.editor, context.session, context.sound

    def handlers(self) -> Handlers:
        """Which method carries out which action."""
        return {
            "play.toggle": self.play_toggle,
            "play.selection": self.play_selection,
            "play.audition": self.play_audition,
            "play.loop": self.play_loop,
            "play.mute": self.play_mute,
            "play.solo": self.play_solo,
            "play.all_levels": self.play_all_levels,
            "play.compare": self.play_compare,
            "play.reference": self.play_reference,
            "play.keep": self.play_keep,
        }

    def play_toggle(self, press: Press) -> None:
        sound = self.sound
        if sound.playing and not sound.is_audition:
            self.context.spawn(sound.stop())
        elif self.context.grid is not None:
            self._play(self.context.grid, FrameRange(self.editor.pane.cursor.frame))

    def play_selection(self, press: Press) -> None:
        grid = self.context.grid
        if grid is not None:
            self._play(grid, self.editor.pane.rect(grid, press.count).frames)

    def _play(self, grid: StrandGrid, frames: FrameRange, *, before: bool = False) -> None:
        self.editor.before, self.editor.is_away = before, False
        if self.editor.heard_levels(grid.levels) == []:
            self.context.say("every level is muted: {play.mute} unmutes this level, {play.all_levels} all levels")
        self.context.spawn(self.sound.play(grid, frames, self.editor))

    def hear_move(self) -> None:
        """Play the cells at the cursor after it moved, if hearing moves is on."""
        grid = self.context.grid
        if grid is not None and self.editor.audition:
            first = self.editor.pane.cursor.frame
            self.sound.audition(grid, FrameRange(first, min(grid.frames, first + AUDITION_FRAMES)), self.editor)

    def play_audition(self, press: Press) -> None:
        self.editor.audition = not self.editor.audition
        self.context.say("every move is heard" if self.editor.audition else "moves are silent")
        self.context.moved()
        self.hear_move()

    def play_loop(self, press: Press) -> None:
        self.editor.loop = not self.editor.loop
        self.context.say("loop on: {play.selection} repeats the selection" if self.editor.loop else "loop off")
        self._heard_otherwise()

    # --- levels ------------------------------------------------------------------------------------------

    def play_mute(self, press: Press) -> None:
        level = self.editor.pane.cursor.level
        self.editor.muted ^= {level}
        self.context.say(
            f"level {level} is {'muted' if level in self.editor.muted else 'heard'}; edits and files still include it"
        )
        self._heard_otherwise()

    def play_solo(self, press: Press) -> None:
        level = self.editor.pane.cursor.level
        self.editor.soloed ^= {level}
        chosen = ", ".join(map(str, sorted(self.editor.soloed)))
        self.context.say(
            f"only level {chosen} is heard; edits and files include all" if chosen else "all levels are heard"
        )
        self._heard_otherwise()

    def play_all_levels(self, press: Press) -> None:
        self.editor.soloed.clear()
        self.editor.muted.clear()
        self.context.say("all levels are heard")
        self._heard_otherwise()

    def _heard_otherwise(self) -> None:
        self.context.spawn(self.sound.tune(self.editor))
        self.context.moved()

    # --- before and after --------------------------------------------------------------------------------

    def play_compare(self, press: Press) -> None:
        grid = self.context.grid
        if grid is None:
            return
        sound, editor = self.sound, self.editor
        goes_on = sound.playing and not sound.is_audition and sound.playhead(grid) is not None
        if goes_on and editor.before:
            editor.before = False
            self.context.say("after: the strand as it is")
        elif self._comparable(grid, grid.before(editor.reference)):
            editor.before = True
            self.context.say(
                f"before: the strand {REFERENCES[editor.reference]}; {{play.compare}} again: after, equally loud"
            )
            if not goes_on:
                frames = editor.pane.rect(grid).frames
                is_selected = editor.pane.selection is not None
                self._play(grid, frames if is_selected else FrameRange(frames.first), before=True)
        self._heard_otherwise()

    def _comparable(self, grid: StrandGrid, before: Cells | None) -> bool:
        if before is None:
            self.context.say(
                "nothing was kept yet: {play.keep} keeps the strand as it is, {play.reference} chooses", bad=True
            )
            return False
        if np.array_equal(before.codes, grid.codes) and np.array_equal(before.columns, grid.columns):
            self.context.say(f"nothing to compare: the strand is {REFERENCES[self.editor.reference]}", bad=True)
            return False
        return True

    def play_reference(self, press: Press) -> None:
        grid = self.context.grid
        if grid is None:
            return
        order: list[Reference] = [name for name in REFERENCES if grid.before(name) is not None]
        at = order.index(self.editor.reference) if self.editor.reference in order else -1
        self.editor.reference = order[(at + 1) % len(order)]
        self.context.say(f"{{play.compare}} compares with the strand {REFERENCES[self.editor.reference]}")
        self._heard_otherwise()

    def play_keep(self, press: Press) -> None:
        if self.context.grid is not None:
            self.context.grid.keep()
            self.editor.reference = "kept"
            self.context.say("kept: {play.compare} compares with the strand as it is now")
            self.context.moved()
