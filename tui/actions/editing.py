"""What can be done to cells, in the editor: every operation, its undoing, and its repetition."""

from tui.actions.action import Action
from tui.actions.situation import (
    Check,
    both,
    both_modelled,
    modelled,
    one_cell,
    online_strand,
    redoable,
    repeatable,
    selected,
    strand,
    undoable,
    waits,
)

EDITOR, UNDO_LIST = ("editor",), ("undolist",)


def _edit(name: str, title: str, why_not: Check = online_strand, text: str = "") -> Action:
    return Action(f"edit.{name}", title, "Change", EDITOR, why_not, text)


ACTIONS: tuple[Action, ...] = (
    _edit("swap", "Swap with the other pane", both, "the selection, or as many cells as the count"),
    _edit("blend", "Blend towards the other pane", both_modelled, "asks AMOUNT 0..1, mode and align; remembers them"),
    _edit("set", "Set a code", text="asks for the number"),
    _edit("paint", "Paint mode: type codes along", text="a number and Space writes it and goes on; Esc ends"),
    _edit("next_code", "Next code by what colours show", one_cell, "brighter, unless {view.descriptor} chose another"),
    _edit("prev_code", "Previous code by what colours show", one_cell),
    _edit("next_16", "16 codes on by what colours show", one_cell),
    _edit("prev_16", "16 codes back by what colours show", one_cell),
    _edit("mutate", "Mutate to near codes", modelled, "asks STRENGTH 0..1 and a seed"),
    _edit("nudge", "Nudge: brighter, darker, ...", waits("nudge", modelled), "asks for the direction"),
    _edit("mosaic", "Mosaic: rebuild from the other pane's frames", both_modelled, "asks for the continuity"),
    _edit("regenerate", "Regenerate: fill in from the prior", waits("regenerate", modelled)),
    _edit("copy", "Copy into a register", text="register a unless one is named"),
    _edit("put", "Put a register here", text="on the levels it was copied from"),
    _edit("mix", "Mix a register into gaps only", text="asks which code is a gap"),
    _edit("flood", "Flood with a register, again and again", text="the selection, or from here to the end"),
    _edit("shift_left", "Shift earlier in time", selected, "rotates inside the selection, by the count"),
    _edit("shift_right", "Shift later in time", selected, "rotates inside the selection, by the count"),
    _edit("reverse", "Reverse in time"),
    _edit("stretch", "Stretch in time", text="asks FACTOR; all levels, the length changes"),
    _edit("repeat", "Repeat the frames: insert copies after them", text="all levels; as many as the count"),
    _edit("mirror", "Mirror: insert the flip after it", text="all levels"),
    _edit("lock", "Lock or free this level for every edit", text="the selection's levels, or the cursor's"),
    _edit("again", "The last change again, here", repeatable, "whatever it was, : edits too"),
    _edit("undo", "Undo", undoable, "a swap is undone on both strands"),
    _edit("redo", "Redo", redoable),
    _edit("history", "Undo list: jump to any moment", strand),
    Action("undolist.jump", "Go to this moment", "Change", UNDO_LIST, help="undoes or redoes what lies between"),
)
