"""`allele edit`, `allele swap` and `allele blend`: operations on `.alle` files.

A strand file is a snapshot: codes and operations go to the daemon, new codes come back, and the first strand's file
is replaced whole (or -o is written). Nothing else changes: not the other strands, nothing in the daemon.
"""

from argparse import Namespace
from pathlib import Path

from protocol.edits import OPS, Edit, format_edit, parse_edit
from protocol.errors import AlleleError
from protocol.messages import EditSnapshot
from protocol.strands import Codes, StrandMeta
from tui.cli.files import read_strand, require_writable, write_strand
from tui.cli.output import Output
from tui.cli.progress import Progress
from tui.cli.session import with_daemon
from tui.cli.strand import name_strand, snapshotted
from tui.client import Client

MAX_OTHERS = 15


def edit(arguments: Namespace, output: Output) -> int:
    """Apply operations to a strand, in order."""
    return _apply(arguments, [parse_edit(text) for text in arguments.ops], output)


def swap(arguments: Namespace, output: Output) -> int:
    """Exchange codes between two strands; only the first is changed."""
    operation = Edit(op="swap", args=[str(arguments.other)], levels=arguments.levels, frames=arguments.frames)
    return _apply(arguments, [operation], output)


def blend(arguments: Namespace, output: Output) -> int:
    """Go some of the way from one strand to another; only the first is changed."""
    options = {"mode": arguments.mode, "align": arguments.align}
    operation = Edit(op="blend", args=[str(arguments.other), f"{arguments.amount:g}"], options=options)
    return _apply(arguments, [operation], output)


def _apply(arguments: Namespace, edits: list[Edit], output: Output) -> int:
    meta, codes = read_strand(arguments.strand)
    out = arguments.out if arguments.out is not None else arguments.strand
    require_writable(out)
    names, others = _others(edits)
    request = EditSnapshot(meta=meta, edits=edits, others=[other for other, _ in others], names=names)

    async def work(client: Client) -> tuple[StrandMeta, Codes, list[str]]:
        with Progress(output, f"editing {arguments.strand.name}"):
            buffers = [codes, *(cells for _, cells in others)]
            return snapshotted(await client.request(request, buffers=buffers, timeout_s=None))

    try:
        changed, cells, notes = with_daemon(arguments, work)
    except AlleleError as error:
        raise name_strand(error, str(arguments.strand)) from None
    write_strand(out, changed, cells)
    for note in notes:
        output.note(f"{arguments.strand}: {note}")
    done = [format_edit(edit) for edit in edits]
    facts = {
        "strand": str(out),
        "model": changed.model,
        "levels": changed.levels,
        "frames": changed.frames,
        "edits": done,
        "notes": notes,
    }
    output.result(facts, [f"{out}: {text}" for text in done])
    return 0


def _others(edits: list[Edit]) -> tuple[dict[str, int], list[tuple[StrandMeta, Codes]]]:
    """The strands that edits name, each read once: place by name as typed, and the strands."""
    names: dict[str, int] = {}
    others: list[tuple[StrandMeta, Codes]] = []
    for operation in edits:
        for typed in operation.args[:1] if OPS[operation.op].takes_strand else []:
            if typed in names:
                continue
            names[typed] = len(others)
            others.append(read_strand(Path(typed).expanduser()))
    if len(others) > MAX_OTHERS:
        raise AlleleError("E_BAD_EDIT", f"at most {MAX_OTHERS} other strands in one call", hint="edit in two calls")
    return names, others
