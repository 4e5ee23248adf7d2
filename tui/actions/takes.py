"""The actions of the list of takes, which hears, applies and keeps variations of an edit."""

from tui.actions.action import Action
from tui.actions.situation import connected

TAKES = ("takes",)

ACTIONS: tuple[Action, ...] = (
    Action(
        "takes.apply", "Apply this take to the strand", "Change", TAKES, connected, "one edit; {edit.undo} undoes it"
    ),
    Action("takes.hear", "Hear this take again", "Hear", TAKES, connected, "moving to a take plays it, too"),
    Action(
        "takes.keep",
        "Keep this take as a strand of its own",
        "Change",
        TAKES,
        connected,
        "named after the strand and the take, as in rain-take-01",
    ),
)
