"""The state of the editor without Textual: two panes, a cursor and a selection in each, and the edits that keys make.

Does no I/O: methods change this object or return an `Edit`, which the session sends. Keys act on the focused pane.
Operations such as swap take their second strand from the other pane.

Panes are linked at first: they show the same time range, the other pane's cursor, page and zoom follow the focused
pane, and a swap exchanges the same frames of both strands. Unlinked panes move independently, and a swap begins at
the other pane's cursor. `swap_words` describes on screen which of them applies.
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
from tui.model.timing import Snap
from tui.model.viewport import AUTOMATIC, Split, page_start, row_start

NAMES = "AB"
REFERENCES: dict[Reference, str] = {
    "change": "as before the last change",
    "opened": "as it was opened",
    "kept": "as it was kept",
}


@dataclass
class Pane:
    """One strand on screen. `first_frame` and `first_level` are where its page begins."""

    strand: str | None = None
    cursor: Cursor = field(default_factory=Cursor)
    selection: Selection | None = None
    first_frame: int = 0
    first_level: int = 0
    columns: int = 60
    page_levels: int = 8
    wave_rows: int = 0
    rows: int = 0
    """All rows of the pane on the screen."""
    zoom: int = 1
    """The number of frames in one cell."""

    @property
    def page_frames(self) -> int:
        """The number of frames that a page shows."""
        return self.columns * self.zoom

    def rect(self, grid: StrandGrid, count: int | None = None) -> Rect:
        """Return the rectangle that an operation changes: the selection, or `count` cells from the cursor on."""
        cursor = self.cursor.inside(grid.levels, grid.frames)
        if self.selection is not None:
            return self.selection.rect(cursor, grid.levels).inside(grid.levels, grid.frames)
        frames = FrameRange(cursor.frame, cursor.frame + (count or 1))
        return Rect(LevelRange(cursor.level, cursor.level), frames).inside(grid.levels, grid.frames)

    def show(self, frame: int, frames: int) -> None:
        """Turn the page to a frame of a strand with `frames` frames. Cells begin at multiples of the zoom."""
        cells = -(-frames // self.zoom)
        first = page_start(frame // self.zoom, self.first_frame // self.zoom, self.columns, cells)
        self.first_frame = first * self.zoom

    def follow(self, grid: StrandGrid, frames: int = 0) -> None:
        """Turn the page to the cursor. Pages are laid out over the strand's length, and over at least `frames`."""
        self.cursor = self.cursor.inside(grid.levels, grid.frames)
        if self.selection is not None:
            self.selection = replace(self.selection, anchor=self.selection.anchor.inside(grid.levels, grid.frames))
        self.show(self.cursor.frame, max(frames, grid.frames))
        self.first_level = row_start(self.cursor.level, self.first_level, self.page_levels, grid.levels)


