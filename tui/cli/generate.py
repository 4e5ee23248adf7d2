"""The command `allele generate`: makes new sounds as a job of the daemon, follows it, and lists what was made."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from protocol.errors import AlleleError
from protocol.messages.generation import Mode, StartGeneration
from protocol.messages.jobs import JobInfo
from protocol.ranges import FrameRange
from protocol.strands import Strand
from protocol.times import read_span
from tui.cli.files import absolute
from tui.cli.follow import LeftRunningError, follow
from tui.cli.output import Output, duration, harmless
from tui.cli.preset import find_preset, given_options
from tui.cli.session import with_daemon
from tui.strand_files import read_strand
from tui.transport.client import Client

KEYS = (
    "audio",
    "strand",
    "seconds",
    "samples",
    "seed",
    "engine",
    "verbatim",
    "novelty",
    "descriptors",
    "notes",
    "with",
)


def generate(arguments: Namespace, output: Output) -> int:
    """Make new sounds with a model."""
    mode, strand = _given(arguments)
    _make_folder(arguments.out)

    async def work(client: Client) -> JobInfo:
        preset = None if arguments.preset is None else await find_preset(client, arguments.model, arguments.preset)
        request = StartGeneration(
            model=arguments.model,
            folder=absolute(arguments.out),
            options=given_options(arguments, None if preset is None else preset.options),
            mode=mode,
            meta=None if strand is None else strand.meta,
            amount=0.3 if arguments.amount is None else arguments.amount,
            frames=_frames(arguments, strand),
            replace=arguments.force,
        )

        async def begin() -> str:
            buffers = () if strand is None else strand.buffers
            return (await client.request(request, buffers=buffers)).body.job

        return await follow(client, begin, output, cancels=True, title=f"making sounds with {arguments.model}")

    try:
        job = with_daemon(arguments, work)
    except LeftRunningError as left:
        raise AlleleError("E_CANCELLED", f"left while job {left.job} stops", hint="what was made is kept") from None
    return _report(job, output)


def _given(arguments: Namespace) -> tuple[Mode, Strand | None]:
    """The mode and the strand that the arguments name.

    Raises:
        AlleleError: an option belongs to another mode, or the strand cannot be read.
    """
    paths: dict[Mode, Path | None] = {
        "continue": arguments.continue_,
        "vary": arguments.vary,
        "infill": arguments.infill,
    }
    chosen: list[Mode] = [name for name, path in paths.items() if path is not None]
    mode = chosen[0] if chosen else "new"
    if arguments.amount is not None and mode != "vary":
        raise AlleleError("E_BAD_REQUEST", "--amount is the share that --vary draws", hint="add --vary STRAND.alle")
    if (arguments.frames is None) == (mode == "infill"):
        hint = "as in --infill STRAND.alle --frames 1.2s:1.8s"
        raise AlleleError("E_BAD_REQUEST", "--infill and --frames need one another", hint=hint)
    path = paths.get(mode)
    return mode, None if path is None else read_strand(path)


def _frames(arguments: Namespace, strand: Strand | None) -> FrameRange | None:
    if arguments.frames is None or strand is None:
        return None
    meta = strand.meta
    span = read_span(arguments.frames.text, meta.tempo)
    return None if span is None else span.frames(meta.frame_rate)


def _make_folder(folder: Path) -> None:
    """Create the folder for the sounds, with those above it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise AlleleError("E_IO", f"{folder}: it cannot be created: {reason}", hint="choose another folder") from None


def _report(job: JobInfo, output: Output) -> int:
    if job.state in {"cancelled", "interrupted"}:
        hint = f"make the rest with: {job.hint}" if job.hint else "repeat the command to make the rest"
        raise AlleleError("E_CANCELLED", f"generating was {job.state}; what was made is kept", hint=hint)
    if job.state != "done" or job.result is None:
        raise AlleleError("E_INTERNAL", job.error or f"generating ended as {job.state}", hint=job.hint)
    outputs = [{key: entry.get(key) for key in KEYS} for entry in job.result["outputs"]]
    notes = job.result.get("notes", [])
    for note in notes:
        output.note(note)
    facts: dict[str, Any] = {"outputs": outputs, "manifest": job.result["manifest"], "notes": notes}
    output.result(facts, [harmless(line(entry)) for entry in outputs])
    return 0


def line(entry: dict[str, Any]) -> str:
    """Return a sound that was made as a line: its file, length, engine and what is quoted in it."""
    words = [f"{entry['audio']}: {duration(entry['seconds'])}", f"{entry['engine']}", f"seed {entry['seed']}"]
    if entry["verbatim"]:
        words.append(f"{entry['verbatim']:.0%} quoted unchanged")
    novelty = entry["novelty"]
    if novelty:
        words.append(f"{novelty['verdict']}, nearest {Path(novelty['nearest']).name} at {novelty['at_s']:.1f} s")
    return ", ".join(words)
