"""Parses the arguments and options of edits as numbers, words and names. Each error says what is allowed."""

import re
import secrets
from collections.abc import Sequence

from msgspec.structs import replace

from protocol.edits import REGISTER_NAMES, Edit
from protocol.errors import AlleleError
from protocol.operations import OPS

LARGEST = 10**9
SEEDS = 100_000  # five digits, which can be typed again from the screen
_WHOLE = re.compile("[+-]?[0-9]{1,40}")  # Python's int and float accept 1_0 and the digits of every script
_REAL = re.compile(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(e[+-]?[0-9]{1,4})?", re.IGNORECASE)


def whole(text: str, what: str, lowest: int = -LARGEST, highest: int = LARGEST) -> int:
    """Read a whole number within bounds.

    Raises:
        AlleleError: E_BAD_EDIT if it is not one.
    """
    if not _WHOLE.fullmatch(text):
        raise AlleleError("E_BAD_EDIT", f"{what} is a whole number, not {text[:40]!r}", hint="write digits, as in 12")
    number = int(text)
    if not lowest <= number <= highest:
        problem = f"{what} is a whole number from {lowest} to {highest}, not {text[:40]}"
        raise AlleleError("E_BAD_EDIT", problem, hint=f"the nearest is {min(max(number, lowest), highest)}")
    return number


def real(text: str, what: str, lowest: float, highest: float) -> float:
    """Read a number within bounds.

    Raises:
        AlleleError: E_BAD_EDIT if it is not one, or is not finite.
    """
    number = float(text) if _REAL.fullmatch(text) else float("nan")
    if not lowest <= number <= highest:
        problem = f"{what} is a number from {lowest:g} to {highest:g}, not {text[:40]!r}"
        raise AlleleError("E_BAD_EDIT", problem, hint="write digits, as in 0.5")
    return number


def with_seed(edit: Edit) -> Edit:
    """Return the edit with a new seed written into it, if its operation draws one and the edit gives none.

    The text of the result alone determines which cells change: it is what the journal, the client and the user receive.
    """
    spec = OPS.get(edit.op)
    if spec is None or not spec.draws_seed or "seed" in edit.options:
        return edit
    return replace(edit, options={**edit.options, "seed": str(secrets.randbelow(SEEDS))})


def seed_of(edit: Edit) -> int:
    """Read the `seed` option, by default 0. `with_seed` writes another one into the edits that draw theirs."""
    return whole(edit.options.get("seed", "0"), "seed", 0)


def word(edit: Edit, option: str, words: Sequence[str]) -> str:
    """Read an option that is one of the given words. The first is the default.

    Raises:
        AlleleError: E_BAD_EDIT for another word.
    """
    chosen = edit.options.get(option, words[0])
    if chosen not in words:
        problem = f"{option} is one of {', '.join(words)}, not {chosen[:40]!r}"
        raise AlleleError("E_BAD_EDIT", problem, hint=f"without {option}= it is {words[0]}")
    return chosen


def code_number(text: str, codebook: int, what: str = "a code") -> int:
    """Read the number of a code that exists.

    Raises:
        AlleleError: E_BAD_EDIT if it is not a number, E_BAD_CODE if there is no such code.
    """
    codes = f"codes go from 0 to {codebook - 1}"
    if not _WHOLE.fullmatch(text):
        raise AlleleError("E_BAD_EDIT", f"{what} is a whole number, not {text[:40]!r}", hint=codes)
    code = int(text)
    if not 0 <= code < codebook:
        raise AlleleError("E_BAD_CODE", f"code {text[:40]} does not exist", hint=codes)
    return code


def register_name(text: str) -> str:
    """Read the name of a register.

    Raises:
        AlleleError: E_BAD_EDIT if no register has this name.
    """
    if len(text) != 1 or text not in REGISTER_NAMES:
        raise AlleleError("E_BAD_EDIT", f"{text[:40]!r} is not a register", hint="registers are a to z and 0 to 9")
    return text
