"""What the editor's keys write, as edits, and the last of them for `.`.

Pure. An edit that a key makes acts on a rectangle: the selection, or cells from the cursor on. `Repeatable` is an edit
with its place taken away but for its size, so that it can be done elsewhere; a strand that was "the other pane" when
it was made is the other pane again when it is repeated.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from protocol.edits import OPS, Edit
from tui.model.cursor import Cursor, Rect

FRAMES_ONLY = ("put", "mix", "flood")
AMOUNTS = ("shift", "repeat")  # a count before `.` is their number, of others the width
WHOLE_LEVELS = ("lock", "unlock")
NO_CHANGE = ("copy", *WHOLE_LEVELS)  # these leave `.` as it was


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
    """An edit with a place; of what goes to a register's levels, or to all of them, only the frames."""
    levels, frames = (rect.first_level, rect.last_level), (rect.first, rect.past)
    if edit.op in WHOLE_LEVELS:
        return replace(edit, levels=levels, frames=None)
    if edit.op in FRAMES_ONLY or OPS[edit.op].resizes:
        return replace(edit, levels=None, frames=frames)
    return replace(edit, levels=levels, frames=frames)


def to_other(edit: Edit, strand: str) -> Edit:
    """An edit with another strand as its other."""
    return replace(edit, args=[strand, *edit.args[1:]])


def repeatable(edit: Edit, other: str | None, *, follows: bool = False) -> Repeatable | None:
    """What `.` does after an edit; None when it changed no cells."""
    if edit.op in NO_CHANGE:
        return None
    height = 0 if edit.levels is None else edit.levels[1] - edit.levels[0] + 1
    first, past = edit.frames if edit.frames is not None else (None, None)
    width = 0 if past is None else past - (first or 0)
    is_to_other = OPS[edit.op].takes_strand and edit.args[0] == other
    return Repeatable(edit, height, width, is_to_other, follows)


def again(last: Repeatable, here: Here, count: int | None) -> Edit | None:
    """The last change at another place; None when it needs another pane and there is none."""
    edit = last.edit
    if edit is None or (last.is_to_other and here.other is None):
        return None
    if last.is_to_other and here.other is not None:
        edit = to_other(edit, here.other)
    if count is not None and edit.op in AMOUNTS:
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
        levels = (level, min(level + last.height, here.levels) - 1)
    if frames is not None:
        width = count or last.width
        frames = (frame, min(frame + width, here.frames) if width else None)
    return replace(edit, levels=levels, frames=frames)


def next_seed(text: str) -> str:
    """What was answered to a prompt, with the next seed in place of the one that was used."""
    words = [
        f"seed={int(word[5:]) + 1}" if word.startswith("seed=") and word[5:].isdecimal() else word
        for word in text.split()
    ]
    return " ".join(words)
