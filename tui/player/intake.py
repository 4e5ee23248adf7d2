"""Chunks in, credits out: what was received, what of it was played, and where in the strand that is.

Sole owner of the credit arithmetic: chunks promised to the daemon and not come yet, plus chunks queued and not
played yet, are never more than WINDOW. Chunks without samples (a flush, a stop) cost no credit.
"""

from collections import deque

import numpy as np

from protocol.frames import Message, unpack_body
from protocol.messages.playback import Chunk
from tui.player.ring import Samples
from tui.player.voice import Voice

WINDOW = 10  # chunks of 20 ms: what a busy broker may be late by without a gap


class Intake:
    """The receiving half of the player's main thread.

    Args:
        voice: where samples go.
    """

    def __init__(self, voice: Voice) -> None:
        self.playback = 0
        self.begun = 0  # counts flushes: playbacks begun, and stops
        self.error = ""
        self.is_stopped = True  # by us or by the daemon; False from a playback's first chunk on
        self._voice = voice
        self._promised = 0
        self._ends: deque[int] = deque()  # ring position after each queued chunk
        self._places: deque[tuple[int, int]] = deque()  # (ring position, sample in the strand) where it jumps
        self._pushed = 0  # ring position after everything pushed
        self._expected = -1  # sample in the strand that would follow without a jump

    def welcome(self) -> None:
        """A connection is new: the daemon knows of no credits."""
        self._promised = 0

    def owed(self) -> int:
        """Credits that can be given now."""
        position = self._voice.position
        while self._ends and self._ends[0] <= position:
            self._ends.popleft()
        return max(0, WINDOW - self._promised - len(self._ends))

    def promise(self, chunks: int) -> None:
        """Credits were given."""
        self._promised += chunks

    def take(self, message: Message) -> bool:
        """Queue one chunk; True when it silences what played before (flush)."""
        chunk = unpack_body(message.body, Chunk)
        pcm = np.asarray(message.buffers[0], np.float32) if message.buffers else np.zeros((1, 0), np.float32)
        sound = _in_channels(pcm, self._voice.channels)
        if sound.size:
            self._promised = max(0, self._promised - 1)
        if chunk.flush or chunk.playback != self.playback:
            self._begin(chunk.playback)
        if sound.size:
            self._push(sound, chunk.sample)
        if chunk.last:
            self._voice.end()
            self.error = chunk.error
            self.is_stopped = chunk.flush
        return chunk.flush

    def cut_off(self) -> None:
        """Nothing more will come: play out what is queued, then stop."""
        self._voice.end()

    def place(self, delay: int) -> int:
        """The strand's sample that was handed to the device `delay` samples ago; -1 before the first."""
        position = self._voice.position - delay
        while len(self._places) > 1 and self._places[1][0] <= position:
            self._places.popleft()
        if not self._places:
            return -1
        start, sample = self._places[0]
        return sample + max(0, position - start)

    def _begin(self, playback: int) -> None:
        self.begun += 1
        self._voice.flush()
        self._ends.clear()
        self._places.clear()
        self.playback, self.is_stopped, self.error = playback, False, ""
        self._pushed = self._voice.position

    def _push(self, sound: Samples, sample: int) -> None:
        if not self._places or self._expected != sample:
            self._places.append((self._pushed, sample))
        self._pushed += self._voice.push(sound)
        self._ends.append(self._pushed)
        self._expected = sample + sound.shape[0]


def _in_channels(pcm: Samples, channels: int) -> Samples:
    """PCM (C, L) as the device takes it: `(L,)`, the mean of all, or `(L, 2)`, one channel on both loudspeakers."""
    rows = np.atleast_2d(pcm)
    if channels == 1:
        return rows.mean(axis=0, dtype=np.float32)
    pair = rows if len(rows) == channels else np.repeat(rows.mean(axis=0, keepdims=True), channels, axis=0)
    return np.asarray(pair.T, np.float32)
