"""The receiving side of the player: chunks in, credits out, and the position in the strand of what plays.

All credit arithmetic is here: credits given for chunks that have not arrived, plus chunks queued and not played, are
never more than WINDOW. Chunks without samples (a flush, a stop) cost no credit.
"""

from collections import deque
from typing import NamedTuple

import numpy as np

from protocol.frames import Message, unpack_body
from protocol.messages.playback import Chunk
from tui.player.ring import Samples
from tui.player.voice import Voice

WINDOW = 10  # chunks of 20 ms: how late a busy broker may be without a gap in the sound


class Reading(NamedTuple):
    """The momentary loudness in LUFS, and the reduction by the limiter in dB, of what is heard."""

    lufs: float = -70.0
    reduced_db: float = 0.0


class Intake:
    """The receiving half of the player's main thread.

    Args:
        voice: receives the samples.
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
        self._readings: deque[tuple[int, float, float]] = deque()  # (ring position, loudness, reduction) of a chunk
        self._pushed = 0  # ring position after everything pushed
        self._expected = -1  # sample in the strand that would follow without a jump

    def welcome(self) -> None:
        """Reset the credits after a new connection, of which the daemon has none."""
        self._promised = 0

    def owed(self) -> int:
        """Return the credits that can be given now."""
        position = self._voice.position
        while self._ends and self._ends[0] <= position:
            self._ends.popleft()
        return max(0, WINDOW - self._promised - len(self._ends))

    def promise(self, chunks: int) -> None:
        """Record credits that were given."""
        self._promised += chunks

    def take(self, message: Message) -> bool:
        """Queue one chunk. Returns True when it replaces the earlier sound (flush)."""
        chunk = unpack_body(message.body, Chunk)
        pcm = np.asarray(message.buffers[0], np.float32) if message.buffers else np.zeros((1, 0), np.float32)
        sound = _in_channels(pcm, self._voice.channels)
        if sound.size:
            self._promised = max(0, self._promised - 1)
        if chunk.flush or chunk.playback != self.playback:
            self._begin(chunk.playback)
        if sound.size:
            self._readings.append((self._pushed, chunk.lufs, chunk.reduced_db))
            self._push(sound, chunk.sample)
        if chunk.last:
            self._voice.end()
            self.error = chunk.error
            self.is_stopped = chunk.flush
        return chunk.flush

    def cut_off(self) -> None:
        """Handle a lost connection: play what is queued, then stop."""
        self._voice.end()

    def place(self, delay: int) -> int:
        """Return the strand's sample that the device received `delay` samples ago; -1 before the first."""
        position = self._voice.position - delay
        while len(self._places) > 1 and self._places[1][0] <= position:
            self._places.popleft()
        if not self._places:
            return -1
        start, sample = self._places[0]
        return sample + max(0, position - start)

    def reading(self, delay: int) -> Reading:
        """Return what the daemon measured of the chunks that the device received `delay` samples ago.

        The reduction is the largest one since the last call.
        """
        position, reduced_db = self._voice.position - delay, 0.0
        while len(self._readings) > 1 and self._readings[1][0] <= position:
            reduced_db = max(reduced_db, self._readings.popleft()[2])
        if not self._readings or self._readings[0][0] > position:
            return Reading()
        _, lufs, now_db = self._readings[0]
        return Reading(lufs, max(reduced_db, now_db))

    def _begin(self, playback: int) -> None:
        self.begun += 1
        self._voice.flush()
        self._ends.clear()
        self._places.clear()
        self._readings.clear()
        self.playback, self.is_stopped, self.error = playback, False, ""
        self._pushed = self._voice.position

    def _push(self, sound: Samples, sample: int) -> None:
        if not self._places or self._expected != sample:
            self._places.append((self._pushed, sample))
        self._pushed += self._voice.push(sound)
        self._ends.append(self._pushed)
        self._expected = sample + sound.shape[0]


def _in_channels(pcm: Samples, channels: int) -> Samples:
    """Convert PCM (C, L) for the device: `(L,)`, the mean of all channels, or `(L, 2)`, with mono on both sides."""
    rows = np.atleast_2d(pcm)
    if channels == 1:
        return rows.mean(axis=0, dtype=np.float32)
    pair = rows if len(rows) == channels else np.repeat(rows.mean(axis=0, keepdims=True), channels, axis=0)
    return np.asarray(pair.T, np.float32)
