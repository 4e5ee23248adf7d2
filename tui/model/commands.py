"""The commands of the `:` line: the edit grammar of protocol.edits, and commands that only the TUI has.

:q   :w FILE.wav   :w FILE.alle   :w! FILE   :open PATH [MODEL]   :frame N   :tempo   :@bar2 (selects)   :help
any edit   any action by its id
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from protocol.edits import Edit, parse_edit
from protocol.errors import AlleleError
from protocol.operations import NOT_YET, OPS, OTHER_NAMES
from protocol.tempo import Tempo
from protocol.times import EXAMPLES, Span, read_moment, read_span
from protocol.units import FRAMES_PER_S
from tui.actions.registry import BY_ID
from tui.model.existing import as_typed, leading_names
from tui.model.op_text import read_op
from tui.model.paths import read_path, read_path_and_rest
from tui.model.quoting import split_words
from tui.model.save_names import means_folder

OWN = {
    "q": "quit (the daemon, its jobs and every strand stay)",
    "w": "write the strand: FILE.wav decodes it, FILE.alle saves its codes; w alone takes a free name; w! overwrites; "
    "w FILE @1.2s:3.4s a part",
    "vary": "make takes of a random edit to hear and choose from: vary 8, vary 8 mutate 0.5 q1-3",
    "split": "split the strand at the cursor, or at a frame or time: split 1.2s; the rest becomes a new strand",
    "open": "open an audio file or an .alle in this pane: open PATH [MODEL]",
    "frame": "go to a frame",
    "undolist": "list every edit of this strand; Enter goes to the state after it",
    "b": "show an open strand in this pane: b NAME; b alone lists them",
    "find": "find a code or a sequence of codes on this level: find 17 . 4",
    "describe": "describe the cell under the cursor in words",
    "colour": "quality that colours and steps follow: colour brightness; colour auto chooses the most reliable; "
    "colour surprise shows what the model's prior does not expect",
    "help": "every key and command",
}


SHORT = {"quit": "q", "write": "w", "qa": "q", "e": "open", "h": "help"}
COUNTS = {
    "w": (0, 1),
    "split": (0, 1),
    "open": (1, 2),
    "frame": (1, 1),
    "b": (0, 1),
    "find": (1, 256),
    "colour": (1, 1),
}
"""The least and most words that each command takes; a command not listed takes none."""


@dataclass(frozen=True)
class Command:
    """One parsed command.

    Attributes:
        name: a key of OWN, "edit", or "action".
        args: for "action", its id and optionally a count; for "w", the absolute file, or a folder with a slash at its
            end; for "open", the absolute file and optionally a model.
        part: the part that "w" writes, None for the whole strand; the part that "select" selects.
    """

    name: str
    args: list[str] = field(default_factory=list[str])
    force: bool = False
    part: Span | None = None
    edit: Edit | None = None


def read_command(
    text: str, strands: Collection[str] = (), frame_rate: float = FRAMES_PER_S, tempo: Tempo | None = None
) -> Command | None:
    """Parse a line into a command; None for an empty line.

    Args:
        strands: the names of the open strands.
        frame_rate, tempo: of the strand that an edit changes.

    Raises:
        AlleleError: E_BAD_EDIT naming the part that is invalid; E_BAD_REQUEST for an invalid file name.
    """
    line = text.lstrip(" \t:").rstrip("\r\n")
    if not line.strip():
        return None
    name, *after = re.split(r"[ \t]", line, maxsplit=1)
    rest = after[0] if after else ""
    if name in BY_ID:
        return _action(line.split())
    if line.startswith("@"):
        return _selection(line.strip(), tempo)
    if line.strip() == "tempo":
        return Command("tempo")
    if name in OPS or name in OTHER_NAMES:
        return Command("edit", edit=read_op(line, strands.__contains__, frame_rate, tempo))
    if name in NOT_YET:  # raises an error that says what the operation needs
        return Command("edit", edit=parse_edit(line))
    word = SHORT.get(name.rstrip("!"), name.rstrip("!"))
    if read_moment(word, tempo) is not None:
        return Command("frame", [word])
    if word == "wq":
        raise AlleleError("E_BAD_EDIT", "edits are saved as you make them", hint="use :q, or :w FILE.wav for the sound")
    if word not in OWN:
        raise AlleleError(
            "E_BAD_EDIT", f"no command is called {word!r}", hint=f"edits: {', '.join(OPS)}; others: {', '.join(OWN)}"
        )
    if word == "vary":
        return _variations(rest, strands, frame_rate, tempo)
    rest, part = _path_and_part(rest, tempo) if word == "w" else (rest, None)
    args = _arguments(word, rest, strands)
    least, most = COUNTS.get(word, (0, 0))
    if not least <= len(args) <= most:
        wanted = f"{least} to {most}" if least < most else str(most or "no")
        raise AlleleError("E_BAD_EDIT", f":{word} takes {wanted} word{'s' * (most != 1)}", hint=OWN[word])
    return Command(word, args, force=name.endswith("!"), part=part)


def _selection(text: str, tempo: Tempo | None) -> Command:
    """Parse a range to select.

    Raises:
        AlleleError: E_BAD_EDIT when the text is no range.
    """
    part = read_span(text, tempo)
    if part is None:
        raise AlleleError("E_BAD_EDIT", f"{text[:40]!r} names no frames", hint=f"ranges are written {EXAMPLES}")
    return Command("select", part=part)


def _variations(rest: str, strands: Collection[str], frame_rate: float, tempo: Tempo | None) -> Command:
    """Parse `vary N [OPERATION]`.

    Raises:
        AlleleError: E_BAD_EDIT when N is not a number, or for an invalid operation.
    """
    count, _, operation = rest.strip().partition(" ")
    if not (count.isascii() and count.isdecimal() and len(count) < 4):
        raise AlleleError("E_BAD_EDIT", f":vary takes a number of takes, not {count[:40]!r}", hint=OWN["vary"])
    edit = read_op(operation.strip(), strands.__contains__, frame_rate, tempo) if operation.strip() else None
    return Command("vary", [count], edit=edit)


def _path_and_part(rest: str, tempo: Tempo | None) -> tuple[str, Span | None]:
    """Split `FILE @1.2s:3.4s` into the file, which may be left out, and the part. An existing file is not split."""
    before, _, last = rest.rstrip().rpartition(" ")
    part = read_span(last, tempo) if last.startswith("@") and as_typed(rest) is None else None
    return (rest, None) if part is None else (before, part)


def _arguments(word: str, rest: str, strands: Collection[str]) -> list[str]:
    """Split the arguments of a command. Names of files and strands are taken as typed, other words as in a shell."""
    if not rest.strip():
        return []
    if word == "w":
        path = read_path(rest)
        return [f"{path}/" if means_folder(rest, path) else str(path)]
    if word == "open":
        path, more = read_path_and_rest(rest)
        return [str(path), *more.split()]
    if word == "b":
        known = next((name for name, after in leading_names(rest, strands.__contains__) if not after), None)
        if known is not None:
            return [known]
    words = split_words(rest)
    return rest.split() if words is None else words


def _action(words: list[str]) -> Command:
    """Parse an action with its count or letter, as in `edit.undo`, `edit.undo 3` or `macro.play a`.

    Raises:
        AlleleError: E_BAD_EDIT when the action does not take these arguments.
    """
    name, *rest = words
    letter = bool(BY_ID[name].letter)
    if len(rest) > 1 or any(not (word.isdecimal() or (letter and len(word) == 1)) for word in rest):
        wants = BY_ID[name].letter or "a count"
        raise AlleleError("E_BAD_EDIT", f":{name} takes at most {wants}, not {' '.join(rest)[:80]!r}")
    return Command("action", words)
