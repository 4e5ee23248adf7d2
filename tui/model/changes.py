"""What the editor's keys write, as edits, and the last of them for `.`.

Pure. An edit that a key makes acts on a rectangle: the selection, or cells from the cursor on. `Repeatable` is an edit
with its place taken away but for its size, so that it can be done elsewhere; a strand that was "the other pane" when
it was made is the other pane again when it is repeated.
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
    """The last change. height, width: of its place. step: it was a step of the code number, and no edit as text.

    is_to_other: it named the other pane's strand. follows: where it begins over there is the cursors' business.
    """

    edit: Edit | None = None
    height: int = 0
    width: int = 0
    is_to_other: bool = False
    follows: bool = False
    step: int = 0


@dataclass(frozen=True)
class Here:
    """Where `.` is pressed: cursor, the selection if there is one, the strand's size, and the other pane."""

    cursor: Cursor
    selected: Rect | None
    levels: int
    frames: int
    other: str | None


def at_rect(edit: Edit, rect: Rect) -> Edit:
    """An edit with a place: as much of the rectangle as its operation takes."""
    place = OPS[edit.op].place
    levels = None if place is Place.FRAMES else rect.levels
    frames = None if place is Place.LEVELS else rect.frames
    return replace(edit, levels=levels, frames=frames)


def to_other(edit: Edit, strand: str) -> Edit:
    """An edit with another strand as its other."""
    return replace(edit, args=[strand, *edit.args[1:]])


def repeatable(edit: Edit, other: str | None, *, follows: bool = False) -> Repeatable | None:
    """What `.` does after an edit; None when it changed no cells."""
    if not OPS[edit.op].repeatable:
        return None
    height = 0 if edit.levels is None else len(edit.levels)
    width = 0 if edit.frames is None or edit.frames.is_open else len(edit.frames)
    is_to_other = edit.other is not None and edit.other == other
    return Repeatable(edit, height, width, is_to_other, follows)


def again(last: Repeatable, here: Here, count: int | None) -> Edit | None:
    """The last change at another place; None when it needs another pane and there is none."""
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
    """As large as it was, from the cursor on, cropped to what exists; what had no place has none again."""
    level, frame = here.cursor.level, here.cursor.frame
    levels, frames = edit.levels, edit.frames
    if levels is not None:
        levels = LevelRange(level, min(level + last.height, here.levels) - 1)
    if frames is not None:
        width = count or last.width
        frames = FrameRange(frame, min(frame + width, here.frames) if width else END)
    return replace(edit, levels=levels, frames=frames)


def next_seed(text: str) -> str:
    """What was answered to a prompt, with the next seed in place of the one that was used."""
    words = [
        f"seed={int(word[5:]) + 1}" if word.startswith("seed=") and word[5:].isdecimal() else word
        for word in text.split()
    ]
    return " ".join(words)
