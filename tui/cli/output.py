"""The output of the command line: one result on stdout (text or one JSON object), everything else on stderr.

With --json stdout holds exactly one object, once the command is finished; notes, progress and errors never go there.
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast


class Output:
    """Prints a command's result and notes."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    @property
    def is_live(self) -> bool:
        """Whether progress can be shown, because stderr is a terminal."""
        return sys.stderr is not None and sys.stderr.isatty()  # pyright: ignore[reportUnnecessaryComparison]

    def result(self, facts: Mapping[str, Any], text: str | Sequence[str]) -> None:
        """Print the command's result: `facts` with --json, else the text."""
        if self.as_json:
            print(json.dumps(plain(facts), ensure_ascii=False, allow_nan=False), flush=True)
        else:
            print(text if isinstance(text, str) else "\n".join(text), flush=True)

    def note(self, text: str) -> None:
        """Print a note for the user on stderr."""
        print(one_line(text), file=sys.stderr, flush=True)


def plain(value: Any) -> Any:
    """Return the value in a form that JSON can represent: infinities and NaN become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in cast("Sequence[Any]", value)]
    return value


def one_line(text: str) -> str:
    """Return the text on one line, with control characters escaped."""
    return harmless(" ".join(text.split()))


def harmless(text: str) -> str:
    """Return the text with control characters escaped, such as a line break in a file name."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return rows as aligned columns, with numbers to the right."""
    cells = [[one_line(str(cell)) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]
    return [
        "  ".join(
            cell.rjust(width) if is_number else cell.ljust(width)
            for cell, width, is_number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [list(header), *cells]
    ]


def duration(seconds: float) -> str:
    """Return a duration as text, such as 4.20 s, 3:05 or 2:03:05."""
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def level(db: float | None) -> str:
    """Return a level as text, such as -12.3 dBFS, or "silence"."""
    return "silence" if db is None or not math.isfinite(db) or db <= -200 else f"{db:.1f} dBFS"
