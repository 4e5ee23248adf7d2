"""The actions that change what is shown: zoom, following, search, marks, onsets, other strands."""

from tui.actions.action import Action
from tui.actions.situation import Situation, engine_ready, scored, strand

EDITOR = ("editor",)


def more_strands(s: Situation) -> str:
    """Check that at least one strand is open."""
    return "" if s.strands > 0 else "no strand is open: {file.open} opens a sound"


def sought(s: Situation) -> str:
    """Check that a search was made before."""
    return strand(s) or (
        "" if s.sought else "no search yet: {find.code} asks for codes, {find.here} searches for the cell"
    )


def with_sound(s: Situation) -> str:
    """Check that a strand is shown and its sound can be drawn."""
    return strand(s) or engine_ready(s)


def _view(name: str, title: str, text: str = "") -> Action:
    return Action(f"view.{name}", title, "View", EDITOR, strand, text)


ACTIONS: tuple[Action, ...] = (
    _view("zoom_in", "Zoom in", "down to one frame in a cell"),
    _view("zoom_out", "Zoom out", "a cell shows the most frequent of its codes"),
    _view("zoom_whole", "The whole strand on the page, or back"),
    _view("follow", "Follow the playhead: on or off"),
    _view("spectrogram", "Waveform or spectrogram"),
    Action(
        "view.surprise",
        "Colour by surprise, or by qualities of sound again",
        "View",
        EDITOR,
        scored,
        "how unlikely the model's prior finds each cell; :colour surprise too",
    ),
    _view("descriptor", "Colour by the next quality of sound", ":colour NAME too"),
    _view(
        "palette", "Next colour palette", "cividis, batlow, magma, viridis, grey: lightness alone distinguishes them"
    ),
    _view("letters", "Letters or colours", "letters send fewer bytes and are readable without colour"),
    _view("cursor", "Show or hide the terminal's own cursor", "it is on the cell in both cases"),
    _view("taller", "Height of the levels: automatic, 1, 2, 3 rows"),
    Action(
        "find.code",
        "Find a code or a sequence of codes",
        "Find",
        EDITOR,
        strand,
        "17 . 4: 17, any code, 4 on this level",
    ),
    Action("find.here", "Find more places like the cell or selection", "Find", EDITOR, strand),
    Action("find.next", "Next match", "Find", EDITOR, sought),
    Action("find.prev", "Previous match", "Find", EDITOR, sought),
    Action("find.onset", "To the next onset of sound", "Find", EDITOR, with_sound),
    Action("find.onset_before", "To the previous onset", "Find", EDITOR, with_sound),
    Action("mark.set", "Set a mark", "Find", EDITOR, strand, letter="the mark's letter"),
    Action("mark.go", "To a mark", "Find", EDITOR, strand, letter="the mark's letter"),
    Action("pane.next_strand", "Next open strand in this pane", "Move", EDITOR, more_strands),
    Action("pane.prev_strand", "Previous open strand in this pane", "Move", EDITOR, more_strands),
    Action("pane.strands", "Choose an open strand for this pane", "Move", EDITOR, more_strands),
    _view("describe", "Describe the cell in words", "everything known about it, in a sentence"),
)
