"""Positions and ranges of a sound as people write them: in frames, in seconds, in bars and beats, or one of each.

    @10:40   @1.2s:3.4s   @350ms:   @:3.4s   @1.2s:160   @10   @1.2s   @bar2   @bar2:bar4   @2.1:2.3   @2.3.2:

A bound without a unit is a frame. `bar2` is the start of bar 2, `2.3` beat 3 of it, `2.3.2` its second sixteenth;
alone, each is the whole bar, beat or sixteenth. Lengths are `1bar` and `2.5beats`. They need a tempo and become
seconds when they are read. Frames are the unit of codes, so a range in seconds becomes frames when an edit is made; a
file is cut at exact samples.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from protocol.errors import AlleleError
from protocol.ranges import END, FrameRange, SampleRange
from protocol.tempo import SIXTEENTHS, Tempo
from protocol.units import FRAMES_PER_S, SAMPLE_RATE_HZ

_BAR = r"bar[0-9]{1,5}|[0-9]{1,5}\.[0-9]{1,2}(?:\.[0-9])?"
_NUMBER = rf"[0-9]{{1,9}}|[0-9]{{0,6}}\.?[0-9]{{1,9}}(?:s|ms)|[0-9]{{1,6}}\.(?:s|ms)|{_BAR}"
_BAR_ONLY = re.compile(rf"(?:{_BAR})\Z")
_ONE = re.compile(rf"@?(?P<one>{_NUMBER})\Z")
_SPAN = re.compile(rf"@?(?P<first>{_NUMBER})?:(?P<past>{_NUMBER})?\Z")
_LENGTH = re.compile(r"(?P<before>[+\-]?)(?P<number>[0-9]{1,5}(?:\.[0-9]{1,9})?)(?P<unit>beat|bar)s?\Z")
_UNIT = re.compile(r"s|\.|bar")
_SIGNED = re.compile(rf"(?P<before>[+\-@]?)(?P<one>{_NUMBER})\Z")

EXAMPLES = "@10:40 for 10 up to 39, @1.2s:3.4s, @10:, @:40, @10 for one, @bar2, or @2.1:2.3 for beats"


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
        is_one: it is a single position, which means the frame there, or with `past` the bar or beat there.
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
        if self.is_one and self.past is None:
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
        if self.is_one and self.past is None:
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


def read_span(text: str, tempo: Tempo | None = None) -> Span | None:
    """Read a range, with or without its `@`. None if the text is no range.

    Raises:
        AlleleError: E_BAD_EDIT for bars or beats without a tempo, or for a bar that cannot exist.
    """
    if match := _SPAN.match(text):
        first, past = match["first"], match["past"]
        return Span(text, _moment(first, tempo) if first else None, _moment(past, tempo) if past else None)
    if match := _ONE.match(text):
        return Span(text, _moment(match["one"], tempo), _end_of(match["one"], tempo), is_one=True)
    return None


def read_moment(text: str, tempo: Tempo | None = None) -> Moment | None:
    """Read a position: `120` is a frame, `1.2s` a time, `bar2` and `2.3` are a bar and a beat. None for other texts.

    Raises:
        AlleleError: E_BAD_EDIT for bars or beats without a tempo, or for a bar that cannot exist.
    """
    match = _ONE.match(text)
    return _moment(match["one"], tempo) if match else None


def time_as_frames(text: str, frame_rate: float, tempo: Tempo | None = None) -> str:
    """Write a time, or a range with times, as frames: `+0.5s` is `+23`. Other texts are returned unchanged.

    Raises:
        AlleleError: E_BAD_EDIT for bars or beats without a tempo, or for a bar that cannot exist.
    """
    if match := _LENGTH.match(text):
        known = _known(text, tempo)
        length = Fraction(match["number"]) * (known.beat_s if match["unit"] == "beat" else known.bar_s)
        return f"{match['before']}{Moment(length, in_seconds=True).nearest_frame(frame_rate)}"
    if not _UNIT.search(text):
        return text
    if match := _SIGNED.match(text):
        return f"{match['before']}{_moment(match['one'], tempo).nearest_frame(frame_rate)}"
    if (span := read_span(text, tempo)) is not None:
        frames = span.frames(frame_rate)
        return f"{frames.first}:{'' if frames.past == END else frames.past}"
    return text


def _moment(text: str, tempo: Tempo | None) -> Moment:
    if (place := _bar_of(text, tempo)) is not None:
        return Moment(_known(text, tempo).start_of(*place), in_seconds=True)
    if text.endswith("ms"):
        return Moment(Fraction(text[:-2].rstrip(".")) / 1000, in_seconds=True)
    if text.endswith("s"):
        return Moment(Fraction(text[:-1].rstrip(".")), in_seconds=True)
    return Moment(Fraction(text), in_seconds=False)


def _bar_of(text: str, tempo: Tempo | None) -> list[int] | None:
    """The bar, the beat and the sixteenth that a position names, as far as it does; None if it names a frame or a time.

    Raises:
        AlleleError: E_BAD_EDIT if there is no tempo, or no such beat in a bar.
    """
    if not _BAR_ONLY.match(text):
        return None
    beats = _known(text, tempo).beats
    place = [int(number) for number in text.removeprefix("bar").split(".")]
    for number, most, what in zip(place, (99_999, beats, SIXTEENTHS), ("bar", "beat", "sixteenth"), strict=False):
        if not 1 <= number <= most:
            where = f"{what}s are counted from 1" if number < 1 else f"{what}s go from 1 to {most}"
            raise AlleleError("E_BAD_EDIT", f"{text} does not exist: {where}", hint="bar 2, beat 3 is 2.3")
    return place


def _end_of(text: str, tempo: Tempo | None) -> Moment | None:
    """The end of the bar, beat or sixteenth that a position names; None for a frame or a time."""
    place = _bar_of(text, tempo)
    if place is None:
        return None
    known = _known(text, tempo)
    length = (known.bar_s, known.beat_s, known.beat_s / SIXTEENTHS)[len(place) - 1]
    return Moment(known.start_of(*place) + length, in_seconds=True)


def _known(text: str, tempo: Tempo | None) -> Tempo:
    if tempo is None:
        raise AlleleError("E_BAD_EDIT", f"{text} needs a tempo, and there is none", hint="set one: tempo 120")
    return tempo


def _nearest(number: Fraction) -> int:
    return int(number + Fraction(1, 2))
