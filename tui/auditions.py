"""Auditions: short parts of a strand that are heard while the cursor moves.

They are never queued. While one is starting, only the newest request is kept.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from protocol.ranges import FrameRange
from tui.model.editor import Editor
from tui.model.grid import StrandGrid

AUDITION_S = 0.06  # between two auditions, so that a held key sounds like a trill


class Auditions:
    """The newest requested audition.

    Args:
        play: plays frames of a strand.
        may_play: returns whether an audition may start, since it never interrupts what the user plays.
        spawn: runs a coroutine.
    """

    def __init__(
        self,
        play: Callable[[StrandGrid, FrameRange, Editor], Awaitable[None]],
        may_play: Callable[[], bool],
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
    ) -> None:
        self._play, self._may_play, self._spawn = play, may_play, spawn
        self._next: tuple[StrandGrid, FrameRange, Editor] | None = None
        self._is_running = False

    def ask(self, grid: StrandGrid, frames: FrameRange, editor: Editor) -> None:
        """Play a short part of a strand as soon as the audition before has started."""
        self._next = (grid, frames, editor)
        if not self._is_running:
            self._is_running = True
            self._spawn(self._run())

    def drop(self) -> None:
        """Forget what has not started."""
        self._next = None

    async def _run(self) -> None:
        try:
            while (audition := self._next) is not None:
                self._next = None
                if not self._may_play():
                    return
                await self._play(*audition)
                await asyncio.sleep(AUDITION_S)
        finally:
            self._is_running = False
