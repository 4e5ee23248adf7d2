"""Variations: the same edits with other seeds. Does no I/O."""

import secrets
from collections.abc import Sequence

from msgspec.structs import replace

from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.operations import OPS

MOST_TAKES = 99
SEEDS = 1_000_000  # few digits, so that a seed can be typed again


def fresh_seed() -> int:
    """Return a random seed."""
    return secrets.randbelow(SEEDS)


def is_random(edit: Edit) -> bool:
    """Return whether an edit draws random numbers, so that another seed gives another result."""
    return "seed" in OPS[edit.op].options and (edit.op != "blend" or edit.options.get("mode") == "cells")


def variation(edits: Sequence[Edit], take: int) -> list[Edit]:
    """Return edits with the seeds of one take, written out, so that the text of an edit determines its result.

    An edit with a seed counts on from it: seed=7 is 7 in the first take (0), 8 in the second. Any other random edit
    gets a fresh seed.

    Raises:
        AlleleError: E_BAD_EDIT if none of the edits is random, or a seed is not a number.
    """
    if not any(map(is_random, edits)):
        wanted = ", ".join(name for name, spec in OPS.items() if "seed" in spec.options and name != "blend")
        hint = f"random are: {wanted}, and blend with mode=cells"
        raise AlleleError("E_BAD_EDIT", "every take would be the same: no operation here is random", hint=hint)
    return [_reseeded(edit, take) if is_random(edit) else edit for edit in edits]


def take_name(number: int) -> str:
    """Return the name of a take, counted from 1: take-01."""
    return f"take-{number:02}"


def _reseeded(edit: Edit, take: int) -> Edit:
    given = edit.options.get("seed")
    if given is not None and not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise AlleleError("E_BAD_EDIT", f"seed={given[:40]} is not a whole number from 0", hint="as in seed=7")
    seed = fresh_seed() if given is None else int(given) + take
    return replace(edit, options={**edit.options, "seed": str(seed)})
