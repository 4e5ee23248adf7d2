"""Arguments and options of an edit as numbers, words and names; each refusal is one line that says what is allowed."""

import re
from collections.abc import Sequence

from protocol.edits import REGISTER_NAMES, Edit
from protocol.errors import AlleleError

LARGEST = 10**9
_WHOLE = re.compile("[+-]?[0-9]{1,40}")  # Python's int and float take 1_0 and the digits of every script
_REAL = re.compile(r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(e[+-]?[0-9]{1,4})?", re.IGNORECASE)


def whole(text: str, what: str, lowest: int = -LARGEST, highest: int = LARGEST) -> int:
    """A whole number.

    Raises:
        AlleleError: E_BAD_EDIT.
    """
    if not _WHOLE.fullmatch(text):
        raise AlleleError("E_BAD_EDIT", f"{what} is a whole number, not {text[:40]!r}", hint="write digits, as in 12")
    number = int(text)
    if not lowest <= number <= highest:
        problem = f"{what} is a whole number from {lowest} to {highest}, not {text[:40]}"
        raise AlleleError("E_BAD_EDIT", problem, hint=f"the nearest is {min(max(number, lowest), highest)}")
    return number


def real(text: str, what: str, lowest: float, highest: float) -> float:
    """A number within bounds.

    Raises:
        AlleleError: E_BAD_EDIT, also for what is not finite.
    """
    number = float(text) if _REAL.fullmatch(text) else float("nan")
    if not lowest <= number <= highest:
        problem = f"{what} is a number from {lowest:g} to {highest:g}, not {text[:40]!r}"
        raise AlleleError("E_BAD_EDIT", problem, hint="write digits, as in 0.5")
    return number


def seed_of(edit: Edit) -> int:
    """The `seed` option; 0 by default, so that an edit's text alone decides what it does."""
    return whole(edit.options.get("seed", "0"), "seed", 0)


def word(edit: Edit, option: str, words: Sequence[str]) -> str:
    """An option that is one of some words, the first by default.

    Raises:
        AlleleError: E_BAD_EDIT.
    """
    chosen = edit.options.get(option, words[0])
    if chosen not in words:
        problem = f"{option} is one of {', '.join(words)}, not {chosen[:40]!r}"
        raise AlleleError("E_BAD_EDIT", problem, hint=f"without {option}= it is {words[0]}")
    return chosen


def code_number(text: str, codebook: int, what: str = "a code") -> int:
    """A code that exists.

    Raises:
        AlleleError: E_BAD_EDIT, E_BAD_CODE.
    """
    codes = f"codes go from 0 to {codebook - 1}"
    if not _WHOLE.fullmatch(text):
        raise AlleleError("E_BAD_EDIT", f"{what} is a whole number, not {text[:40]!r}", hint=codes)
    code = int(text)
    if not 0 <= code < codebook:
        raise AlleleError("E_BAD_CODE", f"code {text[:40]} does not exist", hint=codes)
    return code


def register_name(text: str) -> str:
    """The name of a register.

    Raises:
        AlleleError: E_BAD_EDIT.
    """
    if len(text) != 1 or text not in REGISTER_NAMES:
        raise AlleleError("E_BAD_EDIT", f"{text[:40]!r} is no register", hint="registers are a to z and 0 to 9")
    return text
