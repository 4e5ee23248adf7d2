"""What can be done to see more: zoom, pages that follow, finding codes, marks, onsets, other strands."""

from tui.actions.action import Action
from tui.actions.situation import Situation, engine_ready, strand

EDITOR = ("editor",)


def more_strands(s: Situation) -> str:
    """There are strands to choose from."""
    return "" if s.strands > 0 else "no strand is open: {file.open} opens a sound"


def sought(s: Situation) -> str:
    """Something was looked for."""
    return strand(s) or (
        "" if s.sought else "nothing was looked for yet: {find.code} asks, {find.here} takes what is here"
    )


def with_sound(s: Situation) -> str:
    """A strand whose sound can be looked at."""
    return strand(s) or engine_ready(s)


def _view(name: str, title: str, text: str = "") -> Action:
    return Action(f"view.{name}", title, "View", EDITOR, strand, text)


ACTIONS: tuple[Action, ...] = (
    _view("zoom_in", "Zoom in", "down to one frame in a cell"),
    _view("zoom_out", "Zoom out", "a cell shows the most frequent of its codes"),
    _view("zoom_whole", "The whole strand on the page, or back"),
    _view("follow", "Turn pages with the playhead, or stay"),
    _view("spectrogram", "Waveform or spectrogram"),
    _view("descriptor", "Colour by the next quality of sound", ":colour NAME too"),
    _view("palette", "Other colours", "cividis, batlow, magma, viridis, grey: lightness alone distinguishes them"),
    _view("letters", "Letters in place of colours, or back", "fewer bytes, and readable without colours"),
    _view("cursor", "Show the terminal's own cursor, or hide it", "it is on the cell either way"),
    _view("taller", "Height of the levels: automatic, 1, 2, 3 rows"),
    Action(
        "find.code", "Find a code or a run of codes", "Find", EDITOR, strand, "17 . 4: 17, any code, 4 on this level"
    ),
    Action("find.here", "Find the cell or the selection again", "Find", EDITOR, strand),
    Action("find.next", "Next place", "Find", EDITOR, sought),
    Action("find.prev", "Previous place", "Find", EDITOR, sought),
    Action("find.onset", "To the next onset of sound", "Find", EDITOR, with_sound),
    Action("find.onset_before", "To the previous onset", "Find", EDITOR, with_sound),
    Action("mark.set", "Set a mark", "Find", EDITOR, strand, letter="the mark's letter"),
    Action("mark.go", "To a mark", "Find", EDITOR, strand, letter="the mark's letter"),
    Action("pane.next_strand", "Next open strand in this pane", "Move", EDITOR, more_strands),
    Action("pane.prev_strand", "Previous open strand in this pane", "Move", EDITOR, more_strands),
    Action("pane.strands", "Choose an open strand for this pane", "Move", EDITOR, more_strands),
    _view("describe", "Say the cell in words", "all that is known about it, in a sentence"),
)
