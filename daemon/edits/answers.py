"""Checks what the engine computed for an edit before any cell is written. A wrong answer is a defect of the engine."""

import numpy as np

from daemon.edits.values import Grid
from protocol.arrays import Array
from protocol.errors import AlleleError
from protocol.strands import Codes

HINT = "allele daemon logs says more"


def as_codes(answer: Array, shape: tuple[int, ...], grid: Grid) -> Codes:
    """Return the answer if it has this shape and only codes of the grid's model.

    Raises:
        AlleleError: E_INTERNAL if it is something else.
    """
    if answer.shape != shape or answer.dtype != np.uint16 or int(answer.max(initial=0)) >= grid.meta.codebook:
        raise AlleleError("E_INTERNAL", "the engine's cells do not fit", hint=HINT)
    return answer


def as_places(answer: Array, count: int, below: int) -> Array:
    """Return the answer if it has `count` indices of frames from 0 up to `below`.

    Raises:
        AlleleError: E_INTERNAL if it is something else.
    """
    if answer.shape != (count,) or answer.dtype.kind != "i" or not 0 <= answer.min() <= answer.max() < below:
        raise AlleleError("E_INTERNAL", "the engine's frames do not fit", hint=HINT)
    return answer


def as_surprise(answer: Array, shape: tuple[int, int]) -> Array:
    """Return the answer if it has the surprise of every cell in tenths of a bit, (Q, n) uint8.

    Raises:
        AlleleError: E_INTERNAL if it is something else.
    """
    if answer.shape != shape or answer.dtype != np.uint8:
        raise AlleleError("E_INTERNAL", "the engine's scores do not fit", hint=HINT)
    return answer


def as_changes(answer: Array, descriptors: int) -> Array:
    """Return the answer if it has the change of every descriptor, in steps and in units, (2, A).

    Raises:
        AlleleError: E_INTERNAL if it is something else.
    """
    if answer.shape != (2, descriptors) or answer.dtype.kind != "f":
        raise AlleleError("E_INTERNAL", "the engine's descriptors do not fit", hint=HINT)
    return answer
