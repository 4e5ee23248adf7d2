"""Mix decoded events into one sound, each at its sample."""

import numpy as np

from daemon.dsp.audio import Audio

RISE = 240
"""Samples over which an event fades in, 5 ms, until as long before its onset: a decode smears attacks into silence."""
BRIEFEST_FADE = 1440
"""Samples of the shortest fade at the end of an event that is cut, 30 ms."""


class Mix:
    """A sound of fixed length that events are added to; in a loop, what goes over an end goes on at the other."""

    def __init__(self, samples: int, channels: int, *, is_loop: bool) -> None:
        self.audio: Audio = np.zeros(samples if channels == 1 else (2, samples), np.float32)
        self._samples, self._is_loop = samples, is_loop

    def add(self, sound: Audio, at: int) -> None:
        """Add a sound whose first sample is at `at`, which may lie before the start."""
        length = sound.shape[-1]
        if not self._is_loop:
            lo, hi = max(0, at), min(self._samples, at + length)
            if lo < hi:
                self.audio[..., lo:hi] += sound[..., lo - at : hi - at]
            return
        done = 0
        while done < length:
            place = (at + done) % self._samples
            count = min(self._samples - place, length - done)
            self.audio[..., place : place + count] += sound[..., done : done + count]
            done += count


def ringing(sound: Audio, lead: int, most: int, gain: float, release: float = 0.0) -> Audio:
    """A decoded event that rings for at most `most` samples after its onset.

    It fades over its last part, at least `BRIEFEST_FADE` samples where it is cut, and at most all of it.

    Args:
        release: share of its length that fades whether it is cut or not.
    """
    stop = min(sound.shape[-1], lead + most)
    shaped = sound[..., :stop] * np.float32(gain)
    rise = np.clip((np.arange(lead) - (lead - 2 * RISE)) / RISE, 0, 1).astype(np.float32)
    shaped[..., :lead] *= rise
    length = stop - lead
    count = round(release * length)
    if sound.shape[-1] > stop:
        count = max(count, BRIEFEST_FADE, length // 3)
    if count := min(count, length):
        shaped[..., -count:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, count, dtype=np.float32))
    return shaped
