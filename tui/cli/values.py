"""Parsers of option values: budgets, level and frame ranges, names. Invalid values make argparse exit with 2."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protocol.options import Duration, Kind, Whole
from tui.model.existing import at_home, named
from tui.model.names import NAME_RULE, is_name

if TYPE_CHECKING:
    from protocol.ranges import LevelRange
    from protocol.tempo import Tempo
    from protocol.times import Span

_LEVELS = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?\Z")


def reading(kind: Kind) -> Callable[[str], Any]:
    """Return a parser for one kind of value. argparse shows its error messages unchanged."""

    def read(text: str) -> Any:
        try:
            return kind.read(text)
        except ValueError as refusal:
            raise argparse.ArgumentTypeError(str(refusal)) from None

    return read


budget = reading(Duration())
lines = reading(Whole(1, 1_000_000))
level = reading(Whole(0, 31))  # the levels that a strand can have
takes = reading(Whole(1, 99))  # as tui.model.variations names them
place = reading(Whole(1, 1_000_000))  # a place in the queue, in the range of protocol.messages.MoveJob


def levels(text: str) -> "LevelRange":
    """Parse levels such as `0-2` or `1`: first and last level, inclusive."""
    from protocol.ranges import level_range  # here, so that --help does not wait for msgspec

    match = _LEVELS.match(text)
    named = level_range(match[1], match[2]) if match else None
    if not named:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of levels like 0-2 or 1")
    return named


def span(text: str) -> "Span":
    """Parse a range such as `10:40`, `1.2s:3.4s` or `bar1:bar3`: the first frame, time or bar, and the end."""
    from protocol.errors import AlleleError  # here, so that --help does not wait for msgspec
    from protocol.times import read_span
    from tui.cli.timing import ANY_TEMPO

    try:
        named = read_span(text, ANY_TEMPO)
    except AlleleError as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None
    if named is None or (named.is_one and text[:1] != "@"):
        known = "10:40 (frames 10 up to 39), 10:, 1.2s:3.4s or bar1:bar3"
        raise argparse.ArgumentTypeError(f"{text!r} is not a range like {known}")
    try:
        named.frames()
    except AlleleError as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None
    return named


def tempo(text: str) -> "Tempo":
    """Parse a tempo in beats a minute."""
    from protocol.errors import AlleleError  # here, so that --help does not wait for msgspec
    from protocol.tempo import read_tempo

    try:
        named = read_tempo(text)
    except AlleleError as refusal:
        raise argparse.ArgumentTypeError(refusal.message) from None
    if named is None:
        raise argparse.ArgumentTypeError("--tempo counts bars, so it is a number; leave it out for the strand's own")
    return named


def name(text: str) -> str:
    """Parse the name of a corpus or model, which is also the name of its folder."""
    if not is_name(text):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a name: {NAME_RULE}")
    return text


def share(text: str) -> float:
    """Parse a number from 0 to 1."""
    try:
        number = float(text) if text.isascii() and "_" not in text else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number


def path(text: str) -> Path:
    """Parse a path: exactly as typed, or with `~` expanded if that does not exist."""
    if not text:
        raise argparse.ArgumentTypeError("an empty path names nothing")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"{text!a} is not UTF-8; rename it") from None
    return named(text) or at_home(text)
