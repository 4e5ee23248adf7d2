"""The widgets of one pane of the editor, and the content of its header and ruler."""

from typing import Any

from protocol.ranges import FrameRange
from tui.model.colours import BINS, LETTERS, Tier
from tui.model.editor import NAMES, Editor
from tui.model.grid import StrandGrid
from tui.model.overview import LEAST, MOST, overview
from tui.model.timing import Snap
from tui.model.words import plural
from tui.model.zoom import words_of
from tui.widgets.code_grid import PAINTS, CodeGrid
from tui.widgets.lines import BOLD, DIM, PLAIN, Part, TextLine
from tui.widgets.strips import Ruler, RulerView, Wave


class PaneWidgets:
    """The four widgets of one pane. `tall` is the number of rows per level."""

    def __init__(self, index: int) -> None:
        self.tall = 1
        name = NAMES[index].lower()
        self.header = TextLine(f"header-{name}")
        self.ruler = Ruler(f"ruler-{name}")
        self.wave = Wave(f"wave-{name}")
        self.grid = CodeGrid(f"grid-{name}")

    def all(self) -> list[Any]:
        return [self.header, self.ruler, self.wave, self.grid]


def ruler_view(
    editor: Editor,
    index: int,
    grid: StrandGrid,
    playhead: int | None,
    other: StrandGrid | None,
    played: FrameRange | None,
) -> RulerView:
    """Return the content of a pane's ruler, in columns. `played` are the frames that play now."""
    pane = editor.panes[index]
    zoom = pane.zoom
    target = swap_target(editor, index, grid, other)
    marks = editor.marks.get(grid.id, {})
    return RulerView(
        first=pane.first_frame // zoom,
        frames=-(-grid.frames // zoom),
        frame_rate=grid.frame_rate / zoom,
        playhead=None if playhead is None else playhead // zoom,
        target=_in_columns(target, zoom),
        loop=_in_columns(looped(editor, index, grid, played), zoom),
        tempo=grid.tempo,
        marks=tuple((letter, frame // zoom) for letter, (_, frame) in marks.items()),
    )


def time_words(editor: Editor, grid: StrandGrid) -> list[str]:
    """Return the tempo of a strand, and what moves snap to."""
    return [str(grid.tempo or ""), "" if editor.snap is Snap.OFF else f"snap {editor.snap.value}"]


def _in_columns(frames: FrameRange | None, zoom: int) -> FrameRange | None:
    return None if frames is None else FrameRange(frames.first // zoom, -(-frames.past // zoom))


def looped(editor: Editor, index: int, grid: StrandGrid, played: FrameRange | None) -> FrameRange | None:
    """Return the frames that repeat: those that play, or the selection that would be played; None without a loop."""
    if not editor.loop:
        return None
    if played is not None:
        return FrameRange(played.first, min(played.past, grid.frames))
    pane = editor.panes[index]
    return pane.rect(grid).frames if index == editor.focus and pane.selection is not None else None


def swap_target(editor: Editor, index: int, grid: StrandGrid, other: StrandGrid | None) -> FrameRange | None:
    """Return the frames of this pane that a swap from the other pane would change."""
    source = editor.panes[1 - index]
    if index == editor.focus or other is None or source.selection is None:
        return None
    rect = source.rect(other)
    at = editor.swap_at(rect)
    return FrameRange(at, min(grid.frames, at + rect.width)) if at < grid.frames else None


def header_parts(
    editor: Editor, index: int, grid: StrandGrid | None, width: int, playhead: int | None, label: list[Part]
) -> tuple[list[Part], list[Part]]:
    """Return the header: name, length, edits on the left; playback settings, overview, colours on the right."""
    pane, focused = editor.panes[index], index == editor.focus
    name: Part = (f"{'>' if focused else ' '}{NAMES[index]}  ", BOLD)
    if grid is None:
        return [name, ("loading" if pane.strand else "empty", DIM)], []
    info = grid.info
    depth = plural(info.undo_depth, "edit") if info.undo_depth else "untouched"
    redo = f", {info.redo_depth} to redo" if info.redo_depth else ""
    size = f"  {grid.seconds(grid.frames):.2f} s  {grid.frames} frames  {depth}{redo}"
    left: list[Part] = [name, (grid.name, BOLD if focused else PLAIN), (size, PLAIN)]
    locked = f"locked {','.join(map(str, info.locked))}" if info.locked else ""
    states = [locked, *time_words(editor, grid), editor.listening_words(grid.levels), words_of(pane.zoom)]
    states += [
        word
        for word, on in (
            ("zoomed", editor.split.zoomed),
            ("loop", editor.loop),
            ("hear moves", editor.audition),
            ("no follow", not editor.follow),
        )
        if on and focused
    ]
    right: list[Part] = [(f"{state}  ", BOLD) for state in states if state]
    room = width - sum(len(text) for text, _ in [*left, *right]) - 4
    needed = sum(len(text) for text, _ in label) + 1
    if room - needed >= (0 if editor.surprise else LEAST):  # what cannot be read without its legend keeps it
        room -= needed
    else:
        label = []
    if room >= LEAST:
        columns = min(room, MOST, grid.frames)
        marks = {letter: frame for letter, (_, frame) in editor.marks.get(grid.id, {}).items()}
        page = (pane.first_frame, min(grid.frames, pane.first_frame + pane.page_frames))
        right.append((f"[{overview(grid.changed, columns, page, pane.cursor.frame, marks, playhead)}] ", DIM))
    if label:
        right += [*label, (" ", DIM)]
    return left, right


def surprise_legend(palette: str, tier: Tier) -> list[Part]:
    """Return the colours or letters of the surprise map, from an expected cell to a surprising one."""
    if tier.glyphs:
        return [(f"surprise: {LETTERS[0]} 0 to {LETTERS[-1]} {BINS - 1} bits", DIM)]
    scale = [(" ", paint) for paint in PAINTS[palette].cells[:BINS]]
    return [("surprise 0 ", DIM), *scale, (f" {BINS - 1} bits", DIM)]
