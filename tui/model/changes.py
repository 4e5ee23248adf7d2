"""Edits that keys make, and the last one, which the repeat key (`.`) applies again.

Does no I/O. An edit that a key makes acts on a rectangle: the selection, or cells from the cursor on. A `Repeatable`
is an edit without its position but with its size, so that it can be applied elsewhere. If the edit named the strand of
the other pane, its repetition names the strand that the other pane shows then.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from protocol.edits import Edit
from protocol.operations import OPS
from protocol.opspec import Count, Place
from protocol.ranges import END, FrameRange, LevelRange, Rect
from tui.model.cursor import Cursor


@dataclass(frozen=True)
class Repeatable:
    """The last change, without its position.

    Attributes:
        height, width: size of the rectangle, in levels and frames.
        step: how many codes the change stepped, when it was a step and not an edit.
        is_to_other: whether it named the strand of the other pane.
        follows: whether the cursor of the other pane decides where the edit begins there.
    """

    edit: Edit | None = None
    height: int = 0
    width: int = 0
    is_to_other: bool = False
    follows: bool = False
    step: int = 0


@dataclass(frozen=True)
class Here:
    """Where a change is repeated: cursor, selection if there is one, the strand's size, and the other pane."""

    cursor: Cursor
    selected: Rect | None
    levels: int
    frames: int
    other: str | None


def at_rect(edit: Edit, rect: Rect) -> Edit:
    """Return the edit at a rectangle, with only those of levels and frames that its operation accepts."""
    place = OPS[edit.op].place
    levels = rect.levels if place in (Place.CELLS, Place.LEVELS) else None
    frames = rect.frames if place in (Place.CELLS, Place.FRAMES) else None
    return replace(edit, levels=levels, frames=frames)


def to_other(edit: Edit, strand: str) -> Edit:
    """Return the edit with another strand as its second strand."""
    return replace(edit, args=[strand, *edit.args[1:]])


def repeatable(edit: Edit, other: str | None, *, follows: bool = False) -> Repeatable | None:
    """Return the change that can be repeated after an edit, or None when the edit changes no cells."""
    if not OPS[edit.op].repeatable:
        return None
    height = 0 if edit.levels is None else len(edit.levels)
    width = 0 if edit.frames is None or edit.frames.is_open else len(edit.frames)
    is_to_other = edit.other is not None and edit.other == other
    return Repeatable(edit, height, width, is_to_other, follows)


def again(last: Repeatable, here: Here, count: int | None) -> Edit | None:
    """Return the last change at another position, or None when it needs the other pane and that is empty."""
    edit = last.edit
    if edit is None or (last.is_to_other and here.other is None):
        return None
    if last.is_to_other and here.other is not None:
        edit = to_other(edit, here.other)
    if count is not None and OPS[edit.op].count is Count.AMOUNT:
        sign = "-" if edit.args[0].startswith("-") else ""
        edit = replace(edit, args=[f"{sign}{count}"])
        count = None
    if here.selected is not None:
        return at_rect(edit, here.selected)
    return _sized(edit, last, here, count)


def _sized(edit: Edit, last: Repeatable, here: Here, count: int | None) -> Edit:
    """Return the edit at the cursor in its earlier size, cropped to the strand. Absent levels or frames stay absent."""
    level, frame = here.cursor.level, here.cursor.frame
    levels, frames = edit.levels, edit.frames
    if levels is not None:
        levels = LevelRange(level, min(level + last.height, here.levels) - 1)
    if frames is not None:
        width = count or last.width
        frames = FrameRange(frame, min(frame + width, here.frames) if width else END)
    return replace(edit, levels=levels, frames=frames)


def next_seed(text: str) -> str:
    """Return an answer to a prompt with its seed increased by one, for the next use of the prompt."""
    words = [
        f"seed={int(word[5:]) + 1}" if word.startswith("seed=") and word[5:].isdecimal() else word
        for word in text.split()
    ]
    return " ".join(words)
