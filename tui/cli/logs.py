"""The command `allele daemon logs`: the end of the daemon's log, and of worker logs written in the last day.

A worker's traceback is only in its own log. Lines of worker logs carry no time, so all lines of processes that ran in
the last day are shown (protocol.logs). What can go wrong: no daemon has run here.
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
READ_BYTES = 1 << 20  # the most that is read of a worker's log; the daemon starts a new file when it is longer


class Part(NamedTuple):
    """The last lines of one log."""

    path: Path
    lines: list[str]


def logs(arguments: Namespace, output: Output) -> int:
    """Show the last lines of the logs."""
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
    """Return the worker logs with lines of the last day, the most recently written last."""
    found: list[tuple[float, Part]] = []
    for path in (path for pattern in WORKER_LOGS for path in folder.glob(pattern)):
        try:
            with path.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - READ_BYTES))
                text, written_s = file.read().decode(errors="replace"), os.fstat(file.fileno()).st_mtime
        except OSError:
            continue  # it was moved meanwhile, or is not readable
        recent = output_since(text.splitlines(), time.time() - RECENT_S, written_s)
        if recent:
            found.append((written_s, Part(path, recent[-lines:])))
    return [part for _, part in sorted(found)]


def _text(parts: list[Part]) -> list[str]:
    """Return one log unchanged, or several with a line before each that names its file."""
    if len(parts) == 1:
        return parts[0].lines
    blocks = [[f"==> {part.path} <==", *part.lines] for part in parts]
    return [line for at, block in enumerate(blocks) for line in ([""] if at else []) + block]
