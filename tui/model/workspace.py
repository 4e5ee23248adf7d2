"""The workspace that the TUI restores at its next start, stored as JSON in the daemon (PutWorkspace).

Reading never fails: unreadable parts are skipped, so the workspace of a newer Allele can be read too.
"""

from typing import Any

import msgspec

from tui.model.colours import PALETTES
from tui.model.cursor import Cursor, Selection
from tui.model.editor import Editor, Pane
from tui.model.timing import Snap
from tui.model.viewport import Split

MAX_BYTES = 65_536
MOST_ZOOM, MOST_MARKED = 1 << 20, 50
MOST_MACROS = 16_384  # characters of strokes; the oldest macros are dropped first


class PaneState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one pane: strand id, cursor, anchor of a selection, first visible frame and level."""

    strand: str | None = None
    cursor: tuple[int, int] = (0, 0)
    anchor: tuple[int, int] | None = None
    all_levels: bool = False
    first_frame: int = 0
    first_level: int = 0
    zoom: int = 1


class WorkspaceState(msgspec.Struct, frozen=True, kw_only=True):
    """The whole state that is restored at the next start."""

    format: int = 1
    screen: str = "library"
    panes: list[PaneState] = []
    focus: int = 0
    linked: bool = True
    muted: list[int] = []
    soloed: list[int] = []
    audition: bool = False
    follows: bool = True
    tall: int = 0
    share: float | None = None
    zoomed: bool = False
    spectrogram: bool = False
    palette: str = "cividis"
    letters: bool = False
    cursor_shown: bool = False
    marks: dict[str, dict[str, tuple[int, int]]] = {}
    loop: bool = False
    snap: str = "off"
    descriptor: str = ""
    surprise: bool = False
    folder: str = ""
    macros: dict[str, list[str]] = {}
    job: str | None = None
    generate: dict[str, Any] = {}


def dump_workspace(
    editor: Editor,
    screen: str,
    job: str | None,
    macros: dict[str, list[str]] | None = None,
    generate: dict[str, Any] | None = None,
) -> str:
    """Return the workspace as JSON text. `generate` is the state of the Generate screen."""
    panes = [
        PaneState(
            strand=pane.strand,
            cursor=(pane.cursor.level, pane.cursor.frame),
            anchor=None if pane.selection is None else (pane.selection.anchor.level, pane.selection.anchor.frame),
            all_levels=pane.selection is not None and pane.selection.all_levels,
            first_frame=pane.first_frame,
            first_level=pane.first_level,
            zoom=pane.zoom,
        )
        for pane in editor.panes
    ]
    state = WorkspaceState(
        screen=screen,
        panes=panes,
        focus=editor.focus,
        linked=editor.linked,
        muted=sorted(editor.muted),
        soloed=sorted(editor.soloed),
        audition=editor.audition,
        follows=editor.follow,
        tall=editor.tall,
        share=editor.split.share,
        zoomed=editor.split.zoomed,
        spectrogram=editor.spectrogram,
        palette=editor.palette,
        letters=editor.letters,
        cursor_shown=editor.cursor_shown,
        marks=dict(list(editor.marks.items())[-MOST_MARKED:]),
        loop=editor.loop,
        snap=editor.snap.value,
        descriptor=editor.descriptor,
        surprise=editor.surprise,
        folder=editor.folder,
        macros=_newest(macros or {}),
        job=job,
        generate=generate or {},
    )
    return msgspec.json.encode(state).decode()


def _newest(macros: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the newest macros that fit into MOST_MACROS characters."""
    kept: dict[str, list[str]] = {}
    left = MOST_MACROS
    for name, strokes in reversed(macros.items()):
        left -= sum(len(stroke) + 3 for stroke in strokes) + len(name)
        if left < 0:
            break
        kept[name] = strokes
    return dict(reversed(kept.items()))


def load_workspace(text: str) -> WorkspaceState | None:
    """Parse the JSON of `dump_workspace`; None when there is nothing readable."""
    if not text or len(text) > MAX_BYTES:
        return None
    try:
        return msgspec.json.decode(text, type=WorkspaceState)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def restore(editor: Editor, state: WorkspaceState, living: set[str]) -> None:
    """Restore a workspace into an editor. Strands that are no longer open are skipped."""
    for pane, kept in zip(editor.panes, state.panes, strict=False):
        _restore_pane(pane, kept, living)
    editor.focus = 1 if state.focus == 1 else 0
    editor.linked, editor.loop, editor.descriptor = state.linked, state.loop, state.descriptor
    editor.surprise = state.surprise
    editor.folder = state.folder
    editor.snap = next((snap for snap in Snap if snap.value == state.snap), Snap.OFF)
    editor.muted = {level for level in state.muted if 0 <= level < 32}
    editor.soloed = {level for level in state.soloed if 0 <= level < 32}
    editor.audition, editor.follow, editor.tall = state.audition, state.follows, min(max(0, state.tall), 3)
    share = state.share if state.share is not None and 0.0 < state.share < 1.0 else None
    editor.split = Split(share, state.zoomed)
    editor.spectrogram, editor.letters, editor.cursor_shown = state.spectrogram, state.letters, state.cursor_shown
    editor.palette = state.palette if state.palette in PALETTES else "cividis"
    editor.marks = {
        strand: {letter[:1]: (max(0, level), max(0, frame)) for letter, (level, frame) in marks.items()}
        for strand, marks in state.marks.items()
        if strand in living
    }


def _restore_pane(pane: Pane, kept: PaneState, living: set[str]) -> None:
    pane.strand = kept.strand if kept.strand in living else None
    pane.cursor = Cursor(max(0, kept.cursor[0]), max(0, kept.cursor[1]))
    pane.selection = None
    if kept.anchor is not None and pane.strand is not None:
        pane.selection = Selection(Cursor(max(0, kept.anchor[0]), max(0, kept.anchor[1])), kept.all_levels)
    pane.zoom = min(max(1, kept.zoom), MOST_ZOOM)
    pane.first_frame, pane.first_level = max(0, kept.first_frame), max(0, kept.first_level)
