"""Files of the command line: where each command writes. What may be written over is decided in tui.targets.

Everything raises AlleleError or OSError; the messages begin with the file.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from protocol.errors import AlleleError
from protocol.strands import Codes, StrandMeta, pack_strand
from tui.strand_files import read_strand
from tui.targets import COMMAND_LINE, Kept, OccupiedError, Target, refuse_recording, shown, strand_target, wav_target

IN_PLACE = "leave -o out to change it in place, or choose another name"


def write_strand(target: Target, meta: StrandMeta, codes: Codes) -> None:
    """Write or replace an `.alle` file: whole or not at all, whatever happens.

    Raises:
        AlleleError: E_CONFLICT, E_EXISTS, E_IO or E_DISK_FULL, naming the file; what was there before is still there.
    """
    target.write(pack_strand(meta, codes), hint=COMMAND_LINE.another)


def absolute(path: Path) -> str:
    """The path as another process must be told it; links keep their names."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would lose the name of a linked file


def encode_target(source: Path, chosen: Path | None, *, force: bool) -> Target:
    """Where `encode` writes: as chosen, or the recording's stem in the current folder.

    Raises:
        AlleleError: when that would lose a file.
    """
    out = chosen if chosen is not None else Path(f"{source.stem}.alle")
    try:
        kept = [Kept(source, "the recording itself")]
        return strand_target(out, kept=kept, force=force, wording=COMMAND_LINE)
    except OccupiedError as taken:
        raise OccupiedError(taken.code, taken.message + _edits_of(out), hint=taken.hint) from None


def edit_target(strand: Target, out: Path | None, inputs: Sequence[tuple[Path, StrandMeta]], *, force: bool) -> Target:
    """Where `edit` and its like write: over the strand that was read, or as chosen.

    Args:
        strand: the first strand, as it was when it was read.
        inputs: every strand that was read, the first one first.

    Raises:
        AlleleError: when that would lose a file.
    """
    kept = [Kept(path, "a strand that is read here") for path, _ in inputs[1:]]
    kept += [Kept(strand.path, f"{shown(strand.path)} by another name", IN_PLACE), *recordings_of(*inputs)]
    edited = strand
    return strand_target(out or strand.path, kept=kept, edited=edited, force=force, wording=COMMAND_LINE)


def decode_target(strand: Path, meta: StrandMeta, chosen: Path | None, *, force: bool) -> Target:
    """Where `decode` writes: as chosen, or the strand's stem in the current folder.

    Raises:
        AlleleError: when that would lose a file.
    """
    out = chosen if chosen is not None else Path(f"{strand.stem}.wav")
    kept = [Kept(strand, "the strand itself"), *recordings_of((strand, meta))]
    target = wav_target(out, kept=kept, force=force, wording=COMMAND_LINE)
    refuse_recording(target, [meta.source.sha256], COMMAND_LINE)
    return target


def recordings_of(*strands: tuple[Path, StrandMeta]) -> list[Kept]:
    """The recordings that strands were made of."""
    return [
        Kept(Path(meta.source.path), f"the recording that {shown(path)} was made of")
        for path, meta in strands
        if meta.source.path
    ]


def _edits_of(path: Path) -> str:
    """What would be lost with an existing strand."""
    try:
        count = len(read_strand(path)[0].edits)
    except AlleleError:
        return ""
    return f", with {count} edit{'s' * (count > 1)}" if count else ""
