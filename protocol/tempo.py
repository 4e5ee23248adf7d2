"""Tempo: the grid of bars and beats that lies over a strand from its start on.

Positions are exact fractions of a second. Frames stay the unit of codes, so a position goes to the nearest frame in an
edit, and to the nearest sample in a file (docs/adr/0099-a-grid-of-time.md).
"""

import math
import re
from fractions import Fraction
from typing import NamedTuple

import msgspec

from protocol.errors import AlleleError

SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
USUAL_BEATS, MOST_BEATS = 4, 32
SIXTEENTHS = 4  # of a beat
NO_TEMPO = "none"

_BPM = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,12})?\Z")
_BEATS = re.compile(r"[0-9]{1,2}\Z")


class Place(NamedTuple):
    """A bar and a beat in it, both counted from 1."""

    bar: int
    beat: int

    def __str__(self) -> str:
        return f"{self.bar}.{self.beat}"


class Tempo(msgspec.Struct, frozen=True, kw_only=True):
    """Beats a minute, and how many beats are a bar. Beat 1 of bar 1 is the start of the sound."""

    bpm: float
    beats: int = USUAL_BEATS

    @property
    def beat_s(self) -> Fraction:
        """The length of a beat in seconds."""
        return 60 / Fraction(self.bpm)

    @property
    def bar_s(self) -> Fraction:
        """The length of a bar in seconds."""
        return self.beat_s * self.beats

    def start_of(self, bar: int, beat: int = 1, sixteenth: int = 1) -> Fraction:
        """The time at which a beat or a sixteenth of it begins, in seconds; all are counted from 1."""
        return ((bar - 1) * self.beats + beat - 1 + Fraction(sixteenth - 1, SIXTEENTHS)) * self.beat_s

    def place_at(self, seconds: Fraction | float) -> Place:
        """The bar and beat in which a time lies."""
        bar, beat = divmod(math.floor(Fraction(seconds) / self.beat_s), self.beats)
        return Place(bar + 1, beat + 1)

    def nearest_beat(self, seconds: Fraction | float) -> Fraction:
        """The start of the beat that is nearest to a time, in seconds."""
        return math.floor(Fraction(seconds) / self.beat_s + Fraction(1, 2)) * self.beat_s

    def __str__(self) -> str:
        return f"{bpm_words(self.bpm)} bpm" + ("" if self.beats == USUAL_BEATS else f", {self.beats} beats a bar")


def bpm_words(bpm: float) -> str:
    """Write beats a minute with at most two decimals."""
    return f"{bpm:.2f}".rstrip("0").rstrip(".")


def read_tempo(bpm: str, beats: str = "", before: Tempo | None = None) -> Tempo | None:
    """Read a tempo as it is typed. `none` is no tempo.

    Args:
        beats: beats of a bar; "" keeps those of the tempo before.

    Raises:
        AlleleError: E_BAD_EDIT. It names what is wrong.
    """
    if bpm == NO_TEMPO:
        return None
    number = float(bpm) if _BPM.match(bpm) else 0.0
    if not SLOWEST_BPM <= number <= FASTEST_BPM:
        raise AlleleError(
            "E_BAD_EDIT",
            f"a tempo is {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats a minute, or {NO_TEMPO}, not {bpm[:40]!r}",
            hint="as in: tempo 120",
        )
    kept = USUAL_BEATS if before is None else before.beats
    count = (int(beats) if _BEATS.match(beats) else 0) if beats else kept
    if not 1 <= count <= MOST_BEATS:
        raise AlleleError(
            "E_BAD_EDIT", f"a bar has 1 to {MOST_BEATS} beats, not {beats[:40]!r}", hint="as in: tempo 120 beats=3"
        )
    return Tempo(bpm=number, beats=count)


def tempo_fault(tempo: Tempo | None) -> str:
    """What is wrong with the tempo of a strand, or ""."""
    if tempo is None or (SLOWEST_BPM <= tempo.bpm <= FASTEST_BPM and 1 <= tempo.beats <= MOST_BEATS):
        return ""
    return f"a tempo of {tempo.bpm:g} bpm with {tempo.beats} beats a bar"
