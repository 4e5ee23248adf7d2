"""The actions of the grid of time: tempo, beats and bars, and what the cursor snaps to."""

from tui.actions.action import Action
from tui.actions.situation import Situation, strand
from tui.actions.viewing import with_sound

EDITOR = ("editor",)


def timed(s: Situation) -> str:
    """Check that the strand has a tempo."""
    return strand(s) or (
        "" if s.tempo else "no tempo yet: {time.tap} four times taps it, {time.tempo} estimates it, :tempo 120 sets it"
    )


ACTIONS: tuple[Action, ...] = (
    Action("time.next_beat", "To the next beat", "Move", EDITOR, timed, "a count goes further"),
    Action("time.prev_beat", "To the previous beat", "Move", EDITOR, timed),
    Action("time.bar", "Select the bar", "Select", EDITOR, timed, "all levels; again: one more; a count: so many"),
    Action("time.beat", "Select the beat", "Select", EDITOR, timed, "all levels; again: one more; a count: so many"),
    Action(
        "time.snap",
        "Snap to beats, to onsets, or not",
        "Select",
        EDITOR,
        strand,
        "left and right then go from beat to beat or from onset to onset, and selections end there",
    ),
    Action("time.tap", "Tap the tempo: four times", "Change", EDITOR, strand, "each further tap is counted too"),
    Action(
        "time.tempo", "Tempo: estimated and offered", "Change", EDITOR, with_sound, ":tempo too; :tempo 120 sets it"
    ),
)
