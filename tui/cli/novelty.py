"""The command `allele novelty`: whether a sound is a copy of a model's recordings, close to one of them, or new.

An audio file is read by the daemon; an `.alle` file is sent, and an open strand is named. What can go wrong: the model
has no index to compare with, or the strand is of another codec.
"""

from argparse import Namespace
from pathlib import Path

from protocol.errors import AlleleError
from protocol.messages.novelty import JudgeNovelty, NoveltyVerdict
from protocol.strands import Strand
from tui.cli.files import absolute
from tui.cli.opening import strand_named
from tui.cli.output import Output, harmless
from tui.cli.progress import Progress
from tui.cli.session import with_daemon
from tui.cli.strand import name_strand
from tui.strand_files import holds_strand, read_strand, require_file
from tui.targets import STRAND_SUFFIX
from tui.transport.client import Client


def novelty(arguments: Namespace, output: Output) -> int:
    """Judge the novelty of a recording or a strand."""
    file = arguments.file
    request, strand = _request(arguments)

    async def work(client: Client) -> NoveltyVerdict:
        with Progress(output, f"comparing {file.name}"):
            buffers = () if strand is None else strand.buffers
            return (await client.request(request, buffers=buffers, timeout_s=None)).body

    try:
        found = with_daemon(arguments, work)
    except AlleleError as error:
        raise (error if request.path is not None else name_strand(error, str(file))) from None
    for note in found.notes:
        output.note(f"{file}: {note}")
    is_heard = found.verdict != "silent"
    facts = {
        "verdict": found.verdict,
        "nearest": found.nearest if is_heard else None,
        "at_s": found.at_s if is_heard else None,
        "overlap": found.overlap,
        "resembling": found.resembling,
        "distance_db": found.distance_db if is_heard else None,
        "percentile": found.percentile if is_heard else None,
        "seconds": found.seconds,
        "model": found.model,
        "notes": found.notes,
    }
    output.result(facts, harmless(f"{file}: {verdict_words(found)}"))
    return 0


def verdict_words(found: NoveltyVerdict) -> str:
    """Return a verdict as a line, such as `close: 84 % resembles kick_03.wav at 1.2 s`."""
    if found.verdict == "silent":
        return "silent: nothing to compare"
    where = f"{Path(found.nearest).name} at {found.at_s:.1f} s"
    if found.verdict == "copy":
        return f"copy: {found.overlap:.0%} from {where}".replace("%", " %")
    if found.verdict == "close":
        copied = f", {found.overlap:.0%} is copied" if found.overlap else ""
        return f"close: {found.resembling:.0%} resembles {where}{copied}".replace("%", " %")
    copied = f"; {found.overlap:.0%} is copied".replace("%", " %") if found.overlap else ""
    return f"new: {where} is the nearest, {found.distance_db:.1f} dB away{copied}"


def _request(arguments: Namespace) -> tuple[JudgeNovelty, Strand | None]:
    """Return the request for what the argument names, with the strand of an `.alle` file.

    Raises:
        AlleleError: E_NOT_FOUND for what is neither a file nor an open strand, or E_BAD_REQUEST without a model.
    """
    file, model = arguments.file, arguments.model
    if not file.exists() and (identity := strand_named(arguments, str(file))) is not None:
        return JudgeNovelty(strand=identity, model=model), None
    require_file(file, "name an audio file, an .alle file or an open strand")
    if file.suffix.lower() == STRAND_SUFFIX or holds_strand(file):
        strand = read_strand(file)
        return JudgeNovelty(meta=strand.meta, model=model), strand
    if model is None:
        hint = "--model MODEL; allele model list names the models"
        raise AlleleError("E_BAD_REQUEST", f"{file}: name the model whose recordings to compare it with", hint=hint)
    return JudgeNovelty(path=absolute(file), model=model), None
