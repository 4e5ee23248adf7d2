"""The actions of the codebook screen."""

from tui.actions.action import Action
from tui.actions.situation import Check, audible_code, modelled_codes

CODEBOOK = ("codebook",)


def _codes(name: str, title: str, why_not: Check = modelled_codes, text: str = "") -> Action:
    return Action(f"codebook.{name}", title, "Codes", CODEBOOK, why_not, text)


ACTIONS: tuple[Action, ...] = (
    _codes("left", "Left"),
    _codes("down", "Down"),
    _codes("up", "Up"),
    _codes("right", "Right"),
    _codes("page_down", "A page down"),
    _codes("page_up", "A page up"),
    _codes("level_down", "Next level"),
    _codes("level_up", "Previous level"),
    _codes("order", "Sort by the next quality of sound", text="the editor's cells take its colours"),
    _codes("hear", "Hear the code at the editor's cursor", audible_code, "nothing is written"),
    _codes("label", "Name the code", text="saved with the model; an empty name removes it"),
    _codes("use", "Go to the next place where it is used"),
)
