"""The grid of time in the editor, without Textual: edges to snap to, bars to select, taps, and the ruler's bars.

An edge is a frame at which something begins: the nearest frame of a beat, or of an onset. The end of the strand is an
edge too. Frames are whole, so a selection between two edges is up to half a frame off the beat; a file that is saved
from it is cut on the beat itself (`part_of`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from protocol.ranges import FrameRange
from protocol.strands import StrandMeta
from protocol.tempo import FASTEST_BPM, SLOWEST_BPM, Place, Tempo
from protocol.times import Moment, Span

Edges = npt.NDArray[np.int64]

TAPS = 4
LONGEST_GAP_S = 60 / SLOWEST_BPM
FITS = 0.02  # a tapped tempo becomes one that fits the loop's length if it is within this share of it


class Snap(Enum):
    """What moves of the cursor go to."""

    OFF = "off"
    BEAT = "beat"
    ONSET = "onset"

    @property
    def next(self) -> "Snap":
        """The mode that the key chooses after this one."""
        modes = list(Snap)
        return modes[(modes.index(self) + 1) % len(modes)]


def frame_of(seconds: Fraction | float, frame_rate: float) -> int:
    """Return the frame that begins nearest to a time."""
    return math.floor(Fraction(seconds) * Fraction(frame_rate) + Fraction(1, 2))


def beat_edges(tempo: Tempo, frames: int, frame_rate: float) -> Edges:
    """Return the frames at which the beats of a strand begin, and the end of the strand."""
    count = math.ceil(Fraction(frames) / Fraction(frame_rate) / tempo.beat_s)
    edges = [frame_of(number * tempo.beat_s, frame_rate) for number in range(count)]
    return np.unique(np.array([*(edge for edge in edges if edge < frames), frames], np.int64))


def onset_edges(samples: npt.NDArray[np.int32], frames: int, frame_rate: float, sample_rate: int) -> Edges:
    """Return the frames in which onsets lie, and the end of the strand."""
    edges = np.floor(samples * (frame_rate / sample_rate)).astype(np.int64)
    return np.unique(np.append(edges[edges < frames], frames))


def step_edge(edges: Edges, frame: int, count: int) -> int | None:
    """Return the edge that is `count` edges after a frame, or before it if negative; the last one if there are fewer.

    None if there is no edge in that direction.
    """
    later = edges[edges > frame] if count > 0 else edges[edges < frame]
    if not len(later):
        return None
    return int(later[min(count, len(later)) - 1] if count > 0 else later[max(count, -len(later))])


def step_end(edges: Edges, last: int, count: int) -> int | None:
    """Return the last frame of a selection that ends `count` edges after, or before, the one that ends with `last`."""
    edge = step_edge(edges, last + 1, count)
    return None if edge is None or edge == 0 else edge - 1


def unit_at(tempo: Tempo, frame: int, frame_rate: float, frames: int, count: int, *, is_bar: bool) -> FrameRange:
    """Return the frames of `count` bars or beats, from the one on in which a frame lies, inside a strand."""
    length = tempo.bar_s if is_bar else tempo.beat_s
    number = math.floor((Fraction(frame) + Fraction(1, 2)) / Fraction(frame_rate) / length)
    first, past = (frame_of((number + more) * length, frame_rate) for more in (0, count))
    return FrameRange(min(first, frames - 1), min(max(past, first + 1), frames))


def part_of(frames: FrameRange, meta: StrandMeta) -> Span:
    """Return a range of a strand's frames as a range that a file is cut to.

    A bound on the nearest frame of a beat is the beat itself, so that bars are cut at exact samples. It is the end of
    the sound if that comes before the beat.
    """
    past = None if frames.is_open else _bound(frames.past, meta)
    if past is not None and past.in_seconds and past.sample(meta.hop_length) > meta.samples:
        past = None
    return Span(str(frames), _bound(frames.first, meta), past)


def _bound(frame: int, meta: StrandMeta) -> Moment:
    if meta.tempo is not None:
        beat = meta.tempo.nearest_beat(Fraction(frame) / Fraction(meta.frame_rate))
        if frame_of(beat, meta.frame_rate) == frame:
            return Moment(beat, in_seconds=True)
    return Moment.of_frame(frame)


@dataclass
class Taps:
    """Times at which a key was tapped, in seconds of any clock. A long pause begins again."""

    times: list[float] = field(default_factory=list[float])

    def tap(self, now: float) -> float | None:
        """Add a tap, and return the tempo in beats a minute from TAPS taps on, else None."""
        if self.times and now - self.times[-1] > LONGEST_GAP_S:
            self.times.clear()
        self.times.append(now)
        if len(self.times) < TAPS:
            return None
        gap_s = (self.times[-1] - self.times[0]) / (len(self.times) - 1)
        return min(max(60 / max(gap_s, 1e-3), SLOWEST_BPM), FASTEST_BPM)


def fitted(bpm: float, seconds: float) -> tuple[float, int]:
    """Return the tempo near `bpm` at which a sound is a whole number of beats long, and that number.

    If there is none within `FITS`, the tempo is rounded to a tenth and the number is 0.
    """
    beats = max(1, round(seconds * bpm / 60))
    exact = 60 * beats / seconds
    return (exact, beats) if abs(exact / bpm - 1) <= FITS else (round(bpm, 1), 0)


def bpm_text(bpm: float) -> str:
    """Write a tempo as the operation reads it, with all its digits."""
    return f"{bpm:.6f}".rstrip("0").rstrip(".")


def offers(tempos: Sequence[float]) -> str:
    """Describe the estimated tempos, the likeliest first."""
    return ", ".join(f"{bpm:.2f}".rstrip("0").rstrip(".") for bpm in tempos)


def bar_ruler(first: int, frames: int, frame_rate: float, columns: int, tempo: Tempo, apart: int) -> str:
    """Return a ruler such as `1    .    .    .    2`: bars at the column of their start, points or numbers at beats.

    Args:
        apart: the fewest columns between two labels. Bars are left out between labels that would be nearer; beats and
            bars are points if they are at least two columns apart.
    """
    bar_columns = float(tempo.bar_s) * frame_rate
    step = 1
    while step * bar_columns < apart:
        step *= 2
    cells = [" "] * columns
    points = tempo.beat_s if bar_columns / tempo.beats >= 2 else tempo.bar_s
    number = math.ceil(Fraction(first) / Fraction(frame_rate) / points)
    while True:
        at = frame_of(number * points, frame_rate)
        if at - first >= columns or at >= max(1, frames):
            break
        if at >= first and float(points) * frame_rate >= 2:
            place = Place(number // tempo.beats + 1, number % tempo.beats + 1)
            text = str(place) if points == tempo.beat_s and bar_columns / tempo.beats >= apart else "."
            cells[at - first : at - first + len(text)] = text
        number += 1
    del cells[columns:]
    bar = math.ceil(Fraction(first) / Fraction(frame_rate) / tempo.bar_s)
    bar += -bar % step
    while True:
        at = frame_of(bar * tempo.bar_s, frame_rate)
        if at - first >= columns or at >= max(1, frames):
            return "".join(cells)
        for offset, char in enumerate(str(bar + 1)[: columns - (at - first)]):
            cells[at - first + offset] = char
        bar += step
