"""The editor without a screen: two panes, a cursor and a selection in each, and the edits its keys mean.

Pure: methods change this object or return an `Edit`; sending is the session's business. The pane that has the focus
is where keys act; "the other pane" is what swap exchanges with.

Linked panes, as they are at first, show the same moments: the other pane's cursor, page and zoom go along, and a swap
exchanges the same frames of both strands. Once they are freed (the = key), each pane goes its own way, and the other
pane's cursor is the first frame of a swap over there. `swap_words` says which, on screen.
"""

from dataclasses import dataclass, field, replace

from msgspec.structs import replace as replaced

from protocol.edits import Edit
from protocol.operations import OPS
from protocol.ranges import FrameRange, LevelRange, Rect
from tui.model.changes import Here, Repeatable, again, at_rect, repeatable, to_other
from tui.model.cursor import Cursor, Selection
from tui.model.grid import Reference, StrandGrid
from tui.model.painting import Painting
from tui.model.search import Sought
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
    columns: int = 60
    page_levels: int = 8
    wave_rows: int = 0
    zoom: int = 1
    """Frames in one cell."""

    @property
    def page_frames(self) -> int:
        """Frames that a page shows."""
        return self.columns * self.zoom

    def rect(self, grid: StrandGrid, count: int | None = None) -> Rect:
        """What an operation acts on: the selection, or `count` cells from the cursor on."""
        cursor = self.cursor.inside(grid.levels, grid.frames)
        if self.selection is not None:
            return self.selection.rect(cursor, grid.levels).inside(grid.levels, grid.frames)
        frames = FrameRange(cursor.frame, cursor.frame + (count or 1))
        return Rect(LevelRange(cursor.level, cursor.level), frames).inside(grid.levels, grid.frames)

    def show(self, frame: int, frames: int) -> None:
        """Turn the page so that a frame of so many is on it; cells begin at multiples of the zoom."""
        cells = -(-frames // self.zoom)
        first = page_start(frame // self.zoom, self.first_frame // self.zoom, self.columns, cells)
        self.first_frame = first * self.zoom

    def follow(self, grid: StrandGrid, frames: int = 0) -> None:
        """Turn the page so that the cursor is on it. frames: at least so many are laid out in pages."""
        self.cursor = self.cursor.inside(grid.levels, grid.frames)
        if self.selection is not None:
            self.selection = replace(self.selection, anchor=self.selection.anchor.inside(grid.levels, grid.frames))
        self.show(self.cursor.frame, max(frames, grid.frames))
        self.first_level = row_start(self.cursor.level, self.first_level, self.page_levels, grid.levels)


@dataclass
class Editor:
    """Both panes and what holds for both."""

    panes: list[Pane] = field(default_factory=lambda: [Pane(), Pane()])
    focus: int = 0
    linked: bool = True
    muted: set[int] = field(default_factory=set[int])
    soloed: set[int] = field(default_factory=set[int])
    loop: bool = False
    descriptor: str = ""
    """What cells are coloured by; "": the best that is known."""
    audition: bool = False
    before: bool = False
    """Is the strand heard as it was?"""
    reference: Reference = "change"
    follow: bool = False
    """Do pages turn with the playhead?"""
    tall: int = 0
    """Rows of a level, 0 as many as fit."""
    spectrogram: bool = False
    palette: str = "cividis"
    letters: bool = False
    """Are letters shown in place of colours?"""
    cursor_shown: bool = False
    """Is the terminal's own cursor visible?"""
    sought: Sought | None = None
    marks: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict[str, dict[str, tuple[int, int]]])
    """By strand: letter to (level, frame)."""
    left: dict[str, Pane] = field(default_factory=dict[str, Pane])
    """Panes as strands were left, by strand."""
    last: Repeatable | None = None
    remembered: dict[str, str] = field(default_factory=dict[str, str])
    """What was answered last when an operation asked, by its name."""
    painting: Painting = field(default_factory=Painting)
    last_selection: tuple[Selection, Cursor] | None = None

    @property
    def pane(self) -> Pane:
        return self.panes[self.focus]

    @property
    def other(self) -> Pane:
        return self.panes[1 - self.focus]

    @property
    def own_name(self) -> str:
        return NAMES[self.focus]

    @property
    def other_name(self) -> str:
        return NAMES[1 - self.focus]

    def place(self, cursor: Cursor, grids: list[StrandGrid | None]) -> None:
        """Put the focused pane's cursor somewhere; a linked other one follows to the same moment."""
        self.pane.cursor = cursor
        own, other = grids[self.focus], grids[1 - self.focus]
        if self.linked and other is not None:
            rate = 1.0 if own is None else other.frame_rate / own.frame_rate
            self.other.cursor = Cursor(cursor.level, round(cursor.frame * rate)).inside(other.levels, other.frames)
        self.settle(grids)

    def settle(self, grids: list[StrandGrid | None], playheads: tuple[int | None, int | None] = (None, None)) -> None:
        """Turn pages so that the cursors are on them, and then the playheads that are given.

        Linked panes turn and zoom as one, the focused one first; a cursor that stopped at the end of the shorter
        strand keeps its page.
        """
        tied = self._tied(grids)
        longest = max((grid.frames for grid in grids if grid is not None), default=0) if tied else 0
        for index in (self.focus, 1 - self.focus):
            pane, grid = self.panes[index], grids[index]
            if grid is not None:
                if tied and index != self.focus:
                    pane.zoom, pane.first_frame = self.pane.zoom, self.pane.first_frame
                pane.follow(grid, longest)
        for index, playhead in enumerate(playheads):
            grid, other = grids[index], grids[1 - index]
            if playhead is not None and grid is not None:
                self.panes[index].show(playhead, max(longest, grid.frames))
                if tied and other is not None and self.panes[index].first_frame < other.frames:
                    self.panes[1 - index].first_frame = self.panes[index].first_frame

    def _tied(self, grids: list[StrandGrid | None]) -> bool:
        """Are the panes linked, and their frames equally long?"""
        rates = {grid.frame_rate for grid in grids if grid is not None}
        return self.linked and None not in grids and len(rates) == 1

    def open_in(self, index: int, strand: str) -> None:
        """Show another strand in a pane, where it was left, or from its start."""
        if self.panes[index].strand != strand:
            kept = self.panes[index]
            if kept.strand is not None:
                self.left[kept.strand] = replace(kept)
            before = self.left.get(strand, Pane(strand))
            self.panes[index] = replace(
                before, columns=kept.columns, page_levels=kept.page_levels, wave_rows=kept.wave_rows
            )

    def drop_selection(self) -> None:
        """Leave the focused pane's selection; `last_selection` keeps it."""
        if self.pane.selection is not None:
            self.last_selection = (self.pane.selection, self.pane.cursor)
        self.pane.selection = None

    def close(self, strand: str) -> None:
        """A strand is gone."""
        self.left.pop(strand, None)
        self.marks.pop(strand, None)
        for index, pane in enumerate(self.panes):
            if pane.strand == strand:
                self.panes[index] = Pane(columns=pane.columns, page_levels=pane.page_levels, wave_rows=pane.wave_rows)

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
        return rect.frames.first if self.linked else self.other.cursor.frame

    def swap_words(self, rect: Rect) -> str:
        """Where a swap will land, in words."""
        at = self.swap_at(rect)
        where = "same frames" if at == rect.frames.first else "its cursor"
        return f"{{edit.swap}} swaps with {self.other_name} {FrameRange(at, at + rect.width)} ({where})"

    def remember(self, edit: Edit, *, follows: bool = False) -> None:
        """An edit was made here: `.` does it again. follows: where it begins over there is the cursors' business."""
        self.last = repeatable(edit, self.other.strand, follows=follows) or self.last

    def make(self, edit: Edit, rect: Rect) -> Edit:
        """An edit on a rectangle, or on the frames of it; remembered."""
        made = at_rect(edit, rect)
        self.remember(made)
        return made

    def pair(self, edit: Edit, rect: Rect) -> Edit:
        """An edit of the focused strand and the other pane's, beginning there where the cursors say."""
        made = self._paired(at_rect(edit, rect), rect.frames.first)
        self.remember(made, follows="at" not in edit.options)
        return made

    def _paired(self, edit: Edit, first: int) -> Edit:
        """With the other pane's cursor as its start over there, once the cursors are free."""
        made = to_other(edit, self.other.strand or "")
        at = first if self.linked else self.other.cursor.frame
        is_aligned = made.options.get("align", "none") != "none"
        if at == first or "at" in made.options or is_aligned or "at" not in OPS[made.op].options:
            return made
        return replaced(made, options={**made.options, "at": str(at)})

    def set(self, rect: Rect, code: int) -> Edit:
        """Write a code into every cell."""
        return self.make(Edit(op="set", args=[str(code)]), rect)

    def copy(self, rect: Rect, register: str) -> Edit:
        """Remember cells."""
        return at_rect(Edit(op="copy", args=[register]), rect)

    def put(self, cursor: Cursor, register: str, rect: Rect | None, op: str = "put", gap: str = "") -> Edit:
        """Write a register from the cursor on, or over a selection only."""
        frames = FrameRange(cursor.frame) if rect is None else rect.frames
        edit = Edit(op=op, args=[register], frames=frames, options={"gap": gap} if gap else {})
        self.remember(edit)
        return edit

    def repeat(self, grid: StrandGrid, count: int | None) -> Edit | None:
        """The last edit again, at the cursor or over the selection; None when there was none."""
        if self.last is None:
            return None
        pane, other = self.pane, self.other.strand
        selected = None if pane.selection is None else pane.rect(grid)
        cursor = pane.cursor.inside(grid.levels, grid.frames)
        made = again(self.last, Here(cursor, selected, grid.levels, grid.frames, other), count)
        if made is None or not self.last.follows:
            return made
        plain = {key: value for key, value in made.options.items() if key != "at"}
        first = 0 if made.frames is None else made.frames.first
        return self._paired(replaced(made, options=plain), first)
