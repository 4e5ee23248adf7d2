"""The commands `allele encode` and `allele decode`: recordings to `.alle` files and back.

The daemon reads the recording and writes the WAV; the `.alle` file is read and written here. Paths are sent as absolute
paths, since the daemon has another working folder.
"""

import tempfile
from argparse import Namespace
from pathlib import Path

from protocol.errors import AlleleError
from protocol.messages.snapshots import Decoded, DecodeSnapshot, EncodeFile, Snapshotted
from protocol.ranges import LevelRange
from protocol.strands import Strand, StrandMeta, check_strand
from tui.cli.batch import jobs_of, run
from tui.cli.files import absolute, decode_target, encode_target, write_strand
from tui.cli.output import Output, duration, harmless, level
from tui.cli.progress import Progress
from tui.cli.session import with_daemon
from tui.cli.timing import samples_for
from tui.strand_files import read_strand, require_file
from tui.targets import give_usual_permissions, shown
from tui.transport.client import Answer, Client

SILENCE_DB = -150.0


def encode(arguments: Namespace, output: Output) -> int:
    """Encode recordings as strands."""
    jobs = jobs_of(arguments, "file", arguments.file, ".alle")
    return run(jobs, _encode, output, key="strand", is_trial=arguments.dry_run)


def _encode(arguments: Namespace, output: Output) -> int:
    """Encode a recording as a strand."""
    source = arguments.file
    require_file(source, "check the path")
    target = encode_target(source, arguments.out, force=arguments.force)
    out = shown(target.path)

    async def work(client: Client) -> tuple[Strand, list[str]]:
        with Progress(output, f"encoding {source.name}"):
            request = EncodeFile(path=absolute(source), model=arguments.model)
            return snapshotted(await client.request(request, timeout_s=None))

    strand, notes = with_daemon(arguments, work)
    if not arguments.dry_run:
        write_strand(target, strand)
    meta = strand.meta
    for note in notes:
        output.note(f"{source}: {note}")
    seconds = meta.samples / meta.sample_rate
    facts = {
        "strand": out,
        "levels": meta.levels,
        "frames": meta.frames,
        "frame_rate": meta.frame_rate,
        "sample_rate": meta.sample_rate,
        "seconds": seconds,
        "model": meta.model,
        "notes": notes,
    }
    output.result(facts, harmless(f"{out}: {meta.levels} levels, {meta.frames} frames, {duration(seconds)}"))
    return 0


def decode(arguments: Namespace, output: Output) -> int:
    """Decode strands to WAV files."""
    jobs = jobs_of(arguments, "strand", arguments.strand, ".wav")
    return run(jobs, _decode, output, key="wav", is_trial=arguments.dry_run)


def _decode(arguments: Namespace, output: Output) -> int:
    """Decode a strand to a WAV file."""
    strand = read_strand(arguments.strand)
    meta = strand.meta
    heard = heard_levels(arguments.levels, meta)
    part = samples_for(arguments, meta)
    target = decode_target(arguments.strand, meta, arguments.out, force=arguments.force)
    is_new, out = target.replaces is None, shown(target.path)

    async def work(client: Client) -> Decoded:
        title = f"decoding {arguments.strand.name}"
        with Progress(output, title), tempfile.TemporaryDirectory(prefix="allele-") as folder:
            written = str(Path(folder) / "out.wav") if arguments.dry_run else absolute(target.path)
            request = DecodeSnapshot(meta=meta, out=written, levels=heard, part=part, replace=not is_new)
            answer = await client.request(request, buffers=strand.buffers, timeout_s=None)
            return answer.body

    try:
        made = with_daemon(arguments, work)
    except AlleleError as error:
        raise name_strand(error, str(arguments.strand)) from None
    if is_new and not arguments.dry_run:
        give_usual_permissions(target.path)
    peak_db, rms_db = audible(made.peak_db), audible(made.rms_db)
    facts = {
        "wav": out,
        "seconds": made.seconds,
        "samples": made.samples,
        "sample_rate": made.sample_rate,
        "channels": made.channels,
        "peak_db": peak_db,
        "rms_db": rms_db,
        "notes": made.notes,
    }
    for note in made.notes:
        output.note(f"{out}: {note}")
    output.result(facts, harmless(f"{out}: {duration(made.seconds)}, peak {level(peak_db)}, mean {level(rms_db)}"))
    return 0


def audible(db: float) -> float | None:
    """Return a level, or None for digital silence, which the daemon reports as -150 dB."""
    return db if db > SILENCE_DB else None


def snapshotted(answer: Answer[Snapshotted]) -> tuple[Strand, list[str]]:
    """Return the strand and the notes of a Snapshotted reply."""
    body = answer.body
    if len(answer.buffers) != 2:
        raise AlleleError("E_INTERNAL", "the daemon's answer contains no strand", hint="allele daemon restart")
    return check_strand(body.meta, *answer.buffers), body.notes


def name_strand(error: AlleleError, name: str) -> AlleleError:
    """Add the name of the file to an error about a strand that was sent."""
    if error.code in {"E_WRONG_MODEL", "E_BAD_STRAND", "E_BAD_CODE", "E_NOT_FOUND", "E_RANGE"}:
        return AlleleError(error.code, f"{name}: {error.message}", hint=error.hint, retryable=error.retryable)
    return error


def heard_levels(levels: LevelRange | None, meta: StrandMeta) -> list[int] | None:
    """Return the levels to decode, or None for all.

    Raises:
        AlleleError: E_RANGE for a level that the strand does not have.
    """
    if levels is None:
        return None
    if levels.last >= meta.levels:
        raise AlleleError(
            "E_RANGE",
            f"--levels {levels.first}-{levels.last}: the strand {meta.name} has {meta.levels} levels",
            hint=f"0-{meta.levels - 1} are all of them",
        )
    return list(levels.numbers)
