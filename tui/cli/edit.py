"""The commands `allele edit`, `allele swap` and `allele blend`: operations on `.alle` files.

A strand file is a snapshot: codes and operations go to the daemon, new codes come back, and the first strand's file
is replaced atomically (or -o is written). The other strands and the daemon's data do not change. A file that another
command changed meanwhile is kept.
"""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from protocol.arrays import Array
from protocol.edits import Edit, tempo_after
from protocol.errors import AlleleError
from protocol.messages.snapshots import EditSnapshot
from protocol.operations import OPS, OTHER_NAMES
from protocol.strands import Strand, StrandMeta
from protocol.tempo import Tempo
from protocol.units import FRAMES_PER_S
from tui.cli.batch import Job, changed, jobs_of, run
from tui.cli.files import edit_target, write_strand
from tui.cli.output import Output, harmless
from tui.cli.progress import Progress
from tui.cli.session import with_daemon
from tui.cli.strand import name_strand, snapshotted
from tui.cli.timing import ANY_TEMPO, frames_for, tempo_for
from tui.model.existing import at_home, named
from tui.model.op_text import read_op
from tui.model.variations import take_name, variation
from tui.strand_files import read_strand
from tui.targets import as_it_is, shown
from tui.transport.client import Client

MAX_OTHERS = 7
OF_AN_EDIT = frozenset({"E_BAD_EDIT", "E_BAD_CODE", "E_RANGE", "E_NOT_FOUND", "E_WRONG_MODEL", "E_LOCKED"})


def edit(arguments: Namespace, output: Output) -> int:
    """Apply operations to strands, in order, once or in several takes."""
    strands, ops = strands_and_ops(arguments.strand, arguments.ops)
    if len(strands) > 1 and arguments.out is not None:
        raise AlleleError(
            "E_BAD_REQUEST", f"-o names one file, and {len(strands)} strands are given", hint="use --out-dir DIR"
        )
    if arguments.count is not None:
        variation(_read(changed(arguments, ops=ops), FRAMES_PER_S, ANY_TEMPO), 0)  # refused once, not for each take
    jobs = jobs_of(changed(arguments, ops=ops, take=None), "strand", strands, ".alle")
    if arguments.count is not None:
        jobs = [
            Job(f"{job.name}, {take_name(take + 1)}", changed(job.arguments, take=take), _take_out(job, take, strands))
            for job in jobs
            for take in range(arguments.count)
        ]
    return run(jobs, _edit, output, key="strand", is_trial=arguments.dry_run)


def strands_and_ops(first: Path, rest: list[str]) -> tuple[list[Path], list[str]]:
    """Split the words of `allele edit` into strands and operations, of which there must be one.

    A word is a strand if it ends in .alle and does not begin with the name of an operation.
    """
    strands = [first]
    for word in rest:
        if not word.lower().endswith(".alle") or word.split(maxsplit=1)[0] in (*OPS, *OTHER_NAMES):
            break
        strands.append(_path_of(word))
    ops = rest[len(strands) - 1 :]
    if not ops:
        raise AlleleError("E_BAD_REQUEST", "no operation is given", hint="as in: allele edit a.alle b.alle 'reverse'")
    return strands, ops


def _take_out(job: Job, take: int, strands: list[Path]) -> Path:
    """Return the file of a take: take-01.alle, with the strand's name before it if there are several strands."""
    folder, name = job.arguments.out_dir, f"{take_name(take + 1)}.alle"
    return folder / (name if len(strands) == 1 else f"{job.arguments.strand.stem}-{name}")


def _edit(arguments: Namespace, output: Output) -> int:
    """Apply operations to one strand, with the seeds of a take if it is one."""

    def read(meta: StrandMeta) -> list[Edit]:
        edits = _read(arguments, meta.frame_rate, tempo_for(arguments, meta))
        return edits if arguments.take is None else variation(edits, arguments.take)

    return _apply(arguments, read, output)


def _read(arguments: Namespace, frame_rate: float, tempo: Tempo | None) -> list[Edit]:
    """Parse the operations, whose times become frames by the frame rate, and bars by the tempo, which they may set."""
    edits: list[Edit] = []
    for text in arguments.ops:
        try:
            edits.append(read_op(text, lambda name: named(name) is not None, frame_rate, tempo))
            tempo = tempo_after(edits[-1], tempo)
        except AlleleError as error:
            raise _name_edit(error, arguments, len(edits)) from None
    return edits


def swap(arguments: Namespace, output: Output) -> int:
    """Exchange codes between two strands. Only the first one changes."""
    job = Job(str(arguments.strand), arguments, arguments.out)
    return run([job], _swap, output, key="strand", is_trial=arguments.dry_run)


def _swap(arguments: Namespace, output: Output) -> int:

    def read(meta: StrandMeta) -> list[Edit]:
        frames = frames_for(arguments, meta)
        return [Edit(op="swap", args=[str(arguments.other)], levels=arguments.levels, frames=frames)]

    return _apply(arguments, read, output)


