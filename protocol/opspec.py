"""The description of an edit operation: the fields of a row of the table in `protocol.operations`.

These are plain dataclasses, because the command line's parser reads the table and must start without msgspec.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Place(enum.Enum):
    """Which part of the selection an edit made with a key applies to."""

    CELLS = "levels and frames"
    FRAMES = "frames alone: the levels are all, or those that a register was copied from"
    LEVELS = "whole levels"
    STRAND = "no part of it: the operation takes no levels and no frames"


class Count(enum.Enum):
    """What a number typed before the key of "do it again" replaces."""

    WIDTH = "the number of frames"
    AMOUNT = "the first argument"


@dataclass(frozen=True)
class Prompt:
    """The question that a key shows before it edits, and the answer offered the first time."""

    wants: str
    usual: str


@dataclass(frozen=True, kw_only=True)
class OpSpec:
    """One edit operation: what it accepts, and how both sides treat it.

    Args:
        arguments: names of the positional arguments. options: each key and its meaning.
        action: its name in the editor's keys, palette and help; "" if no key does exactly this.
        action_help: what the help adds to `action`.
        place, prompt, count: how a key uses it. repeatable: "do it again" repeats it; an operation that changes no
            cells does not change what will be repeated.
        takes_strand: the first argument names another strand. changes_other: that strand is changed too.
        takes_whole: without a selection, a key applies it to the whole strand and not to the cell of the cursor.
        fills_register: the first argument names a register that it fills. reads_register: a register that it reads.
        resizes: the strand's length changes, on all levels.
        inserts: it inserts frames before the first frame of its range.
        needs_frames: the frames must be named, in a text, or selected, for a key.
        needs_selection: a key needs a selection, because a single cell at the cursor would be a mistake.
        times: the arguments and options that are a number of frames or a range of frames; a time such as 0.5s is
            accepted too.
        heeds_locks: it does not change the cells of locked levels.
        needs_model: a model computes the cells. needs_atlas: the model's atlas is used too, if it is measured.
        needs_prior: the model's prior draws the cells.
        is_slow: it may take seconds, so a held key does not queue it.
        spares_body: without levels it applies to all but level 0, which carries the body of the sound.
        sets_tempo: it changes the strand's tempo and no cell.
        draws_seed: a seed is drawn for an edit that gives none, and written into the edit.
    """

    name: str
    summary: str
    action: str = ""
    action_help: str = ""
    arguments: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict[str, str])
    example: str
    place: Place = Place.CELLS
    prompt: Prompt | None = None
    count: Count = Count.WIDTH
    repeatable: bool = True
    takes_strand: bool = False
    changes_other: bool = False
    takes_whole: bool = False
    fills_register: bool = False
    reads_register: bool = False
    resizes: bool = False
    inserts: bool = False
    needs_frames: bool = False
    needs_selection: bool = False
    times: tuple[str, ...] = ()
    heeds_locks: bool = True
    needs_model: bool = False
    needs_atlas: bool = False
    needs_prior: bool = False
    spares_body: bool = False
    is_slow: bool = False
    draws_seed: bool = False
    sets_tempo: bool = False

    def may_wait(self, options: Mapping[str, str]) -> bool:
        """Whether an edit with these options may take seconds: its operation is slow, or its cells must be scored."""
        return self.is_slow or options.get("only", "all") != "all"

    @property
    def fits_a_key(self) -> bool:
        """Whether a key supplies every argument: by a prompt, a count, a register, or the strand in the other pane."""
        supplied = self.takes_strand + self.reads_register + (self.count is Count.AMOUNT)
        return self.prompt is not None or len(self.arguments) == supplied
