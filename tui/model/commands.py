"""The `:` line: the edit grammar of protocol.edits, and the few words that are the screen's own.

:q   :w FILE.wav   :w FILE.alle   :w! FILE   :open PATH [MODEL]   :frame N   :help   any edit   any action by its id
"""

import shlex
from dataclasses import dataclass, field

from protocol.edits import NOT_YET, OPS, Edit, parse_edit
from protocol.errors import AlleleError
from tui.actions.registry import BY_ID

OWN = {
    "q": "quit (the daemon, its jobs and every strand go on)",
    "w": "write the strand: FILE.wav decodes it, FILE.alle keeps its codes; w! overwrites",
    "open": "open an audio file or an .alle in this pane: open PATH [MODEL]",
    "frame": "go to a frame",
    "undolist": "every edit of this strand; Enter on one goes there",
    "b": "show an open strand in this pane by its name: b NAME; b alone lists them",
    "find": "find a code or a run of codes on this level: find 17 . 4",
    "describe": "say the cell under the cursor in words",
    "colour": "what cells are coloured and stepped by: colour brightness; colour auto is the best that is known",
    "help": "every key and command",
}


@dataclass(frozen=True)
class Command:
    """One command: `name` is a key of OWN, "edit", or "action" (args: its id and perhaps a count)."""

    name: str
    args: list[str] = field(default_factory=list[str])
    force: bool = False
    edit: Edit | None = None


def read_command(text: str) -> Command | None:
    """The command in a line, None for an empty one.

    Raises:
        AlleleError: E_BAD_EDIT, naming what cannot be read.
    """
    text = text.strip().lstrip(":").strip()
    if not text:
        return None
    name = text.split(maxsplit=1)[0]
    if name in BY_ID:
        return _action(text.split())
    if name in OPS or name in NOT_YET:  # the latter say what they wait for
        return Command("edit", edit=parse_edit(text))
    try:
        word, *args = shlex.split(text)
    except ValueError as problem:
        raise AlleleError("E_BAD_EDIT", f"{text}: {problem}", hint="close the quote") from None
    force = word.endswith("!")
    word = {"quit": "q", "write": "w", "qa": "q", "e": "open", "h": "help"}.get(word.rstrip("!"), word.rstrip("!"))
    if word.isdigit():
        return Command("frame", [word])
    if word == "wq":
        raise AlleleError("E_BAD_EDIT", "every edit is kept as it is made", hint="use :q, or :w FILE.wav for the sound")
    if word not in OWN:
        raise AlleleError(
            "E_BAD_EDIT", f"no command is called {word!r}", hint=f"edits: {', '.join(OPS)}; others: {', '.join(OWN)}"
        )
    counts = {"w": (1, 1), "open": (1, 2), "frame": (1, 1), "b": (0, 1), "find": (1, 256), "colour": (1, 1)}
    least, most = counts.get(word, (0, 0))
    if word == "w" and args:
        args = [" ".join(args)]  # a path with spaces
    if not least <= len(args) <= most:
        wanted = f"{least} to {most}" if least < most else str(most or "no")
        raise AlleleError("E_BAD_EDIT", f":{word} takes {wanted} word{'s' * (most != 1)}", hint=OWN[word])
    return Command(word, args, force)


def _action(words: list[str]) -> Command:
    """`edit.undo`, `edit.undo 3` or `macro.play a`.

    Raises:
        AlleleError: E_BAD_EDIT.
    """
    name, *rest = words
    letter = bool(BY_ID[name].letter)
    if len(rest) > 1 or any(not (word.isdecimal() or (letter and len(word) == 1)) for word in rest):
        wants = BY_ID[name].letter or "a count"
        raise AlleleError("E_BAD_EDIT", f":{name} takes at most {wants}, not {' '.join(rest)[:80]!r}")
    return Command("action", words)
