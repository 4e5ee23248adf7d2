"""The output files of each command. tui.targets decides what may be overwritten.

Functions raise AlleleError or OSError; the messages begin with the file.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from protocol.errors import AlleleError
from protocol.strands import Strand, StrandMeta, pack_strand
from tui.strand_files import read_strand
from tui.targets import COMMAND_LINE, Kept, OccupiedError, Target, refuse_recording, shown, strand_target, wav_target

IN_PLACE = "leave -o out to change it in place, or choose another name"


def write_strand(target: Target, strand: Strand) -> None:
    """Write or replace an `.alle` file atomically.

    Raises:
        AlleleError: E_CONFLICT, E_EXISTS, E_IO or E_DISK_FULL, naming the file. An earlier file is unchanged.
    """
    target.write(pack_strand(strand), hint=COMMAND_LINE.another)


def absolute(path: Path) -> str:
    """Return the absolute path, which other processes need. Links are not resolved."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would lose the name of a linked file


def encode_target(source: Path, chosen: Path | None, *, force: bool) -> Target:
    """Return the target of `encode`: the chosen path, or the recording's stem in the current folder.

    Raises:
        AlleleError: when writing there would destroy a file that must be kept.
    """
    out = chosen if chosen is not None else Path(f"{source.stem}.alle")
    try:
        kept = [Kept(source, "the recording itself")]
        return strand_target(out, kept=kept, force=force, wording=COMMAND_LINE)
    except OccupiedError as taken:
        raise OccupiedError(taken.code, taken.message + _edits_of(out), hint=taken.hint) from None


def edit_target(strand: Target, out: Path | None, inputs: Sequence[tuple[Path, StrandMeta]], *, force: bool) -> Target:
    """Return the target of `edit`, `swap` and `blend`: the chosen path, or the strand that was read.

    Args:
        strand: the first strand file, as it was read.
        inputs: every strand that was read, the first one first.

    Raises:
        AlleleError: when writing there would destroy a file that must be kept.
    """
    kept = [Kept(path, "a strand that is read here") for path, _ in inputs[1:]]
    kept += [Kept(strand.path, f"{shown(strand.path)} by another name", IN_PLACE), *recordings_of(*inputs)]
    edited = strand
    return strand_target(out or strand.path, kept=kept, edited=edited, force=force, wording=COMMAND_LINE)


def decode_target(strand: Path, meta: StrandMeta, chosen: Path | None, *, force: bool) -> Target:
    """Return the target of `decode`: the chosen path, or the strand's stem in the current folder.

    Raises:
        AlleleError: when writing there would destroy a file that must be kept.
    """
    out = chosen if chosen is not None else Path(f"{strand.stem}.wav")
    kept = [Kept(strand, "the strand itself"), *recordings_of((strand, meta))]
    target = wav_target(out, kept=kept, force=force, wording=COMMAND_LINE)
    refuse_recording(target, [meta.source.sha256], COMMAND_LINE)
    return target


def recordings_of(*strands: tuple[Path, StrandMeta]) -> list[Kept]:
    """Return the recordings from which strands were made."""
    return [
        Kept(Path(meta.source.path), f"the recording that {shown(path)} was made of")
        for path, meta in strands
        if meta.source.path
    ]


def _edits_of(path: Path) -> str:
    """Describe the edits that replacing an existing strand would lose."""
    try:
        count = len(read_strand(path).meta.edits)
    except AlleleError:
        return ""
    return f", with {count} edit{'s' * (count > 1)}" if count else ""
