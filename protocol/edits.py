"""Edits as values, and the one grammar that writes them as text.

    NAME [arguments] [qA-B] [@F0:F1] [key=value …]

Levels are inclusive, frames half-open with either bound optional; both default to all. The same text works in
the TUI's `:` line and in `allele edit`. What an edit *does* is the broker's business (daemon.edits); what it
*says* is here, so both sides agree on it.
"""

import re
import shlex

import msgspec

from protocol.atlas import DIRECTIONS
from protocol.errors import AlleleError


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One operation on a strand. `levels` (first, last) inclusive, `frames` (first, past the last)."""

    op: str
    args: list[str] = []
    levels: tuple[int, int] | None = None
    frames: tuple[int | None, int | None] | None = None
    options: dict[str, str] = {}


class OpSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation takes. `arguments` name the positional ones; `options` map a key to its meaning.

    takes_strand: the first argument names another strand. resizes: the strand's length changes, on all levels.
    """

    name: str
    summary: str
    arguments: list[str] = []
    options: dict[str, str] = {}
    takes_strand: bool = False
    resizes: bool = False
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
            name="paint",
            summary="write codes along time, one for each frame; `.` leaves a cell",
            arguments=["CODE,CODE,…"],
            example="paint 17,17,.,4 q0 @3:",
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
        OpSpec(
            name="mix",
            summary="as put, but only into gaps: the cells that hold the gap's code",
            arguments=["REGISTER"],
            options={"gap": "the gap's code on every level, or @F: on each level the code at frame F (needed)"},
            example="mix a @12: gap=@3",
        ),
        OpSpec(
            name="flood",
            summary="a register again and again, over the whole range",
            arguments=["REGISTER"],
            example="flood a @0:64",
        ),
        OpSpec(
            name="blend",
            summary="AMOUNT of the way to another strand: 0 is this one exactly, 1 the other",
            arguments=["OTHER", "AMOUNT"],
            options={
                "mode": "latent: between both sounds (default); cells: one or the other, by turns of at least 60 ms; "
                "levels: coarse levels of this one, finer ones towards the other",
                "align": "which frame goes with which. none: the same (default); stretch: the other as a whole over "
                "the range; dtw: likewise, where both sound alike",
                "at": "first frame in the other strand (default: the same frame; 0 with stretch and dtw)",
                "seed": "start of the random choices of mode=cells (0)",
            },
            takes_strand=True,
            example="blend OTHER.alle 0.5 mode=latent align=dtw",
        ),
        OpSpec(
            name="shift",
            summary="rotate cells in time inside the range: + is later",
            arguments=["FRAMES"],
            example="shift +2 @0:8",
        ),
        OpSpec(name="reverse", summary="flip the range in time", example="reverse @0:16"),
        OpSpec(
            name="stretch",
            summary="make the range FACTOR times as long, on all levels",
            arguments=["FACTOR"],
            resizes=True,
            example="stretch 1.5",
        ),
        OpSpec(
            name="repeat",
            summary="insert N copies of the range after it; all levels",
            arguments=["N"],
            resizes=True,
            example="repeat 2 @0:4",
        ),
        OpSpec(
            name="mirror",
            summary="append the range's flip to it; all levels",
            resizes=True,
            example="mirror",
        ),
        OpSpec(
            name="mutate",
            summary="STRENGTH, 0 to 1, is the share of cells that go to a near code",
            arguments=["STRENGTH"],
            options={"seed": "start of the random choices (0)"},
            example="mutate 0.3 seed=1",
        ),
        OpSpec(
            name="nudge",
            summary="to the nearest code that is surely further in a DIRECTION: " + ", ".join(DIRECTIONS),
            arguments=["DIRECTION"],
            options={"by": "so many steps (1)"},
            example="nudge brighter q1-2 @0:16",
        ),
        OpSpec(
            name="mosaic",
            summary="rebuild from the frames of another strand that sound most alike",
            arguments=["OTHER"],
            options={"continuity": "0 to 1: how much to stay with frames that follow one another there (0.5)"},
            takes_strand=True,
            example="mosaic OTHER.alle continuity=0.5",
        ),
        OpSpec(
            name="lock",
            summary="keep levels as they are in every further operation; undo and redo still take back what was done",
            example="lock q0-1",
        ),
        OpSpec(
            name="unlock",
            summary="let operations change levels again",
            example="unlock q0-1",
        ),
    )
}

