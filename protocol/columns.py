"""Columns: the level and the source of every frame of a strand, beside its codes.

Shape:
    columns (4, T) int32. Row LEVEL: gain in hundredths of a dB that the decode of this frame receives. Row SOURCE: the
    recording that the frame came from, 0 for the strand's own and n for number n - 1 of `StrandMeta.sources`, or
    UNKNOWN or PAINTED. Row SAMPLE: its first sample in that recording, at 48 kHz. Row DIRECTION: FORWARD or BACKWARD,
    or 0 if there is no recording.

A frame has one level and one source, which go with its code at level 0, the body: cells that are moved without the body
leave both as they are.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from protocol.errors import AlleleError

Columns = npt.NDArray[np.int32]

LEVEL, SOURCE, SAMPLE, DIRECTION = range(4)
ROWS = 4
UNKNOWN, PAINTED = -1, -2
FORWARD, BACKWARD = 1, -1
STEPS_OF_DB = 100
MAX_GAIN_DB = 100.0
MAX_SOURCES = 1000


def encoded_columns(frames: int, hop_length: int, gain_db: float) -> Columns:
    """Return the columns (4, frames) of a strand as it was encoded: one level, and its own recording from the start."""
    columns = np.zeros((ROWS, frames), np.int32)
    columns[LEVEL] = round(gain_db * STEPS_OF_DB)
    columns[SAMPLE] = np.arange(frames, dtype=np.int64) * hop_length
    columns[DIRECTION] = FORWARD
    return columns


def gains_db(columns: Columns) -> npt.NDArray[np.float32]:
    """Return the gain of every frame in dB, (T,)."""
    return columns[LEVEL].astype(np.float32) / np.float32(STEPS_OF_DB)


def reversed_in_time(columns: Columns) -> Columns:
    """Return columns in reverse order, each played in the other direction."""
    turned = columns[:, ::-1].copy()
    turned[DIRECTION] *= -1
    return turned


def silent_columns(frames: int) -> Columns:
    """Return the columns of frames of silence: the lowest level, and no recording."""
    columns = np.zeros((ROWS, frames), np.int32)
    columns[LEVEL], columns[SOURCE] = -int(MAX_GAIN_DB * STEPS_OF_DB), PAINTED
    return columns


def painted(columns: Columns) -> Columns:
    """Return columns whose codes were written by hand: the levels stay, and there is no recording."""
    drawn = columns.copy()
    drawn[SOURCE:] = 0
    drawn[SOURCE] = PAINTED
    return drawn


def check_columns(columns: npt.NDArray[Any], frames: int, sources: int) -> Columns:
    """Return columns as (4, frames) int32 if they describe that many frames of a strand.

    Args:
        sources: the number of recordings in `StrandMeta.sources`.

    Raises:
        AlleleError: E_BAD_STRAND. It names what is wrong.
    """
    wrong = ""
    if columns.ndim != 2 or columns.shape != (ROWS, frames) or columns.dtype.kind != "i":
        wrong = f"its columns are {columns.dtype} {columns.shape}, not int32 ({ROWS}, {frames})"
    elif columns.size:
        low, high = columns.min(axis=1), columns.max(axis=1)
        if max(-low[LEVEL], high[LEVEL]) > MAX_GAIN_DB * STEPS_OF_DB:
            wrong = f"a column has a gain beyond {MAX_GAIN_DB:g} dB"
        elif low[SOURCE] < PAINTED or high[SOURCE] > sources:
            wrong = f"a column names recording {high[SOURCE]}, there are {sources + 1}"
        elif low[DIRECTION] < BACKWARD or high[DIRECTION] > FORWARD:
            wrong = "a column has a direction other than -1, 0 or 1"
    if wrong:
        raise AlleleError("E_BAD_STRAND", wrong, hint="leave columns.npy out, or encode the recording again")
    return np.ascontiguousarray(columns, dtype=np.int32)


def renumbered(columns: Columns, numbers: Sequence[int]) -> Columns:
    """Return columns whose sources have other numbers: `numbers[n]` takes the place of n; marks below 0 stay."""
    moved = columns.copy()
    known = moved[SOURCE] >= 0
    moved[SOURCE, known] = np.asarray(numbers, np.int32)[moved[SOURCE, known]]
    return moved