def blend(arguments: Namespace, output: Output) -> int:
    """Blend one strand towards another. Only the first one changes."""
    job = Job(str(arguments.strand), arguments, arguments.out)
    return run([job], _blend, output, key="strand", is_trial=arguments.dry_run)


def _blend(arguments: Namespace, output: Output) -> int:
    options = {"mode": arguments.mode, "align": arguments.align}
    operation = Edit(op="blend", args=[str(arguments.other), f"{arguments.amount:g}"], options=options)
    return _apply(arguments, lambda _: [operation], output)


def _apply(arguments: Namespace, read: Callable[[StrandMeta], list[Edit]], output: Output) -> int:
    """Apply the edits that `read` returns for the description of the strand."""
    before = as_it_is(arguments.strand)
    strand = read_strand(arguments.strand)
    edits = read(strand.meta)
    names, others = _others(edits)
    inputs = [(arguments.strand, strand.meta), *((_path_of(name), others[place].meta) for name, place in names.items())]
    target = edit_target(before, arguments.out, inputs, force=arguments.force)
    out = shown(target.path)
    request = EditSnapshot(meta=strand.meta, edits=edits, others=[other.meta for other in others], names=names)

    async def work(client: Client) -> tuple[Strand, list[str]]:
        with Progress(output, f"editing {arguments.strand.name}"):
            buffers = [array for one in (strand, *others) for array in one.buffers]
            try:
                return snapshotted(await client.request(request, buffers=buffers, timeout_s=None))
            except AlleleError as error:
                place = await _failing(client, request, buffers) if error.code in OF_AN_EDIT else None
                if place is not None:
                    raise _name_edit(error, arguments, place) from None
                raise name_strand(error, await _refused(client, request, buffers) or str(arguments.strand)) from None

    edited, notes = with_daemon(arguments, work)
    if not arguments.dry_run:
        write_strand(target, edited)
    made = edited.meta
    for note in notes:
        output.note(f"{arguments.strand}: {note}")
    done = made.edits[-len(edits) :]  # as the daemon applied them: with the seeds that it drew
    facts = {
        "strand": out,
        "model": made.model,
        "levels": made.levels,
        "frames": made.frames,
        "edits": done,
        "notes": notes,
    }
    output.result(facts, [harmless(f"{out}: {text}") for text in done])
    return 0


async def _failing(client: Client, request: EditSnapshot, buffers: list[Array]) -> int | None:
    """Find the index of the refused edit by bisection. None means that the strand itself is refused.

    The attempts have no effect, because edits of a snapshot change nothing in the daemon.
    """
    low, high = -1, len(request.edits)  # edits[:high] is refused; edits[:low] is not, or low is -1
    while high - low > 1:
        middle = (low + high) // 2
        try:
            await client.request(replace(request, edits=request.edits[:middle]), buffers=buffers, timeout_s=None)
            low = middle
        except AlleleError as error:
            if error.code not in OF_AN_EDIT:
                return None
            high = middle
    return high - 1 if high > 0 else None


async def _refused(client: Client, request: EditSnapshot, buffers: list[Array]) -> str | None:
    """Return the refused other strand as typed. None: all are accepted, or the first strand is refused."""
    for name, place in [("", 0), *((name, place + 1) for name, place in request.names.items())]:
        alone = EditSnapshot(meta=[request.meta, *request.others][place], edits=[])
        try:
            await client.request(alone, buffers=buffers[2 * place : 2 * place + 2], timeout_s=None)
        except AlleleError:
            return name or None
    return None


def _name_edit(error: AlleleError, arguments: Namespace, place: int) -> AlleleError:
    """Add to an error the strand's file and, if edits were typed, which one of them failed."""
    texts: list[str] = getattr(arguments, "ops", [])
    which = f"edit {place + 1}, " if len(texts) > 1 else ""
    quoted = f"{which}'{texts[place][:80]}': " if texts else ""
    message = f"{arguments.strand}: {quoted}{error.message}"
    return AlleleError(error.code, message, hint=error.hint, retryable=error.retryable)


def _path_of(typed: str) -> Path:
    """Return the file that an operation names."""
    return named(typed) or at_home(typed)


def _others(edits: list[Edit]) -> tuple[dict[str, int], list[Strand]]:
    """Read each strand that edits name once. Returns its index by the typed name, and the strands."""
    names: dict[str, int] = {}
    others: list[Strand] = []
    for operation in edits:
        typed = operation.other
        if typed is not None and typed not in names:
            names[typed] = len(others)
            others.append(read_strand(_path_of(typed)))
    if len(others) > MAX_OTHERS:
        raise AlleleError("E_BAD_EDIT", f"at most {MAX_OTHERS} other strands in one call", hint="edit in two calls")
    return names, others