NOT_YET: dict[str, tuple[str, str]] = {
    "regenerate": ("regenerate waits for the prior, the model that fills a selection in", "paint, mosaic or blend it"),
    "mute": (
        "mute is for listening and changes no cells",
        "M in the editor; allele decode --levels on the command line",
    ),
    "solo": ("solo is for listening and changes no cells", "allele decode --levels hears some levels only"),
}
"""Operations by name that are refused, with the reason and what to do instead."""

_LEVELS = re.compile(r"q([0-9]{1,3})(?:-([0-9]{1,3}))?\Z")
_FRAMES = re.compile(r"@([0-9]{0,9}):([0-9]{0,9})\Z")
_ONE_FRAME = re.compile(r"@([0-9]{1,9})\Z")
_RANGE_WORDS = {
    "q": ("levels", "levels are written q0, or q0-3 for 0 to 3"),
    "@": ("frames", "frames are written @10:40 for 10 up to 39, @10:, @:40, or @10 for one"),
}
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
        elif name in OPS and word[:1] in _RANGE_WORDS:
            what, hint = _RANGE_WORDS[word[0]]
            raise AlleleError("E_BAD_EDIT", f"{word!r} names no {what}", hint=hint)
        else:
            args.append(word)
    return check_edit(Edit(op=name, args=args, levels=levels, frames=frames, options=options))


def check_edit(edit: Edit) -> Edit:
    """The edit itself if its operation exists and its arguments and options are that operation's.

    Raises:
        AlleleError: E_BAD_EDIT.
    """
    spec = OPS.get(edit.op)
    if edit.op in NOT_YET:
        reason, hint = NOT_YET[edit.op]
        raise AlleleError("E_BAD_EDIT", reason, hint=hint)
    if spec is None:
        raise AlleleError("E_BAD_EDIT", f"no operation is called {edit.op!r}", hint=f"operations: {', '.join(OPS)}")
    if len(edit.args) != len(spec.arguments):
        wants = " ".join(spec.arguments) or "no argument"
        given = repr(" ".join(edit.args)[:80]) if edit.args else "nothing"
        raise AlleleError("E_BAD_EDIT", f"{edit.op} takes {wants}, not {given}", hint=f"as in: {spec.example}")
    unknown = [key for key in edit.options if key not in spec.options]
    if unknown:
        known = ", ".join(spec.options) or "none"
        raise AlleleError("E_BAD_EDIT", f"{edit.op} has no option {unknown[0]!r}", hint=f"options: {known}")
    if edit.levels is not None and not 0 <= edit.levels[0] <= edit.levels[1]:
        raise AlleleError("E_BAD_EDIT", f"levels {format_levels(*edit.levels)} run backwards", hint="write q0-3")
    if edit.frames is not None:
        low, high = edit.frames
        if (low or 0) < 0 or (high is not None and high <= (low or 0)):
            raise AlleleError("E_BAD_EDIT", f"frames @{low or 0}:{high} hold nothing", hint="@10:40 is 10 up to 39")
    return edit


def format_edit(edit: Edit) -> str:
    """The edit as text; `parse_edit(format_edit(e)) == e`."""
    words = [edit.op, *(shlex.quote(arg) for arg in edit.args)]
    if edit.levels is not None:
        words.append(format_levels(*edit.levels))
    if edit.frames is not None:
        first, past = ("" if bound is None else str(bound) for bound in edit.frames)
        words.append(f"@{first}:{past}")
    words += [f"{key}={shlex.quote(value)}" for key, value in edit.options.items()]
    return " ".join(words)


def format_levels(first: int, last: int) -> str:
    """Levels as an edit names them: q0-3, or q7 for one."""
    return f"q{first}" if first == last else f"q{first}-{last}"


def _once(before: object, word: str) -> None:
    if before is not None:
        raise AlleleError("E_BAD_EDIT", f"{word}: the range is given twice", hint="give it once")


def _level_range(match: re.Match[str]) -> tuple[int, int]:
    first = int(match[1])
    return first, first if match[2] is None else int(match[2])


def _bound(digits: str) -> int | None:
    return int(digits) if digits else None
