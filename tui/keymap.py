"""Every action of the TUI, once: its name, keys, help, and the sentence that says why it cannot be done now.

The key tables of all screens, the command palette and the help screen are made from `ACTIONS`; a screen carries an
action `edit.swap` out in its method `do_edit_swap(count, register)`. No default key needs Ctrl+I/M/H (they are Tab,
Enter and Backspace), Ctrl+Shift, a key release or the Kitty protocol.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Situation:
    """What decides whether an action can be done."""

    connected: bool = False
    engine: str = "starting"
    screen: str = "library"
    strand: bool = False
    other: bool = False
    same_model: bool = True
    selection: bool = False
    undo: int = 0
    redo: int = 0
    repeatable: bool = False
    sound: str = ""
    playing: bool = False
    corpora: int = 0
    corpus: bool = False
    files: bool = False
    openable: bool = False
    job: bool = False
    job_running: bool = False


Check = Callable[[Situation], str]


def always(_: Situation) -> str:
    return ""


def connected(s: Situation) -> str:
    return "" if s.connected else "not connected to the daemon; it is tried again by itself"


def strand(s: Situation) -> str:
    return "" if s.strand else "this pane is empty: open a sound with :open FILE or in the library (g l)"


def online_strand(s: Situation) -> str:
    return strand(s) or connected(s)


def engine_ready(s: Situation) -> str:
    if connected(s):
        return connected(s)
    if s.engine == "ready":
        return ""
    return (
        f"the engine is {s.engine}; it comes up by itself"
        if s.engine != "failed"
        else "the engine failed: allele doctor"
    )


def sounding(s: Situation) -> str:
    return strand(s) or engine_ready(s) or s.sound


def both(s: Situation) -> str:
    if online_strand(s):
        return online_strand(s)
    if not s.other:
        return "swap needs a strand in the other pane: Tab, then :open FILE"
    return "" if s.same_model else "the two strands are of different models; their codes mean different sounds"


def undoable(s: Situation) -> str:
    return online_strand(s) or ("" if s.undo else "nothing to undo on this strand")


def redoable(s: Situation) -> str:
    return online_strand(s) or ("" if s.redo else "nothing to redo on this strand")


def repeatable(s: Situation) -> str:
    return online_strand(s) or ("" if s.repeatable else "nothing to repeat yet: . repeats s, r, [ ], or p")


def one_cell(s: Situation) -> str:
    return online_strand(s) or (
        "a rectangle cannot step: leave it with Esc, or set one code with r" if s.selection else ""
    )


def selected(s: Situation) -> str:
    return strand(s) or ("" if s.selection else "no selection: start one with v")


def corpus_chosen(s: Situation) -> str:
    return connected(s) or ("" if s.corpus else "choose a corpus first, or make one with n")


def openable(s: Situation) -> str:
    return connected(s) or ("" if s.openable else "choose a strand or a sound file (Tab goes to the files), or use o")


def job_chosen(s: Situation) -> str:
    return connected(s) or ("" if s.job_running else "no running job is chosen")


@dataclass(frozen=True)
class Action:
    """One thing a person can do. `screens`: where; empty: everywhere. A key may be two, as in "g g"."""

    id: str
    title: str
    keys: tuple[str, ...]
    group: str
    screens: tuple[str, ...] = ()
    why_not: Check = always
    help: str = ""

    @property
    def method(self) -> str:
        """Name of the screen's (or the app's) method that carries it out."""
        return "do_" + self.id.replace(".", "_")


E_, L_, T_ = ("editor",), ("library",), ("train",)
LISTS = ("library", "train", "help")


def _move(name: str, title: str, *keys: str, text: str = "") -> Action:
    return Action(f"move.{name}", title, keys, "Move", E_, strand, text)


ACTIONS: tuple[Action, ...] = (
    _move("left", "Left", "h", "left", text="with a count: 8h"),
    _move("down", "Down a level", "j", "down"),
    _move("up", "Up a level", "k", "up"),
    _move("right", "Right", "l", "right"),
    _move("next_change", "Next change of code on this level", "w"),
    _move("prev_change", "Previous change of code", "b"),
    _move("start", "First frame", "0", "home"),
    _move("end", "Last frame", "$", "end"),
    _move("first_level", "First level (5gg: level 5)", "g g"),
    _move("last_level", "Last level", "G"),
    _move("frame", "Go to a frame: 120|", "|"),
    _move("page_left", "A page left", "pageup", "ctrl+u"),
    _move("page_right", "A page right", "pagedown", "ctrl+d"),
    Action("pane.other", "To the other pane", ("tab", "shift+tab"), "Move", E_),
    Action(
        "pane.link",
        "Link or free the two cursors",
        ("=",),
        "Move",
        E_,
        always,
        "linked: swap exchanges the same frames",
    ),
    Action("select.start", "Select a rectangle", ("v",), "Select", E_, strand),
    Action("select.levels", "Select on all levels", ("V",), "Select", E_, strand),
    Action("select.corner", "To the other corner of the selection", ("o",), "Select", E_, selected),
    Action("select.drop", "Drop the selection", ("escape",), "Select", E_),
    Action(
        "edit.swap",
        "Swap with the other pane",
        ("s",),
        "Change",
        E_,
        both,
        "the selection, or as many cells as the count",
    ),
    Action("edit.set", "Set a code: r, number, Enter", ("r",), "Change", E_, online_strand),
    Action("edit.next_code", "Next code number", ("]",), "Change", E_, one_cell),
    Action("edit.prev_code", "Previous code number", ("[",), "Change", E_, one_cell),
    Action("edit.copy", "Copy into a register", ("y",), "Change", E_, online_strand, 'register a, or "x first'),
    Action("edit.put", "Put a register here", ("p",), "Change", E_, online_strand, "on the levels it was copied from"),
    Action("edit.repeat", "Repeat the last change here", (".",), "Change", E_, repeatable),
    Action("edit.undo", "Undo", ("u",), "Change", E_, undoable, "a swap is undone on both strands"),
    Action("edit.redo", "Redo", ("ctrl+r",), "Change", E_, redoable),
    Action("play.toggle", "Play from the cursor, or stop", ("space",), "Hear", E_, sounding),
    Action("play.selection", "Play the selection or the cell's frame", ("enter",), "Hear", E_, sounding),
    Action("play.loop", "Loop on or off", ("L",), "Hear", E_),
    Action("play.mute", "Mute this level, for listening only", ("M",), "Hear", E_, strand),
    Action("file.save", "Save the sound as WAV", ("S",), "File", E_, online_strand),
    Action("file.open", "Open a sound or an .alle file", ("o",), "File", L_, connected),
    Action("list.down", "Down", ("j", "down"), "Move", LISTS),
    Action("list.up", "Up", ("k", "up"), "Move", LISTS),
    Action("list.first", "First", ("g g", "home"), "Move", LISTS),
    Action("list.last", "Last", ("G", "end"), "Move", LISTS),
    Action("list.page_down", "A page down", ("pagedown", "ctrl+d"), "Move", LISTS),
    Action("list.page_up", "A page up", ("pageup", "ctrl+u"), "Move", LISTS),
    Action("list.other", "To the other list", ("tab", "shift+tab"), "Move", L_),
    Action("library.choose", "Open what is chosen", ("enter",), "Library", L_, connected),
    Action("library.open_a", "Open as strand A", ("a",), "Library", L_, openable),
    Action("library.open_b", "Open as strand B", ("b",), "Library", L_, openable),
    Action("library.new", "New corpus from files or folders", ("n",), "Library", L_, connected),
    Action("library.add", "Add files to this corpus", ("+",), "Library", L_, corpus_chosen),
    Action("library.train", "Train on this corpus", ("t",), "Library", L_, corpus_chosen),
    Action("train.cancel", "Cancel the job", ("x",), "Train", T_, job_chosen),
    Action("train.edit", "To the editor with this model", ("enter",), "Train", T_),
    Action("go.editor", "Editor", ("g e", "f2"), "Go to"),
    Action("go.library", "Library", ("g l", "f3"), "Go to"),
    Action("go.train", "Train", ("g t", "f4"), "Go to"),
    Action("app.command", "Command line: an edit, or :w :open :q", (":",), "Program"),
    Action("app.palette", "Palette of all actions", ("ctrl+p",), "Program"),
    Action("app.help", "Help", ("?", "f1"), "Program"),
    Action("app.redraw", "Draw the screen afresh", ("ctrl+l",), "Program"),
    Action("app.quit", "Quit; the daemon, its jobs and all strands go on", ("ctrl+q", ": q"), "Program"),
)

BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def actions_of(screen: str) -> list[Action]:
    """Actions that mean something on a screen."""
    return [action for action in ACTIONS if not action.screens or screen in action.screens]


def table_of(screen: str) -> dict[str, str]:
    """Key sequence to action id on a screen. `: q` is the command line's business, not a sequence."""
    return {key: action.id for action in actions_of(screen) for key in action.keys if not key.startswith(": ")}


def keys_of(action_id: str) -> str:
    """The keys of an action as one reads them: `gg or home`."""
    return " or ".join(shown(key) for key in BY_ID[action_id].keys)


def shown(key: str) -> str:
    """A key as it is written in help and hints."""
    names = {"escape": "Esc", "enter": "Enter", "tab": "Tab", "space": "Space", "pageup": "PgUp", "pagedown": "PgDn"}
    words = [names.get(part, part) for part in key.split(" ")]
    return "".join(words) if all(len(word) == 1 for word in words) else " ".join(words)
