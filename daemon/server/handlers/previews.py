"""The handler of PlayPreview, which plays the clips that a training's evaluations wrote.

Data flow: the engine reads a whole file of the run's folder (a few seconds, at the loudness of the run's source). A
`ClipStream` streams it in chunks to the same players as strands. What can go wrong: the file does not exist, or the
player has disconnected.
"""

import numpy as np

from daemon.playback.block_cache import PCM
from daemon.playback.strand_stream import CHUNK_SAMPLES, Cut
from daemon.prior.card import FOLDER as PRIOR
from daemon.runs.folder import PREVIEW_SOURCE, PREVIEWS
from daemon.server.handlers.playback import Playbacks
from daemon.server.services import Services
from daemon.server.wire.dispatch import Call, DispatchTable, Reply
from protocol.errors import AlleleError
from protocol.messages.playback import PlayPreview, PreviewStarted
from protocol.units import SAMPLE_RATE_HZ

FADE_SAMPLES = 240  # 5 ms, so that a clip that starts or ends in mid-sound does not click


class ClipStream:
    """Streams a clip (L,) or (2, L) from a sample on, once or in a loop."""

    def __init__(self, clip: PCM, sample: int, *, loop: bool) -> None:
        self._clip, self._at, self._loop = _faded(clip), min(sample, clip.shape[-1]), loop
        self._is_first = True

    async def next(self) -> Cut:
        """Return the next chunk of the clip."""
        sample, pcm = self._at, self._clip[..., self._at : self._at + CHUNK_SAMPLES]
        if self._is_first and pcm.size:
            count = min(FADE_SAMPLES, pcm.shape[-1])
            pcm = pcm.copy()
            pcm[..., :count] *= np.linspace(0, 1, count, dtype=np.float32)
        self._is_first = False
        self._at += pcm.shape[-1]
        is_last = self._at >= self._clip.shape[-1] and not (self._loop and self._clip.size)
        if self._at >= self._clip.shape[-1]:
            self._at = 0
        return Cut(sample, pcm, is_last)


def _faded(clip: PCM) -> PCM:
    """The clip with a fade at both ends."""
    count = min(FADE_SAMPLES, clip.shape[-1] // 2)
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    faded = np.array(clip, np.float32)
    faded[..., :count] *= ramp
    faded[..., clip.shape[-1] - count :] *= ramp[::-1]
    return faded


class PreviewHandlers:
    """Answers PlayPreview, which names a preview by the job of its training."""

    def __init__(self, services: Services, playbacks: Playbacks) -> None:
        self._services, self._playbacks = services, playbacks

    async def play(self, request: Call[PlayPreview]) -> Reply:
        """Play a preview of any training that this daemon has a record of, finished or not."""
        body = request.body
        info = self._services.jobs.find(body.job)
        if info.kind != "train":
            raise AlleleError(
                "E_BAD_REQUEST", f"job {info.id} has no previews: it is not a training", hint="choose a training"
            )
        run = await self._services.jobs.run_of(info.id)
        assert run is not None  # every training has a run
        name = body.preview.removeprefix("prior-")
        folder = run if name == body.preview else run / PRIOR
        path, source = folder / PREVIEWS / f"{name}.wav", run / PREVIEW_SOURCE
        clip, gain_db = await self._services.engine.preview(path, source, request.deadline_s)
        stream = ClipStream(clip, body.sample, loop=body.loop)
        number = await self._playbacks.play(body.player, stream, body.sample)
        seconds = clip.shape[-1] / SAMPLE_RATE_HZ
        return Reply(body=PreviewStarted(playback=number, preview=body.preview, seconds=seconds, gain_db=gain_db))


def register(table: DispatchTable, services: Services, playbacks: Playbacks) -> None:
    """Register the handlers of this module."""
    table.add(PlayPreview, PreviewHandlers(services, playbacks).play)
