"""What option values mean: budgets, level and frame ranges, names. Pure; argparse turns the refusals into exit 2."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tui.model.existing import at_home, named
from tui.model.names import NAME_RULE, is_name

if TYPE_CHECKING:
    from protocol.ranges import FrameRange, LevelRange

_BUDGET = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smh])\Z")
_LEVELS = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?\Z")
_FRAMES = re.compile(r"([0-9]{0,9}):([0-9]{0,9})\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def budget(text: str) -> float:
    """`90s`, `10m` or `2h` in seconds."""
    match = _BUDGET.match(text)
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= 30 * 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 90s, 10m or 2h (at most 30 days)")
    return seconds


def levels(text: str) -> "LevelRange":
    """`0-2` or `1`: first and last level, inclusive."""
    from protocol.ranges import level_range  # here, so that --help does not wait for msgspec

    match = _LEVELS.match(text)
    named = level_range(match[1], match[2]) if match else None
    if not named:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of levels like 0-2 or 1")
    return named


def frames(text: str) -> "FrameRange":
    """`10:40`, `10:` or `:40`: first frame and the one past the last."""
    from protocol.ranges import frame_range

    match = _FRAMES.match(text)
    named = frame_range(match[1], match[2]) if match else None
    if not named:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of frames like 10:40 (10 up to 39), 10: or :40")
    return named


def name(text: str) -> str:
    """The name of a corpus or model, which is also a folder's."""
    if not is_name(text):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be a name: {NAME_RULE}")
    return text


def whole(text: str, lowest: int, highest: int) -> int:
    """A whole number within bounds, in ASCII digits."""
    if not re.fullmatch(r"-?[0-9]{1,12}", text) or not lowest <= int(text) <= highest:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not a whole number from {lowest} to {highest}")
    return int(text)


def lines(text: str) -> int:
    """How many lines to show."""
    return whole(text, 1, 1_000_000)


def steps(text: str) -> int:
    """How many steps to train, as protocol.messages.StartTraining takes them."""
    return whole(text, 1, 10_000_000)


def level_count(text: str) -> int:
    """How many levels a codec has, as protocol.messages.StartTraining takes them."""
    return whole(text, 1, 32)


def codebook(text: str) -> int:
    """How many codes a level has, as protocol.messages.StartTraining takes them."""
    return whole(text, 2, 65_536)


def channel_count(text: str) -> int | None:
    """1 for mono, 2 for stereo, None (auto) for what most of the corpus is."""
    if text == "auto":
        return None
    if text not in ("1", "2"):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is none of auto, 1 (mono) and 2 (stereo)")
    return int(text)


def place(text: str) -> int:
    """A place in a queue, as protocol.messages.MoveJob takes it."""
    return whole(text, 1, 1_000_000)


def seed(text: str) -> int:
    """The start of random choices: numpy and torch share 32 bits."""
    return whole(text, 0, 2**32 - 1)


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        number = float(text) if text.isascii() and "_" not in text else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return number


def path(text: str) -> Path:
    """A path as typed, or with `~` as the home where that names nothing."""
    if not text:
        raise argparse.ArgumentTypeError("an empty path names nothing")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"{text!a} is not UTF-8; rename it") from None
    return named(text) or at_home(text)
