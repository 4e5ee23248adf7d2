"""A person's own keys: `keys.toml` in the home, readable and writable by hand.

    keymap = "vim"

    [vim]                      # changes to the vim-like keymap; those to the other one are under [tracker]
    "edit.blend" = ["B", "g b"]
    "edit.mirror" = []         # no key

What can go wrong: the file cannot be read, or an entry in it means nothing. A bad file leaves the usual keys, a bad
entry leaves those of its action; either is said in one line. A file that cannot be read is never written over.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from protocol.errors import AlleleError
from tui.actions.registry import BY_ID
from tui.input.keymap import DEFAULT, NAMES, Keymap, unsendable, usual
from tui.strand_files import write_file

HOLDS = "the keys hold until you leave"
HEAD = """\
# Keys of Allele's editor. `allele keymap` lists the names of all actions; Keys (in the editor) writes this file.
# keymap: vim or tracker. Under [vim] and [tracker]: "action" = ["key", "key key"], [] for none.
"""


@dataclass
class OwnKeys:
    """Which keymap, and by keymap what differs from it. `said`: what could not be used, one line each."""

    name: str = DEFAULT
    changes: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict[str, dict[str, tuple[str, ...]]])
    said: list[str] = field(default_factory=list[str])
    is_readable: bool = True

    def keymap(self, name: str | None = None) -> Keymap:
        """The chosen keymap with the changes laid over it; a key that was given away is gone where it was."""
        made = usual(name or self.name)
        for action_id, keys in self.changes.get(made.name, {}).items():
            made = made.taken_from_others(action_id, keys)
        return made

    def bind(self, keymap: Keymap) -> None:
        """Keep a keymap as it is now, as what differs from the usual one."""
        plain = usual(keymap.name)
        self.changes[keymap.name] = {
            action_id: keymap.keys_for(action_id)
            for action_id in BY_ID
            if keymap.keys_for(action_id) != plain.keys_for(action_id)
        }


def key_file(home: Path) -> Path:
    """Where a home keeps them."""
    return home / "keys.toml"


def read_keys(home: Path) -> OwnKeys:
    """What the file says; never raises."""
    path = key_file(home)
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        return OwnKeys()
    except (OSError, ValueError) as problem:  # ValueError: no UTF-8, or no TOML, with its line
        return OwnKeys(said=[f"{path}: {problem}; the usual keys are used"], is_readable=False)
    own = OwnKeys()
    own.name = data.pop("keymap", DEFAULT)
    if own.name not in NAMES:
        own.said.append(f"{path}: keymap is one of {', '.join(NAMES)}, not {str(own.name)[:40]!r}")
        own.name = DEFAULT
    for name, table in data.items():
        if name not in NAMES or not isinstance(table, dict):
            own.said.append(f"{path}: {name[:40]} is no table of keys; they are under [{'] or ['.join(NAMES)}]")
            continue
        for action_id, keys in cast("dict[str, Any]", table).items():
            wrong = _wrong(action_id, keys)
            if wrong:
                own.said.append(f"{path}: {wrong}")
            else:
                own.changes.setdefault(name, {})[action_id] = tuple(keys)
    return own


def _wrong(action_id: str, keys: Any) -> str:
    """Why an entry cannot be used, "" when it can."""
    if action_id not in BY_ID:
        return f"no action is called {action_id[:40]}"
    if not isinstance(keys, list) or not all(isinstance(key, str) and key.strip() for key in cast("list[Any]", keys)):
        return f'{action_id}: keys are written ["s"] or ["g b", "f6"], [] for none'
    return next((f"{action_id}: {why}" for key in cast("list[str]", keys) if (why := unsendable(key))), "")


def write_keys(home: Path, own: OwnKeys) -> None:
    """Write the file whole.

    Raises:
        AlleleError: E_IO naming it; also when what is there could not be read: it may be worth correcting.
    """
    path = key_file(home)
    if not own.is_readable:
        raise AlleleError(
            "E_IO", f"{path} could not be read, so it is left as it is", hint="correct it or move it away"
        )
    lines = [HEAD, f'keymap = "{own.name}"']
    for name in NAMES:
        changes = own.changes.get(name, {})
        if changes:
            lines += ["", f"[{name}]", *(f"{_quoted(i)} = [{', '.join(map(_quoted, k))}]" for i, k in changes.items())]
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise AlleleError("E_IO", f"{home}: {problem.strerror}", hint=HOLDS) from None
    write_file(path, ("\n".join(lines) + "\n").encode(), hint=HOLDS)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
