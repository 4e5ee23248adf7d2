"""Joins between two pieces of sound: whether one clicks, and the short crossfade that removes the click. Pure numpy."""

import numpy as np

from daemon.playback.block_cache import PCM

FADE_SAMPLES = 240  # 5 ms at 48 kHz
SAME = 1e-4  # a partial decode equals the full one within this: not a change
STEP_RATIO = 1.5  # a jump is a click when it is this much larger than the steps around it

_UP = (np.arange(FADE_SAMPLES, dtype=np.float32) + 0.5) / FADE_SAMPLES


class Crossfade:
    """Crossfade from the continuation of the old sound to the new one.

    Args:
        old: continuation of the old sound, (n,) or (2, n), n ≤ FADE_SAMPLES; its last value fills the rest.
        last: the last sample played, (1,) or (2, 1), used if `old` is empty.
    """

    def __init__(self, old: PCM, last: PCM) -> None:
        missing = FADE_SAMPLES - old.shape[-1]
        self._old = np.concatenate([old, np.repeat(old[..., -1:] if old.size else last, missing, axis=-1)], axis=-1)
        self._at = 0

    def is_change(self, new: PCM) -> bool:
        """Whether the new sound differs from the continuation of the old one."""
        count = min(FADE_SAMPLES, new.shape[-1])
        return bool(count) and float(np.abs(self._old[..., :count] - new[..., :count]).max()) > SAME

    @property
    def is_done(self) -> bool:
        """Whether the crossfade has ended."""
        return self._at >= FADE_SAMPLES

    def apply(self, new: PCM) -> PCM:
        """Crossfade the next samples of the new sound; returns a copy."""
        count = min(FADE_SAMPLES - self._at, new.shape[-1])
        up = _UP[self._at : self._at + count]
        mixed = new.copy()
        mixed[..., :count] = up * new[..., :count] + (1 - up) * self._old[..., self._at : self._at + count]
        self._at += count
        return mixed


def would_click(before: PCM, after: PCM) -> bool:
    """Whether the step from `before` to `after` is larger than the steps within the signal near the join."""
    if not before.size or not after.size:
        return False
    sides = (before[..., -FADE_SAMPLES:], after[..., :FADE_SAMPLES])
    steps = [np.abs(np.diff(side)).max() for side in sides if side.shape[-1] > 1]
    jump = float(np.abs(after[..., 0] - before[..., -1]).max())
    return jump > STEP_RATIO * float(max(steps, default=0.0)) + SAME
