"""Sound for the screens: whether it can play, what plays, and where the playhead is.

Wraps the player process (tui.player.child). `changed` is called when a word or the playhead changed. A missing sound
device is reported once; everything else works, and a strand can still be written to a file.

`tune` changes the settings (levels, loop, before or after) during playback. Auditions are never queued: while one is
starting, only the newest request is kept, and an audition never interrupts a playback that the user started.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from protocol.errors import AlleleError
from protocol.messages.fields import Request
from protocol.messages.playback import (
    FileStarted,
    PlaybackStarted,
    PlayFile,
    PlayPreview,
    PreviewStarted,
    StartPlayback,
    StopPlayback,
    TunePlayback,
)
from protocol.ranges import FrameRange
from tui.auditions import Auditions
from tui.model.codebook import with_code
from tui.model.editor import Editor
from tui.model.grid import Cells, StrandGrid
from tui.model.meter import HOLD_S, Meter, Reading
from tui.player.lines import device_words

if TYPE_CHECKING:
    from tui.session.session import Session

R = TypeVar("R", PlaybackStarted, PreviewStarted, FileStarted)
INSTEAD = ":w FILE.wav writes what you would hear"
LOOK_AGAIN_S = 2.0  # a device is not searched for at every key


@dataclass(frozen=True)
class _Playing:
    """The requested playback: a strand, with its earlier codes if those are played, a preview (job, name) or a file."""

    strand: str = ""
    before: Cells | None = None
    is_audition: bool = False
    preview: tuple[str, str] | None = None
    file: str = ""


class Sound:
    """The player of one session.

    Args:
        log: the log file of the player process.
        changed: called with "sound" for changed words, "meter" for a new reading, or "playhead" for a new position.
        say: shows a sentence to the user.
    """

    def __init__(
        self, session: "Session", log: Path, changed: Callable[[str], None], say: Callable[[str], None]
    ) -> None:
        self._session, self._log, self._changed, self._say = session, log, changed, say
        self._child: Any = None
        self._strand = ""
        self._frame: int | None = None
        self._frames = FrameRange()
        self._playback = 0
        self._stops = 0
        self._before: Cells | None = None  # the earlier codes that the daemon received for comparison
        self._auditions = Auditions(self._audition, self._may_audition, lambda work: session.spawn(work))
        self._is_started = False
        self._has_sound = True  # until the player reports that there is none
        self._looked_s = -LOOK_AGAIN_S
        self._looking = asyncio.Lock()
        self.is_audition = False
        self.meter = Meter()
        self.preview: tuple[str, str] | None = None  # job and name of the preview that plays
        self.file = ""  # the path of the recording that plays
        self.device = os.environ.get("ALLELE_SOUND", "auto")

    async def start(self) -> None:
        """Start the player process. Reports once if there is no sound."""
        from tui.player.child import PlayerChild

        self._child = PlayerChild(
            self._session.connection.target.endpoint.address("aud"),
            self._log,
            on_status=self._on_status,
            on_device=self._on_device,
            on_ended=self._on_ended,
            device=self.device,
        )
        await self._child.start()
        self._is_started = True
        self._changed("sound")

    async def close(self) -> None:
        """End the player process."""
        if self._child is not None:
            await self._child.close()

    @property
    def playing(self) -> bool:
        return bool(self._strand)

    @property
    def why_not(self) -> str:
        """Why nothing can be played, with what to do instead; "" when sound works."""
        silence = self.silence
        return f"{silence}; {INSTEAD}" if silence and self._is_started else silence

    @property
    def silence(self) -> str:
        """Why nothing can be played, without a hint; "" when sound works, or a new search may find a device."""
        if not self._is_started:
            return "sound is starting"
        may_look = self.device != "none" and time.monotonic() - self._looked_s > LOOK_AGAIN_S
        return "" if self._child.can_play or may_look else f"no sound: {self._child.device.reason}"

    @property
    def words(self) -> str:
        """The device, latency and underruns, for the top bar."""
        return "" if self._child is None else device_words(self._child.device, self._child.status)

    def plays(self, strand: str) -> bool:
        """Return whether a strand is playing."""
        return bool(strand) and self._strand == strand

    def playhead(self, grid: StrandGrid) -> int | None:
        """Return the frame that is audible now, or None if this strand does not play."""
        return self._frame if grid.id == self._strand else None

    def played(self, grid: StrandGrid) -> FrameRange | None:
        """Return the frames that play or repeat, or None if this strand does not play or only a move is heard."""
        return self._frames if grid.id == self._strand and not self.is_audition else None

    async def play(self, grid: StrandGrid, frames: FrameRange, editor: Editor, *, is_audition: bool = False) -> None:
        """Play frames of a strand with the editor's playback settings.

        Raises:
            AlleleError: when there is no device or the daemon refuses.
        """
        before = grid.before(editor.reference) if editor.before and not is_audition else None
        request = StartPlayback(
            player=await self._player_id(),
            strand=grid.id,
            frames=frames,
            levels=editor.heard_levels(grid.levels),
            loop=editor.loop and not is_audition,
            before=before is not None,
        )
        now = _Playing(strand=grid.id, before=before, is_audition=is_audition)
        await self._started(request, now, before)

    async def play_preview(self, job: str, preview: str, *, sample: int = 0, loop: bool = False) -> PreviewStarted:
        """Play the preview of a training's evaluation, as loud as its source. Raises an AlleleError as `play` does."""
        request = PlayPreview(player=await self._player_id(), job=job, preview=preview, sample=sample, loop=loop)
        return await self._started(request, _Playing(preview=(job, preview)))

    async def play_file(self, path: str) -> FileStarted:
        """Play a recording. Raises an AlleleError as `play` does."""
        return await self._started(PlayFile(player=await self._player_id(), path=path), _Playing(file=path))

    @property
    def heard_sample(self) -> int:
        """The sample of the clip or strand that is audible now, 0 when nothing plays."""
        status = self._child.status if self._child is not None else None
        return max(0, status.sample) if status is not None and status.playback == self._playback else 0

    async def try_code(
        self, grid: StrandGrid, frames: FrameRange, cells: tuple[int, int, FrameRange], editor: Editor
    ) -> None:
        """Play frames of a strand as if some cells (level, frames) had another code, without writing it.

        Raises an AlleleError as `play` does.
        """
        await self.try_cells(grid, frames, Cells(with_code(grid, *cells), grid.columns), editor)

    async def try_cells(self, grid: StrandGrid, frames: FrameRange, tried: Cells, editor: Editor) -> None:
        """Play frames of a strand as if it had other codes and columns, without writing them.

        Raises an AlleleError as `play` does.
        """
        levels = editor.heard_levels(grid.levels)
        request = StartPlayback(
            player=await self._player_id(), strand=grid.id, frames=frames, levels=levels, before=True
        )
        await self._started(request, _Playing(strand=grid.id, is_audition=True), tried)

    async def _player_id(self) -> Any:
        """Return the player's id. Without a device, searches again, since one may have been plugged in.

        Raises:
            AlleleError: no device is found.
        """
        async with self._looking:
            if not self.why_not and not self._child.can_play:
                await self._child.restart()
                self._looked_s = time.monotonic()
        if self.why_not or not self._child.can_play:
            why = self.why_not or f"no sound: {self._child.device.reason}; {INSTEAD}"
            raise AlleleError("E_UNAVAILABLE", why)
        return self._child.player_id

    async def _started(self, request: Request[R], now: _Playing, before: Cells | None = None) -> R:
        """Send a request to play and return its reply. Follows the playback unless it was stopped meanwhile."""
        stops = self._stops
        started = (await self._session.ask(request, buffers=[] if before is None else [*before])).body
        if stops == self._stops:
            self._playback, self._before, self.is_audition = started.playback, now.before, now.is_audition
            self._strand, self.preview, self.file = now.strand, now.preview, now.file
            self._frame = started.frames.first if isinstance(started, PlaybackStarted) else None
            self._frames = started.frames if isinstance(started, PlaybackStarted) else FrameRange()
            self._changed("playhead")
        return started

    async def tune(self, editor: Editor) -> None:
        """Apply the editor's current settings to the running playback."""
        grid = self._session.grids.get(self._strand)
        if grid is None or self.is_audition:
            return
        before = grid.before(editor.reference) if editor.before else None
        known = before is None or before is self._before
        request = TunePlayback(
            player=self._child.player_id,
            playback=self._playback,
            levels=editor.heard_levels(grid.levels),
            loop=editor.loop,
            before=before is not None,
        )
        self._before = self._before if before is None else before
        with contextlib.suppress(AlleleError):  # it has just ended
            await self._session.ask(request, buffers=[] if known or before is None else [*before])

    def audition(self, grid: StrandGrid, frames: FrameRange, editor: Editor) -> None:
        """Play a short part of a strand, unless the user started a playback. Only the newest request is kept."""
        if self._child is None or not self._child.can_play or not self._may_audition():
            return
        self._auditions.ask(grid, frames, editor)

    async def _audition(self, grid: StrandGrid, frames: FrameRange, editor: Editor) -> None:
        await self.play(grid, frames, editor, is_audition=True)

    def _may_audition(self) -> bool:
        return not self.playing or self.is_audition

    async def stop(self) -> None:
        """Stop all sound at once, including requests that have not started, and tell the daemon to stop."""
        self._strand, self._frame, self.preview, self.file = "", None, None, ""
        self._auditions.drop()
        self._stops += 1
        self._changed("playhead")
        if self._child is not None:
            self._child.silence()
            await self._session.ask(StopPlayback(player=self._child.player_id))

    def _on_device(self, device: Any) -> None:
        """Report once that there is no sound, and why. The top bar shows when sound is back."""
        if device.kind == "none" and self._has_sound:
            self._say(f"no sound: {device.reason}; {device.hint or INSTEAD}")
        self._has_sound = device.kind != "none"
        self._changed("sound")

    def _on_status(self, status: Any) -> None:
        if not status.playing or status.playback != self._playback:
            return
        if self.meter.take(Reading(status.peak_db, status.lufs, status.reduced_db), time.monotonic()):
            self._changed("meter")
        if self._strand and status.sample >= 0:
            grid = self._session.grids.get(self._strand)
            frame = status.sample // grid.info.meta.hop_length if grid else None
            if frame != self._frame:
                self._frame = frame
                self._changed("playhead")

    def _clear_meter(self, playback: int) -> None:
        """Empty the meter when its readings are old, unless something else plays by then."""
        if playback == self._playback:
            self.meter.clear()
            self._changed("meter")

    def _on_ended(self, ended: Any) -> None:
        if ended.playback in (self._playback, 0):
            self._strand, self._frame, self.preview, self.file = "", None, None, ""
            asyncio.get_running_loop().call_later(HOLD_S, self._clear_meter, self._playback)
            self._changed("playhead")
            if ended.reason in ("failed", "lost") and self._has_sound:
                self._say(f"the sound stopped: {ended.detail or ended.reason}")
