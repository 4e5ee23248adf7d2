"""The command `allele strand tempo`: the likely tempos and the onsets of a strand file. The file stays as it is."""

from argparse import Namespace

from msgspec import to_builtins

from protocol.errors import AlleleError
from protocol.messages.snapshots import FindOnsets, Onsets
from protocol.tempo import bpm_words
from tui.cli.output import Output, harmless
from tui.cli.progress import Progress
from tui.cli.session import with_daemon
from tui.cli.strand import name_strand
from tui.strand_files import read_strand
from tui.transport.client import Answer, Client


def tempo(arguments: Namespace, output: Output) -> int:
    """Estimate the tempo of a strand, and find its onsets."""
    strand = read_strand(arguments.strand)
    meta = strand.meta

    async def work(client: Client) -> Answer[Onsets]:
        with Progress(output, f"listening to {arguments.strand.name}"):
            return await client.request(FindOnsets(meta=meta), buffers=strand.buffers, timeout_s=None)

    try:
        found = with_daemon(arguments, work)
    except AlleleError as error:
        raise name_strand(error, str(arguments.strand)) from None
    tempos = found.body.tempos
    onsets = [int(sample) / meta.sample_rate for sample in found.buffers[0]]
    facts = {
        "strand": str(arguments.strand),
        "tempo": to_builtins(meta.tempo),
        "estimates": [{"bpm": bpm, "beats": round(bpm * meta.samples / meta.sample_rate / 60)} for bpm in tempos],
        "onsets": onsets,
    }
    likely = ", ".join(bpm_words(bpm) for bpm in tempos) or "none: nothing begins in it"
    lines = [
        f"{arguments.strand}: tempo {meta.tempo or 'not set'}; likely bpm, the likeliest first: {likely}",
        f"{len(onsets)} onsets at {' '.join(f'{moment:.3f}' for moment in onsets) or 'no time'} s",
    ]
    output.result(facts, [harmless(line) for line in lines])
    return 0
