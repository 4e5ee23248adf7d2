"""The handler of PlayFile, which plays an audio file on a player without making a strand of it.

Data flow: the engine reads the file at 48 kHz, as for encoding. A `ClipStream` streams it to the players.
"""

import asyncio

from daemon.server.handlers.playback import Playbacks
from daemon.server.handlers.previews import ClipStream
from daemon.server.paths import check_sources
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from protocol.errors import AlleleError
from protocol.messages.playback import FileStarted, PlayFile
from protocol.units import SAMPLE_RATE_HZ


class AudioFileHandlers:
    """Answers requests to play audio files that are not strands."""

    def __init__(self, services: Services, playbacks: Playbacks) -> None:
        self._services, self._playbacks = services, playbacks

    async def play(self, request: Call[PlayFile]) -> Reply:
        """Play a file, or a part of it, once or in a loop."""
        body = request.body
        (path,) = await asyncio.to_thread(check_sources, [body.path])
        clip = await self._services.engine.clip(path, request.deadline_s)
        total = clip.shape[-1]
        past = total if body.past is None else body.past
        if not body.first < past <= total:
            raise AlleleError(
                "E_RANGE",
                f"{path}: {body.first / SAMPLE_RATE_HZ:.3f} s to {past / SAMPLE_RATE_HZ:.3f} s is not in the sound, "
                f"which lasts {total / SAMPLE_RATE_HZ:.3f} s",
                hint="leave the end out to go on to it, as in 1.2s:",
            )
        part = clip[..., body.first : past]
        number = await self._playbacks.play(body.player, ClipStream(part, 0, loop=body.loop), 0)
        return Reply(body=FileStarted(playback=number, seconds=part.shape[-1] / SAMPLE_RATE_HZ))


def register(table: DispatchTable, services: Services, playbacks: Playbacks) -> None:
    """Register the handlers of this module."""
    table.add(PlayFile, AudioFileHandlers(services, playbacks).play)
