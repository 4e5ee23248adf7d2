"""The user's settings: `config.toml` in the home, readable and writable by hand.

    theme = "nord"             # one of Textual's themes; "terminal" uses the terminal's own colours
    palette = "batlow"         # the colours of codes
    follow = false             # pages do not turn with the playhead
    meter = false              # no peak, loudness and limiter in the top bar while sound plays
    folder = "~/takes"         # where saving begins
    mouse = false              # the mouse selects text as in other programs
    tempo = 120                # of strands that are opened and have none

A setting in the file applies at every start. One that is not in the file is as it was when Allele was left. Allele
writes only a theme that was chosen from its list, and changes nothing else in the file. What can go wrong: the file
cannot be read, or an entry is invalid. Each problem is reported in one line and the rest is used.
"""

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from protocol.atomic import write_bytes
from protocol.errors import AlleleError
from protocol.tempo import FASTEST_BPM, SLOWEST_BPM
from tui.model.colours import PALETTES
from tui.model.editor import Editor
from tui.model.existing import at_home

TERMINAL = "terminal"
"""The theme that uses the terminal's own colours."""


@dataclass(frozen=True)
class Settings:
    """The settings of the file; None where it says nothing.

    Attributes:
        problems: what could not be used, one line each.
    """

    theme: str | None = None
    palette: str | None = None
    follow: bool | None = None
    meter: bool | None = None
    folder: str | None = None
    mouse: bool | None = None
    tempo: float | None = None
    problems: tuple[str, ...] = field(default=())


def _switch(value: Any) -> str:
    return "" if isinstance(value, bool) else "it must be true or false"


def _palette(value: Any) -> str:
    return "" if value in PALETTES else f"there are {', '.join(PALETTES)}"


def _folder(value: Any) -> str:
    is_folder = isinstance(value, str) and at_home(value).is_dir()
    return "" if is_folder else "there is no such folder"


def _tempo(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_tempo = is_number and SLOWEST_BPM <= value <= FASTEST_BPM
    return "" if is_tempo else f"it must be beats a minute, {SLOWEST_BPM:g} to {FASTEST_BPM:g}"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else "it must be a name in quotes"


CHECKS: dict[str, Callable[[Any], str]] = {
    "theme": _text,
    "palette": _palette,
    "follow": _switch,
    "meter": _switch,
    "folder": _folder,
    "mouse": _switch,
    "tempo": _tempo,
}
"""Why the value of a setting is invalid, or "" when it is valid."""


def settings_file(home: Path) -> Path:
    """Return the path of the settings of a home."""
    return home / "config.toml"


def read_settings(home: Path) -> Settings:
    """Read the settings. Never raises: problems are listed in the result."""
    path = settings_file(home)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as problem:  # ValueError: no UTF-8, or no TOML, with its line
        return Settings(problems=(f"{path}: {problem}; no setting is used",))
    found, problems = Settings(), list[str]()
    for name, value in data.items():
        why = CHECKS[name](value) if name in CHECKS else f"there is no such setting; there are {', '.join(CHECKS)}"
        if why:
            problems.append(f"{path}: {name[:40]}: {why}")
        else:
            found = replace(found, **{name: value})
    return replace(found, problems=tuple(problems))


def keep_setting(home: Path, name: str, value: str) -> None:
    """Write a text as a setting, in place of its line or above the first one. The rest of the file stays as it is.

    Raises:
        AlleleError: E_IO when the file cannot be read or written, or is not TOML.
    """
    path = settings_file(home)
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        line = f"{name} = {json.dumps(value)}"
        entry = re.compile(rf"""^{name}[ \t]*=[ \t]*("[^"\n]*"|'[^'\n]*')""", re.MULTILINE)
        top = text[: table.start()] if (table := re.search(r"^[ \t]*\[", text, re.MULTILINE)) else text
        new = entry.sub(lambda _: line, text, count=1) if entry.search(top) else f"{line}\n{text}"
        tomllib.loads(new)
        write_bytes(path, new.encode())
    except (OSError, ValueError) as problem:
        hint = f"write {name} = {value!r} into it yourself"
        raise AlleleError("E_IO", f"{path}: {problem}; the {name} is not kept", hint=hint) from None


def apply_settings(settings: Settings, editor: Editor) -> None:
    """Set what the settings say in an editor whose last state was restored."""
    editor.palette = settings.palette or editor.palette
    editor.follow = editor.follow if settings.follow is None else settings.follow
    editor.folder = str(at_home(settings.folder).absolute()) if settings.folder else editor.folder
