"""The actions that edit cells in the editor: every operation, undo, redo and repeat."""

from protocol.operations import OPS
from tui.actions.action import Action
from tui.actions.situation import (
    Check,
    drawable,
    modelled,
    one_cell,
    online_strand,
    operation,
    redoable,
    repeatable,
    selected,
    strand,
    undoable,
)

EDITOR, UNDO_LIST = ("editor",), ("undolist",)
DIRECT = ("blend", "mutate")
"""Operations with a second key that does not ask."""
PARTLY = {
    ("mutate", "dull"): "Mutate only the dull: what the prior expects",
    ("mutate", "odd"): "Mutate only the odd: what surprises the prior",
    ("regenerate", "dull"): "Regenerate only the dull",
    ("regenerate", "odd"): "Regenerate only the odd: tames what surprises",
}
"""Operations with a key that changes only the quarter of the selection that surprises the prior least or most."""
A_QUARTER = "a quarter of each level in the selection; {view.surprise} shows which, share=0.5 on the : line takes half"
AS_LAST_TIME = "does not ask: takes the answer that was given last, or the usual one; {edit.undo} undoes it"


def _edit(name: str, title: str, why_not: Check, text: str = "") -> Action:
    return Action(f"edit.{name}", title, "Change", EDITOR, why_not, text)


ACTIONS: tuple[Action, ...] = (
    *(_edit(name, spec.action, operation(spec), spec.action_help) for name, spec in OPS.items() if spec.action),
    *(
        _edit(f"{name}_last", f"{OPS[name].action}, as last time", operation(OPS[name]), AS_LAST_TIME)
        for name in DIRECT
    ),
    *(_edit(f"{name}_{only}", title, drawable, A_QUARTER) for (name, only), title in PARTLY.items()),
    _edit(
        "next_code",
        "Next code in the order of the colours",
        one_cell,
        "brighter, unless {view.descriptor} chose another",
    ),
    _edit("prev_code", "Previous code in the order of the colours", one_cell),
    _edit("next_16", "16 codes on in the order of the colours", one_cell),
    _edit("prev_16", "16 codes back in the order of the colours", one_cell),
    _edit("shift_left", "Shift earlier in time", selected, "rotates within the selection, by the count"),
    _edit("shift_right", "Shift later in time", selected, "rotates within the selection, by the count"),
    _edit("split", "Split at the cursor", online_strand, "the cursor's frame and what follows become a new strand"),
    _edit(
        "vary",
        "Vary: takes of the last random edit, to hear and choose",
        modelled,
        "as many as the count, or 8; of mutate 0.3 if the last edit was not random; also :vary 8 mutate 0.5",
    ),
    _edit(
        "continue",
        "Make what comes after the strand, on the Generate screen",
        modelled,
        "the strand stays as it is; length and number are those of the controls there",
    ),
    _edit("again", "Repeat the last change here", repeatable, "also an edit typed on the : line"),
    _edit("undo", "Undo", undoable, "a swap is undone on both strands"),
    _edit("redo", "Redo", redoable),
    _edit("history", "Undo list: go to any earlier or later state", strand),
    Action("undolist.jump", "Go to this state", "Change", UNDO_LIST, help="undoes or redoes every edit in between"),
)
