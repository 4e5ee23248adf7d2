"""Edits as values, and the one grammar that writes them as text.

    NAME [arguments] [qA-B] [@F0:F1] [key=value …]

Levels are inclusive, frames half-open with either bound optional; both default to all. The same text works in
the TUI's `:` line and in `allele edit`. What an edit *does* is the broker's business (daemon.edits); what it
*says* is here, so both sides agree on it.
"""

import re
import shlex

import msgspec

from protocol.errors import AlleleError


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One operation on a strand. `levels` (first, last) inclusive, `frames` (first, past the last)."""

    op: str
    args: list[str] = []
    levels: tuple[int, int] | None = None
    frames: tuple[int | None, int | None] | None = None
    options: dict[str, str] = {}


class OpSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation takes. `arguments` name the positional ones; `options` map a key to its meaning."""

    name: str
    summary: str
    arguments: list[str] = []
    options: dict[str, str] = {}
    takes_strand: bool = False
    example: str = ""


OPS: dict[str, OpSpec] = {
    spec.name: spec
    for spec in (
        OpSpec(
            name="set",
            summary="write a code into cells",
            arguments=["CODE"],
            example="set 17 q0 @3:4",
        ),
        OpSpec(
            name="swap",
            summary="exchange cells with another strand; cropped to what both have",
            arguments=["OTHER"],
            options={"at": "first frame in the other strand (default: the same frame)"},
            takes_strand=True,
            example="swap OTHER.alle q0-1 @10:40 at=0",
        ),
        OpSpec(
            name="copy",
            summary="remember cells in a register",
            arguments=["REGISTER"],
            example="copy a q0 @0:8",
        ),
        OpSpec(
            name="put",
            summary="overwrite cells with a register, from the first frame on",
            arguments=["REGISTER"],
            example="put a @12:",
        ),
    )
}

_LEVELS = re.compile(r"q(\d{1,3})(?:-(\d{1,3}))?\Z")
_FRAMES = re.compile(r"@(\d{0,9}):(\d{0,9})\Z")
_ONE_FRAME = re.compile(r"@(\d{1,9})\Z")
_OPTION = re.compile(r"([a-z_]+)=(.*)\Z", re.DOTALL)
REGISTER_NAMES = "abcdefghijklmnopqrstuvwxyz0123456789"


def parse_edit(text: str) -> Edit:
    """Read one edit.

    Raises:
        AlleleError: E_BAD_EDIT naming the part that cannot be read and how it is written.
    """
    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise AlleleError("E_BAD_EDIT", f"{text!r}: {problem}", hint="close the quote") from None
    if not words:
        raise AlleleError("E_BAD_EDIT", "the edit is empty", hint=f"operations: {', '.join(OPS)}")
    name, *rest = words
    args: list[str] = []
    levels: tuple[int, int] | None = None
    frames: tuple[int | None, int | None] | None = None
    options: dict[str, str] = {}
    wanted = len(OPS[name].arguments) if name in OPS else 0
    for word in rest:
        if len(args) < wanted:  # a file may be called q0 or a=b.alle: arguments come first, as they stand
            args.append(word)
        elif match := _LEVELS.match(word):
            _once(levels, word)
            levels = _level_range(match)
        elif match := _FRAMES.match(word):
            _once(frames, word)
            frames = (_bound(match[1]), _bound(match[2]))
        elif match := _ONE_FRAME.match(word):
            _once(frames, word)
            frames = (int(match[1]), int(match[1]) + 1)
        elif match := _OPTION.match(word):
            options[match[1]] = match[2]
        else:
            args.append(word)
    return check_edit(Edit(op=name, args=args, levels=levels, frames=frames, options=options))


def check_edit(edit: Edit) -> Edit:
    """The edit itself if its operation exists and its arguments and options are that operation's.

    Raises:
        AlleleError: E_BAD_EDIT.
    """
    spec = OPS.get(edit.op)
    if spec is None:
        raise AlleleError("E_BAD_EDIT", f"no operation is called {edit.op!r}", hint=f"operations: {', '.join(OPS)}")
    if len(edit.args) != len(spec.arguments):
        wants = " ".join(spec.arguments) or "nothing"
        raise AlleleError("E_BAD_EDIT", f"{edit.op} takes {wants}, not {edit.args}", hint=f"as in: {spec.example}")
    unknown = [key for key in edit.options if key not in spec.options]
    if unknown:
        known = ", ".join(spec.options) or "none"
        raise AlleleError("E_BAD_EDIT", f"{edit.op} has no option {unknown[0]!r}", hint=f"options: {known}")
    if edit.levels is not None and not 0 <= edit.levels[0] <= edit.levels[1]:
        raise AlleleError("E_BAD_EDIT", f"levels {edit.levels} run backwards", hint="write q0-3")
    if edit.frames is not None:
        low, high = edit.frames
        if (low or 0) < 0 or (high is not None and high <= (low or 0)):
            raise AlleleError("E_BAD_EDIT", f"frames @{low or 0}:{high} hold nothing", hint="@10:40 is 10 up to 39")
    return edit


def format_edit(edit: Edit) -> str:
    """The edit as text; `parse_edit(format_edit(e)) == e`."""
    words = [edit.op, *(shlex.quote(arg) for arg in edit.args)]
    if edit.levels is not None:
        low, high = edit.levels
        words.append(f"q{low}" if low == high else f"q{low}-{high}")
    if edit.frames is not None:
        first, past = ("" if bound is None else str(bound) for bound in edit.frames)
        words.append(f"@{first}:{past}")
    words += [f"{key}={shlex.quote(value)}" for key, value in edit.options.items()]
    return " ".join(words)


def _once(before: object, word: str) -> None:
    if before is not None:
        raise AlleleError("E_BAD_EDIT", f"{word}: the range is given twice")


def _level_range(match: re.Match[str]) -> tuple[int, int]:
    first = int(match[1])
    return first, first if match[2] is None else int(match[2])


def _bound(digits: str) -> int | None:
    return int(digits) if digits else None
