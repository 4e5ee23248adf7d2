"""What can be done to hear: playing, levels, before and after, silence."""

from tui.actions.action import Action
from tui.actions.situation import Check, always, sounding, strand

EDITOR = ("editor",)


def _play(name: str, title: str, why_not: Check = sounding, text: str = "") -> Action:
    return Action(f"play.{name}", title, "Hear", EDITOR, why_not, text)


ACTIONS: tuple[Action, ...] = (
    _play("toggle", "Play from the cursor, or stop"),
    _play("selection", "Play the selection or the cell's frame"),
    _play("loop", "Loop on or off", always, "an edit is heard when the loop starts again"),
    _play("audition", "Hear each move, or not", strand, "the cells under the cursor, while nothing else plays"),
    _play("mute", "Mute this level, for listening only", strand, "at once, also while it plays"),
    _play("solo", "Hear this level alone, or with other solos", strand, "for listening only"),
    _play("all_levels", "Hear all levels again", strand),
    _play(
        "compare",
        "Before or after: the strand as it was, or is",
        text="both equally loud; {play.reference} says what before is",
    ),
    _play("reference", "What before is: last change, opened, kept", strand),
    _play("keep", "Keep the strand as it is now, to compare with", strand),
    Action("play.panic", "Silence, at once, everything", "Hear"),
)
