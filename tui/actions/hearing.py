"""The actions that play sound: playback, muted levels, before and after, silence."""

from tui.actions.action import Action
from tui.actions.situation import Check, always, sounding, strand

EDITOR = ("editor",)


def _play(name: str, title: str, why_not: Check = sounding, text: str = "") -> Action:
    return Action(f"play.{name}", title, "Hear", EDITOR, why_not, text)


ACTIONS: tuple[Action, ...] = (
    _play("toggle", "Play from the cursor, or stop"),
    _play("selection", "Play the selection or the cell's frame"),
    _play("loop", "Loop on or off", always, "an edit is heard when the loop starts again"),
    _play("audition", "Hear each move: on or off", strand, "plays the cells under the cursor while nothing else plays"),
    _play("mute", "Mute this level, for listening only", strand, "takes effect at once, also during playback"),
    _play("solo", "Hear only this level and other solo levels", strand, "for listening only"),
    _play("all_levels", "Hear all levels again", strand),
    _play(
        "compare",
        "Before or after: the strand as it was, or is now",
        text="both equally loud; {play.reference} chooses what before is",
    ),
    _play("reference", "Choose before: last change, opened, kept", strand),
    _play("keep", "Keep the strand as it is now, to compare with", strand),
    Action("play.panic", "Stop all sound at once", "Hear"),
)
