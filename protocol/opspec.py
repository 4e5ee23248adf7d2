"""What an edit operation is described by: the fields of a row of `protocol.operations`.

Plain dataclasses: the command line's parser is made of the table too, and must not wait for msgspec.
"""

import enum
from dataclasses import dataclass, field


class Place(enum.Enum):
    """Which part of a selection goes into an edit that a key makes."""

    CELLS = "levels and frames"
    FRAMES = "frames alone: the levels are all, or those that a register was copied from"
    LEVELS = "whole levels"


class Count(enum.Enum):
    """What a number typed before "do it again" replaces."""

    WIDTH = "the number of frames"
    AMOUNT = "the first argument"


@dataclass(frozen=True)
class Prompt:
    """What a key asks for before it edits, and the answer that is offered the first time."""

    wants: str
    usual: str


@dataclass(frozen=True, kw_only=True)
class OpSpec:
    """One operation.

    Args:
        arguments: names of the positional ones. options: each key and its meaning.
        action: what the editor's key, the palette and the help call it; "" when no key does exactly this.
        action_help: what the help adds to that.
        place, prompt, count: how a key uses it. repeatable: "do it again" repeats it; an operation that changes no
            cells leaves what is repeated as it was.
        takes_strand: the first argument names another strand. changes_other: that strand is changed too.
        fills_register: the first argument names a register that it fills. reads_register: one that it reads.
        resizes: the strand's length changes, on all levels.
        heeds_locks: locked levels keep their cells.
        needs_model: a model computes cells. needs_atlas: with its atlas.
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
    fills_register: bool = False
    reads_register: bool = False
    resizes: bool = False
    heeds_locks: bool = True
    needs_model: bool = False
    needs_atlas: bool = False

    @property
    def fits_a_key(self) -> bool:
        """Whether a key supplies every argument: by a prompt, a count, a register, or the strand in the other pane."""
        supplied = self.takes_strand + self.reads_register + (self.count is Count.AMOUNT)
        return self.prompt is not None or len(self.arguments) == supplied
