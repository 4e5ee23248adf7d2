"""The device callback: it reads samples from the ring and fades the edges so that nothing clicks.

The main thread pushes, flushes, ends and mutes; the callback fills. The two share the ring and one tuple, `_cue`,
which the main thread replaces as a whole, so the callback never sees a partial change. The callback allocates no
arrays, writes no log, takes no lock, and always fills its whole block.

Fades: 2 ms in after silence, 5 ms out before a known end. On a flush or a stop the next 5 ms of the queued sound fade
out under the new sound. If the ring is empty, the last value decays over 5 ms.
"""

from typing import NamedTuple

import numpy as np

from tui.player.ring import Ring, Samples

FADE_IN = 96  # 2 ms at 48 kHz: longer would soften an attack
FADE_OUT = 240  # 5 ms


class _Cue(NamedTuple):
    flush_to: int = 0  # everything before this ring position is dropped
    end_at: int | None = None  # ring position after the last sample, once it is known
    muted: bool = False


class Voice:
    """The source of one device's samples, with the channels of its ring.

    Args:
        ring: the samples that the main thread writes.
        prebuffer: samples that must be queued before sound starts, also after an underrun.
    """

    def __init__(self, ring: Ring, prebuffer: int) -> None:
        self.underruns = 0
        self.peak = 0.0
        self._ring, self._prebuffer = ring, prebuffer
        self._cue = _Cue()
        frame = () if ring.channels == 1 else (ring.channels,)  # the shape of one sample
        across = (-1, *(1 for _ in frame))
        self._up = ((np.arange(FADE_IN, dtype=np.float32) + 0.5) / FADE_IN).reshape(across)
        falling = np.cos(np.linspace(0, np.pi, FADE_OUT, dtype=np.float32)) * np.float32(0.5) + np.float32(0.5)
        self._down = falling.reshape(across)
        self._tail, self._spare = (np.zeros((FADE_OUT, *frame), np.float32) for _ in range(2))
        self._tail_at = FADE_OUT  # the tail is used up
        self._tail_from = 0  # where in the current block the tail continues
        self._sounding = False
        self._silenced = False
        self._risen = FADE_IN
        self._last = np.zeros(frame, np.float32)

    # --- main thread -------------------------------------------------------------------------------------

    @property
    def position(self) -> int:
        """The ring position of the next sample to be played."""
        return max(self._ring.read, self._cue.flush_to)

    @property
    def is_over(self) -> bool:
        """Whether the end is known and the device received everything before it."""
        end = self._cue.end_at
        return end is not None and self._ring.read >= end

    @property
    def channels(self) -> int:
        """The number of channels that it plays."""
        return self._ring.channels

    def push(self, pcm: Samples) -> int:
        """Queue samples and return how many fitted."""
        return self._ring.write(pcm)

    def flush(self) -> None:
        """Drop what is queued. A new playback begins with the next push."""
        self._cue = _Cue(flush_to=self._ring.written)

    def end(self) -> None:
        """Mark the end of the pushed samples as the end of the playback."""
        self._cue = self._cue._replace(end_at=self._ring.written)

    def mute(self) -> None:
        """Play silence until the next flush. Queued samples are consumed at the same rate."""
        self._cue = self._cue._replace(muted=True)

    def take_peak(self) -> float:
        """Return the loudest sample (0 or more) since the last call. A concurrent block may be missed."""
        peak, self.peak = self.peak, 0.0
        return peak

    # --- device callback ---------------------------------------------------------------------------------

    def fill(self, out: Samples) -> bool:
        """Write the next samples into `out`, `(L,)` or `(L, 2)`. False: all of it is silence between playbacks."""
        cue, ring = self._cue, self._ring
        if ring.read < cue.flush_to:
            self._leave()
            ring.advance(cue.flush_to - ring.read)
            self._sounding = False
        if cue.muted and not self._silenced:
            self._leave()
        self._silenced = cue.muted
        count = self._take(out, cue)
        out[count:] = 0.0
        active = count > 0 or self._tail_at < FADE_OUT
        self._mix_tail(out)
        self._last[...] = out[-1]
        self.peak = max(self.peak, float(out.max()), -float(out.min()))
        return active or self._sounding

    def _take(self, out: Samples, cue: _Cue) -> int:
        """Move samples from the ring into `out`, with faded edges, and return their number."""
        ring = self._ring
        if not self._sounding:
            ready = ring.queued
            if ready == 0 or (ready < self._prebuffer and cue.end_at is None):
                return 0
            self._sounding, self._risen = True, 0
        count = ring.copy_to(out)
        self._rise(out, count)
        if cue.end_at is not None:
            self._fall(out, count, ring.read - (cue.end_at - FADE_OUT))
        if cue.muted:
            out[:count] = 0.0
        ring.advance(count)
        if count < out.shape[0]:
            self._sounding = False
            if cue.end_at is None:
                self._starve(out, count, cue.muted)
        return count

    def _rise(self, out: Samples, count: int) -> None:
        steps = min(FADE_IN - self._risen, count)
        if steps > 0:
            out[:steps] *= self._up[self._risen : self._risen + steps]
            self._risen += steps

    def _fall(self, out: Samples, count: int, into: int) -> None:
        """Fade out before a known end. `into` is how far the block's start is past the fade's start, in samples."""
        start, ramp = max(0, -into), max(0, into)
        steps = min(count - start, FADE_OUT - ramp)
        if steps > 0:
            out[start : start + steps] *= self._down[ramp : ramp + steps]

    def _starve(self, out: Samples, count: int, muted: bool) -> None:
        """Handle an empty ring: let the last value decay, since a drop to zero would click."""
        self.underruns += 1
        if muted:
            return
        np.multiply(self._down, out[count - 1] if count else self._last, out=self._spare)
        self._tail_at, self._tail, self._spare = 0, self._spare, self._tail
        self._tail_from = count

    def _leave(self) -> None:
        """Store the next samples as a tail that fades out under the sound that follows."""
        if not self._sounding:
            return
        self._spare[:] = 0.0
        count = self._ring.copy_to(self._spare) if not self._silenced else 0
        self._spare[:count] *= self._down[:count]
        rest = FADE_OUT - self._tail_at
        self._spare[:rest] += self._tail[self._tail_at :]
        self._tail_at, self._tail, self._spare = 0, self._spare, self._tail

    def _mix_tail(self, out: Samples) -> None:
        start, self._tail_from = self._tail_from, 0
        steps = min(out.shape[0] - start, FADE_OUT - self._tail_at)
        if steps > 0:
            out[start : start + steps] += self._tail[self._tail_at : self._tail_at + steps]
            self._tail_at += steps
