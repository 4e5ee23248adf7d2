"""Help: every key of the screen below, the `:` line, and what the marks mean, from the registry that binds them."""

from textual.app import ComposeResult

from protocol.edits import OPS
from tui.actions.registry import actions_of
from tui.keymap import Keymap
from tui.model.commands import OWN
from tui.screens.over import OverScreen
from tui.widgets.lines import BOLD, DIM, Part
from tui.widgets.rows import Row, Rows

KEY_WIDTH = 22
FIRST = (
    (
        "{file.open}",
        "opens a sound here: type, paste or drop its path. {pane.other} goes to the other pane: open one there too",
    ),
    ("arrows", "move: a row is a level (0 is the body of the sound), a column 21 ms. A number first goes further"),
    (
        "{select.start}",
        "begins a selection: move to make it larger, {select.drop} leaves it. {select.levels} takes all levels",
    ),
    ("{edit.swap}", "swaps what is selected with the other pane. On level 0: its body, and this one's air"),
    ("{edit.blend}", "blends it towards the other pane: asks how far, Enter does what is offered"),
    (
        "{edit.undo} {edit.redo} {edit.again}",
        "undo, redo, and the last change again where the cursor is. Without limit",
    ),
    (
        "{play.toggle} {play.selection}",
        "plays from the cursor, or the selection. {play.loop} loops; edits come in as it turns",
    ),
    ("{play.compare}", "hears it as it was before, again as it is now: A/B, equally loud"),
    ("{file.save}", "saves a WAV. Edits need no saving: they are kept as they are made, also when you leave"),
    (
        "{app.palette} {app.command} {app.quit}",
        "palette of all actions; command line; quit. {app.help} leads back from here",
    ),
)


class HelpScreen(OverScreen):
    """Pushed over another screen; Esc, q or ? leads back."""

    NAME = "help"
    TITLE_WORDS = "Help"

    def __init__(self, of: str) -> None:
        super().__init__()
        self._of = of
        self.rows = Rows("help-rows")

    def compose_body(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        self.rows.fill(help_rows(self._of, self.allele.tier.words, self.keymap))

    def top_words(self) -> str:
        return f"Help for the {self._of} screen"

    def mode_words(self) -> list[Part]:
        return [(" Esc ", BOLD), ("back  ", DIM), (" {list.down} {list.up} ", BOLD), ("down and up", DIM)]

    def do_app_help(self, count: int | None, register: str | None) -> None:
        self.dismiss()


def help_rows(screen: str, tier: str, keymap: Keymap) -> list[Row]:
    """The help of a screen, line by line."""
    rows = [Row("Ten things to know; more is below", heading=True)]
    rows += [Row(f"{keymap.fill(keys):<{KEY_WIDTH}}{keymap.fill(words)}", words) for keys, words in FIRST]
    group = ""
    for action in actions_of(screen):
        if action.group != group:
            group = action.group
            rows += [Row(""), Row(group, heading=True)]
        more = f" - {keymap.fill(action.help)}" if action.help else ""
        keys = keymap.words_for(action.id) or f":{action.id}"
        rows.append(Row(f"{keys:<{KEY_WIDTH}}{action.title}{more}", action.id))
    rows += [Row(""), Row("The : line", heading=True)]
    for op in OPS.values():
        rows.append(Row(f"{op.example:<{KEY_WIDTH + 16}} {op.summary}", op.name))
    for name, text in OWN.items():
        rows.append(Row(f":{name:<{KEY_WIDTH - 1}}{text}", f":{name}"))
    rows += [
        Row("qA-B are levels, both included; @F0:F1 frames, the second excluded; OTHER is A, B or a name", 1),
        Row(""),
        Row("The grid", heading=True),
        Row(
            "one cell is one code: a row is a level, a column a frame; colour or letter is its code rank in the level",
            2,
        ),
        Row("* changed since opened   / selected   X both   + cursor   = where a swap lands   v the playhead", 3),
        Row(f"this terminal: {tier}; NO_COLOR=1 or TERM decide otherwise", 4),
        Row('A number before a key repeats it: 8l, 4s. "x before y or p names a register.', 5),
    ]
    return rows
