"""Positions and ranges of a sound as people write them: in frames, in seconds, or one bound in each.

    @10:40   @1.2s:3.4s   @350ms:   @:3.4s   @1.2s:160   @10   @1.2s

A bound without a unit is a frame. Frames are the unit of codes, so a range in seconds becomes frames when an edit is
made; a file is cut at exact samples.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import AlleleError
from protocol.ranges import END, FrameRange, SampleRange
from protocol.units import FRAMES_PER_S, SAMPLE_RATE_HZ

_NUMBER = r"[0-9]{1,9}|[0-9]{0,6}\.?[0-9]{1,9}(?:s|ms)|[0-9]{1,6}\.(?:s|ms)"
_ONE = re.compile(rf"@?(?P<one>{_NUMBER})\Z")
_SPAN = re.compile(rf"@?(?P<first>{_NUMBER})?:(?P<past>{_NUMBER})?\Z")
_SIGNED = re.compile(rf"(?P<before>[+\-@]?)(?P<one>{_NUMBER})\Z")

EXAMPLES = "@10:40 for 10 up to 39, @1.2s:3.4s, @10:, @:40, or @10 for one"


@dataclass(frozen=True)
class Moment:
    """A position in a sound: a number of frames, or of seconds. It is exact, because it is read from digits."""

    number: Fraction
    in_seconds: bool

    @classmethod
    def of_frame(cls, frame: int) -> "Moment":
        """The start of a frame."""
        return cls(Fraction(frame), in_seconds=False)

    def frames(self, frame_rate: float) -> Fraction:
        """The position in frames, which need not be whole."""
        return self.number * Fraction(frame_rate) if self.in_seconds else self.number

    def nearest_frame(self, frame_rate: float) -> int:
        """The frame that begins nearest to the position."""
        return _nearest(self.frames(frame_rate))

    def sample(self, hop_length: int) -> int:
        """The position in samples at 48 kHz."""
        return _nearest(self.number * (SAMPLE_RATE_HZ if self.in_seconds else hop_length))


@dataclass(frozen=True)
class Span:
    """A half-open range of a sound. A bound that is None is the start or the end of the sound.

    Attributes:
        text: the range as it was written.
        is_one: it is a single position, which means the frame there.
    """

    text: str
    first: Moment | None
    past: Moment | None
    is_one: bool = False

    def frames(self, frame_rate: float = FRAMES_PER_S) -> FrameRange:
        """The range in frames. Bounds in seconds go to the nearest frame; at least one frame is kept between them.

        Raises:
            AlleleError: E_BAD_EDIT if the range is empty or runs backwards.
        """
        if self.is_one:
            at = 0 if self.first is None else int(self.first.frames(frame_rate))
            return FrameRange(at, at + 1)
        first = 0 if self.first is None else self.first.nearest_frame(frame_rate)
        if self.past is None:
            return FrameRange(first)
        self._check_order(frame_rate)
        return FrameRange(first, max(first + 1, self.past.nearest_frame(frame_rate)))

    def samples(self, total: int, hop_length: int) -> SampleRange:
        """The range in samples of a sound of `total` samples.

        Raises:
            AlleleError: E_BAD_EDIT if the range is empty, E_RANGE if the sound does not have all of it.
        """
        frame_rate = SAMPLE_RATE_HZ / hop_length
        if self.is_one:
            frames = self.frames(frame_rate)
            made = SampleRange(frames.first * hop_length, min(total, frames.past * hop_length))
        else:
            self._check_order(frame_rate)
            first = 0 if self.first is None else self.first.sample(hop_length)
            made = SampleRange(first, total if self.past is None else self.past.sample(hop_length))
            is_last_frame = self.past is not None and not self.past.in_seconds and made.past < total + hop_length
            if is_last_frame:  # a sound rarely fills its last frame
                made = SampleRange(made.first, min(made.past, total))
        if not 0 <= made.first < made.past <= total:
            seconds, frames = total / SAMPLE_RATE_HZ, -(-total // hop_length)
            raise AlleleError(
                "E_RANGE",
                f"{self.text} is not in the sound, which lasts {seconds:.3f} s: {frames} frames, {total} samples",
                hint=f"leave the end out to go on to it, as in {self.text.partition(':')[0]}:",
            )
        return made

    def _check_order(self, frame_rate: float) -> None:
        if self.past is None:
            return
        first, past = 0 if self.first is None else self.first.frames(frame_rate), self.past.frames(frame_rate)
        if past <= first:
            raise AlleleError("E_BAD_EDIT", f"the range {self.text} is empty", hint="@10:40 is 10 up to 39")


def read_span(text: str) -> Span | None:
    """Read a range, with or without its `@`. None if the text is no range."""
    if match := _SPAN.match(text):
        first, past = match["first"], match["past"]
        return Span(text, _moment(first) if first else None, _moment(past) if past else None)
    if match := _ONE.match(text):
        return Span(text, _moment(match["one"]), None, is_one=True)
    return None


def read_moment(text: str) -> Moment | None:
    """Read a position: `120` is a frame, `1.2s` a time. None if the text is no position."""
    match = _ONE.match(text)
    return _moment(match["one"]) if match else None


def time_as_frames(text: str, frame_rate: float) -> str:
    """Write a time, or a range with times, as frames: `+0.5s` is `+23`. Other texts are returned unchanged."""
    if (match := _SIGNED.match(text)) and match["one"][-1] == "s":
        return f"{match['before']}{_moment(match['one']).nearest_frame(frame_rate)}"
    if "s" in text and (span := read_span(text)) is not None:
        frames = span.frames(frame_rate)
        return f"{frames.first}:{'' if frames.past == END else frames.past}"
    return text


def _moment(text: str) -> Moment:
    if text.endswith("ms"):
        return Moment(Fraction(text[:-2].rstrip(".")) / 1000, in_seconds=True)
    if text.endswith("s"):
        return Moment(Fraction(text[:-1].rstrip(".")), in_seconds=True)
    return Moment(Fraction(text), in_seconds=False)


def _nearest(number: Fraction) -> int:
    return int(number + Fraction(1, 2))
