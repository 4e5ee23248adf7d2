"""The commands `allele strand show` and `allele strand find`, which read a strand file and ask no daemon."""

from argparse import Namespace

from msgspec import to_builtins

from protocol.errors import AlleleError
from protocol.strands import Codes, StrandMeta
from tui.cli.output import Output, duration, harmless, table
from tui.model.search import places, read_sought
from tui.strand_files import read_strand


def show(arguments: Namespace, output: Output) -> int:
    """Show what a strand file contains."""
    meta, _ = _read(arguments)
    seconds = meta.samples / meta.sample_rate
    facts = {
        "strand": str(arguments.strand),
        "name": meta.name,
        "model": meta.model,
        "codec_id": meta.codec_id,
        "levels": meta.levels,
        "codebook": meta.codebook,
        "frames": meta.frames,
        "frame_rate": meta.frame_rate,
        "samples": meta.samples,
        "sample_rate": meta.sample_rate,
        "seconds": seconds,
        "channels": meta.channels,
        "tempo": to_builtins(meta.tempo),
        "source": to_builtins(meta.source),
        "edits": meta.edits,
        "created": meta.created,
    }
    lines = [
        f"{arguments.strand}: {meta.levels} levels of {meta.codebook} codes, {meta.frames} frames, {duration(seconds)}",
        f"model    {meta.model}",
        f"source   {meta.source.path or 'unknown'}",
        f"tempo    {meta.tempo or 'none'}",
        *(f"edit {number:3} {text}" for number, text in enumerate(meta.edits, start=1)),
    ]
    output.result(facts, [harmless(line) for line in lines])
    return 0


def find(arguments: Namespace, output: Output) -> int:
    """Find a code or a sequence of codes on a level."""
    meta, codes = _read(arguments)
    if arguments.level >= meta.levels:
        raise AlleleError(
            "E_RANGE", f"{arguments.strand} has no level {arguments.level}", hint=f"levels are 0 to {meta.levels - 1}"
        )
    sought = read_sought(" ".join(arguments.codes), arguments.level, meta.codebook)
    found = [{"frame": frame, "seconds": frame / meta.frame_rate} for frame in places(sought, codes).tolist()]
    wanted = [None if code < 0 else int(code) for code in sought.cells[0]]
    facts = {"strand": str(arguments.strand), "level": arguments.level, "codes": wanted, "places": found}
    rows = [(place["frame"], f"{place['seconds']:.2f} s") for place in found]
    nothing = [harmless(f"{arguments.strand}: {sought.words} is nowhere")]
    output.result(facts, table(("frame", "at"), rows) if rows else nothing)
    return 0


def _read(arguments: Namespace) -> tuple[StrandMeta, Codes]:
    strand = read_strand(arguments.strand)
    return strand.meta, strand.codes
