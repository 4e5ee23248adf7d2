"""What `allele FILE...` opens in the editor: recordings, `.alle` files, and open strands by name.

Data flow: the parser finds that the first word is no command (tui.cli.first_word). Before the editor starts,
`read_given` turns the words into paths and ids of strands, so that a mistake is one line and not a screen. What can go
wrong: there is no such file, it is text or empty, or no open strand has the name.
"""

import codecs
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.errors import AlleleError
from protocol.messages.strands import ListStrands
from tui.cli.session import locate, with_running_daemon
from tui.model.existing import as_typed, at_home
from tui.strand_files import read_strand, require_file
from tui.targets import STRAND_SUFFIX

if TYPE_CHECKING:
    from tui.transport.client import Client

SNIFFED_BYTES = 4096


def strand_named(parsed: Namespace, word: str) -> str | None:
    """Return the id of the open strand that has a name, if a daemon is running and knows one; the newest of several."""
    target = locate(parsed)
    if not target.endpoint.answers():
        return None

    async def find(client: "Client") -> str | None:
        found = [one.id for one in (await client.ask(ListStrands())).strands if one.meta.name == word]
        return found[-1] if found else None

    return with_running_daemon(target, find)


def read_given(parsed: Namespace, words: Sequence[str]) -> list[Path | str]:
    """Return what the words of a command line name: the path of a file, or the id of an open strand.

    Raises:
        AlleleError: naming the word that can be neither, or a file that is no sound and no strand.
    """
    return [_read(parsed, word) for word in words]


def _read(parsed: Namespace, word: str) -> Path | str:
    path = as_typed(word)
    if path is None:
        strand = strand_named(parsed, word)
        if strand is not None:
            return strand
        path = at_home(word)
    if path.is_dir():
        hint = "make a corpus of its recordings with: allele corpus add NAME FOLDER"
        raise AlleleError("E_IO", f"{path}: it is a folder", hint=hint)
    require_file(path, "check the path; allele --help lists the commands")
    if path.suffix.lower() == STRAND_SUFFIX:
        read_strand(path)
    else:
        _refuse_text(path)
    return path.absolute()


def _refuse_text(path: Path) -> None:
    """Refuse a file that is certainly no recording, so that the editor does not start for it.

    Raises:
        AlleleError: E_BAD_AUDIO if the file is empty or text, E_IO if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
    except OSError as problem:
        raise AlleleError("E_IO", f"{path}: {problem.strerror}", hint="check its permissions") from None
    hint = "open a recording (wav, flac, mp3 and others) or an .alle file"
    if not start:
        raise AlleleError("E_BAD_AUDIO", f"{path}: the file is empty", hint=hint)
    if b"\0" not in start and _is_text(start):
        raise AlleleError("E_BAD_AUDIO", f"{path}: it is text, not a recording", hint=hint)


def _is_text(start: bytes) -> bool:
    """Return whether bytes are UTF-8, of which the last character may be incomplete."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True
