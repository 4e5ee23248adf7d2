"""Playing in the library: the strand or recording under the cursor, and the next one after the cursor moved on.

Data flow: a key plays what is chosen. While something plays, or has just ended, a move of the cursor starts a short
timer, so that a held key does not start every sound on its way. A strand's waveform is fetched after the same pause.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer

from protocol.messages.corpora import Corpus
from protocol.ranges import FrameRange
from tui.actions.press import Handlers, Press
from tui.model.editor import Editor
from tui.model.thumbnail import thumbnail

if TYPE_CHECKING:
    from tui.screens.library import LibraryScreen

SETTLE_S = 0.2
GRACE_S = 2.0  # after a short sound has ended, moving on still plays the next one
MOST_FRAMES = 4096  # a thumbnail shows at most 87 s, which takes the engine about a second
ROWS = 2
Heard = tuple[str, str]
"""What is played: "strand" or "file", and the id or the path."""


class LibraryHearing:
    """Plays what the library's cursor is on, and draws the waveform of the chosen strand.

    Args:
        recordings: returns the recordings of the corpus that the chosen item uses, once they are known.
    """

    def __init__(self, screen: "LibraryScreen", recordings: Callable[[], Corpus | None]) -> None:
        self._screen, self._recordings = screen, recordings
        self._timer: Timer | None = None
        self._heard: Heard | None = None
        self._was_sounding, self._ended_s = False, -GRACE_S

    def handlers(self) -> Handlers:
        """Return the handlers of the actions that play."""
        return {"library.play": self._play_or_stop}

    @property
    def is_sounding(self) -> bool:
        """Whether a strand or a recording plays now."""
        sound = self._screen.allele.sound
        return sound.playing or bool(sound.file)

    def target(self) -> Heard | None:
        """Return what a key would play: the chosen strand or recording, or the first recording of a corpus."""
        if self._screen.right.active:
            key = self._screen.right.current
            return ("file", key) if isinstance(key, str) else None
        kind, name = self._screen.chosen
        if kind == "strand":
            return kind, name
        corpus = self._recordings()
        first = next((file.path for file in corpus.files if file.status == "ok"), None) if corpus else None
        return None if first is None else ("file", first)

    def words(self) -> str:
        """Return what plays, for the line above the last; "" if nothing does."""
        if not self.is_sounding or self._heard is None:
            return ""
        kind, name = self._heard
        info = self._screen.session.strands.get(name)
        shown = (info.meta.name if info else name) if kind == "strand" else Path(name).name
        return f"▶ {shown}; moving plays the next one, {{library.play}} stops"

    def _play_or_stop(self, press: Press) -> None:
        if self.is_sounding and self._heard == self.target():
            self._was_sounding, self._ended_s = False, -GRACE_S
            self._screen.spawn(self._screen.allele.sound.stop())
        else:
            self._play()

    def _play(self) -> None:
        heard = self.target()
        if heard is not None:
            self._heard = heard
            self._screen.spawn(self._start(*heard))

    async def _start(self, kind: str, name: str) -> None:
        sound = self._screen.allele.sound
        if kind == "strand":
            grids = self._screen.session.grids
            grid = grids.get(name) or await grids.fetch(name)
            await sound.play(grid, FrameRange(), Editor())  # all levels, once, whatever the editor mutes or repeats
        else:
            await sound.play_file(name)

    # --- moving on ---------------------------------------------------------------------------------------

    def moved(self) -> None:
        """Play, and show, what the cursor is on once it has rested there."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(SETTLE_S, self._settled)

    def _settled(self) -> None:
        self._timer = None
        self.fetch()
        is_listening = self.is_sounding or time.monotonic() - self._ended_s < GRACE_S
        if is_listening and self._heard is not None and self.target() not in (None, self._heard):
            self._play()

    def playhead_moved(self) -> bool:
        """Note whether something plays. Returns whether that changed."""
        was, self._was_sounding = self._was_sounding, self.is_sounding
        if was and not self._was_sounding:
            self._ended_s = time.monotonic()
        return was != self._was_sounding

    # --- the picture -------------------------------------------------------------------------------------

    def fetch(self) -> None:
        """Fetch the waveform of the chosen strand if it is missing."""
        kind, strand = self._screen.chosen
        if kind == "strand" and self._screen.session.connected:
            self._screen.spawn(self._fetch(strand))

    async def _fetch(self, strand: str) -> None:
        grids = self._screen.session.grids
        grid = grids.get(strand) or await grids.fetch(strand)
        await grids.fill_wave(strand, 0, min(grid.frames, MOST_FRAMES))

    def picture(self, columns: int) -> list[str]:
        """Return the waveform of the chosen strand as rows of text; [] if none is chosen or known."""
        kind, strand = self._screen.chosen
        wave = self._screen.session.grids.waves.get(strand) if kind == "strand" else None
        return [] if wave is None else thumbnail(wave.peaks[:MOST_FRAMES], columns, ROWS)
