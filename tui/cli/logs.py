"""`allele daemon logs`: the end of the daemon's log, and of its workers' logs where they said something lately.

A worker's traceback stands in its own log and nowhere else. What workers say carries no time, so what is shown of them
is all that was said by processes that lived in the last day (protocol.logs). What can go wrong: no daemon has run here.
"""

import os
import time
from argparse import Namespace
from collections import deque
from pathlib import Path
from typing import NamedTuple

from protocol.errors import AlleleError
from protocol.logs import DAEMON_LOG, WORKER_LOGS, output_since
from protocol.places import places_of
from tui.cli.output import Output
from tui.cli.session import home_behind, locate

RECENT_S = 24 * 3600.0
READ_BYTES = 1 << 20  # of a worker's log; the daemon begins a new file when it is longer


class Part(NamedTuple):
    """The end of one log."""

    path: Path
    lines: list[str]


def logs(arguments: Namespace, output: Output) -> int:
    """The ends of the logs."""
    target = locate(arguments)
    folder = (target.places or places_of(home_behind(target))).logs
    own, workers = _own(folder / DAEMON_LOG, arguments.lines), _workers(folder, arguments.lines)
    facts = {
        "path": str(own.path),
        "lines": own.lines,
        "workers": [{"path": str(part.path), "lines": part.lines} for part in workers],
    }
    output.result(facts, _text([own, *workers]))
    return 0


def _own(path: Path, lines: int) -> Part:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return Part(path, [line.rstrip("\n") for line in deque(file, lines)])
    except FileNotFoundError:
        raise AlleleError("E_NOT_FOUND", f"{path}: no daemon has run here yet", hint="allele daemon start") from None


def _workers(folder: Path, lines: int) -> list[Part]:
    """Those that said something in the last day, the one written to last at the end."""
    found: list[tuple[float, Part]] = []
    for path in (path for pattern in WORKER_LOGS for path in folder.glob(pattern)):
        try:
            with path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - READ_BYTES))
                text, written_s = file.read().decode(errors="replace"), os.fstat(file.fileno()).st_mtime
        except OSError:
            continue  # it was moved meanwhile, or is nobody's to read
        said = output_since(text.splitlines(), time.time() - RECENT_S, written_s)
        if said:
            found.append((written_s, Part(path, said[-lines:])))
    return [part for _, part in sorted(found)]


def _text(parts: list[Part]) -> list[str]:
    """One log as it is; several with a line before each that says which file it is."""
    if len(parts) == 1:
        return parts[0].lines
    blocks = [[f"==> {part.path} <==", *part.lines] for part in parts]
    return [line for at, block in enumerate(blocks) for line in ([""] if at else []) + block]
