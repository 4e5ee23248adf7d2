"""Joins between two pieces of sound: whether one clicks, and the short crossfade that removes the click. Pure numpy."""

import numpy as np

from daemon.playback.block_cache import PCM

FADE_SAMPLES = 240  # 5 ms at 48 kHz
SAME = 1e-4  # a partial decode equals the full one within this: not a change
STEP_RATIO = 1.5  # a jump is a click when it is this much larger than the steps around it

_UP = (np.arange(FADE_SAMPLES, dtype=np.float32) + 0.5) / FADE_SAMPLES


class Seam:
    """What the old sound would have gone on with, fading under the new one.

    Args:
        old: continuation of what was played, (n,) or (2, n), n ≤ FADE_SAMPLES; its last value stands for the rest.
        last: the last sample played, (1,) or (2, 1).
    """

    def __init__(self, old: PCM, last: PCM) -> None:
        missing = FADE_SAMPLES - old.shape[-1]
        self._old = np.concatenate([old, np.repeat(old[..., -1:] if old.size else last, missing, axis=-1)], axis=-1)
        self._at = 0

    def is_change(self, new: PCM) -> bool:
        """The new sound differs from the continuation."""
        count = min(FADE_SAMPLES, new.shape[-1])
        return bool(count) and float(np.abs(self._old[..., :count] - new[..., :count]).max()) > SAME

    @property
    def is_done(self) -> bool:
        """The fade is over."""
        return self._at >= FADE_SAMPLES

    def apply(self, new: PCM) -> PCM:
        """The next samples of the new sound with the old one fading under them; a copy."""
        count = min(FADE_SAMPLES - self._at, new.shape[-1])
        up = _UP[self._at : self._at + count]
        mixed = new.copy()
        mixed[..., :count] = up * new[..., :count] + (1 - up) * self._old[..., self._at : self._at + count]
        self._at += count
        return mixed


def would_click(before: PCM, after: PCM) -> bool:
    """Whether `after` following `before` jumps more than the signal itself does near the join."""
    if not before.size or not after.size:
        return False
    sides = (before[..., -FADE_SAMPLES:], after[..., :FADE_SAMPLES])
    steps = [np.abs(np.diff(side)).max() for side in sides if side.shape[-1] > 1]
    jump = float(np.abs(after[..., 0] - before[..., -1]).max())
    return jump > STEP_RATIO * float(max(steps, default=0.0)) + SAME
