"""Help: every key of the screen below, the `:` line, and the meaning of marks, made from the registry of actions."""

import textwrap
from collections.abc import Hashable
from itertools import takewhile

from textual.app import ComposeResult
from textual.events import Resize

from protocol.operations import OPS
from tui.actions.press import Press
from tui.actions.registry import actions_of
from tui.actions.words import NO_MATCH, rank
from tui.input.keymap import Keymap
from tui.model.commands import OWN
from tui.screens.over import OverScreen
from tui.widgets.rows import Row, Rows

KEY_WIDTH = 22
OP_WIDTH = KEY_WIDTH + 16
MARGIN = 3  # columns of the cursor's mark and of the edge
NARROWEST = 20
FIRST = (
    (
        "{file.open}",
        "opens a sound here: type, paste or drop its path. {pane.other} goes to the other pane; open one there too",
    ),
    (
        "arrows",
        "move: a row is a level (0 is the body of the sound), a column 21 ms. A number before the key moves further",
    ),
    (
        "{select.start}",
        "starts a selection: move to extend it, {select.drop} clears it. {select.levels} selects all levels",
    ),
    ("{edit.swap}", "swaps the selection with the other pane. On level 0 only: its body with this sound's air"),
    ("{edit.blend}", "blends it towards the other pane: type how far, or press Enter for the offered amount"),
    (
        "{edit.undo} {edit.redo} {edit.again}",
        "undo and redo without limit, and repeat the last change at the cursor",
    ),
    (
        "{play.toggle} {play.selection}",
        "plays from the cursor, or the selection. {play.loop} loops; edits are heard at the next turn",
    ),
    ("{play.compare}", "plays the sound before the change; again: after it. A/B, equally loud"),
    ("{file.save}", "saves a WAV. Edits need no saving: each is stored as you make it, and stays when you quit"),
    (
        "{app.palette} {app.command} {app.quit}",
        "palette of all actions; command line; quit. {app.help} closes this help",
    ),
)

OPERANDS = (
    ("qA-B", "levels, both included"),
    ("@F0:F1", "frames, the second excluded"),
    ("OTHER", "another strand: A, B or a name"),
    ("8l 4s", "a number before a key repeats it"),
    ('"x', "before copy or put names a register"),
)
GRID = (
    ("a cell", "is one code: a row is a level, a column a frame"),
    ("its colour or letter", "the quality named at the right of the header, from lowest to highest"),
    ("* / X", "changed since opened, selected, both"),
    ("+ = v", "the cursor, the frames a swap changes, the playhead"),
)


class HelpScreen(OverScreen):
    """The help, shown over another screen; Esc, q or ? closes it."""

    NAME = "help"
    TITLE_WORDS = "Help"

    def __init__(self, of: str) -> None:
        super().__init__(Rows("help-rows"))
        self._of = of
        self._sought = ""
        self.handlers = {**self.handlers, "app.help": lambda _: self.dismiss(), "help.find": self._ask}

    def compose_body(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        self.call_after_refresh(lambda: self._fill(self.rows.size.width))

    def on_resize(self, event: Resize) -> None:
        """Wrap the rows to the new width."""
        super().on_resize(event)
        self.call_after_refresh(lambda: self._fill(self.rows.size.width))

    def _fill(self, width: int) -> None:
        rows = help_rows(self._of, self.allele.tier.words, self.keymap, width - MARGIN)
        self.rows.fill(matching(rows, self._sought))

    def _ask(self, press: Press) -> None:
        self.prompt.ask("find in the help: ", self._find, changed=self._find, wants="any word, such as export or loop")

    def _find(self, text: str) -> None:
        """Show only what matches a text; all of the help for an empty one."""
        self._sought = text.strip()
        self._fill(self.rows.size.width)
        self.rows.step(-len(self.rows.rows))

    def top_words(self) -> str:
        return f"Help for the {self._of} screen"

    def hints(self) -> list[tuple[str, str]]:
        return [("help.find", "find a word"), ("list.down list.up", "move"), ("over.back", "back")]


def help_rows(screen: str, tier: str, keymap: Keymap, width: int) -> list[Row]:
    """Return the help of a screen, in rows of `width` columns."""
    rows: list[Row] = []
    if screen == "editor":
        rows.append(Row("Ten things to know; more is below", heading=True))
        for keys, words in FIRST:
            rows += wrapped(keymap.fill(keys), keymap.fill(words), KEY_WIDTH, width, words)
    group = ""
    for action in actions_of(screen):
        if action.group != group:
            group = action.group
            rows += [*([Row("")] if rows else []), Row(group, heading=True)]
        more = f" - {keymap.fill(action.help)}" if action.help else ""
        keys = keymap.words_for(action.id) or f":{action.id}"
        rows += wrapped(keys, f"{action.title}{more}", KEY_WIDTH, width, action.id)
    rows += [Row(""), Row("The : line", heading=True)]
    for op in OPS.values():
        rows += wrapped(op.example, op.summary, OP_WIDTH, width, op.name)
    for name, text in OWN.items():
        rows += wrapped(f":{name}", text, KEY_WIDTH, width, f":{name}")
    rows += _table(OPERANDS, width)
    rows += [Row(""), Row("The grid", heading=True), *_table(GRID, width)]
    rows += wrapped("this terminal", f"{tier}; change it with NO_COLOR=1 or TERM", KEY_WIDTH, width, "terminal")
    return rows


def matching(rows: list[Row], text: str) -> list[Row]:
    """Return the entries that match a text, with their further lines and the headings above them."""
    if not text:
        return rows
    found: list[Row] = []
    heading: list[Row] = []
    for at, row in enumerate(rows):
        if row.heading:
            heading = [row]
        if row.key is None:
            continue
        lines = [row, *takewhile(lambda one: one.follows, rows[at + 1 :])]
        whole = " ".join(" ".join(line.text.split()) for line in lines)
        if rank(text, whole, whole.lower()) < NO_MATCH:
            found += [*heading, *lines]
            heading = []
    return found or [Row(f"nothing matches {text!r}")]


def _table(entries: tuple[tuple[str, str], ...], width: int) -> list[Row]:
    return [row for head, text in entries for row in wrapped(head, text, KEY_WIDTH, width, head)]


def wrapped(head: str, text: str, column: int, width: int, key: Hashable) -> list[Row]:
    """Return a head and its text from `column` on, wrapped into rows. Only the first row can be chosen."""
    gap = " " if len(head) >= column else ""
    room = max(width, column + NARROWEST)
    lines = textwrap.wrap(f"{head:<{column}}{gap}{text}", room, subsequent_indent=" " * column)
    return [Row(lines[0], key), *(Row(line, follows=True) for line in lines[1:])]
