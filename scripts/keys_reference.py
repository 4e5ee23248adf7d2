"""Write docs/keys.md from the registry of actions and the keymaps; with --check only compare.

.venv/bin/python scripts/keys_reference.py [--check]
"""

import sys
from pathlib import Path

from tui.actions.action import Action
from tui.actions.registry import ACTIONS
from tui.input.keymap import NAMES, Keymap, default_keymap

DOCUMENT = Path(__file__).parents[1] / "docs" / "keys.md"
INTRODUCTION = """\
# Keys

Every action of the editor, with its keys in both keymaps. `scripts/keys_reference.py` writes this page from the table
of actions, and a test compares the two. `allele keymap` prints the same.

- An action without a key is in the palette, and can be typed on the `:` line: `:edit.undo`, `:edit.undo 3`.
- A number before a key repeats it (`8l`). `"x` before a key names a register. A key that cannot be used now says why.
- Press keys with a space between them one after the other.
- No action needs Ctrl+I, M, H or J, Ctrl+Shift, a key release or the Kitty keyboard protocol. Any terminal can send
  these keys.
"""


def main() -> int:
    """Write the page, or compare it with --check; returns 1 if it differs."""
    text = reference()
    if "--check" in sys.argv:
        same = DOCUMENT.is_file() and DOCUMENT.read_text(encoding="utf-8") == text
        if not same:
            print(f"{DOCUMENT.name} differs from the registry: run scripts/keys_reference.py", file=sys.stderr)
        return int(not same)
    DOCUMENT.write_text(text, encoding="utf-8")
    return 0


def reference() -> str:
    """The whole page in Markdown."""
    keymaps = [default_keymap(name) for name in NAMES]
    parts = [INTRODUCTION]
    for group in dict.fromkeys(action.group for action in ACTIONS):
        head = f"## {group}\n\n| {' | '.join(NAMES)} | does | id | where |\n|---|---|---|---|---|"
        rows = [row(action, keymaps) for action in ACTIONS if action.group == group]
        parts.append("\n".join([head, *rows]) + "\n")
    return "\n".join(parts)


def row(action: Action, keymaps: list[Keymap]) -> str:
    """Table row of one action."""
    keys = [" ".join(quoted(key) for key in keymap.keys_for(action.id)) for keymap in keymaps]
    more = f": {keymaps[0].fill(action.help)}" if action.help else ""
    where = ", ".join(action.screens) or "everywhere"
    cells = [*keys, escaped(action.title + more), f"`{action.id}`", where]
    return f"| {' | '.join(cells)} |"


def quoted(key: str) -> str:
    """A key as code; a bar would end the cell."""
    return f"`{escaped(key)}`"


def escaped(text: str) -> str:
    """Text that may stand in a table's cell."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
