"""The `Edit` type, and the grammar in which people write edits.

    NAME [arguments] [qA-B] [@F0:F1] [key=value …]

Levels are inclusive. Frames are half-open, and either bound can be left out. Both default to all. A bound can be a
time, as in `@1.2s:3.4s`, or a bar or beat of the strand's tempo, as in `@bar2`: reading the text turns it into frames,
so that an edit itself knows only frames. The same text works in the TUI's `:` line and in `allele edit`. The table in
`protocol.operations` lists the operations and their arguments. `daemon.edits` implements what they do to cells.
"""

import re
import shlex

import msgspec

from protocol.errors import AlleleError
from protocol.operations import NOT_YET, OPS, OTHER_NAMES
from protocol.opspec import OpSpec, Place
from protocol.ranges import FrameRange, LevelRange, level_range
from protocol.tempo import Tempo, read_tempo
from protocol.times import EXAMPLES, read_span, time_as_frames
from protocol.units import FRAMES_PER_S


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One operation on a strand. Without `levels` it acts on all levels, and without `frames` on all frames."""

    op: str
    args: list[str] = []
    levels: LevelRange | None = None
    frames: FrameRange | None = None
    options: dict[str, str] = {}

    @property
    def other(self) -> str | None:
        """The other strand that the edit names, or None if its operation takes none."""
        spec = OPS.get(self.op)
        return self.args[0] if spec is not None and spec.takes_strand and self.args else None


_LEVELS = re.compile(r"q([0-9]{1,3})(?:-([0-9]{1,3}))?\Z")
_RANGE_WORDS = {
    "q": ("levels", "levels are written q0, or q0-3 for 0 to 3"),
    "@": ("frames", f"frames are written {EXAMPLES}"),
}
_OPTION = re.compile(r"([a-z_]+)=(.*)\Z", re.DOTALL)
REGISTER_NAMES = "abcdefghijklmnopqrstuvwxyz0123456789"


def parse_edit(text: str, frame_rate: float = FRAMES_PER_S, tempo: Tempo | None = None) -> Edit:
    """Parse the text of one edit.

    Args:
        frame_rate: of the strand that is edited, frames to a second. Times in the text become frames by it.
        tempo: of the strand that is edited, for bars and beats in the text.

    Raises:
        AlleleError: E_BAD_EDIT. It names the part that cannot be read and shows how to write it.
    """
    try:
        words = shlex.split(text)
    except ValueError as problem:
        raise AlleleError("E_BAD_EDIT", f"{text!r}: {problem}", hint="close the quote") from None
    if not words:
        raise AlleleError("E_BAD_EDIT", "the edit is empty", hint=f"operations: {', '.join(OPS)}")
    name, *rest = words
    name = OTHER_NAMES.get(name, name)
    args: list[str] = []
    levels: LevelRange | None = None
    frames: FrameRange | None = None
    options: dict[str, str] = {}
    wanted = len(OPS[name].arguments) if name in OPS else 0
    for word in rest:
        if len(args) < wanted:  # arguments come first and are not parsed: a file may be called q0 or a=b.alle
            args.append(word)
        elif match := _LEVELS.match(word):
            _once(levels, word)
            levels = level_range(match[1], match[2])
        elif word[:1] == "@" and (span := read_span(word, tempo)) is not None:
            _once(frames, word)
            frames = span.frames(frame_rate)
        elif match := _OPTION.match(word):
            options[match[1]] = match[2]
        elif name in OPS and word[:1] in _RANGE_WORDS:
            what, hint = _RANGE_WORDS[word[0]]
            raise AlleleError("E_BAD_EDIT", f"{word!r} names no {what}", hint=hint)
        else:
            args.append(word)
    edit = check_edit(Edit(op=name, args=args, levels=levels, frames=frames, options=options))
    return _in_frames(edit, OPS[name], frame_rate, tempo)


def check_edit(edit: Edit) -> Edit:
    """Return the edit if its operation exists and accepts its arguments and options.

    Raises:
        AlleleError: E_BAD_EDIT for an unknown operation, or for arguments or options that it does not accept.
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
    if spec.place is Place.STRAND and (edit.levels is not None or edit.frames is not None):
        place = edit.levels if edit.frames is None else edit.frames
        raise AlleleError("E_BAD_EDIT", f"{edit.op} takes no range, not {place}", hint=f"as in: {spec.example}")
    if edit.levels is not None and not 0 <= edit.levels.first <= edit.levels.last:
        raise AlleleError("E_BAD_EDIT", f"levels {edit.levels} run backwards", hint="write q0-3")
    if edit.frames is not None and not 0 <= edit.frames.first < edit.frames.past:
        raise AlleleError("E_BAD_EDIT", f"the range of frames {edit.frames} is empty", hint="@10:40 is 10 up to 39")
    return edit


def format_edit(edit: Edit) -> str:
    """Write an edit as text, so that `parse_edit(format_edit(e)) == e`."""
    words = [edit.op, *(shlex.quote(arg) for arg in edit.args)]
    words += [str(place) for place in (edit.levels, edit.frames) if place is not None]
    words += [f"{key}={shlex.quote(value)}" for key, value in edit.options.items()]
    return " ".join(words)


def tempo_after(edit: Edit, tempo: Tempo | None) -> Tempo | None:
    """The tempo of a strand after an edit, if `tempo` is the one before.

    Raises:
        AlleleError: E_BAD_EDIT if the edit sets an invalid one.
    """
    if not OPS[edit.op].sets_tempo:
        return tempo
    return read_tempo(edit.args[0], edit.options.get("beats", ""), tempo)


def _in_frames(edit: Edit, spec: OpSpec, frame_rate: float, tempo: Tempo | None) -> Edit:
    """The edit with the times of its arguments and options as frames."""
    if not spec.times:
        return edit
    args = [
        time_as_frames(arg, frame_rate, tempo) if name in spec.times else arg
        for name, arg in zip(spec.arguments, edit.args, strict=True)
    ]
    options = {
        key: time_as_frames(value, frame_rate, tempo) if key in spec.times else value
        for key, value in edit.options.items()
    }
    return msgspec.structs.replace(edit, args=args, options=options)


def _once(before: object, word: str) -> None:
    if before is not None:
        raise AlleleError("E_BAD_EDIT", f"{word}: the range is given twice", hint="give it once")
