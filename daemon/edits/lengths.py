"""Changes of a strand's length: the allowed lengths, and the resulting number of samples."""

from msgspec.structs import replace

from daemon.edits.ranges import cells_of
from daemon.edits.values import Grid
from protocol.edits import Edit
from protocol.errors import AlleleError
from protocol.frames import MAX_BUFFER_BYTES
from protocol.ranges import Rect
from protocol.strands import StrandMeta

LONGEST_S = 2 * 3600
LONG_FRAMES = 8192  # 3 minutes: what a model computes from here on takes seconds
BYTES_OF_CODE, BYTES_OF_COLUMN = 2, 16


def resizable(edit: Edit, grid: Grid) -> Rect:
    """The cells of an edit that changes the length. They include all levels.

    Raises:
        AlleleError: E_RANGE for frames that do not exist, E_BAD_EDIT if the edit names only some levels.
    """
    cells = cells_of(edit, grid)
    if cells.height != grid.levels:
        raise AlleleError(
            "E_BAD_EDIT",
            f"{edit.op} changes the length, and levels cannot have different ones",
            hint=f"leave {cells.levels} out",
        )
    return cells


def check_length(edit: Edit, grid: Grid, frames: int) -> int:
    """Return the length if a strand may have it.

    Raises:
        AlleleError: E_RANGE if it is zero or too long.
    """
    most = int(LONGEST_S * grid.meta.frame_rate)
    bytes_a_frame = max(BYTES_OF_CODE * grid.levels, BYTES_OF_COLUMN)
    most = min(most, MAX_BUFFER_BYTES // bytes_a_frame)  # codes and columns are sent in one buffer each
    if frames < 1:
        raise AlleleError(
            "E_RANGE", f"{edit.op}: nothing would be left of {grid.meta.name}", hint="keep at least one frame"
        )
    if frames > most:
        raise AlleleError(
            "E_RANGE",
            f"{edit.op}: {grid.meta.name} would have {frames} frames, {frames / grid.meta.frame_rate:.0f} s",
            hint=f"a strand has at most {most} frames, {most / grid.meta.frame_rate:.0f} s",
        )
    return frames


def resized(meta: StrandMeta, frames: int) -> StrandMeta:
    """The description of a strand after its length changed.

    A sound rarely fills its last frame. The number of missing samples is the same for every length, so the number of
    samples depends only on the length, and undo needs no further data.
    """
    if frames == meta.frames:
        return meta
    missing = min(meta.frames * meta.hop_length - meta.samples, meta.hop_length - 1)
    return replace(meta, frames=frames, samples=frames * meta.hop_length - missing)
