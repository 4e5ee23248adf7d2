"""The user's own keys: `keys.toml` in the home, readable and writable by hand.

    keymap = "vim"

    [vim]                      # changes to the vim-like keymap; those to the other one are under [tracker]
    "edit.blend" = ["B", "g b"]
    "edit.mirror" = []         # no key

What can go wrong: the file cannot be read, or an entry is invalid. With an unreadable file the default keys are used;
with an invalid entry its action keeps the default keys. Each problem is reported in one line. A file that cannot be
read is never overwritten.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from protocol.errors import AlleleError
from tui.actions.registry import BY_ID
from tui.input.keymap import DEFAULT, NAMES, Keymap, default_keymap, unsendable
from tui.strand_files import write_file

UNSAVED = "the keys are used until you quit"
HEAD = """\
# Keys of Allele's editor. `allele keymap` lists the names of all actions; Keys (in the editor) writes this file.
# keymap: vim or tracker. Under [vim] and [tracker]: "action" = ["key", "key key"], [] for none.
"""


@dataclass
class OwnKeys:
    """The user's keys.

    Attributes:
        name: the keymap in use.
        changes: by keymap, the keys of each action that differs from the default.
        problems: what could not be used, one line each.
        is_readable: whether the file could be read (or does not exist), so that it may be overwritten.
    """

    name: str = DEFAULT
    changes: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict[str, dict[str, tuple[str, ...]]])
    problems: list[str] = field(default_factory=list[str])
    is_readable: bool = True

    def keymap(self, name: str | None = None) -> Keymap:
        """Return the keymap with the user's changes applied. A key that moved to another action leaves its old one."""
        made = default_keymap(name or self.name)
        for action_id, keys in self.changes.get(made.name, {}).items():
            made = made.taken_from_others(action_id, keys)
        return made

    def bind(self, keymap: Keymap) -> None:
        """Store a keymap as its differences from the default keymap of the same name."""
        plain = default_keymap(keymap.name)
        self.changes[keymap.name] = {
            action_id: keymap.keys_for(action_id)
            for action_id in BY_ID
            if keymap.keys_for(action_id) != plain.keys_for(action_id)
        }


def key_file(home: Path) -> Path:
    """Return the path of the key file of a home."""
    return home / "keys.toml"


def read_keys(home: Path) -> OwnKeys:
    """Read the key file. Never raises: problems are listed in the result."""
    path = key_file(home)
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        return OwnKeys()
    except (OSError, ValueError) as problem:  # ValueError: no UTF-8, or no TOML, with its line
        return OwnKeys(problems=[f"{path}: {problem}; the default keys are used"], is_readable=False)
    own = OwnKeys()
    own.name = data.pop("keymap", DEFAULT)
    if own.name not in NAMES:
        own.problems.append(f"{path}: keymap must be one of {', '.join(NAMES)}, not {str(own.name)[:40]!r}")
        own.name = DEFAULT
    for name, table in data.items():
        if name not in NAMES or not isinstance(table, dict):
            own.problems.append(
                f"{path}: {name[:40]} is not a table of keys; keys belong under [{'] or ['.join(NAMES)}]"
            )
            continue
        for action_id, keys in cast("dict[str, Any]", table).items():
            wrong = _wrong(action_id, keys)
            if wrong:
                own.problems.append(f"{path}: {wrong}")
            else:
                own.changes.setdefault(name, {})[action_id] = tuple(keys)
    return own


def _wrong(action_id: str, keys: Any) -> str:
    """Return why an entry of the key file is invalid, or "" when it is valid."""
    if action_id not in BY_ID:
        return f"no action is called {action_id[:40]}"
    if not isinstance(keys, list) or not all(isinstance(key, str) and key.strip() for key in cast("list[Any]", keys)):
        return f'{action_id}: keys are written ["s"] or ["g b", "f6"], [] for none'
    return next((f"{action_id}: {why}" for key in cast("list[str]", keys) if (why := unsendable(key))), "")


def write_keys(home: Path, own: OwnKeys) -> None:
    """Write the key file atomically.

    Raises:
        AlleleError: E_IO naming the file. Also when the existing file could not be read: the user may want to fix it.
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
        raise AlleleError("E_IO", f"{home}: {problem.strerror}", hint=UNSAVED) from None
    write_file(path, ("\n".join(lines) + "\n").encode(), hint=UNSAVED)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