@dataclass
class Editor:
    """Both panes and the state that they share."""

    panes: list[Pane] = field(default_factory=lambda: [Pane(), Pane()])
    focus: int = 0
    linked: bool = True
    muted: set[int] = field(default_factory=set[int])
    soloed: set[int] = field(default_factory=set[int])
    loop: bool = False
    descriptor: str = ""
    """The descriptor that colours cells; "" chooses the most reliable one."""
    surprise: bool = False
    """Whether cells are coloured by how much they surprise the model's prior."""
    audition: bool = False
    before: bool = False
    """Whether playback uses the strand as it was before."""
    reference: Reference = "change"
    follow: bool = True
    """Whether pages turn with the playhead."""
    is_away: bool = field(default=False, compare=False)
    """Whether the cursor moved since playback started: the page stays there until the next start."""
    tall: int = 0
    """Rows per level; 0 uses as many as fit."""
    split: Split = AUTOMATIC
    spectrogram: bool = False
    palette: str = "cividis"
    letters: bool = False
    """Whether letters are shown in place of colours."""
    cursor_shown: bool = False
    """Whether the terminal's own cursor is visible."""
    sought: Sought | None = None
    marks: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict[str, dict[str, tuple[int, int]]])
    """Marks by strand: from letter to (level, frame)."""
    left: dict[str, Pane] = field(default_factory=dict[str, Pane])
    """The last state of a pane for each strand that is no longer shown."""
    last: Repeatable | None = None
    remembered: dict[str, str] = field(default_factory=dict[str, str])
    """The last answer to the prompt of each operation, by its name."""
    folder: str = ""
    """The folder that a strand was saved in last; "" for the current one."""
    painting: Painting = field(default_factory=Painting)
    snap: Snap = Snap.OFF
    """What left and right go to."""
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
        """Set the focused pane's cursor. The cursor of a linked pane follows to the same time."""
        self.pane.cursor, self.is_away = cursor, True
        own, other = grids[self.focus], grids[1 - self.focus]
        if self.linked and other is not None:
            rate = 1.0 if own is None else other.frame_rate / own.frame_rate
            self.other.cursor = Cursor(cursor.level, round(cursor.frame * rate)).inside(other.levels, other.frames)
        self.settle(grids)

    def settle(self, grids: list[StrandGrid | None], playheads: tuple[int | None, int | None] = (None, None)) -> None:
        """Turn pages so that the cursors are visible, and then the given playheads.

        Linked panes turn and zoom together, as the focused one needs. A cursor at the end of the shorter strand does
        not turn the page back.
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
        """Return whether the panes are linked and their frames have the same duration."""
        rates = {grid.frame_rate for grid in grids if grid is not None}
        return self.linked and None not in grids and len(rates) == 1

    def open_in(self, index: int, strand: str) -> None:
        """Show another strand in a pane, at its last position or at its start."""
        if self.panes[index].strand != strand:
            kept = self.panes[index]
            if kept.strand is not None:
                self.left[kept.strand] = replace(kept)
            before = self.left.get(strand, Pane(strand))
            self.panes[index] = replace(
                before, columns=kept.columns, page_levels=kept.page_levels, wave_rows=kept.wave_rows
            )

    def drop_selection(self) -> None:
        """Clear the focused pane's selection; `last_selection` keeps it."""
        if self.pane.selection is not None:
            self.last_selection = (self.pane.selection, self.pane.cursor)
        self.pane.selection = None

    def close(self, strand: str) -> None:
        """Forget a strand that was closed, and empty the panes that showed it."""
        self.left.pop(strand, None)
        self.marks.pop(strand, None)
        for index, pane in enumerate(self.panes):
            if pane.strand == strand:
                self.panes[index] = Pane(columns=pane.columns, page_levels=pane.page_levels, wave_rows=pane.wave_rows)

    def heard_levels(self, levels: int) -> list[int] | None:
        """Return the levels that are played, or None for all. Solos silence all other levels; mute wins over solo."""
        soloed = self.soloed & set(range(levels)) or set(range(levels))
        heard = sorted(soloed - self.muted)
        return None if len(heard) == levels else heard

    def silent_levels(self, levels: int) -> frozenset[int]:
        """Return the levels that are not played."""
        heard = self.heard_levels(levels)
        return frozenset() if heard is None else frozenset(range(levels)) - set(heard)

    def listening_words(self, levels: int) -> str:
        """Describe muted and solo levels and the reference for the header; "" for normal playback."""
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
        """Return the first frame of a swap in the other pane."""
        return rect.frames.first if self.linked else self.other.cursor.frame

    def swap_words(self, rect: Rect) -> str:
        """Describe which frames of the other pane a swap uses."""
        at = self.swap_at(rect)
        where = "same frames" if at == rect.frames.first else "its cursor"
        return f"{{edit.swap}} swaps with {self.other_name} {FrameRange(at, at + rect.width)} ({where})"

    def remember(self, edit: Edit, *, follows: bool = False) -> None:
        """Store an edit for repetition. With `follows`, the other pane's cursor decides where it begins there."""
        self.last = repeatable(edit, self.other.strand, follows=follows) or self.last

    def make(self, edit: Edit, rect: Rect) -> Edit:
        """Return an edit placed at a rectangle, and store it for repetition."""
        made = at_rect(edit, rect)
        self.remember(made)
        return made

    def pair(self, edit: Edit, rect: Rect) -> Edit:
        """Return an edit of both panes' strands; linked panes use the same frames, unlinked ones their cursors."""
        made = self._paired(at_rect(edit, rect), rect.frames.first)
        self.remember(made, follows="at" not in edit.options)
        return made

    def _paired(self, edit: Edit, first: int) -> Edit:
        """Set where the edit begins in the other strand: its cursor, if the panes are unlinked."""
        made = to_other(edit, self.other.strand or "")
        at = first if self.linked else self.other.cursor.frame
        is_aligned = made.options.get("align", "none") != "none"
        if at == first or "at" in made.options or is_aligned or "at" not in OPS[made.op].options:
            return made
        return replaced(made, options={**made.options, "at": str(at)})

    def set(self, rect: Rect, code: int) -> Edit:
        """Return an edit that writes a code into every cell."""
        return self.make(Edit(op="set", args=[str(code)]), rect)

    def copy(self, rect: Rect, register: str) -> Edit:
        """Return an edit that copies cells into a register."""
        return at_rect(Edit(op="copy", args=[register]), rect)

    def put(self, cursor: Cursor, register: str, rect: Rect | None, op: str = "put", gap: str = "") -> Edit:
        """Return an edit that writes a register from the cursor on, or only into a selection."""
        frames = FrameRange(cursor.frame) if rect is None else rect.frames
        edit = Edit(op=op, args=[register], frames=frames, options={"gap": gap} if gap else {})
        self.remember(edit)
        return edit

    def repeat(self, grid: StrandGrid, count: int | None) -> Edit | None:
        """Return the last edit at the cursor or the selection; None when there was none."""
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
