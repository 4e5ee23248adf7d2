"""The tracker-like keymap: arrows, digits that write codes at once, Ctrl+X/C/V, function keys.

It lists only the differences from the vim-like keymap. A key named here is removed from inherited actions that share
a screen with its new action.
There are no counts, because digits are data.
"""

COUNTS = False

KEYS: dict[str, tuple[str, ...]] = {
    "move.left": ("left",),
    "move.down": ("down",),
    "move.up": ("up",),
    "move.right": ("right",),
    "move.next_change": ("ctrl+right", "w"),
    "move.prev_change": ("ctrl+left", "b"),
    "move.start": ("home",),
    "move.end": ("end",),
    "move.first_level": ("ctrl+home",),
    "move.last_level": ("ctrl+end",),
    "select.start": ("v", "insert"),
    "select.grow": ("a", "ctrl+a"),
    "edit.set": ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
    "edit.cut": ("delete", "x", "d d"),
    "edit.copy": ("ctrl+c",),
    "edit.put": ("ctrl+v",),
    "edit.mix": ("ctrl+x",),
    "edit.flood": ("ctrl+f",),
    "edit.repeat": ("ctrl+d",),
    "edit.lock": ("K", "f12"),
    "edit.next_code": ("+", "]"),
    "edit.prev_code": ("-", "["),
    "edit.undo": ("ctrl+z", "backspace"),
    "edit.redo": ("ctrl+y", "ctrl+r"),
    "play.toggle": ("f5", "space"),
    "play.selection": ("f6", "enter"),
    "play.loop": ("f7", "L"),
    "play.mute": ("f9", "M"),
    "play.solo": ("f10", "S"),
    "play.panic": ("f8", "!"),
    "list.down": ("down",),
    "list.up": ("up",),
    "list.first": ("home",),
    "list.last": ("end",),
}
