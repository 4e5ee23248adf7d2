"""The editor without a screen: two panes, a cursor and a selection in each, and the edits its keys mean.

Pure: methods change this object or return an `Edit`; sending is the session's business. The pane that has the focus
is where keys act; "the other pane" is what swap exchanges with.

Where a swap lands: cursors are linked at first, and a swap exchanges the same frames of both strands. Once they are
freed (the = key), the other pane's cursor is the first frame over there. `swap_words` says which, on screen.
"""

from dataclasses import dataclass, field, replace

from protocol.edits import Edit
from tui.model.cursor import Cursor, Rect, Selection
from tui.model.grid import Reference, StrandGrid
from tui.model.viewport import page_start, row_start

NAMES = "AB"
REFERENCES: dict[Reference, str] = {
    "change": "as before the last change",
    "opened": "as it was opened",
    "kept": "as it was kept",
}


@dataclass
class Pane:
    """One strand on screen. first_frame, first_level: where its page begins."""

    strand: str | None = None
    cursor: Cursor = field(default_factory=Cursor)
    selection: Selection | None = None
    first_frame: int = 0
    first_level: int = 0
    page_frames: int = 60
    page_levels: int = 8

    def rect(self, grid: StrandGrid, count: int | None = None) -> Rect:
        """What an operation acts on: the selection, or `count` cells from the cursor on."""
        cursor = self.cursor.inside(grid.levels, grid.frames)
        if self.selection is not None:
            return self.selection.rect(cursor, grid.levels).inside(grid.levels, grid.frames)
        past = cursor.frame + (count or 1)
        return Rect(cursor.level, cursor.level, cursor.frame, past).inside(grid.levels, grid.frames)

    def follow(self, grid: StrandGrid) -> None:
        """Turn the page so that the cursor is on it."""
        self.cursor = self.cursor.inside(grid.levels, grid.frames)
        if self.selection is not None:
            self.selection = replace(self.selection, anchor=self.selection.anchor.inside(grid.levels, grid.frames))
        self.first_frame = page_start(self.cursor.frame, self.first_frame, self.page_frames, grid.frames)
        self.first_level = row_start(self.cursor.level, self.first_level, self.page_levels, grid.levels)


@dataclass(frozen=True)
class Repeatable:
    """The last edit as `.` repeats it: an edit without a place, and the size of the place it had."""

    op: str
    args: list[str]
    height: int
    width: int


@dataclass
class Editor:
    """Both panes and what holds for both."""

    panes: list[Pane] = field(default_factory=lambda: [Pane(), Pane()])
    focus: int = 0
    linked: bool = True
    muted: set[int] = field(default_factory=set[int])
    soloed: set[int] = field(default_factory=set[int])
    loop: bool = False
    audition: bool = False
    before: bool = False
    """Is the strand heard as it was?"""
    reference: Reference = "change"
    last: Repeatable | None = None

    @property
    def pane(self) -> Pane:
        return self.panes[self.focus]

    @property
    def other(self) -> Pane:
        return self.panes[1 - self.focus]

    @property
    def other_name(self) -> str:
        return NAMES[1 - self.focus]

    def place(self, cursor: Cursor, grids: list[StrandGrid | None]) -> None:
        """Put the focused pane's cursor somewhere; a linked other one follows to the same frame."""
        self.pane.cursor = cursor
        for pane, grid in zip(self.panes, grids, strict=True):
            if grid is None:
                continue
            if self.linked and pane is not self.pane:
                pane.cursor = Cursor(cursor.level, cursor.frame).inside(grid.levels, grid.frames)
            pane.follow(grid)

    def open_in(self, index: int, strand: str) -> None:
        """Show another strand in a pane, from its start."""
        if self.panes[index].strand != strand:
            kept = self.panes[index]
            self.panes[index] = Pane(strand, page_frames=kept.page_frames, page_levels=kept.page_levels)

    def close(self, strand: str) -> None:
        """A strand is gone."""
        for index, pane in enumerate(self.panes):
            if pane.strand == strand:
                self.panes[index] = Pane(page_frames=pane.page_frames, page_levels=pane.page_levels)

    def heard_levels(self, levels: int) -> list[int] | None:
        """Levels that sound, None for all. Solos leave only themselves; a level that is muted too stays silent."""
        soloed = self.soloed & set(range(levels)) or set(range(levels))
        heard = sorted(soloed - self.muted)
        return None if len(heard) == levels else heard

    def silent_levels(self, levels: int) -> frozenset[int]:
        """Levels that do not sound."""
        heard = self.heard_levels(levels)
        return frozenset() if heard is None else frozenset(range(levels)) - set(heard)

    def listening_words(self, levels: int) -> str:
        """What is not as usual about what is heard, for the header; "" when nothing is."""
        words = [
            f"{name} {','.join(map(str, sorted(chosen & set(range(levels)))))}"
            for name, chosen in (("solo", self.soloed), ("muted", self.muted))
            if chosen & set(range(levels))
        ]
        if self.before:
            words.append(f"heard {REFERENCES[self.reference]}")
        return "  ".join(words)

    # --- edits -------------------------------------------------------------------------------------------

    def swap_at(self, rect: Rect) -> int:
        """The first frame of a swap in the other pane."""
        return rect.first if self.linked else self.other.cursor.frame

    def swap_words(self, rect: Rect) -> str:
        """Where a swap will land, in words."""
        at = self.swap_at(rect)
        where = "same frames" if at == rect.first else "its cursor"
        return f"{{edit.swap}} swaps with {self.other_name} @{at}:{at + rect.width} ({where})"

    def swap(self, rect: Rect) -> Edit:
        """Exchange with the other pane."""
        at = self.swap_at(rect)
        self.last = Repeatable("swap", [], rect.height, rect.width)
        options = {} if at == rect.first else {"at": str(at)}
        return _edit("swap", [self.other.strand or ""], rect, options)

    def set(self, rect: Rect, code: int) -> Edit:
        """Write a code into every cell."""
        self.last = Repeatable("set", [str(code)], rect.height, rect.width)
        return _edit("set", [str(code)], rect)

    def copy(self, rect: Rect, register: str) -> Edit:
        """Remember cells."""
        return _edit("copy", [register], rect)

    def put(self, cursor: Cursor, register: str, rect: Rect | None) -> Edit:
        """Write a register from the cursor on, or over a selection only."""
        self.last = Repeatable("put", [register], 0, 0)
        if rect is not None:
            return Edit(op="put", args=[register], frames=(rect.first, rect.past))
        return Edit(op="put", args=[register], frames=(cursor.frame, None))

    def repeat(self, grid: StrandGrid, count: int | None) -> Edit | None:
        """The last edit again, at the cursor or over the selection; None when there was none."""
        if self.last is None:
            return None
        last = self.last
        pane = self.pane
        if last.op == "put":
            return self.put(pane.cursor, last.args[0], pane.rect(grid) if pane.selection else None)
        rect = pane.rect(grid)
        if pane.selection is None:
            level, frame = pane.cursor.level, pane.cursor.frame
            width = count or last.width
            rect = Rect(level, level + last.height - 1, frame, frame + width).inside(grid.levels, grid.frames)
        return self.swap(rect) if last.op == "swap" else _edit(last.op, last.args, rect)


def _edit(op: str, args: list[str], rect: Rect, options: dict[str, str] | None = None) -> Edit:
    levels, frames = (rect.first_level, rect.last_level), (rect.first, rect.past)
    return Edit(op=op, args=args, levels=levels, frames=frames, options=options or {})
